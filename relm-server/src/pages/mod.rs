//! What a browser is shown: the documentation, rendered from the documents in `docs/`, which `build.rs` makes HTML of.
//!
//! Pages are open to anybody and hold no secret: they are made once, and all that is done for a request is to print where the
//! server is reached. A page is a handler, a template and a line in the table `routes`.

mod accepts;
mod budget;
mod documents;
mod files;
mod home;
mod layout;
mod llms;
mod missing;
mod quickstart;
mod search;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use bytes::Bytes;
use hyper::http::request::Parts;
use hyper::{Method, Response};
use matchit::Router;

use self::accepts::prefers_html;
use self::budget::Budget;
use crate::html::answer::{self, Rendered};
use crate::html::{BaseUrl, render};
use crate::observation::Observer;

/// Every page.
pub struct Pages {
    /// Each with its path.
    routes: Router<(&'static str, Handler)>,
    /// By their paths; no more than there are pages.
    rendered: Mutex<HashMap<&'static str, Arc<Rendered>>>,
    /// Where the server is reached, if that was said.
    base: Option<BaseUrl>,
    budget: Budget,
    observer: Observer,
}

/// What stands for the path of a page that is written with a `/` after it.
const MOVED: &str = "/docs/{path}/";

/// Answers a request; none where there is no such page.
type Handler = fn(&Asked<'_>) -> Option<Response<Bytes>>;

/// A request for a page.
struct Asked<'a> {
    pages: &'a Pages,
    head: &'a Parts,
    /// Where the server is reached, where that can be told.
    base: Option<BaseUrl>,
}

fn routes() -> [(&'static str, Handler); 9] {
    [
        ("/", home::way_in),
        ("/docs", home::page),
        ("/docs/quickstart", quickstart::first),
        ("/docs/quickstart/{language}", quickstart::page),
        ("/docs/search", search::page),
        ("/docs/assets/{name}", files::file),
        ("/docs/{document}", documents::page),
        ("/docs/{document}/{section}", documents::page),
        ("/llms.txt", llms::text),
    ]
}

impl Pages {
    /// The pages of a server that is reached at `base`; without one, of each request, at the host that it names, over http.
    pub fn new(base: Option<BaseUrl>) -> Self {
        let mut router = Router::new();
        for (path, handler) in routes() {
            let inserted = router.insert(path, (path, handler));
            inserted.expect("the paths of the table do not conflict");
        }
        Self {
            routes: router,
            rendered: Mutex::default(),
            base,
            budget: Budget::default(),
            observer: Observer::default(),
        }
    }

    /// The same pages, whose requests this one sees.
    #[must_use]
    pub fn observer(self, observer: Observer) -> Self {
        Self { observer, ..self }
    }

    /// The page that a request asks for; none where it asks for something else.
    pub fn answer(&self, head: &Parts) -> Option<Response<Bytes>> {
        // What nearly every request asks for.
        if head.uri.path().starts_with("/v1/") || !is_read(&head.method) {
            return None;
        }
        let mut seen = self.observer.begin(&head.method, None);
        let Some((template, page)) = self.find(head) else {
            seen.left_to_another();
            return None;
        };
        seen.route(template);
        seen.answered(page.status());
        Some(page)
    }

    /// Answers a request for a path that nobody has, which `refused` says to programs.
    pub fn missed(&self, head: &Parts, refused: Response<Bytes>) -> Response<Bytes> {
        if is_read(&head.method) {
            return match prefers_html(&head.headers) {
                true => self.budget.hold(missing::page(refused.body())),
                false => refused,
            };
        }
        match self.find(head) {
            Some(_) => missing::not_allowed(),
            None => refused,
        }
    }

    /// The page at a path, and the template of that.
    fn find(&self, head: &Parts) -> Option<(&'static str, Response<Bytes>)> {
        let path = head.uri.path();
        if let Some(meant) = path
            .strip_suffix('/')
            .filter(|path| path.starts_with("/docs"))
        {
            let meant = meant.trim_end_matches('/');
            let moved = match head.uri.query() {
                Some(query) => answer::moved(&format!("{meant}?{query}")),
                None => answer::moved(meant),
            };
            return Some((MOVED, moved));
        }
        let (template, handler) = *self.routes.at(path).ok()?.value;
        let base = self.base.clone();
        let page = handler(&Asked {
            pages: self,
            head,
            base: base.or_else(|| BaseUrl::of_request(&head.headers)),
        })?;
        // Files are the binary's own bytes, which no answer copies.
        let page = match path.starts_with(files::FOLDER) {
            true => page,
            false => self.budget.hold(page),
        };
        Some((template, page))
    }
}

impl Asked<'_> {
    /// The page at a path, which is made when it is asked for first.
    fn rendered<T: Template>(
        &self,
        path: &'static str,
        page: impl FnOnce() -> T,
    ) -> Response<Bytes> {
        let pages = &self.pages.rendered;
        let mut pages = pages.lock().unwrap_or_else(PoisonError::into_inner);
        let rendered = pages
            .entry(path)
            .or_insert_with(|| Arc::new(Rendered::new(render(&page()))));
        let rendered = Arc::clone(rendered);
        drop(pages);
        self.with_base(|base| rendered.answer(&self.head.headers, base, answer::HTML))
    }

    /// What is answered where it can be told where the server is reached.
    fn with_base(&self, answer: impl FnOnce(&BaseUrl) -> Response<Bytes>) -> Response<Bytes> {
        self.base.as_ref().map_or_else(missing::no_host, answer)
    }
}

fn is_read(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}
