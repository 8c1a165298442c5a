//! Answers: a status, a JSON body, and the headers that every one of them carries.

use bytes::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use relm_core::engine::{List, Outcome as Done, Reply};
use relm_core::record::API_VERSION;
use relm_core::record::Document;
use relm_core::{Error, ErrorKind, Id, RequestId};
use serde::Serialize;
use serde_json::json;

use super::code::Code;
use super::rate_limit::Window;
use super::schemas::described::Deleted;
use crate::entity_tag::is_known;
use crate::serve::Refusal;

pub(super) const RELM_VERSION: HeaderName = HeaderName::from_static("relm-version");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// What was done otherwise than a request asked, in a sentence.
pub(super) const RELM_NOTICE: HeaderName = HeaderName::from_static("relm-notice");

/// Digits of the largest version.
const VERSION_DIGITS_MAX: usize = 20;

/// Headers that nearly all answers have room for: those of this file, and two that others add.
const HEADERS_MAX: usize = 12;

/// Seconds after which a store that could not be reached is worth another try.
const UNAVAILABLE_RETRY_S: u64 = 1;

/// What a handler comes to.
pub(super) type Outcome = Result<Answer, ApiError>;

/// A success.
pub(super) struct Answer {
    status: StatusCode,
    body: Bytes,
    replayed: bool,
    /// What the body is, where it is no JSON.
    content_type: Option<&'static str>,
    /// The version of the one record that the body is, in quotes.
    etag: Option<HeaderValue>,
}

impl Answer {
    /// 200 with this JSON.
    pub fn ok(json: impl Into<String>) -> Self {
        let mut json = json.into();
        json.push('\n');
        Self::lines(json)
    }

    /// 200 with what ends in a newline already.
    pub fn lines(body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            body: body.into(),
            replayed: false,
            content_type: None,
            etag: None,
        }
    }

    /// 200 with the events that a follower is told.
    pub fn event_stream(body: impl Into<Bytes>) -> Self {
        Self::file("text/event-stream", body)
    }

    /// 200 with a file.
    pub fn file(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            content_type: Some(content_type),
            ..Self::lines(body)
        }
    }

    /// 200 with a record.
    pub fn document(document: &Document) -> Self {
        Self::lines(line(&document.json))
    }

    /// The same, of one record that counts its changes: with its version as its entity tag.
    pub fn versioned(mut self) -> Self {
        self.etag = version_of(&self.body).and_then(|digits| {
            let mut tag = [b'"'; VERSION_DIGITS_MAX + 2];
            tag.get_mut(1..=digits.len())?.copy_from_slice(digits);
            HeaderValue::from_bytes(tag.get(..digits.len() + 2)?).ok()
        });
        self
    }

    /// 204: there is nothing more to say.
    pub fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            ..Self::lines(Bytes::new())
        }
    }

    /// The same; or 304 without its body, to a client that has it already (RFC 9110, section 15.4.5).
    pub fn unless_known(self, headers: &HeaderMap) -> Self {
        let tag = self.etag.as_ref().and_then(|tag| tag.to_str().ok());
        if !tag.is_some_and(|tag| is_known(headers, tag)) {
            return self;
        }
        Self {
            status: StatusCode::NOT_MODIFIED,
            body: Bytes::new(),
            ..self
        }
    }

    /// 200 with a page.
    pub fn list(list: &List) -> Self {
        Self::ok(list.to_json())
    }

    /// What a change amounted to.
    pub fn reply<T>(reply: &Reply<T>) -> Self {
        Self {
            status: match reply.outcome {
                Done::Created => StatusCode::CREATED,
                Done::Done => StatusCode::OK,
                Done::Accepted => StatusCode::ACCEPTED,
            },
            body: line(&reply.body),
            replayed: reply.replayed,
            content_type: None,
            etag: None,
        }
    }

    /// 200, and that a record is gone.
    pub fn deleted(id: Id) -> Self {
        Self::ok(json!(Deleted::of(id)).to_string())
    }
}

/// A JSON text as a line, which a shell's prompt follows on its own.
fn line(json: &str) -> Bytes {
    let mut line = Vec::with_capacity(json.len() + 1);
    line.extend_from_slice(json.as_bytes());
    line.push(b'\n');
    line.into()
}

/// The version of the object that a document is. Its members come in the order of its struct, the version after all that
/// a client writes, and no quote within a text goes unescaped: the last `"version":` is the one.
fn version_of(document: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = br#""version":"#;
    /// What comes after the name: a number, the mode and two moments.
    const TAIL_BYTES: usize = 160;
    /// The least that comes after the number, less a few bytes.
    const AFTER_BYTES: usize = 90;
    let whole = &document[document.len().saturating_sub(TAIL_BYTES)..];
    let mut tail = &whole[..whole.len().saturating_sub(AFTER_BYTES)];
    // Every read comes here: only the bytes that can end the name are compared with all of it.
    while let Some(at) = tail.iter().rposition(|byte| *byte == b'n') {
        tail = &tail[..at];
        let begin = (at + 3).checked_sub(NAME.len());
        let after = begin.and_then(|begin| whole[begin..].strip_prefix(NAME));
        if let Some(digits) = after {
            let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
            return Some(&digits[..end]);
        }
    }
    None
}

/// An error, as its answer shows it.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(super) struct ApiError {
    pub status: StatusCode,
    pub code: &'static str,
    message: String,
    /// Boxed, so that a result is no larger for what few failures have.
    header: Option<Box<(HeaderName, HeaderValue)>>,
    /// What the engine said, where it was the engine.
    #[source]
    pub error: Option<Error>,
}

