//! The configurations that writes are validated against. A commit refuses one that is out of date.

use std::mem::size_of;
use std::sync::{Arc, PoisonError, RwLock};

use super::second_chance::{SecondChance, Weigh};
use crate::engine::storage::Storage;
use crate::error::Result;
use crate::limits::FIELD_DEFAULT_BYTES_MAX;
use crate::record::Webhook;
use crate::record::field::Field;
use crate::store::Configuration;
use crate::value::scope::Scope;

const BYTES_MAX: usize = 16 * 1024 * 1024;
/// What an endpoint's event types and secrets take: both are few and short.
const WEBHOOK_REST_BYTES: usize = 1024;

/// The configurations of scopes, as they were last read.
pub(in crate::engine) struct Configurations(RwLock<SecondChance<Scope, Arc<Configuration>>>);

impl Configurations {
    pub fn new() -> Self {
        Self(RwLock::new(SecondChance::new(BYTES_MAX)))
    }

    /// The configuration as it is now; where it is as it was, nothing of it is read.
    pub async fn reload(&self, storage: &Storage, scope: Scope) -> Result<Arc<Configuration>> {
        let fresh = storage.configuration(scope, self.get(scope)).await?;
        let mut cache = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match cache.get(&scope) {
            // Two reloads may finish in the other order: the newer one stays.
            Some(newer) if newer.version >= fresh.version => Ok(Arc::clone(newer)),
            Some(_) | None => {
                cache.insert(scope, Arc::clone(&fresh));
                Ok(fresh)
            }
        }
    }

    /// Remembers a configuration that was read elsewhere.
    pub fn insert(&self, scope: Scope, configuration: Arc<Configuration>) {
        let mut cache = self.0.write().unwrap_or_else(PoisonError::into_inner);
        cache.insert(scope, configuration);
    }

    /// Forgets a configuration: the next write reads it.
    pub fn remove(&self, scope: Scope) {
        let mut cache = self.0.write().unwrap_or_else(PoisonError::into_inner);
        cache.remove(&scope);
    }

    /// The configuration as it was last read, if it is remembered.
    pub fn get(&self, scope: Scope) -> Option<Arc<Configuration>> {
        let cache = self.0.read().unwrap_or_else(PoisonError::into_inner);
        cache.get(&scope).map(Arc::clone)
    }
}

impl Weigh for Arc<Configuration> {
    fn bytes(&self) -> usize {
        let Configuration {
            version: _,
            fields,
            webhooks,
        } = self.as_ref();
        let text = |text: &String| size_of::<String>() + text.len();
        let field = |field: &Field| {
            let stages = field.options.probabilities.keys();
            let choices: usize = field.options.choices.iter().chain(stages).map(text).sum();
            let limits = field.options.limits.bytes();
            let default = field.options.default.as_ref();
            let default = default.map_or(0, |_| FIELD_DEFAULT_BYTES_MAX);
            size_of::<Field>() + field.key.len() + field.label.len() + choices + limits + default
        };
        let webhook = |webhook: &Webhook| {
            let description = webhook.description.as_ref().map_or(0, String::len);
            let headers = webhook.headers.bytes();
            size_of::<Webhook>() + webhook.url.len() + description + headers + WEBHOOK_REST_BYTES
        };
        size_of::<Configuration>()
            + fields.iter().map(field).sum::<usize>()
            + webhooks.iter().map(webhook).sum::<usize>()
    }
}
