//! Imports whose commits fail, or are overtaken: nothing of them is lost, repeated or left half done.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use relm_core::engine::{ImportOptions, Importer, Scoped};
use relm_core::error::{ErrorKind, Result as Answer};
use relm_core::limits::FILE_HEADER_BYTES_MAX;
use relm_core::record::Document;
use relm_core::record::import::{Import, ImportStatus};
use relm_core::record::object::ObjectType;
use relm_core::store::{Batch, CommitError, Store, StoreError, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;
use serde_json::json;

use super::acme::{Acme, engine, failure};
use super::broken_off::BreaksOff;
use super::mock_transport::NoSleep;
use crate::intercept::{Intercept, Intercepted};
use crate::subject::Subject;

/// Longer than rows wait for others to be kept with them.
const KEPT_BY_THEN_MS: i64 = 61_000;

/// What is done meanwhile.
type Elsewhere = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Does something else right before a commit is made.
struct Overtaken {
    is_it: fn(&Batch) -> bool,
    by: Mutex<Option<Elsewhere>>,
}

impl Overtaken {
    fn over(
        store: &Subject,
        is_it: fn(&Batch) -> bool,
        by: impl Future<Output = ()> + Send + 'static,
    ) -> Arc<dyn Store> {
        let by = Mutex::new(Some(Box::pin(by) as Elsewhere));
        Arc::new(Intercepted {
            store: store.shared(),
            by: Arc::new(Self { is_it, by }),
        })
    }
}

#[async_trait]
impl Intercept for Overtaken {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let by = match (self.is_it)(&batch) {
            true => self.by.lock().expect("nobody panicked").take(),
            false => None,
        };
        if let Some(by) = by {
            by.await;
        }
        store.commit(batch).await
    }
}

/// Fails one commit, after so many.
struct FailsOnce(AtomicUsize);

#[async_trait]
impl Intercept for FailsOnce {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        match self.0.fetch_sub(1, Ordering::SeqCst) {
            0 => Err(StoreError::unavailable("it is gone").into()),
            _ => store.commit(batch).await,
        }
    }
}

/// Does something else right before a chunk of rows is looked up, and may not answer then.
struct AtChunk {
    by: Mutex<Option<Elsewhere>>,
    is_faulty: bool,
}

#[async_trait]
impl Intercept for AtChunk {
    async fn find(
        &self,
        store: &dyn Store,
        scope: Scope,
        kind: Kind,
        keys: &[String],
    ) -> Result<Vec<Option<Document>>, StoreError> {
        let by = match kind {
            Kind::ImportPart => self.by.lock().expect("nobody panicked").take(),
            _ => None,
        };
        if let Some(by) = by {
            by.await;
            if self.is_faulty {
                return Err(StoreError::fault("it is confused"));
            }
        }
        store.find(scope, kind, keys).await
    }
}

async fn failing(acme: &Acme, store: &Subject, by: impl Intercept, seed: u64) -> Scoped {
    let store = Intercepted {
        store: store.shared(),
        by: Arc::new(by),
    };
    acme.beside(Arc::new(store), seed).await
}

/// The head of a file, and as many blank lines as it takes for rows to be read before the file ends.
fn head() -> String {
    format!("email\n{}", "\n".repeat(FILE_HEADER_BYTES_MAX))
}

fn contacts() -> ImportOptions {
    ImportOptions::new(ObjectType::Contact).dedup_on("email")
}

async fn get(acme: &Acme, id: Id) -> Option<Import> {
    let found = acme.scoped.imports().get(id).await;
    found.expect("the store answers")
}

async fn there(acme: &Acme, id: Id) -> Import {
    get(acme, id).await.expect("it is there")
}

async fn start(acme: &Acme, file: &str) -> Id {
    let imports = acme.scoped.imports();
    let started = imports.start(contacts(), file.as_bytes()).await;
    started.expect("the file is one").id
}

async fn work_off(acme: &Acme) {
    let worked = Importer::new(acme.crm.clone()).work_off().await;
    worked.expect("the store answers");
}

