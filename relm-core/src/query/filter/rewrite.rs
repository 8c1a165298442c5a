//! What a clause becomes so that a store can decide it by an index: the same records meet it.

use super::{Clause, Comparison, Condition, Target};
use crate::query::terms::{address_term, list_term, listed_term, metadata_terms, phone_term};
use crate::record::column::{ColumnValue, Identity};
use crate::record::field::{Field, FieldType, is_stage, pipeline};
use crate::record::list::ListMember;
use crate::record::object_type::ObjectType;
use crate::record::several::{EMAILS, PHONES};
use crate::record::unique_member::addresses;
use crate::record::{columns, unique_column};
use crate::value::id::{Id, Kind};
use crate::value::text::nfc;

/// The clause by what its column's values are compared by: a value is asked for in whatever spelling it may be written in.
///
/// Addresses of contacts of which any has several are asked for among all of them.
pub(super) fn identified(kind: Kind, fields: &[Field], clause: Clause) -> Clause {
    if let Target::List(list) = clause.target {
        let Clause { target, condition } = listed(list, clause.condition);
        let target = match (kind, list.name) {
            (Kind::Contact, EMAILS) => Target::Addresses,
            (Kind::Contact, PHONES) => Target::Phones,
            _ => target,
        };
        return Clause { target, condition };
    }
    let Clause {
        target: Target::Column(index),
        condition,
    } = clause
    else {
        return clause;
    };
    let key = |value: ColumnValue<'static>| match value {
        ColumnValue::Text(text) => columns(kind)[index].identity.key(&text),
        ColumnValue::Integer(_) => value,
    };
    let condition = match condition {
        Condition::Compare(comparison @ (Comparison::Eq | Comparison::Neq), value) => {
            Condition::Compare(comparison, key(value))
        }
        Condition::In(values) => Condition::In(sorted(values.into_iter().map(key).collect())),
        Condition::Compare(..) | Condition::Ilike(_) | Condition::Null(_) => {
            return Clause {
                target: Target::Column(index),
                condition,
            };
        }
    };
    let keys = match columns(kind)[index].identity {
        Identity::Email => unique_column(kind),
        Identity::Value
        | Identity::Domain
        | Identity::Code
        | Identity::Folded
        | Identity::Phone => None,
    };
    let has_several = || kind == Kind::Contact && addresses(fields).is_some();
    let target = match keys {
        Some(_) if has_several() => Target::Addresses,
        keys => Target::Column(keys.unwrap_or(index)),
    };
    Clause { target, condition }
}

/// What is asked of a list, by what its values are compared by.
fn listed(list: &'static ListMember, condition: Condition) -> Clause {
    let key = |value: ColumnValue<'static>| match value {
        ColumnValue::Text(text) => list.key(&text).into(),
        ColumnValue::Integer(_) => value,
    };
    let condition = match condition {
        Condition::Compare(comparison, value) => Condition::Compare(comparison, key(value)),
        Condition::In(values) => Condition::In(sorted(values.into_iter().map(key).collect())),
        Condition::Ilike(_) | Condition::Null(_) => condition,
    };
    Clause {
        target: Target::List(list),
        condition,
    }
}

/// The engine takes `created_at` from the id that it mints, and lists are in the order of ids: a range of the one is a
/// range of the other, which a store need not walk the list for.
pub(super) fn id_bounds(kind: Kind, condition: &Condition) -> Vec<Clause> {
    let Condition::Compare(comparison, ColumnValue::Integer(at)) = condition else {
        return Vec::new();
    };
    let bound = |comparison, millis: i64| {
        // A ULID holds 48 bits of milliseconds since 1970, which the end of the year 9999, the last that a filter can name, is within.
        let millis = u128::try_from(millis).ok()?;
        Some(Clause {
            target: Target::Id,
            condition: Condition::Compare(comparison, Id::new(kind, millis << 80).into()),
        })
    };
    let from = || bound(Comparison::Gte, *at);
    let until = || bound(Comparison::Lt, at.saturating_add(1));
    match comparison {
        Comparison::Eq => from().into_iter().chain(until()).collect(),
        Comparison::Gt | Comparison::Gte => from().into_iter().collect(),
        Comparison::Lt | Comparison::Lte => until().into_iter().collect(),
        Comparison::Neq => Vec::new(),
    }
}

