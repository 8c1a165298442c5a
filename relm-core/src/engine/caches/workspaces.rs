//! Workspaces that were read: they never change.

use std::mem::size_of;
use std::sync::{Arc, PoisonError, RwLock};

use super::second_chance::{SecondChance, Weigh};
use crate::engine::storage::Storage;
use crate::error::{Error, ErrorKind, Result};
use crate::record::workspace::Workspace;
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;

const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Workspaces by their ids.
pub(in crate::engine) struct Workspaces(RwLock<SecondChance<Id, Arc<Workspace>>>);

impl Workspaces {
    pub fn new() -> Self {
        Self(RwLock::new(SecondChance::new(BYTES_MAX)))
    }

    /// A workspace as it is kept.
    pub async fn look_up(storage: &Storage, id: Id) -> Result<Arc<Workspace>> {
        let document = storage
            .get(Scope::SYSTEM, id)
            .await?
            .filter(|_| id.kind() == Kind::Workspace)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "There is no such workspace."))?;
        Ok(Arc::new(document.decode::<Workspace>()?))
    }

    /// A workspace, which is remembered from then on.
    pub async fn read(&self, storage: &Storage, id: Id) -> Result<Arc<Workspace>> {
        let workspace = Self::look_up(storage, id).await?;
        let mut cache = self.0.write().unwrap_or_else(PoisonError::into_inner);
        cache.insert(id, Arc::clone(&workspace));
        Ok(workspace)
    }

    /// A workspace, where it was read before.
    pub fn cached(&self, id: Id) -> Option<Arc<Workspace>> {
        let cache = self.0.read().unwrap_or_else(PoisonError::into_inner);
        cache.get(&id).map(Arc::clone)
    }
}

impl Weigh for Arc<Workspace> {
    fn bytes(&self) -> usize {
        size_of::<Workspace>() + self.name.len() + self.cursor_key.len()
    }
}
