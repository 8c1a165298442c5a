//! Imports: every row is taken in once, whatever becomes of who works on it; a dry run comes to the same; and what was taken in is taken back.

use std::sync::Arc;

use futures_util::TryStreamExt;
use relm_core::ListRequest;
use relm_core::engine::{ImportOptions, Importer, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::import::{Import, ImportStatus};
use relm_core::record::object::{Contact, ObjectType};
use relm_core::store::Store;
use relm_core::value::id::{Id, Kind};

use super::acme::{Acme, contact, engine, failure, phone};
use super::broken_off::BreaksOff;
use crate::intercept::Intercepted;
use crate::subject::Subject;

/// Longer than whoever works on an import has it to itself.
const LEASE_OVER_MS: i64 = 60_000;

fn contacts() -> ImportOptions {
    ImportOptions::new(ObjectType::Contact).dedup_on("email")
}

/// A file of so many contacts, of which every hundredth has no address that is one.
fn file(rows: usize) -> String {
    let mut file = "email,first_name\n".to_owned();
    for n in 0..rows {
        let at = if n % 100 == 99 { "" } else { "@" };
        file += &format!("c{n}{at}example.com,Name {n}\n");
    }
    file
}

async fn start(scoped: &Scoped, options: ImportOptions, file: &str) -> Import {
    let started = scoped.imports().start(options, file.as_bytes()).await;
    started.expect("the file is one")
}

async fn get(scoped: &Scoped, id: Id) -> Import {
    let found = scoped.imports().get(id).await;
    found.expect("the store answers").expect("it is there")
}

async fn work_off(acme: &Acme) {
    let worked = Importer::new(acme.crm.clone()).work_off().await;
    worked.expect("the store answers");
}

fn counts(import: &Import) -> [i64; 5] {
    [
        import.rows,
        import.created,
        import.updated,
        import.unchanged,
        import.failed,
    ]
}

async fn errors(scoped: &Scoped, id: Id) -> String {
    let pieces = scoped.imports().errors_csv(id).await;
    let pieces: Vec<String> = pieces
        .expect("it is there")
        .try_collect()
        .await
        .expect("the store answers");
    pieces.concat()
}

/// Each row is taken in, or fails alone with its reason; each change has one event, by who began the import; and the same file again changes
/// nothing.
pub(crate) async fn an_import_takes_in_every_row(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let known = scoped.contacts().create(contact("C7@example.com")).await;
    let known = known.expect("it is valid");
    let before = acme.events(&store).await.len();
    let file = file(1_101);
    let import = start(scoped, contacts(), &file).await;
    assert_eq!(import.status, ImportStatus::Queued);
    assert_eq!((import.rows_received, import.rows), (1_101, 0));
    work_off(&acme).await;
    let done = get(scoped, import.id).await;
    assert_eq!(done.status, ImportStatus::Completed);
    assert_eq!(counts(&done), [1_101, 1_089, 1, 0, 11]);
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), 1_090);
    let events = acme.events(&store).await.split_off(before);
    assert_eq!(events.len(), 1_090);
    let requests: std::collections::BTreeSet<String> = events
        .iter()
        .filter_map(|event| event.request_id.map(|id| id.text()))
        .collect();
    assert_eq!(requests.len(), 3, "one for each commit");
    let updated: Contact = scoped
        .contacts()
        .get(known.id)
        .await
        .expect("the store answers")
        .expect("it is there");
    assert_eq!(updated.first_name.as_deref(), Some("Name 7"));
    let errors = errors(scoped, import.id).await;
    assert_eq!(errors.lines().count(), 12, "{errors}");
    assert!(
        errors.starts_with("line,code,field,reason,unread,email,first_name\r\n"),
        "{errors}"
    );
    assert!(
        errors.contains("\r\n101,validation_failed,email,"),
        "{errors}"
    );
    assert!(errors.contains("c99example.com,Name 99\r\n"), "{errors}");

    let again = start(scoped, contacts(), &file).await;
    work_off(&acme).await;
    let again = get(scoped, again.id).await;
    assert_eq!(counts(&again), [1_101, 0, 0, 1_090, 11]);
    assert_eq!(acme.events(&store).await.len(), before + 1_090);
    let without_key = start(scoped, ImportOptions::new(ObjectType::Contact), &file).await;
    work_off(&acme).await;
    let without_key = get(scoped, without_key.id).await;
    assert_eq!(counts(&without_key), [1_101, 0, 0, 0, 1_101]);
}

/// Whenever its store goes, another process goes on behind the last commit: no row is lost, and none taken in twice.
pub(crate) async fn an_import_goes_on_where_it_was_left(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let file = file(1_101);
    let import = start(&acme.scoped, contacts(), &file).await;
    for commits in 0..5 {
        let broken: Arc<dyn Store> = Arc::new(Intercepted {
            store: store.shared(),
            by: Arc::new(BreaksOff::after(commits % 2 + 1)),
        });
        let crm = engine(broken, &acme.clock, 10 + commits as u64);
        let worked = Importer::new(crm).work_off().await;
        if let Err(error) = worked {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
        }
        // Nobody else is given it before its lease is over.
        let before = get(&acme.scoped, import.id).await;
        if before.status == ImportStatus::Running {
            work_off(&acme).await;
            assert_eq!(counts(&get(&acme.scoped, import.id).await), counts(&before));
        }
        acme.clock.advance_millis(LEASE_OVER_MS);
    }
    work_off(&acme).await;
    let done = get(&acme.scoped, import.id).await;
    assert_eq!(done.status, ImportStatus::Completed);
    assert_eq!(counts(&done), [1_101, 1_090, 0, 0, 11]);
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), 1_090);
    assert_eq!(acme.events(&store).await.len(), 1_090);
}

