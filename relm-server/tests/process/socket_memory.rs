//! What sockets cost the real process: what strangers send, and what nobody reads, takes little memory and gives it back.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::Client;
use super::server::Server;

const MIB: usize = 1024 * 1024;
/// Long enough for memory to come back; a test that waits for it fails.
const PATIENCE: Duration = Duration::from_secs(60);

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The status of the next answer.
fn status(stream: &mut TcpStream) -> u16 {
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    std::str::from_utf8(&start[9..]).unwrap().parse().unwrap()
}

/// Waits until the process has come down to so many bytes.
fn comes_down_to(server: &Server, bytes: usize) {
    let start = Instant::now();
    while server.resident_bytes() > bytes {
        let resident = server.resident_bytes() / MIB;
        assert!(start.elapsed() < PATIENCE, "{resident} MiB are kept");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until a connection was reset, and reads nothing of what came before that.
fn is_cut_off(stream: &TcpStream) {
    let start = Instant::now();
    let error = loop {
        if let Some(error) = stream.take_error().unwrap() {
            break error;
        }
        assert!(start.elapsed() < PATIENCE, "nobody cuts it off");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn bodies_of_strangers_take_no_memory() {
    const STRANGERS: usize = 300;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    Client::connect(server.address, &key).get("/v1/contacts");
    let before = server.resident_bytes();
    let head = "POST /v1/contacts HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 65536\r\n\r\n";
    let body = [b' '; 60 * 1024];
    let mut strangers = Vec::new();
    for _ in 0..STRANGERS {
        let mut stream = connect(server.address);
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        strangers.push(stream);
    }
    let held = server.resident_bytes().saturating_sub(before);
    // Their bodies alone would be 18 MiB.
    assert!(held < 12 * MIB, "{STRANGERS} strangers hold {held} bytes");
    for stream in &mut strangers {
        assert!(matches!(status(stream), 401 | 429));
    }
}

#[test]
fn a_body_of_very_many_values_takes_little_more_than_itself() {
    const BODY_BYTES: usize = 4 * MIB - 1024;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    // Each of these takes some 700 bytes once it is read.
    let member = r#"{"a":0},"#;
    let members = member.repeat(BODY_BYTES / member.len());
    let body = format!(r#"{{"contacts":[{members}{{}}]}}"#);
    let head = format!(
        "POST /v1/contacts/batch HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = connect(server.address);
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    assert_eq!(status(&mut stream), 400);
    let peak = server.peak_resident_bytes() / MIB;
    // Without a bound on values it would be 360 MiB.
    assert!(peak < 128, "{peak} MiB were resident");
    comes_down_to(&server, 48 * MIB);
}

#[test]
fn streams_that_nobody_reads_take_a_bounded_memory() {
    const FOLLOWERS: usize = 600;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    let mut client = Client::connect(server.address, &key);
    let note = |subject: usize| {
        let (body, notes) = ("\u{1}".repeat(20_000), "n".repeat(15_000));
        json!({ "type": "note", "subject": subject.to_string(), "body": body, "metadata": { "notes": notes } })
    };
    let (made, activity) = client.post("/v1/activities", None, &note(0));
    assert_eq!(made, 201);
    let path = format!("/v1/activities/{}", activity["id"].as_str().unwrap());
    for n in 1..5 {
        let body = format!("{n}{}", "\u{1}".repeat(19_000));
        let change = json!({ "subject": n.to_string(), "body": body });
        let patched = client.send("PATCH", &path, None, Some(&change)).unwrap();
        assert_eq!(patched.0, 200);
    }
    let before = server.resident_bytes();
    let request = format!(
        "GET /v1/events/stream?after=1 HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\r\n"
    );
    let mut deaf: Vec<TcpStream> = (0..FOLLOWERS).map(|_| connect(server.address)).collect();
    for stream in &mut deaf {
        stream.write_all(request.as_bytes()).unwrap();
    }
    let answers: Vec<u16> = deaf.iter_mut().map(status).collect();
    assert!(answers.iter().all(|status| matches!(status, 200 | 503)));
    assert!(answers.contains(&200), "{answers:?}");
    let held = server.resident_bytes().saturating_sub(before) / MIB;
    // A tenant's share is 48 MiB, beside what 600 connections and allocating take. Without a bound it would be 190 MiB.
    assert!(held < 110, "{FOLLOWERS} that read nothing hold {held} MiB");
    assert_eq!(client.get("/healthz").0, 200);
    drop(deaf);
    comes_down_to(&server, before + 48 * MIB);
}

/// A contact whose record has about 15 KiB.
fn large_contact(n: usize) -> serde_json::Value {
    json!({ "email": format!("{n}@example.com"), "metadata": { "notes": "n".repeat(15_000) } })
}

#[test]
fn answers_that_nobody_reads_take_a_bounded_memory_and_give_it_back() {
    const READERS: usize = 150;
    const PAGE: &str = "/v1/contacts?limit=200";
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    let mut client = Client::connect(server.address, &key);
    let fresh = server.resident_bytes();
    let contacts: Vec<_> = (0..200).map(large_contact).collect();
    let (made, _) = client.post("/v1/contacts/batch", None, &json!({ "contacts": contacts }));
    assert_eq!(made, 200);
    assert_eq!(client.get(PAGE).0, 200);

    let request = format!("GET {PAGE} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\r\n");
    let mut deaf: Vec<TcpStream> = (0..READERS).map(|_| connect(server.address)).collect();
    for stream in &mut deaf {
        stream.write_all(request.as_bytes()).unwrap();
    }
    // Whoever asks for little is answered beside them.
    assert_eq!(client.get("/healthz").0, 200);
    assert_eq!(client.get("/v1/contacts/con_x").0, 404);
    // Everybody is answered or told to try again; none of them reads more than that.
    let answers: Vec<u16> = deaf.iter_mut().map(status).collect();
    assert!(answers.iter().all(|status| matches!(status, 200 | 503)));
    assert!(
        answers.contains(&200) && answers.contains(&503),
        "{answers:?}"
    );
    let held = (server.resident_bytes() - fresh) / MIB;
    // A tenant's share is 48 MiB; what the batch left behind, and what allocating leaves unused, come on top. Without a
    // bound it would be 450 MiB.
    assert!(held < 160, "{READERS} that read nothing hold {held} MiB");

    // They are cut off, and what they held comes back, though none of them hung up.
    comes_down_to(&server, fresh + 48 * MIB);
    let answered = deaf.iter().zip(&answers);
    for (stream, _) in answered.filter(|(_, status)| **status == 200) {
        is_cut_off(stream);
    }
    assert_eq!(Client::connect(server.address, &key).get(PAGE).0, 200);
}
