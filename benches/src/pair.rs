//! Relm and its floor, each over a database of its own with the same contacts in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Args;
use sea_orm::{ConnectionTrait, Database};
use serde_json::Value;
use tempfile::TempDir;

use crate::Failure;
use crate::children::Server;
use crate::drive::Side;
use crate::http::{Connection, request};
use crate::workload::{BATCH_ROWS, Material, Numbers, batch};

/// Connections that seed a database.
const SEEDERS: usize = 4;
/// Contacts in memory.
const MEMORY_ROWS: u64 = 10_000;

/// What is measured, and for how long.
#[derive(Args, Clone)]
pub struct Setting {
    /// An empty database of PostgreSQL or MariaDB; default: SQLite in a temporary folder.
    #[arg(long, requires = "floor_database")]
    pub database: Option<String>,
    /// Another empty one, for the floor.
    #[arg(long, requires = "database")]
    pub floor_database: Option<String>,
    /// How often Relm and the floor are measured in turn.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// The server's binary.
    #[arg(long, default_value = "target/dist/relm-server")]
    pub server: PathBuf,
}

/// A database, and the contacts that were seeded in it.
struct Place {
    url: String,
    key: Option<String>,
    ids: Arc<Vec<String>>,
    number: Arc<Numbers>,
}

/// The two databases.
pub struct Pair<'a> {
    binary: &'a Path,
    /// Where SQLite's files are. What is seeded is kept apart, and both sides are measured on copies.
    folder: Option<TempDir>,
    ours: Place,
    floor: Place,
}

impl<'a> Pair<'a> {
    pub fn new(setting: &'a Setting) -> Result<Self, Failure> {
        let place = |url: String| Place {
            url,
            key: None,
            ids: Arc::default(),
            number: Arc::default(),
        };
        let (folder, ours, floor) = match (&setting.database, &setting.floor_database) {
            (Some(ours), Some(floor)) => (None, ours.clone(), floor.clone()),
            _ => {
                let folder = tempfile::tempdir()?;
                let url = |name| format!("sqlite://{}", folder.path().join(name).display());
                let (ours, floor) = (url("relm.db"), url("floor.db"));
                (Some(folder), ours, floor)
            }
        };
        Ok(Self {
            binary: &setting.server,
            folder,
            ours: place(ours),
            floor: place(floor),
        })
    }

    /// Whether the databases are SQLite's.
    pub fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }

    pub fn ours(&self) -> &str {
        &self.ours.url
    }

    pub fn floor(&self) -> &str {
        &self.floor.url
    }

    /// Adds contacts until so many were seeded.
    pub async fn grow(&mut self, rows: u64) -> Result<(), Failure> {
        let before = self.ours.ids.len();
        let begun = Instant::now();
        let Some(folder) = &self.folder else {
            for place in [&mut self.ours, &mut self.floor] {
                let url = place.url.clone();
                place.grow(self.binary, &url, rows).await?;
                settle(&url).await?;
            }
            return Ok(());
        };
        let folder = folder.path();
        let url = format!("sqlite://{}", folder.join("seed.db").display());
        self.ours.grow(self.binary, &url, rows).await?;
        let added = self.ours.ids.len() - before;
        let rate = added as f64 / begun.elapsed().as_secs_f64();
        println!("seeded {added} contacts, {rate:.0} rows/s\n");
        for copy in ["relm.db", "floor.db"] {
            copy_database(&folder.join("seed.db"), &folder.join(copy))?;
        }
        self.floor.key.clone_from(&self.ours.key);
        self.floor.ids.clone_from(&self.ours.ids);
        Ok(())
    }

    /// Relm, over its database.
    pub async fn start_ours(&self) -> Result<Side, Failure> {
        let server = Server::relm(self.binary, &self.ours.url).await?;
        Ok(self.ours.side(server))
    }

    /// Hand-written statements, over the other.
    pub async fn start_floor(&self) -> Result<Side, Failure> {
        let server = Server::floor(&self.floor.url).await?;
        Ok(self.floor.side(server))
    }

    /// Another build of Relm, over the floor's database.
    pub async fn start_build(&self, binary: &Path) -> Result<Side, Failure> {
        let server = Server::relm(binary, &self.floor.url).await?;
        Ok(self.floor.side(server))
    }

    /// Relm without a sync for each commit, over the floor's database, which is as good as its own.
    pub async fn start_normal(&self) -> Result<Side, Failure> {
        let server = Server::relm_normal(self.binary, &self.floor.url).await?;
        Ok(self.floor.side(server))
    }
}

