//! Backups and restores that are ended in their midst.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::client::Client;
use super::super::command_line::{failed, printed};
use super::super::server::{Server, relm};
use super::{is_one_moment, names, restored};

/// Records of about four KiB each, so that a copy takes a while.
fn fill(client: &mut Client, name: &str, batches: usize) {
    for batch in 0..batches {
        let row = |row: usize| json!({ "email": format!("{name}{batch}-{row}@example.com"), "metadata": { "text": "x".repeat(4000) } });
        let rows: Vec<Value> = (0..500).map(row).collect();
        let (status, answer) =
            client.post("/v1/contacts/batch", None, &json!({ "contacts": rows }));
        assert_eq!(status, 200, "{answer}");
    }
}

#[test]
fn a_backup_that_is_killed_leaves_no_half_of_itself_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    fill(&mut Client::connect(server.address, &key), "a", 12);
    let (file, partial) = (
        folder.path().join("one.db"),
        folder.path().join("one.db.partial"),
    );
    let mut killed = 0;
    for round in 0..8 {
        let mut child = relm(folder.path())
            .args(["backup", "one.db"])
            .spawn()
            .unwrap();
        while !partial.exists() && !file.exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(9 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        if file.exists() {
            assert_eq!(is_one_moment_in(&restored(&file), &key), 6000);
            fs::remove_file(&file).unwrap();
            continue;
        }
        killed += 1;
        let said = failed(folder.path(), &["backup", "one.db"]);
        assert_eq!(
            said,
            "relm-server: one.db.partial is there: another backup is writing it, or one was ended in its midst; delete it if \
             none is under way\n"
        );
        fs::remove_file(&partial).unwrap();
    }
    assert!(killed > 2, "{killed} were ended in their midst");
    printed(folder.path(), &["backup", "one.db"]);
    assert!(server.terminate().success());
}

fn is_one_moment_in(folder: &tempfile::TempDir, key: &str) -> usize {
    let server = Server::start(folder.path());
    is_one_moment(&mut Client::connect(server.address, key))
}

#[test]
fn a_restore_that_is_killed_has_happened_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    let mut client = Client::connect(server.address, &key);
    fill(&mut client, "a", 6);
    printed(folder.path(), &["backup", "one.db"]);
    printed(folder.path(), &["workspaces", "create", "later"]);
    fill(&mut client, "b", 6);
    printed(folder.path(), &["backup", "later.db"]);
    assert!(server.terminate().success());
    let database = folder.path().join("relm.db");
    let make_later = || {
        // A log that the one before left belongs to another file.
        for rest in ["relm.db-wal", "relm.db-shm"] {
            let _ = fs::remove_file(folder.path().join(rest));
        }
        fs::copy(folder.path().join("later.db"), &database).unwrap();
    };
    let restore = || {
        let mut command = relm(folder.path());
        command.args(["restore", "one.db", "--replace"]);
        command
    };
    let begun = Instant::now();
    assert!(restore().output().unwrap().status.success());
    let (whole, mut seen) = (begun.elapsed(), BTreeSet::new());
    for round in 0..10 {
        make_later();
        let mut child = restore().spawn().unwrap();
        std::thread::sleep(whole * round / 10);
        child.kill().unwrap();
        child.wait().unwrap();
        let is_later = printed(folder.path(), &["workspaces", "list"]).contains("later");
        seen.insert(is_later);
        // It is whole, too.
        printed(folder.path(), &["backup", "check.db"]);
        let checked = restored(&folder.path().join("check.db"));
        let contacts = is_one_moment_in(&checked, &key);
        assert_eq!(contacts, if is_later { 6000 } else { 3000 });
        for name in names(folder.path()) {
            if name.starts_with("relm.db.before") || name == "check.db" {
                fs::remove_file(folder.path().join(name)).unwrap();
            }
        }
    }
    assert!(
        seen.contains(&true),
        "none was ended before it had happened"
    );
}
