//! Queues of hundreds of endpoints and scopes, and leases side by side that end at moments of their own.

use std::collections::BTreeMap;

use relm_core::record::DeliveryStatus;
use relm_core::store::{Lease, Queue, QueueKey, Write};
use relm_core::value::id::{Id, Kind};

use super::leases::{given, ids, lease, take, take_any};
use crate::records::with;
use crate::records::{
    SCOPE, at, changed_delivery, delivery, delivery_to, endpoint, finished, id, insert, number_of,
    others, replace,
};
use crate::subject::{Subject, assert_contract};

/// Pages on both sides of the rows that a store reads at a time.
const LIMITS: [usize; 8] = [7, 100, 255, 256, 257, 599, 600, 601];

async fn queues(store: &Subject, after: Option<QueueKey>, limit: usize) -> Vec<Queue> {
    let queues = store.queues(after, limit).await;
    queues.expect("the store lists queues")
}

/// A lease takes as much as it is asked to, however many that are: more than a statement of SQL has room for.
pub(crate) async fn a_large_queue_is_leased_at_once(store: Subject) {
    const DELIVERIES: u64 = 17_000;
    let due: Vec<(u64, i64)> = (0..DELIVERIES).map(|n| (n, -n.cast_signed())).collect();
    given(&store, &due).await;
    let whole = |now| Lease {
        limit: 100_000,
        ..lease(1, now, now + 100)
    };
    let earliest_first = ids((0..DELIVERIES).rev());
    assert!(take(&store, &whole(0)).await == earliest_first);
    assert_contract!(take(&store, &whole(99)).await, []);
    assert!(take_any(&store, &whole(100)).await == ids(0..DELIVERIES));
}

/// A walk gives every queue of hundreds once, with its first moment, whatever the limit; what is finished waits in none.
pub(crate) async fn hundreds_of_queues_are_listed_once(store: Subject) {
    const ENDPOINTS: u64 = 200;
    let mut expected = BTreeMap::new();
    for (scope, place) in [SCOPE].into_iter().chain(others()).zip(0..).take(3) {
        let mut writes: Vec<Write> = Vec::new();
        for n in 0..ENDPOINTS {
            // Endpoints whose order is not the one in which they are written.
            let webhook = endpoint(n * 77 % ENDPOINTS);
            let due_at = at(((n * 31 + place) % 97).cast_signed());
            let later = |millis| due_at.saturating_add_millis(millis);
            let own = |k, due_at| delivery_to(10 * n + k, webhook, due_at);
            let done = finished(&own(2, later(-50)), DeliveryStatus::Succeeded);
            writes.extend([
                insert(own(0, later(5))),
                insert(own(1, due_at)),
                insert(done),
            ]);
            let key = QueueKey { scope, webhook };
            expected.insert(key, due_at);
        }
        // And endpoints for which everything is done.
        let done = |n: u64| finished(&delivery(5_000 + n, 500 + n, at(0)), DeliveryStatus::Dead);
        writes.extend((0..50).map(|n| insert(done(n))));
        store.apply(scope, writes).await;
    }
    let expected: Vec<Queue> = expected
        .into_iter()
        .map(|(key, due_at)| Queue { key, due_at })
        .collect();
    let listed = queues(&store, None, expected.len() + 1).await;
    let mut sorted = listed.clone();
    sorted.sort_unstable_by_key(|queue| queue.key);
    assert_contract!(sorted, expected);
    for limit in LIMITS {
        let (mut left, mut after) = (listed.as_slice(), None);
        while !left.is_empty() {
            let page = queues(&store, after, limit).await;
            let (on_page, rest) = left.split_at(left.len().min(limit));
            assert_contract!(page, on_page, "limit {limit}, {} left", left.len());
            (left, after) = (rest, page.last().map(|last| last.key));
        }
        assert_contract!(queues(&store, after, limit).await, [], "limit {limit}");
    }
}

