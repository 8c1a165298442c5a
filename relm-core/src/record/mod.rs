//! Everything that a store keeps: typed records, and the JSON document of each.

pub mod association;
pub(crate) mod check;
pub mod column;
mod delivery;
mod endpoint;
mod event;
pub mod field;
pub(crate) mod hint;
pub mod input;
pub mod key;
pub mod metadata;
pub mod object;
#[cfg(feature = "schema")]
mod schema;
pub mod workspace;

pub use delivery::{Attempt, Delivery, DeliveryStatus, DeliveryTag};
pub use endpoint::subscription::Subscription;
pub use endpoint::url::ipv4_host;
pub use endpoint::{DisabledReason, Rules as EndpointRules, Webhook, WebhookInput, WebhookTag};
pub use event::{API_VERSION, Change, Event, EventData, EventDraft, EventTag, EventType};

pub(crate) use delivery::Verdict;
pub(crate) use event::previous;

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use self::association::Association;
use self::column::{Access, Column, ColumnValue};
use self::field::Field;
use self::key::ApiKey;
use self::object::{Activity, Company, Contact, Deal, ObjectType};
use self::workspace::Workspace;
use crate::error::{Error, Result};
use crate::value::id::{Id, Kind};

/// One record, of any kind. It is boxed because it moves often on its way into a store, and a box takes what its kind needs.
#[derive(Clone, Debug)]
pub enum Record {
    /// A person.
    Contact(Box<Contact>),
    /// An organisation.
    Company(Box<Company>),
    /// A sale.
    Deal(Box<Deal>),
    /// Something that happened.
    Activity(Box<Activity>),
    /// An edge between two of the above.
    Association(Box<Association>),
    /// The definition of a custom field.
    Field(Box<Field>),
    /// An endpoint.
    Webhook(Box<Webhook>),
    /// A change of a record.
    Event(Box<Event>),
    /// An event on its way to an endpoint.
    Delivery(Box<Delivery>),
    /// An API key; it lives in [`Scope::SYSTEM`](crate::value::scope::Scope::SYSTEM).
    Key(Box<ApiKey>),
    /// A tenant; it lives in [`Scope::SYSTEM`](crate::value::scope::Scope::SYSTEM).
    Workspace(Box<Workspace>),
}

/// Gives `$record`'s variant to `$use` under the name `$it`, whatever it is.
macro_rules! each {
    ($record:expr, $it:ident => $use:expr) => {
        match $record {
            Record::Contact($it) => $use,
            Record::Company($it) => $use,
            Record::Deal($it) => $use,
            Record::Activity($it) => $use,
            Record::Association($it) => $use,
            Record::Field($it) => $use,
            Record::Webhook($it) => $use,
            Record::Event($it) => $use,
            Record::Delivery($it) => $use,
            Record::Key($it) => $use,
            Record::Workspace($it) => $use,
        }
    };
}

/// The kinds that a store keeps, each in a table of its own.
pub const KINDS: [Kind; 11] = [
    Kind::Contact,
    Kind::Company,
    Kind::Deal,
    Kind::Activity,
    Kind::Association,
    Kind::Field,
    Kind::Webhook,
    Kind::Event,
    Kind::Delivery,
    Kind::Key,
    Kind::Workspace,
];

/// The columns of a kind, in the order of [`Record::scalars`]. Its id, its version and its document come beside them.
pub const fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Contact => ObjectType::Contact.columns(),
        Kind::Company => ObjectType::Company.columns(),
        Kind::Deal => ObjectType::Deal.columns(),
        Kind::Activity => ObjectType::Activity.columns(),
        Kind::Association => association::COLUMNS,
        Kind::Field => field::COLUMNS,
        Kind::Webhook => endpoint::COLUMNS,
        Kind::Event => event::COLUMNS,
        Kind::Delivery => delivery::COLUMNS,
        Kind::Key => key::COLUMNS,
        Kind::Workspace => workspace::COLUMNS,
        Kind::Request => &[],
    }
}

