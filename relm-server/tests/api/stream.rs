//! `/v1/events/stream`: when a stream ends, and what it costs others. No socket, and a clock that waits for nobody.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use hyper::Request;
use relm_core::engine::KEY_CACHE_MS;
use relm_core::limits::{BODY_CHARS_MAX, PAGE_BYTES_MAX, PAGE_LIMIT_DEFAULT};
use relm_core::{Crm, KeyAccess, Mode, Store};
use relm_server::serve::{Handler, LiveBody, Peer};
use serde_json::json;

use super::session::{User, World};

/// What a follower is told, piece by piece.
struct Told(LiveBody);

impl Told {
    /// Follows, and takes what a stream begins with.
    async fn of(user: &User<'_>, query: &str) -> Self {
        let key = user.key.as_deref().unwrap();
        let request = Request::builder().uri(format!("/v1/events/stream{query}"));
        let request = request.header("authorization", format!("Bearer {key}"));
        let (head, ()) = request.body(()).unwrap().into_parts();
        let peer = Peer::from(IpAddr::from([192, 0, 2, 1]));
        let api = &user.world.api;
        let admission = api.admit(&head, peer).await.ok().unwrap();
        let response = Handler::follow(api, admission.call, head).await;
        let mut told = Self(response.ok().unwrap().into_body());
        assert_eq!(told.next().await.unwrap(), "retry: 1000\n\n");
        told
    }

    async fn next(&mut self) -> Option<String> {
        self.0.next().await.map(text)
    }

    /// The number of the next event.
    async fn seq(&mut self) -> Option<i64> {
        self.next().await.map(|told| seq(&told))
    }
}

fn text(bytes: Bytes) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn seq(told: &str) -> i64 {
    let line = told.lines().next().unwrap();
    line.strip_prefix("id: ").unwrap().parse().unwrap()
}

fn contacts(user: &User<'_>, count: usize) {
    let rows: Vec<_> = (0..count).map(|_| json!({ "first_name": "Ada" })).collect();
    user.post("/v1/contacts/batch", json!({ "contacts": rows }))
        .is(200);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_follows_no_more() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let writer = world.another_key(user.workspace, Mode::Live, KeyAccess::Full);
    let mut busy = Told::of(&user, "").await;
    let mut quiet = Told::of(&user, "").await;
    writer.contact("ada@example.com");
    assert_eq!(busy.seq().await, Some(1));
    world.crm.revoke_key(user.key_id).await.unwrap();
    assert_eq!(quiet.seq().await, None, "it was told after that");
    writer.contact("bob@example.com");
    assert_eq!(busy.seq().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_ends_with_its_key() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let mut quiet = Told::of(&user, "").await;
    world.crm.revoke_key(user.key_id).await.unwrap();
    assert_eq!(quiet.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_another_replica_revoked_follows_no_longer_than_it_asks() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let writer = world.another_key(user.workspace, Mode::Live, KeyAccess::Full);
    let builder = Crm::builder(world.store.clone() as Arc<dyn Store>);
    let replica = builder.clock(world.clock.clone()).build();
    let mut wanting = Told::of(&user, "").await;
    let mut unwanting = Told::of(&user, "?types=deal.created").await;
    replica.revoke_key(user.key_id).await.unwrap();
    writer.contact("ada@example.com");
    assert_eq!(wanting.seq().await, Some(1), "as a request is answered");
    world.clock.advance_millis(KEY_CACHE_MS);
    writer.contact("bob@example.com");
    assert_eq!(wanting.next().await, None);
    assert_eq!(unwanting.next().await, None);
    user.get("/v1/contacts").fails(401, "unauthorized", None);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_where_the_store_does_not_say_whose_its_key_is() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let mut told = Told::of(&user, "").await;
    user.contact("ada@example.com");
    assert_eq!(told.seq().await, Some(1));
    user.contact("bob@example.com");
    // What the reading shares is there before the store is away.
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.clock.advance_millis(KEY_CACHE_MS);
    world.store.unplug();
    assert_eq!(told.seq().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_wants_nothing_of_a_long_log_lets_others_go_on() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for _ in 0..4 {
        contacts(&user, 500);
    }
    let mut told = Told::of(&user, "?after=0&types=deal.deleted").await;
    let readings = || world.store.log_limits.lock().unwrap().len();
    for _ in 0..5 {
        let before = readings();
        assert!(told.next().now_or_never().is_none());
        assert!(readings() - before <= 1, "it reads on without a pause");
    }
    tokio::time::advance(Duration::from_secs(15)).await;
    let comment = told.next().await.unwrap();
    let reached = seq(comment.strip_prefix(":\n").unwrap());
    assert!((1..2_000).contains(&reached), "{reached}");
}

#[tokio::test(start_paused = true)]
async fn a_large_batch_leaves_no_follower_behind() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let mut told = Told::of(&user, "").await;
    contacts(&user, 1);
    assert_eq!(told.seq().await, Some(1));
    world.store.log_limits.lock().unwrap().clear();
    contacts(&user, 500);
    for seq in 2..=501 {
        assert_eq!(told.seq().await, Some(seq));
    }
    let limits = world.store.log_limits.lock().unwrap();
    let by_itself = limits.iter().filter(|limit| **limit != PAGE_LIMIT_DEFAULT);
    assert_eq!(
        by_itself.count(),
        0,
        "it read the log by itself: {limits:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_does_not_read_holds_up_nobody_for_long() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let _deaf = Told::of(&user, "").await;
    let mut told = Told::of(&user, "").await;
    let begun = tokio::time::Instant::now();
    contacts(&user, 500);
    for seq in 1..=500 {
        assert_eq!(told.seq().await, Some(seq));
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_millis(500), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_panics_makes_room_for_another() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let mut told = Told::of(&user, "").await;
    contacts(&user, 1);
    assert_eq!(told.seq().await, Some(1));
    world.store.break_log();
    contacts(&user, 1);
    assert_eq!(told.next().await, None, "its client is to come back");
    world.store.mend();
    let mut told = Told::of(&user, "?after=1").await;
    assert_eq!(told.seq().await, Some(2));
    contacts(&user, 1);
    assert_eq!(told.seq().await, Some(3));
}

#[test]
fn what_there_is_so_far_is_bounded() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = "ä".repeat(BODY_CHARS_MAX);
    let size = body.len();
    let count = PAGE_BYTES_MAX / size + 10;
    for _ in 0..count {
        user.create("/v1/activities", json!({ "type": "note", "body": body }));
    }
    let mut seqs = Vec::new();
    let mut answers = 0;
    while seqs.len() < count {
        let after = seqs.last().copied().unwrap_or(0);
        let told = user.get(&format!("/v1/events/stream?after={after}"));
        assert!(told.text.len() <= PAGE_BYTES_MAX + 2 * size);
        let blocks = told.text.split("\n\n").skip(1);
        seqs.extend(blocks.filter(|block| !block.is_empty()).map(seq));
        answers += 1;
    }
    let expected = 1..=i64::try_from(count).unwrap();
    assert_eq!(seqs, expected.collect::<Vec<_>>());
    assert_eq!(answers, 2);
}
