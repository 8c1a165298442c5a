//! Databases that an earlier version filled (`fixtures/`): this one brings them up to date, shows everything that was in
//! them, and writes to them.

mod throwaway;

use std::sync::Arc;

use relm_core::engine::Crm;
use relm_core::value::time::ManualClock;
use relm_core::value::{email, host, phone};
use relm_core::{
    Company, Contact, ContactInput, ErrorKind, FieldPatch, Id, KeyAccess, List, ListRequest,
    Scoped, SearchRequest, Store, Timestamp,
};
use relm_store_seaorm::{PoolOptions, SeaOrmStore, SqliteStore};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use test_requirements::requires;
use throwaway::{RUNTIME, Server, connect};

static POSTGRES: Server = Server::named("RELM_TEST_POSTGRES_URL");
static MARIADB: Server = Server::named("RELM_TEST_MARIADB_URL");

/// What a version's API showed of the database that it filled.
struct Shown(Value);

impl Shown {
    fn read(text: &str) -> Self {
        Self(serde_json::from_str(text).expect("the fixture is JSON"))
    }

    /// The engine over the database, with the key and at the time of the fixture: responses are kept for a day.
    fn crm(&self, store: Arc<dyn Store>) -> Crm {
        let made_at = self.0["made_at_ms"].as_i64().expect("it is a time");
        let clock = ManualClock::new(Timestamp::from_millis(made_at));
        let sealing_key = std::array::from_fn(|n| n as u8);
        Crm::builder(store)
            .clock(Arc::new(clock))
            .sealing_key(sealing_key)
            .build()
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name]
        .as_array()
        .unwrap_or_else(|| panic!("no list `{name}`"))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no text `{name}` in {value}"))
}

fn id(value: &Value) -> Id {
    Id::parse(text(value, "id")).expect("it is an id")
}

#[test]
fn sqlite_of_november_2026() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("relm.db");
    std::fs::write(&path, include_bytes!("fixtures/2026-11/relm.sqlite")).expect("there is room");
    let shown = Shown::read(include_str!("fixtures/2026-11/sqlite.json"));
    let store = Arc::new(SqliteStore::open_file(&path).expect("it comes up to date"));
    pollster::block_on(is_all_there_and_serves(store, &shown));
}

#[requires(postgres)]
#[test]
fn postgres_of_november_2026() {
    let shown = Shown::read(include_str!("fixtures/2026-11/postgres.json"));
    pooled(
        &POSTGRES,
        include_str!("fixtures/2026-11/postgres.sql"),
        &shown,
    );
}

#[requires(mariadb)]
#[test]
fn mariadb_of_november_2026() {
    let shown = Shown::read(include_str!("fixtures/2026-11/mariadb.json"));
    pooled(
        &MARIADB,
        include_str!("fixtures/2026-11/mariadb.sql"),
        &shown,
    );
}

fn pooled(server: &'static Server, dump: &str, shown: &Shown) {
    let database = server.empty();
    // A connection of its own: a dump ends with a session that finds no tables.
    let loading = connect(&database.url());
    RUNTIME.block_on(async {
        loading
            .execute_unprepared(dump)
            .await
            .expect("the dump loads");
        loading.close().await.expect("it closes");
        let store = SeaOrmStore::connect(database.url(), PoolOptions::new()).await;
        let store = Arc::new(store.expect("it comes up to date"));
        is_all_there_and_serves(Arc::clone(&store) as Arc<dyn Store>, shown).await;
        store.close().await;
    });
}

async fn is_all_there_and_serves(store: Arc<dyn Store>, shown: &Shown) {
    let crm = shown.crm(Arc::clone(&store));
    keys_are_as_they_were(&crm, shown).await;
    for scope in list(&shown.0, "scopes") {
        let principal = crm
            .authenticate(text(scope, "key"))
            .await
            .expect("it reads");
        let principal = principal.expect("the key opens a scope").scope;
        let scoped = crm
            .open(principal.workspace(), principal.mode())
            .await
            .expect("it is there");
        records_are_as_they_were(&scoped, scope).await;
        deliveries_are_as_they_were(&scoped, scope).await;
        every_contact_is_found(&scoped, scope).await;
        what_is_derived_is_as_it_is_now(&scoped, scope).await;
    }
    let test = crm
        .authenticate(text(&list(&shown.0, "keys")[1], "secret"))
        .await
        .expect("it reads");
    let test = test.expect("the key opens a scope").scope;
    for kept in list(&shown.0, "idempotent") {
        let response = store
            .response(test, text(kept, "stored_key"), crm.now())
            .await
            .expect("it reads");
        assert_eq!(
            &*response.expect("it is kept for a day").body,
            text(kept, "answer")
        );
    }
    let test = crm
        .open(test.workspace(), test.mode())
        .await
        .expect("it is there");
    for (webhook, secret) in shown.0["secrets"].as_object().expect("it is an object") {
        let secrets = test
            .webhooks()
            .secrets(Id::parse(webhook).expect("it is an id"))
            .await;
        let secrets = secrets.expect("it unseals").expect("it is there");
        let secrets: Vec<&str> = secrets.iter().map(|secret| secret.expose()).collect();
        assert_eq!(secrets, [secret.as_str().expect("it is text")]);
    }
    it_can_be_written_to(&test, &list(&shown.0, "scopes")[1]).await;
}

