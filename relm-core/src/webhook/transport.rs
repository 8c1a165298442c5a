//! How an attempt leaves the process: the engine says what to send, a [`Transport`] sends it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::value::scope::Mode;

/// Bytes of an answer's body that a transport reads; it drops the connection where there are more.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Sends the requests of deliveries.
///
/// A transport is trusted with where a request may lead: whoever can subscribe an endpoint chooses its URL. It must not
/// follow redirects, must not decompress, must read no more than [`ANSWER_BYTES_MAX`] of a body, and must check the
/// address that it connects to at every attempt.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// POSTs one message and gives what came back, whatever its status. Ends within the message's timeout.
    ///
    /// # Errors
    /// [`SendError`] where there was no answer.
    async fn send(&self, message: Message) -> Result<Answer, SendError>;
}

/// One request to an endpoint.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Where to; `https://…`, or `http://…` where the mode or the operator allows it.
    pub url: String,
    /// The mode of the endpoint: test mode may name loopback addresses.
    pub mode: Mode,
    /// Header fields, names in lower case: the content type, the signatures and the ids, and then what the endpoint's owner
    /// adds.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body: what was signed, byte for byte.
    pub body: Arc<str>,
    /// How long all of it may take: connecting, sending, and reading the answer.
    pub timeout: Duration,
}

impl Message {
    /// A POST of `body` to `url` without any header field.
    pub fn new(
        url: impl Into<String>,
        mode: Mode,
        body: impl Into<Arc<str>>,
        timeout: Duration,
    ) -> Self {
        Self {
            url: url.into(),
            mode,
            headers: Vec::new(),
            body: body.into(),
            timeout,
        }
    }
}

/// Shows no header and no body: they hold signatures and personal data.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("url", &self.url)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// What an endpoint answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// What `Retry-After` asks for, in whichever of its two forms.
    pub retry_after: Option<Duration>,
    /// The first bytes of the body, [`ANSWER_BYTES_MAX`] at most.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer of this status, with an empty body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// The same answer, asking to be left alone for so long.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The same answer with this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// Why there was no answer. Its text is shown to the owner of the endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// Not within the timeout.
    #[error("timed out")]
    TimedOut,
    /// The URL leads to an address that webhooks must not reach, or by a scheme that they must not use.
    #[error("{0}")]
    Forbidden(String),
    /// No connection, or one that broke; in short, why.
    #[error("{0}")]
    Failed(String),
}
