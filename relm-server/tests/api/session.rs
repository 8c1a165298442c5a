//! A user's session: a workspace, a key, requests, and answers that were checked for what all of them carry.

use std::sync::Arc;

use bytes::Bytes;
use hyper::{HeaderMap, Request, Response};
use relm_core::value::time::{ManualClock, SeededRng};
use relm_core::{Clock as _, Crm, Id, KeyAccess, Kind, Mode, RequestId, Store, Timestamp};
use relm_server::api::Api;
use serde_json::{Value, json};

use super::fragile::Fragile;

/// When every session begins.
pub const START: &str = "2026-07-02T10:00:00.000Z";
/// The same, as Unix seconds.
pub const START_S: i64 = 1_782_986_400;
/// Default: requests in a minute.
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
        Self::set_up(Fragile::default(), limit)
    }

    /// A world over this store.
    pub fn over(store: Arc<dyn Store>) -> Self {
        Self::set_up(Fragile::over(store), RATE_LIMIT)
    }

    fn set_up(store: Fragile, limit: u32) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::parse(START).unwrap()));
        let store = Arc::new(store);
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

/// Whether a body is a file of records.
fn is_file(content_type: &str) -> bool {
    ["text/csv; charset=utf-8", "application/x-ndjson"].contains(&content_type)
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
            let given = answered.header("content-type");
            let expected = match answered.text.starts_with("retry: ") {
                true => "text/event-stream",
                // A file that was asked for.
                false if !answered.text.starts_with("{\"error\"") && is_file(&given) => &given,
                false => "application/json",
            };
            assert_eq!(given, expected);
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
        None if RequestId::parse(part).is_some() => "{request_id}",
        None => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn a_session_begins_at_its_start() {
    let world = World::new();
    assert_eq!(world.clock.now().as_millis(), START_S * 1000);
}
