//! `POST /v1/requests/:request_id/undo`.

use relm_core::Mode;
use serde_json::{Value, json};

use super::keys::with_key;
use super::session::{Answered, User, World, id, whole_list};

/// The path that undoes the request of an answer.
pub fn of(answer: &Answered) -> String {
    format!("/v1/requests/{}/undo", answer.header("x-request-id"))
}

/// Undoes, and gives what became of it.
#[track_caller]
pub fn undone(user: &User<'_>, path: &str) -> Value {
    user.post(path, json!({})).is(200)
}

/// The path that undoes an undo.
fn again(undone: &Value) -> String {
    let by = undone["undone_by"].as_str().unwrap();
    format!("/v1/requests/{by}/undo")
}

/// What is reverted: the type, id and change of each.
fn reverted(undone: &Value) -> Vec<Value> {
    let reverted = undone["reverted"].as_array().unwrap().iter();
    let told = reverted.map(|it| json!([it["type"], it["id"], it["change"]]));
    told.collect()
}

/// The code, member and id of each conflict.
pub fn conflicts(undone: &Value) -> Vec<Value> {
    let conflicts = undone["conflicts"].as_array().unwrap().iter();
    let told = conflicts.map(|it| json!([it["code"], it["member"], it["id"]]));
    told.collect()
}

/// A record without what every change changes.
fn contents(mut record: Value) -> Value {
    let members = record.as_object_mut().unwrap();
    for name in ["version", "updated_at"] {
        members.remove(name).unwrap();
    }
    record
}

#[test]
fn a_batch_is_undone_and_done_again() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = json!({ "email": "ada@example.com", "first_name": "Ada", "metadata": { "plan": "pro", "seats": 3 } });
    let ada = user.create("/v1/contacts", ada);
    let path = format!("/v1/contacts/{}", id(&ada));
    world.clock.advance_millis(1_000);
    let rows = json!([
        { "email": "ADA@example.com", "first_name": null, "metadata": { "plan": "free", "x": 1 } },
        { "email": "eva@example.com" }, { "email": "eva@example.com", "phone": "1" }, { "email": "no" },
    ]);
    let batch = json!({ "dedup_on": ["email"], "contacts": rows });
    let batch = user.post("/v1/contacts/batch", batch);
    let eva = batch.is(200)["data"][1]["id"].clone();
    let left = user.get(&path).is(200);
    world.clock.advance_millis(1_000);

    let answer = user.post(&of(&batch), json!({}));
    let told = answer.is(200);
    let expected = json!({
        "object": "undo", "request_id": batch.header("x-request-id"), "undone_by": answer.header("x-request-id"),
        "reverted": [
            { "type": "contact", "id": ada["id"], "change": "updated",
              "members": ["first_name", "metadata.plan", "metadata.x"], "former_id": null },
            { "type": "contact", "id": eva, "change": "deleted", "members": [], "former_id": null },
        ],
        "conflicts": [], "conflicts_left_out": 0, "unchanged": 0, "truncated": false, "complete": true,
    });
    assert_eq!(told, expected);
    let now = user.get(&path).is(200);
    assert_eq!(
        (&now["version"], &now["updated_at"]),
        (&json!(3), &json!("2026-07-02T10:00:02.000Z"))
    );
    assert_eq!(contents(now), contents(ada.clone()));
    let trash = user.get("/v1/contacts?deleted=true").is(200);
    assert_eq!(
        (&trash["data"][0]["id"], &trash["data"][0]["phone"]),
        (&eva, &json!("1"))
    );
    let by = format!("/v1/events?request_id={}", answer.header("x-request-id"));
    let events = user.get(&by).is(200);
    let types: Vec<&Value> = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["type"])
        .collect();
    assert_eq!(types, ["contact.deleted", "contact.updated"]);
    assert_eq!(events["data"][1]["previous"]["metadata"], left["metadata"]);

    let redone = undone(&user, &again(&told));
    assert_eq!(
        (conflicts(&redone), &redone["unchanged"]),
        (vec![], &json!(0))
    );
    assert_eq!(contents(user.get(&path).is(200)), contents(left));
    let eva = user
        .get(&format!("/v1/contacts/{}", eva.as_str().unwrap()))
        .is(200);
    assert_eq!((&eva["phone"], &eva["version"]), (&json!("1"), &json!(4)));
}

/// What undoing the request of an answer reverts, and the path that undoes that.
#[track_caller]
fn wholly(user: &User<'_>, answer: &Answered) -> (Vec<Value>, String) {
    assert!(answer.status < 300, "{}", answer.text);
    let told = undone(user, &of(answer));
    assert_eq!(told["conflicts"], json!([]), "{told}");
    (reverted(&told), again(&told))
}

/// The ids and labels of all associations.
fn edges(user: &User<'_>) -> Vec<Value> {
    let list = user.get("/v1/associations").is(200);
    let edges = list["data"].as_array().unwrap().iter();
    edges
        .map(|edge| json!([edge["id"], edge["label"]]))
        .collect()
}

