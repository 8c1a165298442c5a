//! What an operator does beside serving: migrations, workspaces, API keys, the secrets of webhooks.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::client::Client;
use super::command_line::{failed, printed};
use super::server::{Server, relm};

#[test]
fn a_command_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let id = "ws_01M8H5JMRTGWX7ZRK7DMQNF2XF";
    for args in [
        &["workspaces", "list"][..],
        &["workspaces", "create", "acme"],
        &["keys", "list", "--workspace", id],
        &["keys", "revoke", "key_01M8H5JMRTGWX7ZRK7DMQNF2XF"],
        &["keys", "create", "--workspace", id, "--mode", "live"],
    ] {
        let said = failed(folder.path(), args);
        let path = folder.path().join("relm.db");
        for part in [
            &*path.to_string_lossy(),
            "--database",
            "RELM_DATABASE_URL",
            "relm-server migrate",
        ] {
            assert!(said.contains(part), "{args:?}: {said}");
        }
        assert!(!path.exists(), "{args:?}");
    }
    assert!(
        failed(
            folder.path(),
            &["workspaces", "list", "--database", "memory:"]
        )
        .contains("memory:")
    );
    printed(folder.path(), &["migrate"]);
    assert_eq!(printed(folder.path(), &["workspaces", "list"]), "");
}

#[test]
fn an_operator_makes_lists_and_revokes_keys() {
    let folder = tempfile::tempdir().unwrap();
    printed(folder.path(), &["migrate"]);
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
fn an_operator_gives_scopes_and_an_end_and_rotates() {
    let folder = tempfile::tempdir().unwrap();
    printed(folder.path(), &["migrate"]);
    let workspace = printed(folder.path(), &["workspaces", "create", "acme"]);
    let workspace = workspace.trim();
    let create = ["keys", "create", "--workspace", workspace, "--mode", "test"];
    let with = |more: &[&'static str]| [&create[..], more].concat();
    let past = with(&["--expires-at", "2020-01-01T00:00:00Z"]);
    assert!(failed(folder.path(), &past).contains("in the future"));
    let end = "2090-01-01T00:00:00Z";
    let scopes = ["--scope", "contacts:read", "--scope", "keys:read"];
    let made = printed(
        folder.path(),
        &[&with(&scopes)[..], &["--expires-at", end]].concat(),
    );
    let (id, secret) = made.trim().split_once("  ").unwrap();
    let mut server = Server::start(folder.path());
    let mut client = Client::connect(server.address, secret);
    assert_eq!(client.get("/v1/contacts").0, 200);
    assert_eq!(client.get("/v1/deals").0, 403);
    let rotated = printed(folder.path(), &["keys", "rotate", id]);
    let (successor, secret) = rotated.trim().split_once("  ").unwrap();
    let mut client = Client::connect(server.address, secret);
    let (status, key) = client.get(&format!("/v1/keys/{id}"));
    assert_eq!((status, &key["replaced_by"]), (200, &json!(successor)));
    assert!(failed(folder.path(), &["keys", "rotate", id]).contains(successor));
    // What was used is on disk at the latest when the server has stopped.
    drop(client);
    server.terminate();
    let list = printed(folder.path(), &["keys", "list", "--workspace", workspace]);
    let line = list.lines().find(|line| line.starts_with(successor));
    let line = line.unwrap();
    assert!(
        line.contains("restricted until 2") && line.contains("  used 2"),
        "{list}"
    );
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
