//! The engine that a program embeds: one [`Crm`] over one store, and a [`Scoped`] handle per workspace and mode.
//!
//! Every change is an *operation* (`transaction.rs`): a plan of writes made from what was read, committed in one batch
//! with its event, its deliveries and its idempotency record, and made anew when the commit is refused because
//! something moved meanwhile. The files beside it hold the operations of one resource each.

mod caches;
mod dispatcher;
mod keys;
mod resources;
mod retention;
mod storage;
mod transaction;
mod wakeups;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

pub use dispatcher::{DispatchOptions, Dispatcher, Sleeper};
pub use keys::KEY_CACHE_MS;
pub use resources::associations::Associations;
pub use resources::batch::{BatchInput, BatchReport, BatchRow, RowStatus};
pub use resources::deliveries::{RecoverInput, Recovery};
pub use resources::events::Events;
pub use resources::fields::Fields;
pub use resources::listing::{List, ListRequest};
pub use resources::objects::Objects;
pub use resources::searching::SearchRequest;
pub use resources::webhooks::Webhooks;
pub use retention::Pruned;
pub use transaction::{Outcome, Reply};

use self::caches::second_chance::{
    CONFIGURATIONS_BYTES_MAX, PRINCIPALS_BYTES_MAX, Recent, SCOPES_BYTES_MAX, WORKSPACES_BYTES_MAX,
};
use self::storage::{Writability, store_error};
use self::wakeups::Bell;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::IDEMPOTENCY_KEY_CHARS_MAX;
use crate::record::Document;
use crate::record::key::Principal;
use crate::record::object::{Activity, Company, Contact, Deal, Object};
use crate::record::workspace::Workspace;
use crate::store::{Configuration, Query, Store};
use crate::value::id::{Id, IdMinter, Kind};
use crate::value::scope::{Mode, Scope};
use crate::value::time::{Clock, Monotonic, Rng, SystemClock, SystemRng, Timestamp};
use crate::webhook::sealing::Sealer;
use crate::webhook::{AnyTarget, TargetPolicy};

/// The engine over one store. Cloning it is cheap and shares everything.
#[derive(Clone)]
pub struct Crm {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    ids: IdMinter,
    sealer: Sealer,
    /// Workspaces that were read: they never change.
    workspaces: RwLock<Recent<Id, Arc<Workspace>>>,
    /// What writes were last validated against, by [`Scope::key`]. A commit refuses one that is out of date.
    configurations: RwLock<Recent<i64, Arc<Configuration>>>,
    principals: RwLock<Principals>,
    /// Scopes by their [keys](Scope::key), as they were met.
    scopes: RwLock<Recent<i64, Scope>>,
    bell: Bell,
    writability: Writability,
    plain_http: bool,
    targets: Arc<dyn TargetPolicy>,
}

/// API keys that were found valid.
struct Principals {
    /// By digest: what each opens, and until when that holds without another look.
    known: Recent<[u8; 32], (Principal, Monotonic)>,
    /// Counts the revocations: what was looked up before one is not remembered after it.
    revocations: u64,
}

/// Sets up a [`Crm`] with other surroundings than the system's.
pub struct CrmBuilder {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    sealing_keys: Vec<[u8; 32]>,
    plain_http: bool,
    targets: Arc<dyn TargetPolicy>,
}

impl CrmBuilder {
    /// Takes the time from here.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Takes ids, keys and secrets from here.
    #[must_use]
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.rng = rng;
        self
    }

    /// Seals the secrets of endpoints at rest with this key. Without one they are kept as they are.
    ///
    /// Called again, it adds a key that opens what it once sealed: the first key alone seals. To replace a key, put the
    /// new one before it, [seal anew](Crm::reseal_secrets), and leave the old one out from then on.
    #[must_use]
    pub fn sealing_key(mut self, key: [u8; 32]) -> Self {
        self.sealing_keys.push(key);
        self
    }

    /// Lets endpoints of live mode be reached by http too. It is for an operator whose transport lets them reach nothing
    /// but a network that needs no TLS.
    #[must_use]
    pub fn plain_http(mut self, allowed: bool) -> Self {
        self.plain_http = allowed;
        self
    }

    /// Refuses endpoints that lead where this says nothing can be sent. Without one, whatever is well-formed is taken, and
    /// the transport alone decides.
    #[must_use]
    pub fn targets(mut self, policy: Arc<dyn TargetPolicy>) -> Self {
        self.targets = policy;
        self
    }

    /// The engine.
    pub fn build(self) -> Crm {
        let Self {
            store,
            clock,
            rng,
            sealing_keys,
            plain_http,
            targets,
        } = self;
        Crm {
            inner: Arc::new(Inner {
                store,
                clock,
                rng,
                ids: IdMinter::new(),
                sealer: Sealer::new(sealing_keys),
                workspaces: RwLock::new(Recent::new(WORKSPACES_BYTES_MAX)),
                configurations: RwLock::new(Recent::new(CONFIGURATIONS_BYTES_MAX)),
                principals: RwLock::new(Principals {
                    known: Recent::new(PRINCIPALS_BYTES_MAX),
                    revocations: 0,
                }),
                scopes: RwLock::new(Recent::new(SCOPES_BYTES_MAX)),
                bell: Bell::default(),
                writability: Writability::default(),
                plain_http,
                targets,
            }),
        }
    }
}

