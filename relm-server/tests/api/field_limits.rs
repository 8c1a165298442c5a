//! Limits of fields over HTTP: what a definition takes, what is said of a value beyond them, and what a change means.

use relm_core::Mode;
use serde_json::{Value, json};

use super::imports::{import, work_off};
use super::session::{User, World, id};

pub const FIELDS: &str = "/v1/schema/fields";

pub fn body(key: &str, field_type: &str, options: &Value) -> Value {
    json!({ "object_type": "contact", "key": key, "type": field_type, "options": options })
}

pub fn define(user: &User<'_>, key: &str, field_type: &str, options: Value) -> Value {
    user.create(FIELDS, body(key, field_type, &options))
}

#[test]
fn a_definition_has_limits_of_its_type() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let seats = json!({ "min": 1.0, "max": 10, "integer": true, "default": 2 });
    let seats = define(&user, "seats", "number", seats);
    assert_eq!(
        seats["options"],
        json!({ "min": 1, "max": 10, "integer": true, "default": 2 })
    );
    let path = format!("{FIELDS}/{}", id(&seats));
    assert_eq!(user.get(&path).is(200), seats);
    assert_eq!(user.patch(&path, seats.clone()).is(200), seats);
    let code = json!({ "max_length": 8, "pattern": "^[A-Z]{2}-\\d+$" });
    let code = define(&user, "code", "text", code);
    assert_eq!(
        code["options"],
        json!({ "max_length": 8, "pattern": "^[A-Z]{2}-\\d+$" })
    );
    let plain = define(
        &user,
        "plain",
        "number",
        json!({ "min": null, "integer": false }),
    );
    assert_eq!(plain["options"], json!({}));
    let schema = user.get("/v1/schema").is(200);
    assert_eq!(
        schema["objects"][0]["custom_fields"],
        json!([seats, code, plain])
    );
}

