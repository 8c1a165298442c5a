//! Tags in the console: typed, shown as ways to what has them, filtered by.

use relm_core::Role;
use serde_json::json;

use super::browser::World;
use super::seed::read;
use super::typed::send;

const EVA: &str = "eva@example.com";

#[test]
fn tags_are_typed_one_to_a_line_and_lead_to_what_has_them() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let list = format!("{}/contacts", world.place);
    let typed = [
        ("email", "ada@example.com"),
        ("tags", "vip\r\n early bird \r\n\r\nvip"),
    ];
    let made = browser.submit(&format!("{list}/new"), &list, &typed);
    assert_eq!(made.status, 303, "{}", made.text);
    let path = made.location().split('?').next().unwrap().to_owned();
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    assert_eq!(read(&world, id)["tags"], json!(["vip", "early bird"]));
    let page = browser.get(&path);
    let href = format!("{list}?filter[tags]=early%20bird");
    assert!(page.text.contains(&href), "{}", page.text);
    assert!(browser.get(&href).text.contains("ada@example.com"));
    let nobody = browser.get(&format!("{list}?filter[tags]=lead"));
    assert!(!nobody.text.contains("ada@example.com") && nobody.text.contains("Tags is lead"));
    let edit = format!("{path}/edit");
    let form = browser.get(&edit);
    let cleared = send(&mut browser, &edit, &form, &[("tags", "")]);
    assert_eq!(cleared.status, 303, "{}", cleared.text);
    assert_eq!(read(&world, id)["tags"], json!([]));
    let long = "x".repeat(65);
    let refused = browser.submit(
        &format!("{list}/new"),
        &list,
        &[("email", "b@example.com"), ("tags", &long)],
    );
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("at most 64 characters"),
        "{}",
        refused.text
    );
}
