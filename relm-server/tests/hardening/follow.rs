//! Following events over a socket: what is told, when it ends, and who is let go.

use std::net::SocketAddr;
use std::sync::Arc;

use relm_core::{ActivityInput, ContactInput, Crm, KeyAccess, Mode, Patch, Scoped};
use relm_server::api::Api;
use relm_server::serve::{Limits, Pace, serve};
use relm_store_memory::MemoryStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::server::{MOMENT, within};

/// A server over an empty store, and who writes to it.
struct World {
    address: SocketAddr,
    key: String,
    scoped: Scoped,
    stop: oneshot::Sender<()>,
    drained: JoinHandle<bool>,
}

impl World {
    async fn new(limits: Limits) -> Self {
        let crm = Crm::new(MemoryStore::new());
        let workspace = crm.create_workspace("acme").await.unwrap().id;
        let key = crm.create_key(workspace, Mode::Live, KeyAccess::ReadOnly, None);
        let key = key.await.unwrap().secret;
        let scoped = crm.open(workspace, Mode::Live).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let api = Arc::new(Api::new(crm, 0));
        let drained = tokio::spawn(serve(listener, api, limits, async {
            let _ = stopped.await;
        }));
        Self {
            address,
            key,
            scoped,
            stop,
            drained,
        }
    }

    async fn follow(&self, query: &str, headers: &str) -> Follower {
        let mut stream = within(TcpStream::connect(self.address)).await.unwrap();
        let key = &self.key;
        let request = format!(
            "GET /v1/events/stream{query} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        Follower {
            stream,
            heard: String::new(),
        }
    }

    async fn create(&self, name: impl Into<Patch<String>>) {
        let input = ContactInput {
            first_name: name.into(),
            ..Default::default()
        };
        self.scoped.contacts().create(input).await.unwrap();
    }
}

struct Follower {
    stream: TcpStream,
    heard: String,
}

impl Follower {
    /// Reads on until it was told this.
    async fn hears(&mut self, text: &str) {
        let mut bytes = [0; 8 * 1024];
        while !self.heard.contains(text) {
            let read = within(self.stream.read(&mut bytes)).await.unwrap();
            assert!(read > 0, "{text} did not come: {}", self.heard);
            self.heard += std::str::from_utf8(&bytes[..read]).unwrap();
        }
    }

    /// The ids that it was told.
    fn ids(&self) -> Vec<&str> {
        let lines = self.heard.lines();
        lines.filter_map(|line| line.strip_prefix("id: ")).collect()
    }
}

