//! A document of OpenAPI 3.1 in the words of 3.0.

use serde_json::{Map, Value, json};

use super::responses;
use super::webhooks::NOTIFICATIONS;
use crate::api::schemas::tidy::visit;

/// The same document, less what 3.0 has no words for.
pub(super) fn to_3_0(mut document: Value) -> Value {
    document["openapi"] = "3.0.3".into();
    if let Some(parts) = document.as_object_mut() {
        parts.remove("webhooks");
    }
    if let Some(tags) = document["tags"].as_array_mut() {
        tags.retain(|tag| tag["name"] != NOTIFICATIONS);
    }
    if let Some(info) = document["info"].as_object_mut() {
        info.remove("summary");
    }
    let license = &mut document["info"]["license"];
    *license = json!({ "name": license["name"], "url": env!("CARGO_PKG_REPOSITORY") });
    with_one_refusal(&mut document);
    let schemas = document["components"]["schemas"].clone();
    for part in ["paths", "components"] {
        visit(&mut document[part], &mut |schema| {
            constant(schema);
            nullable(schema, &schemas);
            alone(schema);
        });
    }
    drop_unused(&mut document);
    document
}

/// Some generators that read 3.0 alone know one type of success and one of refusal: a 304, which has no body, and what is said of
/// any other status are left out.
fn with_one_refusal(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter();
    let operations = paths.flat_map(|paths| paths.values_mut().filter_map(Value::as_object_mut));
    for operation in operations.flat_map(|methods| methods.values_mut()) {
        if let Some(responses) = operation["responses"].as_object_mut() {
            responses.retain(|status, _| status != "304" && status != "default");
        }
        if let Some(parameters) = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
        {
            parameters.retain(|one| one["$ref"] != "#/components/parameters/IfNoneMatch");
        }
    }
    let components = &mut document["components"];
    for (section, name) in [
        ("parameters", "IfNoneMatch"),
        ("responses", responses::REST),
    ] {
        if let Some(section) = components[section].as_object_mut() {
            section.remove(name);
        }
    }
}

/// `const` is an `enum` of one value.
fn constant(schema: &mut Map<String, Value>) {
    if let Some(value) = schema
        .get("const")
        .filter(|value| value.is_string())
        .cloned()
    {
        schema.remove("const");
        schema.insert("enum".to_owned(), json!([value]));
    }
}

/// A type that may be null is `nullable`. That says nothing beside a reference (3.0.3, section 4.7.24): what is referred to
/// is said again.
fn nullable(schema: &mut Map<String, Value>, schemas: &Value) {
    let null = Value::from("null");
    if let Some([ty, other]) = schema
        .get("type")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        && *other == null
    {
        let ty = ty.clone();
        schema.insert("type".to_owned(), ty);
        schema.insert("nullable".to_owned(), true.into());
    }
    if let Some([one, other]) = schema
        .get("anyOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        && other["type"] == null
    {
        let name = one["$ref"].as_str().and_then(|to| to.rsplit('/').next());
        let said = name.and_then(|name| schemas[name].as_object()).cloned();
        schema.remove("anyOf");
        for (word, value) in said.unwrap_or_default() {
            schema.entry(word).or_insert(value);
        }
        schema.insert("nullable".to_owned(), true.into());
    }
    let may_be_null = schema.get("nullable") == Some(&Value::Bool(true));
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut)
        && may_be_null
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
}

/// Drops schemas that nothing refers to any more.
fn drop_unused(document: &mut Value) {
    let text = document.to_string();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| text.contains(&format!("\"#/components/schemas/{name}\"")));
    }
}

/// A reference has nothing beside it.
fn alone(schema: &mut Map<String, Value>) {
    let is_schema = schema
        .get("$ref")
        .and_then(Value::as_str)
        .is_some_and(|to| to.starts_with("#/components/schemas/"));
    if is_schema
        && schema.len() > 1
        && let Some(reference) = schema.remove("$ref")
    {
        schema.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
    }
}
