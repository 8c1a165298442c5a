//! Queues: which endpoints have something to be delivered, and from when.

use relm_core::record::DeliveryStatus;
use relm_core::store::{Lease, Queue, QueueKey};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::{Mode, Scope};

use super::leases::{lease, take};
use crate::records::{
    SCOPE, at, changed_delivery, delete, delivery, delivery_to, endpoint, finished, id, insert,
    others, replace, webhook, workspace,
};
use crate::subject::{Subject, assert_contract};

async fn queues(store: &Subject, after: Option<QueueKey>, limit: usize) -> Vec<Queue> {
    let queues = store.queues(after, limit).await;
    queues.expect("the store lists queues")
}

async fn keys(store: &Subject, after: Option<QueueKey>, limit: usize) -> Vec<QueueKey> {
    let queues = queues(store, after, limit).await;
    queues.iter().map(|queue| queue.key).collect()
}

fn key(scope: Scope, webhook: Id) -> QueueKey {
    QueueKey { scope, webhook }
}

/// The places of the deliveries of [`many`], and the ULIDs of their endpoints.
const ULIDS: [(u64, u128); 5] = [(4, u128::MAX), (3, 1 << 127), (2, 1 << 64), (1, 1), (0, 0)];

/// The queue of an endpoint of [`SCOPE`], as due so long after `NOW`.
fn queue(webhook: u64, due_at: i64) -> Queue {
    Queue {
        key: key(SCOPE, endpoint(webhook)),
        due_at: at(due_at),
    }
}

/// Scopes of workspaces whose ids begin or end alike.
fn scopes() -> [Scope; 6] {
    let workspace = |age: u128, random| Id::new(Kind::Workspace, (age << 80) | random);
    [
        Scope::SYSTEM,
        Scope::new(workspace(9, 1), Mode::Live),
        Scope::new(workspace(9, 1), Mode::Test),
        Scope::new(workspace(5, 10), Mode::Live),
        SCOPE,
        Scope::new(workspace(1, (1 << 62) - 1), Mode::Test),
    ]
}

/// Queues of several scopes and endpoints, two deliveries in each, in the order in which the store lists them.
async fn many(store: &Subject) -> Vec<QueueKey> {
    let new = [1, 3, 5].map(|place| insert(workspace(scopes()[place].workspace())));
    store.apply(Scope::SYSTEM, new.to_vec()).await;
    let mut expected = Vec::new();
    for scope in scopes().into_iter().rev() {
        for (place, ulid) in ULIDS {
            let webhook = Id::new(Kind::Webhook, ulid);
            let one = |n: u64| insert(delivery_to(10 * place + n, webhook, at(-n.cast_signed())));
            store.apply(scope, vec![one(1), one(2)]).await;
            expected.push(key(scope, webhook));
        }
    }
    let listed = keys(store, None, 100).await;
    let mut sorted = listed.clone();
    sorted.sort_unstable();
    expected.sort_unstable();
    assert_contract!(sorted, expected);
    listed
}

/// What ends a queue of [`many`].
async fn end(store: &Subject, queue: QueueKey) {
    let of = |(place, ulid): &(u64, u128)| (*ulid == queue.webhook.ulid()).then_some(10 * place);
    let place = ULIDS.iter().find_map(of).expect("it is one of them");
    let one = |n: u64| delete(delivery_to(place + n, queue.webhook, at(-n.cast_signed())));
    store.apply(queue.scope, vec![one(1), one(2)]).await;
}

/// The queues of every scope: each endpoint that has a pending delivery, once, however many it has.
pub(crate) async fn queues_list_each_endpoint_once(store: Subject) {
    assert_contract!(queues(&store, None, 10).await, []);
    let mut expected = Vec::new();
    for scope in [SCOPE].into_iter().chain(others()) {
        let own = |n: u64| insert(delivery(n, n % 2, at(0)));
        store.apply(scope, (0..6).map(own).collect()).await;
        expected.extend([0, 1].map(|n| key(scope, endpoint(n))));
    }
    let mut listed = keys(&store, None, 100).await;
    listed.sort_unstable();
    expected.sort_unstable();
    assert_contract!(listed, expected);
}

