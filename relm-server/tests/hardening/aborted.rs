//! Clients that ask and leave: what they asked for is in nobody's way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use relm_core::store::Store;
use relm_core::{Crm, KeyAccess, Mode};
use relm_server::api::Api;
use relm_server::serve::{Limits, serve};
use relm_store_memory::MemoryStore;
use relm_store_seaorm::{PoolOptions, SeaOrmStore, SqliteStore};
use sea_orm::{ConnectionTrait, Database, TransactionTrait};
use test_requirements::requires;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::counting::Counting;
use super::databases::POSTGRES;
use super::server::{MOMENT, PATIENCE, Server, assert_answer, hear, take, within};
use super::{GET_AND_CLOSE, WAIT, WRITE_AND_WAIT, WRITE_THAT_IS_JUDGED};

/// Clients that leave, and how many of them are there at once: each is two open files of the test.
const CLIENTS: usize = 2_000;
const AT_ONCE: usize = 200;
/// Keys that one peer may guess in a minute.
const FAILURES_MAX: usize = 100;

/// Looks for clients soon, so that tests need not wait.
fn attentive() -> Limits {
    Limits {
        presence_interval: MOMENT / 8,
        ..Limits::default()
    }
}

fn leave_rudely(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
    drop(stream);
}

/// A whole server over a store.
struct Whole {
    address: SocketAddr,
    store: Arc<Counting>,
    list: String,
}

impl Whole {
    async fn over(store: Arc<dyn Store>, permits: usize) -> Self {
        let store = Arc::new(Counting::new(store, permits));
        let crm = Crm::builder(Arc::clone(&store) as Arc<dyn Store>).build();
        let workspace = crm.create_workspace("acme").await.unwrap().id;
        let key = crm.create_key(workspace, Mode::Live, KeyAccess::Full, None);
        let key = key.await.unwrap().secret;
        let api = Arc::new(Api::new(crm, 0));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let limits = Limits {
            // So that as many stand at the store at once, and not before it.
            answer_bytes_in_flight_max: u32::MAX as usize,
            ..attentive()
        };
        tokio::spawn(serve(listener, api, limits, std::future::pending()));
        let list = format!(
            "GET /v1/contacts HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
        );
        Self {
            address,
            store,
            list,
        }
    }

    async fn ask(&self) -> TcpStream {
        self.send(&self.list).await
    }

    /// A write under a key.
    async fn write_with(&self, key: &str) -> TcpStream {
        let head = format!(
            "POST /v1/contacts HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        self.send(&head).await
    }

    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = within(TcpStream::connect(self.address)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Clients ask for a list that is not to be had, and leave: half of them as a program does that ends, and half by a
    /// reset. Nothing that they asked for is left.
    async fn clients_leave(&self) {
        for _ in 0..CLIENTS / AT_ONCE {
            let mut clients = Vec::new();
            for _ in 0..AT_ONCE {
                clients.push(self.ask().await);
            }
            self.until_running(|running| running >= AT_ONCE).await;
            for (number, client) in clients.into_iter().enumerate() {
                match number % 2 {
                    0 => drop(client),
                    _ => leave_rudely(client),
                }
            }
            self.until_running(|running| running == 0).await;
        }
    }

    async fn until_running(&self, is_so: impl Fn(usize) -> bool) {
        let so = timeout(PATIENCE, async {
            while !is_so(self.store.running()) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let in_time = so.await.is_ok();
        assert!(in_time, "{} calls are running", self.store.running());
    }
}

#[tokio::test]
async fn the_next_reader_of_sqlite_stands_behind_nobody_who_left() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_file(folder.path().join("relm.db")).unwrap();
    let server = Whole::over(Arc::new(store), 0).await;
    server.clients_leave().await;
    assert_eq!(server.store.lists(), 0);
    let mut reader = server.ask().await;
    server.store.let_pass(1);
    assert_answer(&hear(&mut reader).await, 200, "the reader");
    assert_eq!(server.store.lists(), 1, "its own, and no other");
}

fn the_next_reader_of_a_pool_stands_behind_nobody_who_left(connections: u32) {
    POSTGRES.run(|url| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let options = PoolOptions::new().connections_max(connections);
            let pool = Arc::new(SeaOrmStore::connect(url, options).await.unwrap());
            let server = Whole::over(Arc::clone(&pool) as Arc<dyn Store>, usize::MAX >> 3).await;
            let beside = Database::connect(url).await.unwrap();
            let held = beside.begin().await.unwrap();
            let lock = "LOCK TABLE contacts IN ACCESS EXCLUSIVE MODE";
            held.execute_unprepared(lock).await.unwrap();
            server.clients_leave().await;
            held.rollback().await.unwrap();
            let mut reader = server.ask().await;
            assert_answer(&hear(&mut reader).await, 200, "the reader");
            pool.close().await;
            beside.close().await.unwrap();
        });
    });
}

