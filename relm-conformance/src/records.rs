//! The records that cases write, plain ones.

use relm_core::record::association::{Association, AssociationInput};
use relm_core::record::field::{Field, FieldInput, FieldType};
use relm_core::record::object::{Company, Contact, Object, ObjectType};
use relm_core::record::workspace::Workspace;
use relm_core::record::{
    Actor, Change, Delivery, DeliveryStatus, Event, EventData, EventDraft, EventType, Merge,
    Origin, Webhook, WebhookInput,
};
use relm_core::record::{Entry, Record};
use relm_core::store::Write;
use relm_core::value::id::{Id, Kind};
use relm_core::value::request_id::RequestId;
use relm_core::value::scope::{Mode, Scope};
use relm_core::value::time::{SeededRng, Timestamp};
use serde_json::json;

use crate::subject::{NOW, Subject};

/// A record with other values of some members: `with!(contact(1); phone: None)` is `{ let mut record = contact(1); record.phone = None; record }`.
macro_rules! with {
    ($record:expr; $($member:ident: $value:expr),+ $(,)?) => {{
        let mut record = $record;
        $(record.$member = $value;)+
        record
    }};
}
pub(crate) use with;

/// Where cases write.
pub(crate) const SCOPE: Scope = Scope::new(Id::new(Kind::Workspace, WORKSPACE), Mode::Live);
const WORKSPACE: u128 = (1_782_986_400_000 << 80) | 0x5eed_0000_1111_2222_3333;

/// The other mode of the workspace, another workspace, and what is above all of them.
pub(crate) fn others() -> [Scope; 3] {
    let workspace = SCOPE.workspace();
    let next = Id::new(Kind::Workspace, workspace.ulid() + 1);
    [
        Scope::new(workspace, Mode::Test),
        Scope::new(next, Mode::Live),
        Scope::SYSTEM,
    ]
}

/// What a scope has before a case begins: the workspaces of [`SCOPE`] and its [`others`], since none is written to before
/// it is there.
pub(crate) fn given(scope: Scope) -> Vec<Record> {
    if scope != Scope::SYSTEM {
        return Vec::new();
    }
    let ids = [SCOPE, others()[1]].map(Scope::workspace);
    ids.map(|id| workspace(id).into()).to_vec()
}

/// Inserts what is [`given`].
pub(crate) async fn insert_workspaces(store: &Subject) {
    let writes = given(Scope::SYSTEM).into_iter().map(insert).collect();
    store.apply(Scope::SYSTEM, writes).await;
}

/// A workspace.
pub(crate) fn workspace(id: Id) -> Workspace {
    let made = Workspace::new(id, format!("Workspace {id}"), "secret".to_owned(), NOW);
    made.expect("the name is not empty")
}

/// The id of the `n`th record; no two kinds share one, as no two records do.
pub(crate) fn id(kind: Kind, n: u64) -> Id {
    let millis = NOW.as_millis().unsigned_abs() + n / 4;
    Id::new(
        kind,
        (u128::from(millis) << 80) | (u128::from(n) << 8) | kind as u128,
    )
}

/// The `n` that an id of [`id`] was made of.
pub(crate) fn number_of(id: Id) -> u64 {
    (id.ulid() >> 8) as u64
}

/// A contact, of version 1.
pub(crate) fn contact(n: u64) -> Contact {
    let mut contact = Contact::blank(id(Kind::Contact, n), Mode::Live, NOW);
    contact.first_name = Some(format!("Name {n}"));
    contact
}

/// A contact with this e-mail address.
pub(crate) fn contact_of(n: u64, email: &str) -> Contact {
    with!(contact(n); email: Some(email.to_owned()))
}

/// A company, of version 1.
pub(crate) fn company(n: u64) -> Company {
    let mut company = Company::blank(id(Kind::Company, n), Mode::Live, NOW);
    company.name = format!("Company {n}");
    company
}

/// An edge between two records.
pub(crate) fn edge(n: u64, from_id: Id, to_id: Id, label: Option<&str>) -> Association {
    let input = AssociationInput {
        from_id,
        to_id,
        label: label.map(str::to_owned),
        attributes: Default::default(),
    };
    Association::link(id(Kind::Association, n), Mode::Live, NOW, input)
        .expect("two objects can be linked")
}

/// A custom field of contacts.
pub(crate) fn field(n: u64, key: &str) -> Field {
    let input = FieldInput::new(ObjectType::Contact, key, FieldType::Text);
    Field::define(id(Kind::Field, n), Mode::Live, NOW, input).expect("the definition is valid")
}

