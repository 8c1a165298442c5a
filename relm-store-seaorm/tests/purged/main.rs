//! What is purged is in no table of any database, and once SQLite has cleared its free pages not in its files.

#[path = "../throwaway/mod.rs"]
mod throwaway;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use relm_core::engine::{BatchInput, DispatchOptions, Dispatcher};
use relm_core::webhook::{Answer, Message, SendError, Transport};
use relm_core::{
    ActivityInput, AssociationInput, CompanyInput, ContactInput, Crm, DealInput, EmailAddress, Id,
    Metadata, Mode, PhoneNumber, PostalAddress, Scoped, Store, WebhookInput,
};
use relm_store_seaorm::{PoolOptions, SeaOrmStore, SqliteOptions, SqliteStore};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use test_requirements::requires;
use throwaway::{RUNTIME, Server, TABLES, connect};

static POSTGRES: Server = Server::named("RELM_TEST_POSTGRES_URL");
static MARIADB: Server = Server::named("RELM_TEST_MARIADB_URL");

/// What is in every text of what is purged.
const CANARY: &str = "kanarienvogel";

/// Answers with what it was sent: with success to one endpoint, and not to the other.
struct Echo;

#[async_trait]
impl Transport for Echo {
    async fn send(&self, message: Message) -> Result<Answer, SendError> {
        let status = if message.url.ends_with("up") {
            200
        } else {
            500
        };
        Ok(Answer::new(status).body(message.body.as_bytes()))
    }
}

/// A text with the canary in it, and something else each time.
fn text(of: &str) -> String {
    format!("{of} {CANARY} of {of}")
}

fn note(of: &str) -> Metadata {
    Metadata::from([("note", text(of)), (CANARY, of.to_owned())])
}

/// What is purged: a record of each type, and a contact that is in the trash.
struct Filled {
    contacts: [Id; 2],
    company: Id,
    deal: Id,
    activity: Id,
}

fn once(live: &Scoped, key: &str) -> Scoped {
    live.clone().idempotent(key, key).expect("it is a key")
}

async fn subscribe(live: &Scoped) {
    for path in ["up", "down"] {
        let hook = WebhookInput {
            url: format!("https://example.com/{path}").into(),
            event_types: vec!["*".to_owned()].into(),
            ..WebhookInput::default()
        };
        live.webhooks().subscribe(hook).await.expect("it is valid");
    }
}

/// An address of which every part has the canary.
fn address() -> PostalAddress {
    PostalAddress {
        label: Some(text("label")),
        street: Some(text("street")),
        city: Some(text("city")),
        region: Some(text("region")),
        postal_code: Some(text("code")),
        country: Some(text("country")),
    }
}

/// A person of whom every text has the canary.
fn person(n: usize, company: Id) -> ContactInput {
    ContactInput {
        email: format!("{CANARY}{n}@example.com").into(),
        first_name: text("first").into(),
        last_name: text("last").into(),
        emails: vec![
            EmailAddress::new(format!("{CANARY}{n}@example.com")),
            EmailAddress::new(format!("{CANARY}.{n}@example.org")).labelled(text("label")),
        ]
        .into(),
        phone: format!("+49 {CANARY}").into(),
        phones: vec![
            PhoneNumber::new(format!("+49 {CANARY}")),
            PhoneNumber::new(format!("+43 {CANARY}")).labelled(text("label")),
        ]
        .into(),
        name: text("name").into(),
        company_id: company.into(),
        owner: text("owner").into(),
        tags: [text("tag")].into(),
        addresses: vec![address()].into(),
        metadata: note("contact").into(),
    }
}

/// Makes records whose every text has the canary, under idempotency keys.
async fn create(live: &Scoped) -> Filled {
    let once = |key: &str| once(live, key);
    let company = CompanyInput {
        name: text("company").into(),
        domain: format!("{CANARY}.example.com").into(),
        owner: text("owner").into(),
        tags: [text("tag")].into(),
        addresses: vec![address()].into(),
        metadata: note("company").into(),
    };
    let company = once("company").companies().create(company).await;
    let company = company.expect("it is valid").id;
    let batch = BatchInput {
        rows: vec![person(1, company), person(2, company)],
        dedup_on: vec!["email".to_owned()],
        atomic: true,
    };
    let report = once("batch").contacts().batch(batch).await;
    let report = report.expect("it is valid").data;
    let contacts = [0, 1].map(|row| report[row].id.expect("it was made"));
    let deal = DealInput {
        title: text("deal").into(),
        company_id: company.into(),
        primary_contact_id: contacts[0].into(),
        metadata: note("deal").into(),
        ..DealInput::default()
    };
    let deal = once("deal").deals().create(deal).await;
    let deal = deal.expect("it is valid").id;
    let activity = ActivityInput {
        activity_type: text("type").into(),
        subject: text("subject").into(),
        body: text("body").into(),
        contact_id: contacts[0].into(),
        deal_id: deal.into(),
        company_id: company.into(),
        metadata: note("activity").into(),
        ..ActivityInput::default()
    };
    let activity = once("activity").activities().create(activity).await;
    let activity = activity.expect("it is valid").id;
    Filled {
        contacts,
        company,
        deal,
        activity,
    }
}

