//! The page of custom fields: what it defines binds writes as what the API defines, and it says the API's errors at the fields.

use relm_core::{ContactInput, ErrorKind, Field, FieldType, ObjectType, Role};

use super::browser::{Answered, Browser, CANARY, World, wait};

const EVA: &str = "eva@example.com";

fn fields(world: &World) -> Vec<Field> {
    wait(world.scoped().fields().all()).unwrap()
}

fn schema(world: &World) -> String {
    format!("{}/schema/contact", world.place)
}

fn define(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Answered {
    browser.submit(&format!("{path}/new"), path, fields)
}

#[test]
fn a_field_that_is_added_binds_the_next_write() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = schema(&world);
    let led = browser.get(&format!("{}/schema", world.place));
    assert_eq!((led.status, led.location()), (303, path.as_str()));
    assert!(browser.get(&path).text.contains("No custom field yet"));
    let form = browser.get(&format!("{path}/new"));
    assert!(
        form.text
            .contains("POST http://crm.example.com:8080/v1/schema/fields")
    );
    let page = define(
        &mut browser,
        &path,
        &[
            ("label", "Plan"),
            ("key", "plan"),
            ("type", "select"),
            ("choices", "free\r\npro\r\n\r\n"),
            ("required", "on"),
        ],
    );
    assert_eq!((page.status, page.location()), (303, path.as_str()));
    let [plan] = &fields(&world)[..] else {
        panic!("one field")
    };
    assert_eq!(
        (plan.object_type, plan.field_type, plan.required),
        (ObjectType::Contact, FieldType::Select, true)
    );
    assert_eq!(plan.options.choices, ["free", "pro"]);
    let input = ContactInput {
        email: "ada@example.com".into(),
        ..Default::default()
    };
    let refused = wait(world.scoped().contacts().create(input)).unwrap_err();
    assert_eq!(refused.field(), Some("metadata.plan"));
    let list = browser.get(&path).text;
    for shown in ["Plan", "metadata.plan", "select", "free", "required"] {
        assert!(list.contains(shown), "{shown}");
    }
    let other = browser.get(&path.replace("/contact", "/deal"));
    assert!(other.text.contains("No custom field yet"));
    let live = browser.get(&path.replace("/test/", "/live/"));
    assert!(live.text.contains("No custom field yet"));
}

/// What is typed, the status, the field at which something is said, and what is still in the form.
type Mistake = (
    &'static [(&'static str, &'static str)],
    u16,
    &'static str,
    &'static str,
);

const MISTAKES: [Mistake; 7] = [
    (
        &[("key", "Plan"), ("type", "text")],
        422,
        "key-hint",
        "value=\"Plan\"",
    ),
    (&[("key", ""), ("type", "text")], 422, "key-hint", ""),
    (
        &[("key", "plan"), ("type", "number")],
        409,
        "key-hint",
        "value=\"number\" checked",
    ),
    (
        &[("key", "a"), ("type", "picture")],
        422,
        "type-error",
        "value=\"a\"",
    ),
    (
        &[("key", "a"), ("type", "select"), ("required", "on")],
        422,
        "choices-hint",
        "\"required-hint\" checked",
    ),
    (
        &[("key", "a"), ("type", "select"), ("choices", "b\nb")],
        422,
        "choices-hint",
        ">b\nb</textarea>",
    ),
    (
        &[("key", "a"), ("type", "text"), ("choices", "b")],
        422,
        "choices-hint",
        ">b</textarea>",
    ),
];

#[test]
fn what_the_api_refuses_is_said_at_the_field_and_keeps_what_was_typed() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Owner);
    let path = schema(&world);
    let plan = [("key", "plan"), ("type", "text")];
    assert_eq!(define(&mut browser, &path, &plan).status, 303);
    let refused = |browser: &mut Browser<'_>, typed: &[(&str, &str)], at: &str| {
        let page = define(browser, &path, typed);
        let said = format!("class=\"error\" id=\"{at}\"");
        assert!(page.text.contains(&said), "{typed:?}: {}", page.text);
        page
    };
    for (typed, status, at, kept) in MISTAKES {
        let page = refused(&mut browser, typed, at);
        assert_eq!(page.status, status, "{typed:?}: {}", page.text);
        assert!(page.text.contains(kept), "{typed:?}: {}", page.text);
    }
    let long = "x".repeat(501);
    let typed = [("key", "a"), ("type", "text"), ("label", &long)];
    assert!(
        refused(&mut browser, &typed, "label-hint")
            .text
            .contains(&long)
    );
    assert_eq!(fields(&world).len(), 1);
    let nowhere = format!("{}/schema/event", world.place);
    assert_eq!(browser.get(&nowhere).status, 404);
}

