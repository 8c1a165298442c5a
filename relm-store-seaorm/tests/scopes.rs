//! Scopes have numbers in the tables: no two share one, and the queues are given under the scopes themselves.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics on what it does not expect"
)]

mod throwaway;

use std::sync::Arc;

use relm_core::engine::Crm;
use relm_core::record::workspace::Workspace;
use relm_core::record::{Delivery, Entry, EventType};
use relm_core::store::{Batch, CommitError, QueueKey, Refusal, Write};
use relm_core::value::time::ManualClock;
use relm_core::{ContactInput, Id, Kind, ListRequest, Mode, Rng, Scope, Store, Timestamp};
use relm_store_seaorm::SqliteStore;
use throwaway::{RUNTIME, Server};

static POSTGRES: Server = Server::named("RELM_TEST_POSTGRES_URL");
static MARIADB: Server = Server::named("RELM_TEST_MARIADB_URL");

const NOW: Timestamp = Timestamp::from_millis(1_782_986_400_000);
/// The bits of an id that are its time.
const TIME: u32 = 80;

/// Makes a test for each database of a function of a store.
macro_rules! on_each_database {
    ($($name:ident)*) => {
        $(
            mod $name {
                use super::*;

                #[test]
                fn on_sqlite() {
                    let folder = tempfile::tempdir().unwrap();
                    let store = SqliteStore::open_file(folder.path().join("relm.db")).unwrap();
                    RUNTIME.block_on(super::$name(Arc::new(store)));
                }

                #[test_requirements::requires(postgres)]
                #[test]
                fn on_postgres() {
                    let (store, _database) = POSTGRES.fresh();
                    RUNTIME.block_on(super::$name(store));
                }

                #[test_requirements::requires(mariadb)]
                #[test]
                fn on_mariadb() {
                    let (store, _database) = MARIADB.fresh();
                    RUNTIME.block_on(super::$name(store));
                }
            }
        )*
    };
}

on_each_database! {
    a_workspace_of_the_number_of_another_is_refused
    a_workspace_whose_number_is_taken_gets_another_id
    queues_of_no_workspace_leave_their_places_to_others
}

fn workspace(id: Id) -> Write {
    let made = Workspace::new(id, format!("Workspace {id}"), "secret".to_owned(), NOW);
    Write::Insert(Entry::new(made.unwrap()))
}

fn batch(scope: Scope, writes: Vec<Write>) -> Batch {
    Batch {
        scope,
        now: NOW,
        requires: Vec::new(),
        writes,
    }
}

/// What an insert of these workspaces is refused for.
async fn refusal(store: &dyn Store, ids: &[Id]) -> Option<Refusal> {
    let writes = ids.iter().map(|id| workspace(*id)).collect();
    match store.commit(batch(Scope::SYSTEM, writes)).await {
        Ok(()) => None,
        Err(CommitError::Refused(refusal)) => Some(refusal),
        Err(CommitError::Store(error)) => panic!("the store failed: {error:?}"),
    }
}

async fn a_workspace_of_the_number_of_another_is_refused(store: Arc<dyn Store>) {
    let id = |time: u128, random: u128| Id::new(Kind::Workspace, (time << TIME) | random);
    let taken = |write| Some(Refusal::IdConflict { write });
    assert_eq!(refusal(&*store, &[id(1, 77)]).await, None);
    assert_eq!(refusal(&*store, &[id(2, 77)]).await, taken(0));
    let beyond = 77 + (1 << 62);
    assert_eq!(
        refusal(&*store, &[id(3, 78), id(3, beyond)]).await,
        taken(1)
    );
    assert_eq!(refusal(&*store, &[id(3, 78)]).await, None);
    // What is above all workspaces has a number, too.
    for time in [1, 2] {
        assert_eq!(refusal(&*store, &[id(time, 0)]).await, taken(0));
        assert_eq!(refusal(&*store, &[id(time, 1 << 62)]).await, taken(0));
    }
}

/// Randomness that repeats itself.
struct Constant;

impl Rng for Constant {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0xA5);
    }
}

async fn a_workspace_whose_number_is_taken_gets_another_id(store: Arc<dyn Store>) {
    let clock = Arc::new(ManualClock::new(NOW));
    let crm = Crm::builder(store)
        .clock(Arc::clone(&clock) as _)
        .rng(Arc::new(Constant))
        .build();
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        ids.push(crm.create_workspace(name).await.unwrap().id);
        clock.advance_millis(1_000);
    }
    let random = |id: &Id| id.ulid() & ((1 << TIME) - 1);
    let first = random(&ids[0]);
    let minted: Vec<u128> = ids.iter().map(random).collect();
    assert_eq!(minted, [first, first + 1, first + 2]);
    for (n, id) in (0..).zip(&ids) {
        let scoped = crm.open(*id, Mode::Live).await.unwrap();
        let contacts = scoped.contacts();
        let list = contacts.list(&ListRequest::default()).await.unwrap();
        assert_eq!(list.data.len(), 0, "it is nobody else's");
        let input = ContactInput {
            email: "ada@example.com".into(),
            first_name: format!("Ada {n}").as_str().into(),
            ..ContactInput::default()
        };
        contacts.create(input).await.expect("the address is free");
    }
}

async fn queues_of_no_workspace_leave_their_places_to_others(store: Arc<dyn Store>) {
    let event_type = EventType::all().next().expect("there are types");
    let workspaces: [Id; 20] = std::array::from_fn(|n| Id::new(Kind::Workspace, 1_000 + n as u128));
    let mut expected = Vec::new();
    for (n, id) in workspaces.into_iter().enumerate() {
        let is_there = n % 5 == 2;
        if is_there {
            assert_eq!(refusal(&*store, &[id]).await, None);
        }
        for mode in Mode::ALL {
            let scope = Scope::new(id, mode);
            let webhook = Id::new(Kind::Webhook, n as u128);
            let (own, event) = (Id::new(Kind::Delivery, 1), Id::new(Kind::Event, 1));
            let delivery = Delivery::pending(own, webhook, event, event_type, NOW);
            let insert = Write::Insert(Entry::new(delivery));
            store.commit(batch(scope, vec![insert])).await.unwrap();
            expected.extend(is_there.then_some(QueueKey { scope, webhook }));
        }
    }
    for limit in [1, 3, 8, 9, 100] {
        let (mut walked, mut after) = (Vec::new(), None);
        loop {
            let page = store.queues(after, limit).await.unwrap();
            assert_eq!(page.len(), limit.min(expected.len() - walked.len()));
            walked.extend(page.iter().map(|queue| queue.key));
            after = page.last().map(|last| last.key);
            if page.len() < limit {
                break;
            }
        }
        walked.sort_unstable();
        assert_eq!(walked, expected, "{limit} at a time");
    }
}
