//! What is measured, and the table.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::Failure;
use crate::children::Server;
use crate::http::{Connection, request};

const BATCH_ROWS: usize = 500;
/// Ids that single-record requests pick from.
const IDS_MAX: usize = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Create,
    Get,
    Update,
    List,
    Search,
    Batch,
}

const OPERATIONS: [Operation; 6] = [
    Operation::Get,
    Operation::List,
    Operation::Search,
    Operation::Create,
    Operation::Update,
    Operation::Batch,
];

/// What every request is made from.
struct Material {
    key: String,
    ids: Vec<String>,
    /// Makes addresses that nobody has.
    number: AtomicU64,
}

fn contact(number: u64) -> Value {
    let plan = ["free", "pro", "enterprise"][(number % 3) as usize];
    json!({
        "email": format!("user{number}@example.com"),
        "first_name": format!("Given{}", number % 1000),
        "last_name": format!("Family{}", number % 200),
        "phone": format!("+1555{number:07}"),
        "metadata": { "plan": plan },
    })
}

impl Material {
    fn request(&self, operation: Operation) -> Vec<u8> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        // Spread over the ids without a pattern that a cache would like.
        let spread = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let id = &self.ids[usize::try_from(spread).unwrap_or(0) % self.ids.len()];
        let send = |method: &str, path: &str, body: &str| request(method, path, &self.key, body);
        match operation {
            Operation::Get => send("GET", &format!("/v1/contacts/{id}"), ""),
            Operation::List => {
                let path = format!(
                    "/v1/contacts?limit=50&filter%5Blast_name%5D=Family{}",
                    spread % 200
                );
                send("GET", &path, "")
            }
            Operation::Search => send(
                "GET",
                &format!("/v1/search?q=given{}", 100 + spread % 900),
                "",
            ),
            Operation::Create => send("POST", "/v1/contacts", &contact(number).to_string()),
            Operation::Update => {
                let body = json!({ "phone": format!("+1777{number:07}") });
                send("PATCH", &format!("/v1/contacts/{id}"), &body.to_string())
            }
            Operation::Batch => {
                let first = self.number.fetch_add(BATCH_ROWS as u64, Ordering::Relaxed);
                send("POST", "/v1/contacts/batch", &batch(first))
            }
        }
    }
}

/// The body of a batch of contacts that nobody has.
pub fn batch(first: u64) -> String {
    let rows: Vec<Value> = (first..first + BATCH_ROWS as u64).map(contact).collect();
    json!({ "contacts": rows }).to_string()
}

/// One measurement.
#[derive(Clone, Copy)]
struct Measured {
    per_second: f64,
    /// The mean length of an answer's body.
    body_bytes: f64,
    p50: Duration,
    p99: Duration,
}

/// Drives one operation over so many connections.
async fn drive(
    address: SocketAddr,
    material: &Arc<Material>,
    operation: Operation,
    connections: usize,
    time: Duration,
) -> Result<Measured, Failure> {
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let material = Arc::clone(material);
        let mut connection = Connection::open(address).await?;
        tasks.push(tokio::spawn(async move {
            let mut taken = Vec::new();
            let mut bytes = 0;
            while begun.elapsed() < time {
                let request = material.request(operation);
                let sent = Instant::now();
                let (status, body) = connection.send(&request).await?;
                taken.push(sent.elapsed());
                bytes += body.len();
                if !(200..300).contains(&status) {
                    let body = String::from_utf8_lossy(body).into_owned();
                    return Err(format!("{operation:?}: {status} {body}").into());
                }
            }
            Ok::<_, Failure>((taken, bytes))
        }));
    }
    let mut taken = Vec::new();
    let mut bytes = 0;
    for task in tasks {
        let (of_one, bytes_of_one) = task.await??;
        taken.extend(of_one);
        bytes += bytes_of_one;
    }
    let elapsed = begun.elapsed();
    taken.sort_unstable();
    let rank = |share: f64| taken[((taken.len() - 1) as f64 * share) as usize];
    Ok(Measured {
        per_second: taken.len() as f64 / elapsed.as_secs_f64(),
        body_bytes: bytes as f64 / taken.len() as f64,
        p50: rank(0.5),
        p99: rank(0.99),
    })
}

/// Fills the database through the API.
async fn seed(address: SocketAddr, key: &str, rows: usize) -> Result<f64, Failure> {
    let begun = Instant::now();
    let mut connection = Connection::open(address).await?;
    for first in (0..rows).step_by(BATCH_ROWS) {
        let body = batch(first as u64);
        let request = request("POST", "/v1/contacts/batch", key, &body);
        let (status, body) = connection.send(&request).await?;
        if status != 200 {
            return Err(format!("seeding: {status} {}", String::from_utf8_lossy(body)).into());
        }
    }
    Ok(rows as f64 / begun.elapsed().as_secs_f64())
}

