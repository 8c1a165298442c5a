//! Custom fields: defining them, and what they then ask of records.

use relm_core::FieldType;
use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{START, User, World, id, ids, whole_list};

fn define(user: &User<'_>, key: &str, field_type: &str, options: Value) -> Value {
    let body =
        json!({ "object_type": "contact", "key": key, "type": field_type, "options": options });
    user.create("/v1/schema/fields", body)
}

#[test]
fn a_field_is_defined_listed_and_removed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let field = define(&user, "age", "number", json!(null));
    let expected = json!({
        "id": id(&field), "object": "field", "object_type": "contact", "key": "age", "label": "age", "description": null,
        "type": "number", "required": false, "unique": false, "enforce": "always", "options": {}, "position": null, "version": 1, "mode": "live",
        "created_at": START, "updated_at": START,
    });
    assert_eq!(field, expected);
    let body = json!({ "object_type": "deal", "key": "age", "label": "Age", "type": "text", "required": true });
    let other = user.create("/v1/schema/fields", body);
    assert_eq!(
        user.get("/v1/schema/fields").is(200),
        whole_list(json!([other, field]))
    );
    let contacts = user.get("/v1/schema/fields?object_type=contact").is(200);
    assert_eq!(contacts, whole_list(json!([field])));
    let first = user.get("/v1/schema/fields?limit=1").is(200);
    assert_eq!(
        (ids(&first), &first["has_more"]),
        (vec![id(&other)], &json!(true))
    );

    let path = format!("/v1/schema/fields/{}", id(&field));
    let gone = json!({ "id": id(&field), "object": "field", "deleted": true });
    assert_eq!(user.delete(&path).is(200), gone);
    user.delete(&path).fails(404, "not_found", None);
    user.delete("/v1/schema/fields/age")
        .fails(404, "not_found", None);
    define(&user, "age", "text", json!({}));
}

#[test]
fn a_key_is_defined_once_for_an_object() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let field = define(&user, "age", "number", json!({}));
    let body = json!({ "object_type": "contact", "key": "age", "type": "text" });
    let expected = json!({
        "code": "conflict", "message": "The contact has a field `age` already.", "field": "key",
        "existing_id": id(&field),
    });
    assert_eq!(user.post("/v1/schema/fields", body).error(409), expected);
}

#[test]
fn what_a_definition_refuses() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let good = json!({ "object_type": "contact", "key": "plan", "type": "select", "options": { "choices": ["a"] } });
    let refused = |name: &str, value: Value, code, field| {
        let mut body = good.clone();
        body[name] = value;
        user.post("/v1/schema/fields", body).fails(422, code, field);
    };
    refused(
        "object_type",
        json!("contcat"),
        "unknown_value",
        "object_type",
    );
    refused("type", json!("enum"), "unknown_value", "type");
    refused("unique", json!(true), "validation_failed", "unique");
    refused(
        "options",
        json!({ "choice": ["a"] }),
        "unknown_field",
        "options.choice",
    );
    for (name, value, field) in [
        ("object_type", json!(null), "object_type"),
        ("key", json!(null), "key"),
        ("key", json!("Plan"), "key"),
        ("key", json!("1plan"), "key"),
        ("key", json!("p".repeat(64)), "key"),
        ("label", json!(" "), "label"),
        ("required", json!("yes"), "required"),
        ("options", json!({}), "options.choices"),
        ("options", json!({ "choices": [] }), "options.choices"),
        (
            "options",
            json!({ "choices": ["a", "a"] }),
            "options.choices",
        ),
        ("options", json!({ "choices": [""] }), "options.choices"),
        ("options", json!({ "choices": [1] }), "options.choices"),
        ("type", json!("text"), "options.choices"),
    ] {
        refused(name, value, "validation_failed", field);
    }
    let mut body = good;
    body["type"] = json!("slect");
    let expected = json!({
        "code": "unknown_value", "message": "`type` must be one of text, number, date, bool, select, multiselect, url, email, phone, datetime, currency, reference, json, not `slect`. Did you mean `select`?",
        "field": "type", "valid_options": FieldType::ALL, "suggestion": "select",
    });
    assert_eq!(user.post("/v1/schema/fields", body).error(422), expected);
}

