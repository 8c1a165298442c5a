//! What a batch of operations is refused for, and its bounds.

use futures_util::{FutureExt, StreamExt};
use relm_core::Mode;
use relm_core::limits::BATCH_CONTACT_BYTES_MAX;
use serde_json::{Value, json};

use super::super::session::{World, id};
use super::{BATCH, batch, events, loose, rows};

#[test]
fn what_an_operation_lacks_or_has_too_much_is_said() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.contact("ada@example.com");
    let data = json!({ "phone": "1" });
    let cases = json!([
        [{ "object": "contact", "data": data }, "op", "validation_failed"],
        [{ "op": "create", "data": data }, "object", "validation_failed"],
        [{ "op": "create", "object": "person", "data": data }, "object", "unknown_value"],
        [{ "op": "create", "object": "contact" }, "data", "validation_failed"],
        [{ "op": "create", "object": "contact", "data": [1] }, "data", "validation_failed"],
        [{ "op": "create", "object": "contact", "id": ada, "data": data }, "id", "validation_failed"],
        [{ "op": "create", "object": "contact", "match": { "email": "a@example.com" }, "data": data }, "match", "validation_failed"],
        [{ "op": "create", "object": "contact", "if_version": 1, "data": data }, "if_version", "validation_failed"],
        [{ "op": "create", "object": "association", "data": data }, "op", "validation_failed"],
        [{ "op": "update", "object": "contact", "data": data }, "id", "validation_failed"],
        [{ "op": "update", "object": "deal", "id": ada, "data": data }, "id", "validation_failed"],
        [{ "op": "update", "id": 7, "data": data }, "id", "validation_failed"],
        [{ "op": "update", "id": "whk_01M831K2VY6KP43J43158XNJT9", "data": data }, "id", "validation_failed"],
        [{ "op": "update", "id": ada, "match": { "email": "a@example.com" }, "data": data }, "id", "validation_failed"],
        [{ "op": "update", "object": "contact", "match": { "email": "b@example.com" }, "data": data }, "match.email", "not_found"],
        [{ "op": "upsert", "object": "contact", "data": data }, "match", "validation_failed"],
        [{ "op": "upsert", "object": "company", "match": { "email": "a@example.com" }, "data": data }, "match", "unknown_value"],
        [{ "op": "upsert", "object": "contact", "match": { "domain": "a" }, "data": data }, "match", "unknown_value"],
        [{ "op": "upsert", "object": "contact", "match": { "email": "no" }, "data": data }, "match.email", "validation_failed"],
        [{ "op": "delete", "id": ada, "data": data }, "data", "validation_failed"],
        [{ "op": "link", "object": "contact", "data": data }, "op", "validation_failed"],
        [{ "op": "link", "data": { "from_type": "contact" } }, "data.from_id", "validation_failed"],
        [{ "op": "unlink", "id": ada }, "op", "validation_failed"],
        [{ "op": "create", "object": "contact", "ref": "", "data": data }, "ref", "validation_failed"],
        [{ "op": "create", "object": "contact", "data": { "nick": "A" } }, "data.nick", "unknown_field"],
        [{ "op": "create", "object": "contact", "properties": data }, "properties", "unknown_field"],
    ]);
    for case in cases.as_array().unwrap() {
        let refused = batch(&user, json!([case[0]]));
        let error = &refused.json()["error"];
        let field = format!("operations[0].{}", case[1].as_str().unwrap());
        assert_eq!(
            (&error["code"], &error["field"]),
            (&case[2], &json!(field)),
            "{case} {error}"
        );
    }
    let row = json!({ "op": "create", "object": "contact", "ref": "a", "data": data });
    batch(&user, json!([row, row])).fails(422, "validation_failed", "operations[1].ref");
    assert_eq!(events(&user).len(), 1);
}

