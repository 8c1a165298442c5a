//! Varied records of every kind: values that stores have confused, in ever other company.

use relm_core::limits::INTEGER_MAX;
use relm_core::record::Record;
use relm_core::record::association::Association;
use relm_core::record::field::{Field, FieldType};
use relm_core::record::import::{Import, ImportPart, ImportStatus};
use relm_core::record::key::{ApiKey, KeyAccess};
use relm_core::record::object::{
    Activity, Company, Contact, Deal, EmailAddress, Object, ObjectType, PhoneNumber, PostalAddress,
};
use relm_core::record::session::Session;
use relm_core::record::user::{Role, User};
use relm_core::record::workspace::Workspace;
use relm_core::record::{
    Delivery, DeliveryStatus, Event, EventDraft, EventType, Trashed, UniqueValue,
};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::{Mode, Scope};
use relm_core::value::time::{Date, SeededRng, Timestamp};
use serde_json::json;

use crate::records::with;
use crate::records::{SCOPE, edge, field, id, origin, set_version, webhook};
use crate::subject::NOW;

/// Texts that stores have confused: by case, accent, trailing space, normal form, UTF-16 order, pattern and quote.
pub(crate) const TEXTS: [&str; 30] = [
    "",
    " ",
    "a",
    "A",
    "a ",
    " a",
    "á",
    "a\u{301}",
    "ab",
    "aB",
    "b",
    "B",
    "ß",
    "ss",
    "SS",
    "Ñandú",
    "nandu",
    "\u{D7FF}",
    "\u{E000}",
    "\u{FFFF}",
    "\u{10000}",
    "\u{10FFFF}",
    "10",
    "9",
    "100%",
    "1_0",
    "a\\b",
    "o'neil",
    "\"q\"",
    "x\ny",
];
const INTEGERS: [i64; 8] = [
    0,
    1,
    -1,
    255,
    -256,
    INTEGER_MAX,
    -INTEGER_MAX,
    INTEGER_MAX - 1,
];
const MILLIS: [i64; 8] = [
    0,
    1,
    -1,
    NOW.as_millis(),
    NOW.as_millis() + 1,
    -62_135_596_800_000,
    253_402_300_799_999,
    86_400_000,
];
const DAYS: [&str; 6] = [
    "0001-01-01",
    "9999-12-31",
    "2024-02-29",
    "2026-07-02",
    "2026-07-03",
    "1969-12-31",
];
/// How many varied records there are of a kind: more than there are texts, so that some are twice.
const VARIED: u64 = 42;

/// Picks another value for each record, and another order of them for each member.
struct Pick(usize);

impl Pick {
    fn of<T: Copy>(&self, stride: usize, values: &[T]) -> T {
        values[(self.0 * stride + stride / 2) % values.len()]
    }

    fn text(&self, stride: usize) -> String {
        self.of(stride, &TEXTS).to_owned()
    }

    /// None for every sixth record, another sixth for each stride.
    fn some<T>(&self, stride: usize, value: T) -> Option<T> {
        (!(self.0 + stride).is_multiple_of(6)).then_some(value)
    }

    fn maybe_text(&self, stride: usize) -> Option<String> {
        self.some(stride, self.text(stride))
    }

    /// None, one or two: the same as each other in some records.
    fn texts(&self, stride: usize) -> Vec<String> {
        let texts = [self.text(stride), self.text(stride + 4)];
        texts.into_iter().take(self.0 % 3).collect()
    }

    /// The addresses of a contact, its primary one first where it has one: no two records have one of them.
    fn emails(&self, n: u64) -> Vec<EmailAddress> {
        let primary = self.some(1, format!("{n}{}@example.com", self.text(1)));
        let further = self.some(2, format!("{n}{}@further.example", self.text(23)));
        let further = further.map(|text| EmailAddress::new(text).labelled(self.text(5)));
        primary
            .map(EmailAddress::new)
            .into_iter()
            .chain(further)
            .collect()
    }

