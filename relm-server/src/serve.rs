//! Sockets: accepting connections, giving each request to its handler, and ending in order.
//!
//! What hyper lets through and an API must not is refused in `receive.rs`, before a handler runs; what a request means
//! is the [`Handler`]'s. A handler that has to wait goes on in a task of its own: hyper drops what it awaits when a connection
//! ends, and half a commit must never depend on a client's patience.
//!
//! Architecture invariant: whatever takes memory or time for a request holds its connection's place until it ends, so
//! [`Limits`] bounds handlers whose clients left, too, and all places free means that nothing runs.
//!
//! What is not HTTP at all (a torn head, more than [`Limits::headers_max`] headers) hyper answers itself, with a bare
//! 400, 414 or 431, and closes.

mod receive;
mod stream;

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use self::receive::{BodyMemory, receive};
use self::stream::Stream;

/// What a request means.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Answers a request that was read whole. It is carried through, whether or not anyone waits for the answer.
    async fn handle(&self, request: Request<Bytes>) -> Response<Bytes>;

    /// The most bytes that the body of such a request may have; asked before any of it is read.
    fn body_limit(&self, head: &Parts) -> usize;

    /// The answer to a request that never reaches [`handle`](Self::handle), or whose handler panicked; it also logs
    /// what is worth a line.
    fn refuse(&self, refusal: Refusal) -> Response<Bytes>;
}

/// Why a request is not answered by its handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Something about its head is wrong; the text says what would be right.
    BadRequest(&'static str),
    /// Its URI is longer than this.
    UriTooLong(usize),
    /// Its head is longer than this.
    HeadTooLarge(usize),
    /// Its body is longer than this.
    PayloadTooLarge(usize),
    /// Its body is not plain JSON; the text says what would be right.
    UnsupportedMediaType(&'static str),
    /// Its body did not arrive in time.
    BodyTimeout,
    /// There was no memory for its body in time.
    Busy,
    /// Its handler panicked.
    Panicked,
}

/// The bounds of connections and requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections, and handlers whose connection has ended, at once. Further connections wait in the kernel's queue,
    /// unaccepted: they cost nothing there, and a burst is served late rather than refused.
    pub connections_max: usize,
    /// How long a request's head may take, and how long a connection may idle: hyper knows one timer for both.
    pub head_timeout: Duration,
    /// How long a request's body may take, all of it.
    pub body_timeout: Duration,
    /// How long an answer may take to be read, from when the peer first lets us wait.
    pub answer_timeout: Duration,
    /// Bytes of a request's head.
    pub head_bytes_max: usize,
    /// Header fields of a request.
    pub headers_max: usize,
    /// Bytes of a request's URI.
    pub uri_bytes_max: usize,
    /// Bytes of all bodies of more than 64 KiB that are being read or handled; smaller ones are bounded by
    /// [`connections_max`](Self::connections_max).
    pub body_bytes_in_flight_max: usize,
    /// How long open requests may take to end once the server is told to stop.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(60),
            head_bytes_max: 32 * 1024,
            headers_max: 100,
            uri_bytes_max: 8 * 1024,
            body_bytes_in_flight_max: 256 * 1024 * 1024,
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// How long accepting pauses after it failed: file descriptors come back as connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The least that hyper takes as the most that it buffers.
const BUFFER_BYTES_MIN: usize = 8 * 1024;

/// What every connection needs.
struct Shared {
    handler: Arc<dyn Handler>,
    limits: Limits,
    memory: BodyMemory,
}

/// One connection; each of its running handlers holds it as well.
struct Connection {
    shared: Arc<Shared>,
    /// A request was answered without reading all that its client sends.
    unread: AtomicBool,
    _place: OwnedSemaphorePermit,
}

/// What connections are told, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    /// Answer what was asked, then close.
    Draining,
    /// Close.
    Ended,
}

