//! Clients that try again, over replicas that die and requests that are the same.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cluster::{Cluster, walk};
use super::feed::{self, Read};

const CLIENTS: usize = 8;
/// One in so many requests imports so many contacts.
const IMPORT_EVERY: usize = 4;
const IMPORTED: usize = 5;
const READERS: usize = 2;
/// How often a replica is killed.
const KILL_EVERY: Duration = Duration::from_secs(2);

/// For so many seconds, or for as many as `RELM_TEST_REPLICA_SECONDS` says, one of three replicas is killed every other
/// second. Whoever tries again under the same key succeeds once. Readers of the feed meet each event once, all in one order.
pub fn kills(url: &str, seconds: u64) {
    let told = std::env::var("RELM_TEST_REPLICA_SECONDS").ok();
    let seconds = told.and_then(|told| told.parse().ok()).unwrap_or(seconds);
    let cluster = Cluster::start(url, 3);
    let (stop, is_over) = (AtomicBool::new(false), AtomicBool::new(false));
    let read: Mutex<Vec<Vec<Read>>> = Mutex::default();
    let created: Mutex<HashMap<String, String>> = Mutex::default();
    let kills = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for reader in 0..READERS {
            let (cluster, is_over, read) = (&cluster, &is_over, &read);
            scope.spawn(move || {
                let all = feed::read(cluster, reader, || is_over.load(Ordering::SeqCst));
                read.lock().unwrap().push(all);
            });
        }
        let mut writers = Vec::new();
        for client in 0..CLIENTS {
            let (cluster, stop, created) = (&cluster, &stop, &created);
            writers.push(scope.spawn(move || {
                for number in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let made = make(cluster, client, number);
                    created.lock().unwrap().extend(made);
                }
            }));
        }
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(seconds) {
            std::thread::sleep(KILL_EVERY);
            cluster.replace(kills.fetch_add(1, Ordering::SeqCst));
        }
        stop.store(true, Ordering::SeqCst);
        let ends: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        // Whatever ended the writers, the readers come to an end.
        is_over.store(true, Ordering::SeqCst);
        assert!(ends.iter().all(Result::is_ok), "a writer gave up");
    });
    let created = created.into_inner().unwrap();
    assert!(created.len() > 100, "{} are too few", created.len());
    println!("{} creates, {} kills", created.len(), kills.into_inner());
    is_all_there(&cluster, &created);
    let mut client = cluster.client(0);
    let written = walk(&mut client, "/v1/events");
    let written = written.iter().map(|event| event["id"].as_str().unwrap());
    let written: HashSet<&str> = written.collect();
    let read = read.into_inner().unwrap();
    let met: HashSet<&str> = read[0].iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!((read[0].len(), met), (created.len(), written));
    assert_eq!(read[0], read[1], "both readers meet one order");
}

/// A contact, or an import of several: their addresses and ids.
fn make(cluster: &Cluster, client: usize, number: usize) -> HashMap<String, String> {
    let email = |row: usize| format!("user-{client}-{number}-{row}@example.com");
    let key = email(0);
    let id_of = |contact: &Value| contact["id"].as_str().unwrap().to_owned();
    if !number.is_multiple_of(IMPORT_EVERY) {
        let body = json!({ "email": email(0) });
        let (status, contact) = cluster.create(client + number, &key, "/v1/contacts", &body);
        assert_eq!(status, 201, "{contact}");
        return HashMap::from([(email(0), id_of(&contact))]);
    }
    let rows: Vec<Value> = (0..IMPORTED)
        .map(|row| json!({ "email": email(row) }))
        .collect();
    let body = json!({ "contacts": rows });
    let (status, report) = cluster.create(client + number, &key, "/v1/contacts/batch", &body);
    assert_eq!(
        (status, &report["created"]),
        (200, &json!(IMPORTED)),
        "{report}"
    );
    let rows = report["data"].as_array().unwrap().iter().enumerate();
    rows.map(|(row, made)| (email(row), id_of(made))).collect()
}

/// What was acknowledged is there, once, with an event for each; and nothing else is.
fn is_all_there(cluster: &Cluster, created: &HashMap<String, String>) {
    let mut client = cluster.client(0);
    let stored = walk(&mut client, "/v1/contacts");
    let found: HashMap<String, String> = stored
        .iter()
        .map(|contact| {
            let text = |name: &str| contact[name].as_str().unwrap().to_owned();
            (text("email"), text("id"))
        })
        .collect();
    assert_eq!(stored.len(), found.len(), "no address is there twice");
    assert_eq!(
        &found, created,
        "what was acknowledged is there, and nothing else"
    );
    let events = walk(&mut client, "/v1/events");
    let told: HashSet<&str> = events
        .iter()
        .map(|event| event["data"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(events.len(), created.len(), "one event for each");
    assert_eq!(told.len(), created.len());
}

/// Many clients send each of a few requests, under its key, to three replicas at once.
pub fn one_key(url: &str) {
    const REQUESTS: usize = 5;
    const CLIENTS: usize = 200;
    let told = std::env::var("RELM_TEST_STORM_REQUESTS").ok();
    let requests = told.and_then(|told| told.parse().ok()).unwrap_or(REQUESTS);
    let cluster = Cluster::start(url, 3);
    for request in 0..requests {
        let answers: Mutex<HashSet<String>> = Mutex::default();
        let barrier = std::sync::Barrier::new(CLIENTS);
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (cluster, answers, barrier) = (&cluster, &answers, &barrier);
                scope.spawn(move || {
                    let body = json!({ "email": format!("ada{request}@example.com") });
                    barrier.wait();
                    let key = format!("storm {request}");
                    let (status, answer) = cluster.create(client, &key, "/v1/contacts", &body);
                    assert_eq!(status, 201, "{answer}");
                    answers.lock().unwrap().insert(answer.to_string());
                });
            }
        });
        assert_eq!(answers.into_inner().unwrap().len(), 1, "one answer for all");
    }
    let mut client = cluster.client(0);
    assert_eq!(walk(&mut client, "/v1/contacts").len(), requests);
    assert_eq!(walk(&mut client, "/v1/events").len(), requests);
}
