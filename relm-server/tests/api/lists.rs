//! Lists: pages, cursors, and the parameters that they refuse.

use relm_core::{KeyAccess, Mode};
use serde_json::{Value, json};

use super::session::{User, World, ids, whole_list};

fn walk(user: &User<'_>, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = path.to_owned();
    loop {
        let page = user.get(&next).is(200);
        found.extend(ids(&page));
        assert_eq!(page["has_more"], page["next_cursor"].is_string());
        let Some(cursor) = page["next_cursor"].as_str() else {
            return found;
        };
        next = format!("{path}&cursor={cursor}");
    }
}

#[test]
fn a_walk_yields_everything_once_newest_first() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    assert_eq!(user.get("/v1/contacts").is(200), whole_list(json!([])));
    let mut all: Vec<String> = (0..7)
        .map(|n| user.contact(&format!("{n}@example.com")))
        .collect();
    all.reverse();
    for limit in [1, 3, 7, 8, 200] {
        assert_eq!(
            walk(&user, &format!("/v1/contacts?limit={limit}")),
            all,
            "{limit}"
        );
    }
    let page = user.get("/v1/contacts?limit=7").is(200);
    assert_eq!(page["has_more"], json!(false), "exactly full");
}

#[test]
fn a_walk_does_not_mind_changes() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let mut all: Vec<String> = (0..6)
        .map(|n| user.contact(&format!("{n}@example.com")))
        .collect();
    all.reverse();
    let page = user.get("/v1/contacts?limit=2").is(200);
    assert_eq!(ids(&page), all[..2]);
    user.delete(&format!("/v1/contacts/{}", all[1])).is(200);
    user.delete(&format!("/v1/contacts/{}", all[4])).is(200);
    user.contact("new@example.com");
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = user.get(&format!("/v1/contacts?cursor={cursor}")).is(200);
    assert_eq!(ids(&rest), [all[2].clone(), all[3].clone(), all[5].clone()]);
}

#[test]
fn a_limit_is_50_by_default_and_200_at_most() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let rows = json!({ "contacts": vec![json!({ "first_name": "A" }); 201] });
    user.post("/v1/contacts/batch", rows).is(200);
    let count = |query: &str| ids(&user.get(&format!("/v1/contacts{query}")).is(200)).len();
    assert_eq!(count(""), 50);
    assert_eq!(count("?limit=007"), 7);
    for clamped in ["200", "201", "99999999999999999999999999"] {
        assert_eq!(count(&format!("?limit={clamped}")), 200);
    }
    for wrong in ["0", "-1", "+1", "%2B1", "1.0", "1e2", "", "ten", "%31%20"] {
        let list = user.get(&format!("/v1/contacts?limit={wrong}"));
        list.fails(400, "bad_request", "limit");
        let search = user.get(&format!("/v1/search?q=a&limit={wrong}"));
        search.fails(400, "bad_request", "limit");
    }
    user.get("/v1/contacts?limit=1&limit=1")
        .fails(400, "bad_request", "limit");
    user.get("/v1/contacts?cursor=a&cursor=a")
        .fails(400, "bad_request", "cursor");
}

#[test]
fn an_answer_says_that_its_limit_was_lowered() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.contact("ada@example.com");
    for list in ["/v1/contacts?", "/v1/events?", "/v1/search?q=ada&"] {
        for limit in ["201", "1000", "99999999999999999999999999"] {
            let answer = user.get(&format!("{list}limit={limit}"));
            answer.is(200);
            let said = "`limit` counts as 200, the most that a page holds; follow `next_cursor` for the rest.";
            assert_eq!(answer.header("relm-notice"), said, "{list}");
        }
        for query in ["limit=200", "limit=1", ""] {
            let answer = user.get(&format!("{list}{query}"));
            answer.is(200);
            assert!(!answer.has_header("relm-notice"), "{list}{query}");
        }
    }
    let refused = user.get("/v1/contacts?limit=1000&stage=won");
    refused.error(400);
    assert!(!refused.has_header("relm-notice"), "nothing was answered");
    let elsewhere = user.get("/v1/schema?limit=1000");
    elsewhere.error(400);
    assert!(!elsewhere.has_header("relm-notice"));
}

