//! How a batch of operations is read, and one operation of it.

use serde_json::{Map, Value};

use super::name::{OperationName, read_name};
use super::references::{Named, REF, check_reference, look_up, reference_of, resolved};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCH_ROWS_MAX, DEDUP_KEYS_MAX};
use crate::record::field::Field;
use crate::record::hint;
use crate::record::input::{Reader, type_name};
use crate::record::object_type::{self, ObjectType};
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};
use crate::value::spelling::OtherNames;

/// The object that `link` and `unlink` are about, and that `update` can be about.
const ASSOCIATION: &str = "association";

/// What other APIs call the members of a batch.
const BODY_NAMES: OtherNames = &[
    (
        &[
            "data", "requests", "ops", "actions", "batch", "items", "rows",
        ],
        &["operations"],
    ),
    (
        &["all_or_nothing", "transaction", "transactional"],
        &["atomic"],
    ),
];

/// What other APIs call the members of an operation.
const OPERATION_NAMES: OtherNames = &[
    (&["operation", "action", "method", "verb"], &["op"]),
    (&["object_type", "type", "resource", "kind"], &["object"]),
    (
        &[
            "properties",
            "attributes",
            "body",
            "record",
            "values",
            "fields",
            "params",
        ],
        &["data"],
    ),
    (&["version", "if_match", "etag"], &["if_version"]),
    (
        &[
            "reference",
            "reference_id",
            "alias",
            "temp_id",
            "client_id",
            "name",
        ],
        &["ref"],
    ),
    (
        &["dedup_on", "where", "filter", "unique_by", "on"],
        &["match"],
    ),
    (&["record_id", "object_id"], &["id"]),
];

/// The operations of a batch, and whether it is atomic.
pub(super) fn read_body(body: Value) -> Result<(Vec<Value>, bool)> {
    if body.is_array() {
        return Err(Error::bad_request(
            "The body must be a JSON object, not an array: {\"operations\": […]}.",
        ));
    }
    let mut reader = Reader::new(body)?;
    reader.knowing(BODY_NAMES);
    let operations = reader.take("operations");
    let is_atomic = *reader.boolean("atomic")?.as_set().unwrap_or(&true);
    reader.finish()?;
    let Some(Value::Array(operations)) = operations else {
        return Err(Error::invalid(
            "operations",
            format!("`operations` must be a list of 1 to {BATCH_ROWS_MAX} operations."),
        ));
    };
    if !(1..=BATCH_ROWS_MAX).contains(&operations.len()) {
        let count = operations.len();
        return Err(Error::invalid(
            "operations",
            format!("`operations` must hold 1 to {BATCH_ROWS_MAX} of them; it holds {count}."),
        ));
    }
    Ok((operations, is_atomic))
}

/// What an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Object(ObjectType),
    Association,
}

impl Subject {
    const fn of(kind: Kind) -> Option<Self> {
        match (ObjectType::of(kind), kind) {
            (Some(of), _) => Some(Self::Object(of)),
            (None, Kind::Association) => Some(Self::Association),
            (None, _) => None,
        }
    }

    const fn object_type(self) -> Option<ObjectType> {
        match self {
            Self::Object(of) => Some(of),
            Self::Association => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Object(of) => of.as_str(),
            Self::Association => ASSOCIATION,
        }
    }
}

/// One operation, whose references are resolved.
pub(super) struct Operation {
    pub name: OperationName,
    pub subject: Subject,
    /// The record; none of one that is made, or is named by its key.
    pub id: Option<Id>,
    /// The unique values by which it is named.
    pub key: Option<Map<String, Value>>,
    pub data: Option<Value>,
    pub expected: Option<i64>,
}

