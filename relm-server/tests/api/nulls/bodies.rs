//! Every member of every body that the document describes, absent and null.

use std::collections::BTreeSet;

use relm_core::Mode;
use serde_json::{Value, json};

use super::super::session::{Answered, START, User, World, id};
use super::{with_null, without};

/// Members that cannot be cleared alone, though they can be null.
const CLEARED_WITH_OTHERS: [(&str, &str); 1] = [("DealUpdate", "currency")];

/// What a change has at the place of a member that was cleared, where that is not null.
const EMPTY: [(&str, &str); 8] = [
    ("metadata", "{}"),
    ("emails", "[]"),
    ("phones", "[]"),
    ("tags", "[]"),
    ("addresses", "[]"),
    ("header_names", "[]"),
    ("label", "\"first\""),
    ("options", "{}"),
];

/// A workspace with a record of each kind that a path or a body may name.
struct Bed<'a> {
    user: User<'a>,
    ids: Vec<(&'static str, String)>,
}

impl<'a> Bed<'a> {
    fn new(world: &'a World) -> Self {
        let user = world.user("acme", Mode::Test);
        let mut ids = Vec::new();
        for (resource, body) in [
            ("contacts", json!({ "email": "first@example.com" })),
            ("companies", json!({ "name": "First" })),
            ("deals", json!({ "title": "First" })),
            ("activities", json!({ "type": "call" })),
            (
                "webhooks",
                json!({ "url": "https://example.com/first", "event_types": ["*"] }),
            ),
            ("keys", json!({ "name": "first" })),
            (
                "schema/fields",
                json!({ "object_type": "contact", "key": "first", "type": "text" }),
            ),
        ] {
            ids.push((resource, id(&user.create(&format!("/v1/{resource}"), body))));
        }
        for (twin, path, body) in [
            ("twin_contacts", "/v1/contacts", json!({ "phone": "12" })),
            ("twin_companies", "/v1/companies", json!({ "name": "Twin" })),
            ("twin_deals", "/v1/deals", json!({ "title": "Twin" })),
            (
                "twin_activities",
                "/v1/activities",
                json!({ "type": "twin" }),
            ),
        ] {
            ids.push((twin, id(&user.create(path, body))));
        }
        let edge = json!({
            "from_type": "contact", "from_id": ids[0].1, "to_type": "deal", "to_id": ids[2].1, "label": "first",
        });
        ids.push(("associations", id(&user.create("/v1/associations", edge))));
        Self { user, ids }
    }

