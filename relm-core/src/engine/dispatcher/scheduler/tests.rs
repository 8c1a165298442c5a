//! The scheduler as a table of events and actions.

use std::collections::BTreeSet;

use super::*;
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;

pub fn endpoint(n: u128) -> QueueKey {
    QueueKey {
        scope: Scope::SYSTEM,
        webhook: Id::new(Kind::Webhook, n),
    }
}

pub fn at(millis: i64) -> Monotonic {
    Monotonic::from_millis(millis)
}

pub fn notified(endpoints: &[u128]) -> Event {
    Event::Notified(endpoints.iter().copied().map(endpoint).collect())
}

pub fn reconciled(queues: &[(u128, i64)]) -> Event {
    let queues = queues.iter().map(|(n, due)| (endpoint(*n), at(*due)));
    Event::Reconciled(queues.collect())
}

fn finished(n: u128, health: Health, due_at: Option<i64>) -> Event {
    let due_at = due_at.map(at);
    Event::SliceEnded(endpoint(n), SliceResult::Finished { health, due_at })
}

fn healthy(n: u128, due_at: Option<i64>) -> Event {
    finished(n, Health::Healthy, due_at)
}

fn unhealthy(n: u128, due_at: Option<i64>) -> Event {
    finished(n, Health::Unhealthy, due_at)
}

fn start(n: u128) -> Action {
    Action::StartSlice(endpoint(n))
}

fn signal(n: u128, signal: WorkerSignal) -> Action {
    Action::Signal(endpoint(n), signal)
}

fn preempt(n: u128) -> Action {
    signal(n, WorkerSignal::Preempt)
}

/// A moment, what happens at it, what is to be done, and when the scheduler is to be woken at the latest.
type Row = (i64, Event, Vec<Action>, Option<i64>);

/// Holds a scheduler to a table.
fn play(mut scheduler: Scheduler, table: impl IntoIterator<Item = Row>) {
    for (place, (now, event, expected, wakeup)) in table.into_iter().enumerate() {
        let happened = format!("row {place}: {event:?} at {now}");
        assert_eq!(scheduler.handle(event, at(now)), expected, "{happened}");
        assert_eq!(scheduler.next_wakeup(), wakeup.map(at), "{happened}");
    }
}

fn on_demand(workers_max: usize) -> Scheduler {
    Scheduler::on_demand(workers_max)
}

#[test]
fn a_notified_endpoint_gets_one_worker_and_hears_of_more() {
    play(
        on_demand(4),
        [
            (0, notified(&[1, 2]), vec![start(1), start(2)], None),
            (
                1,
                notified(&[2]),
                vec![signal(2, WorkerSignal::MoreWork)],
                None,
            ),
            (2, healthy(2, None), vec![], None),
            (3, notified(&[2]), vec![start(2)], None),
            // Reported by nobody that has a worker.
            (4, healthy(3, Some(4)), vec![], None),
        ],
    );
}

#[test]
fn an_endpoint_waits_until_it_is_due() {
    play(
        on_demand(4),
        [
            (
                0,
                reconciled(&[(1, 50), (2, 0), (3, 20)]),
                vec![start(2)],
                Some(20),
            ),
            (19, Event::TimePassed, vec![], Some(20)),
            (20, Event::TimePassed, vec![start(3)], Some(50)),
            (21, healthy(3, Some(40)), vec![], Some(40)),
            // It may be due earlier than it was said to be, and not later.
            (
                22,
                reconciled(&[(1, 90), (2, 23), (3, 60)]),
                vec![],
                Some(40),
            ),
            (
                22,
                reconciled(&[(1, 90), (2, 22), (3, 30)]),
                vec![signal(2, WorkerSignal::MoreWork)],
                Some(30),
            ),
            (23, notified(&[1]), vec![start(1)], Some(30)),
            // Nothing is pending for the third any more.
            (24, reconciled(&[(1, 90), (2, 90)]), vec![], None),
        ],
    );
}

#[test]
fn queues_are_listed_at_once_and_then_every_second() {
    play(
        Scheduler::reconciling(1, at(5)),
        [
            (5, Event::TimePassed, vec![Action::Reconcile], None),
            (2_000, notified(&[1]), vec![start(1)], None),
            (2_500, reconciled(&[]), vec![], Some(3_500)),
            (3_499, healthy(1, None), vec![], Some(3_500)),
            (3_500, Event::TimePassed, vec![Action::Reconcile], None),
            (3_600, Event::ReconcileFailed, vec![], Some(4_600)),
            (
                9_000,
                notified(&[2]),
                vec![start(2), Action::Reconcile],
                None,
            ),
        ],
    );
}

#[test]
fn endpoints_share_time_slices() {
    play(
        on_demand(1),
        [
            // The longest due comes first of those that had no slice.
            (
                9,
                reconciled(&[(1, 8), (2, 7), (3, 9)]),
                vec![start(2), preempt(2)],
                None,
            ),
            (10, healthy(2, Some(10)), vec![start(1), preempt(1)], None),
            (11, healthy(1, Some(11)), vec![start(3), preempt(3)], None),
            (12, healthy(3, Some(12)), vec![start(2), preempt(2)], None),
            (13, healthy(2, None), vec![start(1), preempt(1)], None),
            (14, notified(&[2]), vec![], None),
            (15, healthy(1, None), vec![start(3), preempt(3)], None),
            (16, healthy(3, Some(16)), vec![start(2), preempt(2)], None),
        ],
    );
}

