//! Limits and defaults of fields in the console: typed in the forms of fields, and said in those of records.

use relm_core::{ContactInput, Field, Metadata, Role};
use serde_json::json;

use super::browser::{Browser, World, wait};

const EVA: &str = "eva@example.com";

fn fields(world: &World) -> Vec<Field> {
    wait(world.scoped().fields().all()).unwrap()
}

fn schema(world: &World) -> String {
    format!("{}/schema/contact", world.place)
}

fn define(world: &World, browser: &mut Browser<'_>, typed: &[(&str, &str)]) {
    let path = schema(world);
    let done = browser.submit(&format!("{path}/new"), &path, typed);
    assert_eq!(done.status, 303, "{}", done.text);
}

#[test]
fn limits_are_typed_with_a_new_field() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = schema(&world);
    let seats = [
        ("key", "seats"),
        ("type", "number"),
        ("required", "on"),
        ("min", "1"),
        ("max", " 10.5 "),
        ("integer", "on"),
        ("default", "2"),
    ];
    define(&world, &mut browser, &seats);
    let code = [
        ("key", "code"),
        ("type", "text"),
        ("max_length", "8"),
        ("pattern", "^[A-Z]+$"),
    ];
    define(&world, &mut browser, &code);
    let options: Vec<_> = fields(&world)
        .iter()
        .map(|field| json!(field.options))
        .collect();
    assert_eq!(
        options,
        [
            json!({ "min": 1, "max": 10.5, "integer": true, "default": 2 }),
            json!({ "max_length": 8, "pattern": "^[A-Z]+$" }),
        ]
    );
    let list = browser.get(&path).text;
    for shown in [
        "at least 1",
        "at most 10.5",
        "whole",
        "default 2",
        "of the pattern ^[A-Z]+$",
    ] {
        assert!(list.contains(shown), "{shown}: {list}");
    }
    let form = browser.get(&format!("{}/contacts/new", world.place)).text;
    for shown in [
        "At least 1, at most 10.5, whole. Left empty: 2.",
        "At most 8 characters",
    ] {
        assert!(form.contains(shown), "{shown}: {form}");
    }
}

#[test]
fn what_is_wrong_with_a_limit_is_said_at_it() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let path = schema(&world);
    for (name, typed, at) in [
        ("min", "few", "min-error"),
        ("max_length", "0", "max-length-error"),
        ("pattern", "(", "pattern-hint"),
        ("default", "1", "default-hint"),
    ] {
        let kind = if name == "min" { "number" } else { "text" };
        let mut form = vec![("key", "x"), ("type", kind), (name, typed)];
        if name == "default" {
            form.push(("pattern", "^[A-Z]+$"));
        }
        let page = browser.submit(&format!("{path}/new"), &path, &form);
        assert_eq!(page.status, 422, "{name}");
        let said = format!("class=\"error\" id=\"{at}\"");
        assert!(page.text.contains(&said), "{name}: {}", page.text);
        assert!(page.text.contains(&format!("value=\"{typed}\"")), "{name}");
    }
}

#[test]
fn a_narrower_limit_is_seen_before_it_is_made() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let code = [("key", "code"), ("type", "text"), ("pattern", "^[A-Z]+$")];
    define(&world, &mut browser, &code);
    let input = ContactInput {
        metadata: Metadata::from([("code", "ABCDE")]).into(),
        ..Default::default()
    };
    let made = wait(world.scoped().contacts().create(input)).unwrap();
    let edit = format!("{}/{}/edit", schema(&world), fields(&world)[0].id);
    let page = browser.get(&edit).text;
    assert!(
        page.contains("value=\"^[A-Z]+$\"") && !page.contains("id=\"min\""),
        "{page}"
    );
    let form = [
        ("label", "code"),
        ("version", "1"),
        ("max_length", "3"),
        ("pattern", "^[A-Z]+$"),
        ("default", "X"),
    ];
    let asked = browser.submit(&edit, &edit, &form);
    assert_eq!(asked.status, 409, "{}", asked.text);
    let refused = "1 contact record has a value that would be refused (options.max_length)";
    assert!(asked.text.contains(refused), "{}", asked.text);
    assert!(asked.text.contains(&made.id.to_string()), "{}", asked.text);
    assert_eq!(fields(&world)[0].version, 1, "nothing is changed yet");
    let checked = asked.hidden("checked").replace("&#34;", "\"");
    let forced = [&form[..], &[("checked", checked.as_str())]].concat();
    let done = browser.submit(&edit, &edit, &forced);
    assert_eq!(done.status, 303, "{}", done.text);
    let options = json!(fields(&world)[0].options);
    let expected = json!({ "max_length": 3, "pattern": "^[A-Z]+$", "default": "X" });
    assert_eq!(options, expected);
    let cleared = [
        ("label", "code"),
        ("version", "2"),
        ("pattern", "("),
        ("default", ""),
    ];
    let refused = browser.submit(&edit, &edit, &cleared);
    assert_eq!(refused.status, 422);
    let said = "class=\"error\" id=\"pattern-hint\"";
    assert!(refused.text.contains(said), "{}", refused.text);
}
