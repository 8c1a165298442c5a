//! Deleting for good: `DELETE /v1/{objects}/:id?purge=true`.

use relm_core::Mode;
use serde_json::{Value, json};

use super::session::{User, World, id, whole_list};

/// A contact to whom a deal refers, and with which it is associated; the paths of both.
fn referred(user: &User<'_>) -> [String; 2] {
    let ada =
        json!({ "email": "ada@example.com", "first_name": "Ada", "metadata": { "plan": "pro" } });
    let ada = id(&user.create("/v1/contacts", ada));
    let deal = json!({ "title": "Engine", "primary_contact_id": ada });
    let deal = id(&user.create("/v1/deals", deal));
    let edge = json!({ "from_type": "contact", "from_id": ada, "to_type": "deal", "to_id": deal, "label": "buys" });
    user.create("/v1/associations", edge);
    [format!("/v1/contacts/{ada}"), format!("/v1/deals/{deal}")]
}

#[test]
fn a_purged_record_is_gone_for_good() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let [ada, deal] = referred(&user);
    let purge = format!("{ada}?purge=true");
    let before = user.get(&ada).is(200);
    let purged = user.delete(&purge).is(200);
    let expected =
        json!({ "id": before["id"], "object": "contact", "deleted": true, "purged": true });
    assert_eq!(purged, expected);
    assert_eq!(user.delete(&purge).is(200), expected, "it is done");
    user.delete(&ada).fails(404, "not_found", None);
    user.get(&ada).fails(404, "not_found", None);
    user.post(&format!("{ada}/restore"), json!({}))
        .fails(404, "not_found", None);
    let nothing = whole_list(json!([]));
    for path in [
        "/v1/contacts",
        "/v1/contacts?deleted=true",
        "/v1/associations",
        "/v1/search?q=ada",
    ] {
        assert_eq!(user.get(path).is(200), nothing, "{path}");
    }
    let cleared = user.get(&deal).is(200);
    assert_eq!(
        (&cleared["primary_contact_id"], &cleared["version"]),
        (&Value::Null, &json!(2))
    );

    let events = user.get(&format!(
        "/v1/events?record_id={}",
        before["id"].as_str().unwrap()
    ));
    let events = events.is(200)["data"].clone();
    let told: Vec<&Value> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["type"])
        .collect();
    assert_eq!(told, ["contact.purged", "contact.created"]);
    for (n, event) in events.as_array().unwrap().iter().enumerate() {
        let mut blank = before.clone();
        for name in ["email", "first_name"] {
            blank[name] = Value::Null;
        }
        blank["emails"] = json!([]);
        blank["metadata"] = json!({});
        blank["version"] = json!(2 - n);
        assert_eq!((&event["data"], &event["previous"]), (&blank, &json!({})));
        assert_eq!(event["changed_fields"], json!([]));
        assert_eq!(event["purged"].as_bool(), (n == 1).then_some(true));
    }
    let history = user.get(&format!("{ada}/history")).is(200);
    assert_eq!(history["data"][1]["changes"], json!({}));
    user.get(&format!("{ada}?at=2026-07-02T10:00:00Z"))
        .fails(404, "not_found", None);
    // Its address is free.
    user.contact("ada@example.com");
}

#[test]
fn what_is_in_the_trash_is_purged_of_the_version_that_is_expected() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    let purge = |tag: &str, dry_run: &str| {
        let ask = user.ask("DELETE", &format!("{ada}?purge=true"));
        let ask = ask.header("if-match", tag).header("relm-dry-run", dry_run);
        ask.send()
    };
    purge("\"2\"", "false").fails(412, "version_conflict", None);
    user.delete(&ada).is(200);
    purge("\"1\"", "false").fails(412, "version_conflict", None);
    assert_eq!(purge("\"2\"", "true").is(200)["purged"], true);
    let trash = user.get("/v1/contacts?deleted=true").is(200);
    assert_eq!(trash["data"].as_array().unwrap().len(), 1);
    assert_eq!(purge("\"2\"", "false").is(200)["purged"], true);
    let trash = user.get("/v1/contacts?deleted=true").is(200);
    assert_eq!(trash, whole_list(json!([])));
    assert_eq!(purge("*", "false").is(200)["purged"], true);
}

#[test]
fn a_purge_of_more_than_an_answer_waits_for_is_under_way_and_goes_on() {
    const UPDATES: usize = 3_000;
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let contact = user.contact("ada@example.com");
    let scoped = pollster::block_on(world.crm.open(user.workspace, Mode::Live)).unwrap();
    for n in 0..UPDATES {
        let change = relm_core::ContactInput {
            phone: format!("{n}").into(),
            ..relm_core::ContactInput::default()
        };
        let contacts = scoped.contacts();
        let changed = contacts.update(contact.parse().unwrap(), change, None);
        pollster::block_on(changed).unwrap();
    }
    let ada = format!("/v1/contacts/{contact}");
    let purge = format!("{ada}?purge=true");
    assert_eq!(user.delete(&purge).is(202)["purged"], false);
    user.get(&ada).fails(404, "not_found", None);
    user.delete(&ada).fails(404, "not_found", None);
    user.post(&format!("{ada}/restore"), json!({}))
        .fails(404, "not_found", None);
    let mut answers = 1;
    while user.delete(&purge).status == 202 {
        answers += 1;
        assert!(answers < 20, "it has an end");
    }
    assert_eq!(user.delete(&purge).is(200)["purged"], true);
    let events = user
        .get(&format!("/v1/events?record_id={contact}&limit=200"))
        .is(200);
    let events = events["data"].as_array().unwrap().clone();
    assert_eq!(events[0]["type"], "contact.purged");
    assert!(events[1..].iter().all(|event| event["purged"] == true));
}

#[test]
fn a_purge_is_asked_for_by_its_name() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let [ada, deal] = referred(&user);
    for (query, field) in [
        ("purge=1", "purge"),
        ("purge=true&purge=true", "purge"),
        ("x=1", "x"),
    ] {
        user.delete(&format!("{ada}?{query}"))
            .fails(400, "bad_request", field);
    }
    let hint = user.delete(&format!("{ada}?permanent=true")).error(400);
    assert_eq!(hint["suggestion"], "purge=true");
    let edges = user.get("/v1/associations").is(200);
    let edge = edges["data"][0]["id"].as_str().unwrap();
    user.delete(&format!("/v1/associations/{edge}?purge=true"))
        .fails(400, "bad_request", "purge");
    let made = user.create(
        "/v1/keys",
        json!({ "scopes": ["contacts:read", "deals:write"] }),
    );
    let weak = User {
        key: Some(made["secret"].as_str().unwrap().to_owned()),
        world: user.world,
        workspace: user.workspace,
        key_id: user.key_id,
    };
    weak.delete(&format!("{ada}?purge=true"))
        .fails(403, "forbidden", None);
    weak.delete(&format!("{deal}?purge=false")).is(200);
    assert_eq!(
        user.get("/v1/deals?deleted=true").is(200)["data"][0]["title"],
        "Engine"
    );
}
