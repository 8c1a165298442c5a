//! The worker of one endpoint, for one time slice: an explicit state, and the events that move it from one to the next.
//!
//! ```text
//! Starting ─ leased ─▶ Sending ─ half has ended, more is due ─▶ Leasing ─ leased ─▶ Sending …
//!                         │      └ all has ended, nothing is due ──────────────────▶ Ended
//!                         └ preempted, stopped or failed ─▶ Draining ─ all has ended ─▶ Ended
//! ```
//!
//! It decides and does nothing: `slice.rs` asks the store and awaits the attempts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use super::scheduler::WorkerSignal;

/// What a worker is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It leases for the first time: that is granted to every slice, however many endpoints wait.
    Starting,
    /// It leases again, beside the attempts that are under way.
    Leasing,
    /// It awaits attempts, until no more than so many are under way. So one lease takes several deliveries.
    Sending { until: usize, has_more: bool },
    /// It awaits the attempts that are under way, and leases no more.
    Draining { has_more: bool },
    /// Its slice is over, and whether more is due.
    Ended { has_more: bool },
}

/// What a lease came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leased {
    /// How many attempts may be under way at the endpoint.
    pub window: usize,
    /// Whether more may be due.
    pub has_more: bool,
    /// How many attempts it began.
    pub begun: usize,
}

/// The worker of one endpoint.
#[derive(Debug)]
pub(super) struct EndpointWorker {
    state: State,
    under_way: usize,
    window: usize,
}

impl EndpointWorker {
    pub fn new() -> Self {
        Self {
            state: State::Starting,
            under_way: 0,
            window: 1,
        }
    }

    pub fn state(&self) -> State {
        self.state
    }

    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// A lease was answered.
    pub fn leased(&mut self, leased: Leased) {
        let Leased {
            window,
            has_more,
            begun,
        } = leased;
        self.window = window;
        self.under_way += begun;
        self.state = match self.state {
            State::Starting | State::Leasing if self.under_way > 0 => self.sending(has_more),
            State::Starting | State::Leasing => self.next(has_more),
            // An attempt could not be recorded while the store was asked.
            State::Draining { .. } | State::Ended { .. } => self.draining(has_more),
            state @ State::Sending { .. } => state,
        };
    }

    /// An attempt has ended, and is recorded or has failed to be.
    pub fn attempt_ended(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        self.state = match self.state {
            State::Sending { until, has_more } if self.under_way <= until => self.next(has_more),
            State::Draining { has_more } => self.draining(has_more),
            state => state,
        };
    }

    /// More is due.
    pub fn more_work(&mut self) {
        self.state = match self.state {
            State::Sending { .. } => self.next(true),
            State::Draining { .. } => State::Draining { has_more: true },
            State::Ended { .. } => State::Ended { has_more: true },
            state @ (State::Starting | State::Leasing) => state,
        };
    }

    /// Others wait for a worker.
    pub fn preempt(&mut self) {
        if self.state != State::Starting {
            self.stop();
        }
    }

    /// Nothing more is to be leased.
    pub fn stop(&mut self) {
        let has_more = match self.state {
            State::Starting | State::Leasing => true,
            State::Sending { has_more, .. }
            | State::Draining { has_more }
            | State::Ended { has_more } => has_more,
        };
        self.state = self.draining(has_more);
    }

    /// Where it goes from here, with nothing in its way.
    fn next(&self, has_more: bool) -> State {
        match (self.under_way, has_more) {
            (0, false) => State::Ended { has_more },
            (under_way, true) if under_way < self.window => State::Leasing,
            (_, has_more) => self.sending(has_more),
        }
    }

    fn sending(&self, has_more: bool) -> State {
        let until = self.under_way / 2;
        State::Sending { until, has_more }
    }

    fn draining(&self, has_more: bool) -> State {
        match self.under_way {
            0 => State::Ended { has_more },
            _ => State::Draining { has_more },
        }
    }
}

/// The signals of one worker, which it has not heeded yet.
#[derive(Default)]
pub(super) struct WorkerSignals {
    more_work: AtomicBool,
    preempt: AtomicBool,
    stop: AtomicBool,
    waker: AtomicWaker,
}

impl WorkerSignals {
    pub fn send(&self, signal: WorkerSignal) {
        let (flag, wakes) = match signal {
            WorkerSignal::MoreWork => (&self.more_work, true),
            // What is under way ends as it does.
            WorkerSignal::Preempt => (&self.preempt, false),
            WorkerSignal::Stop => (&self.stop, true),
        };
        flag.store(true, Ordering::Release);
        if wakes {
            self.waker.wake();
        }
    }

    /// Whether more work was signalled since this was last asked.
    pub fn take_more_work(&self) -> bool {
        self.more_work.swap(false, Ordering::AcqRel)
    }