#[test]
fn a_field_is_removed_after_it_was_asked_for() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = schema(&world);
    define(
        &mut browser,
        &path,
        &[("key", "plan"), ("type", "text"), ("required", "on")],
    );
    let id = fields(&world)[0].id;
    let remove = format!("{path}/{id}/remove");
    let asked = browser.get(&remove);
    assert!(asked.text.contains("Remove plan?") && asked.text.contains("DELETE"));
    assert_eq!(fields(&world).len(), 1, "asking removes nothing");
    for elsewhere in [
        remove.replace("/contact/", "/deal/"),
        remove.replace("/test/", "/live/"),
    ] {
        assert_eq!(browser.get(&elsewhere).status, 404, "{elsewhere}");
    }
    let done = browser.submit(&remove, &remove, &[]);
    assert_eq!(done.status, 303);
    assert!(
        browser
            .get(done.location())
            .text
            .contains("The field was removed")
    );
    assert!(fields(&world).is_empty());
    assert_eq!(browser.get(&remove).status, 404);
    let missing = wait(world.scoped().fields().remove(id, None)).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

#[test]
fn a_label_is_text_wherever_it_is_shown() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Owner);
    let path = schema(&world);
    let typed = [
        ("label", CANARY),
        ("key", "a"),
        ("type", "select"),
        ("choices", CANARY),
    ];
    assert_eq!(define(&mut browser, &path, &typed).status, 303);
    browser.get(&path).shows_as_text(CANARY);
    let remove = format!("{path}/{}/remove", fields(&world)[0].id);
    browser.get(&remove).shows_as_text(CANARY);
    browser
        .get(&remove.replace("/remove", "/edit"))
        .shows_as_text(CANARY);
    let typed = [
        ("label", CANARY),
        ("key", CANARY),
        ("type", CANARY),
        ("choices", CANARY),
    ];
    let refused = define(&mut browser, &path, &typed);
    assert_eq!(refused.status, 422);
    refused.shows_as_text(CANARY);
}

fn on(world: &World, plan: &str) -> relm_core::Id {
    let input = ContactInput {
        metadata: relm_core::Metadata::from([("plan", plan)]).into(),
        ..Default::default()
    };
    wait(world.scoped().contacts().create(input)).unwrap().id
}

/// A `select` of three choices, by the form; the path of the form that changes it.
fn plan(world: &World, browser: &mut Browser<'_>) -> String {
    let path = schema(world);
    let choices = "free\npro\nteam";
    let plan = [("key", "plan"), ("type", "select"), ("choices", choices)];
    assert_eq!(define(browser, &path, &plan).status, 303);
    format!("{path}/{}/edit", fields(world)[0].id)
}

/// A form with these names of the three choices.
fn form<'a>(label: &'a str, version: &'a str, named: [&'a str; 3]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![("label", label), ("version", version)];
    for (from, to) in ["free", "pro", "team"].into_iter().zip(named) {
        form.extend([("from", from), ("choice", to)]);
    }
    form
}

