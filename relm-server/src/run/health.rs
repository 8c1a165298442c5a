//! `relm-server health`: whether the server of this host takes requests, for images that hold nothing to ask it with.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::outcome::CommandError;
use super::reached::reached_at;

/// How long it is waited for: less than whoever runs the check waits.
const WAIT_MAX: Duration = Duration::from_secs(3);
/// Bytes of the answer that are read: its status is among the first.
const ANSWER_BYTES_MAX: u64 = 4096;

/// Asks the server that listens at this address; of one that listens at every address, on loopback.
pub(super) async fn check(listen: SocketAddr) -> Result<(), CommandError> {
    let address = reached_at(listen);
    let asked = timeout(WAIT_MAX, ask(address)).await;
    let answer = asked
        .map_err(|_| format!("{address} does not answer within {} s", WAIT_MAX.as_secs()))?
        .map_err(|error| format!("{address} cannot be asked: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) == Some("200") {
        return Ok(());
    }
    Err(format!("{address}/readyz: {status} {}", body.trim()).into())
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    stream
        .take(ANSWER_BYTES_MAX)
        .read_to_end(&mut answer)
        .await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
