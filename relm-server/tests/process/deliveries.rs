//! Events on their way to real receivers, from a binary that is killed, stopped and restarted.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use relm_core::webhook::signature::verify;
use serde_json::{Value, json};

use super::client::Client;
use super::receiver::Receiver;
use super::server::{Keys, Server, relm};

/// A server whose second attempt comes soon, and whose attempts and leases are short.
fn start(folder: &std::path::Path) -> Server {
    let mut command = relm(folder);
    let again = ",100ms".repeat(19);
    command
        .env("RELM_WEBHOOK_SCHEDULE", format!("0s{again}"))
        .env("RELM_WEBHOOK_TIMEOUT_SECONDS", "1");
    Server::spawn(command)
}

fn subscribe(client: &mut Client, receiver: &Receiver) -> Value {
    let body = json!({ "url": receiver.url(), "event_types": ["*"] });
    let (status, webhook) = client.post("/v1/webhooks", None, &body);
    assert_eq!(status, 201, "{webhook}");
    webhook
}

/// Waits for what must come, and fails when it does not.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn every_event_arrives_though_a_third_fails_and_the_sender_is_killed() {
    const EVENTS: usize = 2_000;
    const KILLS: usize = 30;
    const WRITERS: usize = 4;
    // Three of ten requests fail, in no pattern that a retry could fall in step with.
    let receiver = Receiver::start(|number| {
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
        Some(if mixed % 10 < 3 { 500 } else { 200 })
    });
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let Keys { test: key, .. } = server.keys.clone().unwrap();
    subscribe(&mut Client::connect(server.address, &key), &receiver);
    let current = Mutex::new(server);
    let written = AtomicUsize::new(0);
    // Every life of the server has its share to write, so that each kill finds something under way.
    let allowed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                loop {
                    let number = written.fetch_add(1, Ordering::SeqCst);
                    if number >= EVENTS {
                        return;
                    }
                    while number >= allowed.load(Ordering::SeqCst) {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    create(&current, &key, number);
                }
            });
        }
        for kill in 1..=KILLS {
            allowed.store(EVENTS * kill / KILLS, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(20 + 4 * kill as u64));
            let mut server = current.lock().unwrap();
            server.kill();
            *server = start(folder.path());
        }
    });
    eventually("every event arrives", || receiver.taken() == EVENTS);
    let events = receiver.events();
    assert!(receiver.requests.load(Ordering::SeqCst) > EVENTS + EVENTS / 4);
    assert_eq!(events.len(), EVENTS, "one id per change");
    let mut contacts = HashSet::new();
    for (id, event) in &events {
        let [body] = &event.bodies.iter().collect::<Vec<_>>()[..] else {
            panic!("{id} had several bodies");
        };
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["id"], **id);
        assert_eq!(event.deliveries.len(), 1, "{id} is one delivery");
        contacts.insert(body["data"]["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(contacts.len(), EVENTS, "one change per id");
}

/// Creates a contact, whatever becomes of the server meanwhile.
fn create(current: &Mutex<Server>, key: &str, number: usize) {
    let body = json!({ "email": format!("user{number}@example.com") });
    loop {
        let address = current.lock().unwrap().address;
        let Some(mut client) = Client::try_connect(address, key) else {
            continue;
        };
        match client.try_post("/v1/contacts", Some(&format!("create {number}")), &body) {
            Ok((status, contact)) => return assert_eq!(status, 201, "{contact}"),
            Err(_) => continue,
        }
    }
}

#[test]
fn what_is_sent_is_signed_with_each_secret_of_a_rotation() {
    let receiver = Receiver::start(|_| Some(200));
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let mut client = Client::connect(server.address, &server.keys.clone().unwrap().test);
    let webhook = subscribe(&mut client, &receiver);
    let path = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap());
    let (status, rotated) = client.post(&format!("{path}/rotate_secret"), None, &json!({}));
    assert_eq!(status, 200, "{rotated}");
    let (status, _) = client.post(&format!("{path}/test"), None, &json!(null));
    assert_eq!(status, 202);
    eventually("the ping arrives", || receiver.taken() == 1);
    let request = receiver.last_request();
    for secret in [&webhook["secret"], &rotated["secret"]] {
        let header = &request.headers["relm-signature"];
        let now = request.headers["webhook-timestamp"].parse().unwrap();
        let secret = secret.as_str().unwrap();
        assert_eq!(
            verify(secret, header, request.body.as_bytes(), now, 0),
            Ok(())
        );
    }
    assert_eq!(request.headers["content-type"], "application/json");
    assert!(request.headers["user-agent"].starts_with("Relm/"));
}