/// Writes the canary to every place where text of a record comes to rest.
async fn fill(crm: &Crm, live: &Scoped) -> Filled {
    subscribe(live).await;
    let filled = create(live).await;
    let once = |key: &str| once(live, key);
    let Filled {
        contacts,
        company,
        deal,
        activity,
    } = filled;
    let ends = [contacts[0], contacts[1], company, deal, activity];
    for (n, from_id) in ends.into_iter().enumerate() {
        let input = AssociationInput {
            from_id,
            to_id: ends[(n + 1) % ends.len()],
            label: Some(text("label")),
            attributes: Default::default(),
        };
        let linked = once(&format!("link {n}")).associations().link(input).await;
        linked.expect("both are there");
    }
    let change = ContactInput {
        last_name: text("another").into(),
        ..ContactInput::default()
    };
    for key in ["change", "no change"] {
        let once = once(key);
        let contact = once.contacts();
        let changed = contact.update(contacts[0], change.clone(), None);
        changed.await.expect("it is there");
    }
    let deleted = once("delete").contacts().delete(contacts[1], None).await;
    deleted.expect("it is there");
    let dispatcher = Dispatcher::new(crm.clone(), Echo, DispatchOptions::default());
    dispatcher.deliver_due().await.expect("the store works");
    filled
}

/// The tables that have the canary.
async fn tables_with_it(database: &DatabaseConnection) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for table in TABLES {
        let all = Statement::from_string(
            database.get_database_backend(),
            format!("SELECT * FROM {table}"),
        );
        for row in database.query_all_raw(all).await.expect("it is a table") {
            for column in 0..row.column_names().len() {
                let text: Result<Option<String>, _> = row.try_get_by_index(column);
                if let Ok(Some(text)) = text
                    && text.to_lowercase().contains(CANARY)
                {
                    found.insert(table);
                }
            }
        }
    }
    found
}

/// Fills a store and purges it.
async fn fill_and_purge(store: Arc<dyn Store>, database: &DatabaseConnection) {
    let crm = Crm::builder(store).build();
    let workspace = crm.create_workspace("acme").await.expect("it is made").id;
    let live = crm.open(workspace, Mode::Live).await.expect("it is there");
    let filled = fill(&crm, &live).await;
    let everywhere = [
        "activities",
        "associations",
        "companies",
        "contacts",
        "deals",
        "deliveries",
        "events",
        "responses",
        "terms",
        "trash",
    ];
    assert_eq!(tables_with_it(database).await, everywhere.into());
    for id in filled.contacts {
        let purged = live.contacts().purge(id, None).await;
        assert!(purged.expect("it is there").purged);
    }
    let deal = live.deals().purge(filled.deal, None).await;
    let activity = live.activities().purge(filled.activity, None).await;
    let company = live.companies().purge(filled.company, None).await;
    for purged in [deal, activity, company] {
        assert!(purged.expect("it is there").purged);
    }
    assert_eq!(tables_with_it(database).await, BTreeSet::new());
}

#[requires(postgres)]
#[test]
fn what_is_purged_is_in_no_table_of_postgres() {
    purged_on(&POSTGRES);
}

#[requires(mariadb)]
#[test]
fn what_is_purged_is_in_no_table_of_mariadb() {
    purged_on(&MARIADB);
}

fn purged_on(server: &'static Server) {
    let (store, throwaway) = server.fresh();
    let beside = connect(&throwaway.url());
    RUNTIME.block_on(fill_and_purge(store, &beside));
}

#[requires(galera)]
#[test]
fn what_is_purged_is_in_no_table_of_a_cluster() {
    let urls = std::env::var("RELM_TEST_GALERA_URLS").expect("set it to run these tests");
    let first = urls.split(',').next().expect("it names a node");
    let name = format!("relm_purged_{}", std::process::id());
    let node = connect(first);
    let create = format!("CREATE DATABASE {name}");
    let made = RUNTIME.block_on(node.execute_unprepared(&create));
    made.expect("it is made");
    let (server, _) = first.rsplit_once('/').expect("it names a database");
    let url = format!("{server}/{name}");
    let store = RUNTIME.block_on(SeaOrmStore::connect(url.clone(), PoolOptions::new()));
    let store = Arc::new(store.expect("it comes up"));
    let beside = connect(&url);
    RUNTIME.block_on(fill_and_purge(store, &beside));
}

/// Whether a file has the canary in it, in whatever case.
fn has_it(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap_or_default();
    let bytes = bytes.to_ascii_lowercase();
    let mut windows = bytes.windows(CANARY.len());
    windows.any(|window| window == CANARY.as_bytes())
}

/// Clears the free pages of a database, as the documentation has it done, and searches its files.
fn clear(folder: &Path, database: DatabaseConnection) {
    let path = folder.join("relm.db");
    assert!(has_it(&path) || has_it(&folder.join("relm.db-wal")));
    RUNTIME.block_on(async {
        for sql in [
            "PRAGMA wal_checkpoint(TRUNCATE)",
            "VACUUM",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        ] {
            database.execute_unprepared(sql).await.expect(sql);
        }
        database.close().await.expect("it closes");
    });
    for file in ["relm.db", "relm.db-wal", "relm.db-shm"] {
        assert!(!has_it(&folder.join(file)), "{file}");
    }
}

#[test]
fn what_is_purged_is_in_no_table_of_sqlite_and_after_a_vacuum_in_no_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("relm.db");
    let store = SqliteStore::open(SqliteOptions::new(&path)).expect("it opens");
    let beside = connect(&format!("sqlite://{}", path.display()));
    RUNTIME.block_on(fill_and_purge(Arc::new(store), &beside));
    clear(folder.path(), beside);
}

#[test]
fn what_is_purged_is_in_no_table_of_sqlite_through_sqlx() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("relm.db").display()
    );
    let store = RUNTIME.block_on(SeaOrmStore::connect(url.clone(), PoolOptions::new()));
    let store = Arc::new(store.expect("a fresh database opens"));
    let beside = connect(&url);
    let filled = fill_and_purge(Arc::clone(&store) as Arc<dyn Store>, &beside);
    RUNTIME.block_on(filled);
    RUNTIME.block_on(store.close());
    clear(folder.path(), beside);
}
