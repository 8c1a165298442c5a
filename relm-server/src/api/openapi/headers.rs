//! The headers of responses.

use serde_json::{Value, json};

/// Those of every response.
const OF_ALL: [(&str, &str); 5] = [
    ("X-Request-Id", "RequestId"),
    ("Relm-Version", "RelmVersion"),
    ("X-RateLimit-Limit", "RateLimitLimit"),
    ("X-RateLimit-Remaining", "RateLimitRemaining"),
    ("X-RateLimit-Reset", "RateLimitReset"),
];

/// Every header, by the name of its component.
pub(super) fn headers() -> Value {
    let text = |description: &str, example: &str| json!({ "description": description, "schema": { "type": "string" }, "example": example });
    let count = |description: &str, example: u64| json!({ "description": description, "schema": { "type": "integer", "format": "int64", "minimum": 0 }, "example": example });
    json!({
        "RequestId": text("The id of the request.", "req_01M831K2VY6KP43J43158XNJT9"),
        "RelmVersion": text("The version of the API.", relm_core::record::API_VERSION),
        "RateLimitLimit": count("The requests that the workspace and mode may make in a minute.", 600),
        "RateLimitRemaining": count("How many of them are left.", 599),
        "RateLimitReset": count("When they are whole again, in Unix seconds.", 1_751_500_060),
        "ETag": text("The version of the record, in quotes.", "\"3\""),
        "IdempotentReplayed": text("`true` where the response is that of an earlier request with the same `Idempotency-Key`.", "true"),
        "RelmDryRun": text("`true` where the request was a dry run: nothing of it was kept.", "true"),
        "RelmNotice": text(
            "What is done otherwise than the request asks: a `limit` that is too large counts as the most that a page holds.",
            "`limit` counts as 200, the most that a page holds; follow `next_cursor` for the rest."
        ),
        "RetryAfter": count("The seconds after which to try again.", 1),
        "WwwAuthenticate": text("The scheme of authentication.", "Bearer"),
    })
}

/// References to headers: those of every response, and these.
pub(super) fn references(more: &[(&str, &str)]) -> Value {
    let all = OF_ALL.iter().chain(more);
    let reference = |(name, component): &(&str, &str)| {
        let reference = json!({ "$ref": format!("#/components/headers/{component}") });
        ((*name).to_owned(), reference)
    };
    Value::Object(all.map(reference).collect())
}
