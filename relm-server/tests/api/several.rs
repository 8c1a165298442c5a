//! Several addresses and telephone numbers of one contact: what writes make of them, and what finds them.

use relm_core::record::{Document, Entry};
use relm_core::store::{Batch, Write};
use relm_core::{Id, Mode, Scope, Store as _, Timestamp};
use serde_json::{Value, json};

use super::session::{START, User, World, id, ids};

fn path(contact: &Value) -> String {
    format!("/v1/contacts/{}", id(contact))
}

/// What a contact has, in a line: the primary address, and all.
fn has(contact: &Value) -> String {
    let all = contact["emails"].as_array().unwrap().iter();
    let all = all.map(|it| match it["label"].as_str() {
        Some(label) => format!("{} {label}", it["email"].as_str().unwrap()),
        None => it["email"].as_str().unwrap().to_owned(),
    });
    let all: Vec<String> = all.collect();
    format!(
        "{}: {}",
        contact["email"].as_str().unwrap_or("-"),
        all.join(", ")
    )
}

#[test]
fn a_write_says_all_addresses_or_the_primary_one() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let said = json!({ "emails": ["a@x.example", { "email": "b@x.example", "label": "home" }] });
    let made = user.create("/v1/contacts", said);
    assert_eq!(has(&made), "a@x.example: a@x.example, b@x.example home");
    assert_eq!(made["phones"], json!([]));
    let path = path(&made);
    let mut version = 1;
    for (change, expected) in [
        // The primary one is replaced, and moves where it is there.
        (
            json!({ "email": "c@x.example" }),
            "c@x.example: c@x.example, b@x.example home",
        ),
        (
            json!({ "email": "B@x.example" }),
            "b@x.example: b@x.example home",
        ),
        (
            json!({ "emails": ["c@x.example", "b@x.example"] }),
            "c@x.example: c@x.example, b@x.example",
        ),
        (json!({ "email": null }), "-: b@x.example"),
        (
            json!({ "email": "d@x.example" }),
            "d@x.example: d@x.example, b@x.example",
        ),
        (
            json!({ "email": "b@x.example", "emails": ["d@x.example", "D@x.example", "B@x.example"] }),
            "b@x.example: b@x.example, d@x.example",
        ),
        (
            json!({ "email": "e@x.example", "emails": [{ "email": "b@x.example", "label": "old" }] }),
            "e@x.example: e@x.example, b@x.example old",
        ),
        (
            json!({ "email": null, "emails": ["b@x.example"] }),
            "-: b@x.example",
        ),
        (json!({ "emails": [] , "first_name": "Ada" }), "-: "),
        (
            json!({ "email": "a@x.example" }),
            "a@x.example: a@x.example",
        ),
    ] {
        version += 1;
        for _ in 0..2 {
            let changed = user.patch(&path, change.clone()).is(200);
            assert_eq!(has(&changed), expected, "{change}");
            assert_eq!(
                changed["version"], version,
                "{change}: again it is no change"
            );
            if change == json!({ "email": null }) {
                break;
            }
        }
    }
}

#[test]
fn what_is_read_can_be_written_again() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let said = json!({ "emails": ["a@x.example", "b@x.example"] });
    let path = path(&user.create("/v1/contacts", said));
    let whole = user.get(&path).is(200);
    let again = user.patch(
        &path,
        json!({ "emails": whole["emails"], "email": whole["email"] }),
    );
    assert_eq!(again.is(200), whole);
    user.post("/v1/contacts", json!({ "emails": [], "phones": null }))
        .fails(422, "identifier_required", None);
    user.create("/v1/contacts", json!({ "email": null, "phones": ["1"] }));
}

