//! Promotions over HTTP: which key may ask for one, what a plan says, and how it is applied.

use relm_core::{KeyAccess, Mode};
use serde_json::{Value, json};

use super::keys::with_key;
use super::schema_check::SchemaCheck;
use super::session::{Answered, User, World, id};

const PROMOTION: &str = "/v1/schema/promotion";
const FIELDS: &str = "/v1/schema/fields";

fn define(user: &User<'_>, key: &str, more: &Value) -> String {
    let mut field = json!({ "object_type": "contact", "key": key, "type": "text" });
    let members = field.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    id(&user.create(FIELDS, field))
}

fn plan(live: &User<'_>) -> String {
    let planned = live.get(PROMOTION).is(200);
    planned["plan"].as_str().unwrap().to_owned()
}

fn select(choices: &[&str]) -> Value {
    json!({ "type": "select", "options": { "choices": choices } })
}

/// Fields that differ between the modes, and a live record that keeps to none of what is new.
fn prepare(live: &User<'_>, test: &User<'_>) -> [String; 3] {
    let field = define(live, "plan", &select(&["free", "pro"]));
    let own = define(live, "own", &json!({}));
    define(test, "plan", &select(&["free"]));
    define(
        test,
        "source",
        &json!({ "label": "Source", "required": true }),
    );
    let settings = json!({ "unknown_members": "reject" });
    test.patch("/v1/schema/deals", settings).is(200);
    let ada = json!({ "email": "ada@example.com", "metadata": { "plan": "pro" } });
    let ada = id(&live.create("/v1/contacts", ada));
    [field, own, ada]
}

#[test]
fn a_plan_is_read_and_applied() {
    let world = World::new();
    let live = world.user("acme", Mode::Live);
    let test = world.another_key(live.workspace, Mode::Test, KeyAccess::Full);
    let nothing = live.get(PROMOTION).is(200);
    assert_eq!(nothing["status"], "planned");
    for part in ["create", "update", "settings", "refused", "left_alone"] {
        assert_eq!(nothing[part], json!([]), "{part}");
    }
    let [field, own, ada] = prepare(&live, &test);
    let planned = live.get(PROMOTION).is(200);
    let created = &planned["create"][0];
    assert_eq!(
        (&created["key"], &created["field_id"]),
        (&json!("source"), &Value::Null)
    );
    assert_eq!(created["breaks"][0]["ids"], json!([ada]));
    let updated = &planned["update"][0];
    assert_eq!(updated["field_id"], json!(field));
    assert_eq!(updated["choices"]["removed"], json!(["pro"]));
    assert_eq!(updated["breaks"][0]["count"], 1);
    assert_eq!(planned["left_alone"][0]["field_id"], json!(own));
    assert_eq!(planned["settings"][0]["to"], "reject");
    let body = json!({ "plan": planned["plan"] });
    let refused = live.post(PROMOTION, body.clone()).error(409);
    assert_eq!(refused["field"], "contact.source.required");
    assert_eq!(
        (&refused["count"], &refused["ids"]),
        (&json!(1), &json!([ada]))
    );
    let forced = json!({ "plan": planned["plan"], "force": true });
    let dry = live.ask("POST", PROMOTION).header("relm-dry-run", "true");
    let tried = dry.json(&forced).send().is(200);
    assert_eq!(tried["status"], "applied");
    assert_eq!(live.get(PROMOTION).is(200), planned, "it was a dry run");
    let once = |body: &Value| {
        let ask = live.ask("POST", PROMOTION).header("idempotency-key", "k");
        ask.json(body).send()
    };
    let applied = once(&forced).is(200);
    assert_eq!(applied["status"], "applied");
    assert!(applied["create"][0]["field_id"].is_string());
    assert_eq!(once(&forced).is(200), applied, "it was done under this key");
    let late = live.post(PROMOTION, forced).error(409);
    assert_eq!(late["field"], "plan");
    let schema = live.get("/v1/schema").is(200);
    assert_eq!(schema["objects"][2]["unknown_members"], "reject");
    live.post("/v1/contacts", json!({ "email": "eva@example.com" }))
        .fails(422, "validation_failed", "metadata.source");
    let events = live.get("/v1/events?type=field.created&limit=2").is(200);
    let events = events["data"].as_array().unwrap();
    assert_eq!(events[0]["request_id"], events[1]["request_id"]);
    assert_eq!(events[0]["actor"]["type"], "api_key");
    assert_eq!(live.get(PROMOTION).is(200)["update"], json!([]));
}

