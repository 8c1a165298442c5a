//! How the filters of a request become clauses.

use std::borrow::Cow;

use serde_json::Value;

use super::rewrite::{id_bounds, identified, renamed, sorted};
use super::{Clause, Comparison, Condition, Filter, Operator, Target, misspelled};
use crate::error::{Error, Result};
use crate::limits::{FILTER_CLAUSES_MAX, FILTER_IN_VALUES_MAX, FILTER_VALUE_CHARS_MAX};
use crate::query::terms::number;
use crate::record::column::{Column, ColumnType, ColumnValue};
use crate::record::field::{Field, FieldType, custom_field, custom_field_elsewhere};
use crate::record::hint::{self, Hint};
use crate::record::object_type::ObjectType;
use crate::record::{columns, list_named, lists, metadata};
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};
use crate::value::pattern::Pattern;
use crate::value::text::{self, nfc};
use crate::value::time::{Date, Timestamp};

/// Reads the filters of a request against what records of `kind` have.
///
/// # Errors
/// `bad_request`, naming the field, for one that does not exist, an operator that does not apply or a value that is
/// not of the field's type.
pub fn parse(kind: Kind, fields: &[Field], filters: &[Filter]) -> Result<Vec<Clause>> {
    let groups = grouped(filters)?;
    let mut clauses = Vec::with_capacity(groups.len());
    for (filter, values) in groups {
        let clause = parse_one(kind, fields, filter, &values);
        let clause = clause.map_err(|error| error.at(&filter.field))?;
        if filter.field == "created_at" {
            clauses.extend(id_bounds(kind, &clause.condition));
        }
        clauses.extend(renamed(kind, fields, identified(kind, fields, clause)));
    }
    Ok(clauses)
}

/// Each filter with its values: those of a repeated `in` on one field are one list, since a value that holds a comma is
/// easier sent alone than escaped.
fn grouped(filters: &[Filter]) -> Result<Vec<(&Filter, Vec<&str>)>> {
    let mut groups: Vec<(&Filter, Vec<&str>)> = Vec::with_capacity(filters.len());
    for filter in filters {
        let is_in = filter.operator == Operator::In.as_str();
        let same = groups.iter().position(|(first, _)| {
            is_in && first.operator == filter.operator && text::is_same(&first.field, &filter.field)
        });
        match same {
            Some(index) => groups[index].1.push(&filter.value),
            None if groups.len() == FILTER_CLAUSES_MAX => {
                return Err(Error::bad_request(format!(
                    "A list takes at most {FILTER_CLAUSES_MAX} filters."
                )));
            }
            None => groups.push((filter, vec![&filter.value])),
        }
    }
    Ok(groups)
}

fn parse_one(kind: Kind, fields: &[Field], filter: &Filter, values: &[&str]) -> Result<Clause> {
    let Filter {
        field,
        operator,
        value,
    } = filter;
    // No record holds it, and not every database can be asked for it.
    let mut texts = [field.as_str(), operator]
        .into_iter()
        .chain(values.iter().copied());
    if texts.any(|text| text.contains('\0')) {
        return Err(Error::bad_request(
            "A filter must not hold the character U+0000.",
        ));
    }
    if field == "metadata" && ObjectType::of(kind).is_some() {
        return Err(misspelled::metadata_as_a_whole(operator, value));
    }
    let operator = Operator::ALL
        .into_iter()
        .find(|known| known.as_str() == operator)
        .ok_or_else(|| match list_named(kind, field) {
            Some(list) => misspelled::unknown_operator_of_list(list, operator, value),
            None => misspelled::unknown_operator(field, operator, value),
        })?;
    let (target, ty) = target(kind, fields, field)?;
    check_operator(operator, &target, ty, field)?;
    let read = |text: &str| {
        check_length(text)?;
        read_value(&target, ty, field, text)
    };
    let condition = match operator {
        Operator::Eq => Condition::Compare(Comparison::Eq, read(value)?),
        Operator::Neq => Condition::Compare(Comparison::Neq, read(value)?),
        Operator::Gt => Condition::Compare(Comparison::Gt, read(value)?),
        Operator::Gte => Condition::Compare(Comparison::Gte, read(value)?),
        Operator::Lt => Condition::Compare(Comparison::Lt, read(value)?),
        Operator::Lte => Condition::Compare(Comparison::Lte, read(value)?),
        Operator::Ilike => {
            check_length(value)?;
            Condition::Ilike(Pattern::parse(&nfc(value)).map_err(Error::bad_request)?)
        }
        Operator::In => Condition::In(read_list(values, read)?),
        Operator::IsNull => Condition::Null(read_null(value)?),
    };
    Ok(Clause { target, condition })
}

