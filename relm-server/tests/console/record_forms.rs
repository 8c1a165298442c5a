//! Records made, changed and deleted by forms, which say what the API says, where it says it.

use relm_core::{ContactInput, ObjectType, Role};
use serde_json::{Value, json};

use super::browser::{Answered, Browser, CANARY, World, wait};
use super::seed::{make, read};
use super::typed::{send, sent};

const EVA: &str = "eva@example.com";

fn contacts(world: &World) -> String {
    format!("{}/contacts", world.place)
}

fn create(browser: &mut Browser<'_>, list: &str, fields: &[(&str, &str)]) -> Answered {
    browser.submit(&format!("{list}/new"), list, fields)
}

fn plan(world: &World, required: bool) {
    let field = json!({ "object_type": "contact", "key": "plan", "label": "Plan", "type": "select", "required": required,
                        "options": { "choices": ["free", "pro"] } });
    wait(world.scoped().fields().define_json(field)).unwrap();
}

#[test]
fn a_record_is_made_once_however_often_its_form_is_sent() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    plan(&world, true);
    let list = contacts(&world);
    let page = browser.get(&format!("{list}/new"));
    assert!(
        page.text
            .contains("POST http://crm.example.com:8080/v1/contacts")
    );
    let typed = [
        ("email", " ada@example.com "),
        ("first_name", "Ada"),
        ("metadata.plan", "pro"),
        ("metadata", "{\"seats\": 3}"),
    ];
    let made = send(&mut browser, &list, &page, &typed);
    assert_eq!(made.status, 303, "{}", made.text);
    let path = made.location().split('?').next().unwrap().to_owned();
    let again = send(&mut browser, &list, &page, &typed);
    assert_eq!(again.location(), made.location());
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let record = read(&world, id);
    assert_eq!(record["email"], "ada@example.com");
    assert_eq!(record["metadata"], json!({ "plan": "pro", "seats": 3 }));
    assert_eq!(record["phone"], Value::Null);
    let page = browser.get(made.location());
    assert!(page.text.contains("It was created.") && page.text.contains("by eva@example.com"));
    let deals = format!("{}/deals", world.place);
    let deal = [
        ("title", "Engine"),
        ("value_cents", "150000"),
        ("close_date", "2027-01-02"),
    ];
    let made = create(&mut browser, &deals, &deal);
    assert_eq!(made.status, 303, "{}", made.text);
    let activities = format!("{}/activities", world.place);
    let call = [("type", "call"), ("occurred_at", "2026-11-28T10:30")];
    let made = create(&mut browser, &activities, &call);
    let id = made
        .location()
        .split('?')
        .next()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(read(&world, id)["occurred_at"], "2026-11-28T10:30:00.000Z");
}

const PRO: (&str, &str) = ("metadata.plan", "pro");

/// What is typed, the status, the field at which something is said, and what is still in the form.
type Mistake = (
    &'static [(&'static str, &'static str)],
    u16,
    &'static str,
    &'static str,
);

const MISTAKES: [Mistake; 7] = [
    (&[("email", "ada"), PRO], 422, "f-email", "value=\"ada\""),
    (
        &[("first_name", "Eva")],
        422,
        "f-metadata-plan",
        "value=\"Eva\"",
    ),
    (
        &[("first_name", "Eva"), ("metadata.plan", "gold")],
        422,
        "f-metadata-plan",
        "value=\"gold\" selected",
    ),
    (
        &[("company_id", "con_x"), PRO],
        422,
        "f-company_id",
        "value=\"con_x\"",
    ),
    (
        &[("metadata", "{'a': 1}"), PRO],
        400,
        "f-metadata",
        "{&#39;a&#39;: 1}",
    ),
    (&[("metadata", "[1]"), PRO], 400, "f-metadata", "[1]"),
    (
        &[("email", "ADA@example.com"), PRO],
        409,
        "f-email",
        "ADA@example.com",
    ),
];

/// Whether something is said at a field, and none of it in raw backquotes.
#[track_caller]
fn says_at(page: &Answered, at: &str) {
    let field = page.text.split(&format!("id=\"{at}-hint\"")).nth(1);
    let field = field.unwrap_or_else(|| panic!("{at}: {}", page.text));
    let field = field.split("</div>").next().unwrap();
    assert!(field.contains("class=\"error\""), "{at}: {field}");
    assert!(!page.text.split("<main").nth(1).unwrap().contains('`'));
}

