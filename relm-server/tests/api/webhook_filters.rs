//! What an endpoint asks of events beside their types: `filter`.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{User, World, id};

fn subscribe(user: &User<'_>, types: &Value, filter: &Value) -> Value {
    let body =
        json!({ "url": "https://example.com/hooks", "event_types": types, "filter": filter });
    user.create("/v1/webhooks", body)
}

/// The types of the deliveries to an endpoint, oldest first.
fn sent(user: &User<'_>, endpoint: &Value) -> Vec<String> {
    let path = format!("/v1/webhooks/{}/deliveries?limit=200", id(endpoint));
    let listed = user.get(&path).is(200);
    let listed = listed["data"].as_array().unwrap().iter().rev();
    listed
        .map(|it| it["event_type"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_filter_is_shown_changed_as_a_whole_and_removed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let filter =
        json!({ "changed": ["stage"], "where": { "currency": ["EUR", null], "stage": ["won"] } });
    let made = subscribe(&user, &json!(["deal.updated"]), &filter);
    assert_eq!(made["filter"], filter);
    let path = format!("/v1/webhooks/{}", id(&made));
    assert_eq!(user.get(&path).is(200)["filter"], filter);
    for (given, shown) in [
        // One value is a list of one, and what is said twice is said once.
        (
            json!({ "where": { "stage": "won" }, "changed": [] }),
            json!({ "where": { "stage": ["won"] } }),
        ),
        (
            json!({ "changed": ["stage", "stage"], "where": null }),
            json!({ "changed": ["stage"] }),
        ),
        (json!({}), Value::Null),
        (filter.clone(), filter.clone()),
        (json!(null), Value::Null),
    ] {
        let changed = user.patch(&path, json!({ "filter": given })).is(200);
        assert_eq!(changed["filter"], shown, "{given}");
        let same = user.patch(&path, json!({ "description": "d" })).is(200);
        assert_eq!(same["filter"], shown, "{given}");
    }
}

#[test]
fn an_update_is_sent_where_a_member_changed_that_was_asked_for() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let types = json!(["deal.created", "deal.updated", "deal.deleted"]);
    let staged = subscribe(
        &user,
        &types,
        &json!({ "changed": ["stage", "metadata.plan"] }),
    );
    let everything = subscribe(&user, &json!(["*"]), &json!({ "changed": ["metadata"] }));
    let deal = user.create(
        "/v1/deals",
        json!({ "title": "Engine", "metadata": { "a": 1 } }),
    );
    let path = format!("/v1/deals/{}", id(&deal));
    for change in [
        json!({ "title": "Engines" }),
        json!({ "metadata": { "a": 2 } }),
        json!({ "stage": "won", "title": "Engine" }),
        json!({ "metadata": { "plan": "pro" } }),
        json!({ "metadata": { "plan": null } }),
    ] {
        user.patch(&path, change).is(200);
    }
    user.delete(&path).is(200);
    let updates = ["deal.updated"; 3];
    let expected = [&["deal.created"][..], &updates, &["deal.deleted"]].concat();
    assert_eq!(sent(&user, &staged), expected);
    assert_eq!(sent(&user, &everything), expected);
}

#[test]
fn what_is_sent_has_one_of_the_values_before_the_change_or_after_it() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let number = json!({ "object_type": "deal", "key": "seats", "type": "number" });
    user.create("/v1/schema/fields", number);
    let types = json!([
        "deal.created",
        "deal.updated",
        "deal.deleted",
        "deal.purged"
    ]);
    let sales = json!({ "where": { "metadata.pipeline": ["sales", "partners"] } });
    let sales = subscribe(&user, &types, &sales);
    let both = json!({ "where": { "stage": ["won"], "metadata.seats": [5], "currency": ["eur"] } });
    let both = subscribe(&user, &types, &both);
    let none = subscribe(
        &user,
        &types,
        &json!({ "where": { "value_cents": [null] } }),
    );
    let deal = json!({
        "title": "Engine", "value_cents": 5, "currency": "EUR", "stage": "won", "metadata": { "pipeline": "support", "seats": 5.0 },
    });
    let path = format!("/v1/deals/{}", id(&user.create("/v1/deals", deal)));
    for change in [
        json!({ "title": "Engines" }),
        json!({ "metadata": { "pipeline": "sales" } }),
        json!({ "title": "Engine" }),
        json!({ "metadata": { "pipeline": "support" } }),
        json!({ "stage": "lost", "value_cents": null }),
        json!({ "title": "Gone" }),
    ] {
        user.patch(&path, change).is(200);
    }
    user.delete(&path).is(200);
    user.delete(&format!("{path}?purge=true")).is(200);
    // It comes, it is changed, and it goes.
    let updates = |count: usize| vec!["deal.updated"; count];
    assert_eq!(
        sent(&user, &sales),
        [updates(3), vec!["deal.purged"]].concat()
    );
    let all = [vec!["deal.created"], updates(5), vec!["deal.purged"]].concat();
    assert_eq!(sent(&user, &both), all);
    let rest = [updates(2), vec!["deal.deleted", "deal.purged"]].concat();
    assert_eq!(sent(&user, &none), rest);
}

