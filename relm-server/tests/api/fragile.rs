//! A store that a test can break, hold up and look into.

use std::sync::atomic::{AtomicI64, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use relm_core::record::Document;
use relm_core::store::{
    Awaited, AwaitedQuery, Batch, CommitError, Configuration, Lease, LogPage, Page, Query, Queue,
    QueueKey, Search, SearchPage, StoreError, StoredResponse, Unwritable,
};
use relm_core::{Id, Kind, Scope, Store, Timestamp};
use relm_store_memory::MemoryStore;
use tokio::sync::Semaphore;

/// The memory store or another one, until a test breaks it.
pub struct Fragile {
    store: Arc<dyn Store>,
    state: AtomicU8,
    held: AtomicUsize,
    gate: Semaphore,
    /// Calls that are answered yet, of a store that is [going away](Fragile::unplug_after).
    calls_left: AtomicUsize,
    /// Calls that write something, or may.
    pub writes: AtomicUsize,
    /// Bytes of all documents that were found by their keys.
    pub found_bytes: AtomicUsize,
    /// The limits of all readings of the log.
    pub log_limits: Mutex<Vec<usize>>,
    /// By how many numbers each reading lets the log grow, and how many it has; 0 for all.
    log_step: AtomicI64,
    log_numbered: AtomicI64,
}

impl Default for Fragile {
    fn default() -> Self {
        Self::over(Arc::new(MemoryStore::default()))
    }
}

impl Fragile {
    /// Such a store over this one.
    pub fn over(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            state: AtomicU8::new(0),
            held: AtomicUsize::new(0),
            gate: Semaphore::new(0),
            calls_left: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            found_bytes: AtomicUsize::new(0),
            log_limits: Mutex::default(),
            log_step: AtomicI64::new(0),
            log_numbered: AtomicI64::new(0),
        }
    }
}

const HELD: u8 = 3;
const UNREACHABLE: u8 = 1;
const FAULTY: u8 = 2;
const FORGETFUL: u8 = 4;
const FULL: u8 = 5;
const BROKEN: u8 = 6;
const PANICKING_AFTER: u8 = 7;
const PANICKING_BEFORE: u8 = 8;
const LEAVING: u8 = 9;
const PANICKING_READS: u8 = 10;

impl Fragile {
    /// From now on the store cannot be reached.
    pub fn unplug(&self) {
        self.state.store(UNREACHABLE, Ordering::SeqCst);
    }

    /// From now on whatever is asked of the store goes wrong.
    pub fn corrupt(&self) {
        self.state.store(FAULTY, Ordering::SeqCst);
    }

    /// From now on whoever reads the log panics.
    pub fn break_log(&self) {
        self.state.store(BROKEN, Ordering::SeqCst);
    }

    /// From now on whoever reads a record panics.
    pub fn break_reads(&self) {
        self.state.store(PANICKING_READS, Ordering::SeqCst);
    }

    /// From now on whoever commits panics, before the commit or after it.
    pub fn break_commits(&self, is_applied: bool) {
        let state = match is_applied {
            true => PANICKING_AFTER,
            false => PANICKING_BEFORE,
        };
        self.state.store(state, Ordering::SeqCst);
    }

    /// From now on each reading of the log numbers so many events, as if none had a number yet.
    pub fn number_in_steps(&self, events: i64) {
        self.log_step.store(events, Ordering::SeqCst);
    }

    /// From now on commits are applied, and their answers lost.
    pub fn lose_answers(&self) {
        self.state.store(FORGETFUL, Ordering::SeqCst);
    }

    /// From now on there is no room for anything more.
    pub fn fill(&self) {
        self.state.store(FULL, Ordering::SeqCst);
    }

    /// After so many calls the store cannot be reached.
    pub fn unplug_after(&self, calls: usize) {
        self.calls_left.store(calls, Ordering::SeqCst);
        self.state.store(LEAVING, Ordering::SeqCst);
    }

    /// All that is kept of a scope, whatever state the store is in.
    pub fn everything(&self, scope: Scope) -> Vec<String> {
        pollster::block_on(async {
            let configuration = self.store.configuration(scope, None).await.unwrap();
            let mut all = vec![format!("configuration {:?}", configuration.version)];
            for kind in Kind::ALL {
                let query = Query {
                    kind,
                    clauses: Vec::new(),
                    after: None,
                    limit: 1_000,
                };
                let page = self.store.list(scope, &query).await.unwrap();
                all.extend(
                    page.documents
                        .iter()
                        .map(|document| document.json.to_string()),
                );
            }
            all
        })
    }