/// Ids from all over the list, page by page.
async fn ids(address: SocketAddr, key: &str) -> Result<Vec<String>, Failure> {
    let mut connection = Connection::open(address).await?;
    let mut ids = Vec::new();
    let mut path = "/v1/contacts?limit=200".to_owned();
    while ids.len() < IDS_MAX {
        let (_, body) = connection.send(&request("GET", &path, key, "")).await?;
        let page: Value = serde_json::from_slice(body)?;
        let data = page["data"].as_array().ok_or("a list without data")?;
        ids.extend(
            data.iter()
                .filter_map(|contact| contact["id"].as_str().map(str::to_owned)),
        );
        match page["next_cursor"].as_str() {
            Some(next) => path = format!("/v1/contacts?limit=200&cursor={next}"),
            None => break,
        }
    }
    Ok(ids)
}

/// The time of a page of 50: the first one, and one as deep as the list is.
async fn depth(
    address: SocketAddr,
    key: &str,
    rows: usize,
) -> Result<(Duration, Duration), Failure> {
    let mut connection = Connection::open(address).await?;
    let mut path = "/v1/contacts?limit=200".to_owned();
    for _ in 0..rows / 200 - 1 {
        let (_, body) = connection.send(&request("GET", &path, key, "")).await?;
        let page: Value = serde_json::from_slice(body)?;
        let next = page["next_cursor"].as_str().ok_or("the list ended early")?;
        path = format!("/v1/contacts?limit=200&cursor={next}");
    }
    let mut median = async |path: &str| {
        let request = request("GET", path, key, "");
        let mut taken = Vec::new();
        for _ in 0..200 {
            let sent = Instant::now();
            connection.send(&request).await?;
            taken.push(sent.elapsed());
        }
        taken.sort_unstable();
        Ok::<_, Failure>(taken[100])
    };
    Ok((
        median("/v1/contacts?limit=200").await?,
        median(&path).await?,
    ))
}

async fn measure(
    address: SocketAddr,
    material: &Arc<Material>,
    seconds: u64,
) -> Result<Vec<Measured>, Failure> {
    let time = Duration::from_secs(seconds);
    let mut all = Vec::new();
    for connections in [1, 32] {
        for operation in OPERATIONS {
            // Batches on 32 connections only queue at the one writer.
            let connections = if operation == Operation::Batch {
                1
            } else {
                connections
            };
            drive(
                address,
                material,
                operation,
                connections,
                Duration::from_millis(300),
            )
            .await?;
            all.push(drive(address, material, operation, connections, time).await?);
        }
    }
    Ok(all)
}

/// Creates per second over so many connections.
pub async fn create_rate(
    address: SocketAddr,
    key: &str,
    connections: usize,
    time: Duration,
) -> Result<f64, Failure> {
    let material = Arc::new(Material {
        key: key.to_owned(),
        ids: vec![String::new()],
        number: AtomicU64::new(1_000_000),
    });
    let warmed = Duration::from_millis(300);
    drive(address, &material, Operation::Create, connections, warmed).await?;
    let measured = drive(address, &material, Operation::Create, connections, time).await?;
    Ok(measured.per_second)
}

fn floor(args: &[&str], database: Option<&Path>) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(args).args(database);
    Ok(command)
}

pub async fn run(rows: usize, seconds: u64, binary: PathBuf) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("relm.db");
    let mut relm = Server::relm(&binary, &database).await?;
    let key = relm.live_key().await?;
    let seeded = seed(relm.address, &key, rows).await?;
    println!("seeded {rows} contacts, {seeded:.0} rows/s");
    let (first, deep) = depth(relm.address, &key, rows).await?;
    println!("a page of 200: the first {first:.0?}, the last {deep:.0?}");
    let ids = ids(relm.address, &key).await?;
    let peak = relm.peak_mib();
    relm.stop().await?;
    let copy = folder.path().join("floor.db");
    std::fs::copy(&database, &copy)?;
    let material = |key: &str| {
        Arc::new(Material {
            key: key.to_owned(),
            ids: ids.clone(),
            number: AtomicU64::new(10 * rows as u64 + 1_000_000),
        })
    };

    let begun = Instant::now();
    let relm = Server::relm(&binary, &database).await?;
    let started = begun.elapsed();
    let ours = measure(relm.address, &material(&key), seconds).await?;
    println!(
        "Relm: listening after {started:.0?}; peak memory {:.0} MiB seeding, {:.0} MiB under load",
        peak.unwrap_or(f64::NAN),
        relm.peak_mib().unwrap_or(f64::NAN)
    );
    relm.stop().await?;
    let sql = Server::start(floor(&["floor-sql", "127.0.0.1:0"], Some(&copy))?).await?;
    let hand = measure(sql.address, &material(&key), seconds).await?;
    drop(sql);
    check_floor(&ours, &hand)?;
    let constant = Server::start(floor(&["floor-constant", "127.0.0.1:0"], None)?).await?;
    let wire = measure(constant.address, &material(&key), seconds).await?;
    print(&ours, &hand, &wire);
    Ok(())
}