/// What an import changed is taken back, and what was changed since stays, and is listed.
pub(crate) async fn an_import_is_undone(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let known = scoped.contacts().create(contact("c7@example.com")).await;
    let known = known.expect("it is valid").id;
    let import = start(scoped, contacts(), &file(601)).await;
    let refused = failure(scoped.imports().undo(import.id).await);
    assert_eq!(refused, ErrorKind::Conflict, "it goes on");
    work_off(&acme).await;
    let found = acme.all(&store, Kind::Contact).await;
    let first = found.iter().rev().nth(1).expect("there are many").id;
    let changed = scoped.contacts().update(first, phone("1"), None).await;
    changed.expect("it is valid");
    let undoing = scoped
        .imports()
        .undo(import.id)
        .await
        .expect("it has ended");
    let undoing = undoing.decode().expect("it is an import");
    assert_eq!(undoing.status, ImportStatus::Undoing);
    acme.clock.advance_millis(LEASE_OVER_MS);
    work_off(&acme).await;
    let undone = get(scoped, import.id).await;
    assert_eq!(undone.status, ImportStatus::Undone);
    let result = undone.undo.expect("it was asked for");
    // Of the number, as the primary one and among all.
    assert_eq!((result.reverted, result.conflicts), (594, 2), "{result:?}");
    let left = acme.all(&store, Kind::Contact).await;
    let left: Vec<Id> = left.iter().map(|document| document.id).collect();
    assert_eq!(left, [first, known], "newest first");
    let pieces = scoped.imports().conflicts_csv(import.id).await;
    let pieces: Vec<String> = pieces
        .expect("it is there")
        .try_collect()
        .await
        .expect("the store answers");
    let conflicts = pieces.concat();
    assert!(conflicts.contains(&format!("\r\n{first},")), "{conflicts}");
}

/// One that is cancelled goes on no more, and a few go on at once at most; nothing of one is seen elsewhere.
pub(crate) async fn imports_are_cancelled_and_bounded(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let other = acme.in_another_workspace("other").await;
    let mut upload = scoped
        .imports()
        .begin(contacts())
        .await
        .expect("there is room");
    upload.push(b"email\nada@exam").await.expect("it is text");
    let arriving = upload.id();
    assert_eq!(get(scoped, arriving).await.status, ImportStatus::Receiving);
    assert!(
        other
            .scoped
            .imports()
            .get(arriving)
            .await
            .expect("the store answers")
            .is_none()
    );
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(start(scoped, contacts(), &file(3)).await.id);
    }
    let beyond = scoped.imports().begin(contacts()).await;
    assert_eq!(
        failure(beyond.map(|upload| upload.id())),
        ErrorKind::Conflict
    );
    start(&other.scoped, contacts(), &file(3)).await;
    let cancelled = scoped.imports().cancel(arriving).await;
    cancelled.expect("it goes on");
    let late = async {
        upload.push(b"ple.com\n").await?;
        upload.finish(None).await
    };
    assert_eq!(failure(late.await), ErrorKind::Conflict);
    let cancelled = scoped.imports().cancel(all[0]).await;
    let cancelled = cancelled
        .expect("it goes on")
        .decode()
        .expect("it is an import");
    assert_eq!(cancelled.status, ImportStatus::Cancelled);
    let refused = other.scoped.imports().cancel(all[1]).await;
    assert_eq!(failure(refused), ErrorKind::NotFound);
    work_off(&acme).await;
    assert_eq!(counts(&get(scoped, all[0]).await), [0; 5]);
    assert_eq!(counts(&get(scoped, all[1]).await), [3, 3, 0, 0, 0]);
    assert_eq!(counts(&get(scoped, all[2]).await), [3, 0, 0, 3, 0]);
    let listed = scoped.imports().list(&ListRequest::default()).await;
    assert_eq!(listed.expect("the store answers").data.len(), 5);
    assert_eq!(other.all(&store, Kind::Contact).await.len(), 3);
}

/// An import whose file broke off ends by itself; one that ended long ago is deleted with all that it has.
pub(crate) async fn what_is_left_of_imports_is_removed(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let mut upload = scoped
        .imports()
        .begin(contacts())
        .await
        .expect("there is room");
    upload
        .push(file(9_000).as_bytes())
        .await
        .expect("it is text");
    let left = upload.id();
    drop(upload);
    work_off(&acme).await;
    assert_eq!(get(scoped, left).await.status, ImportStatus::Receiving);
    acme.clock.advance_millis(6 * LEASE_OVER_MS);
    work_off(&acme).await;
    let failed = get(scoped, left).await;
    assert_eq!(failed.status, ImportStatus::Failed);
    assert!(failed.rows_received >= 500, "{failed:?}");
    assert!(failed.reason.is_some());
    assert_eq!(acme.all(&store, Kind::ImportPart).await, []);
    let done = start(scoped, contacts(), &file(3)).await.id;
    work_off(&acme).await;
    assert_eq!(acme.all(&store, Kind::ImportPart).await.len(), 1);
    acme.clock.advance_millis(8 * 24 * 60 * 60 * 1000);
    let young = start(scoped, contacts(), &file(3)).await.id;
    let importer = Importer::new(acme.crm.clone());
    let deleted = importer
        .delete_expired(&super::mock_transport::NoSleep)
        .await;
    assert_eq!(deleted.expect("the store answers"), 2);
    for (id, is_there) in [(left, false), (done, false), (young, true)] {
        let found = scoped.imports().get(id).await.expect("the store answers");
        assert_eq!(found.is_some(), is_there);
    }
    work_off(&acme).await;
    assert_eq!(get(scoped, young).await.status, ImportStatus::Completed);
}
