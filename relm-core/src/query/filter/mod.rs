//! Filters: what a list asks for, and whether a record has it. The one meaning that every store must give.

mod misspelled;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::limits::{FILTER_CLAUSES_MAX, FILTER_IN_VALUES_MAX, FILTER_VALUE_CHARS_MAX};
use crate::query::search;
use crate::record::column::{Column, ColumnType, ColumnValue, Identity};
use crate::record::field::{Field, FieldType, custom_field, custom_field_elsewhere};
use crate::record::hint::{self, Hint};
use crate::record::metadata::{self, Metadata};
use crate::record::object::ObjectType;
use crate::record::{Record, columns, unique_column};
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};
use crate::value::json;
use crate::value::pattern::Pattern;
use crate::value::text::nfc;
use crate::value::time::{Date, Timestamp};

/// The operators of `filter[field][operator]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal; a null field is neither.
    Neq,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// SQL's `ILIKE`: the whole value against a pattern of `%` and `_`, without regard to case.
    Ilike,
    /// Equal to one of a comma-separated list.
    In,
    /// Whether the field is null.
    IsNull,
}

impl Operator {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Eq,
        Self::Neq,
        Self::Gt,
        Self::Gte,
        Self::Lt,
        Self::Lte,
        Self::Ilike,
        Self::In,
        Self::IsNull,
    ];

    /// The name in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Neq => "neq",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Ilike => "ilike",
            Self::In => "in",
            Self::IsNull => "is_null",
        }
    }

    /// Whether the operator means something on a column of this type.
    pub const fn applies_to(self, ty: ColumnType) -> bool {
        match self {
            Self::Eq | Self::Neq | Self::In | Self::IsNull => true,
            Self::Gt | Self::Gte | Self::Lt | Self::Lte => !matches!(ty, ColumnType::Boolean),
            Self::Ilike => matches!(ty, ColumnType::Text { .. }),
        }
    }
}

/// One filter, as a request writes it: `filter[field][operator]=value`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Filter {
    /// `id`, a field of the object, or `metadata.<key>`.
    pub field: String,
    /// The name of an operator; `eq` where a request names none.
    pub operator: String,
    /// What to compare with.
    pub value: String,
}

/// What a clause looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The record's id.
    Id,
    /// The column at this place of the kind's [`columns`].
    Column(usize),
    /// Either of two columns: a clause holds when it holds for one of them.
    Either(usize, usize),
    /// A member of `metadata`; with the type of its definition where it has one.
    Metadata {
        /// The member.
        key: String,
        /// What the definition says it holds.
        field_type: Option<FieldType>,
    },
}

/// Which way two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Eq,
    /// Not equal.
    Neq,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
}

/// What a clause asks of its target. A null target has only [`Condition::Null`].
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// It compares so with a value. A `metadata` value is text here, and read as the stored value's type.
    Compare(Comparison, ColumnValue<'static>),
    /// It equals one of these.
    In(Vec<ColumnValue<'static>>),
    /// It is text that matches.
    Ilike(Pattern),
    /// It is null, or it is not.
    Null(bool),
}

/// One condition on a record. The clauses of a query all hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// What it looks at.
    pub target: Target,
    /// What it asks.
    pub condition: Condition,
}

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
        clauses.push(identified(kind, clause));
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
            is_in && first.operator == filter.operator && first.field == filter.field
        });
        match same {
            Some(place) => groups[place].1.push(&filter.value),
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

/// The clause by what its column's values are compared by: a value is asked for in whatever spelling it may be written in.
fn identified(kind: Kind, clause: Clause) -> Clause {
    let Clause {
        target: Target::Column(place),
        condition,
    } = clause
    else {
        return clause;
    };
    let key = |value: ColumnValue<'static>| match value {
        ColumnValue::Text(text) => columns(kind)[place].identity.key(&text),
        ColumnValue::Integer(_) => value,
    };
    let condition = match condition {
        Condition::Compare(comparison @ (Comparison::Eq | Comparison::Neq), value) => {
            Condition::Compare(comparison, key(value))
        }
        Condition::In(values) => Condition::In(sorted(values.into_iter().map(key).collect())),
        Condition::Compare(..) | Condition::Ilike(_) | Condition::Null(_) => {
            return Clause {
                target: Target::Column(place),
                condition,
            };
        }
    };
    let keys = match columns(kind)[place].identity {
        Identity::Email => unique_column(kind),
        Identity::Value | Identity::Domain | Identity::Code => None,
    };
    Clause {
        target: Target::Column(keys.unwrap_or(place)),
        condition,
    }
}

