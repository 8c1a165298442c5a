//! Fields that name other records, in the console: defined by a form, typed as an id, shown by name both ways.

use relm_core::{ContactInput, FieldInput, Metadata, ObjectType, Role};
use serde_json::json;

use super::browser::{World, wait};

const EVA: &str = "eva@example.com";

#[test]
fn a_reference_is_defined_by_a_form() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let schema = format!("{}/schema/contact", world.place);
    let form = [
        ("label", "Referred by"),
        ("key", "referred_by"),
        ("type", "reference"),
    ];
    let refused = browser.submit(&format!("{schema}/new"), &schema, &form);
    assert_eq!(refused.status, 422);
    let said = "class=\"error\" id=\"object-type-hint\"";
    assert!(refused.text.contains(said), "{}", refused.text);
    let form = [&form[..], &[("object_type", "contact")]].concat();
    let done = browser.submit(&format!("{schema}/new"), &schema, &form);
    assert_eq!(done.status, 303, "{}", done.text);
    let fields = wait(world.scoped().fields().all()).unwrap();
    assert_eq!(fields[0].options.object_type, Some(ObjectType::Contact));
    assert!(browser.get(&schema).text.contains("to contacts"));
    // Neither limits nor a default are said of it.
    let edit = browser.get(&format!("{schema}/{}/edit", fields[0].id)).text;
    assert!(!edit.contains("id=\"default\""), "{edit}");
}

#[test]
fn a_reference_is_typed_as_an_id_and_shown_by_name() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let field = FieldInput {
        label: Some("Referred by".to_owned()),
        ..FieldInput::reference(ObjectType::Contact, "referred_by", ObjectType::Contact)
    };
    wait(world.scoped().fields().define(field)).unwrap();
    let ada = ContactInput {
        first_name: "Ada".into(),
        last_name: "Lovelace".into(),
        ..Default::default()
    };
    let ada = wait(world.scoped().contacts().create(ada)).unwrap().id;
    let list = format!("{}/contacts", world.place);
    let page = browser.get(&format!("{list}/{ada}")).text;
    assert!(page.contains("Contacts, Referred by"), "{page}");
    let new = format!("{list}/new?metadata.referred_by={ada}");
    assert!(page.contains(&new), "{page}");
    let typed = browser.get(&new).text;
    assert!(typed.contains(&format!("value=\"{ada}\"")), "{typed}");
    assert!(
        typed.contains("The ID of a contact, from its page."),
        "{typed}"
    );
    let wrong = [
        ("first_name", "Max"),
        ("metadata.referred_by", "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB"),
    ];
    let wrong = browser.submit(&format!("{list}/new"), &list, &wrong);
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    assert!(
        wrong.text.contains("must be the id of an existing contact"),
        "{}",
        wrong.text
    );

    let max = ContactInput {
        first_name: "Max".into(),
        metadata: Metadata::from([("referred_by", json!(ada))]).into(),
        ..Default::default()
    };
    let max = wait(world.scoped().contacts().create(max)).unwrap().id;
    let page = browser.get(&format!("{list}/{max}")).text;
    let link = format!("<a href=\"{list}/{ada}\">Ada Lovelace</a>");
    assert!(page.contains(&link), "{page}");
    let page = browser.get(&format!("{list}/{ada}")).text;
    assert!(
        page.contains(&format!("<a href=\"{list}/{max}\">Max</a>")),
        "{page}"
    );
    // What is in the trash has no page to link to.
    wait(world.scoped().contacts().delete(ada, None)).unwrap();
    let page = browser.get(&format!("{list}/{max}")).text;
    assert!(
        !page.contains(&link) && page.contains(&ada.to_string()),
        "{page}"
    );
}
