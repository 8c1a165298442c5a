//! Forms over a socket: how large they may be, and what they must be.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use relm_server::serve::{Limits, serve};
use tokio::net::TcpListener;

use super::browser::{RUNTIME, World, wait};

fn start() -> SocketAddr {
    let world = World::new();
    let listener = wait(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    RUNTIME.spawn(serve(
        listener,
        Arc::new(world.site),
        Limits::default(),
        std::future::pending(),
    ));
    address
}

fn ask(address: SocketAddr, head: &str, body: &[u8]) -> String {
    let mut tcp = TcpStream::connect(address).unwrap();
    let head = format!("{head}\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    tcp.write_all(head.as_bytes()).unwrap();
    // A server that refuses by the head reads no further.
    let _ = tcp.write_all(body);
    let mut answer = Vec::new();
    let _ = tcp.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_form_is_bounded_and_is_a_form() {
    const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
    let address = start();
    let most = format!("email=x&password={}", "y".repeat(64 * 1024 - 17));
    assert_eq!(most.len(), 64 * 1024);
    for (head, body, status) in [
        (
            format!("{FORM}\r\nContent-Length: 65536"),
            most.as_str(),
            "403",
        ),
        (format!("{FORM}\r\nContent-Length: 65537"), "", "413"),
        (format!("{FORM}\r\nContent-Length: 1073741824"), "", "413"),
        (
            format!("{FORM}\r\nTransfer-Encoding: chunked"),
            &format!("10001\r\n{}\r\n0\r\n\r\n", "z".repeat(0x10001)),
            "413",
        ),
        (
            "Content-Type: application/json\r\nContent-Length: 2".to_owned(),
            "{}",
            "415",
        ),
        ("Content-Length: 2".to_owned(), "{}", "415"),
        (
            format!("{FORM}\r\nContent-Encoding: gzip\r\nContent-Length: 2"),
            "{}",
            "415",
        ),
    ] {
        let head = format!("POST /console/sign-in HTTP/1.1\r\n{head}");
        let answer = ask(address, &head, body.as_bytes());
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{head}: {answer}"
        );
        assert!(
            answer.contains("content-type: text/html"),
            "{head}: {answer}"
        );
    }
    // A form of the API is still none.
    let head = format!("POST /v1/contacts HTTP/1.1\r\n{FORM}\r\nContent-Length: 1");
    assert!(ask(address, &head, b"x").starts_with("HTTP/1.1 401 "));
}

#[test]
fn whatever_answers_get_answers_head_without_a_body() {
    let address = start();
    let (get, head) = (
        ask(address, "GET /console/sign-in HTTP/1.1", b""),
        ask(address, "HEAD /console/sign-in HTTP/1.1", b""),
    );
    let (get_head, body) = get.split_once("\r\n\r\n").unwrap();
    let (head_head, none) = head.split_once("\r\n\r\n").unwrap();
    assert!(body.contains("<h1>Sign in</h1>") && none.is_empty());
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with("date:"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(lines(get_head), lines(head_head));
}
