//! The engine that a program embeds, and what composes it.

use std::sync::Arc;

use super::accounts::Accounts;
use super::components::{Components, Settings};
use super::context::Context;
use super::key_uses;
use super::keys::{self, PresentedKey};
use super::resources::secrets;
use super::retention::{self, Deleted};
use super::scoped::Scoped;
use super::within::Within;
use crate::error::Result;
use crate::record::Actor;
use crate::record::key::{ApiKey, KeyAccess, NewKey, Principal};
use crate::record::workspace::Workspace;
use crate::store::{Store, StoreTransaction};
use crate::value::environment::Sleeper;
use crate::value::id::Id;
use crate::value::request_id::RequestId;
use crate::value::scope::{Mode, Scope};
use crate::value::time::{Clock, Monotonic, Rng, SystemClock, SystemRng, Timestamp};
use crate::webhook::TargetPolicy;

/// The engine over one store. Cloning it is cheap and shares everything.
#[derive(Clone, Debug)]
pub struct Crm {
    components: Arc<Components>,
}

/// Sets up a [`Crm`] with another environment than the system's.
pub struct CrmBuilder {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    settings: Settings,
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
    /// new one before it, [seal again](Crm::reseal_secrets), and leave the old one out from then on.
    #[must_use]
    pub fn sealing_key(mut self, key: [u8; 32]) -> Self {
        self.settings.sealing_keys.push(key);
        self
    }

    /// Lets endpoints of live mode be reached by http too. It is for an operator whose transport lets them reach nothing
    /// but a network that needs no TLS.
    #[must_use]
    pub fn plain_http(mut self, allowed: bool) -> Self {
        self.settings.plain_http = allowed;
        self
    }

    /// Refuses endpoints that lead where this says nothing can be sent. Without one, whatever is well-formed is taken, and
    /// the transport alone decides.
    #[must_use]
    pub fn targets(mut self, policy: Arc<dyn TargetPolicy>) -> Self {
        self.settings.targets = policy;
        self
    }

    /// Whether what is deleted goes to the trash, from where it can be [restored](super::Objects::restore) until it is
    /// [deleted](Crm::delete_expired_trash) there; default: it does. Without, a deletion is for good.
    #[must_use]
    pub fn trash(mut self, kept: bool) -> Self {
        self.settings.keeps_trash = kept;
        self
    }

    /// The engine.
    pub fn build(self) -> Crm {
        let components = Components::new(self.store, self.clock, self.rng, self.settings);
        Crm {
            components: Arc::new(components),
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
            settings: Settings::default(),
        }
    }

    /// The handle on one workspace in one mode.
    ///
    /// # Errors
    /// `not_found` when there is no such workspace.
    pub async fn open(&self, workspace: Id, mode: Mode) -> Result<Scoped> {
        let scope = Scope::new(workspace, mode);
        let context = Context::open(&self.components, scope, Actor::EMBEDDER.into()).await?;
        Ok(Scoped::new(context))
    }

