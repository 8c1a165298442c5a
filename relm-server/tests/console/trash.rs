//! The trash: what is deleted is listed and comes back.

use relm_core::{ObjectType, Role};
use serde_json::json;

use super::browser::{CANARY, World, wait};
use super::seed::{link, make, read};

const EVA: &str = "eva@example.com";

#[test]
fn what_is_deleted_is_listed_and_restored_with_its_links() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let contact = make(
        &world,
        ObjectType::Contact,
        json!({ "first_name": "Ada", "email": "ada@example.com" }),
    );
    let deal = make(&world, ObjectType::Deal, json!({ "title": "Engine" }));
    link(&world, contact, deal, None);
    let trash = format!("{}/contacts/trash", world.place);
    assert!(browser.get(&trash).text.contains("The trash is empty."));
    wait(world.scoped().contacts().delete(contact, None)).unwrap();
    let page = browser.get(&trash);
    for shown in [
        "Ada",
        "ada@example.com",
        "/v1/contacts?deleted=true&#38;limit=25",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(
        browser
            .get(&trash.replace("/test/", "/live/"))
            .text
            .contains("The trash is empty.")
    );
    let restore = format!("{}/contacts/{contact}/restore", world.place);
    assert_eq!(
        browser
            .submit(&trash, &restore.replace("/test/", "/live/"), &[])
            .status,
        404
    );
    let done = browser.submit(&trash, &restore, &[]);
    assert_eq!(done.status, 303, "{}", done.text);
    let page = browser.get(done.location());
    assert!(page.text.contains("It is back from the trash") && page.text.contains("Engine"));
    assert_eq!(browser.submit(&trash, &restore, &[]).status, 404);
}

#[test]
fn an_address_that_was_taken_meanwhile_is_said_with_who_has_it() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let ada = json!({ "email": "ada@example.com", "first_name": CANARY });
    let contact = make(&world, ObjectType::Contact, ada.clone());
    wait(world.scoped().contacts().delete(contact, None)).unwrap();
    let other = make(&world, ObjectType::Contact, ada);
    let trash = format!("{}/contacts/trash", world.place);
    browser.get(&trash).shows_as_text(CANARY);
    let restore = format!("{}/contacts/{contact}/restore", world.place);
    let told = browser.submit(&trash, &restore, &[]);
    assert_eq!(told.status, 409, "{}", told.text);
    assert!(told.text.contains(&format!(
        "{}/contacts/{other}\">It is this one</a>",
        world.place
    )));
    assert!(read(&world, contact).is_null());
}

#[test]
fn the_trash_takes_no_filters_and_says_so() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Reader);
    let trash = format!("{}/contacts/trash", world.place);
    let told = browser.get(&format!("{trash}?filter[email]=x"));
    assert_eq!(told.status, 400);
    assert!(
        told.text.contains("The trash takes no filters"),
        "{}",
        told.text
    );
}

#[test]
fn the_page_of_a_merged_record_leads_to_the_one_that_it_was_merged_into() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let ada = make(&world, ObjectType::Contact, json!({ "first_name": CANARY }));
    let twin = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    let merge = json!({ "from": [twin] });
    let scoped = world.scoped();
    wait(scoped.contacts().merge_json(ada, merge, None)).unwrap();
    let page = browser.get(&format!("{}/contacts/{twin}", world.place));
    page.shows_as_text(CANARY);
    let href = format!("href=\"{}/contacts/{ada}\"", world.place);
    assert!(page.text.contains(&href), "{}", page.text);
    // It is undone by its request: the trash has no more of it than its id.
    assert!(!page.text.contains("/restore\""), "{}", page.text);
    let trash = browser.get(&format!("{}/contacts/trash", world.place));
    assert!(trash.text.contains("The trash is empty."), "{}", trash.text);
    let survivor = browser.get(&format!("{}/contacts/{ada}", world.place));
    assert!(survivor.text.contains("Merged"), "{}", survivor.text);
}
