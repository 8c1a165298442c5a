//! The pages of duplicates, and of merges: records side by side, chosen, looked at, merged, and apart again.

use relm_core::{Id, ObjectType, Role};
use serde_json::{Value, json};

use super::browser::{Answered, Browser, CANARY, World, wait};
use super::seed::{make, read};

const EVA: &str = "eva@example.com";

fn contacts(world: &World) -> String {
    format!("{}/contacts", world.place)
}

fn contact(world: &World, body: Value) -> Id {
    make(world, ObjectType::Contact, body)
}

/// Two contacts of one telephone number.
fn twins(world: &World) -> [Id; 2] {
    let first = json!({ "email": "ada@example.com", "first_name": "Ada", "phone": "+1 415 555 0132", "metadata": { "plan": "free" } });
    let second = json!({ "first_name": "Augusta", "last_name": "King", "phone": "+1 415 555-0132", "metadata": { "plan": "pro" } });
    [contact(world, first), contact(world, second)]
}

/// The fields that a form of the page repeats, each with its values.
fn hidden(page: &Answered) -> Vec<(String, String)> {
    let inputs = page.text.split("<input type=\"hidden\" name=\"").skip(1);
    let read = inputs.filter_map(|rest| {
        let (name, rest) = rest.split_once("\" value=\"")?;
        let (value, _) = rest.split_once('"')?;
        let value = value.replace("&#34;", "\"").replace("&#38;", "&");
        Some((name.to_owned(), value))
    });
    read.collect()
}

/// Sends what the page shows as the result.
fn confirm(browser: &mut Browser<'_>, path: &str, page: &Answered) -> Answered {
    let form = page
        .text
        .split("<section class=\"outcome\"")
        .nth(1)
        .unwrap();
    let form = Answered {
        status: page.status,
        headers: page.headers.clone(),
        text: form.split("</form>").next().unwrap().to_owned(),
    };
    let fields = hidden(&form);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    browser.post(path, &fields)
}

#[test]
fn duplicates_are_listed_with_their_reason_and_compared() {
    let world = World::new();
    let [first, second] = twins(&world);
    let mut browser = world.signed_in(EVA, Role::Editor);
    let list = contacts(&world);
    assert!(
        browser
            .get(&list)
            .text
            .contains(&format!("{list}/duplicates"))
    );
    let page = browser.get(&format!("{list}/duplicates"));
    let compare = format!("{list}/merge?id={second}&#38;id={first}");
    for shown in ["Same phone number", "2 contacts", "Augusta King", &compare] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    let compared = browser.get(&compare.replace("&#38;", "&"));
    assert_eq!(compared.status, 200);
    for shown in [
        "+1 415 555-0132",
        "ada@example.com",
        "nothing",
        "free",
        "pro",
    ] {
        assert!(compared.text.contains(shown), "{shown}: {}", compared.text);
    }
    let oldest = format!("name=\"target\" value=\"{first}\" checked");
    assert!(compared.text.contains(&oldest), "{}", compared.text);
    let mut reader = world.signed_in("bob@example.com", Role::Reader);
    let page = reader.get(&format!("{list}/duplicates"));
    assert!(page.text.contains("Same phone number"));
    assert!(!page.text.contains("/merge?"), "{}", page.text);
    for (objects, said) in [
        ("companies", "No duplicates"),
        ("activities", "not looked for"),
    ] {
        let page = browser.get(&format!("{}/{objects}/duplicates", world.place));
        assert!(page.text.contains(said), "{}", page.text);
    }
    let wrong = browser.get(&format!("{list}/duplicates?cursor=x"));
    assert_eq!(wrong.status, 400);
}

#[test]
fn duplicates_beyond_a_page_are_on_the_next() {
    let world = World::new();
    twins(&world);
    for n in 0..60 {
        contact(&world, json!({ "email": format!("{n}@example.com") }));
    }
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = format!("{}/duplicates", contacts(&world));
    let page = browser.get(&path).text;
    assert!(page.contains("None among these 50"), "{page}");
    let next = page.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = browser.get(next.split('"').next().unwrap());
    assert!(next.text.contains("Same phone number"), "{}", next.text);
    assert!(!next.text.contains("rel=\"next\""), "{}", next.text);
}