    /// The same, as a source to await.
    pub fn poll_more_work(&self, context: &Context<'_>) -> Poll<()> {
        self.waker.register(context.waker());
        match self.take_more_work() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Has a worker heed that it is to come to an end, where it is.
    pub fn interrupt(&self, worker: &mut EndpointWorker) {
        if self.stop.load(Ordering::Acquire) {
            worker.stop();
        } else if self.preempt.load(Ordering::Acquire) {
            worker.preempt();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leased(window: usize, begun: usize, has_more: bool) -> Leased {
        Leased {
            window,
            has_more,
            begun,
        }
    }

    #[test]
    fn a_worker_leases_again_when_half_of_its_attempts_have_ended() {
        let mut worker = EndpointWorker::new();
        worker.leased(leased(4, 4, true));
        let sending = |until| State::Sending {
            until,
            has_more: true,
        };
        assert_eq!(worker.state(), sending(2));
        worker.attempt_ended();
        assert_eq!(worker.state(), sending(2));
        worker.attempt_ended();
        assert_eq!(worker.state(), State::Leasing);
        // One more ends while the store is asked.
        worker.attempt_ended();
        worker.leased(leased(4, 2, false));
        let has_more = false;
        assert_eq!(worker.state(), State::Sending { until: 1, has_more });
        worker.attempt_ended();
        worker.attempt_ended();
        assert_eq!(worker.state(), State::Sending { until: 0, has_more });
        worker.attempt_ended();
        assert_eq!(worker.state(), State::Ended { has_more });
    }

    #[test]
    fn a_worker_whose_endpoint_is_due_again_leases_where_its_window_allows() {
        let mut worker = EndpointWorker::new();
        worker.leased(leased(2, 1, false));
        worker.more_work();
        assert_eq!(worker.state(), State::Leasing);
        worker.leased(leased(2, 1, true));
        worker.more_work();
        let (until, has_more) = (1, true);
        assert_eq!(worker.state(), State::Sending { until, has_more });
        // The endpoint began to fail: one attempt at a time.
        worker.leased(leased(1, 0, true));
        worker.attempt_ended();
        assert_eq!(worker.under_way(), 1);
        worker.attempt_ended();
        assert_eq!(worker.state(), State::Leasing);
    }

    #[test]
    fn a_preempted_worker_has_had_one_lease() {
        let mut worker = EndpointWorker::new();
        worker.preempt();
        assert_eq!(worker.state(), State::Starting);
        worker.leased(leased(4, 2, true));
        worker.preempt();
        assert_eq!(worker.state(), State::Draining { has_more: true });
        worker.attempt_ended();
        worker.attempt_ended();
        assert_eq!(worker.state(), State::Ended { has_more: true });
    }

    #[test]
    fn a_stopped_worker_leases_nothing_and_awaits_what_is_under_way() {
        let mut unstarted = EndpointWorker::new();
        unstarted.stop();
        assert_eq!(unstarted.state(), State::Ended { has_more: true });
        let mut worker = EndpointWorker::new();
        worker.leased(leased(4, 1, false));
        worker.stop();
        worker.more_work();
        assert_eq!(worker.state(), State::Draining { has_more: true });
        worker.attempt_ended();
        assert_eq!(worker.state(), State::Ended { has_more: true });
    }

    #[test]
    fn what_was_leased_while_a_record_failed_is_awaited() {
        let mut worker = EndpointWorker::new();
        worker.leased(leased(4, 1, true));
        worker.more_work();
        assert_eq!(worker.state(), State::Leasing);
        worker.attempt_ended();
        worker.stop();
        worker.leased(leased(4, 2, false));
        assert_eq!(worker.state(), State::Draining { has_more: false });
        worker.attempt_ended();
        worker.attempt_ended();
        assert_eq!(worker.state(), State::Ended { has_more: false });
    }

    #[test]
    fn cancelling_goes_on_while_there_is_more_and_nobody_waits() {
        let mut worker = EndpointWorker::new();
        worker.leased(leased(1, 0, true));
        assert_eq!(worker.state(), State::Leasing);
        worker.preempt();
        assert_eq!(worker.state(), State::Ended { has_more: true });
    }

    proptest! {
        /// Whatever happens, a worker keeps to its window, ends with nothing under way, and says that more is due unless
        /// the last it heard was that nothing is.
        #[test]
        fn a_worker_ends_with_nothing_under_way(
            steps in prop::collection::vec((0..8_u8, 1..5_usize, any::<bool>()), 1..100),
        ) {
            let mut worker = EndpointWorker::new();
            let (mut leases, mut is_preempted, mut has_more) = (0, false, true);
            for (what, window, more) in steps {
                let leases_now = matches!(worker.state(), State::Starting | State::Leasing);
                match what {
                    0 => { worker.preempt(); is_preempted = true; }
                    1 => { worker.more_work(); has_more |= !leases_now; }
                    2 if worker.under_way() > 0 => worker.attempt_ended(),
                    _ if leases_now => {
                        prop_assert!(leases == 0 || !is_preempted, "it leases though others wait");
                        leases += 1;
                        let begun = window.saturating_sub(worker.under_way()).min(usize::from(what));
                        worker.leased(Leased { window, has_more: more, begun });
                        has_more = more;
                        // As its slice does after each lease.
                        if is_preempted { worker.preempt(); }
                    }
                    _ if worker.under_way() > 0 => worker.attempt_ended(),
                    _ => {}
                }
                match worker.state() {
                    State::Ended { has_more: ended } => {
                        prop_assert_eq!(worker.under_way(), 0);
                        prop_assert_eq!(ended, has_more);
                    }
                    State::Sending { until, .. } => prop_assert!(until < worker.under_way()),
                    State::Draining { .. } => prop_assert!(worker.under_way() > 0),
                    State::Starting => prop_assert_eq!(leases, 0),
                    State::Leasing => prop_assert!(worker.under_way() < worker.window),
                }
            }
        }
    }
}
