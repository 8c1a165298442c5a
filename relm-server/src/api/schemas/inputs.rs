//! What a request may say of a record: the members that a client writes, and which of them a create must give.

use relm_core::limits::{
    CONTACT_EMAILS_MAX, CONTACT_PHONES_MAX, FIELD_CHOICES_MAX, LABEL_CHARS_MAX,
    PROBABILITY_PERCENT_MAX, TEXT_CHARS_MAX, WEBHOOK_HEADER_VALUE_CHARS_MAX, WEBHOOK_HEADERS_MAX,
};
use relm_core::record::list::ListMember;
use relm_core::record::object::READ_ONLY;
use relm_core::record::{columns, list_named};
use relm_core::{Kind, ObjectType};
use serde_json::{Map, Value, json};

use super::parts::{RECORDS, Schemas, name_of, reference, rename};
use crate::api::dry_run;

/// What a request does with a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Write {
    Create,
    Update,
}

/// Kinds whose records the engine makes.
const NEVER_MADE: [Kind; 2] = [Kind::Delivery, Kind::Event];

/// Adds `ContactCreate`, `ContactUpdate` and so on.
pub(super) fn add(all: &mut Schemas) {
    for (kind, name) in RECORDS {
        if NEVER_MADE.contains(&kind) {
            continue;
        }
        let create = input(&all[name], kind, Write::Create);
        let update = input(&all[name], kind, Write::Update);
        all.insert(format!("{name}Update"), update);
        all.insert(format!("{name}Create"), create);
    }
    for name in ["WebhookCreate", "WebhookUpdate"] {
        all[name]["properties"]["headers"] = headers();
    }
    associations(all);
    several(all);
    fields(all);
    pipeline(all);
    settings(all);
    promotion(all);
    let mut batches = vec!["BatchCreate".to_owned()];
    for object_type in ObjectType::ALL {
        let name = name_of(object_type);
        let batch = format!("{name}BatchCreate");
        rename(&mut all[&batch], "rows", object_type.plural());
        let rows = &mut all[&batch]["properties"][object_type.plural()];
        // What is updated need not say what a new one must; a contact must say nothing.
        let row = match object_type {
            ObjectType::Contact => "ContactCreate".to_owned(),
            ObjectType::Company | ObjectType::Deal | ObjectType::Activity => {
                format!("{name}Update")
            }
        };
        rows["items"] = reference(&row);
        rows["description"] = "The rows, 1 to 500, applied in order.".into();
        batches.push(batch);
    }
    for name in &batches {
        all[name]["properties"][dry_run::MEMBER] = json!({
            "type": ["boolean", "null"],
            "description": "Whether this is a dry run, as the header `Relm-Dry-Run` asks for one. Default: false.",
        });
    }
}

/// What a request says of an association that is there: not what it is for good.
fn associations(all: &mut Schemas) {
    for name in ["Association", "AssociationCreate", "AssociationUpdate"] {
        all[name]["properties"]["inverse_label"]["maxLength"] = LABEL_CHARS_MAX.into();
    }
    if let Some(members) = all["AssociationUpdate"]["properties"].as_object_mut() {
        for name in ["from_type", "from_id", "to_type", "to_id", "label"] {
            members.remove(name);
        }
    }
}

/// What contacts have several of may be null, or texts alone.
fn several(all: &mut Schemas) {
    for input in ["ContactCreate", "ContactUpdate"] {
        for (name, one, max) in [
            ("emails", "email", CONTACT_EMAILS_MAX),
            ("phones", "phone", CONTACT_PHONES_MAX),
        ] {
            let shown = all["Contact"]["properties"][name].clone();
            let member = &mut all[input]["properties"][name];
            *member = nullable(shown);
            // An entry may be its text alone: of any type, since generators have no name for a text among several.
            member["items"] = json!({});
            if let Some(member) = member.as_object_mut() {
                member.remove("default");
            }
            member["maxItems"] = max.into();
            member["description"] = format!(
                "The whole list, of which the first is the primary one unless `{one}` names another. In place of an object its text may stand \
                 alone. Null is none."
            )
            .into();
        }
    }
}

