//! Leases: what is due, the earliest first, and nobody else's until they end.

use relm_core::record::{Delivery, DeliveryStatus};
use relm_core::record::{Document, Entry};
use relm_core::store::{Lease, Refusal};
use relm_core::value::id::{Id, Kind};
use relm_core::value::time::Timestamp;

use super::commits::{all, stored};
use crate::records::{
    SCOPE, at, changed_delivery, contact, delete, delivery, endpoint, finished, id, insert, others,
    replace,
};
use crate::subject::{Subject, assert_contract, polled};

/// A lease of an endpoint's queue, its moments counted from `NOW`.
pub(crate) fn lease(webhook: u64, now: i64, until: i64) -> Lease {
    Lease {
        scope: SCOPE,
        webhook: endpoint(webhook),
        now: at(now),
        until: at(until),
        limit: 1_000,
    }
}

async fn documents(store: &Subject, lease: &Lease) -> Vec<Document> {
    let documents = store.lease(lease).await;
    documents.expect("the store leases deliveries")
}

/// The ids of what a lease gives.
pub(crate) async fn take(store: &Subject, lease: &Lease) -> Vec<Id> {
    let documents = documents(store, lease).await;
    documents.iter().map(|document| document.id).collect()
}

/// What a lease gives, where the order is free.
pub(crate) async fn take_any(store: &Subject, lease: &Lease) -> Vec<Id> {
    let mut taken = take(store, lease).await;
    taken.sort_unstable();
    taken
}

pub(crate) fn ids(deliveries: impl IntoIterator<Item = u64>) -> Vec<Id> {
    let id_of = |n| id(Kind::Delivery, n);
    deliveries.into_iter().map(id_of).collect()
}

/// Inserts these deliveries to endpoint 1, each due at its moment.
pub(crate) async fn given(store: &Subject, due: &[(u64, i64)]) {
    let one = |(n, due_at): &(u64, i64)| insert(delivery(*n, 1, at(*due_at)));
    store.apply(SCOPE, due.iter().map(one).collect()).await;
}

/// Those that are due, the earliest first, whatever their ids: as they were written, byte for byte.
pub(crate) async fn a_lease_gives_what_is_due_earliest_first(store: Subject) {
    assert_contract!(take(&store, &lease(1, 0, 100)).await, []);
    let before_1970 = -at(0).as_millis() - 5;
    let due = [
        (6, 0),
        (5, -10),
        (4, -9),
        (3, -86_400_000),
        (2, before_1970),
        (1, before_1970 - 5),
        (7, 10),
    ];
    given(&store, &due).await;
    let earliest = Lease {
        limit: 2,
        ..lease(1, 0, 100)
    };
    assert_contract!(take(&store, &earliest).await, ids([1, 2]));
    let document = |n: u64, due_at| Entry::new(delivery(n, 1, at(due_at))).document();
    assert_contract!(
        documents(&store, &lease(1, 0, 100)).await,
        [(3, -86_400_000), (5, -10), (4, -9), (6, 0)].map(|(n, due_at)| document(n, due_at))
    );
}

/// A delivery whose lease ended is due at that end: it comes after what was due before.
pub(crate) async fn a_delivery_is_due_again_when_its_lease_ends(store: Subject) {
    given(&store, &[(1, -20), (2, -10)]).await;
    assert_contract!(take(&store, &lease(1, 0, 100)).await, ids([1, 2]));
    given(&store, &[(3, 50), (4, 150)]).await;
    let again = take(&store, &lease(1, 200, 300)).await;
    assert_contract!((again[0], again[3]), (ids([3])[0], ids([4])[0]));
    let mut ended = again[1..3].to_vec();
    ended.sort_unstable();
    assert_contract!(ended, ids([1, 2]));
}

/// Those whose `next_attempt_at` is not after `now`: to the millisecond.
pub(crate) async fn a_lease_gives_nothing_before_its_moment(store: Subject) {
    given(&store, &[(1, 0), (2, 1), (3, 60_000)]).await;
    assert_contract!(take(&store, &lease(1, -1, 100_000)).await, []);
    assert_contract!(take(&store, &lease(1, 0, 100_000)).await, ids([1]));
    assert_contract!(take(&store, &lease(1, 1, 100_000)).await, ids([2]));
    assert_contract!(take(&store, &lease(1, 59_999, 100_000)).await, []);
    assert_contract!(take(&store, &lease(1, 60_000, 100_000)).await, ids([3]));
}

