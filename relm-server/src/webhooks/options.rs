//! What the operator decides about sending.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::allow::AllowNets;
use super::resolve::{Resolve, SystemResolver};

/// What the operator decides about sending.
#[derive(Clone)]
pub struct TransportOptions {
    /// Networks that webhooks may reach though they are not public.
    pub allow_nets: AllowNets,
    /// Whether webhooks of test mode may reach loopback: what listens there believes that only this host asks it.
    pub allow_loopback: bool,
    /// A PEM file of root certificates that are trusted beside Mozilla's.
    pub ca_file: Option<PathBuf>,
    /// How names become addresses.
    pub resolver: Arc<dyn Resolve>,
    /// For how long connections are used again, however busy they are: where a name leads may have changed.
    pub connection_time: Duration,
}

/// Public addresses alone, Mozilla's roots alone, the system's resolver, a minute.
impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            allow_nets: AllowNets::default(),
            allow_loopback: false,
            ca_file: None,
            resolver: Arc::new(SystemResolver::default()),
            connection_time: Duration::from_secs(60),
        }
    }
}

impl fmt::Debug for TransportOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportOptions")
            .field("allow_nets", &self.allow_nets)
            .field("allow_loopback", &self.allow_loopback)
            .field("ca_file", &self.ca_file)
            .field("connection_time", &self.connection_time)
            .finish_non_exhaustive()
    }
}
