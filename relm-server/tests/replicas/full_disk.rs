//! A disk that is full: what there is no room for is refused as not applied, is told, and goes on when there is room again.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use super::cluster::{eventually, walk};
use super::mariadb::MariaDb;
use super::outage::{Postgres, Stoppable};
use super::server::{Server, relm};
use super::tmpfs::Tmpfs;

/// Writes that are refused, of which all but a few are to leave no line in the log.
const REFUSALS: usize = 30;
/// Causes that a full disk may have: the pages of a table, of an index, or the log of the database.
const CAUSES_MAX: usize = 5;

pub fn sqlite() {
    let disk = Tmpfs::of_mib(8);
    fills(
        &disk,
        &format!("sqlite://{}", disk.path().join("relm.db").display()),
    );
}

pub fn postgres() {
    let disk = Tmpfs::of_mib(96);
    let database = Postgres::on(disk.path());
    fills(&disk, &database.url());
}

pub fn mariadb() {
    let disk = Tmpfs::of_mib(192);
    let database = MariaDb::on(disk.path());
    fills(&disk, &database.url());
}

fn start(url: &str, folder: &Path) -> Server {
    let mut command = relm(folder);
    let log = File::create(folder.join("log")).unwrap();
    command
        .env("RELM_DATABASE_URL", url)
        .env("RELM_LOG", "error")
        .stderr(log);
    Server::spawn(command)
}

fn create(client: &mut Client, number: usize) -> (u16, Value) {
    let body = json!({ "email": format!("{number}@example.com"), "metadata": { "note": "x".repeat(4_000) } });
    client.post("/v1/contacts", None, &body)
}

fn fills(disk: &Tmpfs, url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = start(url, folder.path());
    let key = server.keys.clone().expect("a first start prints keys").test;
    let mut client = Client::connect(server.address, &key);
    let mut acknowledged = HashSet::new();
    let mut number = 0;
    let mut next = |client: &mut Client| {
        number += 1;
        let (status, answer) = create(client, number);
        if status == 201 {
            acknowledged.insert(number);
        }
        (status, answer)
    };
    for _ in 0..10 {
        assert_eq!(next(&mut client).0, 201);
    }
    assert_eq!(client.get("/readyz").0, 200);

    disk.fill();
    let mut refused = 0;
    for _ in 0..3_000 {
        let (status, answer) = next(&mut client);
        if status == 201 {
            // There is room left in the files that there are.
            continue;
        }
        let error = &answer["error"];
        assert_eq!(
            (status, &error["code"]),
            (503, &json!("unavailable")),
            "{answer}"
        );
        assert_eq!(error["reason"], "disk_full", "{answer}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("nothing was applied"), "{message}");
        refused += 1;
        if refused == REFUSALS {
            break;
        }
    }
    assert_eq!(refused, REFUSALS, "the disk is full");
    let (status, answer) = client.get("/readyz");
    assert_eq!(status, 503, "{answer}");
    assert_eq!(answer["error"]["reason"], "disk_full", "{answer}");
    assert_eq!(client.get("/healthz").0, 200);
    assert_eq!(client.get("/v1/contacts?limit=1").0, 200, "reads go on");
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let lines = log.lines().filter(|line| line.contains("a request failed"));
    let lines = lines.count();
    assert!((1..=CAUSES_MAX).contains(&lines), "{lines} lines:\n{log}");

    disk.free();
    eventually("writes go on", Duration::from_secs(20), || {
        next(&mut client).0 == 201
    });
    eventually("it is ready", Duration::from_secs(20), || {
        client.get("/readyz").0 == 200
    });
    assert_eq!(next(&mut client).0, 201);
    let stored: HashSet<usize> = walk(&mut client, "/v1/contacts")
        .iter()
        .map(|one| {
            let email = one["email"].as_str().unwrap();
            email.split('@').next().unwrap().parse().unwrap()
        })
        .collect();
    assert_eq!(
        stored, acknowledged,
        "what was acknowledged, and nothing else"
    );
}
