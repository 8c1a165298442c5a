//! The listening socket: what accepted ones inherit of it, and what is done where accepting fails.

use std::io;
use std::time::Duration;

use tokio::net::TcpListener;

/// The most that the kernel keeps of an answer beyond what is under way. Without it the kernel takes megabytes that nobody
/// reads, and takes them in lumps so large that a slow reader seems to read nothing for a while.
#[cfg(target_os = "linux")]
const UNSENT_BYTES_MAX: u32 = 64 * 1024;

/// How long accepting pauses after it failed: file descriptors come back as connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepted sockets inherit this. Where a system does not know it, its own bound on a socket's buffer remains.
pub(super) fn bound_unsent(listener: &TcpListener) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(listener).set_tcp_notsent_lowat(UNSENT_BYTES_MAX) {
        tracing::warn!(%error, "what the kernel keeps of an answer could not be bounded");
    }
}

pub(super) async fn accept_failed(error: &io::Error) {
    let of_the_peer = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !of_the_peer {
        tracing::error!(%error, "a connection could not be accepted");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