async fn keys_are_as_they_were(crm: &Crm, shown: &Shown) {
    for key in list(&shown.0, "keys") {
        let access = match crm
            .authenticate(text(key, "secret"))
            .await
            .expect("it reads")
        {
            Some(principal) => {
                assert_eq!(principal.scope.mode().as_str(), text(key, "mode"));
                match principal.access {
                    KeyAccess::Full => "full",
                    KeyAccess::ReadOnly => "read_only",
                    KeyAccess::Restricted => "restricted",
                }
            }
            None => "revoked",
        };
        assert_eq!(access, text(key, "access"));
    }
    let other = Id::parse(text(&shown.0, "other_workspace"));
    let workspaces = crm.workspaces().await.expect("it lists");
    let other = workspaces
        .iter()
        .find(|workspace| Some(workspace.id) == other);
    assert_eq!(other.expect("it is there").name, "Łódź & Co.");
}

/// Everything of a list, as JSON.
async fn walk(list: impl AsyncFn(ListRequest) -> relm_core::Result<List>) -> Vec<Value> {
    let mut all = Vec::new();
    let mut request = ListRequest::default().limit(7);
    loop {
        let page = list(request).await.expect("it lists").to_json();
        let page: Value = serde_json::from_str(&page).expect("it is JSON");
        all.extend(
            page["data"]
                .as_array()
                .expect("it is a list")
                .iter()
                .cloned(),
        );
        match page["next_cursor"].as_str() {
            Some(cursor) => request = ListRequest::default().limit(7).after(cursor),
            None => return all,
        }
    }
}

/// Adds what definitions are shown with since they can be changed.
fn can_be_changed(field: &mut Value) {
    (field["description"], field["position"]) = (Value::Null, Value::Null);
    (field["enforce"], field["unique"]) = (json!("always"), json!(false));
    (field["version"], field["updated_at"]) = (json!(1), field["created_at"].clone());
}

async fn records_are_as_they_were(scoped: &Scoped, shown: &Value) {
    macro_rules! all {
        ($resource:ident) => {
            walk(async |request| scoped.$resource().list(&request).documents().await).await
        };
    }
    let found = [
        ("contacts", all!(contacts)),
        ("companies", all!(companies)),
        ("deals", all!(deals)),
        ("activities", all!(activities)),
        ("associations", all!(associations)),
        ("fields", all!(fields)),
        ("webhooks", all!(webhooks)),
    ];
    for (name, found) in found {
        let expected = list(shown, name);
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(expected) {
            let mut expected = expected.clone();
            match name {
                "webhooks" => {
                    (expected["header_names"], expected["filter"]) = (json!([]), Value::Null);
                }
                "fields" => can_be_changed(&mut expected),
                _ => {}
            }
            assert_eq!(*found, expected, "{name}");
        }
    }
}

async fn deliveries_are_as_they_were(scoped: &Scoped, shown: &Value) {
    let events = walk(async |request| scoped.events().list(&request).documents().await).await;
    assert_eq!(events.len(), list(shown, "events").len());
    for (event, expected) in events.iter().zip(list(shown, "events")) {
        assert_eq!(event["id"], expected["id"]);
        assert_eq!(event["type"], expected["type"]);
        assert_eq!(event["data"]["id"], expected["record_id"]);
    }
    // None of them had a number: they get theirs in the order of their ids.
    let feed = scoped.events().after(0).limit(events.len().max(1)).await;
    let feed = feed.expect("it reads").data;
    let numbered = feed.iter().map(|it| (it.seq, it.event.id.to_string()));
    let oldest_first = events
        .iter()
        .rev()
        .map(|event| text(event, "id").to_owned());
    assert!(numbered.eq((1..).zip(oldest_first)) && feed.len() == events.len());
    let mut deliveries = Vec::new();
    for webhook in list(shown, "webhooks") {
        let webhooks = scoped.webhooks();
        deliveries.extend(
            walk(async |request| webhooks.deliveries(id(webhook), &request).documents().await)
                .await,
        );
    }
    assert_eq!(deliveries.len(), list(shown, "deliveries").len());
    for (delivery, expected) in deliveries.iter().zip(list(shown, "deliveries")) {
        assert_eq!(delivery["id"], expected["id"]);
        assert_eq!(delivery["status"], expected["status"]);
        let attempts = list(delivery, "attempts").len() as u64;
        assert_eq!(Some(attempts), expected["attempts"].as_u64());
    }
}

