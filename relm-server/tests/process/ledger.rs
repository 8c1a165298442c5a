//! Writers of every kind of change, and a ledger of what each was answered: in the end, what is stored and what events tell
//! must be exactly that.

mod every;
mod marks;
mod merged;
mod walk;
mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::marks::{edge_place, id_type, is_engines, list_of_record, mark};
pub use self::walk::walk;
use self::writes::{CYCLE, LISTS, Made, REQUEST, Write};
use super::client::Client;

/// How long a revoked key may work on where another server remembers it.
const REVOKED_WITHIN: Duration = Duration::from_secs(8);
/// So many revoked keys are tried: more would be taken for guesses.
const REVOKED_TRIED: usize = 10;

/// What was acknowledged.
#[derive(Default)]
pub struct Ledger(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    /// The type, record and version of each event that is owed, as often as it is.
    events: Vec<(String, String, i64)>,
    /// What is there, by path and id, with what tells one state of it from another.
    present: BTreeMap<(String, String), Value>,
    /// The two ends of each edge that was not unlinked, be it in the trash, and its version.
    edges: BTreeMap<String, ([String; 2], i64)>,
    /// The contact that an activity refers to.
    referring: BTreeMap<String, String>,
    /// The versions that merged contacts have in the trash.
    merged: BTreeMap<String, i64>,
    /// API keys themselves, by their ids.
    secrets: BTreeMap<String, String>,
    /// Deliveries that were asked for one by one, by their endpoint, with whether they replay another.
    deliveries: BTreeMap<String, BTreeMap<String, bool>>,
    /// Requests that nobody answered.
    open: Vec<Write>,
    /// Requests under a key, each with its answer.
    said: Vec<(Write, (u16, Value))>,
    /// What was done, by its name in the OpenAPI document.
    operations: BTreeSet<&'static str>,
    answered: usize,
}

