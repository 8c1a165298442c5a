//! Whatever fails in the midst of a change, the store is as it was before: looked at, and not believed.

use relm_core::{Mode, Scope};
use serde_json::{Value, json};

use super::session::{User, World, id};

/// Calls of the store that one change may take.
const CALLS_MAX: usize = 40;

/// Makes a change while the store goes away after no call, after one, and so on, until the change is made. As long as it is
/// not, nothing in the store may be another than before.
fn applied_wholly_or_not(user: &User<'_>, method: &str, path: &str, body: &Value) -> Value {
    let store = &user.world.store;
    let scope = Scope::new(user.workspace, Mode::Live);
    let ask = || {
        let ask = user.ask(method, path).json(body);
        ask.header("idempotency-key", format!("{method} {path}"))
            .send()
    };
    let before = store.everything(scope);
    for calls in 0..CALLS_MAX {
        store.unplug_after(calls);
        let answer = ask();
        store.mend();
        if answer.status < 300 {
            assert_ne!(
                store.everything(scope),
                before,
                "{method} {path}: nothing was done"
            );
            return answer.json();
        }
        answer.error(503);
        assert_eq!(
            store.everything(scope),
            before,
            "{method} {path} after {calls} calls"
        );
    }
    panic!("{method} {path} takes more than {CALLS_MAX} calls");
}

#[test]
fn a_change_in_whose_midst_the_store_goes_away_is_applied_wholly_or_not_at_all() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let change =
        |method: &str, path: &str, body: Value| applied_wholly_or_not(&user, method, path, &body);
    let hook = json!({ "url": "https://example.com/a", "event_types": ["*"] });
    let webhook = format!("/v1/webhooks/{}", id(&change("POST", "/v1/webhooks", hook)));
    let ada = change(
        "POST",
        "/v1/contacts",
        json!({ "email": "ada@example.com" }),
    );
    let deal = change(
        "POST",
        "/v1/deals",
        json!({ "title": "Engine", "primary_contact_id": ada["id"] }),
    );
    let (contact, deal_path) = (
        format!("/v1/contacts/{}", id(&ada)),
        format!("/v1/deals/{}", id(&deal)),
    );
    change(
        "PATCH",
        &contact,
        json!({ "phone": "1", "metadata": { "a": 1 } }),
    );
    let edge = json!({ "from_type": "contact", "from_id": ada["id"], "to_type": "deal", "to_id": deal["id"] });
    let edge = id(&change("POST", "/v1/associations", edge));
    let said = json!({ "since": "2026-07-02" });
    change("PATCH", &format!("/v1/associations/{edge}"), said);
    let rows = json!([{ "email": "ADA@example.com", "last_name": "L" }, { "email": "grace@example.com" }, { "email": "no" }]);
    change(
        "POST",
        "/v1/contacts/batch",
        json!({ "contacts": rows, "dedup_on": ["email"] }),
    );
    let field = json!({ "object_type": "deal", "key": "size", "type": "number" });
    let field = change("POST", "/v1/schema/fields", field);
    change(
        "DELETE",
        &format!("/v1/schema/fields/{}", id(&field)),
        Value::Null,
    );
    change("POST", &format!("{webhook}/rotate_secret"), json!({}));
    change("POST", &format!("{webhook}/test"), Value::Null);
    change("PATCH", &webhook, json!({ "description": "x" }));
    change("DELETE", &deal_path, Value::Null);
    change("DELETE", &contact, Value::Null);
    change("DELETE", &webhook, Value::Null);
}
