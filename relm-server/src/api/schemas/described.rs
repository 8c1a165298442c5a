//! What the server says of itself, and of what is gone: answers that are no record.

use std::collections::BTreeMap;

use relm_core::engine::{Definitions, OperationName};
use relm_core::limits::{BATCH_ROWS_MAX, DEDUP_KEYS_MAX, OPERATION_REF_CHARS_MAX};
use relm_core::query::filter::Operator;
use relm_core::record::column::ColumnType;
use relm_core::record::field::{FieldType, UnknownMembers};
use relm_core::record::object::READ_ONLY;
use relm_core::record::{API_VERSION, EventType, list_named};
use relm_core::{Field, Id, Kind, ObjectType};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::limits::limits_table;
use crate::parameters::filterable;

/// What the server is.
#[derive(Serialize, JsonSchema)]
pub(crate) struct About {
    /// Always `api`.
    object: &'static str,
    /// Always `Relm`.
    name: &'static str,
    /// The version of the server.
    version: &'static str,
    /// The version of the API, as in `Relm-Version`.
    api_version: &'static str,
    /// The path of the OpenAPI document.
    openapi: &'static str,
    /// The path of the guide: pages for people.
    guide: &'static str,
}

impl About {
    pub const THIS: Self = Self {
        object: "api",
        name: "Relm",
        version: env!("CARGO_PKG_VERSION"),
        api_version: API_VERSION,
        openapi: "/openapi.json",
        guide: "/docs",
    };
}

/// That all is well.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    status: &'static str,
}

impl Health {
    pub const OK: Self = Self { status: "ok" };
}

/// What is gone.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Deleted {
    /// The id that it had.
    id: Id,
    /// What it was, such as `contact`.
    object: &'static str,
    /// Always true.
    deleted: bool,
    /// Of a purge: whether everything that was known of it is erased. Left out of a deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    purged: Option<bool>,
}

impl Deleted {
    pub fn of(id: Id) -> Self {
        Self {
            id,
            object: id.kind().name(),
            deleted: true,
            purged: None,
        }
    }
}

/// Operations that are carried out in one commit.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "the engine reads it; its schema is made of it")]
pub(crate) struct BatchCreate {
    /// The operations, 1 to 500, carried out in order.
    #[schemars(length(min = 1, max = BATCH_ROWS_MAX))]
    operations: Vec<BatchOperation>,
    /// Whether all of them happen or none. With false, those that fail are left out. Default: true.
    atomic: Option<bool>,
}

/// One operation of a batch.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "the engine reads it; its schema is made of it")]
struct BatchOperation {
    /// What it does.
    op: OperationName,
    /// What it is about: `contact`, `company`, `deal`, `activity` or, of an update, `association`. It may be left out where `id` says it,
    /// and of links.
    object: Option<String>,
    /// The id of the record, or `{"$ref": "name"}` for that of an earlier operation: for all but `create`, `upsert` and `link`.
    #[serde(default)]
    #[schemars(with = "Value")]
    id: Option<Value>,
    /// The unique values by which an update, an upsert or a deletion finds its record, in place of `id`: such as `email` of a contact, or
    /// `metadata.customer_no` where that field is unique.
    #[serde(rename = "match")]
    #[schemars(length(min = 1, max = DEDUP_KEYS_MAX))]
    key: Option<BTreeMap<String, Value>>,
    /// The members of a record, as for its creation or its update, or of an association. Where one takes an id, it takes
    /// `{"$ref": "name"}` for that of an earlier operation.
    data: Option<BTreeMap<String, Value>>,
    /// The version that the record must have.
    if_version: Option<i64>,
    /// What later operations call the record.
    #[serde(rename = "ref")]
    #[schemars(length(min = 1, max = OPERATION_REF_CHARS_MAX))]
    reference: Option<String>,
}

