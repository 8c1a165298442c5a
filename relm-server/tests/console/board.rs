//! The board: deals by stage, counted and added up as far as is said, and moved by a form.

use relm_core::{DealInput, Id, ObjectType, Role};
use serde_json::{Value, json};

use super::browser::{Answered, Browser, CANARY, World, wait};
use super::seed::{make, read};

const EVA: &str = "eva@example.com";

fn board(world: &World) -> String {
    format!("{}/deals/board", world.place)
}

fn deal(world: &World, title: &str, stage: Option<&str>, worth: Option<(i64, &str)>) -> Id {
    let mut body = json!({ "title": title, "stage": stage });
    if let Some((cents, currency)) = worth {
        body["value_cents"] = json!(cents);
        body["currency"] = json!(currency);
    }
    world.clock.advance_millis(1);
    make(world, ObjectType::Deal, body)
}

/// Each column's text, without tags.
fn columns(page: &Answered) -> Vec<String> {
    let columns = page.text.split("<section class=\"stage\"").skip(1);
    columns
        .map(|column| {
            let column = column.split("</section>").next().unwrap();
            let texts = column
                .split('<')
                .map(|part| part.split('>').next_back().unwrap().trim());
            let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
            texts.join("|")
        })
        .collect()
}

/// What the button of a card sends that leads to a stage, with the hidden fields of the form.
fn to(page: &Answered, id: Id, stage: &str) -> Vec<(String, String)> {
    let form = page.text.split("<form method=\"post\"").last().unwrap();
    let form = form.split("</form>").next().unwrap();
    let hidden = form.split("type=\"hidden\" name=\"").skip(1);
    let mut fields: Vec<(String, String)> = hidden
        .map(|field| {
            let mut parts = field.split('"');
            let name = parts.next().unwrap().to_owned();
            (name, parts.nth(1).unwrap().replace("&#38;", "&"))
        })
        .collect();
    let card = form.split(&format!("<li id=\"{id}\"")).nth(1).unwrap();
    let card = card.split("</li>").next().unwrap();
    let button = card.split(&format!("\">{stage}</button>")).next().unwrap();
    let place = button.rsplit("value=\"").next().unwrap();
    fields.push(("to".to_owned(), place.to_owned()));
    fields
}

fn send(browser: &mut Browser<'_>, path: &str, fields: &[(String, String)]) -> Answered {
    let fields = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<(&str, &str)> = fields.collect();
    browser.post(path, &fields)
}

#[test]
fn stages_are_columns_with_what_their_deals_are_worth() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let page = browser.get(&board(&world));
    assert!(page.text.contains("No deal yet."), "{}", page.text);
    deal(&world, "Engine", Some("won"), Some((150_000, "EUR")));
    deal(&world, "Mill", Some("won"), Some((50, "EUR")));
    deal(&world, "Loom", Some("won"), Some((700, "JPY")));
    deal(&world, "Card", Some("lead"), None);
    deal(&world, "Drum", None, None);
    let page = browser.get(&board(&world));
    let expected = [
        "No stage|1|Drum",
        "lead|1|Card",
        "won|3|1,500.50 EUR|700 JPY|Loom|700 JPY|Mill|0.50 EUR|Engine|1,500.00 EUR",
    ];
    assert_eq!(columns(&page), expected);
    assert!(!page.text.contains("name=\"to\""), "a reader moves nothing");
    let list = browser.get(&format!("{}/deals", world.place));
    assert!(list.text.contains(&board(&world)));
    let live = browser.get(&board(&world).replace("/test/", "/live/"));
    assert!(columns(&live).is_empty());
}

#[test]
fn of_a_large_stage_the_newest_are_counted_and_that_is_said() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    for n in 0..50 {
        deal(
            &world,
            &format!("Deal {n}"),
            Some("lead"),
            Some((100, "EUR")),
        );
    }
    for other in ["qualified", "proposal", "won", "lost"] {
        deal(&world, other, Some(other), None);
    }
    let column = &columns(&browser.get(&board(&world)))[0];
    assert!(column.starts_with("lead|50|50.00 EUR|Deal 49|"), "{column}");
    assert!(column.contains("|All 50|"), "{column}");
    deal(&world, "Deal 50", Some("lead"), Some((100, "EUR")));
    let page = browser.get(&board(&world));
    let column = &columns(&page)[0];
    assert!(
        column.starts_with("lead|50+|50.00 EUR|of the newest 50|Deal 50|"),
        "{column}"
    );
    assert!(column.contains("|All of them|"), "{column}");
    assert!(page.text.contains("/deals?filter[stage]=lead\""));
}

