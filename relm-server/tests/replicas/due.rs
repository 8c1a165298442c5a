//! Tasks that are due, over replicas that are killed.

use std::collections::HashMap;
use std::time::Duration;

use relm_core::value::time::{Clock, SystemClock, Timestamp};
use serde_json::{Value, json};

use super::cluster::{Cluster, eventually};

const TASKS: i64 = 80;
/// Between the moments of two tasks.
const APART_MS: i64 = 50;

/// Each task that comes due while replicas are killed has one event, a few seconds after its moment at most.
pub fn told_once(url: &str) {
    let cluster = Cluster::start(url, 3);
    let mut client = cluster.client(0);
    let begun = SystemClock.now();
    for n in 0..TASKS {
        let due_at = begun.saturating_add_millis(1_000 + APART_MS * n);
        let task = json!({ "type": "task", "due_at": due_at.to_string() });
        assert_eq!(client.post("/v1/activities", None, &task).0, 201);
    }
    for replica in 0..6 {
        std::thread::sleep(Duration::from_millis(700));
        cluster.replace(replica);
    }
    let mut told: Vec<Value> = Vec::new();
    eventually("every task is told of", Duration::from_secs(20), || {
        let mut client = cluster.client(0);
        let (status, page) = client.get("/v1/events?type=activity.due&limit=200");
        assert_eq!(status, 200, "{page}");
        told = page["data"].as_array().unwrap().clone();
        told.len() >= TASKS as usize
    });
    std::thread::sleep(Duration::from_secs(3));
    let (_, page) = cluster
        .client(1)
        .get("/v1/events?type=activity.due&limit=200");
    assert_eq!(page["data"].as_array().unwrap().len(), TASKS as usize);
    let mut late: HashMap<String, i64> = HashMap::new();
    for event in &told {
        let at = |value: &Value| Timestamp::parse(value.as_str().unwrap()).unwrap();
        let (made, due) = (at(&event["created_at"]), at(&event["data"]["due_at"]));
        let id = event["data"]["id"].as_str().unwrap().to_owned();
        assert!(
            late.insert(id, made.as_millis() - due.as_millis())
                .is_none(),
            "{event}"
        );
    }
    // All may be killed at once, and start anew.
    assert!(late.values().all(|ms| (0..8_000).contains(ms)), "{late:?}");
}
