//! The socket of a connection, and whether its client is still there while a handler runs.
//!
//! hyper reads nothing while a handler runs, since a client may close its sending half and still want the answer. So it
//! notices nothing either. What a client does can be seen on the socket:
//!
//! - it resets the connection (it ends with unread bytes, or sets linger to 0, or its machine refuses): an error is there;
//! - it closes its sending half, or closes wholly: both are the same `FIN`, and only what is sent to it tells them apart.
//!   Whoever is still there takes it, whoever is not answers with a reset. So the server sends an interim `100 Continue`,
//!   which every client of HTTP/1.1 reads over (RFC 9110, section 15.2), and sees what comes;
//! - it says nothing more at all (its machine lost power, a cable is cut): that is not seen. Neither is a `FIN` behind bytes
//!   that are not read yet, as of a pipelined request, nor one of HTTP/1.0, which knows no interim answers. What bounds
//!   those requests is how long the store lets a call wait and run.

use std::future::pending;
use std::io;
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::Version;
use socket2::SockRef;
use tokio::io::{Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::sleep;

/// An answer before the answer, which says nothing.
const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A socket that hyper's stream and the handlers of its requests share.
pub(super) struct Socket {
    tcp: TcpStream,
    /// Part of an answer may be written and part not: nothing may come between.
    is_writing: AtomicBool,
}

impl Socket {
    pub fn new(tcp: TcpStream) -> Self {
        Self {
            tcp,
            is_writing: AtomicBool::new(false),
        }
    }

    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Ends when the client of a running request is found to be gone; it is looked for once `after` has passed.
    pub async fn client_gone(&self, version: Version, after: Duration) {
        sleep(after).await;
        tokio::select! {
            () = self.has_failed() => return,
            () = self.sends_no_more() => {}
        }
        if version >= Version::HTTP_11
            && !self.is_writing.load(Ordering::Relaxed)
            && let Ok(bytes) = self.tcp.try_write(INTERIM)
            && bytes < INTERIM.len()
        {
            // A client that let the kernel's buffer fill up gets no torn answer.
            let _ = SockRef::from(&self.tcp).shutdown(Shutdown::Both);
            return;
        }
        self.has_failed().await;
    }

    async fn has_failed(&self) {
        if self.tcp.ready(Interest::ERROR).await.is_err() {
            // The runtime is being shut down, and this with it.
            pending().await
        }
    }

    /// Ends when there is a `FIN` or a reset, and nothing unread before it.
    async fn sends_no_more(&self) {
        if let Ok(1..) = self.tcp.peek(&mut [0]).await {
            pending().await
        }
    }

    pub fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.tcp.poll_read_ready(cx))?;
            let mut read = None;
            // A read that does not fill the buffer has emptied the socket: tokio then knows, and saves the next one in vain.
            let emptied = self.tcp.try_io(Interest::READABLE, || {
                let room = buffer.remaining();
                let bytes = self.tcp.try_read_buf(buffer)?;
                read = Some(());
                match (1..room).contains(&bytes) {
                    true => Err(io::ErrorKind::WouldBlock.into()),
                    false => Ok(()),
                }
            });
            match (read, emptied) {
                (Some(()), _) => return Poll::Ready(Ok(())),
                (None, Err(error)) if error.kind() != io::ErrorKind::WouldBlock => {
                    return Poll::Ready(Err(error));
                }
                (None, _) => {}
            }
        }
    }

    pub fn poll_write(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.is_writing.store(true, Ordering::Relaxed);
        loop {
            ready!(self.tcp.poll_write_ready(cx))?;
            match write(&self.tcp) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    /// All that there was to write is the kernel's.
    pub fn flushed(&self) {
        self.is_writing.store(false, Ordering::Relaxed);
    }

    /// Sends no more.
    pub fn shut_down(&self) -> io::Result<()> {
        match SockRef::from(&self.tcp).shutdown(Shutdown::Write) {
            // The peer was first.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            done => done,
        }
    }
}
