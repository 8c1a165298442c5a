//! Two servers over one SQLite file: slower than one, and as right.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::Client;
use super::ledger::{Ledger, walk};
use super::server::{Server, relm};

/// Two servers over the file of one folder, and the key of test mode.
fn two(folder: &std::path::Path) -> ([Server; 2], String) {
    let first = Server::start(folder);
    let key = first.keys.clone().unwrap().test;
    ([first, Server::start(folder)], key)
}

#[test]
fn no_change_that_one_acknowledged_is_lost_to_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let (mut servers, key) = two(folder.path());
    let (ledger, over) = (Ledger::default(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (ledger, over, key, address) = (&ledger, &over, &key, servers[writer % 2].address);
            scope.spawn(move || {
                let is_over = || over.load(Ordering::Relaxed);
                ledger.write(
                    &mut Client::connect(address, key),
                    &format!("s{writer}"),
                    &is_over,
                );
            });
        }
        std::thread::sleep(Duration::from_secs(2));
        over.store(true, Ordering::Relaxed);
    });
    assert!(
        ledger.answered() > 50,
        "{} changes are too few to show anything",
        ledger.answered()
    );
    for server in &servers {
        ledger.is_what(&mut Client::connect(server.address, &key));
    }
    // One that is killed leaves the other as it is.
    servers[0].kill();
    ledger.is_what(&mut Client::connect(servers[1].address, &key));
}

#[test]
fn one_address_and_one_request_make_one_record_on_both() {
    const ROUNDS: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    let (servers, key) = two(folder.path());
    let (made, same) = (
        Mutex::new(vec![0; ROUNDS]),
        Mutex::new(vec![Vec::new(); ROUNDS]),
    );
    std::thread::scope(|scope| {
        for server in servers.iter().cycle().take(4) {
            let (made, same, key) = (&made, &same, &key);
            scope.spawn(move || {
                let mut client = Client::connect(server.address, key);
                for round in 0..ROUNDS {
                    let body = json!({ "email": format!("ada{round}@example.com") });
                    match client.post("/v1/contacts", None, &body).0 {
                        201 => made.lock().unwrap()[round] += 1,
                        status => assert_eq!(status, 409),
                    }
                    let key = format!("once {round}");
                    let answer = client.post("/v1/companies", Some(&key), &json!({ "name": key }));
                    same.lock().unwrap()[round].push(answer);
                }
            });
        }
    });
    assert_eq!(made.into_inner().unwrap(), [1; ROUNDS]);
    for answers in same.into_inner().unwrap() {
        assert!(
            answers
                .iter()
                .all(|answer| *answer == answers[0] && answer.0 == 201),
            "{answers:?}"
        );
    }
    assert_eq!(
        walk(
            &mut Client::connect(servers[0].address, &key),
            "/v1/companies"
        )
        .len(),
        ROUNDS
    );
}

#[test]
fn a_definition_and_a_revocation_bind_both() {
    let folder = tempfile::tempdir().unwrap();
    let (servers, key) = two(folder.path());
    let mut clients = servers
        .each_ref()
        .map(|server| Client::connect(server.address, &key));
    for client in &mut clients {
        assert_eq!(
            client
                .post("/v1/companies", None, &json!({ "name": "Shop" }))
                .0,
            201
        );
    }
    let field =
        json!({ "object_type": "company", "key": "size", "type": "number", "required": true });
    assert_eq!(clients[0].post("/v1/schema/fields", None, &field).0, 201);
    for client in &mut clients {
        assert_eq!(
            client
                .post("/v1/companies", None, &json!({ "name": "Shop" }))
                .0,
            422
        );
    }
    let said = |args: &[&str]| {
        let output = relm(folder.path()).args(args).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let workspace = said(&["workspaces", "list"]);
    let workspace = workspace.split(' ').next().unwrap().to_owned();
    let keys = said(&["keys", "list", "--workspace", &workspace]);
    let last_four = &key[key.len() - 4..];
    let id = keys
        .lines()
        .find(|line| line.contains(&format!("…{last_four}")))
        .unwrap();
    said(&["keys", "revoke", id.split(' ').next().unwrap()]);
    let revoked = Instant::now();
    for client in &mut clients {
        while client.get("/v1/companies").0 != 401 {
            assert!(
                revoked.elapsed() < Duration::from_secs(6),
                "a revoked key still works"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
