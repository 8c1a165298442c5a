//! Dry runs: what each write would answer, and that nothing of it is kept.

mod everything;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::{FutureExt as _, StreamExt as _};
use relm_core::engine::EventStream;
use relm_core::{Id, KeyAccess, Kind, Mode, Scope, Store};
use relm_store_memory::MemoryStore;
use relm_store_seaorm::{SqliteOptions, SqliteStore};
use serde_json::{Value, json};

use self::everything::write_everything;
use super::session::{Answered, Ask, User, World, id};

/// A user whose every write is run dry first.
struct Rehearsal<'a> {
    user: User<'a>,
    heard: EventStream,
    /// The writes that were made: method and path.
    made: Vec<(String, String)>,
}

impl<'a> Rehearsal<'a> {
    fn of(user: User<'a>) -> Self {
        let scoped = user.world.crm.open(user.workspace, Mode::Live);
        let heard = pollster::block_on(scoped).unwrap().events().subscribe();
        Self {
            user,
            heard,
            made: Vec::new(),
        }
    }

    fn everything(&self) -> Vec<String> {
        // Keys are kept above all workspaces.
        let scope = Scope::new(self.user.workspace, Mode::Live);
        let store = &self.user.world.store;
        [store.everything(scope), store.everything(Scope::SYSTEM)].concat()
    }

    fn has_heard(&mut self) -> bool {
        self.heard.next().now_or_never().is_some()
    }

    /// Asks for a write dry and then for real, and holds the one to the other; the answer to the second.
    #[track_caller]
    fn both(&mut self, ask: &dyn Fn() -> Ask<'a>) -> Answered {
        while self.has_heard() {}
        let before = self.everything();
        let writes = || self.user.world.store.writes.load(Ordering::SeqCst);
        let written = writes();
        let dry = ask().header("relm-dry-run", "true").send();
        assert_eq!(writes(), written, "{dry:?}");
        assert_eq!(self.everything(), before, "{dry:?}");
        assert!(!self.has_heard(), "{dry:?}");
        assert_eq!(dry.header("relm-dry-run"), "true");

        let real = ask().send();
        assert!(!real.has_header("relm-dry-run"));
        let left = |answer: &Answered| answer.number("x-ratelimit-remaining");
        assert_eq!(left(&dry) - 1, left(&real), "a dry run is a request");
        for name in ["etag", "retry-after", "idempotent-replayed"] {
            let [dry, real] = [&dry, &real].map(|answer| answer.headers.get(name).cloned());
            assert_eq!(dry, real, "{name}");
        }
        let known = before.join("\n");
        let [was, is] = [&dry, &real].map(|answer| shape(answer.json(), &known));
        assert_eq!((dry.status, was), (real.status, is));
        real
    }

    /// A write that changes something.
    #[track_caller]
    fn write(&mut self, method: &str, path: &str, body: Value) -> Value {
        let before = self.everything();
        let (user, world) = (&self.user.key, self.user.world);
        let asking = asking(world, user.clone(), method, path, &[], body);
        let real = self.both(&asking);
        assert!(real.status < 300, "{method} {path}: {}", real.text);
        assert_ne!(self.everything(), before, "{method} {path} does something");
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        self.made.push((method.to_owned(), path.to_owned()));
        real.json()
    }

    #[track_caller]
    fn create(&mut self, path: &str, body: Value) -> String {
        id(&self.write("POST", path, body))
    }

    /// A write that is refused; its error.
    #[track_caller]
    fn refused(
        &mut self,
        (method, path): (&str, &str),
        headers: &'static [(&str, &str)],
        body: Value,
        status: u16,
    ) -> Value {
        let before = self.everything();
        let (user, world) = (&self.user.key, self.user.world);
        let asking = asking(world, user.clone(), method, path, headers, body);
        let error = self.both(&asking).error(status);
        assert_eq!(self.everything(), before, "{method} {path}");
        error
    }

    /// Every write that the API describes, as `POST /v1/contacts/{id}`.
    fn every_write(&self) -> BTreeSet<String> {
        let document = self.user.get("/openapi.json").is(200);
        let paths = document["paths"].as_object().unwrap().clone();
        let writes = paths.iter().flat_map(|(path, operations)| {
            let methods = operations.as_object().unwrap().keys();
            let changes = methods
                .filter(|method| ["post", "put", "patch", "delete"].contains(&method.as_str()));
            changes.map(move |method| format!("{} {path}", method.to_ascii_uppercase()))
        });
        writes.collect()
    }
}

