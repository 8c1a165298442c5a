//! What a search costs on a pool: its statements, counted, also where others write between them.

use std::sync::{Arc, Mutex};

use relm_core::query::search::SearchTerms;
use relm_core::store::{Batch, Search};
use relm_core::{ContactInput, Id, ObjectType, Scope, Store};

use crate::pooled::{PoolOptions, SeaOrmStore};
use crate::recording_store::{contact, session};
use crate::search_equivalence::made;

/// What is done after the first statements, one thing after each.
type Between = Arc<Mutex<Vec<Batch>>>;

/// Two stores of one database. The first counts its statements, and the second commits what is to come between them.
struct Counted {
    store: SeaOrmStore,
    other: SeaOrmStore,
    statements: Arc<Mutex<Vec<String>>>,
    between: Between,
    _folder: tempfile::TempDir,
}

impl Counted {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relm.db");
        let url = format!("sqlite://{}?mode=rwc", path.display());
        let open = async || {
            let store = SeaOrmStore::connect(url.clone(), PoolOptions::new()).await;
            store.unwrap()
        };
        let (mut store, other) = (open().await, open().await);
        let (statements, between) = (Arc::<Mutex<Vec<String>>>::default(), Between::default());
        let (seen, todo, by) = (Arc::clone(&statements), Arc::clone(&between), other.clone());
        let database = Arc::get_mut(&mut store.database).unwrap();
        database.pool.set_metric_callback(move |statement| {
            let text = statement.statement.sql.clone();
            seen.lock().unwrap().push(text);
            let next = todo.lock().unwrap().pop();
            if let Some(batch) = next {
                let by = by.clone();
                let committed = std::thread::spawn(move || pollster::block_on(by.commit(batch)));
                committed.join().unwrap().unwrap();
            }
        });
        Self {
            store,
            other,
            statements,
            between,
            _folder: folder,
        }
    }

    /// How many records a search finds, and by how many statements.
    async fn search(&self, scope: Scope, query: &str) -> (usize, usize) {
        self.statements.lock().unwrap().clear();
        let search = Search {
            terms: SearchTerms::parse(query).unwrap(),
            types: ObjectType::ALL.to_vec(),
            after: None,
            limit: 7,
        };
        let page = self.store.search(scope, &search).await.unwrap();
        let statements = self.statements.lock().unwrap().len();
        (page.documents.len(), statements)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_search_is_one_statement_or_two() {
    let mut counted = Counted::open().await;
    let (scope, batches, _) = made().await;
    for batch in batches {
        counted.other.commit(batch).await.unwrap();
    }
    assert_eq!(counted.search(scope, "nobody").await, (0, 1));
    assert_eq!(counted.search(scope, "user77@example.com").await, (1, 2));
    assert_eq!(counted.search(scope, "old").await, (7, 2));
    assert_eq!(counted.search(scope, "example").await, (7, 2));
    counted.store.broad = 9;
    assert_eq!(counted.search(scope, "nobody example").await, (0, 1));
    assert_eq!(counted.search(scope, "user77@example.com").await, (1, 2));
    assert_eq!(counted.search(scope, "example").await, (7, 2));
    // Two words that many have, and none has both: a snapshot, in which words are read further.
    let (found, statements) = counted.search(scope, "old new").await;
    assert!(found == 0 && statements > 3, "{found} by {statements}");
}

/// Commits that each pass a word from one of two contacts to the other, and one before them that makes both.
async fn passing(moves: usize) -> (Scope, Vec<Batch>) {
    let (batches, scoped) = session().await;
    let contacts = scoped.contacts();
    let mut ids: Vec<Id> = Vec::new();
    for (address, name) in [("ada@example.com", "mark"), ("bob@example.com", "none")] {
        let input = ContactInput {
            last_name: name.into(),
            ..contact(address)
        };
        ids.push(contacts.create(input).await.unwrap().id);
    }
    let mut commits = vec![one(&mut batches.lock().unwrap())];
    for _ in 0..moves {
        ids.reverse();
        for (id, name) in ids.iter().zip(["mark", "none"]) {
            let input = ContactInput {
                last_name: name.into(),
                ..Default::default()
            };
            contacts.update(*id, input, None).await.unwrap();
        }
        commits.push(one(&mut batches.lock().unwrap()));
    }
    (scoped.scope(), commits)
}

/// The last two batches as one.
fn one(batches: &mut Vec<Batch>) -> Batch {
    let second = batches.pop().unwrap();
    let mut first = batches.pop().unwrap();
    first.writes.extend(second.writes);
    first.requires.extend(second.requires);
    batches.clear();
    first
}

/// A word that is passed on after each of the first statements is found, by another statement each time, and then in a snapshot.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_search_that_others_overtake_finds_what_there_is() {
    for (moves, statements) in [(0, 2), (1, 3), (2, 5), (3, 5)] {
        let counted = Counted::open().await;
        let (scope, mut commits) = passing(moves).await;
        let rest = commits.split_off(1);
        for batch in commits {
            counted.other.commit(batch).await.unwrap();
        }
        *counted.between.lock().unwrap() = rest.into_iter().rev().collect();
        let found = counted.search(scope, "mark").await;
        assert_eq!(found, (1, statements), "{moves} moves");
        assert!(counted.between.lock().unwrap().is_empty());
    }
}
