//! What may go wrong in a history, and how long whoever waits for an answer does.

use std::time::Duration;

/// How long a dispatcher waits for an answer.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(15);

/// What may go wrong in a history, and what may happen at the same time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// Dispatchers and owners die in the middle of what they do.
    pub crashes: bool,
    /// Two dispatchers in two processes.
    pub two: bool,
    /// The store's commits fail, or do and do not say so.
    pub commits_fail: bool,
    /// The store's leases fail.
    pub leases_fail: bool,
    /// Owners change endpoints while dispatchers deliver.
    pub overlaps: bool,
    /// Answers may take longer than a lease lasts.
    pub hangs: bool,
    /// Old events are forgotten.
    pub prunes: bool,
    /// The wall clock is set forward and back, by up to an hour, at any moment.
    pub steps: bool,
}

impl Faults {
    /// Whether nothing can keep an answer that came from being recorded, but that its delivery was given up.
    pub fn records_all(self) -> bool {
        !(self.crashes || self.two || self.commits_fail || self.hangs)
    }
}
