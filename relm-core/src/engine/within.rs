//! The engine within a transaction that the program holds.

use std::fmt;
use std::sync::Arc;

use super::components::Components;
use super::context::Context;
use super::keys;
use super::scoped::Scoped;
use crate::error::Result;
use crate::record::Actor;
use crate::record::key::{ApiKey, KeyAccess, NewKey};
use crate::record::workspace::Workspace;
use crate::value::id::Id;
use crate::value::scope::{Mode, Scope};

/// The engine within a transaction that the program holds: see [`Crm::within`](super::Crm::within). It delivers nothing and
/// does no upkeep, which are for what is committed.
#[derive(Clone)]
pub struct Within {
    components: Arc<Components>,
}

impl Within {
    pub(super) fn new(components: Arc<Components>) -> Self {
        Self { components }
    }

    /// The handle on one workspace in one mode, be it one that the transaction made.
    ///
    /// # Errors
    /// `not_found` when there is no such workspace.
    pub async fn open(&self, workspace: Id, mode: Mode) -> Result<Scoped> {
        let scope = Scope::new(workspace, mode);
        let context = Context::open(&self.components, scope, Actor::EMBEDDER.into()).await?;
        Ok(Scoped::new(context))
    }

    /// Makes a workspace.
    ///
    /// # Errors
    /// `conflict` when one of this name exists, without regard to case.
    pub async fn create_workspace(&self, name: &str) -> Result<Workspace> {
        keys::create_workspace(&self.components, name).await
    }

    /// Makes an API key for one workspace in one mode. It opens nothing before the transaction is committed.
    ///
    /// # Errors
    /// `not_found` when there is no such workspace.
    pub async fn create_key(
        &self,
        workspace: Id,
        mode: Mode,
        access: KeyAccess,
        name: Option<String>,
    ) -> Result<NewKey> {
        keys::create_key(&self.components, workspace, mode, access, name).await
    }

    /// Revokes a key: from the commit on, as [`Crm::revoke_key`](super::Crm::revoke_key) does.
    ///
    /// # Errors
    /// `not_found` when there is no such key.
    pub async fn revoke_key(&self, id: Id) -> Result<ApiKey> {
        keys::revoke_key(&self.components, id, None).await
    }
}

impl fmt::Debug for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Within")
    }
}
