//! What one engine consists of. [`CrmBuilder`](super::CrmBuilder) composes it, once.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::caches::{Configurations, KeyUses, Principals, Workspaces};
use super::commits::Commits;
use super::effects::Effects;
use super::environment::Environment;
use super::import_notice::ImportNotice;
use super::listeners::Listeners;
use super::staging::Staging;
use super::storage::Storage;
use super::wakeups::Wakeups;
use crate::error::{Error, Result};
use crate::limits::PAGE_LIMIT_MAX;
use crate::query::filter::Clause;
use crate::record::EndpointRules;
use crate::record::workspace::Workspace;
use crate::store::{Configuration, Page, Query, Store, StoreTransaction};
use crate::value::id::{Id, Kind};
use crate::value::scope::{Mode, Scope};
use crate::value::time::{Clock, Rng};
use crate::webhook::sealing::Sealer;
use crate::webhook::{AnyTarget, TargetPolicy};

/// Is told what went wrong while nobody waited for an answer.
pub(super) type OnError = Arc<dyn Fn(&Error) + Send + Sync>;

/// How an engine is set up.
pub(super) struct Settings {
    /// What seals the secrets of endpoints, and after it what opens those that were sealed before.
    pub sealing_keys: Vec<[u8; 32]>,
    pub plain_http: bool,
    pub targets: Arc<dyn TargetPolicy>,
    pub keeps_trash: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sealing_keys: Vec::new(),
            plain_http: false,
            targets: Arc::new(AnyTarget),
            keeps_trash: true,
        }
    }
}

/// The components of one engine, shared by all that is reached through it.
pub(super) struct Components {
    storage: Storage,
    configurations: Configurations,
    common: Arc<Common>,
    transaction: Option<InTransaction>,
}

/// What an engine within a transaction has in common with the one around it.
struct Common {
    environment: Environment,
    workspaces: Workspaces,
    principals: Principals,
    key_uses: KeyUses,
    wakeups: Wakeups,
    listeners: Arc<Listeners>,
    commits: Arc<Commits>,
    imports: ImportNotice,
    sealer: Sealer,
    plain_http: bool,
    targets: Arc<dyn TargetPolicy>,
    keeps_trash: bool,
}

/// The transaction that an engine is within.
#[derive(Clone)]
struct InTransaction {
    /// The engine around it.
    outside: Arc<Components>,
    /// What is done there once the transaction is committed.
    effects: Arc<Mutex<Effects>>,
}

