//! A small validator of JSON Schema, for the words that the OpenAPI document speaks.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Holds values to the schemas of one document.
pub struct SchemaCheck<'a> {
    pub document: &'a Value,
    /// Whether an object may have members that its schema does not name, though the schema does not say so: a client must
    /// bear them, and an answer of today has none.
    pub open: bool,
}

impl<'a> SchemaCheck<'a> {
    /// What is wrong with a value, by path; nothing where nothing is.
    pub fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(schema, value, "", &mut faults);
        faults
    }

    /// The schema that a reference leads to.
    pub fn resolve<'s>(&self, schema: &'s Value) -> &'s Value
    where
        'a: 's,
    {
        match schema["$ref"].as_str() {
            Some(to) => self.resolve(self.document.pointer(&to[1..]).expect(to)),
            None => schema,
        }
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let schema = self.resolve(schema);
        for any in ["oneOf", "anyOf"] {
            let Some(variants) = schema[any].as_array() else {
                continue;
            };
            let fitting = variants.iter();
            let fitting = fitting.filter(|one| self.faults(one, value).is_empty());
            if fitting.count() != 1 {
                faults.push(format!("{at}: {value} is not exactly one of {any}"));
            }
        }
        if !is_of_type(&schema["type"], value) {
            faults.push(format!("{at}: {value} is not {}", schema["type"]));
        }
        if schema.get("const").is_some_and(|only| only != value) {
            faults.push(format!("{at}: {value} is not {}", schema["const"]));
        }
        if let Some(values) = schema["enum"].as_array()
            && !values.contains(value)
        {
            faults.push(format!("{at}: {value} is not among {values:?}"));
        }
        match value {
            Value::Object(members) => self.check_members(schema, members, at, faults),
            Value::Array(items) if schema.get("items").is_some() => {
                for (place, item) in items.iter().enumerate() {
                    self.check(&schema["items"], item, &format!("{at}[{place}]"), faults);
                }
            }
            Value::String(text) => check_text(schema, text, at, faults),
            Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn check_members(
        &self,
        schema: &Value,
        members: &Map<String, Value>,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        let required = schema["required"].as_array().into_iter().flatten();
        let required: BTreeSet<&str> = required.filter_map(Value::as_str).collect();
        for name in required.iter().filter(|name| !members.contains_key(**name)) {
            faults.push(format!("{at}.{name} is required"));
        }
        for (name, value) in members {
            let at = format!("{at}.{name}");
            match (
                schema["properties"].get(name),
                &schema["additionalProperties"],
            ) {
                (Some(member), _) => self.check(member, value, &at, faults),
                (None, Value::Bool(true)) => {}
                (None, Value::Object(_)) => {
                    self.check(&schema["additionalProperties"], value, &at, faults);
                }
                (None, _) if self.open || schema.get("properties").is_none() => {}
                (None, _) => faults.push(format!("{at} is not in the schema")),
            }
        }
    }
}

fn is_of_type(types: &Value, value: &Value) -> bool {
    let is = |ty: &Value| match ty.as_str() {
        Some("null") => value.is_null(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => panic!("a type {ty}"),
    };
    match types {
        Value::Null => true,
        Value::Array(types) => types.iter().any(is),
        one => is(one),
    }
}

fn check_text(schema: &Value, text: &str, at: &str, faults: &mut Vec<String>) {
    let too_long = schema["maxLength"]
        .as_u64()
        .is_some_and(|max| text.chars().count() as u64 > max);
    let is_moment = schema["format"] != "date-time" || relm_core::Timestamp::parse(text).is_some();
    let is_day = schema["format"] != "date" || relm_core::Date::parse(text).is_some();
    // The patterns are those of ids: `^con_…$`.
    let prefix = schema["pattern"].as_str().and_then(|pattern| {
        let (prefix, _) = pattern.strip_prefix('^')?.split_once("_[0-7]")?;
        Some(format!("{prefix}_"))
    });
    let is_named = prefix.is_none_or(|prefix| text.starts_with(&prefix));
    if too_long || !is_moment || !is_day || !is_named {
        faults.push(format!("{at}: {text:?} is not {schema}"));
    }
}