#[test]
fn what_the_api_refuses_is_said_at_the_field_and_keeps_what_was_typed() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    plan(&world, true);
    let list = contacts(&world);
    let ada = json!({ "email": "ada@example.com", "metadata": { "plan": "pro" } });
    let ada = make(&world, ObjectType::Contact, ada);
    for (typed, status, at, kept) in MISTAKES {
        let page = create(&mut browser, &list, typed);
        assert_eq!(page.status, status, "{typed:?}: {}", page.text);
        says_at(&page, at);
        assert!(page.text.contains(kept), "{typed:?}: {}", page.text);
        let leads = page.text.contains(&format!("{list}/{ada}\">Open it</a>"));
        assert_eq!(leads, status == 409, "{typed:?}: {}", page.text);
    }
    let long = "x".repeat(501);
    let page = create(&mut browser, &list, &[("first_name", &long), PRO]);
    says_at(&page, "f-first_name");
    assert!(page.text.contains(&long));
    let nothing = create(&mut browser, &format!("{}/activities", world.place), &[]);
    assert_eq!(nothing.status, 422);
}

#[test]
fn what_is_no_number_and_no_day_is_said_so_by_the_engine() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let deals = format!("{}/deals", world.place);
    for (typed, at) in [
        (
            &[("title", "t"), ("value_cents", "12.5")][..],
            "f-value_cents",
        ),
        (&[("title", "t"), ("close_date", "soon")], "f-close_date"),
        (
            &[("title", "t"), ("value_cents", "1"), ("currency", "EURO")],
            "f-currency",
        ),
    ] {
        let page = create(&mut browser, &deals, typed);
        assert_eq!(page.status, 422, "{typed:?}: {}", page.text);
        says_at(&page, at);
    }
}

#[test]
fn an_edit_changes_what_was_typed_over_and_nothing_else() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    plan(&world, false);
    let ada = json!({ "email": "ada@example.com", "first_name": "Ada \"A\"", "phone": "+44 1",
                      "metadata": { "plan": "pro", "a": 1, "b": [true] } });
    let ada = make(&world, ObjectType::Contact, ada);
    let path = format!("{}/{ada}", contacts(&world));
    let edit = format!("{path}/edit");
    let page = browser.get(&edit);
    assert!(page.text.contains(&format!(
        "PATCH http://crm.example.com:8080/v1/contacts/{ada}"
    )));
    let untouched = send(&mut browser, &edit, &page, &[]);
    assert_eq!(untouched.status, 303, "{}", untouched.text);
    assert_eq!(read(&world, ada)["version"], 1, "nothing was typed over");
    let typed = [
        ("phone", ""),
        ("metadata.plan", "free"),
        ("metadata", "{\"b\": [true], \"c\": null}"),
    ];
    let saved = send(&mut browser, &edit, &page, &typed);
    assert_eq!(saved.location(), format!("{path}?notice=saved"));
    let record = read(&world, ada);
    assert_eq!(
        (&record["version"], &record["phone"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(record["first_name"], "Ada \"A\"");
    assert_eq!(record["metadata"], json!({ "plan": "free", "b": [true] }));
    let call = json!({ "type": "note", "body": "\nfirst\r\nsecond\n", "occurred_at": "2026-11-28T10:30:00.123Z" });
    let call = make(&world, ObjectType::Activity, call);
    let edit = format!("{}/activities/{call}/edit", world.place);
    let page = browser.get(&edit);
    assert_eq!(send(&mut browser, &edit, &page, &[]).status, 303);
    assert_eq!(
        read(&world, call)["version"],
        1,
        "lines and moments are as they were"
    );
}

#[test]
fn a_record_that_somebody_saved_meanwhile_is_not_overwritten() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let ada = json!({ "email": "ada@example.com", "first_name": "Ada", "phone": "+44 1" });
    let ada = make(&world, ObjectType::Contact, ada);
    let edit = format!("{}/{ada}/edit", contacts(&world));
    let page = browser.get(&edit);
    let meanwhile = ContactInput {
        first_name: "Augusta".into(),
        last_name: "King".into(),
        ..Default::default()
    };
    wait(world.scoped().contacts().update(ada, meanwhile, None)).unwrap();
    let typed = [("first_name", "Countess"), ("phone", "+44 2")];
    let told = send(&mut browser, &edit, &page, &typed);
    assert_eq!(told.status, 412, "{}", told.text);
    for shown in [
        "Somebody else saved this contact since you opened it",
        "value=\"Countess\"",
        "value=\"+44 2\"",
        "meanwhile to <b>Augusta</b>",
        "value=\"King\"",
    ] {
        assert!(told.text.contains(shown), "{shown}: {}", told.text);
    }
    assert_eq!(
        read(&world, ada)["first_name"],
        "Augusta",
        "nothing was changed"
    );
    let saved = send(&mut browser, &edit, &told, &[]);
    assert_eq!(saved.status, 303, "{}", saved.text);
    let record = read(&world, ada);
    assert_eq!(record["first_name"], "Countess");
    assert_eq!(record["phone"], "+44 2");
    assert_eq!(
        record["last_name"], "King",
        "what only they changed stays theirs"
    );
    for expected in ["", "x"] {
        let mut fields = sent(&browser.get(&edit), &[("phone", "+44 3")]);
        fields.retain(|(name, _)| name != "version");
        fields.push(("version".to_owned(), expected.to_owned()));
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            browser.post(&edit, &fields).status,
            412,
            "no version is no consent"
        );
    }
}