#[test]
fn what_is_no_list_of_addresses_is_refused_where_it_is() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (emails, at) in [
        (json!("a@x.example"), "emails"),
        (json!([null]), "emails[0]"),
        (json!(["a@x.example", 5]), "emails[1]"),
        (json!([{ "label": "work" }]), "emails[0].email"),
        (json!([{ "email": "no" }]), "emails[0].email"),
        (
            json!([{ "email": "a@x.example", "label": 1 }]),
            "emails[0].label",
        ),
        (
            json!(["a@x.example", { "email": "b@x.example", "label": "x".repeat(51) }]),
            "emails[1].label",
        ),
        (json!(vec!["a@x.example"; 21]), "emails"),
    ] {
        let error = user
            .post("/v1/contacts", json!({ "emails": emails }))
            .error(422);
        assert_eq!(error["field"], at, "{emails}: {error}");
    }
    let error = user.post(
        "/v1/contacts",
        json!({ "emails": [{ "email": "a@x.example", "type": "work" }] }),
    );
    let error = error.error(422);
    assert_eq!(
        (&error["field"], &error["suggestion"]),
        (&json!("emails[0].type"), &json!("label"))
    );
    let error = user
        .post(
            "/v1/contacts",
            json!({ "email_addresses": ["a@x.example"] }),
        )
        .error(422);
    assert_eq!(error["suggestion"], "emails");
}

fn found(user: &User<'_>, filter: &str) -> Vec<String> {
    ids(&user.get(&format!("/v1/contacts?{filter}")).is(200))
}

#[test]
fn every_address_and_number_finds_its_contact() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let eva = user.create(
        "/v1/contacts",
        json!({ "email": "eva@x.example", "phone": "+44 20 7946 0001" }),
    );
    let said = json!({
        "emails": ["ada@x.example", "ada@home.example"],
        "phones": ["+1 415 555 0132", { "phone": "0044 20 7946 0001", "label": "mobile" }],
    });
    let ada = user.create("/v1/contacts", said);
    let bob = user.create("/v1/contacts", json!({ "first_name": "Bob" }));
    let [ada, eva, bob] = [ada, eva, bob].map(|it| id(&it));
    for (filter, expected) in [
        ("email=ADA@home.example", vec![&ada]),
        ("email=ada@x.example", vec![&ada]),
        ("emails=ada@home.example", vec![&ada]),
        (
            "filter[emails][in]=ada@home.example,eva@x.example",
            vec![&ada, &eva],
        ),
        ("filter[email][neq]=ada@home.example", vec![&eva]),
        ("filter[emails][is_null]=true", vec![&bob]),
        ("filter[email][ilike]=ada@home%25", vec![]),
        ("filter[phones]=%2B442079460001", vec![&ada, &eva]),
        ("filter[phones]=%2B14155550132", vec![&ada]),
        ("filter[phones][neq]=%2B14155550132", vec![&eva]),
        ("email=ada@home.example&last_name=Nobody", vec![]),
    ] {
        assert_eq!(
            found(&user, filter).iter().collect::<Vec<_>>(),
            expected,
            "{filter}"
        );
    }
    for query in ["ada@home.example", "home.example", "2079460001+0132"] {
        let searched = user.get(&format!("/v1/search?q={query}")).is(200);
        assert_eq!(ids(&searched), [ada.as_str()], "{query}");
    }
    // The whole address comes before a newer contact that has its words.
    let words = user.create(
        "/v1/contacts",
        json!({ "first_name": "ada", "last_name": "home example" }),
    );
    let searched = user.get("/v1/search?q=ada@home.example").is(200);
    assert_eq!(ids(&searched), [ada.clone(), id(&words)]);
    let groups = user.get("/v1/contacts/duplicates").is(200);
    assert_eq!(groups["data"].as_array().unwrap().len(), 1, "{groups}");
    assert_eq!(
        ids(&json!({ "data": groups["data"][0]["records"] })),
        [ada, eva]
    );
}

#[test]
fn the_definition_of_addresses_is_the_engine_s_alone() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    assert_eq!(user.get("/v1/schema/fields").is(200)["data"], json!([]));
    let ask = user.ask("POST", "/v1/contacts");
    let said = json!({ "emails": ["a@x.example", "b@x.example"] });
    let made = ask.json(&said).send();
    let request = made.header("x-request-id");
    made.is(201);
    let all = user.get("/v1/schema/fields").is(200)["data"].clone();
    let [definition] = all.as_array().unwrap().as_slice() else {
        panic!("one definition: {all}");
    };
    assert_eq!(definition["key"], "emails");
    assert_eq!(
        (&definition["built_in"], &definition["unique"]),
        (&json!(true), &json!(true))
    );
    let path = format!("/v1/schema/fields/{}", id(definition));
    user.delete(&path).fails(422, "validation_failed", None);
    user.patch(&path, json!({ "unique": false }))
        .fails(422, "validation_failed", None);
    user.post(&format!("/v1/requests/{request}/undo"), json!({}))
        .is(200);
    assert_eq!(found(&user, "email=b@x.example"), [""; 0]);
    assert_eq!(user.get("/v1/schema/fields").is(200)["data"], all);
    user.create("/v1/contacts", said);
}

