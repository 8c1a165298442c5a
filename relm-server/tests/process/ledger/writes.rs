//! Every kind of change, in the order in which a writer makes them.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use super::super::client::Client;
use super::text;

/// One request that changes something.
#[derive(Clone, Debug)]
pub struct Write {
    /// Its name in the OpenAPI document.
    pub operation: &'static str,
    pub method: &'static str,
    pub path: String,
    /// Of a POST: what makes it happen once.
    pub key: Option<String>,
    pub body: Value,
    /// The version that the record has before it.
    pub version: i64,
    /// Where its answer is found by the writes that come after it.
    pub answers: &'static str,
}

/// The answers that a writer has by now: the last one of a list by its path, some by a name of their own.
pub type Made = BTreeMap<&'static str, Value>;

const CONTACTS: &str = "/v1/contacts";
const COMPANIES: &str = "/v1/companies";
const DEALS: &str = "/v1/deals";
const ACTIVITIES: &str = "/v1/activities";
const ASSOCIATIONS: &str = "/v1/associations";
const FIELDS: &str = "/v1/schema/fields";
const WEBHOOKS: &str = "/v1/webhooks";
const KEYS: &str = "/v1/keys";

/// Lists of what writers make, and whether its changes make events.
pub const LISTS: [(&str, bool); 8] = [
    (CONTACTS, true),
    (COMPANIES, true),
    (DEALS, true),
    (ACTIVITIES, true),
    (ASSOCIATIONS, true),
    (FIELDS, true),
    (WEBHOOKS, false),
    (KEYS, false),
];

/// The endpoint that all writers share: nobody listens there.
const ENDPOINT: &str = "endpoint";
const ENDPOINT_URL: &str = "http://127.0.0.1:9/ledger";
/// A ping to it.
const PING: &str = "ping";
/// The id of the request that was answered last, as text.
pub const REQUEST: &str = "request";
/// A contact that is merged into another.
const TWIN: &str = "twin";
/// An answer that nothing asks for.
const UNUSED: &str = "unused";

impl Write {
    fn post(operation: &'static str, path: &str, key: &str, body: Value) -> Self {
        Self {
            operation,
            method: "POST",
            path: path.to_owned(),
            key: Some(key.to_owned()),
            body,
            version: 0,
            answers: list_of(path).unwrap_or(UNUSED),
        }
    }

    fn answering(self, answers: &'static str) -> Self {
        Self { answers, ..self }
    }

    fn to(operation: &'static str, list: &'static str, made: &Made, body: Value) -> Self {
        let record = &made[list];
        let is_change = operation.ends_with("update");
        Self {
            operation,
            method: if is_change { "PATCH" } else { "DELETE" },
            path: one(list, record),
            key: None,
            body,
            version: record["version"].as_i64().unwrap_or(0),
            answers: if is_change { list } else { UNUSED },
        }
    }

    fn delete(operation: &'static str, list: &'static str, made: &Made) -> Self {
        Self::to(operation, list, made, Value::Null)
    }

    fn restore(operation: &'static str, list: &'static str, made: &Made, name: &str) -> Self {
        let path = format!("{}/restore", one(list, &made[list]));
        Self::post(operation, &path, name, Value::Null)
    }

    /// Undoes the request before.
    fn undo(operation: &'static str, made: &Made, name: &str) -> Self {
        Self {
            operation,
            method: "POST",
            path: format!("/v1/requests/{}/undo", text(&made[REQUEST])),
            key: Some(name.to_owned()),
            body: Value::Null,
            version: 0,
            answers: UNUSED,
        }
    }

    pub fn send(&self, client: &mut Client) -> io::Result<(u16, Value)> {
        let body = Some(&self.body).filter(|body| !body.is_null());
        client.send(self.method, &self.path, self.key.as_deref(), body)
    }