#[test]
fn a_record_is_deleted_after_it_was_asked_for() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let ada = make(&world, ObjectType::Contact, json!({ "first_name": "Ada" }));
    let delete = format!("{}/{ada}/delete", contacts(&world));
    let asked = browser.get(&delete);
    assert!(asked.text.contains("Delete Ada?") && asked.text.contains("DELETE"));
    let version = asked.hidden("version");
    let elsewhere = delete.replace("/test/", "/live/");
    assert_eq!(browser.get(&elsewhere).status, 404);
    assert_eq!(
        browser
            .submit(&delete, &elsewhere, &[("version", &version)])
            .status,
        404
    );
    let changed = ContactInput {
        phone: "1".into(),
        ..Default::default()
    };
    wait(world.scoped().contacts().update(ada, changed, None)).unwrap();
    let told = browser.submit(&delete, &delete, &[("version", &version)]);
    assert_eq!(told.status, 412);
    assert!(
        told.text.contains("so nothing was deleted"),
        "{}",
        told.text
    );
    let done = browser.submit(&delete, &delete, &[("version", &told.hidden("version"))]);
    assert_eq!(done.status, 303, "{}", done.text);
    let list = browser.get(done.location());
    assert!(list.text.contains("moved to the <a href=") && list.text.contains("No contact yet."));
    assert_eq!(browser.get(&delete).status, 404);
}

#[test]
fn what_is_typed_is_text_and_a_form_stays_small() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let field = json!({ "object_type": "contact", "key": "plan", "label": CANARY, "type": "select",
                        "options": { "choices": [CANARY] } });
    wait(world.scoped().fields().define_json(field)).unwrap();
    let list = contacts(&world);
    browser.get(&format!("{list}/new")).shows_as_text(CANARY);
    let typed = [
        ("email", CANARY),
        ("first_name", CANARY),
        ("company_id", CANARY),
        ("metadata.plan", CANARY),
        ("metadata", CANARY),
    ];
    let refused = create(&mut browser, &list, &typed);
    assert!([400, 422].contains(&refused.status));
    refused.shows_as_text(CANARY);
    let preset = super::browser::encoded(&[("company_id", CANARY)]);
    browser
        .get(&format!("{list}/new?{preset}"))
        .shows_as_text(CANARY);
    for n in 0..150 {
        let choices: Vec<String> = (0..20)
            .map(|choice| format!("{choice}{}", "\"".repeat(30)))
            .collect();
        let field = json!({ "object_type": "deal", "key": format!("f{n}"), "type": "select", "options": { "choices": choices } });
        wait(world.scoped().fields().define_json(field)).unwrap();
    }
    let page = browser.get(&format!("{}/deals/new", world.place));
    assert!(page.text.len() <= 100 * 1024, "{}", page.text.len());
    // What is too long to be typed in a page stays as it is.
    let call = json!({ "type": "note", "body": "\"".repeat(19_000) });
    let call = make(&world, ObjectType::Activity, call);
    let edit = format!("{}/activities/{call}/edit", world.place);
    let page = browser.get(&edit);
    assert!(page.text.contains("too long to be changed here") && page.text.len() <= 100 * 1024);
    assert_eq!(
        send(&mut browser, &edit, &page, &[("subject", "s")]).status,
        303
    );
    let record = read(&world, call);
    assert_eq!(record["body"].as_str().unwrap().len(), 19_000);
    assert_eq!(record["subject"], "s");
}

#[test]
fn a_form_clears_nothing_of_a_field_that_was_removed_meanwhile() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    plan(&world, false);
    let ada = json!({ "email": "ada@example.com", "metadata": { "plan": "pro", "seats": 3 } });
    let id = make(&world, ObjectType::Contact, ada);
    let path = format!("{}/{id}", contacts(&world));
    let form = browser.get(&format!("{path}/edit"));
    let scoped = world.scoped();
    let fields = wait(scoped.fields().all()).unwrap();
    wait(scoped.fields().remove(fields[0].id, None)).unwrap();
    let typed = [("metadata", "{\"seats\": 4}")];
    let page = send(&mut browser, &format!("{path}/edit"), &form, &typed);
    assert_eq!(page.status, 412, "{}", page.text);
    assert_eq!(
        read(&world, id)["metadata"],
        json!({ "plan": "pro", "seats": 3 })
    );
}
