//! Companies, deals and activities: the whole record of each, and what each asks for.

use relm_core::Mode;
use serde_json::json;

use super::session::{START, World, id};

#[test]
fn a_company_from_creation_to_deletion() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    let made = user.create(
        "/v1/companies",
        json!({ "name": "Engines", "domain": "engines.example" }),
    );
    let expected = json!({
        "id": id(&made), "object": "company", "name": "Engines", "domain": "engines.example", "owner": null, "tags": [], "addresses": [], "metadata": {},
        "version": 1, "mode": "test", "created_at": START, "updated_at": START,
    });
    assert_eq!(made, expected);
    assert!(id(&made).starts_with("cmp_"));
    let path = format!("/v1/companies/{}", id(&made));
    assert_eq!(
        user.patch(&path, json!({ "domain": null })).is(200)["version"],
        2
    );
    user.patch(&path, json!({ "name": null }))
        .fails(422, "validation_failed", "name");
    user.post("/v1/companies", json!({}))
        .fails(422, "validation_failed", "name");
    let gone = json!({ "id": id(&made), "object": "company", "deleted": true });
    assert_eq!(user.delete(&path).is(200), gone);
    user.delete(&path).fails(404, "not_found", None);
}

#[test]
fn a_deal_from_creation_to_deletion() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let company = id(&user.create("/v1/companies", json!({ "name": "Engines" })));
    let contact = user.contact("ada@example.com");
    let said = json!({
        "title": "Engine", "value_cents": 12_500, "currency": "eur", "stage": "won", "close_date": "2028-02-29",
        "company_id": company, "primary_contact_id": contact, "metadata": { "a": 1 },
    });
    let made = user.create("/v1/deals", said);
    let expected = json!({
        "id": id(&made), "object": "deal", "title": "Engine", "value_cents": 12_500, "currency": "EUR",
        "stage": "won", "close_date": "2028-02-29", "company_id": company, "primary_contact_id": contact,
        "owner": null, "tags": [], "metadata": { "a": 1 }, "version": 1, "mode": "live", "created_at": START, "updated_at": START,
    });
    assert_eq!(made, expected);
    assert!(id(&made).starts_with("deal_"));
    let path = format!("/v1/deals/{}", id(&made));
    let gone = json!({ "id": id(&made), "object": "deal", "deleted": true });
    assert_eq!(user.delete(&path).is(200), gone);
}

#[test]
fn a_value_without_a_currency_is_in_dollars() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let valued = user.create("/v1/deals", json!({ "title": "a", "value_cents": 1e2 }));
    assert_eq!(
        (&valued["value_cents"], &valued["currency"]),
        (&json!(100), &json!("USD"))
    );
    let bare = user.create("/v1/deals", json!({ "title": "b" }));
    assert_eq!(
        (&bare["value_cents"], &bare["currency"]),
        (&json!(null), &json!(null))
    );
    let euros = user.create("/v1/deals", json!({ "title": "c", "currency": "EUR" }));
    let path = format!("/v1/deals/{}", id(&euros));
    let valued = user
        .patch(&path, json!({ "value_cents": -9_007_199_254_740_991_i64 }))
        .is(200);
    assert_eq!(valued["currency"], "EUR");
}

#[test]
fn what_a_deal_refuses() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let nobody = "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";
    for (name, value, code) in [
        ("title", json!(null), "validation_failed"),
        ("title", json!(" "), "validation_failed"),
        (
            "value_cents",
            json!(9_007_199_254_740_992_i64),
            "validation_failed",
        ),
        ("value_cents", json!(1.5), "validation_failed"),
        ("value_cents", json!("1"), "validation_failed"),
        ("currency", json!("XXQ"), "validation_failed"),
        ("close_date", json!("2026-02-29"), "validation_failed"),
        ("close_date", json!("2026-2-1"), "validation_failed"),
        ("primary_contact_id", json!(nobody), "invalid_reference"),
        ("amount", json!(1), "unknown_field"),
    ] {
        let mut body = json!({ "title": "Engine" });
        body[name] = value;
        user.post("/v1/deals", body).fails(422, code, name);
    }
}

#[test]
fn an_activity_from_creation_to_deletion() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let contact = user.contact("ada@example.com");
    let deal = id(&user.create("/v1/deals", json!({ "title": "Engine" })));
    let text = "é".repeat(20_000);
    let said = json!({
        "type": "call", "subject": "Hello", "body": text, "contact_id": contact, "deal_id": deal,
        "occurred_at": "2026-07-01T12:00:00+02:00", "due_at": "2026-07-03T09:00:00Z", "assignee": "grace@example.com",
    });
    let made = user.create("/v1/activities", said);
    let expected = json!({
        "id": id(&made), "object": "activity", "type": "call", "subject": "Hello", "body": text,
        "contact_id": contact, "deal_id": deal, "company_id": null, "occurred_at": "2026-07-01T10:00:00.000Z",
        "due_at": "2026-07-03T09:00:00.000Z", "done_at": null, "notified_due_at": null, "assignee": "grace@example.com", "tags": [], "metadata": {}, "version": 1, "mode": "live", "created_at": START, "updated_at": START,
    });
    assert_eq!(made, expected);
    assert!(id(&made).starts_with("act_"));
    let path = format!("/v1/activities/{}", id(&made));
    let clear = user.patch(&path, json!({ "occurred_at": null }));
    clear.fails(422, "validation_failed", "occurred_at");
    let gone = json!({ "id": id(&made), "object": "activity", "deleted": true });
    assert_eq!(user.delete(&path).is(200), gone);

    assert_eq!(
        user.create("/v1/activities", json!({ "type": "note" }))["occurred_at"],
        START
    );
    for (name, value, code) in [
        ("type", json!(null), "validation_failed"),
        ("body", json!("x".repeat(20_001)), "validation_failed"),
        ("occurred_at", json!("yesterday"), "validation_failed"),
        ("deal_id", json!(contact), "invalid_reference"),
    ] {
        let mut body = json!({ "type": "call" });
        body[name] = value;
        user.post("/v1/activities", body).fails(422, code, name);
    }
}

#[test]
fn a_deleted_record_leaves_the_ids_that_others_hold() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let company = id(&user.create("/v1/companies", json!({ "name": "Engines" })));
    let contact = json!({ "email": "ada@example.com", "company_id": company });
    let contact = user.create("/v1/contacts", contact);
    user.delete(&format!("/v1/companies/{company}")).is(200);
    let path = format!("/v1/contacts/{}", id(&contact));
    assert_eq!(user.get(&path).is(200), contact);
    // Said again it is no change, and so not looked at; said of another record it is.
    let change = json!({ "phone": "1", "company_id": company });
    assert_eq!(user.patch(&path, change).is(200)["version"], 2);
    let other = json!({ "first_name": "b", "company_id": company });
    user.post("/v1/contacts", other)
        .fails(422, "invalid_reference", "company_id");
}
