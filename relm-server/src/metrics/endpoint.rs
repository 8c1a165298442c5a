//! `GET /metrics`, at an address of its own.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use super::{Metrics, Sources};
use crate::serve::{Admission, AnswerMemory, Handler, Head, LiveBody, Peer, Refusal};

/// Where they are.
const PATH: &str = "/metrics";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Shows metrics to whoever reaches its address: they need no key, and tell nothing of a workspace.
#[derive(Debug)]
pub struct MetricsEndpoint {
    metrics: Arc<Metrics>,
    sources: Sources,
}

impl MetricsEndpoint {
    /// An endpoint for these metrics.
    pub fn new(metrics: Arc<Metrics>, sources: Sources) -> Self {
        Self { metrics, sources }
    }

    async fn answer(&self, head: &Parts) -> Response<Bytes> {
        if head.uri.path() != PATH {
            let said = "There is nothing here but /metrics.\n";
            return response(StatusCode::NOT_FOUND, TEXT, said);
        }
        if head.method != Method::GET && head.method != Method::HEAD {
            let said = "Metrics are read with GET.\n";
            let mut refused = response(StatusCode::METHOD_NOT_ALLOWED, TEXT, said);
            let allowed = HeaderValue::from_static("GET, HEAD");
            refused.headers_mut().insert(ALLOW, allowed);
            return refused;
        }
        match self.metrics.scrape(&self.sources).await {
            Ok(scraped) => response(StatusCode::OK, OPEN_METRICS, scraped),
            Err(_) => response(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "It failed.\n"),
        }
    }
}

fn response(status: StatusCode, content: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Handler for MetricsEndpoint {
    /// Everything is answered by its head.
    type Call = Infallible;

    async fn admit(&self, head: &Parts, _: Peer) -> Result<Admission<Infallible>, Response<Bytes>> {
        Err(self.answer(head).await)
    }

    async fn handle(&self, call: Infallible, _: Head, _: Bytes) -> Response<Bytes> {
        match call {}
    }

    async fn follow(
        &self,
        call: Infallible,
        _: Head,
        _: AnswerMemory,
    ) -> Result<Response<LiveBody>, Response<Bytes>> {
        match call {}
    }

    fn complete(&self, _: Option<&HeaderValue>, _: &mut HeaderMap) {}

    fn refuse(&self, refusal: Refusal, _: Option<Infallible>) -> Response<Bytes> {
        match refusal {
            Refusal::Panicked | Refusal::PanickedInChange => {
                response(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "It failed.\n")
            }
            _ => response(StatusCode::BAD_REQUEST, TEXT, "Ask: GET /metrics.\n"),
        }
    }
}
