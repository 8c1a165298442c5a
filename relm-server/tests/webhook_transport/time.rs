//! What an endpoint that is slow, or stops, may cost.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use relm_core::Mode;
use relm_core::webhook::{Answer, Message, SendError, Transport};
use relm_server::webhooks::{HttpTransport, Resolve, TransportOptions};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::interval;

use crate::endpoint::{Endpoint, MOMENT, outlast, read_request};
use crate::transport;

/// A timeout that is over soon.
const SOON: Duration = Duration::from_millis(200);

/// A timeout that leaves a busy machine time for a head to arrive.
const LATER: Duration = Duration::from_secs(1);

/// Sends with little time; the test fails where that much does not end it.
async fn hurry(transport: &HttpTransport, url: &str) -> Result<Answer, SendError> {
    within(SOON, transport, url).await
}

async fn within(time: Duration, transport: &HttpTransport, url: &str) -> Result<Answer, SendError> {
    let message = Message::new(url, Mode::Test, "x".repeat(1024), time);
    let sent = tokio::time::timeout(MOMENT / 4, transport.send(message)).await;
    sent.expect("a send ends by its timeout")
}

/// A send to the endpoint times out, and its connection ends.
async fn times_out(endpoint: &mut Endpoint) {
    let sent = hurry(&transport(""), &endpoint.url()).await;
    assert_eq!(sent, Err(SendError::TimedOut));
    endpoint.ended().await;
}

/// Writes one byte after another, a few in each timeout, until the client is gone.
async fn drip(stream: &mut TcpStream, bytes: impl Iterator<Item = u8>) {
    let mut pace = interval(SOON / 10);
    for byte in bytes {
        pace.tick().await;
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
    }
}

#[tokio::test]
async fn an_endpoint_that_says_nothing_times_out_and_is_hung_up_on() {
    let mut endpoint = Endpoint::start(async |mut stream| outlast(&mut stream).await).await;
    let transport = transport("");
    assert_eq!(
        hurry(&transport, &endpoint.url()).await,
        Err(SendError::TimedOut)
    );
    endpoint.ended().await;
    // So does one that never ends TLS.
    let url = endpoint.url().replace("http:", "https:");
    assert_eq!(hurry(&transport, &url).await, Err(SendError::TimedOut));
    endpoint.ended().await;
}

#[tokio::test]
async fn a_head_that_drips_times_out() {
    let mut endpoint = Endpoint::start(async |mut stream| {
        read_request(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\nx: ".iter().copied();
        drip(&mut stream, head.chain(std::iter::repeat(b'y'))).await;
    })
    .await;
    times_out(&mut endpoint).await;
}

#[tokio::test]
async fn interim_answers_without_end_time_out() {
    let mut endpoint = Endpoint::start(async |mut stream| {
        read_request(&mut stream).await;
        let interim = "HTTP/1.1 102 Processing\r\n\r\n".repeat(100);
        let mut pace = interval(SOON / 10);
        while stream.write_all(interim.as_bytes()).await.is_ok() {
            pace.tick().await;
        }
    })
    .await;
    times_out(&mut endpoint).await;
}

#[tokio::test]
async fn once_the_head_is_here_a_late_body_changes_nothing() {
    let mut endpoint = Endpoint::start(async |mut stream| {
        read_request(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        drip(&mut stream, std::iter::repeat(b'y')).await;
    })
    .await;
    let answer = within(LATER, &transport(""), &endpoint.url())
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    assert!(!answer.body.is_empty() && answer.body.len() < 1000);
    assert!(answer.body.iter().all(|byte| *byte == b'y'));
    endpoint.ended().await;
}

#[tokio::test]
async fn a_body_that_never_comes_leaves_an_empty_one() {
    let mut endpoint = Endpoint::start(async |mut stream| {
        read_request(&mut stream).await;
        let head = "HTTP/1.1 410 Gone\r\ncontent-length: 5\r\nretry-after: 3\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        outlast(&mut stream).await;
    })
    .await;
    let gone = Answer::new(410).retry_after(Duration::from_secs(3));
    assert_eq!(
        within(LATER, &transport(""), &endpoint.url()).await,
        Ok(gone)
    );
    endpoint.ended().await;
}

#[tokio::test]
async fn an_endpoint_that_never_reads_times_out() {
    let endpoint = Endpoint::start(async |stream| {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let body = "x".repeat(32 * 1024 * 1024);
    let message = Message::new(endpoint.url(), Mode::Test, body, SOON);
    assert_eq!(transport("").send(message).await, Err(SendError::TimedOut));
}

/// A resolver that never answers.
struct Silent;

#[async_trait::async_trait]
impl Resolve for Silent {
    async fn resolve(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_look_up_that_never_ends_times_out() {
    let options = TransportOptions {
        resolver: Arc::new(Silent),
        allow_loopback: true,
        ..TransportOptions::default()
    };
    let transport = HttpTransport::new(options).unwrap();
    let sent = hurry(&transport, "https://slow.example/hook").await;
    assert_eq!(sent, Err(SendError::TimedOut));
}

#[tokio::test]
async fn no_time_at_all_is_over_at_once_and_all_of_time_overflows_nothing() {
    let transport = transport("");
    let message =
        |endpoint: &Endpoint, timeout| Message::new(endpoint.url(), Mode::Test, "{}", timeout);
    let mute = Endpoint::start(async |mut stream| outlast(&mut stream).await).await;
    let sent = transport.send(message(&mute, Duration::ZERO)).await;
    assert_eq!(sent, Err(SendError::TimedOut));
    let endpoint = Endpoint::answering(crate::OK).await;
    let sent = transport.send(message(&endpoint, Duration::MAX)).await;
    assert_eq!(sent.map(|answer| answer.status), Ok(200));
}