#[test]
fn a_deal_is_moved_by_a_form_once_however_often_it_is_sent() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let engine = deal(&world, "Engine", Some("lead"), None);
    deal(&world, "Mill", Some("won"), None);
    deal(&world, "Drum", None, None);
    let page = browser.get(&board(&world));
    let won = to(&page, engine, "won");
    let moved = send(&mut browser, &board(&world), &won);
    assert_eq!(moved.status, 303, "{}", moved.text);
    let expected = format!("{}?notice=moved#{engine}", board(&world));
    assert_eq!(moved.location(), expected);
    assert_eq!(read(&world, engine)["stage"], "won");
    assert_eq!(read(&world, engine)["version"], 2);
    let again = send(&mut browser, &board(&world), &won);
    assert_eq!(again.location(), expected);
    assert_eq!(read(&world, engine)["version"], 2);

    let page = browser.get(&expected);
    assert!(page.text.contains("The deal was moved."));
    let record = browser.get(&format!("{}/deals/{engine}", world.place));
    assert!(record.text.contains("Changed</b> by eva@example.com"));
    let none = to(&page, engine, "No stage");
    assert_eq!(send(&mut browser, &board(&world), &none).status, 303);
    assert_eq!(read(&world, engine)["stage"], Value::Null);
}

#[test]
fn a_deal_that_somebody_else_saved_stays_where_it_is() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let engine = deal(&world, "Engine", Some("lead"), None);
    deal(&world, "Mill", Some("won"), None);
    let won = to(&browser.get(&board(&world)), engine, "won");
    let lost = DealInput {
        stage: "lost".into(),
        ..DealInput::default()
    };
    wait(world.scoped().deals().update(engine, lost, None)).unwrap();
    let refused = send(&mut browser, &board(&world), &won);
    assert_eq!(refused.status, 412, "{}", refused.text);
    assert!(refused.text.contains("Somebody else saved this deal"));
    assert_eq!(read(&world, engine)["stage"], "lost");
    assert_eq!(
        columns(&refused),
        ["won|1|Mill|Move|lost", "lost|1|Engine|Move|won"]
    );
    wait(world.scoped().deals().delete(engine, None)).unwrap();
    let gone = send(&mut browser, &board(&world), &won);
    assert_eq!(gone.status, 404, "{}", gone.text);
    for broken in ["", "0", "9.0", "0.9", "x.y"] {
        let mut fields = won.clone();
        fields.last_mut().unwrap().1 = broken.to_owned();
        let refused = send(&mut browser, &board(&world), &fields);
        assert_eq!(refused.status, 400, "{broken}: {}", refused.text);
        assert!(refused.text.contains("Choose the deal"));
    }
}

#[test]
fn the_address_chooses_stages_and_their_order() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let engine = deal(&world, "Engine", Some("Phase 1, early"), None);
    deal(&world, "Mill", Some("won"), None);
    for n in 0..9 {
        deal(&world, "Many", Some(&format!("stage {n}")), None);
        deal(&world, "Many", Some(&format!("stage {n}")), None);
    }
    let page = browser.get(&board(&world));
    assert_eq!(columns(&page).len(), 8);
    assert!(page.text.contains("3 more stages among the newest 100"));
    let chosen = format!("{}?stages=won%2C%20to%20do", board(&world));
    let page = browser.get(&chosen);
    assert_eq!(
        columns(&page),
        ["won|1|Mill|Move|to do", "to do|0|No deal."]
    );
    assert!(page.text.contains("value=\"won, to do\""));
    assert!(!page.text.contains("had no room"));
    let mill = page.text.split("<li id=\"").nth(1).unwrap();
    let mill = mill.split('"').next().unwrap().parse().unwrap();
    let todo = to(&page, mill, "to do");
    let action = page
        .text
        .split("<form method=\"post\" action=\"")
        .last()
        .unwrap();
    let action = action.split('"').next().unwrap().replace("&#38;", "&");
    let moved = send(&mut browser, &action, &todo);
    assert!(
        moved.location().starts_with(&format!(
            "{}?notice=moved&stages=won%2Cto%20do#",
            board(&world)
        )),
        "{}",
        moved.location()
    );
    assert_eq!(read(&world, mill)["stage"], "to do");
    assert_eq!(read(&world, engine)["stage"], "Phase 1, early");
}

#[test]
fn whatever_a_deal_holds_is_text_and_a_board_stays_small() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let company = make(&world, ObjectType::Company, json!({ "name": CANARY }));
    let long = "\"".repeat(490);
    for n in 0..90 {
        let stage = format!("{n}{long}", n = n % 9);
        let body = json!({ "title": format!("{CANARY}{long}")[..500].to_owned(), "stage": stage, "company_id": company.text(), "value_cents": 1 });
        make(&world, ObjectType::Deal, body);
    }
    let page = browser.get(&board(&world));
    assert_eq!(page.status, 200);
    page.shows_as_text(CANARY);
    assert!(page.text.len() <= 100 * 1024, "{}", page.text.len());
    assert!(page.text.contains("<li id="), "something is shown");
}