#[test]
fn a_choice_is_renamed_by_its_promotion() {
    let world = World::new();
    let live = world.user("acme", Mode::Live);
    let test = world.another_key(live.workspace, Mode::Test, KeyAccess::Full);
    define(&live, "plan", &select(&["free", "pro"]));
    define(&test, "plan", &select(&["free", "team"]));
    let ada = json!({ "email": "ada@example.com", "metadata": { "plan": "pro" } });
    let ada = format!("/v1/contacts/{}", id(&live.create("/v1/contacts", ada)));
    let renamed = |from: &str, to: &str| json!([{ "object_type": "contact", "key": "plan", "from": from, "to": to }]);
    let plan = plan(&live);
    for (renamed, code, field) in [
        (renamed("por", "team"), "unknown_value", "renamed[0].from"),
        (renamed("pro", "tame"), "unknown_value", "renamed[0].to"),
        (
            renamed("free", "team"),
            "validation_failed",
            "renamed[0].from",
        ),
        (
            json!([{ "object_type": "deal", "key": "plan", "from": "a", "to": "b" }]),
            "unknown_value",
            "renamed[0].key",
        ),
        (json!(["pro"]), "validation_failed", "renamed[0]"),
    ] {
        let body = json!({ "plan": plan, "renamed": renamed });
        live.post(PROMOTION, body).fails(422, code, field);
    }
    let body = json!({ "plan": plan, "renamed": renamed("pro", "team") });
    let begun = live.post(PROMOTION, body).is(202);
    assert_eq!(begun["status"], "under_way");
    assert_eq!(
        begun["update"][0]["choices"]["renamed"],
        json!([{ "from": "pro", "to": "team" }])
    );
    assert_eq!(live.get(&ada).is(200)["metadata"]["plan"], "team");
}

#[test]
fn a_key_promotes_to_its_own_live_mode_alone() {
    let world = World::new();
    let live = world.user("acme", Mode::Live);
    let test = world.another_key(live.workspace, Mode::Test, KeyAccess::Full);
    let other = world.user("other", Mode::Live);
    define(&test, "secret", &json!({}));
    assert_eq!(other.get(PROMOTION).is(200)["create"], json!([]));
    let of_acme = json!({ "plan": plan(&live) });
    other
        .post(PROMOTION, of_acme.clone())
        .fails(409, "conflict", "plan");
    for method in ["GET", "POST"] {
        let refused = test.ask(method, PROMOTION).json(&of_acme).send();
        refused.fails(403, "forbidden", None);
    }
    let reader = world.another_key(live.workspace, Mode::Live, KeyAccess::ReadOnly);
    let refused = reader.get(PROMOTION).error(403);
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("`fields:write`")
    );
    assert_eq!(live.get(FIELDS).is(200)["data"], json!([]));
}

#[test]
fn who_may_see_and_rename_in_records() {
    let world = World::new();
    let live = world.user("acme", Mode::Live);
    let test = world.another_key(live.workspace, Mode::Test, KeyAccess::Full);
    let keyed = |scopes: &[&str]| with_key(&live, json!({ "scopes": scopes }));
    let refused = |answer: &Answered, scope: &str| {
        let error = answer.error(403);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(scope), "{message}");
    };
    let fields = keyed(&["fields:write"]);
    fields.get(PROMOTION).is(200);
    define(&test, "source", &json!({ "required": true }));
    // Whether there are records that do not keep to it is not told by whether it is refused.
    refused(&fields.get(PROMOTION), "`contacts:read`");
    live.contact("ada@example.com");
    let body = json!({ "plan": plan(&live) });
    refused(&fields.get(PROMOTION), "`contacts:read`");
    refused(&fields.post(PROMOTION, body.clone()), "`contacts:read`");
    let reading = keyed(&["fields:write", "contacts:read"]);
    reading.get(PROMOTION).is(200);
    reading.post(PROMOTION, body.clone()).error(409);
    let forced = json!({ "plan": body["plan"], "force": true });
    refused(&fields.post(PROMOTION, forced.clone()), "`contacts:read`");
    reading.post(PROMOTION, forced).is(200);
    // What is said of a field beside its records needs no more.
    let field = &test.get("/v1/schema/fields?limit=1").is(200)["data"][0];
    let path = format!("/v1/schema/fields/{}", id(field));
    test.patch(&path, json!({ "label": "Where from" })).is(200);
    fields.get(PROMOTION).is(200);
    define(&live, "plan", &select(&["free", "pro"]));
    define(&test, "plan", &select(&["free", "team"]));
    let renamed = json!([{ "object_type": "contact", "key": "plan", "from": "pro", "to": "team" }]);
    let renaming = json!({ "plan": plan(&live), "renamed": renamed });
    refused(
        &reading.post(PROMOTION, renaming.clone()),
        "`contacts:write`",
    );
    keyed(&["fields:write", "contacts:write", "contacts:read"])
        .post(PROMOTION, renaming)
        .is(202);
}

#[test]
fn what_is_no_plan_and_what_is_renamed_twice_is_refused() {
    let world = World::new();
    let live = world.user("acme", Mode::Live);
    let test = world.another_key(live.workspace, Mode::Test, KeyAccess::Full);
    for wrong in ["plan_x", "", "6f1d0a9b7c3e4d5f8a2b1c0d9e8f7a6b"] {
        live.post(PROMOTION, json!({ "plan": wrong }))
            .fails(422, "validation_failed", "plan");
    }
    define(&live, "plan", &select(&["a", "b"]));
    define(&test, "plan", &select(&["x", "y"]));
    let rename = |from: &str, to: &str| json!({ "object_type": "contact", "key": "plan", "from": from, "to": to });
    for (renamed, at) in [
        ([rename("a", "x"), rename("b", "x")], "renamed[1].to"),
        ([rename("a", "x"), rename("a", "y")], "renamed[1].from"),
    ] {
        live.post(
            PROMOTION,
            json!({ "plan": plan(&live), "renamed": renamed }),
        )
        .fails(422, "validation_failed", at);
    }
}