    /// Postal addresses, one or none.
    fn addresses(&self) -> Vec<PostalAddress> {
        let address = PostalAddress {
            street: self.maybe_text(3),
            city: Some(self.text(23)).filter(|text| !text.is_empty()),
            country: self.maybe_text(29),
            ..PostalAddress::default()
        };
        self.some(3, vec![address]).unwrap_or_default()
    }

    /// The telephone numbers of a contact, likewise: several have the same.
    fn phones(&self) -> Vec<PhoneNumber> {
        let further = self.some(3, PhoneNumber::new(self.text(29)));
        let primary = self.maybe_text(11).map(PhoneNumber::new);
        primary.into_iter().chain(further).collect()
    }

    fn moment(&self, stride: usize) -> Timestamp {
        Timestamp::from_millis(self.of(stride, &MILLIS))
    }

    fn maybe_id(&self, stride: usize, kind: Kind) -> Option<Id> {
        self.some(stride, id(kind, (self.0 * stride % 7) as u64))
    }
}

/// Records of one kind whose members vary over all that stores have confused, null included.
pub(crate) fn varied(kind: Kind) -> Vec<Record> {
    (0..VARIED).map(|n| varied_one(kind, n)).collect()
}

/// The `n`th record with the values of another, as a later version.
pub(crate) fn varied_as(kind: Kind, n: u64, values_of: u64, version: i64) -> Record {
    let mut record = varied_with(kind, n, &Pick(values_of as usize));
    set_version(&mut record, version);
    record
}

fn varied_one(kind: Kind, n: u64) -> Record {
    varied_with(kind, n, &Pick(n as usize))
}

fn varied_with(kind: Kind, n: u64, pick: &Pick) -> Record {
    let own = id(kind, n);
    match kind {
        Kind::Contact => with!(Contact::blank(own, Mode::Live, NOW); email: pick.some(1, format!("{n}{}@example.com", pick.text(1))), first_name: pick.maybe_text(1), last_name: pick.maybe_text(7), name: pick.maybe_text(19), phone: pick.maybe_text(11), emails: pick.emails(n), phones: pick.phones(), company_id: pick.maybe_id(1, Kind::Company), owner: pick.maybe_text(13), tags: pick.texts(17), addresses: pick.addresses(), created_at: pick.moment(1), updated_at: pick.moment(3))
        .into(),
        Kind::Company => with!(Company::blank(own, Mode::Live, NOW); name: pick.text(1), domain: pick.maybe_text(7), owner: pick.maybe_text(13), tags: pick.texts(19), addresses: pick.addresses(), created_at: pick.moment(3), updated_at: pick.moment(1))
        .into(),
        Kind::Deal => varied_deal(own, pick).into(),
        Kind::Activity => with!(Activity::blank(own, Mode::Live, NOW); activity_type: pick.text(1), subject: pick.maybe_text(7), body: pick.maybe_text(11), contact_id: pick.maybe_id(1, Kind::Contact), deal_id: pick.maybe_id(2, Kind::Deal), company_id: pick.maybe_id(3, Kind::Company), occurred_at: pick.moment(5), due_at: pick.some(4, pick.moment(7)), done_at: pick.some(5, pick.moment(9)), assignee: pick.maybe_text(13), tags: pick.texts(19))
        .into(),
        Kind::Association => varied_edge(n, pick).into(),
        Kind::Field => varied_field(own, n, pick).into(),
        Kind::Webhook => {
            let mut webhook = webhook(n);
            webhook.url = format!("https://example.com/{}", pick.text(1));
            webhook.description = pick.maybe_text(7);
            webhook.enabled = n.is_multiple_of(3);
            webhook.created_at = pick.moment(1);
            webhook.into()
        }
        Kind::Event => varied_event(own, n, pick).into(),
        Kind::Delivery => varied_delivery(own, pick).into(),
        Kind::Key => varied_key(own, n, pick).into(),
        Kind::Trashed => varied_trashed(own, n, pick).into(),
        Kind::UniqueValue => varied_unique_value(own, n, pick).into(),
        Kind::Workspace => {
            let name = format!("{}{n}", pick.text(1));
            let workspace = Workspace::new(own, name, "secret".to_owned(), pick.moment(1));
            workspace.expect("the name is not empty").into()
        }
        Kind::User => varied_user(own, n, pick).into(),
        Kind::Session => {
            let user = id(Kind::User, pick.of(3, &[1, 2, 3]));
            let rng = SeededRng::new(n << 32);
            let mut session = Session::begin(own, user, None, NOW, &rng).session;
            session.created_at = pick.moment(1);
            session.used_at = pick.moment(3);
            session.expires_at = pick.moment(5);
            session.into()
        }
        Kind::Import => varied_import(own, n, pick).into(),
        Kind::ImportPart => varied_import_part(own, n, pick).into(),
    }
}

