//! The four lists: filters as the API writes them, pages, and what is said where there is nothing or something wrong.

use relm_core::{Mode, ObjectType, Role, Timestamp};
use serde_json::json;

use super::browser::{Answered, Browser, CANARY, World, wait};
use super::seed::{make, make_in};

const EVA: &str = "eva@example.com";

fn contacts(world: &World) -> String {
    format!("{}/contacts", world.place)
}

fn href(page: &Answered, before: &str) -> String {
    let rest = page.text.split(before).nth(1);
    let rest = rest.unwrap_or_else(|| panic!("{before} in {}", page.text));
    let rest = rest.split("href=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().replace("&#38;", "&")
}

/// The names of the rows, in their order.
fn names(page: &Answered) -> Vec<String> {
    let rows = page.text.split("class=\"name\"").skip(1);
    rows.map(|row| {
        row.split('>')
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap()
            .to_owned()
    })
    .collect()
}

fn many(world: &World, count: usize) {
    for n in 0..count {
        let stage = if n % 2 == 0 { "won" } else { "lost" };
        let deal = json!({ "title": format!("Deal {n}."), "value_cents": n, "stage": stage });
        make(world, ObjectType::Deal, deal);
        world.clock.advance_millis(1);
    }
}

#[test]
fn a_list_shows_what_matters_and_the_request_that_it_equals() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let company = make(&world, ObjectType::Company, json!({ "name": "Acme" }));
    let ada = json!({ "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace", "phone": "+44 1", "company_id": company.text() });
    let ada = make(&world, ObjectType::Contact, ada);
    let page = browser.get(&contacts(&world));
    assert_eq!(names(&page), ["Ada Lovelace"]);
    for shown in [
        "ada@example.com",
        "+44 1",
        "2026-11-29 09:00 UTC",
        &format!("{}/contacts/{ada}\"", world.place),
        &format!("href=\"{}/companies/{company}\">Acme</a>", world.place),
        "curl http://crm.example.com:8080/v1/contacts?limit=25",
    ] {
        let shown = shown.replace(
            "curl http://crm.example.com:8080/v1/contacts?",
            "/v1/contacts?",
        );
        assert!(page.text.contains(&shown), "{shown}: {}", page.text);
    }
    let deal = json!({ "title": "Engine", "value_cents": 123_456, "currency": "EUR", "stage": "won", "close_date": "2027-01-02" });
    make(&world, ObjectType::Deal, deal);
    let page = browser.get(&format!("{}/deals", world.place));
    for shown in ["Engine", "1,234.56 EUR", ">won<", "2027-01-02"] {
        assert!(page.text.contains(shown), "{shown}");
    }
    let nowhere = browser.get(&format!("{}/people", world.place));
    assert_eq!(nowhere.status, 404);
}

#[test]
fn an_empty_list_says_what_to_do() {
    let world = World::new();
    let mut editor = world.signed_in(EVA, Role::Editor);
    let mut reader = world.signed_in("ada@example.com", Role::Reader);
    for object in ["contact", "company", "deal", "activity"] {
        let path = match object {
            "company" => format!("{}/companies", world.place),
            "activity" => format!("{}/activities", world.place),
            other => format!("{}/{other}s", world.place),
        };
        let page = editor.get(&path);
        assert!(
            page.text.contains(&format!("No {object} yet.")),
            "{}",
            page.text
        );
        assert!(page.text.contains(&format!("{path}/new")));
        let page = reader.get(&path);
        assert!(page.text.contains("An editor or an owner makes one"));
    }
    let filtered = editor.get(&format!("{}?filter[email]=x%40y.example", contacts(&world)));
    assert_eq!(filtered.status, 200);
    assert!(filtered.text.contains("No contact has all of that."));
}

