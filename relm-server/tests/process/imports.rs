//! Imports and exports over a socket, and an import whose process is killed.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::Client;
use super::ledger::walk;
use super::server::Server;

const ROWS: usize = 12_000;
/// How long an import may take, the lease of a killed process among it.
const PATIENCE: Duration = Duration::from_secs(150);

/// A file of people. One of a hundred rows has an address that is none.
fn people(rows: usize) -> String {
    let mut file = String::from("Email;First Name;Last Name\r\n");
    for row in 0..rows {
        let mail = if row % 100 == 99 { "nobody" } else { "person" };
        let at = if mail == "person" { "@example.com" } else { "" };
        file.push_str(&format!("{mail}{row}{at};First {row};\"Last; {row}\"\r\n"));
    }
    file
}

/// Sends a request and reads its whole answer: the head, and the body with its transfer coding undone. None where the answer broke off.
fn ask(
    address: SocketAddr,
    key: &str,
    [method, path, content_type]: [&str; 3],
    body: &[u8],
) -> Option<(String, Vec<u8>)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\
         Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(answer[..end].to_vec()).ok()?;
    let body = &answer[end + 4..];
    match head.to_lowercase().contains("transfer-encoding: chunked") {
        true => Some((head, without_chunks(body)?)),
        false => Some((head, body.to_vec())),
    }
}

/// A body without its transfer coding; none where its last chunk is missing.
fn without_chunks(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&body[..end]).ok()?;
        let size = usize::from_str_radix(size, 16).ok()?;
        let chunk = body.get(end + 2..end + 2 + size)?;
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(chunk);
        body = body.get(end + 4 + size..)?;
    }
}

/// Begins an import of a file, and gives its path.
fn begin(server: &Server, key: &str, query: &str, file: &str) -> String {
    let path = format!("/v1/imports?object=contacts{query}");
    let asked = ["POST", path.as_str(), "text/csv"];
    let (head, body) = ask(server.address, key, asked, file.as_bytes()).unwrap();
    let import: Value = serde_json::from_slice(&body).unwrap();
    assert!(head.starts_with("HTTP/1.1 202 "), "{head}\n{import}");
    assert_eq!(import["rows_received"], file.lines().count() - 1);
    format!("/v1/imports/{}", import["id"].as_str().unwrap())
}

/// The import, once `is_so` says so.
fn wait_for(client: &mut Client, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let (status, import) = client.get(path);
        assert_eq!(status, 200, "{import}");
        if is_so(&import) {
            return import;
        }
        assert!(begun.elapsed() < PATIENCE, "{import}");
        sleep(Duration::from_millis(5));
    }
}

fn is_completed(import: &Value) -> bool {
    assert_ne!(import["status"], "failed", "{import}");
    import["status"] == "completed"
}

/// The lines of an export.
fn exported(server: &Server, key: &str, query: &str) -> Vec<String> {
    let path = format!("/v1/exports?object=contacts{query}");
    let asked = ["POST", path.as_str(), "application/json"];
    let (head, body) = ask(server.address, key, asked, b"").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let text = String::from_utf8(body).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn each_row_of_an_import_whose_process_is_killed_is_taken_in_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    let file = people(ROWS);
    let path = begin(&server, &key, "&dedup_on=email", &file);
    let mut client = Client::connect(server.address, &key);
    let going_on = wait_for(&mut client, &path, |it| it["rows"].as_u64() > Some(0));
    assert_eq!(going_on["status"], "running", "{going_on}");
    server.kill();

    let server = Server::start(folder.path());
    let mut client = Client::connect(server.address, &key);
    let (failed, taken) = (ROWS / 100, ROWS - ROWS / 100);
    let done = wait_for(&mut client, &path, is_completed);
    let counts = ["rows", "created", "updated", "unchanged", "failed"].map(|name| &done[name]);
    assert_eq!(
        counts.map(Value::as_u64),
        [ROWS, taken, 0, 0, failed].map(|it| Some(it as u64))
    );
    let events = walk(&mut client, "/v1/events?type=contact.created");
    let of_events: HashSet<&str> = events
        .iter()
        .filter_map(|it| it["data"]["id"].as_str())
        .collect();
    assert_eq!((events.len(), of_events.len()), (taken, taken));
    let kept = exported(&server, &key, "&format=ndjson");
    let addresses = kept.iter().map(|line| {
        let contact: Value = serde_json::from_str(line).unwrap();
        assert!(of_events.contains(contact["id"].as_str().unwrap()));
        contact["email"].as_str().unwrap().to_owned()
    });
    assert_eq!(
        (addresses.collect::<HashSet<_>>().len(), kept.len()),
        (taken, taken)
    );
    let asked = ["GET", &*format!("{path}/errors"), "text/csv"];
    let (head, errors) = ask(server.address, &key, asked, b"").unwrap();
    assert!(
        head.to_lowercase()
            .contains("content-disposition: attachment"),
        "{head}"
    );
    assert_eq!(
        String::from_utf8(errors).unwrap().lines().count(),
        failed + 1
    );
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let keys = server.keys.clone().unwrap();
    let mut test = Client::connect(server.address, &keys.test);
    let path = begin(&server, &keys.test, "", &people(300));
    wait_for(&mut test, &path, is_completed);
    let out = exported(&server, &keys.test, "&format=csv");
    assert_eq!(out.len(), 298);
    let again = begin(
        &server,
        &keys.test,
        "&dedup_on=email",
        &(out.join("\r\n") + "\r\n"),
    );
    let again = wait_for(&mut test, &again, is_completed);
    assert_eq!(
        (&again["unchanged"], &again["failed"]),
        (&297.into(), &0.into()),
        "{again}"
    );

    let mut live = Client::connect(server.address, &keys.live);
    let there = begin(&server, &keys.live, "", &(out.join("\r\n") + "\r\n"));
    let there = wait_for(&mut live, &there, is_completed);
    assert_eq!(there["created"], 297, "{there}");
    let of = |client: &mut Client| {
        let all = walk(client, "/v1/contacts").into_iter();
        let values =
            all.map(|it| ["email", "first_name", "last_name"].map(|name| it[name].to_string()));
        values.collect::<HashSet<_>>()
    };
    assert_eq!(of(&mut test), of(&mut live));
    let path = format!("/v1/imports/{}", there["id"].as_str().unwrap());
    let undo = live.send("POST", &format!("{path}/undo"), None, None);
    let undone = undo.unwrap();
    assert_eq!(undone.0, 202, "{}", undone.1);
    let undone = wait_for(&mut live, &path, |it| it["status"] == "undone");
    assert_eq!(
        (&undone["undo"]["reverted"], &undone["undo"]["conflicts"]),
        (&297.into(), &0.into())
    );
    assert!(of(&mut live).is_empty());
}

/// A file that breaks off has its import end at once, so that it takes no place from others.
#[test]
fn an_import_whose_file_breaks_off_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    let mut client = Client::connect(server.address, &key);
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!(
        "POST /v1/imports?object=contacts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Type: text/csv\r\n\
         Content-Length: 1000\r\n\r\nemail\nada@example.com\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut list = |status: &str| {
        let begun = Instant::now();
        loop {
            let (_, list) = client.get("/v1/imports");
            if list["data"][0]["status"] == status {
                return list["data"][0].clone();
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{list}");
            sleep(Duration::from_millis(5));
        }
    };
    list("receiving");
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let failed = list("failed");
    assert_eq!(
        failed["reason"],
        "Its file broke off: The body did not arrive whole."
    );
}