#[requires(postgres)]
#[test]
fn the_next_reader_of_a_pool_of_one_stands_behind_nobody_who_left() {
    the_next_reader_of_a_pool_stands_behind_nobody_who_left(1);
}

#[requires(postgres)]
#[test]
fn the_next_reader_of_a_pool_of_ten_stands_behind_nobody_who_left() {
    the_next_reader_of_a_pool_stands_behind_nobody_who_left(10);
}

#[tokio::test]
async fn a_read_whose_client_is_gone_is_dropped() {
    for leave in [leave_rudely, drop] {
        let server = Server::start(attentive()).await;
        let stream = server.send(WAIT).await;
        take(&server.probe.entered).await;
        leave(stream);
        take(&server.probe.dropped).await;
        assert_answer(&server.ask(GET_AND_CLOSE).await, 200, GET_AND_CLOSE);
    }
}

#[tokio::test]
async fn a_client_that_closes_its_half_is_asked_whether_it_is_there() {
    let server = Server::start(attentive()).await;
    let mut stream = server.send(WAIT).await;
    stream.shutdown().await.unwrap();
    take(&server.probe.entered).await;
    let mut interim = [0; 25];
    let read = tokio::io::AsyncReadExt::read_exact(&mut stream, &mut interim);
    within(read).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.probe.gate.add_permits(1);
    assert_answer(&hear(&mut stream).await, 200, WAIT);
    assert_eq!(server.probe.dropped.available_permits(), 0);
}

#[tokio::test]
async fn a_client_of_http_1_0_that_closes_its_half_is_told_nothing_but_its_answer() {
    let server = Server::start(attentive()).await;
    let request = "GET /wait HTTP/1.0\r\n\r\n";
    let mut stream = server.send(request).await;
    stream.shutdown().await.unwrap();
    take(&server.probe.entered).await;
    tokio::time::sleep(MOMENT / 2).await;
    server.probe.gate.add_permits(1);
    assert_answer(&hear(&mut stream).await, 200, request);
}

#[tokio::test]
async fn so_many_writes_go_on_unattended_and_no_more() {
    const GO_ON: usize = 2;
    let server = Server::start(Limits {
        unattended_writes_max: GO_ON,
        ..attentive()
    })
    .await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(server.send(WRITE_AND_WAIT).await);
        take(&server.probe.entered).await;
    }
    streams.into_iter().for_each(drop);
    for _ in 0..5 - GO_ON {
        take(&server.probe.dropped).await;
    }
    server.probe.gate.add_permits(GO_ON);
    for _ in 0..GO_ON {
        take(&server.probe.finished).await;
    }
    // There is room for others then.
    let stream = server.send(WRITE_AND_WAIT).await;
    take(&server.probe.entered).await;
    leave_rudely(stream);
    server.probe.gate.add_permits(1);
    take(&server.probe.finished).await;
}

#[tokio::test]
async fn a_write_that_is_not_admitted_yet_goes_with_its_client() {
    let server = Server::start(attentive()).await;
    let stream = server.send(WRITE_THAT_IS_JUDGED).await;
    take(&server.probe.entered).await;
    drop(stream);
    take(&server.probe.dropped).await;
}

#[tokio::test]
async fn keys_that_are_guessed_count_though_nobody_waits_to_hear_that_they_are_wrong() {
    let server = Whole::over(Arc::new(MemoryStore::new()), 0).await;
    server.store.hold_keys();
    for number in 0..=FAILURES_MAX {
        let client = server.write_with(&made_up_key(number)).await;
        server.until_running(|running| running == 1).await;
        leave_rudely(client);
        server.until_running(|running| running == 0).await;
    }
    server.store.let_keys_pass(1);
    let mut guess = server.write_with(&made_up_key(FAILURES_MAX + 1)).await;
    assert_answer(&hear(&mut guess).await, 429, "one guess more");
}

/// A key of the form that keys had before they had a checksum: only the store can tell that it is none.
fn made_up_key(number: usize) -> String {
    format!("sk_live_{number:043}")
}

#[tokio::test]
async fn a_write_goes_on_unattended_for_so_long_and_no_longer() {
    let server = Server::start(Limits {
        unattended_write_time: MOMENT,
        ..attentive()
    })
    .await;
    drop(server.send(WRITE_AND_WAIT).await);
    take(&server.probe.entered).await;
    take(&server.probe.dropped).await;
}
