//! The members by whose values at most one live record of an object is known: which there are, and what their values are compared by.

mod canonical;
mod taken;

use serde_json::{Map, Value};

use self::canonical::{canonical, key};

use super::check;
use super::column::{ColumnValue, Identity};
use super::field::{Field, FieldType, UniqueIndexState};
use super::object::Object;
use super::object_type::ObjectType;
use super::{Record, columns, unique_column};
use crate::error::{Error, Result};
use crate::record::hint;
use crate::record::metadata::Metadata;
use crate::value::email;
use crate::value::id::{Id, Kind};
use crate::value::text::nfc;

/// What custom fields are under, as requests name them.
const METADATA: &str = "metadata.";

/// The index of the addresses of contacts: one in each scope.
const ADDRESSES: Id = Id::new(Kind::UniqueValue, 0);

/// A member by whose value at most one live record of an object is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UniqueMember {
    /// What requests and errors call it: `email`, `domain`, `metadata.customer_no`.
    pub path: String,
    /// Whether the values of all records are known. As long as its index is being made they are not: writes keep to it, and no record is
    /// found by it.
    pub is_ready: bool,
    source: Source,
}

/// Where its values are, and what keeps them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// The unique key of the kind; with addresses of which a contact has several, wherever any has.
    OwnKey { has_further: bool },
    /// The addresses of contacts, all those that one takes since some have several.
    Addresses,
    /// A column of the object, by an index of its values.
    Column { name: &'static str, index: Id },
    /// A custom field, by an index of its values.
    Field {
        key: String,
        field_type: FieldType,
        index: Id,
    },
}

/// The unique members of an object, its own first: those that are becoming unique among them, which writes keep to.
pub(crate) fn unique_members(fields: &[Field], of: ObjectType) -> Vec<UniqueMember> {
    let has_further = || addresses(fields).is_some();
    let own = (of == ObjectType::Contact).then(|| UniqueMember {
        path: "email".to_owned(),
        is_ready: true,
        source: Source::OwnKey {
            has_further: has_further(),
        },
    });
    own.into_iter().chain(indexed_members(fields, of)).collect()
}

/// Whether contacts can have several addresses, where that was ever asked for: as long as not every write knows of it, none has.
pub(crate) fn addresses(fields: &[Field]) -> Option<UniqueIndexState> {
    fields.iter().find_map(Field::of_addresses_state)
}

/// All addresses of contacts, which one index keeps apart: that of the primary one is found by the kind's own key beside it.
pub(crate) fn all_addresses() -> UniqueMember {
    UniqueMember {
        path: "email".to_owned(),
        is_ready: true,
        source: Source::Addresses,
    }
}

/// What an address is known by in the index of all addresses.
pub(crate) fn key_of_address(key_of_email: &str) -> String {
    key(ADDRESSES, key_of_email)
}

/// Those of them whose values are kept apart by records of their own. Where nobody made any unique there are none, and nothing is
/// allocated to find that out.
pub(crate) fn indexed_members(
    fields: &[Field],
    of: ObjectType,
) -> impl Iterator<Item = UniqueMember> + '_ {
    let of_it = fields.iter().filter(move |field| field.object_type == of);
    of_it.filter_map(UniqueMember::of_field)
}

/// Whether any member of any object is kept apart so.
pub(crate) fn any_indexed(fields: &[Field]) -> bool {
    fields.iter().any(|field| field.unique_index.is_some())
}

/// The column of an object that a definition can make unique.
pub(crate) fn built_in_column(of: ObjectType, key: &str) -> Option<&'static str> {
    match (of, key) {
        (ObjectType::Company, "domain") => Some("domain"),
        (
            ObjectType::Company | ObjectType::Contact | ObjectType::Deal | ObjectType::Activity,
            _,
        ) => None,
    }
}

impl UniqueMember {
    /// What a definition makes unique, where it does.
    pub fn of_field(field: &Field) -> Option<Self> {
        let kept = field.unique_index.as_ref()?;
        let (index, is_ready) = (kept.id, kept.state == UniqueIndexState::Ready);
        if !field.built_in {
            return Some(Self {
                path: format!("{METADATA}{}", field.key),
                is_ready,
                source: Source::Field {
                    key: field.key.clone(),
                    field_type: field.field_type,
                    index,
                },
            });
        }
        let name = built_in_column(field.object_type, &field.key)?;
        Some(Self {
            path: name.to_owned(),
            is_ready,
            source: Source::Column { name, index },
        })
    }