    pub fn list(&self) -> &'static str {
        list_of(&self.path).expect("it is about a record")
    }

    /// The id in its path.
    pub fn id(&self) -> &str {
        let rest = self.path.strip_prefix(self.list()).unwrap();
        rest.split('/').nth(1).unwrap()
    }
}

/// The list of what a path is about, where it is one record or one kind of them.
fn list_of(path: &str) -> Option<&'static str> {
    let mut lists = LISTS.iter().map(|(list, _)| *list);
    lists.find(|list| path.starts_with(list))
}

fn one(list: &str, record: &Value) -> String {
    format!("{list}/{}", text(&record["id"]))
}

fn edge(name: &str, made: &Made, label: &str) -> Write {
    let (contact, deal) = (&made[CONTACTS]["id"], &made[DEALS]["id"]);
    let body = json!({
        "from_type": "contact", "from_id": contact, "to_type": "deal", "to_id": deal, "label": label,
    });
    Write::post("associations_create", ASSOCIATIONS, name, body)
}

/// Merges the twin of a contact into it.
fn merge(name: &str, made: &Made) -> Write {
    let path = format!("{}/merge", one(CONTACTS, &made[CONTACTS]));
    let body = json!({ "from": [made[TWIN]["id"]] });
    Write::post("contacts_merge", &path, name, body)
}

/// What the shared endpoint is asked to do.
fn asked(operation: &'static str, action: &str, made: &Made, name: &str, body: Value) -> Write {
    let path = format!("{}/{action}", one(WEBHOOKS, &made[ENDPOINT]));
    Write::post(operation, &path, name, body).answering(UNUSED)
}

/// Makes a write: it is given a name that nothing else has, and what was made before.
pub type Kind = fn(&str, &Made) -> Write;