impl Operation {
    pub fn read(value: &Value, fields: &[Field], named: &Named) -> Result<Self> {
        let Value::Object(members) = value else {
            let message = format!("An operation must be an object, not {}.", type_name(value));
            return Err(Error::new(ErrorKind::ValidationFailed, message));
        };
        let mut reader = Reader::new(Value::Object(members.clone()))?;
        reader.knowing(OPERATION_NAMES);
        let name = read_name(&mut reader)?;
        let object = reader.take("object");
        let id = read_id(reader.take("id"), named)?;
        let key = reader.take("match").filter(|key| !key.is_null());
        let data = reader.take("data").filter(|data| !data.is_null());
        let expected = reader.integer("if_version")?.as_set().copied();
        check_reference(&mut reader, named)?;
        reader.finish()?;
        let subject = subject(name, object, id)?;
        let operation = Self {
            name,
            subject,
            id,
            key: key.map(|key| read_key(name, subject, key)).transpose()?,
            data: data
                .map(|data| resolved(data, subject.object_type(), fields, named))
                .transpose()?,
            expected,
        };
        operation.check()?;
        Ok(operation)
    }

    /// Whether it says what its name needs, and no more.
    fn check(&self) -> Result<()> {
        let name = self.name.as_str();
        let (by_id, by_key) = (self.id.is_some(), self.key.is_some());
        let (needs_record, takes_key, takes_data) = match self.name {
            OperationName::Create | OperationName::Link => (false, false, true),
            OperationName::Update => (true, true, true),
            OperationName::Upsert => (true, true, true),
            OperationName::Delete => (true, true, false),
            OperationName::Restore | OperationName::Unlink => (true, false, false),
        };
        if by_key && !takes_key {
            let message = match needs_record {
                true => format!("`{name}` names its record by `id`: leave `match` out."),
                false => format!("`{name}` makes a new record: leave `match` out."),
            };
            return Err(Error::invalid("match", message));
        }
        if self.name == OperationName::Upsert && !by_key {
            return Err(Error::invalid(
                "match",
                "`upsert` needs `match`, such as {\"email\": \"ada@example.com\"}; what has an `id` is there, and is for `update`.",
            ));
        }
        if by_id && (by_key || !needs_record) {
            let message = match by_key {
                true => format!("`{name}` names its record by `id` or by `match`, not by both."),
                false => {
                    format!("`{name}` makes a new record, and with it its id: leave `id` out.")
                }
            };
            return Err(Error::invalid("id", message));
        }
        if needs_record && !by_id && !by_key {
            let message = format!("`{name}` needs the `id` of its record.");
            return Err(Error::invalid("id", message));
        }
        match (&self.data, takes_data) {
            (None, true) => Err(Error::invalid(
                "data",
                format!("`{name}` needs `data`: an object with the members of the record."),
            )),
            (Some(_), false) => Err(Error::invalid(
                "data",
                format!("`{name}` takes no `data`: leave it out."),
            )),
            _ => self.check_version(),
        }
    }

    fn check_version(&self) -> Result<()> {
        let has_version = matches!(
            self.name,
            OperationName::Update
                | OperationName::Delete
                | OperationName::Restore
                | OperationName::Unlink
        );
        if self.expected.is_none() || has_version {
            return Ok(());
        }
        let name = self.name.as_str();
        Err(Error::invalid(
            "if_version",
            format!("`{name}` finds no version to compare with: leave `if_version` out."),
        ))
    }
}

/// The id of the record that an operation is about.
fn read_id(value: Option<Value>, named: &Named) -> Result<Option<Id>> {
    let value = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    if let Some(name) = reference_of(&value) {
        return look_up(name, "id", named).map(Some);
    }
    let Value::String(text) = &value else {
        let message = format!(
            "`id` must be the id of a record, or {{\"{REF}\": \"…\"}}, not {}.",
            type_name(&value)
        );
        return Err(Error::invalid("id", message));
    };
    match Id::parse(text) {
        Some(id) if Subject::of(id.kind()).is_some() => Ok(Some(id)),
        _ => Err(Error::invalid(
            "id",
            format!(
                "`id` must be the id of a contact, a company, a deal, an activity or an association, not {}.",
                Quoted(text)
            ),
        )),
    }
}

