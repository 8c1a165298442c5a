//! Everything that a store keeps: typed records, and the JSON document of each.

pub mod association;
pub(crate) mod check;
pub mod column;
mod delivery;
mod document;
mod endpoint;
mod event;
pub mod field;
pub mod filter;
pub(crate) mod hint;
pub mod input;
pub mod key;
pub mod metadata;
pub mod object;
pub(crate) mod object_type;
pub mod patch;
pub mod reference;
#[cfg(feature = "schema")]
mod schema;
pub mod workspace;

pub use delivery::{Attempt, Delivery, DeliveryStatus, DeliveryTag};
pub use document::{Document, Entry};
pub use endpoint::subscription::Subscription;
pub use endpoint::url::ipv4_host;
pub use endpoint::{
    DisabledReason, RotateInput, Rules as EndpointRules, Webhook, WebhookInput, WebhookTag,
    WebhookWithSecret,
};
pub use event::{API_VERSION, Change, Event, EventData, EventDraft, EventTag, EventType};

pub(crate) use delivery::Verdict;
pub(crate) use event::previous;

use serde::de::DeserializeOwned;

use self::association::Association;
use self::column::{Access, Column, ColumnValue, Columns, Searched, descriptions};
use self::field::Field;
use self::key::ApiKey;
use self::metadata::Metadata;
use self::object::{Activity, Company, Contact, Deal};
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

/// `columns_of!(Deal)` is `const COLUMNS: &[Column] = &descriptions::<Deal, 10>(); COLUMNS`.
macro_rules! columns_of {
    ($record:ty) => {{
        const COLUMNS: &[Column] = &descriptions::<$record, { <$record>::COLUMNS.len() }>();
        COLUMNS
    }};
}

/// The columns of a kind. Its id, its version and its document come beside them.
pub const fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Contact => columns_of!(Contact),
        Kind::Company => columns_of!(Company),
        Kind::Deal => columns_of!(Deal),
        Kind::Activity => columns_of!(Activity),
        Kind::Association => columns_of!(Association),
        Kind::Field => columns_of!(Field),
        Kind::Webhook => columns_of!(Webhook),
        Kind::Event => columns_of!(Event),
        Kind::Delivery => columns_of!(Delivery),
        Kind::Key => columns_of!(ApiKey),
        Kind::Workspace => columns_of!(Workspace),
    }
}

/// The column that holds a kind's unique key, if it has one: its index in [`columns`].
pub fn unique_column(kind: Kind) -> Option<usize> {
    columns(kind)
        .iter()
        .position(|column| column.access == Access::Unique)
}

/// The index of a column in [`columns`].
///
/// # Errors
/// `internal_error` where the kind has none of this name.
pub fn column_index(kind: Kind, name: &str) -> Result<usize> {
    columns(kind)
        .iter()
        .position(|column| column.name == name)
        .ok_or_else(|| Error::internal(format!("{kind:?} has no column {name}")))
}

fn value_of<R: Columns>(record: &R, index: usize) -> Option<ColumnValue<'_>> {
    R::COLUMNS[index].value(record)
}

fn text_of<R: Columns>(record: &R, index: usize) -> Option<&str> {
    R::COLUMNS[index].text(record)
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

    /// Its value in the column at this index of [`columns`]; none where it is null. Texts that filters compare are
    /// composed (NFC).
    pub fn value(&self, index: usize) -> Option<ColumnValue<'_>> {
        each!(self, record => value_of(&**record, index))
    }

    /// Every column with the record's value in it.
    pub fn values(&self) -> impl Iterator<Item = (&'static Column, Option<ColumnValue<'_>>)> {
        let columns = columns(self.kind()).iter().enumerate();
        columns.map(|(index, column)| (column, self.value(index)))
    }

    /// The texts that search reads, as they were written.
    pub(crate) fn searched(&self) -> impl Iterator<Item = (Searched, &str)> {
        let columns = columns(self.kind()).iter().enumerate();
        columns.filter_map(|(index, column)| {
            let text = each!(self, record => text_of(&**record, index))?;
            Some((column.searched?, text))
        })
    }

    /// The value that at most one record of its kind and scope has.
    pub fn unique_key(&self) -> Option<String> {
        match self.value(unique_column(self.kind())?)? {
            ColumnValue::Text(key) => Some(key.into_owned()),
            ColumnValue::Integer(_) => None,
        }
    }

    /// Its free-form members and custom fields, where its kind has any.
    pub fn metadata(&self) -> Option<&Metadata> {
        match self {
            Self::Contact(contact) => Some(&contact.metadata),
            Self::Company(company) => Some(&company.metadata),
            Self::Deal(deal) => Some(&deal.metadata),
            Self::Activity(activity) => Some(&activity.metadata),
            Self::Association(_)
            | Self::Field(_)
            | Self::Webhook(_)
            | Self::Event(_)
            | Self::Delivery(_)
            | Self::Key(_)
            | Self::Workspace(_) => None,
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