    /// The text with the ids that stand for `{contacts}` and its like, and in a path for `{id}`.
    fn real(&self, text: &str) -> String {
        let fill = |text: String, (resource, id): &(&str, String)| {
            let text = text.replace(&format!("{{{resource}}}"), id);
            let path = format!("/v1/{resource}/");
            match text.starts_with(&path) {
                true => text.replace("{id}", id),
                false => text,
            }
        };
        self.ids.iter().fold(text.to_owned(), fill)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Answered {
        let ask = self.user.ask(&method.to_uppercase(), &self.real(path));
        ask.text(self.real(&body.to_string())).send()
    }
}

/// A body with every member that the schema of this name has.
fn whole(schema: &str) -> Value {
    let metadata = json!({ "a": 1 });
    match schema {
        "ContactCreate" | "ContactUpdate" => json!({
            "email": "a@example.com", "first_name": "A", "last_name": "B", "name": "A B", "phone": "1", "emails": ["a@example.com"], "phones": ["1"],
            "company_id": "{companies}", "owner": "Grace", "tags": ["a"], "addresses": [{ "city": "Bonn" }], "metadata": metadata,
        }),
        "CompanyCreate" | "CompanyUpdate" => {
            json!({ "name": "A", "domain": "a.example", "owner": "Grace", "tags": ["a"], "addresses": [{ "city": "Bonn" }], "metadata": metadata })
        }
        "DealCreate" | "DealUpdate" => json!({
            "title": "A", "value_cents": 5, "currency": "EUR", "stage": "won", "close_date": "2026-07-02",
            "company_id": "{companies}", "primary_contact_id": "{contacts}", "owner": "Grace", "tags": ["a"], "metadata": metadata,
        }),
        "ActivityCreate" | "ActivityUpdate" => json!({
            "type": "call", "subject": "A", "body": "B", "contact_id": "{contacts}", "deal_id": "{deals}", "company_id": "{companies}",
            "occurred_at": START, "due_at": START, "done_at": START, "assignee": "Grace", "tags": ["a"], "metadata": metadata,
        }),
        "CustomFieldCreate" => json!({
            "object_type": "contact", "key": "a", "label": "A", "description": "B", "type": "text", "required": true,
            "unique": true, "built_in": false, "enforce": "on_change", "position": 1, "options": {}, "force": false,
        }),
        "CustomFieldUpdate" => json!({
            "label": "A", "description": "B", "required": true, "unique": false, "enforce": "on_change", "position": 1, "options": {},
            "force": true,
        }),
        "PromotionInput" => {
            json!({ "plan": "plan_6f1d0a9b7c3e4d5f8a2b1c0d9e8f7a6b", "renamed": [], "force": true })
        }
        "ObjectSettingsUpdate" => json!({ "unknown_members": "reject" }),
        "AssociationCreate" => json!({
            "from_type": "contact", "from_id": "{contacts}", "to_type": "deal", "to_id": "{deals}", "label": "A",
            "inverse_label": "B", "since": "2026-07-02", "until": "2026-07-03", "metadata": metadata,
        }),
        "AssociationUpdate" => said_of_an_association(),
        "WebhookCreate" | "WebhookUpdate" => json!({
            "url": "https://example.com/a", "event_types": ["deal.created"], "description": "A", "enabled": false,
            "headers": { "X-A": "b" }, "filter": { "where": { "stage": ["won"] } },
        }),
        "ContactBatchCreate" => json!({
            "contacts": [{ "email": "b@example.com" }, { "email": "no" }, { "email": "first@example.com" }],
            "dedup_on": ["email"], "atomic": false, "dry_run": true,
        }),
        "CompanyBatchCreate" => json!({
            "companies": [{ "name": "A" }, { "name": 5 }], "dedup_on": [], "atomic": false, "dry_run": true,
        }),
        "DealBatchCreate" => json!({
            "deals": [{ "title": "A" }, { "title": 5 }], "dedup_on": [], "atomic": false, "dry_run": true,
        }),
        "ActivityBatchCreate" => json!({
            "activities": [{ "type": "call" }, { "type": 5 }], "dedup_on": [], "atomic": false, "dry_run": true,
        }),
        "BatchCreate" => json!({
            "operations": [{ "op": "create", "object": "company", "data": { "name": "A" } }], "atomic": true, "dry_run": true,
        }),
        "ContactMerge" | "CompanyMerge" | "DealMerge" | "ActivityMerge" => merge(schema),
        "SecretRotation" => json!({ "expires_in": 60 }),
        "RecoveryCreate" => json!({ "since": START, "until": "2026-07-03T00:00:00Z" }),
        "ApiKeyCreate" | "ApiKeyRotation" => of_key(schema),
        other => panic!("a body of {other} is written here, with all of its members"),
    }
}

fn said_of_an_association() -> Value {
    json!({ "inverse_label": "B", "since": "2026-07-02", "until": "2026-07-03", "metadata": { "a": 1 } })
}

/// What is said of a key.
fn of_key(schema: &str) -> Value {
    let end = "2030-01-01T00:00:00Z";
    match schema {
        "ApiKeyCreate" => json!({ "name": "A", "scopes": ["deals:read"], "expires_at": end }),
        _ => json!({ "overlap_seconds": 60, "expires_at": end }),
    }
}

/// What is merged into a record of a type: a twin of it.
fn merge(schema: &str) -> Value {
    let twin = match schema {
        "ContactMerge" => "{twin_contacts}",
        "CompanyMerge" => "{twin_companies}",
        "DealMerge" => "{twin_deals}",
        _ => "{twin_activities}",
    };
    json!({ "from": [twin], "fields": {} })
}

/// A body that the document describes: the method and path, the name of the schema, and the schema.
struct Described {
    method: String,
    path: String,
    name: String,
    schema: Value,
}

fn described() -> Vec<Described> {
    let world = World::new();
    let document = world.stranger().get("/openapi.json").is(200);
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path, method, operation))
    });
    let bodies = operations.filter_map(|(path, method, operation)| {
        let content = operation.get("requestBody")?;
        let reference = content["content"]["application/json"]["schema"]["$ref"].as_str()?;
        let name = reference.rsplit('/').next().unwrap().to_owned();
        Some(Described {
            method: method.clone(),
            path: path.clone(),
            schema: document["components"]["schemas"][&name].clone(),
            name,
        })
    });
    bodies.collect()
}

impl Described {
    fn members(&self) -> Vec<&str> {
        let members = self.schema["properties"].as_object().unwrap();
        members.keys().map(String::as_str).collect()
    }

    fn takes_null(&self, member: &str) -> bool {
        let schema = &self.schema["properties"][member];
        let types = schema["type"].as_array().into_iter().flatten();
        let mut any = schema["anyOf"].as_array().into_iter().flatten();
        // What says nothing of its type takes any.
        let is_any = ["type", "anyOf", "$ref"]
            .iter()
            .all(|word| schema.get(*word).is_none());
        is_any || types.clone().any(|ty| ty == "null") || any.any(|one| one["type"] == "null")
    }