/// In an order that stays as it is while queues come and go, and whenever they are due.
pub(crate) async fn queues_keep_their_order(store: Subject) {
    let mut expected = many(&store).await;
    for queue in expected.clone().into_iter().step_by(4) {
        let own = |(n, due_at): (u64, i64)| delivery_to(100 + n, queue.webhook, at(due_at));
        let new = [(1, -1_000), (2, 1_000)].map(own);
        store
            .apply(queue.scope, new.clone().map(insert).to_vec())
            .await;
        assert_contract!(keys(&store, None, 100).await, expected);
        store.apply(queue.scope, new.map(delete).to_vec()).await;
    }
    while expected.len() > 1 {
        let gone = expected.remove(expected.len() / 2);
        end(&store, gone).await;
        assert_contract!(keys(&store, None, 100).await, expected, "without {gone:?}");
    }
}

/// Strictly after `after`, whether that is a queue still or not any more.
pub(crate) async fn queues_begin_strictly_after_their_cursor(store: Subject) {
    let mut expected = many(&store).await;
    for (place, after) in expected.iter().enumerate() {
        let rest = keys(&store, Some(*after), 100).await;
        assert_contract!(rest, expected[place + 1..], "after {after:?}");
    }
    for place in (0..expected.len()).rev().step_by(2) {
        let after = expected.remove(place);
        end(&store, after).await;
        let rest = keys(&store, Some(after), 100).await;
        assert_contract!(rest, expected[place..], "after {after:?}, which is gone");
    }
}

/// At most `limit` of them; a walk gives every queue once, whatever the limit.
pub(crate) async fn any_limit_gives_every_queue_once(store: Subject) {
    let expected = many(&store).await;
    for limit in [1, 2, 5, 7, 29, 30, 31] {
        let (mut walked, mut after) = (Vec::new(), None);
        while walked.len() < expected.len() {
            let page = keys(&store, after, limit).await;
            let left = expected.len() - walked.len();
            assert_contract!(page.len(), limit.min(left), "limit {limit}");
            after = page.last().copied();
            walked.extend(page);
        }
        assert_contract!(walked, expected, "limit {limit}");
        assert_contract!(keys(&store, after, limit).await, []);
    }
}

/// With the earliest moment at which a lease would give something, whatever else waits.
pub(crate) async fn a_queue_is_due_with_its_earliest_delivery(store: Subject) {
    let mut first = delivery(1, 1, at(40));
    store.apply(SCOPE, vec![insert(first.clone())]).await;
    for (n, due_at, earliest) in [(2, 60, 40), (3, 20, 20), (4, 80, 20), (5, -60_000, -60_000)] {
        let one = delivery(n, 1, at(due_at));
        store
            .apply(SCOPE, vec![insert(one), insert(delivery(10 + n, n, at(0)))])
            .await;
        assert_contract!(queues(&store, None, 1).await, [queue(1, earliest)]);
    }
    for due_at in [-90_000, -70_000, -60_001] {
        let after = changed_delivery(&first, |it| it.next_attempt_at = Some(at(due_at)));
        store
            .apply(SCOPE, vec![replace(first, after.clone())])
            .await;
        assert_contract!(queues(&store, None, 1).await, [queue(1, due_at)]);
        first = after;
    }
    store.apply(SCOPE, vec![delete(first)]).await;
    assert_contract!(queues(&store, None, 1).await, [queue(1, -60_000)]);
}

