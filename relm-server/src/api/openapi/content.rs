//! The content of a body: its type, its schema and an example.

use serde_json::{Value, json};

use crate::api::schemas::reference;

/// What is answered with no JSON: text as the HTML standard has it for streams of events.
pub(in crate::api) const EVENT_STREAM: &str = "EventStream";

pub(super) fn content(schema: &str, example: Option<Value>) -> Value {
    if schema == EVENT_STREAM {
        let text = json!({ "type": "string" });
        return json!({ "text/event-stream": { "schema": text } });
    }
    let mut content = json!({ "schema": reference(schema) });
    if let Some(example) = example {
        content["example"] = example;
    }
    json!({ "application/json": content })
}
