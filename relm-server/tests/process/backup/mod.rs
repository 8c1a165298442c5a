//! `relm-server backup` and `restore`, beside a server that is under load.

mod killed;
mod no_room;
mod refused;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use super::command_line::{failed, printed};
use super::ledger::{Ledger, walk};
use super::server::Server;

/// The files of a folder, by name.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Who may do what with a file.
fn rights(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A database restored from a backup, in a folder of its own.
fn restored(backup: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let said = printed(folder.path(), &["restore", backup.to_str().unwrap()]);
    assert_eq!(
        said,
        format!("relm.db is what {} holds\n", backup.display())
    );
    assert_eq!(names(folder.path()), ["relm.db"]);
    folder
}

/// Holds the contacts of a server, those in the trash and those that were merged among them, to its events: all are of one moment. How many
/// changes of contacts the events tell of.
fn is_one_moment(client: &mut Client) -> usize {
    let mut contacts = walk(client, "/v1/contacts");
    let deleted = walk(client, "/v1/contacts?deleted=true");
    let ids = deleted.iter().map(|contact| text(&contact["id"]));
    let in_trash: BTreeSet<String> = ids.collect();
    contacts.extend(deleted);
    let contacts = contacts.into_iter();
    let shown: BTreeMap<String, i64> = contacts
        .map(|contact| (text(&contact["id"]), contact["version"].as_i64().unwrap()))
        .collect();
    let mut told: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    let mut merged: BTreeMap<String, String> = BTreeMap::new();
    for event in walk(client, "/v1/events") {
        if text(&event["type"]).starts_with("contact.") {
            let version = event["data"]["version"].as_i64().unwrap();
            let versions = told.entry(text(&event["data"]["id"])).or_default();
            assert!(versions.insert(version), "{event}");
            for from in event["merged_from"].as_array().into_iter().flatten() {
                merged.insert(text(from), text(&event["data"]["id"]));
            }
        }
    }
    let versions = |last: i64| (1..=last).collect::<BTreeSet<_>>();
    let due = shown.iter().map(|(id, last)| (id.clone(), versions(*last)));
    let mut due: BTreeMap<String, BTreeSet<i64>> = due.collect();
    for (id, told) in &told {
        if !shown.contains_key(id) {
            let (status, survivor) = client.get(&format!("/v1/contacts/{id}"));
            // The moment may be one at which the survivor was deleted.
            if !in_trash.contains(&merged[id]) {
                assert_eq!(status, 200, "{id} is nowhere: {survivor}");
                assert!(shown.contains_key(&text(&survivor["id"])), "{survivor}");
                assert_eq!(survivor["merged_from"], json!([id]));
            }
            due.insert(id.clone(), versions(told.len().try_into().unwrap()));
        }
    }
    assert_eq!(told, due);
    told.values().map(BTreeSet::len).sum()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn a_backup_under_load_is_one_moment_and_a_restore_gives_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("backups");
    let server = Server::start(folder.path());
    for file in ["relm.db", "relm.db-wal"] {
        assert_eq!(rights(&folder.path().join(file)), 0o600, "{file}");
    }
    let key = server.keys.clone().unwrap().test;
    let (ledger, over) = (Ledger::default(), AtomicBool::new(false));
    let mut made: Vec<PathBuf> = Vec::new();
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let (ledger, over, key, address) = (&ledger, &over, &key, server.address);
            scope.spawn(move || {
                let is_over = || over.load(Ordering::Relaxed);
                let name = format!("b{writer}");
                ledger.write(&mut Client::connect(address, key), &name, &is_over);
            });
        }
        let begun = ledger.answered();
        while made.len() < 4 {
            // Each is of another moment.
            while ledger.answered() < begun + 60 * (made.len() + 1) {
                std::thread::sleep(Duration::from_millis(5));
            }
            let said = printed(folder.path(), &["backup", "backups", "--keep", "2"]);
            made.push(folder.path().join(said.trim_end()));
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(rights(&backups), 0o700);
    let kept: Vec<_> = names(&backups)
        .iter()
        .map(|name| backups.join(name))
        .collect();
    assert_eq!(kept, made[2..], "the newest two");
    let counts = kept.iter().map(|backup| {
        assert_eq!(rights(backup), 0o600);
        let folder = restored(backup);
        let server = Server::start(folder.path());
        assert!(server.keys.is_none(), "a first start");
        is_one_moment(&mut Client::connect(server.address, &key))
    });
    let counts: Vec<usize> = counts.collect();
    assert!(counts[0] > 0 && counts[0] < counts[1], "{counts:?}");

    // Of the whole load, with the server that served it still there.
    let last = printed(folder.path(), &["backup", "last.db"]);
    assert_eq!(last, "last.db\n");
    let folder = restored(&folder.path().join("last.db"));
    let server = Server::start(folder.path());
    let mut client = Client::connect(server.address, &key);
    ledger.is_what(&mut client);
    is_one_moment(&mut client);
}

#[test]
fn a_restore_needs_the_file_to_itself_and_keeps_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    let mut client = Client::connect(server.address, &key);
    let (_, before) = client.post(
        "/v1/contacts",
        None,
        &json!({ "email": "before@example.com" }),
    );
    printed(folder.path(), &["backup", "one.db"]);
    let (_, after) = client.post(
        "/v1/contacts",
        None,
        &json!({ "email": "after@example.com" }),
    );

    let restore = &["restore", "one.db", "--replace"];
    let said = failed(folder.path(), restore);
    assert_eq!(
        said,
        "relm-server: relm.db is in use: stop the server, and whatever else has it open, first\n"
    );
    let [before, after] =
        [before, after].map(|contact| format!("/v1/contacts/{}", text(&contact["id"])));
    assert_eq!([client.get(&before).0, client.get(&after).0], [200, 200]);
    // The log holds the last commits of a server that was killed.
    server.kill();
    let said = failed(folder.path(), &["restore", "one.db"]);
    assert!(
        said.contains("relm.db is there already: with --replace it is overwritten"),
        "{said}"
    );

    let said = printed(folder.path(), restore);
    let [first, second] = said.lines().collect::<Vec<_>>()[..] else {
        panic!("{said}")
    };
    assert_eq!(first, "relm.db is what one.db holds");
    let kept = second
        .strip_prefix("What it was before is kept in ")
        .unwrap();
    assert!(kept.starts_with("relm.db.before-20"), "{kept}");
    assert_eq!(names(folder.path()), ["one.db", "relm.db", kept]);
    assert_eq!(rights(&folder.path().join(kept)), 0o600);
    let mut server = Server::start(folder.path());
    let mut client = Client::connect(server.address, &key);
    assert_eq!([client.get(&before).0, client.get(&after).0], [200, 404]);
    assert!(server.terminate().success());

    // What was kept is a backup as any other.
    printed(folder.path(), &["restore", kept, "--replace"]);
    let server = Server::start(folder.path());
    let mut client = Client::connect(server.address, &key);
    assert_eq!([client.get(&before).0, client.get(&after).0], [200, 200]);
}