/// An endpoint that subscribes to everything.
pub(crate) fn webhook(n: u64) -> Webhook {
    let input = WebhookInput {
        url: format!("https://example.com/{n}").as_str().into(),
        event_types: vec!["*".to_owned()].into(),
        ..WebhookInput::default()
    };
    let rng = SeededRng::new(n);
    let made = Webhook::subscribe(
        id(Kind::Webhook, n),
        Mode::Live,
        NOW,
        input,
        &relm_core::record::EndpointRules::default(),
        &rng,
    );
    made.expect("the endpoint is valid").0
}

/// The creation of a contact, as an event.
pub(crate) fn event(n: u64, of: &Contact) -> Event {
    let event_type = EventType::Record(ObjectType::Contact, Change::Created);
    let draft = EventDraft {
        event_type,
        record_id: of.id,
        mode: Mode::Live,
        data: EventData::new(Entry::new(of.clone()).json),
        previous: serde_json::Map::new(),
        merged_from: Vec::new(),
    };
    Event::new(id(Kind::Event, n), origin(n), draft)
}

/// A change of the engine's own, for the `n`th request.
pub(crate) fn origin(n: u64) -> Origin {
    Origin {
        actor: Actor::SYSTEM,
        request_id: RequestId::new(n.into()),
    }
}

/// The moment so many milliseconds after [`NOW`].
pub(crate) fn at(millis: i64) -> Timestamp {
    NOW.saturating_add_millis(millis)
}

/// The id of the `n`th endpoint, whether there is one or not.
pub(crate) fn endpoint(n: u64) -> Id {
    id(Kind::Webhook, n)
}

/// A delivery to the endpoint of this number, pending and due at this moment.
pub(crate) fn delivery(n: u64, webhook: u64, due_at: Timestamp) -> Delivery {
    delivery_to(n, endpoint(webhook), due_at)
}

/// A delivery to this endpoint, pending and due at this moment.
pub(crate) fn delivery_to(n: u64, webhook: Id, due_at: Timestamp) -> Delivery {
    let event_type = EventType::Record(ObjectType::Contact, Change::Created);
    let own = id(Kind::Delivery, n);
    Delivery::pending(own, webhook, id(Kind::Event, n), event_type, due_at)
}

/// The next version of a delivery, changed so.
pub(crate) fn changed_delivery(
    delivery: &Delivery,
    change: impl FnOnce(&mut Delivery),
) -> Delivery {
    let mut after = delivery.clone();
    change(&mut after);
    after.version += 1;
    after
}

/// The last version of a delivery, which waits no more.
pub(crate) fn finished(delivery: &Delivery, status: DeliveryStatus) -> Delivery {
    changed_delivery(delivery, |it| {
        it.status = status;
        it.next_attempt_at = None;
    })
}

/// The write of a new record.
pub(crate) fn insert(record: impl Into<Record>) -> Write {
    Write::Insert(Entry::new(record))
}

/// The write of a changed record.
pub(crate) fn replace(before: impl Into<Record>, after: impl Into<Record>) -> Write {
    Write::Replace {
        before: Entry::new(before),
        after: Entry::new(after),
    }
}

/// The write of a record less.
pub(crate) fn delete(record: impl Into<Record>) -> Write {
    Write::Delete(Entry::new(record))
}

/// The next version of a contact, changed so.
pub(crate) fn changed(contact: &Contact, change: impl FnOnce(&mut Contact)) -> Contact {
    let mut after = contact.clone();
    change(&mut after);
    after.version += 1;
    after
}

/// Gives a record another version, where its kind has any.
pub(crate) fn set_version(record: &mut Record, version: i64) {
    match record {
        Record::Contact(contact) => contact.version = version,
        Record::Company(company) => company.version = version,
        Record::Field(field) => field.version = version,
        Record::Webhook(webhook) => webhook.version = version,
        Record::Delivery(delivery) => delivery.version = version,
        Record::Trashed(trashed) => trashed.version = version,
        Record::UniqueValue(value) => value.version = version,
        Record::Import(import) => import.version = version,
        Record::ImportPart(part) => part.version = version,
        Record::Deal(_)
        | Record::Activity(_)
        | Record::Association(_)
        | Record::Event(_)
        | Record::Key(_)
        | Record::Workspace(_)
        | Record::User(_)
        | Record::Session(_) => {}
    }
}

/// That a record was merged into another.
pub(crate) fn merge(into: Id, is_moving: bool) -> Merge {
    let members = json!({ "into": into, "origin": origin(7), "is_moving": is_moving });
    serde_json::from_value(members).expect("it is one")
}
