//! Imports and exports of a whole file, beside a client that sends and reads the same contacts itself.
//!
//! The peer is what one does without imports: batches of 500 that are known by their address, on one connection and on four, and pages of
//! 200 of the list. It has the same binary over a database of its own. Whole means from the first byte of the file to its last row.

mod killed;
mod peer;
mod transfer;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::Value;
use tempfile::TempDir;

use self::peer::Peer;
use self::transfer::{Client, Import, file_of, records};
use crate::Failure;
use crate::children::Server;
use crate::report::{Figure, print_figures};

#[derive(Args)]
pub struct Imports {
    /// Contacts of the file.
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// Kills the server so many times while it works on a file, and compares what is there in the end with the file; measures nothing else.
    #[arg(long, default_value_t = 0)]
    kills: u64,
    /// An empty database of PostgreSQL or MariaDB; default: SQLite in a temporary folder.
    #[arg(long)]
    database: Option<String>,
    /// Another empty one, for the peer. Without it there is no peer.
    #[arg(long, requires = "database")]
    peer_database: Option<String>,
    /// The server's binary.
    #[arg(long, default_value = "target/dist/relm-server")]
    server: PathBuf,
}

/// Some rows, and what they took.
#[derive(Clone, Copy)]
struct Taken {
    rows: u64,
    time: Duration,
    cpu_seconds: f64,
}

impl Taken {
    /// What it takes of a server to do something with so many rows.
    async fn of<T>(
        server: &Server,
        rows: u64,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<(Self, T), Failure> {
        let (cpu, begun) = (server.cpu_seconds(), Instant::now());
        let done = work.await?;
        let taken = Self {
            rows,
            time: begun.elapsed(),
            cpu_seconds: server.cpu_seconds() - cpu,
        };
        Ok((taken, done))
    }

    fn per_second(&self) -> f64 {
        self.rows as f64 / self.time.as_secs_f64()
    }

    fn per_cpu_second(&self) -> f64 {
        self.rows as f64 / self.cpu_seconds
    }
}

/// What is measured of Relm, and what the peer has beside it.
struct Measured {
    what: &'static str,
    ours: Taken,
    peers: Vec<Taken>,
}

fn print_measured(all: &[Measured]) {
    println!(
        "| rows | of them | rows/s | per CPU second | peer, rows/s | peer, per CPU second | ratio | CPU ratio |\n|---|---|---|---|---|---|---|---|"
    );
    for Measured { what, ours, peers } in all {
        let (rate, per_cpu) = (ours.per_second(), ours.per_cpu_second());
        let of_peers = |of: &dyn Fn(&Taken) -> String| {
            let each: Vec<String> = peers.iter().map(of).collect();
            each.join("; ")
        };
        println!(
            "| {what} | {} | {rate:.0} | {per_cpu:.0} | {} | {} | {} | {} |",
            ours.rows,
            of_peers(&|peer| format!("{:.0}", peer.per_second())),
            of_peers(&|peer| format!("{:.0}", peer.per_cpu_second())),
            of_peers(&|peer| format!("{:.2}", rate / peer.per_second())),
            of_peers(&|peer| format!("{:.2}", per_cpu / peer.per_cpu_second())),
        );
    }
}

/// Where the databases are.
struct Places {
    /// Where SQLite's files are, until it is dropped.
    _folder: TempDir,
    ours: String,
    /// For the peer on one connection, and on four.
    peers: Vec<String>,
}

impl Places {
    fn of(imports: &Imports) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let url = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
        let (ours, peers) = match &imports.database {
            Some(ours) => (
                ours.clone(),
                imports.peer_database.clone().into_iter().collect(),
            ),
            None => (url("relm.db"), vec![url("peer.db"), url("peers.db")]),
        };
        Ok(Self {
            _folder: folder,
            ours,
            peers,
        })
    }
}

