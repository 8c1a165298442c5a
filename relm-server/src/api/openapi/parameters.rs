//! Parameters of operations: ids, headers, a page's size and place, and a filter for each field and operator.

mod files;

use relm_core::limits::{
    FILTER_IN_VALUES_MAX, IDEMPOTENCY_KEY_CHARS_MAX, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX,
    SEARCH_QUERY_CHARS_MAX,
};
use relm_core::query::filter::{Operator, applies_to_field, metadata_type};
use relm_core::record::column::ColumnType;
use relm_core::{Field, FieldType, Kind, ObjectType};
use serde_json::{Value, json};

use crate::api::operation::{Operation, Precondition};
use crate::api::schemas::{examples, reference};
use crate::parameters::{Takes, filterable};

/// Parameters that several operations have, by the name of their component.
pub(super) fn shared() -> Value {
    json!({
        "IdempotencyKey": {
            "in": "header", "name": "Idempotency-Key", "required": false,
            "description": "For 24 hours, the same key with the same request has no second effect and gives the same response.",
            "schema": { "type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_CHARS_MAX },
            "example": "create-ada-2026-07-02",
        },
        "DryRun": {
            "in": "header", "name": "Relm-Dry-Run", "required": false,
            "description": "`true` gives the response that the request would get, and keeps nothing of it. Ids, times and secrets in it are made up.",
            "schema": { "type": "boolean", "default": false },
        },
        "IfMatch": {
            "in": "header", "name": "If-Match", "required": false,
            "description": "Goes on only if this is the record's version, in quotes.",
            "schema": { "type": "string" }, "example": "\"3\"",
        },
        "IfNoneMatch": {
            "in": "header", "name": "If-None-Match", "required": false,
            "description": "Answers 304 as long as this is the record's version, in quotes.",
            "schema": { "type": "string" }, "example": "\"3\"",
        },
        "Limit": {
            "in": "query", "name": "limit", "required": false,
            "description": format!("The most records of the page. More than {PAGE_LIMIT_MAX} counts as {PAGE_LIMIT_MAX}."),
            "schema": { "type": "integer", "format": "int32", "minimum": 1, "default": PAGE_LIMIT_DEFAULT },
        },
        "Cursor": {
            "in": "query", "name": "cursor", "required": false,
            "description": "The `next_cursor` of the page before, with the same filters.",
            "schema": { "type": "string" },
        },
    })
}

/// The parameters of an operation, where the workspace has these custom fields.
pub(super) fn parameters(operation: &Operation, fields: &[Field]) -> Vec<Value> {
    let mut all = ids(operation);
    if operation.takes_idempotency_key() {
        all.push(of_all("IdempotencyKey"));
    }
    if operation.takes_dry_run() {
        all.push(of_all("DryRun"));
    }
    match operation.precondition() {
        Some(Precondition::IfMatch) => all.push(of_all("IfMatch")),
        Some(Precondition::IfNoneMatch) => all.push(of_all("IfNoneMatch")),
        None => {}
    }
    match operation.query {
        Takes::Nothing => return all,
        Takes::Cursor => {
            all.push(of_all("Cursor"));
            return all;
        }
        Takes::Import => {
            all.extend(files::of_imports());
            return all;
        }
        Takes::Export => {
            all.extend(files::of_exports());
            return all;
        }
        Takes::Stream => {
            all.extend([after(), event_types(), last_event_id()]);
            return all;
        }
        Takes::Deletion => {
            all.push(purge());
            return all;
        }
        Takes::DedupOn => {
            all.push(dedup_on());
            return all;
        }
        Takes::Moment => {
            all.push(moment("The record as it was at this moment. Default: as it is."));
            return all;
        }
        Takes::History => all.push(moment(
            "The history as it was at this moment: its first entry is the change that made the record what it was then. Default: all of it.",
        )),
        Takes::Search => all.extend(words()),
        Takes::Page | Takes::List(_) => {}
    }
    all.extend([of_all("Limit"), of_all("Cursor")]);
    if let Takes::List(kind) = operation.query {
        all.extend(of_list(kind, fields));
    }
    all
}

/// What a list of a kind is asked for beside its pages.
fn of_list(kind: Kind, fields: &[Field]) -> Vec<Value> {
    let mut all: Vec<Value> = (kind == Kind::Event).then(after).into_iter().collect();
    all.extend(ObjectType::of(kind).map(|_| deleted()));
    let typed = |name| Some((name, filterable::field_type(kind, name)?));
    for (name, ty) in filterable::names(kind).filter_map(typed) {
        all.extend(filters(
            name,
            |operator| filterable::applies(kind, name, ty, operator),
            &plain(ty),
        ));
    }
    let own = |field: &&Field| Some(field.object_type) == ObjectType::of(kind);
    for field in fields.iter().filter(own) {
        let applies = |operator| applies_to_field(operator, field.field_type);
        let name = format!("metadata.{}", field.key);
        all.extend(filters(&name, applies, &of_custom_field(field)));
    }
    all
}

fn dedup_on() -> Value {
    json!({
        "in": "query", "name": "dedup_on", "required": true, "example": "email",
        "description": "The unique members by whose values the record is known, with commas between them: `email` of contacts, `domain` of \
                        companies where that is made unique, and `metadata.customer_no` where a field is.",
        "schema": { "type": "string" },
    })
}

fn of_all(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn ids(operation: &Operation) -> Vec<Value> {
    let mut of_records = operation.ids.iter();
    let id = |name: &str| {
        let Some(kind) = of_records.next() else {
            return request_id(name);
        };
        let what = kind.name();
        let mut id = json!({
            "in": "path", "name": name, "required": true, "description": format!("The id of the {what}."),
            "schema": { "type": "string" },
        });
        if let Some(example) = examples::id(*kind) {
            id["example"] = example.into();
        }
        id
    };
    operation.places().map(id).collect()
}

fn request_id(name: &str) -> Value {
    json!({
        "in": "path", "name": name, "required": true, "example": examples::REQUEST_ID,
        "description": "The id of a request, as in the `X-Request-Id` of its response and the `request_id` of its events.",
        "schema": { "type": "string" },
    })
}

fn after() -> Value {
    json!({
        "in": "query", "name": "after", "required": false, "example": "0",
        "description": "Lists the events after this number of the log, in its order: 0 is before the first one, `latest` the end.",
        "schema": { "type": "string", "pattern": "^([0-9]+|latest)$" },
    })
}

fn deleted() -> Value {
    json!({
        "in": "query", "name": "deleted", "required": false,
        "description": "`true` lists what is in the trash, those that were deleted last first, each in its last state, and takes no filters.",
        "schema": { "type": "boolean", "default": false },
    })
}

fn purge() -> Value {
    json!({
        "in": "query", "name": "purge", "required": false,
        "description": "`true` deletes it for good, whether it is there or in the trash, and erases what was known of it.",
        "schema": { "type": "boolean", "default": false },
    })
}

fn moment(says: &str) -> Value {
    json!({
        "in": "query", "name": "at", "required": false, "description": says,
        "schema": { "type": "string", "format": "date-time" },
    })
}

fn event_types() -> Value {
    json!({
        "in": "query", "name": "types", "required": false, "style": "form", "explode": false,
        "description": "The types of event to be told of. Default: all.",
        "schema": { "type": "array", "items": reference("EventType") },
    })
}

fn last_event_id() -> Value {
    json!({
        "in": "header", "name": "Last-Event-ID", "required": false,
        "description": "The `id` of the last event of a stream before, which an `EventSource` that comes back sends by itself; it goes before `after`.",
        "schema": { "type": "string" },
    })
}

fn words() -> [Value; 2] {
    let types = json!({ "type": "array", "items": reference("ObjectType") });
    [
        json!({
            "in": "query", "name": "q", "required": true, "example": "ada love",
            "description": "The words to search for.",
            "schema": { "type": "string", "minLength": 1, "maxLength": SEARCH_QUERY_CHARS_MAX },
        }),
        json!({
            "in": "query", "name": "types", "required": false, "style": "form", "explode": false,
            "description": "The objects to search. Default: all.", "schema": types,
        }),
    ]
}

/// A field's filters, one for each operator that it takes.
fn filters(name: &str, applies: impl Fn(Operator) -> bool, value: &Value) -> Vec<Value> {
    let operators = Operator::ALL.into_iter();
    let taken = operators.filter(|operator| applies(*operator));
    taken
        .map(|operator| filter(name, operator, value))
        .collect()
}

fn filter(name: &str, operator: Operator, value: &Value) -> Value {
    let text = json!({ "type": "string" });
    let (says, schema) = match operator {
        Operator::Eq => ("is this", value.clone()),
        Operator::Neq => ("is not this, and not null", value.clone()),
        Operator::Gt => ("is greater than this", value.clone()),
        Operator::Gte => ("is this or greater", value.clone()),
        Operator::Lt => ("is less than this", value.clone()),
        Operator::Lte => ("is this or less", value.clone()),
        Operator::Ilike => (
            "matches this pattern, where `%` is any run of characters and `_` one, in any case",
            text,
        ),
        Operator::In => (
            "is one of these",
            json!({ "type": "array", "items": value, "maxItems": FILTER_IN_VALUES_MAX }),
        ),
        Operator::IsNull => ("is null, or is not", json!({ "type": "boolean" })),
    };
    json!({
        "in": "query", "name": format!("filter[{name}][{}]", operator.as_str()), "required": false,
        "description": format!("`{name}` {says}."), "schema": schema,
    })
}

/// A value of a column, as a filter gives it.
fn plain(ty: ColumnType) -> Value {
    match ty {
        ColumnType::Text { .. } | ColumnType::Id(_) | ColumnType::Json => {
            json!({ "type": "string" })
        }
        ColumnType::Integer => json!({ "type": "integer", "format": "int64" }),
        ColumnType::Boolean => json!({ "type": "boolean" }),
        ColumnType::Date => json!({ "type": "string", "format": "date" }),
        ColumnType::Timestamp => json!({ "type": "string", "format": "date-time" }),
    }
}

fn of_custom_field(field: &Field) -> Value {
    match field.field_type {
        // With decimals, which a column has not.
        FieldType::Number => json!({ "type": "number" }),
        ty => plain(metadata_type(Some(ty))),
    }
}