#[test]
fn a_value_must_be_of_its_field() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for field_type in ["text", "number", "date", "bool"] {
        define(&user, field_type, field_type, json!({}));
    }
    define(
        &user,
        "select",
        "select",
        json!({ "choices": ["free", "pro", "enterprise"] }),
    );
    let good = json!({ "text": "", "number": 0.5, "date": "2026-07-02", "bool": false, "select": "pro", "free": [1] });
    let made = user.create("/v1/contacts", json!({ "metadata": good }));
    assert_eq!(made["metadata"], good);
    let path = format!("/v1/contacts/{}", id(&made));
    for (key, value, code, field) in [
        ("text", json!(1), "validation_failed", "metadata.text"),
        ("number", json!("1"), "validation_failed", "metadata.number"),
        (
            "date",
            json!("2026-02-29"),
            "validation_failed",
            "metadata.date",
        ),
        ("bool", json!(0), "validation_failed", "metadata.bool"),
        ("select", json!("Pro"), "unknown_value", "metadata.select"),
        (
            "select",
            json!(["pro"]),
            "validation_failed",
            "metadata.select",
        ),
    ] {
        let body = json!({ "metadata": { key: value } });
        user.post("/v1/contacts", body.clone())
            .fails(422, code, field);
        user.patch(&path, body).fails(422, code, field);
    }
    let error = user
        .patch(&path, json!({ "metadata": { "select": "por" } }))
        .error(422);
    let expected = json!({
        "code": "unknown_value", "message": "`metadata.select` must be one of free, pro, enterprise, not \"por\". Did you mean `pro`?",
        "field": "metadata.select", "valid_options": ["free", "pro", "enterprise"], "suggestion": "pro",
    });
    assert_eq!(error, expected);
}

#[test]
fn a_record_from_before_a_required_field_gains_it_on_its_next_write() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    let body = json!({ "object_type": "contact", "key": "plan", "type": "text", "required": true });
    let field = user.create("/v1/schema/fields", body);
    let patch = |body: Value| user.patch(&path, body);
    user.get(&path).is(200);
    patch(json!({ "phone": "1" })).fails(422, "validation_failed", "metadata.plan");
    patch(json!({ "phone": "1", "metadata": { "plan": "pro" } })).is(200);
    patch(json!({ "metadata": { "plan": null } })).fails(422, "validation_failed", "metadata.plan");
    patch(json!({ "metadata": null })).fails(422, "validation_failed", "metadata.plan");
    user.create("/v1/deals", json!({ "title": "not a contact" }));
    user.delete(&format!("/v1/schema/fields/{}", id(&field)))
        .is(200);
    assert_eq!(
        user.get(&path).is(200)["metadata"],
        json!({ "plan": "pro" }),
        "what is stored stays"
    );
    patch(json!({ "metadata": { "plan": 5 } })).is(200);
}

#[test]
fn a_filter_on_a_defined_field_has_its_type() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    define(&user, "seats", "number", json!({}));
    let nine = user.create("/v1/contacts", json!({ "metadata": { "seats": 9 } }));
    user.create("/v1/contacts", json!({ "metadata": { "seats": 10 } }));
    let found = user
        .get("/v1/contacts?filter[metadata.seats][lt]=10")
        .is(200);
    assert_eq!(found, whole_list(json!([nine])));
    for query in ["metadata.seats=many", "filter[metadata.seats][ilike]=1"] {
        let list = user.get(&format!("/v1/contacts?{query}"));
        list.fails(400, "bad_request", "metadata.seats");
    }
}
