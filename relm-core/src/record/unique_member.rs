//! The members by whose values at most one live record of an object is known: which there are, and what their values are compared by.

use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};

use super::check;
use super::column::{ColumnValue, Identity};
use super::field::{Field, FieldType, UniqueIndexState};
use super::object::Object;
use super::object_type::ObjectType;
use super::{Record, columns, unique_column};
use crate::error::{Error, ErrorKind, Result};
use crate::record::hint;
use crate::record::metadata::Metadata;
use crate::value::email;
use crate::value::hex::hex;
use crate::value::id::{Id, Kind};
use crate::value::text::nfc;
use crate::value::time::{Date, Timestamp};

/// What custom fields are under, as requests name them.
const METADATA: &str = "metadata.";

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
    /// The unique key of the kind.
    OwnKey,
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
    let own = (of == ObjectType::Contact).then(|| UniqueMember {
        path: "email".to_owned(),
        is_ready: true,
        source: Source::OwnKey,
    });
    own.into_iter().chain(indexed_members(fields, of)).collect()
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
            Source::OwnKey => None,
            Source::Column { index, .. } | Source::Field { index, .. } => Some(index),
        }
    }

    /// The kind of record that holds its keys.
    pub fn key_kind(&self, of: ObjectType) -> Kind {
        match self.source {
            Source::OwnKey => of.kind(),
            Source::Column { .. } | Source::Field { .. } => Kind::UniqueValue,
        }
    }

    /// What the value of an object is compared by; none where it has no value.
    pub fn key_of<T: Object>(&self, object: &T) -> Option<String> {
        let value = |name: &str| {
            let mut columns = T::COLUMNS.iter();
            let column = columns.find(|column| column.column().name == name)?;
            column.value(object)
        };
        match &self.source {
            Source::OwnKey => {
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
            Source::OwnKey | Source::Column { .. } => {
                let mut columns = T::COLUMNS.iter();
                let column = columns.find(|column| column.column().name == self.path);
                column.is_some_and(|column| column.text(one) == column.text(other))
            }
            Source::Field { key, .. } => {
                one.metadata().as_map().get(key) == other.metadata().as_map().get(key)
            }
        }
    }

    /// [`key_of`](Self::key_of), of a record whatever it is.
    pub fn key_of_record(&self, record: &Record) -> Option<String> {
        match &self.source {
            Source::OwnKey => record.unique_key(),
            Source::Column { name, index } => {
                let mut all = columns(record.kind()).iter();
                let column = all.position(|column| column.name == *name)?;
                Some(key(*index, &text_of(record.value(column)?)?))
            }
            Source::Field { .. } => self.key_of_metadata(record.metadata()?),
        }
    }

    /// What the value is compared by that an input sets; none where it sets none, or what is no such value.
    pub fn key_of_input<T: Object>(&self, input: &T::Input) -> Option<String> {
        match &self.source {
            Source::OwnKey | Source::Column { .. } => {
                self.key_of_text(T::text_of(input, &self.path)?)
            }
            Source::Field { .. } => self.key_of_metadata(T::metadata_of(input)?),
        }
    }

    /// What a value is compared by that a request names a record by, in the member `at`.
    ///
    /// # Errors
    /// `validation_failed`, where it is no value of the member.
    pub fn key_of_value(&self, value: &Value, at: &str) -> Result<String> {
        let key = match (&self.source, value) {
            (Source::OwnKey | Source::Column { .. }, Value::String(text)) => self.key_of_text(text),
            (Source::OwnKey | Source::Column { .. }, _) => None,
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
            Source::OwnKey => "an e-mail address, a string",
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
            (Source::OwnKey, Value::String(text)) => hint::email_meant(text).on(error),
            _ => error,
        }
    }

    /// Has an input say this value of the member, where it says none: null is none.
    pub fn set_where_absent(&self, data: &mut Map<String, Value>, value: Value) {
        let members = match &self.source {
            Source::OwnKey | Source::Column { .. } => Some((&self.path, data)),
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
            Source::OwnKey => email::parse(text).ok().map(|email| email::key(&email)),
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

    /// That another record has a value of it.
    pub fn taken(&self, of: ObjectType, holder: Id) -> Error {
        let path = &self.path;
        let which = match self.source {
            Source::OwnKey => ";",
            Source::Column { .. } | Source::Field { .. } => ", which is unique:",
        };
        let message = format!(
            "Another {of} has this `{path}`{which} update that one, or send a batch with `dedup_on`."
        );
        Error::new(ErrorKind::Conflict, message)
            .at(path.as_str())
            .existing(holder)
    }

    /// The value that a record has of it, as people are shown it.
    pub fn shown_value(&self, record: &Record) -> String {
        let value = match &self.source {
            Source::OwnKey => record.unique_key(),
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

/// The unique key of a value: of one length, however long the value is, and without it.
fn key(index: Id, canonical: &str) -> String {
    format!("{}:{}", index.text(), hex(&Sha256::digest(canonical)))
}

/// The one form of a value of a field; none where the field does not hold it. Two values have one form exactly where a filter that asks
/// for one of them finds the other.
fn canonical(field_type: FieldType, value: &Value) -> Option<String> {
    match (field_type, value) {
        (FieldType::Datetime, Value::String(text)) => {
            Timestamp::parse(text).map(|at| at.to_string())
        }
        (
            FieldType::Text
            | FieldType::Select
            | FieldType::Url
            | FieldType::Email
            | FieldType::Phone,
            Value::String(text),
        ) => Some(nfc(&field_type.form_of(text)).into_owned()),
        (FieldType::Date, Value::String(text)) => Date::parse(text).map(|day| day.to_string()),
        (FieldType::Number, Value::Number(number)) => canonical_number(number),
        (FieldType::Bool, Value::Bool(value)) => Some(value.to_string()),
        _ => None,
    }
}

/// A number by its value: 1 and 1.0 are one, and so are 0 and -0.0.
fn canonical_number(number: &Number) -> Option<String> {
    let value = number.as_f64()?;
    // Adding nothing has a negative zero be zero.
    Some(format!("{:016x}", (value + 0.0).to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_one_that_a_filter_for_equality_takes_for_one() {
        let one = |of, a: Value, b: Value| canonical(of, &a) == canonical(of, &b);
        assert!(one(FieldType::Text, json!("\u{e9}"), json!("e\u{301}")));
        assert!(!one(FieldType::Text, json!("AB-1"), json!("ab-1")));
        assert!(!one(FieldType::Text, json!("1"), json!(" 1")));
        assert!(one(
            FieldType::Email,
            json!("Ada@x.example"),
            json!("ada@X.example")
        ));
        assert!(one(
            FieldType::Phone,
            json!("+1 (415) 555-0132"),
            json!("0014155550132")
        ));
        assert!(!one(
            FieldType::Url,
            json!("https://x.example/a"),
            json!("https://x.example/A")
        ));
        assert!(one(
            FieldType::Datetime,
            json!("2026-07-02T10:00:00Z"),
            json!("2026-07-02T12:00:00.000+02:00")
        ));
        assert!(one(FieldType::Number, json!(1), json!(1.0)));
        assert!(one(FieldType::Number, json!(0), json!(-0.0)));
        assert!(!one(FieldType::Number, json!(1), json!(1.000_000_1)));
        assert!(!one(
            FieldType::Date,
            json!("2026-07-02"),
            json!("2026-07-03")
        ));
        for (of, value) in [
            (FieldType::Text, json!(1)),
            (FieldType::Number, json!("1")),
            (FieldType::Date, json!("soon")),
            (FieldType::Text, Value::Null),
        ] {
            assert_eq!(canonical(of, &value), None, "{value}");
        }
    }

    #[test]
    fn a_key_is_as_short_as_an_index_asks_whatever_the_value() {
        let index = Id::new(Kind::UniqueValue, 7);
        let [short, long] = ["a".to_owned(), "a".repeat(16_000)].map(|text| key(index, &text));
        assert_eq!(short.len(), long.len());
        assert_ne!(short, long);
        assert!(!long.contains("aaaa"));
    }
}
