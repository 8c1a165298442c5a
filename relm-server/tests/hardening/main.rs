//! What the transport refuses, bounds and carries through: over real sockets, byte by byte.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests are tests, which clippy cannot see"
)]

mod aborted;
mod admission;
mod api;
mod counting;
#[allow(
    dead_code,
    reason = "two crates of tests share it, and each uses its part"
)]
#[path = "../replicas/databases.rs"]
mod databases;
mod follow;
mod framing;
mod memory;
mod pace;
mod server;

use std::io::ErrorKind;
use std::time::Duration;

use relm_server::serve::Limits;
use server::{MOMENT, Server, assert_answer, hear, hear_one, take, within};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const GET_AND_CLOSE: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
const WAIT: &str = "GET /wait HTTP/1.1\r\nhost: a\r\n\r\n";
const WRITE_THAT_IS_JUDGED: &str = "POST /judged HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
const WRITE_AND_WAIT: &str = "POST /wait HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";

/// A POST to `/` with these header lines and this body.
fn post(headers: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: a\r\n{headers}\r\n{body}")
}

/// A POST of JSON to `/` that declares `length` and sends `body`.
fn post_json(length: usize, body: &str) -> String {
    let headers = format!("content-type: application/json\r\ncontent-length: {length}\r\n");
    post(&headers, body)
}

