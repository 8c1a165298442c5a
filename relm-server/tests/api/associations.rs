//! Associations: edges between any two records.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{World, id, ids, whole_list};

fn edge(from: &Value, to: &Value, label: Value) -> Value {
    json!({
        "from_type": from["object"], "from_id": from["id"], "to_type": to["object"], "to_id": to["id"], "label": label,
    })
}

#[test]
fn an_edge_is_made_once_and_removed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.create("/v1/contacts", json!({ "email": "ada@example.com" }));
    let deal = user.create("/v1/deals", json!({ "title": "Engine" }));
    let made = user.create("/v1/associations", edge(&ada, &deal, json!("champion")));
    let again = user.post("/v1/associations", edge(&ada, &deal, json!("champion")));
    assert_eq!(again.is(200), made);
    let plain = user.create("/v1/associations", edge(&ada, &deal, Value::Null));
    let empty = user.create("/v1/associations", edge(&ada, &deal, json!("")));
    let back = user.create("/v1/associations", edge(&deal, &ada, json!("champion")));
    let all = whole_list(json!([back, empty, plain, made]));
    assert_eq!(user.get("/v1/associations").is(200), all);

    let path = format!("/v1/associations/{}", id(&made));
    let gone = json!({ "id": id(&made), "object": "association", "deleted": true });
    assert_eq!(user.delete(&path).is(200), gone);
    user.delete(&path).fails(404, "not_found", None);
    user.delete(&format!("/v1/associations/{}", id(&ada)))
        .fails(404, "not_found", None);
    let anew = user.create("/v1/associations", edge(&ada, &deal, json!("champion")));
    assert_ne!(anew["id"], made["id"], "ids are never used again");
}

#[test]
fn edges_are_found_from_either_end() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.create("/v1/contacts", json!({ "email": "ada@example.com" }));
    let deal = user.create("/v1/deals", json!({ "title": "Engine" }));
    let call = user.create("/v1/activities", json!({ "type": "call" }));
    let link = |from: &Value, to: &Value, label: Value| {
        id(&user.create("/v1/associations", edge(from, to, label)))
    };
    let first = link(&ada, &deal, json!("champion"));
    let second = link(&call, &ada, json!("about"));
    let third = link(&deal, &call, Value::Null);
    let (ada, deal, call) = (id(&ada), id(&deal), id(&call));
    for (query, expected) in [
        (format!("record_id={ada}"), vec![&second, &first]),
        (format!("record_id={deal}&label=champion"), vec![&first]),
        (format!("from_id={ada}"), vec![&first]),
        (format!("to_id={ada}"), vec![&second]),
        ("from_type=deal".to_owned(), vec![&third]),
        ("to_type=deal".to_owned(), vec![&first]),
        (
            format!("from_type=contact&from_id={ada}&to_type=deal&to_id={deal}"),
            vec![&first],
        ),
        (
            format!("filter[record_id][in]={ada},{call}&filter[label][is_null]=true"),
            vec![&third],
        ),
        ("record_id=wh_01K1V9Y2ZP6W4T8Q0R5N7M3XJB".to_owned(), vec![]),
    ] {
        let found = ids(&user.get(&format!("/v1/associations?{query}")).is(200));
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    user.get("/v1/associations?from=ada")
        .fails(400, "bad_request", "from");
    user.get("/v1/associations?from_id=ada")
        .fails(400, "bad_request", "from_id");
    user.get("/v1/associations?edge_key=a")
        .fails(400, "bad_request", "edge_key");
}

#[test]
fn both_ends_must_be_records_that_differ() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.create("/v1/contacts", json!({ "email": "ada@example.com" }));
    let deal = user.create("/v1/deals", json!({ "title": "Engine" }));
    let gone = user.create("/v1/deals", json!({ "title": "Gone" }));
    user.delete(&format!("/v1/deals/{}", id(&gone))).is(200);
    for (from, to, code, field) in [
        (&ada, &ada, "validation_failed", "to_id"),
        (&ada, &gone, "invalid_reference", "to_id"),
        (&gone, &ada, "invalid_reference", "from_id"),
    ] {
        user.post("/v1/associations", edge(from, to, Value::Null))
            .fails(422, code, field);
    }
    for (name, value, code, field) in [
        ("from_type", json!("deal"), "invalid_reference", "from_id"),
        ("to_type", json!("contact"), "invalid_reference", "to_id"),
        ("to_type", json!("webhook"), "unknown_value", "to_type"),
        ("from_type", json!(null), "validation_failed", "from_type"),
        ("to_id", json!(null), "validation_failed", "to_id"),
        (
            "label",
            json!("x".repeat(101)),
            "validation_failed",
            "label",
        ),
        ("kind", json!("x"), "unknown_field", "kind"),
    ] {
        let mut body = edge(&ada, &deal, Value::Null);
        body[name] = value;
        user.post("/v1/associations", body).fails(422, code, field);
    }
    assert_eq!(user.get("/v1/associations").is(200), whole_list(json!([])));
}

#[test]
fn a_deleted_record_takes_its_edges_with_it() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.create("/v1/contacts", json!({ "email": "ada@example.com" }));
    let deal = user.create("/v1/deals", json!({ "title": "Engine" }));
    let call = user.create("/v1/activities", json!({ "type": "call" }));
    user.create("/v1/associations", edge(&ada, &deal, Value::Null));
    user.create("/v1/associations", edge(&call, &ada, Value::Null));
    let kept = user.create("/v1/associations", edge(&call, &deal, Value::Null));
    user.delete(&format!("/v1/contacts/{}", id(&ada))).is(200);
    assert_eq!(
        user.get("/v1/associations").is(200),
        whole_list(json!([kept]))
    );
}

