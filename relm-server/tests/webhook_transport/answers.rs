//! What is sent, and what of an answer comes back.

use std::sync::Arc;
use std::time::Duration;

use relm_core::value::time::ManualClock;
use relm_core::webhook::{ANSWER_BYTES_MAX, Answer, Message, Transport};
use relm_core::{Mode, Timestamp};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use crate::endpoint::{Endpoint, MOMENT, answer_all, one_port, read_request};
use crate::{OK, failed, send, transport};

/// Sends to an endpoint that gives this answer and closes.
async fn answer(answer: &'static str) -> Result<Answer, relm_core::webhook::SendError> {
    let endpoint = Endpoint::start(async move |mut stream| {
        read_request(&mut stream).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    send(&transport(""), Mode::Test, &endpoint.url()).await
}

#[tokio::test]
async fn a_request_is_a_post_of_exactly_the_message() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let endpoint = Endpoint::start(move |mut stream| {
        let tell = tell.clone();
        async move {
            while let Some(request) = read_request(&mut stream).await {
                tell.send(request).unwrap();
                stream.write_all(OK.as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    let transport = transport("");
    let url = format!("http://{}/a/b%20c?d=e&f#fragment", endpoint.address);
    let mut message = Message::new(url, Mode::Test, "{\"name\":\"Zoë\"}", MOMENT);
    message.headers = vec![
        ("content-type".into(), "application/json".to_owned()),
        ("relm-signature".into(), "t=1,v1=00".to_owned()),
    ];
    transport.send(message).await.unwrap();
    let address = endpoint.address;
    let agent = format!(
        "Relm/{} (+{})",
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_PKG_REPOSITORY")
    );
    let expected = format!(
        "POST /a/b%20c?d=e&f HTTP/1.1\r\nuser-agent: {agent}\r\ncontent-type: application/json\r\n\
         relm-signature: t=1,v1=00\r\ncontent-length: 15\r\nhost: {address}\r\n\r\n{{\"name\":\"Zoë\"}}"
    );
    assert_eq!(told.recv().await.unwrap(), expected);

    let empty = Message::new(endpoint.url(), Mode::Test, "", MOMENT);
    transport.send(empty).await.unwrap();
    assert!(
        told.recv()
            .await
            .unwrap()
            .contains("\r\ncontent-length: 0\r\n")
    );
}

#[tokio::test]
async fn a_header_that_would_split_the_request_is_not_sent() {
    let endpoint = Endpoint::answering(OK).await;
    let mut message = Message::new(endpoint.url(), Mode::Test, "{}", MOMENT);
    message.headers = vec![("webhook-id".into(), "a\r\nhost: b".to_owned())];
    let sent = transport("").send(message).await;
    assert_eq!(sent, failed("`webhook-id` cannot be sent as a header"));
    assert_eq!(endpoint.connections().await, 0);
}

#[tokio::test]
async fn every_status_is_an_answer_and_redirects_are_not_followed() {
    let elsewhere = Endpoint::answering(OK).await;
    let to = elsewhere.url();
    let endpoint = Endpoint::start(move |stream| {
        let answer = format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
        async move { answer_all(stream, &answer).await }
    })
    .await;
    let sent = send(&transport(""), Mode::Test, &endpoint.url()).await;
    assert_eq!(sent, Ok(Answer::new(302)));
    assert_eq!(elsewhere.connections().await, 0);

    for (head, status) in [
        ("204 No Content", 204),
        ("410 Gone", 410),
        ("503 Busy", 503),
        ("299 ", 299),
    ] {
        let text = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n").leak();
        assert_eq!(answer(text).await, Ok(Answer::new(status)));
    }
}

#[tokio::test]
async fn a_compressed_answer_is_not_inflated() {
    let endpoint = Endpoint::start(async |mut stream| {
        let request = read_request(&mut stream).await.unwrap_or_default();
        assert!(!request.contains("accept-encoding"));
        let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[0x1f, 0x8b, 8, 0]).await.unwrap();
    })
    .await;
    let sent = send(&transport(""), Mode::Test, &endpoint.url()).await;
    assert_eq!(sent, Ok(Answer::new(200).body([0x1f, 0x8b, 8, 0])));
}

#[tokio::test]
async fn an_endless_answer_is_cut_and_its_connection_closed() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let endpoint = Endpoint::start(move |mut stream| {
        let tell = tell.clone();
        async move {
            read_request(&mut stream).await;
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            let chunk = [b'x'; 64 * 1024];
            let mut written = 0_usize;
            while stream.write_all(&chunk).await.is_ok() {
                written += chunk.len();
            }
            tell.send(written).unwrap();
        }
    })
    .await;
    let sent = send(&transport(""), Mode::Test, &endpoint.url())
        .await
        .unwrap();
    assert_eq!((sent.status, sent.body.len()), (200, ANSWER_BYTES_MAX));
    // The write failed since the connection was closed; what was written lay in the buffers of two sockets.
    let written = tokio::time::timeout(MOMENT, told.recv())
        .await
        .unwrap()
        .unwrap();
    assert!(written < 64 * 1024 * 1024, "{written}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_answer_all_the_same() {
    let cut = answer("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npartial").await;
    assert_eq!(cut, Ok(Answer::new(200).body("partial")));
    let chunked =
        answer("HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz").await;
    assert_eq!(chunked, Ok(Answer::new(500).body("abc")));
}

#[tokio::test]
async fn what_is_no_answer_is_named() {
    let closed = failed("connection closed without an answer");
    assert_eq!(answer("").await, closed);
    assert_eq!(answer("HTTP/1.1 200 OK\r\nx: y").await, closed);
    let not_http = failed("the answer is not HTTP/1.1");
    assert_eq!(answer("SSH-2.0-OpenSSH_9.6\r\n\r\n").await, not_http);
    assert_eq!(answer("HTTP/1.1 abc\r\n\r\n").await, not_http);
    let long = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(80 * 1024)).leak();
    assert_eq!(
        answer(long).await,
        failed("the head of the answer is too long")
    );
    let (held, _) = one_port();
    let url = format!("http://{}/", held.local_addr().unwrap());
    let sent = send(&transport(""), Mode::Test, &url).await;
    assert_eq!(sent, failed("connection refused"));
}

#[tokio::test]
async fn retry_after_comes_in_seconds_and_as_a_date() {
    let wait = async |value: &str| {
        let text =
            format!("HTTP/1.1 429 Slow\r\nretry-after: {value}\r\ncontent-length: 0\r\n\r\n");
        answer(text.leak()).await.unwrap().retry_after
    };
    assert_eq!(wait("120").await, Some(Duration::from_secs(120)));
    assert_eq!(
        wait("Sun, 06 Nov 1994 08:49:37 GMT").await,
        Some(Duration::ZERO)
    );
    assert!(wait("Fri, 31 Dec 9999 23:59:59 GMT").await > Some(Duration::from_secs(86_400)));
    assert_eq!(wait("soon").await, None);
}

#[tokio::test]
async fn a_date_in_retry_after_is_as_far_away_as_the_engine_s_clock_says() {
    let moment = Timestamp::parse("1994-11-06T08:49:07Z").unwrap();
    let text = "HTTP/1.1 429 Slow\r\nretry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-length: 0\r\n\r\n";
    let endpoint = Endpoint::answering(text).await;
    let transport = transport("").clock(Arc::new(ManualClock::new(moment)));
    let sent = send(&transport, Mode::Test, &endpoint.url()).await;
    assert_eq!(sent.unwrap().retry_after, Some(Duration::from_secs(30)));
}