/// The type, the options, and where they are refused.
const REFUSED: [(&str, &str, &str); 18] = [
    ("text", r#"{"min":1}"#, "options.min"),
    ("date", r#"{"max":1}"#, "options.max"),
    ("number", r#"{"pattern":"a"}"#, "options.pattern"),
    ("url", r#"{"max_length":9}"#, "options.max_length"),
    ("bool", r#"{"integer":true}"#, "options.integer"),
    ("number", r#"{"min":"1"}"#, "options.min"),
    ("number", r#"{"min":2,"max":1}"#, "options.min"),
    (
        "number",
        r#"{"min":1.2,"max":1.8,"integer":true}"#,
        "options.integer",
    ),
    ("text", r#"{"max_length":0}"#, "options.max_length"),
    ("text", r#"{"max_length":-1}"#, "options.max_length"),
    ("text", r#"{"max_length":16385}"#, "options.max_length"),
    ("text", r#"{"max_length":1.5}"#, "options.max_length"),
    ("text", r#"{"pattern":"("}"#, "options.pattern"),
    ("text", r#"{"pattern":"(?=a)"}"#, "options.pattern"),
    ("text", r#"{"pattern":"a{1000}"}"#, "options.pattern"),
    ("text", r#"{"pattern":7}"#, "options.pattern"),
    ("text", r#"{"default":1}"#, "options.default"),
    (
        "text",
        r#"{"pattern":"^a$","default":"b"}"#,
        "options.default",
    ),
];

#[test]
fn what_limits_a_definition_refuses() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let define =
        |field_type: &str, options: &Value| user.post(FIELDS, body("x", field_type, options));
    for (field_type, options, field) in REFUSED {
        let options = serde_json::from_str(options).unwrap();
        define(field_type, &options).fails(422, "validation_failed", field);
    }
    let long = json!({ "pattern": "a".repeat(501) });
    define("text", &long).fails(422, "validation_failed", "options.pattern");
    let large = json!({ "default": "a".repeat(1_100) });
    define("text", &large).fails(422, "validation_failed", "options.default");
    let no_choice = json!({ "choices": ["a"], "default": "b" });
    define("select", &no_choice).fails(422, "unknown_value", "options.default");
    let misnamed = define("text", &json!({ "maxLength": 1 })).error(422);
    assert_eq!(
        (&misnamed["code"], &misnamed["suggestion"]),
        (&json!("unknown_field"), &json!("max_length"))
    );
    let mut unique = body("x", "text", &json!({ "default": "a" }));
    unique["unique"] = true.into();
    user.post(FIELDS, unique)
        .fails(422, "validation_failed", "options.default");
}

#[test]
fn so_many_fields_of_an_object_have_a_default() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for n in 0..20 {
        define(&user, &format!("k{n}"), "bool", json!({ "default": true }));
    }
    let one_more = body("x", "bool", &json!({ "default": true }));
    user.post(FIELDS, one_more)
        .fails(422, "validation_failed", "options.default");
    let x = define(&user, "x", "bool", json!({}));
    let path = format!("{FIELDS}/{}", id(&x));
    user.patch(&path, json!({ "options": { "default": true } }))
        .fails(422, "validation_failed", "options.default");
    let mut of_deals = body("x", "bool", &json!({ "default": true }));
    of_deals["object_type"] = "deal".into();
    user.create(FIELDS, of_deals);
}

/// A value, and what is said of it.
fn beyond() -> [(&'static str, Value, &'static str); 6] {
    [
        (
            "seats",
            json!(0),
            "`metadata.seats` must be at least 1, not 0.",
        ),
        (
            "seats",
            json!(10.5),
            "`metadata.seats` must be a whole number, not 10.5.",
        ),
        (
            "seats",
            json!(11),
            "`metadata.seats` must be at most 10, not 11.",
        ),
        (
            "code",
            json!("AB-123456"),
            "`metadata.code` must be at most 8 characters; it has 9.",
        ),
        (
            "code",
            json!("ab-1"),
            "`metadata.code` must match the pattern `^[A-Z]{2}-\\d+$`, which \"ab-1\" does not.",
        ),
        (
            "free",
            json!("é".repeat(1_001)),
            "`metadata.free` must be at most 1000 characters; it has 1001.",
        ),
    ]
}

#[test]
fn a_value_beyond_a_limit_is_told_the_limit() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let seats = json!({ "min": 1, "max": 10, "integer": true });
    define(&user, "seats", "number", seats);
    let code = json!({ "max_length": 8, "pattern": "^[A-Z]{2}-\\d+$" });
    define(&user, "code", "text", code);
    define(&user, "free", "text", json!({ "pattern": "." }));
    for (key, value, message) in beyond() {
        let metadata = json!({ "metadata": { key: value } });
        let refused = user.post("/v1/contacts", metadata.clone()).error(422);
        let expected = json!({
            "code": "validation_failed", "message": message, "field": format!("metadata.{key}"),
        });
        assert_eq!(refused, expected);
        let rows = json!({ "contacts": [metadata.clone()] });
        let row = user.post("/v1/contacts/batch", rows).is(200);
        assert_eq!(row["data"][0]["error"]["message"], message);
        let operation = json!({ "op": "create", "object": "contact", "data": metadata });
        let operations = json!({ "operations": [operation] });
        let refused = user.post("/v1/batch", operations).error(422);
        assert_eq!(refused["message"], message);
    }
    let good = json!({ "seats": 10.0, "code": "AB-12345", "free": "é".repeat(1_000) });
    user.create("/v1/contacts", json!({ "metadata": good }));
    let file = "email,seats,code\nada@example.com,1.5,AB-1\neva@example.com,2,AB-1\n";
    let queued = import(&user, "", file);
    work_off(&world);
    let errors = user.get(&format!("/v1/imports/{}/errors", id(&queued)));
    assert!(errors.text.contains("metadata.seats"), "{}", errors.text);
    assert_eq!(errors.text.lines().count(), 2, "{}", errors.text);
}

#[test]
fn a_narrower_limit_says_how_many_do_not_keep_to_it() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let field = define(&user, "code", "text", json!({ "max_length": 5 }));
    let path = format!("{FIELDS}/{}", id(&field));
    let make = |code: &str| {
        let body = json!({ "metadata": { "code": code } });
        id(&user.create("/v1/contacts", body))
    };
    make("AB");
    let long = make("ABCDE");
    let small = make("ab");
    let options = |options: Value| json!({ "options": options });
    let refused = user
        .patch(&path, options(json!({ "max_length": 3 })))
        .error(409);
    let expected = json!({
        "code": "conflict", "field": "options.max_length", "count": 1, "ids": [long],
        "message": "1 contact record has a value that would be refused (options.max_length) in `metadata.code`. Change them first, or \
                    send `\"force\": true`: it binds each of them from its next write on.",
    });
    assert_eq!(refused, expected);
    let narrow = options(json!({ "max_length": 3, "pattern": "^[A-Z]+$" }));
    let refused = user.patch(&path, narrow.clone()).error(409);
    assert_eq!(
        (&refused["count"], &refused["ids"], &refused["field"]),
        (
            &json!(2),
            &json!([small, long]),
            &json!("options.max_length")
        )
    );
    let mut forced = narrow;
    forced["force"] = true.into();
    let forced = user.patch(&path, forced).is(200);
    assert_eq!(
        forced["options"],
        json!({ "max_length": 3, "pattern": "^[A-Z]+$" })
    );
    let usage = user.get(&format!("{path}/usage")).is(200);
    assert_eq!(
        (&usage["with_value"], &usage["invalid"]),
        (&json!(3), &json!(2))
    );
    let record = format!("/v1/contacts/{long}");
    user.patch(&record, json!({ "phone": "1" }))
        .fails(422, "validation_failed", "metadata.code");
    user.patch(&path, json!({ "enforce": "on_change" })).is(200);
    let warned = user.patch(&record, json!({ "phone": "1" })).is(200);
    assert_eq!(warned["warnings"][0]["field"], "metadata.code");
    // Nobody keeps to it less than before.
    let wider = user
        .patch(&path, options(json!({ "max_length": 4 })))
        .is(200);
    assert_eq!(wider["options"]["max_length"], 4);
    let none = user.patch(&path, json!({ "options": null })).is(200);
    assert_eq!(none["options"], json!({}));
    let unchanged = user.patch(&path, json!({ "options": {} })).is(200);
    assert_eq!(unchanged, none);
}

#[test]
fn the_patterns_of_an_object_share_a_budget() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let large = format!("^(?:{})?$", "[a-z]?".repeat(50));
    let field = |key: &str, options: &Value| body(key, "text", options);
    let patterns: Vec<_> = (0..20)
        .map_while(|n| {
            let answer = user.post(
                FIELDS,
                field(&format!("p{n}"), &json!({ "pattern": large })),
            );
            (answer.status == 201).then(|| answer.is(201))
        })
        .collect();
    assert!((2..8).contains(&patterns.len()), "{}", patterns.len());
    let refused = user.post(FIELDS, field("more", &json!({ "pattern": large })));
    refused.fails(422, "validation_failed", "options.pattern");
    let error = refused.error(422);
    let message = error["message"].as_str().unwrap();
    for part in [
        "× 1000 characters)",
        "of 16000000 (",
        " are left. ",
        "Give a `max_length`",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    // What is bounded is the product, of each object by itself.
    let short = json!({ "pattern": large, "max_length": 10 });
    let short = user.create(FIELDS, field("more", &short));
    let mut elsewhere = field("more", &json!({ "pattern": large }));
    elsewhere["object_type"] = json!("deal");
    user.create(FIELDS, elsewhere);
    // A change may not exceed it either, and one that takes less may.
    let longer = json!({ "options": { "max_length": null } });
    user.patch(&format!("{FIELDS}/{}", id(&short)), longer)
        .fails(422, "validation_failed", "options.pattern");
    let first = format!("{FIELDS}/{}", id(&patterns[0]));
    let less = json!({ "options": { "max_length": 20 } });
    user.patch(&first, less).is(200);
    let renamed = json!({ "label": "Another", "options": { "max_length": 30 } });
    user.patch(&first, renamed).is(200);
}
