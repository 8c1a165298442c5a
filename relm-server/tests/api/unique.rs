//! Unique fields over HTTP: what is refused, how a field becomes unique, and who may have it so.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{World, id};

fn field(object_type: &str, field_type: &str) -> Value {
    json!({ "object_type": object_type, "key": "no", "type": field_type, "unique": true })
}

fn with(no: impl Into<Value>) -> Value {
    json!({ "metadata": { "no": no.into() } })
}

#[test]
fn a_second_record_with_a_value_is_409_and_names_the_first() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = user.post("/v1/schema/fields", field("contact", "number"));
    assert_eq!(made.is(201)["unique"], true);
    let ada = id(&user.post("/v1/contacts", with(1)).is(201));
    let error = user.post("/v1/contacts", with(1.0)).error(409);
    assert_eq!(error["code"], "conflict");
    assert_eq!(error["field"], "metadata.no");
    assert_eq!(error["existing_id"], ada);
    let eva = id(&user.post("/v1/contacts", with(2)).is(201));
    let eva = format!("/v1/contacts/{eva}");
    assert_eq!(user.patch(&eva, with(1)).error(409)["existing_id"], ada);
    for _ in 0..2 {
        let none = json!({ "first_name": "A", "metadata": { "no": null } });
        user.post("/v1/contacts", none).is(201);
    }
    let elsewhere = world.user("other", Mode::Live);
    elsewhere.post("/v1/contacts", with(1)).is(201);
    elsewhere.post("/v1/contacts", with(1)).is(201);
    user.delete(&format!("/v1/contacts/{ada}")).is(200);
    user.patch(&eva, with(1)).is(200);
    let back = user.post(&format!("/v1/contacts/{ada}/restore"), json!({}));
    let error = back.error(409);
    assert_eq!(error["field"], "metadata.no");
    assert_eq!(
        format!("/v1/contacts/{}", error["existing_id"].as_str().unwrap()),
        eva
    );
}

#[test]
fn values_that_records_share_are_listed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let long = "x".repeat(400);
    for no in ["a", "b", "a", &long, &long, "a"] {
        user.post(
            "/v1/companies",
            json!({ "name": "A", "metadata": { "no": no } }),
        )
        .is(201);
    }
    let error = user
        .post("/v1/schema/fields", field("company", "text"))
        .error(409);
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("conflict"), &json!("unique"))
    );
    assert_eq!(error["count"], 5);
    let duplicates = error["duplicates"].as_array().unwrap();
    assert_eq!(duplicates.len(), 2);
    for one in duplicates {
        let value = one["value"].as_str().unwrap();
        let records = one["ids"].as_array().unwrap().len();
        match value {
            "a" => assert_eq!(records, 3),
            _ => assert!(records == 2 && value.starts_with("xxx") && value.len() < 100),
        }
    }
    assert_eq!(user.get("/v1/schema/fields").is(200)["data"], json!([]));
}

#[test]
fn a_domain_is_made_unique_by_its_name_and_is_shown() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let domain = json!({ "object_type": "company", "key": "domain", "unique": true });
    let made = user.post("/v1/schema/fields", domain.clone()).is(201);
    assert_eq!(
        (&made["built_in"], &made["unique"]),
        (&json!(true), &json!(true))
    );
    user.post("/v1/schema/fields", domain.clone()).is(200);
    let path = format!("/v1/schema/fields/{}", id(&made));
    assert_eq!(user.get(&path).is(200)["key"], "domain");
    let acme = json!({ "name": "Acme", "domain": "acme.example" });
    let first = user.post("/v1/companies", acme.clone()).is(201);
    let error = user.post("/v1/companies", acme.clone()).error(409);
    assert_eq!(
        (&error["field"], &error["existing_id"]),
        (&json!("domain"), &first["id"])
    );
    user.patch(&path, json!({ "label": "Host" })).error(422);
    user.patch(&path, json!({ "unique": false })).is(200);
    user.post("/v1/companies", acme).is(201);
    let shared = user.post("/v1/schema/fields", domain).error(409);
    assert_eq!(shared["duplicates"][0]["value"], "acme.example");
    let contact = json!({ "object_type": "contact", "key": "domain", "unique": true });
    user.post("/v1/schema/fields", contact).error(422);
}

#[test]
fn what_cannot_be_unique_is_refused() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let error = user
        .post("/v1/schema/fields", field("deal", "bool"))
        .error(422);
    assert_eq!(error["field"], "unique");
    let select = json!({
        "object_type": "deal", "key": "kind", "type": "select", "options": { "choices": ["a"] },
    });
    let select = user.post("/v1/schema/fields", select).is(201);
    let path = format!("/v1/schema/fields/{}", id(&select));
    let error = user.patch(&path, json!({ "unique": true })).error(422);
    assert_eq!(error["field"], "unique");
    user.patch(&path, json!({ "unique": null })).error(422);
}
