//! The shapes of the API, as JSON Schemas by name. They come from the engine's types, whose fields and docs they are, and
//! from its columns, which know lengths, references and what a create must give: nothing is said here a second time.

pub(super) mod described;
pub(super) mod events;
pub(super) mod examples;
mod inputs;
mod limits;
mod merges;
mod metadata;
mod parts;
pub(super) mod tidy;

use relm_core::engine::{
    BatchInput, BatchReport, Definitions, FieldUsage, ObjectSettings, OperationsReport, Promotion,
    PromotionInput, RecoverInput, Recovery, Undone,
};
use relm_core::limits::INTEGER_MAX;
use relm_core::record::RotateInput;
use relm_core::record::column::ColumnType;
use relm_core::record::import::Import;
use relm_core::record::{Delivery, Event, HistoryEntry, columns, shown_lists};
use relm_core::{
    Activity, Association, Company, Contact, Deal, Error, Field, KeyInput, KeyRotation, Kind,
    ObjectType, RequestId, ShownKey, Webhook,
};
use schemars::JsonSchema;
use schemars::generate::{Contract, SchemaGenerator, SchemaSettings};
use serde_json::{Value, json};

use self::described::{About, BatchCreate, Deleted, Health, WorkspaceSchema};
use self::parts::{PLACE, RECORDS, id_pattern, name_of, one_of, rename};
pub(super) use self::parts::{Schemas, reference};
use super::code::Code;

/// Every schema, where a workspace has these definitions.
pub(super) fn schemas(definitions: &Definitions) -> Schemas {
    let mut all = of_types();
    tidy::tidy(&mut all);
    for (kind, name) in RECORDS {
        refine(&mut all[name], kind);
    }
    for object_type in ObjectType::ALL {
        let object = json!({
            "type": "string", "const": object_type.as_str(),
            "description": format!("Always `{object_type}`."),
        });
        all[name_of(object_type)]["properties"]["object"] = object;
    }
    inputs::add(&mut all);
    metadata::add(&mut all, definitions);
    for name in ["Webhook", "ApiKey"] {
        secrets(&mut all, name);
    }
    events::add(&mut all);
    errors(&mut all);
    merges::add(&mut all);
    let mut found = one_of(&ObjectType::ALL.map(name_of));
    found["description"] = "A record that a search found: its `object` says which.".into();
    all.insert("SearchResult".to_owned(), found);
    let records = RECORDS.map(|(_, name)| name);
    for name in records
        .into_iter()
        .chain(["SearchResult", "ApiKey", "ImportJob"])
    {
        all.insert(format!("{name}List"), list(name));
    }
    events::add_next_after(&mut all);
    for object_type in ObjectType::ALL {
        let group = format!("{}Duplicate", name_of(object_type));
        all.insert(format!("{group}List"), list(&group));
    }
    all.insert("HistoryEntryList".to_owned(), list("HistoryEntry"));
    events::add_truncated_before(&mut all);
    all.insert("OpenApiDocument".to_owned(), json!({
        "type": "object", "additionalProperties": true, "description": "A document of the OpenAPI Initiative.",
    }));
    tidy::drop_read_only(&mut all);
    tidy::allow_older(&mut all);
    all
}

/// What the types say, as they are written and as they are read.
fn of_types() -> Schemas {
    let mut answers = generator(Contract::Serialize);
    add::<Contact>(&mut answers);
    add::<Company>(&mut answers);
    add::<Deal>(&mut answers);
    add::<Activity>(&mut answers);
    add::<Association>(&mut answers);
    add::<Field>(&mut answers);
    add::<FieldUsage>(&mut answers);
    add::<Promotion>(&mut answers);
    add::<Webhook>(&mut answers);
    add::<Delivery>(&mut answers);
    add::<Event>(&mut answers);
    add::<HistoryEntry>(&mut answers);
    add::<ShownKey>(&mut answers);
    add::<Recovery>(&mut answers);
    add::<BatchReport<Contact>>(&mut answers);
    add::<BatchReport<Company>>(&mut answers);
    add::<BatchReport<Deal>>(&mut answers);
    add::<BatchReport<Activity>>(&mut answers);
    add::<OperationsReport>(&mut answers);
    add::<Undone>(&mut answers);
    add::<Import>(&mut answers);
    add::<Error>(&mut answers);
    add::<Deleted>(&mut answers);
    add::<About>(&mut answers);
    add::<Health>(&mut answers);
    add::<ObjectSettings>(&mut answers);
    add::<WorkspaceSchema>(&mut answers);
    let mut bodies = generator(Contract::Deserialize);
    add::<RotateInput>(&mut bodies);
    add::<RecoverInput>(&mut bodies);
    add::<PromotionInput>(&mut bodies);
    add::<KeyInput>(&mut bodies);
    add::<KeyRotation>(&mut bodies);
    add::<BatchInput<Contact>>(&mut bodies);
    add::<BatchInput<Company>>(&mut bodies);
    add::<BatchInput<Deal>>(&mut bodies);
    add::<BatchInput<Activity>>(&mut bodies);
    add::<BatchCreate>(&mut bodies);
    let mut all = bodies.take_definitions(true);
    let mut answers = answers.take_definitions(true);
    answers.values_mut().for_each(tidy::absent_or_given);
    all.extend(answers);
    all
}

