//! Entity tags: the version of a record on what answers it, and the conditions that name one.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{World, id};

#[test]
fn an_answer_that_is_one_record_has_its_version_as_a_tag() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let metadata = json!({ "version": 99, "\"version\":98,": "\"version\":97,\\\"version\":96" });
    for (list, mut body, change) in [
        (
            "contacts",
            json!({ "last_name": "\"version\":9" }),
            json!({ "phone": "1" }),
        ),
        (
            "companies",
            json!({ "name": "A" }),
            json!({ "name": "\"version\":8" }),
        ),
        ("deals", json!({ "title": "A" }), json!({ "stage": "won" })),
        (
            "activities",
            json!({ "type": "call" }),
            json!({ "subject": "s" }),
        ),
    ] {
        body["metadata"] = metadata.clone();
        let path = format!("/v1/{list}");
        let made = user
            .ask("POST", &path)
            .header("idempotency-key", list)
            .json(&body)
            .send();
        assert_eq!((made.status, &*made.header("etag")), (201, "\"1\""));
        let again = user
            .ask("POST", &path)
            .header("idempotency-key", list)
            .json(&body)
            .send();
        assert_eq!(
            (again.header("etag"), again.text),
            (made.header("etag"), made.text.clone())
        );
        let one = format!("{path}/{}", id(&made.json()));
        assert_eq!(user.get(&one).header("etag"), "\"1\"");
        assert_eq!(user.patch(&one, change.clone()).header("etag"), "\"2\"");
        assert_eq!(
            user.patch(&one, change).header("etag"),
            "\"2\"",
            "nothing changed"
        );
        assert_eq!(user.get(&one).header("etag"), "\"2\"");
        assert_eq!(user.ask("HEAD", &one).send().header("etag"), "\"2\"");
        assert!(!user.get(&path).has_header("etag"));
        assert!(!user.delete(&one).has_header("etag"));
        assert!(!user.get(&one).has_header("etag"));
    }
    let edge = json!({
        "from_type": "contact", "from_id": user.contact("a@example.com"),
        "to_type": "contact", "to_id": user.contact("b@example.com"),
    });
    let webhook = json!({ "url": "https://example.com/", "event_types": ["*"], "description": "\"version\":1," });
    assert_eq!(user.post("/v1/associations", edge).header("etag"), "\"1\"");
    assert!(!user.post("/v1/webhooks", webhook).has_header("etag"));
}

#[test]
fn what_has_the_version_already_is_not_answered_again() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let one = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    let ask =
        |method: &str, tags: &str| user.ask(method, &one).header("if-none-match", tags).send();
    for tags in [
        "\"1\"",
        "W/\"1\"",
        "*",
        "\"7\", W/\"1\"",
        "\"7\",\"1\" ,\"8\"",
    ] {
        for method in ["GET", "HEAD"] {
            let answer = ask(method, tags);
            assert_eq!(
                (answer.status, &*answer.header("etag")),
                (304, "\"1\""),
                "{tags}"
            );
        }
    }
    for tags in ["\"2\"", "1", "\"11\"", "", "w/\"1\"", "\"1", "\"a,1\""] {
        assert_eq!(ask("GET", tags).status, 200, "{tags}");
    }
    let two = user
        .ask("GET", &one)
        .header("if-none-match", "\"2\"")
        .header("if-none-match", "\"1\"");
    assert_eq!(two.send().status, 304);
    user.patch(&one, json!({ "phone": "1" })).is(200);
    assert_eq!(ask("GET", "\"1\"").is(200)["version"], 2);
    user.delete(&one).is(200);
    assert_eq!(ask("GET", "*").status, 404);
}

#[test]
fn a_version_is_understood_as_proxies_write_it() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let one = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    let patch = |tag: &str, phone: &str| {
        let ask = user.ask("PATCH", &one).header("if-match", tag);
        ask.json(&json!({ "phone": phone })).send()
    };
    assert_eq!(patch("W/\"1\"", "1").is(200)["version"], 2);
    patch("W/\"1\"", "2").fails(412, "version_conflict", None);
    assert_eq!(patch(" \"2\" ", "2").is(200)["version"], 3);
    let told = |given: &str, meant: Option<&str>| {
        let must = "`If-Match` must be the record's version in quotes, such as \"3\"";
        let mut message = format!("{must}, not `{given}`.");
        if let Some(meant) = meant {
            message.push_str(&format!(" Send If-Match: {meant}."));
        }
        let mut expected =
            json!({ "code": "bad_request", "message": message, "field": "If-Match" });
        if let Some(meant) = meant {
            expected["suggestion"] = Value::from(meant);
        }
        assert_eq!(patch(given, "3").error(400), expected);
    };
    told("3", Some("\"3\""));
    told("\"3", Some("\"3\""));
    told("w/\"3\"", None);
    told("W/3", None);
    told("\"-3\"", None);
    told("\"\"", None);
    told("\"3\", \"4\"", None);
}

#[test]
fn head_is_get_without_a_body() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let one = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    let names = |answer: &super::session::Answered| {
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort_unstable();
        names
    };
    for path in [
        &*one,
        "/v1/contacts?limit=1",
        "/v1/search?q=ada",
        "/v1/schema",
        "/",
        "/healthz",
        "/openapi.json",
        "/v1/contacts/con_x",
        "/nope",
        "/v1/contacts?nope=1",
    ] {
        let (get, head) = (user.get(path), user.ask("HEAD", path).send());
        assert_eq!(
            (get.status, names(&get)),
            (head.status, names(&head)),
            "{path}"
        );
    }
}
