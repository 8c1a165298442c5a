//! Merges: `/v1/{objects}/:id/merge`, what merged ids are answered with, and `/v1/{objects}/duplicates`.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{User, World, id, ids, whole_list};

/// Two contacts that are one person, of whom the second has a deal; the paths of them, and their ids.
fn twins(user: &User<'_>) -> ([String; 2], [String; 2]) {
    let ada = id(&user.create("/v1/contacts", json!({ "email": "ada@example.com" })));
    let twin =
        json!({ "email": "al@example.com", "first_name": "Ada", "phone": "+1 415 555 0132" });
    let twin = id(&user.create("/v1/contacts", twin));
    user.create(
        "/v1/deals",
        json!({ "title": "Engine", "primary_contact_id": twin }),
    );
    let paths = [
        format!("/v1/contacts/{ada}"),
        format!("/v1/contacts/{twin}"),
    ];
    (paths, [ada, twin])
}

#[test]
fn a_merged_record_answers_for_both() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ([ada, twin], ids_of) = twins(&user);
    let before = user.get(&ada).is(200);
    world.clock.advance_millis(1_000);
    let merge = format!("{ada}/merge");
    let body =
        json!({ "from": [ids_of[1]], "fields": { "email": ids_of[1], "first_name": "target" } });
    let ask = |key: &str| {
        let ask = user.ask("POST", &merge).header("if-match", "\"1\"");
        ask.header("idempotency-key", key).json(&body).send()
    };
    let merged = ask("one");
    let mut expected = before.clone();
    expected["email"] = json!("al@example.com");
    let emails = ["al@example.com", "ada@example.com"];
    expected["emails"] = json!(emails.map(|it| json!({ "email": it, "label": null })));
    expected["phone"] = json!("+1 415 555 0132");
    expected["phones"] = json!([{ "phone": "+1 415 555 0132", "label": null }]);
    expected["version"] = json!(2);
    expected["updated_at"] = json!("2026-07-02T10:00:01.000Z");
    assert_eq!(user.get(&ada).is(200), expected);
    expected["merged_from"] = json!([ids_of[1]]);
    assert_eq!(merged.is(200), expected);
    assert_eq!(merged.header("etag"), "\"2\"");
    assert_eq!(ask("one").text, merged.text);
    assert_eq!(ask("two").is(200), expected);
    let found = user.get(&twin);
    assert_eq!(found.is(200), expected);
    // A tag has a version of the record that it was had for, which here is another one.
    assert!(found.headers.get("etag").is_none());
    let known = user
        .ask("GET", &twin)
        .header("if-none-match", "\"2\"")
        .send();
    assert_eq!(known.is(200), expected);
    assert_eq!(ids(&user.get("/v1/contacts").is(200)), [ids_of[0].as_str()]);
    let deals = format!("/v1/deals?primary_contact_id={}", ids_of[0]);
    assert_eq!(user.get(&deals).is(200)["data"][0]["version"], 2);
    let events = user.get("/v1/events?type=contact.merged").is(200);
    let event = &events["data"][0];
    assert_eq!(event["merged_from"], json!([ids_of[1]]));
    assert_eq!(
        event["changed_fields"],
        json!(["email", "emails", "phone", "phones"])
    );
    let request = event["request_id"].as_str().unwrap();
    assert_eq!(merged.header("x-request-id"), request);

    let undone = user
        .post(&format!("/v1/requests/{request}/undo"), json!({}))
        .is(200);
    assert_eq!(undone["conflicts"], json!([]), "{undone}");
    let back = user.get(&ada).is(200);
    assert_eq!(
        (&back["email"], &back["phone"]),
        (&before["email"], &Value::Null)
    );
    assert_eq!(user.get(&twin).is(200)["email"], "al@example.com");
    let deals = format!("/v1/deals?primary_contact_id={}", ids_of[1]);
    assert_eq!(user.get(&deals).is(200)["data"][0]["version"], 3);
}

#[test]
fn a_merged_id_names_its_survivor() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ([ada, twin], ids_of) = twins(&user);
    let merged = user.post(&format!("{ada}/merge"), json!({ "from": [ids_of[1]] }));
    merged.is(200);
    let request = merged.header("x-request-id");
    let refused = json!({
        "code": "conflict", "existing_id": ids_of[0],
        "message": format!(
            "This contact was merged into `{}`: use that one, or undo `{request}`, the request that merged it.",
            ids_of[0],
        ),
    });
    for (method, path) in [
        ("PATCH", twin.clone()),
        ("DELETE", twin.clone()),
        ("POST", format!("{twin}/restore")),
    ] {
        let answer = user.ask(method, &path).json(&json!({})).send();
        assert_eq!(
            without_request(answer.error(409)),
            refused,
            "{method} {path}"
        );
    }
    let again = json!({ "from": [ids_of[0]] });
    let again = user.post(&format!("{twin}/merge"), again).error(409);
    assert_eq!(without_request(again), refused);
    let deal = json!({ "title": "Engine", "primary_contact_id": ids_of[1] });
    let lost = user.post("/v1/deals", deal).error(422);
    let expected = json!({
        "code": "invalid_reference", "field": "primary_contact_id", "existing_id": ids_of[0],
        "message": format!(
            "`primary_contact_id` must be the id of an existing contact. There is no `{}`. It was merged into `{}`.",
            ids_of[1], ids_of[0],
        ),
    });
    assert_eq!(without_request(lost), expected);
    let batch = json!({ "operations": [{ "op": "update", "object": "contact", "id": ids_of[1], "data": { "phone": "1" } }] });
    let row = user.post("/v1/batch", batch).error(409);
    assert_eq!(
        (&row["field"], &row["existing_id"]),
        (&json!("operations[0]"), &json!(ids_of[0]))
    );
    assert_eq!(
        user.get("/v1/contacts?deleted=true").is(200),
        whole_list(json!([]))
    );
    user.delete(&format!("{twin}?purge=true")).is(200);
    user.get(&twin).fails(404, "not_found", None);
    user.get(&ada).is(200);
}

