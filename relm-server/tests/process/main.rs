//! The real binary, as an operator and a network see it: started, killed, restarted, asked.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics on what it does not expect"
)]

#[allow(
    dead_code,
    reason = "two crates of tests share it, and each uses its part"
)]
mod client;
mod deliveries;
mod examples;
mod receiver;
mod server;
#[cfg(target_os = "linux")]
mod socket_memory;

use std::collections::{HashMap, HashSet};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::Client;
use serde_json::{Value, json};
use server::{Server, relm};

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
fn what_was_acknowledged_survives_kill_9_and_nothing_happens_twice() {
    const ROUNDS: usize = 6;
    const WRITERS: usize = 4;
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    let acknowledged: Mutex<HashMap<String, String>> = Mutex::default();
    let mut unanswered: Vec<String> = Vec::new();
    for round in 0..ROUNDS {
        let killed = AtomicBool::new(false);
        let address = server.address;
        let open = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (key, killed, acknowledged, open) = (&key, &killed, &acknowledged, &open);
                scope.spawn(move || {
                    let mut client = Client::connect(address, key);
                    for number in 0.. {
                        if killed.load(Ordering::Relaxed) {
                            return;
                        }
                        let email = format!("user-{round}-{writer}-{number}@example.com");
                        let body = json!({ "email": email });
                        match client.try_post("/v1/contacts", Some(&email), &body) {
                            Ok((201, contact)) => {
                                let id = contact["id"].as_str().unwrap().to_owned();
                                acknowledged.lock().unwrap().insert(email, id);
                            }
                            Ok(other) => panic!("{other:?}"),
                            Err(_) => {
                                open.lock().unwrap().push(email);
                                return;
                            }
                        }
                    }
                });
            }
            // Long enough for hundreds of commits, another moment each round.
            std::thread::sleep(Duration::from_millis(150 + 37 * round as u64));
            server.kill();
            killed.store(true, Ordering::Relaxed);
        });
        unanswered.extend(open.into_inner().unwrap());
        server = Server::start(folder.path());
        let mut client = Client::connect(server.address, &key);
        for email in unanswered.drain(..) {
            let body = json!({ "email": email });
            let (status, contact) = client.post("/v1/contacts", Some(&email), &body);
            assert_eq!(
                status, 201,
                "a retry under the same key succeeds: {contact}"
            );
            let id = contact["id"].as_str().unwrap().to_owned();
            acknowledged.lock().unwrap().insert(email, id);
        }
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(
        acknowledged.len() > 100,
        "{} writes are too few to show anything",
        acknowledged.len()
    );
    let stored = walk(
        &mut Client::connect(server.address, &key),
        "/v1/contacts?limit=200",
    );
    let found: HashMap<String, String> = stored
        .iter()
        .map(|contact| {
            (
                contact["email"].as_str().unwrap().to_owned(),
                contact["id"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(stored.len(), found.len(), "no address is there twice");
    assert_eq!(found, acknowledged);
}

fn walk(client: &mut Client, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, page) = client.get(&format!("{path}{cursor}"));
        assert_eq!(status, 200, "{page}");
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
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

#[test]
fn a_sigterm_ends_the_server_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    assert!(server.terminate().success());
}

/// Runs a command that must fail with one line on stderr and exit code 1.
fn refused(folder: &std::path::Path, args: &[&str]) -> String {
    let output = relm(folder).args(args).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
    stderr
}

#[test]
fn what_cannot_start_says_so_in_one_line_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert!(refused(folder.path(), &["--listen", &address]).contains("cannot listen on"));
    assert!(!folder.path().join("relm.db").exists());

    // Nobody listens there.
    let nowhere = "postgres://relm:hunter2@127.0.0.1:1/relm";
    let listen = ["--listen", "127.0.0.1:0", "--database-acquire-seconds", "1"];
    let away = refused(
        folder.path(),
        &[&listen[..], &["--database", nowhere]].concat(),
    );
    assert!(away.contains("postgres://127.0.0.1:1/relm: the database cannot be opened"));
    assert!(!away.contains("hunter2"), "{away}");
    assert!(
        refused(folder.path(), &["--database", "relm.db"]).contains("a database is sqlite://PATH")
    );
    assert!(refused(folder.path(), &["--listen", "nowhere"]).contains("--listen"));
    let key = refused(folder.path(), &["--secret-key", "hunter2"]);
    assert!(key.contains("--secret-key") && key.contains("32 bytes in base64"));
    assert!(!key.contains("hunter2"), "{key}");

    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, vec![b'x'; 5000]).unwrap();
    let url = format!("sqlite://{}", garbage.display());
    assert!(
        refused(
            folder.path(),
            &["--listen", "127.0.0.1:0", "--database", &url]
        )
        .contains("cannot be opened")
    );
    assert_eq!(std::fs::read(&garbage).unwrap(), vec![b'x'; 5000]);
}

