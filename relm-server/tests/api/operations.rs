//! `/v1/batch`: operations on any records, in their order and in one commit.

mod refusals;

use relm_core::Mode;
use serde_json::{Value, json};

use super::keys::with_key;
use super::session::{Answered, User, World, id, ids};

const BATCH: &str = "/v1/batch";

fn batch(user: &User<'_>, operations: Value) -> Answered {
    user.post(BATCH, json!({ "operations": operations }))
}

/// A batch of which operations may fail.
fn loose(user: &User<'_>, operations: Value) -> Value {
    let body = json!({ "operations": operations, "atomic": false });
    user.post(BATCH, body).is(200)
}

fn rows(report: &Value) -> &Vec<Value> {
    report["data"].as_array().unwrap()
}

fn row_id(report: &Value, index: usize) -> String {
    id(&rows(report)[index])
}

fn statuses(report: &Value) -> Vec<&str> {
    let rows = rows(report).iter();
    rows.map(|row| row["status"].as_str().unwrap()).collect()
}

/// The types of all events, the oldest first, and the requests that made them.
fn events(user: &User<'_>) -> Vec<(String, String)> {
    let page = user.get("/v1/events?after=0&limit=200").is(200);
    let text = |event: &Value, member: &str| event[member].as_str().unwrap().to_owned();
    let events = page["data"].as_array().unwrap().iter();
    events
        .map(|event| (text(event, "type"), text(event, "request_id")))
        .collect()
}

/// One event for each operation of a batch, in their order and all of its request.
fn each_has_its_event(user: &User<'_>, answered: &Answered) {
    let request = answered.header("x-request-id");
    let types = [
        "company.created",
        "contact.created",
        "deal.created",
        "association.created",
        "company.updated",
        "contact.updated",
    ];
    assert_eq!(
        events(user),
        types.map(|name| (name.to_owned(), request.clone()))
    );
}

#[test]
fn operations_name_the_records_of_those_before_them() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let engines = json!({ "$ref": "engines" });
    let answered = batch(
        &user,
        json!([
            { "op": "create", "object": "company", "ref": "engines", "data": { "name": "Engines" } },
            { "op": "create", "object": "contact", "ref": "ada",
              "data": { "email": "ada@example.com", "company_id": engines } },
            { "op": "create", "object": "deal", "ref": "sale",
              "data": { "title": "Sale", "company_id": engines, "primary_contact_id": { "$ref": "ada" } } },
            { "op": "link", "data": { "from_type": "contact", "from_id": { "$ref": "ada" }, "to_type": "deal",
              "to_id": { "$ref": "sale" }, "label": "champion" } },
            { "op": "update", "id": { "$ref": "engines" }, "data": { "domain": "https://Example.com/" }, "if_version": 1 },
            { "op": "upsert", "object": "contact", "match": { "email": "ADA@example.com" }, "data": { "first_name": "Ada" } },
        ]),
    );
    let report = answered.is(200);
    let made = ["created", "created", "created", "created"];
    assert_eq!(
        statuses(&report),
        [&made[..], &["updated", "updated"]].concat()
    );
    let counts = [
        "created",
        "updated",
        "unchanged",
        "deleted",
        "restored",
        "failed",
    ];
    let counted: Vec<&Value> = counts.iter().map(|name| &report[name]).collect();
    assert_eq!(counted, [4, 2, 0, 0, 0, 0]);
    let [engines, ada, sale] = [0, 1, 2].map(|index| row_id(&report, index));
    let company = user.get(&format!("/v1/companies/{engines}")).is(200);
    assert_eq!(
        (&company["domain"], &company["version"]),
        (&json!("example.com"), &json!(2))
    );
    assert_eq!(company, rows(&report)[4]["record"]);
    let contact = user.get(&format!("/v1/contacts/{ada}")).is(200);
    assert_eq!(
        (&contact["company_id"], &contact["first_name"]),
        (&json!(engines), &json!("Ada"))
    );
    assert_eq!(row_id(&report, 5), ada);
    let deal = user.get(&format!("/v1/deals/{sale}")).is(200);
    assert_eq!(deal["primary_contact_id"], json!(ada));
    let edges = user.get(&format!("/v1/associations?from_id={ada}")).is(200);
    assert_eq!(ids(&edges), [row_id(&report, 3)]);
    let head = json!({ "index": 2, "op": "create", "status": "created", "id": sale, "ref": "sale", "record": deal, "error": null });
    assert_eq!(rows(&report)[2], head);
    each_has_its_event(&user, &answered);
}

