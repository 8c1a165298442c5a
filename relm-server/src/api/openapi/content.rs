//! The content of a body: its type, its schema and an example.

use serde_json::{Value, json};

use crate::api::schemas::reference;

/// What is answered with no JSON: text as the HTML standard has it for streams of events.
pub(in crate::api) const EVENT_STREAM: &str = "EventStream";

/// A file with a header and lines of cells.
pub(in crate::api) const CSV_FILE: &str = "CsvFile";
/// A file of records, in either format.
pub(in crate::api) const RECORDS_FILE: &str = "RecordsFile";

/// A file of records as the body of a request.
pub(super) fn file_body() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "required": true,
        "content": {
            "text/csv": { "schema": text, "example": "Email,First Name\nada@example.com,Ada\n" },
            "application/x-ndjson": { "schema": text },
            "text/vcard": { "schema": text },
        },
    })
}

pub(super) fn content(schema: &str, example: Option<Value>) -> Value {
    if schema == EVENT_STREAM {
        let text = json!({ "type": "string" });
        return json!({ "text/event-stream": { "schema": text } });
    }
    if schema == CSV_FILE {
        let text = json!({ "type": "string" });
        return json!({ "text/csv": { "schema": text } });
    }
    if schema == RECORDS_FILE {
        let text = json!({ "type": "string" });
        return json!({ "text/csv": { "schema": text }, "application/x-ndjson": { "schema": text } });
    }
    let mut content = json!({ "schema": reference(schema) });
    if let Some(example) = example {
        content["example"] = example;
    }
    json!({ "application/json": content })
}
