//! A user's session: a workspace, a key, requests, and answers that were checked for what all of them carry.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use hyper::{HeaderMap, Request, Response};
use relm_core::record::Document;
use relm_core::store::{
    Batch, CommitError, Configuration, Lease, Page, Query, Queue, QueueKey, Search, SearchPage,
    StoreError, StoredResponse, Unwritable,
};
use relm_core::value::time::{ManualClock, SeededRng};
use relm_core::{Clock as _, Crm, Id, KeyAccess, Kind, Mode, RequestId, Scope, Store, Timestamp};
use relm_server::api::Api;
use relm_store_memory::MemoryStore;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// When every session begins.
pub const START: &str = "2026-07-02T10:00:00.000Z";
/// The same, as Unix seconds.
pub const START_S: i64 = 1_782_986_400;
/// Requests in a minute, unless a test says otherwise.
pub const RATE_LIMIT: u32 = 5_000;

/// An API over an empty store, and the clock that it goes by.
pub struct World {
    pub crm: Crm,
    pub api: Api,
    pub clock: Arc<ManualClock>,
    pub store: Arc<Fragile>,
}

impl World {
    pub fn new() -> Self {
        Self::with_rate_limit(RATE_LIMIT)
    }

    pub fn with_rate_limit(limit: u32) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::parse(START).unwrap()));
        let store = Arc::new(Fragile::default());
        let crm = Crm::builder(store.clone() as Arc<dyn Store>)
            .clock(clock.clone())
            .rng(Arc::new(SeededRng::new(7)))
            .sealing_key([7; 32])
            .build();
        let api = Api::new(crm.clone(), limit);
        Self {
            crm,
            api,
            clock,
            store,
        }
    }

    /// The same world, whose answers pages of these origins may read.
    pub fn with_cors(self, origins: &str) -> Self {
        let api = self.api.cors(origins.parse().unwrap());
        Self { api, ..self }
    }

    /// A key of a fresh workspace.
    pub fn user(&self, workspace: &str, mode: Mode) -> User<'_> {
        let made = pollster::block_on(self.crm.create_workspace(workspace)).unwrap();
        self.another_key(made.id, mode, KeyAccess::Full)
    }

    pub fn another_key(&self, workspace: Id, mode: Mode, access: KeyAccess) -> User<'_> {
        let key = self.crm.create_key(workspace, mode, access, None);
        let key = pollster::block_on(key).unwrap();
        User {
            world: self,
            workspace,
            key_id: key.key.id,
            key: Some(key.secret),
        }
    }

    /// Somebody without a key.
    pub fn stranger(&self) -> User<'_> {
        User {
            world: self,
            workspace: Id::new(Kind::Workspace, 0),
            key_id: Id::new(Kind::Key, 0),
            key: None,
        }
    }
}

/// Whoever holds a key.
pub struct User<'a> {
    pub world: &'a World,
    pub workspace: Id,
    pub key_id: Id,
    pub key: Option<String>,
}

impl<'a> User<'a> {
    pub fn ask(&self, method: &str, path: &str) -> Ask<'a> {
        let ask = Ask {
            world: self.world,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
        };
        match &self.key {
            Some(key) => ask.header("authorization", format!("Bearer {key}")),
            None => ask,
        }
    }

    pub fn get(&self, path: &str) -> Answered {
        self.ask("GET", path).send()
    }

    pub fn post(&self, path: &str, body: Value) -> Answered {
        self.ask("POST", path).json(&body).send()
    }

    pub fn patch(&self, path: &str, body: Value) -> Answered {
        self.ask("PATCH", path).json(&body).send()
    }

    pub fn delete(&self, path: &str) -> Answered {
        self.ask("DELETE", path).send()
    }

    /// Creates, and gives the record.
    #[track_caller]
    pub fn create(&self, path: &str, body: Value) -> Value {
        self.post(path, body).is(201)
    }

    /// Creates a contact, and gives its id.
    #[track_caller]
    pub fn contact(&self, email: &str) -> String {
        id(&self.create("/v1/contacts", json!({ "email": email })))
    }
}

/// A request to be sent.
pub struct Ask<'a> {
    world: &'a World,
    method: String,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
}

impl Ask<'_> {
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.text(body.to_string())
    }

    pub fn text(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub fn send(self) -> Answered {
        let mut request = Request::builder().method(&*self.method).uri(&*self.path);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request.body(self.body).unwrap();
        Answered::checked(pollster::block_on(self.world.api.handle(request)))
    }
}