#[test]
fn what_means_nothing_for_records_is_changed_at_once() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let edit = plan(&world, &mut browser);
    let page = browser.get(&edit).text;
    assert!(page.contains("Change plan") && page.contains("PATCH http"));
    let same = ["free", "pro", "team"];
    let done = browser.submit(&edit, &edit, &form("Plan", "1", same));
    assert_eq!(done.status, 303, "{}", done.text);
    let list = browser.get(done.location()).text;
    assert!(list.contains("The field was changed"));
    assert_eq!(fields(&world)[0].label, "Plan");
    let gold = [form("Plan", "2", same), vec![("added", "gold")]].concat();
    assert_eq!(browser.submit(&edit, &edit, &gold).status, 303);
    // Somebody else has changed it since this page was opened: it is shown as it is, and what was added is not removed by the next try.
    let late = browser.submit(&edit, &edit, &form("Tariff", "2", same));
    assert_eq!((late.status, &*late.hidden("version")), (412, "3"));
    assert!(late.text.contains("enter your change again"));
    assert!(
        late.text
            .contains("name=\"choice\" type=\"text\" value=\"gold\"")
    );
    assert!(!late.text.contains("Tariff"), "{}", late.text);
    let shown = [("from", "gold"), ("choice", "gold")];
    let again = [form("Tariff", "3", same), shown.into()].concat();
    assert_eq!(browser.submit(&edit, &edit, &again).status, 303);
    let field = &fields(&world)[0];
    assert_eq!(field.label, "Tariff");
    assert_eq!(field.options.choices, ["free", "pro", "team", "gold"]);
    let mut wrong = form("", "4", same);
    wrong.push(("position", "first"));
    let wrong = browser.submit(&edit, &edit, &wrong);
    assert_eq!(wrong.status, 422);
    let said = "class=\"error\" id=\"position-hint\"";
    assert!(wrong.text.contains(said), "{}", wrong.text);
    let elsewhere = edit.replace("/contact/", "/deal/");
    assert_eq!(browser.get(&elsewhere).status, 404);
}

#[test]
fn what_a_change_means_is_seen_before_it_is_made() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let edit = plan(&world, &mut browser);
    let (pro, team) = (on(&world, "pro"), on(&world, "team"));
    let otherwise = form("plan", "1", ["free", "gold", ""]);
    let asked = browser.submit(&edit, &edit, &otherwise);
    assert_eq!(asked.status, 409);
    for shown in [
        "1 contacts do not keep to this",
        "1 contact record has a choice that would be removed (team)",
        &team.to_string(),
        "becomes <code>gold</code> in 1 contacts",
        "<code>team</code> can be chosen no more",
    ] {
        assert!(asked.text.contains(shown), "{shown}: {}", asked.text);
    }
    assert_eq!(fields(&world)[0].version, 1, "nothing is changed yet");
    let checked = asked.hidden("checked").replace("&#34;", "\"");
    // Changed since it was seen, it is shown again.
    let seen = ("checked", checked.as_str());
    let mut more = [otherwise.clone(), vec![seen, ("added", "silver")]].concat();
    assert_eq!(browser.submit(&edit, &edit, &more).status, 409);
    more.pop();
    let done = browser.submit(&edit, &edit, &more);
    assert_eq!(done.status, 303, "{}", done.text);
    let options = &fields(&world)[0].options;
    assert_eq!(options.choices, ["free", "gold"]);
    for (id, plan) in [(pro, "gold"), (team, "team")] {
        let contact = wait(world.scoped().contacts().get(id)).unwrap();
        assert_eq!(contact.unwrap().metadata["plan"], plan);
    }
}

#[test]
fn strict_mode_is_turned_on_and_off() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = schema(&world);
    let settings = format!("{path}/settings");
    let typo = || ContactInput {
        metadata: relm_core::Metadata::from([("paln", "pro")]).into(),
        ..Default::default()
    };
    for (is_strict, said, other) in [
        ("reject", "Strict mode is on.", "value=\"accept\""),
        ("accept", "Strict mode is off.", "value=\"reject\""),
    ] {
        let done = browser.submit(&path, &settings, &[("unknown_members", is_strict)]);
        assert_eq!(done.status, 303, "{}", done.text);
        let page = browser.get(done.location()).text;
        assert!(page.contains(said) && page.contains(other), "{page}");
        assert!(page.contains("PATCH http"), "{page}");
        let written = wait(world.scoped().contacts().create(typo()));
        assert_eq!(written.is_err(), is_strict == "reject");
    }
    assert!(fields(&world).is_empty());
    let wrong = browser.submit(&path, &settings, &[("unknown_members", "perhaps")]);
    assert_eq!(wrong.status, 422, "{}", wrong.text);
}