/// What a request says of a definition: of its options not what is under way and, of one that is there, not what it is for good.
fn fields(all: &mut Schemas) {
    let written = &all["CustomFieldOptions"]["properties"];
    let limits = ["min", "max", "integer", "max_length", "pattern", "default"];
    let limits = limits.map(|name| {
        let mut member = written[name].clone();
        // Of any type, null among them.
        if name != "default" {
            member = nullable(member);
        }
        if let Some(member) = member.as_object_mut() {
            member.remove("default");
        }
        (name.to_owned(), member)
    });
    let object_type = nullable(written["object_type"].clone());
    let options = |choice: Value| {
        let mut options = json!({
            "type": ["object", "null"],
            "description": "The choices of a `select` or `multiselect`, limits of a `number` or `text`, what a `reference` refers to, and a default.",
            "properties": { "choices": {
                "type": ["array", "null"], "items": choice, "maxItems": FIELD_CHOICES_MAX,
                "description": "All choices, in their order.",
            } },
        });
        if let Some(members) = options["properties"].as_object_mut() {
            members.extend(limits.clone());
        }
        options
    };
    let choice = json!({ "type": "string", "maxLength": TEXT_CHARS_MAX });
    // Of any type, since generators have no name for a text among several.
    let changed = json!({
        "description": "A choice, a text; or `{\"from\": \"…\", \"to\": \"…\"}` for one that gets another name, in the records that have it too.",
    });
    let create = &mut all["CustomFieldCreate"]["properties"];
    create["options"] = options(choice);
    create["options"]["properties"]["object_type"] = object_type;
    if let Some(members) = create.as_object_mut() {
        members.remove("unique_index");
        members.remove("unknown_members");
    }
    let update = &mut all["CustomFieldUpdate"]["properties"];
    if let Some(members) = update.as_object_mut() {
        for name in [
            "object_type",
            "key",
            "type",
            "built_in",
            "unique_index",
            "unknown_members",
        ] {
            members.remove(name);
        }
    }
    update["label"] = nullable(update["label"].clone());

    update["options"] = options(changed);
    update["force"] = json!({
        "type": ["boolean", "null"],
        "description": "Whether to make a change that records do not keep to: it binds each of them from its next write on. Default: false.",
    });
}

/// What a request says of the pipeline of deals, and of no other definition.
fn pipeline(all: &mut Schemas) {
    let percent = json!({ "type": "integer", "minimum": 0, "maximum": PROBABILITY_PERCENT_MAX });
    let probabilities = |percent: Value, more: &str| {
        json!({
            "type": ["object", "null"], "additionalProperties": percent, "maxProperties": FIELD_CHOICES_MAX,
            "description": format!(
                "Of the pipeline of deals alone: how likely deals of a stage are to be won, in whole percent; 100 where they are won, 0 where they \
                 are lost.{more}"
            ),
        })
    };
    let create = &mut all["CustomFieldCreate"]["properties"];
    create["options"]["properties"]["probabilities"] = probabilities(percent.clone(), "");
    create["force"] = json!({
        "type": ["boolean", "null"],
        "description": "Of the pipeline of deals alone: whether to define one that deals do not keep to. It binds each of them from its next write on. \
                        Default: false.",
    });
    let more = " Stages that are not named keep theirs, and null takes that of one away.";
    let changed = probabilities(nullable(percent), more);
    all["CustomFieldUpdate"]["properties"]["options"]["properties"]["probabilities"] = changed;
}

/// What a promotion need not be asked for may be null.
fn promotion(all: &mut Schemas) {
    for name in ["renamed", "force"] {
        let member = &mut all["PromotionInput"]["properties"][name];
        *member = nullable(member.clone());
        if let Some(member) = member.as_object_mut() {
            member.remove("default");
        }
    }
}