#[test]
fn tasks_are_found_by_what_is_to_be_done_about_them() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let day = |days: i64| {
        let at = world.crm.now().as_millis() + days * 24 * 60 * 60 * 1000;
        Timestamp::from_millis(at).to_string()
    };
    for (subject, due_at, done_at) in [
        ("Call", None, None),
        ("Late", Some(day(-2)), None),
        ("Done", Some(day(-1)), Some(day(0))),
        ("Now", Some(day(0)), None),
        ("Later", Some(day(3)), None),
    ] {
        let task =
            json!({ "type": "task", "subject": subject, "due_at": due_at, "done_at": done_at });
        make(&world, ObjectType::Activity, task);
        world.clock.advance_millis(1);
    }
    let path = format!("{}/activities", world.place);
    let all = browser.get(&path);
    assert!(
        all.text
            .contains(&format!("href=\"{path}\" aria-current=\"page\">All<"))
    );
    for (view, found) in [
        ("Open tasks", &["Later", "Now", "Late"][..]),
        ("Overdue", &["Late"]),
        ("Due today", &["Now"]),
    ] {
        let label = format!(">{view}</a>");
        let before = all.text.split(&label).next().unwrap();
        let link = before.rsplit("href=\"").next().unwrap();
        let link = link.split('"').next().unwrap().replace("&#38;", "&");
        let page = browser.get(&link);
        assert_eq!(names(&page), found, "{view}");
        let here = format!("aria-current=\"page\">{view}<");
        assert!(page.text.contains(&here), "{}", page.text);
        assert!(page.text.contains("due 20"), "{}", page.text);
    }
}

#[test]
fn filters_are_those_of_the_api_and_are_taken_out_one_by_one() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    many(&world, 6);
    let deals = format!("{}/deals", world.place);
    for (query, found) in [
        ("filter[stage]=won", &["Deal 4.", "Deal 2.", "Deal 0."][..]),
        (
            "stage=won&filter[value_cents][gte]=2",
            &["Deal 4.", "Deal 2."],
        ),
        ("filter%5Bvalue_cents%5D[in]=1,5", &["Deal 5.", "Deal 1."]),
        ("filter[title][ilike]=%25l%203.", &["Deal 3."]),
        ("limit=2", &["Deal 5.", "Deal 4."]),
    ] {
        let page = browser.get(&format!("{deals}?{query}"));
        assert_eq!(names(&page), found, "{query}");
    }
    let page = browser.get(&format!(
        "{deals}?filter[stage]=won&filter[value_cents][gte]=2"
    ));
    assert!(page.text.contains("Stage is won") && page.text.contains("Value is at least 2"));
    let line = "/v1/deals?filter[stage]=won&#38;filter[value_cents][gte]=2&#38;limit=25";
    assert!(page.text.contains(line), "{}", page.text);
    let without = href(&page, "<span>Stage is won</span>");
    assert_eq!(without, format!("{deals}?filter[value_cents][gte]=2"));
    assert_eq!(names(&browser.get(&without)).len(), 4);
}

#[test]
fn a_filter_is_added_by_a_form_without_a_script() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let path = contacts(&world);
    let field =
        json!({ "object_type": "contact", "key": "plan", "label": "Their plan", "type": "text" });
    wait(world.scoped().fields().define_json(field)).unwrap();
    let page = browser.get(&path);
    assert!(
        page.text
            .contains("<option value=\"metadata.plan\">Their plan</option>")
    );
    let led = browser.get(&format!(
        "{path}?stage=x&cursor=c&add.field=metadata.plan&add.operator=in&add.value=a+b%2Cc"
    ));
    assert_eq!(led.status, 303);
    assert_eq!(
        led.location(),
        format!("{path}?stage=x&filter[metadata.plan][in]=a%20b,c")
    );
    let led = browser.get(&format!(
        "{path}?add.field=email&add.operator=eq&add.value="
    ));
    assert_eq!(led.location(), path);
}

#[test]
fn what_the_api_refuses_is_said_at_the_filter_in_its_words() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    for (query, said, at_chip) in [
        ("filter[emial]=x", "Did you mean <code>email</code>?", true),
        ("filter[created_at][gte]=yesterday", "created_at", true),
        ("sort=email", "newest first, and in no other order", true),
        ("filter[email=x", "filter[field][operator]=value", true),
        (
            "limit=many",
            "<code>limit</code> must be a whole number",
            false,
        ),
        ("cursor=x", "ursor", false),
        ("filter[first_name]=%zz", "percent-encoded", false),
    ] {
        let page = browser.get(&format!("{}?{query}", contacts(&world)));
        assert_eq!(page.status, 400, "{query}: {}", page.text);
        assert!(page.text.contains(said), "{query}: {}", page.text);
        let is_at_chip = page.text.contains("class=\"error\" role=\"alert\"");
        assert_eq!(is_at_chip, at_chip, "{query}: {}", page.text);
        assert!(
            !page.text.split("<main").nth(1).unwrap().contains('`'),
            "{query}"
        );
    }
    let api = "There is no parameter";
    let page = browser.get(&format!("{}?sort=email", contacts(&world)));
    assert!(page.text.contains(api));
}

