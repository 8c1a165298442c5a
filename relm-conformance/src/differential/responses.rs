//! The responses of the model test: what of them is about a record.

use relm_core::value::id::Kind;
use relm_core::value::scope::Scope;

use super::{KEYS, Model};

impl Model {
    /// What responses are about that have not expired; the others may be forgotten by one of the stores and not by the other.
    pub(crate) async fn compare_responses_about(&self, scope: Scope) {
        let record = self.some_id(Kind::Contact);
        let mut walked = [Vec::new(), Vec::new()];
        for (store, walked) in [&self.reference, &self.under_test]
            .into_iter()
            .zip(&mut walked)
        {
            let keys = store.responses_about(scope, record, None, KEYS.len()).await;
            let keys = keys.unwrap_or_else(|error| self.differ(&format!("{error:?}")));
            for key in keys {
                let kept = self.reference.response(scope, &key, self.now).await;
                if kept.expect("the reference answers").is_some() {
                    walked.push(key);
                }
            }
        }
        let [expected, answered] = walked;
        if answered != expected {
            self.differ(&format!(
                "about {record}: {answered:?}\ninstead of {expected:?}"
            ));
        }
    }
}
