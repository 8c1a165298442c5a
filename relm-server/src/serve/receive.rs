//! Which requests may be answered: the checks of a head before it is admitted, and reading a body within bounds after.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{
    CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use hyper::http::request::Parts;
use hyper::{Method, Version};
use relm_core::Quoted;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::memory::{Budget, Budgets, MemoryPermit, Tenant};
use super::{Allowance, BodyType, Limits, Refusal};

/// Bodies up to here are small.
const SMALL_BODY_BYTES_MAX: usize = 64 * 1024;
/// How often a body counts while it is handled: what is made of its text is larger than the text.
const HANDLING_FACTOR: usize = 8;
/// Which part of the memory for bodies files have beside it.
const FILES_PART: usize = 2;
/// The least that a body in several pieces is given at once; each further time its memory doubles.
const STEP_BYTES: usize = 64 * 1024;

/// The memory for bodies.
pub(super) struct BodyMemory {
    budgets: Budgets,
    /// That of files, which arrive for as long as their senders like: what is sent whole does not wait for them.
    files: Budget,
    /// Who has it needs no budget. It belongs to one body at a time, the first that would have to wait: so one of them can
    /// always go on, and bodies that each wait for a little more do not all wait for each other.
    bypass: Arc<Semaphore>,
    /// How long a body may take to arrive.
    timeout: Duration,
}

impl BodyMemory {
    /// So many bytes for what arrives of a file, for as long as it arrives.
    pub(super) async fn of_file(&self, tenant: Tenant, bytes: usize) -> Option<MemoryPermit> {
        self.files.acquire(tenant, bytes).await
    }

    /// So many bytes of those for large bodies.
    #[cfg(test)]
    pub(super) async fn of_large(&self, tenant: Tenant, bytes: usize) -> Option<MemoryPermit> {
        self.budgets.large.acquire(tenant, bytes).await
    }

    pub(super) fn new(bytes_max: usize, timeout: Duration, wait_max: Duration) -> Self {
        Self {
            budgets: Budgets::new(bytes_max, wait_max),
            files: Budget::new(bytes_max / FILES_PART, wait_max),
            bypass: Arc::new(Semaphore::new(1)),
            timeout,
        }
    }
}

/// A body that was read whole, with the memory that it takes for as long as it is used.
#[derive(Default)]
pub(super) struct Received {
    pub bytes: Bytes,
    pub memory: BodyPermit,
}

/// The memory of one body.
#[derive(Default)]
pub(super) struct BodyPermit {
    budget: Option<MemoryPermit>,
    bypass: Option<OwnedSemaphorePermit>,
}

/// Reads the body of a request that was admitted; before this, none of it is asked for.
pub(super) async fn receive(
    memory: &BodyMemory,
    allowance: &Allowance,
    head: &Parts,
    body: Incoming,
) -> Result<Received, Refusal> {
    if body.is_end_stream() {
        return Ok(Received::default());
    }
    let bytes_max = allowance.body_bytes_max;
    let declared = body.size_hint().exact().map(usize::try_from);
    let expected_bytes = match declared {
        Some(Ok(bytes)) if bytes <= bytes_max => bytes,
        Some(_) => return Err(Refusal::PayloadTooLarge(bytes_max)),
        None => bytes_max,
    };
    check_body_type(head, allowance.body)?;
    let reading = Reading {
        budget: match expected_bytes {
            ..=SMALL_BODY_BYTES_MAX => &memory.budgets.small,
            _ => &memory.budgets.large,
        },
        bypass: &memory.bypass,
        tenant: allowance.tenant,
        expected_bytes,
        bytes_max,
        granted_bytes: 0,
        permit: BodyPermit::default(),
    };
    let mut reading = std::pin::pin!(reading.collect(body));
    // Most bodies are there with their heads, and need no timer.
    tokio::select! {
        biased;
        received = &mut reading => return received,
        () = std::future::ready(()) => {}
    }
    timeout(memory.timeout, reading)
        .await
        .map_err(|_| Refusal::BodyTimeout)?
}

/// A body that is being read.
struct Reading<'a> {
    budget: &'a Budget,
    bypass: &'a Arc<Semaphore>,
    tenant: Tenant,
    /// Its length, where that was declared.
    expected_bytes: usize,
    bytes_max: usize,
    /// Bytes that it may take so far.
    granted_bytes: usize,
    permit: BodyPermit,
}