    /// The index of its values; none where the kind's own unique key keeps them apart.
    pub fn index(&self) -> Option<Id> {
        match self.source {
            Source::OwnKey { .. } => None,
            Source::Addresses => Some(ADDRESSES),
            Source::Column { index, .. } | Source::Field { index, .. } => Some(index),
        }
    }

    /// The kind of record that holds its keys.
    pub fn key_kind(&self, of: ObjectType) -> Kind {
        match self.source {
            Source::OwnKey { .. } => of.kind(),
            Source::Addresses | Source::Column { .. } | Source::Field { .. } => Kind::UniqueValue,
        }
    }

    /// Whether it is the index of all addresses.
    pub fn is_of_addresses(&self) -> bool {
        self.source == Source::Addresses
    }

    /// The same member, by whose values a record is found that has one beside its primary one, whatever the definitions say: where what is
    /// remembered of them may be old, and where what is staged has the first of them.
    pub fn with_further(mut self) -> Self {
        if let Source::OwnKey { has_further } = &mut self.source {
            *has_further = true;
        }
        self
    }

    /// Whether the values that are no unique key of the kind are kept apart by the index of all addresses.
    pub fn has_further(&self) -> bool {
        matches!(self.source, Source::OwnKey { has_further: true })
    }

    /// What the values of an object are compared by: one at most, but for what it has several of.
    pub fn keys_of<T: Object>(&self, object: &T) -> Vec<String> {
        let mut keys: Vec<String> = self.key_of(object).into_iter().collect();
        if let Source::OwnKey { .. } = self.source {
            keys.extend(object.further_keys());
        }
        keys
    }

    fn key_of<T: Object>(&self, object: &T) -> Option<String> {
        let value = |name: &str| {
            let mut columns = T::COLUMNS.iter();
            let column = columns.find(|column| column.column().name == name)?;
            column.value(object)
        };
        match &self.source {
            Source::Addresses => None,
            Source::OwnKey { .. } => {
                let name = columns(T::TYPE.kind())[unique_column(T::TYPE.kind())?].name;
                text_of(value(name)?)
            }
            Source::Column { name, index } => Some(key(*index, &text_of(value(name)?)?)),
            Source::Field { .. } => self.key_of_metadata(object.metadata()),
        }
    }

    /// Whether two states of an object have the value written in one way: then nothing need be compared by anything.
    pub fn is_same<T: Object>(&self, one: &T, other: &T) -> bool {
        match &self.source {
            Source::OwnKey { .. } | Source::Addresses | Source::Column { .. } => {
                let mut columns = T::COLUMNS.iter();
                let column = columns.find(|column| column.column().name == self.path);
                column.is_some_and(|column| column.text(one) == column.text(other))
                    && one.further_keys() == other.further_keys()
            }
            Source::Field { key, .. } => {
                one.metadata().as_map().get(key) == other.metadata().as_map().get(key)
            }
        }
    }

    /// [`keys_of`](Self::keys_of), of a record whatever it is.
    pub fn keys_of_record(&self, record: &Record) -> Vec<String> {
        match &self.source {
            Source::OwnKey { .. } => record.address_keys(),
            Source::Addresses => {
                let keys = record.address_keys();
                keys.iter().map(|key| key_of_address(key)).collect()
            }
            Source::Column { .. } | Source::Field { .. } => {
                self.key_of_record(record).into_iter().collect()
            }
        }
    }

    fn key_of_record(&self, record: &Record) -> Option<String> {
        match &self.source {
            Source::OwnKey { .. } | Source::Addresses => None,
            Source::Column { name, index } => {
                let mut all = columns(record.kind()).iter();
                let column = all.position(|column| column.name == *name)?;
                Some(key(*index, &text_of(record.value(column)?)?))
            }
            Source::Field { .. } => self.key_of_metadata(record.metadata()?),
        }
    }

    /// What the values are compared by that an input sets, but for what is no such value.
    pub fn keys_of_input<T: Object>(&self, input: &T::Input) -> Vec<String> {
        match &self.source {
            Source::OwnKey { .. } | Source::Addresses | Source::Column { .. } => {
                let texts = T::texts_of(input, &self.path).into_iter();
                let mut keys: Vec<String> =
                    texts.filter_map(|text| self.key_of_text(text)).collect();
                if keys.len() > 1 {
                    keys.sort_unstable();
                    keys.dedup();
                }
                keys
            }
            Source::Field { .. } => {
                let key = T::metadata_of(input).and_then(|it| self.key_of_metadata(it));
                key.into_iter().collect()
            }
        }
    }

