//! The OpenAPI documents: 3.1, 3.0 for older tools, and those of one workspace. They are made from the operations and the
//! schemas, so that they cannot say what the code does not do.

mod content;
mod headers;
mod kept;
mod parameters;
mod responses;
mod v3_0;
mod webhooks;

use std::sync::OnceLock;

use bytes::Bytes;
use relm_core::Field;
use relm_core::engine::Definitions;
use relm_core::record::API_VERSION;
use serde_json::{Map, Value, json};

pub(super) use self::content::{CSV_FILE, EVENT_STREAM, RECORDS_FILE};
use self::content::{content, file_body};
use self::kept::Kept;
use super::operation::{Access, Body, Operation};
use super::schemas::{self, examples};

/// The resources, in the order of the documents, and what each is about.
const TAGS: [(&str, &str); 19] = [
    ("contacts", "People, known by one value at least."),
    ("companies", "Organisations, known by their names."),
    ("deals", "Sales in progress, won or lost."),
    (
        "activities",
        "Calls, meetings, notes: what happened, and when.",
    ),
    ("search", "Words across all objects."),
    (
        "schema",
        "What a workspace's objects have, for people and for machines.",
    ),
    (
        "fields",
        "Custom fields, which live in `metadata` and are checked on every write.",
    ),
    (
        "promotion",
        "Definitions of test mode, for live mode: a plan, and doing it.",
    ),
    ("associations", "Labelled edges between any two records."),
    ("batch", "Changes of many records in one commit."),
    ("requests", "What one request changed, taken back."),
    ("webhooks", "Endpoints that receive events."),
    ("deliveries", "Events on their way to an endpoint."),
    ("events", "What happened to records."),
    ("keys", "API keys, and what each may do."),
    (
        webhooks::NOTIFICATIONS,
        "Events as the server sends them to endpoints.",
    ),
    ("server", "What needs no key."),
    (
        "imports",
        "Files of records that are taken in, in the background.",
    ),
    ("exports", "Records as a file."),
];

/// The documents: those that say nothing of a workspace are made once, and those of workspaces are kept for a while.
pub(super) struct Documents {
    operations: Vec<Operation>,
    latest: OnceLock<Bytes>,
    for_older_tools: OnceLock<Bytes>,
    of_workspaces: Kept,
}

impl Documents {
    pub fn new(operations: Vec<Operation>) -> Self {
        Self {
            operations,
            latest: OnceLock::new(),
            for_older_tools: OnceLock::new(),
            of_workspaces: Kept::default(),
        }
    }

    /// In OpenAPI 3.1.
    pub fn latest(&self) -> Bytes {
        let made = self
            .latest
            .get_or_init(|| line(&document(&self.operations, &Definitions::default())));
        made.clone()
    }

    /// In OpenAPI 3.0.
    pub fn for_older_tools(&self) -> Bytes {
        let made = self.for_older_tools.get_or_init(|| {
            let document = document(&self.operations, &Definitions::default());
            line(&v3_0::to_3_0(document))
        });
        made.clone()
    }

    /// In OpenAPI 3.1, with what a workspace has defined.
    pub fn of_workspace(&self, definitions: Definitions) -> Bytes {
        if definitions == Definitions::default() {
            return self.latest();
        }
        let make = |definitions: &Definitions| line(&document(&self.operations, definitions));
        self.of_workspaces.get_or_make(definitions, make)
    }
}

fn line(document: &Value) -> Bytes {
    format!("{document}\n").into()
}

fn document(operations: &[Operation], definitions: &Definitions) -> Value {
    let fields = &definitions.fields;
    let mut paths = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_ascii_lowercase()] = described(operation, fields);
    }
    let tag = |(name, description)| json!({ "name": name, "description": description });
    json!({
        "openapi": "3.1.0",
        "info": info(),
        "servers": [{ "url": "/", "description": "The server that this document is from." }],
        "tags": TAGS.map(tag),
        "paths": paths,
        "webhooks": webhooks::webhooks(),
        "components": {
            "schemas": schemas::schemas(definitions),
            "parameters": parameters::shared(),
            "headers": headers::headers(),
            "responses": responses::refusals(operations),
            "securitySchemes": { "key": {
                "type": "http", "scheme": "bearer",
                "description": "An API key: `sk_live_…` for live records, `sk_test_…` for test records.",
            } },
        },
    })
}

fn info() -> Value {
    let description = format!(
        "A CRM. This is version `{API_VERSION}` of its API; a request may ask for it in the header `Relm-Version`.\n\n\
         Whatever answers GET answers HEAD with the same head and no body. Any other method on a path is refused with 405 \
         `method_not_allowed`, and what is not well-formed HTTP with 400, 408, 414, 431 or 501. A custom field is filtered by \
         the name of its member, as in `filter[metadata.plan][in]=pro,free`: the document of a workspace, \
         `GET /v1/openapi.json`, has these as parameters."
    );
    json!({
        "title": "Relm",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "An API-first CRM.",
        "description": description,
        "contact": { "name": "Relm", "url": env!("CARGO_PKG_REPOSITORY") },
        "license": { "name": "MIT or Apache 2.0", "identifier": env!("CARGO_PKG_LICENSE") },
    })
}

fn described(operation: &Operation, fields: &[Field]) -> Value {
    let mut described = json!({
        "operationId": operation.name.replace('.', "_"),
        "summary": operation.summary,
        "description": description(operation),
        "tags": [operation.resource()],
        "security": security(operation.access),
        "responses": responses::responses(operation),
    });
    let parameters = parameters::parameters(operation, fields);
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    let (schema, required) = match operation.body {
        Body::None => return described,
        Body::File => {
            described["requestBody"] = file_body();
            return described;
        }
        Body::Optional(schema) => (schema, false),
        Body::Required(schema) => (schema, true),
    };
    described["requestBody"] =
        json!({ "required": required, "content": content(schema, examples::of(schema)) });
    described
}

/// What a caller must know, and the scope that a key needs.
fn description(operation: &Operation) -> String {
    match operation.access {
        Access::Open | Access::KeyedByContent => operation.description.to_owned(),
        Access::Keyed(scope) => format!("{} Needs the scope `{scope}`.", operation.description),
    }
}

fn security(access: Access) -> Value {
    match access {
        Access::Open => json!([]),
        Access::Keyed(_) | Access::KeyedByContent => json!([{ "key": [] }]),
    }
}
