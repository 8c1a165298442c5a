//! A socket whose peer cannot hold us up: by not reading its answer, or by sending on after it.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::connection::Connection;
use super::presence::Socket;

/// How long a peer that sends on after its refusal is listened to, and how much of it is thrown away. A socket closed
/// over unread bytes is reset, and a reset can overtake the answer (RFC 9112, section 9.6).
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES_MAX: usize = 16 * 1024 * 1024;
const LINGER_BUFFER_BYTES: usize = 8 * 1024;

/// How fast an answer must be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Bytes that a peer must take in each window for which it lets us wait.
    pub window_bytes_min: usize,
    /// The window; the first begins when the peer first lets us wait, and is its grace.
    pub window: Duration,
}

/// The socket of a connection.
pub(super) struct Stream {
    socket: Arc<Socket>,
    connection: Arc<Connection>,
    pace: Pace,
    /// Set from the first write that has to wait until all is written.
    waiting: Option<Waiting>,
    /// Set while lingering.
    linger: Option<Linger>,
}

/// A window of a peer that lets us wait.
struct Waiting {
    end: Pin<Box<Sleep>>,
    /// Bytes that it has taken in this window.
    taken_bytes: usize,
}

struct Linger {
    deadline: Pin<Box<Sleep>>,
    bytes: usize,
}

impl Stream {
    pub(super) fn new(socket: Arc<Socket>, connection: Arc<Connection>, pace: Pace) -> Self {
        Self {
            socket,
            connection,
            pace,
            waiting: None,
            linger: None,
        }
    }

    /// Holds the peer to its pace: a write that has to wait fails when the peer took too little in a window. One that need
    /// not wait costs nothing.
    fn paced(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = written {
            if let (Some(waiting), Ok(bytes)) = (&mut self.waiting, &written) {
                waiting.taken_bytes += bytes;
            }
            return Poll::Ready(written);
        }
        let Pace {
            window_bytes_min,
            window,
        } = self.pace;
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            end: Box::pin(sleep(window)),
            taken_bytes: 0,
        });
        loop {
            ready!(waiting.end.as_mut().poll(cx));
            if waiting.taken_bytes < window_bytes_min {
                // The kernel is to forget what the peer did not take, too.
                let _ = self.socket.tcp().set_zero_linger();
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            waiting.taken_bytes = 0;
            waiting.end.as_mut().reset(Instant::now() + window);
        }
    }

    /// Throws away what the peer sends, until it ends or there was enough of it.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let linger = self.linger.get_or_insert_with(|| Linger {
            deadline: Box::pin(sleep(LINGER)),
            bytes: 0,
        });
        let mut bytes = [0; LINGER_BUFFER_BYTES];
        while linger.deadline.as_mut().poll(cx).is_pending() && linger.bytes < LINGER_BYTES_MAX {
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = ready!(self.socket.poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            linger.bytes += buffer.filled().len();
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.socket.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.socket.poll_write(cx, |tcp| tcp.try_write(bytes));
        self.paced(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self
            .socket
            .poll_write(cx, |tcp| tcp.try_write_vectored(slices));
        self.paced(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// hyper flushes once all that it has is written.
    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiting = None;
        self.socket.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            self.socket.shut_down()?;
        }
        if self.connection.unread.load(Ordering::Relaxed) {
            ready!(self.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}
