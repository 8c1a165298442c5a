//! The documented API, line by line: each curl command of the reference, as printed.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{START, User, World, id, ids, whole_list};

/// Sends the reference's JSON, character for character.
fn curl(user: &User<'_>, path: &str, body: &'static str) -> Value {
    let ask = user
        .ask("POST", path)
        .header("content-type", "application/json");
    ask.text(body).send().is(201)
}

fn contact(id: &str, values: Value) -> Value {
    let mut contact = json!({
        "id": id, "object": "contact", "email": null, "first_name": null, "last_name": null, "name": null, "phone": null, "emails": [], "phones": [],
        "company_id": null, "owner": null, "tags": [], "addresses": [], "metadata": {}, "version": 1, "mode": "test", "created_at": START, "updated_at": START,
    });
    for (name, value) in values.as_object().unwrap() {
        contact[name] = value.clone();
    }
    for (all, one) in [("emails", "email"), ("phones", "phone")] {
        if !contact[one].is_null() {
            contact[all] = json!([{ one: contact[one], "label": null }]);
        }
    }
    contact
}

#[test]
fn the_quickstart_creates_a_contact() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    let body = r#"{
    "email": "ada@example.com",
    "first_name": "Ada",
    "last_name": "Lovelace"
  }"#;
    let made = curl(&user, "/v1/contacts", body);
    let id = id(&made);
    assert!(id.starts_with("con_") && id.len() == 30, "{id}");
    let names = json!({ "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace" });
    assert_eq!(made, contact(&id, names));
    assert_eq!(user.get(&format!("/v1/contacts/{id}")).is(200), made);
}

#[test]
fn the_idempotent_create_replays() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    let send = |body: &'static str| {
        let ask = user
            .ask("POST", "/v1/contacts")
            .header("idempotency-key", "create-ada-2026-07-02");
        ask.text(body).send()
    };
    let first = send(r#"{"email":"ada@example.com"}"#);
    let again = send(r#"{"email":"ada@example.com"}"#);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.text, again.text);
    send(r#"{"email":"grace@example.com"}"#).fails(409, "idempotency_conflict", None);
}

#[test]
fn the_filter_finds_won_deals_of_ten_thousand_or_more() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    let deal = |title: &str, stage: &str, cents: i64| {
        let body = json!({ "title": title, "stage": stage, "value_cents": cents });
        id(&user.create("/v1/deals", body))
    };
    deal("too small", "won", 999_999);
    let wanted = [deal("just right", "won", 1_000_000)];
    deal("not yet won", "open", 2_000_000);
    for query in [
        "filter[stage]=won&filter[value_cents][gte]=1000000",
        "filter%5Bstage%5D=won&filter%5Bvalue_cents%5D%5Bgte%5D=1000000",
        "stage=won&filter[value_cents][gte]=1000000",
    ] {
        assert_eq!(
            ids(&user.get(&format!("/v1/deals?{query}")).is(200)),
            wanted,
            "{query}"
        );
    }
}

#[test]
fn the_shorthand_finds_by_email() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    user.contact("grace@example.com");
    let ada = user.create("/v1/contacts", json!({ "email": "ada@example.com" }));
    let found = user.get("/v1/contacts?email=ada@example.com").is(200);
    assert_eq!(found, whole_list(json!([ada])));
}

#[test]
fn the_bulk_import_upserts_on_email() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    let ada = user.contact("ada@example.com");
    let body = r#"{
    "contacts": [
      {"email":"ada@example.com","first_name":"Ada"},
      {"email":"grace@example.com","first_name":"Grace"}
    ],
    "dedup_on": ["email"]
  }"#;
    let done = user
        .ask("POST", "/v1/contacts/batch")
        .text(body)
        .send()
        .is(200);
    let grace = id(&done["data"][1]);
    let row = |index: usize, status: &str, id: &str, values: Value| json!({ "index": index, "status": status, "id": id, "contact": contact(id, values), "error": null });
    let expected = json!({
        "object": "batch",
        "data": [
            row(0, "updated", &ada, json!({ "email": "ada@example.com", "first_name": "Ada", "version": 2 })),
            row(1, "created", &grace, json!({ "email": "grace@example.com", "first_name": "Grace" })),
        ],
        "created": 1, "updated": 1, "unchanged": 0, "failed": 0,
    });
    assert_eq!(done, expected);
}

