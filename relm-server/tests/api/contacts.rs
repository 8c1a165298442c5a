//! One contact from its creation to its end: what a write may say, and what it leaves.

use relm_core::Mode;
use serde_json::{Map, Value, json};

use super::session::{START, World, id};

#[test]
fn a_contact_is_made_read_changed_and_deleted() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let company = id(&user.create("/v1/companies", json!({ "name": "Engines" })));
    let metadata =
        json!({ "plan": "pro", "seats": 3, "ratio": 0.1, "nested": { "a": [null, true] } });
    let said = json!({
        "email": " Ada@Example.com ", "first_name": "Ada", "last_name": "Lovelace", "phone": "+44 1",
        "company_id": company, "metadata": metadata,
    });
    let made = user.create("/v1/contacts", said);
    let mut expected = json!({
        "id": id(&made), "object": "contact", "email": "Ada@Example.com", "first_name": "Ada",
        "last_name": "Lovelace", "name": null, "phone": "+44 1",
        "emails": [{ "email": "Ada@Example.com", "label": null }], "phones": [{ "phone": "+44 1", "label": null }],
        "company_id": company, "owner": null, "tags": [], "addresses": [], "metadata": metadata,
        "version": 1, "mode": "live", "created_at": START, "updated_at": START,
    });
    assert_eq!(made, expected);
    let path = format!("/v1/contacts/{}", id(&made));
    assert_eq!(user.get(&path).is(200), expected);

    world.clock.advance_millis(1_500);
    let change = json!({ "last_name": null, "metadata": { "plan": null, "seats": 4, "new": "" } });
    expected["last_name"] = Value::Null;
    expected["metadata"] =
        json!({ "seats": 4, "ratio": 0.1, "nested": { "a": [null, true] }, "new": "" });
    expected["version"] = json!(2);
    expected["updated_at"] = json!("2026-07-02T10:00:01.500Z");
    assert_eq!(user.patch(&path, change).is(200), expected);
    assert_eq!(user.get(&path).is(200), expected);

    let gone = json!({ "id": id(&made), "object": "contact", "deleted": true });
    assert_eq!(user.delete(&path).is(200), gone);
    let message = "There is no such contact in this workspace and mode.";
    let absent = json!({ "code": "not_found", "message": message });
    assert_eq!(user.delete(&path).error(404), absent);
    assert_eq!(user.get(&path).error(404), absent);
    assert_eq!(
        user.patch(&path, json!({ "phone": "1" })).error(404),
        absent
    );
    user.contact("ada@example.com");
}

#[test]
fn a_change_of_nothing_is_no_change() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = user.create(
        "/v1/contacts",
        json!({ "email": "ada@example.com", "metadata": { "a": 1 } }),
    );
    let path = format!("/v1/contacts/{}", id(&made));
    world.clock.advance_millis(1_000);
    let same =
        json!({ "email": "ada@example.com", "phone": null, "metadata": { "a": 1, "b": null } });
    for body in [json!({}), same, made.clone()] {
        assert_eq!(user.patch(&path, body).is(200), made);
    }
    assert_eq!(
        user.patch(&path, json!({ "metadata": null })).is(200)["metadata"],
        json!({})
    );
}

#[test]
fn read_only_members_may_be_said_again_but_not_changed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = user.create("/v1/contacts", json!({ "email": "ada@example.com" }));
    let path = format!("/v1/contacts/{}", id(&made));
    for (name, value) in [
        ("id", json!("con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB")),
        ("object", json!("deal")),
        ("version", json!(2)),
        ("mode", json!("test")),
        ("created_at", json!("2020-01-01T00:00:00.000Z")),
        ("updated_at", json!(null)),
    ] {
        let mut body = made.clone();
        body[name] = value;
        let error = user.patch(&path, body).error(422);
        let message = format!("`{name}` is read-only: leave it out.");
        assert_eq!(
            error,
            json!({ "code": "validation_failed", "message": message, "field": name })
        );
    }
    let body = json!({ "email": "b@example.com", "id": made["id"] });
    user.post("/v1/contacts", body)
        .fails(422, "validation_failed", "id");
}

