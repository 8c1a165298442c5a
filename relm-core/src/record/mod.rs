//! Everything that a store keeps: typed records, and the JSON document of each.

mod actor;
pub mod association;
pub(crate) mod check;
pub mod column;
mod delivery;
mod document;
mod endpoint;
mod event;
mod event_type;
pub mod field;
pub mod file;
pub mod filter;
pub(crate) mod hint;
mod history;
pub mod import;
pub mod input;
pub mod key;
pub mod list;
pub mod metadata;
pub mod object;
pub(crate) mod object_type;
pub mod patch;
pub(crate) mod postal;
mod previous;
pub(crate) mod receipt;
pub mod reference;
pub(crate) mod referring;
#[cfg(feature = "schema")]
mod schema;
pub mod session;
pub(crate) mod several;
mod trashed;
pub(crate) mod unique_member;
mod unique_value;
pub mod user;
pub mod workspace;

pub use actor::{Actor, ActorType, Origin};
pub use delivery::{Attempt, Delivery, DeliveryStatus, DeliveryTag};
pub use document::{Document, Entry};
pub use endpoint::subscription::Subscription;
pub use endpoint::url::ipv4_host;
pub use endpoint::{
    DisabledReason, EventFilter, HeaderChanges, RotateInput, Rules as EndpointRules, Webhook,
    WebhookInput, WebhookTag, WebhookWithSecret,
};
pub use event::{API_VERSION, Event, EventData, EventDraft, EventTag};
pub use event_type::{AssociationChange, Change, DefinitionChange, EventType};
pub use history::{HistoryEntry, MemberChange};
pub(crate) use trashed::{MERGED, MERGING};
pub use trashed::{Merge, Trashed, TrashedTag};
pub use unique_value::{UniqueValue, UniqueValueTag};

pub(crate) use delivery::Verdict;
pub(crate) use history::member_changes;
pub(crate) use previous::previous;

use serde::de::DeserializeOwned;

use self::association::Association;
use self::column::{Access, Column, ColumnValue, Columns, Searched, descriptions};
use self::field::Field;
use self::import::{Import, ImportPart};
use self::key::ApiKey;
use self::list::{FURTHER_PHONES, ListMember, Lists, list_descriptions};
use self::metadata::Metadata;
use self::object::{Activity, Company, Contact, Deal};
use self::session::Session;
use self::several::EMAILS;
use self::user::User;
use self::workspace::Workspace;
use crate::error::{Error, Result};
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;

/// `columns_of!(Deal)` is `const COLUMNS: &[Column] = &descriptions::<Deal, 10>(); COLUMNS`.
macro_rules! columns_of {
    ($record:ty) => {{
        const COLUMNS: &[Column] = &descriptions::<$record, { <$record>::COLUMNS.len() }>();
        COLUMNS
    }};
}

/// Makes of the list of records, each named as its kind is, whatever there is one of for each of them:
///
/// ```text
/// pub enum Record { Contact(Box<Contact>), … }
/// pub const fn columns(kind: Kind) -> … { match kind { Kind::Contact => columns_of!(Contact), … } }
/// impl Record { pub const fn kind(&self) -> Kind { … } pub fn from_json(kind: Kind, …) -> Result<Self> { … } }
/// impl From<Contact> for Record { … } …
/// macro_rules! each { ($record:expr, $it:ident => $use:expr) => { match $record { Record::Contact($it) => $use, … } } }
/// ```
macro_rules! records {
    ($dollar:tt $($(#[$doc:meta])* $kind:ident($record:ident)),*) => {
        /// One record, of any kind. It is boxed because it moves often on its way into a store, and a box takes what its
        /// kind needs.
        #[derive(Clone, Debug)]
        pub enum Record { $($(#[$doc])* $kind(Box<$record>)),* }

        /// The columns of a kind. Its id, its version and its document come beside them.
        pub const fn columns(kind: Kind) -> &'static [Column] {
            match kind { $(Kind::$kind => columns_of!($record)),* }
        }

        impl Record {
            /// Its kind.
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind),* }
            }

            /// Reads the document of a record of `kind`.
            ///
            /// # Errors
            /// `internal_error` when it is not one: the store returned what was never given to it.
            pub fn from_json(kind: Kind, json: &str) -> Result<Self> {
                match kind { $(Kind::$kind => decode(json, Self::$kind)),* }
            }
        }

        $(impl From<$record> for Record {
            fn from(record: $record) -> Self { Self::$kind(Box::new(record)) }
        })*

        /// Gives `$record`'s variant to `$use` under the name `$it`, whatever it is.
        macro_rules! each {
            ($dollar record:expr, $dollar it:ident => $dollar used:expr) => {
                match $dollar record { $(Record::$kind($dollar it) => $dollar used),* }
            };
        }
    };
}

records! {
    $
    /// A person.
    Contact(Contact),
    /// An organisation.
    Company(Company),
    /// A sale.
    Deal(Deal),
    /// Something that happened.
    Activity(Activity),
    /// An edge between two of the above.
    Association(Association),
    /// The definition of a custom field.
    Field(Field),
    /// An endpoint.
    Webhook(Webhook),
    /// A change of a record.
    Event(Event),
    /// An event on its way to an endpoint.
    Delivery(Delivery),
    /// An API key; it lives in [`Scope::SYSTEM`](crate::value::scope::Scope::SYSTEM).
    Key(ApiKey),
    /// A tenant; it lives in [`Scope::SYSTEM`](crate::value::scope::Scope::SYSTEM).
    Workspace(Workspace),
    /// A deleted record or association, kept to be restored.
    Trashed(Trashed),
    /// A person who signs in; they live in [`Scope::SYSTEM`](crate::value::scope::Scope::SYSTEM).
    User(User),
    /// A browser that a person signed in with; it lives in [`Scope::SYSTEM`](crate::value::scope::Scope::SYSTEM).
    Session(Session),
    /// A value that one record has, and no other of its type may have.
    UniqueValue(UniqueValue),
    /// A file of records that is taken in.
    Import(Import),
    /// A piece of an import: rows that wait, what became of them, or what a dry run would make of a record.
    ImportPart(ImportPart)
}

fn decode<T: DeserializeOwned>(json: &str, wrap: fn(Box<T>) -> Record) -> Result<Record> {
    serde_json::from_str(json)
        .map(wrap)
        .map_err(Error::internal)
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

/// `lists_of!(Deal)` is `const LISTS: &[ListMember] = &list_descriptions::<Deal, 1>(); LISTS`.
macro_rules! lists_of {
    ($record:ty) => {{
        const LISTS: &[ListMember] = &list_descriptions::<$record, { <$record>::LISTS.len() }>();
        LISTS
    }};
}

/// The members of a kind that have several values.
pub const fn lists(kind: Kind) -> &'static [ListMember] {
    match kind {
        Kind::Contact => lists_of!(Contact),
        Kind::Company => lists_of!(Company),
        Kind::Deal => lists_of!(Deal),
        Kind::Activity => lists_of!(Activity),
        Kind::Association
        | Kind::Field
        | Kind::Webhook
        | Kind::Event
        | Kind::Delivery
        | Kind::Key
        | Kind::Workspace
        | Kind::Trashed
        | Kind::User
        | Kind::Session
        | Kind::UniqueValue
        | Kind::Import
        | Kind::ImportPart => &[],
    }
}

/// Those that a record shows: the others are parts of them, by which it is found.
pub fn shown_lists(kind: Kind) -> impl Iterator<Item = &'static ListMember> + Clone {
    lists(kind).iter().filter(|list| list.part_of.is_none())
}