impl Components {
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        settings: Settings,
    ) -> Self {
        let Settings {
            sealing_keys,
            plain_http,
            targets,
            keeps_trash,
        } = settings;
        Self {
            storage: Storage::new(store, Arc::clone(&clock)),
            configurations: Configurations::new(),
            common: Arc::new(Common {
                environment: Environment::new(clock, rng),
                workspaces: Workspaces::new(),
                principals: Principals::new(),
                key_uses: KeyUses::default(),
                wakeups: Wakeups::default(),
                listeners: Arc::default(),
                commits: Arc::default(),
                imports: ImportNotice::default(),
                sealer: Sealer::new(sealing_keys),
                plain_http,
                targets,
                keeps_trash,
            }),
            transaction: None,
        }
    }

    /// The engine within a transaction of its store. What it remembers of the store is its own: nothing that the transaction
    /// may still undo gets out.
    pub fn within(self: &Arc<Self>, transaction: &impl StoreTransaction) -> Arc<Self> {
        let outside = match &self.transaction {
            Some(transaction) => &transaction.outside,
            None => self,
        };
        let effects = Arc::new(Mutex::new(Effects::default()));
        let (committed, told) = (Arc::clone(&effects), Arc::clone(outside));
        transaction.after_commit().add(move || {
            let effects = mem::take(&mut *lock(&committed));
            told.apply(effects);
        });
        Arc::new(Self {
            storage: outside.storage.of_transaction(transaction.store()),
            configurations: Configurations::new(),
            common: Arc::clone(&outside.common),
            transaction: Some(InTransaction {
                outside: Arc::clone(outside),
                effects,
            }),
        })
    }

    /// The engine of a dry run in one scope.
    pub fn dry_run(&self, scope: Scope) -> Arc<Self> {
        let known = self.remembered(scope);
        self.over(self.storage.dry_run(known.clone()), scope, known)
    }

    /// The engine of changes in one scope that are committed as one, and what its commits are staged in.
    pub fn unit_of_work(&self, scope: Scope) -> (Arc<Self>, Arc<Staging>) {
        let (storage, staging) = self.storage.staged();
        (self.over(storage, scope, self.remembered(scope)), staging)
    }

    /// The engine over what a dry run of an import would have come to by now, in one scope, and what its commits are staged in.
    pub fn import_shadow(&self, scope: Scope, import: Id) -> (Arc<Self>, Arc<Staging>) {
        let (storage, staging) = self.storage.shadowed(import);
        (self.over(storage, scope, self.remembered(scope)), staging)
    }

    /// The engine over a storage whose commits nobody sees, in one scope. What it reads anew of the store is its own.
    fn over(&self, storage: Storage, scope: Scope, known: Option<Arc<Configuration>>) -> Arc<Self> {
        let configurations = Configurations::new();
        if let Some(known) = known {
            configurations.insert(scope, known);
        }
        Arc::new(Self {
            storage,
            configurations,
            common: Arc::clone(&self.common),
            transaction: self.transaction.clone(),
        })
    }

    /// Has the rest of the engine learn what was committed, which of a dry run, and of what is staged, is nothing: at once, or once the transaction
    /// is committed that it is within.
    pub fn publish(&self, effects: Effects) {
        if self.storage.is_dry_run() || self.storage.is_staging() {
            return;
        }
        let Some(transaction) = &self.transaction else {
            return self.apply(effects);
        };
        for scope in &effects.reconfigured {
            self.configurations.remove(*scope);
        }
        lock(&transaction.effects).extend(effects);
    }

    /// Does what commits mean.
    fn apply(&self, effects: Effects) {
        let Effects {
            queues,
            events,
            logged,
            reconfigured,
            revoked,
        } = effects;
        for scope in reconfigured {
            self.configurations.remove(scope);
        }
        for key in revoked {
            self.principals().revoke(key);
        }
        self.wakeups().notify(queues);
        for (scope, events) in events {
            self.listeners().publish(scope, &events);
        }
        for scope in logged {
            self.commits().notify(scope);
        }
    }

    /// A workspace: remembered, but for one that a transaction may still undo.
    pub async fn workspace(&self, id: Id) -> Result<Arc<Workspace>> {
        let workspaces = &self.common.workspaces;
        match (workspaces.cached(id), &self.transaction) {
            (Some(workspace), _) => Ok(workspace),
            (None, None) => workspaces.read(&self.storage, id).await,
            (None, Some(_)) => Workspaces::look_up(&self.storage, id).await,
        }
    }

    /// The configuration of a scope as it was last read: within a transaction as it was read outside, unless the transaction
    /// changed it.
    pub async fn configuration(&self, scope: Scope) -> Result<Arc<Configuration>> {
        match self.remembered(scope) {
            Some(configuration) => Ok(configuration),
            None => self.configurations.reload(&self.storage, scope).await,
        }
    }

    fn remembered(&self, scope: Scope) -> Option<Arc<Configuration>> {
        let outside = || {
            let transaction = self.transaction.as_ref()?;
            let is_changed = lock(&transaction.effects).reconfigured.contains(&scope);
            let outside = &transaction.outside.configurations;
            (!is_changed).then(|| outside.get(scope)).flatten()
        };
        self.configurations.get(scope).or_else(outside)
    }

    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    pub fn environment(&self) -> &Environment {
        &self.common.environment
    }

    pub fn configurations(&self) -> &Configurations {
        &self.configurations
    }

    pub fn principals(&self) -> &Principals {
        &self.common.principals
    }

    pub fn key_uses(&self) -> &KeyUses {
        &self.common.key_uses
    }

    pub fn wakeups(&self) -> &Wakeups {
        &self.common.wakeups
    }

    pub fn listeners(&self) -> &Arc<Listeners> {
        &self.common.listeners
    }

    pub fn commits(&self) -> &Arc<Commits> {
        &self.common.commits
    }

    /// What wakes whoever works on imports.
    pub fn imports(&self) -> &ImportNotice {
        &self.common.imports
    }

    pub fn sealer(&self) -> &Sealer {
        &self.common.sealer
    }

    /// Whether what is deleted can be restored.
    pub fn keeps_trash(&self) -> bool {
        self.common.keeps_trash
    }

    /// What an endpoint may be.
    pub fn endpoint_rules(&self) -> EndpointRules<'_> {
        EndpointRules {
            plain_http: self.common.plain_http,
            targets: self.common.targets.as_ref(),
        }
    }

    /// One page of what is above all workspaces, newest first.
    pub async fn page_of_system(
        &self,
        kind: Kind,
        clauses: Vec<Clause>,
        after: Option<Id>,
    ) -> Result<Page> {
        let query = Query {
            kind,
            clauses,
            after,
            limit: PAGE_LIMIT_MAX,
        };
        self.storage.list(Scope::SYSTEM, &query).await
    }

    /// Both modes of a page of workspaces, newest first, and where the next page begins, if there is one.
    pub async fn scopes_after(&self, after: Option<Id>) -> Result<(Vec<Scope>, Option<Id>)> {
        let page = self.page_of_system(Kind::Workspace, Vec::new(), after);
        let page = page.await?;
        let ids = page.documents.iter().map(|document| document.id);
        let both = |workspace| Mode::ALL.map(|mode| Scope::new(workspace, mode));
        let next = page.documents.last().map(|last| last.id);
        let next = next.filter(|_| page.more);
        Ok((ids.flat_map(both).collect(), next))
    }
}

fn lock(effects: &Mutex<Effects>) -> MutexGuard<'_, Effects> {
    effects.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows nothing of it: there are keys that seal secrets.
impl fmt::Debug for Components {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Components")
    }
}
