//! What has a value at each moment: asked for when it is scraped.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use relm_core::Clock;
use relm_core::store::{Queue, Store};
use tokio::time::timeout;

/// Endpoints that are looked at for one scrape: the age is that of the oldest among them.
const QUEUES_MAX: usize = 10_000;
/// Of which so many are read at once.
const QUEUES_AT_ONCE: usize = 500;
/// How long a scrape waits for the store.
const STORE_WAIT_MAX: Duration = Duration::from_secs(2);

/// Connections of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLevel {
    /// Those that calls have now.
    pub in_use: usize,
    /// All that there may be.
    pub max: usize,
}

/// Whom levels are asked of.
pub struct Sources {
    /// What waits to be delivered is there.
    pub store: Arc<dyn Store>,
    /// By which it is due.
    pub clock: Arc<dyn Clock>,
    /// The pool of connections, where the store has one.
    pub pool: Option<Box<dyn Fn() -> PoolLevel + Send + Sync>>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sources")
    }
}

type Level = Gauge<f64, AtomicU64>;

/// The gauges. One whose source does not answer is not a number.
#[derive(Debug, Default)]
pub(super) struct Levels {
    queue_age: Level,
    due_endpoints: Level,
    connections_in_use: Level,
    connections_max: Level,
    memory: Level,
    open_files: Level,
}

impl Levels {
    pub fn new(registry: &mut Registry) -> Self {
        let this = Self::default();
        registry.register_with_unit(
            "relm_webhook_queue_age",
            "How long the delivery that is due for longest has waited; 0 where none is due",
            Unit::Seconds,
            this.queue_age.clone(),
        );
        registry.register(
            "relm_webhook_due_endpoints",
            "Endpoints that something is due to",
            this.due_endpoints.clone(),
        );
        registry.register(
            "relm_database_connections_in_use",
            "Connections to the database that calls of this process have now; 0 for a store without a pool",
            this.connections_in_use.clone(),
        );
        registry.register(
            "relm_database_connections_max",
            "Connections to the database that this process may have at once; 0 for a store without a pool",
            this.connections_max.clone(),
        );
        registry.register_with_unit(
            "process_resident_memory",
            "Memory of the process that is in use",
            Unit::Bytes,
            this.memory.clone(),
        );
        registry.register(
            "process_open_fds",
            "Files and sockets that the process has open",
            this.open_files.clone(),
        );
        let started = Level::default();
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        started.set(since.map_or(f64::NAN, |since| since.as_secs_f64()));
        registry.register_with_unit(
            "process_start_time",
            "When the process started, since the Unix epoch",
            Unit::Seconds,
            started,
        );
        this
    }

    /// Sets them all.
    pub async fn read(&self, sources: &Sources) {
        let waiting = timeout(STORE_WAIT_MAX, waiting(sources)).await.ok();
        let (age, due) = waiting.flatten().unwrap_or((f64::NAN, f64::NAN));
        self.queue_age.set(age);
        self.due_endpoints.set(due);
        let pool = sources.pool.as_ref().map(|pool| pool());
        let (in_use, max) = pool.map_or((0, 0), |pool| (pool.in_use, pool.max));
        self.connections_in_use.set(in_use as f64);
        self.connections_max.set(max as f64);
        self.memory.set(resident_bytes().unwrap_or(f64::NAN));
        self.open_files.set(open_files().unwrap_or(f64::NAN));
    }
}

/// How long the oldest due delivery has waited, in seconds, and how many endpoints have one.
async fn waiting(sources: &Sources) -> Option<(f64, f64)> {
    let now = sources.clock.now();
    let (mut age_ms, mut due, mut seen, mut after) = (0, 0_u32, 0, None);
    while seen < QUEUES_MAX {
        let queues: Vec<Queue> = sources.store.queues(after, QUEUES_AT_ONCE).await.ok()?;
        for queue in &queues {
            let waited_ms = now.as_millis() - queue.due_at.as_millis();
            due += u32::from(waited_ms >= 0);
            age_ms = age_ms.max(waited_ms);
        }
        seen += queues.len();
        after = queues.last().map(|queue| queue.key);
        if queues.len() < QUEUES_AT_ONCE {
            break;
        }
    }
    Some((age_ms as f64 / 1000.0, due.into()))
}

/// Linux tells it; elsewhere it is not known.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib * 1024.0)
}

fn open_files() -> Option<f64> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count() as f64)
}
