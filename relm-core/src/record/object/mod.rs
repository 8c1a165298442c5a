//! The four things that a CRM is about, and what the engine needs to know of each.

mod activity;
mod company;
mod contact;
mod deal;

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use activity::{Activity, ActivityInput};
pub use company::{Company, CompanyInput};
pub use contact::{Contact, ContactInput};
pub use deal::{Deal, DealInput};

use crate::error::Result;
use crate::record::Record;
use crate::record::column::{Column, ColumnValue};
use crate::record::field::required_choice;
use crate::record::hint::OtherNames;
use crate::record::input::{Patch, Reader};
use crate::record::metadata::Metadata;
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

/// The types of CRM objects, as `object_type`, `from_type` and `to_type` name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ObjectType {
    /// A person.
    Contact,
    /// An organisation.
    Company,
    /// A sale in progress, won or lost.
    Deal,
    /// A call, a meeting, a note: something that happened.
    Activity,
}

/// What other CRMs call the types, and ours in the plural, as paths have it.
pub(crate) const OTHER_NAMES: OtherNames = &[
    (
        &["contacts", "person", "people", "lead", "customer"],
        &["contact"],
    ),
    (
        &[
            "companies",
            "account",
            "organization",
            "organisation",
            "org",
        ],
        &["company"],
    ),
    (&["deals", "opportunity", "opportunities"], &["deal"]),
    (
        &[
            "activities",
            "note",
            "task",
            "call",
            "meeting",
            "engagement",
        ],
        &["activity"],
    ),
];

impl ObjectType {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Contact, Self::Company, Self::Deal, Self::Activity];

    /// The kind of record.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Contact => Kind::Contact,
            Self::Company => Kind::Company,
            Self::Deal => Kind::Deal,
            Self::Activity => Kind::Activity,
        }
    }

    /// The object type of a kind, where it is one.
    pub const fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Contact => Some(Self::Contact),
            Kind::Company => Some(Self::Company),
            Kind::Deal => Some(Self::Deal),
            Kind::Activity => Some(Self::Activity),
            Kind::Association
            | Kind::Field
            | Kind::Webhook
            | Kind::Delivery
            | Kind::Event
            | Kind::Key
            | Kind::Workspace
            | Kind::Request => None,
        }
    }

    /// `contact`, `company`, `deal` or `activity`.
    pub const fn as_str(self) -> &'static str {
        self.kind().name()
    }

    /// Reads what [`ObjectType::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ty| ty.as_str() == text)
    }

    /// The type that a request must name, in a member of this name.
    pub(crate) fn required(name: &str, patch: Patch<String>) -> Result<Self> {
        let options = Self::ALL.map(Self::as_str);
        required_choice(name, patch, options, OTHER_NAMES, Self::parse)
    }

    /// What other CRMs call the members of its records.
    pub(crate) const fn other_names(self) -> OtherNames {
        match self {
            Self::Contact => contact::OTHER_NAMES,
            Self::Company => company::OTHER_NAMES,
            Self::Deal => deal::OTHER_NAMES,
            Self::Activity => activity::OTHER_NAMES,
        }
    }

    /// The columns of its records, in the order of [`Record::scalars`].
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Contact => contact::COLUMNS,
            Self::Company => company::COLUMNS,
            Self::Deal => deal::COLUMNS,
            Self::Activity => activity::COLUMNS,
        }
    }
}

impl fmt::Display for ObjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Members that the engine alone writes, on every record.
pub const READ_ONLY: &[&str] = &[
    "id",
    "object",
    "version",
    "mode",
    "created_at",
    "updated_at",
];

/// A reference from one record to another, by the name of the member that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The member.
    pub name: &'static str,
    /// The kind that it must refer to.
    pub kind: Kind,
    /// The id that it holds.
    pub id: Option<Id>,
}

