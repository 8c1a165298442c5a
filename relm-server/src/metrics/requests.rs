//! Requests, by the template of their path.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::SECONDS;

/// Counts and times requests.
#[derive(Debug)]
pub struct RequestMetrics {
    answered: Family<Answered, Counter>,
    duration: Family<Asked, Histogram, fn() -> Histogram>,
    rate_limited: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: &'static str,
    status: u16,
}

impl RequestMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let this = Self {
            answered: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            rate_limited: Counter::default(),
        };
        registry.register(
            "relm_http_requests",
            "Requests that were answered, or whose client left before (499)",
            this.answered.clone(),
        );
        registry.register_with_unit(
            "relm_http_request_duration",
            "From the head of a request until its answer was made",
            Unit::Seconds,
            this.duration.clone(),
        );
        registry.register(
            "relm_http_rate_limited_requests",
            "Requests that were refused since their workspace and mode made too many",
            this.rate_limited.clone(),
        );
        this
    }

    /// A request ended with this status, after so long.
    pub(crate) fn ended(
        &self,
        method: &'static str,
        route: &'static str,
        status: u16,
        after: Duration,
    ) {
        let answered = Answered {
            method,
            route,
            status,
        };
        self.answered.get_or_create(&answered).inc();
        let duration = self.duration.get_or_create(&Asked { method, route });
        duration.observe(after.as_secs_f64());
    }

    /// A request was refused by the rate limit.
    pub(crate) fn rate_limited(&self) {
        self.rate_limited.inc();
    }
}
