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

/// Whoever creates contacts, and remembers those that were acknowledged.
struct Creator {
    client: Client,
    sent: usize,
    acknowledged: HashSet<usize>,
}

impl Creator {
    fn create(&mut self) -> (u16, Value) {
        self.sent += 1;
        let note = "x".repeat(4_000);
        let email = format!("{}@example.com", self.sent);
        let body = json!({ "email": email, "metadata": { "note": note } });
        let (status, answer) = self.client.post("/v1/contacts", None, &body);
        if status == 201 {
            self.acknowledged.insert(self.sent);
        }
        (status, answer)
    }

    /// Creates until the disk has no room for any more, and then some, each of which must be refused for that.
    fn create_until_refused(&mut self, refusals: usize) {
        let mut refused = 0;
        for _ in 0..3_000 {
            let (status, answer) = self.create();
            if status == 201 {
                // There is room left in the files that there are.
                continue;
            }
            let error = &answer["error"];
            assert_eq!((status, &error["code"]), (503, &json!("unavailable")));
            assert_eq!(error["reason"], "disk_full", "{answer}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("nothing was applied"), "{message}");
            refused += 1;
            if refused == refusals {
                return;
            }
        }
        panic!("the disk is full, and refused {refused} writes");
    }

    /// The numbers of the contacts that the server has.
    fn stored(&mut self) -> HashSet<usize> {
        let number = |contact: &Value| {
            let email = contact["email"].as_str().unwrap();
            email.split('@').next().unwrap().parse().unwrap()
        };
        let contacts = walk(&mut self.client, "/v1/contacts");
        contacts.iter().map(number).collect()
    }
}

fn fills(disk: &Tmpfs, url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = start(url, folder.path());
    let key = server.keys.clone().expect("a first start prints keys").test;
    let mut creator = Creator {
        client: Client::connect(server.address, &key),
        sent: 0,
        acknowledged: HashSet::new(),
    };
    for _ in 0..10 {
        assert_eq!(creator.create().0, 201);
    }
    assert_eq!(creator.client.get("/readyz").0, 200);

    disk.fill();
    creator.create_until_refused(REFUSALS);
    let (status, answer) = creator.client.get("/readyz");
    assert_eq!(status, 503, "{answer}");
    assert_eq!(answer["error"]["reason"], "disk_full", "{answer}");
    assert_eq!(creator.client.get("/healthz").0, 200);
    let read = creator.client.get("/v1/contacts?limit=1");
    assert_eq!(read.0, 200, "reads go on");
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let lines = log.lines().filter(|line| line.contains("a request failed"));
    let lines = lines.count();
    assert!((1..=CAUSES_MAX).contains(&lines), "{lines} lines:\n{log}");

    disk.free();
    eventually("writes go on", Duration::from_secs(20), || {
        creator.create().0 == 201
    });
    eventually("it is ready", Duration::from_secs(20), || {
        creator.client.get("/readyz").0 == 200
    });
    assert_eq!(creator.create().0, 201);
    let stored = creator.stored();
    assert_eq!(stored, creator.acknowledged, "no more and no less");
}
