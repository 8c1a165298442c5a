//! Which requests reach a handler: the checks of a head, and reading a body within bounds.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::{Limits, Refusal, Shared};

/// Bodies up to here are not counted: hyper's own buffer of each connection is about as large.
const SMALL_BODY_BYTES_MAX: usize = 64 * 1024;

/// The memory for large bodies, in KiB: a permit counts to four thousand million.
pub(super) struct BodyMemory {
    free: Arc<Semaphore>,
    kib_max: u32,
}

impl BodyMemory {
    pub(super) fn new(bytes_max: usize) -> Self {
        let kib_max = u32::try_from(bytes_max / 1024).unwrap_or(u32::MAX);
        Self {
            free: Arc::new(Semaphore::new(kib_max as usize)),
            kib_max,
        }
    }

    /// Waits for room for a body of at most so many bytes. It is taken whole, before reading: bodies that each wait
    /// for a little more would all wait for each other.
    async fn reserve(&self, bytes_max: usize) -> Option<OwnedSemaphorePermit> {
        if bytes_max <= SMALL_BODY_BYTES_MAX {
            return None;
        }
        let kib = u32::try_from(bytes_max.div_ceil(1024)).unwrap_or(u32::MAX);
        // One that is larger than all the memory has it for itself.
        let kib = kib.min(self.kib_max);
        // The semaphore is never closed.
        Arc::clone(&self.free).acquire_many_owned(kib).await.ok()
    }
}

/// Checks a request's head, then reads its body; with it comes the memory that it takes, for as long as it is used.
pub(super) async fn receive(
    shared: &Shared,
    head: &Parts,
    body: Incoming,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Refusal> {
    check_head(head, &shared.limits)?;
    if body.is_end_stream() {
        return Ok((Bytes::new(), None));
    }
    let limit = shared.handler.body_limit(head);
    let declared = body.size_hint().exact();
    let bytes_max = match declared.map(usize::try_from) {
        Some(Ok(bytes)) if bytes <= limit => bytes,
        Some(_) => return Err(Refusal::PayloadTooLarge(limit)),
        None => limit,
    };
    check_body_type(head)?;
    let deadline = Instant::now() + shared.limits.body_timeout;
    let mut memory = timeout_at(deadline, shared.memory.reserve(bytes_max))
        .await
        .map_err(|_| Refusal::Busy)?;
    let body = timeout_at(deadline, collect(body, limit))
        .await
        .map_err(|_| Refusal::BodyTimeout)??;
    if let Some(memory) = &mut memory {
        // A body of undeclared length is seldom as large as it might have been.
        let used = body.len().div_ceil(1024).min(memory.num_permits());
        drop(memory.split(memory.num_permits() - used));
    }
    Ok((body, memory))
}

async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::BadRequest("The body did not arrive whole."))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let read = first.len() + whole.len();
        if data.len() > limit - read {
            return Err(Refusal::PayloadTooLarge(limit));
        }
        // Most bodies are one frame, which is passed on as it is.
        if read == 0 {
            first = data;
            continue;
        }
        if whole.is_empty() {
            let left = usize::try_from(body.size_hint().lower()).unwrap_or(0);
            whole.reserve(read + data.len() + left.min(limit));
            whole.extend_from_slice(&std::mem::take(&mut first));
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() {
        first
    } else {
        whole.freeze()
    })
}

fn check_head(head: &Parts, limits: &Limits) -> Result<(), Refusal> {
    let uri = &head.uri;
    let uri_bytes = uri.path_and_query().map_or(0, |path| path.as_str().len());
    if uri_bytes > limits.uri_bytes_max {
        return Err(Refusal::UriTooLong(limits.uri_bytes_max));
    }
    // As on the wire: `name: value`, and the line's end.
    let line = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    let headers_bytes: usize = head.headers.iter().map(line).sum();
    if uri_bytes + headers_bytes > limits.head_bytes_max {
        return Err(Refusal::HeadTooLarge(limits.head_bytes_max));
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
    let mut types = head.headers.get_all(CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (Some(only), None) if is_json(only) => Ok(()),
        _ => Err(Refusal::UnsupportedMediaType(
            "Send the body as Content-Type: application/json.",
        )),
    }
}

fn is_json(content_type: &HeaderValue) -> bool {
    // What nearly everyone sends.
    if content_type == "application/json" {
        return true;
    }
    let Ok(value) = content_type.to_str() else {
        return false;
    };
    let value = value.to_ascii_lowercase();
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some(("charset", charset)) => matches!(charset.trim_matches('"'), "utf-8" | "utf8"),
        _ => true,
    })
}
