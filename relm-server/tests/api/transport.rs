//! What is about the request and not about records: paths, methods, bodies, headers, refusals of the transport.

use std::net::IpAddr;

use hyper::Request;
use relm_core::Mode;
use relm_core::limits::{BATCH_REQUEST_BYTES_MAX, REQUEST_BYTES_MAX};
use relm_server::serve::{Handler as _, Peer, Refusal};
use serde_json::json;

use super::session::{Answered, World};

#[test]
fn an_unknown_path_is_not_found_with_or_without_a_key() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (path, end) in [
        ("/v1", "; GET /openapi.json lists those there are."),
        ("/v1/", "; GET /openapi.json lists those there are."),
        ("/nope", "; GET /openapi.json lists those there are."),
        ("/v1/companies/batches/x", ". Did you mean `/v1/companies`?"),
        ("/v2/contacts", ". Did you mean `/v1/contacts`?"),
        ("/v1/contact", ". Did you mean `/v1/contacts`?"),
        ("/v1/contacts/", ". Leave out the last `/`: `/v1/contacts`."),
        (
            "/v1/contacts/con_x/",
            ". Leave out the last `/`: `/v1/contacts/con_x`.",
        ),
        ("/v1/contacts/a/b", ". Did you mean `/v1/contacts`?"),
        ("//v1/contacts", ". Did you mean `/v1/contacts`?"),
        ("/V1/Contacts/con_x", ". Did you mean `/v1/contacts/con_x`?"),
        ("/contacts", ". Did you mean `/v1/contacts`?"),
        ("/api/deals/deal_x", ". Did you mean `/v1/deals/deal_x`?"),
        (
            "/crm/v3/objects/companies",
            ". Did you mean `/v1/companies`?",
        ),
        ("/v1/custom_fields", ". Did you mean `/v1/schema/fields`?"),
        ("/v1/organizations/1", ". Did you mean `/v1/companies/1`?"),
        ("/v1/serach", ". Did you mean `/v1/search`?"),
        (
            "/v1/contacts/con_x/activities",
            ". Did you mean `/v1/activities?contact_id=con_x`?",
        ),
        (
            "/v1/companies/cmp_x/people",
            ". Did you mean `/v1/contacts?company_id=cmp_x`?",
        ),
        (
            "/v1/deals/deal_x/associations",
            ". Did you mean `/v1/associations?record_id=deal_x`?",
        ),
        ("/v1/contacts/con_x/nope", ". Did you mean `/v1/contacts`?"),
        (&"/serach".repeat(1_000), ". Did you mean `/v1/search`?"),
        (
            &format!("{}/contacts", "/x".repeat(4_000)),
            "; GET /openapi.json lists those there are.",
        ),
    ] {
        let message = format!("There is no such path{end}");
        let expected = json!({ "code": "not_found", "message": message });
        assert_eq!(user.get(path).error(404), expected, "{path}");
        assert_eq!(world.stranger().get(path).error(404), expected, "{path}");
    }
}

#[test]
fn a_batch_of_rows_is_posted() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for list in ["contacts", "companies", "deals", "activities"] {
        let path = format!("/v1/{list}/batch");
        for method in ["GET", "HEAD", "PATCH", "PUT", "DELETE"] {
            let answer = user.ask(method, &path).text("{}").send();
            answer.fails(405, "method_not_allowed", None);
        }
        user.post(&path, json!({}))
            .fails(422, "validation_failed", list);
    }
}

#[test]
fn the_root_says_where_the_rest_is() {
    let world = World::new();
    let root = world.stranger().get("/").is(200);
    let expected = json!({
        "object": "api", "name": "Relm", "version": env!("CARGO_PKG_VERSION"), "api_version": "2026-07-02",
        "openapi": "/openapi.json", "guide": "/docs",
    });
    assert_eq!(root, expected);
    let browser = world
        .stranger()
        .ask("GET", "/")
        .header("accept", "text/html")
        .send();
    assert_eq!(browser.is(200), root);
}

#[test]
fn a_known_path_names_the_methods_that_it_takes() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (method, path, allowed) in [
        ("PUT", "/v1/contacts/batch", "POST"),
        ("DELETE", "/v1/contacts", "GET, HEAD, POST, PUT"),
        ("POST", "/v1/contacts/con_x", "DELETE, GET, HEAD, PATCH"),
        ("HEAD", "/v1/contacts/batch", "POST"),
        ("GET", "/v1/contacts/batch", "POST"),
        ("PATCH", "/v1/search", "GET, HEAD"),
        (
            "POST",
            "/v1/schema/fields/fld_x",
            "DELETE, GET, HEAD, PATCH",
        ),
        ("GET", "/v1/webhooks/wh_x/replay/dlv_x", "POST"),
        ("POST", "/healthz", "GET, HEAD"),
        ("OPTIONS", "/v1/contacts", "GET, HEAD, POST, PUT"),
        ("get", "/v1/contacts", "GET, HEAD, POST, PUT"),
        ("FOO", "/v1/contacts", "GET, HEAD, POST, PUT"),
    ] {
        let answer = user.ask(method, path).send();
        answer.fails(405, "method_not_allowed", None);
        let allow = answer.header("allow");
        let mut methods: Vec<&str> = allow.split(", ").collect();
        methods.sort_unstable();
        assert_eq!(methods.join(", "), allowed, "{method} {path}");
        let unknown = world.stranger().ask(method, path).send();
        unknown.fails(405, "method_not_allowed", None);
    }
}