fn asking<'a>(
    world: &'a World,
    key: Option<String>,
    method: &str,
    path: &str,
    headers: &'static [(&str, &str)],
    body: Value,
) -> impl Fn() -> Ask<'a> {
    let (method, path) = (method.to_owned(), path.to_owned());
    let user = User {
        world,
        workspace: Id::new(Kind::Workspace, 0),
        key_id: Id::new(Kind::Key, 0),
        key,
    };
    move || {
        let ask = user.ask(&method, &path);
        let ask = headers
            .iter()
            .fold(ask, |ask, (name, value)| ask.header(name, *value));
        match &body {
            Value::Null => ask,
            body => ask.json(body),
        }
    }
}

/// An answer without what is made up for it: the ids that were not there before, secrets, and the id of its request.
fn shape(answer: Value, known: &str) -> Value {
    match answer {
        Value::String(text) if text.starts_with("whsec_") => json!("a secret"),
        Value::String(text) if text.starts_with("sk_live_") => json!("a key, or its ends"),
        Value::String(text) if text.starts_with("req_") => json!("a request"),
        Value::String(text) if text.parse::<Id>().is_ok() && !known.contains(&text) => {
            json!("a new id")
        }
        Value::Array(all) => all.into_iter().map(|one| shape(one, known)).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            let shaped = members.map(|(name, value)| (name, shape(value, known)));
            Value::Object(shaped.collect())
        }
        other => other,
    }
}

/// Whether a path is one that a template describes.
fn is_of(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template
            .zip(path)
            .all(|(place, part)| place.starts_with('{') || place == part)
}

fn stores() -> [Arc<dyn Store>; 2] {
    let sqlite = SqliteStore::open(SqliteOptions::in_memory()).unwrap();
    [Arc::new(MemoryStore::new()), Arc::new(sqlite)]
}

#[test]
fn every_write_run_dry_answers_as_for_real_and_keeps_nothing() {
    for store in stores() {
        let world = World::over(store);
        let mut user = Rehearsal::of(world.user("acme", Mode::Live));
        write_everything(&mut user);
        // One refuses the header, since a dry run is a parameter of it; the other keeps nothing in any case.
        let of_files = ["POST /v1/imports", "POST /v1/exports"];
        for write in user.every_write() {
            if of_files.contains(&&*write) {
                continue;
            }
            let (method, template) = write.split_once(' ').unwrap();
            let mut made = user.made.iter();
            let is_made = made.any(|(other, path)| other == method && is_of(template, path));
            assert!(is_made, "{write} was not run dry");
        }
    }
}

#[test]
fn what_is_refused_is_refused_dry() {
    for store in stores() {
        let world = World::over(store);
        let mut user = Rehearsal::of(world.user("acme", Mode::Live));
        let ada = user.create("/v1/contacts", json!({ "email": "ada@example.com" }));
        let eva = user.create("/v1/contacts", json!({ "email": "eva@example.com" }));
        let field = json!({ "object_type": "deal", "key": "plan", "type": "text" });
        let field = (user.create("/v1/schema/fields", field.clone()), field);
        let hook = json!({ "url": "https://example.com", "event_types": ["*"], "enabled": false });
        let hook = user.create("/v1/webhooks", hook);

        let one = format!("/v1/contacts/{eva}");
        let taken = json!({ "email": "ADA@example.com" });
        for asked in [("POST", "/v1/contacts"), ("PATCH", &*one)] {
            let error = user.refused(asked, &[], taken.clone(), 409);
            assert_eq!(error["existing_id"], json!(ada));
        }
        let error = user.refused(("POST", "/v1/schema/fields"), &[], field.1, 409);
        assert_eq!(error["existing_id"], json!(field.0));
        let stale: &[(&str, &str)] = &[("if-match", "\"2\"")];
        let change = json!({ "first_name": "Eva" });
        for (method, body) in [("PATCH", change), ("DELETE", Value::Null)] {
            let error = user.refused((method, &one), stale, body, 412);
            assert_eq!(error["code"], "version_conflict");
        }
        let nowhere = "cmp_01M831K2VY6KP43J43158XNJT9";
        let lost = json!({ "email": "new@example.com", "company_id": nowhere });
        user.refused(("POST", "/v1/contacts"), &[], lost.clone(), 422);
        let atomic = json!({ "atomic": true, "contacts": [lost] });
        user.refused(("POST", "/v1/contacts/batch"), &[], atomic, 422);
        user.refused(("POST", "/v1/contacts"), &[], json!({ "email": "x" }), 422);
        let test = format!("/v1/webhooks/{hook}/test");
        user.refused(("POST", &test), &[], Value::Null, 422);
        let gone = format!("/v1/companies/{nowhere}");
        user.refused(("PATCH", &gone), &[], json!({ "name": "Engines" }), 404);
        user.refused(("DELETE", &gone), &[], Value::Null, 404);
    }
}