#[test]
fn a_worker_is_preempted_once_and_only_where_others_wait() {
    play(
        on_demand(2),
        [
            (0, notified(&[1]), vec![start(1)], None),
            (1, notified(&[2]), vec![start(2)], None),
            (2, notified(&[3]), vec![preempt(1), preempt(2)], None),
            (3, notified(&[4]), vec![], None),
            (4, healthy(1, None), vec![start(3), preempt(3)], None),
            (5, healthy(2, None), vec![start(4)], None),
        ],
    );
}

#[test]
fn unhealthy_endpoints_get_half_of_the_workers() {
    let table = [
        (
            0,
            notified(&[1, 2, 3]),
            vec![start(1), start(2), start(3)],
            None,
        ),
        (1, unhealthy(1, None), vec![], None),
        (1, unhealthy(2, None), vec![], None),
        (1, unhealthy(3, None), vec![], None),
        // Two of four workers are theirs: for the third, they are preempted.
        (
            2,
            notified(&[1, 2, 3]),
            vec![start(1), start(2), preempt(1), preempt(2)],
            None,
        ),
        (3, notified(&[4, 5]), vec![start(4), start(5)], None),
        (4, healthy(4, None), vec![], None),
        (5, unhealthy(1, Some(5)), vec![start(3), preempt(3)], None),
        // It took something: it is healthy, gets any worker, and leaves the one that it had to the unhealthy.
        (6, healthy(2, Some(6)), vec![start(1), start(2)], None),
        // All workers are taken: any of them would do.
        (
            7,
            notified(&[6]),
            vec![preempt(1), preempt(2), preempt(5)],
            None,
        ),
    ];
    play(on_demand(4), table);
}

#[test]
fn one_worker_serves_unhealthy_endpoints_too() {
    play(
        on_demand(1),
        [
            (0, notified(&[1]), vec![start(1)], None),
            (1, unhealthy(1, Some(1)), vec![start(1)], None),
            (2, notified(&[2]), vec![preempt(1)], None),
            (3, unhealthy(1, Some(3)), vec![start(2), preempt(2)], None),
        ],
    );
}

#[test]
fn an_endpoint_backs_off_after_a_failed_slice_whatever_is_due() {
    let fails = |n, result| Event::SliceEnded(endpoint(n), result);
    play(
        on_demand(4),
        [
            (0, notified(&[1, 2]), vec![start(1), start(2)], None),
            (1, fails(1, SliceResult::StoreFailed), vec![], Some(1_001)),
            (2, fails(2, SliceResult::Faulted), vec![], Some(1_001)),
            (3, notified(&[1, 2]), vec![], Some(1_001)),
            (4, reconciled(&[(1, 4), (2, 4)]), vec![], Some(1_001)),
            (1_001, Event::TimePassed, vec![start(1)], Some(60_002)),
            // It is over for the one that has had its slice.
            (1_002, healthy(1, Some(1_003)), vec![], Some(1_003)),
            (1_003, Event::TimePassed, vec![start(1)], Some(60_002)),
            (60_002, Event::TimePassed, vec![start(2)], None),
        ],
    );
}

#[test]
fn a_failed_slice_says_nothing_of_the_health_of_an_endpoint() {
    let fails = |n| Event::SliceEnded(endpoint(n), SliceResult::StoreFailed);
    play(
        on_demand(2),
        [
            (0, notified(&[1, 2]), vec![start(1), start(2)], None),
            (1, unhealthy(1, None), vec![], None),
            (1, unhealthy(2, None), vec![], None),
            (2, notified(&[1]), vec![start(1)], None),
            (3, fails(1), vec![], Some(1_003)),
            (1_003, Event::TimePassed, vec![start(1)], None),
            // The one worker of the unhealthy is taken.
            (1_004, notified(&[2]), vec![preempt(1)], None),
        ],
    );
}

#[test]
fn a_stopped_scheduler_starts_nothing() {
    play(
        Scheduler::reconciling(1, at(0)),
        [
            (
                0,
                notified(&[1, 2]),
                vec![start(1), preempt(1), Action::Reconcile],
                None,
            ),
            (
                1,
                reconciled(&[(1, 1), (2, 1)]),
                vec![signal(1, WorkerSignal::MoreWork)],
                Some(1_001),
            ),
            (
                2,
                Event::Stopped,
                vec![signal(1, WorkerSignal::Stop)],
                Some(1_001),
            ),
            (3, healthy(1, Some(3)), vec![], Some(3)),
            (2_000, Event::TimePassed, vec![], Some(3)),
        ],
    );
}

#[test]
fn slices_of_long_ago_are_forgotten_when_nothing_is_pending() {
    let mut scheduler = on_demand(1);
    let now = at(0);
    for n in 1..=2 {
        scheduler.handle(notified(&[n]), now);
        scheduler.handle(unhealthy(n, None), now);
    }
    for _ in 0..SLICES_REMEMBERED {
        scheduler.handle(notified(&[3]), now);
        scheduler.handle(healthy(3, None), now);
    }
    scheduler.handle(reconciled(&[(2, 1)]), now);
    let known: BTreeSet<QueueKey> = scheduler.last_slices.keys().copied().collect();
    assert_eq!(known, BTreeSet::from([endpoint(2), endpoint(3)]));
}
