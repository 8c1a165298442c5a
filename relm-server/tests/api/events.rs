//! `/v1/events`: what happened, as receivers are told.

use relm_core::record::{Entry, Record};
use relm_core::store::{Batch, Store as _, Write};
use relm_core::value::scope::Scope;
use relm_core::{Clock as _, KeyAccess, Kind, Mode};
use serde_json::{Value, json};

use super::session::{START, User, World, id, ids, whole_list};

fn types(list: &Value) -> Vec<&str> {
    let events = list["data"].as_array().unwrap().iter();
    events
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

/// A contact that was created, updated and deleted, a second apart each; its states.
fn life_of_a_contact(world: &World, user: &User<'_>) -> [Value; 2] {
    let ada = json!({ "email": "ada@example.com", "phone": "1", "metadata": { "plan": "free" } });
    let first = user.create("/v1/contacts", ada);
    let path = format!("/v1/contacts/{}", id(&first));
    world.clock.advance_millis(1_000);
    let change =
        json!({ "phone": null, "first_name": "Ada", "metadata": { "plan": "pro", "seats": 3 } });
    let second = user.patch(&path, change).is(200);
    world.clock.advance_millis(1_000);
    user.delete(&path).is(200);
    [first, second]
}

#[test]
fn each_change_is_an_event_with_what_it_changed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let [first, second] = life_of_a_contact(&world, &user);
    let list = user.get("/v1/events").is(200);
    let event = |place: usize, event_type: &str, at: &str, data: &Value| {
        json!({
            "id": list["data"][place]["id"], "object": "event", "type": event_type, "created_at": at, "mode": "live",
            "api_version": "2026-07-02", "actor": { "type": "api_key", "id": user.key_id, "name": null },
            "request_id": list["data"][place]["request_id"], "seq": 3 - place, "data": data, "previous": {}, "changed_fields": [],
        })
    };
    let mut deleted = event(0, "contact.deleted", "2026-07-02T10:00:02.000Z", &second);
    deleted["data"]["version"] = json!(3);
    deleted["data"]["updated_at"] = deleted["created_at"].clone();
    let mut updated = event(1, "contact.updated", "2026-07-02T10:00:01.000Z", &second);
    updated["previous"] = json!({ "first_name": null, "metadata": { "plan": "free" }, "phone": "1", "phones": [{ "phone": "1", "label": null }] });
    updated["changed_fields"] = json!(["first_name", "metadata", "phone", "phones"]);
    let created = event(2, "contact.created", START, &first);
    assert_eq!(list, whole_list(json!([deleted, updated, created])));
    for event in [deleted, updated, created] {
        assert!(id(&event).starts_with("evt_"));
        assert_eq!(
            user.get(&format!("/v1/events/{}", id(&event))).is(200),
            event
        );
    }
}

#[test]
fn an_event_says_who_did_it_and_for_which_request() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let name = Some("nightly import".to_owned());
    let key = world
        .crm
        .create_key(user.workspace, Mode::Live, KeyAccess::Full, name);
    let key = pollster::block_on(key).unwrap();
    let import = User {
        key_id: key.key.id,
        key: Some(key.secret),
        ..world.another_key(user.workspace, Mode::Live, KeyAccess::Full)
    };
    let rows =
        json!({ "contacts": [{ "email": "ada@example.com" }, { "email": "eva@example.com" }] });
    let batch = import
        .ask("POST", "/v1/contacts/batch")
        .header("idempotency-key", "night 1")
        .json(&rows)
        .send();
    batch.is(200);
    // A replay changes nothing, and is another request.
    let replay = import
        .ask("POST", "/v1/contacts/batch")
        .header("idempotency-key", "night 1")
        .json(&rows)
        .send();
    assert_ne!(replay.header("x-request-id"), batch.header("x-request-id"));
    let deal = user.post("/v1/deals", json!({ "title": "Engine" }));
    deal.is(201);
    let list = user.get("/v1/events").is(200);
    let said = |place: usize| {
        let event = &list["data"][place];
        (event["actor"].clone(), event["request_id"].clone())
    };
    let by = |id, name: Value| json!({ "type": "api_key", "id": id, "name": name });
    let of_batch = (
        by(import.key_id, json!("nightly import")),
        json!(batch.header("x-request-id")),
    );
    assert_eq!(
        said(0),
        (
            by(user.key_id, json!(null)),
            json!(deal.header("x-request-id"))
        )
    );
    assert_eq!((said(1), said(2)), (of_batch.clone(), of_batch));
}