/// At most `limit` of them, and none is skipped: also where their moments are equal.
pub(crate) async fn a_lease_takes_no_more_than_its_limit(store: Subject) {
    for (round, limit) in (1..=6).enumerate() {
        let webhook = round as u64;
        let own = |n| delivery(10 * webhook + n, webhook, at(0));
        store
            .apply(SCOPE, (0..5).map(|n| insert(own(n))).collect())
            .await;
        let lease = Lease {
            limit,
            ..lease(webhook, 0, 100)
        };
        let mut walked = Vec::new();
        while walked.len() < 5 {
            let taken = take(&store, &lease).await;
            assert_contract!(taken.len(), limit.min(5 - walked.len()), "limit {limit}");
            walked.extend(taken);
        }
        assert_contract!(take(&store, &lease).await, []);
        walked.sort_unstable();
        assert_contract!(walked, ids((0..5).map(|n| 10 * webhook + n)));
    }
}

/// Until the lease's `until` no other lease gives what it gave; what it did not give is free.
pub(crate) async fn a_lease_holds_what_it_gave(store: Subject) {
    given(&store, &[(1, 0)]).await;
    assert_contract!(take(&store, &lease(1, 0, 100)).await, ids([1]));
    given(&store, &[(2, 0)]).await;
    assert_contract!(take(&store, &lease(1, 0, 200)).await, ids([2]));
    for now in [0, 1, 50, 99] {
        assert_contract!(take(&store, &lease(1, now, 1_000)).await, [], "at {now}");
    }
}

/// A lease is over at exactly its `until`, and the next one holds again.
pub(crate) async fn a_lease_ends_to_the_millisecond(store: Subject) {
    given(&store, &[(1, -7)]).await;
    let mut now = 0;
    for duration in [1, 100, 60_000, 1] {
        let until = now + duration;
        assert_contract!(take(&store, &lease(1, now, until)).await, ids([1]));
        assert_contract!(take(&store, &lease(1, until - 1, until)).await, []);
        now = until;
    }
    assert_contract!(take(&store, &lease(1, now, now + 1)).await, ids([1]));
}

/// A commit that replaces a delivery ends its lease: it is due at its new moment, before or after the lease's end.
pub(crate) async fn a_replace_ends_the_lease(store: Subject) {
    // Stores have written one replace and several in ways of their own.
    for (size, n) in [(1, 10), (2, 20), (3, 30)] {
        for (webhook, due_at) in (n..).zip([1, 50, 100, 101, 300]) {
            let read: Vec<Delivery> = (0..size)
                .map(|place| delivery(10 * webhook + place, webhook, at(0)))
                .collect();
            let written: Vec<Id> = read.iter().map(|delivery| delivery.id).collect();
            let due = |it: &mut Delivery| it.next_attempt_at = Some(at(due_at));
            let planned = |read: &Delivery| replace(read.clone(), changed_delivery(read, due));
            store
                .apply(SCOPE, read.iter().cloned().map(insert).collect())
                .await;
            let lease = |now| lease(webhook, now, now + 100);
            assert_contract!(take_any(&store, &lease(0)).await, written);
            store.apply(SCOPE, read.iter().map(planned).collect()).await;
            assert_contract!(take(&store, &lease(due_at - 1)).await, [], "at {due_at}");
            assert_contract!(take_any(&store, &lease(due_at)).await, written);
        }
    }
}

/// A commit that replaces a delivery ends its lease: also where its moment is the one that was read.
pub(crate) async fn a_replace_at_the_same_moment_ends_the_lease(store: Subject) {
    for (size, webhook) in [(1, 1), (2, 2), (3, 3)] {
        let read: Vec<Delivery> = (0..size)
            .map(|place| delivery(10 * webhook + place, webhook, at(0)))
            .collect();
        let written: Vec<Id> = read.iter().map(|delivery| delivery.id).collect();
        let touched = |read: &Delivery| replace(read.clone(), changed_delivery(read, |_| {}));
        store
            .apply(SCOPE, read.iter().cloned().map(insert).collect())
            .await;
        assert_contract!(take_any(&store, &lease(webhook, 0, 100)).await, written);
        store.apply(SCOPE, read.iter().map(touched).collect()).await;
        assert_contract!(take_any(&store, &lease(webhook, 0, 100)).await, written);
    }
}