/// An answer, of which everything that all answers have was checked.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answered {
    pub fn checked(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        let answered = Self {
            status: head.status.as_u16(),
            headers: head.headers,
            text: String::from_utf8(body.to_vec()).unwrap(),
        };
        let has_no_body = [204, 304].contains(&answered.status);
        assert_eq!(answered.text.is_empty(), has_no_body, "{answered:?}");
        assert_eq!(answered.text.ends_with('\n'), !has_no_body, "{answered:?}");
        if has_no_body {
            assert!(!answered.has_header("content-type"), "{answered:?}");
        } else {
            assert_eq!(answered.header("content-type"), "application/json");
        }
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("relm-version", "2026-07-02"),
        ] {
            assert_eq!(answered.header(name), value, "{name} of {answered:?}");
        }
        assert!(RequestId::parse(&answered.header("x-request-id")).is_some());
        let limit = answered.number("x-ratelimit-limit");
        assert!(answered.number("x-ratelimit-remaining") <= limit);
        assert!(answered.number("x-ratelimit-reset") >= START_S);
        assert!(answered.status < 400 || answered.json()["error"].is_object());
        answered
    }

    /// The one value of a header.
    pub fn header(&self, name: &str) -> String {
        let all: Vec<_> = self.headers.get_all(name).iter().collect();
        assert_eq!(all.len(), 1, "one {name} in {:?}", self.headers);
        all[0].to_str().unwrap().to_owned()
    }

    pub fn has_header(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    pub fn number(&self, name: &str) -> i64 {
        self.header(name).parse().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The body of an answer that has this status.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The error of an answer that has this status, without the id of the request, which is checked.
    #[track_caller]
    pub fn error(&self, status: u16) -> Value {
        let mut body = self.is(status);
        let envelope = body.as_object_mut().unwrap();
        assert_eq!(envelope.len(), 1, "{envelope:?}");
        let mut error = envelope.remove("error").unwrap();
        let request_id = error.as_object_mut().unwrap().remove("request_id");
        assert_eq!(request_id, Some(json!(self.header("x-request-id"))));
        error
    }

    /// Checks status, code and offending field.
    #[track_caller]
    pub fn fails(&self, status: u16, code: &str, field: impl Into<Option<&'static str>>) {
        let error = self.error(status);
        let field = field.into().map_or(Value::Null, Value::from);
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!(code), &field),
            "{error}"
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.ends_with(['.', '?']), "{message}");
    }
}

/// The `id` of a record.
pub fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

/// The list envelope of everything.
pub fn whole_list(data: Value) -> Value {
    json!({ "object": "list", "data": data, "has_more": false, "next_cursor": null })
}

/// The ids of a page.
pub fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(id).collect()
}

/// `/v1/contacts/con_…` as the document writes it.
pub fn template(path: &str) -> String {
    let mut places = ["{id}", "{delivery_id}"].into_iter();
    let parts = path.split('?').next().unwrap().split('/');
    let parts = parts.map(|part| match Id::parse(part) {
        Some(_) => places.next().unwrap(),
        None => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The memory store, until a test breaks it.
pub struct Fragile {
    store: MemoryStore,
    state: AtomicU8,
    held: AtomicUsize,
    gate: Semaphore,
    /// Calls that are answered yet, of a store that is [going away](Fragile::unplug_after).
    calls_left: AtomicUsize,
    /// Bytes of all documents that were found by their keys.
    pub found_bytes: AtomicUsize,
}

impl Default for Fragile {
    fn default() -> Self {
        Self {
            store: MemoryStore::default(),
            state: AtomicU8::new(0),
            held: AtomicUsize::new(0),
            gate: Semaphore::new(0),
            calls_left: AtomicUsize::new(0),
            found_bytes: AtomicUsize::new(0),
        }
    }
}

const HELD: u8 = 3;
const UNREACHABLE: u8 = 1;
const FAULTY: u8 = 2;
const FORGETFUL: u8 = 4;
const FULL: u8 = 5;
const LEAVING: u8 = 9;

impl Fragile {
    /// From now on the store cannot be reached.
    pub fn unplug(&self) {
        self.state.store(UNREACHABLE, Ordering::SeqCst);
    }

    /// From now on whatever is asked of the store goes wrong.
    pub fn corrupt(&self) {
        self.state.store(FAULTY, Ordering::SeqCst);
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
            let mut all = vec![format!(
                "configuration {:?}",
                configuration.map(|one| one.version)
            )];
            for kind in relm_core::record::KINDS {
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
        known: Option<i64>,
    ) -> Result<Option<Configuration>, StoreError> {
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

    async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        self.check().await.map_err(CommitError::Store)?;
        match self.state.load(Ordering::SeqCst) {
            FULL => {
                let full = StoreError::unwritable(Unwritable::DiskFull, "SQLITE_FULL at 0x7f");
                Err(CommitError::Store(full))
            }
            FORGETFUL => {
                self.store.commit(batch).await?;
                Err(StoreError::ambiguous("connection to 10.1.2.3 reset").into())
            }
            _ => self.store.commit(batch).await,
        }
    }

    async fn queues(
        &self,
        after: Option<QueueKey>,
        limit: usize,
    ) -> Result<Vec<Queue>, StoreError> {
        self.check().await?;
        self.store.queues(after, limit).await
    }

    async fn lease(&self, lease: &Lease) -> Result<Vec<Document>, StoreError> {
        self.check().await?;
        self.store.lease(lease).await
    }
}

#[test]
fn a_session_begins_at_its_start() {
    let world = World::new();
    assert_eq!(world.clock.now().as_millis(), START_S * 1000);
}