fn sorted(mut values: Vec<ColumnValue<'static>>) -> Vec<ColumnValue<'static>> {
    values.sort_unstable();
    values.dedup();
    values
}

/// The engine takes `created_at` from the id that it mints, and lists are in the order of ids: a range of the one is a
/// range of the other, which a store need not walk the list for.
fn id_bounds(kind: Kind, condition: &Condition) -> Vec<Clause> {
    let Condition::Compare(comparison, ColumnValue::Integer(at)) = condition else {
        return Vec::new();
    };
    let bound = |comparison, millis: i64| {
        // A ULID holds 48 bits of milliseconds since 1970.
        let millis = u128::try_from(millis)
            .ok()
            .filter(|millis| *millis < 1 << 48)?;
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
        .ok_or_else(|| misspelled::unknown_operator(field, operator, value))?;
    let (target, ty) = target(kind, fields, field)?;
    if !operator.applies_to(ty) {
        let options = Operator::ALL.into_iter().filter(|op| op.applies_to(ty));
        return Err(Error::bad_request(format!(
            "`{}` does not apply to {}, which is of type {}.",
            operator.as_str(),
            Quoted(field),
            ty.name()
        ))
        .options("", options.map(Operator::as_str)));
    }
    let fits = |text: &str| {
        let chars = text.chars().count();
        if chars > FILTER_VALUE_CHARS_MAX {
            return Err(Error::bad_request(format!(
                "A filter's value must be at most {FILTER_VALUE_CHARS_MAX} characters; this has {chars}."
            )));
        }
        Ok(())
    };
    let read = |text: &str| {
        fits(text)?;
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
            fits(value)?;
            Condition::Ilike(Pattern::parse(&nfc(value)).map_err(Error::bad_request)?)
        }
        Operator::In => Condition::In(read_list(values, read)?),
        Operator::IsNull => match value.as_str() {
            "true" => Condition::Null(true),
            "false" => Condition::Null(false),
            other => {
                let message = format!("`is_null` takes true or false, not {}.", Quoted(other));
                return Err(Error::bad_request(message));
            }
        },
    };
    Ok(Clause { target, condition })
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
fn list_values(list: &str) -> Vec<String> {
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
    let shown = columns(kind).iter().filter(|column| column.filterable);
    ["id"]
        .into_iter()
        .chain(shown.map(|column| column.name))
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
    if let Some(place) = find(name) {
        return Ok((Target::Column(place), columns(kind)[place].ty));
    }
    if kind == Kind::Association
        && name == "record_id"
        && let (Some(from), Some(to)) = (find("from_id"), find("to_id"))
    {
        return Ok((Target::Either(from, to), ColumnType::Id(None)));
    }
    if let (Some(object_type), Some(key)) = (ObjectType::of(kind), name.strip_prefix("metadata.")) {
        metadata::check_key(key).map_err(|error| Error::bad_request(error.message()))?;
        let field_type = fields
            .iter()
            .find(|field| field.object_type == object_type && field.key == key)
            .map(|field| field.field_type);
        let key = key.to_owned();
        return Ok((
            Target::Metadata { key, field_type },
            metadata_type(field_type),
        ));
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
        None | Some(FieldType::Text | FieldType::Select) => ColumnType::Text {
            chars_max: FILTER_VALUE_CHARS_MAX,
        },
        Some(FieldType::Number) => ColumnType::Integer,
        Some(FieldType::Date) => ColumnType::Date,
        Some(FieldType::Bool) => ColumnType::Boolean,
    }
}

fn read_value(
    target: &Target,
    ty: ColumnType,
    field: &str,
    text: &str,
) -> Result<ColumnValue<'static>> {
    let given = || Value::from(text);
    let refuse = |expected: &str, hint: Hint| {
        let message = format!(
            "The filter on {} needs {expected}, not {}.",
            Quoted(field),
            Quoted(text)
        );
        Err(hint.on(Error::bad_request(message)))
    };
    const DAY: &str = "a day such as 2026-07-02";
    const MOMENT: &str = "an RFC 3339 time such as 2026-07-02T10:00:00Z";
    if let Target::Metadata { field_type, .. } = target {
        // Kept as text: what it compares as, the stored value's type decides.
        let fits = match field_type {
            None | Some(FieldType::Text | FieldType::Select) => true,
            Some(FieldType::Number) => number(text).is_some(),
            Some(FieldType::Date) => Date::parse(text).is_some(),
            Some(FieldType::Bool) => matches!(text, "true" | "false"),
        };
        return match field_type {
            _ if fits => Ok(nfc(text).into_owned().into()),
            Some(FieldType::Number) => refuse("a number", Hint::default()),
            Some(FieldType::Date) => refuse(DAY, hint::date_meant(&given())),
            Some(FieldType::Bool) => refuse("true or false", Hint::default()),
            None | Some(FieldType::Text | FieldType::Select) => refuse("a text", Hint::default()),
        };
    }
    match ty {
        ColumnType::Text { .. } => Ok(nfc(text).into_owned().into()),
        ColumnType::Id(of) => match Id::parse(text) {
            Some(id) => Ok(id.into()),
            None => {
                let hint = of.map(|kind| hint::id_meant(kind, text));
                refuse("an id", hint.unwrap_or_default())
            }
        },
        ColumnType::Integer => match text.parse::<i64>() {
            Ok(value) => Ok(value.into()),
            Err(_) => {
                let number = text.parse().map(Value::Number);
                let hint = number.map(|number| hint::number_meant(field, &number));
                refuse("an integer", hint.unwrap_or_default())
            }
        },
        ColumnType::Boolean => match text {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => refuse("true or false", Hint::default()),
        },
        ColumnType::Date => match Date::parse(text) {
            Some(date) => Ok(date.into()),
            None => refuse(DAY, hint::date_meant(&given())),
        },
        ColumnType::Timestamp => match Timestamp::parse(text) {
            Some(at) => Ok(at.into()),
            None => refuse(MOMENT, hint::timestamp_meant(&given())),
        },
        ColumnType::Json => refuse("another field", Hint::default()),
    }
}

/// Whether `record` meets every clause: the predicate that `list` promises, on every store.
pub fn matches(clauses: &[Clause], record: &Record) -> bool {
    if clauses.is_empty() {
        return true;
    }
    let columns = columns(record.kind());
    let mut scalars = record.scalars_as_written();
    // A list looks at any number of records: of each, only what is compared is composed.
    let mut holds = |condition: &Condition, place: usize| {
        let scalar = &mut scalars[place];
        if let Some(scalar) = scalar {
            columns[place].compose(scalar);
        }
        condition.holds(scalar.as_ref())
    };
    clauses.iter().all(|clause| match &clause.target {
        Target::Id => clause.condition.holds(Some(&record.id().into())),
        Target::Column(place) => holds(&clause.condition, *place),
        Target::Either(one, other) => {
            holds(&clause.condition, *one) || holds(&clause.condition, *other)
        }
        Target::Metadata { key, field_type } => {
            let stored = metadata_of(record).and_then(|metadata| metadata.get(key));
            clause.condition.holds_for_json(stored, *field_type)
        }
    })
}

/// The `metadata` of a record, where its kind has any.
pub fn metadata_of(record: &Record) -> Option<&Metadata> {
    match record {
        Record::Contact(contact) => Some(&contact.metadata),
        Record::Company(company) => Some(&company.metadata),
        Record::Deal(deal) => Some(&deal.metadata),
        Record::Activity(activity) => Some(&activity.metadata),
        Record::Association(_)
        | Record::Field(_)
        | Record::Webhook(_)
        | Record::Event(_)
        | Record::Delivery(_)
        | Record::Key(_)
        | Record::Workspace(_) => None,
    }
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
        // Normalised once, with however many values it is compared.
        let stored_text = stored.as_str().map(nfc);
        let compare = |value: &ColumnValue<'static>| match value {
            ColumnValue::Text(text) => {
                compare_json(stored, stored_text.as_deref(), text, field_type)
            }
            ColumnValue::Integer(_) => None,
        };
        match self {
            Self::Compare(Comparison::Neq, value) => compare(value) != Some(Ordering::Equal),
            Self::Compare(comparison, value) => {
                compare(value).is_some_and(|ordering| comparison.accepts(ordering))
            }
            Self::In(values) => values
                .iter()
                .any(|value| compare(value) == Some(Ordering::Equal)),
            Self::Ilike(pattern) => stored_text.is_some_and(|text| pattern.matches(&text)),
            Self::Null(null) => !null,
        }
    }
}

