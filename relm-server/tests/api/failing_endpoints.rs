//! Endpoints that fail, move, are gone or are disabled: what becomes of them, and of what waits for them.

use relm_core::webhook::Answer;
use serde_json::{Value, json};

use super::attempts::{DAY_MS, Desk, busy};
use super::session::{START, World};

#[test]
fn what_waits_for_a_disabled_endpoint_is_cancelled() {
    let world = World::new();
    let desk = Desk::new(&world, [busy()]);
    desk.user.contact("ada@example.com");
    desk.send();
    let mut expected = desk.delivery();
    desk.user
        .patch(&desk.endpoint, json!({ "enabled": false }))
        .is(200);
    expected["status"] = json!("cancelled");
    expected["next_attempt_at"] = Value::Null;
    expected["version"] = json!(3);
    assert_eq!(desk.delivery(), expected, "its attempt is still shown");
    assert_eq!((desk.send(), desk.sent().len()), (None, 1));
}

#[test]
fn an_endpoint_fails_from_a_second_failure_to_the_next_success() {
    let world = World::new();
    let desk = Desk::new(&world, [busy(), busy()]);
    desk.user.contact("ada@example.com");
    let mut expected = desk.endpoint();
    desk.send();
    assert_eq!(desk.endpoint(), expected, "once may be an accident");
    desk.send_next();
    expected["failing_since"] = desk.delivery()["attempts"][1]["at"].clone();
    assert_eq!(desk.endpoint(), expected);
    desk.send_next();
    expected["failing_since"] = Value::Null;
    assert_eq!(desk.endpoint(), expected);
}

#[test]
fn an_endpoint_that_moved_is_not_failing() {
    let world = World::new();
    let desk = Desk::new(&world, [busy(), busy()]);
    desk.user.contact("ada@example.com");
    desk.send();
    desk.send_next();
    assert_ne!(desk.endpoint()["failing_since"], Value::Null);
    let moved = json!({ "url": "https://example.com/elsewhere" });
    let endpoint = desk.user.patch(&desk.endpoint, moved).is(200);
    assert_eq!(endpoint["failing_since"], Value::Null);
}

#[test]
fn an_endpoint_that_fails_for_too_long_is_disabled() {
    let world = World::new();
    let desk = Desk::new(&world, (0..20).map(|_| busy()));
    desk.user.contact("ada@example.com");
    desk.send_next();
    world.clock.advance_millis(5 * DAY_MS);
    desk.user.contact("grace@example.com");
    desk.send();
    let endpoint = desk.endpoint();
    assert_eq!(
        (&endpoint["enabled"], &endpoint["disabled_reason"]),
        (&json!(false), &json!("failing"))
    );
    for delivery in desk.deliveries() {
        assert_eq!(
            (&delivery["status"], &delivery["next_attempt_at"]),
            (&json!("cancelled"), &Value::Null)
        );
    }
    desk.user.contact("joan@example.com");
    assert_eq!(desk.deliveries().len(), 2, "it is told nothing more");
    let mut enabled = endpoint.clone();
    for (name, value) in [("enabled", json!(true)), ("disabled_reason", Value::Null)] {
        enabled[name] = value;
    }
    enabled["failing_since"] = Value::Null;
    let patched = desk.user.patch(&desk.endpoint, json!({ "enabled": true }));
    let patched = patched.is(200);
    enabled["updated_at"] = patched["updated_at"].clone();
    assert_eq!(patched, enabled);
}

#[test]
fn an_endpoint_that_says_it_is_gone_is_disabled_at_once() {
    let world = World::new();
    let desk = Desk::new(&world, [Ok(Answer::new(410).body("moved away"))]);
    desk.user.contact("ada@example.com");
    assert_eq!(desk.send(), None);
    let endpoint = desk.endpoint();
    assert_eq!(
        (&endpoint["enabled"], &endpoint["disabled_reason"]),
        (&json!(false), &json!("gone"))
    );
    let delivery = desk.delivery();
    let attempt = json!({
        "at": START, "status_code": 410, "error": "answered 410", "duration_ms": 40, "response": "moved away",
    });
    assert_eq!(
        (&delivery["status"], &delivery["attempts"]),
        (&json!("cancelled"), &json!([attempt]))
    );
}
