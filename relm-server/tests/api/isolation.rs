//! Workspaces and modes: for every route, what lies elsewhere is as if it were not there.

use std::collections::BTreeSet;

use relm_core::{Id, KeyAccess, Mode, RequestId};
use serde_json::{Value, json};

use super::session::{Answered, User, World, id, ids, template, whole_list};

/// One record of every kind that has a path.
struct Owned {
    contact: String,
    company: String,
    deal: String,
    activity: String,
    field: String,
    edge: String,
    webhook: String,
    delivery: String,
    event: String,
    key: String,
    import: String,
    request: String,
    /// A record of each object that can be merged into the other.
    twins: [String; 4],
}

impl Owned {
    /// The merge of its twin into a record, where it has one.
    fn merge(&self, plural: &str, path: &str) -> Option<(&'static str, String, Value)> {
        let plurals = ["contacts", "companies", "deals", "activities"];
        let place = plurals.iter().position(|name| *name == plural)?;
        let from = json!({ "from": [self.twins[place]] });
        Some(("POST", format!("{path}/merge"), from))
    }
}

fn fill(user: &User<'_>) -> Owned {
    let make = |path: &str, body: Value| id(&user.create(path, body));
    let webhook = make(
        "/v1/webhooks",
        json!({ "url": "https://example.com", "event_types": ["*"] }),
    );
    let contact = make(
        "/v1/contacts",
        json!({ "email": "ada@example.com", "first_name": "Secret" }),
    );
    let company = make("/v1/companies", json!({ "name": "Secret" }));
    let deal = make("/v1/deals", json!({ "title": "Secret" }));
    let activity = make("/v1/activities", json!({ "type": "secret" }));
    let twins = [
        ("/v1/contacts", json!({ "phone": "12" })),
        ("/v1/companies", json!({ "name": "Twin" })),
        ("/v1/deals", json!({ "title": "Twin" })),
        ("/v1/activities", json!({ "type": "twin" })),
    ]
    .map(|(path, body)| make(path, body));
    let edge =
        json!({ "from_type": "contact", "from_id": contact, "to_type": "deal", "to_id": deal });
    let edge = make("/v1/associations", edge);
    let field =
        json!({ "object_type": "contact", "key": "plan", "type": "text", "required": true });
    let field = make("/v1/schema/fields", field);
    let key = make("/v1/keys", json!({ "scopes": ["deals:read"] }));
    let note = user.post("/v1/activities", json!({ "type": "secret" }));
    let deliveries = user
        .get(&format!("/v1/webhooks/{webhook}/deliveries"))
        .is(200);
    let delivery = &deliveries["data"][0];
    Owned {
        contact,
        company,
        deal,
        activity,
        field,
        edge,
        delivery: id(delivery),
        event: delivery["event_id"].as_str().unwrap().to_owned(),
        key,
        import: id(&super::imports::import(
            user,
            "",
            "email\nsecret@example.com\n",
        )),
        request: note.header("x-request-id"),
        webhook,
        twins,
    }
}