/// What a lease holds counts from the lease's end, and from its own moment again as soon as it is replaced.
pub(crate) async fn a_queue_is_due_when_a_lease_ends(store: Subject) {
    let (one, two) = (delivery(1, 1, at(0)), delivery(2, 1, at(10)));
    store
        .apply(SCOPE, vec![insert(one.clone()), insert(two)])
        .await;
    assert_contract!(take(&store, &lease(1, 0, 200)).await, [one.id]);
    assert_contract!(queues(&store, None, 10).await, [queue(1, 10)]);
    assert_contract!(take(&store, &lease(1, 10, 100)).await.len(), 1);
    assert_contract!(queues(&store, None, 10).await, [queue(1, 100)]);
    assert_contract!(take(&store, &lease(1, 100, 300)).await.len(), 1);
    assert_contract!(queues(&store, None, 10).await, [queue(1, 200)]);
    assert_contract!(take(&store, &lease(1, 199, 400)).await, []);
    let again = changed_delivery(&one, |_| {});
    store.apply(SCOPE, vec![replace(one, again)]).await;
    assert_contract!(queues(&store, None, 10).await, [queue(1, 0)]);
}

/// An endpoint whose last pending delivery is finished or deleted has no queue, and has one again with the next.
pub(crate) async fn a_queue_ends_with_its_last_delivery(store: Subject) {
    let mut n = 0;
    for leased in [false, true] {
        for last in DeliveryStatus::ALL {
            let (one, two) = (delivery(n, 1, at(0)), delivery(n + 1, 1, at(5)));
            n += 2;
            store
                .apply(SCOPE, vec![insert(one.clone()), insert(two.clone())])
                .await;
            if leased {
                assert_contract!(take(&store, &lease(1, 5, 100)).await, [one.id, two.id]);
            }
            for (one, left) in [(two, 1), (one, 0)] {
                let write = match last {
                    DeliveryStatus::Pending => delete(one),
                    DeliveryStatus::Succeeded
                    | DeliveryStatus::Dead
                    | DeliveryStatus::Cancelled => replace(one.clone(), finished(&one, last)),
                };
                store.apply(SCOPE, vec![write]).await;
                let listed = queues(&store, None, 10).await;
                assert_contract!(listed.len(), left, "{last:?}, leased: {leased}");
            }
        }
    }
}

/// A queue is listed and leased whether its endpoint is there, is gone or never was.
pub(crate) async fn a_queue_outlives_its_endpoint(store: Subject) {
    let there = [1, 2].map(|n| insert(webhook(n)));
    store.apply(SCOPE, there.to_vec()).await;
    let own = |n| insert(delivery(n, n, at(0)));
    store.apply(SCOPE, [1, 2, 3].map(own).to_vec()).await;
    store.apply(SCOPE, vec![delete(webhook(2))]).await;
    let mut listed = queues(&store, None, 10).await;
    listed.sort_unstable_by_key(|queue| queue.key);
    assert_contract!(listed, [1, 2, 3].map(|n| queue(n, 0)));
    for n in [1, 2, 3] {
        let given = take(&store, &lease(n, 0, 100)).await;
        assert_contract!(given, [id(Kind::Delivery, n)]);
    }
}

/// What queues list is what leases give: nothing a millisecond before, and something at the moment.
pub(crate) async fn a_lease_at_the_moment_of_a_queue_gives_something(store: Subject) {
    let own = |n: u64| insert(delivery(n, n % 3, at(7 * n.cast_signed())));
    store.apply(SCOPE, (0..9).map(own).collect()).await;
    for round in 0..12 {
        for Queue { key, due_at } in queues(&store, None, 10).await {
            let lease = |now: i64| Lease {
                scope: SCOPE,
                webhook: key.webhook,
                now: due_at.saturating_add_millis(now),
                until: due_at.saturating_add_millis(25),
                limit: 1,
            };
            assert_contract!(take(&store, &lease(-1)).await, [], "round {round}");
            assert_contract!(take(&store, &lease(0)).await.len(), 1, "round {round}");
        }
    }
}
