//! Erasures that leave something, and that take too much.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use relm_core::store::{Batch, CommitError, Refusal, Store, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::{Mode, Scope};

use super::commits::{with, without};
use crate::intercept::{Intercept, Read};

/// Deletes an event and inserts it as it becomes.
#[derive(Default)]
pub(crate) struct ReplacedAnew;

#[async_trait]
impl Intercept for ReplacedAnew {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for write in batch.writes.clone() {
            match write {
                Write::Replace { before, after } if after.record.kind() == Kind::Event => {
                    first.push(Write::Delete(before));
                    second.push(Write::Insert(after));
                }
                write => first.push(write),
            }
        }
        store.commit(with(&batch, first)).await?;
        match second.is_empty() {
            true => Ok(()),
            false => store.commit(with(&batch, second)).await,
        }
    }
}

/// Leaves events as they were inserted.
#[derive(Default)]
pub(crate) struct KeptEvents;

#[async_trait]
impl Intercept for KeptEvents {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let kept = without(
            batch,
            |write| matches!(write, Write::Replace { after, .. } if after.record.kind() == Kind::Event),
        );
        store.commit(kept).await
    }
}

/// Forgets what a batch forgets before it looks at anything else.
#[derive(Default)]
pub(crate) struct ForgetsFirst;

#[async_trait]
impl Intercept for ForgetsFirst {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let is_other = |write: &Write| !matches!(write, Write::Forget { .. });
        let first = Batch {
            requires: Vec::new(),
            ..without(batch.clone(), is_other)
        };
        store.commit(first).await?;
        store.commit(batch).await
    }
}

/// Forgets no response.
#[derive(Default)]
pub(crate) struct ForgetsNothing;

#[async_trait]
impl Intercept for ForgetsNothing {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let kept = without(batch, |write| matches!(write, Write::Forget { .. }));
        store.commit(kept).await
    }
}

/// Refuses to forget what is not there.
#[derive(Default)]
pub(crate) struct StrictForget;

#[async_trait]
impl Intercept for StrictForget {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        for write in &batch.writes {
            if let Write::Forget { key, about } = write {
                let kept = store.response(batch.scope, key, batch.now).await?;
                if kept.is_none() {
                    return Err(Refusal::Missing(vec![*about]).into());
                }
            }
        }
        store.commit(batch).await
    }
}

/// What responses were ever about, by scope and key.
#[derive(Default)]
struct Ever(Mutex<HashMap<(Scope, String), BTreeSet<Id>>>);

impl Ever {
    fn lock(&self) -> MutexGuard<'_, HashMap<(Scope, String), BTreeSet<Id>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, batch: &Batch) {
        let mut ever = self.lock();
        for write in &batch.writes {
            if let Write::Remember(response) = write {
                let place = (batch.scope, response.key.clone());
                ever.entry(place).or_default().extend(&response.about);
            }
        }
    }

    fn about(&self, scope: Scope, key: &str) -> BTreeSet<Id> {
        let ever = self.lock();
        let about = ever.get(&(scope, key.to_owned()));
        about.cloned().unwrap_or_default()
    }

    fn keys(&self, scope: Scope, record: Id) -> BTreeSet<String> {
        let ever = self.lock();
        let found = ever
            .iter()
            .filter(|((of, _), about)| *of == scope && about.contains(&record));
        found.map(|((_, key), _)| key.clone()).collect()
    }
}

/// Forgets the response under a key, whatever it is about.
#[derive(Default)]
pub(crate) struct ForgetsAny(Ever);

#[async_trait]
impl Intercept for ForgetsAny {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        self.0.learn(&batch);
        let mut writes = batch.writes.clone();
        for write in &mut writes {
            if let Write::Forget { key, about } = write {
                let is_about = self.0.about(batch.scope, key);
                *about = is_about.last().copied().unwrap_or(*about);
            }
        }
        store.commit(with(&batch, writes)).await
    }
}

/// Finds responses by whatever was ever kept under their keys.
#[derive(Default)]
pub(crate) struct StaleAbout(Ever);

#[async_trait]
impl Intercept for StaleAbout {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        self.0.learn(&batch);
        Ok(())
    }

    async fn responses_about(
        &self,
        _: &dyn Store,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Read<Vec<String>> {
        let keys = self.0.keys(scope, record).into_iter();
        let keys = keys.filter(|key| Some(key.as_str()) > after);
        Ok(keys.take(limit).collect())
    }
}

/// Finds one page of the responses about a record.
#[derive(Default)]
pub(crate) struct FirstResponses;

#[async_trait]
impl Intercept for FirstResponses {
    async fn responses_about(
        &self,
        store: &dyn Store,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Read<Vec<String>> {
        match after {
            Some(_) => Ok(Vec::new()),
            None => store.responses_about(scope, record, None, limit).await,
        }
    }
}

/// Finds what is kept in live mode in whichever mode.
#[derive(Default)]
pub(crate) struct ModelessResponses;

#[async_trait]
impl Intercept for ModelessResponses {
    async fn responses_about(
        &self,
        store: &dyn Store,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Read<Vec<String>> {
        let live = Scope::new(scope.workspace(), Mode::Live);
        store.responses_about(live, record, after, limit).await
    }
}

/// Does not find what has expired, and keeps it.
#[derive(Default)]
pub(crate) struct ExpiredUnseen(Mutex<HashMap<(Scope, String), i64>>, Mutex<i64>);

#[async_trait]
impl Intercept for ExpiredUnseen {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        store.commit(batch.clone()).await?;
        let mut ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for write in &batch.writes {
            if let Write::Remember(response) = write {
                let place = (batch.scope, response.key.clone());
                ends.insert(place, response.expires_at.as_millis());
            }
        }
        *self.1.lock().unwrap_or_else(PoisonError::into_inner) = batch.now.as_millis();
        Ok(())
    }

    async fn responses_about(
        &self,
        store: &dyn Store,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Read<Vec<String>> {
        let mut keys = store.responses_about(scope, record, after, limit).await?;
        let now = *self.1.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|key| ends.get(&(scope, key.clone())).is_none_or(|end| *end > now));
        Ok(keys)
    }
}