/// Whoever works on imports takes one out of the queue that has ended. An undo that begins meanwhile is worked on all the same, whichever of
/// the two is first.
pub(crate) async fn an_undo_is_not_lost_from_the_queue(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let import = start(&acme, "email\nada@example.com\n").await;
    let scoped = acme.scoped.clone();
    let strikes = |batch: &Batch| {
        let mut writes = batch.writes.iter();
        writes.any(|write| matches!(write, Write::Forget { .. }))
    };
    let overtaken = Overtaken::over(&store, strikes, async move {
        let begun = scoped.imports().undo(import).await;
        begun.expect("it has ended");
    });
    let worked = Importer::new(engine(overtaken, &acme.clock, 2))
        .work_off()
        .await;
    worked.expect("the store answers");
    work_off(&acme).await;
    assert_eq!(there(&acme, import).await.status, ImportStatus::Undone);

    let import = start(&acme, "email\nada@example.com\n").await;
    work_off(&acme).await;
    let importer = Importer::new(acme.crm.clone());
    let is_of_scope = |batch: &Batch| batch.scope != Scope::SYSTEM;
    let overtaken = Overtaken::over(&store, is_of_scope, async move {
        importer.work_off().await.expect("the store answers");
    });
    let scoped = acme.beside(overtaken, 3).await;
    let begun = scoped.imports().undo(import).await;
    begun.expect("it has ended");
    work_off(&acme).await;
    assert_eq!(there(&acme, import).await.status, ImportStatus::Undone);
}

/// An import of which a part is deleted is there no more: nobody undoes the other part, and upkeep deletes that.
pub(crate) async fn a_deletion_that_stops_half_way_is_gone_on_with(store: Subject) {
    const CHUNKS: usize = 201;
    let acme = Acme::open(store.shared()).await;
    let upload = acme.scoped.imports().begin(contacts()).await;
    let mut upload = upload.expect("there is room");
    let import = upload.id();
    let head = head();
    upload.push(head.as_bytes()).await.expect("it is text");
    for n in 0..CHUNKS {
        acme.clock.advance_millis(KEPT_BY_THEN_MS);
        let row = format!("c{n}@example.com\n");
        upload.push(row.as_bytes()).await.expect("it is text");
    }
    upload.finish(None).await.expect("the file is one");
    work_off(&acme).await;
    assert_eq!(there(&acme, import).await.status, ImportStatus::Completed);
    assert_eq!(acme.all(&store, Kind::ImportPart).await.len(), CHUNKS);
    let broken = failing(&acme, &store, BreaksOff::after(1), 2).await;
    let stopped = broken.imports().delete(import).await;
    assert_eq!(failure(stopped), ErrorKind::Unavailable);
    assert_eq!(acme.all(&store, Kind::ImportPart).await.len(), 1);

    let imports = acme.scoped.imports();
    assert_eq!(get(&acme, import).await, None);
    let json = imports.get_json(import).await.expect("the store answers");
    assert!(json.is_none());
    assert_eq!(failure(imports.undo(import).await), ErrorKind::NotFound);
    let errors = imports.errors_csv(import).await;
    assert_eq!(failure(errors.map(drop)), ErrorKind::NotFound);
    let importer = Importer::new(acme.crm.clone());
    let deleted = importer.delete_expired(&NoSleep).await;
    assert_eq!(deleted.expect("the store answers"), 1);
    assert_eq!(acme.all(&store, Kind::ImportPart).await, []);
    assert_eq!(acme.all(&store, Kind::Import).await, []);
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), CHUNKS);
}

/// An upload takes nothing after its first error, since rows may be missing then; and unless that is the store's, the import ends with it, and
/// says why.
pub(crate) async fn an_upload_ends_with_its_first_error(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let imports = acme.scoped.imports();
    // The import, its entry in the queue, and no rows.
    let broken = failing(&acme, &store, FailsOnce(AtomicUsize::new(2)), 2).await;
    let upload = broken.imports().begin(contacts()).await;
    let mut upload = upload.expect("there is room");
    let left = upload.id();
    let file = head() + &"ada@example.com\n".repeat(500);
    let lost = upload.push(file.as_bytes()).await;
    assert_eq!(failure(lost), ErrorKind::Unavailable);
    let more = upload.push(b"eva@example.com\n").await;
    assert_eq!(failure(more), ErrorKind::BadRequest);
    assert_eq!(failure(upload.finish(None).await), ErrorKind::BadRequest);
    assert_eq!(there(&acme, left).await.status, ImportStatus::Receiving);

    let mapping = json!({ "email": "emial" });
    let mapping = mapping.as_object().expect("it is one").clone();
    let upload = imports.begin(contacts().mapping(mapping)).await;
    let mut upload = upload.expect("there is room");
    let refused = upload.push(head().as_bytes()).await;
    let refused = refused.expect_err("there is no such member");
    assert_eq!(refused.kind(), ErrorKind::UnknownValue, "{refused}");
    let failed = there(&acme, upload.id()).await;
    assert_eq!(failed.status, ImportStatus::Failed);
    assert_eq!(failed.reason.as_deref(), Some(refused.message()));

    let upload = imports.begin(contacts()).await.expect("there is room");
    let import = upload.id();
    upload.abandon("It is too slow.").await;
    let failed = there(&acme, import).await;
    assert_eq!(failed.status, ImportStatus::Failed);
    assert_eq!(failed.reason.as_deref(), Some("It is too slow."));
    acme.clock.advance_millis(6 * KEPT_BY_THEN_MS);
    work_off(&acme).await;
    assert_eq!(there(&acme, left).await.status, ImportStatus::Failed);
}