impl Ledger {
    /// Writes one change of each kind after the other, until a request is not answered or `is_over`.
    pub fn write(&self, client: &mut Client, name: &str, is_over: &dyn Fn() -> bool) {
        let mut made = Made::new();
        for number in 0.. {
            for (step, kind) in CYCLE.iter().enumerate() {
                if is_over() {
                    return;
                }
                let write = kind(&format!("{name}-{number}-{step}"), &made);
                match write.send(client) {
                    Ok((status, answer)) => {
                        self.record(&write, status, &answer);
                        made.insert(write.answers, answer);
                        made.insert(REQUEST, json!(client.request_id));
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
                    // Not every kind can be read by its id. A revoked key is still listed.
                    let is_it = |record: &Value| {
                        record["id"] == write.id() && record["revoked_at"].is_null()
                    };
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
        entries.operations.insert(write.operation);
        if write.key.is_some() {
            entries.said.push((write.clone(), (status, answer.clone())));
        }
        let (_, verb) = write.operation.split_once('_').unwrap();
        match verb {
            "batch" => entries.rows(answer),
            "create" if write.operation == "batch_create" => entries.operations_of(answer),
            "create" => entries.changed(write.list(), "created", answer),
            "update" => entries.changed(write.list(), "updated", answer),
            "restore" => entries.restored(write, answer),
            "delete" => entries.deleted(write),
            "rotate_secret" => entries.changed(write.list(), "rotated", answer),
            "rotate" => entries.rotated(write, answer),
            "test" | "replay" => entries.delivers(write, answer),
            "undo" => entries.undone(answer),
            "merge" => entries.merged(write, answer),
            "recover" => {}
            other => panic!("what {other} comes to is written here"),
        }
    }

    /// Holds what the server shows to what was acknowledged, neither more nor less.
    ///
    /// # Panics
    /// Where a change was lost, happened unasked, or has no event or two; where a request is answered otherwise when it is sent
    /// again, and where a key works that was revoked, or does not that was not.
    pub fn is_what(&self, client: &mut Client) {
        let entries = self.entries();
        assert_eq!(entries.open.len(), 0, "settle first");
        for (write, answer) in &entries.said {
            assert_eq!(&write.send(client).expect("it is answered"), answer);
        }
        entries.are_present(client);
        entries.have_their_events(client);
        entries.have_their_deliveries(client);
        entries.open_what_they_should(client);
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
        let mut with_events = LISTS.iter().filter(|(_, has_events)| *has_events);
        if with_events.any(|(name, _)| *name == list) {
            let event_type = format!("{}.{verb}", text(&record["object"]));
            self.events.push((event_type, id.clone(), version(record)));
        }
        if list == "/v1/associations" {
            let ends = [text(&record["from_id"]), text(&record["to_id"])];
            self.edges.insert(id.clone(), (ends, version(record)));
        }
        if let Some(contact) = record["contact_id"].as_str() {
            self.referring.insert(id.clone(), contact.to_owned());
        }
        if list == "/v1/keys" {
            self.secrets.insert(id.clone(), text(&record["secret"]));
        }
        self.present
            .insert((list.to_owned(), id), mark(list, record));
    }

    fn rows(&mut self, report: &Value) {
        for row in report["data"].as_array().unwrap() {
            let contact = &row["contact"];
            match row["status"].as_str().unwrap() {
                "created" => self.changed("/v1/contacts", "created", contact),
                "updated" => self.changed("/v1/contacts", "updated", contact),
                "unchanged" => {}
                other => panic!("{other}: {row}"),
            }
        }
    }

    fn operations_of(&mut self, report: &Value) {
        for row in report["data"].as_array().unwrap() {
            let record = &row["record"];
            self.changed(
                list_of_record(record),
                row["status"].as_str().unwrap(),
                record,
            );
        }
    }

    fn deleted(&mut self, write: &Write) {
        let (list, id) = (write.list(), write.id());
        let place = (list.to_owned(), id.to_owned());
        if list == "/v1/keys" {
            let known = self.present.get_mut(&place).unwrap();
            known["is_revoked"] = json!(true);
            return;
        }
        self.present.remove(&place);
        self.edges.remove(id);
        for edge in self.edges_of(id) {
            self.present.remove(&edge_place(&edge));
        }
        if LISTS.contains(&(list, true)) {
            let object = id_type(id);
            // A deletion counts as a change.
            let event = format!("{object}.deleted");
            let event = (event, id.to_owned(), write.version + 1);
            self.events.push(event);
        }
    }

    /// Its edges come back with it, where their other ends are there.
    fn restored(&mut self, write: &Write, record: &Value) {
        self.changed(write.list(), "restored", record);
        let living: BTreeSet<&String> = self.present.keys().map(|(_, id)| id).collect();
        let back = self.edges_of(write.id()).into_iter();
        let back = back.filter(|edge| self.edges[edge].0.iter().all(|end| living.contains(end)));
        for edge in back.collect::<Vec<_>>() {
            // That it comes back is a change of it.
            let known = self.edges.get_mut(&edge).expect("it is one of them");
            known.1 += 1;
            let version = known.1;
            let there = self.present.insert(edge_place(&edge), json!(version));
            if there.is_none() {
                let event = ("association.created".to_owned(), edge, version);
                self.events.push(event);
            }
        }
    }

    fn rotated(&mut self, write: &Write, successor: &Value) {
        self.changed("/v1/keys", "created", successor);
        let place = ("/v1/keys".to_owned(), write.id().to_owned());
        self.present.get_mut(&place).unwrap()["replaced_by"] = successor["id"].clone();
    }

    fn delivers(&mut self, write: &Write, delivery: &Value) {
        let is_replay = !delivery["replay_of"].is_null();
        let of_endpoint = self.deliveries.entry(write.id().to_owned()).or_default();
        of_endpoint.insert(text(&delivery["id"]), is_replay);
    }

    fn edges_of(&self, id: &str) -> Vec<String> {
        let mine =
            |(_, (ends, _)): &(&String, &([String; 2], i64))| ends.iter().any(|end| end == id);
        let edges = self.edges.iter().filter(mine);
        edges.map(|(edge, _)| edge.clone()).collect()
    }

    fn are_present(&self, client: &mut Client) {
        let mut present = BTreeMap::new();
        for (list, _) in LISTS {
            for record in walk(client, list) {
                // The operator's own keys, and what the engine defines once a contact has several addresses.
                let is_operators = list == "/v1/keys" && record["created_by"].is_null();
                if is_operators || is_engines(&record) {
                    continue;
                }
                let place = (list.to_owned(), text(&record["id"]));
                present.insert(place, mark(list, &record));
            }
        }
        let expected = self.present.iter();
        let lost: Vec<_> = expected
            .filter(|(place, mark)| present.get(place) != Some(mark))
            .map(|(place, mark)| (place, mark, present.get(place)))
            .collect();
        assert!(lost.is_empty(), "acknowledged and not there: {lost:?}");
        assert_eq!(present, self.present, "more is there than was acknowledged");
    }

    fn have_their_events(&self, client: &mut Client) {
        let events = walk(client, "/v1/events").into_iter();
        let events = events.filter(|event| event["type"] != "ping");
        let mut events: Vec<_> = events
            .map(|event| {
                let version = version(&event["data"]);
                (text(&event["type"]), text(&event["data"]["id"]), version)
            })
            .collect();
        let mut owed = self.events.clone();
        events.sort_unstable();
        owed.sort_unstable();
        let (told, due): (BTreeSet<_>, BTreeSet<_>) =
            (events.iter().collect(), owed.iter().collect());
        let none = [] as [&&_; 0];
        assert_eq!(
            told.difference(&due).collect::<Vec<_>>(),
            none,
            "events of no change"
        );
        assert_eq!(
            due.difference(&told).collect::<Vec<_>>(),
            none,
            "changes without an event"
        );
        assert_eq!(events, owed, "a change has two events");
    }

    /// An endpoint is sent what was asked for, and each event that it hears of once.
    fn have_their_deliveries(&self, client: &mut Client) {
        for (endpoint, asked) in &self.deliveries {
            let all = walk(client, &format!("/v1/webhooks/{endpoint}/deliveries"));
            let is_asked = |delivery: &&Value| {
                delivery["event_type"] == "ping" || !delivery["replay_of"].is_null()
            };
            let (one_by_one, others): (Vec<_>, Vec<_>) = all.iter().partition(is_asked);
            let found = one_by_one.iter().map(|delivery| {
                let is_replay = !delivery["replay_of"].is_null();
                (text(&delivery["id"]), is_replay)
            });
            assert_eq!(&found.collect::<BTreeMap<_, _>>(), asked);
            let events: BTreeSet<String> = others
                .iter()
                .map(|delivery| text(&delivery["event_id"]))
                .collect();
            assert_eq!(events.len(), others.len(), "an event is delivered twice");
        }
    }

    /// Whoever shows a key that was not revoked is let in, and nobody else.
    fn open_what_they_should(&self, client: &mut Client) {
        let address = client.address();
        let is_let_in = |secret: &str| {
            Client::connect(address, secret)
                .get("/v1/contacts?limit=1")
                .0
        };
        let is_revoked = |id: &String| {
            let place = ("/v1/keys".to_owned(), id.clone());
            self.present[&place]["is_revoked"] == true
        };
        let (revoked, working): (Vec<_>, Vec<_>) =
            self.secrets.iter().partition(|(id, _)| is_revoked(id));
        for (id, secret) in working {
            assert_eq!(is_let_in(secret), 200, "{id}");
        }
        let begun = Instant::now();
        for (id, secret) in revoked.into_iter().take(REVOKED_TRIED) {
            while is_let_in(secret) != 401 {
                assert!(begun.elapsed() < REVOKED_WITHIN, "{id} was revoked");
                std::thread::sleep(Duration::from_millis(250));
            }
        }
    }
}

/// The version of a record; 0 of what has none.
fn version(record: &Value) -> i64 {
    record["version"].as_i64().unwrap_or(0)
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}