/// That an operator means something on a field.
fn check_operator(operator: Operator, target: &Target, ty: ColumnType, field: &str) -> Result<()> {
    let applies = |operator: Operator| match target {
        Target::Metadata {
            field_type: Some(field_type),
            ..
        } => applies_to_field(operator, *field_type),
        // A set is asked for by its values.
        Target::List(_) | Target::Addresses | Target::Phones => {
            applies_to_field(operator, FieldType::Multiselect)
        }
        Target::Id | Target::Column(_) | Target::Either(..) | Target::Metadata { .. } => {
            operator.applies_to(ty)
        }
    };
    if applies(operator) {
        return Ok(());
    }
    let of = match target {
        Target::Metadata { field_type, .. } => field_type.map_or(ty.name(), FieldType::as_str),
        Target::List(_) | Target::Addresses | Target::Phones => "list",
        Target::Id | Target::Column(_) | Target::Either(..) => ty.name(),
    };
    let options = Operator::ALL.into_iter().filter(|op| applies(*op));
    let message = format!(
        "`{}` does not apply to {}, which is of type {of}.",
        operator.as_str(),
        Quoted(field)
    );
    Err(Error::bad_request(message).options("", options.map(Operator::as_str)))
}

fn check_length(value: &str) -> Result<()> {
    let chars = value.chars().count();
    if chars > FILTER_VALUE_CHARS_MAX {
        return Err(Error::bad_request(format!(
            "A filter's value must be at most {FILTER_VALUE_CHARS_MAX} characters; this has {chars}."
        )));
    }
    Ok(())
}

fn read_null(value: &str) -> Result<bool> {
    value.parse().map_err(|_| {
        let message = format!("`is_null` takes true or false, not {}.", Quoted(value));
        Error::bad_request(message)
    })
}

fn read_list(
    lists: &[&str],
    read: impl Fn(&str) -> Result<ColumnValue<'static>>,
) -> Result<Vec<ColumnValue<'static>>> {
    let values: Vec<String> = lists.iter().flat_map(|list| list_values(list)).collect();
    if values.len() > FILTER_IN_VALUES_MAX {
        return Err(Error::bad_request(format!(
            "`in` takes at most {FILTER_IN_VALUES_MAX} values; these are {}.",
            values.len()
        )));
    }
    let read = |value: &String| read(value);
    let values = values.iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(sorted(values))
}

/// The values of a comma-separated list, in which `\,` is a comma and `\\` a backslash; any other backslash is itself.
pub(super) fn list_values(list: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut rest = list.chars().peekable();
    while let Some(char) = rest.next() {
        if char == ',' {
            values.push(String::new());
            continue;
        }
        let escaped = rest.next_if(|next| char == '\\' && matches!(next, ',' | '\\'));
        let last = values.last_mut().expect("there is a first value");
        last.push(escaped.unwrap_or(char));
    }
    values
}

/// The names that a list of `kind` can be filtered by, `metadata.<key>` aside.
pub fn filterable(kind: Kind) -> impl Iterator<Item = &'static str> + Clone {
    let ends = (kind == Kind::Association).then_some("record_id");
    let filterable = columns(kind).iter().filter(|column| column.filterable);
    ["id"]
        .into_iter()
        .chain(filterable.map(|column| column.name))
        .chain(lists(kind).iter().map(|list| list.name))
        .chain(ends)
}

fn target(kind: Kind, fields: &[Field], name: &str) -> Result<(Target, ColumnType)> {
    let find = |name: &str| {
        columns(kind)
            .iter()
            .position(|column: &Column| column.filterable && column.name == name)
    };
    if name == "id" {
        return Ok((Target::Id, ColumnType::Id(Some(kind))));
    }
    if let Some(index) = find(name) {
        return Ok((Target::Column(index), columns(kind)[index].ty));
    }
    if let Some(list) = list_named(kind, name) {
        let chars_max = list.chars_max;
        return Ok((Target::List(list), ColumnType::Text { chars_max }));
    }
    if kind == Kind::Association
        && name == "record_id"
        && let (Some(from), Some(to)) = (find("from_id"), find("to_id"))
    {
        return Ok((Target::Either(from, to), ColumnType::Id(None)));
    }
    if let (Some(object_type), Some(key)) = (ObjectType::of(kind), name.strip_prefix("metadata.")) {
        metadata::check_key(key).map_err(|error| Error::bad_request(error.message()))?;
        let field = fields
            .iter()
            .find(|field| field.is_custom(object_type, key));
        let field_type = field.map(|field| field.field_type);
        let to = field.and_then(|field| field.options.object_type);
        let ty = match metadata_type(field_type) {
            ColumnType::Id(_) => ColumnType::Id(to.map(ObjectType::kind)),
            ty => ty,
        };
        let key = nfc(key).into_owned();
        return Ok((Target::Metadata { key, field_type }, ty));
    }
    let error = Error::bad_request(format!("There is no field {} to filter by.", Quoted(name)));
    let object_type = ObjectType::of(kind);
    match object_type.and_then(|object_type| custom_field(fields, object_type, name)) {
        Some(path) => Err(custom_field_elsewhere(error, name, path)),
        None => {
            let others = misspelled::other_names(kind);
            Err(error.options_or(name, filterable(kind), others))
        }
    }
}

