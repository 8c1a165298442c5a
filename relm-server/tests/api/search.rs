//! Search: four types together, exact matches first.

use relm_core::Mode;
use serde_json::json;

use super::session::{World, id, ids, whole_list};

#[test]
fn a_search_finds_words_by_their_beginnings() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let contact = json!({ "first_name": "Zoë", "email": "zoe@engines.example" });
    let contact = user.create("/v1/contacts", contact);
    let company = json!({ "name": "Engines of Zoe", "domain": "engines.example" });
    let company = user.create("/v1/companies", company);
    let deal = json!({ "title": "Zoé's engine", "metadata": { "note": "Grüße" } });
    let deal = user.create("/v1/deals", deal);
    let activity = json!({ "type": "call", "body": "about ZOE and engines" });
    let activity = user.create("/v1/activities", activity);
    let all = json!([activity, deal, company, contact]);
    assert_eq!(user.get("/v1/search?q=zo").is(200), whole_list(all));
    let find = |query: &str| ids(&user.get(&format!("/v1/search?{query}")).is(200));
    assert_eq!(
        find("q=ZO%C3%8B+engin&types=deal,activity"),
        [id(&activity), id(&deal)]
    );
    for word in ["gruss", "gr%C3%BC%C3%9Fe", "GRUSSE", &id(&deal)] {
        assert_eq!(find(&format!("q={word}")), [id(&deal)], "{word}");
    }
    for word in ["russe", "nothing", "zo+nothing"] {
        assert_eq!(find(&format!("q={word}")), [] as [String; 0], "{word}");
    }
    // What is exactly meant goes first, however old.
    assert_eq!(find("q=engines.example")[0], id(&company));
    assert_eq!(find("q=Zoe@Engines.example")[0], id(&contact));
    user.delete(&format!("/v1/deals/{}", id(&deal))).is(200);
    assert_eq!(find("q=zo&types=deal"), [] as [String; 0]);
}

#[test]
fn a_search_is_walked_in_pages() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let mut all: Vec<String> = (0..5)
        .map(|n| user.contact(&format!("ada{n}@example.com")))
        .collect();
    all.reverse();
    let first = user.get("/v1/search?q=example&limit=3").is(200);
    assert_eq!(ids(&first), all[..3]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let path = format!("/v1/search?q=example&limit=2&cursor={cursor}");
    let second = user.get(&path).is(200);
    assert_eq!(ids(&second), all[3..]);
    assert_eq!(
        (&second["has_more"], &second["next_cursor"]),
        (&json!(false), &json!(null))
    );
}

#[test]
fn what_a_search_refuses() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (query, field) in [
        ("", "q"),
        ("?q=", "q"),
        ("?q=%20", "q"),
        ("?q=a&q=b", "q"),
        ("?q=a&types=contacts", "types"),
        ("?q=a&types=", "types"),
        ("?q=a&email=b", "email"),
        ("?q=%00", "q"),
        ("?q=a+b+c+d+e+f+g+h+i+j+k", "q"),
        (&format!("?q={}", "a".repeat(201)), "q"),
    ] {
        user.get(&format!("/v1/search{query}"))
            .fails(400, "bad_request", field);
    }
    let error = user.get("/v1/search?q=a&types=contact,dael").error(400);
    let expected = json!({
        "code": "bad_request", "message": "There is no type `dael` to search. Did you mean `deal`?", "field": "types",
        "valid_options": ["contact", "company", "deal", "activity"], "suggestion": "deal",
    });
    assert_eq!(error, expected);
}