fn varied_deal(own: Id, pick: &Pick) -> Deal {
    with!(Deal::blank(own, Mode::Live, NOW); title: pick.text(1), value_cents: pick.some(1, pick.of(1, &INTEGERS)), currency: pick.some(2, pick.of(1, &["USD", "EUR", "eur"]).to_owned()), stage: pick.maybe_text(7), close_date: pick.some(4, pick.of(1, &DAYS)).and_then(Date::parse), company_id: pick.maybe_id(1, Kind::Company), primary_contact_id: pick.maybe_id(2, Kind::Contact), owner: pick.maybe_text(13), tags: pick.texts(17))
}

fn varied_edge(n: u64, pick: &Pick) -> Association {
    // Few ends, so that a record is met from both sides; the label keeps the edges apart.
    let ends = [Kind::Contact, Kind::Company, Kind::Deal, Kind::Activity];
    let from = id(pick.of(1, &ends), n % 5);
    let to = id(pick.of(3, &ends), n % 3 + 1);
    let to = if from == to { id(Kind::Deal, 9) } else { to };
    let mut edge = edge(n, from, to, pick.maybe_text(1).as_deref());
    edge.created_at = pick.moment(1);
    edge.inverse_label = pick.maybe_text(7);
    edge.since = pick.some(2, pick.of(1, &DAYS)).and_then(Date::parse);
    edge.until = pick.some(3, pick.of(5, &DAYS)).and_then(Date::parse);
    if edge.label.is_none() {
        edge.to_id = id(edge.to_id.kind(), 100 + n);
    } else if n >= 30 {
        edge.from_id = id(edge.from_id.kind(), 100 + n);
    }
    edge
}

fn varied_field(own: Id, n: u64, pick: &Pick) -> Field {
    with!(field(n, &format!("k{n}")); id: own, object_type: pick.of(1, &ObjectType::ALL), label: pick.text(7), field_type: pick.of(1, &[FieldType::Text, FieldType::Number, FieldType::Bool]), required: n.is_multiple_of(3), created_at: pick.moment(1))
}

fn varied_event(own: Id, n: u64, pick: &Pick) -> Event {
    let types: Vec<EventType> = EventType::all().collect();
    let record_id = id(pick.of(1, &[Kind::Contact, Kind::Deal]), n % 7);
    let mut data = json!({ "id": record_id, "text": pick.text(1) });
    if let Some(from) = pick.maybe_id(2, Kind::Contact) {
        data["from_id"] = json!(from);
        data["to_id"] = json!(id(Kind::Company, n % 5));
    }
    let draft = EventDraft {
        event_type: pick.of(5, &types),
        record_id,
        mode: Mode::Live,
        // As a store reads it.
        data: serde_json::from_value(data).expect("it is JSON"),
        previous: serde_json::Map::new(),
        merged_from: Vec::new(),
    };
    let mut event = Event::new(own, origin(n), draft);
    event.created_at = pick.moment(1);
    event
}

fn varied_delivery(own: Id, pick: &Pick) -> Delivery {
    let types: Vec<EventType> = EventType::all().collect();
    let endpoint = id(Kind::Webhook, pick.of(1, &[1, 2, 3]));
    let event = id(Kind::Event, pick.of(3, &[1, 2, 3, 4, 5]));
    let mut delivery = Delivery::pending(own, endpoint, event, pick.of(5, &types), pick.moment(1));
    delivery.created_at = pick.moment(1);
    delivery.status = pick.of(1, &DeliveryStatus::ALL);
    delivery
}