/// Compares a stored `metadata` value, whose text is `stored_text` if it is one, with a filter's text, read as the stored
/// value's type.
fn compare_json(
    stored: &Value,
    stored_text: Option<&str>,
    text: &str,
    field_type: Option<FieldType>,
) -> Option<Ordering> {
    match (stored, field_type) {
        (Value::String(_), None | Some(FieldType::Text | FieldType::Select | FieldType::Date)) => {
            Some(stored_text?.cmp(text))
        }
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

/// A JSON number that records accept; integers within 2^53 compare exactly as doubles.
pub(crate) fn number(text: &str) -> Option<f64> {
    let number: serde_json::Number = serde_json::from_str(text).ok()?;
    if !json::check_number(&number) || text.trim().len() != text.len() {
        return None;
    }
    number.as_f64()
}

impl Clause {
    /// Index terms of which every match has one: where there are any, a store reads what holds one of them instead of
    /// walking the list. The clause itself still decides.
    pub fn terms(&self) -> Option<Vec<String>> {
        let Target::Metadata { key, .. } = &self.target else {
            return None;
        };
        let of = |value: &ColumnValue<'static>| match value {
            ColumnValue::Text(text) => search::metadata_terms(key, text),
            ColumnValue::Integer(_) => Vec::new(),
        };
        match &self.condition {
            Condition::Compare(Comparison::Eq, value) => Some(of(value)),
            Condition::In(values) => {
                let mut terms: Vec<String> = values.iter().flat_map(of).collect();
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