#[test]
fn all_operations_happen_or_none() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let eva = user.contact("eva@example.com");
    let before = events(&user);
    let first = json!({ "op": "create", "object": "company", "data": { "name": "Engines" } });
    let change = json!({ "op": "update", "id": eva, "data": { "first_name": "Eva" } });
    let cases = [
        (
            json!({ "op": "create", "object": "contact", "data": { "email": "EVA@example.com" } }),
            409,
            "conflict",
            "operations[2].data.email",
        ),
        (
            json!({ "op": "create", "object": "contact", "data": { "email": "no" } }),
            422,
            "validation_failed",
            "operations[2].data.email",
        ),
        (
            json!({ "op": "create", "object": "deal", "data": { "title": "a", "company_id": "cmp_01M831K2VY6KP43J43158XNJT9" } }),
            422,
            "invalid_reference",
            "operations[2].data.company_id",
        ),
        (
            json!({ "op": "update", "id": "con_01M831K2VY6KP43J43158XNJT9", "data": { "phone": "1" } }),
            404,
            "not_found",
            "operations[2]",
        ),
        (
            json!({ "op": "update", "id": eva, "data": { "phone": "1" }, "if_version": 1 }),
            412,
            "version_conflict",
            "operations[2]",
        ),
        (
            json!({ "op": "restore", "id": eva }),
            404,
            "not_found",
            "operations[2]",
        ),
    ];
    for (last, status, code, field) in cases {
        let refused = batch(&user, json!([first, change, last])).error(status);
        assert_eq!(
            (&refused["code"], &refused["field"]),
            (&json!(code), &json!(field)),
            "{refused}"
        );
    }
    assert_eq!(events(&user), before);
    assert_eq!(ids(&user.get("/v1/companies").is(200)), [""; 0]);
    assert_eq!(
        user.get(&format!("/v1/contacts/{eva}")).is(200)["version"],
        1
    );
}

#[test]
fn an_operation_that_fails_alone_leaves_nothing() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let report = loose(
        &user,
        json!([
            { "op": "create", "object": "contact", "ref": "bad", "data": { "email": "no" } },
            { "op": "create", "object": "contact", "ref": "ada", "data": { "email": "ada@example.com" } },
            { "op": "create", "object": "deal", "data": { "title": "a", "primary_contact_id": { "$ref": "bad" } } },
            { "op": "create", "object": "contact", "data": { "email": "Ada@example.com" } },
            { "op": "update", "id": { "$ref": "ada" }, "data": { "email": "ada@example.com" } },
            { "op": "update", "id": { "$ref": "nobody" }, "data": {} },
            { "op": "remove", "id": { "$ref": "ada" } },
            "create",
        ]),
    );
    let expected = [
        "failed",
        "created",
        "failed",
        "failed",
        "unchanged",
        "failed",
        "failed",
        "failed",
    ];
    assert_eq!(statuses(&report), expected);
    let errors: Vec<_> = rows(&report)
        .iter()
        .map(|row| (&row["error"]["code"], &row["error"]["field"]))
        .collect();
    let (taken, lost) = (json!("conflict"), json!("invalid_reference"));
    assert_eq!(
        errors[2],
        (&lost, &json!("operations[2].data.primary_contact_id"))
    );
    assert_eq!(errors[3], (&taken, &json!("operations[3].data.email")));
    assert_eq!(errors[5], (&lost, &json!("operations[5].id")));
    assert_eq!(
        rows(&report)[5]["error"]["valid_options"],
        json!(["ada", "bad"])
    );
    assert_eq!(
        errors[6],
        (&json!("unknown_value"), &json!("operations[6].op"))
    );
    assert_eq!(rows(&report)[6]["error"]["suggestion"], "delete");
    assert_eq!(
        rows(&report)[3]["error"]["existing_id"],
        json!(row_id(&report, 1))
    );
    assert_eq!(
        (&report["created"], &report["unchanged"], &report["failed"]),
        (&json!(1), &json!(1), &json!(6))
    );
    assert_eq!(events(&user).len(), 1);
}

