//! Whether a record meets a clause: the one meaning that every store must give.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Clause, Comparison, Condition, Target};
use crate::query::terms::number;
use crate::record::Record;
use crate::record::column::ColumnValue;
use crate::record::field::FieldType;
use crate::record::list::ListMember;
use crate::record::metadata::Members;
use crate::value::text::{self, nfc};

/// Whether `record` meets every clause: the predicate that `list` promises, on every store.
pub fn matches(clauses: &[Clause], record: &Record) -> bool {
    if clauses.is_empty() {
        return true;
    }
    let members = record.metadata().map(Members::of);
    let meets = |clause: &Clause, index| clause.condition.holds(record.value(index).as_ref());
    clauses.iter().all(|clause| match &clause.target {
        Target::Id => clause.condition.holds(Some(&record.id().into())),
        Target::Column(index) => meets(clause, *index),
        Target::Either(one, other) => meets(clause, *one) || meets(clause, *other),
        Target::Metadata { key, field_type } => {
            let stored = members.as_ref().and_then(|members| members.get(key));
            clause.condition.holds_for_json(stored, *field_type)
        }
        Target::Addresses => {
            let keys = record.address_keys().into_iter();
            clause
                .condition
                .holds_for_any(&keys.map(ColumnValue::from).collect::<Vec<_>>())
        }
        Target::Phones => {
            let keys = record.phone_keys().into_iter();
            clause
                .condition
                .holds_for_any(&keys.map(ColumnValue::from).collect::<Vec<_>>())
        }
        Target::List(list) => clause.condition.holds_for_list(record, list),
    })
}

impl Comparison {
    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Eq => ordering == Ordering::Equal,
            Self::Neq => ordering != Ordering::Equal,
            Self::Gt => ordering == Ordering::Greater,
            Self::Gte => ordering != Ordering::Less,
            Self::Lt => ordering == Ordering::Less,
            Self::Lte => ordering != Ordering::Greater,
        }
    }
}

impl Condition {
    /// Whether a column's value meets it.
    pub fn holds(&self, stored: Option<&ColumnValue<'_>>) -> bool {
        let Some(stored) = stored else {
            return *self == Self::Null(true);
        };
        match self {
            Self::Compare(comparison, value) => comparison.accepts(stored.cmp(value)),
            Self::In(values) => values.iter().any(|value| value == stored),
            Self::Ilike(pattern) => match stored {
                ColumnValue::Text(text) => pattern.matches(text),
                ColumnValue::Integer(_) => false,
            },
            Self::Null(null) => !null,
        }
    }

    /// Whether a `metadata` value meets it. `neq` is the opposite of `eq` for whatever is there; a value that does not
    /// read as the stored value's type is not equal to it, and neither greater nor less.
    fn holds_for_json(&self, stored: Option<&Value>, field_type: Option<FieldType>) -> bool {
        let Some(stored) = stored else {
            return *self == Self::Null(true);
        };
        // Once, however many values it is compared with.
        let composed = stored.as_str().map(nfc);
        let compare = |value: &ColumnValue<'static>| match value {
            ColumnValue::Text(text) => compare_json(stored, composed.as_deref(), text, field_type),
            ColumnValue::Integer(_) => None,
        };
        if field_type == Some(FieldType::Multiselect) {
            return self.holds_for_set(stored);
        }
        match self {
            Self::Compare(Comparison::Neq, value) => compare(value) != Some(Ordering::Equal),
            Self::Compare(comparison, value) => {
                compare(value).is_some_and(|ordering| comparison.accepts(ordering))
            }
            Self::In(values) => values
                .iter()
                .any(|value| compare(value) == Some(Ordering::Equal)),
            Self::Ilike(pattern) => composed.is_some_and(|text| pattern.matches(&text)),
            Self::Null(null) => !null,
        }
    }

    /// Whether a list meets it: `eq` asks for one that has the value, `in` for one that has any of them, `neq` for one that has others alone.
    /// An empty one is null.
    fn holds_for_list(&self, record: &Record, list: &ListMember) -> bool {
        let mut keys = Vec::new();
        record.each_listed(&mut |of, text| {
            if of.name == list.name {
                keys.push(ColumnValue::from(of.key(text)));
            }
        });
        self.holds_for_any(&keys)
    }

    /// Whether several values meet it, of which there may be none.
    fn holds_for_any(&self, keys: &[ColumnValue<'_>]) -> bool {
        match self {
            Self::Compare(Comparison::Eq, value) => keys.contains(value),
            Self::Compare(Comparison::Neq, value) => !keys.is_empty() && !keys.contains(value),
            Self::In(values) => values.iter().any(|value| keys.contains(value)),
            Self::Null(null) => keys.is_empty() == *null,
            Self::Compare(
                Comparison::Gt | Comparison::Gte | Comparison::Lt | Comparison::Lte,
                _,
            )
            | Self::Ilike(_) => false,
        }
    }

    /// Whether a set meets it: `eq` asks for one that has the choice, `in` for one that has any of them, and `neq` is the opposite of `eq`.
    fn holds_for_set(&self, stored: &Value) -> bool {
        let chosen = stored.as_array().map_or(&[][..], Vec::as_slice);
        let has = |value: &ColumnValue<'static>| match value {
            ColumnValue::Text(text) => {
                let mut chosen = chosen.iter().filter_map(Value::as_str);
                chosen.any(|one| text::is_same(one, text))
            }
            ColumnValue::Integer(_) => false,
        };
        match self {
            Self::Compare(Comparison::Eq, value) => has(value),
            Self::Compare(Comparison::Neq, value) => !has(value),
            Self::In(values) => values.iter().any(has),
            Self::Null(null) => !null,
            Self::Compare(
                Comparison::Gt | Comparison::Gte | Comparison::Lt | Comparison::Lte,
                _,
            )
            | Self::Ilike(_) => false,
        }
    }
}

/// Compares a stored `metadata` value, which `composed` is where it is a text, with a filter's text, read as the stored value's type.
fn compare_json(
    stored: &Value,
    composed: Option<&str>,
    text: &str,
    field_type: Option<FieldType>,
) -> Option<Ordering> {
    match (stored, field_type) {
        (
            Value::String(_),
            None
            | Some(
                FieldType::Text
                | FieldType::Select
                | FieldType::Date
                | FieldType::Url
                | FieldType::Email
                | FieldType::Phone
                | FieldType::Datetime
                | FieldType::Reference,
            ),
        ) => composed.map(|composed| composed.cmp(text)),
        (Value::Number(stored), None | Some(FieldType::Number)) => {
            stored.as_f64()?.partial_cmp(&number(text)?)
        }
        (Value::Bool(stored), None | Some(FieldType::Bool)) => {
            (stored.to_string() == text).then_some(Ordering::Equal)
        }
        (
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_),
            _,
        ) => None,
    }
}