#[tokio::test]
async fn a_follower_is_told_what_was_and_what_comes() {
    let world = World::new(Limits::default()).await;
    for name in ["Ada", "Bob", "Eve"] {
        world.create(name.to_owned()).await;
    }
    let mut from_two = world.follow("?after=1", "").await;
    from_two.hears("Eve").await;
    let head = from_two.heard.split("\r\n\r\n").next().unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    for line in [
        "content-type: text/event-stream",
        "cache-control: no-store",
        "transfer-encoding: chunked",
    ] {
        assert!(head.lines().any(|it| it == line), "{line}: {head}");
    }
    let mut resumed = world.follow("?after=1", "last-event-id: 2\r\n").await;
    resumed.hears("Eve").await;
    let mut from_now = world.follow("", "").await;
    from_now.hears("retry: ").await;
    let mut deleted = world
        .follow("?types=contact.deleted,deal.created", "")
        .await;
    deleted.hears("retry: ").await;
    for n in 0..100 {
        world.create(format!("Kim {n}.")).await;
    }
    let all = world.scoped.contacts();
    let page = all.list(&Default::default()).await.unwrap();
    all.delete(page.data[0].id, None).await.unwrap();
    for follower in [&mut from_two, &mut resumed, &mut from_now, &mut deleted] {
        follower.hears("event: contact.deleted").await;
    }
    let numbers = |from: u64| (from..=104).map(|n| n.to_string()).collect::<Vec<_>>();
    assert_eq!(from_two.ids(), numbers(2));
    assert_eq!(resumed.ids(), numbers(3));
    assert_eq!(from_now.ids(), numbers(4));
    assert_eq!(deleted.ids(), ["104"]);
    assert_eq!(from_two.heard.matches("data: {\"id\":\"evt_").count(), 103);
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused_at_once() {
    let world = World::new(Limits::default()).await;
    world.create("Ada".to_owned()).await;
    for (query, headers, status, says) in [
        ("?after=x", "", "400", "not `x`"),
        ("?after=0", "last-event-id: y\r\n", "400", "not `y`"),
        ("?after=7", "", "400", "not 7"),
        ("?types=contact.erased", "", "400", "contact.erased"),
        ("?limit=1", "", "400", "limit"),
    ] {
        let mut follower = world.follow(query, headers).await;
        follower.hears(says).await;
        let status = format!("HTTP/1.1 {status}");
        assert!(follower.heard.starts_with(&status), "{}", follower.heard);
    }
}

#[tokio::test]
async fn followers_end_in_order_when_the_server_stops() {
    let world = World::new(Limits::default()).await;
    let mut follower = world.follow("", "").await;
    follower.hears("retry: ").await;
    world.stop.send(()).unwrap();
    // The last chunk of the coding, which says that nothing is missing.
    follower.hears("\r\n0\r\n\r\n").await;
    assert!(within(world.drained).await.unwrap(), "all ended in time");
}

#[tokio::test]
async fn a_follower_that_does_not_read_is_let_go() {
    let world = World::new(Limits {
        answer_pace: Pace {
            window_bytes_min: 1,
            window: MOMENT,
        },
        connections_max: 2,
        ..Limits::default()
    })
    .await;
    let mut deaf = world.follow("", "").await;
    deaf.hears("retry: ").await;
    let mut other = world.follow("", "").await;
    other.hears("retry: ").await;
    let long = "x".repeat(400);
    // More than both kernels keep for it.
    let mut written = 0;
    while written < 60_000 {
        let rows = (0..500).map(|_| ContactInput {
            first_name: long.clone().into(),
            ..Default::default()
        });
        let batch = relm_core::BatchInput {
            rows: rows.collect(),
            ..Default::default()
        };
        world.scoped.contacts().batch(batch).await.unwrap();
        written += 500;
        let last = format!("id: {written}\n");
        other.hears(&last).await;
        other.heard.clear();
        if written > 10_000 && has_ended(&deaf.stream).await {
            return;
        }
    }
    panic!("it is still followed by who does not read");
}

#[tokio::test]
async fn a_follower_that_resets_its_connection_leaves_its_place_at_once() {
    let world = World::new(Limits {
        connections_max: 1,
        ..Limits::default()
    })
    .await;
    let mut first = world.follow("", "").await;
    first.hears("retry: ").await;
    first.stream.set_zero_linger().unwrap();
    drop(first);
    // The next thing that it would be told is 15 seconds away.
    let mut second = world.follow("", "").await;
    second.hears("retry: ").await;
}

#[tokio::test]
async fn streams_that_nobody_reads_share_a_bounded_memory() {
    const EVENTS: usize = 40;
    const DEAF: usize = 60;
    let world = World::new(Limits {
        // Three quarters of it are for large answers, and half of that for one tenant: some twenty of these events.
        answer_bytes_in_flight_max: 8 * 1024 * 1024,
        memory_timeout: MOMENT,
        ..Limits::default()
    })
    .await;
    for _ in 0..EVENTS {
        let input = ActivityInput {
            activity_type: "note".to_owned().into(),
            body: "\u{1}".repeat(20_000).into(),
            ..Default::default()
        };
        world.scoped.activities().create(input).await.unwrap();
    }
    let mut deaf = Vec::new();
    for _ in 0..DEAF {
        deaf.push(world.follow("?after=0", "").await);
    }
    let mut answers = Vec::new();
    for follower in &mut deaf {
        let mut status = [0; 12];
        within(follower.stream.read_exact(&mut status))
            .await
            .unwrap();
        answers.push(String::from_utf8(status[9..].to_vec()).unwrap());
    }
    let refused = answers.iter().filter(|status| *status == "503").count();
    assert!((1..DEAF).contains(&refused), "{answers:?}");
    // What is given up is given back.
    drop(deaf);
    let mut follower = world.follow("?after=0", "").await;
    follower.hears(&format!("id: {EVENTS}\n")).await;
    let expected: Vec<String> = (1..=EVENTS).map(|n| n.to_string()).collect();
    assert_eq!(follower.ids(), expected);
}

/// Whether the server has reset a connection, without reading of it.
async fn has_ended(stream: &TcpStream) -> bool {
    tokio::time::sleep(MOMENT / 4).await;
    matches!(
        tokio::time::timeout(MOMENT / 4, stream.ready(tokio::io::Interest::ERROR)).await,
        Ok(Ok(_))
    )
}