/// What there is to write, read and filter by, and how much of it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WorkspaceSchema<'a> {
    /// Always `schema`.
    object: &'static str,
    /// The version of the API.
    api_version: &'static str,
    /// The four objects.
    objects: Vec<ObjectSchema<'a>>,
    /// The types that a custom field can have.
    field_types: [FieldType; 13],
    /// The operators of filters.
    operators: Vec<&'static str>,
    /// The types of event that an endpoint can subscribe to.
    event_types: Vec<EventType>,
    /// Every bound of the engine, by name.
    #[schemars(with = "BTreeMap<String, i64>")]
    limits: Value,
}

/// One of the objects.
#[derive(Serialize, JsonSchema)]
struct ObjectSchema<'a> {
    /// Which one.
    object_type: ObjectType,
    /// What its ids begin with.
    id_prefix: String,
    /// What it can be filtered by.
    fields: Vec<FieldSchema>,
    /// Whether its `metadata` takes members that no custom field is for.
    unknown_members: UnknownMembers,
    /// Of deals: the definition of their `stage`, with the stages in their order and how likely deals of each are to be won. Absent where `stage`
    /// is free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pipeline: Option<&'a Field>,
    /// The custom fields on it.
    custom_fields: Vec<&'a Field>,
}

/// A field of an object.
#[derive(Serialize, JsonSchema)]
struct FieldSchema {
    /// The name in JSON and in filters.
    name: &'static str,
    /// What it holds: `text`, `id`, `integer`, `bool`, `date`, `timestamp`, or `list` for several texts.
    #[serde(rename = "type")]
    ty: &'static str,
    /// Whether the engine alone writes it.
    read_only: bool,
    /// The operators that filters on it take.
    operators: Vec<&'static str>,
    /// The most characters of a text, or of each of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_characters: Option<usize>,
    /// What an id is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    refers_to: Option<&'static str>,
}

impl<'a> WorkspaceSchema<'a> {
    /// That of a workspace with these definitions.
    pub fn of(definitions: &'a Definitions) -> Self {
        Self {
            object: "schema",
            api_version: API_VERSION,
            objects: ObjectType::ALL
                .map(|ty| ObjectSchema::of(ty, definitions))
                .into(),
            field_types: FieldType::ALL,
            operators: Operator::ALL.map(Operator::as_str).into(),
            event_types: EventType::all().collect(),
            limits: limits_table(),
        }
    }
}

impl<'a> ObjectSchema<'a> {
    fn of(object_type: ObjectType, definitions: &'a Definitions) -> Self {
        let kind = object_type.kind();
        let field = |name| {
            let ty = filterable::field_type(kind, name)?;
            Some(FieldSchema::of(kind, name, ty))
        };
        let own = definitions
            .fields
            .iter()
            .filter(|field| field.object_type == object_type);
        Self {
            object_type,
            id_prefix: format!("{}_", kind.prefix()),
            fields: filterable::names(kind).filter_map(field).collect(),
            unknown_members: match definitions.strict.contains(&object_type) {
                true => UnknownMembers::Reject,
                false => UnknownMembers::Accept,
            },
            pipeline: definitions
                .pipeline
                .as_ref()
                .filter(|pipeline| pipeline.object_type == object_type),
            custom_fields: own.collect(),
        }
    }
}

impl FieldSchema {
    fn of(kind: Kind, name: &'static str, ty: ColumnType) -> Self {
        let operators = Operator::ALL.into_iter();
        let operators = operators.filter(|op| filterable::applies(kind, name, ty, *op));
        let (max_characters, refers_to) = match ty {
            ColumnType::Text { chars_max } => (Some(chars_max), None),
            // What an object's own id is of goes without saying.
            ColumnType::Id(Some(kind)) if name != "id" => (None, Some(kind.name())),
            ColumnType::Id(_)
            | ColumnType::Integer
            | ColumnType::Boolean
            | ColumnType::Date
            | ColumnType::Timestamp
            | ColumnType::Json => (None, None),
        };
        Self {
            name,
            ty: match list_named(kind, name) {
                Some(_) => "list",
                None => ty.name(),
            },
            read_only: READ_ONLY.contains(&name),
            operators: operators.map(Operator::as_str).collect(),
            max_characters,
            refers_to,
        }
    }
}
