//! The page that promotes fields from test to live: what it shows is what is done, or nothing.

use relm_core::{FieldInput, FieldPatch, FieldType, Mode, ObjectType, Role, Scoped};
use serde_json::json;

use super::browser::{CANARY, World, wait};
use super::seed::make_in;

const EVA: &str = "eva@example.com";

fn live(world: &World) -> Scoped {
    let workspace = world.scoped().scope().workspace();
    wait(world.crm.open(workspace, Mode::Live)).unwrap()
}

fn live_place(world: &World) -> String {
    world.place.replace("/test", "/live")
}

fn select(scoped: &Scoped, choices: &[&str]) {
    let choices = choices.iter().map(|choice| (*choice).to_owned());
    let plan = FieldInput {
        choices: choices.collect(),
        label: Some("Plan".to_owned()),
        ..FieldInput::new(ObjectType::Contact, "plan", FieldType::Select)
    };
    wait(scoped.fields().define(plan)).unwrap();
}

#[test]
fn fields_are_promoted_as_the_page_shows() {
    let world = World::new();
    let (test, live) = (world.scoped(), live(&world));
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = format!("{}/schema/promotion", live_place(&world));
    for place in [&world.place, &live_place(&world)] {
        let schema = browser.get(&format!("{place}/schema/contact"));
        assert!(schema.text.contains(&path), "{}", schema.text);
    }
    let led = browser.get(&format!("{}/schema/promotion", world.place));
    assert_eq!((led.status, led.location()), (303, &*path));
    assert!(browser.get(&path).text.contains("Live mode has all of it"));
    select(&test, &["free"]);
    let source = FieldInput {
        label: Some(CANARY.to_owned()),
        required: true,
        ..FieldInput::new(ObjectType::Deal, "source", FieldType::Text)
    };
    wait(test.fields().define(source)).unwrap();
    let own = FieldInput::new(ObjectType::Contact, "own", FieldType::Text);
    wait(live.fields().define(own)).unwrap();
    let deal = make_in(&live, ObjectType::Deal, json!({ "title": "Engine" }));
    let page = browser.get(&path);
    page.shows_as_text(CANARY);
    let text = &page.text;
    for shown in ["contact.plan", "deal.source", "contact.own", &deal.text()] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let refused = browser.submit(&path, &path, &[("plan", &page.hidden("plan"))]);
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("has no value"), "{}", refused.text);
    assert_eq!(wait(live.fields().all()).unwrap().len(), 1);
    let forced = [("plan", &*page.hidden("plan")), ("force", "on")];
    let done = browser.submit(&path, &path, &forced);
    assert_eq!(done.status, 303, "{}", done.text);
    let led = browser.get(done.location());
    assert!(led.text.contains("fields of test mode now"), "{}", led.text);
    let keys = wait(live.fields().all()).unwrap();
    let keys: Vec<&str> = keys.iter().map(|field| &*field.key).collect();
    assert_eq!(keys, ["own", "plan", "source"]);
}

#[test]
fn what_changed_since_the_page_is_shown_and_not_promoted() {
    let world = World::new();
    let (test, live) = (world.scoped(), live(&world));
    select(&test, &["free"]);
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = format!("{}/schema/promotion", live_place(&world));
    let shown = browser.get(&path).hidden("plan");
    let plan = wait(test.fields().all()).unwrap().remove(0);
    let patch = FieldPatch {
        label: "Tariff".into(),
        ..FieldPatch::default()
    };
    wait(test.fields().update(plan.id, patch, None)).unwrap();
    let late = browser.submit(&path, &path, &[("plan", &shown)]);
    assert_eq!(late.status, 409);
    assert!(late.text.contains("read the plan anew"), "{}", late.text);
    assert!(late.text.contains("Tariff"), "it is the new plan");
    assert_ne!(late.hidden("plan"), shown);
    assert_eq!(wait(live.fields().all()).unwrap(), []);
    let age = |field_type| FieldInput::new(ObjectType::Contact, "age", field_type);
    wait(test.fields().define(age(FieldType::Number))).unwrap();
    wait(live.fields().define(age(FieldType::Text))).unwrap();
    let barred = browser.get(&path).text;
    assert!(barred.contains("Nothing can be promoted yet"), "{barred}");
    assert!(!barred.contains("Promote to live</button>"), "{barred}");
}

#[test]
fn a_choice_is_renamed_where_the_page_says_so() {
    let world = World::new();
    let (test, live) = (world.scoped(), live(&world));
    select(&live, &["free", "pro"]);
    select(&test, &["free", "team & co"]);
    let ada = json!({ "email": "ada@example.com", "metadata": { "plan": "pro" } });
    let ada = make_in(&live, ObjectType::Contact, ada);
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = format!("{}/schema/promotion", live_place(&world));
    let page = browser.get(&path).text;
    assert!(page.contains("would be removed"), "{page}");
    let query = "of=contact.plan&from=pro&to=team+%26+co";
    let page = browser.get(&format!("{path}?{query}"));
    assert!(!page.text.contains("would be removed"), "{}", page.text);
    let fields = [
        ("plan", &*page.hidden("plan")),
        ("of", "contact.plan"),
        ("from", "pro"),
        ("to", "team & co"),
    ];
    assert_eq!(page.hidden("to"), "team &#38; co");
    let done = browser.submit(&path, &path, &fields);
    assert_eq!(done.status, 303, "{}", done.text);
    let led = browser.get(done.location());
    assert!(led.text.contains("Records follow"), "{}", led.text);
    let found = wait(live.contacts().get(ada)).unwrap().unwrap();
    assert_eq!(json!(found.metadata), json!({ "plan": "team & co" }));
    let unknown = browser.get(&format!("{path}?of=contact.plan&from=gone&to=free"));
    assert_eq!(unknown.status, 422, "{}", unknown.text);
}
