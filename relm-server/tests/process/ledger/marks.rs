//! Records as the ledger knows them.

use serde_json::{Value, json};

/// What tells one state of a record from another.
pub fn mark(list: &str, record: &Value) -> Value {
    match list {
        "/v1/keys" => json!({
            "is_revoked": !record["revoked_at"].is_null(), "replaced_by": record["replaced_by"], "scopes": record["scopes"],
        }),
        "/v1/webhooks" => json!([
            record["url"],
            record["description"],
            record["enabled"],
            record["previous_secret_expires_at"],
        ]),
        _ => json!(record["version"].as_i64().unwrap_or(0)),
    }
}

/// Whether it is the definition of addresses, which nobody asked for.
pub fn is_engines(record: &Value) -> bool {
    record["built_in"] == true && record["key"] == "emails"
}

/// Where a record of a batch is listed.
pub fn list_of_record(record: &Value) -> &'static str {
    list_of(record["object"].as_str().unwrap())
}

/// Where records of a type are listed.
pub fn list_of(record_type: &str) -> &'static str {
    match record_type {
        "contact" => "/v1/contacts",
        "company" => "/v1/companies",
        "activity" => "/v1/activities",
        "association" => "/v1/associations",
        other => panic!("{other:?} is listed somewhere else"),
    }
}

/// Where an edge is, by its id.
pub fn edge_place(edge: &str) -> (String, String) {
    ("/v1/associations".to_owned(), edge.to_owned())
}

/// What a record that has events is, by its id.
pub fn id_type(id: &str) -> &'static str {
    let prefixes = [
        ("con", "contact"),
        ("cmp", "company"),
        ("deal", "deal"),
        ("act", "activity"),
        ("asc", "association"),
        ("fld", "field"),
    ];
    let prefix = id.split('_').next().unwrap();
    let mut known = prefixes.iter().filter(|(known, _)| *known == prefix);
    known.next().expect("it has events").1
}