#[test]
fn a_recovery_goes_by_the_filter_and_a_replay_and_a_test_do_not() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for stage in ["open", "won", "lost"] {
        user.create("/v1/deals", json!({ "title": "Engine", "stage": stage }));
    }
    user.contact("ada@example.com");
    let endpoint = subscribe(
        &user,
        &json!(["*"]),
        &json!({ "where": { "stage": ["won"] } }),
    );
    let path = format!("/v1/webhooks/{}", id(&endpoint));
    let since = json!({ "since": "2020-01-01T00:00:00Z" });
    let recovered = user.post(&format!("{path}/recover"), since).is(202);
    assert_eq!(recovered["recovered"], 1);
    user.post(&format!("{path}/test"), json!({})).is(202);
    assert_eq!(sent(&user, &endpoint), ["deal.created", "ping"]);
    let listed = user.get(&format!("{path}/deliveries")).is(200);
    let delivery = listed["data"][1]["id"].as_str().unwrap().to_owned();
    user.patch(&path, json!({ "filter": { "where": { "stage": "lost" } } }))
        .is(200);
    user.post(&format!("{path}/replay/{delivery}"), json!({}))
        .is(202);
    assert_eq!(sent(&user, &endpoint).len(), 3);
}

#[test]
fn a_link_is_asked_for_by_what_it_links() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let types = json!(["association.created", "association.deleted"]);
    let champions = json!({ "where": { "label": ["champion"], "to_type": ["deal"] } });
    let champions = subscribe(&user, &types, &champions);
    let ada = user.contact("ada@example.com");
    let deal = id(&user.create("/v1/deals", json!({ "title": "Engine" })));
    for label in ["champion", "buyer"] {
        let edge = json!({
            "from_type": "contact", "from_id": ada, "to_type": "deal", "to_id": deal, "label": label,
        });
        let edge = user.create("/v1/associations", edge);
        user.delete(&format!("/v1/associations/{}", id(&edge)))
            .is(200);
    }
    assert_eq!(
        sent(&user, &champions),
        ["association.created", "association.deleted"]
    );
}

