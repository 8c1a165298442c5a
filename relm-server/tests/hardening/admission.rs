//! A request is checked by its head: what is not admitted is not read, takes no memory, and is answered all the same.

use relm_server::serve::Limits;
use tokio::io::AsyncWriteExt;

use super::server::{
    LARGE_BODY_BYTES_MAX, MOMENT, Server, assert_answer, hear, hear_one, take, within,
};
use super::{GET, GET_AND_CLOSE, post, post_json};

/// The same request to a path where it is not admitted.
fn forbidden(request: &str) -> String {
    request.replace("POST /", "POST /forbidden")
}

#[tokio::test]
async fn what_is_not_admitted_is_refused_before_its_body_is_sent() {
    let server = Server::start(Limits::default()).await;
    let json = "content-type: application/json\r\n";
    for request in [
        post_json(1000, ""),
        // Not even the type and the length are looked at.
        post(
            "content-type: text/plain\r\ncontent-length: 9999999\r\n",
            "",
        ),
        post(&format!("{json}transfer-encoding: chunked\r\n"), ""),
        post(&format!("{json}transfer-encoding: chunked\r\n"), "3e8\r\na"),
    ] {
        let answer = server.ask(&forbidden(&request)).await;
        assert_answer(&answer, 403, &request);
        assert!(answer.contains("connection: close"), "{answer}");
    }
    assert_eq!(server.probe.entered.available_permits(), 0);
}

#[tokio::test]
async fn only_what_is_admitted_is_told_to_continue() {
    let server = Server::start(Limits::default()).await;
    for framing in ["content-length: 2\r\n", "transfer-encoding: chunked\r\n"] {
        let headers =
            format!("content-type: application/json\r\nexpect: 100-continue\r\n{framing}");
        let request = post(&headers, "");
        let answer = server.ask(&forbidden(&request)).await;
        assert_answer(&answer, 403, &request);
        let mut stream = server.send(&request).await;
        assert_answer(&hear_one(&mut stream).await, 100, &request);
    }
    // Nor what its own head forbids.
    for (headers, status) in [
        ("content-type: text/plain\r\ncontent-length: 2\r\n", 415),
        (
            "content-type: application/json\r\ncontent-length: 9999\r\n",
            413,
        ),
        (
            "content-type: application/json\r\ntransfer-encoding: gzip, chunked\r\n",
            501,
        ),
    ] {
        let request = post(&format!("{headers}expect: 100-continue\r\n"), "");
        assert_answer(&server.ask(&request).await, status, &request);
    }
}

#[tokio::test]
async fn what_is_not_admitted_waits_for_no_memory() {
    let server = Server::start(Limits {
        body_bytes_in_flight_max: 8,
        answer_bytes_in_flight_max: 0,
        memory_timeout: MOMENT,
        ..Limits::default()
    })
    .await;
    let body = " ".repeat(LARGE_BODY_BYTES_MAX);
    let request = post_json(body.len(), &body).replace("POST /", "POST /large");
    // One has all that there is, and the way out.
    let mut holder = server.send(&request).await;
    take(&server.probe.entered).await;
    assert_answer(&server.ask(&request).await, 503, "there is no more");
    for request in [request, post_json(2, "{}")] {
        let request = request.replace("POST /large", "POST /");
        assert_answer(&server.ask(&forbidden(&request)).await, 403, "not admitted");
    }
    server.probe.gate.add_permits(1);
    assert_answer(&hear_one(&mut holder).await, 200, "the holder");
}

#[tokio::test]
async fn many_slow_bodies_that_are_not_admitted_hold_up_nobody() {
    let server = Server::start(Limits {
        connections_max: 40,
        body_bytes_in_flight_max: LARGE_BODY_BYTES_MAX,
        ..Limits::default()
    })
    .await;
    let slow = forbidden(&post_json(LARGE_BODY_BYTES_MAX, "{"));
    let mut streams = Vec::new();
    for _ in 0..70 {
        let mut stream = server.send(&slow).await;
        assert_answer(&hear_one(&mut stream).await, 403, &slow);
        streams.push(stream);
    }
    let body = " ".repeat(LARGE_BODY_BYTES_MAX);
    let large = post_json(body.len(), &body).replace("POST /", "POST /echo");
    let mut stream = within(server.send(&large)).await;
    assert_answer(&hear_one(&mut stream).await, 200, "a body that is admitted");
}

#[tokio::test]
async fn a_client_that_sends_all_before_it_reads_hears_that_it_was_not_admitted() {
    let server = Server::start(Limits::default()).await;
    let body = vec![b' '; 8 * 1024 * 1024];
    let mut stream = server.send(&forbidden(&post_json(body.len(), ""))).await;
    // Were the connection reset, the answer could be lost on its way.
    within(stream.write_all(&body)).await.unwrap();
    assert_answer(&hear(&mut stream).await, 403, "8 MiB");
}

#[tokio::test]
async fn a_refusal_of_a_request_without_a_body_keeps_the_connection() {
    let server = Server::start(Limits::default()).await;
    let request = GET.replace("GET /", "GET /forbidden");
    let mut stream = server.send(&request).await;
    assert_answer(&hear_one(&mut stream).await, 403, &request);
    stream.write_all(GET_AND_CLOSE.as_bytes()).await.unwrap();
    assert_answer(&hear(&mut stream).await, 200, GET_AND_CLOSE);
}

#[tokio::test]
async fn a_body_that_means_nothing_is_not_read() {
    let server = Server::start(Limits::default()).await;
    let request = post_json(1000, "").replace("POST /", "GET /open");
    let answer = server.ask(&request).await;
    assert_answer(&answer, 200, &request);
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn a_peer_has_so_many_connections_and_no_more() {
    let server = Server::start(Limits {
        connections_per_peer_max: 2,
        ..Limits::default()
    })
    .await;
    let mut first = server.send(GET).await;
    let mut second = server.send(GET).await;
    for stream in [&mut first, &mut second] {
        assert_answer(&hear_one(stream).await, 200, GET);
    }
    let mut third = server.connect().await;
    let closed = hear(&mut third).await;
    assert!(matches!(&*closed, "" | " (reset)"), "{closed}");
    first.write_all(GET_AND_CLOSE.as_bytes()).await.unwrap();
    assert_answer(&hear(&mut first).await, 200, GET_AND_CLOSE);
    // The place is free once the server has noticed that its peer left.
    drop(first);
    let served = async {
        while !server.ask(GET_AND_CLOSE).await.contains("200 OK") {
            tokio::task::yield_now().await;
        }
    };
    within(served).await;
}