#[test]
fn the_custom_field_binds_the_next_contact() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    let body = r#"{
    "object_type": "contact",
    "key": "plan",
    "label": "Plan",
    "type": "select",
    "required": true,
    "options": { "choices": ["free", "pro", "enterprise"] }
  }"#;
    let field = curl(&user, "/v1/schema/fields", body);
    let expected = json!({
        "id": id(&field), "object": "field", "object_type": "contact", "key": "plan", "label": "Plan",
        "description": null, "type": "select", "required": true, "unique": false, "enforce": "always",
        "options": { "choices": ["free", "pro", "enterprise"] }, "position": null, "version": 1,
        "mode": "test", "created_at": START, "updated_at": START,
    });
    assert_eq!(field, expected);
    assert!(id(&field).starts_with("fld_"));
    let made = curl(
        &user,
        "/v1/contacts",
        r#"{"email":"ada@example.com","metadata":{"plan":"pro"}}"#,
    );
    let values = json!({ "email": "ada@example.com", "metadata": { "plan": "pro" } });
    assert_eq!(made, contact(&id(&made), values));
}

#[test]
fn the_association_links_a_contact_to_a_deal() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    let from = user.contact("ada@example.com");
    let to = id(&user.create("/v1/deals", json!({ "title": "Engine" })));
    let body = json!({
        "from_type": "contact", "from_id": from, "to_type": "deal", "to_id": to, "label": "champion",
    });
    let edge = user.create("/v1/associations", body);
    let expected = json!({
        "id": id(&edge), "object": "association", "from_type": "contact", "from_id": from, "to_type": "deal",
        "to_id": to, "label": "champion", "inverse_label": null, "since": null, "until": null, "metadata": {}, "version": 1,
        "mode": "test", "created_at": START, "updated_at": START,
    });
    assert_eq!(edge, expected);
    assert!(id(&edge).starts_with("asc_"));
    let path = format!("/v1/associations?from_type=contact&from_id={from}");
    assert_eq!(user.get(&path).is(200), whole_list(json!([edge])));
}

#[test]
fn the_webhook_shows_its_secret_once() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = r#"{
    "url": "https://your-app.example.com/hooks/relm",
    "event_types": ["contact.created", "deal.updated"]
  }"#;
    let mut made = curl(&user, "/v1/webhooks", body);
    let secret = made.as_object_mut().unwrap().remove("secret").unwrap();
    let secret = secret.as_str().unwrap();
    assert!(
        secret.starts_with("whsec_") && secret.len() == 50,
        "32 bytes in base64"
    );
    let expected = json!({
        "id": id(&made), "object": "webhook", "url": "https://your-app.example.com/hooks/relm",
        "event_types": ["contact.created", "deal.updated"], "filter": null, "description": null, "enabled": true, "mode": "live",
        "disabled_reason": null, "failing_since": null, "previous_secret_expires_at": null, "header_names": [],
        "created_at": START, "updated_at": START,
    });
    assert_eq!(made, expected);
    assert!(id(&made).starts_with("wh_"));
    assert_eq!(
        user.get(&format!("/v1/webhooks/{}", id(&made))).is(200),
        made
    );
    assert_eq!(user.get("/v1/webhooks").is(200), whole_list(json!([made])));
}

#[test]
fn each_documented_endpoint_is_served() {
    let world = World::new();
    let stranger = world.stranger();
    let objects = ["contacts", "companies", "deals", "activities"];
    let of_objects = objects.into_iter().flat_map(|plural| {
        let all = ["POST", "GET"].map(|method| format!("{method} /v1/{plural}"));
        let one = ["GET", "PATCH", "DELETE"].map(|method| format!("{method} /v1/{plural}/:id"));
        all.into_iter().chain(one)
    });
    let others = [
        "POST /v1/contacts/batch",
        "GET /v1/search",
        "GET /v1/schema/fields",
        "POST /v1/schema/fields",
        "DELETE /v1/schema/fields/:id",
        "GET /v1/associations",
        "POST /v1/associations",
        "DELETE /v1/associations/:id",
        "GET /v1/webhooks",
        "POST /v1/webhooks",
        "PATCH /v1/webhooks/:id",
        "DELETE /v1/webhooks/:id",
        "POST /v1/webhooks/:id/replay/:deliveryId",
    ];
    for endpoint in of_objects.chain(others.map(str::to_owned)) {
        let (method, path) = endpoint.split_once(' ').unwrap();
        // A path that is served asks for a key; another is absent, or takes another method.
        stranger
            .ask(method, path)
            .send()
            .fails(401, "unauthorized", None);
    }
}
