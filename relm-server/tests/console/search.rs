//! Search, from the field that every page of a workspace has.

use relm_core::{ObjectType, Role};
use serde_json::json;

use super::browser::{CANARY, World, encoded};
use super::seed::make;

const EVA: &str = "eva@example.com";

#[test]
fn every_page_of_a_workspace_has_a_field_that_finds_records() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let ada = make(
        &world,
        ObjectType::Contact,
        json!({ "first_name": "Ada", "email": "ada@engine.example" }),
    );
    let deal = make(
        &world,
        ObjectType::Deal,
        json!({ "title": "Engine", "stage": "won" }),
    );
    let search = format!("{}/search", world.place);
    let form = format!("role=\"search\" method=\"get\" action=\"{search}\"");
    for path in [
        "contacts",
        "keys",
        "schema/deal",
        "events",
        "webhooks",
        "contacts/trash",
    ] {
        let page = browser.get(&format!("{}/{path}", world.place));
        assert!(page.text.contains(&form), "{path}");
    }
    assert!(
        !browser
            .get("/console/account")
            .text
            .contains("role=\"search\"")
    );
    let page = browser.get(&format!("{search}?q=engine"));
    for shown in [
        format!("{}/contacts/{ada}\">Ada</a>", world.place),
        format!("{}/deals/{deal}\">Engine</a>", world.place),
        "/v1/search?q=engine".to_owned(),
        "value=\"engine\"".to_owned(),
    ] {
        assert!(page.text.contains(&shown), "{shown}: {}", page.text);
    }
    let page = browser.get(&format!("{search}?q=engine&types=deal"));
    assert!(page.text.contains(">Engine</a>") && !page.text.contains(">Ada</a>"));
    let page = browser.get(&search.replace("/test/", "/live/"));
    assert!(page.text.contains("Say what you look for"));
    let live = browser.get(&format!("{}?q=engine", search.replace("/test/", "/live/")));
    assert!(live.text.contains("Nothing has all of that."));
}

#[test]
fn a_search_pages_and_says_what_is_wrong() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    for n in 0..30 {
        make(
            &world,
            ObjectType::Company,
            json!({ "name": format!("Engine {n}.") }),
        );
    }
    let search = format!("{}/search", world.place);
    let first = browser.get(&format!("{search}?q=engine"));
    assert_eq!(first.text.matches("class=\"name\"").count(), 25);
    let next = first.text.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let second = browser.get(&next);
    assert_eq!(second.text.matches("class=\"name\"").count(), 5);
    assert!(second.text.contains("First page"));
    for query in [
        "q=engine&types=people",
        "q=engine&cursor=x",
        &format!("q={}", "x".repeat(300)),
    ] {
        let page = browser.get(&format!("{search}?{query}"));
        assert_eq!(page.status, 400, "{query}");
        assert!(page.text.contains("notice bad"), "{query}");
    }
    make(
        &world,
        ObjectType::Deal,
        json!({ "title": CANARY, "stage": CANARY }),
    );
    browser
        .get(&format!("{search}?q=alert"))
        .shows_as_text(CANARY);
    let asked = encoded(&[("q", CANARY), ("types", CANARY), ("cursor", CANARY)]);
    browser
        .get(&format!("{search}?{asked}"))
        .shows_as_text(CANARY);
}