/// The oldest contact with the mailbox of this address: the one that it is unique by. There were addresses of one mailbox
/// that were two by their spelling.
fn holder<'a>(shown: &'a Value, address: &str) -> &'a str {
    let is_same = |contact: &&Value| {
        let other = contact["email"].as_str();
        other.is_some_and(|other| email::key(other) == email::key(address))
    };
    let oldest = list(shown, "contacts").iter().rfind(is_same);
    text(oldest.expect("it is there"), "id")
}

/// By the address that it shows, in a filter and in a search.
async fn every_contact_is_found(scoped: &Scoped, shown: &Value) {
    for contact in list(shown, "contacts") {
        let Some(email) = contact["email"].as_str() else {
            continue;
        };
        for spelling in [email.to_owned(), email::key(email)] {
            let request = ListRequest::default().filter(Contact::email().eq(&spelling));
            let listed = scoped.contacts().list(&request).await.expect("it lists");
            let found = listed.data.iter().map(|found| found.id.to_string());
            let found: Vec<String> = found.collect();
            assert_eq!(found, [holder(shown, email)], "{email} by a filter");
        }
        let request = SearchRequest {
            q: email.to_owned(),
            ..Default::default()
        };
        let found = scoped
            .search(&request)
            .documents()
            .await
            .expect("it searches")
            .to_json();
        assert!(found.contains(text(contact, "id")), "{email} by a search");
    }
}

/// Records that were there are found by what this version makes of them.
async fn what_is_derived_is_as_it_is_now(scoped: &Scoped, shown: &Value) {
    let ids = |list: List| -> Vec<Id> { list.data.iter().map(|found| found.id).collect() };
    for company in list(shown, "companies") {
        let Some(host) = company["domain"].as_str().and_then(host::bare) else {
            continue;
        };
        let url = format!("https://www.{host}/");
        let request = ListRequest::default().filter(Company::domain().eq(&url));
        let listed = scoped.companies().list(&request).documents().await;
        assert!(
            ids(listed.expect("it lists")).contains(&id(company)),
            "{host}"
        );
    }
    let search = async |q: String| {
        let request = SearchRequest {
            q,
            ..Default::default()
        };
        ids(scoped
            .search(&request)
            .documents()
            .await
            .expect("it searches"))
    };
    for contact in list(shown, "contacts") {
        let numbers = phone::numbers(contact["phone"].as_str().unwrap_or_default());
        for number in numbers.iter().filter(|number| number.digits.len() >= 7) {
            let found = search(number.digits.clone()).await;
            assert!(found.contains(&id(contact)), "{}", number.digits);
        }
    }
    for company in list(shown, "companies") {
        let name = text(company, "name");
        let exact = search(name.to_owned()).await;
        let is_found = exact.contains(&id(company));
        assert!(is_found || name.trim().is_empty(), "{name}");
    }
}

async fn it_can_be_written_to(scoped: &Scoped, shown: &Value) {
    let contacts = scoped.contacts();
    for contact in list(shown, "contacts") {
        let change = ContactInput {
            last_name: "Migrated".into(),
            ..Default::default()
        };
        let changed = contacts.update(id(contact), change, None).await;
        let changed = changed.expect("it can be changed");
        assert_eq!(Some(changed.version - 1), contact["version"].as_i64());
        let Some(email) = changed.email else { continue };
        let input = ContactInput {
            email: email.as_str().into(),
            ..Default::default()
        };
        let taken = contacts.create(input).await;
        let taken = taken.expect_err("the address is taken");
        assert_eq!(
            (taken.kind(), taken.existing_id()),
            (ErrorKind::Conflict, Id::parse(holder(shown, &email))),
            "{email}"
        );
    }
    for contact in list(shown, "contacts") {
        let deleted = contacts.delete(id(contact), None).await;
        deleted.expect("it is there");
    }
    let left = walk(async |request| contacts.list(&request).documents().await).await;
    assert_eq!(left, [] as [Value; 0]);
    let input = ContactInput {
        email: "fred.smith@example.com".into(),
        ..Default::default()
    };
    contacts.create(input).await.expect("the address is free");
    for field in list(shown, "fields") {
        let patch = FieldPatch {
            label: "Migrated".into(),
            ..Default::default()
        };
        let changed = scoped.fields().update(id(field), patch, Some(1)).await;
        assert_eq!(changed.expect("it is of this version").version, 2);
    }
}
