//! A restore whose disk takes no more in its midst.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::super::client::Client;
use super::super::command_line::printed;
use super::super::server::{Server, relm};
use super::names;

/// The unit of `ulimit -f` in a POSIX shell.
const BLOCK_BYTES: u64 = 512;

/// A restore in a process of which no file may be larger than so many blocks.
fn restore_with_room(folder: &Path, blocks: u64) -> String {
    let relm = relm(folder);
    let mut command = Command::new("sh");
    let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    command.args(["-c", &limited, "sh"]).arg(relm.get_program());
    command.args(["restore", "large.db", "--replace"]);
    let output = command.current_dir(folder).env("RELM_LOG", "off").output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_restore_that_fails_in_its_midst_loses_nothing_and_says_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let server = Server::start(other.path());
    let key = server.keys.clone().unwrap().test;
    let mut client = Client::connect(server.address, &key);
    let note = "x".repeat(500);
    for batch in 0..4 {
        let row = |n: i32| json!({ "email": format!("{batch}-{n}@example.com"), "metadata": { "note": note } });
        let rows: Vec<_> = (0..200).map(row).collect();
        let (status, _) = client.post(
            "/v1/contacts/batch",
            None,
            &json!({ "contacts": rows, "dedup_on": ["email"] }),
        );
        assert_eq!(status, 200);
    }
    let large = folder.path().join("large.db");
    printed(other.path(), &["backup", large.to_str().unwrap()]);
    printed(folder.path(), &["migrate"]);
    printed(folder.path(), &["workspaces", "create", "before"]);
    let size = |path: &Path| fs::metadata(path).unwrap().len();
    printed(folder.path(), &["backup", "small.db"]);
    let small = size(&folder.path().join("small.db"));
    assert!(size(&large) > 2 * small);

    let said = restore_with_room(folder.path(), small / BLOCK_BYTES + 200);
    let (_, kept) = said
        .split_once("what the database was before is kept in ")
        .expect(&said);
    let kept = kept.trim_end();
    assert!(
        names(folder.path()).iter().any(|name| name == kept),
        "{said}"
    );
    // The database and what was kept are both what it was.
    let workspaces = |args: &[&str]| printed(folder.path(), args).contains("before");
    assert!(workspaces(&["workspaces", "list"]));
    assert!(workspaces(&[
        "workspaces",
        "list",
        "--database",
        &format!("sqlite://{kept}")
    ]));
}