/// The member of this name of a kind that has several values.
pub fn list_named(kind: Kind, name: &str) -> Option<&'static ListMember> {
    lists(kind).iter().find(|list| list.name == name)
}

fn each_of<R: Lists>(record: &R, kind: Kind, out: &mut dyn FnMut(&'static ListMember, &str)) {
    for (list, of) in lists(kind).iter().zip(R::LISTS) {
        of.each(record, &mut |text| out(list, text));
    }
}

fn value_of<R: Columns>(record: &R, index: usize) -> Option<ColumnValue<'_>> {
    R::COLUMNS[index].value(record)
}

fn text_of<R: Columns>(record: &R, index: usize) -> Option<&str> {
    R::COLUMNS[index].text(record)
}

impl Record {
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
            Self::Trashed(trashed) => trashed.version,
            Self::User(user) => user.version,
            Self::Session(session) => session.version,
            Self::UniqueValue(value) => value.version,
            Self::Import(import) => import.version,
            Self::ImportPart(part) => part.version,
            Self::Event(event) => event.version(),
            Self::Field(field) => field.version,
            Self::Association(association) => association.version,
            Self::Workspace(_) => 1,
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

    /// Hands each value of its lists to `out`, as it was written.
    pub fn each_listed(&self, out: &mut dyn FnMut(&'static ListMember, &str)) {
        match self {
            Self::Contact(contact) => each_of(&**contact, Kind::Contact, out),
            Self::Company(company) => each_of(&**company, Kind::Company, out),
            Self::Deal(deal) => each_of(&**deal, Kind::Deal, out),
            Self::Activity(activity) => each_of(&**activity, Kind::Activity, out),
            Self::Association(_)
            | Self::Field(_)
            | Self::Webhook(_)
            | Self::Event(_)
            | Self::Delivery(_)
            | Self::Key(_)
            | Self::Workspace(_)
            | Self::Trashed(_)
            | Self::User(_)
            | Self::Session(_)
            | Self::UniqueValue(_)
            | Self::Import(_)
            | Self::ImportPart(_) => {}
        }
    }

    /// The value that at most one record of its kind and scope has.
    pub fn unique_key(&self) -> Option<String> {
        match self.value(unique_column(self.kind())?)? {
            ColumnValue::Text(key) => Some(key.into_owned()),
            ColumnValue::Integer(_) => None,
        }
    }

    /// The moment that it waits for: its value in a column that is [awaited](column::Access::Awaited).
    pub fn awaited_at(&self) -> Option<Timestamp> {
        let Self::Activity(activity) = self else {
            return None;
        };
        activity.notify_at()
    }

    /// What all e-mail addresses of a contact are compared by, the primary one first.
    pub fn address_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        if self.kind() == Kind::Contact {
            keys.extend(self.unique_key());
            self.each_listed(&mut |list, text| {
                if list.name == EMAILS {
                    keys.push(list.key(text));
                }
            });
        }
        keys
    }

    /// What all telephone numbers of a contact are compared by.
    pub fn phone_keys(&self) -> Vec<String> {
        let Self::Contact(contact) = self else {
            return Vec::new();
        };
        contact
            .all_phones()
            .iter()
            .map(|it| FURTHER_PHONES.key(&it.phone))
            .collect()
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
            | Self::Workspace(_)
            | Self::Trashed(_)
            | Self::User(_)
            | Self::Session(_)
            | Self::UniqueValue(_)
            | Self::Import(_)
            | Self::ImportPart(_) => None,
        }
    }

    fn to_json(&self) -> String {
        if let Self::Event(event) = self {
            return event.to_json();
        }
        each!(self, record => serde_json::to_string(record))
            .expect("records hold texts, integers and JSON, which always serialise")
    }
}