/// What the engine needs to know of an object to create, change, find and check it.
///
/// Sealed in effect: the engine knows the four implementors, and a store never sees this trait.
pub trait Object:
    Clone + PartialEq + fmt::Debug + Serialize + DeserializeOwned + Into<Record> + Send + Sync + 'static
{
    /// Which of the four it is.
    const TYPE: ObjectType;

    /// What a write may say of it: every member three-state.
    type Input: Clone + fmt::Debug + Default + Send + Sync + 'static;

    /// An object with nothing in it yet.
    fn blank(id: Id, mode: Mode, now: Timestamp) -> Self;

    /// Takes the members of an input from a JSON object.
    ///
    /// # Errors
    /// `validation_failed` or `invalid_reference`, naming the member.
    fn read(reader: &mut Reader) -> Result<Self::Input>;

    /// What an input says of a new object: a null of a member that has a default says what leaving it out says.
    fn for_new(input: Self::Input) -> Self::Input {
        input
    }

    /// Applies an input, normalising what it sets. On an error the object may be half changed: drop it.
    ///
    /// # Errors
    /// `validation_failed`, naming the member.
    fn apply(&mut self, input: Self::Input) -> Result<()>;

    /// Checks that a new object has what it cannot be without.
    ///
    /// # Errors
    /// `validation_failed` or `identifier_required`.
    fn check_complete(&self) -> Result<()>;

    /// Its id.
    fn id(&self) -> Id;

    /// Counts its changes, from 1.
    fn version(&self) -> i64;

    /// Counts one more change, made now. `updated_at` never decreases, whatever the clock does.
    fn touch(&mut self, now: Timestamp);

    /// Its free-form members and custom fields.
    fn metadata(&self) -> &Metadata;

    /// The records that it refers to.
    fn references(&self) -> Vec<Reference>;
}

/// The methods of [`Object`] that only reach a member, the same for all four.
///
/// `head!(Contact)` expands to `fn id(&self) -> Id { self.id }` and so on.
macro_rules! head {
    () => {
        fn id(&self) -> Id {
            self.id
        }

        fn version(&self) -> i64 {
            self.version
        }

        fn touch(&mut self, now: Timestamp) {
            self.version += 1;
            self.updated_at = self.updated_at.max(now);
        }

        fn metadata(&self) -> &Metadata {
            &self.metadata
        }
    };
}
pub(crate) use head;

/// A column's value, or none where the member is null.
pub(crate) fn scalar<'a, T>(member: &'a Option<T>) -> Option<ColumnValue<'a>>
where
    ColumnValue<'a>: From<&'a T>,
{
    member.as_ref().map(ColumnValue::from)
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_map;
    use proptest::option::of;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::value::id::Kind;

    const TEXTS: [&str; 3] = ["first_name", "last_name", "phone"];

    /// A change as JSON: some members absent, some null, some set.
    fn change() -> impl Strategy<Value = Map<String, Value>> {
        let member = || {
            of(prop_oneof![
                Just(Value::Null),
                "[a-z]{0,3}".prop_map(Value::from)
            ])
        };
        let metadata = of(btree_map("[a-c]", of(0..3), 0..3));
        (member(), member(), member(), metadata).prop_map(|(first, last, phone, metadata)| {
            let texts = TEXTS.into_iter().zip([first, last, phone]);
            let texts = texts.filter_map(|(name, value)| Some((name.to_owned(), value?)));
            let metadata = metadata.map(|members| ("metadata".to_owned(), json!(members)));
            texts.chain(metadata).collect()
        })
    }

    fn applied(contact: &Contact, change: &Map<String, Value>) -> Contact {
        let mut reader = Reader::new(Value::Object(change.clone())).unwrap();
        let mut changed = contact.clone();
        changed.apply(Contact::read(&mut reader).unwrap()).unwrap();
        reader.finish().unwrap();
        changed
    }

    /// The rules of a PATCH, on JSON alone.
    fn patched(mut record: Value, change: &Map<String, Value>) -> Value {
        for (name, value) in change {
            match value.as_object() {
                Some(members) => {
                    let metadata = record["metadata"].as_object_mut().unwrap();
                    metadata.extend(members.clone());
                    metadata.retain(|_, value| !value.is_null());
                }
                None => record[name] = value.clone(),
            }
        }
        record
    }

    proptest! {
        #[test]
        fn a_change_touches_what_it_names_and_applies_once(first in change(), second in change()) {
            let id = Id::new(Kind::Contact, 1);
            let contact = Contact::blank(id, Mode::Test, id.timestamp());
            let once = applied(&contact, &first);
            prop_assert_eq!(&applied(&once, &first), &once);
            let then = applied(&once, &second);
            let expected = patched(patched(json!(contact), &first), &second);
            prop_assert_eq!(json!(then), expected);
        }
    }
}
