//! Bulk import: rows that fail alone, upserts, and all or nothing.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{World, id};

/// The outcome without the contacts: the status of each row, and the counts.
fn outline(done: &Value) -> (Vec<&str>, [i64; 4]) {
    let rows = done["data"].as_array().unwrap().iter().enumerate();
    let rows = rows.map(|(index, row)| {
        assert_eq!(row["index"], index);
        row["status"].as_str().unwrap()
    });
    let counts = ["created", "updated", "unchanged", "failed"];
    (
        rows.collect(),
        counts.map(|name| done[name].as_i64().unwrap()),
    )
}

#[test]
fn a_bad_row_fails_alone() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.contact("ada@example.com");
    let rows = json!([
        { "email": "grace@example.com" },
        { "email": "ADA@example.com" },
        { "email": "nobody" },
        { "shoe_size": 5 },
        "not an object",
        { "email": "grace@example.com", "phone": "1" },
        { "company_id": "cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB" },
        {},
    ]);
    let done = user
        .post("/v1/contacts/batch", json!({ "contacts": rows }))
        .is(200);
    assert_eq!(done["object"], "batch");
    assert_eq!(outline(&done).1, [1, 0, 0, 7]);
    let grace = &done["data"][0];
    assert_eq!(
        user.get(&format!("/v1/contacts/{}", id(grace))).is(200),
        grace["contact"]
    );
    let conflict = |existing: &str, at: &str| {
        json!({ "code": "conflict", "field": at, "existing_id": existing,
            "message": "Another contact has this `email`; update that one, or send a batch with `dedup_on`." })
    };
    let row = json!({
        "index": 1, "status": "failed", "id": null, "contact": null, "error": conflict(&ada, "contacts[1].email"),
    });
    assert_eq!(done["data"][1], row);
    assert_eq!(
        done["data"][5]["error"],
        conflict(&id(grace), "contacts[5].email")
    );
    for (index, code, field) in [
        (2, "validation_failed", "contacts[2].email"),
        (3, "unknown_field", "contacts[3].shoe_size"),
        (4, "validation_failed", "contacts[4]"),
        (6, "invalid_reference", "contacts[6].company_id"),
        (7, "identifier_required", "contacts[7]"),
    ] {
        let error = &done["data"][index]["error"];
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!(code), &json!(field)),
            "{error}"
        );
    }
}

#[test]
fn an_upsert_changes_what_a_row_names() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let before = user.create(
        "/v1/contacts",
        json!({ "email": "ada@example.com", "phone": "1" }),
    );
    let rows = json!([
        { "email": "ADA@example.com", "first_name": "Ada", "metadata": { "a": 1 } },
        { "email": "ADA@example.com" },
        { "email": "grace@example.com", "first_name": "G" },
        { "email": "grace@example.com", "first_name": "Grace" },
    ]);
    let body = json!({ "contacts": rows, "dedup_on": ["email"] });
    let done = user.post("/v1/contacts/batch", body).is(200);
    let expected = vec!["updated", "unchanged", "created", "updated"];
    assert_eq!(outline(&done), (expected, [1, 2, 1, 0]));
    let ada = &done["data"][0]["contact"];
    for name in ["id", "created_at", "phone"] {
        assert_eq!(ada[name], before[name]);
    }
    assert_eq!(ada["email"], "ada@example.com", "it keeps its spelling");
    assert_eq!(done["data"][2]["id"], done["data"][3]["id"]);
    let grace = user
        .get(&format!("/v1/contacts/{}", id(&done["data"][3])))
        .is(200);
    assert_eq!(grace, done["data"][3]["contact"]);
    assert_eq!(
        (&grace["first_name"], &grace["version"]),
        (&json!("Grace"), &json!(2))
    );
}