    /// What a value is compared by that a request names a record by, in the member `at`.
    ///
    /// # Errors
    /// `validation_failed`, where it is no value of the member.
    pub fn key_of_value(&self, value: &Value, at: &str) -> Result<String> {
        let key = match (&self.source, value) {
            (
                Source::OwnKey { .. } | Source::Addresses | Source::Column { .. },
                Value::String(text),
            ) => self.key_of_text(text),
            (Source::OwnKey { .. } | Source::Addresses | Source::Column { .. }, _) => None,
            (
                Source::Field {
                    field_type, index, ..
                },
                value,
            ) => canonical(*field_type, value).map(|text| key(*index, &text)),
        };
        key.ok_or_else(|| self.no_value(value, at))
    }

    fn no_value(&self, value: &Value, at: &str) -> Error {
        let expected = match &self.source {
            Source::OwnKey { .. } | Source::Addresses => "an e-mail address, a string",
            Source::Column { .. } => "a domain name such as example.com",
            Source::Field { field_type, .. } => match field_type {
                FieldType::Number => "a number",
                FieldType::Date => "a day such as 2026-07-02",
                FieldType::Datetime => "an RFC 3339 time such as 2026-07-02T10:00:00Z",
                FieldType::Bool => "true or false",
                _ => "a string",
            },
        };
        let message = format!("`{at}` must be {expected}, not {}.", hint::Shown(value));
        let error = Error::invalid(at, message);
        match (&self.source, value) {
            (Source::OwnKey { .. } | Source::Addresses, Value::String(text)) => {
                hint::email_meant(text).on(error)
            }
            _ => error,
        }
    }

    /// Has an input say this value of the member, where it says none: null is none.
    pub fn set_where_absent(&self, data: &mut Map<String, Value>, value: Value) {
        let members = match &self.source {
            Source::OwnKey { .. } | Source::Addresses | Source::Column { .. } => {
                Some((&self.path, data))
            }
            Source::Field { key, .. } => {
                let metadata = data.entry("metadata").or_insert(Value::Null);
                if metadata.is_null() {
                    *metadata = Value::Object(Map::new());
                }
                metadata.as_object_mut().map(|members| (key, members))
            }
        };
        if let Some((name, members)) = members {
            let member = members.entry(name.as_str()).or_insert(Value::Null);
            if member.is_null() {
                *member = value;
            }
        }
    }

    fn key_of_text(&self, text: &str) -> Option<String> {
        match &self.source {
            Source::OwnKey { .. } => email::parse(text).ok().map(|email| email::key(&email)),
            Source::Addresses => email::parse(text)
                .ok()
                .map(|email| key_of_address(&email::key(&email))),
            Source::Column { index, .. } => {
                let domain = check::domain(text.to_owned()).ok()?;
                let domain = text_of(Identity::Domain.key(&domain))?;
                Some(key(*index, &nfc(&domain)))
            }
            Source::Field { .. } => None,
        }
    }

    fn key_of_metadata(&self, metadata: &Metadata) -> Option<String> {
        let Source::Field {
            key: member,
            field_type,
            index,
        } = &self.source
        else {
            return None;
        };
        let value = metadata.as_map().get(member)?;
        Some(key(*index, &canonical(*field_type, value)?))
    }

    /// The value that a record has of it, as people are shown it.
    pub fn shown_value(&self, record: &Record) -> String {
        let value = match &self.source {
            Source::OwnKey { .. } | Source::Addresses => record.unique_key(),
            Source::Column { name, .. } => {
                let mut all = columns(record.kind()).iter();
                let column = all.position(|column| column.name == *name);
                column.and_then(|column| text_of(record.value(column)?))
            }
            Source::Field { key, .. } => {
                let value = record.metadata().and_then(|it| it.as_map().get(key));
                value.map(|value| match value {
                    Value::String(text) => text.clone(),
                    value => value.to_string(),
                })
            }
        };
        value.unwrap_or_default()
    }
}

fn text_of(value: ColumnValue<'_>) -> Option<String> {
    match value {
        ColumnValue::Text(text) => Some(text.into_owned()),
        ColumnValue::Integer(_) => None,
    }
}

#[cfg(test)]
mod tests;