    fn requires(&self, member: &str) -> bool {
        let mut required = self.schema["required"].as_array().into_iter().flatten();
        required.any(|name| name == member)
    }
}

/// What an answer comes to: all of a success, and of a refusal what a program goes by.
fn outcome(answered: &Answered) -> Value {
    let answer = answered.json();
    match answer.get("error") {
        None => answer,
        Some(error) => json!([answered.status, error["code"], error["field"]]),
    }
}

/// Asks in a world of its own. All worlds have the same ids, secrets and moments.
fn asked(body: &Described, given: &Value) -> Value {
    let world = World::new();
    outcome(&Bed::new(&world).ask(&body.method, &body.path, given))
}

#[test]
fn every_member_of_a_body_is_looked_at_here() {
    let mut methods = BTreeSet::new();
    for body in described() {
        let whole = whole(&body.name);
        let looked_at: Vec<&str> = whole
            .as_object()
            .unwrap()
            .keys()
            .map(|key| &**key)
            .collect();
        let (mut members, mut known) = (body.members(), looked_at);
        members.sort_unstable();
        known.sort_unstable();
        assert_eq!(members, known, "{}", body.name);
        methods.insert(body.method);
    }
    assert_eq!(
        methods,
        BTreeSet::from(["patch".into(), "post".into(), "put".into()])
    );
}

#[test]
fn a_null_of_what_is_posted_says_what_its_absence_says() {
    for body in described().iter().filter(|body| body.method == "post") {
        let whole = whole(&body.name);
        for member in body.members() {
            let absent = asked(body, &without(&whole, member));
            let null = asked(body, &with_null(&whole, member));
            assert_eq!(null, absent, "{} {member}", body.path);
            let is_refused = absent[2] == json!(member);
            assert_eq!(is_refused, body.requires(member), "{} {member}", body.path);
            assert_ne!(
                is_refused,
                body.takes_null(member),
                "{} {member}",
                body.path
            );
        }
    }
}

#[test]
fn a_null_of_what_is_patched_clears_it_or_is_refused() {
    for body in described().iter().filter(|body| body.method == "patch") {
        let whole = whole(&body.name);
        for member in body.members() {
            let world = World::new();
            let bed = Bed::new(&world);
            let ask = |given: &Value| bed.ask("PATCH", &body.path, given);
            let before = ask(&whole).is(200);
            assert_eq!(ask(&json!({})).is(200), before, "{} {member}", body.path);
            let answered = ask(&json!({ member: null }));
            let together = CLEARED_WITH_OTHERS.contains(&(&body.name, member));
            if !body.takes_null(member) || together {
                answered.fails(422, "validation_failed", leaked(member));
                assert_eq!(bed.user.get(&bed.real(&body.path)).is(200), before);
                continue;
            }
            let shown = if member == "headers" {
                "header_names"
            } else {
                member
            };
            let empty = EMPTY.iter().find(|(name, _)| *name == shown);
            let empty = empty.map_or("null", |(_, empty)| empty);
            assert_eq!(
                answered.is(200)[shown].to_string(),
                empty,
                "{} {member}",
                body.path
            );
        }
    }
}

/// A name for as long as the tests run.
fn leaked(name: &str) -> Option<&'static str> {
    Some(name.to_owned().leak())
}

#[test]
fn a_null_within_what_is_given_is_an_absence_too() {
    let row = whole("ContactCreate");
    let batch = |row: Value| json!({ "contacts": [row] });
    let mut pairs = vec![
        (
            "/v1/contacts",
            json!({ "phone": "1", "metadata": { "a": null, "b": 1 } }),
            json!({ "phone": "1", "metadata": { "b": 1 } }),
        ),
        (
            "/v1/webhooks",
            json!({ "url": "https://example.com/a", "event_types": ["*"], "headers": { "X-A": null } }),
            json!({ "url": "https://example.com/a", "event_types": ["*"] }),
        ),
        (
            "/v1/schema/fields",
            json!({ "object_type": "contact", "key": "a", "type": "text", "options": { "choices": null } }),
            json!({ "object_type": "contact", "key": "a", "type": "text" }),
        ),
        (
            "/v1/schema/fields",
            json!({ "object_type": "contact", "key": "a", "type": "select", "options": { "choices": null } }),
            json!({ "object_type": "contact", "key": "a", "type": "select" }),
        ),
    ];
    for member in row.as_object().unwrap().keys() {
        let (null, absent) = (with_null(&row, member), without(&row, member));
        pairs.push(("/v1/contacts/batch", batch(null), batch(absent)));
    }
    for (path, null, absent) in pairs {
        let asked = |given: &Value| {
            let world = World::new();
            outcome(&Bed::new(&world).ask("POST", path, given))
        };
        assert_eq!(asked(&null), asked(&absent), "{path} {null}");
    }
}
