//! How a batch of operations is read, and one operation of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCH_ROWS_MAX, ERROR_OPTIONS_MAX, OPERATION_REF_CHARS_MAX};
use crate::record::hint;
use crate::record::input::{Reader, type_name};
use crate::record::object_type::{self, ObjectType};
use crate::record::patch::Patch;
use crate::value::email;
use crate::value::excerpt::Quoted;
use crate::value::from_text::named;
use crate::value::id::{Id, Kind};
use crate::value::spelling::OtherNames;

/// The member by which a value stands for the record of an earlier operation.
const REF: &str = "$ref";
/// The object that `link` and `unlink` are about.
const ASSOCIATION: &str = "association";

/// What an operation of a batch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OperationName {
    /// Makes a record of `data`.
    Create,
    /// Changes the record of `id` or `match` by `data`.
    Update,
    /// Changes the record of `match` by `data`, or makes it where there is none.
    Upsert,
    /// Moves the record of `id` or `match` to the trash.
    Delete,
    /// Brings the record of `id` back from the trash.
    Restore,
    /// Makes an association of `data`.
    Link,
    /// Removes the association of `id`.
    Unlink,
}

impl OperationName {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Create,
        Self::Update,
        Self::Upsert,
        Self::Delete,
        Self::Restore,
        Self::Link,
        Self::Unlink,
    ];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Link => "link",
            Self::Unlink => "unlink",
        }
    }
}

named!(
    OperationName,
    as_str,
    "`create`, `update`, `upsert`, `delete`, `restore`, `link` or `unlink`"
);

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

/// What other APIs call the operations.
const OPERATION_WORDS: OtherNames = &[
    (&["insert", "add", "post", "new"], &["create"]),
    (&["patch", "put", "modify", "change"], &["update"]),
    (&["create_or_update", "save"], &["upsert"]),
    (&["remove", "destroy", "archive"], &["delete"]),
    (&["undelete", "recover"], &["restore"]),
    (&["associate", "connect"], &["link"]),
    (&["disassociate", "disconnect"], &["unlink"]),
];

/// What a request for a batch says.
pub(super) struct Body {
    pub operations: Vec<Value>,
    pub is_atomic: bool,
}

impl Body {
    pub fn read(body: Value) -> Result<Self> {
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
        Ok(Self {
            operations,
            is_atomic,
        })
    }
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
    /// The address of the contact.
    pub key: Option<String>,
    pub data: Option<Value>,
    pub expected: Option<i64>,
}

/// The records that earlier operations gave names; none where one failed.
type Named = BTreeMap<String, Option<Id>>;

