//! Clients that try again, over replicas that die and requests that are the same.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::cluster::{Cluster, walk};

const CLIENTS: usize = 8;
/// How often a replica is killed.
const KILL_EVERY: Duration = Duration::from_secs(2);

/// For so many seconds, or for as many as `RELM_TEST_REPLICA_SECONDS` says, one of three replicas is killed every other
/// second. Whoever tries again under the same key succeeds once.
pub fn kills(url: &str, seconds: u64) {
    let told = std::env::var("RELM_TEST_REPLICA_SECONDS").ok();
    let seconds = told.and_then(|told| told.parse().ok()).unwrap_or(seconds);
    let cluster = Cluster::start(url, 3);
    let stop = AtomicBool::new(false);
    let created: Mutex<HashMap<String, String>> = Mutex::default();
    let kills = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (cluster, stop, created) = (&cluster, &stop, &created);
            scope.spawn(move || {
                for number in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let email = format!("user-{client}-{number}@example.com");
                    let body = json!({ "email": email });
                    let (status, contact) =
                        cluster.create(client + number, &email, "/v1/contacts", &body);
                    assert_eq!(status, 201, "{contact}");
                    let id = contact["id"].as_str().unwrap().to_owned();
                    created.lock().unwrap().insert(email, id);
                }
            });
        }
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(seconds) {
            std::thread::sleep(KILL_EVERY);
            cluster.replace(kills.fetch_add(1, Ordering::SeqCst));
        }
        stop.store(true, Ordering::SeqCst);
    });
    let created = created.into_inner().unwrap();
    assert!(created.len() > 100, "{} are too few", created.len());
    println!("{} creates, {} kills", created.len(), kills.into_inner());
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
        found, created,
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
