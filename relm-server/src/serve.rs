//! Sockets: accepting connections, reading requests within bounds, and ending in order.
//!
//! Everything that hyper lets through and an API must not is refused here, before a handler runs; what a request means
//! is the [`Handler`]'s. Each handler runs in a task of its own: hyper drops what it awaits when a client hangs up, and
//! half a commit must never depend on a client's patience.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;

/// What a request means.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Answers a request that was read whole. It is carried through, whether or not anyone waits for the answer.
    async fn handle(&self, request: Request<Bytes>) -> Response<Bytes>;

    /// The most bytes that the body of such a request may have.
    fn body_limit(&self, head: &Parts) -> usize;

    /// The answer to a request that never reaches [`handle`](Self::handle).
    fn refuse(&self, refusal: Refusal) -> Response<Bytes>;
}

/// Why a request never reaches its handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Something about its head is wrong; the text says what would be right.
    BadRequest(&'static str),
    /// Its URI is longer than this.
    UriTooLong(usize),
    /// Its body is longer than this.
    PayloadTooLarge(usize),
    /// Its body is not plain JSON; the text says what would be right.
    UnsupportedMediaType(&'static str),
    /// Its body did not arrive in time.
    BodyTimeout,
    /// Its handler panicked.
    Panicked,
}

/// The bounds of connections and requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; further ones wait in the kernel's queue, unaccepted.
    pub connections_max: usize,
    /// How long a request's head may take, and how long a connection may idle.
    pub head_timeout: Duration,
    /// How long a request's body may take, all of it.
    pub body_timeout: Duration,
    /// Bytes of a request's head.
    pub head_bytes_max: usize,
    /// Header fields of a request.
    pub headers_max: usize,
    /// Bytes of a request's URI.
    pub uri_bytes_max: usize,
    /// How long open requests may take to end once the server is told to stop.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            head_bytes_max: 32 * 1024,
            headers_max: 100,
            uri_bytes_max: 8 * 1024,
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// How long accepting pauses after it failed: file descriptors come back as connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What every connection needs.
struct Shared {
    handler: Arc<dyn Handler>,
    limits: Limits,
    /// Held by each task that serves; all gone, the server has drained.
    alive: mpsc::Sender<()>,
    stop: watch::Receiver<bool>,
}

/// Serves until `shutdown`, then lets what is open end; whether all of it did before the deadline.
pub async fn serve(
    listener: TcpListener,
    handler: Arc<dyn Handler>,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> bool {
    let drain_timeout = limits.drain_timeout;
    let connections = Arc::new(Semaphore::new(limits.connections_max));
    let (alive, mut drained) = mpsc::channel(1);
    let (stopping, stop) = watch::channel(false);
    let shared = Arc::new(Shared {
        handler,
        limits,
        alive,
        stop,
    });
    let accepting = async {
        loop {
            let Ok(permit) = Arc::clone(&connections).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let shared = Arc::clone(&shared);
                    tokio::spawn(async move {
                        connection(&shared, stream).await;
                        drop(permit);
                    });
                }
                Err(error) => accept_failed(&error).await,
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        () = shutdown => {}
    }
    drop(listener);
    drop(shared);
    // Nobody listens when there are no connections left.
    let _ = stopping.send(true);
    timeout(drain_timeout, drained.recv()).await.is_ok()
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

async fn connection(shared: &Arc<Shared>, stream: TcpStream) {
    let _alive = shared.alive.clone();
    let mut stop = shared.stop.clone();
    // An answer is one write: waiting to fill a segment would only delay it.
    let _ = stream.set_nodelay(true);
    let limits = &shared.limits;
    let service = service_fn(|request| {
        let shared = Arc::clone(shared);
        async move { Ok::<_, Infallible>(respond(&shared, request).await.map(Full::new)) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(limits.head_bytes_max)
        .max_headers(limits.headers_max)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // Errors are the peer's: it hung up, or sent what is not HTTP, and was answered if it could be.
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn respond(shared: &Shared, request: Request<Incoming>) -> Response<Bytes> {
    let (head, body) = request.into_parts();
    let body = match read(shared, &head, body).await {
        Ok(body) => body,
        Err(refusal) => {
            let mut response = shared.handler.refuse(refusal);
            // What is left of the body is not worth reading.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
            return response;
        }
    };
    let handler = Arc::clone(&shared.handler);
    let alive = shared.alive.clone();
    let handled = tokio::spawn(async move {
        let _alive = alive;
        handler.handle(Request::from_parts(head, body)).await
    });
    match handled.await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a handler failed");
            shared.handler.refuse(Refusal::Panicked)
        }
    }
}

/// Checks a request's head, then reads its body.
async fn read(shared: &Shared, head: &Parts, body: Incoming) -> Result<Bytes, Refusal> {
    check_head(head, &shared.limits)?;
    let limit = shared.handler.body_limit(head);
    let declared = body.size_hint().lower();
    if declared > limit as u64 {
        return Err(Refusal::PayloadTooLarge(limit));
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    check_body_type(head)?;
    match timeout(shared.limits.body_timeout, collect(body, limit)).await {
        Ok(read) => read,
        Err(_) => Err(Refusal::BodyTimeout),
    }
}

async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::BadRequest("The body did not arrive whole."))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.len() + rest.len() + data.len() > limit {
            return Err(Refusal::PayloadTooLarge(limit));
        }
        // Most bodies are one frame, which is passed on as it is.
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}

fn check_head(head: &Parts, limits: &Limits) -> Result<(), Refusal> {
    let uri = &head.uri;
    let length = uri.path_and_query().map_or(0, |path| path.as_str().len());
    if length > limits.uri_bytes_max {
        return Err(Refusal::UriTooLong(limits.uri_bytes_max));
    }
    if head.method == Method::CONNECT || uri.authority().is_some() || !uri.path().starts_with('/') {
        return Err(Refusal::BadRequest(
            "The request must name a path, such as /v1/contacts.",
        ));
    }
    // RFC 9112, section 3.2: exactly one.
    let hosts = head.headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && head.version == Version::HTTP_11) {
        return Err(Refusal::BadRequest(
            "The request must have one Host header.",
        ));
    }
    Ok(())
}

/// A body must be JSON in UTF-8, as it is: what is compressed could be a bomb.
fn check_body_type(head: &Parts) -> Result<(), Refusal> {
    let encoded = head.headers.get_all(CONTENT_ENCODING).iter();
    if encoded
        .map(HeaderValue::as_bytes)
        .any(|coding| !coding.eq_ignore_ascii_case(b"identity"))
    {
        return Err(Refusal::UnsupportedMediaType(
            "Send the body without Content-Encoding.",
        ));
    }
    let refuse = Refusal::UnsupportedMediaType("Send the body as Content-Type: application/json.");
    let mut types = head.headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else {
        return Err(refuse);
    };
    let value = value.to_str().map_err(|_| refuse)?.to_ascii_lowercase();
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some(("charset", charset)) => matches!(charset.trim_matches('"'), "utf-8" | "utf8"),
        _ => true,
    });
    if json && utf8 { Ok(()) } else { Err(refuse) }
}