#[test]
fn a_body_is_one_json_object() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    let nested = |depth: usize| {
        format!(
            r#"{{"metadata":{{"a":{}1{}}}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    for body in [
        "",
        " ",
        "{",
        "nope",
        "{\"a\":1}{}",
        "{'a':1}",
        "{\"a\":1,}",
        "{\"email\":\"a@example.com\",\"email\":\"b@example.com\"}",
        "{\"metadata\":{\"a\":1,\"a\":2}}",
        "{\"first_name\":\"a\\u0000\"}",
        "{\"first_name\":\"\\ud800\"}",
        "{\"metadata\":{\"a\":1e999}}",
        "\u{FEFF}{}",
        "[]",
        "null",
        "\"text\"",
        "5",
        &nested(15),
    ] {
        for (method, path) in [
            ("POST", "/v1/contacts"),
            ("POST", "/v1/contacts/batch"),
            ("POST", "/v1/webhooks"),
            ("PATCH", &*path),
        ] {
            let ask = || user.ask(method, path).text(body.to_owned());
            ask().send().fails(400, "bad_request", None);
            ask()
                .header("idempotency-key", "k")
                .send()
                .fails(400, "bad_request", None);
        }
    }
    user.ask("POST", "/v1/contacts")
        .text(nested(14))
        .send()
        .is(201);
}

#[test]
fn a_body_that_is_none_is_said_to_be() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let latin = &b"{\"first_name\":\"\xff\"}"[..];
    user.ask("POST", "/v1/contacts")
        .text(latin)
        .send()
        .fails(400, "bad_request", None);
    for (body, message) in [
        ("", "The body is empty: send a JSON value."),
        ("[]", "The body must be a JSON object, not an array."),
    ] {
        let error = user
            .ask("POST", "/v1/contacts")
            .text(body)
            .send()
            .error(400);
        assert_eq!(error, json!({ "code": "bad_request", "message": message }));
    }
}

#[test]
fn a_request_may_say_the_version_that_it_speaks() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ask = || user.ask("GET", "/v1/contacts");
    ask().header("relm-version", "2026-07-02").send().is(200);
    let expected = |version: &str| {
        let message = format!("`Relm-Version` must be 2026-07-02, or left out, not `{version}`.");
        json!({ "code": "bad_request", "message": message, "field": "Relm-Version" })
    };
    for version in ["2026-07-03", "1", "", "2026-07-02 "] {
        let answer = ask().header("relm-version", version).send();
        assert_eq!(answer.error(400), expected(version));
    }
    let both = ask()
        .header("relm-version", "2026-07-02")
        .header("relm-version", "2025-01-01");
    assert_eq!(both.send().error(400), expected("2025-01-01"));
}

#[test]
fn what_the_transport_refuses_has_the_envelope_too() {
    let world = World::new();
    for (refusal, status, code) in [
        (
            Refusal::BadRequest("The request must have one Host header."),
            400,
            "bad_request",
        ),
        (
            Refusal::UnsupportedMediaType("Send JSON.".into()),
            415,
            "unsupported_media_type",
        ),
        (
            Refusal::PayloadTooLarge(REQUEST_BYTES_MAX),
            413,
            "payload_too_large",
        ),
        (
            Refusal::NotImplemented("Send it in chunks alone."),
            501,
            "not_implemented",
        ),
        (Refusal::UriTooLong(8192), 414, "bad_request"),
        (Refusal::HeadTooLarge(8192), 431, "bad_request"),
        (Refusal::BodyTimeout, 408, "bad_request"),
        (Refusal::Busy, 503, "unavailable"),
        (Refusal::Panicked, 500, "internal_error"),
    ] {
        let answer = Answered::checked(world.api.refuse(refusal, None));
        answer.fails(status, code, None);
        assert_eq!(answer.has_header("retry-after"), status == 503);
    }
    let refused = Answered::checked(
        world
            .api
            .refuse(Refusal::PayloadTooLarge(REQUEST_BYTES_MAX), None),
    );
    let message = "The body must be at most 1048576 bytes.";
    assert_eq!(
        refused.error(413),
        json!({ "code": "payload_too_large", "message": message })
    );
}

#[test]
fn a_batch_may_be_larger_than_other_bodies() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let limit = |method: &str, path: &str| {
        let key = user.key.as_deref().unwrap();
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {key}"));
        let (head, ()) = request.body(()).unwrap().into_parts();
        let peer = Peer::from(IpAddr::from([192, 0, 2, 1]));
        let admission = pollster::block_on(world.api.admit(&head, peer)).unwrap();
        admission
            .allowance
            .map(|allowance| allowance.body_bytes_max)
    };
    assert_eq!(
        limit("POST", "/v1/contacts/batch"),
        Some(BATCH_REQUEST_BYTES_MAX)
    );
    for (method, path) in [("POST", "/v1/contacts"), ("PATCH", "/v1/deals/x")] {
        assert_eq!(limit(method, path), Some(REQUEST_BYTES_MAX), "{path}");
    }
    assert_eq!(limit("GET", "/healthz"), None);
}

#[test]
fn whoever_watches_the_process_needs_no_key() {
    let world = World::new();
    let stranger = world.stranger();
    assert_eq!(stranger.get("/healthz").is(200), json!({ "status": "ok" }));
    assert_eq!(stranger.get("/readyz").is(200), json!({ "status": "ok" }));
    assert_eq!(stranger.get("/openapi.json").is(200)["openapi"], "3.1.0");
}
