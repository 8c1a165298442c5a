//! The real binary, as an operator and a network see it: started, killed, restarted, asked.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics on what it does not expect"
)]

#[cfg(target_os = "linux")]
mod answer_memory;
mod backup;
#[allow(
    dead_code,
    reason = "two crates of tests share it, and each uses its part"
)]
mod client;
mod command_line;
mod console;
mod deliveries;
mod demo;
mod ends;
mod examples;
mod imports;
mod ledger;
mod metrics;
mod operator;
mod promotion;
mod receiver;
mod request_log;
mod server;
mod shared_file;
#[cfg(target_os = "linux")]
mod socket_memory;

use std::collections::HashSet;
use std::sync::Mutex;

use client::Client;
use serde_json::json;
use server::Server;

#[test]
fn a_first_start_prints_keys_once_and_serves() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let keys = server.keys.clone().expect("a first start prints keys");
    let mut client = Client::connect(server.address, &keys.test);
    let (status, ada) = client.post("/v1/contacts", None, &json!({"email": "ada@example.com"}));
    assert_eq!((status, &ada["mode"]), (201, &json!("test")));
    drop(server);

    let server = Server::start(folder.path());
    assert!(server.keys.is_none(), "keys are printed once");
    let mut client = Client::connect(server.address, &keys.test);
    let id = ada["id"].as_str().unwrap();
    assert_eq!(
        client.get(&format!("/v1/contacts/{id}")),
        (200, ada.clone())
    );
    let mut live = Client::connect(server.address, &keys.live);
    assert_eq!(live.get(&format!("/v1/contacts/{id}")).0, 404);
}

#[test]
fn a_storm_under_one_key_has_one_effect_and_one_answer() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    let answers = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                let mut client = Client::connect(server.address, &key);
                for _ in 0..10 {
                    let body = json!({"email": "ada@example.com"});
                    let answer = client.post("/v1/contacts", Some("storm"), &body);
                    answers
                        .lock()
                        .unwrap()
                        .push((answer.0, answer.1.to_string()));
                }
            });
        }
    });
    let answers = answers.into_inner().unwrap();
    assert_eq!(answers.len(), 240);
    let distinct: HashSet<_> = answers.into_iter().collect();
    assert_eq!(distinct.len(), 1, "{distinct:?}");
    let mut client = Client::connect(server.address, &key);
    assert_eq!(
        client.get("/v1/contacts").1["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn the_same_key_with_another_body_is_refused_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    let created = Mutex::new(0);
    std::thread::scope(|scope| {
        for number in 0..16 {
            let (key, created) = (&key, &created);
            let address = server.address;
            scope.spawn(move || {
                let body = json!({"email": format!("user{number}@example.com")});
                let (status, answer) =
                    Client::connect(address, key).post("/v1/contacts", Some("one"), &body);
                match status {
                    201 => *created.lock().unwrap() += 1,
                    409 => assert_eq!(answer["error"]["code"], "idempotency_conflict"),
                    other => panic!("{other}: {answer}"),
                }
            });
        }
    });
    assert_eq!(created.into_inner().unwrap(), 1);
}

#[test]
fn concurrent_patches_of_different_fields_both_survive() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    let mut client = Client::connect(server.address, &key);
    let (_, ada) = client.post("/v1/contacts", None, &json!({"email": "ada@example.com"}));
    let path = format!("/v1/contacts/{}", ada["id"].as_str().unwrap());
    std::thread::scope(|scope| {
        for number in 0..16 {
            let (key, path) = (&key, &path);
            let address = server.address;
            scope.spawn(move || {
                let body = json!({"metadata": {format!("key{number}"): number}});
                let (status, answer) = Client::connect(address, key).patch(path, &body);
                assert_eq!(status, 200, "{answer}");
            });
        }
    });
    let (_, ada) = client.get(&path);
    assert_eq!(ada["metadata"].as_object().unwrap().len(), 16);
    assert_eq!(ada["version"], 17);
}
