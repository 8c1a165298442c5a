//! `POST /v1/requests/:request_id/undo` of what others have deleted, changed or are changing since.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{Answered, User, World, id, whole_list};
use super::undo::{conflicts, of, undone};

const FIELDS: &str = "/v1/schema/fields";

#[track_caller]
fn batch(user: &User<'_>, operations: Value) -> Answered {
    let done = user.post("/v1/batch", json!({ "operations": operations }));
    done.is(200);
    done
}

fn company(user: &User<'_>, name: &str) -> String {
    id(&user.create("/v1/companies", json!({ "name": name })))
}

fn edge(from: &str, to: &str, label: &str) -> Value {
    json!({ "from_type": "contact", "from_id": from, "to_type": "company", "to_id": to, "label": label })
}

/// A `select` of contacts with these choices; its path.
fn plan(user: &User<'_>, choices: &[&str]) -> String {
    let body = json!({
        "object_type": "contact", "key": "plan", "type": "select", "options": { "choices": choices },
    });
    format!("{FIELDS}/{}", id(&user.create(FIELDS, body)))
}

/// What is found gone is remembered, though less is removed for it: a record that keeps its reference keeps what that leads to.
#[test]
fn an_undo_settles_where_what_is_gone_keeps_what_was_made() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let (before, linked) = (company(&user, "Before"), company(&user, "Linked"));
    let ada = json!({ "email": "ada@example.com", "phone": "1", "company_id": before });
    let ada = id(&user.create("/v1/contacts", ada));
    let edge = id(&user.create("/v1/associations", edge(&ada, &linked, "knows")));
    let done = batch(
        &user,
        json!([
            { "op": "create", "object": "company", "ref": "new", "data": { "name": "New" } },
            { "op": "update", "id": ada, "data": { "phone": "2", "company_id": { "$ref": "new" } } },
            { "op": "unlink", "id": edge },
        ]),
    );
    let new = id(&done.json()["data"][0]);
    for gone in [&before, &linked] {
        user.delete(&format!("/v1/companies/{gone}")).is(200);
    }
    let told = undone(&user, &of(&done));
    let expected = [
        json!(["invalid_reference", "company_id", ada]),
        json!(["in_use", null, new]),
        json!(["invalid_reference", null, edge]),
    ];
    assert_eq!(conflicts(&told), expected, "{told}");
    assert_eq!(told["conflicts"][1]["existing_id"], json!(ada));
    assert_eq!(told["reverted"][0]["members"], json!(["phone", "phones"]));
    let now = user.get(&format!("/v1/contacts/{ada}")).is(200);
    assert_eq!(
        (&now["phone"], &now["company_id"]),
        (&json!("1"), &json!(new))
    );
    user.get(&format!("/v1/companies/{new}")).is(200);
}

#[test]
fn a_link_of_the_request_stays_away_however_many_come_back() {
    // More in all than one commit brings back.
    const LINKS: usize = 334;
    const COMPANIES: usize = 3;
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.contact("ada@example.com");
    for _ in 0..COMPANIES {
        let mut operations = vec![
            json!({ "op": "create", "object": "company", "ref": "c", "data": { "name": "Shop" } }),
        ];
        for n in 0..LINKS {
            let mut data = edge(&ada, "", &n.to_string());
            data["to_id"] = json!({ "$ref": "c" });
            operations.push(json!({ "op": "link", "data": data }));
        }
        let shop = id(&batch(&user, json!(operations)).json()["data"][0]);
        user.delete(&format!("/v1/companies/{shop}")).is(200);
    }
    let other = user.contact("eva@example.com");
    let linked =
        json!({ "from_type": "contact", "from_id": other, "to_type": "contact", "to_id": ada });
    let done = batch(
        &user,
        json!([{ "op": "link", "data": linked }, { "op": "delete", "id": ada }]),
    );
    let linked = done.json()["data"][0]["id"].clone();
    let told = undone(&user, &of(&done));
    assert_eq!(told["conflicts"], json!([]));
    let changes = told["reverted"].as_array().unwrap().iter();
    let changes: Vec<Value> = changes.map(|it| json!([it["id"], it["change"]])).collect();
    assert!(changes.contains(&json!([linked, "deleted"])), "{told}");
    assert!(changes.contains(&json!([ada, "restored"])), "{told}");
    assert_eq!(user.get("/v1/associations").is(200), whole_list(json!([])));
}