impl Crm {
    /// The engine over `store`, with the system's clock and randomness.
    pub fn new(store: impl Store) -> Self {
        Self::builder(Arc::new(store)).build()
    }

    /// The engine over `store`, to be set up further.
    pub fn builder(store: Arc<dyn Store>) -> CrmBuilder {
        CrmBuilder {
            store,
            clock: Arc::new(SystemClock),
            rng: Arc::new(SystemRng),
            sealing_keys: Vec::new(),
            plain_http: false,
            targets: Arc::new(AnyTarget),
        }
    }

    /// The handle on one workspace in one mode.
    ///
    /// # Errors
    /// `not_found` when there is no such workspace.
    pub async fn open(&self, workspace: Id, mode: Mode) -> Result<Scoped> {
        Ok(Scoped {
            inner: Arc::clone(&self.inner),
            workspace: self.inner.workspace(workspace).await?,
            scope: Scope::new(workspace, mode),
            idempotency: None,
        })
    }

    /// The handle on the scope of this [key](Scope::key), or none where no workspace has it.
    async fn open_key(&self, scope_key: i64) -> Result<Option<Scoped>> {
        let known = read(&self.inner.scopes).get(&scope_key).copied();
        let found = match known {
            Some(scope) => Some(scope),
            None => self.find_scope(scope_key).await?,
        };
        match found {
            Some(scope) => self.open(scope.workspace(), scope.mode()).await.map(Some),
            None => Ok(None),
        }
    }

    /// Goes through the workspaces until one has the scope of this key, and remembers it, and what it met as far as there is
    /// room.
    async fn find_scope(&self, scope_key: i64) -> Result<Option<Scope>> {
        let mut after = None;
        loop {
            let (scopes, next) = self.scopes_after(after).await?;
            let found = scopes
                .iter()
                .find(|scope| scope.key() == scope_key)
                .copied();
            let mut known = write(&self.inner.scopes);
            for scope in scopes {
                known.offer(scope.key(), scope);
            }
            if let Some(scope) = found {
                known.insert(scope_key, scope);
            }
            drop(known);
            if found.is_some() || next.is_none() {
                return Ok(found);
            }
            after = next;
        }
    }

