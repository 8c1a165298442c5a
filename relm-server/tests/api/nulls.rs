//! What an absent member gives, and what a null one does: on a new record the same, on a change nothing and "cleared".

mod bodies;

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{START, User, World, id};

/// What a member is that a record cannot be without.
const REQUIRED: &str = "validation_failed";

/// What an answer says of a member: its value, or the code of a failure that names it.
fn outcome(user: &User<'_>, method: &str, path: &str, body: &Value, member: &str) -> Value {
    let answered = user.ask(method, path).json(body).send();
    let answer = answered.json();
    match answered.status {
        200..=202 => answer[member].clone(),
        422 => {
            let error = &answer["error"];
            let field = error["field"].as_str();
            assert!(field.is_none_or(|field| field == member), "{answer}");
            let codes = [json!(REQUIRED), json!("identifier_required")];
            assert!(codes.contains(&error["code"]), "{answer}");
            error["code"].clone()
        }
        _ => panic!("{answer}"),
    }
}

/// The pairs of a table: a member, and what it gives.
fn members(pairs: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let pairs = pairs.as_array().unwrap().iter();
    pairs.map(|pair| (pair[0].as_str().unwrap(), &pair[1]))
}

fn without(body: &Value, member: &str) -> Value {
    let mut less = body.clone();
    less.as_object_mut().unwrap().remove(member);
    less
}

fn with_null(body: &Value, member: &str) -> Value {
    let mut with = body.clone();
    with[member] = Value::Null;
    with
}

/// Lists, each with what makes a record of it, and what each member is then where it is absent or null.
fn new_records() -> Value {
    json!([
        ["contacts", { "email": "a@example.com", "first_name": "A" }, [
            ["email", null], ["emails", [{ "email": "a@example.com", "label": null }]], ["phones", []], ["first_name", null], ["last_name", null], ["name", null],
            ["phone", null], ["company_id", null], ["owner", null], ["tags", []], ["addresses", []], ["metadata", {}],
        ]],
        ["companies", { "name": "A" }, [["name", REQUIRED], ["domain", null], ["owner", null], ["tags", []], ["addresses", []], ["metadata", {}]]],
        ["deals", { "title": "A", "value_cents": 5, "currency": "EUR" }, [
            ["title", REQUIRED], ["value_cents", null], ["currency", "USD"], ["stage", null], ["close_date", null],
            ["company_id", null], ["primary_contact_id", null], ["owner", null], ["tags", []], ["metadata", {}],
        ]],
        ["activities", { "type": "call" }, [
            ["type", REQUIRED], ["subject", null], ["body", null], ["contact_id", null], ["deal_id", null],
            ["company_id", null], ["occurred_at", START], ["due_at", null], ["done_at", null], ["assignee", null],
            ["tags", []], ["metadata", {}],
        ]],
        ["schema/fields", {
            "object_type": "contact", "key": "plan", "label": "Plan", "type": "text", "required": true, "options": {},
        }, [
            ["object_type", REQUIRED], ["key", REQUIRED], ["label", "plan"], ["type", REQUIRED], ["required", false],
            ["options", {}],
        ]],
        ["webhooks", { "url": "https://example.com/", "event_types": ["*"] }, [
            ["url", REQUIRED], ["event_types", REQUIRED], ["description", null], ["enabled", true],
            ["disabled_reason", null], ["failing_since", null], ["previous_secret_expires_at", null],
        ]],
    ])
}

/// Asks in a world of its own, so that nothing is unique twice.
fn created(path: &str, body: &Value, member: &str) -> Value {
    let world = World::new();
    outcome(&world.user("acme", Mode::Live), "POST", path, body, member)
}

#[test]
fn a_null_of_a_new_record_is_an_absence() {
    for case in new_records().as_array().unwrap() {
        let (list, body) = (case[0].as_str().unwrap(), &case[1]);
        let path = format!("/v1/{list}");
        for (member, gives) in members(&case[2]) {
            let absent = created(&path, &without(body, member), member);
            assert_eq!(&absent, gives, "{list}: {member} is absent");
            let null = created(&path, &with_null(body, member), member);
            assert_eq!(&null, gives, "{list}: {member} is null");
        }
    }
}