/// After a refusal the store is exactly as before: leases go on, and what was not inserted is not due.
pub(crate) async fn a_refused_batch_ends_no_lease(store: Subject) {
    let (one, two) = (delivery(1, 1, at(0)), delivery(2, 1, at(0)));
    given(&store, &[(1, 0), (2, 0)]).await;
    assert_contract!(take_any(&store, &lease(1, 0, 100)).await, ids([1, 2]));
    let stale = changed_delivery(&two, |_| {});
    let writes = vec![
        replace(one.clone(), changed_delivery(&one, |_| {})),
        insert(delivery(3, 1, at(0))),
        replace(stale.clone(), changed_delivery(&stale, |_| {})),
    ];
    let refusal = store.refusal(SCOPE, writes).await;
    assert_contract!(refusal, Refusal::VersionConflict { write: 2 });
    assert_contract!(take(&store, &lease(1, 99, 200)).await, []);
    assert_contract!(take_any(&store, &lease(1, 100, 200)).await, ids([1, 2]));
}

/// A delivery with no next attempt, or none any more, is never given: whether a lease held it or not.
pub(crate) async fn what_waits_no_more_is_not_given(store: Subject) {
    let due: Vec<(u64, i64)> = (0..8).map(|n: u64| (n, n.cast_signed() - 20)).collect();
    given(&store, &due).await;
    let half = Lease {
        limit: 4,
        ..lease(1, 0, 100)
    };
    assert_contract!(take(&store, &half).await, ids(0..4));
    let last = [
        Some(DeliveryStatus::Succeeded),
        Some(DeliveryStatus::Dead),
        Some(DeliveryStatus::Cancelled),
        None,
    ];
    for ((n, due_at), last) in due.into_iter().zip(last.into_iter().cycle()) {
        let read = delivery(n, 1, at(due_at));
        let write = match last {
            Some(status) => replace(read.clone(), finished(&read, status)),
            None => delete(read),
        };
        store.apply(SCOPE, vec![write]).await;
    }
    for now in [0, 99, 100, 1_000_000] {
        let lease = lease(1, now, now + 1);
        assert_contract!(take(&store, &lease).await, [], "at {now}");
    }
}

/// A delivery that a lease held and a replace rescheduled waits at its new time alone: once it is finished or deleted, it waits no
/// more.
pub(crate) async fn a_rescheduled_delivery_waits_at_one_time(store: Subject) {
    for (n, planned) in (0..).zip([1, 50, 100, 300]) {
        for (is_deleted, n) in [(false, 2 * n), (true, 2 * n + 1)] {
            let read = delivery(n, 1, at(0));
            store.apply(SCOPE, vec![insert(read.clone())]).await;
            assert_contract!(take(&store, &lease(1, 0, 100)).await, ids([n]));
            let rescheduled = changed_delivery(&read, |it| it.next_attempt_at = Some(at(planned)));
            store
                .apply(SCOPE, vec![replace(read, rescheduled.clone())])
                .await;
            let last = match is_deleted {
                true => delete(rescheduled),
                false => replace(
                    rescheduled.clone(),
                    finished(&rescheduled, DeliveryStatus::Dead),
                ),
            };
            store.apply(SCOPE, vec![last]).await;
            let queues = store.queues(None, 10).await;
            assert_contract!(queues.expect("the store lists queues"), []);
            assert_contract!(take(&store, &lease(1, 1_000, 2_000)).await, []);
        }
    }
}

/// A lease changes no document: a holder replaces the version that it read.
pub(crate) async fn a_lease_changes_no_document(store: Subject) {
    given(&store, &[(1, -5), (2, 0), (3, 50)]).await;
    let before = all(&store, Kind::Delivery).await;
    let leased = documents(&store, &lease(1, 0, 100)).await;
    assert_contract!(leased, [before[2].clone(), before[1].clone()]);
    assert_contract!(all(&store, Kind::Delivery).await, before);
    for document in &before {
        assert_contract!(stored(&store, document.id).await.as_ref(), Some(document));
    }
    assert_contract!(documents(&store, &lease(1, 100, 200)).await.len(), 3);
    assert_contract!(all(&store, Kind::Delivery).await, before);
    let read: Delivery = leased[0].decode().expect("it is a delivery");
    let after = finished(&read, DeliveryStatus::Succeeded);
    store.apply(SCOPE, vec![replace(read, after.clone())]).await;
    let kept = stored(&store, after.id).await;
    assert_contract!(kept, Some(Entry::new(after).document()));
}

/// A lease takes the deliveries of *one endpoint*, and holds no other's.
pub(crate) async fn a_lease_stays_with_its_endpoint(store: Subject) {
    let own = |n: u64| insert(delivery(n, n % 3, at(0)));
    store.apply(SCOPE, (0..9).map(own).collect()).await;
    assert_contract!(take(&store, &lease(7, 0, 100)).await, []);
    for webhook in 0..3 {
        let expected = ids([webhook, webhook + 3, webhook + 6]);
        assert_contract!(take_any(&store, &lease(webhook, 0, 100)).await, expected);
    }
}

