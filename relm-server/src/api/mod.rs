//! What requests mean: from the head of a request, and then its body, to the answer, without a socket.
//!
//! `routes/` is the whole API, a line for each operation. A handler parses, calls the engine and renders, in a dozen lines; what
//! all requests share is here: who asks, how often, under which key, and the headers of every answer.

mod answer;
mod associations;
mod authentication;
mod batch;
mod call;
mod code;
mod documents;
mod download;
mod dry_run;
mod events;
mod exports;
mod failed_authentications;
mod fields;
mod followers;
mod health;
mod held_key;
mod imports;
mod keys;
mod objects;
mod openapi;
mod operation;
mod path_meant;
mod promotion;
mod rate_limit;
mod requests;
mod routes;
mod schema;
mod schemas;
mod scopes;
mod search;
mod serving;
mod settings;
mod stream;
mod task;
mod unrouted;
mod webhooks;
mod words;

use std::error::Error as _;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use hyper::header::ORIGIN;
use hyper::http::request::Parts;
use hyper::{Request, Response};
use relm_core::RequestId;
use relm_core::engine::Crm;

use self::answer::{Answer, ApiError, Outcome};
use self::authentication::Authentication;
use self::call::{Call, Open, RequestBody, check_version};
use self::followers::Followers;
use self::health::Readiness;
use self::openapi::Documents;
use self::rate_limit::{RateLimiter, Window};
use self::routes::{Answering, Handler, Routes};
use self::scopes::check_scope;
use self::task::{Keyed, Task};
use self::unrouted::unrouted;
use crate::Cors;
use crate::caught::caught;
use crate::log_throttle::LogThrottle;
use crate::observation::{Observation, Observer, PREFLIGHT};
use crate::parameters::Query;
use crate::serve::{Admission, Allowance, BodyType, Head, Peer, Tenant};

/// The API over one engine.
pub struct Api {
    crm: Crm,
    routes: Routes,
    documents: Arc<Documents>,
    authentication: Authentication,
    rates: Arc<RateLimiter>,
    readiness: Readiness,
    followers: Followers,
    cors: Cors,
    log_throttle: LogThrottle,
    observer: Observer,
}

/// A request whose head was checked: it may be read and answered.
pub struct Admitted {
    request_id: RequestId,
    /// What is left to its workspace and mode; none where it counts for nobody.
    window: Option<Window>,
    seen: Observation,
    task: Task,
}

impl Api {
    /// The API over `crm`, where a workspace and mode may make so many requests in a minute; 0 for no limit.
    pub fn new(crm: Crm, rate_limit_per_minute: u32) -> Self {
        let routes = Routes::new();
        Self {
            crm,
            documents: Arc::new(Documents::new(routes.operations())),
            routes,
            authentication: Authentication::default(),
            rates: Arc::new(RateLimiter::new(rate_limit_per_minute, false)),
            readiness: Readiness::default(),
            followers: Followers::default(),
            cors: Cors::Off,
            log_throttle: LogThrottle::default(),
            observer: Observer::default(),
        }
    }

    /// The API of one of several processes over one store, for all of which together the limit is.
    pub fn of_replicas(crm: Crm, rate_limit_per_minute: u32) -> Self {
        Self {
            rates: Arc::new(RateLimiter::new(rate_limit_per_minute, true)),
            ..Self::new(crm, rate_limit_per_minute)
        }
    }

    /// The same API, whose answers pages of these origins may read.
    #[must_use]
    pub fn cors(self, cors: Cors) -> Self {
        Self { cors, ..self }
    }

    /// The same API, whose requests this one sees.
    #[must_use]
    pub fn observer(self, observer: Observer) -> Self {
        Self { observer, ..self }
    }

