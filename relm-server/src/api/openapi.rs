//! `/openapi.json`: OpenAPI 3.1, generated from the route table and the engine's column tables, so that it cannot
//! say what the code does not do.

mod schemas;

use std::sync::LazyLock;

use bytes::Bytes;
use hyper::Method;
use relm_core::limits::{IDEMPOTENCY_KEY_CHARS_MAX, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX};
use relm_core::query::filter::{Operator, filterable};
use relm_core::record::API_VERSION;
use relm_core::{Kind, ObjectType};
use serde_json::{Map, Value, json};

use self::schemas::{OBJECTS, schemas, text};
use super::answer::{Answer, Outcome};
use super::routes::{Access, Route, Routes};

/// It says nothing of a workspace, so it is written once.
static DOCUMENT: LazyLock<Bytes> =
    LazyLock::new(|| format!("{}\n", document(Routes::new().all())).into());

pub(super) async fn openapi() -> Outcome {
    Ok(Answer::lines(DOCUMENT.clone()))
}

/// The document of these routes.
fn document(routes: &[Route]) -> Value {
    let mut paths = Map::new();
    for route in routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Relm", "version": API_VERSION, "license": { "name": "MIT OR Apache-2.0" },
            "description": "Whatever answers GET answers HEAD with the same head and no body.",
        },
        "components": {
            "schemas": schemas(),
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        },
        "paths": paths,
    })
}

fn operation(route: &Route) -> Value {
    let (status, gives) = route.doc.gives;
    let mut success = json!({ "description": "Success", "content": content(gives) });
    let is_versioned = is_versioned(route);
    if is_versioned {
        success["headers"] =
            json!({ "ETag": { "schema": { "type": "string", "examples": ["\"3\""] } } });
    }
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.doc.summary,
        "parameters": parameters(route),
        "responses": {
            status.to_string(): success,
            "default": { "description": "A failure", "content": content("Error") },
        },
    });
    if is_versioned && route.method == Method::GET {
        let known = json!({ "description": "`If-None-Match` names the version" });
        operation["responses"]["304"] = known;
    }
    if let Some(takes) = route.doc.takes {
        operation["requestBody"] =
            json!({ "required": !route.doc.optional, "content": content(takes) });
    }
    if let Access::Keyed(_) = route.access {
        operation["security"] = json!([{ "key": [] }]);
    }
    if route.path == "/v1/associations" && route.method == Method::POST {
        let existing = json!({ "description": "The edge was there", "content": content(gives) });
        operation["responses"]["200"] = existing;
    }
    operation
}

/// Whether a success is one object that counts its changes.
fn is_versioned(route: &Route) -> bool {
    let names = OBJECTS.map(|(_, name)| name);
    names.contains(&route.doc.gives.1)
}

/// `PATCH /v1/contacts/{id}` is `patch_contacts_id`: a path and a method are there once, and so is their name.
fn operation_id(route: &Route) -> String {
    let name = match route.path.trim_start_matches("/v1") {
        "/" => "_root".to_owned(),
        path => path.replace('/', "_").replace(['{', '}', '.'], ""),
    };
    format!("{}{name}", route.method.as_str().to_ascii_lowercase())
}

fn content(schema: &str) -> Value {
    json!({ "application/json": { "schema": reference(schema) } })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn parameter(place: &str, name: &str, schema: Value) -> Value {
    json!({ "in": place, "name": name, "required": place == "path", "schema": schema })
}

fn parameters(route: &Route) -> Vec<Value> {
    let names = route.path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?;
        name.strip_suffix('}')
    });
    let mut all: Vec<Value> = names.map(|name| parameter("path", name, text())).collect();
    if route.doc.gives.1.ends_with("List") {
        let limit = json!({ "type": "integer", "minimum": 1, "default": PAGE_LIMIT_DEFAULT,
            "description": format!("More than {PAGE_LIMIT_MAX} counts as {PAGE_LIMIT_MAX}.") });
        all.push(parameter("query", "limit", limit));
        all.push(parameter("query", "cursor", text()));
        all.extend(filters(route));
    }
    if route.path == "/v1/search" {
        let mut q = parameter("query", "q", text());
        q["required"] = true.into();
        all.push(q);
        all.push(parameter("query", "types", text()));
    }
    let keyed = matches!(route.access, Access::Keyed(_));
    if keyed && route.method == Method::POST {
        let key =
            json!({ "type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_CHARS_MAX });
        all.push(parameter("header", "Idempotency-Key", key));
    }
    let one = route.path.ends_with("/{id}") && object_of(route.path).is_some();
    if one && route.method == Method::GET {
        all.push(parameter("header", "If-None-Match", text()));
    }
    if one && route.method != Method::GET {
        let version = json!({ "type": "string", "examples": ["\"3\""] });
        all.push(parameter("header", "If-Match", version));
    }
    all
}

fn object_of(path: &str) -> Option<ObjectType> {
    match path.strip_prefix("/v1/")?.split('/').next()? {
        "contacts" => Some(ObjectType::Contact),
        "companies" => Some(ObjectType::Company),
        "deals" => Some(ObjectType::Deal),
        "activities" => Some(ObjectType::Activity),
        _ => None,
    }
}

/// The filters that a list takes: each field by its name, and all of them as `filter[field][operator]`.
fn filters(route: &Route) -> Vec<Value> {
    let kind = match route.path {
        "/v1/schema/fields" => Some(Kind::Field),
        "/v1/associations" => Some(Kind::Association),
        "/v1/webhooks" => Some(Kind::Webhook),
        "/v1/webhooks/{id}/deliveries" => Some(Kind::Delivery),
        "/v1/events" => Some(Kind::Event),
        path => object_of(path).map(ObjectType::kind),
    };
    let Some(kind) = kind else {
        return Vec::new();
    };
    let operators = Operator::ALL.map(Operator::as_str).join(", ");
    let mut filter = parameter("query", "filter", json!({ "type": "object" }));
    filter["style"] = "deepObject".into();
    filter["description"] =
        format!("filter[field][operator]=value; the operators are {operators}.").into();
    let short = filterable(kind).map(|name| {
        let mut short = parameter("query", name, text());
        short["description"] = format!("Short for filter[{name}][eq].").into();
        short
    });
    [filter].into_iter().chain(short).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_and_the_route_table_name_the_same() {
        let routes = Routes::new();
        let document = document(routes.all());
        let mut described = BTreeSet::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                described.insert(format!("{} {path}", method.to_ascii_uppercase()));
            }
        }
        let served = routes
            .all()
            .iter()
            .map(|route| format!("{} {}", route.method, route.path));
        assert_eq!(described, served.collect());
        assert_eq!(
            described.len(),
            routes.all().len(),
            "no route is there twice"
        );
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document(Routes::new().all());
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let text = document.to_string();
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
    }
}