#[test]
fn a_cursor_fits_its_own_list_alone() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let test = world.another_key(user.workspace, Mode::Test, KeyAccess::Full);
    let other = world.user("other", Mode::Live);
    for user in [&user, &test, &other] {
        for n in 0..3 {
            user.contact(&format!("{n}@example.com"));
            user.create("/v1/companies", json!({ "name": "example" }));
        }
    }
    let cursor = |path: &str| {
        let page = user.get(path).is(200);
        page["next_cursor"].as_str().unwrap().to_owned()
    };
    let plain = cursor("/v1/contacts?limit=1");
    let filtered = cursor("/v1/contacts?limit=1&filter[email][ilike]=%25@example.com");
    let searched = cursor("/v1/search?q=example&limit=1");
    let altered = match &plain[5..6] {
        "A" => format!("{}B{}", &plain[..5], &plain[6..]),
        _ => format!("{}A{}", &plain[..5], &plain[6..]),
    };
    let refused =
        |user: &User<'_>, path: String| user.get(&path).fails(400, "invalid_cursor", "cursor");
    for cursor in [
        &altered,
        "",
        "x",
        "%25",
        "bnVsbA",
        &plain[1..],
        &filtered,
        &searched,
    ] {
        refused(&user, format!("/v1/contacts?cursor={cursor}"));
    }
    refused(&user, format!("/v1/companies?cursor={plain}"));
    refused(
        &user,
        format!("/v1/contacts?cursor={plain}&email=0@example.com"),
    );
    refused(
        &user,
        format!("/v1/contacts?cursor={filtered}&filter[email][ilike]=%25@example.org"),
    );
    refused(&user, format!("/v1/search?q=examples&cursor={searched}"));
    refused(
        &user,
        format!("/v1/search?q=example&types=contact&cursor={searched}"),
    );
    refused(&test, format!("/v1/contacts?cursor={plain}"));
    refused(&other, format!("/v1/contacts?cursor={plain}"));
    // The page's size is not part of it.
    assert_eq!(
        ids(&user
            .get(&format!("/v1/contacts?limit=2&cursor={plain}"))
            .is(200))
        .len(),
        2
    );
}

#[test]
fn what_a_list_does_not_know_is_named() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let clauses = |count: usize| vec!["phone=1"; count].join("&");
    let values = |count: usize| format!("filter[phone][in]={}", vec!["1"; count].join(","));
    for (query, field) in [
        ("emial=a", Some("emial")),
        ("filter[emial]=a", Some("emial")),
        ("email_key=a", Some("email_key")),
        ("metadata=a", Some("metadata")),
        ("filter[email][like]=a", Some("email")),
        ("filter[email][]=a", Some("filter[email][]")),
        ("filter[created_at][ilike]=a", Some("created_at")),
        ("filter[created_at]=yesterday", Some("created_at")),
        ("company_id=engines", Some("company_id")),
        ("filter[email][is_null]=maybe", Some("email")),
        ("filter[email=a", Some("filter[email")),
        ("filter[]=a", Some("filter[]")),
        ("filter=a", Some("filter")),
        ("email=%00", Some("email")),
        ("filter[email][ilike]=%00", Some("filter[email][ilike]")),
        ("limit=%00", Some("limit")),
        ("cursor=%00", Some("cursor")),
        ("filter[metadata.a%00b]=1", None),
        ("metadata.%00[is_null]=true", None),
        ("%00=1", None),
        ("filter[metadata.]=1", Some("metadata.")),
        (
            &format!("metadata.{}=1", "k".repeat(65)),
            Some(&format!("metadata.{}", "k".repeat(65))),
        ),
        ("email=%zz", None),
        ("email=%ff", None),
        ("email=%4", None),
        (&clauses(21), None),
        (&values(101), Some("phone")),
    ] {
        let error = user.get(&format!("/v1/contacts?{query}")).error(400);
        assert_eq!(error["code"], "bad_request", "{query}");
        assert_eq!(
            error["field"],
            field.map_or(Value::Null, Value::from),
            "{query}: {error}"
        );
    }
    user.get(&format!("/v1/contacts?{}", clauses(20))).is(200);
    user.get(&format!("/v1/contacts?{}", values(100))).is(200);
    let unknown = user.get("/v1/companies?filter[nmae][eq]=a").error(400);
    let expected = json!({
        "code": "bad_request", "message": "There is no field `nmae` to filter by. Did you mean `name`?", "field": "nmae",
        "valid_options": ["id", "name", "domain", "owner", "created_at", "updated_at", "tags", "addresses", "addresses.city", "addresses.region", "addresses.postal_code", "addresses.country"], "suggestion": "name",
    });
    assert_eq!(unknown, expected);
}

#[test]
fn no_other_request_takes_parameters() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let contact = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    for (method, path) in [
        ("GET", &*contact),
        ("PATCH", &contact),
        ("DELETE", &contact),
        ("POST", "/v1/contacts"),
        ("POST", "/v1/contacts/batch"),
        ("POST", "/v1/schema/fields"),
        ("POST", "/v1/associations"),
        ("POST", "/v1/webhooks"),
        ("GET", "/v1/schema"),
        ("GET", "/v1/search"),
        ("GET", "/openapi.json"),
        ("GET", "/healthz"),
    ] {
        let ask = user.ask(method, &format!("{path}?q=a&expand=company"));
        let error = ask.json(&json!({})).send().error(400);
        let expected = if path == "/v1/search" {
            let message = "There is no parameter `expand`. A record is answered whole, with the ids of others and not with these.";
            let options = ["q", "types", "limit", "cursor"];
            json!({ "code": "bad_request", "message": message, "field": "expand", "valid_options": options })
        } else if path == contact && method != "PATCH" {
            let message = "There is no parameter `q` here.";
            let options = [if method == "GET" { "at" } else { "purge" }];
            json!({ "code": "bad_request", "message": message, "field": "q", "valid_options": options })
        } else {
            let message = "There is no parameter `q` here; leave it out.";
            json!({ "code": "bad_request", "message": message, "field": "q" })
        };
        assert_eq!(error, expected, "{method} {path}");
    }
    user.get(&contact).is(200);
}