fn varied_trashed(own: Id, n: u64, pick: &Pick) -> Trashed {
    let kind = pick.of(1, &[Kind::Contact, Kind::Deal, Kind::Association]);
    let document = json!({ "text": pick.text(1) }).to_string();
    with!(Trashed::record(own, id(kind, n), document.into()); record_type: pick.some(1, kind), from_id: pick.maybe_id(1, Kind::Contact), to_id: pick.maybe_id(2, Kind::Company), deleted_at: pick.moment(3))
}

fn varied_unique_value(own: Id, n: u64, pick: &Pick) -> UniqueValue {
    let index = id(Kind::UniqueValue, pick.of(1, &[1_001, 1_002, 1_003]));
    let record = id(pick.of(3, &[Kind::Contact, Kind::Company]), n % 5);
    UniqueValue::of(own, index, format!("{}{n}", pick.text(1)), record)
}

/// As a store reads it: nobody else makes one.
fn varied_import(own: Id, n: u64, pick: &Pick) -> Import {
    let slot = pick.some(1, n);
    let import = json!({
        "id": own, "object": "import", "object_type": pick.of(1, &ObjectType::ALL), "status": pick.of(3, &ImportStatus::ALL),
        "reason": pick.maybe_text(7), "dry_run": n.is_multiple_of(2), "format": "csv", "dedup_on": [], "mapping": null,
        "unmapped": [pick.text(1)], "bytes": 0, "rows_received": 0, "rows": 0, "created": 0, "updated": 0, "unchanged": 0, "failed": 0,
        "rows_per_second": 0, "undo": null, "actor": { "type": "system", "id": null, "name": null },
        "created_at": pick.moment(1), "started_at": null, "ended_at": null, "version": 1,
        "work": {
            "slot": slot, "worker": null, "leased_until": null, "chunks": 0, "next_chunk": 0, "undo_next": null, "header": [],
            "mapping": null, "failed_bytes": 0,
        },
    });
    serde_json::from_value(import).expect("it is an import")
}

fn varied_import_part(own: Id, n: u64, pick: &Pick) -> ImportPart {
    let import = id(Kind::Import, pick.of(3, &[1, 2, 3]));
    let part = json!({
        "id": own, "import_id": import, "part_key": format!("{import}.c{n}"), "version": 1, "content": { "text": pick.text(1) },
    });
    let part = part.to_string();
    serde_json::from_str(&part).expect("it is a piece of an import")
}

fn varied_key(own: Id, n: u64, pick: &Pick) -> ApiKey {
    let workspace = id(Kind::Workspace, n % 3);
    let scope = Scope::new(workspace, pick.of(1, &Mode::ALL));
    let access = pick.of(3, &[KeyAccess::Full, KeyAccess::ReadOnly]);
    let rng = SeededRng::new(n << 32);
    let made = ApiKey::make(own, scope, access, pick.maybe_text(1), NOW, &rng);
    let mut key = made.expect("the name is valid").key;
    key.created_at = pick.moment(1);
    key.revoked_at = pick.some(2, pick.moment(3));
    key
}

fn varied_user(own: Id, n: u64, pick: &Pick) -> User {
    let mut user = User::first_owner(own, NOW);
    user.email = Some(format!("{n}{}@example.com", pick.text(1)));
    user.name = pick.maybe_text(7);
    user.role = pick.of(1, &Role::ALL);
    user.created_at = pick.moment(1);
    user.signed_in_at = pick.some(2, pick.moment(3));
    user
}

/// Where records of a kind live.
pub(crate) fn scope_of(kind: Kind) -> Scope {
    let is_above = matches!(
        kind,
        Kind::Key | Kind::Workspace | Kind::User | Kind::Session
    );
    if is_above {
        return Scope::SYSTEM;
    }
    SCOPE
}
