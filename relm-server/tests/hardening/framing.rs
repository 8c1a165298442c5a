//! Where a request ends: lengths, chunks, and codings that are refused rather than passed on.

use relm_server::serve::Limits;

use super::server::{Server, assert_answer};
use super::{WAIT, post};

#[tokio::test]
async fn a_chunked_body_is_counted_as_it_is_read() {
    let server = Server::start(Limits::default()).await;
    let headers =
        "content-type: application/json\r\nconnection: close\r\ntransfer-encoding: chunked\r\n";
    let chunk = format!("200\r\n{}\r\n", "a".repeat(512));
    let fits = post(headers, &format!("{chunk}{chunk}0\r\n\r\n"));
    let answer = server.ask(&fits).await;
    assert_answer(&answer, 200, &fits);
    assert!(answer.ends_with(&"a".repeat(1024)), "{answer}");
    let more = post(headers, &format!("{chunk}{chunk}1\r\na\r\n"));
    assert_answer(&server.ask(&more).await, 413, &more);
    let torn = post(headers, "zz\r\n");
    assert_answer(&server.ask(&torn).await, 400, &torn);
}

#[tokio::test]
async fn chunks_beside_a_length_prevail_and_end_the_connection() {
    // RFC 9112, section 6.1: the server closes after such a request, so nothing can be smuggled behind it.
    let server = Server::start(Limits::default()).await;
    for framing in [
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
    ] {
        let headers = format!("content-type: application/json\r\n{framing}");
        let request = post(&headers, &format!("2\r\n{{}}\r\n0\r\n\r\n{WAIT}"));
        let answer = server.ask(&request).await;
        assert_answer(&answer, 200, &request);
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
}

#[tokio::test]
async fn a_coding_that_is_not_undone_is_refused_and_the_connection_closed() {
    let server = Server::start(Limits::default()).await;
    let body = "2\r\n{}\r\n0\r\n\r\n";
    for codings in [
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: gzip,chunked\r\n",
        "transfer-encoding: GZIP, Chunked\r\n",
        "transfer-encoding: identity, chunked\r\n",
        "transfer-encoding: chunked, chunked\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: , chunked\r\n",
        "transfer-encoding: xchunked, chunked\r\n",
        "transfer-encoding: chunked;q=1, chunked\r\n",
        "content-length: 2\r\ntransfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: gzip, chunked\r\ncontent-length: 2\r\n",
    ] {
        let headers = format!("content-type: application/json\r\n{codings}");
        let request = post(&headers, &format!("{body}{WAIT}"));
        let answer = server.ask(&request).await;
        assert_answer(&answer, 501, &request);
        assert!(answer.contains("connection: close"), "{answer}");
        assert!(
            answer.ends_with("refused"),
            "one answer, enveloped: {answer}"
        );
    }
    assert_eq!(server.probe.entered.available_permits(), 0);
}

#[tokio::test]
async fn a_body_whose_end_cannot_be_told_is_refused_by_hyper_itself() {
    // RFC 9112, section 6.3: 400, and the connection is closed.
    let server = Server::start(Limits::default()).await;
    for framing in [
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked, gzip\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        "transfer-encoding: \r\n",
        "transfer-encoding: chunked;q=1\r\n",
        "transfer-encoding: \x0bchunked\r\n",
        "content-length: 2\r\ncontent-length: 3\r\n",
        "content-length: 2, 3\r\n",
        "content-length: 2, 2\r\n",
        "content-length: 0x2\r\n",
        "content-length: 18446744073709551616\r\n",
        "content-length: \r\n",
    ] {
        let headers = format!("content-type: application/json\r\n{framing}");
        let request = post(&headers, &format!("{{}}{WAIT}"));
        let answer = server.ask(&request).await;
        assert_answer(&answer, 400, &request);
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
    assert_eq!(server.probe.entered.available_permits(), 0);
}

#[tokio::test]
async fn a_length_that_is_said_twice_alike_is_one_length() {
    let server = Server::start(Limits::default()).await;
    let headers = "content-type: application/json\r\nconnection: close\r\ncontent-length: 2\r\ncontent-length: 2\r\n";
    let request = post(headers, "{}");
    let answer = server.ask(&request).await;
    assert_answer(&answer, 200, &request);
    assert!(answer.ends_with("{}"), "{answer}");
}