/// Types of event, a filter, the code that it is refused with, and the member that is named.
const REFUSED: [(&str, &str, &str, &str); 22] = [
    ("deal.updated", r#""stage""#, "validation_failed", "filter"),
    (
        "deal.updated",
        r#"["stage"]"#,
        "validation_failed",
        "filter",
    ),
    (
        "deal.updated",
        r#"{"changd": ["stage"]}"#,
        "unknown_field",
        "filter.changd",
    ),
    (
        "deal.updated",
        r#"{"changed": [1]}"#,
        "validation_failed",
        "filter.changed",
    ),
    (
        "deal.updated",
        r#"{"changed": ["stag"]}"#,
        "unknown_value",
        "filter.changed",
    ),
    (
        "deal.updated",
        r#"{"changed": ["updated_at"]}"#,
        "unknown_value",
        "filter.changed",
    ),
    (
        "deal.updated",
        r#"{"changed": ["plan"]}"#,
        "unknown_value",
        "filter.changed",
    ),
    (
        "deal.updated",
        r#"{"changed": ["email"]}"#,
        "unknown_value",
        "filter.changed",
    ),
    (
        "deal.updated",
        r#"{"where": "stage"}"#,
        "validation_failed",
        "filter.where",
    ),
    (
        "deal.updated",
        r#"{"where": {"stag": ["won"]}}"#,
        "unknown_value",
        "filter.where",
    ),
    (
        "deal.updated",
        r#"{"where": {"plan": ["pro"]}}"#,
        "unknown_value",
        "filter.where",
    ),
    (
        "deal.updated",
        r#"{"where": {"email": ["a@b.example"]}}"#,
        "unknown_value",
        "filter.where",
    ),
    (
        "deal.updated",
        r#"{"where": {"stage": []}}"#,
        "validation_failed",
        "filter.where.stage",
    ),
    (
        "deal.updated",
        r#"{"where": {"stage": {"in": ["won"]}}}"#,
        "validation_failed",
        "filter.where.stage",
    ),
    (
        "deal.updated",
        r#"{"where": {"value_cents": ["much"]}}"#,
        "validation_failed",
        "filter.where.value_cents",
    ),
    (
        "deal.updated",
        r#"{"where": {"metadata.seats": ["many"]}}"#,
        "validation_failed",
        "filter.where.metadata.seats",
    ),
    (
        "deal.updated",
        r#"{"where": {"company_id": ["acme"]}}"#,
        "validation_failed",
        "filter.where.company_id",
    ),
    (
        "deal.created",
        r#"{"changed": ["stage"]}"#,
        "validation_failed",
        "filter.changed",
    ),
    (
        "deal.updated contact.updated",
        r#"{"changed": ["stage"]}"#,
        "validation_failed",
        "filter.changed",
    ),
    (
        "deal.created contact.created",
        r#"{"where": {"stage": ["won"]}}"#,
        "validation_failed",
        "filter.where",
    ),
    (
        "*",
        r#"{"where": {"nothing": ["won"]}}"#,
        "unknown_value",
        "filter.where",
    ),
    (
        "*",
        r#"{"changed": ["nothing"]}"#,
        "unknown_value",
        "filter.changed",
    ),
];

/// A body with these types, with spaces between them.
fn body(types: &str, filter: &Value) -> Value {
    let types: Vec<&str> = types.split(' ').collect();
    json!({ "url": "https://example.com/", "event_types": types, "filter": filter })
}

#[test]
fn what_could_never_be_sent_is_refused() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (key, of) in [("plan", "text"), ("seats", "number")] {
        let field = json!({ "object_type": "deal", "key": key, "type": of });
        user.create("/v1/schema/fields", field);
    }
    for (types, filter, code, field) in REFUSED {
        let filter = serde_json::from_str(filter).unwrap();
        user.post("/v1/webhooks", body(types, &filter))
            .fails(422, code, field);
    }
    for (filter, said) in [
        (json!({ "changed": ["stag"] }), "Did you mean `stage`?"),
        (
            json!({ "where": { "plan": "pro" } }),
            "write `metadata.plan`",
        ),
    ] {
        let answer = user.post("/v1/webhooks", body("deal.updated", &filter));
        assert!(answer.text.contains(said), "{}", answer.text);
    }
    assert_eq!(user.get("/v1/webhooks").is(200)["data"], json!([]));
    // What is right of one endpoint may be wrong of its next types: both are said in one request then.
    let deals = json!(["deal.updated"]);
    let endpoint = subscribe(&user, &deals, &json!({ "changed": ["stage"] }));
    let path = format!("/v1/webhooks/{}", id(&endpoint));
    user.patch(&path, json!({ "event_types": ["contact.updated"] }))
        .fails(422, "unknown_value", "filter.changed");
    let both = json!({ "event_types": ["contact.updated"], "filter": { "changed": ["email"] } });
    user.patch(&path, both).is(200);
}

#[test]
fn a_filter_has_bounds() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let numbers = |count: usize| (0..count).map(|n| n.to_string());
    let names = |count: usize| numbers(count).map(|n| format!("metadata.{n}"));
    let long = "x".repeat(450);
    for (count, status) in [(0, 201), (1, 422)] {
        let changed: Vec<String> = names(20 + count).collect();
        let values: Vec<String> = numbers(50 + count).collect();
        let members = names(20 + count).map(|name| (name, json!(["a"])));
        let members: serde_json::Map<String, Value> = members.collect();
        let large = names(8 + count).map(|name| (name, json!([long])));
        let large: serde_json::Map<String, Value> = large.collect();
        for (filter, field) in [
            (json!({ "changed": changed }), "filter.changed"),
            (json!({ "where": members }), "filter.where"),
            (
                json!({ "where": { "stage": values } }),
                "filter.where.stage",
            ),
            (json!({ "where": large }), "filter"),
        ] {
            let asked = body("deal.updated", &filter);
            let answer = user.post("/v1/webhooks", asked);
            if status == 422 {
                answer.fails(422, "validation_failed", field);
                continue;
            }
            let made = answer.is(status);
            user.delete(&format!("/v1/webhooks/{}", id(&made))).is(200);
        }
    }
}
