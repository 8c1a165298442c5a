//! Lists: pages, cursors, filters, and the parameters that they refuse.

use relm_core::{KeyAccess, Mode};
use serde_json::{Value, json};

use super::session::{User, World, id, ids, whole_list};

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
fn a_limit_is_50_unless_said_and_200_at_most() {
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
fn filters_are_typed_by_their_field() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let company = id(&user.create("/v1/companies", json!({ "name": "Engines" })));
    let make = |body: Value| id(&user.create("/v1/deals", body));
    let small =
        make(json!({ "title": "a", "value_cents": 9, "stage": "won", "close_date": "2026-01-01" }));
    world.clock.advance_millis(1_000);
    let middle =
        make(json!({ "title": "B_1", "value_cents": 10, "stage": "WON", "company_id": company }));
    world.clock.advance_millis(1_000);
    let metadata = json!({ "plan": "pro", "n": 5, "b": true });
    let large = make(json!({ "title": "Äpfel", "value_cents": 100, "metadata": metadata }));
    let all = [&large, &middle, &small];
    for (query, places) in [
        ("filter[value_cents][gt]=9", &[0, 1][..]),
        (
            "filter[value_cents][gte]=10&filter[value_cents][lt]=100",
            &[1],
        ),
        ("filter[value_cents][in]=9,100", &[0, 2]),
        ("value_cents=10", &[1]),
        ("filter[stage][eq]=won", &[2]),
        ("filter[stage][neq]=won", &[1]),
        ("filter[stage][is_null]=true", &[0]),
        ("filter[stage][is_null]=false", &[1, 2]),
        ("filter[stage][ilike]=w%25", &[1, 2]),
        ("filter[title][ilike]=%C3%A4PFEL", &[0]),
        ("filter[title][ilike]=b%5C_1", &[1]),
        ("filter[title][gt]=a", &[0]),
        ("filter[close_date][lte]=2026-01-01", &[2]),
        ("filter[created_at][gte]=2026-07-02T10:00:01Z", &[0, 1]),
        ("filter[updated_at][lt]=2026-07-02T12:00:01%2B02:00", &[2]),
        ("filter[metadata.plan][in]=pro,free", &[0]),
        ("metadata.plan=pro", &[0]),
        ("filter[metadata.n][gte]=5.0", &[0]),
        ("metadata.b=true", &[0]),
        ("filter[metadata.plan][is_null]=true", &[1, 2]),
        ("stage=won&value_cents=10", &[]),
    ] {
        let found = ids(&user.get(&format!("/v1/deals?{query}")).is(200));
        let expected: Vec<String> = places.iter().map(|place| all[*place].clone()).collect();
        assert_eq!(found, expected, "{query}");
    }
    for (query, expected) in [
        (format!("company_id={company}"), vec![middle.clone()]),
        (
            format!("filter[id][in]={small},{large}"),
            vec![large.clone(), small.clone()],
        ),
        (format!("company_id={small}"), vec![]),
        (format!("id={company}"), vec![]),
    ] {
        let found = ids(&user.get(&format!("/v1/deals?{query}")).is(200));
        assert_eq!(found, expected, "{query}");
    }
}

#[test]
fn a_space_is_a_plus_or_percent_20() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.create(
        "/v1/contacts",
        json!({ "email": "a+b@example.com", "first_name": "Ada K" }),
    );
    for query in [
        "first_name=Ada+K",
        "first_name=Ada%20K",
        "email=a%2Bb@example.com",
    ] {
        let found = user.get(&format!("/v1/contacts?{query}")).is(200);
        assert_eq!(found, whole_list(json!([ada])), "{query}");
    }
}