#[test]
fn a_body_that_is_no_batch_is_told_what_one_is() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (body, status, code, field) in [
        (
            json!({ "operations": [] }),
            422,
            "validation_failed",
            Some("operations"),
        ),
        (
            json!({ "operations": {} }),
            422,
            "validation_failed",
            Some("operations"),
        ),
        (json!({}), 422, "validation_failed", Some("operations")),
        (json!([]), 400, "bad_request", None),
        (
            json!({ "requests": [] }),
            422,
            "unknown_field",
            Some("requests"),
        ),
    ] {
        user.post(BATCH, body).fails(status, code, field);
    }
}

#[test]
fn a_batch_is_bounded_by_what_it_writes() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let companies = |count: usize| -> Vec<Value> {
        let row =
            |n| json!({ "op": "create", "object": "company", "data": { "name": format!("c{n}") } });
        (0..count).map(row).collect()
    };
    let most = batch(&user, json!(companies(500))).is(200);
    assert_eq!(most["created"], 500);
    let error = batch(&user, json!(companies(501))).error(422);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .ends_with("it holds 501."),
        "{error}"
    );
    // Bytes: what is beyond fails alone, and what comes after it does not.
    let long = "\u{1f600}".repeat(200);
    let metadata: serde_json::Map<String, Value> = (0..16)
        .map(|key| (format!("k{key}"), json!("x".repeat(1_000))))
        .collect();
    let large = json!({ "email": "ada@example.com", "first_name": long, "last_name": long, "metadata": metadata });
    let ada = id(&user.create("/v1/contacts", large));
    let change =
        |n: usize| json!({ "op": "update", "id": ada, "data": { "phone": n.to_string() } });
    let mut operations: Vec<Value> = (0..499).map(change).collect();
    operations.push(json!({ "op": "create", "object": "company", "data": { "name": "last" } }));
    let scoped = world.crm.open(user.workspace, Mode::Live);
    let mut told = pollster::block_on(scoped).unwrap().events().subscribe();
    let report = loose(&user, json!(operations));
    let held = report["updated"].as_u64().unwrap() as usize;
    let lengths = rows(&report)[..held].iter();
    let lengths: Vec<usize> = lengths.map(|row| row["record"].to_string().len()).collect();
    let (bytes, last) = (lengths.iter().sum::<usize>(), lengths[held - 1]);
    assert!(
        (bytes..bytes + last).contains(&BATCH_CONTACT_BYTES_MAX),
        "{bytes}"
    );
    assert_eq!(
        (&report["created"], &report["failed"]),
        (&json!(1), &json!(499 - held))
    );
    let error = &rows(&report)[held]["error"];
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("in another one"), "{error}");
    let contact = user.get(&format!("/v1/contacts/{ada}")).is(200);
    assert_eq!(
        (&contact["version"], &contact["phone"]),
        (&json!(held + 1), &json!((held - 1).to_string()))
    );
    // Of what failed nobody hears.
    let mut heard = 0;
    while let Some(event) = told.next().now_or_never() {
        event.unwrap().unwrap();
        heard += 1;
    }
    assert_eq!(heard, held + 1);
}

#[test]
fn a_record_that_is_made_and_removed_again_is_in_nobodys_way() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = json!({ "operations": [
        { "op": "create", "object": "contact", "ref": "a", "data": { "email": "ada@example.com" } },
        { "op": "create", "object": "company", "ref": "b", "data": { "name": "Engines" } },
        { "op": "link", "data": { "from_type": "contact", "from_id": { "$ref": "a" }, "to_type": "company", "to_id": { "$ref": "b" } } },
        { "op": "delete", "id": { "$ref": "a" } },
    ] });
    let ask = || {
        let ask = user.ask("POST", BATCH).header("idempotency-key", "k");
        ask.json(&body).send().is(200)
    };
    let report = ask();
    assert_eq!(
        (&report["created"], &report["deleted"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(ask(), report);
    let matched = json!({ "operations": [{ "op": "delete", "id": "x" }] });
    let asked = user.ask("POST", BATCH).header("if-match", "\"1\"");
    asked
        .json(&matched)
        .send()
        .fails(400, "bad_request", "If-Match");
}