#[test]
fn a_null_of_what_is_only_read_is_an_absence() {
    for case in new_records().as_array().unwrap() {
        let (list, body) = (case[0].as_str().unwrap(), &case[1]);
        for member in [
            "id",
            "object",
            "version",
            "mode",
            "created_at",
            "updated_at",
        ] {
            let has_it = match list {
                "schema/fields" => !["version", "updated_at"].contains(&member),
                "webhooks" => member != "version",
                _ => true,
            };
            if has_it {
                let world = World::new();
                let user = world.user("acme", Mode::Live);
                user.create(&format!("/v1/{list}"), with_null(body, member));
            }
        }
    }
}

#[test]
fn what_is_read_of_an_association_or_a_key_may_be_null_as_well() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let edge = json!({
        "from_type": "contact", "from_id": user.contact("a@example.com"),
        "to_type": "contact", "to_id": user.contact("b@example.com"),
    });
    let made = user.create("/v1/associations", edge.clone());
    for member in ["id", "object", "mode", "created_at"] {
        let again = user.post("/v1/associations", with_null(&edge, member));
        assert_eq!(again.is(200), made, "{member}");
        let mut said = edge.clone();
        said[member] = made[member].clone();
        let code = match member {
            "object" => "unknown_field",
            _ => REQUIRED,
        };
        let error = user.post("/v1/associations", said).error(422);
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!(code), &json!(member))
        );
    }
    let key = user.create("/v1/keys", json!({ "name": "A" }));
    let members = key.as_object().unwrap().keys();
    for member in members.filter(|member| !["name", "scopes", "expires_at"].contains(&&***member)) {
        user.create("/v1/keys", with_null(&json!({ "name": "A" }), member));
    }
}

#[test]
fn a_null_of_what_is_done_is_an_absence() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let webhook = json!({ "url": "https://example.com/", "event_types": ["*"] });
    let webhook = format!("/v1/webhooks/{}", id(&user.create("/v1/webhooks", webhook)));
    // What is done, with what; and members, each with the member of the answer that shows what it gives.
    let cases = json!([
        ["/v1/contacts/batch", { "contacts": [{ "first_name": "A" }, { "email": "no" }] }, [
            ["contacts", ["data", REQUIRED]], ["dedup_on", ["failed", 1]], ["atomic", ["failed", 1]],
        ]],
        ["/v1/batch", { "operations": [{ "op": "create", "object": "contact", "data": { "email": "no" } }] }, [
            ["operations", ["data", REQUIRED]], ["atomic", ["failed", REQUIRED]],
        ]],
        [format!("{webhook}/rotate_secret"), {}, [
            ["expires_in", ["previous_secret_expires_at", "2026-07-03T10:00:00.000Z"]],
        ]],
        [format!("{webhook}/recover"), { "since": START }, [
            ["since", ["since", REQUIRED]], ["until", ["until", "2026-07-02T10:00:00.001Z"]],
        ]],
    ]);
    for case in cases.as_array().unwrap() {
        let (path, body) = (case[0].as_str().unwrap(), &case[1]);
        for (member, shown) in members(&case[2]) {
            for body in [without(body, member), with_null(body, member)] {
                let answered = user.post(path, body.clone());
                let answer = answered.json();
                let given = match answered.status {
                    200 | 202 => answer[shown[0].as_str().unwrap()].clone(),
                    _ => json!(REQUIRED),
                };
                assert_eq!(given, shown[1], "{path} {body}: {answer}");
            }
        }
    }
}

#[test]
fn a_null_label_of_an_association_is_an_absence() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let edge = json!({
        "from_type": "contact", "from_id": user.contact("a@example.com"),
        "to_type": "contact", "to_id": user.contact("b@example.com"),
    });
    let made = user.create("/v1/associations", edge.clone());
    let null = with_null(&edge, "label");
    assert_eq!(user.post("/v1/associations", null).is(200), made);
    for member in ["from_type", "from_id", "to_type", "to_id"] {
        for body in [without(&edge, member), with_null(&edge, member)] {
            user.post("/v1/associations", body)
                .fails(422, REQUIRED, member);
        }
    }
}

