//! Configurations and responses that are miscounted, mixed up or kept too long.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::super::intercept::Intercept;
use super::commits::with;
use crate::scope::Scope;
use crate::store::{Batch, CommitError, Configuration, Store, StoreError, StoredResponse, Write};
use crate::text::fold;
use crate::time::Timestamp;

/// Reads the configuration of a scope once.
#[derive(Default)]
pub(super) struct StaleConfiguration(Mutex<HashMap<Scope, Configuration>>);

#[async_trait]
impl Intercept for StaleConfiguration {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
    ) -> Result<Configuration, StoreError> {
        let now = store.configuration(scope).await?;
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(read.entry(scope).or_insert(now).clone())
    }
}

/// Begins to count at one.
#[derive(Default)]
pub(super) struct CountFromOne;

#[async_trait]
impl Intercept for CountFromOne {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
    ) -> Result<Configuration, StoreError> {
        let configuration = store.configuration(scope).await?;
        Ok(Configuration {
            version: configuration.version + 1,
            ..configuration
        })
    }
}

/// Lists the newest field first.
#[derive(Default)]
pub(super) struct NewestFieldFirst;

#[async_trait]
impl Intercept for NewestFieldFirst {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
    ) -> Result<Configuration, StoreError> {
        let mut configuration = store.configuration(scope).await?;
        configuration.fields.reverse();
        Ok(configuration)
    }
}

/// Reads the version in one moment and the fields in an earlier one.
#[derive(Default)]
pub(super) struct TwoMoments(Mutex<Configuration>);

#[async_trait]
impl Intercept for TwoMoments {
    async fn configuration(
        &self,
        store: &dyn Store,
        scope: Scope,
    ) -> Result<Configuration, StoreError> {
        let now = store.configuration(scope).await?;
        let version = now.version;
        let mut earlier = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Configuration {
            version,
            ..std::mem::replace(&mut earlier, now)
        })
    }
}

/// Keeps a response a millisecond longer.
#[derive(Default)]
pub(super) struct LateExpiry;

#[async_trait]
impl Intercept for LateExpiry {
    async fn response(
        &self,
        store: &dyn Store,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        store
            .response(scope, key, now.saturating_add_millis(-1))
            .await
    }
}

/// Takes two idempotency keys for one where their case differs.
#[derive(Default)]
pub(super) struct FoldedResponseKeys;

#[async_trait]
impl Intercept for FoldedResponseKeys {
    async fn response(
        &self,
        store: &dyn Store,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        store.response(scope, &fold(key), now).await
    }

    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let folded = batch.writes.iter().cloned().map(|mut write| {
            if let Write::Remember(response) = &mut write {
                response.key = fold(&response.key);
            }
            write
        });
        store.commit(with(&batch, folded.collect())).await
    }
}
