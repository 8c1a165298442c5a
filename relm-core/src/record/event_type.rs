//! The types of events: what happened to what.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::record::object_type::ObjectType;
use crate::value::from_text::from_str;

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It is new.
    Created,
    /// It has other values.
    Updated,
    /// It is gone.
    Deleted,
    /// It is there again, as it was.
    Restored,
    /// It is gone for good, and what was known of it is being erased.
    Purged,
    /// Others were merged into it: it may have values of theirs, and what referred to them is moved to it.
    Merged,
}

impl Change {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::Updated,
        Self::Deleted,
        Self::Restored,
        Self::Purged,
        Self::Merged,
    ];
}

/// What happened to an association.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssociationChange {
    /// It is there.
    Created,
    /// Something else is said of it.
    Updated,
    /// It is gone.
    Deleted,
}

impl AssociationChange {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Created, Self::Updated, Self::Deleted];
}

/// What happened to a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefinitionChange {
    /// It is new.
    Created,
    /// It says otherwise.
    Updated,
    /// It is gone.
    Deleted,
}

impl DefinitionChange {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Created, Self::Updated, Self::Deleted];
}

/// What an event is about. There will be more: whoever reads events passes over the types that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// The change of a record.
    Record(ObjectType, Change),
    /// An open activity has come to its due moment.
    ActivityDue,
    /// Two records were linked or unlinked, or are linked again since one of them was restored; or what is said of their association
    /// changed. Nothing of this type tells of the associations that go with a record: that it is deleted or purged says so of all of them.
    Association(AssociationChange),
    /// A custom field was defined, or its definition changed or removed.
    Field(DefinitionChange),
    /// Nothing: it was asked for, to try an endpoint out, and goes to that one alone.
    Ping,
}

impl EventType {
    /// All that an endpoint can subscribe to, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_records = ObjectType::ALL
            .into_iter()
            .flat_map(|object_type| Change::ALL.map(|change| Self::Record(object_type, change)));
        of_records
            .chain([Self::ActivityDue])
            .chain(AssociationChange::ALL.map(Self::Association))
            .chain(DefinitionChange::ALL.map(Self::Field))
    }

    /// The name, such as `contact.created`.
    pub const fn as_str(self) -> &'static str {
        let (object_type, change) = match self {
            Self::Record(object_type, change) => (object_type, change),
            Self::ActivityDue => return "activity.due",
            Self::Association(AssociationChange::Created) => return "association.created",
            Self::Association(AssociationChange::Updated) => return "association.updated",
            Self::Association(AssociationChange::Deleted) => return "association.deleted",
            Self::Field(DefinitionChange::Created) => return "field.created",
            Self::Field(DefinitionChange::Updated) => return "field.updated",
            Self::Field(DefinitionChange::Deleted) => return "field.deleted",
            Self::Ping => return "ping",
        };
        match (object_type, change) {
            (ObjectType::Contact, Change::Created) => "contact.created",
            (ObjectType::Contact, Change::Updated) => "contact.updated",
            (ObjectType::Contact, Change::Deleted) => "contact.deleted",
            (ObjectType::Contact, Change::Restored) => "contact.restored",
            (ObjectType::Contact, Change::Purged) => "contact.purged",
            (ObjectType::Contact, Change::Merged) => "contact.merged",
            (ObjectType::Company, Change::Created) => "company.created",
            (ObjectType::Company, Change::Updated) => "company.updated",
            (ObjectType::Company, Change::Deleted) => "company.deleted",
            (ObjectType::Company, Change::Restored) => "company.restored",
            (ObjectType::Company, Change::Purged) => "company.purged",
            (ObjectType::Company, Change::Merged) => "company.merged",
            (ObjectType::Deal, Change::Created) => "deal.created",
            (ObjectType::Deal, Change::Updated) => "deal.updated",
            (ObjectType::Deal, Change::Deleted) => "deal.deleted",
            (ObjectType::Deal, Change::Restored) => "deal.restored",
            (ObjectType::Deal, Change::Purged) => "deal.purged",
            (ObjectType::Deal, Change::Merged) => "deal.merged",
            (ObjectType::Activity, Change::Created) => "activity.created",
            (ObjectType::Activity, Change::Updated) => "activity.updated",
            (ObjectType::Activity, Change::Deleted) => "activity.deleted",
            (ObjectType::Activity, Change::Restored) => "activity.restored",
            (ObjectType::Activity, Change::Purged) => "activity.purged",
            (ObjectType::Activity, Change::Merged) => "activity.merged",
        }
    }

    /// Whether it tells that a record is gone for good.
    pub(crate) const fn is_purge(self) -> bool {
        matches!(self, Self::Record(_, Change::Purged))
    }

    /// Whether it tells that a record has other values, and which those were.
    pub(crate) const fn is_update(self) -> bool {
        matches!(
            self,
            Self::Record(_, Change::Updated | Change::Merged)
                | Self::Association(AssociationChange::Updated)
        )
    }

    /// Reads what [`EventType::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::all()
            .chain([Self::Ping])
            .find(|ty| ty.as_str() == text)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

from_str!(
    EventType,
    EventType::parse,
    "a type of event such as `contact.created`"
);

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("an event type"))
    }
}
