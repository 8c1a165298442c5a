//! What a request holds very many of is gone through once, or refused by its number: none is compared with each other one, and none is
//! worked on before it is counted. What took their product would not end here within hours.

use relm_core::Mode;
use relm_core::limits::{DELIVERIES_PER_EVENT_MAX, METADATA_KEYS_MAX, WEBHOOK_HEADERS_MAX};
use serde_json::{Map, Value, json};

use super::session::{World, id};

/// As many members as a body can have, whose names are written with a combining accent.
const MANY: usize = 60_000;

fn members(count: usize, value: &Value) -> Map<String, Value> {
    let member = |n| (format!("e\u{301}{n:05}"), value.clone());
    (0..count).map(member).collect()
}

#[test]
fn keys_of_metadata_are_counted() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let refused = user.post(
        "/v1/contacts",
        json!({ "metadata": members(MANY, &json!(0)) }),
    );
    let error = refused.error(422);
    let message =
        format!("`metadata` must have at most {METADATA_KEYS_MAX} keys; it would have {MANY}.");
    assert_eq!(error["message"], json!(message));

    let kept = members(METADATA_KEYS_MAX, &json!(0));
    let contact = user.create("/v1/contacts", json!({ "metadata": kept }));
    let path = format!("/v1/contacts/{}", id(&contact));
    // Composed, and none of those that are there but the first.
    let mut removed = members(MANY, &Value::Null);
    removed.retain(|key, _| kept.keys().next() == Some(key) || !kept.contains_key(key));
    let removed: Map<String, Value> = removed
        .into_iter()
        .map(|(key, value)| (key.replace("e\u{301}", "é"), value))
        .collect();
    let changed = user.patch(&path, json!({ "metadata": removed })).is(200);
    let left: Map<String, Value> = kept.into_iter().skip(1).collect();
    assert_eq!(changed["metadata"], json!(left));
}

#[test]
fn header_fields_are_counted_before_they_are_sealed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = json!({ "url": "https://example.com/hooks", "event_types": ["*"] });
    let webhook = user.create("/v1/webhooks", body);
    let header = |n| (format!("x-{n}"), json!("secret"));
    let headers: Map<String, Value> = (0..MANY / 2).map(header).collect();
    let path = format!("/v1/webhooks/{}", id(&webhook));
    let error = user.patch(&path, json!({ "headers": headers })).error(422);
    let message = format!(
        "A webhook can have at most {WEBHOOK_HEADERS_MAX} header fields of its own, not {}.",
        MANY / 2
    );
    assert_eq!(
        (&error["field"], &error["message"]),
        (&json!("headers"), &json!(message))
    );
}

#[test]
fn a_long_text_is_no_list() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (text, suggestion) in [
        (
            "email, phone".to_owned(),
            json!(["email", "phone"]).to_string(),
        ),
        (",".repeat(1_000_000), String::new()),
    ] {
        let body = json!({ "dedup_on": text, "contacts": [] });
        let error = user.post("/v1/contacts/batch", body).error(422);
        assert_eq!(error["field"], "dedup_on");
        let suggested = error["suggestion"].as_str().unwrap_or_default();
        assert_eq!(suggested, suggestion);
    }
}

#[test]
fn an_event_is_replayed_so_many_times() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = json!({ "url": "https://example.com/hooks", "event_types": ["*"] });
    let [webhook, other] = [(); 2].map(|()| id(&user.create("/v1/webhooks", body.clone())));
    user.contact("ada@example.com");
    let first = |webhook: &str| {
        let list = user.get(&format!("/v1/webhooks/{webhook}/deliveries"));
        id(&list.is(200)["data"][0])
    };
    let (delivery, elsewhere) = (first(&webhook), first(&other));
    let replay = |webhook: &str, delivery: &str| {
        let path = format!("/v1/webhooks/{webhook}/replay/{delivery}");
        user.ask("POST", &path).send()
    };
    let mut last = delivery.clone();
    for _ in 1..DELIVERIES_PER_EVENT_MAX {
        last = id(&replay(&webhook, &delivery).is(202));
    }
    let message = format!(
        "This webhook has {DELIVERIES_PER_EVENT_MAX} deliveries of this event, which is all that there can be: it is not replayed again."
    );
    let refused = json!({ "code": "validation_failed", "message": message });
    for delivery in [&delivery, &last] {
        assert_eq!(replay(&webhook, delivery).error(422), refused);
    }
    replay(&other, &elsewhere).is(202);
    user.contact("grace@example.com");
    replay(&webhook, &first(&webhook)).is(202);
}

#[test]
fn what_a_filter_lists_is_counted() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ask = |filter: Value| {
        let body = json!({ "url": "https://example.com/hooks", "event_types": ["deal.updated"], "filter": filter });
        user.post("/v1/webhooks", body).error(422)["message"].clone()
    };
    let values: Vec<usize> = (0..MANY).collect();
    let said = ask(json!({ "where": { "value_cents": values } }));
    assert!(
        said.as_str().unwrap().contains(&format!("not {MANY}")),
        "{said}"
    );
    let names: Vec<String> = (0..MANY / 2).map(|n| format!("metadata.k{n}")).collect();
    let said = ask(json!({ "changed": names }));
    assert!(
        said.as_str()
            .unwrap()
            .contains(&format!("not {}", MANY / 2)),
        "{said}"
    );
}
