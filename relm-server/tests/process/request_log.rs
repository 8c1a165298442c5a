//! The log of a server: a line for each request, and nothing in it that is secret.

use std::fs::{self, File};
use std::path::Path;

use serde_json::{Value, json};

use super::client::Client;
use super::server::{Server, relm};

/// Starts a server that logs to a file.
fn start(folder: &Path, variables: &[(&str, &str)]) -> Server {
    let mut command = relm(folder);
    command
        .env("RELM_LOG", "info")
        .envs(variables.iter().copied())
        .stderr(File::create(folder.join("log")).unwrap());
    Server::spawn(command)
}

/// Has requests made of which much is not for a log; the ids of those that failed.
fn ask(server: &Server) -> (String, Vec<String>) {
    let key = server.keys.clone().unwrap().test;
    let mut client = Client::connect(server.address, &key);
    let body = json!({ "email": "canary-body@example.com", "metadata": { "canary-member": "canary-value" } });
    let (status, made) = client.post("/v1/contacts", Some("canary-idempotency"), &body);
    assert_eq!(status, 201, "{made}");
    let path = format!("/v1/contacts/{}", made["id"].as_str().unwrap());
    assert_eq!(client.get(&path).0, 200);
    assert_eq!(
        client
            .get("/v1/contacts?filter[email]=canary-query@example.com")
            .0,
        200
    );
    let (_, missing) = client.get("/v1/contacts/con_01M8H5JMRTGWX7ZRK7DMQNF2XF");
    let (_, nowhere) = client.get("/v1/canary-path/canary-secret");
    let (_, stranger) = Client::connect(server.address, "sk_test_canary-key").get("/v1/contacts");
    assert_eq!(client.get("/healthz").0, 200);
    let ids = [missing, nowhere, stranger];
    let ids = ids
        .iter()
        .map(|answer| answer["error"]["request_id"].as_str().unwrap().to_owned());
    (key, ids.collect())
}

/// What was logged by the time that the server has stopped.
fn logged(folder: &Path, mut server: Server) -> String {
    assert!(server.terminate().success());
    fs::read_to_string(folder.join("log")).unwrap()
}

#[test]
fn a_line_in_json_tells_each_request_and_nothing_secret() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &[("RELM_LOG_FORMAT", "json")]);
    let (key, ids) = ask(&server);
    let log = logged(folder.path(), server);
    assert!(!log.contains("canary") && !log.contains(&key), "{log}");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        for member in ["timestamp", "level", "message", "target"] {
            assert!(line[member].is_string(), "{member} of {line}");
        }
    }
    let of_requests = lines
        .iter()
        .filter(|line| line["target"] == "relm_server::request");
    let told: Vec<&Value> = of_requests.collect();
    let told_in_short: Vec<Value> = told
        .iter()
        .map(|line| json!([line["method"], line["route"], line["status"]]))
        .collect();
    assert_eq!(
        told_in_short,
        [
            json!(["POST", "/v1/contacts", 201]),
            json!(["GET", "/v1/contacts/{id}", 200]),
            json!(["GET", "/v1/contacts", 200]),
            json!(["GET", "/v1/contacts/{id}", 404]),
            json!(["GET", "unmatched", 404]),
            json!(["GET", "/v1/contacts", 401]),
        ]
    );
    let told_ids: Vec<&Value> = told[3..].iter().map(|line| &line["request_id"]).collect();
    assert_eq!(
        told_ids,
        ids.iter()
            .map(|id| json!(id))
            .collect::<Vec<_>>()
            .iter()
            .collect::<Vec<_>>()
    );
    let by = told[0]["key"].as_str().unwrap();
    assert!(by.starts_with("key_") && told[..4].iter().all(|line| line["key"] == by));
    assert!(told[4]["key"].is_null() && told[5]["key"].is_null());
    assert!(
        told.iter()
            .all(|line| line["ms"].as_f64().unwrap() < 20_000.0)
    );
}

#[test]
fn a_line_of_text_tells_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &[]);
    let (key, ids) = ask(&server);
    let log = logged(folder.path(), server);
    assert!(!log.contains("canary") && !log.contains(&key), "{log}");
    let line = log.lines().find(|line| line.contains(&ids[0])).unwrap();
    for part in [
        " INFO relm_server::request: answered request_id=req_",
        "method=\"GET\" route=\"/v1/contacts/{id}\" status=404 ms=",
        " key=key_",
    ] {
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    }
}

#[test]
fn requests_are_logged_for_those_who_ask_for_it() {
    let folder = tempfile::tempdir().unwrap();
    // A variable that is set to nothing is not set.
    let server = start(folder.path(), &[("RELM_LOG", "")]);
    ask(&server);
    let log = logged(folder.path(), server);
    assert!(log.contains("RELM_SECRET_KEY is not set"), "{log}");
    assert!(!log.contains("relm_server::request"), "{log}");
}

#[test]
fn what_ends_the_program_is_json_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let output = relm(folder.path())
        .args(["workspaces", "list", "--log-format", "json"])
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stderr).unwrap();
    let message = said["message"].as_str().unwrap();
    assert!(message.starts_with("there is no database at"), "{said}");
    assert_eq!(
        (output.status.code(), &said["level"]),
        (Some(1), &json!("ERROR"))
    );
}
