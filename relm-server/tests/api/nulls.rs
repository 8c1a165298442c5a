//! What an absent member gives, and what a null one does: on a new record the same, on a change nothing and "cleared".

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{START, User, World, id};

/// What the member is in the answer, or the code of the failure.
type Gives = Result<Value, &'static str>;

/// Members, each with what it gives.
type Members<'a> = &'a [(&'a str, Gives)];

/// Members, each with the member of the answer that shows what it gives.
type Shown<'a> = &'a [(&'a str, &'a str, Gives)];

const REQUIRED: Gives = Err("validation_failed");

fn null() -> Gives {
    Ok(Value::Null)
}

/// What an answer says of a member: its value, or the code of a failure that names it.
fn outcome(user: &User<'_>, method: &str, path: &str, body: &Value, member: &str) -> Gives {
    let answered = user.ask(method, path).json(body).send();
    let answer = answered.json();
    let codes = ["validation_failed", "identifier_required"];
    match answered.status {
        200..=202 => Ok(answer[member].clone()),
        422 => {
            let named = answer["error"]["field"]
                .as_str()
                .is_none_or(|field| field == member);
            assert!(named, "{answer}");
            let code = &answer["error"]["code"];
            Err(codes.into_iter().find(|known| *known == code).unwrap())
        }
        _ => panic!("{answer}"),
    }
}

#[test]
fn a_null_of_a_new_record_is_an_absence() {
    let contact = json!({ "email": "a@example.com", "first_name": "A" });
    let company = json!({ "name": "A" });
    let deal = json!({ "title": "A", "value_cents": 5, "currency": "EUR" });
    let activity = json!({ "type": "call" });
    let field = json!({
        "object_type": "contact", "key": "plan", "label": "Plan", "type": "text", "required": true, "options": {},
    });
    let webhook = json!({ "url": "https://example.com/", "event_types": ["*"] });
    let read_only = [
        "id",
        "object",
        "version",
        "mode",
        "created_at",
        "updated_at",
    ];
    let cases: [(&str, &Value, Members<'_>); 6] = [
        (
            "contacts",
            &contact,
            &[
                ("email", null()),
                ("first_name", null()),
                ("last_name", null()),
                ("phone", null()),
                ("company_id", null()),
                ("metadata", Ok(json!({}))),
            ],
        ),
        (
            "companies",
            &company,
            &[
                ("name", REQUIRED),
                ("domain", null()),
                ("metadata", Ok(json!({}))),
            ],
        ),
        (
            "deals",
            &deal,
            &[
                ("title", REQUIRED),
                ("value_cents", null()),
                ("currency", Ok(json!("USD"))),
                ("stage", null()),
                ("close_date", null()),
                ("company_id", null()),
                ("primary_contact_id", null()),
                ("metadata", Ok(json!({}))),
            ],
        ),
        (
            "activities",
            &activity,
            &[
                ("type", REQUIRED),
                ("subject", null()),
                ("body", null()),
                ("contact_id", null()),
                ("deal_id", null()),
                ("company_id", null()),
                ("occurred_at", Ok(json!(START))),
                ("metadata", Ok(json!({}))),
            ],
        ),
        (
            "schema/fields",
            &field,
            &[
                ("object_type", REQUIRED),
                ("key", REQUIRED),
                ("label", Ok(json!("plan"))),
                ("type", REQUIRED),
                ("required", Ok(json!(false))),
                ("options", Ok(json!({}))),
            ],
        ),
        (
            "webhooks",
            &webhook,
            &[
                ("url", REQUIRED),
                ("event_types", REQUIRED),
                ("description", null()),
                ("enabled", Ok(json!(true))),
                ("disabled_reason", null()),
                ("failing_since", null()),
                ("previous_secret_expires_at", null()),
            ],
        ),
    ];
    for (list, body, members) in cases {
        let path = format!("/v1/{list}");
        // Each in a world of its own, so that nothing is unique twice.
        let send = |body: &Value, member: &str| {
            let world = World::new();
            outcome(&world.user("acme", Mode::Live), "POST", &path, body, member)
        };
        for (member, gives) in members {
            let mut absent = body.clone();
            absent.as_object_mut().unwrap().remove(*member);
            assert_eq!(&send(&absent, member), gives, "{list}: {member} is absent");
            absent[*member] = Value::Null;
            assert_eq!(&send(&absent, member), gives, "{list}: {member} is null");
        }
        if list == "schema/fields" {
            continue;
        }
        for member in read_only {
            let mut with = body.clone();
            with[member] = Value::Null;
            if list != "webhooks" || member != "version" {
                assert!(send(&with, member).is_ok(), "{list}: {member} is null");
            }
        }
    }
}

#[test]
fn a_null_of_what_is_done_is_an_absence() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let rows = json!([{ "first_name": "A" }, { "email": "no" }]);
    let webhook = json!({ "url": "https://example.com/", "event_types": ["*"] });
    let webhook = format!("/v1/webhooks/{}", id(&user.create("/v1/webhooks", webhook)));
    let (rotate, recover) = (
        format!("{webhook}/rotate_secret"),
        format!("{webhook}/recover"),
    );
    let a_day_later = json!("2026-07-03T10:00:00.000Z");
    let cases: [(&str, Value, Shown<'_>); 3] = [
        (
            "/v1/contacts/batch",
            json!({ "contacts": rows }),
            &[
                ("contacts", "data", REQUIRED),
                ("dedup_on", "failed", Ok(json!(1))),
                ("atomic", "failed", Ok(json!(1))),
            ],
        ),
        (
            &rotate,
            json!({}),
            &[("expires_in", "previous_secret_expires_at", Ok(a_day_later))],
        ),
        (
            &recover,
            json!({ "since": START }),
            &[
                ("since", "since", REQUIRED),
                ("until", "until", Ok(json!("2026-07-02T10:00:00.001Z"))),
            ],
        ),
    ];
    for (path, body, members) in cases {
        for (member, shown, gives) in members {
            let mut absent = body.clone();
            absent.as_object_mut().unwrap().remove(*member);
            let mut null = absent.clone();
            null[*member] = Value::Null;
            for body in [absent, null] {
                let answered = user.post(path, body.clone());
                let answer = answered.json();
                let told = match answered.status {
                    200 | 202 => Ok(answer[*shown].clone()),
                    _ => Err("validation_failed"),
                };
                assert_eq!(&told, gives, "{path} {body}: {answer}");
            }
        }
    }
    let edge = json!({
        "from_type": "contact", "from_id": user.contact("a@example.com"),
        "to_type": "contact", "to_id": user.contact("b@example.com"),
    });
    let made = user.create("/v1/associations", edge.clone());
    let mut null = edge.clone();
    null["label"] = Value::Null;
    assert_eq!(user.post("/v1/associations", null).is(200), made);
    for member in ["from_type", "from_id", "to_type", "to_id"] {
        let mut absent = edge.clone();
        absent.as_object_mut().unwrap().remove(member);
        user.post("/v1/associations", absent.clone())
            .fails(422, "validation_failed", member);
        absent[member] = Value::Null;
        user.post("/v1/associations", absent)
            .fails(422, "validation_failed", member);
    }
}

#[test]
fn a_change_keeps_what_is_absent_and_clears_what_is_null() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let company = id(&user.create("/v1/companies", json!({ "name": "A" })));
    let contact = user.contact("c@example.com");
    let deal = id(&user.create("/v1/deals", json!({ "title": "A" })));
    let metadata = json!({ "a": 1 });
    let cases: [(&str, Value, Members<'_>); 5] = [
        (
            "contacts",
            json!({
                "email": "a@example.com", "first_name": "A", "last_name": "B", "phone": "1", "company_id": company,
                "metadata": metadata,
            }),
            &[
                ("email", null()),
                ("first_name", null()),
                ("last_name", null()),
                ("phone", null()),
                ("company_id", null()),
                ("metadata", Ok(json!({}))),
            ],
        ),
        (
            "companies",
            json!({ "name": "B", "domain": "example.com", "metadata": metadata }),
            &[
                ("name", REQUIRED),
                ("domain", null()),
                ("metadata", Ok(json!({}))),
            ],
        ),
        (
            "deals",
            json!({
                "title": "B", "value_cents": 5, "currency": "EUR", "stage": "won", "close_date": "2026-07-02",
                "company_id": company, "primary_contact_id": contact, "metadata": metadata,
            }),
            &[
                ("title", REQUIRED),
                ("currency", REQUIRED),
                ("value_cents", null()),
                ("currency", null()),
                ("stage", null()),
                ("close_date", null()),
                ("company_id", null()),
                ("primary_contact_id", null()),
                ("metadata", Ok(json!({}))),
            ],
        ),
        (
            "activities",
            json!({
                "type": "call", "subject": "A", "body": "B", "contact_id": contact, "deal_id": deal, "company_id": company,
                "occurred_at": "2026-07-01T00:00:00.000Z", "metadata": metadata,
            }),
            &[
                ("type", REQUIRED),
                ("subject", null()),
                ("body", null()),
                ("contact_id", null()),
                ("deal_id", null()),
                ("company_id", null()),
                ("occurred_at", REQUIRED),
                ("metadata", Ok(json!({}))),
            ],
        ),
        (
            "webhooks",
            json!({
                "url": "https://example.com/", "event_types": ["deal.created"], "description": "A", "enabled": false,
            }),
            &[
                ("url", REQUIRED),
                ("event_types", REQUIRED),
                ("description", null()),
                ("enabled", REQUIRED),
            ],
        ),
    ];
    for (list, body, members) in cases {
        let made = user.create(&format!("/v1/{list}"), body.clone());
        let path = format!("/v1/{list}/{}", id(&made));
        for (member, value) in body.as_object().unwrap() {
            assert_eq!(&made[member], value, "{list}");
            let kept = outcome(&user, "PATCH", &path, &json!({}), member);
            assert_eq!(kept.as_ref(), Ok(value), "{list}: {member} is absent");
        }
        for (member, gives) in members {
            let cleared = outcome(&user, "PATCH", &path, &json!({ *member: null }), member);
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
