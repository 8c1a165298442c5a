//! Several addresses and telephone numbers of one contact, in rows of batches and files, and where merges and undos have passed.

use relm_core::Mode;
use serde_json::{Value, json};

use super::imports::{import, work_off};
use super::keys::with_key;
use super::session::{User, World, id};
use super::undo::{of, undone};

fn path(contact: &Value) -> String {
    format!("/v1/contacts/{}", id(contact))
}

/// The texts of one of a contact's lists.
fn texts(contact: &Value, list: &str, member: &str) -> Vec<String> {
    let all = contact[list].as_array().unwrap().iter();
    let all = all.map(|entry| entry[member].as_str().unwrap().to_owned());
    all.collect()
}

#[test]
fn a_row_that_is_known_by_something_else_says_the_primary_address() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let field = json!({ "object_type": "contact", "key": "code", "label": "Code", "type": "text", "unique": true });
    user.create("/v1/schema/fields", field);
    let said = json!({ "emails": ["a@x.example", "b@x.example"], "metadata": { "code": "7" } });
    let made = user.create("/v1/contacts", said);
    let row = json!({ "email": "b@x.example", "metadata": { "code": "7" } });
    let rows = |dedup_on: &str| json!({ "dedup_on": [dedup_on], "contacts": [row] });
    // By the address it is found, and that is all that the row says of it.
    let known = user.post("/v1/contacts/batch", rows("email")).is(200);
    assert_eq!(known["unchanged"], 1, "{known}");
    let changed = user
        .post("/v1/contacts/batch", rows("metadata.code"))
        .is(200);
    assert_eq!(changed["updated"], 1, "{changed}");
    let contact = user.get(&path(&made)).is(200);
    assert_eq!(contact["email"], "b@x.example");
    assert_eq!(texts(&contact, "emails", "email"), ["b@x.example"]);
}

#[test]
fn a_dry_run_of_a_file_counts_further_addresses_as_the_run_does() {
    let file = "Email,Email 2,First Name\n\
                a@x.example,s@x.example,Ada\n\
                S@x.example,,Ada L.\n\
                c@x.example,none,Cyd\n\
                a@x.example,c@x.example,Both\n";
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let counts = |queued: &Value| {
        work_off(&world);
        let done = user.get(&format!("/v1/imports/{}", id(queued))).is(200);
        assert_eq!(done["status"], "completed", "{done}");
        let names = ["rows", "created", "updated", "unchanged", "failed"];
        names.map(|name| done[name].as_i64().unwrap())
    };
    let dry = import(&user, "&dedup_on=email&dry_run=true", file);
    assert_eq!(counts(&dry), [4, 2, 1, 0, 1]);
    assert_eq!(user.get("/v1/contacts").is(200)["data"], json!([]));
    let wet = import(&user, "&dedup_on=email", file);
    assert_eq!(counts(&wet), [4, 2, 1, 0, 1]);
    let errors = |queued: &Value| {
        user.get(&format!("/v1/imports/{}/errors", id(queued)))
            .text
            .clone()
    };
    assert_eq!(errors(&dry).lines().count(), 2);
    assert!(errors(&wet).contains("ambiguous_match"), "{}", errors(&wet));
    let ada = user.get("/v1/contacts?email=s@x.example").is(200)["data"][0].clone();
    assert_eq!(ada["first_name"], "Ada L.");
    assert_eq!(
        texts(&ada, "emails", "email"),
        ["a@x.example", "s@x.example"]
    );
    // What is no address in a further column is passed over.
    let cyd = user.get("/v1/contacts?email=c@x.example").is(200)["data"][0].clone();
    assert_eq!(texts(&cyd, "emails", "email"), ["c@x.example"]);
}

#[test]
fn an_undone_merge_leaves_a_number_to_both_that_had_it() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let one = json!({ "email": "one@x.example", "phones": ["+1 415 555 0101"] });
    let one = user.create("/v1/contacts", one);
    let two = json!({ "email": "two@x.example", "phones": ["+14155550101", "+1 415 555 0102"] });
    let two = user.create("/v1/contacts", two);
    let merge = format!("{}/merge", path(&one));
    let merged = user.post(&merge, json!({ "from": [id(&two)] }));
    let both = ["+1 415 555 0101", "+1 415 555 0102"];
    assert_eq!(texts(&merged.is(200), "phones", "phone"), both);
    undone(&user, &of(&merged));
    let now = |contact: &Value| texts(&user.get(&path(contact)).is(200), "phones", "phone");
    assert_eq!(now(&one), ["+1 415 555 0101"]);
    assert_eq!(now(&two), ["+14155550101", "+1 415 555 0102"]);
}

#[test]
fn tags_that_there_were_none_of_are_taken_back_whole() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = user.create("/v1/contacts", json!({ "email": "a@x.example" }));
    let tagged = user.patch(&path(&made), json!({ "tags": ["vip"] }));
    tagged.is(200);
    let told = undone(&user, &of(&tagged));
    assert_eq!(told["conflicts"], json!([]), "{told}");
    assert_eq!(user.get(&path(&made)).is(200)["tags"], json!([]));
}

#[test]
fn a_custom_field_called_stage_is_no_pipeline() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let fields = json!({ "name": "a", "scopes": ["fields:write", "fields:read"] });
    let some = with_key(&user, fields);
    let field =
        json!({ "object_type": "contact", "key": "stage", "label": "Stage", "type": "text" });
    let made = some.post("/v1/schema/fields", field).is(201);
    assert_eq!(made.get("built_in"), None, "{made}");
    // What is asked of deals is asked of whoever may read them.
    let pipeline =
        json!({ "object_type": "deal", "key": "stage", "options": { "choices": ["new"] } });
    some.post("/v1/schema/fields", pipeline).error(403);
}

#[test]
fn rows_with_several_addresses_are_unchanged_when_they_come_again() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let rows = json!({ "dedup_on": ["email"], "contacts": [
        { "emails": ["a@x.example", "b@x.example"], "phones": ["+1 415 555 0101"] },
        { "email": "c@x.example" },
    ] });
    let send = |user: &User<'_>| user.post("/v1/contacts/batch", rows.clone()).is(200);
    assert_eq!(send(&user)["created"], 2);
    let events = user.get("/v1/events").is(200)["data"].clone();
    assert_eq!(send(&user)["unchanged"], 2);
    assert_eq!(user.get("/v1/events").is(200)["data"], events);
}
