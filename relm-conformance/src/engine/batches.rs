//! Batches of contacts over the store: which rows fail, and what the others leave.

use relm_core::engine::{BatchInput, BatchReport, RowStatus};
use relm_core::error::{Error, ErrorKind};
use relm_core::record::object::ContactInput;
use relm_core::value::id::{Id, Kind};

use super::acme::{Acme, company, contact, failure, phone, tagged};
use crate::subject::Subject;

fn upserts(contacts: Vec<ContactInput>) -> BatchInput {
    BatchInput {
        rows: contacts,
        dedup_on: vec!["email".to_owned()],
        atomic: false,
    }
}

fn statuses(report: &BatchReport) -> Vec<RowStatus> {
    report.data.iter().map(|row| row.status).collect()
}

fn kind(report: &BatchReport, row: usize) -> Option<ErrorKind> {
    report.data[row].error.as_ref().map(Error::kind)
}

/// A bad row fails alone, and names the record that it met; the others are created, each with its event.
pub(crate) async fn a_bad_row_fails_alone(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let held = acme
        .scoped
        .contacts()
        .create(contact("held@example.com"))
        .await
        .expect("it is valid");
    let rows = vec![
        contact("a@example.com"),
        contact("nobody"),
        contact("HELD@example.com"),
        ContactInput::default(),
        phone("1"),
    ];
    let input = BatchInput {
        rows,
        ..BatchInput::default()
    };
    let report = acme
        .scoped
        .contacts()
        .batch(input)
        .await
        .expect("the batch is valid");
    use RowStatus::{Created, Failed};
    assert_eq!(
        statuses(&report),
        [Created, Failed, Failed, Failed, Created]
    );
    assert_eq!((report.created, report.failed), (2, 3));
    let kinds = [1, 2, 3].map(|row| kind(&report, row));
    let expected = [
        ErrorKind::ValidationFailed,
        ErrorKind::Conflict,
        ErrorKind::IdentifierRequired,
    ];
    assert_eq!(kinds, expected.map(Some));
    let error = report.data[2].error.as_ref().expect("the row failed");
    assert_eq!(error.existing_id(), Some(held.id));
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), 3);
    assert_eq!(acme.events(&store).await.len(), 3);
}

/// An atomic batch with a bad row leaves nothing; with none it is all there.
pub(crate) async fn an_atomic_batch_is_all_or_nothing(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    acme.scoped
        .contacts()
        .create(contact("held@example.com"))
        .await
        .expect("it is valid");
    let atomic = |contacts| BatchInput {
        rows: contacts,
        atomic: true,
        dedup_on: Vec::new(),
    };
    let bad = atomic(vec![contact("a@example.com"), contact("held@example.com")]);
    let outcome = acme.scoped.contacts().batch(bad).await;
    let field = outcome
        .as_ref()
        .err()
        .and_then(|error| error.field())
        .map(str::to_owned);
    assert_eq!(field.as_deref(), Some("contacts[1].email"));
    assert_eq!(failure(outcome), ErrorKind::Conflict);
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), 1);
    let good = atomic(vec![contact("a@example.com"), contact("b@example.com")]);
    let report = acme
        .scoped
        .contacts()
        .batch(good)
        .await
        .expect("every row is valid");
    assert_eq!(report.created, 2);
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), 3);
    assert_eq!(acme.events(&store).await.len(), 3);
}

/// The same address twice applies in order: one record, and an event for each row that changed something.
pub(crate) async fn rows_apply_in_order(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let row = |phone: &str| ContactInput {
        phone: phone.into(),
        ..contact("ada@example.com")
    };
    let rows = vec![row("1"), row("2"), row("2"), row("3")];
    let report = acme
        .scoped
        .contacts()
        .batch(upserts(rows))
        .await
        .expect("the batch is valid");
    use RowStatus::{Created, Unchanged, Updated};
    assert_eq!(statuses(&report), [Created, Updated, Unchanged, Updated]);
    let documents = acme.all(&store, Kind::Contact).await;
    let ada: relm_core::Contact = documents[0].decode().expect("it is a contact");
    assert_eq!(
        (documents.len(), ada.phone.as_deref(), ada.version),
        (1, Some("3"), 3)
    );
    assert_eq!(report.data[3].record.as_ref(), Some(&ada));
    let types: Vec<&str> = acme
        .events(&store)
        .await
        .iter()
        .map(|event| event.event_type.as_str())
        .collect();
    assert_eq!(
        types,
        ["contact.created", "contact.updated", "contact.updated"]
    );
}

/// An upsert keeps `id`, `created_at` and what the row does not name.
pub(crate) async fn an_upsert_keeps_what_it_does_not_name(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let first = ContactInput {
        first_name: "Ada".into(),
        metadata: tagged("plan", "pro"),
        ..contact("Ada@example.com")
    };
    let ada = acme
        .scoped
        .contacts()
        .create(first)
        .await
        .expect("it is valid");
    acme.clock.advance_millis(1_000);
    let row = ContactInput {
        phone: "1".into(),
        metadata: tagged("city", "London"),
        ..contact("ada@EXAMPLE.com")
    };
    let report = acme
        .scoped
        .contacts()
        .batch(upserts(vec![row.clone()]))
        .await
        .expect("the batch is valid");
    assert_eq!((report.updated, report.data[0].id), (1, Some(ada.id)));
    let now = acme
        .scoped
        .contacts()
        .get(ada.id)
        .await
        .expect("the store reads")
        .expect("it is there");
    assert_eq!(
        (now.created_at, now.version, now.first_name),
        (ada.created_at, 2, ada.first_name)
    );
    assert_eq!((now.phone.as_deref(), now.metadata.len()), (Some("1"), 2));
    let again = acme
        .scoped
        .contacts()
        .batch(upserts(vec![row]))
        .await
        .expect("the batch is valid");
    assert_eq!((again.unchanged, acme.events(&store).await.len()), (1, 2));
}

/// A row that refers to what is not there fails alone.
pub(crate) async fn a_row_with_a_lost_reference_fails_alone(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let shop = acme
        .scoped
        .companies()
        .create(company("Shop"))
        .await
        .expect("it is valid");
    let row = |n: usize, company_id: Id| ContactInput {
        company_id: company_id.into(),
        ..contact(&format!("{n}@example.com"))
    };
    let lost = [1, 2].map(|n| Id::new(Kind::Company, n));
    let rows = vec![
        row(0, shop.id),
        row(1, lost[0]),
        row(2, shop.id),
        row(3, lost[1]),
    ];
    let report = acme
        .scoped
        .contacts()
        .batch(upserts(rows))
        .await
        .expect("the batch is valid");
    use RowStatus::{Created, Failed};
    assert_eq!(statuses(&report), [Created, Failed, Created, Failed]);
    assert_eq!(kind(&report, 1), Some(ErrorKind::InvalidReference));
    assert_eq!(acme.all(&store, Kind::Contact).await.len(), 2);
    assert_eq!(acme.events(&store).await.len(), 3);
}