#[test]
fn a_forced_dry_run_says_what_is_forced_once() {
    let world = World::new();
    let live = world.user("acme", Mode::Live);
    let test = world.another_key(live.workspace, Mode::Test, KeyAccess::Full);
    let code = json!({ "options": { "max_length": 3, "pattern": "^[A-Z]+$" } });
    define(&test, "code", &code);
    let body = json!({ "email": "ada@example.com", "metadata": { "code": "wrong" } });
    live.create("/v1/contacts", body);
    let planned = live.get(PROMOTION).is(200);
    let breaks = planned["create"][0]["breaks"].as_array().unwrap();
    assert_eq!(breaks.len(), 1, "{planned}");
    let forced = json!({ "plan": planned["plan"], "force": true });
    let tried = live.ask("POST", PROMOTION).header("relm-dry-run", "true");
    let tried = tried.json(&forced).send().is(200);
    assert_eq!(tried["create"][0]["breaks"], planned["create"][0]["breaks"]);
}

#[test]
fn a_plan_is_what_the_document_says_of_it() {
    let world = World::new();
    let live = world.user("acme", Mode::Live);
    let test = world.another_key(live.workspace, Mode::Test, KeyAccess::Full);
    define(&live, "plan", &select(&["free", "pro"]));
    define(&live, "age", &json!({}));
    define(&live, "own", &json!({}));
    define(&test, "plan", &select(&["free"]));
    define(&test, "age", &json!({ "type": "number" }));
    define(&test, "badge", &json!({ "unique": true, "required": true }));
    let settings = json!({ "unknown_members": "reject" });
    test.patch("/v1/schema/contacts", settings).is(200);
    for email in ["ada@example.com", "eva@example.com"] {
        let body = json!({ "email": email, "metadata": { "plan": "pro", "badge": "same" } });
        live.create("/v1/contacts", body);
    }
    let planned = live.get(PROMOTION).is(200);
    for part in ["create", "update", "settings", "refused", "left_alone"] {
        assert_ne!(planned[part], json!([]), "{part}");
    }
    assert_eq!(
        planned["create"][0]["breaks"][0]["duplicates"][0]["value"],
        "same"
    );
    let document = live.get("/openapi.json").is(200);
    let check = SchemaCheck {
        document: &document,
        open: false,
    };
    let schema = &document["components"]["schemas"]["Promotion"];
    assert_eq!(check.faults(schema, &planned), Vec::<String>::new());
    live.post(PROMOTION, json!({ "plan": planned["plan"], "force": true }))
        .fails(409, "conflict", "contact.age.type");
}

#[test]
fn what_live_mode_has_no_room_for_is_refused() {
    let world = World::new();
    let live = world.user("acme", Mode::Live);
    let test = world.another_key(live.workspace, Mode::Test, KeyAccess::Full);
    let unique = json!({ "unique": true });
    for n in 0..10 {
        define(&live, &format!("unique_{n}"), &unique);
    }
    define(&test, "badge", &unique);
    define(&test, "source", &json!({}));
    let planned = live.get(PROMOTION).is(200);
    assert_eq!(planned["refused"][0]["key"], "badge");
    assert_eq!(planned["refused"][0]["member"], "unique");
    let forced = json!({ "plan": planned["plan"], "force": true });
    live.post(PROMOTION, forced)
        .fails(409, "conflict", "contact.badge.unique");
    assert_eq!(
        live.get(FIELDS).is(200)["data"].as_array().unwrap().len(),
        10
    );
}

#[test]
fn an_undo_of_a_promotion_removes_what_it_made() {
    let world = World::new();
    let live = world.user("acme", Mode::Live);
    let test = world.another_key(live.workspace, Mode::Test, KeyAccess::Full);
    define(&live, "plan", &json!({}));
    define(&test, "plan", &json!({ "label": "Tariff" }));
    define(&test, "source", &json!({}));
    let promoted = live.post(PROMOTION, json!({ "plan": plan(&live) }));
    promoted.is(200);
    let request = promoted.header("x-request-id");
    let undone = live.post(&format!("/v1/requests/{request}/undo"), json!({}));
    let undone = undone.is(200);
    assert_eq!(undone["reverted"].as_array().unwrap().len(), 1, "{undone}");
    assert_eq!(undone["conflicts"].as_array().unwrap().len(), 1, "{undone}");
    let planned = live.get(PROMOTION).is(200);
    assert_eq!(planned["create"][0]["key"], "source");
    assert_eq!(planned["update"], json!([]));
}
