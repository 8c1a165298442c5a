//! Lists of what waits that hide, repeat or misplace something, or are of another time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::store::{Awaited, AwaitedQuery, Batch, CommitError, Store, Write};
use relm_core::value::id::Id;
use relm_core::value::scope::Scope;
use relm_core::value::time::Timestamp;

use crate::intercept::{Intercept, Read};

/// More than any case has.
const ALL: usize = 10_000;

/// Everything that waits.
const EVERYTHING: AwaitedQuery = AwaitedQuery {
    from: Timestamp::from_millis(0),
    until: Timestamp::MAX,
    after: None,
    limit: ALL,
};

/// Lists what waits in the first scope.
#[derive(Default)]
pub(crate) struct AwaitedInOneScope;

#[async_trait]
impl Intercept for AwaitedInOneScope {
    async fn awaited(&self, store: &dyn Store, query: &AwaitedQuery) -> Read<Vec<Awaited>> {
        let mut all = store.awaited(query).await?;
        let first = all.first().map(|it| it.scope);
        all.retain(|it| Some(it.scope) == first);
        Ok(all)
    }
}

/// Lists what waits by its id.
#[derive(Default)]
pub(crate) struct AwaitedById;

#[async_trait]
impl Intercept for AwaitedById {
    async fn awaited(&self, store: &dyn Store, query: &AwaitedQuery) -> Read<Vec<Awaited>> {
        let mut all = store.awaited(query).await?;
        all.sort_unstable_by_key(|it| it.id);
        Ok(all)
    }
}

/// Leaves out the first moment that it is asked for.
#[derive(Default)]
pub(crate) struct AwaitedAfterTheFirst;

#[async_trait]
impl Intercept for AwaitedAfterTheFirst {
    async fn awaited(&self, store: &dyn Store, query: &AwaitedQuery) -> Read<Vec<Awaited>> {
        let from = query.from.saturating_add_millis(1);
        store.awaited(&AwaitedQuery { from, ..*query }).await
    }
}

/// Lists what waits for later than it is asked for.
#[derive(Default)]
pub(crate) struct AwaitedForEver;

#[async_trait]
impl Intercept for AwaitedForEver {
    async fn awaited(&self, store: &dyn Store, query: &AwaitedQuery) -> Read<Vec<Awaited>> {
        let until = Timestamp::MAX;
        store.awaited(&AwaitedQuery { until, ..*query }).await
    }
}

/// Goes on behind the moment of the last one, whatever else has that moment.
#[derive(Default)]
pub(crate) struct AwaitedByMoment;

#[async_trait]
impl Intercept for AwaitedByMoment {
    async fn awaited(&self, store: &dyn Store, query: &AwaitedQuery) -> Read<Vec<Awaited>> {
        let Some(after) = query.after else {
            return store.awaited(query).await;
        };
        let next = AwaitedQuery {
            from: after.at.saturating_add_millis(1),
            after: None,
            ..*query
        };
        store.awaited(&next).await
    }
}

/// Begins anew where the last one waits no more.
#[derive(Default)]
pub(crate) struct AwaitedAnew;

#[async_trait]
impl Intercept for AwaitedAnew {
    async fn awaited(&self, store: &dyn Store, query: &AwaitedQuery) -> Read<Vec<Awaited>> {
        let all = store.awaited(&EVERYTHING).await?;
        let after = query.after.filter(|after| all.contains(after));
        store.awaited(&AwaitedQuery { after, ..*query }).await
    }
}

/// Lists a hundred at most.
#[derive(Default)]
pub(crate) struct AHundredAwaited;

#[async_trait]
impl Intercept for AHundredAwaited {
    async fn awaited(&self, store: &dyn Store, query: &AwaitedQuery) -> Read<Vec<Awaited>> {
        let limit = query.limit.min(100);
        store.awaited(&AwaitedQuery { limit, ..*query }).await
    }
}

/// Knows for ever what a record waited for when it was made.
#[derive(Default)]
pub(crate) struct AwaitedAtFirst(Mutex<BTreeMap<(Scope, Id), Timestamp>>);

#[async_trait]
impl Intercept for AwaitedAtFirst {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for write in batch.writes {
            if let Write::Insert(entry) = write
                && let Some(at) = entry.record.awaited_at()
            {
                known.insert((batch.scope, entry.record.id()), at);
            }
        }
        Ok(())
    }

    async fn awaited(&self, _: &dyn Store, query: &AwaitedQuery) -> Read<Vec<Awaited>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = known.iter().map(|((scope, id), at)| Awaited {
            at: *at,
            scope: *scope,
            id: *id,
        });
        let mut all: Vec<Awaited> = all
            .filter(|it| (query.from..=query.until).contains(&it.at) && Some(*it) > query.after)
            .collect();
        all.sort_unstable();
        all.truncate(query.limit);
        Ok(all)
    }
}