#[test]
fn pages_lead_on_and_back() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    many(&world, 60);
    let deals = format!("{}/deals", world.place);
    let first = browser.get(&deals);
    assert_eq!(names(&first).len(), 25);
    assert!(!first.text.contains("rel=\"prev\""));
    let second = browser.get(&href(&first, "rel=\"next\""));
    assert_eq!(names(&second)[0], "Deal 34.");
    let third = browser.get(&href(&second, "rel=\"next\""));
    assert_eq!(names(&third).len(), 10);
    assert!(!third.text.contains("rel=\"next\""));
    let back = browser.get(&href(&third, "rel=\"prev\""));
    assert_eq!(names(&back), names(&second));
    let back = browser.get(&href(&back, "rel=\"prev\""));
    assert_eq!(names(&back), names(&first));
    assert!(!back.text.contains("rel=\"prev\""));
    let most = browser.get(&format!("{deals}?limit=200"));
    assert_eq!(names(&most).len(), 25, "a page is bounded");
}

#[test]
fn a_list_is_of_one_workspace_and_mode() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Owner);
    make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    let other = wait(world.crm.create_workspace("other")).unwrap().id;
    let elsewhere = wait(world.crm.open(other, Mode::Test)).unwrap();
    make_in(
        &elsewhere,
        ObjectType::Contact,
        json!({ "first_name": "Grace" }),
    );
    assert_eq!(names(&browser.get(&contacts(&world))), ["Ada"]);
    let live = contacts(&world).replace("/test/", "/live/");
    assert!(names(&browser.get(&live)).is_empty());
    let theirs = browser.get(&format!("/console/{other}/test/contacts"));
    assert_eq!(names(&theirs), ["Grace"]);
}

#[test]
fn whatever_a_record_holds_is_text_and_a_page_stays_small() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let long = "\"".repeat(490);
    for n in 0..30 {
        let deal = json!({ "title": format!("{n}{long}"), "stage": long, "value_cents": 1, "company_id": null });
        make(&world, ObjectType::Deal, deal);
    }
    let deals = format!("{}/deals", world.place);
    let page = browser.get(&deals);
    assert!(page.text.len() <= 100 * 1024, "{}", page.text.len());
    let company = make(&world, ObjectType::Company, json!({ "name": CANARY }));
    let deal = json!({ "title": CANARY, "stage": CANARY, "company_id": company.text() });
    make(&world, ObjectType::Deal, deal);
    browser.get(&deals).shows_as_text(CANARY);
    let query =
        super::browser::encoded(&[(&format!("filter[{CANARY}]"), CANARY), (CANARY, CANARY)]);
    for query in [
        query,
        format!(
            "{}=1",
            form_urlencoded::byte_serialize(CANARY.as_bytes()).collect::<String>()
        ),
    ] {
        let page = browser.get(&format!("{deals}?{query}"));
        assert_eq!(page.status, 400);
        page.shows_as_text(CANARY);
    }
}

#[test]
fn nobody_is_shown_a_list() {
    let world = World::new();
    let mut nobody = Browser::new(&world);
    assert_eq!(nobody.get(&contacts(&world)).status, 303);
}

#[test]
fn an_address_of_thousands_of_filters_is_refused_by_a_small_page() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let many = "a&".repeat(4_000);
    for list in ["contacts", "deals", "contacts/trash", "events"] {
        let page = browser.get(&format!("{}/{list}?{many}", world.place));
        assert_eq!(page.status, 400, "{list}");
        assert!(
            page.text.len() < 200 * 1024,
            "{list}: {} bytes",
            page.text.len()
        );
    }
    let page = browser.get(&format!("{}?{many}", contacts(&world)));
    assert!(page.text.contains("4000 filters"));
    assert_eq!(href(&page, "4000 filters"), contacts(&world));
}
