//! Query strings: whatever is asked is answered, 200 or 400, in JSON and within bounds; and how a query is encoded decides
//! nothing.

#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use hyper::{Request, StatusCode};
use libfuzzer_sys::fuzz_target;
use pollster::block_on;
use relm_core::{ContactInput, Crm, KeyAccess, Mode};
use relm_server::api::Api;
use relm_store_memory::MemoryStore;
use serde_json::Value;

/// Bytes of an error's body.
const ERROR_BYTES_MAX: usize = 4 * 1_024 + 64;

static API: LazyLock<(Api, String)> = LazyLock::new(|| {
    block_on(async {
        let crm = Crm::new(MemoryStore::new());
        let workspace = crm
            .create_workspace("fuzz")
            .await
            .expect("the name is free");
        let scoped = crm
            .open(workspace.id, Mode::Live)
            .await
            .expect("it is there");
        for n in 0..5 {
            let input = ContactInput {
                email: format!("ada{n}@example.com").as_str().into(),
                last_name: "Lovelace".into(),
                ..ContactInput::default()
            };
            scoped.contacts().create(input).await.expect("it is valid");
        }
        let key = crm.create_key(workspace.id, Mode::Live, KeyAccess::Full, None);
        let key = key.await.expect("the workspace is there");
        (Api::new(crm, u32::MAX), format!("Bearer {}", key.secret))
    })
});

/// The status and the body of a list by this query; none where it is no part of a URI.
fn list(query: &str) -> Option<(StatusCode, Value)> {
    let (api, key) = &*API;
    let request = Request::get(format!("/v1/contacts?{query}")).header("authorization", key);
    let response = block_on(api.handle(request.body(Bytes::new()).ok()?));
    let body: Value = serde_json::from_slice(response.body()).expect("an answer is JSON");
    let is_error = body.get("error").is_some();
    assert_eq!(is_error, response.status() != StatusCode::OK, "{body}");
    assert!(
        !is_error || response.body().len() <= ERROR_BYTES_MAX,
        "{body}"
    );
    Some((response.status(), body))
}

fn without_id(mut body: Value) -> Value {
    if let Some(error) = body.get_mut("error").and_then(Value::as_object_mut) {
        error.remove("request_id");
    }
    body
}

fuzz_target!(|query: &str| {
    // What comes after it is sent to nobody.
    let query = query.split('#').next().unwrap_or_default();
    let Some((status, body)) = list(query) else {
        return;
    };
    assert!(
        [StatusCode::OK, StatusCode::BAD_REQUEST].contains(&status),
        "{status}: {body}"
    );
    if let Some(data) = body.get("data").and_then(Value::as_array) {
        assert!(data.len() <= 5);
        assert_eq!(
            body["has_more"],
            Value::Bool(!body["next_cursor"].is_null())
        );
    }
    // A bare `+` is refused where no space can be meant: written otherwise, it is another query.
    if status == StatusCode::OK && !query.contains('+') {
        let pairs = form_urlencoded::parse(query.as_bytes());
        let encoded = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        let (again, other) = list(&encoded.replace('+', "%20")).expect("it is encoded");
        assert_eq!(
            (again, without_id(other)),
            (status, without_id(body)),
            "{encoded}"
        );
    }
});