fn generator(contract: Contract) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = PLACE.into();
        settings.contract = contract;
    });
    settings.into_generator()
}

fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}

/// Adds to a record's members what its columns know of them.
fn refine(record: &mut Value, kind: Kind) {
    let members = &mut record["properties"];
    for column in columns(kind) {
        if members.get(column.name).is_some() {
            refine_member(&mut members[column.name], column.ty);
        }
    }
    for list in shown_lists(kind) {
        let member = &mut members[list.name];
        member["maxItems"] = list.values_max.into();
        if member["items"]["type"] == "string" {
            member["items"]["maxLength"] = list.chars_max.into();
        }
    }
    refine_member(&mut members["id"], ColumnType::Id(Some(kind)));
}

fn refine_member(member: &mut Value, ty: ColumnType) {
    if member.get("type").is_none() {
        // It refers to a schema of its own.
        return;
    }
    match ty {
        ColumnType::Text { chars_max } => member["maxLength"] = chars_max.into(),
        ColumnType::Id(Some(kind)) => member["pattern"] = id_pattern(kind.prefix()).into(),
        ColumnType::Integer => {
            member["minimum"] = (-INTEGER_MAX).into();
            member["maximum"] = INTEGER_MAX.into();
        }
        ColumnType::Id(None)
        | ColumnType::Boolean
        | ColumnType::Date
        | ColumnType::Timestamp
        | ColumnType::Json => {}
    }
}

/// An endpoint or a key without its secret, and with it.
fn secrets(all: &mut Schemas, name: &str) {
    let mut with_secret = all[name].clone();
    if let Some(required) = with_secret["required"].as_array_mut() {
        required.push("secret".into());
    }
    let secret = &mut with_secret["properties"]["secret"];
    *secret = json!({ "type": "string", "description": secret["description"] });
    all.insert(format!("{name}WithSecret"), with_secret);
    if let Some(members) = all[name]["properties"].as_object_mut() {
        members.remove("secret");
    }
}

/// A failure with its request's id, and a row's without.
fn errors(all: &mut Schemas) {
    let codes: Vec<&str> = Code::all().map(Code::as_str).collect();
    all["ErrorCode"]["enum"] = codes.into();
    let of_row = all["ErrorDetails"].clone();
    let whole = &mut all["ErrorDetails"];
    whole["properties"]["request_id"] = json!({
        "type": "string", "pattern": id_pattern(RequestId::PREFIX),
        "description": "The id of the request, as in the header `X-Request-Id`.",
    });
    if let Some(required) = whole["required"].as_array_mut() {
        required.push("request_id".into());
    }
    all.insert("RowError".to_owned(), of_row);
    all["BatchRow"]["properties"]["error"]["anyOf"][0] = reference("RowError");
    for object_type in ObjectType::ALL {
        let row = format!("{}BatchRow", name_of(object_type));
        let members = &mut all[&row]["properties"];
        members["error"]["anyOf"][0] = reference("RowError");
        members["warnings"]["items"] = reference("RowError");
        rename(&mut all[&row], "record", object_type.as_str());
    }
    for object_type in ObjectType::ALL {
        all[name_of(object_type)]["properties"]["warnings"] = json!({
            "type": "array", "items": reference("RowError"),
            "description": "What is wrong with the record that the write left as it was. In the answer to a write alone, and only where \
                            anything is.",
        });
    }
    all.insert(
        "ErrorResponse".to_owned(),
        json!({
            "type": "object", "description": "A failure.",
            "properties": { "error": reference("ErrorDetails") }, "required": ["error"],
        }),
    );
}

/// A page.
fn list(name: &str) -> Value {
    json!({
        "type": "object", "description": "A page, newest first.",
        "properties": {
            "object": { "type": "string", "const": "list", "description": "Always `list`." },
            "data": { "type": "array", "items": reference(name), "description": "The records of the page." },
            "has_more": { "type": "boolean", "description": "Whether there is another page." },
            "next_cursor": {
                "type": ["string", "null"],
                "description": "Passed back as `cursor`, it gives the next page; null exactly when there is none.",
            },
        },
        "required": ["object", "data", "has_more", "next_cursor"],
    })
}