/// How a `metadata` filter's value is read: by its definition, or as text where it has none.
pub const fn metadata_type(field_type: Option<FieldType>) -> ColumnType {
    match field_type {
        None
        | Some(
            FieldType::Text
            | FieldType::Select
            | FieldType::Multiselect
            | FieldType::Url
            | FieldType::Email
            | FieldType::Phone,
        ) => ColumnType::Text {
            chars_max: FILTER_VALUE_CHARS_MAX,
        },
        Some(FieldType::Number) => ColumnType::Integer,
        Some(FieldType::Date) => ColumnType::Date,
        Some(FieldType::Datetime) => ColumnType::Timestamp,
        Some(FieldType::Bool) => ColumnType::Boolean,
        Some(FieldType::Reference) => ColumnType::Id(None),
        Some(FieldType::Currency | FieldType::Json) => ColumnType::Json,
    }
}

/// Whether an operator means something on a custom field of this type.
pub const fn applies_to_field(operator: Operator, field_type: FieldType) -> bool {
    match (operator, field_type) {
        (Operator::IsNull, _) => true,
        (_, FieldType::Currency | FieldType::Json) => false,
        (Operator::Eq | Operator::Neq | Operator::In, _) => true,
        (_, FieldType::Multiselect) => false,
        (
            Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte | Operator::Ilike,
            field_type,
        ) => operator.applies_to(metadata_type(Some(field_type))),
    }
}

const DAY: &str = "a day such as 2026-07-02";
const MOMENT: &str = "an RFC 3339 time such as 2026-07-02T10:00:00Z";

/// That a value is not one that a filter on this field takes.
fn refuse(field: &str, text: &str, expected: &str, hint: Hint) -> Error {
    let message = format!(
        "The filter on {} needs {expected}, not {}.",
        Quoted(field),
        Quoted(text)
    );
    hint.on(Error::bad_request(message))
}

fn read_value(
    target: &Target,
    ty: ColumnType,
    field: &str,
    text: &str,
) -> Result<ColumnValue<'static>> {
    if let Target::Metadata { field_type, .. } = target {
        return read_metadata_value(*field_type, ty, field, text);
    }
    let read = match ty {
        ColumnType::Text { .. } => Some(nfc(text).into_owned().into()),
        ColumnType::Id(_) => Id::parse(text).map(Into::into),
        ColumnType::Integer => text.parse::<i64>().ok().map(Into::into),
        ColumnType::Boolean => text.parse::<bool>().ok().map(Into::into),
        ColumnType::Date => Date::parse(text).map(Into::into),
        ColumnType::Timestamp => Timestamp::parse(text).map(Into::into),
        ColumnType::Json => None,
    };
    read.ok_or_else(|| {
        let (expected, hint) = match ty {
            ColumnType::Text { .. } => ("a text", Hint::default()),
            ColumnType::Id(Some(kind)) => ("an id", hint::id_meant(kind, text)),
            ColumnType::Id(None) => ("an id", Hint::default()),
            ColumnType::Integer => {
                let number = text.parse().map(Value::Number);
                let hint = number.map(|number| hint::number_meant(field, &number));
                ("an integer", hint.unwrap_or_default())
            }
            ColumnType::Boolean => ("true or false", Hint::default()),
            ColumnType::Date => (DAY, hint::date_meant(&text.into())),
            ColumnType::Timestamp => (MOMENT, hint::timestamp_meant(&text.into())),
            ColumnType::Json => ("another field", Hint::default()),
        };
        let hint = if ["", "null", "none", "nil"].contains(&&*text.to_lowercase()) {
            let written = format!("filter[{field}][is_null]=true");
            Hint::sentence(format!(
                "What is null is asked for by {}.",
                Quoted(&written)
            ))
        } else {
            hint
        };
        refuse(field, text, expected, hint)
    })
}

/// A value of `metadata` is kept as text: what it compares as, the stored value's type decides.
fn read_metadata_value(
    field_type: Option<FieldType>,
    ty: ColumnType,
    field: &str,
    text: &str,
) -> Result<ColumnValue<'static>> {
    let (fits, expected, hint) = match ty {
        // What is none of the type's values is asked for all the same, since records from before the definition may have it.
        ColumnType::Text { .. } => (true, "a text", Hint::default()),
        ColumnType::Id(kind) => {
            let hint = kind.map(|kind| hint::id_meant(kind, text));
            let fits = Id::parse(text).is_some();
            (fits, "an id", hint.unwrap_or_default())
        }
        ColumnType::Timestamp => {
            let fits = Timestamp::parse(text).is_some();
            (fits, MOMENT, hint::timestamp_meant(&text.into()))
        }
        // No operator of theirs takes a value.
        ColumnType::Json => (false, "another field", Hint::default()),
        // A number of `metadata` may have decimals.
        ColumnType::Integer => (number(text).is_some(), "a number", Hint::default()),
        ColumnType::Date => {
            let fits = Date::parse(text).is_some();
            (fits, DAY, hint::date_meant(&text.into()))
        }
        ColumnType::Boolean => {
            let fits = text.parse::<bool>().is_ok();
            (fits, "true or false", Hint::default())
        }
    };
    if !fits {
        return Err(refuse(field, text, expected, hint));
    }
    let form = field_type.map_or(Cow::Borrowed(text), |field_type| field_type.form_of(text));
    Ok(nfc(&form).into_owned().into())
}
