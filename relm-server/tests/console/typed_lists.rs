//! Lists of a record in the console, typed one to a line: tags, shown as ways to what has them, and postal addresses.

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

#[test]
fn addresses_are_typed_one_to_a_line_and_stay_what_they_were_where_nobody_types() {
    let world = World::new();
    let mut browser = world.signed_in(EVA, Role::Editor);
    let list = format!("{}/companies", world.place);
    let typed = [
        ("name", "Zuse KG"),
        (
            "addresses",
            "Methfesselstr. 7\\n2. Hof | Berlin | | 10965 | DE | office\r\n | Hünfeld\r\n",
        ),
    ];
    let made = browser.submit(&format!("{list}/new"), &list, &typed);
    assert_eq!(made.status, 303, "{}", made.text);
    let path = made.location().split('?').next().unwrap().to_owned();
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let berlin = json!({
        "label": "office", "street": "Methfesselstr. 7\n2. Hof", "city": "Berlin", "region": null, "postal_code": "10965", "country": "DE",
    });
    let empty = json!({
        "label": null, "street": null, "city": "Hünfeld", "region": null, "postal_code": null, "country": null,
    });
    let stored = read(&world, id);
    assert_eq!(stored["addresses"], json!([berlin, empty]));
    let edit = format!("{path}/edit");
    let form = browser.get(&edit);
    assert!(
        form.text.contains("\n | Hünfeld</textarea>"),
        "{}",
        form.text
    );
    let sent = send(&mut browser, &edit, &form, &[("domain", "zuse.example")]);
    assert_eq!(sent.status, 303, "{}", sent.text);
    let changed = read(&world, id);
    assert_eq!(changed["addresses"], stored["addresses"]);
    assert_eq!(changed["version"], 2);
    let form = browser.get(&edit);
    let refused = [("addresses", "a | b | c | d | e | f | g")];
    let refused = send(&mut browser, &edit, &form, &refused);
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("part 7"), "{}", refused.text);
}