    /// The handle on what a key opens, in which the key acts: the events of its changes say so. What the key may do there is
    /// for the caller to hold it to.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// use relm_core::{ContactInput, KeyAccess, ListRequest, Mode};
    ///
    /// let made = crm.create_key(acme.id, Mode::Live, KeyAccess::Full, Some("CI".into())).await?;
    /// let principal = crm.authenticate(&made.secret).await?.expect("it is valid");
    /// let live = crm.open_for(&principal).await?;
    /// let input = ContactInput {
    ///     email: "ada@example.com".into(),
    ///     ..Default::default()
    /// };
    /// live.contacts().create(input).await?;
    /// let events = live.events().list(&ListRequest::default()).await?;
    /// let actor = events.data[0].actor.as_ref().expect("it is told");
    /// assert_eq!(actor.id, Some(made.key.id.to_string()));
    /// assert_eq!(actor.name.as_deref(), Some("CI"));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_for(&self, principal: &Principal) -> Result<Scoped> {
        let actor = Arc::clone(&principal.actor);
        let context = Context::open(&self.components, principal.scope, actor).await?;
        Ok(Scoped::new(context))
    }

    /// The engine within a transaction of the store that the program holds: what is changed through it is committed with the rows that the
    /// program itself writes in the transaction, or vanishes with them. A store says how a transaction is begun: `SeaOrmStore::begin` does.
    ///
    /// - **Reads** see what the transaction has changed. Nobody else does until it is committed: no other handle, no cache of
    ///   this engine, no dispatcher. What others commit meanwhile is seen as the transaction's isolation has it.
    /// - **Changes** are validated and refused as outside, and each is whole: one that fails leaves nothing, and what the
    ///   transaction did before stands. Idempotency keys hold once it is committed.
    /// - **A conflict** with what others committed meanwhile is never attempted again. It is `unavailable`, of which
    ///   [`Error::reason`](crate::Error::reason) says what becomes of the transaction: after `transaction_conflict` the
    ///   program rolls it back and begins it again; after `transaction_undone` nothing more can be done in it;
    ///   `transaction_ended`, an `internal_error`, is of a handle that outlived it.
    /// - **After the commit** the dispatcher is woken, and [subscribers](super::Events::subscribe) in this process hear of what
    ///   happened; after a rollback nothing is heard.
    ///
    /// A transaction holds a connection, and locks what it changed: begin it late, and end it soon. Read the
    /// [feed of events](super::Events::after) outside: to read it is to number it, which others wait for.
    pub fn within(&self, transaction: &impl StoreTransaction) -> Within {
        Within::new(self.components.within(transaction))
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` when it does not.
    pub async fn ping(&self) -> Result<()> {
        self.components.storage().ping().await
    }

    /// Whether the store answers, and takes writes as far as is known: where it refused the last one, it is tried again now and then.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` when it does not; [`Error::reason`](crate::Error::reason) says why it takes no writes.
    pub async fn ready(&self) -> Result<()> {
        self.components.storage().ready().await
    }

    /// The time, as the engine has it.
    pub fn now(&self) -> Timestamp {
        self.components.environment().now()
    }

    /// The clock of the engine, for what else is to go by it.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.components.environment().clock()
    }

    /// The monotonic clock of the engine, by which it tells how long something has lasted.
    pub fn monotonic(&self) -> Monotonic {
        self.components.environment().monotonic()
    }

    /// A fresh id, for a request.
    pub fn request_id(&self) -> RequestId {
        self.components.environment().mint_request()
    }

    /// Makes a workspace.
    ///
    /// # Errors
    /// `conflict` when one of this name exists, without regard to case.
    pub async fn create_workspace(&self, name: &str) -> Result<Workspace> {
        keys::create_workspace(&self.components, name).await
    }

    /// All workspaces, newest first.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>> {
        keys::workspaces(&self.components).await
    }

    /// Makes an API key for one workspace in one mode. The key itself can be read from the answer alone.
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

    /// The keys of a workspace, newest first, revoked ones included.
    ///
    /// # Errors
    /// `not_found` when there is no such workspace.
    pub async fn keys(&self, workspace: Id) -> Result<Vec<ApiKey>> {
        keys::keys(&self.components, workspace).await
    }

    /// Revokes a key: at once for this engine, within [`KEY_CACHE_MS`](super::KEY_CACHE_MS) for every other one over the same store.
    ///
    /// # Errors
    /// `not_found` when there is no such key.
    pub async fn revoke_key(&self, id: Id) -> Result<ApiKey> {
        keys::revoke_key(&self.components, id, None).await
    }

    /// A key, whatever it opens.
    ///
    /// # Errors
    /// `not_found` when there is no such key.
    pub async fn key(&self, id: Id) -> Result<ApiKey> {
        let (_, key) = keys::require(&self.components, id, None).await?;
        Ok(key)
    }

    /// Writes which keys were used since this engine last wrote it, and gives their number. Whether a key was used is noted when it is looked up
    /// and not remembered, at least every [`KEY_CACHE_MS`](super::KEY_CACHE_MS); a program that never calls this keeps no `last_used_at`.
    ///
    /// # Errors
    /// `unavailable`, `outcome_unknown` or `internal_error` from the store. What was not written waits for the next call.
    pub async fn write_key_uses(&self) -> Result<usize> {
        key_uses::write(&self.components).await
    }

    /// Who presents this key, or none where it is no valid key. A text with a wrong checksum is none, without a look-up.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn authenticate(&self, secret: &str) -> Result<Option<Principal>> {
        match PresentedKey::parse(secret) {
            Some(key) => self.look_up(&key).await,
            None => Ok(None),
        }
    }

    /// [`authenticate`](Self::authenticate), of a key that was read already.
    ///
    /// # Errors
    /// As for `authenticate`.
    pub async fn look_up(&self, key: &PresentedKey<'_>) -> Result<Option<Principal>> {
        keys::look_up(&self.components, key).await
    }

    /// Who presents this key, as far as that is known without asking the store.
    pub fn cached_principal(&self, key: &PresentedKey<'_>) -> Option<Principal> {
        keys::cached_principal(&self.components, key)
    }

    /// Whether this key was valid when it was last looked up, as far as that is remembered: whoever presents it did not make
    /// it up, though it may have been revoked since.
    pub fn was_valid(&self, key: &PresentedKey<'_>) -> bool {
        keys::was_valid(&self.components, key)
    }

    /// The people who sign in, and their sessions.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts::new(&self.components)
    }

    /// A workspace.
    ///
    /// # Errors
    /// `not_found` when there is none of this id.
    pub async fn workspace(&self, id: Id) -> Result<Arc<Workspace>> {
        self.components.workspace(id).await
    }

    /// Deletes the events of before a moment, in all workspaces, each with its deliveries. An event stays as long as a
    /// delivery of it is pending, or is dead and could be replayed: until its endpoint took it after all, or is deleted.
    ///
    /// # Errors
    /// `unavailable` or `outcome_unknown` from the store, at once; `internal_error`, once all workspaces were gone through.
    /// What was deleted stays deleted.
    pub async fn delete_expired_events(
        &self,
        before: Timestamp,
        sleeper: &dyn Sleeper,
    ) -> Result<Deleted> {
        retention::delete_expired(&self.components, before, sleeper).await
    }

    /// Whether what is deleted goes to the [trash](CrmBuilder::trash).
    pub fn keeps_trash(&self) -> bool {
        self.components.keeps_trash()
    }

    /// Finishes each [purge](super::Objects::purge) that left something, and deletes from the trash what was deleted before a moment, in all
    /// workspaces; gives how many records that were. Their events stay as long as [events are kept](Self::delete_expired_events).
    ///
    /// # Errors
    /// As for `delete_expired_events`.
    pub async fn delete_expired_trash(
        &self,
        before: Timestamp,
        sleeper: &dyn Sleeper,
    ) -> Result<usize> {
        retention::delete_expired_trash(&self.components, before, sleeper).await
    }

    /// Goes on to its end with each renaming of a choice of a custom field that was broken off, or that was more than its caller waited
    /// for, in all workspaces; gives how many those were. See [`Fields::update`](super::Fields::update).
    ///
    /// # Errors
    /// As for [`delete_expired_events`](Self::delete_expired_events).
    pub async fn finish_renamings(&self, sleeper: &dyn Sleeper) -> Result<usize> {
        retention::finish_renamings(&self.components, sleeper).await
    }

    /// Goes on to its end with each index of unique values that is being made or taken away and was broken off, or was more than its
    /// caller waited for, in all workspaces; gives how many those were. See [`Field::unique`](crate::Field::unique).
    ///
    /// # Errors
    /// As for [`delete_expired_events`](Self::delete_expired_events).
    pub async fn finish_unique_indexes(&self, sleeper: &dyn Sleeper) -> Result<usize> {
        retention::finish_unique_indexes(&self.components, sleeper).await
    }

    /// Goes on to its end with each [merge](super::Objects::merge), and each undo of one, that was broken off or more than its caller waited
    /// for, in all workspaces; gives how many merged records and undos those were.
    ///
    /// # Errors
    /// As for [`delete_expired_events`](Self::delete_expired_events).
    pub async fn finish_merges(&self, sleeper: &dyn Sleeper) -> Result<usize> {
        retention::finish_merges(&self.components, sleeper).await
    }

    /// Whether this is the first claim of a name within so many milliseconds, whichever of the processes that share the
    /// store asks: so one of them does what is to be done once.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn claim(&self, name: &str, for_ms: i64) -> Result<bool> {
        super::claims::claim(&self.components, name, for_ms).await
    }

    /// Seals the secrets of every endpoint with the current [key](CrmBuilder::sealing_key), whatever they were sealed with
    /// before, and gives how many endpoints that changed. Afterwards former keys are needed no more, but for the replies to
    /// idempotent requests of the last 24 hours that hold a secret.
    ///
    /// # Errors
    /// `internal_error` when one was sealed with a key that this engine does not have; those before it are sealed again.
    pub async fn reseal_secrets(&self) -> Result<usize> {
        secrets::reseal_all(&self.components).await
    }

    pub(super) fn components(&self) -> &Arc<Components> {
        &self.components
    }
}