    /// Both modes of a page of workspaces, newest first, and where the next page begins, if there is one.
    async fn scopes_after(&self, after: Option<Id>) -> Result<(Vec<Scope>, Option<Id>)> {
        let page = self
            .inner
            .page_of_system(Kind::Workspace, Vec::new(), after)
            .await?;
        let ids = page.documents.iter().map(|document| document.id);
        let both = |workspace| Mode::ALL.map(|mode| Scope::new(workspace, mode));
        let next = page.documents.last().map(|last| last.id);
        let next = next.filter(|_| page.more);
        Ok((ids.flat_map(both).collect(), next))
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` when it does not.
    pub async fn ping(&self) -> Result<()> {
        let query = Query {
            kind: Kind::Workspace,
            clauses: Vec::new(),
            after: None,
            limit: 1,
        };
        let page = self.inner.store.list(Scope::SYSTEM, &query).await;
        page.map(drop).map_err(store_error)
    }

    /// The time, as the engine has it.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// The monotonic clock of the engine, by which it tells how long something has lasted.
    pub fn monotonic(&self) -> Monotonic {
        self.inner.clock.monotonic()
    }

    /// A fresh id that no record has: for requests.
    pub fn request_id(&self) -> Id {
        self.inner.mint(Kind::Request, self.inner.clock.now())
    }
}

impl fmt::Debug for Crm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Crm")
    }
}

impl Inner {
    fn mint(&self, kind: Kind, now: Timestamp) -> Id {
        self.ids.mint(kind, now, self.rng.as_ref())
    }

    /// A workspace, read once.
    async fn workspace(&self, id: Id) -> Result<Arc<Workspace>> {
        let known = read(&self.workspaces).get(&id).map(Arc::clone);
        if let Some(workspace) = known {
            return Ok(workspace);
        }
        let document = self
            .store
            .get(Scope::SYSTEM, id)
            .await
            .map_err(store_error)?
            .filter(|_| id.kind() == Kind::Workspace)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "There is no such workspace."))?;
        let workspace = Arc::new(document.decode::<Workspace>()?);
        write(&self.workspaces).insert(id, Arc::clone(&workspace));
        Ok(workspace)
    }

    /// The configuration that writes are validated against: the last one read.
    async fn configuration(&self, scope: Scope) -> Result<Arc<Configuration>> {
        let known = read(&self.configurations).get(&scope.key()).map(Arc::clone);
        match known {
            Some(configuration) => Ok(configuration),
            None => self.reload_configuration(scope).await,
        }
    }

    /// After a change of our own: the next write reads it anew.
    fn forget_configuration(&self, scope: Scope) {
        write(&self.configurations).remove(&scope.key());
    }

    /// The configuration as it is now; where it is as it was, nothing of it is read.
    async fn reload_configuration(&self, scope: Scope) -> Result<Arc<Configuration>> {
        let known = read(&self.configurations).get(&scope.key()).map(Arc::clone);
        let version = known.as_ref().map(|known| known.version);
        let fresh = self.store.configuration(scope, version).await;
        let fresh = match (fresh.map_err(store_error)?, known) {
            (Some(fresh), _) => Arc::new(fresh),
            (None, Some(known)) => return Ok(known),
            (None, None) => return Err(Error::internal("the store has no configuration")),
        };
        let mut known = write(&self.configurations);
        match known.get(&scope.key()) {
            // Two reloads may finish in the other order: the newer one stays.
            Some(newer) if newer.version >= fresh.version => Ok(Arc::clone(newer)),
            Some(_) | None => {
                known.insert(scope.key(), Arc::clone(&fresh));
                Ok(fresh)
            }
        }
    }
}

/// A handle on one workspace in one mode: nothing that is reached through it lies elsewhere.
#[derive(Clone)]
pub struct Scoped {
    inner: Arc<Inner>,
    workspace: Arc<Workspace>,
    scope: Scope,
    idempotency: Option<Idempotency>,
}

/// A client's key and what its request was.
#[derive(Clone)]
struct Idempotency {
    key: String,
    fingerprint: [u8; 32],
}

impl Scoped {
    /// The workspace and mode.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The same handle, whose next change happens once however often it is asked for: within 24 hours of its first
    /// success the same key and fingerprint give the same reply, another fingerprint is refused.
    ///
    /// `fingerprint` is a digest of the request, such as SHA-256 over what it asks for.
    ///
    /// # Errors
    /// `bad_request` when the key is not of 1 to 255 characters.
    pub fn idempotent(mut self, key: &str, fingerprint: [u8; 32]) -> Result<Self> {
        let chars = key.chars().count();
        if !(1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&chars) {
            return Err(Error::bad_request(format!(
                "`Idempotency-Key` must be 1 to {IDEMPOTENCY_KEY_CHARS_MAX} characters; it has {chars}."
            )));
        }
        self.idempotency = Some(Idempotency {
            key: key.to_owned(),
            fingerprint,
        });
        Ok(self)
    }

    /// The document of a record of `kind`. An id of another kind is simply not found.
    async fn document(&self, kind: Kind, id: Id) -> Result<Option<Document>> {
        if id.kind() != kind {
            return Ok(None);
        }
        let found = self.inner.store.get(self.scope, id).await;
        found.map_err(store_error)
    }

    /// The records of one object type, for code that is the same for all four.
    pub fn objects<T: Object>(&self) -> Objects<'_, T> {
        Objects::new(self)
    }

    /// The contacts.
    pub fn contacts(&self) -> Objects<'_, Contact> {
        Objects::new(self)
    }

    /// The companies.
    pub fn companies(&self) -> Objects<'_, Company> {
        Objects::new(self)
    }

    /// The deals.
    pub fn deals(&self) -> Objects<'_, Deal> {
        Objects::new(self)
    }

    /// The activities.
    pub fn activities(&self) -> Objects<'_, Activity> {
        Objects::new(self)
    }

    /// The definitions of custom fields.
    pub fn fields(&self) -> Fields<'_> {
        Fields::new(self)
    }

    /// The associations.
    pub fn associations(&self) -> Associations<'_> {
        Associations::new(self)
    }

    /// The events.
    pub fn events(&self) -> Events<'_> {
        Events::new(self)
    }

    /// The endpoints, and their deliveries.
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks::new(self)
    }
}

impl fmt::Debug for Scoped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

// A panic while a cache is locked leaves it whole: every change of one is a single call.
fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