/// Every request that names a record. The deletions come last, and none hides another.
fn requests(owned: &Owned) -> Vec<(&'static str, String, Value)> {
    let endpoint = format!("/v1/webhooks/{}", owned.webhook);
    let replay = format!("{endpoint}/replay/{}", owned.delivery);
    let mut all = vec![
        ("GET", format!("{endpoint}/deliveries"), json!({})),
        ("POST", replay, json!({})),
        ("POST", format!("{endpoint}/rotate_secret"), json!({})),
        ("POST", format!("{endpoint}/test"), json!({})),
        (
            "POST",
            format!("{endpoint}/recover"),
            json!({ "since": "2026-07-02T00:00:00Z" }),
        ),
        ("GET", format!("/v1/events/{}", owned.event), json!({})),
    ];
    let edge = format!("/v1/associations/{}", owned.edge);
    all.extend(["GET", "PATCH", "DELETE"].map(|method| (method, edge.clone(), json!({}))));
    for (plural, id, change) in [
        (
            "contacts",
            &owned.contact,
            json!({ "metadata": { "plan": "pro" } }),
        ),
        (
            "companies",
            &owned.company,
            json!({ "domain": "x.example" }),
        ),
        ("deals", &owned.deal, json!({ "stage": "x" })),
        ("activities", &owned.activity, json!({ "subject": "x" })),
        ("webhooks", &owned.webhook, json!({ "enabled": false })),
    ] {
        let path = format!("/v1/{plural}/{id}");
        all.push(("GET", path.clone(), json!({})));
        if plural != "webhooks" {
            all.push(("GET", format!("{path}/history"), json!({})));
        }
        all.push(("PATCH", path.clone(), change));
        all.extend(owned.merge(plural, &path));
        all.push(("DELETE", path.clone(), json!({})));
        if plural != "webhooks" {
            all.push(("POST", format!("{path}/restore"), json!({})));
            all.push(("DELETE", format!("{path}?purge=true"), json!({})));
        }
    }
    let undo = format!("/v1/requests/{}/undo", owned.request);
    all.push(("POST", undo, json!({})));
    all.extend(of_import(&owned.import));
    let key = format!("/v1/keys/{}", owned.key);
    all.push(("GET", key.clone(), json!({})));
    all.push(("POST", format!("{key}/rotate"), json!({})));
    all.push(("DELETE", key, json!({})));
    let field = format!("/v1/schema/fields/{}", owned.field);
    all.push(("GET", field.clone(), json!({})));
    all.push(("GET", format!("{field}/usage"), json!({})));
    all.push(("PATCH", field.clone(), json!({ "label": "x" })));
    all.push(("DELETE", field, json!({})));
    all
}

/// Every request that names an import. It is cancelled, undone, cancelled again, and deleted.
fn of_import(import: &str) -> Vec<(&'static str, String, Value)> {
    let path = |action: &str| format!("/v1/imports/{import}{action}");
    let asked = [
        ("GET", ""),
        ("GET", "/errors"),
        ("GET", "/conflicts"),
        ("POST", "/cancel"),
        ("POST", "/undo"),
        ("POST", "/cancel"),
        ("DELETE", ""),
    ];
    asked
        .map(|(method, action)| (method, path(action), json!({})))
        .to_vec()
}