#[test]
fn an_email_is_unique_whatever_its_case() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.contact("Straße@example.com");
    let taken = json!({
        "code": "conflict", "field": "email", "existing_id": ada,
        "message": "Another contact has this `email`; update that one, or send a batch with `dedup_on`.",
    });
    let again = user.post("/v1/contacts", json!({ "email": " STRAẞE@EXAMPLE.COM" }));
    assert_eq!(again.error(409), taken);
    let grace = format!("/v1/contacts/{}", user.contact("grace@example.com"));
    assert_eq!(
        user.patch(&grace, json!({ "email": "straße@example.com" }))
            .error(409),
        taken
    );
    // Its own is no conflict in another case, and no change; one that is given up is free.
    let ada = format!("/v1/contacts/{ada}");
    let own = user
        .patch(&ada, json!({ "email": "STRAẞE@example.com" }))
        .is(200);
    assert_eq!(own["email"], "Straße@example.com");
    assert_eq!(own["version"], 1);
    user.patch(&ada, json!({ "email": null, "phone": "1" }))
        .is(200);
    user.patch(&grace, json!({ "email": "straße@example.com" }))
        .is(200);
    user.create("/v1/contacts", json!({ "first_name": "No" }));
    user.create("/v1/contacts", json!({ "first_name": "Address" }));
}

#[test]
fn a_contact_needs_something_to_know_it_by() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for body in [
        json!({}),
        json!({ "email": null }),
        json!({ "first_name": " ", "metadata": {} }),
    ] {
        user.post("/v1/contacts", body)
            .fails(422, "identifier_required", None);
    }
    user.create("/v1/contacts", json!({ "metadata": { "a": 1 } }));
}

#[test]
fn what_is_wrong_is_named() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let deal = id(&user.create("/v1/deals", json!({ "title": "Engine" })));
    let keys: Map<_, _> = (0..51).map(|key| (key.to_string(), json!(1))).collect();
    for (body, field) in [
        (json!({ "email": "ada" }), "email"),
        (json!({ "email": "Ada <ada@example.com>" }), "email"),
        (
            json!({ "email": "a".repeat(250) + "@example.com" }),
            "email",
        ),
        (json!({ "email": 5 }), "email"),
        (json!({ "first_name": "x".repeat(501) }), "first_name"),
        (json!({ "phone": ["1"] }), "phone"),
        (json!({ "metadata": [] }), "metadata"),
        (json!({ "metadata": { "": 1 } }), "metadata"),
        (json!({ "metadata": { "x".repeat(65): 1 } }), "metadata"),
        (json!({ "metadata": keys }), "metadata"),
        (
            json!({ "metadata": { "a": "x".repeat(16 * 1024) } }),
            "metadata",
        ),
        (
            json!({ "metadata": { "a": 9_007_199_254_740_993_i64 } }),
            "metadata.a",
        ),
        (json!({ "metadata": { "a": 1e300 } }), "metadata.a"),
    ] {
        user.post("/v1/contacts", body)
            .fails(422, "validation_failed", field);
    }
    for company in ["cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB", &deal, ""] {
        user.post("/v1/contacts", json!({ "company_id": company }))
            .fails(422, "invalid_reference", "company_id");
    }
    user.post("/v1/contacts", json!({ "Email": "ada@example.com" }))
        .fails(422, "unknown_field", "Email");
    let unknown = user
        .post("/v1/contacts", json!({ "frist_name": "Ada" }))
        .error(422);
    let expected = json!({
        "code": "unknown_field", "message": "There is no field `frist_name` here. Did you mean `first_name`?",
        "field": "frist_name",
        "valid_options": ["email", "emails", "first_name", "last_name", "name", "phone", "phones", "company_id", "owner", "tags", "addresses", "metadata"],
        "suggestion": "first_name",
    });
    assert_eq!(unknown, expected);
    assert_eq!(
        user.get("/v1/contacts").is(200)["data"],
        json!([]),
        "nothing was kept"
    );
}