fn without_request(mut error: Value) -> Value {
    error.as_object_mut().unwrap().remove("request_id");
    error
}

#[test]
fn what_a_merge_does_not_take_is_named() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ([ada, _], [one, twin]) = twins(&user);
    let shop = id(&user.create("/v1/companies", json!({ "name": "Shop" })));
    let merge = format!("{ada}/merge");
    let from = |ids: Value| json!({ "from": ids });
    let with = |fields: Value| json!({ "from": [twin], "fields": fields });
    for (body, status, code, field) in [
        (json!({}), 422, "validation_failed", "from"),
        (from(json!("con_1")), 422, "validation_failed", "from"),
        (from(json!([one])), 422, "validation_failed", "from[0]"),
        (
            from(json!([twin, twin])),
            422,
            "validation_failed",
            "from[1]",
        ),
        (from(json!([shop])), 422, "invalid_reference", "from[0]"),
        (json!({ "ids": [twin] }), 422, "unknown_field", "ids"),
        (with(json!([1])), 422, "validation_failed", "fields"),
        (
            with(json!({ "phone": 1 })),
            422,
            "validation_failed",
            "fields.phone",
        ),
        (
            with(json!({ "phone": one })),
            422,
            "unknown_value",
            "fields.phone",
        ),
        (
            with(json!({ "fone": "target" })),
            422,
            "unknown_field",
            "fields.fone",
        ),
        (
            with(json!({ "metadata": "target" })),
            422,
            "unknown_field",
            "fields.metadata",
        ),
    ] {
        let error = user.post(&merge, body.clone()).error(status);
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!(code), &json!(field)),
            "{body}"
        );
    }
    let stale = user
        .ask("POST", &format!("{ada}/merge"))
        .header("if-match", "\"7\"");
    stale
        .json(&from(json!([twin])))
        .send()
        .fails(412, "version_conflict", None);
}

#[test]
fn an_amount_and_its_currency_are_of_one_deal() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let deal = |value: i64, currency: &str| json!({ "title": "a", "value_cents": value, "currency": currency });
    let large = id(&user.create("/v1/deals", deal(900, "EUR")));
    let small = id(&user.create("/v1/deals", deal(1, "USD")));
    let merge = format!("/v1/deals/{small}/merge");
    let torn = json!({ "from": [large], "fields": { "value_cents": large, "currency": "target" } });
    user.post(&merge, torn)
        .fails(422, "validation_failed", "fields.currency");
    let whole = json!({ "from": [large], "fields": { "currency": large } });
    let merged = user.post(&merge, whole).is(200);
    assert_eq!(
        (&merged["value_cents"], &merged["currency"]),
        (&json!(900), &json!("EUR"))
    );
}

#[test]
fn duplicates_are_listed_in_groups() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    assert_eq!(
        user.get("/v1/contacts/duplicates").is(200),
        whole_list(json!([]))
    );
    let ada = user.create("/v1/contacts", json!({ "phone": "+1 (415) 555-0132" }));
    let twin = user.create("/v1/contacts", json!({ "phone": "0014155550132" }));
    let group = json!({
        "object": "duplicate_group", "reason": "phone", "records": [twin, ada], "has_more": false,
    });
    assert_eq!(
        user.get("/v1/contacts/duplicates").is(200),
        whole_list(json!([group]))
    );
    assert_eq!(
        user.get("/v1/activities/duplicates").is(200),
        whole_list(json!([]))
    );
    for number in 0..50 {
        user.contact(&format!("c{number}@example.com"));
    }
    let first = user.get("/v1/contacts/duplicates").is(200);
    assert_eq!(
        (&first["data"], &first["has_more"]),
        (&json!([]), &json!(true))
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = user.get(&format!("/v1/contacts/duplicates?cursor={cursor}"));
    assert_eq!(second.is(200), whole_list(json!([group])));
    let elsewhere = format!("/v1/companies/duplicates?cursor={cursor}");
    user.get(&elsewhere).fails(400, "invalid_cursor", "cursor");
    user.get("/v1/contacts/duplicates?limit=5").error(400);
}