#[test]
fn what_is_deleted_restored_and_unlinked_is_so_for_those_that_follow() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let (ada, eva) = (
        user.contact("ada@example.com"),
        user.contact("eva@example.com"),
    );
    let edge =
        json!({ "from_type": "contact", "from_id": ada, "to_type": "contact", "to_id": eva });
    let edge = id(&user.create("/v1/associations", edge));
    let report = loose(
        &user,
        json!([
            { "op": "delete", "id": ada },
            { "op": "unlink", "id": edge },
            { "op": "create", "object": "contact", "ref": "other", "data": { "email": "ada@example.com" } },
            { "op": "restore", "id": ada },
            { "op": "delete", "object": "contact", "match": { "email": "ADA@example.com" } },
            { "op": "restore", "id": ada, "if_version": 2 },
            { "op": "unlink", "id": edge },
            { "op": "link", "data": { "from_type": "contact", "from_id": ada, "to_type": "contact", "to_id": { "$ref": "other" } } },
        ]),
    );
    let expected = [
        "deleted", "failed", "created", "failed", "deleted", "restored", "deleted", "failed",
    ];
    assert_eq!(statuses(&report), expected, "{report}");
    let contact = user.get(&format!("/v1/contacts/{ada}")).is(200);
    assert_eq!(contact["version"], 3);
    assert_eq!(ids(&user.get("/v1/contacts").is(200)), [eva, ada]);
    assert_eq!(ids(&user.get("/v1/associations").is(200)), [""; 0]);
    assert_eq!(
        ids(&user.get("/v1/contacts?deleted=true").is(200)),
        [row_id(&report, 2)]
    );
    let types: Vec<String> = events(&user)
        .into_iter()
        .skip(3)
        .map(|(name, _)| name)
        .collect();
    let expected = [
        "contact.deleted",
        "contact.created",
        "contact.deleted",
        "contact.restored",
        "association.created",
        "association.deleted",
    ];
    assert_eq!(types, expected);
}

#[test]
fn a_batch_happens_once_for_its_key_and_not_in_a_dry_run() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = json!({ "operations": [
        { "op": "create", "object": "company", "ref": "a", "data": { "name": "Engines" } },
        { "op": "create", "object": "contact", "data": { "first_name": "Ada", "company_id": { "$ref": "a" } } },
    ] });
    let rehearsed = user
        .ask("POST", BATCH)
        .header("relm-dry-run", "true")
        .json(&body)
        .send();
    assert_eq!(rehearsed.header("relm-dry-run"), "true");
    assert_eq!(statuses(&rehearsed.is(200)), ["created", "created"]);
    let mut member = body.clone();
    member["dry_run"] = json!(true);
    assert_eq!(user.post(BATCH, member).header("relm-dry-run"), "true");
    assert_eq!(events(&user), []);
    let ask = || {
        user.ask("POST", BATCH)
            .header("idempotency-key", "k")
            .json(&body)
            .send()
    };
    let first = ask();
    let made = first.is(200);
    let again = ask();
    assert_eq!(
        (again.is(200), again.header("idempotent-replayed")),
        (made, "true".to_owned())
    );
    assert_eq!(events(&user).len(), 2);
    let other = user
        .ask("POST", BATCH)
        .header("idempotency-key", "k")
        .json(&json!({ "operations": [] }));
    other.send().fails(409, "idempotency_conflict", None);
}

#[test]
fn a_key_needs_the_scope_of_everything_that_is_named() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.contact("ada@example.com");
    let limited = |scopes: Value| with_key(&user, json!({ "scopes": scopes }));
    let both = limited(json!(["contacts:write", "deals:write"]));
    let contacts = limited(json!(["contacts:write"]));
    let create = json!({ "op": "create", "object": "deal", "data": { "title": "a" } });
    let update = json!({ "op": "update", "id": ada, "data": { "phone": "1" } });
    let linked = json!({ "op": "unlink", "id": "asc_01M831K2VY6KP43J43158XNJT9" });
    let said = json!({ "op": "update", "id": "asc_01M831K2VY6KP43J43158XNJT9", "data": { "since": "2026-07-02" } });
    let mut named = said.clone();
    named["object"] = json!("association");
    for (of, operation, needed) in [
        (&contacts, &create, "deals:write"),
        (&both, &linked, "associations:write"),
        (&both, &said, "associations:write"),
        (&both, &named, "associations:write"),
    ] {
        let error = batch(of, json!([update, operation])).error(403);
        assert!(
            error["message"].as_str().unwrap().contains(needed),
            "{error}"
        );
    }
    let reader = world.another_key(user.workspace, Mode::Live, relm_core::KeyAccess::ReadOnly);
    for operation in [&update, &said, &named] {
        batch(&reader, json!([operation])).fails(403, "forbidden", None);
    }
    assert_eq!(events(&user).len(), 1);
    batch(&both, json!([update, create])).is(200);
}
