//! What is seen of each request, whoever answers it: a line in the log, under the target [`TARGET`], and, where there are metrics, a count and a
//! time.
//!
//! A line tells the id, the method, the template of the path, the status, the time and the key's id. Nothing else of a request is ever
//! told: no path with what stands in its places, no query, no header, no body.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use hyper::{Method, StatusCode};
use relm_core::{Id, RequestId};
use tracing::Level;

use crate::metrics::RequestMetrics;

/// The target of these lines, by which `RELM_LOG` can name them.
pub const TARGET: &str = "relm_server::request";

/// What stands for the template of a path that nobody has, or that takes other methods.
pub const UNMATCHED: &str = "unmatched";
/// What stands for the template of a path where a browser asks what it may send there.
pub const PREFLIGHT: &str = "preflight";
/// What stands for a method that no path takes: there is no end to what may be sent as one.
const OTHER_METHOD: &str = "other";

/// A client that left before it was answered, as nginx calls it. It is sent to nobody.
const CLIENT_LEFT: u16 = 499;

/// Sees requests begin. Cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub struct Observer(Option<Arc<RequestMetrics>>);

impl Observer {
    /// An observer that counts, too.
    pub fn counting(metrics: Arc<RequestMetrics>) -> Self {
        Self(Some(metrics))
    }

    /// A request of this method, of which more is not known yet.
    pub(crate) fn begin(&self, method: &Method, request_id: Option<RequestId>) -> Observation {
        self.of(name(method), request_id)
    }

    /// A request whose head is refused for what every request must keep to, whatever it asks for.
    pub(crate) fn unread(&self, request_id: RequestId) -> Observation {
        self.of(OTHER_METHOD, Some(request_id))
    }

    fn of(&self, method: &'static str, request_id: Option<RequestId>) -> Observation {
        // Nobody else asks how long it takes.
        let is_told = self.0.is_some() || tracing::enabled!(target: TARGET, Level::INFO);
        Observation {
            metrics: self.0.clone(),
            begun: is_told.then(Instant::now),
            method,
            route: UNMATCHED,
            key: None,
            request_id,
            is_answered: false,
        }
    }
}

/// One request, from its head on. Dropped before it is answered, it is seen as one whose client left, or which panicked.
#[derive(Debug)]
pub(crate) struct Observation {
    metrics: Option<Arc<RequestMetrics>>,
    /// When it began; none where nobody is told of it.
    begun: Option<Instant>,
    method: &'static str,
    route: &'static str,
    key: Option<Id>,
    request_id: Option<RequestId>,
    is_answered: bool,
}

impl Observation {
    /// Says that somebody else answers the request, and sees it.
    pub fn left_to_another(mut self) {
        self.is_answered = true;
    }

    /// Says which template its path has.
    pub fn route(&mut self, template: &'static str) {
        self.route = template;
    }

    /// Says whose it is.
    pub fn key(&mut self, key: Id) {
        self.key = Some(key);
    }

    /// Says that it is refused since its workspace and mode make too many.
    pub fn rate_limited(&self) {
        if let Some(metrics) = &self.metrics {
            metrics.rate_limited();
        }
    }

    /// Says what it was answered.
    pub fn answered(mut self, status: StatusCode) {
        self.is_answered = true;
        self.report(status.as_u16());
    }

    fn report(&self, status: u16) {
        let Some(after) = self.begun.map(|begun| begun.elapsed()) else {
            return;
        };
        if let Some(metrics) = &self.metrics {
            metrics.ended(self.method, self.route, status, after);
        }
        let (method, route) = (self.method, self.route);
        // Nobody reads that a balancer asked again, and everybody has one.
        if is_probe(route) {
            tracing::debug!(target: TARGET, method, route, status, "answered");
            return;
        }
        let ms = after.as_micros() as f64 / 1000.0;
        tracing::info!(
            target: TARGET,
            request_id = self.request_id.map(display),
            method,
            route,
            status,
            ms,
            key = self.key.map(display),
            "answered"
        );
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        if !self.is_answered {
            self.report(match thread::panicking() {
                true => StatusCode::INTERNAL_SERVER_ERROR.as_u16(),
                false => CLIENT_LEFT,
            });
        }
    }
}

fn is_probe(route: &str) -> bool {
    matches!(route, "/healthz" | "/readyz")
}

fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => OTHER_METHOD,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Arc, Mutex};

    use relm_core::value::id::Kind;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines of the log that `act` leads to, as JSON.
    fn lines(act: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, act);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn get() -> Observation {
        let mut seen = Observer::default().begin(&Method::GET, Some(RequestId::new(7)));
        seen.route("/v1/contacts/{id}");
        seen
    }

    #[test]
    fn a_request_is_told_once_with_the_template_of_its_path() {
        let key = Id::new(Kind::Key, 9);
        let told = lines(|| {
            let mut seen = get();
            seen.key(key);
            seen.answered(StatusCode::OK);
        });
        let [line] = &told[..] else {
            panic!("{told:?}")
        };
        for (member, value) in [
            ("level", json!("INFO")),
            ("target", json!(TARGET)),
            ("message", json!("answered")),
            ("request_id", json!(RequestId::new(7))),
            ("method", json!("GET")),
            ("route", json!("/v1/contacts/{id}")),
            ("status", json!(200)),
            ("key", json!(key)),
        ] {
            assert_eq!(line[member], value, "{member}");
        }
        assert!(line["ms"].as_f64().unwrap() >= 0.0);
        let members = line.as_object().unwrap().len();
        assert_eq!(members, 10, "{line}");
    }

    #[test]
    fn a_request_that_is_not_answered_is_told_too() {
        let told = lines(|| {
            drop(get());
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                let _seen = get();
                panic!("as a handler may");
            }));
            assert!(panicked.is_err());
            get().left_to_another();
            Observer::default()
                .unread(RequestId::new(7))
                .answered(StatusCode::URI_TOO_LONG);
            Observer::default()
                .begin(&Method::from_bytes(b"BREW").unwrap(), None)
                .answered(StatusCode::METHOD_NOT_ALLOWED);
        });
        let told: Vec<_> = told
            .iter()
            .map(|line| json!([line["status"], line["method"], line["route"]]))
            .collect();
        assert_eq!(
            told,
            [
                json!([499, "GET", "/v1/contacts/{id}"]),
                json!([500, "GET", "/v1/contacts/{id}"]),
                json!([414, "other", "unmatched"]),
                json!([405, "other", "unmatched"]),
            ]
        );
    }

    #[test]
    fn whoever_only_looks_whether_the_server_is_there_is_not_told() {
        for (route, told) in [("/healthz", 0), ("/readyz", 0), ("/openapi.json", 1)] {
            let seen = lines(|| {
                let mut seen = get();
                seen.route(route);
                seen.answered(StatusCode::OK);
            });
            assert_eq!(seen.len(), told, "{route}");
        }
    }
}