/// What an operation is about: what `object` says, or the id.
fn subject(name: OperationName, object: Option<Value>, id: Option<Id>) -> Result<Subject> {
    let links = matches!(name, OperationName::Link | OperationName::Unlink);
    let by_id = id.and_then(|id| Subject::of(id.kind()));
    let said = match object {
        None | Some(Value::Null) => None,
        Some(Value::String(said)) => Some(named_subject(&said, name)?),
        Some(other) => {
            let message = format!("`object` must be a string, not {}.", type_name(&other));
            return Err(Error::invalid("object", message));
        }
    };
    let subject = match (said, by_id) {
        (Some(said), Some(by_id)) if said != by_id => {
            let message = format!(
                "`object` is {} and `id` is that of {}.",
                said.as_str(),
                hint::with_article(by_id.as_str())
            );
            return Err(Error::invalid("id", message));
        }
        (Some(subject), _) | (None, Some(subject)) => subject,
        (None, None) if links => Subject::Association,
        (None, None) => {
            let all = ObjectType::ALL.map(ObjectType::as_str);
            let options = hint::some_of(all.into_iter());
            let message = format!("`object` must say what the operation is about: {options}.");
            return Err(Error::invalid("object", message).options("", all));
        }
    };
    let op = name.as_str();
    let message = match subject {
        Subject::Association if links || name == OperationName::Update => return Ok(subject),
        Subject::Object(_) if !links => return Ok(subject),
        Subject::Object(of) => format!(
            "`{op}` is about an association, not {}.",
            hint::with_article(of.as_str())
        ),
        Subject::Association => format!(
            "An association is made by `link`, changed by `update` and removed by `unlink`, not by `{op}`."
        ),
    };
    Err(Error::invalid("op", message))
}

fn named_subject(said: &str, name: OperationName) -> Result<Subject> {
    if said == ASSOCIATION {
        return Ok(Subject::Association);
    }
    if let Ok(of) = said.parse() {
        return Ok(Subject::Object(of));
    }
    let all = ObjectType::ALL.map(ObjectType::as_str);
    let all: Vec<&str> = match name {
        OperationName::Link | OperationName::Unlink => vec![ASSOCIATION],
        OperationName::Update => all.into_iter().chain([ASSOCIATION]).collect(),
        OperationName::Create
        | OperationName::Upsert
        | OperationName::Delete
        | OperationName::Restore => all.to_vec(),
    };
    let message = format!(
        "`object` must be {}, not {}.",
        hint::some_of(all.iter().copied()),
        Quoted(said)
    );
    let error = Error::new(ErrorKind::UnknownValue, message).at("object");
    Err(error.options_or(said, all.iter().copied(), object_type::OTHER_NAMES))
}

/// The unique values by which an operation names its record.
fn read_key(name: OperationName, subject: Subject, key: Value) -> Result<Map<String, Value>> {
    let Subject::Object(of) = subject else {
        let what = hint::with_article(subject.as_str());
        let message = format!("{what} has no unique value to `match`: it is named by its `id`.");
        return Err(Error::invalid("match", message));
    };
    let example = match of {
        ObjectType::Contact => r#"{"email": "ada@example.com"}"#,
        ObjectType::Company | ObjectType::Deal | ObjectType::Activity => {
            r#"{"metadata.customer_no": "A-17"}"#
        }
    };
    let Value::Object(members) = key else {
        let message = format!("`match` must be an object such as {example}.");
        return Err(Error::invalid("match", message));
    };
    if !(1..=DEDUP_KEYS_MAX).contains(&members.len()) {
        let (name, given) = (name.as_str(), members.len());
        let message = format!(
            "`{name}` needs 1 to {DEDUP_KEYS_MAX} unique values in `match`, such as {example}; there are {given}."
        );
        return Err(Error::invalid("match", message));
    }
    Ok(members)
}
