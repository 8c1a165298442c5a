//! The one way from the engine to its store, and what is known of a store that takes no writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::by_ids::read_by_ids;
use super::dry_run::DryRun;
use super::import_shadow::ImportShadow;
use super::spans;
use super::staging::Staging;
use crate::error::{Error, Result};
use crate::record::Document;
use crate::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query, Queue,
    QueueKey, Search, SearchPage, Store, StoreError, StoredResponse, Unwritable, Write, unwritable,
};
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;
use crate::value::time::{Clock, Monotonic, Timestamp};

/// How long a store that refused a write is taken to refuse the next one, before it is tried whether it does.
const RETRY_MS: i64 = 1_000;
/// What such a trial writes: more than there may be room for in pages that are there already.
const TRIAL_BYTES: usize = 16 * 1024;

/// The store of one engine.
pub(super) struct Storage {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    writability: Writability,
    is_transaction: bool,
    is_staging: bool,
    /// Whether what is staged is not to be committed.
    is_trial: bool,
    /// Where the preconditions of commits are checked, and nothing is applied.
    dry_run: Option<DryRun>,
}

impl Storage {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            writability: Writability::default(),
            is_transaction: false,
            is_staging: false,
            is_trial: false,
            dry_run: None,
        }
    }

    /// The store as a transaction sees it that the program holds.
    pub fn of_transaction(&self, store: Arc<dyn Store>) -> Self {
        Self {
            is_transaction: true,
            ..Self::new(store, Arc::clone(&self.clock))
        }
    }

    /// The same store, which a dry run leaves as it is: what would be committed is checked, and nothing is leased. The
    /// configuration is that which is remembered.
    pub fn dry_run(&self, known: Option<Arc<Configuration>>) -> Self {
        Self {
            is_transaction: self.is_transaction,
            dry_run: Some(DryRun { known }),
            ..Self::new(Arc::clone(&self.store), Arc::clone(&self.clock))
        }
    }

    /// The same store, to which what is committed is staged for a commit of all of it.
    pub fn staged(&self) -> (Self, Arc<Staging>) {
        let staging = Arc::new(Staging::new(Arc::clone(&self.store)));
        let store = Arc::clone(&staging) as Arc<dyn Store>;
        let storage = Self {
            is_staging: true,
            is_trial: self.is_trial(),
            ..Self::new(store, Arc::clone(&self.clock))
        };
        (storage, staging)
    }

    /// The same store, as the rows of a dry run of an import have left it so far. What is committed to it is staged.
    pub fn shadowed(&self, import: Id) -> (Self, Arc<Staging>) {
        let shadow = ImportShadow::new(Arc::clone(&self.store), import);
        let over = Self {
            is_trial: true,
            ..Self::new(Arc::new(shadow), Arc::clone(&self.clock))
        };
        over.staged()
    }

    pub fn is_dry_run(&self) -> bool {
        self.dry_run.is_some()
    }

    /// Whether nothing of what is committed is kept, here or by whoever it is staged for.
    pub fn is_trial(&self) -> bool {
        self.is_trial || self.is_dry_run()
    }

    /// Whether what is committed is part of a transaction that the program holds.
    pub fn is_transaction(&self) -> bool {
        self.is_transaction
    }

    /// Whether what is committed is staged, as one of many operations.
    pub fn is_staging(&self) -> bool {
        self.is_staging
    }

    /// Whether what is committed is part of what somebody else commits later.
    pub fn is_part(&self) -> bool {
        self.is_transaction || self.is_staging
    }

    pub async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>> {
        let called = spans::store("get", self.store.get(scope, id));
        called.await.map_err(Error::from)
    }

    pub async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>> {
        let called = spans::store("find", self.store.find(scope, kind, keys));
        called.await.map_err(Error::from)
    }

    /// The documents of those of these records of one kind that there are, in no order that counts.
    pub async fn by_ids(&self, scope: Scope, kind: Kind, ids: &[Id]) -> Result<Vec<Document>> {
        let called = spans::store("list", read_by_ids(&*self.store, scope, kind, ids));
        called.await.map_err(Error::from)
    }

    pub async fn list(&self, scope: Scope, query: &Query) -> Result<Page> {
        let called = spans::store("list", self.store.list(scope, query));
        called.await.map_err(Error::from)
    }

    pub async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage> {
        let called = spans::store("search", self.store.search(scope, search));
        called.await.map_err(Error::from)
    }

    pub async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>> {
        let called = spans::store("configuration", self.store.configuration(scope, known));
        called.await.map_err(Error::from)
    }

    pub async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>> {
        let called = spans::store("response", self.store.response(scope, key, now));
        called.await.map_err(Error::from)
    }

    pub async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>> {
        let found = self.store.responses_about(scope, record, after, limit);
        let called = spans::store("responses_about", found);
        called.await.map_err(Error::from)
    }

    pub async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage> {
        let called = spans::store("log", self.store.log(scope, after, limit));
        called.await.map_err(Error::from)
    }

    pub async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>> {
        let called = spans::store("numbers", self.store.numbers(scope, events));
        called.await.map_err(Error::from)
    }

    pub async fn queues(&self, after: Option<QueueKey>, limit: usize) -> Result<Vec<Queue>> {
        let called = spans::store("queues", self.store.queues(after, limit));
        called.await.map_err(Error::from)
    }

    pub async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>> {
        let called = spans::store("awaited", self.store.awaited(query));
        called.await.map_err(Error::from)
    }

    pub async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        if let Some(dry_run) = &self.dry_run {
            let checked = dry_run.check(&*self.store, &batch);
            return spans::store("dry_run", checked).await;
        }
        let committed = spans::store("commit", self.store.commit(batch)).await;
        match &committed {
            Ok(()) => self.writability.learn(None),
            Err(CommitError::Store(error)) => self.report(error),
            Err(CommitError::Refused(_)) => {}
        }
        committed
    }

    pub async fn lease(&self, lease: &Lease) -> Result<Vec<Document>> {
        if self.is_dry_run() {
            return Ok(Vec::new());
        }
        let leased = spans::store("lease", self.store.lease(lease)).await;
        leased.map_err(|error| {
            self.report(&error);
            error.into()
        })
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<()> {
        let query = Query {
            kind: Kind::Workspace,
            clauses: Vec::new(),
            after: None,
            limit: 1,
        };
        self.list(Scope::SYSTEM, &query).await.map(drop)
    }

    /// Whether the store answers, and takes writes as far as is known: where it refused the last one, it is tried again
    /// now and then.
    pub async fn ready(&self) -> Result<()> {
        self.ping().await?;
        let Some(Refused { why, at }) = *self.writability.lock() else {
            return Ok(());
        };
        if self.clock.monotonic().millis_since(at) < RETRY_MS {
            return Err(unwritable(why));
        }
        match self.commit(trial(self.clock.now())).await {
            Ok(()) => Ok(()),
            // Another process is at it.
            Err(CommitError::Refused(_)) => Err(unwritable(why)),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    fn report(&self, error: &StoreError) {
        if let Some(why) = error.why_unwritable() {
            let at = self.clock.monotonic();
            self.writability.learn(Some(Refused { why, at }));
        }
    }
}

/// A commit that changes nothing which anybody reads.
fn trial(now: Timestamp) -> Batch {
    Batch {
        scope: Scope::SYSTEM,
        now,
        requires: Vec::new(),
        writes: vec![Write::Remember(StoredResponse {
            key: "trial of a store that took no writes".to_owned(),
            fingerprint: [0; 32],
            outcome: 0,
            body: " ".repeat(TRIAL_BYTES).into(),
            expires_at: now.saturating_add_millis(1),
            about: Vec::new(),
        })],
    }
}

/// Whether the store takes writes, as far as the last one showed.
#[derive(Default)]
struct Writability {
    /// Whether there is anything to forget: a write that succeeds asks no more than this.
    is_refused: AtomicBool,
    refused: Mutex<Option<Refused>>,
}

/// The last write that the store had no place for.
#[derive(Clone, Copy)]
struct Refused {
    why: Unwritable,
    at: Monotonic,
}

impl Writability {
    fn learn(&self, refused: Option<Refused>) {
        if refused.is_none() && !self.is_refused.load(Ordering::Relaxed) {
            return;
        }
        let mut known = self.lock();
        *known = refused;
        self.is_refused.store(refused.is_some(), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Refused>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
