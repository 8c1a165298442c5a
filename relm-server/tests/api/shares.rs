//! What one caller may take of what all share: requests in a minute, look-ups of keys, questions to the store, memory.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use relm_core::engine::KEY_CACHE_MS;
use relm_core::{KeyAccess, Mode};
use relm_server::serve::{Handler, Head, Peer};
use serde_json::json;
use tokio::runtime::Builder;

use super::session::{Answered, START_S, User, World};

/// The head of a request for a list, with this key if any.
fn head(key: Option<&str>) -> Head {
    let mut request = Request::builder().uri("/v1/contacts");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    Head::new(request.body(()).unwrap().into_parts().0)
}

/// Asks for a list from an address.
fn ask_from(world: &World, address: [u8; 4], key: Option<&str>) -> Answered {
    let peer = Peer::from(IpAddr::from(address));
    let head = head(key);
    Answered::checked(pollster::block_on(async {
        match world.api.admit(&head, peer).await {
            Ok(admission) => Handler::handle(&world.api, admission.call, head, Bytes::new()).await,
            Err(refused) => refused,
        }
    }))
}

#[test]
fn who_shows_no_valid_key_too_often_waits_and_nobody_else_does() {
    const HERE: [u8; 4] = [192, 0, 2, 1];
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made_up = format!("sk_live_{}", "0".repeat(43));
    let keys = [None, Some("sk_live_0"), Some(&*made_up)];
    for n in 0..100 {
        ask_from(&world, HERE, keys[n % keys.len()]).fails(401, "unauthorized", None);
    }
    world.clock.advance_millis(20_500);
    for key in keys {
        let refused = ask_from(&world, HERE, key);
        refused.fails(429, "rate_limited", None);
        assert_eq!(refused.header("retry-after"), "40");
        let message = refused.error(429)["message"].as_str().unwrap().to_owned();
        let end = " Too many requests from your address showed no valid key; try again in 40 s.";
        assert!(message.ends_with(end), "{message}");
    }
    // Somebody behind the same address who has a key does not notice, whether or not it is remembered.
    for _ in 0..3 {
        ask_from(&world, HERE, user.key.as_deref()).is(200);
    }
    ask_from(&world, [192, 0, 2, 2], None).fails(401, "unauthorized", None);
    // A wall clock that is set neither ends the minute nor prolongs it.
    world.clock.step_millis(3_600_000);
    ask_from(&world, HERE, None).fails(429, "rate_limited", None);
    world.clock.step_millis(-3_600_000);
    world.clock.advance_millis(39_500);
    ask_from(&world, HERE, None).fails(401, "unauthorized", None);
}

#[test]
fn each_answer_counts_the_requests_that_are_left() {
    let world = World::with_rate_limit(3);
    let user = world.user("acme", Mode::Live);
    let colleague = world.another_key(user.workspace, Mode::Live, KeyAccess::Full);
    let test = world.another_key(user.workspace, Mode::Test, KeyAccess::Full);
    let window = |answer: &Answered| {
        let names = [
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
        ];
        names.map(|name| answer.number(name))
    };
    world.clock.advance_millis(20_500);
    let end = START_S + 60;
    assert_eq!(window(&user.get("/v1/contacts")), [3, 2, end]);
    assert_eq!(
        window(&user.get("/v1/contacts?limit=0")),
        [3, 1, end],
        "failures count"
    );
    assert_eq!(
        window(&colleague.get("/v1/contacts/x")),
        [3, 0, end],
        "by workspace and mode"
    );
    let refused = user.post("/v1/contacts", json!({ "email": "ada@example.com" }));
    let message = "Too many requests; try again in 40 s.";
    assert_eq!(
        refused.error(429),
        json!({ "code": "rate_limited", "message": message })
    );
    assert_eq!(refused.header("retry-after"), "40");
    assert_eq!(window(&refused), [3, 0, end]);
    assert_eq!(
        window(&test.get("/v1/contacts")),
        [3, 2, end],
        "the other mode has its own"
    );
    assert_eq!(window(&world.stranger().get("/v1/contacts")), [3, 3, end]);
    world.clock.advance_millis(39_500);
    assert_eq!(window(&user.get("/v1/contacts")), [3, 2, end + 60]);
    assert_eq!(
        user.get("/v1/contacts").is(200)["data"],
        json!([]),
        "what was refused was not done"
    );
}