#[test]
fn an_event_from_before_names_nobody() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let id = "evt_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";
    let document = format!(
        r#"{{"id":"{id}","object":"event","type":"contact.deleted","created_at":"{START}","mode":"live","api_version":"2026-07-02","data":{{}},"previous":{{}}}}"#
    );
    let entry = Entry {
        record: Record::from_json(Kind::Event, &document).unwrap(),
        json: document.as_str().into(),
    };
    let batch = Batch {
        scope: Scope::new(user.workspace, Mode::Live),
        now: world.clock.now(),
        requires: Vec::new(),
        writes: vec![Write::Insert(entry)],
    };
    pollster::block_on(world.store.commit(batch)).unwrap();
    let mut expected: Value = serde_json::from_str(&document).unwrap();
    expected["actor"] = json!(null);
    expected["request_id"] = json!(null);
    expected["seq"] = json!(1);
    expected["changed_fields"] = json!([]);
    assert_eq!(user.get(&format!("/v1/events/{id}")).is(200), expected);
}

#[test]
fn what_changes_nothing_is_no_event() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let path = format!("/v1/contacts/{}", user.contact("ada@example.com"));
    user.patch(&path, json!({ "email": "ada@example.com" }))
        .is(200);
    user.patch(&path, json!({ "email": "ada" }))
        .fails(422, "validation_failed", "email");
    let endpoint = json!({ "url": "https://example.com/", "event_types": ["*"] });
    user.create("/v1/webhooks", endpoint);
    assert_eq!(
        types(&user.get("/v1/events").is(200)),
        ["contact.created"],
        "an endpoint has no events"
    );
}

#[test]
fn events_are_found_by_type_record_and_time() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let [contact, _] = life_of_a_contact(&world, &user);
    user.create("/v1/deals", json!({ "title": "Engine" }));
    let record = format!("record_id={}", id(&contact));
    for (query, expected) in [
        ("type=deal.created", vec!["deal.created"]),
        (
            "filter[type][in]=contact.created,deal.created",
            vec!["deal.created", "contact.created"],
        ),
        (
            &record,
            vec!["contact.deleted", "contact.updated", "contact.created"],
        ),
        (
            "filter[created_at][gte]=2026-07-02T10:00:01Z&filter[created_at][lt]=2026-07-02T10:00:02Z",
            vec!["contact.updated"],
        ),
        (
            "filter[type][ilike]=contact.%25&filter[created_at][gt]=2026-07-02T10:00:01Z",
            vec!["contact.deleted"],
        ),
        ("type=contact.erased", vec![]),
    ] {
        let list = user.get(&format!("/v1/events?{query}")).is(200);
        assert_eq!(types(&list), expected, "{query}");
    }
    for (query, field) in [
        ("mode=live", "mode"),
        ("filter[data][eq]=x", "data"),
        ("created_at=yesterday", "created_at"),
        ("record_id=ada", "record_id"),
    ] {
        user.get(&format!("/v1/events?{query}"))
            .fails(400, "bad_request", field);
    }
}

