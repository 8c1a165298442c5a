//! When API keys were last used: noted as they are looked up, and written apart from any request.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::caches::is_news;
use super::components::Components;
use super::keys::system_batch;
use super::transaction::{Planned, Transaction, transact};
use crate::error::Result;
use crate::record::Entry;
use crate::record::key::ApiKey;
use crate::store::Write;
use crate::value::id::Kind;
use crate::value::scope::Scope;
use crate::value::time::Timestamp;

/// Keys of one commit.
const STEP_KEYS: usize = 100;

/// Writes what waits, and gives of how many keys.
pub(super) async fn write(components: &Components) -> Result<usize> {
    let pending = components.key_uses();
    let mut written = 0;
    loop {
        let uses = pending.take(STEP_KEYS);
        if uses.is_empty() {
            return Ok(written);
        }
        let mut writing = Writing {
            components,
            uses: &uses,
        };
        match transact(components.storage(), &mut writing).await {
            Ok(keys) => written += keys,
            Err(error) => {
                pending.put_back(uses);
                return Err(error);
            }
        }
    }
}

/// Writes the uses of a few keys. What another process wrote meanwhile is left where it is later.
struct Writing<'a> {
    components: &'a Components,
    uses: &'a BTreeMap<String, Timestamp>,
}

#[async_trait]
impl Transaction for Writing<'_> {
    type Output = usize;

    async fn plan(&mut self) -> Result<Planned<usize>> {
        let digests: Vec<String> = self.uses.keys().cloned().collect();
        let storage = self.components.storage();
        let found = storage.find(Scope::SYSTEM, Kind::Key, &digests).await?;
        let mut writes = Vec::new();
        for (found, minute) in found.into_iter().zip(self.uses.values()) {
            let Some(document) = found else { continue };
            let mut key: ApiKey = document.decode()?;
            if is_news(&key, *minute) {
                key.last_used_at = Some(*minute);
                key.version += 1;
                writes.push(Write::Replace {
                    before: document.into_entry()?,
                    after: Entry::new(key),
                });
            }
        }
        let keys = writes.len();
        let batch = system_batch(self.components, writes);
        Ok(Planned::Commit(batch, keys))
    }
}
