//! Why a page is not shown, as a page.

use std::error::Error as StdError;
use std::time::Instant;

use askama::Template;
use bytes::Bytes;
use hyper::header::{HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use relm_core::{Error, ErrorKind, Role};

use super::Needs;
use super::layout::{Layout, Section};
use super::passwords::Busy;
use super::shown::Message;
use super::visit::{SignedIn, page_of};
use crate::log_throttle::LogThrottle;
use crate::serve::Refusal;
use crate::status::status_of;

/// Why a page is not shown.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    title: &'static str,
    message: String,
    retry_after_s: Option<u64>,
    /// The error that it is made of, for the log.
    error: Option<Error>,
}

#[derive(Template)]
#[template(path = "console/problem.html")]
struct Page<'a> {
    layout: Layout,
    problem: &'a Problem,
}

impl Problem {
    pub fn new(status: StatusCode, title: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            title,
            message: message.into(),
            retry_after_s: None,
            error: None,
        }
    }

    pub fn missing() -> Self {
        let message = "There is no such page, or what it was about is gone.";
        Self::new(StatusCode::NOT_FOUND, "Not found", message)
    }

    /// A form that another site had the browser send.
    pub fn cross_site() -> Self {
        let message = "This form was sent from a page of another site. If you sent it from here, the server does not know its \
                       own address: its operator sets RELM_PUBLIC_URL to the one in your browser.";
        Self::new(StatusCode::FORBIDDEN, "Refused", message)
    }

    /// A form that was not made for this session.
    pub fn foreign_form() -> Self {
        let message = "This form was made for another session: you signed out or in since. Nothing was changed; open the page \
                       again, and send it from there.";
        Self::new(StatusCode::FORBIDDEN, "This form is out of date", message)
    }

    pub fn signed_out() -> Self {
        let message = "You are not signed in, or your session has ended. Nothing was changed.";
        Self::new(StatusCode::FORBIDDEN, "Signed out", message)
    }

    pub fn not_for(role: Role, needs: Needs) -> Self {
        let who = match needs {
            Needs::Owner => "an owner",
            Needs::Nothing | Needs::Session | Needs::Write => "an editor or an owner",
        };
        let message = format!("You are a {role} here, and this needs {who}. Nothing was changed.");
        Self::new(StatusCode::FORBIDDEN, "Not for your role", message)
    }

    pub fn no_host() -> Self {
        let message = "The Host header of the request is not a host with or without a port.";
        Self::new(StatusCode::BAD_REQUEST, "Where is this server?", message)
    }

    /// Something of ours failed in the midst of a change.
    pub fn outcome_unknown() -> Self {
        let message = "Something failed on our side while this was done: it may have been done, or not at all. See what became of \
                       it before you send it again.";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "Done or not", message)
    }

    pub fn method(methods: &str) -> Self {
        let message = format!("This path takes {methods}.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Not that way", message)
    }

    pub fn title(&self) -> &str {
        self.title
    }

    pub fn message(&self) -> Message<'_> {
        Message(&self.message)
    }

    /// Logs what failed on our side: once for each cause, and not for every request that it befalls.
    pub fn log(&self, throttle: &LogThrottle) {
        if !self.status.is_server_error() {
            return;
        }
        let cause = self.error.as_ref().and_then(StdError::source);
        let cause = cause.map(ToString::to_string);
        let key = format!("{} {}", self.title, cause.as_deref().unwrap_or_default());
        if let Some(suppressed) = throttle.admit(&key, Instant::now()) {
            let status = self.status.as_u16();
            tracing::error!(status, cause, suppressed, "a page of the console failed");
        }
    }

    /// The page that says so, to whoever is signed in.
    pub fn page(&self, session: Option<&SignedIn>) -> Response<Bytes> {
        let mut response = page_of(
            self.status,
            &Page {
                layout: Layout::of(session, Section::Other, None),
                problem: self,
            },
        );
        let headers = response.headers_mut();
        headers.extend(
            self.retry_after_s
                .map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))),
        );
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = status_of(error.kind());
        let title = match error.kind() {
            // What the engine says of it is for programs.
            ErrorKind::OutcomeUnknown => {
                return Self {
                    error: Some(error),
                    ..Self::outcome_unknown()
                };
            }
            ErrorKind::NotFound => "Not found",
            ErrorKind::Unavailable => "Not available right now",
            _ if status.is_server_error() => "Something failed on our side",
            _ => "Refused",
        };
        let problem = Self::new(status, title, Message::of(&error).0);
        Self {
            error: Some(error),
            ..problem
        }
    }
}

impl From<Busy> for Problem {
    fn from(Busy: Busy) -> Self {
        let message = "Too many people sign in at once. Try again in a second.";
        Self {
            retry_after_s: Some(1),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "Busy", message)
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let nothing = "Nothing was changed.";
        let is_busy = refusal == Refusal::Busy;
        let (status, title, message) = match refusal {
            Refusal::BadRequest(message) => (StatusCode::BAD_REQUEST, "Refused", message.into()),
            Refusal::NotImplemented(message) => {
                (StatusCode::NOT_IMPLEMENTED, "Refused", message.into())
            }
            Refusal::UriTooLong(max) => (
                StatusCode::URI_TOO_LONG,
                "Too long",
                format!("The address of the page has more than {max} bytes."),
            ),
            Refusal::HeadTooLarge(max) => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Too large",
                format!("The head of the request has more than {max} bytes."),
            ),
            Refusal::PayloadTooLarge(max) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "Too large",
                format!("The form has more than {max} bytes. {nothing}"),
            ),
            Refusal::UnsupportedMediaType(message) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Refused",
                message.into_owned(),
            ),
            Refusal::BodyTimeout => (
                StatusCode::REQUEST_TIMEOUT,
                "Too slow",
                format!("The form did not arrive in time. {nothing}"),
            ),
            Refusal::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Busy",
                "Too much is under way. Try again in a second.".into(),
            ),
            Refusal::Panicked => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Failed",
                format!("Something failed on our side. {nothing}"),
            ),
            Refusal::PanickedInChange => return Self::outcome_unknown(),
        };
        Self {
            retry_after_s: is_busy.then_some(1),
            ..Self::new(status, title, message)
        }
    }
}