/// The column that holds a kind's unique key, if it has one: its place in [`columns`].
pub fn unique_column(kind: Kind) -> Option<usize> {
    columns(kind)
        .iter()
        .position(|column| column.access == Access::Unique)
}

/// The place of a column in [`columns`].
pub(crate) fn column_place(kind: Kind, name: &str) -> Result<usize> {
    columns(kind)
        .iter()
        .position(|column| column.name == name)
        .ok_or_else(|| Error::internal(format!("{kind:?} has no column {name}")))
}

impl Record {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Contact(_) => Kind::Contact,
            Self::Company(_) => Kind::Company,
            Self::Deal(_) => Kind::Deal,
            Self::Activity(_) => Kind::Activity,
            Self::Association(_) => Kind::Association,
            Self::Field(_) => Kind::Field,
            Self::Webhook(_) => Kind::Webhook,
            Self::Event(_) => Kind::Event,
            Self::Delivery(_) => Kind::Delivery,
            Self::Key(_) => Kind::Key,
            Self::Workspace(_) => Kind::Workspace,
        }
    }

    /// Its id.
    pub const fn id(&self) -> Id {
        each!(self, record => record.id)
    }

    /// How many times it was written; 1 for what never changes.
    pub const fn version(&self) -> i64 {
        match self {
            Self::Contact(contact) => contact.version,
            Self::Company(company) => company.version,
            Self::Deal(deal) => deal.version,
            Self::Activity(activity) => activity.version,
            Self::Webhook(webhook) => webhook.version,
            Self::Delivery(delivery) => delivery.version,
            Self::Key(key) => key.version,
            Self::Association(_) | Self::Field(_) | Self::Event(_) | Self::Workspace(_) => 1,
        }
    }

    /// Its column values, in the order of [`columns`]; none where null. Texts that filters compare are composed (NFC).
    pub fn scalars(&self) -> Vec<Option<ColumnValue<'_>>> {
        let mut scalars = self.scalars_as_written();
        for (column, scalar) in columns(self.kind()).iter().zip(&mut scalars) {
            if let (true, Some(scalar)) = (column.filterable, scalar) {
                column.compose(scalar);
            }
        }
        scalars
    }

    /// The same, with texts as they were written.
    pub(crate) fn scalars_as_written(&self) -> Vec<Option<ColumnValue<'_>>> {
        each!(self, record => record.scalars())
    }

    /// The value that at most one record of its kind and scope has.
    pub fn unique_key(&self) -> Option<String> {
        match self {
            Self::Contact(contact) => contact.email_key(),
            Self::Association(association) => Some(association.edge_key()),
            Self::Field(field) => Some(field.field_key()),
            Self::Key(key) => Some(key.digest().to_owned()),
            Self::Workspace(workspace) => Some(workspace.name_key()),
            Self::Company(_)
            | Self::Deal(_)
            | Self::Activity(_)
            | Self::Webhook(_)
            | Self::Event(_)
            | Self::Delivery(_) => None,
        }
    }

    fn to_json(&self) -> String {
        if let Self::Event(event) = self {
            return event.to_json();
        }
        each!(self, record => serde_json::to_string(record))
            .expect("records hold texts, integers and JSON, which always serialise")
    }

    /// Reads the document of a record of `kind`.
    ///
    /// # Errors
    /// `internal_error` when it is not one: the store returned what was never given to it.
    pub fn from_json(kind: Kind, json: &str) -> Result<Self> {
        fn decode<T: DeserializeOwned>(json: &str, wrap: fn(Box<T>) -> Record) -> Result<Record> {
            serde_json::from_str(json)
                .map(wrap)
                .map_err(Error::internal)
        }
        match kind {
            Kind::Contact => decode(json, Self::Contact),
            Kind::Company => decode(json, Self::Company),
            Kind::Deal => decode(json, Self::Deal),
            Kind::Activity => decode(json, Self::Activity),
            Kind::Association => decode(json, Self::Association),
            Kind::Field => decode(json, Self::Field),
            Kind::Webhook => decode(json, Self::Webhook),
            Kind::Event => decode(json, Self::Event),
            Kind::Delivery => decode(json, Self::Delivery),
            Kind::Key => decode(json, Self::Key),
            Kind::Workspace => decode(json, Self::Workspace),
            Kind::Request => Err(Error::internal("a request is not a record")),
        }
    }
}

