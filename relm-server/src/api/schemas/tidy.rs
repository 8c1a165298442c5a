//! Schemas as clients are generated from: enumerations in one list, widths that OpenAPI knows, no schema of one value.

use serde_json::{Map, Value, json};

use super::parts::{PLACE, Schemas};

/// Tidies every schema.
pub(super) fn tidy(all: &mut Schemas) {
    for schema in all.values_mut() {
        visit(schema, &mut |schema| {
            enumerate(schema);
            widen(schema);
        });
    }
    inline_single_values(all);
}

/// A member that an answer may lack is never null in it.
pub(super) fn absent_or_given(schema: &mut Value) {
    let required = schema["required"].clone();
    let required = required.as_array().cloned().unwrap_or_default();
    let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    let optional = members
        .iter_mut()
        .filter(|(name, _)| !required.contains(&name.as_str().into()));
    for (_, member) in optional {
        if let Some([ty, _]) = member["type"].as_array().map(Vec::as_slice) {
            member["type"] = ty.clone();
        }
    }
}

/// What marks a member that documents from before it lack: answers show them as they are.
const ADDED: &str = "x-added";

/// Has no answer be promised members that documents from before lack.
pub(super) fn allow_older(all: &mut Schemas) {
    for schema in all.values_mut() {
        let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            continue;
        };
        let marked = members.iter_mut().filter_map(|(name, member)| {
            let mark = member.as_object_mut()?.remove(ADDED);
            mark.map(|_| name.clone())
        });
        let marked: Vec<String> = marked.collect();
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| !marked.iter().any(|marked| name == marked));
        }
    }
}

/// Takes out which members the engine alone writes: a schema of what is answered has no use for it.
pub(super) fn drop_read_only(all: &mut Schemas) {
    for schema in all.values_mut() {
        visit(schema, &mut |schema| {
            // Beside a name, `readOnly` would be a member of a record.
            if schema.get("readOnly").is_some_and(Value::is_boolean) {
                schema.remove("readOnly");
            }
        });
    }
}

/// Calls `change` on a schema and everything within it.
pub(crate) fn visit(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match schema {
        Value::Object(members) => {
            change(members);
            members.values_mut().for_each(|inner| visit(inner, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| visit(inner, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `oneOf` of constants, each with its description, as an `enum` with one description.
fn enumerate(schema: &mut Map<String, Value>) {
    let Some(variants) = schema.get("oneOf").and_then(Value::as_array) else {
        return;
    };
    let values: Option<Vec<Value>> = variants
        .iter()
        .map(|one| one.get("const").cloned())
        .collect();
    let Some(values) = values else {
        return;
    };
    let lines = variants.iter().filter_map(|one| {
        let (value, says) = (one["const"].as_str()?, one["description"].as_str()?);
        Some(format!("\n- `{value}`: {says}"))
    });
    let lines: String = lines.collect();
    let heading = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let description = format!("{heading}\n{lines}");
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("description".to_owned(), description.into());
    schema.insert("enum".to_owned(), values.into());
}

/// Rust's widths of integers, as those that OpenAPI has a format for.
fn widen(schema: &mut Map<String, Value>) {
    let format = match schema.get("format").and_then(Value::as_str) {
        Some("uint" | "uint64" | "int64") => "int64",
        Some("uint8" | "uint16" | "uint32" | "int32") => "int32",
        Some(_) | None => return,
    };
    schema.insert("format".to_owned(), format.into());
    schema.remove("maximum");
}

/// A schema of one value is no type to name: it is said where it is used.
fn inline_single_values(all: &mut Schemas) {
    let single = |(name, schema): (&String, &Value)| match schema["enum"].as_array()?.as_slice() {
        [value] => Some((format!("#{PLACE}/{name}"), value.clone())),
        _ => None,
    };
    let singles: Map<String, Value> = all.iter().filter_map(single).collect();
    all.retain(|name, _| !singles.contains_key(&format!("#{PLACE}/{name}")));
    for schema in all.values_mut() {
        visit(schema, &mut |schema| {
            let to = schema.get("$ref").and_then(Value::as_str);
            if let Some(value) = to.and_then(|to| singles.get(to)) {
                let constant = json!({ "type": "string", "const": value });
                schema.remove("$ref");
                schema.extend(constant.as_object().cloned().unwrap_or_default());
            }
        });
    }
}
