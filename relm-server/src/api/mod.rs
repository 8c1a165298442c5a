//! What requests mean: from a request that was read whole to the answer, without a socket.
//!
//! `routes.rs` is the whole API on one screen. A handler parses, calls the engine and renders, in a dozen lines; what
//! all requests share is here: who asks, how often, under which key, and the headers of every answer.

mod answer;
mod associations;
mod call;
mod events;
mod fields;
mod filters;
mod health;
mod objects;
mod openapi;
mod query;
mod rate_limit;
mod routes;
mod schema;
mod search;
mod webhooks;

use std::error::Error as _;

use async_trait::async_trait;
use bytes::Bytes;
use hyper::header::{ALLOW, AUTHORIZATION, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use relm_core::crm::Crm;
use relm_core::webhook::API_VERSION;
use relm_core::{ErrorKind, Id, KeyAccess, Principal, json, limits};
use serde_json::Value;

use self::answer::{Failure, Outcome};
use self::call::Call;
use self::query::Query;
use self::rate_limit::{RateLimiter, Window};
use self::routes::{Access, Route, Routes};
use crate::serve::{Handler, Refusal};

/// The API over one engine.
pub struct Api {
    crm: Crm,
    routes: Routes,
    rates: RateLimiter,
}

impl Api {
    /// The API over `crm`, where a workspace and mode may make so many requests in a minute; 0 for no limit.
    pub fn new(crm: Crm, rate_limit_per_minute: u32) -> Self {
        Self {
            crm,
            routes: Routes::new(),
            rates: RateLimiter::new(rate_limit_per_minute, false),
        }
    }

    /// The API of one of several processes over one store, for all of which together the limit is.
    pub fn of_replicas(crm: Crm, rate_limit_per_minute: u32) -> Self {
        Self {
            rates: RateLimiter::new(rate_limit_per_minute, true),
            ..Self::new(crm, rate_limit_per_minute)
        }
    }

    /// Answers a request.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let request_id = self.crm.request_id();
        let mut window = self.rates.untouched(self.crm.now());
        let outcome = self.dispatch(request, &mut window).await;
        if let Err(failure) = &outcome {
            log(failure, request_id);
        }
        answer::render(outcome, &window, request_id)
    }

    /// The order of judgement: the path and the method, then the key, its rate and its rights, then the rest.
    async fn dispatch(&self, request: Request<Bytes>, window: &mut Window) -> Outcome {
        let (head, body) = request.into_parts();
        let (route, ids) = match self.routes.find(&head.method, head.uri.path()) {
            Ok(found) => found,
            Err(allowed) => return Err(unrouted(allowed)),
        };
        let handler = match route.access {
            Access::Keyed(handler) => handler,
            Access::Open(handler) => {
                Query::of(&head.uri)?.finish()?;
                return handler(self.crm.clone()).await;
            }
        };
        let principal = self.authenticate(&head.headers).await?;
        let scope = principal.scope;
        *window = self.rates.count(&self.crm, scope.key()).await;
        if !window.allowed {
            return Err(Failure::rate_limited(window.retry_after_s));
        }
        if principal.access == KeyAccess::ReadOnly && head.method != Method::GET {
            return Err(relm_core::Error::new(
                ErrorKind::Forbidden,
                "This API key may only read; use one with full access.",
            )
            .into());
        }
        check_version(&head.headers)?;
        let mut call = Call {
            scoped: self.crm.open(scope.workspace(), scope.mode()).await?,
            ids,
            query: Query::of(&head.uri)?,
            body: read_body(route, &body)?,
            head,
        };
        call.hold_to_idempotency_key()?;
        handler(call).await
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, Failure> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let key = match (values.next(), values.next()) {
            (Some(value), None) => bearer(value),
            _ => None,
        };
        let principal = match key {
            Some(key) => self.crm.authenticate(key).await?,
            None => None,
        };
        principal.ok_or_else(Failure::unauthorized)
    }
}

#[async_trait]
impl Handler for Api {
    async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        Self::handle(self, request).await
    }

    fn body_limit(&self, head: &Parts) -> usize {
        match self.routes.find(&head.method, head.uri.path()) {
            Ok((route, _)) => route.body_bytes_max,
            Err(_) => limits::REQUEST_BYTES_MAX,
        }
    }

    fn refuse(&self, refusal: Refusal) -> Response<Bytes> {
        let request_id = self.crm.request_id();
        let failure = Failure::from(refusal);
        log(&failure, request_id);
        let window = self.rates.untouched(self.crm.now());
        answer::render(Err(failure), &window, request_id)
    }
}

/// The key of `Authorization: Bearer …`; the scheme's case does not matter (RFC 9110, section 11.1).
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

/// The JSON of a request that has any: a body that a GET or DELETE brings along means nothing.
fn read_body(route: &Route, body: &[u8]) -> Result<Value, Failure> {
    let may_be_left_out = route.doc.takes.is_none() || route.doc.optional;
    let means_nothing = route.doc.takes.is_none() && route.method != Method::POST;
    if means_nothing || (may_be_left_out && body.is_empty()) {
        return Ok(Value::Null);
    }
    let read = json::parse(body);
    read.map_err(|error| relm_core::Error::new(ErrorKind::BadRequest, error.message).into())
}

/// No such path, or no such method on it.
fn unrouted(allowed: Vec<Method>) -> Failure {
    if allowed.is_empty() {
        return Failure::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is no such path; GET /openapi.json lists those there are.",
        );
    }
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    let names = names.join(", ");
    let message = format!("This path takes {names}.");
    let failure = Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        message,
    );
    match HeaderValue::from_str(&names) {
        Ok(value) => failure.with_header(ALLOW, value),
        Err(_) => failure,
    }
}

/// A request may say which version of the API it speaks; there is one.
fn check_version(headers: &HeaderMap) -> Result<(), Failure> {
    for version in headers.get_all(answer::RELM_VERSION) {
        if version.as_bytes() != API_VERSION.as_bytes() {
            let error = relm_core::Error::new(
                ErrorKind::BadRequest,
                format!("`Relm-Version` must be {API_VERSION}, or left out."),
            );
            return Err(error.at("Relm-Version").into());
        }
    }
    Ok(())
}

/// A fault of ours is logged once, with what the client is not told.
fn log(failure: &Failure, request_id: Id) {
    if !failure.status.is_server_error() {
        return;
    }
    let cause = failure.error.as_ref().and_then(|error| error.source());
    let cause = cause.map(|cause| match cause.source() {
        Some(root) => format!("{cause}: {root}"),
        None => cause.to_string(),
    });
    tracing::error!(%request_id, code = failure.code, cause, "a request failed");
}