impl ApiError {
    pub fn of(code: Code, message: impl Into<String>) -> Self {
        Self {
            status: code.status(),
            code: code.as_str(),
            message: message.into(),
            header: None,
            error: None,
        }
    }

    /// The same, with a status that says more of HTTP than the code's own.
    fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    pub fn rate_limited(retry_after_s: u64) -> Self {
        Self::of(
            Code::RateLimited,
            format!("Too many requests; try again in {retry_after_s} s."),
        )
        .with_header(RETRY_AFTER, retry_after_s.into())
    }

    /// Too many requests of one address showed no valid key; `message` says what is wrong with this one's.
    pub fn too_many_invalid_keys(retry_after_s: u64, message: &str) -> Self {
        Self::of(Code::RateLimited,
            format!(
                "{message} Too many requests from your address showed no valid key; try again in {retry_after_s} s."
            ),
        )
        .with_header(RETRY_AFTER, retry_after_s.into())
    }

    /// Too many keys from one address wait to be looked up; whether this one is valid is not known.
    pub fn too_many_lookups() -> Self {
        Self::of(
            Code::RateLimited,
            "Too many requests from your address showed no valid key; try again in 1 s.",
        )
        .with_header(RETRY_AFTER, 1.into())
    }

    pub fn internal() -> Self {
        Self::of(
            Code::Engine(ErrorKind::Internal),
            "Something failed on our side; nothing was applied.",
        )
    }

    /// Something of ours failed in the midst of a change.
    pub fn outcome_unknown() -> Self {
        Error::new(
            ErrorKind::OutcomeUnknown,
            "Something failed on our side while the change was made: it may have been applied, whole, or not at all. Send the \
             request again with the same `Idempotency-Key`, or read what became of it.",
        )
        .into()
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let kind = error.kind();
        let failure = Self {
            error: None,
            ..Self::of(Code::Engine(kind), error.message())
        };
        let failure = match kind {
            ErrorKind::Unauthorized => {
                failure.with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            ErrorKind::Unavailable | ErrorKind::OutcomeUnknown => {
                failure.with_header(RETRY_AFTER, UNAVAILABLE_RETRY_S.into())
            }
            _ => failure,
        };
        Self {
            error: Some(error),
            ..failure
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let malformed = |message| Self::of(Code::Engine(ErrorKind::BadRequest), message);
        match refusal {
            Refusal::BadRequest(message) => malformed(message.to_string()),
            Refusal::NotImplemented(message) => Self::of(Code::NotImplemented, message),
            Refusal::UriTooLong(bytes) => {
                malformed(format!("The URL must be at most {bytes} bytes."))
                    .with_status(StatusCode::URI_TOO_LONG)
            }
            Refusal::HeadTooLarge(bytes) => malformed(format!(
                "The URL and headers must be at most {bytes} bytes."
            ))
            .with_status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            Refusal::PayloadTooLarge(bytes) => Self::of(
                Code::PayloadTooLarge,
                format!("The body must be at most {bytes} bytes."),
            ),
            Refusal::UnsupportedMediaType(message) => Self::of(Code::UnsupportedMediaType, message),
            Refusal::BodyTimeout => malformed("The body took too long to arrive.".to_owned())
                .with_status(StatusCode::REQUEST_TIMEOUT),
            Refusal::Busy => Error::new(
                ErrorKind::Unavailable,
                "Too much is being read or answered at once; nothing was applied, try again.",
            )
            .into(),
            Refusal::Panicked => Self::internal(),
            Refusal::PanickedInChange => Self::outcome_unknown(),
        }
    }
}

/// The error envelope.
#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    said: Said<'a>,
    request_id: RequestId,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Said<'a> {
    Engine(&'a Error),
    Http { code: &'a str, message: &'a str },
}

/// The response to an outcome.
pub(super) fn render(outcome: Outcome, window: &Window, request_id: RequestId) -> Response<Bytes> {
    let (status, body, replayed, header) = match outcome {
        Ok(Answer {
            status,
            body,
            replayed,
            content_type,
            etag,
        }) => {
            let ty = content_type.map(|ty| (CONTENT_TYPE, HeaderValue::from_static(ty)));
            (status, body, replayed, etag.map(|etag| (ETAG, etag)).or(ty))
        }
        Err(failure) => {
            let body = error_body(&failure, request_id);
            let header = failure.header.map(|header| *header);
            (failure.status, body, false, header)
        }
    };
    // A map that grows copies what it has.
    let mut headers = HeaderMap::with_capacity(HEADERS_MAX);
    if !response_has_no_body(status) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(RELM_VERSION, HeaderValue::from_static(API_VERSION));
    headers.insert(LIMIT, window.limit.into());
    headers.insert(REMAINING, window.remaining.into());
    headers.insert(RESET, window.reset_unix_s.into());
    if let Ok(value) = HeaderValue::try_from(request_id.text()) {
        headers.insert(REQUEST_ID, value);
    }
    if replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    if let Some((name, value)) = header {
        headers.insert(name, value);
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Statuses of which a body would be no part (RFC 9110, sections 15.3.5 and 15.4.5).
fn response_has_no_body(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn error_body(failure: &ApiError, request_id: RequestId) -> Bytes {
    let said = match &failure.error {
        Some(error) => Said::Engine(error),
        None => Said::Http {
            code: failure.code,
            message: &failure.message,
        },
    };
    let envelope = Envelope {
        error: Body { said, request_id },
    };
    // Texts and ids always serialise; an empty body would still carry the status.
    let mut body = serde_json::to_vec(&envelope).unwrap_or_default();
    body.push(b'\n');
    body.into()
}
