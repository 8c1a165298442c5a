//! What one caller costs another: how long `/healthz` takes while requests are answered that cost as much as one request may.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use crate::Failure;
use crate::children::Server;
use crate::http::{Connection, request};
use crate::pair::seed;
use crate::workload::BATCH_ROWS;

/// Requests of one kind that are under way at once.
const CALLERS: usize = 4;
/// The rest between two looks at `/healthz`.
const REST: Duration = Duration::from_millis(2);
/// A family name that only large contacts have: 8 MiB of them, as many as a batch may change at once.
const LARGE: &str = "Large";

#[derive(Args)]
pub struct Neighbours {
    /// Contacts in the database.
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// Seconds that each kind of request is sent.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// An empty database, `memory:` among them; SQLite in a temporary folder unless it is said.
    #[arg(long)]
    database: Option<String>,
    /// The server's binary.
    #[arg(long, default_value = "target/dist/relm-server")]
    server: PathBuf,
}

/// A kind of request that costs much.
struct Costly {
    name: &'static str,
    make: fn(&str, u64) -> Vec<u8>,
}

const KINDS: [Costly; 11] = [
    Costly {
        name: "nothing",
        make: |_, _| Vec::new(),
    },
    Costly {
        name: "one `in` of 100 values over metadata",
        make: |key, _| list(key, &[("metadata.region][in", &values(100))]),
    },
    Costly {
        name: "20 clauses over metadata",
        make: |key, _| {
            let mut filters = vec![("metadata.plan][ilike", "%"); 19];
            filters.push(("metadata.region", "absent"));
            list(key, &filters)
        },
    },
    Costly {
        name: "20 patterns",
        make: |key, _| list(key, &[("last_name][ilike", "%a%m%i%l%y%0%0%_%x%"); 20]),
    },
    Costly {
        name: "2 `in` of 100 values and 16 clauses over columns",
        make: |key, _| {
            let values = values(100);
            let mut filters = vec![
                ("first_name][in", &*values),
                ("metadata.region][in", &values),
            ];
            filters.extend([("last_name][ilike", "%f%y%"); 16]);
            list(key, &filters)
        },
    },
    Costly {
        name: "a search of ten words",
        make: |key, _| {
            let path = "/v1/search?limit=200&q=g+gi+giv+give+f+fa+u+us+e+absent";
            request("GET", path, key, "")
        },
    },
    Costly {
        name: "a page of 2 MiB",
        make: |key, _| list(key, &[("last_name", LARGE)]),
    },
    Costly {
        name: "a batch of 500 upserts",
        make: |key, number| upsert(key, (0..BATCH_ROWS).map(|row| small(row, number))),
    },
    Costly {
        name: "an upsert of 8 MiB of contacts",
        make: |key, number| {
            upsert(
                key,
                (0..BATCH_ROWS).map(|row| {
                    json!({ "email": large_email(row), "phone": format!("+1777{number:010}") })
                }),
            )
        },
    },
    Costly {
        name: "a batch of 4 MiB, every row refused",
        make: |key, _| {
            let text = "x".repeat(8_000);
            upsert(
                key,
                (0..BATCH_ROWS).map(|row| json!({ "email": format!("{row}"), "last_name": text })),
            )
        },
    },
    Costly {
        name: "a batch of 25,000 values",
        make: |key, number| {
            upsert(
                key,
                (0..BATCH_ROWS).map(|row| {
                    let mut contact = small(row, number);
                    contact["metadata"] = (0..50)
                        .map(|n| (format!("k{n}"), json!(format!("v{number}"))))
                        .collect();
                    contact
                }),
            )
        },
    },
];

impl Neighbours {
    pub async fn run(&self) -> Result<(), Failure> {
        let folder = tempfile::tempdir()?;
        let url = match &self.database {
            Some(url) => url.clone(),
            None => format!("sqlite://{}", folder.path().join("relm.db").display()),
        };
        let mut server = Server::relm(&self.server, &url).await?;
        let key = server.live_key().await?;
        seed(&server, &key, &mut Vec::new(), self.rows).await?;
        seed_large(&server, &key).await?;
        println!(
            "| {CALLERS} at once of | answered | statuses | `/healthz`: looks | p50 ms | p99 ms | longest ms |"
        );
        println!("|---|---|---|---|---|---|---|");
        for kind in &KINDS {
            self.measure(&server, &key, kind).await?;
        }
        server.stop().await
    }

