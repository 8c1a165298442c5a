//! Forms over a socket: how large they may be, and what they must be.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use relm_core::Role;
use relm_server::serve::{Limits, serve};
use tokio::net::TcpListener;

use super::browser::{RUNTIME, World, wait};
use super::imports::{action, imports};

fn start() -> SocketAddr {
    begin(World::new())
}

fn begin(world: World) -> SocketAddr {
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

/// What a server answers to the head of a form with a file, of whose body nothing comes; its first line.
fn ask_by_head(address: SocketAddr, path: &str, cookie: &str, origin: &str) -> String {
    let mut tcp = TcpStream::connect(address).unwrap();
    let wait_max = Some(std::time::Duration::from_secs(20));
    tcp.set_read_timeout(wait_max).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: {origin}\r\nCookie: {cookie}\r\nExpect: 100-continue\r\nContent-Type: \
         multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n"
    );
    tcp.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 64];
    let read = tcp.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_file_is_refused_before_any_of_it_is_read() {
    let world = World::new();
    let list = imports(&world);
    let (own, cookie, reader, csrf) = {
        let mut owner = world.signed_in("eva@example.com", Role::Owner);
        let reader = world.signed_in("bob@example.com", Role::Reader);
        let page = owner.get(&format!("{list}/new"));
        let csrf = page.hidden("csrf");
        (
            action(&page),
            owner.cookie.unwrap(),
            reader.cookie.unwrap(),
            csrf,
        )
    };
    let address = begin(world);
    let here = format!("http://{address}");
    let with_csrf = format!("{list}?upload={csrf}");
    for (path, cookie, origin) in [
        (&list, &cookie, &*here),
        (&with_csrf, &cookie, &here),
        (&own, &cookie, "https://evil.example"),
        (&own, &reader, &here),
        (&own, &"x=y".to_owned(), &here),
    ] {
        let first = ask_by_head(address, path, cookie, origin);
        assert_eq!(first, "HTTP/1.1 403 Forbidden", "{path} {origin}");
    }
    let first = ask_by_head(address, &own, &cookie, &here);
    assert_eq!(first, "HTTP/1.1 100 Continue", "it is asked for");
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
