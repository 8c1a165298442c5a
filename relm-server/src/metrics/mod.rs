//! What an operator graphs: counts, times and fill levels, in the text format of OpenMetrics, which Prometheus reads.
//!
//! Each metric is held by those who see what it counts: [`RequestMetrics`] by the API and the pages, [`MeasuredStore`] around the
//! store, [`MeasuredTransport`] around what sends webhooks. What has a value at each moment is asked for when it is scraped (`levels.rs`).
//! Labels have values of ours alone, templates of paths and names: never an id, a workspace or a text of a request, so that nobody's
//! requests make a series.

mod endpoint;
mod levels;
mod requests;
mod store;
mod transport;

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::text;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use self::endpoint::MetricsEndpoint;
pub use self::levels::{PoolLevel, Sources};
pub use self::requests::RequestMetrics;
pub use self::store::MeasuredStore;
pub use self::transport::MeasuredTransport;

use self::levels::Levels;
use self::store::StoreMetrics;
use self::transport::TransportMetrics;

/// The upper ends of the buckets of times, in seconds: what a read of SQLite takes, to what no caller waits for.
const SECONDS: [f64; 15] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0,
];

/// Every metric of a server.
pub struct Metrics {
    registry: Registry,
    requests: Arc<RequestMetrics>,
    store: StoreMetrics,
    transport: TransportMetrics,
    levels: Levels,
}

impl Metrics {
    /// The metrics of a server whose records are in a store of this kind, such as `sqlite`.
    pub fn new(store: &'static str) -> Self {
        let mut registry = Registry::default();
        let build = vec![("version", env!("CARGO_PKG_VERSION")), ("store", store)];
        registry.register(
            "relm_build",
            "The version that runs, and where its records are",
            Info::new(build),
        );
        Self {
            requests: Arc::new(RequestMetrics::new(&mut registry)),
            store: StoreMetrics::new(&mut registry),
            transport: TransportMetrics::new(&mut registry),
            levels: Levels::new(&mut registry),
            registry,
        }
    }

    /// Those of requests, for whoever answers them.
    pub fn requests(&self) -> Arc<RequestMetrics> {
        Arc::clone(&self.requests)
    }

    /// All of them, as text, once what is a level now was asked for.
    async fn scrape(&self, sources: &Sources) -> Result<String, fmt::Error> {
        self.levels.read(sources).await;
        let mut scraped = String::new();
        text::encode(&mut scraped, &self.registry)?;
        Ok(scraped)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
