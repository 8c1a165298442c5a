//! What the sockets ask of whoever answers, and what it may know and answer.

use std::borrow::Cow;
use std::future::Future;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use hyper::Response;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::http::request::Parts;

use super::answer_size::AnswerSize;
use super::{AnswerMemory, LiveBody, Peer, Tenant};

/// The head of a request. Boxed, since it moves from each stage of its request to the next.
pub type Head = Box<Parts>;

/// What a request means.
pub trait Handler: Send + Sync + 'static {
    /// What is known of a request once its head was checked. It moves as the head does: it is better small.
    type Call: Send;

    /// Checks a request by its head alone, before any of its body is read or memory is taken for it. A request that is not
    /// admitted is answered with this response; if it has a body, its connection is closed then.
    fn admit(
        &self,
        head: &Parts,
        peer: Peer,
    ) -> impl Future<Output = Result<Admission<Self::Call>, Response<Bytes>>> + Send;

    /// Answers a request that was admitted and read whole. What a safe method asks for is dropped when the client is gone;
    /// anything else is carried through within [`Limits::unattended_writes_max`](super::Limits::unattended_writes_max), whether or
    /// not anyone waits for the answer.
    fn handle(
        &self,
        call: Self::Call,
        head: Head,
        body: Bytes,
    ) -> impl Future<Output = Response<Bytes>> + Send;

    /// Answers a request that was admitted with [`BodyType::File`], whose body arrives while it is taken in: nothing of it is read before
    /// this asks for it. Whoever admits no such request is never asked.
    fn receive(
        &self,
        call: Self::Call,
        head: Head,
        file: FileBody,
    ) -> impl Future<Output = Response<Bytes>> + Send {
        let _ = (head, file);
        async move { self.refuse(Refusal::Panicked, Some(call)) }
    }

    /// Begins to answer a request that was admitted with [`AnswerSize::Live`] or [`AnswerSize::Download`], of which no body is read: what it is told goes on
    /// until this ends it, its client leaves or does not read, or the server is to stop. What is made for it takes of `memory` first.
    fn follow(
        &self,
        call: Self::Call,
        head: Head,
        memory: AnswerMemory,
    ) -> impl Future<Output = Result<Response<LiveBody>, Response<Bytes>>> + Send;

    /// Adds to the headers of an answer, whoever made it, what depends on the `Origin` that its request was sent from.
    fn complete(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap);

    /// The answer to a request that never reaches [`handle`](Self::handle), or whose handler panicked; it also logs
    /// what is worth a line.
    fn refuse(&self, refusal: Refusal, call: Option<Self::Call>) -> Response<Bytes>;
}

/// A request that may be read and answered.
#[derive(Debug)]
pub struct Admission<C> {
    /// What was learnt from its head.
    pub call: C,
    /// The memory that it may take. None where its body means nothing and its answer is a few bytes, or the same for all: it
    /// never waits then, its body is not read, and its connection is closed after it if it has one.
    pub allowance: Option<Allowance>,
}

/// The memory that a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// On whose account.
    pub tenant: Tenant,
    /// The most bytes that its body may have.
    pub body_bytes_max: usize,
    /// What its body must be.
    pub body: BodyType,
    /// How much its answer may be.
    pub answer: AnswerSize,
}

/// What a body must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyType {
    /// JSON in UTF-8.
    Json,
    /// What a browser sends of a form: `application/x-www-form-urlencoded`.
    Form,
    /// A file of any type, which is not read whole but as it arrives.
    File,
}

/// A body as it arrives, in pieces; after an error comes nothing.
pub type FileBody = BoxStream<'static, Result<Bytes, Refusal>>;

/// Why a request is not answered by its handler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something about its head is wrong; the text says what would be right.
    #[error("{0}")]
    BadRequest(&'static str),
    /// Its body is coded in a way that is not undone here; the text says what would be right.
    #[error("{0}")]
    NotImplemented(&'static str),
    /// Its URI is longer than this.
    #[error("the URL is longer than {0} bytes")]
    UriTooLong(usize),
    /// Its head is longer than this.
    #[error("the head is longer than {0} bytes")]
    HeadTooLarge(usize),
    /// Its body is longer than this.
    #[error("the body is longer than {0} bytes")]
    PayloadTooLarge(usize),
    /// Its body is of another type than it must be; the text says what would be right.
    #[error("{0}")]
    UnsupportedMediaType(Cow<'static, str>),
    /// Its body did not arrive in time.
    #[error("the body did not arrive in time")]
    BodyTimeout,
    /// There was no memory for its body or its answer in time.
    #[error("there is no memory for the body or the answer")]
    Busy,
    /// Its handler panicked before there was anything that it could have changed.
    #[error("the handler panicked")]
    Panicked,
    /// Its handler panicked in the midst of a change: whether that was made is not known.
    #[error("the handler panicked in the midst of a change")]
    PanickedInChange,
}
