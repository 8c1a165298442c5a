//! What a workspace has defined: `metadata`, which is free-form, with its custom fields as typed members; and the stages of its pipeline.

use relm_core::engine::Definitions;
use relm_core::limits::METADATA_KEYS_MAX;
use relm_core::{Field, FieldType, ObjectType};
use serde_json::{Map, Value, json};

use super::inputs::nullable;
use super::parts::{Schemas, id_pattern, name_of, reference};

/// What the metadata is of.
#[derive(Clone, Copy)]
enum Of {
    Record,
    Create,
    Update,
}

/// Adds the schemas of metadata, and refers to them.
pub(super) fn add(all: &mut Schemas, definitions: &Definitions) {
    all.insert(
        "Metadata".to_owned(),
        free_form("Custom fields and free-form members."),
    );
    for object_type in ObjectType::ALL {
        let is_strict = definitions.strict.contains(&object_type);
        let own = definitions
            .fields
            .iter()
            .filter(|field| field.object_type == object_type);
        let own: Vec<&Field> = own.collect();
        let name = name_of(object_type);
        for (suffix, of) in [
            ("", Of::Record),
            ("Create", Of::Create),
            ("Update", Of::Update),
        ] {
            let mut schema = "Metadata".to_owned();
            if !own.is_empty() || is_strict {
                schema = format!("{name}Metadata{suffix}");
                all.insert(schema.clone(), with_fields(&own, is_strict, of));
            }
            let member = &mut all[&format!("{name}{suffix}")]["properties"]["metadata"];
            let description = member["description"].take();
            *member = match of {
                Of::Record => reference(&schema),
                Of::Create | Of::Update => nullable(reference(&schema)),
            };
            member["description"] = description;
        }
    }
    if let Some(pipeline) = &definitions.pipeline {
        add_stages(all, pipeline);
    }
}

/// Says which stages a write of a deal can name. A deal from before the pipeline keeps what it has.
fn add_stages(all: &mut Schemas, pipeline: &Field) {
    let name = name_of(pipeline.object_type);
    for (suffix, of) in [("Create", Of::Create), ("Update", Of::Update)] {
        let input = &mut all[&format!("{name}{suffix}")];
        let member = &mut input["properties"][&pipeline.key];
        let description = member["description"].take();
        *member = value(pipeline, of);
        member["description"] = description;
        let is_needed = pipeline.required && pipeline.options.default.is_none();
        if matches!(of, Of::Create) && is_needed {
            let mut needed = input["required"].as_array().cloned().unwrap_or_default();
            needed.push(json!(pipeline.key));
            input["required"] = needed.into();
        }
    }
}

fn free_form(description: &str) -> Value {
    json!({
        "type": "object", "additionalProperties": true, "maxProperties": METADATA_KEYS_MAX, "description": description,
    })
}

/// Where no other members are taken, records may have some from before, and an update may send those again.
fn with_fields(fields: &[&Field], is_strict: bool, of: Of) -> Value {
    let member = |field: &&Field| (field.key.clone(), value(field, of));
    let members: Map<String, Value> = fields.iter().map(member).collect();
    let mut schema = free_form(match is_strict {
        true => "Custom fields of the workspace alone, and what records have from before.",
        false => "Custom fields of the workspace, and free-form members.",
    });
    if is_strict && matches!(of, Of::Create) {
        schema["additionalProperties"] = false.into();
    }
    schema["properties"] = members.into();
    // What has a default need not be sent.
    let is_needed = |field: &&&Field| field.required && field.options.default.is_none();
    let required = fields.iter().filter(is_needed);
    let required: Vec<&String> = required.map(|field| &field.key).collect();
    if matches!(of, Of::Create) && !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// A value of a custom field.
fn value(field: &Field, of: Of) -> Value {
    let mut schema = match field.field_type {
        FieldType::Text => json!({ "type": "string" }),
        FieldType::Number if is_whole(field, of) => json!({ "type": "integer" }),
        FieldType::Number => json!({ "type": "number" }),
        FieldType::Date => json!({ "type": "string", "format": "date" }),
        FieldType::Bool => json!({ "type": "boolean" }),
        FieldType::Select => json!({ "type": "string", "enum": field.options.choices }),
        FieldType::Multiselect => json!({
            "type": "array", "items": { "type": "string", "enum": field.options.choices },
        }),
        FieldType::Url => json!({ "type": "string", "format": "uri" }),
        FieldType::Email => json!({ "type": "string", "format": "email" }),
        FieldType::Phone => json!({ "type": "string" }),
        FieldType::Datetime => json!({ "type": "string", "format": "date-time" }),
        FieldType::Currency => json!({
            "type": "object",
            "properties": {
                "amount_minor": { "type": "integer", "format": "int64" },
                "currency": { "type": "string", "description": "An ISO 4217 code, such as EUR." },
            },
            "required": ["amount_minor", "currency"],
        }),
        FieldType::Reference => json!({ "type": "string" }),
        FieldType::Json => json!({}),
    };
    schema["description"] = match field.options.object_type {
        Some(to) => format!("{}: the id of {}.", field.label, with_article(to)).into(),
        None => field.label.as_str().into(),
    };
    if !matches!(of, Of::Record) {
        limit(&mut schema, field);
    }
    if matches!(of, Of::Create)
        && let Some(default) = &field.options.default
    {
        schema["default"] = default.clone();
    }
    match of {
        // A record from before the definition keeps what it has.
        Of::Record => {
            if let Some(members) = schema.as_object_mut() {
                members.remove("enum");
                if let Some(items) = members.get_mut("items").and_then(Value::as_object_mut) {
                    items.remove("enum");
                }
            }
            schema
        }
        Of::Create if field.required => schema,
        Of::Create | Of::Update => or_null(schema),
    }
}

/// Whether a value is a whole number. A record from before the limit may have another.
fn is_whole(field: &Field, of: Of) -> bool {
    field.options.limits.integer && !matches!(of, Of::Record)
}

/// Says what of its type a field takes.
fn limit(schema: &mut Value, field: &Field) {
    let limits = &field.options.limits;
    let to = field.options.object_type;
    let pattern = match &limits.pattern {
        Some(pattern) => Some(pattern.as_str().to_owned()),
        None => to.map(|to| id_pattern(to.kind().prefix())),
    };
    let said = [
        ("minimum", limits.min.clone().map(Value::Number)),
        ("maximum", limits.max.clone().map(Value::Number)),
        ("maxLength", limits.length_max().map(Value::from)),
        ("pattern", pattern.map(Value::from)),
    ];
    for (name, value) in said {
        if let Some(value) = value {
            schema[name] = value;
        }
    }
}

const fn with_article(of: ObjectType) -> &'static str {
    match of {
        ObjectType::Contact => "a contact",
        ObjectType::Company => "a company",
        ObjectType::Deal => "a deal",
        ObjectType::Activity => "an activity",
    }
}

/// The same, or null, which an `enum` must list.
fn or_null(schema: Value) -> Value {
    if schema.get("type").is_none() {
        // It may be anything.
        return schema;
    }
    let mut schema = nullable(schema);
    if let Some(choices) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        choices.push(Value::Null);
    }
    schema
}