    pub fn mend(&self) {
        self.state.store(0, Ordering::SeqCst);
    }

    /// From now on whatever is asked of the store waits until it is [let go](Self::let_go).
    pub fn hold(&self) {
        self.state.store(HELD, Ordering::SeqCst);
    }

    /// Lets so many go that wait, or will.
    pub fn let_go(&self, callers: usize) {
        self.gate.add_permits(callers);
    }

    /// How many have come to wait so far.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }

    async fn check(&self) -> Result<(), StoreError> {
        match self.state.load(Ordering::SeqCst) {
            HELD => {
                self.held.fetch_add(1, Ordering::SeqCst);
                self.gate.acquire().await.unwrap().forget();
                Ok(())
            }
            UNREACHABLE => Err(StoreError::unavailable("connection to 10.1.2.3 refused")),
            FAULTY => Err(StoreError::fault("no such table: contacts_v7")),
            LEAVING => {
                let less = |left: usize| left.checked_sub(1);
                let left = self
                    .calls_left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
                let gone = |_| StoreError::unavailable("connection to 10.1.2.3 refused");
                left.map(drop).map_err(gone)
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Store for Fragile {
    async fn get(&self, scope: Scope, id: Id) -> Result<Option<Document>, StoreError> {
        self.check().await?;
        let is_broken = self.state.load(Ordering::SeqCst) == PANICKING_READS;
        assert!(!is_broken, "as asked; the test goes on");
        self.store.get(scope, id).await
    }

    async fn find(
        &self,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        self.check().await?;
        let found = self.store.find(scope, kind, keys).await?;
        let bytes = found.iter().flatten().map(|document| document.json.len());
        self.found_bytes.fetch_add(bytes.sum(), Ordering::SeqCst);
        Ok(found)
    }

    async fn list(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        self.check().await?;
        self.store.list(scope, query).await
    }

    async fn search(&self, scope: Scope, search: &Search) -> Result<SearchPage, StoreError> {
        self.check().await?;
        self.store.search(scope, search).await
    }

    async fn configuration(
        &self,
        scope: Scope,
        known: Option<Arc<Configuration>>,
    ) -> Result<Arc<Configuration>, StoreError> {
        self.check().await?;
        self.store.configuration(scope, known).await
    }

    async fn response(
        &self,
        scope: Scope,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredResponse>, StoreError> {
        self.check().await?;
        self.store.response(scope, key, now).await
    }

    async fn responses_about(
        &self,
        scope: Scope,
        record: Id,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.check().await?;
        self.store
            .responses_about(scope, record, after, limit)
            .await
    }

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.check().await.map_err(CommitError::Store)?;
        self.writes.fetch_add(1, Ordering::SeqCst);
        match self.state.load(Ordering::SeqCst) {
            FULL => {
                let full = StoreError::unwritable(Unwritable::DiskFull, "SQLITE_FULL at 0x7f");
                Err(CommitError::Store(full))
            }
            FORGETFUL => {
                self.store.commit(batch).await?;
                Err(StoreError::ambiguous("connection to 10.1.2.3 reset").into())
            }
            PANICKING_AFTER => {
                self.store.commit(batch).await?;
                panic!("as asked; the test goes on")
            }
            PANICKING_BEFORE => panic!("as asked; the test goes on"),
            _ => self.store.commit(batch).await,
        }
    }

    async fn log(&self, scope: Scope, after: i64, limit: usize) -> Result<LogPage, StoreError> {
        self.check().await?;
        self.log_limits.lock().unwrap().push(limit);
        let is_broken = self.state.load(Ordering::SeqCst) == BROKEN;
        assert!(!is_broken, "as asked; the test goes on");
        let mut page = self.store.log(scope, after, limit).await?;
        let step = self.log_step.load(Ordering::SeqCst);
        let numbered = self.log_numbered.fetch_add(step, Ordering::SeqCst) + step;
        if step > 0 && numbered < page.last {
            page.events.retain(|event| event.seq <= numbered);
            page.last = numbered;
            page.more = true;
        }
        Ok(page)
    }

    async fn numbers(&self, scope: Scope, events: &[Id]) -> Result<Vec<Option<i64>>, StoreError> {
        self.check().await?;
        self.store.numbers(scope, events).await
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        self.check().await?;
        self.store.queues(after, limit).await
    }

    async fn awaited(&self, query: &AwaitedQuery) -> Result<Vec<Awaited>, StoreError> {
        self.check().await?;
        self.store.awaited(query).await
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        self.check().await?;
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.store.lease(lease).await
    }
}
