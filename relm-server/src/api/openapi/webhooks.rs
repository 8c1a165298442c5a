//! What the server sends to endpoints: events, told apart by their type.

use relm_core::record::EventType;
use serde_json::{Map, Value, json};

use super::content::content;
use crate::api::schemas::events::PAYLOAD;
use crate::api::schemas::examples;

/// The tag of what is sent, apart from that of the operations on endpoints: generators make a file of each.
pub(super) const NOTIFICATIONS: &str = "notifications";

/// The one webhook: an endpoint receives all events at one URL.
pub(super) fn webhooks() -> Value {
    let mut body = content(PAYLOAD, None);
    let types = EventType::all().chain([EventType::Ping]);
    let example = |ty: EventType| {
        Some((
            ty.as_str().to_owned(),
            json!({ "value": examples::event(ty)? }),
        ))
    };
    let examples: Map<String, Value> = types.filter_map(example).collect();
    body["application/json"]["examples"] = examples.into();
    json!({ "event": { "post": {
        "operationId": "on_event",
        "summary": "An event",
        "description": "Sent to every endpoint that subscribed to events of this type, until the endpoint answers with a status from \
                        200 to 299 or the schedule ends.",
        "tags": [NOTIFICATIONS],
        // Generators of clients make operations of webhooks, too, as if one could send them to the server; this they heed.
        "x-internal": true,
        "security": [],
        "parameters": headers(),
        "requestBody": { "required": true, "content": body },
        "responses": {
            "2XX": { "description": "The event was taken." },
            "410": { "description": "The endpoint is gone: it is disabled." },
            "4XX": { "description": "The event is delivered again later." },
        },
    } } })
}

fn headers() -> [Value; 4] {
    let header = |name: &str, description: &str| json!({ "in": "header", "name": name, "required": true, "description": description, "schema": { "type": "string" } });
    [
        header(
            "relm-signature",
            "`t=<Unix seconds>,v1=<hex>`: the HMAC-SHA256 of `<t>.<body>` under the endpoint's secret.",
        ),
        header(
            "webhook-id",
            "The id of the event, the same over all attempts and replays.",
        ),
        header("webhook-timestamp", "When it was sent, in Unix seconds."),
        header(
            "webhook-signature",
            "The signature of the Standard Webhooks.",
        ),
    ]
}