#[test]
fn a_bare_plus_where_no_space_can_be_is_told() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let said = json!({ "email": "a+b@example.com", "phone": "+1 415", "last_name": "Ada K" });
    let ada = user.create("/v1/contacts", said);
    for (path, field, encoded) in [
        (
            "contacts?email=a+b@example.com",
            "email",
            "email=a%2Bb@example.com",
        ),
        (
            "contacts?filter[email][in]=x@example.com,a+b@example.com",
            "email",
            "filter[email][in]=x@example.com,a%2Bb@example.com",
        ),
        (
            "contacts?filter[email][ilike]=a+b%25",
            "email",
            "filter[email][ilike]=a%2Bb%25",
        ),
        ("contacts?phone=+1%20415", "phone", "phone=%2B1%20415"),
        (
            "contacts?filter[phone][in]=0,+1",
            "phone",
            "filter[phone][in]=0,%2B1",
        ),
        ("contacts?id=con_+", "id", "id=con_%2B"),
        (
            "contacts?filter[created_at][gte]=2026-07-02T10:00:00+02:00",
            "created_at",
            "filter[created_at][gte]=2026-07-02T10:00:00%2B02:00",
        ),
        ("companies?domain=a+b", "domain", "domain=a%2Bb"),
        ("deals?value_cents=+5", "value_cents", "value_cents=%2B5"),
        ("associations?record_id=+", "record_id", "record_id=%2B"),
        ("webhooks?url=https://a/?b+c", "url", "url=https://a/?b%2Bc"),
    ] {
        let message = format!(
            "A bare `+` in a URL is a space, which `{field}` cannot hold there: write `{encoded}`."
        );
        let expected = json!({ "code": "bad_request", "message": message, "field": field, "suggestion": encoded });
        let (list, _) = path.split_once('?').unwrap();
        assert_eq!(user.get(&format!("/v1/{path}")).error(400), expected);
        let encoded = user.get(&format!("/v1/{list}?{encoded}"));
        assert!(!encoded.text.contains("bare"), "{}", encoded.text);
    }
    for found in [
        "email=a%2Bb@example.com",
        "phone=%2B1+415",
        "filter[phone][in]=1+1,%2B1+415",
        "last_name=Ada+K",
        "filter[updated_at][lt]=2026-07-02T12:00:01%2B02:00",
    ] {
        let page = user.get(&format!("/v1/contacts?{found}")).is(200);
        assert_eq!(page, whole_list(json!([ada])), "{found}");
    }
}

#[test]
fn a_list_of_values_may_hold_commas() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let stages = ["a,b", "a", "b", "a\\", "a\\,b", "c"];
    for stage in stages {
        user.create("/v1/deals", json!({ "title": "T", "stage": stage }));
    }
    for (query, mut expected) in [
        ("filter[stage][in]=a%5C,b", vec!["a,b"]),
        ("filter[stage][in]=a,b", vec!["a", "b"]),
        ("filter[stage][in]=a%5C,b,c", vec!["a,b", "c"]),
        ("filter[stage][in]=a%5C%5C,b", vec!["a\\", "b"]),
        ("filter[stage][in]=a%5C%5C%5C,b", vec!["a\\,b"]),
        ("filter[stage][in]=a%5C", vec!["a\\"]),
        ("filter[stage][in]=a&filter[stage][in]=c", vec!["a", "c"]),
        (
            "filter[stage][in]=a,b&filter[stage][in]=a%5C,b",
            vec!["a,b", "a", "b"],
        ),
        ("filter[stage][in]=a,c&filter[stage]=a", vec!["a"]),
    ] {
        let page = user.get(&format!("/v1/deals?{query}")).is(200);
        let found = page["data"].as_array().unwrap().iter();
        let mut found: Vec<&str> = found.map(|deal| deal["stage"].as_str().unwrap()).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
    let repeated = |count: usize| vec!["filter[stage][in]=a"; count].join("&");
    user.get(&format!("/v1/deals?{}", repeated(100))).is(200);
    user.get(&format!("/v1/deals?{}", repeated(101)))
        .fails(400, "bad_request", "stage");
    // The parameters may come in another order; a value more is another list.
    let page = user
        .get("/v1/deals?limit=1&filter[stage][in]=a&filter[stage][in]=b")
        .is(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = |filters: &str| user.get(&format!("/v1/deals?{filters}&cursor={cursor}"));
    next("filter[stage][in]=b&filter[stage][in]=a").is(200);
    next("filter[stage][in]=a").fails(400, "invalid_cursor", "cursor");
    next("filter[stage][in]=a&filter[stage][in]=b&filter[stage][in]=c").fails(
        400,
        "invalid_cursor",
        "cursor",
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
        ("filter[email][]=a", Some("email")),
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
        "valid_options": ["id", "name", "domain", "created_at", "updated_at"], "suggestion": "name",
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
        } else {
            let message = "There is no parameter `q` here; leave it out.";
            json!({ "code": "bad_request", "message": message, "field": "q" })
        };
        assert_eq!(error, expected, "{method} {path}");
    }
    user.get(&contact).is(200);
}
