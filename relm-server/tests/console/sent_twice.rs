//! Forms that are sent twice, as a double click does, or again after going back and typing something else.

use relm_core::{ContactInput, ObjectType, Role};
use serde_json::json;

use super::browser::{World, wait};
use super::seed::{make, read};
use super::typed::{send, sent};

const EVA: &str = "eva@example.com";
const SENT_BEFORE: &str = "This form was sent before with something else in it";

#[test]
fn a_change_that_was_made_already_is_told_as_made() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let ada = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    let edit = format!("{}/contacts/{ada}/edit", world.place);
    let page = browser.get(&edit);
    let typed = [("phone", "555")];
    let saved = send(&mut browser, &edit, &page, &typed);
    assert!(saved.location().ends_with("?notice=saved"));
    let again = send(&mut browser, &edit, &page, &typed);
    assert_eq!(again.status, 303, "{}", again.text);
    assert_eq!(again.location(), saved.location());
    assert_eq!(read(&world, ada)["version"], 2);

    // Whoever typed the same as somebody else has nothing to decide.
    let page = browser.get(&edit);
    let input = ContactInput {
        phone: "556".into(),
        ..ContactInput::default()
    };
    wait(world.scoped().contacts().update(ada, input, None)).unwrap();
    let same = send(&mut browser, &edit, &page, &[("phone", "556")]);
    assert_eq!(same.location(), saved.location());
    let other = send(&mut browser, &edit, &page, &[("phone", "557")]);
    assert_eq!(other.status, 412);
    assert!(other.text.contains("Somebody else changed this meanwhile"));
}

#[test]
fn a_record_that_was_deleted_already_is_told_as_deleted() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let ada = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    let delete = format!("{}/contacts/{ada}/delete", world.place);
    let page = browser.get(&delete);
    let fields = [
        ("csrf", page.hidden("csrf")),
        ("version", page.hidden("version")),
    ];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    for _ in 0..2 {
        let deleted = browser.post(&delete, &fields);
        assert_eq!(deleted.status, 303, "{}", deleted.text);
        assert!(deleted.location().ends_with("/contacts?notice=deleted"));
    }
    let never = delete.replace(&ada.text(), "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB");
    assert_eq!(browser.post(&never, &fields).status, 404);
}

#[test]
fn a_form_that_made_something_else_before_says_so_in_words_of_forms() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let contacts = format!("{}/contacts", world.place);
    let page = browser.get(&format!("{contacts}/new"));
    let made = send(&mut browser, &contacts, &page, &[("first_name", "Ada")]);
    assert_eq!(made.status, 303, "{}", made.text);
    let other = send(&mut browser, &contacts, &page, &[("first_name", "Grace")]);
    assert_eq!(other.status, 409);

    let keys = world.keys();
    let page = browser.get(&format!("{keys}/new"));
    let fields = sent(&page, &[("name", "one")]);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    assert_eq!(browser.post(&keys, &fields).status, 201);
    let fields = sent(&page, &[("name", "two")]);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let key = browser.post(&keys, &fields);
    assert_eq!(key.status, 409);
    for page in [other, key] {
        assert!(page.text.contains(SENT_BEFORE), "{}", page.text);
        assert!(!page.text.contains("Idempotency-Key"), "{}", page.text);
    }
}
