//! What the sockets ask of whoever answers, and what it may know and answer.

use std::future::Future;

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response};

use super::{LiveBody, Peer, Tenant};

/// What a request means.
pub trait Handler: Send + Sync + 'static {
    /// What is known of a request once its head was checked.
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
        request: Request<Bytes>,
    ) -> impl Future<Output = Response<Bytes>> + Send;

    /// Begins to answer a request that was admitted with [`AnswerSize::Live`], of which no body is read: what it is told goes on
    /// until this ends it, its client leaves or does not read, or the server is to stop.
    fn follow(
        &self,
        call: Self::Call,
        head: Parts,
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
    /// How much its answer may be.
    pub answer: AnswerSize,
}

/// How much memory an answer takes, as far as that is known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerSize {
    /// About one record.
    Small,
    /// Many records.
    Large,
    /// What happens, for as long as somebody follows it: little at a time.
    Live,
    /// Many records, each of which is read, changed and written: that is done on a thread of its own.
    Batch,
}

/// Why a request is not answered by its handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Something about its head is wrong; the text says what would be right.
    BadRequest(&'static str),
    /// Its body is coded in a way that is not undone here; the text says what would be right.
    NotImplemented(&'static str),
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
    /// There was no memory for its body or its answer in time.
    Busy,
    /// Its handler panicked.
    Panicked,
}