/// The changes, in the order in which a writer makes them.
pub const CYCLE: &[Kind] = &[
    |_, _| {
        let body = json!({ "url": ENDPOINT_URL, "event_types": ["company.updated"] });
        Write::post("webhooks_create", WEBHOOKS, "the endpoint of all", body).answering(ENDPOINT)
    },
    |name, _| {
        let body = json!({ "email": format!("{name}@example.com") });
        Write::post("contacts_create", CONTACTS, name, body)
    },
    |name, _| Write::post("companies_create", COMPANIES, name, json!({ "name": name })),
    |name, made| {
        let body = json!({ "metadata": { "by": name } });
        Write::to("contacts_update", CONTACTS, made, body)
    },
    |name, _| {
        let body = json!({ "email": format!("twin-{name}@example.com"), "phone": "1" });
        Write::post("contacts_create", CONTACTS, name, body).answering(TWIN)
    },
    |name, made| {
        let body = json!({ "type": "call", "contact_id": made[TWIN]["id"] });
        Write::post("activities_create", ACTIVITIES, name, body).answering(UNUSED)
    },
    // Merged, apart again, and merged.
    |name, made| merge(name, made),
    |name, made| Write::undo("requests_undo", made, name),
    |name, made| merge(name, made),
    |name, made| {
        let body = json!({ "title": name, "company_id": made[COMPANIES]["id"] });
        Write::post("deals_create", DEALS, name, body)
    },
    |name, made| edge(name, made, "a"),
    |name, made| {
        let body = json!({ "domain": "example.com", "name": name });
        Write::to("companies_update", COMPANIES, made, body)
    },
    |name, made| {
        let body = json!({ "type": "call", "deal_id": made[DEALS]["id"] });
        Write::post("activities_create", ACTIVITIES, name, body)
    },
    |name, made| {
        Write::to(
            "activities_update",
            ACTIVITIES,
            made,
            json!({ "subject": name }),
        )
    },
    |name, _| {
        let key = format!("f_{}", name.replace('-', "_"));
        let body = json!({ "object_type": "deal", "key": key, "type": "text" });
        Write::post("fields_create", FIELDS, name, body)
    },
    |name, made| Write::to("fields_update", FIELDS, made, json!({ "label": name })),
    |_, made| Write::delete("fields_delete", FIELDS, made),
    |name, _| {
        let body = json!({ "name": name });
        Write::post("companies_create", COMPANIES, name, body).answering(UNUSED)
    },
    |name, made| Write::undo("requests_undo", made, name),
    |name, _| {
        let url = format!("https://example.com/{name}");
        let body = json!({ "url": url, "event_types": ["activity.restored"], "enabled": false });
        Write::post("webhooks_create", WEBHOOKS, name, body)
    },
    |name, made| {
        Write::to(
            "webhooks_update",
            WEBHOOKS,
            made,
            json!({ "description": name }),
        )
    },
    |name, made| {
        let path = format!("{}/rotate_secret", one(WEBHOOKS, &made[WEBHOOKS]));
        Write::post(
            "webhooks_rotate_secret",
            &path,
            name,
            json!({ "expires_in": 60 }),
        )
    },
    |_, made| Write::delete("webhooks_delete", WEBHOOKS, made),
    |name, made| asked("webhooks_test", "test", made, name, Value::Null).answering(PING),
    |name, made| {
        let action = one("replay", &made[PING]);
        asked("deliveries_replay", &action, made, name, Value::Null)
    },
    |name, made| {
        let since = json!({ "since": "2020-01-01T00:00:00Z" });
        asked("webhooks_recover", "recover", made, name, since)
    },
    |name, _| Write::post("keys_create", KEYS, name, json!({ "name": name })),
    |name, made| {
        let path = format!("{}/rotate", one(KEYS, &made[KEYS]));
        Write::post(
            "keys_rotate",
            &path,
            name,
            json!({ "overlap_seconds": 86_400 }),
        )
        .answering(UNUSED)
    },
    |_, made| Write::delete("keys_delete", KEYS, made),
    // One that is not rotated, and works on.
    |name, _| {
        Write::post(
            "keys_create",
            KEYS,
            name,
            json!({ "scopes": ["contacts:read"] }),
        )
    },
    |name, made| Write::to("deals_update", DEALS, made, json!({ "stage": name })),
    |_, made| Write::delete("deals_delete", DEALS, made),
    |name, made| Write::restore("deals_restore", DEALS, made, name),
    |name, made| edge(name, made, "b"),
    |name, made| {
        let said = json!({ "inverse_label": name, "until": "2026-10-31" });
        Write::to("associations_update", ASSOCIATIONS, made, said)
    },
    |_, made| Write::delete("associations_delete", ASSOCIATIONS, made),
    |_, made| Write::delete("contacts_delete", CONTACTS, made),
    |name, made| Write::restore("contacts_restore", CONTACTS, made, name),
    |_, made| Write::delete("companies_delete", COMPANIES, made),
    |name, made| Write::restore("companies_restore", COMPANIES, made, name),
    |_, made| Write::delete("activities_delete", ACTIVITIES, made),
    |name, made| Write::restore("activities_restore", ACTIVITIES, made, name),
    |_, made| Write::delete("deals_delete", DEALS, made),
    |name, made| {
        let known = &made[CONTACTS]["email"];
        let rows = json!([
            { "email": known, "last_name": name }, { "email": format!("row-{name}@example.com") },
            { "email": known, "last_name": name },
        ]);
        let body = json!({ "contacts": rows, "dedup_on": ["email"] });
        let path = format!("{CONTACTS}/batch");
        Write::post("contacts_batch", &path, name, body).answering(UNUSED)
    },
    |name, made| {
        let contact = &made[CONTACTS];
        let operations = json!([
            { "op": "create", "object": "company", "ref": "company", "data": { "name": name } },
            { "op": "upsert", "object": "contact", "match": { "email": contact["email"] }, "data": { "first_name": name } },
            { "op": "link", "data": { "from_type": "contact", "from_id": contact["id"], "to_type": "company",
              "to_id": { "$ref": "company" } } },
        ]);
        Write::post(
            "batch_create",
            "/v1/batch",
            name,
            json!({ "operations": operations }),
        )
    },
];
