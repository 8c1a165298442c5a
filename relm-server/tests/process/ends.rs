//! How a server ends under load, killed or told to: what it acknowledged is there when it starts again, and nothing else.

use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::client::Client;
use super::ledger::Ledger;
use super::server::Server;

const WRITERS: usize = 4;

/// Starts a server again and again over one folder, has writers make changes of every kind, and ends it in their midst.
fn ended_in_the_midst(rounds: usize, end: impl Fn(&mut Server)) {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    let ledger = Ledger::default();
    for round in 0..rounds {
        let over = AtomicBool::new(false);
        let address = server.address;
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (key, over, ledger) = (&key, &over, &ledger);
                scope.spawn(move || {
                    let mut client = Client::connect(address, key);
                    let is_over = || over.load(Ordering::Relaxed);
                    ledger.write(&mut client, &format!("w{round}-{writer}"), &is_over);
                });
            }
            // Long enough for hundreds of commits, another moment each round.
            std::thread::sleep(Duration::from_millis(250 + 37 * round as u64));
            end(&mut server);
            over.store(true, Ordering::Relaxed);
        });
        server = Server::start(folder.path());
        ledger.settle(&mut Client::connect(server.address, &key));
    }
    assert!(
        ledger.answered() > 100,
        "{} changes are too few to show anything",
        ledger.answered()
    );
    ledger.is_what(&mut Client::connect(server.address, &key));
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_nothing_happens_twice() {
    ended_in_the_midst(6, Server::kill);
}

#[test]
fn a_sigterm_under_load_loses_nothing() {
    ended_in_the_midst(3, |server| {
        let begun = Instant::now();
        assert!(server.terminate().success());
        // The drain time, unless it is set.
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{:?}",
            begun.elapsed()
        );
    });
}

#[test]
fn a_request_that_is_open_at_a_sigterm_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let key = server.keys.clone().unwrap().test;
    let body = r#"{"email":"ada@example.com"}"#;
    let mut open = TcpStream::connect(server.address).unwrap();
    let head = format!(
        "POST /v1/contacts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let (first, rest) = body.split_at(5);
    open.write_all(format!("{head}{first}").as_bytes()).unwrap();
    // A request on another connection is answered: the server has read what was sent before it.
    assert_eq!(
        Client::connect(server.address, &key).get("/v1/contacts").0,
        200
    );
    let answer = std::thread::scope(|scope| {
        let ended = scope.spawn(|| server.terminate());
        let mut late = TcpStream::connect(address_of(&open));
        while late.is_ok() {
            late = TcpStream::connect(address_of(&open));
        }
        // It takes nobody new, and hears out whom it has.
        open.write_all(rest.as_bytes()).unwrap();
        let mut answer = String::new();
        open.read_to_string(&mut answer).unwrap();
        assert!(ended.join().unwrap().success());
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{answer}");
    let server = Server::start(folder.path());
    let stored = Client::connect(server.address, &key).get("/v1/contacts").1;
    assert_eq!(stored["data"][0]["email"], "ada@example.com");
}

fn address_of(stream: &TcpStream) -> std::net::SocketAddr {
    stream.peer_addr().unwrap()
}