/// Lists, each with a record, and what comes of each member when a change has null for it, one after the other.
fn changes(company: &str, contact: &str, deal: &str) -> Value {
    let metadata = json!({ "a": 1 });
    let addresses = json!([{
        "label": null, "street": null, "city": "Bonn", "region": null, "postal_code": null, "country": null,
    }]);
    json!([
        ["contacts", {
            "email": "a@example.com", "first_name": "A", "last_name": "B", "name": "A B", "phone": "1", "company_id": company,
            "owner": "Grace", "tags": ["a"], "addresses": addresses, "metadata": metadata,
        }, [
            ["email", null], ["emails", []], ["phones", []], ["first_name", null], ["last_name", null], ["name", null], ["phone", null],
            ["company_id", null], ["owner", null], ["tags", []], ["addresses", []], ["metadata", {}],
        ]],
        ["companies", { "name": "B", "domain": "example.com", "owner": "Grace", "tags": ["a"], "addresses": addresses, "metadata": metadata }, [
            ["name", REQUIRED], ["domain", null], ["owner", null], ["tags", []], ["addresses", []], ["metadata", {}],
        ]],
        ["deals", {
            "title": "B", "value_cents": 5, "currency": "EUR", "stage": "won", "close_date": "2026-07-02",
            "company_id": company, "primary_contact_id": contact, "owner": "Grace", "tags": ["a"], "metadata": metadata,
        }, [
            ["title", REQUIRED], ["currency", REQUIRED], ["value_cents", null], ["currency", null], ["stage", null],
            ["close_date", null], ["company_id", null], ["primary_contact_id", null], ["owner", null], ["tags", []], ["metadata", {}],
        ]],
        ["activities", {
            "type": "call", "subject": "A", "body": "B", "contact_id": contact, "deal_id": deal, "company_id": company,
            "occurred_at": "2026-07-01T00:00:00.000Z", "due_at": "2026-07-02T00:00:00.000Z",
            "done_at": "2026-07-01T09:00:00.000Z", "assignee": "Grace", "tags": ["a"], "metadata": metadata,
        }, [
            ["type", REQUIRED], ["subject", null], ["body", null], ["contact_id", null], ["deal_id", null],
            ["company_id", null], ["occurred_at", REQUIRED], ["due_at", null], ["done_at", null], ["assignee", null],
            ["tags", []], ["metadata", {}],
        ]],
        ["webhooks", {
            "url": "https://example.com/", "event_types": ["deal.created"], "description": "A", "enabled": false,
        }, [["url", REQUIRED], ["event_types", REQUIRED], ["description", null], ["enabled", REQUIRED]]],
    ])
}

#[test]
fn a_change_keeps_what_is_absent_and_clears_what_is_null() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let company = id(&user.create("/v1/companies", json!({ "name": "A" })));
    let contact = user.contact("c@example.com");
    let deal = id(&user.create("/v1/deals", json!({ "title": "A" })));
    for case in changes(&company, &contact, &deal).as_array().unwrap() {
        let (list, body) = (case[0].as_str().unwrap(), &case[1]);
        let made = user.create(&format!("/v1/{list}"), body.clone());
        let path = format!("/v1/{list}/{}", id(&made));
        for (member, value) in body.as_object().unwrap() {
            assert_eq!(&made[member], value, "{list}");
            let kept = outcome(&user, "PATCH", &path, &json!({}), member);
            assert_eq!(&kept, value, "{list}: {member} is absent");
        }
        for (member, gives) in members(&case[2]) {
            let cleared = outcome(&user, "PATCH", &path, &json!({ member: null }), member);
            assert_eq!(&cleared, gives, "{list}: {member} is null");
        }
    }
}

#[test]
fn a_value_never_stays_without_a_currency() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = user.create("/v1/deals", json!({ "title": "A", "currency": "EUR" }));
    let path = format!("/v1/deals/{}", id(&made));
    for (change, expected) in [
        (json!({ "value_cents": 5, "currency": null }), "USD"),
        (json!({ "currency": "EUR" }), "EUR"),
        (json!({ "value_cents": 6 }), "EUR"),
    ] {
        assert_eq!(user.patch(&path, change).is(200)["currency"], expected);
    }
    let before = user.get(&path).is(200);
    let error = user.patch(&path, json!({ "currency": null })).is(422)["error"].clone();
    assert_eq!(error["field"], "currency");
    assert_eq!(
        user.get(&path).is(200),
        before,
        "six euros are not six dollars"
    );
    let both = json!({ "value_cents": null, "currency": null });
    assert_eq!(user.patch(&path, both).is(200)["currency"], Value::Null);
}