#[test]
fn eight_attempts_take_two_seconds_where_the_schedule_says_so() {
    let receiver = Receiver::start(|_| Some(503));
    let folder = tempfile::tempdir().unwrap();
    let mut command = relm(folder.path());
    command.env(
        "RELM_WEBHOOK_SCHEDULE",
        "0s,50ms,100ms,150ms,200ms,250ms,300ms,350ms",
    );
    let server = Server::spawn(command);
    let mut client = Client::connect(server.address, &server.keys.clone().unwrap().test);
    let webhook = subscribe(&mut client, &receiver);
    let id = webhook["id"].as_str().unwrap();
    client.post("/v1/contacts", None, &json!({ "email": "ada@example.com" }));
    let path = format!("/v1/webhooks/{id}/deliveries?status=dead");
    let mut dead = Value::Null;
    eventually("the delivery dies", || {
        dead = client.get(&path).1["data"][0].clone();
        !dead.is_null()
    });
    let attempts = dead["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 8);
    assert_eq!(receiver.requests.load(Ordering::SeqCst), 8);
    for attempt in attempts {
        assert_eq!(attempt["status_code"], 503);
        assert_eq!(attempt["response"], "ok");
    }
}

#[test]
fn an_endpoint_that_hangs_or_drips_or_floods_holds_up_no_other() {
    const EVENTS: usize = 200;
    let hanging = Receiver::start(|_| None);
    let dripping = Receiver::raw(|stream| {
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
            .iter()
            .cycle()
        {
            if std::io::Write::write_all(stream, &[*byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    let flooding = Receiver::raw(|stream| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n";
        let mut all = std::io::Write::write_all(stream, head);
        while all.is_ok() {
            all = std::io::Write::write_all(stream, &[b'x'; 16 * 1024]);
        }
    });
    let good = Receiver::start(|_| Some(200));
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let mut client = Client::connect(server.address, &server.keys.clone().unwrap().test);
    for receiver in [&hanging, &dripping, &flooding, &good] {
        subscribe(&mut client, receiver);
    }
    for number in 0..EVENTS {
        let body = json!({ "email": format!("user{number}@example.com") });
        client.post("/v1/contacts", None, &body);
    }
    eventually("the good endpoint has everything", || {
        good.taken() == EVENTS
    });
    assert_eq!(
        good.requests.load(Ordering::SeqCst),
        EVENTS,
        "it is sent nothing twice"
    );
    let stuck = hanging
        .events()
        .values()
        .map(|event| event.taken)
        .sum::<usize>();
    assert_eq!(stuck, 0);
    assert!(
        hanging.requests.load(Ordering::SeqCst) < EVENTS,
        "it is not run over either"
    );
}

#[test]
fn a_server_that_is_told_to_stop_ends_though_an_endpoint_hangs() {
    let hanging = Receiver::start(|_| None);
    let folder = tempfile::tempdir().unwrap();
    let mut command = relm(folder.path());
    command.env("RELM_SHUTDOWN_SECONDS", "1");
    let mut server = Server::spawn(command);
    let keys = server.keys.clone().unwrap();
    let mut client = Client::connect(server.address, &keys.test);
    subscribe(&mut client, &hanging);
    client.post("/v1/contacts", None, &json!({ "email": "ada@example.com" }));
    eventually("the attempt is under way", || {
        hanging.requests.load(Ordering::SeqCst) == 1
    });
    let begun = Instant::now();
    assert!(server.terminate().success());
    // The attempt itself would have taken fifteen seconds.
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_dead_delivery_is_recovered_once() {
    let failing = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let fails = failing.clone();
    let receiver = Receiver::start(move |_| {
        Some(if fails.load(Ordering::SeqCst) {
            500
        } else {
            200
        })
    });
    let folder = tempfile::tempdir().unwrap();
    let mut command = relm(folder.path());
    command.env("RELM_WEBHOOK_SCHEDULE", "0s,10ms");
    let server = Server::spawn(command);
    let mut client = Client::connect(server.address, &server.keys.clone().unwrap().test);
    let webhook = subscribe(&mut client, &receiver);
    let path = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap());
    for number in 0..5 {
        let body = json!({ "email": format!("user{number}@example.com") });
        client.post("/v1/contacts", None, &body);
    }
    let mut statuses = || -> HashMap<String, usize> {
        let (_, list) = client.get(&format!("{path}/deliveries?limit=200"));
        let mut counted = HashMap::new();
        for delivery in list["data"].as_array().unwrap() {
            let status = delivery["status"].as_str().unwrap().to_owned();
            *counted.entry(status).or_default() += 1;
        }
        counted
    };
    eventually("all are dead", || statuses().get("dead") == Some(&5));
    failing.store(false, Ordering::SeqCst);
    let since = json!({ "since": webhook["created_at"] });
    let mut other = Client::connect(server.address, &server.keys.clone().unwrap().test);
    let (status, recovery) = other.post(&format!("{path}/recover"), None, &since);
    assert_eq!((status, &recovery["recovered"]), (202, &json!(5)));
    eventually("all arrived", || statuses().get("succeeded") == Some(&5));
    let (status, recovery) = other.post(&format!("{path}/recover"), None, &since);
    assert_eq!((status, &recovery["recovered"]), (202, &json!(0)));
    assert_eq!(receiver.taken(), 5);
}