    /// Answers a request that is there whole, of a caller whom nobody else shares an address with.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let origin = head.headers.get(ORIGIN).cloned();
        let checked = self.check_head(&head, None).await;
        let mut response = match checked {
            Ok(Admission { call, .. }) => self.carry_out(call, Head::new(head), body).await,
            Err(answered) => answered,
        };
        self.cors.allow(origin.as_ref(), response.headers_mut());
        response
    }

    /// Checks a request by its head.
    pub(crate) async fn check_head(
        &self,
        head: &Parts,
        peer: Option<Peer>,
    ) -> Result<Admission<Box<Admitted>>, Response<Bytes>> {
        let request_id = self.crm.request_id();
        let mut window = None;
        let mut seen = self.observer.begin(&head.method, Some(request_id));
        let admitted = match self.cors.preflight(head) {
            Some(headers) => {
                seen.route(PREFLIGHT);
                let mut response = self.render(Ok(Answer::no_content()), None, request_id);
                response.headers_mut().extend(headers);
                Err(response)
            }
            None => {
                let admitted = self.admit(head, peer, request_id, &mut window, &mut seen);
                let admitted = admitted.await;
                admitted.map_err(|failure| self.render(Err(failure), window.as_ref(), request_id))
            }
        };
        match admitted {
            Ok((task, allowance)) => Ok(Admission {
                call: Box::new(Admitted {
                    request_id,
                    window,
                    seen,
                    task,
                }),
                allowance,
            }),
            Err(response) => {
                seen.answered(response.status());
                Err(response)
            }
        }
    }

    /// The order of the checks: the path and the method, then the key, its rate and its rights, then the rest.
    async fn admit(
        &self,
        head: &Parts,
        peer: Option<Peer>,
        request_id: RequestId,
        window: &mut Option<Window>,
        seen: &mut Observation,
    ) -> Result<(Task, Option<Allowance>), ApiError> {
        let path = head.uri.path();
        let (route, ids) = match self.routes.find(&head.method, path) {
            Ok(found) => found,
            Err(missed) => return Err(unrouted(&self.routes, &head.method, path, missed)),
        };
        seen.route(route.operation.path);
        let (needed, handler) = match route.handler {
            Handler::Keyed(scope, handler) => (Some(scope), Keyed::Answer(handler)),
            Handler::KeyedByContent(handler) => (None, Keyed::Answer(handler)),
            Handler::DownloadByContent(handler) => (None, Keyed::Download(handler)),
            Handler::Open(handler) => {
                Query::of(&head.uri)?.finish()?;
                return Ok((Task::Open(handler), None));
            }
        };
        let who = self
            .authentication
            .authenticate(&self.crm, &head.headers, peer);
        let principal = who.await?;
        seen.key(principal.key_id);
        let scope = principal.scope;
        let window = window.insert(self.rates.count(&self.crm, scope).await);
        if !window.allowed {
            seen.rate_limited();
            return Err(ApiError::rate_limited(window.retry_after_s));
        }
        if let Some(needed) = needed {
            check_scope(&principal, needed)?;
        }
        check_version(&head.headers)?;
        let is_dry_run = dry_run::is_asked_for(&head.method, &head.headers)?;
        let scoped = self.crm.open_for(&principal).await?;
        let scoped = scoped.for_request(request_id);
        let task = Task::Keyed {
            handler,
            body: route.operation.body,
            is_dry_run,
            has_dry_run_member: route.operation.has_dry_run_member,
            ids,
            query: Query::of(&head.uri)?,
            scoped: Box::new(scoped),
            principal: Box::new(principal),
        };
        let allowance = Allowance {
            // Both modes of a workspace draw on one account: they are one customer.
            tenant: Tenant(scope.workspace().ulid()),
            body_bytes_max: route.operation.body_bytes_max,
            body: match route.operation.body {
                operation::Body::File => BodyType::File,
                _ => BodyType::Json,
            },
            answer: route.operation.answer_size,
        };
        Ok((task, Some(allowance)))
    }

    /// Answers a request that was admitted.
    pub(crate) async fn carry_out(
        &self,
        call: Box<Admitted>,
        head: Head,
        body: Bytes,
    ) -> Response<Bytes> {
        let body = RequestBody::Whole(body);
        self.answer_call(call, head, body).await
    }

    async fn answer_call(
        &self,
        call: Box<Admitted>,
        head: Head,
        body: RequestBody,
    ) -> Response<Bytes> {
        let Admitted {
            request_id,
            window,
            seen,
            task,
        } = *call;
        let notice = task.notice();
        let mut is_dry_run = task.is_dry_run();
        let is_safe = head.method.is_safe();
        let answering = async {
            match self.begin(task, head, body, &mut is_dry_run) {
                Ok(answering) => answering.await,
                Err(failure) => Err(failure),
            }
        };
        let caught = caught(answering).await;
        let outcome = caught.unwrap_or_else(|| {
            Err(match is_safe || is_dry_run {
                true => ApiError::internal(),
                false => ApiError::outcome_unknown(),
            })
        });
        let is_answered = outcome.is_ok();
        let mut response = self.render(outcome, window.as_ref(), request_id);
        if let Some(notice) = notice.filter(|_| is_answered) {
            response.headers_mut().insert(answer::RELM_NOTICE, notice);
        }
        dry_run::mark(&mut response, is_dry_run);
        seen.answered(response.status());
        response
    }

    fn begin(
        &self,
        task: Task,
        head: Head,
        body: RequestBody,
        is_dry_run: &mut bool,
    ) -> Result<Answering, ApiError> {
        match task {
            Task::Open(handler) => Ok(handler(Open {
                crm: self.crm.clone(),
                readiness: self.readiness.clone(),
                documents: Arc::clone(&self.documents),
            })),
            Task::Keyed {
                handler,
                body: taken,
                is_dry_run: _,
                has_dry_run_member,
                ids,
                query,
                scoped,
                principal,
            } => {
                let (mut body, file) = body.read(taken, &head.method)?;
                if has_dry_run_member {
                    *is_dry_run |= dry_run::take_member(&mut body)?;
                }
                let scoped = match is_dry_run {
                    true => Box::new(scoped.dry_run()),
                    false => scoped,
                };
                let mut call = Call {
                    scoped,
                    principal,
                    ids,
                    query,
                    head,
                    body,
                    file,
                    key: None,
                    documents: Arc::clone(&self.documents),
                };
                match taken {
                    operation::Body::File => {
                        let key = self.authentication.hold(&self.crm, &call.head.headers)?;
                        call.key = Some(key);
                    }
                    _ => call.hold_to_idempotency_key()?,
                }
                Ok(match handler {
                    Keyed::Answer(handler) => handler(call),
                    Keyed::Download(handler) => {
                        let downloading = handler(call);
                        Box::pin(async move { downloading.await?.whole().await })
                    }
                })
            }
        }
    }

    fn render(
        &self,
        outcome: Outcome,
        window: Option<&Window>,
        request_id: RequestId,
    ) -> Response<Bytes> {
        if let Err(failure) = &outcome {
            self.log(failure, request_id);
        }
        match window {
            Some(window) => answer::render(outcome, window, request_id),
            None => {
                let window = self.rates.full_window(self.crm.now());
                answer::render(outcome, &window, request_id)
            }
        }
    }

    /// A fault of ours is logged with what the client is not shown: once for each cause, and not for every request that it
    /// befalls.
    fn log(&self, failure: &ApiError, request_id: RequestId) {
        if !failure.status.is_server_error() {
            return;
        }
        let code = failure.code;
        let cause = failure.error.as_ref().and_then(|error| error.source());
        let cause = cause.map(|cause| match cause.source() {
            Some(root) => format!("{cause}: {root}"),
            None => cause.to_string(),
        });
        let key = format!("{code} {}", cause.as_deref().unwrap_or_default());
        if let Some(suppressed) = self.log_throttle.admit(&key, Instant::now()) {
            tracing::error!(%request_id, code, cause, suppressed, "a request failed");
        }
    }
}
