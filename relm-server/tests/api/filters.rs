//! The filters of a list: how their values are read, and what they find.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{World, id, ids, whole_list};

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
fn a_bare_plus_where_no_space_can_be_is_named() {
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