#[test]
fn what_is_marked_is_what_the_record_has() {
    let world = World::new();
    let [first, second] = twins(&world);
    let call = json!({ "type": "call", "contact_id": first.text() });
    let call = make(&world, ObjectType::Activity, call);
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = format!("{}/merge", contacts(&world));
    let asked = format!("{path}?id={first}&id={second}");
    let page = browser.get(&asked);
    let (first_id, second_id) = (first.text(), second.text());
    let fields = [
        ("csrf", &*page.hidden("csrf")),
        ("id", &*first_id),
        ("id", &second_id),
        ("target", &second_id),
        ("of.first_name", &second_id),
        ("of.last_name", &first_id),
        ("of.phone", &first_id),
        ("of.metadata.plan", &first_id),
    ];
    let shown = browser.post(&path, &fields);
    assert_eq!(shown.status, 200, "{}", shown.text);
    assert!(
        shown.text.contains("Augusta, once merged"),
        "{}",
        shown.text
    );
    assert!(
        shown.text.contains("Merge into Augusta King"),
        "{}",
        shown.text
    );
    assert_ne!(read(&world, first), Value::Null, "nothing is merged yet");
    let done = confirm(&mut browser, &path, &shown);
    let page = format!("{}/{second}?notice=merged", contacts(&world));
    assert_eq!(
        (done.status, done.location()),
        (303, &*page),
        "{}",
        done.text
    );
    let record = read(&world, second);
    for (name, value) in [
        ("email", json!("ada@example.com")),
        ("first_name", json!("Augusta")),
        ("last_name", Value::Null),
        ("phone", json!("+1 415 555 0132")),
        ("metadata", json!({ "plan": "free" })),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    assert_eq!(read(&world, call)["contact_id"], json!(second_id));
    let again = confirm(&mut browser, &path, &shown);
    assert_eq!(
        (again.status, again.location()),
        (303, &*page),
        "sent twice"
    );
    undo(&mut browser, &page);
    assert_eq!(read(&world, first)["email"], json!("ada@example.com"));
    assert_eq!(read(&world, call)["contact_id"], json!(first_id));
}

/// Follows the way to undo a merge from the page that it leads to.
fn undo(browser: &mut Browser<'_>, page: &str) {
    let led = browser.get(page).text;
    assert!(led.contains("are one now"), "{led}");
    let mut links = led.split("<a href=\"");
    let undo = links.find(|rest| rest.contains(">Undo the merge<"));
    let undo = undo.unwrap().split('"').next().unwrap();
    let undone = browser.submit(undo, undo, &[]);
    assert_eq!(undone.status, 200, "{}", undone.text);
}

#[test]
fn what_changed_since_the_result_was_shown_is_not_merged() {
    let world = World::new();
    let [first, second] = twins(&world);
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = format!("{}/merge", contacts(&world));
    let page = browser.get(&format!("{path}?id={first}&id={second}"));
    let (first_id, second_id) = (first.text(), second.text());
    let fields = [
        ("csrf", &*page.hidden("csrf")),
        ("id", &*first_id),
        ("id", &second_id),
    ];
    let shown = browser.post(&path, &fields);
    let changed = json!({ "last_name": "Lovelace" });
    let scoped = world.scoped();
    wait(scoped.contacts().update_json(second, changed, None)).unwrap();
    let late = confirm(&mut browser, &path, &shown);
    assert_eq!(late.status, 412, "{}", late.text);
    assert!(late.text.contains("Somebody has changed"), "{}", late.text);
    assert!(late.text.contains("Lovelace"), "{}", late.text);
    assert_ne!(read(&world, second), Value::Null);
}

#[test]
fn what_cannot_be_merged_is_said() {
    let world = World::new();
    let [first, second] = twins(&world);
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = format!("{}/merge", contacts(&world));
    let nobody = Id::new(relm_core::Kind::Contact, 7);
    for (query, said) in [
        (String::new(), "There is nothing to merge"),
        (format!("?id={first}"), "There is nothing to merge"),
        (
            format!("?id={first}&id={first}&id=x"),
            "There is nothing to merge",
        ),
        (format!("?id={first}&id={nobody}"), "not there any more"),
    ] {
        let page = browser.get(&format!("{path}{query}"));
        assert_eq!(page.status, 200);
        assert!(page.text.contains(said), "{query}: {}", page.text);
    }
    let many: Vec<String> = (0..25)
        .map(|n| {
            format!(
                "id={}",
                contact(&world, json!({ "email": format!("{n}@example.com") }))
            )
        })
        .collect();
    let page = browser.get(&format!("{path}?{}", many.join("&")));
    assert!(page.text.contains("no more can be merged"), "{}", page.text);
    assert_eq!(page.text.matches("name=\"target\"").count(), 21);
    let field = json!({ "object_type": "contact", "key": "plan", "type": "select", "options": { "choices": ["free"] } });
    wait(world.scoped().fields().define_json(field)).unwrap();
    let (first_id, second_id) = (first.text(), second.text());
    let fields = [
        ("csrf", &*page.hidden("csrf")),
        ("id", &*first_id),
        ("id", &second_id),
        ("of.metadata.plan", &second_id),
    ];
    let refused = browser.post(&path, &fields);
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("metadata.plan"), "{}", refused.text);
    assert!(!refused.text.contains("once merged"), "{}", refused.text);
}