#[test]
fn pages_of_events_go_back_to_the_first() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for number in 0..5 {
        user.contact(&format!("{number}@example.com"));
    }
    let all = ids(&user.get("/v1/events").is(200));
    let mut walked = Vec::new();
    let mut path = "/v1/events?limit=2".to_owned();
    loop {
        let page = user.get(&path).is(200);
        walked.extend(ids(&page));
        // What happens meanwhile is newer than the page.
        user.contact(&format!("late{}@example.com", walked.len()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/events?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(walked, all);
    let cursor = user.get("/v1/events?limit=2").is(200)["next_cursor"].clone();
    let elsewhere = format!("/v1/contacts?cursor={}", cursor.as_str().unwrap());
    user.get(&elsewhere).fails(400, "invalid_cursor", "cursor");
}

#[test]
fn there_is_no_other_way_to_an_event() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let contact = user.contact("ada@example.com");
    let message = "There is no such event in this workspace and mode.";
    let absent = json!({ "code": "not_found", "message": message });
    let nowhere = user.get("/v1/events/evt_01K1V9Y2ZP6W4T8Q0R5N7M3XJB");
    assert_eq!(nowhere.error(404), absent);
    for id in ["x", &contact] {
        let answer = user.get(&format!("/v1/events/{id}"));
        answer.fails(404, "not_found", None);
    }
    let event = ids(&user.get("/v1/events").is(200)).remove(0);
    user.get(&format!("/v1/events/{event}?limit=1"))
        .fails(400, "bad_request", "limit");
    for (method, path) in [
        ("POST", "/v1/events".to_owned()),
        ("PATCH", format!("/v1/events/{event}")),
        ("DELETE", format!("/v1/events/{event}")),
    ] {
        let refused = user.ask(method, &path).json(&json!({})).send();
        refused.fails(405, "method_not_allowed", None);
        assert_eq!(refused.header("allow"), "GET, HEAD");
    }
}

#[test]
fn links_and_fields_have_events() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let ada = user.contact("ada@example.com");
    let deal = id(&user.create("/v1/deals", json!({ "title": "Engine" })));
    let edge = json!({ "from_type": "contact", "from_id": ada, "to_type": "deal", "to_id": deal, "label": "champion" });
    let linked = user.create("/v1/associations", edge.clone());
    user.post("/v1/associations", edge).is(200);
    user.delete(&format!("/v1/associations/{}", id(&linked)))
        .is(200);
    let field = json!({ "object_type": "deal", "key": "plan", "type": "text" });
    let field = user.create("/v1/schema/fields", field);
    user.delete(&format!("/v1/schema/fields/{}", id(&field)))
        .is(200);
    let all = user.get("/v1/events?limit=4").is(200);
    let expected = [
        "field.deleted",
        "field.created",
        "association.deleted",
        "association.created",
    ];
    assert_eq!(types(&all), expected);
    // Each is removed by one change more.
    let last = |of: &Value| {
        let mut last = of.clone();
        last["version"] = json!(2);
        last
    };
    let (removed, unlinked) = (last(&field), last(&linked));
    for (place, data) in [(0, &removed), (1, &field), (2, &unlinked), (3, &linked)] {
        let event = &all["data"][place];
        assert_eq!((&event["data"], &event["previous"]), (data, &json!({})));
        let by_id = format!("/v1/events/{}", event["id"].as_str().unwrap());
        assert_eq!(user.get(&by_id).is(200)["data"], *data);
    }
    for query in [
        format!("from_id={ada}"),
        format!("to_id={deal}"),
        "type=association.created&after=0".to_owned(),
    ] {
        let found = user.get(&format!("/v1/events?{query}")).is(200);
        let found = types(&found);
        assert!(found.contains(&"association.created"), "{query}: {found:?}");
        assert!(found.len() < 3, "{query}: {found:?}");
    }
    let of_other = user.get(&format!("/v1/events?to_id={ada}")).is(200);
    assert_eq!(of_other["data"], json!([]));
    let history = user.get(&format!("/v1/contacts/{ada}/history")).is(200);
    assert_eq!(types(&history), ["contact.created"]);
}