macro_rules! into_record {
    ($($variant:ident($ty:ty)),*) => {
        $(impl From<$ty> for Record {
            fn from(record: $ty) -> Self {
                Self::$variant(Box::new(record))
            }
        })*
    };
}

// Each line expands to `impl From<Contact> for Record { … Self::Contact(Box::new(record)) … }`.
into_record!(
    Contact(Contact),
    Company(Company),
    Deal(Deal),
    Activity(Activity),
    Association(Association),
    Field(Field),
    Webhook(Webhook),
    Event(Event),
    Delivery(Delivery),
    Key(ApiKey),
    Workspace(Workspace)
);

/// A record and its document, as they go into a store.
#[derive(Clone)]
pub struct Entry {
    /// The record: what the columns, the unique key and the index are taken from.
    pub record: Record,
    /// Its JSON, rendered once: what the store returns, the API answers with and an event tells.
    pub json: Arc<str>,
}

impl Entry {
    /// A record with its JSON.
    pub fn new(record: impl Into<Record>) -> Self {
        let record = record.into();
        let json = record.to_json().into();
        Self { record, json }
    }

    /// The record's document alone.
    pub fn document(&self) -> Document {
        Document {
            id: self.record.id(),
            json: Arc::clone(&self.json),
        }
    }
}

/// A record's JSON, as it comes out of a store: passed through to a client as it is, decoded where its members matter.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// The record's id.
    pub id: Id,
    /// The record's JSON, byte for byte as it was given to the store.
    pub json: Arc<str>,
}

/// Shows the record alone: the JSON of an endpoint holds its secrets.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

/// Shows the JSON, but for that of an endpoint, which holds its secrets.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Document");
        shown.field("id", &self.id);
        match self.id.kind() {
            Kind::Webhook => shown.finish_non_exhaustive(),
            _ => shown.field("json", &self.json).finish(),
        }
    }
}

impl Document {
    /// Reads the document as the record that it is.
    ///
    /// # Errors
    /// `internal_error` when it is not one.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.json).map_err(Error::internal)
    }

    /// Reads the document and keeps both.
    ///
    /// # Errors
    /// `internal_error` when it is not the JSON of its kind.
    pub fn into_entry(self) -> Result<Entry> {
        Ok(Entry {
            record: Record::from_json(self.id.kind(), &self.json)?,
            json: self.json,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::WebhookInput;
    use crate::value::scope::Mode;
    use crate::value::time::{SeededRng, Timestamp};

    #[test]
    fn an_endpoint_s_secret_is_not_in_what_debug_shows() {
        let input = WebhookInput {
            url: "https://example.com/".into(),
            event_types: vec!["*".to_owned()].into(),
            ..WebhookInput::default()
        };
        let id = Id::new(Kind::Webhook, 1);
        let now = Timestamp::from_millis(0);
        let rng = SeededRng::new(1);
        let made = Webhook::subscribe(
            id,
            Mode::Live,
            now,
            input,
            &crate::record::EndpointRules::default(),
            &rng,
        );
        let (webhook, secret) = made.unwrap();
        let entry = Entry::new(webhook);
        assert!(
            entry.json.contains(&secret),
            "without a key it is kept as it is"
        );
        let shown = format!("{entry:?} {:?}", entry.document());
        assert!(!shown.contains("whsec_"), "{shown}");
        assert!(shown.contains(&id.to_string()));
    }
}
