//! What the API says of itself: `/v1/schema`, held to what it does.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::World;

/// A list as the schema has it.
fn list(name: &str, chars: usize) -> Value {
    json!({
        "name": name, "type": "list", "read_only": false, "operators": ["eq", "neq", "in", "is_null"],
        "max_characters": chars,
    })
}

#[test]
fn the_schema_shows_objects_fields_and_types() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let field = json!({ "object_type": "company", "key": "plan", "type": "bool" });
    let field = user.create("/v1/schema/fields", field);
    let schema = user.get("/v1/schema").is(200);
    let operators = [
        "eq", "neq", "gt", "gte", "lt", "lte", "ilike", "in", "is_null",
    ];
    let ordered = ["eq", "neq", "gt", "gte", "lt", "lte", "in", "is_null"];
    let text = |name: &str| json!({ "name": name, "type": "text", "max_characters": 500, "read_only": false, "operators": operators });
    let engines = |name: &str, ty: &str| json!({ "name": name, "type": ty, "read_only": true, "operators": ordered });
    let company = json!({
        "object_type": "company",
        "id_prefix": "cmp_",
        "fields": [
            engines("id", "id"),
            text("name"),
            text("domain"),
            text("owner"),
            engines("created_at", "timestamp"),
            engines("updated_at", "timestamp"),
            list("tags", 64),
            list("addresses", 908),
            list("addresses.city", 100),
            list("addresses.region", 100),
            list("addresses.postal_code", 100),
            list("addresses.country", 100),
        ],
        "unknown_members": "accept",
        "custom_fields": [field],
    });
    assert_eq!(schema["objects"][1], company);
    assert_eq!(
        schema["field_types"],
        json!([
            "text",
            "number",
            "date",
            "bool",
            "select",
            "multiselect",
            "url",
            "email",
            "phone",
            "datetime",
            "currency",
            "reference",
            "json"
        ])
    );
    assert_eq!(schema["operators"], json!(operators));
    assert_eq!(schema["event_types"].as_array().unwrap().len(), 31);
    assert_eq!(
        (&schema["object"], &schema["api_version"]),
        (&json!("schema"), &json!("2026-07-02"))
    );
}

#[test]
fn every_bound_of_the_engine_is_published() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let published = user.get("/v1/schema").is(200)["limits"].clone();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../relm-core/src/limits.rs");
    let source = std::fs::read_to_string(path).unwrap();
    let bounds = source
        .lines()
        .filter(|line| line.starts_with("pub const"))
        .count();
    let published = published.as_object().unwrap();
    assert_eq!(published.len(), bounds, "{published:?}");
    assert!(published.values().all(Value::is_u64));
}