#[test]
fn a_batch_can_ask_for_a_dry_run_in_its_body() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let post = |dry_run: Value| {
        let body = json!({ "contacts": [{ "email": "ada@example.com" }], "dry_run": dry_run });
        let ask = user.ask("POST", "/v1/contacts/batch").json(&body);
        ask.header("idempotency-key", "k").send()
    };
    let dry = post(json!(true));
    assert_eq!(dry.is(200)["created"], 1);
    assert_eq!(dry.header("relm-dry-run"), "true");
    assert_eq!(user.get("/v1/contacts").is(200)["data"], json!([]));
    let error = post(json!("yes")).error(422);
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("validation_failed"), &json!("dry_run"))
    );
    // The member is no part of the request that the key stands for.
    let real = post(json!(false));
    assert!(!real.has_header("relm-dry-run") && !real.has_header("idempotent-replayed"));
    assert_eq!(real.is(200)["created"], 1);
    let again = post(Value::Null);
    assert_eq!(
        (&again.text, again.header("idempotent-replayed")),
        (&real.text, "true".into())
    );
    let body = json!({ "email": "eva@example.com", "dry_run": true });
    user.post("/v1/contacts", body)
        .fails(422, "unknown_field", "dry_run");
}

#[test]
fn a_dry_run_heeds_an_idempotency_key_and_leaves_it_free() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let post = |email: &str, dry_run: &str| {
        let ask = user
            .ask("POST", "/v1/contacts")
            .header("idempotency-key", "k");
        let ask = ask.header("relm-dry-run", dry_run);
        ask.json(&json!({ "email": email })).send()
    };
    let dry = post("ada@example.com", "true");
    assert_eq!(dry.status, 201);
    // Another request may have the key, since nothing was kept under it.
    let real = post("eva@example.com", "false");
    assert!(!real.has_header("idempotent-replayed"));
    let eva = real.is(201);
    let replayed = post("eva@example.com", "true");
    assert_eq!(replayed.is(201), eva);
    assert_eq!(replayed.header("idempotent-replayed"), "true");
    assert_eq!(replayed.header("relm-dry-run"), "true");
    post("ada@example.com", "true").fails(409, "idempotency_conflict", None);
}

#[test]
fn another_value_than_true_or_false_is_refused_before_anything_is_done() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for value in ["", "1", "TRUE", "yes"] {
        let ask = user
            .ask("POST", "/v1/contacts")
            .header("relm-dry-run", value);
        let error = ask
            .json(&json!({ "email": "ada@example.com" }))
            .send()
            .error(400);
        let message = format!("`Relm-Dry-Run` must be true or false, or left out, not `{value}`.");
        let expected =
            json!({ "code": "bad_request", "message": message, "field": "Relm-Dry-Run" });
        assert_eq!(error, expected);
    }
    let ask = user
        .ask("DELETE", "/v1/contacts/x")
        .header("relm-dry-run", "true");
    ask.header("relm-dry-run", "false")
        .send()
        .fails(400, "bad_request", "Relm-Dry-Run");
    // What only reads has nothing to keep.
    let read = user
        .ask("GET", "/v1/contacts")
        .header("relm-dry-run", "yes")
        .send();
    assert_eq!(read.is(200)["data"], json!([]));
    assert!(!read.has_header("relm-dry-run"));
}

#[test]
fn a_key_that_may_only_read_may_run_nothing_dry() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let reader = world.another_key(user.workspace, Mode::Live, KeyAccess::ReadOnly);
    let ask = reader
        .ask("POST", "/v1/contacts")
        .header("relm-dry-run", "true");
    let ask = ask.json(&json!({ "email": "ada@example.com" }));
    ask.send().fails(403, "forbidden", None);
}
