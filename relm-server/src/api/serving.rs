//! The API as the sockets ask for it.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use hyper::Response;
use hyper::header::{CONTENT_DISPOSITION, HeaderMap, HeaderValue};
use hyper::http::request::Parts;

use super::answer::{Answer, ApiError};
use super::call::{Call, RequestBody};
use super::task::{Keyed, Task};
use super::{Admitted, Api, dry_run, stream};
use crate::serve::{Admission, AnswerMemory, FileBody, Handler, Head, LiveBody, Peer, Refusal};

impl Handler for Api {
    type Call = Box<Admitted>;

    fn admit(
        &self,
        head: &Parts,
        peer: Peer,
    ) -> impl Future<Output = Result<Admission<Box<Admitted>>, Response<Bytes>>> + Send {
        self.check_head(head, Some(peer))
    }

    fn handle(
        &self,
        call: Box<Admitted>,
        head: Head,
        body: Bytes,
    ) -> impl Future<Output = Response<Bytes>> + Send {
        self.carry_out(call, head, body)
    }

    fn receive(
        &self,
        call: Box<Admitted>,
        head: Head,
        file: FileBody,
    ) -> impl Future<Output = Response<Bytes>> + Send {
        self.answer_call(call, head, RequestBody::Arriving(file))
    }

    async fn follow(
        &self,
        call: Box<Admitted>,
        head: Head,
        memory: AnswerMemory,
    ) -> Result<Response<LiveBody>, Response<Bytes>> {
        let Admitted {
            request_id,
            window,
            seen,
            task,
        } = *call;
        let begun = self.begin_live(task, head, memory).await;
        let (outcome, disposition, live) = match begun {
            Ok((answer, disposition, live)) => (Ok(answer), disposition, Some(live)),
            Err(failure) => (Err(failure), None, None),
        };
        let mut response = self.render(outcome, window.as_ref(), request_id);
        if let Some(disposition) = disposition {
            let headers = response.headers_mut();
            headers.insert(CONTENT_DISPOSITION, disposition);
        }
        // Of what is told from now on nothing is seen.
        seen.answered(response.status());
        match live {
            Some(live) => Ok(response.map(|_| live)),
            None => Err(response),
        }
    }

    fn complete(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        self.cors.allow(origin, headers);
    }

    fn refuse(&self, refusal: Refusal, call: Option<Box<Admitted>>) -> Response<Bytes> {
        let (window, request_id, seen, is_dry_run) = match call {
            Some(call) => {
                let is_dry_run = call.task.is_dry_run();
                (call.window, call.request_id, Some(call.seen), is_dry_run)
            }
            None => {
                let request_id = self.crm.request_id();
                // One that panicked was seen already.
                let is_seen = matches!(refusal, Refusal::Panicked | Refusal::PanickedInChange);
                let seen = (!is_seen).then(|| self.observer.unread(request_id));
                (None, request_id, seen, false)
            }
        };
        let mut response = self.render(Err(ApiError::from(refusal)), window.as_ref(), request_id);
        dry_run::mark(&mut response, is_dry_run);
        if let Some(seen) = seen {
            seen.answered(response.status());
        }
        response
    }
}

impl Api {
    /// Begins to tell somebody what happens, or to send a file, which a browser is told how to keep.
    async fn begin_live(
        &self,
        task: Task,
        head: Head,
        memory: AnswerMemory,
    ) -> Result<(Answer, Option<HeaderValue>, LiveBody), ApiError> {
        match task {
            Task::Keyed {
                handler: Keyed::Download(handler),
                ids,
                query,
                scoped,
                principal,
                ..
            } => {
                let key = self.authentication.hold(&self.crm, &head.headers)?;
                let call = Call {
                    scoped,
                    principal,
                    ids,
                    query,
                    head,
                    body: serde_json::Value::Null,
                    file: futures_util::stream::empty().boxed(),
                    key: None,
                    documents: Arc::clone(&self.documents),
                };
                let download = handler(call).await?;
                let disposition = download.disposition();
                let (answer, live) = download.live(key, memory);
                Ok((answer, disposition, live))
            }
            Task::Keyed { query, scoped, .. } => {
                let account = stream::Account {
                    key: self.authentication.hold(&self.crm, &head.headers)?,
                    rates: Arc::clone(&self.rates),
                    memory,
                };
                let live =
                    stream::follow(&self.followers, *scoped, query, &head.headers, account).await?;
                Ok((Answer::event_stream(Bytes::new()), None, live))
            }
            Task::Open(_) => Err(ApiError::internal()),
        }
    }
}