fn printed(folder: &std::path::Path, args: &[&str]) -> String {
    let output = relm(folder)
        .args(args)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_operator_makes_lists_and_revokes_keys() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = printed(folder.path(), &["workspaces", "create", "acme"]);
    let workspace = workspace.trim();
    assert!(printed(folder.path(), &["workspaces", "list"]).contains("acme"));
    let made = printed(
        folder.path(),
        &[
            "keys",
            "create",
            "--workspace",
            workspace,
            "--mode",
            "live",
            "--read-only",
        ],
    );
    let (id, secret) = made.trim().split_once("  ").unwrap();
    let list = printed(folder.path(), &["keys", "list", "--workspace", workspace]);
    assert!(
        list.contains(id) && list.contains("read_only") && !list.contains(secret),
        "{list}"
    );

    let server = Server::start(folder.path());
    let mut client = Client::connect(server.address, secret);
    assert_eq!(client.get("/v1/contacts").0, 200);
    assert_eq!(
        client
            .post("/v1/contacts", None, &json!({"email": "ada@example.com"}))
            .0,
        403
    );
    // Another process revokes it: this one hears of it within its stated five seconds.
    printed(folder.path(), &["keys", "revoke", id]);
    let deadline = std::time::Instant::now() + Duration::from_secs(8);
    while client.get("/v1/contacts").0 != 401 {
        assert!(
            std::time::Instant::now() < deadline,
            "a revoked key still works"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn resealing_needs_the_keys_that_open_what_is_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let [first, other] = [1_u8, 2].map(|byte| STANDARD.encode([byte; 32]));
    let reseal = |keys: Option<&str>| {
        let mut command = relm(folder.path());
        command
            .args(["webhooks", "reseal"])
            .envs(keys.map(|keys| ("RELM_SECRET_KEY", keys)));
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    };
    let mut command = relm(folder.path());
    command.env("RELM_SECRET_KEY", &first);
    let server = Server::spawn(command);
    let mut client = Client::connect(server.address, &server.keys.as_ref().unwrap().live);
    let endpoint = json!({"url": "https://example.com/", "event_types": ["*"]});
    let (status, made) = client.post("/v1/webhooks", None, &endpoint);
    assert_eq!(status, 201, "{made}");
    drop(server);
    let (done, said) = reseal(None);
    assert!(!done && said.contains("set RELM_SECRET_KEY"), "{said}");
    let (done, said) = reseal(Some(&other));
    let id = made["id"].as_str().unwrap();
    assert!(!done && said.contains(id), "{said}");
    assert_eq!(
        reseal(Some(&format!("{other},{first}"))),
        (true, "1\n".to_owned())
    );
    assert_eq!(reseal(Some(&other)), (true, "0\n".to_owned()));
}

#[test]
fn help_is_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    assert!(printed(folder.path(), &["--help"]).contains("--database"));
    assert!(
        Command::new(env!("CARGO_BIN_EXE_relm-server"))
            .arg("--version")
            .output()
            .unwrap()
            .status
            .success()
    );
}