/// What is compared over a database server: its own round trips dominate what else there is.
const POOLED: [(Operation, usize); 3] = [
    (Operation::Get, 32),
    (Operation::Create, 32),
    (Operation::Batch, 1),
];

/// Relm and hand-written SQL, each over a database of its own with as many rows, in turn.
pub async fn run_pooled(
    urls: &[String],
    rows: usize,
    seconds: u64,
    binary: &Path,
) -> Result<(), Failure> {
    let mut seeded = Vec::new();
    for url in urls {
        let mut relm = Server::relm_over(binary, url).await?;
        let key = relm.live_key().await?;
        seed(relm.address, &key, rows).await?;
        let ids = ids(relm.address, &key).await?;
        relm.stop().await?;
        seeded.push((url, key, ids));
    }
    let mut measured = Vec::new();
    for (place, (url, key, ids)) in seeded.into_iter().enumerate() {
        let server = match place {
            0 => Server::relm_over(binary, url).await?,
            _ => Server::start(floor(&["floor-pooled", "127.0.0.1:0", url], None)?).await?,
        };
        let material = Arc::new(Material {
            key,
            ids,
            number: AtomicU64::new(10 * rows as u64 + 1_000_000),
        });
        for (operation, connections) in POOLED {
            let warm = Duration::from_millis(500);
            let time = Duration::from_secs(seconds);
            drive(server.address, &material, operation, connections, warm).await?;
            let cell = drive(server.address, &material, operation, connections, time).await?;
            measured.push(cell);
        }
        server.stop().await?;
    }
    println!(
        "| conns | operation | req/s | p50 µs | p99 µs | SQL req/s | SQL p99 | of SQL |\n|---|---|---|---|---|---|---|---|"
    );
    let (ours, hand) = measured.split_at(POOLED.len());
    for ((operation, connections), (ours, hand)) in POOLED.iter().zip(ours.iter().zip(hand)) {
        println!(
            "| {connections} | {operation:?} | {:.0} | {} | {} | {:.0} | {} | {:.2} |",
            ours.per_second,
            ours.p50.as_micros(),
            ours.p99.as_micros(),
            hand.per_second,
            hand.p99.as_micros(),
            ours.per_second / hand.per_second,
        );
    }
    Ok(())
}

/// A floor that answers with less than was asked for is no floor.
fn check_floor(ours: &[Measured], hand: &[Measured]) -> Result<(), Failure> {
    for (operation, (ours, hand)) in OPERATIONS.iter().cycle().zip(ours.iter().zip(hand)) {
        if hand.body_bytes < ours.body_bytes / 2.0 {
            let (ours, hand) = (ours.body_bytes, hand.body_bytes);
            return Err(format!(
                "{operation:?}: {hand:.0} bytes from the floor, {ours:.0} from us"
            )
            .into());
        }
    }
    Ok(())
}

fn print(ours: &[Measured], hand: &[Measured], wire: &[Measured]) {
    println!(
        "\nRatios are to hand-written SQL and to a constant, in this run. A batch is 500 rows: ×500 for rows/s.\n"
    );
    println!(
        "| conns | operation | req/s | p50 µs | p99 µs | SQL req/s | SQL p99 | of SQL | constant | of constant |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let conns = [1, 32]
        .into_iter()
        .flat_map(|conns| OPERATIONS.map(|operation| (conns, operation)));
    for (((conns, operation), ours), (hand, wire)) in conns.zip(ours).zip(hand.iter().zip(wire)) {
        println!(
            "| {conns} | {operation:?} | {:.0} | {} | {} | {:.0} | {} | {:.2} | {:.0} | {:.2} |",
            ours.per_second,
            ours.p50.as_micros(),
            ours.p99.as_micros(),
            hand.per_second,
            hand.p99.as_micros(),
            ours.per_second / hand.per_second,
            wire.per_second,
            ours.per_second / wire.per_second,
        );
    }
}