#[tokio::test]
async fn a_wrong_head_is_refused_and_the_connection_closed() {
    let server = Server::start(Limits::default()).await;
    let long_path = "a".repeat(8 * 1024);
    let long_value = "a".repeat(32 * 1024);
    let cases = [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n".to_owned(),
            400,
        ),
        (
            "GET / HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n".to_owned(),
            400,
        ),
        ("CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), 400),
        (
            "GET http://a/v1/contacts HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(),
            400,
        ),
        ("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), 400),
        ("GET a:80 HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), 400),
        (format!("GET /{long_path} HTTP/1.1\r\nhost: a\r\n\r\n"), 414),
        (
            format!("GET / HTTP/1.1\r\nhost: a\r\nx: {long_value}\r\n\r\n"),
            431,
        ),
    ];
    for (request, status) in cases {
        let answer = server.ask(&request).await;
        assert_answer(&answer, status, &request);
        assert!(answer.ends_with("refused"), "not enveloped: {answer}");
    }
    assert_eq!(server.probe.entered.available_permits(), 0);
}

#[tokio::test]
async fn what_is_not_http_is_refused_by_hyper_itself() {
    let server = Server::start(Limits::default()).await;
    let many = "x: y\r\n".repeat(100);
    let cases = [
        ("GET  / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/3.7\r\nhost: a\r\n\r\n".to_owned(), 400),
        ("G\u{1}T / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nx : y\r\n\r\n".to_owned(), 400),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\n\r\n".to_owned(),
            400,
        ),
        (post("content-length: -1\r\n", ""), 400),
        (post("content-length: +1\r\n", "1"), 400),
        (
            post("content-length: 1\r\ncontent-length: 2\r\n", "12"),
            400,
        ),
        (post("transfer-encoding: gzip\r\n", "1"), 400),
        (
            "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            400,
        ),
        (format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n"), 431),
    ];
    for (request, status) in cases {
        assert_answer(&server.ask(&request).await, status, &request);
    }
    assert_eq!(server.probe.entered.available_permits(), 0);
}

#[tokio::test]
async fn a_body_that_is_not_plain_json_is_refused() {
    let server = Server::start(Limits::default()).await;
    for headers in [
        "",
        "content-type: text/plain\r\n",
        "content-type: application/x-www-form-urlencoded\r\n",
        "content-type: application/jsonp\r\n",
        "content-type: json\r\n",
        "content-type: application/json; charset=latin1\r\n",
        "content-type: application/json\r\ncontent-type: application/json\r\n",
        "content-type: application/json\r\ncontent-encoding: gzip\r\n",
        "content-type: application/json\r\ncontent-encoding: identity, br\r\n",
        "content-type: application/json\r\ncontent-encoding: identity\r\ncontent-encoding: gzip\r\n",
    ] {
        let request = post(&format!("{headers}content-length: 2\r\n"), "{}");
        assert_answer(&server.ask(&request).await, 415, &request);
    }
    for headers in [
        "content-type: application/json\r\n",
        "content-type: Application/JSON\r\n",
        "content-type: application/json; charset=UTF-8\r\n",
        "content-type: application/json;charset=\"utf-8\"\r\n",
        "content-type: application/merge-patch+json\r\n",
        "content-type: application/json\r\ncontent-encoding: identity\r\n",
    ] {
        let request = post(
            &format!("{headers}connection: close\r\ncontent-length: 2\r\n"),
            "{}",
        );
        assert_answer(&server.ask(&request).await, 200, &request);
    }
    let nothing = post("connection: close\r\ncontent-length: 0\r\n", "");
    assert_answer(&server.ask(&nothing).await, 200, &nothing);
}

#[tokio::test]
async fn a_declared_body_beyond_the_limit_is_refused_before_it_is_read() {
    let server = Server::start(Limits::default()).await;
    for headers in ["", "expect: 100-continue\r\n"] {
        let request = post(
            &format!("content-type: application/json\r\n{headers}content-length: 1025\r\n"),
            "",
        );
        let answer = server.ask(&request).await;
        assert_answer(&answer, 413, &request);
        assert!(answer.contains("connection: close"), "{answer}");
    }
    let fits =
        post_json(1024, &" ".repeat(1024)).replace("host: a", "host: a\r\nconnection: close");
    assert_answer(&server.ask(&fits).await, 200, &fits);
}

#[tokio::test]
async fn a_client_that_sends_all_before_it_reads_hears_of_the_refusal() {
    let server = Server::start(Limits::default()).await;
    let body = vec![b' '; 8 * 1024 * 1024];
    let mut stream = server.send(&post_json(body.len(), "")).await;
    // Were the connection reset, the answer could be lost on its way.
    within(stream.write_all(&body)).await.unwrap();
    assert_answer(&hear(&mut stream).await, 413, "8 MiB");
}

#[tokio::test]
async fn a_body_in_pieces_arrives_whole() {
    let server = Server::start(Limits::default()).await;
    let mut stream = server.send(&post_json(9, "one")).await;
    for piece in ["two", "six"] {
        tokio::time::sleep(Duration::from_millis(5)).await;
        stream.write_all(piece.as_bytes()).await.unwrap();
    }
    assert!(hear_one(&mut stream).await.ends_with("onetwosix"));
}

#[tokio::test]
async fn http_1_0_is_answered() {
    let server = Server::start(Limits::default()).await;
    let request = "GET / HTTP/1.0\r\n\r\n";
    assert_answer(&server.ask(request).await, 200, request);
}

#[tokio::test]
async fn a_connection_serves_many_requests_also_pipelined_ones() {
    let server = Server::start(Limits::default()).await;
    let mut stream = server.send(GET).await;
    assert_answer(&hear_one(&mut stream).await, 200, GET);
    let two = format!("{GET}{GET_AND_CLOSE}");
    stream.write_all(two.as_bytes()).await.unwrap();
    assert_eq!(hear(&mut stream).await.matches("200 OK").count(), 2);
}

#[tokio::test]
async fn a_head_that_does_not_arrive_in_time_ends_the_connection() {
    let server = Server::start(Limits {
        head_timeout: MOMENT,
        ..Limits::default()
    })
    .await;
    for (case, text) in [
        ("nothing", ""),
        ("half a head", "GET / HTTP/1.1\r\nhost:"),
        ("one request, then idle", GET),
    ] {
        let answer = server.ask(text).await;
        assert_eq!(answer.contains("200 OK"), text == GET, "{case}");
    }
    // A byte now and then buys no time.
    let mut stream = server.send("GET / HTTP/1.1\r\n").await;
    let trickled = async {
        while stream.write_all(b"x: y\r\n").await.is_ok() {
            tokio::time::sleep(MOMENT / 8).await;
        }
    };
    within(trickled).await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_in_time_is_refused() {
    let server = Server::start(Limits {
        body_timeout: MOMENT,
        ..Limits::default()
    })
    .await;
    let request = post_json(10, "{");
    assert_answer(&server.ask(&request).await, 408, &request);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_cancel_its_write() {
    let server = Server::start(Limits::default()).await;
    let stream = server.send(WRITE_AND_WAIT).await;
    take(&server.probe.entered).await;
    // With linger 0, what follows is a reset: the rudest way to leave.
    stream.set_zero_linger().unwrap();
    drop(stream);
    assert_answer(&server.ask(GET_AND_CLOSE).await, 200, GET_AND_CLOSE);
    server.probe.gate.add_permits(1);
    take(&server.probe.finished).await;
}

#[tokio::test]
async fn a_client_that_closes_its_half_hears_the_answer() {
    let server = Server::start(Limits::default()).await;
    let mut stream = server.send(WAIT).await;
    stream.shutdown().await.unwrap();
    take(&server.probe.entered).await;
    tokio::time::sleep(MOMENT / 4).await;
    server.probe.gate.add_permits(1);
    assert_answer(&hear(&mut stream).await, 200, WAIT);
}

#[tokio::test]
async fn a_handler_that_panics_answers_500_and_serving_goes_on() {
    let server = Server::start(Limits::default()).await;
    let request = "GET /panic HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut stream = server.send(request).await;
    assert_answer(&hear_one(&mut stream).await, 500, request);
    stream.write_all(GET_AND_CLOSE.as_bytes()).await.unwrap();
    assert_answer(&hear(&mut stream).await, 200, GET_AND_CLOSE);
}

/// 502 is what the probe says where a change may have been made.
#[tokio::test]
async fn a_panic_once_a_change_may_have_been_made_is_told_apart() {
    let server = Server::start(Limits::default()).await;
    for method in ["POST", "PATCH", "DELETE"] {
        for (path, status) in [
            ("/panic", 502),
            ("/batch/panic", 502),
            ("/judged/panic", 500),
        ] {
            let request = WRITE_AND_WAIT.replace("/wait", path);
            let request = request.replace("POST", method);
            let mut stream = server.send(&request).await;
            assert_answer(&hear_one(&mut stream).await, status, &request);
        }
    }
}

#[tokio::test]
async fn connections_beyond_the_most_wait_for_a_place() {
    let server = Server::start(Limits {
        connections_max: 1,
        ..Limits::default()
    })
    .await;
    let mut first = server.send(GET).await;
    hear_one(&mut first).await;
    let mut second = server.send(GET_AND_CLOSE).await;
    let early = timeout(MOMENT, second.readable()).await;
    assert!(early.is_err(), "the second was served beside the first");
    drop(first);
    assert_answer(&hear(&mut second).await, 200, GET_AND_CLOSE);
}

#[tokio::test]
async fn a_write_keeps_the_place_of_a_client_that_left() {
    // Else asking and leaving, over and over, would pile up handlers without bound.
    let server = Server::start(Limits {
        connections_max: 1,
        ..Limits::default()
    })
    .await;
    let first = server.send(WRITE_AND_WAIT).await;
    take(&server.probe.entered).await;
    first.set_zero_linger().unwrap();
    drop(first);
    let mut second = server.send(GET_AND_CLOSE).await;
    assert!(timeout(MOMENT, second.readable()).await.is_err());
    server.probe.gate.add_permits(1);
    assert_answer(&hear(&mut second).await, 200, GET_AND_CLOSE);
}

#[tokio::test]
async fn stopping_lets_open_requests_end() {
    let server = Server::start(Limits::default()).await;
    let mut idle = server.send(GET).await;
    hear_one(&mut idle).await;
    let mut fresh = server.connect().await;
    let mut busy = server.send(WAIT).await;
    take(&server.probe.entered).await;
    take(&server.probe.entered).await;
    server.stop.send(()).unwrap();
    assert_eq!(hear(&mut idle).await, "");
    assert_eq!(hear(&mut fresh).await, "");
    let refused = within(TcpStream::connect(server.address)).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    server.probe.gate.add_permits(1);
    let answer = hear(&mut busy).await;
    assert_answer(&answer, 200, WAIT);
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(within(server.drained).await.unwrap());
}

#[tokio::test]
async fn stopping_waits_for_a_write_whose_client_left() {
    let server = Server::start(Limits::default()).await;
    let stream = server.send(WRITE_AND_WAIT).await;
    take(&server.probe.entered).await;
    stream.set_zero_linger().unwrap();
    drop(stream);
    server.stop.send(()).unwrap();
    tokio::time::sleep(MOMENT / 4).await;
    assert!(!server.drained.is_finished());
    server.probe.gate.add_permits(1);
    assert!(within(server.drained).await.unwrap());
    assert_eq!(server.probe.finished.available_permits(), 1);
}

#[tokio::test]
async fn stopping_cuts_off_what_hangs_but_no_write() {
    let server = Server::start(Limits {
        drain_timeout: MOMENT,
        ..Limits::default()
    })
    .await;
    let mut hung = server.send(WRITE_AND_WAIT).await;
    take(&server.probe.entered).await;
    server.stop.send(()).unwrap();
    assert!(!within(server.drained).await.unwrap());
    assert_eq!(hear(&mut hung).await, "");
    // The connection is gone; what its handler began, it may end.
    server.probe.gate.add_permits(1);
    take(&server.probe.finished).await;
}

/// On one thread for all connections, a batch that takes a thread for long leaves it to the others.
#[tokio::test]
async fn a_batch_that_does_not_wait_holds_up_nobody() {
    let server = Server::start(Limits::default()).await;
    let batch = WRITE_AND_WAIT.replace("/wait", "/batch");
    let mut first = server.send(&batch).await;
    take(&server.probe.entered).await;
    server.probe.gate.add_permits(1);
    assert_answer(&server.ask(GET_AND_CLOSE).await, 200, GET_AND_CLOSE);
    server.probe.release.send(()).unwrap();
    assert_answer(&hear_one(&mut first).await, 200, &batch);
    let panics = GET.replace("GET / ", "GET /batch/panic ");
    let mut stream = server.send(&panics).await;
    assert_answer(&hear_one(&mut stream).await, 500, &panics);
}
