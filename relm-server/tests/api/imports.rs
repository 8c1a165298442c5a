//! Imports and exports over HTTP: what is asked for, what is answered, and who may.

use relm_core::engine::Importer;
use relm_core::{Id, KeyAccess, Mode};
use serde_json::{Value, json};

use super::session::{User, World, id};

const FILE: &str =
    "E-mail,First Name,Fax\nada@example.com,Ada,1\nno address,Nobody,\nADA@example.com,Ada L.,\n";

/// Sends a file.
pub fn import(user: &User<'_>, query: &str, file: &str) -> Value {
    let path = format!("/v1/imports?object=contacts{query}");
    let ask = user.ask("POST", &path).header("content-type", "text/csv");
    ask.text(file.to_owned()).send().is(202)
}

/// Has what waits be worked on.
pub fn work_off(world: &World) {
    pollster::block_on(Importer::new(world.crm.clone()).work_off()).unwrap();
}

fn get(user: &User<'_>, import: &Value) -> Value {
    user.get(&format!("/v1/imports/{}", id(import))).is(200)
}

#[test]
fn a_file_is_taken_in_and_what_became_of_it_is_told() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let queued = import(&user, "&dedup_on=email", FILE);
    assert_eq!(
        (&queued["status"], &queued["rows"]),
        (&json!("queued"), &json!(0))
    );
    assert_eq!(queued["unmapped"], json!(["Fax"]));
    assert_eq!(queued["mapping"]["E-mail"], "email");
    assert!(queued.get("work").is_none(), "{queued}");
    assert!(
        user.get("/v1/contacts").is(200)["data"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    work_off(&world);
    let done = get(&user, &queued);
    assert_eq!(done["status"], "completed");
    let counts = ["rows", "created", "updated", "unchanged", "failed"]
        .map(|name| done[name].as_i64().unwrap());
    assert_eq!(counts, [3, 1, 1, 0, 1], "{done}");
    let contact = &user.get("/v1/contacts").is(200)["data"][0];
    assert_eq!(contact["first_name"], "Ada L.");
    let events = user.get("/v1/events").is(200);
    assert_eq!(events["data"].as_array().unwrap().len(), 2);
    assert_eq!(events["data"][0]["actor"]["id"], user.key_id.to_string());
    let errors = user.get(&format!("/v1/imports/{}/errors", id(&queued)));
    assert_eq!(errors.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = errors.text.lines().collect();
    assert_eq!(
        lines[0],
        "line,code,field,reason,unread,E-mail,First Name,Fax"
    );
    assert!(
        lines[1].starts_with("3,validation_failed,email,"),
        "{lines:?}"
    );
    assert!(lines[1].ends_with(",no address,Nobody,"), "{lines:?}");
    assert_eq!(lines.len(), 2);
    let list = user.get("/v1/imports?status=completed").is(200);
    assert_eq!(list["data"], json!([done]));
}

#[test]
fn an_import_is_undone_and_deleted() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let queued = import(&user, "&dedup_on=email", FILE);
    work_off(&world);
    let path = format!("/v1/imports/{}", id(&queued));
    user.post(&format!("{path}/cancel"), Value::Null).is(409);
    let undoing = user.post(&format!("{path}/undo"), Value::Null).is(202);
    assert_eq!(undoing["status"], "undoing");
    user.delete(&path).is(409);
    work_off(&world);
    let undone = get(&user, &queued);
    assert_eq!(undone["status"], "undone");
    assert_eq!(
        undone["undo"],
        json!({ "reverted": 1, "unchanged": 0, "conflicts": 0 })
    );
    assert!(
        user.get("/v1/contacts").is(200)["data"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let conflicts = user.get(&format!("{path}/conflicts"));
    assert_eq!(conflicts.text, "id,member,code,reason\r\n");
    user.delete(&path).is(200);
    user.get(&path).is(404);
}

#[test]
fn the_same_file_under_the_same_key_is_one_import() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let send = |file: &str| {
        let ask = user.ask("POST", "/v1/imports?object=contacts");
        let ask = ask
            .header("content-type", "text/csv")
            .header("idempotency-key", "k");
        ask.text(file.to_owned()).send()
    };
    let first = send(FILE).is(202);
    let again = send(FILE);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.is(202), first);
    send("email\nx@example.com\n").is(409);
    work_off(&world);
    assert_eq!(
        user.get("/v1/imports?status=completed").is(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        user.get("/v1/contacts").is(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn what_no_file_is_taken_in_by_is_refused() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (query, field) in [
        ("", "object"),
        ("object=people", "object"),
        ("object=contacts&format=xls", "format"),
        ("object=contacts&dry_run=yes", "dry_run"),
        ("object=contacts&mapping=[]", "mapping"),
        ("object=contacts&sheet=1", "sheet"),
        ("object=contacts&dedup_on=phone", "dedup_on"),
    ] {
        let ask = user.ask("POST", &format!("/v1/imports?{query}"));
        let refused = ask.header("content-type", "text/csv").text(FILE).send();
        assert!(
            [400, 422].contains(&refused.status),
            "{query}: {}",
            refused.text
        );
        let said = refused.json();
        let at = said["error"]["field"].as_str().unwrap_or_default();
        assert!(
            at == field || said.to_string().contains(field),
            "{query}: {said}"
        );
    }
    let ask = user.ask("POST", "/v1/imports?object=contacts");
    ask.header("content-type", "application/json")
        .text("{}")
        .send()
        .is(415);
    let unknown = user.ask("POST", "/v1/imports?object=contacts");
    let unknown = unknown
        .header("content-type", "text/csv")
        .text("Shoe size\n44\n")
        .send();
    let said = unknown.json().to_string();
    assert!(said.contains("Shoe size"), "{said}");
    let list = user.get("/v1/imports").is(200);
    assert_eq!(list["data"][0]["status"], "failed", "{list}");
    let dry = user
        .ask("POST", "/v1/imports?object=contacts")
        .header("relm-dry-run", "true");
    dry.header("content-type", "text/csv")
        .text(FILE)
        .send()
        .is(400);
}

#[test]
fn an_import_is_for_whoever_may_write_its_object() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = import(&user, "", FILE);
    let path = format!("/v1/imports/{}", id(&made));
    let reads = world.another_key(user.workspace, Mode::Live, KeyAccess::ReadOnly);
    reads.get(&path).is(200);
    reads.get("/v1/imports").is(200);
    let ask = reads.ask("POST", "/v1/imports?object=contacts");
    ask.header("content-type", "text/csv")
        .text(FILE)
        .send()
        .is(403);
    reads.post(&format!("{path}/cancel"), Value::Null).is(403);
    let scopes = json!({ "scopes": ["deals:read", "deals:write"] });
    let key = user.create("/v1/keys", scopes);
    let deals = User {
        world: &world,
        workspace: user.workspace,
        key_id: Id::parse(key["id"].as_str().unwrap()).unwrap(),
        key: Some(key["secret"].as_str().unwrap().to_owned()),
    };
    deals.get(&path).is(403);
    assert_eq!(deals.get("/v1/imports").is(200)["data"], json!([]));
    deals
        .post("/v1/exports?object=contacts", Value::Null)
        .is(403);
    deals
        .post("/v1/exports?object=deals", Value::Null)
        .headers
        .get("content-type")
        .unwrap();
}

#[test]
fn what_is_exported_can_be_imported() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.create("/v1/contacts", json!({ "email": "ada@example.com", "first_name": "=Ada", "metadata": { "plan": "pro", "n": 1 } }));
    user.create(
        "/v1/contacts",
        json!({ "email": "eva@example.com", "phone": "+49 1" }),
    );
    let ids = |user: &User<'_>| {
        let all = user.get("/v1/contacts").is(200)["data"]
            .as_array()
            .unwrap()
            .clone();
        let mut all: Vec<Value> = all
            .into_iter()
            .map(|mut one| {
                let members = one.as_object_mut().unwrap();
                members.retain(|name, _| {
                    ["email", "first_name", "phone", "metadata"].contains(&name.as_str())
                });
                one
            })
            .collect();
        all.sort_by_key(ToString::to_string);
        all
    };
    for format in ["csv", "ndjson"] {
        let file = user
            .ask(
                "POST",
                &format!("/v1/exports?object=contacts&format={format}"),
            )
            .send();
        assert_eq!(file.status, 200, "{}", file.text);
        let other = world.user(format, Mode::Live);
        let ask = other.ask(
            "POST",
            &format!("/v1/imports?object=contacts&format={format}"),
        );
        ask.text(file.text.clone()).send().is(202);
        work_off(&world);
        assert_eq!(ids(&other), ids(&user), "{}", file.text);
    }
    let one = user
        .ask(
            "POST",
            "/v1/exports?object=contacts&format=ndjson&filter[email]=eva@example.com",
        )
        .send();
    assert_eq!(one.text.lines().count(), 1);
    user.post("/v1/exports?object=contacts&limit=5", Value::Null)
        .is(400);
    user.post("/v1/exports?object=contacts&format=vcard", Value::Null)
        .is(422);
}
