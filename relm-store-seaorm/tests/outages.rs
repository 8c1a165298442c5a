//! What the pooled store says, and how soon, of a database that is not there or that hangs: on
//! PostgreSQL and on MariaDB.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics on what it does not expect"
)]

mod throwaway;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use relm_core::store::{Batch, CommitError, Store, StoreError, StoredResponse, Write};
use relm_core::{Id, Kind, Mode, Scope, Timestamp};
use relm_store_seaorm::{OpenError, PoolOptions, SeaOrmStore};
use sea_orm::ConnectionTrait;
use throwaway::{RUNTIME, Server, connect};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

static POSTGRES: Server = Server::named("RELM_TEST_POSTGRES_URL");
static MARIADB: Server = Server::named("RELM_TEST_MARIADB_URL");

const NOW: Timestamp = Timestamp::from_millis(1_782_986_400_000);
const SCOPE: Scope = Scope::new(Id::new(Kind::Workspace, 7), Mode::Live);
/// How long an answer may take while the database is away.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// The same, once it is known to be.
const REFUSAL_MAX: Duration = Duration::from_millis(200);

/// Makes a test for each server of a function of one.
macro_rules! on_each_server {
    ($($name:ident)*) => {
        mod postgres {
            $(
                #[test_requirements::requires(postgres)]
                #[test]
                fn $name() {
                    super::$name(&super::POSTGRES);
                }
            )*
        }
        mod mariadb {
            $(
                #[test_requirements::requires(mariadb)]
                #[test]
                fn $name() {
                    super::$name(&super::MARIADB);
                }
            )*
        }
    };
}

on_each_server! {
    a_database_that_hangs_is_given_up_soon_and_come_back_to
    a_port_that_closes_is_given_up_soon_and_come_back_to
    nobody_waits_for_what_was_given_up
}

/// What a relay does with what it is given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Open,
    /// Takes connections and bytes, and passes nothing on.
    Hangs,
    /// Takes no connection, and has broken those that there were.
    Closed,
}

/// A port that leads to a server, as long as it is told to.
struct Relay {
    address: SocketAddr,
    line: watch::Sender<Line>,
}

impl Relay {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (line, told) = watch::channel(Line::Open);
        tokio::spawn(async move {
            let mut listener = Some(listener);
            let mut state = told.clone();
            loop {
                if *state.borrow() == Line::Closed {
                    listener = None;
                } else if listener.is_none() {
                    listener = Some(TcpListener::bind(address).await.unwrap());
                }
                let accepted = async {
                    match &listener {
                        Some(listener) => listener.accept().await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    accepted = accepted => {
                        let (from, _) = accepted.unwrap();
                        tokio::spawn(pass(from, server.clone(), told.clone()));
                    }
                    changed = state.changed() => if changed.is_err() {
                        return;
                    },
                }
            }
        });
        Self { address, line }
    }

    fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

/// Passes on what two ends say while the line is open.
async fn pass(from: TcpStream, server: String, mut line: watch::Receiver<Line>) {
    if line.wait_for(|line| *line != Line::Hangs).await.is_err() {
        return;
    }
    let to = TcpStream::connect(server).await.unwrap();
    let (mut from_read, mut from_write) = from.into_split();
    let (mut to_read, mut to_write) = to.into_split();
    loop {
        let state = *line.borrow_and_update();
        let passing = async {
            if state == Line::Open {
                tokio::select! {
                    _ = tokio::io::copy(&mut from_read, &mut to_write) => {}
                    _ = tokio::io::copy(&mut to_read, &mut from_write) => {}
                }
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = passing => return,
            changed = line.changed() => if changed.is_err() || *line.borrow() == Line::Closed {
                return;
            },
        }
    }
}

fn response(n: u64) -> Batch {
    Batch {
        scope: SCOPE,
        now: NOW,
        requires: Vec::new(),
        writes: vec![Write::Remember(StoredResponse {
            key: format!("key {n}"),
            fingerprint: [1; 32],
            outcome: 0,
            body: "{}".into(),
            expires_at: NOW.saturating_add_millis(1),
            about: Vec::new(),
        })],
    }
}

/// What came of a call, which took no longer than it may.
async fn within<T, E>(limit: Duration, call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let begun = Instant::now();
    let done = call.await;
    let took = begun.elapsed();
    assert!(took < limit, "it took {took:?}");
    done
}

fn failure<T>(done: Result<T, StoreError>) -> StoreError {
    match done {
        Ok(_) => panic!("the database is away"),
        Err(error) => error,
    }
}

fn given_up_and_come_back_to(server: &'static Server, away: Line) {
    let database = server.database();
    let url = database.url();
    let (before, rest) = url.split_once('@').unwrap();
    let (host, name) = rest.split_once('/').unwrap();
    RUNTIME.block_on(async {
        let relay = Relay::to(host.to_owned()).await;
        let url = format!("{before}@{}/{name}", relay.address);
        let options = PoolOptions::new().connections_max(4);
        let store = SeaOrmStore::connect(url, options).await;
        let store = Arc::new(store.expect("the line is open"));
        store.commit(response(0)).await.expect("the line is open");

        relay.set(away);
        let calls = (1..=20).map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let read = within(ANSWER_MAX, store.configuration(SCOPE, None)).await;
                assert!(failure(read).is_retryable());
                let commit = within(ANSWER_MAX, store.commit(response(n))).await;
                match commit {
                    Err(CommitError::Store(error)) => assert!(error.is_retryable(), "{error:?}"),
                    other => panic!("{other:?}"),
                }
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        let read = within(REFUSAL_MAX, store.configuration(SCOPE, None)).await;
        assert!(failure(read).is_retryable());
        match within(REFUSAL_MAX, store.commit(response(99))).await {
            Err(CommitError::Store(error)) => {
                assert!(!error.is_ambiguous(), "nothing was begun: {error:?}");
            }
            other => panic!("{other:?}"),
        }

        relay.set(Line::Open);
        let back = Instant::now();
        while store.commit(response(100)).await.is_err() {
            assert!(back.elapsed() < ANSWER_MAX, "it does not come back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let refused = store.response(SCOPE, "key 99", NOW).await;
        assert!(refused.unwrap().is_none(), "what was refused was not done");
        store.close().await;
    });
}

fn a_database_that_hangs_is_given_up_soon_and_come_back_to(server: &'static Server) {
    given_up_and_come_back_to(server, Line::Hangs);
}

fn a_port_that_closes_is_given_up_soon_and_come_back_to(server: &'static Server) {
    given_up_and_come_back_to(server, Line::Closed);
}

/// A call that is dropped while it waits for a connection leaves nothing behind that others would have to wait for.
fn nobody_waits_for_what_was_given_up(server: &'static Server) {
    const GIVEN_UP: u64 = 2_000;
    let database = server.database();
    let store = database.open(|options| options.connections_max(1));
    let beside = connect(&database.url());
    RUNTIME.block_on(async {
        store.commit(response(0)).await.expect("it is free");
        // The one connection waits for a row that somebody else holds.
        let held = sea_orm::TransactionTrait::begin(&beside).await.unwrap();
        let hold = "UPDATE responses SET outcome = outcome";
        held.execute_unprepared(hold).await.unwrap();
        let mut expired = response(0);
        expired.now = NOW.saturating_add_millis(10);
        let waiting = Arc::clone(&store);
        let waiting = tokio::spawn(async move { waiting.commit(expired).await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        let given_up = (1..=GIVEN_UP).map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let (commit, read) = (store.commit(response(n)), store.configuration(SCOPE, None));
                let both = async { tokio::join!(commit, read) };
                let ended = tokio::time::timeout(Duration::from_millis(50), both).await;
                assert!(ended.is_err(), "there was no connection to be had");
            })
        });
        for call in given_up.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        held.rollback().await.unwrap();
        waiting.await.unwrap().expect("it is free again");
        let begun = Instant::now();
        store
            .configuration(SCOPE, None)
            .await
            .expect("it is free again");
        let took = begun.elapsed();
        assert!(took < Duration::from_millis(500), "it took {took:?}");
        for n in [1, GIVEN_UP] {
            let kept = store.response(SCOPE, &format!("key {n}"), NOW).await;
            assert!(kept.unwrap().is_none(), "nothing was begun");
        }
        beside.close().await.unwrap();
    });
}

async fn open_error(url: &str, options: PoolOptions) -> OpenError {
    match SeaOrmStore::connect(url, options).await {
        Err(error) => error,
        Ok(_) => panic!("it must not open"),
    }
}

#[test]
fn a_port_where_nothing_listens_is_named_at_once() {
    for scheme in ["postgres", "mysql"] {
        let begun = Instant::now();
        let url = format!("{scheme}://relm@127.0.0.1:1/relm");
        let error = RUNTIME.block_on(open_error(&url, PoolOptions::new()));
        assert!(begun.elapsed() < Duration::from_secs(1));
        let said = error.to_string();
        assert!(
            said.starts_with("no database answers at 127.0.0.1:1: ")
                && said.contains("Connection refused"),
            "{said}"
        );
    }
}