#[test]
fn without_a_limit_plenty_remains() {
    let world = World::with_rate_limit(0);
    let user = world.user("acme", Mode::Live);
    let answer = user.get("/v1/contacts");
    assert_eq!(
        answer.number("x-ratelimit-limit"),
        answer.number("x-ratelimit-remaining")
    );
    assert!(answer.number("x-ratelimit-remaining") > 1_000_000);
}

/// Polls a future once.
fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn what_a_suspect_makes_up_is_looked_up_little_by_little() {
    const HERE: [u8; 4] = [192, 0, 2, 1];
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let _entered = runtime.enter();
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for _ in 0..100 {
        ask_from(&world, HERE, None).fails(401, "unauthorized", None);
    }
    ask_from(&world, HERE, user.key.as_deref()).is(200);
    let of_user = head(user.key.as_deref());
    world.store.hold();
    // Keys of the older form have no checksum that would betray them.
    let made_up = (0..20).map(|n| head(Some(&format!("sk_live_{n:043}"))));
    let made_up: Vec<Head> = made_up.collect();
    let admit = |head, address| {
        let peer = Peer::from(IpAddr::from(address));
        Box::pin(world.api.admit(head, peer))
    };
    let mut suspects: Vec<_> = made_up.iter().map(|head| admit(head, HERE)).collect();
    assert!(
        suspects
            .iter_mut()
            .all(|suspect| poll(suspect).is_pending())
    );
    assert_eq!(world.store.held(), 2);
    assert!(matches!(
        poll(&mut admit(&of_user, HERE)),
        Poll::Ready(Ok(_))
    ));
    let mut other = admit(&made_up[0], [192, 0, 2, 2]);
    assert!(poll(&mut other).is_pending());
    assert_eq!(
        world.store.held(),
        3,
        "who is no suspect does not wait for them"
    );
    world.clock.advance_millis(KEY_CACHE_MS);
    let mut user_again = admit(&of_user, HERE);
    assert!(poll(&mut user_again).is_pending());
    assert_eq!(
        world.store.held(),
        4,
        "a key that was valid before is looked up at once"
    );
    runtime.block_on(tokio::time::advance(Duration::from_secs(1)));
    for suspect in &mut suspects[2..] {
        let Poll::Ready(Err(refused)) = poll(suspect) else {
            panic!("a turn is waited for no longer than a second");
        };
        Answered::checked(refused).fails(429, "rate_limited", None);
    }
    world.store.let_go(4);
    assert!(pollster::block_on(user_again).is_ok());
    for suspect in suspects.into_iter().take(2) {
        let refused = Answered::checked(pollster::block_on(suspect).err().unwrap());
        refused.fails(429, "rate_limited", None);
    }
}

#[test]
fn many_who_ask_whether_the_store_answers_ask_it_once_at_a_time() {
    let world = World::new();
    world.store.hold();
    let ask = || {
        let request = Request::builder().uri("/readyz").body(Bytes::new());
        Box::pin(world.api.handle(request.unwrap()))
    };
    let mut asking: Vec<_> = (0..50).map(|_| ask()).collect();
    assert!(asking.iter_mut().all(|asking| poll(asking).is_pending()));
    assert_eq!(world.store.held(), 1);
    // The first has its own answer. The next asks anew, since it came after that question, and answers for all others.
    world.store.let_go(2);
    for asking in asking {
        assert_eq!(Answered::checked(pollster::block_on(asking)).status, 200);
    }
    assert_eq!(world.store.held(), 2);
}

#[test]
fn both_modes_of_a_workspace_draw_on_one_account_of_memory() {
    let world = World::new();
    let acme = world.user("acme", Mode::Live);
    let test = world.another_key(acme.workspace, Mode::Test, KeyAccess::Full);
    let globex = world.user("globex", Mode::Live);
    let tenant = |user: &User<'_>| {
        let head = head(user.key.as_deref());
        let peer = Peer::from(IpAddr::from([192, 0, 2, 1]));
        let admission = pollster::block_on(world.api.admit(&head, peer));
        admission.ok().unwrap().allowance.unwrap().tenant
    };
    assert_eq!(tenant(&acme), tenant(&test));
    assert_ne!(tenant(&acme), tenant(&globex));
}
