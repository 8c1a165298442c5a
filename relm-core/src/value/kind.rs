//! What an id can name.

use crate::value::from_text::{json_text, named};

/// What an id can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A person.
    Contact,
    /// An organisation.
    Company,
    /// A sale in progress.
    Deal,
    /// A note, call, e-mail, meeting or task.
    Activity,
    /// A labelled link between two records.
    Association,
    /// The definition of a custom field.
    Field,
    /// A webhook endpoint.
    Webhook,
    /// The sending of one event to one endpoint.
    Delivery,
    /// A change that was made.
    Event,
    /// An API key.
    Key,
    /// A tenant.
    Workspace,
    /// A deleted record that can be restored.
    Trashed,
    /// A person who signs in.
    User,
    /// A browser that a person signed in with.
    Session,
    /// A value that one record of its objects has, and no other may have.
    UniqueValue,
    /// A file of records that is being taken in, or was.
    Import,
    /// A piece of an import.
    ImportPart,
}

impl Kind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 17] = [
        Self::Contact,
        Self::Company,
        Self::Deal,
        Self::Activity,
        Self::Association,
        Self::Field,
        Self::Webhook,
        Self::Delivery,
        Self::Event,
        Self::Key,
        Self::Workspace,
        Self::Trashed,
        Self::User,
        Self::Session,
        Self::UniqueValue,
        Self::Import,
        Self::ImportPart,
    ];

    /// What its ids begin with, before the underscore.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Contact => "con",
            Self::Company => "cmp",
            Self::Deal => "deal",
            Self::Activity => "act",
            Self::Association => "asc",
            Self::Field => "fld",
            Self::Webhook => "wh",
            Self::Delivery => "dlv",
            Self::Event => "evt",
            Self::Key => "key",
            Self::Workspace => "ws",
            Self::Trashed => "trs",
            Self::User => "usr",
            Self::Session => "ses",
            Self::UniqueValue => "unq",
            Self::Import => "imp",
            Self::ImportPart => "imt",
        }
    }

    /// What a message calls one.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Key => "API key",
            Self::Contact
            | Self::Company
            | Self::Deal
            | Self::Activity
            | Self::Association
            | Self::Field
            | Self::Webhook
            | Self::Delivery
            | Self::Event
            | Self::Workspace
            | Self::Trashed
            | Self::User
            | Self::Session
            | Self::UniqueValue
            | Self::Import
            | Self::ImportPart => self.name(),
        }
    }

    /// Its name in the JSON member `object`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Company => "company",
            Self::Deal => "deal",
            Self::Activity => "activity",
            Self::Association => "association",
            Self::Field => "field",
            Self::Webhook => "webhook",
            Self::Delivery => "delivery",
            Self::Event => "event",
            Self::Key => "api_key",
            Self::Workspace => "workspace",
            Self::Trashed => "trashed",
            Self::User => "user",
            Self::Session => "session",
            Self::UniqueValue => "unique_value",
            Self::Import => "import",
            Self::ImportPart => "import_part",
        }
    }
}

named!(
    Kind,
    name,
    "the name of a kind of record, such as `contact`"
);
json_text!(Kind, "the name of a kind of record, such as `contact`");