/// A contact and a deal, the association between them, and the answer that linked them.
fn linked(user: &User<'_>) -> (String, String, Answered) {
    let ada = user.contact("ada@example.com");
    let deal = id(&user.create("/v1/deals", json!({ "title": "Engine" })));
    let edge = json!({ "from_type": "contact", "from_id": ada, "to_type": "deal", "to_id": deal, "label": "buys" });
    let linked = user.post("/v1/associations", edge);
    (ada, id(&linked.is(201)), linked)
}

#[test]
fn a_link_is_undone_and_linked_again_under_another_id() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let (_, edge, linked) = linked(&user);
    let (told, redo) = wholly(&user, &linked);
    assert_eq!(told, [json!(["association", edge, "deleted"])]);
    assert_eq!(edges(&user), [Value::Null; 0]);
    let told = undone(&user, &redo);
    let (back, redo) = (&told["reverted"][0], again(&told));
    assert_eq!(
        (&back["change"], &back["former_id"]),
        (&json!("created"), &json!(edge))
    );
    assert_ne!(back["id"], json!(edge));
    assert_eq!(edges(&user), [json!([back["id"], "buys"])]);
    undone(&user, &redo);
    assert_eq!(edges(&user), [Value::Null; 0]);
}

#[test]
fn a_deletion_and_a_restoration_are_undone() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let (ada, edge, _) = linked(&user);
    let there = [json!([edge, "buys"])];
    let path = format!("/v1/contacts/{ada}");
    let (back, trashed) = wholly(&user, &user.delete(&path));
    assert_eq!(back, [json!(["contact", ada, "restored"])]);
    assert_eq!(
        (edges(&user), user.get(&path).status),
        (there.to_vec(), 200)
    );
    undone(&user, &trashed);
    assert_eq!((edges(&user), user.get(&path).status), (vec![], 404));
    let restore = || user.post(&format!("{path}/restore"), json!({}));
    let restored = restore();
    assert_eq!((restored.status, edges(&user)), (200, there.to_vec()));
    let (told, _) = wholly(&user, &restored);
    assert!(
        told.contains(&json!(["contact", ada, "deleted"])),
        "{told:?}"
    );
    assert_eq!((edges(&user), user.get(&path).status), (vec![], 404));
    assert_eq!((restore().status, edges(&user)), (200, there.to_vec()));

    let purged = user.delete(&format!("{path}?purge=true"));
    let told = undone(&user, &of(&purged));
    let gone = conflicts(&told);
    assert!(gone.contains(&json!(["gone", null, ada])), "{told}");
    assert_eq!(
        (&told["reverted"], &told["undone_by"]),
        (&json!([]), &Value::Null)
    );
}

#[test]
fn a_definition_is_undone_and_defined_again() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let deal = id(&user.create("/v1/deals", json!({ "title": "Engine" })));
    let field = json!({ "object_type": "deal", "key": "size", "type": "number" });
    let defined = user.post("/v1/schema/fields", field);
    let field = id(&defined.is(201));
    let (told, redo) = wholly(&user, &defined);
    assert_eq!(told, [json!(["field", field, "deleted"])]);
    assert_eq!(user.get("/v1/schema/fields").is(200), whole_list(json!([])));
    let told = undone(&user, &redo);
    assert_eq!(
        (
            &told["reverted"][0]["former_id"],
            &told["reverted"][0]["change"]
        ),
        (&json!(field), &json!("created"))
    );
    let wrong = user.patch(
        &format!("/v1/deals/{deal}"),
        json!({ "metadata": { "size": "x" } }),
    );
    wrong.fails(422, "validation_failed", "metadata.size");
}

#[test]
fn a_former_value_that_is_refused_by_now_stays_away() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let company = id(&user.create("/v1/companies", json!({ "name": "Shop" })));
    let ada =
        json!({ "email": "ada@example.com", "company_id": company, "metadata": { "plan": "old" } });
    let ada = id(&user.create("/v1/contacts", ada));
    let path = format!("/v1/contacts/{ada}");
    let change = json!({ "company_id": null, "first_name": "Ada", "metadata": { "plan": "pro" } });
    let changed = user.patch(&path, change);
    changed.is(200);
    let field = json!({
        "object_type": "contact", "key": "plan", "type": "select", "options": { "choices": ["free", "pro"] },
    });
    user.create("/v1/schema/fields", field);
    user.delete(&format!("/v1/companies/{company}")).is(200);
    let told = undone(&user, &of(&changed));
    let expected = [
        json!(["invalid_reference", "company_id", ada]),
        json!(["validation_failed", "metadata.plan", ada]),
    ];
    assert_eq!(conflicts(&told), expected);
    assert_eq!(told["reverted"][0]["members"], json!(["first_name"]));
    let now = user.get(&path).is(200);
    assert_eq!(
        (&now["company_id"], &now["metadata"]),
        (&Value::Null, &json!({ "plan": "pro" }))
    );
    let message = told["conflicts"][1]["message"].as_str().unwrap();
    assert!(message.contains("one of"), "{message}");
}

