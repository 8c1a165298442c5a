//! Writers of every kind of change, and a ledger of what each was answered: in the end, what is stored and what events tell
//! must be exactly that.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::client::Client;

/// One request that changes something.
#[derive(Clone, Debug)]
pub struct Write {
    method: &'static str,
    path: String,
    /// Of a POST: what makes it happen once.
    key: Option<String>,
    body: Value,
    /// The version that the record has before it.
    version: i64,
}

/// What was acknowledged.
#[derive(Default)]
pub struct Ledger(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    /// The type, record and version of each event that is owed, as often as it is.
    events: Vec<(String, String, i64)>,
    /// What is there, by path and id, with its version, or 0 where it shows none; and the edges of each record.
    present: BTreeMap<(String, String), i64>,
    edges: BTreeMap<String, String>,
    /// Requests that nobody answered.
    open: Vec<Write>,
    answered: usize,
}

/// Lists of what writers make, and whether its changes make events.
const LISTS: [(&str, bool); 7] = [
    ("/v1/contacts", true),
    ("/v1/companies", true),
    ("/v1/deals", true),
    ("/v1/activities", true),
    ("/v1/associations", false),
    ("/v1/schema/fields", false),
    ("/v1/webhooks", false),
];

impl Ledger {
    /// Writes one change of each kind after the other, until a request is not answered or `is_over`.
    pub fn write(&self, client: &mut Client, name: &str, is_over: &dyn Fn() -> bool) {
        let mut made: BTreeMap<&'static str, Value> = BTreeMap::new();
        for number in 0.. {
            for (step, kind) in CYCLE.iter().enumerate() {
                if is_over() {
                    return;
                }
                let write = kind(&format!("{name}-{number}-{step}"), &made);
                match write.send(client) {
                    Ok((status, answer)) => {
                        self.record(&write, status, &answer);
                        let list = write.list();
                        made.insert(list, answer);
                    }
                    Err(_) => {
                        self.entries().open.push(write);
                        return;
                    }
                }
            }
        }
    }

    /// Finds out what became of the requests that nobody answered: a POST is sent again under its key, of the others what
    /// is there tells.
    pub fn settle(&self, client: &mut Client) {
        let open = std::mem::take(&mut self.entries().open);
        for write in open {
            match write.method {
                "POST" => {
                    let (status, answer) = write.send(client).expect("it is answered");
                    self.record(&write, status, &answer);
                }
                "PATCH" => {
                    let (status, now) = client.get(&write.path);
                    let version = now["version"].as_i64();
                    if version.is_none_or(|version| version > write.version) {
                        self.record(&write, status, &now);
                    }
                }
                _ => {
                    // Not every kind can be read by its id.
                    let is_it =
                        |record: &Value| write.path.ends_with(record["id"].as_str().unwrap());
                    if !walk(client, write.list()).iter().any(is_it) {
                        self.record(&write, 200, &Value::Null);
                    }
                }
            }
        }
    }

    fn record(&self, write: &Write, status: u16, answer: &Value) {
        assert!((200..300).contains(&status), "{write:?}: {status} {answer}");
        let mut entries = self.entries();
        entries.answered += 1;
        if let Some(rows) = answer["data"].as_array() {
            for row in rows {
                let contact = &row["contact"];
                match row["status"].as_str().unwrap() {
                    "created" => entries.changed("/v1/contacts", "created", contact),
                    "updated" => entries.changed("/v1/contacts", "updated", contact),
                    "unchanged" => {}
                    other => panic!("{other}: {row}"),
                }
            }
            return;
        }
        match write.method {
            "POST" => entries.changed(write.list(), "created", answer),
            "PATCH" => entries.changed(write.list(), "updated", answer),
            _ => entries.deleted(write),
        }
    }

    /// Holds what the server shows to what was acknowledged, neither more nor less.
    ///
    /// # Panics
    /// Where a change was lost, happened unasked, or has no event or two.
    pub fn is_what(&self, client: &mut Client) {
        let entries = self.entries();
        assert_eq!(entries.open.len(), 0, "settle first");
        let mut present = BTreeMap::new();
        for (list, _) in LISTS {
            for record in walk(client, list) {
                let version = record["version"].as_i64().unwrap_or(0);
                present.insert((list.to_owned(), text(&record["id"])), version);
            }
        }
        let lost: Vec<_> = entries
            .present
            .iter()
            .filter(|entry| present.get(entry.0) != Some(entry.1))
            .collect();
        assert!(lost.is_empty(), "acknowledged and not there: {lost:?}");
        assert_eq!(
            present, entries.present,
            "more is there than was acknowledged"
        );
        let mut events: Vec<_> = walk(client, "/v1/events")
            .iter()
            .map(|event| {
                let version = event["data"]["version"].as_i64().unwrap();
                (text(&event["type"]), text(&event["data"]["id"]), version)
            })
            .collect();
        let mut owed = entries.events.clone();
        events.sort_unstable();
        owed.sort_unstable();
        let (told, due): (BTreeSet<_>, BTreeSet<_>) =
            (events.iter().collect(), owed.iter().collect());
        assert_eq!(
            told.difference(&due).collect::<Vec<_>>(),
            [] as [&&_; 0],
            "events of no change"
        );
        assert_eq!(
            due.difference(&told).collect::<Vec<_>>(),
            [] as [&&_; 0],
            "changes without an event"
        );
        assert_eq!(events, owed, "a change has two events");
    }

