//! Responses of operations: each success, and a refusal for each status, with its codes.

use std::collections::BTreeMap;

use hyper::{Method, StatusCode};
use relm_core::ErrorKind;
use serde_json::{Map, Value, json};

use super::content::content;
use super::headers;
use crate::api::code::Code;
use crate::api::operation::{Operation, Precondition};
use crate::api::schemas::examples;
use crate::parameters::Takes;

/// The component of what is said of any other status.
pub(super) const REST: &str = "Refused";

/// The responses of an operation, by status.
pub(super) fn responses(operation: &Operation) -> Value {
    let mut all = Map::new();
    for (status, schema) in &operation.answers {
        all.insert(status.to_string(), success(operation, *status, schema));
    }
    if operation.precondition() == Some(Precondition::IfNoneMatch) {
        let known = json!({
            "description": "`If-None-Match` names the version.", "headers": headers::references(&[("ETag", "ETag")]),
        });
        all.insert("304".to_owned(), known);
    }
    for (status, codes) in by_status(operation) {
        let name = component(&codes);
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        all.insert(status.as_str().to_owned(), reference);
    }
    let rest = json!({ "$ref": format!("#/components/responses/{REST}") });
    all.insert("default".to_owned(), rest);
    Value::Object(all)
}

fn success(operation: &Operation, status: u16, schema: &str) -> Value {
    let description = match status {
        200 if operation.method == Method::DELETE => "It is gone.",
        200 if operation.method == Method::PATCH => "Success.",
        200 if operation.answers.len() > 1 => "It was there.",
        201 => "It was made.",
        202 if operation.method == Method::DELETE => {
            "It is gone, and what was known of it is being erased."
        }
        202 if operation.method == Method::PATCH => {
            "It is changed, and records are being changed by it."
        }
        202 => "It is to be delivered.",
        _ => "Success.",
    };
    let mut more = Vec::new();
    if operation.gives_version() {
        more.push(("ETag", "ETag"));
    }
    if operation.takes_idempotency_key() {
        more.push(("Idempotent-Replayed", "IdempotentReplayed"));
    }
    if operation.takes_dry_run() {
        more.push(("Relm-Dry-Run", "RelmDryRun"));
    }
    if matches!(
        operation.query,
        Takes::Page | Takes::List(_) | Takes::Search | Takes::History
    ) {
        more.push(("Relm-Notice", "RelmNotice"));
    }
    let example = match (schema, operation.ids) {
        ("Deleted", [kind]) => examples::deleted(*kind),
        _ => examples::of(schema),
    };
    json!({ "description": description, "headers": headers::references(&more), "content": content(schema, example) })
}

/// The refusals of all operations, by the name of their component.
pub(super) fn refusals(operations: &[Operation]) -> Value {
    let mut all = Map::new();
    for (status, codes) in operations.iter().flat_map(by_status) {
        all.entry(component(&codes))
            .or_insert_with(|| refusal(status, &codes));
    }
    let mut rest = refusal(
        StatusCode::BAD_REQUEST,
        &[Code::Engine(ErrorKind::BadRequest)],
    );
    rest["description"] = "Any other refusal.".into();
    all.insert(REST.to_owned(), rest);
    Value::Object(all)
}

fn by_status(operation: &Operation) -> BTreeMap<StatusCode, Vec<Code>> {
    let mut all: BTreeMap<StatusCode, Vec<Code>> = BTreeMap::new();
    for code in operation.codes() {
        all.entry(code.status()).or_default().push(code);
    }
    // Who shows no key has no rate, and yet a query string can be malformed.
    debug_assert!(operation.is_keyed() || !all.contains_key(&StatusCode::UNAUTHORIZED));
    all
}

/// A name made of the codes, since a status has others elsewhere: `UnknownFieldOrUnknownValue`.
fn component(codes: &[Code]) -> String {
    let camel = |code: &Code| -> String {
        let words = code.as_str().split('_');
        words
            .map(|word| word[..1].to_ascii_uppercase() + &word[1..])
            .collect()
    };
    let names: Vec<String> = codes.iter().map(camel).collect();
    names.join("Or")
}

fn refusal(status: StatusCode, codes: &[Code]) -> Value {
    let more: &[(&str, &str)] = match status {
        StatusCode::UNAUTHORIZED => &[("WWW-Authenticate", "WwwAuthenticate")],
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            &[("Retry-After", "RetryAfter")]
        }
        _ => &[],
    };
    let says = |code: &Code| format!("`{}`: {}.", code.as_str(), code.meaning());
    let says: Vec<String> = codes.iter().map(says).collect();
    let example = |code: &Code| {
        let example = json!({ "summary": code.meaning(), "value": examples::refusal(*code) });
        (code.as_str().to_owned(), example)
    };
    let mut content = content("ErrorResponse", None);
    let examples: Map<String, Value> = codes.iter().map(example).collect();
    content["application/json"]["examples"] = examples.into();
    json!({ "description": says.join("\n"), "headers": headers::references(more), "content": content })
}
