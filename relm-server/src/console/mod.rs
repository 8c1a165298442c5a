//! The console: what people who sign in are shown, and what they do by forms. Each page goes through the engine in this process, by
//! the same functions as the API: there is no second rule.
//!
//! A page is a handler, a template in `templates/console/` and its line in `routes`. Every form works without JavaScript. What is
//! checked by the head of a request, before any of its body is read: that a form was sent from a page of this server
//! (`same_origin.rs`), who is signed in (`cookie.rs`), and whether the person's role lets that be done. A form must also hold the
//! token of its session (`form.rs`).

mod account;
mod actor;
mod answering;
mod back_off;
mod board;
mod cookie;
mod curl;
mod device;
mod download;
mod events;
mod exports;
mod form;
mod imports;
mod keys;
mod layout;
mod limits;
mod link;
mod listing;
mod merging;
mod objects;
mod passwords;
mod problem;
mod records;
mod rights;
mod routes;
mod same_origin;
mod schema;
mod search;
mod serving;
mod shown;
mod sign_in;
mod undo;
mod upload;
mod users;
mod visit;
mod webhooks;
mod workspaces;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, Response};
use matchit::Router;
use relm_core::User;
use relm_core::engine::Crm;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use self::back_off::BackOff;
use self::form::Form;
use self::layout::{FILES, FOLDER};
use self::passwords::Passwords;
use self::problem::Problem;
use self::rights::{allowance, is_read, not_allowed, refusal_by_needs};
use self::routes::{Handler, Needs, Route, routes};
use self::upload::Waiting;
use self::visit::{SignedIn, Visit};
use crate::html::{BaseUrl, answer};
use crate::log_throttle::LogThrottle;
use crate::observation::{Observation, Observer};
use crate::serve::{Admission, Peer, Refusal};

/// Sessions that are looked up at once.
const LOOKUPS_MAX: usize = 4;
/// Users whose browser is looked at at once, when somebody signs in, and links that are looked up at once: those who do are strangers.
const STRANGERS_MAX: usize = 2;
/// How long a look-up may wait for those before it.
const LOOKUP_WAIT_MAX: Duration = Duration::from_secs(5);

/// What stands for the paths of files.
const ASSETS: &str = "/console/assets/{name}";

/// Where it is.
const PATH: &str = "/console";

/// The console over one engine.
pub struct Console {
    shared: Arc<Shared>,
    observer: Observer,
}

/// What every request needs.
struct Shared {
    crm: Crm,
    /// Where the console is reached, if that was said.
    told: Option<BaseUrl>,
    /// Where the API is, of a console that has an address of its own.
    api: Option<BaseUrl>,
    /// Each with its path.
    routes: Router<(&'static str, Route)>,
    passwords: Passwords,
    back_off: BackOff,
    /// Sessions that are looked up at once: whoever shows tokens that are none takes no more of a database than this.
    lookups: Semaphore,
    strangers: Semaphore,
    log_throttle: LogThrottle,
}

/// A request whose head was checked.
pub struct Admitted {
    handler: Handler,
    needs: Needs,
    visit: Visit,
    seen: Observation,
}

impl Console {
    /// The console over `crm`, of a server that is reached at `told`; without that, at whatever host a request names.
    pub fn new(crm: Crm, told: Option<BaseUrl>) -> Self {
        Self::with(crm, told, None)
    }

    /// The console at an address of its own, beside an API that is reached at `api`.
    pub fn beside(crm: Crm, api: BaseUrl) -> Self {
        Self::with(crm, None, Some(api))
    }

    fn with(crm: Crm, told: Option<BaseUrl>, api: Option<BaseUrl>) -> Self {
        let mut router = Router::new();
        for (path, route) in routes() {
            let inserted = router.insert(path, (path, route));
            inserted.expect("the paths of the table do not conflict");
        }
        let shared = Shared {
            crm,
            told,
            api,
            routes: router,
            passwords: Passwords::default(),
            back_off: BackOff::default(),
            lookups: Semaphore::new(LOOKUPS_MAX),
            strangers: Semaphore::new(STRANGERS_MAX),
            log_throttle: LogThrottle::default(),
        };
        Self {
            shared: Arc::new(shared),
            observer: Observer::default(),
        }
    }

    /// The same console, whose requests this one sees.
    #[must_use]
    pub fn observer(self, observer: Observer) -> Self {
        Self { observer, ..self }
    }

