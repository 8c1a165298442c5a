//! What endpoints cost: a create with none, one and ten of them, how fast events are sent, and how soon one arrives.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::Failure;
use crate::children::Server;
use crate::drive::{Side, WARM_UP};
use crate::http::{Connection, request};
use crate::workload::{BATCH_ROWS, Material, Operation, batch};

/// Contacts whose events are sent while the sending is timed.
const BACKLOG: u64 = 20_000;
/// Events whose way to an endpoint is timed, one after the other.
const ARRIVALS: u64 = 300;
/// How often each number of endpoints is measured, in turn.
const ROUNDS: usize = 3;

pub async fn run(seconds: u64, binary: PathBuf) -> Result<(), Failure> {
    let time = Duration::from_secs(seconds);
    creates(&binary, time).await?;
    for endpoints in [1, 10] {
        sending(&binary, endpoints).await?;
    }
    println!();
    for bad in [false, true] {
        arrival(&binary, bad).await?;
    }
    Ok(())
}

/// Creates per second, beside endpoints that take nothing: what recording deliveries costs.
async fn creates(binary: &Path, time: Duration) -> Result<(), Failure> {
    let hanging = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", hanging.local_addr()?);
    let mut sums = [0.0_f64; 3];
    let numbers = [0, 1, 10];
    for _ in 0..ROUNDS {
        for (sum, endpoints) in sums.iter_mut().zip(numbers) {
            let folder = tempfile::tempdir()?;
            let mut server = Server::relm(binary, &database_in(&folder)).await?;
            let key = server.live_key().await?;
            subscribe(server.address, &key, &url, endpoints).await?;
            let side = Side {
                server,
                material: Material::new(&key, Arc::default(), Arc::default()).into(),
            };
            side.drive(Operation::Create, WARM_UP).await?;
            *sum += side.drive(Operation::Create, time).await?.per_second;
            side.server.stop().await?;
        }
    }
    println!("| endpoints | creates/s | of none |\n|---|---|---|");
    for (sum, endpoints) in sums.iter().zip(numbers) {
        let rate = sum / ROUNDS as f64;
        println!("| {endpoints} | {rate:.0} | {:.2} |", sum / sums[0]);
    }
    println!();
    Ok(())
}

fn database_in(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("relm.db").display())
}

/// Deliveries per second to a local receiver, once a backlog was written.
async fn sending(binary: &Path, endpoints: usize) -> Result<(), Failure> {
    let taken = Arc::new(AtomicU64::new(0));
    let receiver = receive(Arc::clone(&taken)).await?;
    let folder = tempfile::tempdir()?;
    let mut server = Server::relm(binary, &database_in(&folder)).await?;
    let key = server.live_key().await?;
    subscribe(
        server.address,
        &key,
        &format!("http://{receiver}/"),
        endpoints,
    )
    .await?;
    let contacts = BACKLOG / endpoints as u64;
    let expected = contacts / BATCH_ROWS * BATCH_ROWS * endpoints as u64;
    let mut connection = Connection::open(server.address).await?;
    for first in (0..contacts).step_by(BATCH_ROWS as usize) {
        let body = batch(first);
        let (status, answer) = connection
            .send(&request("POST", "/v1/contacts/batch", &key, &body))
            .await?;
        if status != 200 {
            return Err(String::from_utf8_lossy(answer).into_owned().into());
        }
    }
    let before = taken.load(Ordering::SeqCst);
    let begun = Instant::now();
    while taken.load(Ordering::SeqCst) < expected {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if begun.elapsed() > Duration::from_secs(120) {
            return Err("the deliveries do not arrive".into());
        }
    }
    let sent = expected - before;
    let rate = sent as f64 / begun.elapsed().as_secs_f64();
    println!("{endpoints} endpoint(s): {sent} deliveries sent at {rate:.0}/s");
    server.stop().await?;
    Ok(())
}

/// How long an event takes from the answer to its change to a good endpoint, alone and beside bad ones: one that hangs, one
/// that drips a byte a second, one that answers without end.
async fn arrival(binary: &Path, beside_bad: bool) -> Result<(), Failure> {
    let taken = Arc::new(AtomicU64::new(0));
    let receiver = receive(Arc::clone(&taken)).await?;
    let folder = tempfile::tempdir()?;
    let mut server = Server::relm(binary, &database_in(&folder)).await?;
    let key = server.live_key().await?;
    subscribe(server.address, &key, &format!("http://{receiver}/"), 1).await?;
    if beside_bad {
        for manner in [Manner::Hangs, Manner::Drips, Manner::Floods] {
            let address = misbehave(manner).await?;
            subscribe(server.address, &key, &format!("http://{address}/"), 1).await?;
        }
    }
    let mut connection = Connection::open(server.address).await?;
    let mut waits = Vec::new();
    for number in 0..ARRIVALS {
        let body = json!({ "email": format!("user{number}@example.com") }).to_string();
        let create = request("POST", "/v1/contacts", &key, &body);
        connection.send(&create).await?;
        let answered = Instant::now();
        while taken.load(Ordering::SeqCst) <= number {
            tokio::time::sleep(Duration::from_micros(100)).await;
            if answered.elapsed() > Duration::from_secs(30) {
                return Err("an event does not arrive".into());
            }
        }
        waits.push(answered.elapsed());
    }
    waits.sort_unstable();
    let rank = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    let beside = if beside_bad {
        "beside three bad ones"
    } else {
        "alone"
    };
    println!(
        "an event reaches a good endpoint {beside} after {:.1?} (p50), {:.1?} (p99)",
        rank(0.5),
        rank(0.99)
    );
    server.stop().await
}

/// How an endpoint misbehaves.
#[derive(Clone, Copy)]
enum Manner {
    Hangs,
    Drips,
    Floods,
}

async fn misbehave(manner: Manner) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n";
                match manner {
                    Manner::Hangs => std::future::pending().await,
                    Manner::Drips => {
                        for byte in head {
                            if stream.write_all(&[*byte]).await.is_err() {
                                return;
                            }
                            tokio::time::sleep(Duration::from_secs(1)).await;
                        }
                    }
                    Manner::Floods => {
                        let mut sent = stream.write_all(head).await;
                        while sent.is_ok() {
                            sent = stream.write_all(&[b'x'; 16 * 1024]).await;
                        }
                    }
                }
            });
        }
    });
    Ok(address)
}

async fn subscribe(
    address: SocketAddr,
    key: &str,
    url: &str,
    endpoints: usize,
) -> Result<(), Failure> {
    let mut connection = Connection::open(address).await?;
    for number in 0..endpoints {
        let body = json!({ "url": format!("{url}{number}"), "event_types": ["*"] });
        let made = request("POST", "/v1/webhooks", key, &body.to_string());
        let (status, answer) = connection.send(&made).await?;
        if status != 201 {
            let answer: Value = serde_json::from_slice(answer)?;
            return Err(answer.to_string().into());
        }
    }
    Ok(())
}

/// A receiver that takes everything, and counts.
async fn receive(taken: Arc<AtomicU64>) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let taken = Arc::clone(&taken);
            tokio::spawn(async move {
                let take = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let taken = Arc::clone(&taken);
                    async move {
                        let _ = request.into_body().collect().await;
                        taken.fetch_add(1, Ordering::SeqCst);
                        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
                    }
                });
                // The sender hangs up when it is done.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), take)
                    .await;
            });
        }
    });
    Ok(address)
}
