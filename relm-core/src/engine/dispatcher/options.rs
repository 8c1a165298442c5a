//! How a dispatcher delivers: its schedule, and the bounds of what is under way at once.

use std::time::Duration;

use crate::webhook::Schedule;

/// How a [`Dispatcher`](super::Dispatcher) delivers.
#[derive(Clone, Debug)]
pub struct DispatchOptions {
    /// When a delivery is tried again.
    pub schedule: Schedule,
    /// How long one attempt may take; default: 15 seconds.
    pub timeout: Duration,
    /// Endpoints that have a worker at once; default: 256. Where more have something due they share time slices, and
    /// unhealthy ones get half of the workers at most.
    pub endpoints: usize,
    /// Attempts at one endpoint that are under way at once; default: 16. An endpoint that is failing gets one.
    pub per_endpoint: usize,
    /// Attempts that are under way at once, in all; default: 512. Every endpoint that has a worker gets one in any case.
    pub in_all: usize,
    /// An endpoint is disabled once deliveries to it have failed for so long and none succeeded; default: never.
    pub disable_after: Option<Duration>,
}

impl Default for DispatchOptions {
    fn default() -> Self {
        Self {
            schedule: Schedule::default(),
            timeout: Duration::from_secs(15),
            endpoints: 256,
            per_endpoint: 16,
            in_all: 512,
            disable_after: None,
        }
    }
}

impl DispatchOptions {
    /// For how long a leased delivery is left to whoever leased it: two attempts, and a second to record one.
    pub(super) fn lease_ms(&self) -> i64 {
        let timeout = i64::try_from(self.timeout.as_millis()).unwrap_or(i64::MAX / 4);
        2 * timeout.min(i64::MAX / 4) + 1_000
    }
}
