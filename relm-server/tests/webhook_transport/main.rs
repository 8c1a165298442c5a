//! What the transport of webhooks reaches, refuses, bounds and brings back: over real sockets.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests are tests, which clippy cannot see"
)]

mod addresses;
mod answers;
mod connections;
mod endpoint;
mod reach;
mod time;
mod tls;

use std::net::IpAddr;
use std::sync::Arc;

use endpoint::{MOMENT, Scripted};
use relm_core::Mode;
use relm_core::webhook::{Answer, Message, SendError, Transport};
use relm_server::webhooks::{HttpTransport, TransportOptions};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A transport for these networks, which looks up nothing.
fn transport(allow: &str) -> HttpTransport {
    with_resolver(allow, Scripted::new(|_: &str, _: usize| Vec::new()))
}

fn with_resolver<F>(allow: &str, resolver: Arc<Scripted<F>>) -> HttpTransport
where
    F: Fn(&str, usize) -> Vec<IpAddr> + Send + Sync + 'static,
{
    HttpTransport::new(TransportOptions {
        allow_nets: allow.parse().unwrap(),
        ca_file: None,
        resolver,
        allow_loopback: true,
        ..TransportOptions::default()
    })
    .unwrap()
}

/// Sends to a URL, with time enough.
async fn send(transport: &HttpTransport, mode: Mode, url: &str) -> Result<Answer, SendError> {
    let message = Message::new(url, mode, r#"{"id":"evt_1"}"#, MOMENT);
    transport.send(message).await
}

fn forbidden(why: impl Into<String>) -> Result<Answer, SendError> {
    Err(SendError::Forbidden(why.into()))
}

fn failed(why: impl Into<String>) -> Result<Answer, SendError> {
    Err(SendError::Failed(why.into()))
}