    async fn measure(&self, server: &Server, key: &str, kind: &Costly) -> Result<(), Failure> {
        let ended = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(0));
        let mut callers = Vec::new();
        let is_nothing = (kind.make)(key, 0).is_empty();
        for caller in 0..if is_nothing { 0 } else { CALLERS } {
            let (ended, answered) = (Arc::clone(&ended), Arc::clone(&answered));
            let mut connection = Connection::open(server.address).await?;
            let (make, key) = (kind.make, key.to_owned());
            callers.push(tokio::spawn(async move {
                let mut statuses = Vec::new();
                while !ended.load(Ordering::Relaxed) {
                    let number = answered.fetch_add(1, Ordering::Relaxed);
                    let request = make(&key, number * CALLERS as u64 + caller as u64);
                    let (status, _) = connection.send(&request).await?;
                    if !statuses.contains(&status) {
                        statuses.push(status);
                    }
                }
                Ok::<_, Failure>(statuses)
            }));
        }
        let waits = look(server, Duration::from_secs(self.seconds)).await;
        ended.store(true, Ordering::Relaxed);
        let mut statuses = Vec::new();
        for caller in callers {
            statuses.extend(caller.await??);
        }
        statuses.sort_unstable();
        statuses.dedup();
        let mut waits = waits?;
        waits.sort_unstable();
        let millis = |share: f64| {
            let place = ((waits.len() - 1) as f64 * share) as usize;
            waits[place].as_secs_f64() * 1e3
        };
        println!(
            "| {} | {} | {statuses:?} | {} | {:.1} | {:.1} | {:.1} |",
            kind.name,
            answered.load(Ordering::Relaxed),
            waits.len(),
            millis(0.5),
            millis(0.99),
            millis(1.0),
        );
        Ok(())
    }
}

/// How long each of many looks at `/healthz` takes. They come from a thread of their own: a driver that is busy with answers
/// would seem to be a server that is.
async fn look(server: &Server, time: Duration) -> Result<Vec<Duration>, Failure> {
    let address = server.address;
    let looking = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let mut connection = Connection::open(address).await?;
            let health = request("GET", "/healthz", "", "");
            let (begun, mut waits) = (Instant::now(), Vec::new());
            while begun.elapsed() < time {
                let sent = Instant::now();
                let (status, _) = connection.send(&health).await?;
                waits.push(sent.elapsed());
                if status != 200 {
                    return Err(format!("/healthz: {status}").into());
                }
                tokio::time::sleep(REST).await;
            }
            Ok::<_, Failure>(waits)
        })
    });
    let waits = tokio::task::spawn_blocking(|| looking.join()).await?;
    waits.map_err(|_| "the thread that looks at /healthz has panicked")?
}

/// A page of contacts under these filters.
fn list(key: &str, filters: &[(&str, &str)]) -> Vec<u8> {
    let mut path = "/v1/contacts?limit=200".to_owned();
    for (name, value) in filters {
        let name = name.replace("][", "%5D%5B");
        let value = value.replace('%', "%25");
        path.push_str(&format!("&filter%5B{name}%5D={value}"));
    }
    request("GET", &path, key, "")
}

/// So many values that no contact has.
fn values(count: usize) -> String {
    let values: Vec<String> = (0..count).map(|n| format!("absent{n:04}")).collect();
    values.join(",")
}

fn upsert(key: &str, contacts: impl Iterator<Item = Value>) -> Vec<u8> {
    let contacts: Vec<Value> = contacts.collect();
    let body = json!({ "dedup_on": ["email"], "contacts": contacts });
    request("POST", "/v1/contacts/batch", key, &body.to_string())
}

/// A contact that each upsert changes.
fn small(row: u64, number: u64) -> Value {
    json!({ "email": format!("upserted{row}@example.com"), "phone": format!("+1777{number:010}") })
}

fn large_email(row: u64) -> String {
    format!("large{row}@example.com")
}

/// Adds contacts of nearly 16 KiB each.
async fn seed_large(server: &Server, key: &str) -> Result<(), Failure> {
    let notes: Value = (0..30)
        .map(|n| (format!("note{n}"), json!("long ".repeat(100))))
        .collect();
    let mut connection = Connection::open(server.address).await?;
    let rows: Vec<u64> = (0..BATCH_ROWS).collect();
    for rows in rows.chunks(100) {
        let contacts = rows.iter().map(
            |row| json!({ "email": large_email(*row), "last_name": LARGE, "metadata": notes }),
        );
        let (status, answer) = connection.send(&upsert(key, contacts)).await?;
        if status != 200 {
            return Err(String::from_utf8_lossy(answer).into_owned().into());
        }
    }
    Ok(())
}
