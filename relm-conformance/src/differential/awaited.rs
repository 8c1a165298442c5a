//! What waits, of the model test: of all scopes, page by page.

use relm_core::store::{Awaited, AwaitedQuery, Store};
use relm_core::value::time::Timestamp;

use super::Model;

impl Model {
    /// Walks what waits in both stores, each in its own order of what has one moment.
    pub(crate) async fn compare_awaited(&self) {
        let limit = self.page_limit();
        let expected = self.walk_awaited(&*self.reference, limit).await;
        let walked = self.walk_awaited(&*self.under_test, limit).await;
        if walked != expected {
            self.differ(&format!(
                "awaited, {limit} at a time: {walked:?}\ninstead of {expected:?}"
            ));
        }
    }

    /// All that waits in a store, sorted.
    async fn walk_awaited(&self, store: &dyn Store, limit: usize) -> Vec<Awaited> {
        let (mut walked, mut after): (Vec<Awaited>, _) = (Vec::new(), None);
        loop {
            let query = AwaitedQuery {
                from: Timestamp::from_millis(0),
                until: Timestamp::MAX,
                after,
                limit,
            };
            let page = store.awaited(&query).await;
            let page = page.unwrap_or_else(|error| self.differ(&format!("awaited: {error:?}")));
            after = page.last().copied();
            walked.extend(page.iter().copied());
            if page.len() != limit {
                break;
            }
        }
        if !walked.is_sorted_by_key(|it| it.at) {
            self.differ(&format!("awaited, in another order: {walked:?}"));
        }
        walked.sort_unstable();
        walked
    }
}
