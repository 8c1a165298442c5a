//! `/v1/events/stream`: when a stream ends, and what it costs others. No socket, and a clock that waits for nobody.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use hyper::Request;
use relm_core::engine::KEY_CACHE_MS;
use relm_core::limits::{BODY_CHARS_MAX, PAGE_BYTES_MAX, PAGE_LIMIT_DEFAULT};
use relm_core::{Crm, KeyAccess, Mode, Store};
use relm_server::serve::{AnswerMemory, Handler, Head, Limits, LiveBody, Peer, Tenant};
use serde_json::json;

use super::session::{User, World};

/// A follower, and what it is sent, event by event: those of a piece that were not taken yet, and the pieces after it.
struct Follower(VecDeque<String>, LiveBody);

impl Follower {
    /// Follows, and takes what a stream begins with.
    async fn of(user: &User<'_>, query: &str) -> Self {
        let key = user.key.as_deref().unwrap();
        let request = Request::builder().uri(format!("/v1/events/stream{query}"));
        let request = request.header("authorization", format!("Bearer {key}"));
        let (head, ()) = request.body(()).unwrap().into_parts();
        let peer = Peer::from(IpAddr::from([192, 0, 2, 1]));
        let api = &user.world.api;
        let admission = api.admit(&head, peer).await.ok().unwrap();
        let memory = AnswerMemory::of(&Limits::default(), Tenant(1));
        let response = Handler::follow(api, admission.call, Head::new(head), memory).await;
        let mut follower = Self(VecDeque::new(), response.ok().unwrap().into_body());
        assert_eq!(follower.next().await.unwrap(), "retry: 1000\n\n");
        follower
    }

    async fn next(&mut self) -> Option<String> {
        if self.0.is_empty() {
            let piece = self.1.next().await?;
            let text = String::from_utf8(piece.bytes.to_vec()).unwrap();
            self.0
                .extend(text.split_inclusive("\n\n").map(str::to_owned));
        }
        self.0.pop_front()
    }

    /// The number of the next event.
    async fn seq(&mut self) -> Option<i64> {
        self.next().await.map(|told| seq(&told))
    }
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
    let mut busy = Follower::of(&user, "").await;
    let mut quiet = Follower::of(&user, "").await;
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
    let mut quiet = Follower::of(&user, "").await;
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
    let mut wanting = Follower::of(&user, "").await;
    let mut unwanting = Follower::of(&user, "?types=deal.created").await;
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
    let mut follower = Follower::of(&user, "").await;
    user.contact("ada@example.com");
    assert_eq!(follower.seq().await, Some(1));
    user.contact("bob@example.com");
    // What the reading shares is there before the store is away.
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.clock.advance_millis(KEY_CACHE_MS);
    world.store.unplug();
    assert_eq!(follower.seq().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_wants_nothing_of_a_long_log_lets_others_go_on() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for _ in 0..4 {
        contacts(&user, 500);
    }
    let mut follower = Follower::of(&user, "?after=0&types=deal.deleted").await;
    let readings = || world.store.log_limits.lock().unwrap().len();
    for _ in 0..5 {
        let before = readings();
        assert!(follower.next().now_or_never().is_none());
        assert!(readings() - before <= 1, "it reads on without a pause");
    }
    tokio::time::advance(Duration::from_secs(15)).await;
    let comment = follower.next().await.unwrap();
    let reached = seq(comment.strip_prefix(":\n").unwrap());
    assert!((1..2_000).contains(&reached), "{reached}");
}

#[tokio::test(start_paused = true)]
async fn what_a_follower_reads_to_catch_up_counts_as_requests() {
    const REQUESTS: usize = 8;
    let world = World::with_rate_limit(REQUESTS as u32);
    let user = world.user("acme", Mode::Live);
    for _ in 0..REQUESTS - 2 {
        contacts(&user, 500);
    }
    // The request itself is for the first thousand, and the one that is left for the next.
    let mut told = Follower::of(&user, "?after=0&types=deal.deleted").await;
    let mut place = async || {
        let comment = told.next().await.unwrap();
        seq(comment.strip_prefix(":\n").unwrap())
    };
    for _ in 0..3 {
        let reached = place().await;
        assert!((2_000..2_500).contains(&reached), "{reached}");
    }
    user.get("/v1/contacts").fails(429, "rate_limited", None);
    world.clock.advance_millis(60_000);
    assert_eq!(place().await, 3_000, "it goes on with the next window");
}

#[test]
fn one_answer_of_what_there_is_so_far_reads_no_more_than_a_page() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for _ in 0..4 {
        contacts(&user, 500);
    }
    let told = user.get("/v1/events/stream?after=0&types=deal.deleted");
    let reached = seq(told.text.split_once(":\n").unwrap().1);
    assert!((1_000..1_500).contains(&reached), "{reached}");
}

#[tokio::test(start_paused = true)]
async fn a_large_batch_leaves_no_follower_behind() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let mut follower = Follower::of(&user, "").await;
    contacts(&user, 1);
    assert_eq!(follower.seq().await, Some(1));
    world.store.log_limits.lock().unwrap().clear();
    contacts(&user, 500);
    for seq in 2..=501 {
        assert_eq!(follower.seq().await, Some(seq));
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
    let _deaf = Follower::of(&user, "").await;
    let mut follower = Follower::of(&user, "").await;
    let begun = tokio::time::Instant::now();
    contacts(&user, 500);
    for seq in 1..=500 {
        assert_eq!(follower.seq().await, Some(seq));
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_millis(500), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_panics_makes_room_for_another() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let mut follower = Follower::of(&user, "").await;
    contacts(&user, 1);
    assert_eq!(follower.seq().await, Some(1));
    world.store.break_log();
    contacts(&user, 1);
    assert_eq!(follower.next().await, None, "its client is to come back");
    world.store.mend();
    let mut follower = Follower::of(&user, "?after=1").await;
    assert_eq!(follower.seq().await, Some(2));
    contacts(&user, 1);
    assert_eq!(follower.seq().await, Some(3));
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