#[test]
fn a_merge_begins_at_a_record_too() {
    let world = World::new();
    let ada = contact(
        &world,
        json!({ "first_name": "Ada", "email": "ada@example.com" }),
    );
    let twin = contact(&world, json!({ "first_name": "Ada", "last_name": CANARY }));
    let mut browser = world.signed_in(EVA, Role::Editor);
    let page = format!("{}/{ada}", contacts(&world));
    assert!(browser.get(&page).text.contains(&format!("{page}/merge")));
    let found = browser.get(&format!("{page}/merge"));
    found.shows_as_text(CANARY);
    let offered = format!("name=\"id\" value=\"{twin}\" checked");
    assert!(found.text.contains(&offered), "{}", found.text);
    let none = browser.get(&format!("{page}/merge?q=nobody"));
    assert!(none.text.contains("No other contact"), "{}", none.text);
    let compared = browser.get(&format!("{}/merge?id={ada}&id={twin}", contacts(&world)));
    compared.shows_as_text(CANARY);
    let gone = browser.get(&format!("{}/merge", page.replace("con_", "deal_")));
    assert_eq!(gone.status, 404);
}

#[test]
fn the_tags_of_all_are_kept_and_shown_beforehand() {
    let world = World::new();
    let one = json!({ "email": "ada@example.com", "phone": "+1 415 555 0132", "tags": ["a"] });
    let other = json!({ "first_name": "Ada", "phone": "+1 415 555 0132", "tags": ["b"] });
    let [first, second] = [one, other].map(|body| contact(&world, body));
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = format!("{}/merge", contacts(&world));
    let page = browser.get(&format!("{path}?id={first}&id={second}"));
    assert!(
        page.text.contains("Tags: those of all of them."),
        "{}",
        page.text
    );
    let (one, other) = (first.text(), second.text());
    let chosen = browser.submit(
        &format!("{path}?id={first}&id={second}"),
        &path,
        &[
            ("id", one.as_str()),
            ("id", other.as_str()),
            ("target", one.as_str()),
        ],
    );
    assert!(chosen.text.contains("a, b"), "{}", chosen.text);
    let merged = confirm(&mut browser, &path, &chosen);
    assert_eq!(merged.status, 303, "{}", merged.text);
    assert_eq!(read(&world, first)["tags"], json!(["a", "b"]));
}