#[test]
fn what_is_accepted_comes_back_equal() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let metadata = json!({
        "big": 9_007_199_254_740_991_i64, "small": -9_007_199_254_740_991_i64, "float": 0.1, "tiny": 5e-324,
        "text": "\u{10FFFF} e\u{301} \t ", "empty": "", "list": [], "object": {}, "false": false,
    });
    let made = user.create(
        "/v1/contacts",
        json!({ "metadata": metadata, "first_name": "x".repeat(500) }),
    );
    assert_eq!(made["metadata"], metadata);
    assert_eq!(
        user.get(&format!("/v1/contacts/{}", id(&made))).is(200),
        made
    );
}

#[test]
fn a_change_may_expect_a_version() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    let change = |method: &str, versions: &[&str], phone: &str| {
        let mut ask = user.ask(method, &path).json(&json!({ "phone": phone }));
        for version in versions {
            ask = ask.header("if-match", *version);
        }
        ask.send()
    };
    assert_eq!(change("PATCH", &["\"1\""], "1").is(200)["version"], 2);
    let message = "The record has version 2, not 1: read it again.";
    let stale = json!({ "code": "version_conflict", "message": message });
    assert_eq!(change("PATCH", &["\"1\""], "2").error(412), stale);
    assert_eq!(change("DELETE", &["\"1\""], "").error(412), stale);
    assert_eq!(change("PATCH", &["*"], "3").is(200)["version"], 3);
    for wrong in [
        "3",
        "\"\"",
        "\"x\"",
        "\"+3\"",
        "\"-3\"",
        "\"3.0\"",
        "w/\"3\"",
        "\"2\", \"3\"",
        "\"99999999999999999999\"",
    ] {
        change("PATCH", &[wrong], "4").fails(400, "bad_request", "If-Match");
    }
    change("PATCH", &["\"3\"", "\"3\""], "4").fails(400, "bad_request", "If-Match");
    change("PATCH", &["\"0\""], "4").fails(412, "version_conflict", None);
    assert_eq!(user.get(&path).is(200)["phone"], "3");
    change("DELETE", &["\"3\""], "").is(200);
    change("DELETE", &["\"3\""], "").fails(404, "not_found", None);
}

#[test]
fn an_id_that_names_no_contact_is_not_found() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let deal = id(&user.create("/v1/deals", json!({ "title": "Engine" })));
    let ada = user.contact("ada@example.com");
    let lower_case = ada.to_lowercase();
    let other = format!(" `{deal}` is the id of a deal; that of a contact begins with `con_`.");
    let form = " The id of a contact is `con_` and 26 letters and digits.";
    for (id, hint) in [
        (&*deal.replace("deal_", "con_"), ""),
        (&deal, &other),
        (
            &lower_case,
            &format!(" Ids are case-sensitive and hold no spaces: `{ada}`."),
        ),
        (
            &ada[4..],
            &format!(" Ids begin with what they are of: `{ada}`."),
        ),
        ("con_", form),
        ("1", form),
        ("%00", form),
        (&format!("con_{}", "x".repeat(4_000)), form),
    ] {
        let path = format!("/v1/contacts/{id}");
        for answer in [
            user.get(&path),
            user.patch(&path, json!({})),
            user.delete(&path),
        ] {
            let mut error = answer.error(404);
            error.as_object_mut().unwrap().remove("suggestion");
            let message = format!("There is no such contact in this workspace and mode.{hint}");
            assert_eq!(error, json!({ "code": "not_found", "message": message }));
        }
    }
}