/// The clause by every name that a choice has while it is being renamed; several, where it asks for none of them.
pub(super) fn renamed(kind: Kind, fields: &[Field], clause: Clause) -> Vec<Clause> {
    let options = |key: &str| {
        let mut fields = fields.iter();
        let of = ObjectType::of(kind)?;
        let field = fields.find(|field| field.is_custom(of, key));
        field.map(|field| &field.options)
    };
    let options = match &clause.target {
        Target::Metadata { key, .. } => options(key),
        Target::Column(index) if is_stage(kind, columns(kind)[*index].name) => {
            pipeline(fields).map(|pipeline| &pipeline.options)
        }
        Target::Id
        | Target::Column(_)
        | Target::Either(..)
        | Target::Addresses
        | Target::Phones
        | Target::List(_) => None,
    };
    let Some(options) = options.filter(|options| !options.renaming.is_empty()) else {
        return vec![clause];
    };
    let names = |value: &ColumnValue<'static>| match value {
        ColumnValue::Text(text) => {
            let names = options.names_of(text).into_iter();
            names.map(|name| nfc(name).into_owned().into()).collect()
        }
        ColumnValue::Integer(_) => vec![value.clone()],
    };
    let Clause { target, condition } = clause;
    let conditions: Vec<Condition> = match condition {
        Condition::Compare(Comparison::Eq, value) => vec![Condition::In(sorted(names(&value)))],
        Condition::In(values) => {
            vec![Condition::In(sorted(
                values.iter().flat_map(names).collect(),
            ))]
        }
        Condition::Compare(Comparison::Neq, value) => {
            let names = names(&value).into_iter();
            names
                .map(|name| Condition::Compare(Comparison::Neq, name))
                .collect()
        }
        Condition::Compare(..) | Condition::Ilike(_) | Condition::Null(_) => vec![condition],
    };
    let conditions = conditions.into_iter();
    let clauses = conditions.map(|condition| Clause {
        target: target.clone(),
        condition,
    });
    clauses.collect()
}

pub(super) fn sorted(mut values: Vec<ColumnValue<'static>>) -> Vec<ColumnValue<'static>> {
    values.sort_unstable();
    values.dedup();
    values
}

impl Clause {
    /// Of addresses, the unique keys of contacts and the index terms of which every match has one: the key of its primary address, or the
    /// term of another.
    pub fn addresses(&self) -> Option<(Vec<String>, Vec<String>)> {
        let values = match (&self.target, &self.condition) {
            (Target::Addresses, Condition::Compare(Comparison::Eq, value)) => {
                std::slice::from_ref(value)
            }
            (Target::Addresses, Condition::In(values)) => values,
            _ => return None,
        };
        let keys = values.iter().filter_map(|value| match value {
            ColumnValue::Text(key) => Some(key.to_string()),
            ColumnValue::Integer(_) => None,
        });
        let keys: Vec<String> = keys.collect();
        let terms = keys.iter().map(|key| address_term(key)).collect();
        Some((keys, terms))
    }

    /// Index terms of which every match has one: where there are any, a store reads what holds one of them instead of
    /// walking the list. The clause itself still decides.
    pub fn terms(&self) -> Option<Vec<String>> {
        let of = |value: &ColumnValue<'static>| match (value, &self.target) {
            (_, Target::Id | Target::Column(_) | Target::Either(..) | Target::Addresses) => None,
            (ColumnValue::Integer(_), _) => Some(Vec::new()),
            (ColumnValue::Text(text), Target::Phones) => phone_term(text).map(|term| vec![term]),
            (ColumnValue::Text(key), Target::List(list)) => Some(vec![list_term(list.name, key)]),
            (ColumnValue::Text(text), Target::Metadata { key, field_type }) => match field_type {
                Some(FieldType::Multiselect) => listed_term(text).map(|term| vec![term]),
                _ => Some(metadata_terms(key, text)),
            },
        };
        match &self.condition {
            Condition::Compare(Comparison::Eq, value) => of(value),
            Condition::In(values) => {
                let terms: Option<Vec<Vec<String>>> = values.iter().map(of).collect();
                let mut terms: Vec<String> = terms?.into_iter().flatten().collect();
                terms.sort_unstable();
                terms.dedup();
                Some(terms)
            }
            Condition::Compare(
                Comparison::Neq
                | Comparison::Gt
                | Comparison::Gte
                | Comparison::Lt
                | Comparison::Lte,
                _,
            )
            | Condition::Ilike(_)
            | Condition::Null(_) => None,
        }
    }
}