#[test]
fn a_dry_run_and_a_batch_judge_all_addresses() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let rows = json!({
        "contacts": [
            { "emails": ["a@x.example", "b@x.example"] },
            { "email": "B@x.example" },
            { "emails": ["c@x.example", "A@x.example"] },
        ],
    });
    let dry = user
        .ask("POST", "/v1/contacts/batch")
        .header("relm-dry-run", "true");
    let dry = dry.json(&rows).send().is(200);
    let wet = user.post("/v1/contacts/batch", rows).is(200);
    for report in [&dry, &wet] {
        assert_eq!(
            (&report["created"], &report["failed"]),
            (&json!(1), &json!(2)),
            "{report}"
        );
        assert_eq!(report["data"][1]["error"]["field"], "contacts[1].email");
        assert_eq!(
            report["data"][2]["error"]["field"],
            "contacts[2].emails[1].email"
        );
    }
    let operations = json!({ "operations": [
        { "op": "create", "object": "contact", "ref": "d", "data": { "email": "d@x.example" } },
        { "op": "update", "object": "contact", "match": { "email": "b@x.example" }, "data": { "emails": ["a@x.example", "d@x.example"] } },
    ] });
    let error = user.post("/v1/batch", operations).error(409);
    assert_eq!(error["code"], "conflict", "{error}");
    assert_eq!(found(&user, "email=d@x.example"), [""; 0]);
    let operations = json!({ "operations": [
        { "op": "update", "object": "contact", "match": { "email": "b@x.example" }, "data": { "first_name": "Ada" } },
    ] });
    user.post("/v1/batch", operations).is(200);
}

/// A contact as it was written before there were lists.
async fn written_before(world: &World, scope: Scope, contact: Id) {
    let store = &world.store;
    let found = store.get(scope, contact).await.unwrap().unwrap();
    let mut members: Value = serde_json::from_str(&found.json).unwrap();
    for name in ["emails", "phones"] {
        members.as_object_mut().unwrap().remove(name);
    }
    let before = found.into_entry().unwrap();
    let json = members.to_string();
    let document = Document {
        id: contact,
        json: json.into(),
    };
    let Entry { record, json } = document.into_entry().unwrap();
    let batch = Batch {
        scope,
        now: Timestamp::parse(START).unwrap(),
        requires: Vec::new(),
        writes: vec![Write::Replace {
            before,
            after: Entry { record, json },
        }],
    };
    store.commit(batch).await.unwrap();
}

#[test]
fn a_contact_of_before_has_its_one_address() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let said = json!({ "email": "old@x.example", "phone": "+44 1", "last_name": "Old" });
    let old = user.create("/v1/contacts", said);
    let path = path(&old);
    let scope = Scope::new(user.workspace, Mode::Live);
    let written = written_before(&world, scope, Id::parse(&id(&old)).unwrap());
    pollster::block_on(written);
    let stored = user.get(&path).is(200);
    assert_eq!(stored.get("emails"), None);
    // What changes nothing leaves it as it is.
    for change in [
        json!({ "email": "OLD@x.example" }),
        json!({ "emails": ["old@x.example"] }),
        json!({ "phones": ["+44 1"] }),
    ] {
        assert_eq!(user.patch(&path, change).is(200), stored);
    }
    assert_eq!(found(&user, "email=old@x.example"), [id(&old)]);
    user.post(
        "/v1/contacts",
        json!({ "emails": ["new@x.example", "old@x.example"] }),
    )
    .fails(409, "conflict", "emails[1].email");
    let changed = user.patch(&path, json!({ "last_name": "New" })).is(200);
    assert_eq!(has(&changed), "old@x.example: old@x.example");
    let history = user.get(&format!("{path}/history")).is(200);
    let members = history["data"][0]["changes"].as_object().unwrap();
    assert_eq!(
        members.keys().collect::<Vec<_>>(),
        ["last_name"],
        "{history}"
    );
}
