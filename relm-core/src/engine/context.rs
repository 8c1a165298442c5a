//! One workspace in one mode, as the operations on its resources see it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::commits::Commits;
use super::components::Components;
use super::effects::Effects;
use super::environment::Environment;
use super::listeners::Listeners;
use super::staging::Staging;
use super::storage::Storage;
use super::transaction::unexpected;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{IDEMPOTENCY_KEY_CHARS_MAX, PAGE_LIMIT_MAX};
use crate::query::cursor::Cursors;
use crate::query::filter::Clause;
use crate::record::workspace::Workspace;
use crate::record::{Actor, Document};
use crate::store::{
    Batch, CommitError, Configuration, Lease, Page, Query, QueueKey, Require, StoreTransaction,
};
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;
use crate::value::scope::{Mode, Scope};
use crate::webhook::sealing::Sealer;

/// A scope of one engine, who acts in it, and the request that it serves.
#[derive(Clone)]
pub(super) struct Context {
    components: Arc<Components>,
    workspace: Arc<Workspace>,
    scope: Scope,
    actor: Arc<Actor>,
    request_id: Option<RequestId>,
    idempotency: Option<IdempotencyKey>,
}

/// A client's key, and a digest of its request.
#[derive(Clone)]
pub(super) struct IdempotencyKey {
    key: String,
    fingerprint: [u8; 32],
}

impl Context {
    /// The context of a scope, in which somebody acts; `not_found` when there is no such workspace.
    pub async fn open(
        components: &Arc<Components>,
        scope: Scope,
        actor: Arc<Actor>,
    ) -> Result<Self> {
        Ok(Self {
            workspace: components.workspace(scope.workspace()).await?,
            components: Arc::clone(components),
            scope,
            actor,
            request_id: None,
            idempotency: None,
        })
    }

    /// The same context, in which somebody else acts.
    pub fn acting_as(mut self, actor: Arc<Actor>) -> Self {
        self.actor = actor;
        self
    }