/// A lease gives and holds nothing of another scope, whose records have the same ids.
pub(crate) async fn leases_stay_in_their_scope(store: Subject) {
    let own = delivery(1, 1, at(0));
    store.apply(SCOPE, vec![insert(own.clone())]).await;
    assert_contract!(take(&store, &lease(1, 0, 100)).await, ids([1]));
    for scope in others() {
        let of_other = Lease {
            scope,
            ..lease(1, 0, 100)
        };
        assert_contract!(take(&store, &of_other).await, [], "{scope:?}");
        let later = delivery(2, 1, at(0));
        store
            .apply(scope, vec![insert(own.clone()), insert(later)])
            .await;
        assert_contract!(take_any(&store, &of_other).await, ids([1, 2]));
        let touched = replace(own.clone(), changed_delivery(&own, |_| {}));
        store.apply(scope, vec![touched]).await;
        assert_contract!(take(&store, &of_other).await, ids([1]), "{scope:?}");
        assert_contract!(take(&store, &lease(1, 99, 100)).await, [], "{scope:?}");
    }
    assert_contract!(take(&store, &lease(1, 100, 200)).await, ids([1]));
}

/// Concurrent leases give each delivery to exactly one of them.
pub(crate) async fn leases_at_once_share_nothing(store: Subject) {
    const DELIVERIES: u64 = 60;
    let due: Vec<(u64, i64)> = (0..DELIVERIES).map(|n| (n, 0)).collect();
    given(&store, &due).await;
    for round in 0..4 {
        let few = Lease {
            limit: 3,
            ..lease(1, 100 * round, 100 * (round + 1))
        };
        let contender = async |_| {
            let mut taken = Vec::new();
            // Bounded, so that a store that holds nothing fails instead of going on for ever.
            for _ in 0..DELIVERIES {
                let few = take(&store, &few).await;
                if few.is_empty() {
                    break;
                }
                taken.extend(few);
            }
            taken
        };
        let mut taken = store.race((0..8).map(contender)).concat();
        taken.sort_unstable();
        assert_contract!(taken, ids(0..DELIVERIES), "round {round}");
    }
}

/// None is due sooner by a lease: what was planned for later than its end, or held until later, stays as it is.
pub(crate) async fn a_lease_makes_nothing_due_sooner(store: Subject) {
    given(&store, &[(1, 0), (2, 100), (3, 5_000)]).await;
    let all = Lease {
        now: Timestamp::MAX,
        ..lease(1, 0, 100)
    };
    assert_contract!(take(&store, &all).await, ids([1, 2, 3]));
    let queues = store.queues(None, 10).await.expect("the store has queues");
    let due_at: Vec<Timestamp> = queues.iter().map(|queue| queue.due_at).collect();
    assert_contract!(due_at, [at(100)]);
    assert_contract!(take(&store, &lease(1, 99, 200)).await, []);
    assert_contract!(take_any(&store, &lease(1, 100, 200)).await, ids([1, 2]));
    // The first two are held until 200 now, and this ends before that.
    let sooner = Lease {
        until: at(150),
        ..all
    };
    assert_contract!(take_any(&store, &sooner).await, ids([1, 2, 3]));
    assert_contract!(take(&store, &lease(1, 199, 300)).await, []);
    assert_contract!(take_any(&store, &lease(1, 200, 300)).await, ids([1, 2]));
    assert_contract!(take(&store, &lease(1, 4_999, 6_000)).await.len(), 2);
    assert_contract!(take(&store, &lease(1, 5_000, 6_000)).await, ids([3]));
}

/// A lease may be dropped at any await point: it holds all that it would have given or nothing, and leaves the store
/// usable.
pub(crate) async fn a_dropped_lease_is_whole_or_nothing(store: Subject) {
    for (round, polls) in (0..80).zip([1, 1, 2, 0, 1, 3].into_iter().cycle()) {
        let own = |n| insert(delivery(10 * round + n, round, at(0)));
        store.apply(SCOPE, (0..3).map(own).collect()).await;
        let outcome = polled(polls, store.lease(&lease(round, 0, 100)));
        // The next commit stands behind whatever still goes on.
        store.apply(SCOPE, vec![insert(contact(round))]).await;
        let free = take(&store, &lease(round, 50, 100)).await.len();
        assert!(
            free == 3 || free == 0,
            "after {polls} polls {free} are free"
        );
        if let Some(outcome) = outcome {
            let leased = outcome.expect("the store leases deliveries");
            assert_contract!((leased.len(), free), (3, 0));
        }
        let again = take_any(&store, &lease(round, 100, 200)).await;
        assert_contract!(again, ids((0..3).map(|n| 10 * round + n)));
    }
}