#[test]
fn an_atomic_batch_is_all_or_nothing() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let send = |rows: Value| {
        user.post(
            "/v1/contacts/batch",
            json!({ "contacts": rows, "atomic": true }),
        )
    };
    send(json!([{ "email": "ada@example.com" }, { "email": "x" }])).fails(
        422,
        "validation_failed",
        "contacts[1].email",
    );
    send(json!([{ "email": "ada@example.com" }, { "email": "Ada@example.com" }])).fails(
        409,
        "conflict",
        "contacts[1].email",
    );
    assert_eq!(user.get("/v1/contacts").is(200)["data"], json!([]));
    let done = send(json!([{ "email": "ada@example.com" }])).is(200);
    assert_eq!(outline(&done), (vec!["created"], [1, 0, 0, 0]));
}

#[test]
fn a_batch_has_1_to_500_rows() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let rows = |count: usize| json!({ "contacts": vec![json!({ "first_name": "A" }); count] });
    let done = user.post("/v1/contacts/batch", rows(500)).is(200);
    assert_eq!(outline(&done).1, [500, 0, 0, 0]);
    for (body, code, field) in [
        (rows(0), "validation_failed", "contacts"),
        (rows(501), "validation_failed", "contacts"),
        (json!({}), "validation_failed", "contacts"),
        (json!({ "contacts": {} }), "validation_failed", "contacts"),
        (
            json!({ "contacts": [{}], "dedup_on": ["phone"] }),
            "unknown_value",
            "dedup_on",
        ),
        (
            json!({ "contacts": [{}], "dedup_on": "email" }),
            "validation_failed",
            "dedup_on",
        ),
        (
            json!({ "contacts": [{}], "atomic": 1 }),
            "validation_failed",
            "atomic",
        ),
        (
            json!({ "contacts": [{}], "upsert": true }),
            "unknown_field",
            "upsert",
        ),
    ] {
        user.post("/v1/contacts/batch", body)
            .fails(422, code, field);
    }
}

#[test]
fn a_required_custom_field_binds_each_row() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let before = user.contact("ada@example.com");
    let field =
        json!({ "object_type": "contact", "key": "plan", "type": "text", "required": true });
    user.create("/v1/schema/fields", field);
    let rows = json!([
        { "email": "ada@example.com", "phone": "1" },
        { "email": "ada@example.com", "metadata": { "plan": "pro" } },
        { "email": "grace@example.com" },
    ]);
    let body = json!({ "contacts": rows, "dedup_on": ["email"] });
    let done = user.post("/v1/contacts/batch", body).is(200);
    assert_eq!(
        outline(&done),
        (vec!["failed", "updated", "failed"], [0, 1, 0, 2])
    );
    assert_eq!(
        done["data"][0]["error"]["field"],
        "contacts[0].metadata.plan"
    );
    assert_eq!(done["data"][1]["id"], before);
}

#[test]
fn each_row_answers_for_the_references_that_it_sets() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let company = id(&user.create("/v1/companies", json!({ "name": "Engines" })));
    let ada = json!({ "email": "ada@example.com", "company_id": company });
    user.create("/v1/contacts", ada);
    user.delete(&format!("/v1/companies/{company}")).is(200);

    // Ada holds an id whose record is gone: her row does not set it. Grace's rows do.
    let rows = json!([
        { "email": "ada@example.com", "first_name": "Ada" },
        { "email": "grace@example.com", "company_id": company },
        { "email": "grace@example.com", "company_id": null, "first_name": "Grace" },
    ]);
    let body = json!({ "contacts": rows, "dedup_on": ["email"] });
    let done = user.post("/v1/contacts/batch", body).is(200);
    assert_eq!(
        outline(&done),
        (vec!["updated", "failed", "created"], [1, 1, 0, 1])
    );
    assert_eq!(done["data"][1]["error"]["code"], "invalid_reference");
    assert_eq!(done["data"][1]["error"]["field"], "contacts[1].company_id");
}

#[test]
fn an_atomic_batch_names_no_contact_that_it_did_not_make() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let row = json!({ "email": "ada@example.com" });
    let body = json!({ "contacts": [row, row], "atomic": true });
    let refused = user.post("/v1/contacts/batch", body).error(409);
    assert_eq!(refused["field"], "contacts[1].email");
    assert_eq!(refused.get("existing_id"), None);
}
