//! Pages of other origins: preflights, and which answers a page may read.

use relm_core::Mode;
use serde_json::json;

use super::session::{Answered, User, World};

const APP: &str = "https://app.example.com";

fn preflight(user: &User<'_>, path: &str, origin: &str) -> Answered {
    let ask = user.ask("OPTIONS", path).header("origin", origin);
    let ask = ask.header("access-control-request-method", "PATCH");
    ask.header(
        "access-control-request-headers",
        "authorization,content-type",
    )
    .send()
}

fn from(user: &User<'_>, path: &str, origin: &str) -> Answered {
    user.ask("GET", path).header("origin", origin).send()
}

fn is_silent(answer: &Answered) -> bool {
    let mut names = answer.headers.keys();
    !names.any(|name| name.as_str().starts_with("access-control-"))
}

#[test]
fn nothing_is_allowed_unless_the_operator_says_so() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let refused = preflight(&user, "/v1/contacts", APP);
    refused.fails(405, "method_not_allowed", None);
    for answer in [
        refused,
        from(&user, "/v1/contacts", APP),
        from(&user, "/nope", APP),
    ] {
        assert!(
            is_silent(&answer) && !answer.has_header("vary"),
            "{answer:?}"
        );
    }
}

#[test]
fn a_preflight_of_a_named_origin_is_answered_on_any_path_without_a_key() {
    let world = World::new().with_cors("https://app.example.com,http://localhost:3000");
    let stranger = world.stranger();
    for origin in [APP, "http://localhost:3000"] {
        for path in [
            "/v1/contacts",
            "/v1/contacts/con_x",
            "/nope",
            "/v1/contacts?page=2",
        ] {
            let answer = preflight(&stranger, path, origin);
            assert_eq!(answer.status, 204, "{path}");
            for (name, value) in [
                ("access-control-allow-origin", origin),
                (
                    "access-control-allow-methods",
                    "GET, HEAD, POST, PUT, PATCH, DELETE",
                ),
                (
                    "access-control-allow-headers",
                    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Relm-Dry-Run, Relm-Version",
                ),
                ("access-control-max-age", "7200"),
                ("vary", "Origin"),
            ] {
                assert_eq!(answer.header(name), value, "{path}");
            }
            assert!(!answer.has_header("access-control-allow-credentials"));
        }
    }
    for origin in [
        "https://evil.example",
        "https://app.example.com.evil.example",
        "null",
        "HTTPS://APP.EXAMPLE.COM",
    ] {
        let refused = preflight(&stranger, "/v1/contacts", origin);
        refused.fails(405, "method_not_allowed", None);
        assert!(is_silent(&refused), "{origin}");
        assert_eq!(refused.header("vary"), "Origin");
    }
    // What is no preflight is a method like any other.
    let plain = stranger
        .ask("OPTIONS", "/v1/contacts")
        .header("origin", APP)
        .send();
    plain.fails(405, "method_not_allowed", None);
    assert_eq!(plain.header("access-control-allow-origin"), APP);
}

#[test]
fn a_page_reads_answers_and_errors_with_their_headers() {
    let world = World::new().with_cors(APP);
    let user = world.user("acme", Mode::Live);
    let contact = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    let unread = user
        .ask("POST", "/v1/contacts")
        .header("origin", APP)
        .text("{")
        .send();
    let known = user
        .ask("GET", &contact)
        .header("origin", APP)
        .header("if-none-match", "*")
        .send();
    let answers = [
        (200, from(&user, &contact, APP)),
        (304, known),
        (400, unread),
        (401, from(&world.stranger(), &contact, APP)),
        (404, from(&user, "/nope", APP)),
        (200, from(&world.stranger(), "/healthz", APP)),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), APP);
        let exposed = answer
            .header("access-control-expose-headers")
            .to_lowercase();
        for name in answer.headers.keys().map(|name| name.as_str()) {
            let simple = [
                "cache-control",
                "content-type",
                "vary",
                "x-content-type-options",
            ];
            let is_known = simple.contains(&name) || name.starts_with("access-control-");
            assert!(is_known || exposed.contains(name), "{name} of {status}");
        }
    }
    for answer in [
        user.get(&contact),
        from(&user, &contact, "https://evil.example"),
    ] {
        assert_eq!(
            (answer.is(200)["email"].clone(), answer.header("vary")),
            (json!("ada@example.com"), "Origin".into())
        );
        assert!(is_silent(&answer), "{answer:?}");
    }
}

#[test]
fn every_origin_may_be_allowed() {
    let world = World::new().with_cors("*");
    let user = world.user("acme", Mode::Live);
    for origin in [APP, "null", "http://localhost:3000"] {
        assert_eq!(
            preflight(&user, "/v1/contacts", origin).header("access-control-allow-origin"),
            "*"
        );
        let answer = from(&user, "/v1/contacts", origin);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(!answer.has_header("vary"), "the same for all");
    }
    assert!(is_silent(&user.get("/v1/contacts")));
}