#[test]
fn a_restored_record_refers_to_nothing_that_is_gone() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let (before, after) = (company(&user, "Before"), company(&user, "After"));
    let ada = json!({ "email": "ada@example.com", "company_id": before });
    let ada = id(&user.create("/v1/contacts", ada));
    let done = batch(
        &user,
        json!([
            { "op": "update", "id": ada, "data": { "company_id": after, "phone": "1" } },
            { "op": "delete", "id": ada },
        ]),
    );
    user.delete(&format!("/v1/companies/{before}")).is(200);
    let told = undone(&user, &of(&done));
    let expected = [json!(["invalid_reference", "company_id", ada])];
    assert_eq!(conflicts(&told), expected);
    assert_eq!(told["reverted"][0]["change"], "restored");
    let now = user.get(&format!("/v1/contacts/{ada}")).is(200);
    assert_eq!(
        (&now["company_id"], &now["phone"]),
        (&json!(after), &Value::Null)
    );
}

#[test]
fn a_purge_erases_what_the_undo_of_a_deletion_was_answered_with() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = json!({ "email": "ada@example.com", "metadata": { "plan": "zebra" } });
    let ada = id(&user.create("/v1/contacts", ada));
    let done = batch(
        &user,
        json!([
            { "op": "update", "id": ada, "data": { "metadata": { "plan": "pro" } } },
            { "op": "delete", "id": ada },
        ]),
    );
    plan(&user, &["free", "pro"]);
    let once = || {
        let ask = user.ask("POST", &of(&done));
        ask.header("idempotency-key", "k").json(&json!({})).send()
    };
    let first = once();
    let expected = [json!(["validation_failed", "metadata.plan", ada])];
    assert_eq!(conflicts(&first.is(200)), expected);
    assert!(first.text.contains("zebra"), "{}", first.text);
    assert_eq!(once().text, first.text);
    let purged = user.delete(&format!("/v1/contacts/{ada}?purge=true"));
    assert_eq!(purged.is(200)["purged"], true);
    let again = once();
    assert_eq!(conflicts(&again.is(200)), [json!(["gone", null, ada])]);
    assert!(!again.text.contains("zebra"), "{}", again.text);
}

#[test]
fn a_choice_that_is_being_renamed_goes_back_under_its_new_name() {
    // More than a PATCH waits for, in batches.
    const BATCHES: usize = 2;
    const ROWS: usize = 450;
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = plan(&user, &["free", "pro"]);
    let on = |email: &str| {
        let contact = json!({ "email": email, "metadata": { "plan": "pro" } });
        id(&user.create("/v1/contacts", contact))
    };
    let [changed, deleted, waiting] = ["a@example.com", "b@example.com", "c@example.com"].map(on);
    let done = batch(
        &user,
        json!([
            { "op": "update", "id": changed, "data": { "metadata": { "plan": "free" } } },
            { "op": "update", "id": waiting, "data": { "phone": "1" } },
            { "op": "delete", "id": deleted },
        ]),
    );
    for batch in 0..BATCHES {
        let row = |n: usize| json!({ "email": format!("{n}@{batch}.example.com"), "metadata": { "plan": "pro" } });
        let rows: Vec<Value> = (0..ROWS).map(row).collect();
        let made = user.post("/v1/contacts/batch", json!({ "contacts": rows }));
        assert_eq!(made.is(200)["created"], ROWS);
    }
    let renamed = json!({ "options": { "choices": ["free", { "from": "pro", "to": "team" }] } });
    let begun = user.patch(&path, renamed.clone()).is(202);
    assert_eq!(begun["options"]["renaming"][0]["from"], "pro");
    let plan = |id: &String| user.get(&format!("/v1/contacts/{id}")).is(200)["metadata"].clone();
    assert_eq!(plan(&waiting), json!({ "plan": "pro" }));
    let told = undone(&user, &of(&done));
    assert_eq!(
        (&told["conflicts"], &told["unchanged"]),
        (&json!([]), &json!(0))
    );
    for id in [&changed, &deleted, &waiting] {
        assert_eq!(plan(id), json!({ "plan": "team" }), "{told}");
    }
    let ended = user.patch(&path, renamed).is(200);
    assert!(ended["options"].get("renaming").is_none(), "{ended}");
}

#[test]
fn a_field_that_was_changed_stays_as_it_is() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = json!({ "object_type": "contact", "key": "plan", "type": "text" });
    let made = user.post(FIELDS, made);
    let field = id(&made.is(201));
    let path = format!("{FIELDS}/{field}");
    let changed = user.patch(&path, json!({ "label": "Plan" }));
    let left = changed.is(200);
    for (answer, code) in [(&changed, "conflict"), (&made, "changed_since")] {
        let told = undone(&user, &of(answer));
        assert_eq!(conflicts(&told), [json!([code, null, field])]);
        assert_eq!(
            (&told["reverted"], &told["undone_by"]),
            (&json!([]), &Value::Null)
        );
        assert_eq!(user.get(&path).is(200), left);
    }
    let told = undone(&user, &of(&changed));
    let message = told["conflicts"][0]["message"].as_str().unwrap();
    assert!(message.contains(&format!("PATCH {path}")), "{message}");
}
