//! The console at an address of its own.

use std::future::Future;

use bytes::Bytes;
use hyper::Response;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::http::request::Parts;

use super::problem::Problem;
use super::{Admitted, Console, PATH, refused};
use crate::html::answer;
use crate::serve::{Admission, AnswerMemory, FileBody, Handler, Head, LiveBody, Peer, Refusal};

type Followed = Result<Response<LiveBody>, Response<Bytes>>;

impl Handler for Console {
    type Call = Admitted;

    async fn admit(
        &self,
        head: &Parts,
        peer: Peer,
    ) -> Result<Admission<Admitted>, Response<Bytes>> {
        match head.uri.path() {
            "/" => Err(answer::see_other(PATH)),
            path if Self::has(path) => self.check_head(head, Some(peer)).await,
            _ => Err(Problem::missing().page(None)),
        }
    }

    fn handle(
        &self,
        call: Admitted,
        head: Head,
        body: Bytes,
    ) -> impl Future<Output = Response<Bytes>> + Send {
        self.carry_out(call, head, body)
    }

    fn receive(
        &self,
        call: Admitted,
        _: Head,
        file: FileBody,
    ) -> impl Future<Output = Response<Bytes>> + Send {
        Self::receive(self, call, file)
    }

    async fn follow(&self, call: Admitted, _: Head, memory: AnswerMemory) -> Followed {
        Self::follow(self, call, memory).await
    }

    fn complete(&self, _: Option<&HeaderValue>, _: &mut HeaderMap) {}

    fn refuse(&self, refusal: Refusal, call: Option<Admitted>) -> Response<Bytes> {
        match call {
            Some(call) => refused(refusal, call),
            None => Problem::from(refusal).page(None),
        }
    }
}