impl Reading<'_> {
    async fn collect(mut self, mut body: Incoming) -> Result<Received, Refusal> {
        let mut first = Bytes::new();
        let mut whole = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Refusal::BadRequest("The body did not arrive whole."))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let read = first.len() + whole.len();
            if data.len() > self.bytes_max - read {
                return Err(Refusal::PayloadTooLarge(self.bytes_max));
            }
            let needed = read + data.len();
            // Most bodies are one frame, which is passed on as it is.
            if read == 0 {
                let is_whole = needed == self.expected_bytes;
                let factor = if is_whole { HANDLING_FACTOR } else { 1 };
                self.grant(needed * factor).await?;
                first = data;
                continue;
            }
            if needed > self.granted_bytes || whole.is_empty() {
                let step = needed.max(2 * self.granted_bytes).max(STEP_BYTES);
                self.grant(step.min(self.expected_bytes).max(needed))
                    .await?;
                whole.reserve_exact(self.granted_bytes - whole.len());
                whole.extend_from_slice(&std::mem::take(&mut first));
            }
            whole.extend_from_slice(&data);
        }
        let bytes = if whole.is_empty() {
            first
        } else {
            whole.shrink_to_fit();
            whole.into()
        };
        let handling_bytes = bytes.len() * HANDLING_FACTOR;
        self.grant(handling_bytes).await?;
        if let Some(held) = &mut self.permit.budget {
            held.resize(handling_bytes.min(held.bytes()));
        }
        Ok(Received {
            bytes,
            memory: self.permit,
        })
    }

    /// Sees to it that the body may take so many bytes.
    async fn grant(&mut self, bytes: usize) -> Result<(), Refusal> {
        let missing = bytes.saturating_sub(self.granted_bytes);
        self.granted_bytes += missing;
        if missing == 0 || self.permit.bypass.is_some() {
            return Ok(());
        }
        tokio::select! {
            biased;
            more = self.budget.acquire(self.tenant, missing) => {
                let more = more.ok_or(Refusal::Busy)?;
                match &mut self.permit.budget {
                    Some(held) => held.merge(more),
                    none => *none = Some(more),
                }
            }
            // The semaphore is never closed.
            Ok(bypass) = Arc::clone(self.bypass).acquire_owned() => {
                self.permit.bypass = Some(bypass);
            }
        }
        Ok(())
    }
}

/// What hyper lets through and an API must not.
pub(super) fn check_head(head: &Parts, limits: &Limits) -> Result<(), Refusal> {
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
    check_framing(&head.headers)
}

/// hyper undoes the last coding of a body if that is `chunked`, and passes on whatever is beneath it; the same twice is no
/// better (RFC 9112, section 6.1).
fn check_framing(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(only), None) if only.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Refusal::NotImplemented(
            "`Transfer-Encoding` must be `chunked`, once and alone; or send a `Content-Length`.",
        )),
    }
}

/// A body must be of its type, as it is: what is compressed could be a bomb.
pub(super) fn check_body_type(head: &Parts, body: BodyType) -> Result<(), Refusal> {
    let encoded = head.headers.get_all(CONTENT_ENCODING).iter();
    if encoded
        .map(HeaderValue::as_bytes)
        .any(|coding| !coding.eq_ignore_ascii_case(b"identity"))
    {
        return Err(Refusal::UnsupportedMediaType(
            "Send the body without Content-Encoding.".into(),
        ));
    }
    let mut types = head.headers.get_all(CONTENT_TYPE).iter();
    match (body, types.next(), types.next()) {
        (BodyType::Json, Some(only), None) if is_json(only) => Ok(()),
        (BodyType::Form, Some(only), None) if is_form(only) => Ok(()),
        // Its handler finds out what it is.
        (BodyType::File, ..) => Ok(()),
        (BodyType::Json, given, more) => Err(Refusal::UnsupportedMediaType(
            not_json(given, more.is_some()).into(),
        )),
        (BodyType::Form, ..) => Err(Refusal::UnsupportedMediaType(
            "Send the form as Content-Type: application/x-www-form-urlencoded.".into(),
        )),
    }
}

fn is_form(content_type: &HeaderValue) -> bool {
    let given = content_type.to_str();
    given.is_ok_and(|given| essence(given) == "application/x-www-form-urlencoded")
}

/// What is said of a body's type: what was sent, and what would be right.
fn not_json(given: Option<&HeaderValue>, repeated: bool) -> String {
    let Some(given) = given else {
        return "The body has no Content-Type: send it as application/json.".to_owned();
    };
    if repeated {
        return "Send one Content-Type: application/json.".to_owned();
    }
    let given = String::from_utf8_lossy(given.as_bytes());
    let right = match essence(&given).as_str() {
        "application/x-www-form-urlencoded" | "multipart/form-data" => "a form is not read",
        essence if is_json_essence(essence) => "its charset is UTF-8",
        _ => "JSON alone is read",
    };
    let given = Quoted(&given);
    format!("Send the body as Content-Type: application/json, not as {given}: {right}.")
}

/// A media type without its parameters (RFC 9110, section 8.3.1).
fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// JSON, or a type whose syntax is that (RFC 6839, section 3.1).
fn is_json_essence(essence: &str) -> bool {
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
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
    is_json_essence(essence)
        && parts.all(|parameter| match parameter.split_once('=') {
            Some(("charset", charset)) => matches!(charset.trim_matches('"'), "utf-8" | "utf8"),
            _ => true,
        })
}