/// Each lease ends at its own `until`, whatever others of the same queue do.
pub(crate) async fn leases_end_each_at_its_own_moment(store: Subject) {
    const EACH: u64 = 40;
    let ids = |lease: u64| (0..EACH).map(move |n| id(Kind::Delivery, lease * EACH + n));
    let due = |n: u64| delivery(n, 1, at(n.cast_signed() - 1_000));
    let untils = [300, 100, 200, 150];
    let all = (0..EACH * untils.len() as u64).map(|n| insert(due(n)));
    store.apply(SCOPE, all.collect()).await;
    let take_few = async |now, until| {
        let few = Lease {
            limit: EACH as usize,
            ..lease(1, now, until)
        };
        take(&store, &few).await
    };
    for (until, lease) in untils.into_iter().zip(0..) {
        assert_contract!(take_few(0, until).await, ids(lease).collect::<Vec<Id>>());
    }
    for (until, lease) in [(100, 1), (150, 3), (200, 2), (300, 0)] {
        let first = queues(&store, None, 10).await[0];
        assert_contract!(first.due_at, at(until));
        assert_contract!(take_few(until - 1, 1_000).await, []);
        let mut again = take_few(until, 10_000).await;
        again.sort_unstable();
        assert_contract!(
            again,
            ids(lease).collect::<Vec<Id>>(),
            "the lease until {until}"
        );
    }
    assert_contract!(queues(&store, None, 10).await[0].due_at, at(10_000));
}

/// A lease gives no more than its limit of hundreds that are due at one moment, the earliest of them, and none is lost.
pub(crate) async fn a_lease_of_hundreds_is_exact(store: Subject) {
    const DELIVERIES: u64 = 700;
    // Each moment is that of a hundred.
    let own = |n: u64| delivery(n, 1, at((n / 100).cast_signed()));
    store
        .apply(
            SCOPE,
            (0..DELIVERIES).rev().map(|n| insert(own(n))).collect(),
        )
        .await;
    for (limit, round) in [1, 99, 100, 255, 256, 257, 699, 700].into_iter().zip(1..) {
        let mut walked = Vec::new();
        let mut last = None;
        while walked.len() < DELIVERIES as usize {
            let some = Lease {
                limit,
                ..lease(round, 10, 1_000)
            };
            let taken = take(&store, &some).await;
            let left = DELIVERIES as usize - walked.len();
            assert_contract!(taken.len(), limit.min(left), "limit {limit}");
            for id in &taken {
                let moment = Some(number_of(*id) / 100);
                assert!(last <= moment, "{id} comes too late");
                last = moment;
            }
            walked.extend(taken);
        }
        let one_more = Lease {
            limit: 1,
            ..lease(round, 999, 2_000)
        };
        assert_contract!(take(&store, &one_more).await, []);
        walked.sort_unstable();
        assert!(
            walked
                .into_iter()
                .eq((0..DELIVERIES).map(|n| id(Kind::Delivery, n)))
        );
        // Handed on to the next endpoint, they are due there at their moments.
        let hand_on = |n: u64| {
            let before = with!(own(n); version: round.cast_signed(), webhook_id: endpoint(round));
            let after = changed_delivery(&before, |it| it.webhook_id = endpoint(round + 1));
            replace(before, after)
        };
        store
            .apply(SCOPE, (0..DELIVERIES).map(hand_on).collect())
            .await;
    }
}

/// A commit that replaces hundreds of leased deliveries ends each lease, and those of others go on.
pub(crate) async fn a_large_batch_ends_the_leases_of_what_it_replaces(store: Subject) {
    const DELIVERIES: u64 = 600;
    let own = |n: u64| delivery(n, 1, at(0));
    store
        .apply(SCOPE, (0..DELIVERIES).map(|n| insert(own(n))).collect())
        .await;
    let taken = take(&store, &lease(1, 0, 1_000)).await;
    assert_contract!(taken.len() as u64, DELIVERIES);
    let change = |n: u64| match n % 3 {
        0 => Some(replace(
            own(n),
            finished(&own(n), DeliveryStatus::Succeeded),
        )),
        1 => Some(replace(
            own(n),
            changed_delivery(&own(n), |it| it.next_attempt_at = Some(at(500))),
        )),
        _ => None,
    };
    store
        .apply(SCOPE, (0..DELIVERIES).filter_map(change).collect())
        .await;
    let expected = |of: u64| {
        (0..DELIVERIES)
            .filter(move |n| n % 3 == of)
            .map(|n| id(Kind::Delivery, n))
    };
    assert_contract!(take(&store, &lease(1, 499, 2_000)).await, []);
    for (now, of) in [(500, 1), (1_000, 2)] {
        let mut taken = take(&store, &lease(1, now, 5_000)).await;
        taken.sort_unstable();
        assert!(taken.into_iter().eq(expected(of)), "at {now}");
    }
    assert_contract!(take(&store, &lease(1, 4_999, 6_000)).await, []);
}