impl Imports {
    pub async fn run(&self) -> Result<(), Failure> {
        let places = Places::of(self)?;
        if self.kills > 0 {
            return killed::run(&self.server, &places.ours, self.rows, self.kills).await;
        }
        let is_sqlite = self.database.is_none();
        let mut server = Server::relm(&self.server, &places.ours).await?;
        let (live, test) = server.keys().await?;
        let client = Client::new(server.address, &live);
        client.get("/v1/contacts").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let idle_mib = server.resident_mib();

        let file = file_of(self.rows);
        let (ours, peak_mib) = self.ours(&server, &client, &file).await?;
        let out = client.export("contacts").await?;
        self.check_same(&server, &test, out).await?;
        server.stop().await?;
        let peers = self.peers(&places).await?;

        let mut measured = Vec::new();
        let names = [
            ("created", 0),
            ("created, from the moment that the file is there", 0),
            ("unchanged", 1),
            ("unchanged, from the moment that the file is there", 1),
            ("exported", 2),
        ];
        for ((what, of_peer), ours) in names.into_iter().zip(&ours) {
            let peers = peers.iter().map(|peer| peer[of_peer]).collect();
            let ours = *ours;
            measured.push(Measured { what, ours, peers });
        }
        print_measured(&measured);
        let goal = if is_sqlite { 20_000.0 } else { 8_000.0 };
        let rate = |place: usize| ours[place].per_second();
        print_figures(&[
            Figure::at_least("created", rate(0), goal, "rows/s"),
            Figure::at_least("unchanged", rate(2), 40_000.0, "rows/s"),
            Figure::at_least("exported", rate(4), 100_000.0, "rows/s"),
            Figure::at_most("memory, peak above idle", peak_mib - idle_mib, 64.0, "MiB"),
            Figure::without_goal("memory, idle", idle_mib, "MiB"),
        ]);
        Ok(())
    }

    /// Created, unchanged and exported, the first two whole and from the moment that the file is there; and the most memory that the server
    /// held until then, in MiB.
    async fn ours(
        &self,
        server: &Server,
        client: &Client,
        file: &str,
    ) -> Result<([Taken; 5], f64), Failure> {
        let query = "object=contacts&dedup_on=email";
        let (created, created_work) = self.import(server, client, query, file, "created").await?;
        let newest = client.newest_event().await?;
        let (same, same_work) = self
            .import(server, client, query, file, "unchanged")
            .await?;
        if client.newest_event().await? != newest {
            return Err("the same file again has events".into());
        }
        let export = client.export("contacts");
        let (exported, _) = Taken::of(server, self.rows, export).await?;
        let taken = [created, created_work, same, same_work, exported];
        Ok((taken, server.peak_mib()))
    }

    /// Imports a file of which all rows are to come to one thing.
    async fn import(
        &self,
        server: &Server,
        client: &Client,
        query: &str,
        file: &str,
        all: &str,
    ) -> Result<(Taken, Taken), Failure> {
        let arriving = client.begin(query, "text/csv", file.as_bytes());
        let (arrived, path) = Taken::of(server, self.rows, arriving).await?;
        let done = client.wait_until(&path, Import::is_done);
        let (worked, import) = Taken::of(server, self.rows, done).await?;
        if import.count(all) != self.rows {
            return Err(format!("not all are {all}: {}", import.0).into());
        }
        let whole = Taken {
            rows: self.rows,
            time: arrived.time + worked.time,
            cpu_seconds: arrived.cpu_seconds + worked.cpu_seconds,
        };
        Ok((whole, worked))
    }

    /// What is exported and imported elsewhere comes out as it was, but for what the engine gives each record.
    async fn check_same(&self, server: &Server, test: &str, out: Vec<u8>) -> Result<(), Failure> {
        let there = Client::new(server.address, test);
        let path = there.begin("object=contacts", "application/x-ndjson", &out);
        let import = there.wait_until(&path.await?, Import::is_done).await?;
        if import.count("created") != self.rows {
            return Err(format!("not all are created: {}", import.0).into());
        }
        let again = there.export("contacts").await?;
        let [before, after] = [out, again].map(|file| {
            let records = records(&file).map(|record| record.map(own_members));
            records.collect::<Result<BTreeSet<String>, Failure>>()
        });
        match before? == after? {
            true => Ok(()),
            false => Err("what was exported and imported is not what it was".into()),
        }
    }

    /// The same of each peer.
    async fn peers(&self, places: &Places) -> Result<Vec<[Taken; 3]>, Failure> {
        let mut all = Vec::new();
        for (url, connections) in places.peers.iter().zip([1, 4]) {
            let mut server = Server::relm(&self.server, url).await?;
            let (key, _) = server.keys().await?;
            let peer = Peer::new(server.address, &key, self.rows, connections);
            let (created, ()) = Taken::of(&server, self.rows, peer.send("created")).await?;
            let (same, ()) = Taken::of(&server, self.rows, peer.send("unchanged")).await?;
            let (listed, ()) = Taken::of(&server, self.rows, peer.list()).await?;
            all.push([created, same, listed]);
            server.stop().await?;
        }
        Ok(all)
    }
}

/// A record without what the engine gives each.
fn own_members(mut record: Value) -> String {
    if let Some(members) = record.as_object_mut() {
        for name in ["id", "created_at", "updated_at", "version", "mode"] {
            members.remove(name);
        }
    }
    record.to_string()
}