    /// How many changes were acknowledged.
    pub fn answered(&self) -> usize {
        self.entries().answered
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        // What a writer's panic leaves is no worse than the panic, which the test ends with.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn changed(&mut self, list: &str, verb: &str, record: &Value) {
        let id = text(&record["id"]);
        let version = record["version"].as_i64().unwrap_or(0);
        if LISTS
            .iter()
            .any(|(name, has_events)| *name == list && *has_events)
        {
            self.events.push((
                format!("{}.{verb}", text(&record["object"])),
                id.clone(),
                version,
            ));
        }
        if list == "/v1/associations" {
            self.edges.insert(text(&record["to_id"]), id.clone());
        }
        self.present.insert((list.to_owned(), id), version);
    }

    fn deleted(&mut self, write: &Write) {
        let (list, id) = write.path.rsplit_once('/').unwrap();
        self.present.remove(&(list.to_owned(), id.to_owned()));
        if let Some(edge) = self.edges.remove(id) {
            self.present.remove(&("/v1/associations".to_owned(), edge));
        }
        if list == "/v1/deals" {
            self.events
                // A deletion counts as a change.
                .push(("deal.deleted".to_owned(), id.to_owned(), write.version + 1));
        }
    }
}

impl Write {
    fn post(path: &str, key: &str, body: Value) -> Self {
        Self {
            method: "POST",
            path: path.to_owned(),
            key: Some(key.to_owned()),
            body,
            version: 0,
        }
    }

    fn to(method: &'static str, list: &str, record: &Value, body: Value) -> Self {
        Self {
            method,
            path: format!("{list}/{}", text(&record["id"])),
            key: None,
            body,
            version: record["version"].as_i64().unwrap_or(0),
        }
    }

    fn send(&self, client: &mut Client) -> io::Result<(u16, Value)> {
        client.send(
            self.method,
            &self.path,
            self.key.as_deref(),
            Some(&self.body),
        )
    }

    fn list(&self) -> &'static str {
        let lists = LISTS.iter().map(|(list, _)| *list);
        lists
            .into_iter()
            .find(|list| self.path.starts_with(list))
            .unwrap()
    }
}

type Made = BTreeMap<&'static str, Value>;

/// The changes, in the order in which a writer makes them. Each is given a name that nothing else has.
const CYCLE: [fn(&str, &Made) -> Write; 14] = [
    |name, _| {
        Write::post(
            "/v1/contacts",
            name,
            json!({ "email": format!("{name}@example.com") }),
        )
    },
    |name, _| Write::post("/v1/companies", name, json!({ "name": name })),
    |name, made| {
        Write::to(
            "PATCH",
            "/v1/contacts",
            &made["/v1/contacts"],
            json!({ "metadata": { "by": name } }),
        )
    },
    |name, made| {
        Write::post(
            "/v1/deals",
            name,
            json!({ "title": name, "company_id": made["/v1/companies"]["id"] }),
        )
    },
    |name, made| {
        let (contact, deal) = (&made["/v1/contacts"]["id"], &made["/v1/deals"]["id"]);
        let body =
            json!({ "from_type": "contact", "from_id": contact, "to_type": "deal", "to_id": deal });
        Write::post("/v1/associations", name, body)
    },
    |name, made| {
        Write::to(
            "PATCH",
            "/v1/companies",
            &made["/v1/companies"],
            json!({ "domain": "example.com", "name": name }),
        )
    },
    |name, made| {
        Write::post(
            "/v1/activities",
            name,
            json!({ "type": "call", "deal_id": made["/v1/deals"]["id"] }),
        )
    },
    |name, _| {
        let key = name.replace('-', "_");
        Write::post(
            "/v1/schema/fields",
            name,
            json!({ "object_type": "deal", "key": format!("f_{key}"), "type": "text" }),
        )
    },
    |_, made| {
        Write::to(
            "DELETE",
            "/v1/schema/fields",
            &made["/v1/schema/fields"],
            Value::Null,
        )
    },
    |name, _| {
        Write::post(
            "/v1/webhooks",
            name,
            json!({ "url": format!("https://example.com/{name}"), "event_types": ["activity.deleted"] }),
        )
    },
    |name, made| {
        Write::to(
            "PATCH",
            "/v1/webhooks",
            &made["/v1/webhooks"],
            json!({ "description": name }),
        )
    },
    |_, made| Write::to("DELETE", "/v1/webhooks", &made["/v1/webhooks"], Value::Null),
    |_, made| Write::to("DELETE", "/v1/deals", &made["/v1/deals"], Value::Null),
    |name, made| {
        let known = &made["/v1/contacts"]["email"];
        let rows = json!([{ "email": known, "last_name": name }, { "email": format!("row-{name}@example.com") }, { "email": known, "last_name": name }]);
        Write::post(
            "/v1/contacts/batch",
            name,
            json!({ "contacts": rows, "dedup_on": ["email"] }),
        )
    },
];

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

/// Everything of a list.
pub fn walk(client: &mut Client, list: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, page) = client.get(&format!("{list}?limit=200{cursor}"));
        assert_eq!(status, 200, "{page}");
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}