/// An import whose file was there and that is none in the end says why: the store failed, or its key was used before.
pub(crate) async fn an_import_that_cannot_be_queued_says_why(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    // Its rows are kept, and then it cannot be queued.
    let broken = failing(&acme, &store, FailsOnce(AtomicUsize::new(3)), 3).await;
    let upload = broken.imports().begin(contacts()).await;
    let mut upload = upload.expect("there is room");
    let import = upload.id();
    upload
        .push(b"email\nada@example.com\n")
        .await
        .expect("it is text");
    let refused = upload.finish(Some("a")).await.map(drop);
    let refused = refused.expect_err("the store fails");
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    let failed = there(&acme, import).await;
    assert_eq!(failed.status, ImportStatus::Failed);
    assert_eq!(failed.reason.as_deref(), Some(refused.message()));

    let reason = async |file: &[u8], expected: Option<ErrorKind>| {
        let upload = acme.scoped.imports().begin(contacts()).await;
        let mut upload = upload.expect("there is room");
        let import = upload.id();
        upload.push(file).await.expect("it is text");
        let finished = upload.finish(Some("b")).await;
        assert_eq!(finished.err().map(|error| error.kind()), expected);
        there(&acme, import).await.reason.unwrap_or_default()
    };
    let file = b"email\nada@example.com\n";
    assert_eq!(reason(file, None).await, "");
    assert!(reason(file, None).await.contains("a second time"));
    let other = reason(
        b"email\nx@example.com\n",
        Some(ErrorKind::IdempotencyConflict),
    );
    assert!(other.await.contains("a second time"));
}

/// Has an importer work that meets something else at its first chunk.
async fn work_overtaken(
    acme: &Acme,
    store: &Subject,
    by: impl Future<Output = ()> + Send + 'static,
    is_faulty: bool,
) -> Answer<()> {
    let by = Mutex::new(Some(Box::pin(by) as Elsewhere));
    let store = Intercepted {
        store: store.shared(),
        by: Arc::new(AtChunk { by, is_faulty }),
    };
    let crm = engine(Arc::new(store), &acme.clock, 4);
    Importer::new(crm).work_off().await
}

/// Whoever worked on an import that ended meanwhile, or that somebody else works on by now, leaves it as it is.
pub(crate) async fn a_worker_that_was_overtaken_fails_no_import(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let import = start(&acme, "email\nada@example.com\n").await;
    let (scoped, importer) = (acme.scoped.clone(), Importer::new(acme.crm.clone()));
    let cancels = async move {
        let cancelled = scoped.imports().cancel(import).await;
        cancelled.expect("it goes on");
        importer.work_off().await.expect("the store answers");
    };
    let worked = work_overtaken(&acme, &store, cancels, false).await;
    worked.expect("that it was cancelled is no fault");
    assert_eq!(there(&acme, import).await.status, ImportStatus::Cancelled);

    let rows: String = (0..600).map(|n| format!("c{n}@example.com\n")).collect();
    let import = start(&acme, &format!("email\n{rows}")).await;
    let broken = Intercepted {
        store: store.shared(),
        by: Arc::new(BreaksOff::after(1)),
    };
    let other = Importer::new(engine(Arc::new(broken), &acme.clock, 5));
    let takes_over = async move {
        let one_chunk = other.work_off().await;
        assert_eq!(failure(one_chunk), ErrorKind::Unavailable);
    };
    let worked = work_overtaken(&acme, &store, takes_over, true).await;
    assert_eq!(failure(worked), ErrorKind::Internal);
    assert_eq!(there(&acme, import).await.status, ImportStatus::Running);
    acme.clock.advance_millis(KEPT_BY_THEN_MS);
    work_off(&acme).await;
    let done = there(&acme, import).await;
    assert_eq!((done.status, done.rows), (ImportStatus::Completed, 600));
}