impl Place {
    fn side(&self, server: Server) -> Side {
        let key = self.key.as_deref().unwrap_or_default();
        Side {
            server,
            material: Material::new(key, self.ids.clone(), self.number.clone()).into(),
        }
    }

    async fn grow(&mut self, binary: &Path, url: &str, rows: u64) -> Result<(), Failure> {
        let mut relm = Server::relm(binary, url).await?;
        let key = match &self.key {
            Some(key) => key.clone(),
            None => self.key.insert(relm.live_key().await?).clone(),
        };
        seed(&relm, &key, Arc::make_mut(&mut self.ids), rows).await?;
        relm.stop().await
    }
}

/// Relm over contacts that it keeps in memory.
pub async fn in_memory(binary: &Path) -> Result<Side, Failure> {
    let mut server = Server::relm(binary, "memory:").await?;
    let key = server.live_key().await?;
    let mut ids = Vec::new();
    seed(&server, &key, &mut ids, MEMORY_ROWS).await?;
    let material = Arc::new(Material::new(&key, ids.into(), Arc::default()));
    Ok(Side { server, material })
}

/// Has a database server do at once what it would do at some moment of the run.
async fn settle(url: &str) -> Result<(), Failure> {
    let statement = if url.starts_with("postgres") {
        "VACUUM ANALYZE"
    } else {
        "ANALYZE TABLE contacts, events, terms"
    };
    let database = Database::connect(url).await?;
    database.execute_unprepared(statement).await?;
    Ok(database.close().await?)
}

/// Copies an SQLite database that nobody has open. A server that stopped may have left a part of it in its log.
fn copy_database(from: &Path, to: &Path) -> std::io::Result<()> {
    let log_of = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
    std::fs::copy(from, to)?;
    if log_of(from).exists() {
        std::fs::copy(log_of(from), log_of(to))?;
    } else if log_of(to).exists() {
        std::fs::remove_file(log_of(to))?;
    }
    Ok(())
}

/// Fills a database through the API until it has so many contacts; `ids` are those that are there.
pub async fn seed(
    relm: &Server,
    key: &str,
    ids: &mut Vec<String>,
    rows: u64,
) -> Result<(), Failure> {
    let next = Arc::new(AtomicU64::new(ids.len() as u64));
    let mut tasks = Vec::new();
    for _ in 0..SEEDERS {
        let (next, key) = (Arc::clone(&next), key.to_owned());
        let mut connection = Connection::open(relm.address).await?;
        tasks.push(tokio::spawn(async move {
            let mut made = Vec::new();
            loop {
                let first = next.fetch_add(BATCH_ROWS, Ordering::Relaxed);
                if first >= rows {
                    return Ok::<_, Failure>(made);
                }
                let create = request("POST", "/v1/contacts/batch", &key, &batch(first));
                let (status, body) = connection.send(&create).await?;
                let report: Value = serde_json::from_slice(body)?;
                let rows = report["data"].as_array().ok_or("a report without rows")?;
                let before = made.len();
                made.extend(
                    rows.iter()
                        .filter_map(|row| row["id"].as_str().map(str::to_owned)),
                );
                if status != 200 || made.len() - before != rows.len() {
                    return Err(format!("seeding: {status} {report}").into());
                }
            }
        }));
    }
    for task in tasks {
        ids.extend(task.await??);
    }
    Ok(())
}