    /// Whether a path is the console's.
    pub(crate) fn has(path: &str) -> bool {
        let rest = path.strip_prefix(PATH);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The path of the page to which a link leads that sets a password.
    pub(crate) fn link_path(user: &User, token: &str) -> String {
        format!("{PATH}/link/{}/{token}", user.id)
    }

    /// Checks a request by its head.
    pub(crate) async fn check_head(
        &self,
        head: &Parts,
        peer: Option<Peer>,
    ) -> Result<Admission<Admitted>, Response<Bytes>> {
        let mut seen = self.observer.begin(&head.method, None);
        let admitted = self.check(head, peer, &mut seen).await;
        match admitted {
            Ok((handler, needs, visit)) => Ok(Admission {
                allowance: Some(allowance(needs, handler, &visit, head)),
                call: Admitted {
                    handler,
                    needs,
                    visit,
                    seen,
                },
            }),
            Err(answered) => {
                seen.answered(answered.status());
                Err(answered)
            }
        }
    }

    async fn check(
        &self,
        head: &Parts,
        peer: Option<Peer>,
        seen: &mut Observation,
    ) -> Result<(Handler, Needs, Visit), Response<Bytes>> {
        let path = head.uri.path();
        let is_read = is_read(head);
        if let Some(file) = FILES.find(path).filter(|_| is_read) {
            seen.route(ASSETS);
            return Err(file);
        }
        if path.starts_with(FOLDER) {
            return Err(Problem::missing().page(None));
        }
        if let Some(meant) = path.strip_suffix('/') {
            return Err(answer::moved(meant.trim_end_matches('/')));
        }
        self.admit(head, peer, is_read, seen).await
    }

    /// The order of the checks: the path and the method, then where a form comes from, then who asks and what they may do.
    async fn admit(
        &self,
        head: &Parts,
        peer: Option<Peer>,
        is_read: bool,
        seen: &mut Observation,
    ) -> Result<(Handler, Needs, Visit), Response<Bytes>> {
        let shared = &self.shared;
        let refuse = |problem: Problem| problem.page(None);
        let found = shared.routes.at(head.uri.path());
        let found = found.map_err(|_| refuse(Problem::missing()))?;
        let (template, route) = *found.value;
        seen.route(template);
        let (needs, handler) = match (is_read, &head.method) {
            (true, _) => route.get,
            (false, &Method::POST) => route.post,
            (false, _) => None,
        }
        .ok_or_else(|| not_allowed(&route))?;
        let told = shared.told.as_ref();
        if !is_read && !same_origin::is_own(&head.headers, told) {
            return Err(refuse(Problem::cross_site()));
        }
        let base = shared.told.clone();
        let base = base.or_else(|| same_origin::base(&head.headers));
        let base = base.ok_or_else(|| refuse(Problem::no_host()))?;
        let session = shared.session(&head.headers).await;
        let session = session.map_err(|problem| {
            problem.log(&shared.log_throttle);
            refuse(problem)
        })?;
        if let Some(refused) = refusal_by_needs(needs, session.as_ref(), head, is_read) {
            return Err(refused);
        }
        let query = Form::parse(head.uri.query().unwrap_or_default().as_bytes());
        if matches!(handler, Handler::Upload(_)) {
            let is_own = |session: &SignedIn| query.is_upload_of_session(&session.token);
            if !session.as_ref().is_some_and(is_own) {
                return Err(Problem::foreign_form().page(session.as_ref()));
            }
        }
        let params = found.params.iter();
        let params = params.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let visit = Visit {
            shared: Arc::clone(shared),
            params: params.collect(),
            is_change: !is_read,
            query,
            upload: Waiting::new(visit::header(&head.headers, CONTENT_TYPE)),
            address: head.uri.clone(),
            form: Form::default(),
            is_https: base.is_https(),
            agent: visit::agent(&head.headers),
            device: shared.device(&head.headers),
            api: shared.api.clone().unwrap_or_else(|| base.clone()),
            base,
            peer,
            session,
        };
        Ok((handler, needs, visit))
    }
}

impl Shared {
    /// Whether the server is known to be reached by https.
    fn is_https(&self) -> bool {
        self.told.as_ref().is_some_and(BaseUrl::is_https)
    }

    /// What the browser shows that was given to it when somebody signed in.
    fn device(&self, headers: &HeaderMap) -> Option<String> {
        cookie::device(headers, self.is_https()).map(str::to_owned)
    }

    /// Who shows the token of a live session.
    async fn session(&self, headers: &HeaderMap) -> Result<Option<SignedIn>, Problem> {
        let Some(token) = cookie::token(headers, self.is_https()) else {
            return Ok(None);
        };
        let _place = place(&self.lookups).await?;
        let known = self.crm.accounts().session(token).await?;
        Ok(known.map(|(session, user)| SignedIn {
            session,
            user,
            token: token.to_owned(),
        }))
    }
}

/// One of the places of those who are looked up at once.
async fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, Problem> {
    match timeout(LOOKUP_WAIT_MAX, places.acquire()).await {
        Ok(Ok(place)) => Ok(place),
        _ => Err(Problem::from(Refusal::Busy)),
    }
}

/// The answer to a request whose body was not read, or whose handler panicked.
pub(crate) fn refused(refusal: Refusal, admitted: Admitted) -> Response<Bytes> {
    let response = Problem::from(refusal).page(admitted.visit.session.as_ref());
    admitted.seen.answered(response.status());
    response
}
