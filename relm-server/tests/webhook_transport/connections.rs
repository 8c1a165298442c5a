//! When a connection is used again, and by whom.

use std::time::Duration;

use relm_core::Mode;
use relm_core::webhook::{Message, SendError, Transport};
use relm_server::webhooks::{HttpTransport, TransportOptions};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::endpoint::{
    Endpoint, LOOPBACK, MOMENT, OTHER, Scripted, answer_all, one_port, read_request,
};
use crate::{OK, failed, send, transport, with_resolver};

#[tokio::test]
async fn one_connection_serves_one_send_after_another() {
    let endpoint = Endpoint::answering(OK).await;
    let transport = transport("");
    for _ in 0..20 {
        let sent = send(&transport, Mode::Test, &endpoint.url()).await;
        assert_eq!(sent.map(|answer| answer.body), Ok(b"ok".to_vec()));
    }
    assert_eq!(endpoint.connections().await, 1);
}

/// However busy an endpoint is: where its name leads may have changed.
#[tokio::test]
async fn a_connection_is_used_for_so_long_at_most() {
    let endpoint = Endpoint::answering(OK).await;
    let transport = HttpTransport::new(TransportOptions {
        connection_time: Duration::ZERO,
        allow_loopback: true,
        ..TransportOptions::default()
    })
    .unwrap();
    for _ in 0..3 {
        let sent = send(&transport, Mode::Test, &endpoint.url()).await;
        assert_eq!(sent.map(|answer| answer.status), Ok(200));
    }
    assert_eq!(endpoint.connections().await, 3);
}

#[tokio::test]
async fn what_one_mode_connected_the_other_never_uses() {
    let endpoint = Endpoint::answering(OK).await;
    // Loopback is open to both, so that nothing but the pools keeps them apart.
    let transport = transport("127.0.0.0/8");
    for mode in [
        Mode::Test,
        Mode::Live,
        Mode::Test,
        Mode::Live,
        Mode::Live,
        Mode::Test,
    ] {
        let sent = send(&transport, mode, &endpoint.url()).await;
        assert_eq!(sent.map(|answer| answer.status), Ok(200));
    }
    assert_eq!(endpoint.connections().await, 2);
}

#[tokio::test]
async fn a_connection_of_test_mode_opens_nothing_for_live_mode() {
    let endpoint = Endpoint::answering(OK).await;
    let transport = transport("");
    for _ in 0..3 {
        assert!(send(&transport, Mode::Test, &endpoint.url()).await.is_ok());
        let live = send(&transport, Mode::Live, &endpoint.url()).await;
        assert!(matches!(live, Err(SendError::Forbidden(_))), "{live:?}");
    }
    assert_eq!(endpoint.connections().await, 1);
}

#[tokio::test]
async fn a_connection_that_the_endpoint_closed_while_idle_never_hangs_a_send() {
    const ROUNDS: usize = 30;
    // It promises to keep the connection, and closes it: sometimes before, sometimes after the next request is written.
    let endpoint = Endpoint::start(async |mut stream: TcpStream| {
        read_request(&mut stream).await;
        let _ = stream.write_all(OK.as_bytes()).await;
    })
    .await;
    let transport = transport("");
    let mut answered = 0;
    for _ in 0..ROUNDS {
        match send(&transport, Mode::Test, &endpoint.url()).await {
            Ok(answer) => answered += usize::from(answer.status == 200),
            Err(SendError::Failed(why)) => assert!(why.starts_with("connection "), "{why}"),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(answered >= ROUNDS / 2, "{answered}");
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses() {
    let (_refusing, listening) = one_port();
    let listener = listening.listen(64).unwrap();
    let endpoint = Endpoint::on(listener, |stream| answer_all(stream, OK));
    let transport = with_resolver("", Scripted::new(|_: &str, _: usize| vec![LOOPBACK, OTHER]));
    let url = format!("http://two.example:{}/hook", endpoint.port());
    let sent = send(&transport, Mode::Test, &url).await;
    assert_eq!(sent.map(|answer| answer.status), Ok(200));
    // What is not among the first few is not tried: a name is no list of things to scan.
    let many = Scripted::new(|_: &str, _: usize| [vec![LOOPBACK; 20], vec![OTHER]].concat());
    let sent = send(&with_resolver("", many), Mode::Test, &url).await;
    assert_eq!(sent, failed("connection refused"));
}

/// A listener whose queue is full swallows what comes, as a firewall does (Linux drops the first packet).
#[tokio::test]
async fn an_address_that_swallows_packets_leaves_time_for_the_next() {
    let (swallowing, listening) = one_port();
    let listener = listening.listen(64).unwrap();
    let endpoint = Endpoint::on(listener, |stream| answer_all(stream, OK));
    let full = swallowing.local_addr().unwrap();
    let _listener = swallowing.listen(1).unwrap();
    let mut waiting = Vec::new();
    while let Ok(connected) =
        tokio::time::timeout(Duration::from_millis(500), TcpStream::connect(full)).await
    {
        waiting.push(connected.unwrap());
    }
    let transport = with_resolver("", Scripted::new(|_: &str, _: usize| vec![LOOPBACK, OTHER]));
    let url = format!("http://two.example:{}/hook", endpoint.port());
    let timeout = Duration::from_secs(2);
    let sent = transport
        .send(Message::new(url, Mode::Test, "{}", timeout))
        .await;
    assert_eq!(sent.map(|answer| answer.status), Ok(200));

    let alone = Message::new(format!("http://{full}/"), Mode::Test, "{}", timeout / 10);
    assert_eq!(transport.send(alone).await, Err(SendError::TimedOut));
}

#[tokio::test]
async fn many_sends_at_once_each_get_their_answer() {
    let endpoint = Endpoint::answering(OK).await;
    let transport = std::sync::Arc::new(transport(""));
    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let message = Message::new(endpoint.url(), Mode::Test, "{}", MOMENT);
        let transport = std::sync::Arc::clone(&transport);
        sends.spawn(async move { transport.send(message).await });
    }
    for sent in sends.join_all().await {
        assert_eq!(sent.map(|answer| answer.status), Ok(200));
    }
}