impl Operation {
    pub fn read(value: &Value, named: &Named) -> Result<Self> {
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
            data: data.map(|data| resolved(data, named)).transpose()?,
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
            OperationName::Update | OperationName::Delete | OperationName::Restore
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

fn read_name(reader: &mut Reader) -> Result<OperationName> {
    let all = OperationName::ALL.map(OperationName::as_str);
    let Some(given) = reader.text("op")?.as_set().cloned() else {
        let message = format!(
            "`op` must say what is to be done: {}.",
            hint::some_of(all.into_iter())
        );
        return Err(Error::invalid("op", message).options("", all));
    };
    given.parse().map_err(|_| {
        let message = format!(
            "`op` must be {}, not {}.",
            hint::some_of(all.into_iter()),
            Quoted(&given)
        );
        let error = Error::new(ErrorKind::UnknownValue, message).at("op");
        error.options_or(&given, all, OPERATION_WORDS)
    })
}

/// Whether a text can be the name of an operation's record.
pub(super) fn is_name(text: &str) -> bool {
    (1..=OPERATION_REF_CHARS_MAX).contains(&text.chars().count())
}

fn check_reference(reader: &mut Reader, named: &Named) -> Result<()> {
    let Patch::Set(name) = reader.text("ref")? else {
        return Ok(());
    };
    if !is_name(&name) {
        let chars = name.chars().count();
        return Err(Error::invalid(
            "ref",
            format!("`ref` must be 1 to {OPERATION_REF_CHARS_MAX} characters; it has {chars}."),
        ));
    }
    if named.contains_key(&name) {
        let message = format!(
            "An earlier operation has the `ref` {}: each name is of one record.",
            Quoted(&name)
        );
        return Err(Error::invalid("ref", message));
    }
    Ok(())
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
        Some(Value::String(said)) => Some(named_subject(&said, links)?),
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
    if links != (subject == Subject::Association) {
        let name = name.as_str();
        let message = match links {
            true => format!(
                "`{name}` is about an association, not {}.",
                hint::with_article(subject.as_str())
            ),
            false => format!(
                "An association is made by `link` and removed by `unlink`, not by `{name}`."
            ),
        };
        return Err(Error::invalid("op", message));
    }
    Ok(subject)
}

fn named_subject(said: &str, links: bool) -> Result<Subject> {
    if said == ASSOCIATION {
        return Ok(Subject::Association);
    }
    if let Ok(of) = said.parse() {
        return Ok(Subject::Object(of));
    }
    let all = ObjectType::ALL.map(ObjectType::as_str);
    let all: Vec<&str> = match links {
        true => vec![ASSOCIATION],
        false => all.to_vec(),
    };
    let message = format!(
        "`object` must be {}, not {}.",
        hint::some_of(all.iter().copied()),
        Quoted(said)
    );
    let error = Error::new(ErrorKind::UnknownValue, message).at("object");
    Err(error.options_or(said, all.iter().copied(), object_type::OTHER_NAMES))
}

/// The address by which an operation names its contact.
fn read_key(name: OperationName, subject: Subject, key: Value) -> Result<String> {
    if subject != Subject::Object(ObjectType::Contact) {
        let what = hint::with_article(subject.as_str());
        let message =
            format!("Contacts alone have a unique value to `match`: {what} is named by its `id`.");
        return Err(Error::invalid("match", message));
    }
    let Value::Object(mut members) = key else {
        let message = "`match` must be an object such as {\"email\": \"ada@example.com\"}.";
        return Err(Error::invalid("match", message));
    };
    let given = members.remove("email");
    if let Some((other, _)) = members.iter().next() {
        let message = format!("`match` can name `email` alone, not {}.", Quoted(other));
        let error = Error::new(ErrorKind::UnknownValue, message).at("match");
        return Err(error.options(other, ["email"]));
    }
    let Some(Value::String(text)) = given else {
        let name = name.as_str();
        let message = format!("`{name}` needs an address in `match.email`, a string.");
        return Err(Error::invalid("match.email", message));
    };
    match email::parse(&text) {
        Ok(email) => Ok(email.into_owned()),
        Err(_) => {
            let message = format!(
                "`match.email` must be an e-mail address, not {}.",
                Quoted(&text)
            );
            Err(hint::email_meant(&text).on(Error::invalid("match.email", message)))
        }
    }
}

/// What an operation writes, with ids in the places of what stands for records of earlier operations.
fn resolved(data: Value, named: &Named) -> Result<Value> {
    let Value::Object(members) = data else {
        let message = format!("`data` must be an object, not {}.", type_name(&data));
        return Err(Error::invalid("data", message));
    };
    let resolve = |(name, value): (String, Value)| {
        let value = match reference_of(&value) {
            Some(reference) => {
                Value::String(look_up(reference, &format!("data.{name}"), named)?.text())
            }
            None => value,
        };
        Ok((name, value))
    };
    let members: Result<Map<String, Value>> = members.into_iter().map(resolve).collect();
    members.map(Value::Object)
}

/// The name in a value that stands for a record.
fn reference_of(value: &Value) -> Option<&str> {
    match value.as_object() {
        Some(members) if members.len() == 1 => members.get(REF)?.as_str(),
        Some(_) | None => None,
    }
}

fn look_up(name: &str, place: &str, named: &Named) -> Result<Id> {
    let quoted = Quoted(name);
    match named.get(name) {
        Some(Some(id)) => Ok(*id),
        Some(None) => Err(Error::new(
            ErrorKind::InvalidReference,
            format!("The operation with the `ref` {quoted} failed, and with it this one."),
        )
        .at(place)),
        None => {
            let message = format!("No earlier operation has the `ref` {quoted}.");
            let error = Error::new(ErrorKind::InvalidReference, message).at(place);
            // Each of many operations would be compared with each of many names.
            let names = named.keys().map(String::as_str).take(ERROR_OPTIONS_MAX);
            Err(error.options(name, names))
        }
    }
}
