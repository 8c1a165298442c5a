//! What one request makes of another costs the real process: refusals, definitions and pages take memory in proportion to
//! what is asked and not to its product with what is there.

use serde_json::{Value, json};

use super::client::Client;
use super::server::Server;

const MIB: usize = 1024 * 1024;

/// What the process took at most beyond what it had, while something was done.
fn taken(server: &Server, doing: impl FnOnce()) -> usize {
    let before = server.peak_resident_bytes();
    doing();
    server.peak_resident_bytes() - before
}

fn client(server: &Server) -> Client {
    let key = server.keys.clone().unwrap().test;
    let mut client = Client::connect(server.address, &key);
    // A first write of some size, so that what every process needs is there.
    let rows: Vec<Value> = (0..500).map(|_| json!({ "phone": "1" })).collect();
    let (status, _) = client.post("/v1/contacts/batch", None, &json!({ "contacts": rows }));
    assert_eq!(status, 200);
    client
}

fn select(key: &str, choice_chars: usize) -> Value {
    let choice = |number| format!("{number:03}{}", "c".repeat(choice_chars - 3));
    let choices: Vec<String> = (0..200).map(choice).collect();
    json!({ "object_type": "contact", "key": key, "type": "select", "options": { "choices": choices } })
}

#[test]
fn refused_choices_take_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mut client = client(&server);
    let (status, _) = client.post("/v1/schema/fields", None, &select("plan", 70));
    assert_eq!(status, 201);
    let rows: Vec<Value> = (0..500)
        .map(|_| json!({ "metadata": { "plan": "x" } }))
        .collect();
    let batch = json!({ "contacts": rows });
    let taken = taken(&server, || {
        for number in 0..4 {
            let (status, done) =
                client.post("/v1/contacts/batch", Some(&number.to_string()), &batch);
            assert_eq!((status, &done["failed"]), (200, &json!(500)));
        }
    });
    // All choices for each row would be 7 MiB an answer, held several times over.
    assert!(taken < 12 * MIB, "{taken} bytes");
}

#[test]
fn definitions_take_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mut client = client(&server);
    let taken = taken(&server, || {
        let mut defined = 0;
        while client
            .post(
                "/v1/schema/fields",
                None,
                &select(&format!("f{defined}"), 70),
            )
            .0
            == 201
        {
            defined += 1;
        }
        assert!((15..30).contains(&defined), "{defined}");
        let large = client.post("/v1/schema/fields", None, &select("large", 500));
        assert_eq!(large.0, 422);
        for _ in 0..5 {
            assert_eq!(client.get("/v1/schema").0, 200);
            assert_eq!(client.get("/v1/contacts?metadata.f1=x").0, 200);
        }
    });
    assert!(taken < 12 * MIB, "{taken} bytes");
}

#[test]
fn pages_of_large_records_take_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mut client = client(&server);
    let body = "\u{10FFFF}".repeat(20_000);
    for number in 0..200 {
        let activity =
            json!({ "type": "note", "subject": format!("large {number}"), "body": body });
        assert_eq!(client.post("/v1/activities", None, &activity).0, 201);
    }
    let taken = taken(&server, || {
        for path in [
            "/v1/activities?limit=200",
            "/v1/activities?limit=200&filter[subject][ilike]=large%25",
            "/v1/search?q=large&limit=200",
            "/v1/events?limit=200&type=activity.created",
        ] {
            let (status, page) = client.get(path);
            assert_eq!((status, &page["has_more"]), (200, &json!(true)), "{path}");
        }
    });
    // All of them are 16 MiB, held as documents and as an answer, beside the 22 MiB that SQLite may cache of its file.
    assert!(taken < 40 * MIB, "{taken} bytes");
}