/// What a request says of the objects of a type as a whole.
fn settings(all: &mut Schemas) {
    let unknown_members = all["ObjectSettings"]["properties"]["unknown_members"].clone();
    all.insert(
        "ObjectSettingsUpdate".to_owned(),
        json!({
            "type": "object", "description": "What changes: an absent member stays.",
            "properties": { "unknown_members": unknown_members },
        }),
    );
}

/// What a request says of the header fields of an endpoint, and no answer does.
fn headers() -> Value {
    json!({
        "type": ["object", "null"],
        "additionalProperties": { "type": ["string", "null"], "maxLength": WEBHOOK_HEADER_VALUE_CHARS_MAX },
        "maxProperties": WEBHOOK_HEADERS_MAX,
        "description": "Header fields that requests to the endpoint carry beside Relm's own. One that is null is removed, those that are \
                        absent stay, and null for all of them removes all.",
    })
}

fn input(record: &Value, kind: Kind, write: Write) -> Value {
    let required = |name: &str| {
        let mut columns = columns(kind).iter();
        columns.any(|column| column.name == name && column.required)
    };
    let members = record["properties"].as_object().into_iter().flatten();
    let written = members.filter(|(name, member)| {
        !READ_ONLY.contains(&name.as_str()) && member.get("readOnly").is_none()
    });
    let written = written.map(|(name, member)| {
        // A create takes null for what it may leave out. An update takes it where it clears something.
        let takes_null = match write {
            Write::Create => !required(name),
            Write::Update => is_nullable(member) || name == "metadata",
        };
        if let Some(list) = list_named(kind, name) {
            return (name.clone(), changed(list));
        }
        let mut member = if takes_null {
            nullable(member.clone())
        } else {
            member.clone()
        };
        // What an answer lacks is one thing, and what a request leaves out another.
        if let Some(member) = member.as_object_mut() {
            member.remove("default");
        }
        (name.clone(), member)
    });
    let written: Map<String, Value> = written.collect();
    let needed: Vec<&String> = written.keys().filter(|name| required(name)).collect();
    let (description, needed) = match write {
        Write::Create => ("What a new one has.", needed),
        Write::Update => ("What changes: an absent member stays.", Vec::new()),
    };
    let mut input = json!({ "type": "object", "description": description, "properties": written });
    if !needed.is_empty() {
        input["required"] = json!(needed);
    }
    input
}

/// What a write says of a list: of any type, since generators have no name for a list among several.
fn changed(list: &ListMember) -> Value {
    if list.name == "addresses" {
        return json!({
            "description": format!(
                "All of them, a list of at most {} objects; or `{{\"add\": [{{\"city\": \"…\"}}], \"remove\": [{{\"city\": \"…\"}}]}}`, which leaves the others as \
                 they are. Null removes all.", list.values_max
            ),
        });
    }
    let ListMember {
        name,
        values_max,
        chars_max,
        ..
    } = list;
    json!({
        "description": format!(
            "All of them, a list of at most {values_max} texts of at most {chars_max} characters; or `{{\"add\": [\"…\"], \"remove\": [\"…\"]}}`, \
             which leaves the other `{name}` as they are. Null removes all."
        ),
    })
}

fn is_nullable(schema: &Value) -> bool {
    let null = Value::from("null");
    let types = schema["type"].as_array();
    let any = schema["anyOf"].as_array();
    types.is_some_and(|types| types.contains(&null))
        || any.is_some_and(|any| any.iter().any(|one| one["type"] == null))
}

/// The same, or null.
pub(super) fn nullable(mut schema: Value) -> Value {
    if is_nullable(&schema) {
        return schema;
    }
    let Some(ty) = schema.get("type").cloned() else {
        let description = schema
            .as_object_mut()
            .and_then(|members| members.remove("description"));
        let mut either = json!({ "anyOf": [schema, { "type": "null" }] });
        if let Some(description) = description {
            either["description"] = description;
        }
        return either;
    };
    schema["type"] = json!([ty, "null"]);
    schema
}