/// The same request for ids that nobody has.
fn absent(path: &str) -> String {
    let parts = path.split('/').map(|part| match Id::parse(part) {
        Some(id) => format!("{}_01K1V9Y2ZP6W4T8Q0R5N7M3XJB", id.kind().prefix()),
        None if RequestId::parse(part).is_some() => "req_01K1V9Y2ZP6W4T8Q0R5N7M3XJB".to_owned(),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_that_names_a_record_is_tried_here() {
    let world = World::new();
    let owner = world.user("acme", Mode::Live);
    let tried = requests(&fill(&owner)).into_iter();
    let tried: BTreeSet<String> = tried
        .map(|(method, path, _)| format!("{method} {}", template(&path)))
        .collect();
    let document = owner.get("/openapi.json").is(200);
    let paths = document["paths"].as_object().unwrap().iter();
    let served: BTreeSet<String> = paths
        .filter(|(path, _)| path.contains('{'))
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    assert_eq!(tried, served);
}

#[test]
fn what_lies_elsewhere_is_as_if_it_were_not_there() {
    let world = World::new();
    let owner = world.user("acme", Mode::Live);
    let owned = fill(&owner);
    let test = world.another_key(owner.workspace, Mode::Test, KeyAccess::Full);
    let other = world.user("other", Mode::Live);
    let send = |user: &User<'_>, method: &str, path: &str, body: &Value| -> Answered {
        user.ask(method, path).json(body).send()
    };
    for stranger in [&test, &other] {
        for (method, path, body) in requests(&owned) {
            let theirs = send(stranger, method, &path, &body);
            let nobodys = send(stranger, method, &absent(&path), &body);
            assert_eq!(theirs.error(404), nobodys.error(404), "{method} {path}");
        }
    }
    // None of the above did anything: its owner can still do all of it.
    for (method, path, body) in requests(&owned) {
        let answer = send(&owner, method, &path, &body);
        assert!(answer.status < 300, "{method} {path}: {}", answer.text);
    }
}

#[test]
fn lists_and_searches_show_their_own() {
    let world = World::new();
    let owner = world.user("acme", Mode::Live);
    let owned = fill(&owner);
    let test = world.another_key(owner.workspace, Mode::Test, KeyAccess::Full);
    let other = world.user("other", Mode::Live);
    for stranger in [&test, &other] {
        for path in [
            "/v1/contacts",
            "/v1/companies",
            "/v1/deals",
            "/v1/activities",
            "/v1/associations",
            "/v1/schema/fields",
            "/v1/webhooks",
            "/v1/events",
            "/v1/imports",
            &format!("/v1/events?record_id={}", owned.contact),
            "/v1/search?q=secret",
            "/v1/search?q=ada@example.com",
            &format!("/v1/search?q={}", owned.deal),
            &format!("/v1/contacts?id={}", owned.contact),
            &format!("/v1/associations?record_id={}", owned.contact),
        ] {
            assert_eq!(stranger.get(path).is(200), whole_list(json!([])), "{path}");
            assert!(!ids(&owner.get(path).is(200)).is_empty(), "{path}");
        }
        let schema = stranger.get("/v1/schema").is(200);
        assert!(!schema.to_string().contains(&owned.field));
    }
}

#[test]
fn writes_neither_meet_nor_refer_to_what_lies_elsewhere() {
    let world = World::new();
    let owner = world.user("acme", Mode::Live);
    let owned = fill(&owner);
    let test = world.another_key(owner.workspace, Mode::Test, KeyAccess::Full);
    let other = world.user("other", Mode::Live);
    let path = format!("/v1/webhooks/{}/deliveries", owned.webhook);
    let before = owner.get(&path).is(200);
    for stranger in [&test, &other] {
        // The e-mail address is free here, and the required field binds nobody here.
        let contact = stranger.contact("ada@example.com");
        let rows = json!({ "contacts": [{ "email": "ADA@example.com", "phone": "1" }], "dedup_on": ["email"] });
        let done = stranger.post("/v1/contacts/batch", rows).is(200);
        assert_eq!(done["data"][0]["id"], contact);
        let deal = json!({ "title": "a", "primary_contact_id": owned.contact });
        stranger
            .post("/v1/deals", deal)
            .fails(422, "invalid_reference", "primary_contact_id");
        let activity = json!({ "type": "a", "deal_id": owned.deal });
        stranger
            .post("/v1/activities", activity)
            .fails(422, "invalid_reference", "deal_id");
        let edge = json!({ "from_type": "contact", "from_id": contact, "to_type": "deal", "to_id": owned.deal });
        stranger
            .post("/v1/associations", edge)
            .fails(422, "invalid_reference", "to_id");
        let rows =
            json!({ "contacts": [{ "email": "b@example.com", "company_id": owned.company }] });
        let done = stranger.post("/v1/contacts/batch", rows).is(200);
        assert_eq!(done["data"][0]["error"]["code"], "invalid_reference");
        for (operation, code) in [
            (
                json!({ "op": "update", "id": owned.contact, "data": { "phone": "1" } }),
                "not_found",
            ),
            (json!({ "op": "delete", "id": owned.deal }), "not_found"),
            (json!({ "op": "unlink", "id": owned.edge }), "not_found"),
            (
                json!({ "op": "create", "object": "deal", "data": { "title": "a", "primary_contact_id": owned.contact } }),
                "invalid_reference",
            ),
            (
                json!({ "op": "link", "data": { "from_type": "contact", "from_id": contact, "to_type": "deal", "to_id": owned.deal } }),
                "invalid_reference",
            ),
        ] {
            let body = json!({ "operations": [operation], "atomic": false });
            let done = stranger.post("/v1/batch", body).is(200);
            assert_eq!(done["data"][0]["error"]["code"], code, "{operation}");
        }
        let field = json!({ "object_type": "contact", "key": "plan", "type": "number" });
        stranger.create("/v1/schema/fields", field);
    }
    assert_eq!(
        owner.get(&path).is(200),
        before,
        "and no event of theirs came here"
    );
}