    /// The same context, for this request.
    pub fn for_request(mut self, id: RequestId) -> Self {
        self.request_id = Some(id);
        self
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The request that is served, where it has a name.
    pub fn request_id(&self) -> Option<RequestId> {
        self.request_id
    }

    /// The same context, within a transaction of the store.
    pub fn within(&self, transaction: &impl StoreTransaction) -> Self {
        let within = Self {
            components: self.components.within(transaction),
            ..self.clone()
        };
        match self.storage().is_dry_run() {
            true => within.dry_run(),
            false => within,
        }
    }

    /// The same context, in which nothing that is changed is kept.
    pub fn dry_run(self) -> Self {
        Self {
            components: self.components.dry_run(self.scope),
            ..self
        }
    }

    /// The same context, whose changes are staged to be committed as one. They have no idempotency key, and are of one request.
    pub fn unit_of_work(&self) -> (Self, Arc<Staging>) {
        let (components, staging) = self.components.unit_of_work(self.scope);
        let environment = self.environment();
        let request_id = self
            .request_id
            .unwrap_or_else(|| environment.mint_request());
        let context = Self {
            components,
            request_id: Some(request_id),
            idempotency: None,
            ..self.clone()
        };
        (context, staging)
    }

    /// The same context, as the rows of a dry run of an import have left it so far. Its changes are staged.
    pub fn import_shadow(&self, import: Id) -> (Self, Arc<Staging>) {
        let (components, staging) = self.components.import_shadow(self.scope, import);
        let context = Self {
            components,
            idempotency: None,
            ..self.clone()
        };
        (context, staging)
    }

    /// The same context, for a request with this key.
    pub fn idempotent(mut self, key: IdempotencyKey) -> Self {
        self.idempotency = Some(key);
        self
    }

    /// The same context, for what a request does beside what it is known by its key for.
    pub fn unkeyed(self) -> Self {
        Self {
            idempotency: None,
            ..self
        }
    }

    pub fn idempotency(&self) -> Option<&IdempotencyKey> {
        self.idempotency.as_ref()
    }

    pub fn components(&self) -> &Components {
        &self.components
    }

    pub fn environment(&self) -> &Environment {
        self.components.environment()
    }

    pub fn storage(&self) -> &Storage {
        self.components.storage()
    }

    pub fn listeners(&self) -> &Arc<Listeners> {
        self.components.listeners()
    }

    pub fn commits(&self) -> &Arc<Commits> {
        self.components.commits()
    }

    pub fn sealer(&self) -> &Sealer {
        self.components.sealer()
    }

    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The configuration that writes are validated against: as it was last read.
    pub async fn configuration(&self) -> Result<Arc<Configuration>> {
        self.components.configuration(self.scope).await
    }

    /// The configuration as it is now.
    pub async fn reload_configuration(&self) -> Result<Arc<Configuration>> {
        let configurations = self.components.configurations();
        configurations.reload(self.storage(), self.scope).await
    }

    /// Has the rest of this engine learn what was committed.
    pub fn publish(&self, effects: Effects) {
        self.components.publish(effects);
    }

    /// Waits until no change is made any more that was planned against an earlier configuration than there is; whether that is so. It is not
    /// known where somebody goes on for longer than is waited, or the store cannot be asked: then it is to be asked again later.
    pub async fn barrier(&self) -> Result<bool> {
        let batch = Batch {
            scope: self.scope,
            now: self.environment().now(),
            requires: vec![Require::Barrier],
            writes: Vec::new(),
        };
        match self.storage().commit(batch).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(refusal)) => Err(unexpected(&refusal)),
            Err(CommitError::Store(error)) => match Error::from(error) {
                error if error.kind() == ErrorKind::Unavailable => Ok(false),
                error => Err(error),
            },
        }
    }

    /// After a change of our own to the configuration: the next write reads it.
    pub fn forget_configuration(&self) {
        self.publish(Effects {
            reconfigured: BTreeSet::from([self.scope]),
            ..Effects::default()
        });
    }

    /// Wakes the dispatcher for the queue of an endpoint.
    pub fn wake(&self, webhook: Id) {
        let scope = self.scope;
        self.publish(Effects {
            queues: BTreeSet::from([QueueKey { scope, webhook }]),
            ..Effects::default()
        });
    }

    /// The document of a record of `kind`. An id of another kind is simply not found.
    pub async fn document(&self, kind: Kind, id: Id) -> Result<Option<Document>> {
        if id.kind() != kind {
            return Ok(None);
        }
        self.storage().get(self.scope, id).await
    }

    /// The document of the record of `kind` that holds a unique key.
    pub async fn holder(&self, kind: Kind, key: String) -> Result<Option<Document>> {
        let found = self.storage().find(self.scope, kind, &[key]).await?;
        Ok(found.into_iter().flatten().next())
    }

    /// The documents of the records of `kind` that hold these unique keys, in the order of the keys.
    pub async fn holders(&self, kind: Kind, keys: &[String]) -> Result<Vec<Option<Document>>> {
        let mut all = Vec::with_capacity(keys.len());
        for keys in keys.chunks(PAGE_LIMIT_MAX) {
            all.extend(self.storage().find(self.scope, kind, keys).await?);
        }
        Ok(all)
    }

    pub async fn list(&self, query: &Query) -> Result<Page> {
        self.storage().list(self.scope, query).await
    }

    /// The records of a kind that meet all clauses, newest first: at most so many.
    pub async fn every(
        &self,
        kind: Kind,
        clauses: Vec<Clause>,
        max: usize,
    ) -> Result<Vec<Document>> {
        let mut query = Query {
            kind,
            clauses,
            after: None,
            limit: PAGE_LIMIT_MAX.min(max),
        };
        let mut all = Vec::new();
        loop {
            let page = self.list(&query).await?;
            query.after = page.documents.last().map(|last| last.id);
            all.extend(page.documents);
            query.limit = PAGE_LIMIT_MAX.min(max - all.len());
            if !page.more || query.limit == 0 {
                return Ok(all);
            }
        }
    }

    pub async fn lease(&self, lease: &Lease) -> Result<Vec<Document>> {
        self.storage().lease(lease).await
    }

    /// The scope, as seals have it. It never changes: cursors and sealed replies that an earlier release gave still open.
    pub fn seal_number(&self) -> i64 {
        let mode = match self.scope.mode() {
            Mode::Live => 0,
            Mode::Test => 1,
        };
        let number = (self.scope.workspace().ulid() << 1) | mode;
        (number & u128::from(i64::MAX.unsigned_abs())) as i64
    }

    /// The cursors of the list that `parts` tell from every other of this scope.
    pub fn cursors<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Cursors<'_> {
        Cursors::new(&self.workspace.cursor_key, self.seal_number(), parts)
    }
}

impl IdempotencyKey {
    /// A checked key; `bad_request` when it is not of 1 to 255 characters.
    pub fn new(key: &str, fingerprint: [u8; 32]) -> Result<Self> {
        let chars = key.chars().count();
        if !(1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&chars) {
            return Err(Error::bad_request(format!(
                "`Idempotency-Key` must be 1 to {IDEMPOTENCY_KEY_CHARS_MAX} characters; it has {chars}."
            )));
        }
        Ok(Self {
            key: key.to_owned(),
            fingerprint,
        })
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }
}