#[test]
fn an_undo_heeds_scopes_and_keys_and_dry_runs() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let batch = json!({ "contacts": [{ "email": "ada@example.com" }] });
    let path = of(&user.post("/v1/contacts/batch", batch));
    for (scopes, missing) in [
        (json!(["contacts:write"]), "events:read"),
        (json!(["events:read", "deals:write"]), "contacts:write"),
        (json!(["*:read"]), "contacts:write"),
    ] {
        let weak = with_key(&user, json!({ "scopes": scopes }));
        for dry in ["true", "false"] {
            let refused = weak.ask("POST", &path).header("relm-dry-run", dry).send();
            refused.fails(403, "forbidden", None);
            assert!(
                refused.text.contains(&format!("`{missing}`")),
                "{}",
                refused.text
            );
        }
    }
    let before = user.get("/v1/contacts").is(200);
    let dry = user
        .ask("POST", &path)
        .header("relm-dry-run", "true")
        .send();
    assert_eq!(dry.header("relm-dry-run"), "true");
    assert_eq!(user.get("/v1/contacts").is(200), before);
    let enough = with_key(
        &user,
        json!({ "scopes": ["events:read", "contacts:write"] }),
    );
    let once = |user: &User<'_>| {
        user.ask("POST", &path)
            .header("idempotency-key", "k")
            .send()
    };
    let first = once(&enough);
    assert_eq!(reverted(&first.is(200)), reverted(&dry.is(200)));
    let replayed = once(&user);
    assert_eq!(
        (&replayed.text, replayed.header("idempotent-replayed")),
        (&first.text, "true".to_owned())
    );
    let weak = with_key(&user, json!({ "scopes": ["events:read", "deals:write"] }));
    once(&weak).fails(403, "forbidden", None);
    let twice = undone(&user, &path);
    assert_eq!(
        (&twice["reverted"], &twice["unchanged"]),
        (&json!([]), &json!(1))
    );
    user.post(&format!("{path}?x=1"), json!({}))
        .fails(400, "bad_request", "x");
    let versioned = user.ask("POST", &path).header("if-match", "\"1\"").send();
    versioned.fails(400, "bad_request", "If-Match");
}

#[test]
fn a_request_that_is_not_known_says_where_its_id_is() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let read = user.get("/v1/contacts");
    let unknown = [
        of(&read),
        "/v1/requests/x/undo".to_owned(),
        "/v1/requests/con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB/undo".to_owned(),
    ];
    for path in &unknown {
        let error = user.post(path, json!({})).error(404);
        assert_eq!(error["code"], "not_found");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("X-Request-Id"), "{message}");
    }
    let made = user.post("/v1/contacts", json!({ "email": "ada@example.com" }));
    let test = world.another_key(user.workspace, Mode::Test, relm_core::KeyAccess::Full);
    test.post(&of(&made), json!({}))
        .fails(404, "not_found", None);
    let hint = user
        .post(&of(&made).replace("/undo", "/revert"), json!({}))
        .error(404);
    assert!(hint.to_string().contains("/undo"), "{hint}");
    user.get(&of(&made)).fails(405, "method_not_allowed", None);
    undone(&user, &of(&made));
}

#[test]
fn what_one_undo_holds_is_bounded() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let scoped = pollster::block_on(world.crm.open(user.workspace, Mode::Live)).unwrap();
    let request = world.crm.request_id();
    let scoped = scoped.for_request(request);
    let ada = user.contact("ada@example.com");
    let path = format!("/v1/requests/{request}/undo");
    let change = |n: usize| {
        let input = json!({ "phone": n.to_string(), "metadata": { "long": "x".repeat(1_100) } });
        pollster::block_on(
            scoped
                .contacts()
                .update_json(ada.parse().unwrap(), input, None),
        )
        .unwrap();
    };
    change(0);
    let change_since = json!({ "metadata": { "long": "y".repeat(1_100) } });
    user.patch(&format!("/v1/contacts/{ada}"), change_since)
        .is(200);
    let told = user
        .ask("POST", &path)
        .header("relm-dry-run", "true")
        .send()
        .is(200);
    let conflict = &told["conflicts"][0];
    assert_eq!(conflict["member"], "metadata.long");
    assert!(conflict.get("found").is_none() && conflict.get("expected").is_none());
    for n in 1..=relm_core::limits::UNDO_EVENTS_MAX {
        change(n);
    }
    let before = user.get(&format!("/v1/contacts/{ada}")).is(200);
    let refused = user.post(&path, json!({}));
    refused.fails(409, "conflict", None);
    assert!(refused.text.contains("1500 changes"), "{}", refused.text);
    assert_eq!(user.get(&format!("/v1/contacts/{ada}")).is(200), before);
}
