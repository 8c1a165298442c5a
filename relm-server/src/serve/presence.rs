//! The socket of a connection, and whether its client is still there while a handler runs.
//!
//! hyper reads nothing while a handler runs, since a client may close its sending half and still want the answer. So it
//! notices nothing either. What a client does can be seen on the socket:
//!
//! - it resets the connection (it ends with unread bytes, or sets linger to 0, or its machine refuses): an error is there.
//!   The kernel tells of it once, to whoever tries something first. So an error of whatever is tried here means that the
//!   client is gone;
//! - it closes its sending half, or closes wholly: both are the same `FIN`, and only what is sent to it tells them apart.
//!   Whoever is still there takes it, whoever is not answers with a reset. So the server sends an interim `100 Continue`,
//!   which every client of HTTP/1.1 reads over, however many there are (RFC 9110, section 15.2), and sees what comes. A client may
//!   leave after it has read one, so there is another from time to time;
//! - it says nothing more at all (its machine lost power, a cable is cut): that is not seen. Neither is a `FIN` of HTTP/1.0,
//!   which knows no interim answers. What bounds those requests is how long the store lets a call wait and run.

use std::future::pending;
use std::io;
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::Version;
use socket2::SockRef;
use tokio::io::{Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// An answer before the answer, which says nothing.
const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// How many times as long as until the first look it is until the second; from then on the time doubles, so that even a long
/// request has a handful of interim answers. Older clients of Go take five and no more.
const PAUSE_FACTOR: u32 = 10;

/// A socket that hyper's stream and the handlers of its requests share.
pub(super) struct Socket {
    tcp: TcpStream,
    /// Part of an answer may be written and part not: nothing may come between.
    is_writing: AtomicBool,
    /// Bytes of an interim answer that are the kernel's, where not all of it is: the rest goes before whatever comes next.
    interim_bytes: AtomicUsize,
}

impl Socket {
    pub fn new(tcp: TcpStream) -> Self {
        Self {
            tcp,
            is_writing: AtomicBool::new(false),
            interim_bytes: AtomicUsize::new(0),
        }
    }

    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Ends when the client of a running request is found to be gone; it is looked for once `after` has passed.
    pub async fn client_gone(&self, version: Version, after: Duration) {
        sleep(after).await;
        tokio::select! {
            // Should this fail, the runtime is being shut down.
            _ = self.tcp.ready(Interest::ERROR) => {}
            () = self.found_gone(version, after.saturating_mul(PAUSE_FACTOR)) => {}
        }
    }

    /// Ends when what is tried on the socket fails.
    async fn found_gone(&self, version: Version, mut pause: Duration) {
        loop {
            match timeout(pause, self.sends_no_more()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(_) => continue,
            }
            if self.ask(version).is_err() {
                return;
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
    }

    /// Ends when there is a `FIN`. What comes behind unread bytes is not waited for, and found when this is tried again.
    async fn sends_no_more(&self) -> io::Result<()> {
        let ready = self.tcp.ready(Interest::READABLE).await?;
        if ready.is_read_closed() {
            return Ok(());
        }
        match self.tcp.peek(&mut [0]).await? {
            0 => Ok(()),
            _ => pending().await,
        }
    }

    /// Asks a client that sends no more whether it is there, as far as that can be done now.
    fn ask(&self, version: Version) -> io::Result<()> {
        // A connection that was reset has no peer any more, whoever took the error.
        self.tcp.peer_addr()?;
        if version < Version::HTTP_11 || self.is_writing.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.write_interim(|bytes| self.tcp.try_write(bytes)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            asked => asked,
        }
    }

    /// Writes an interim answer, or what is left of one.
    fn write_interim(&self, write: impl Fn(&[u8]) -> io::Result<usize>) -> io::Result<()> {
        let mut written = self.interim_bytes.load(Ordering::Relaxed);
        while written < INTERIM.len() {
            written += write(&INTERIM[written..])?;
            self.interim_bytes.store(written, Ordering::Relaxed);
        }
        self.interim_bytes.store(0, Ordering::Relaxed);
        Ok(())
    }

    fn finish_interim(&self) -> io::Result<()> {
        match self.interim_bytes.load(Ordering::Relaxed) {
            0 => Ok(()),
            _ => self.write_interim(|bytes| self.tcp.try_write(bytes)),
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
            let written = self.finish_interim().and_then(|()| write(&self.tcp));
            match written {
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

#[cfg(test)]
mod tests;