#[test]
fn what_is_said_of_an_edge_is_changed_by_itself() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.create("/v1/contacts", json!({ "email": "ada@example.com" }));
    let deal = user.create("/v1/deals", json!({ "title": "Engine" }));
    let mut body = edge(&ada, &deal, json!("champion"));
    body["inverse_label"] = json!("championed by");
    body["since"] = json!("2026-07-02");
    body["metadata"] = json!({ "strength": "strong", "met": null });
    let made = user.create("/v1/associations", body.clone());
    assert_eq!(made["metadata"], json!({ "strength": "strong" }));
    assert_eq!(
        (&made["until"], &made["version"]),
        (&Value::Null, &json!(1))
    );
    assert_eq!(user.post("/v1/associations", body).is(200), made);

    let path = format!("/v1/associations/{}", id(&made));
    let found = user.get(&path);
    assert_eq!(found.header("etag"), "\"1\"");
    assert_eq!(found.is(200), made);
    let over =
        json!({ "until": "2026-10-31", "inverse_label": null, "metadata": { "met": "in Turin" } });
    let changed = user.patch(&path, over.clone()).is(200);
    let expected = json!({ "strength": "strong", "met": "in Turin" });
    assert_eq!(
        (&changed["metadata"], &changed["version"]),
        (&expected, &json!(2))
    );
    assert_eq!(
        (&changed["inverse_label"], &changed["until"]),
        (&Value::Null, &json!("2026-10-31"))
    );
    assert_eq!(user.patch(&path, over).is(200), changed);
    // What it says again of what it is for good is no change, and anything else is refused.
    assert_eq!(user.patch(&path, changed.clone()).is(200), changed);
    for (name, value) in [
        ("label", json!("sponsor")),
        ("label", json!(null)),
        ("to_id", ada["id"].clone()),
        ("version", json!(1)),
        ("until", json!("2026-07-01")),
        ("since", json!("2026-13-01")),
        ("inverse_label", json!("x".repeat(101))),
        ("metadata", json!({ "a": "x".repeat(2_100) })),
    ] {
        user.patch(&path, json!({ name: value }))
            .fails(422, "validation_failed", name);
    }
    user.patch(&path, json!({ "end_date": "2026-07-01" }))
        .fails(422, "unknown_field", "end_date");
}

#[test]
fn an_edge_that_is_linked_again_is_changed_by_what_is_said() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.create("/v1/contacts", json!({ "email": "ada@example.com" }));
    let deal = user.create("/v1/deals", json!({ "title": "Engine" }));
    let mut body = edge(&ada, &deal, json!("champion"));
    body["until"] = json!("2026-10-31");
    let expected = json!({ "met": "in Turin" });
    body["metadata"] = expected.clone();
    let made = user.create("/v1/associations", body);
    // By what is said, and by no more.
    let mut again = edge(&ada, &deal, json!("champion"));
    again["until"] = Value::Null;
    let again = user.post("/v1/associations", again).is(200);
    assert_eq!(
        (&again["until"], &again["version"]),
        (&Value::Null, &json!(2))
    );
    assert_eq!(again["metadata"], expected);
    let operations = json!({ "operations": [
        { "op": "update", "id": made["id"], "if_version": 2, "data": { "until": "2026-11-30" } },
        { "op": "link", "data": edge(&ada, &deal, json!("champion")) },
        { "op": "unlink", "id": made["id"], "if_version": 3 },
    ] });
    let report = user.post("/v1/batch", operations).is(200);
    let statuses = report["data"].as_array().unwrap().iter();
    let statuses: Vec<&Value> = statuses.map(|row| &row["status"]).collect();
    assert_eq!(statuses, ["updated", "unchanged", "deleted"]);
    let events = user.get("/v1/events?type=association.updated").is(200);
    assert_eq!(events["data"].as_array().unwrap().len(), 2);
}

#[test]
fn edges_are_found_by_their_days() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.create("/v1/contacts", json!({ "email": "ada@example.com" }));
    let company = user.create("/v1/companies", json!({ "name": "Engines" }));
    for (label, since, until) in [
        ("past", json!("2020-01-01"), json!("2024-12-31")),
        ("now", json!("2025-01-01"), Value::Null),
        ("ever", Value::Null, Value::Null),
    ] {
        let mut body = edge(&ada, &company, json!(label));
        body["since"] = since;
        body["until"] = until;
        user.create("/v1/associations", body);
    }
    for (query, expected) in [
        ("filter[until][is_null]=true", &["ever", "now"][..]),
        ("filter[until][lt]=2026-01-01", &["past"]),
        ("filter[since][lte]=2025-01-01", &["now", "past"]),
        ("until=2024-12-31", &["past"]),
    ] {
        let path = format!("/v1/associations?record_id={}&{query}", id(&ada));
        let found = user.get(&path).is(200);
        let labels = found["data"].as_array().unwrap().iter();
        let labels: Vec<&str> = labels.map(|it| it["label"].as_str().unwrap()).collect();
        assert_eq!(labels, expected, "{query}");
    }
}