/// Serves until `shutdown`, then lets what is open end; whether all of it did before the deadline.
///
/// After the deadline connections are cut off. Handlers are not: those that still run end with the runtime.
pub async fn serve(
    listener: TcpListener,
    handler: Arc<dyn Handler>,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> bool {
    let drain_timeout = limits.drain_timeout;
    let places_max = u32::try_from(limits.connections_max).unwrap_or(u32::MAX);
    let places = Arc::new(Semaphore::new(places_max as usize));
    let (stage, _) = watch::channel(Stage::Serving);
    let shared = Arc::new(Shared {
        handler,
        memory: BodyMemory::new(limits.body_bytes_in_flight_max),
        limits,
    });
    tokio::select! {
        () = accept(&listener, &shared, &places, &stage) => {}
        () = shutdown => {}
    }
    drop(listener);
    stage.send_replace(Stage::Draining);
    let drained = timeout(drain_timeout, places.acquire_many(places_max)).await;
    stage.send_replace(Stage::Ended);
    drained.is_ok()
}

/// Accepts connections, for as long as it is polled.
async fn accept(
    listener: &TcpListener,
    shared: &Arc<Shared>,
    places: &Arc<Semaphore>,
    stage: &watch::Sender<Stage>,
) {
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(places).acquire_owned().await {
        let tcp = loop {
            match listener.accept().await {
                Ok((tcp, _)) => break tcp,
                Err(error) => accept_failed(&error).await,
            }
        };
        let connection = Connection {
            shared: Arc::clone(shared),
            unread: AtomicBool::new(false),
            _place: place,
        };
        tokio::spawn(converse(Arc::new(connection), tcp, stage.subscribe()));
    }
}

async fn accept_failed(error: &io::Error) {
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

/// Serves one connection to its end.
async fn converse(connection: Arc<Connection>, tcp: TcpStream, mut stage: watch::Receiver<Stage>) {
    // An answer is one write: waiting to fill a segment would only delay it.
    let _ = tcp.set_nodelay(true);
    let limits = &connection.shared.limits;
    let stream = Stream::new(tcp, Arc::clone(&connection));
    let service = service_fn(|request| {
        let connection = Arc::clone(&connection);
        async move { Ok::<_, Infallible>(respond(&connection, request).await.map(Full::new)) }
    });
    let conversation = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        // Twice the limit, so that a head over it is still read, and refused in our own words.
        .max_buf_size((2 * limits.head_bytes_max).max(BUFFER_BYTES_MIN))
        .max_headers(limits.headers_max)
        // Who closed only the sending half still wants the answer.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut conversation = std::pin::pin!(conversation);
    tokio::select! {
        // Errors are the peer's: it hung up, or sent what is not HTTP, and was answered if it could be.
        _ = conversation.as_mut() => return,
        _ = stage.wait_for(|stage| *stage >= Stage::Draining) => {}
    }
    conversation.as_mut().graceful_shutdown();
    tokio::select! {
        _ = conversation => {}
        _ = stage.wait_for(|stage| *stage >= Stage::Ended) => {}
    }
}

/// Answers one request.
async fn respond(connection: &Arc<Connection>, request: Request<Incoming>) -> Response<Bytes> {
    let shared = &connection.shared;
    let (head, body) = request.into_parts();
    let (body, memory) = match receive(shared, &head, body).await {
        Ok(received) => received,
        Err(refusal) => {
            connection.unread.store(true, Ordering::Relaxed);
            let mut response = shared.handler.refuse(refusal);
            // What is left of the body is not worth reading.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
            return response;
        }
    };
    let held = Arc::clone(connection);
    let handling = async move {
        let request = Request::from_parts(head, body);
        let response = held.shared.handler.handle(request).await;
        drop(memory);
        response
    };
    // Of a panic, the panic hook has told.
    to_its_end(Box::pin(handling))
        .await
        .unwrap_or_else(|Panicked| shared.handler.refuse(Refusal::Panicked))
}

/// A handler panicked.
struct Panicked;

/// Handles a request to its end, whether or not the client waits for it. One that is done at once, as most reads are, is
/// done where its connection is; one that has to wait goes on in a task of its own, which nothing aborts.
async fn to_its_end(
    mut handling: Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>,
) -> Result<Response<Bytes>, Panicked> {
    let first = poll_fn(|cx| {
        // What a panic leaves is dropped, and never polled again.
        let polled = AssertUnwindSafe(|| handling.as_mut().poll(cx));
        Poll::Ready(catch_unwind(polled))
    });
    match first.await {
        Ok(Poll::Ready(response)) => Ok(response),
        Ok(Poll::Pending) => tokio::spawn(handling).await.map_err(|_| Panicked),
        Err(_) => Err(Panicked),
    }
}
