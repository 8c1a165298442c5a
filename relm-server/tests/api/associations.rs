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
