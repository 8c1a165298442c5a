//! Who has a lane, and for how long: every endpoint that is due while there are lanes, and otherwise each in its turn.

mod waiting;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::FuturesUnordered;
use futures_util::task::AtomicWaker;

use self::waiting::{Turn, Waiting};
use super::worker::TurnEnd;
use super::{Dispatcher, Queues};
use crate::error::{Error, ErrorKind, Result};
use crate::store::QueueKey;
use crate::value::time::{Monotonic, Timestamp};

/// How long an endpoint is left alone whose lane met a store that cannot be reached.
const STORE_RETRY_MS: i64 = 1_000;
/// How long an endpoint is left alone whose lane met what waiting alone does not mend, such as a secret that does not
/// open.
const FAULT_RETRY_MS: i64 = 60_000;
/// Turns for which an endpoint is remembered to have had one when nothing waits for it any more.
const TURNS_REMEMBERED: u64 = 16_384;

/// A lane that came to its end.
pub(super) type Ended = (QueueKey, Result<TurnEnd>);

/// The lanes of one dispatcher.
pub(super) struct Lanes<'a> {
    dispatcher: &'a Dispatcher,
    pub running: FuturesUnordered<BoxFuture<'a, Ended>>,
    /// The endpoints that have a lane.
    begun: HashMap<QueueKey, Lane>,
    /// The endpoints that have none and something to be delivered.
    pub waiting: Waiting,
    /// The endpoints whose lanes failed, and until when they are left alone.
    held: HashMap<QueueKey, Monotonic>,
    /// The turns that endpoints had last.
    turns: HashMap<QueueKey, Turn>,
    /// The number of the last turn.
    turn: u64,
}

/// A lane, as the dispatcher knows it.
struct Lane {
    nudge: Arc<Nudge>,
    /// Whether its endpoint took nothing in its last turn.
    took_nothing: bool,
}

/// Tells a lane that there is more for it to do, or that it is to come to an end.
#[derive(Default)]
pub(super) struct Nudge {
    more: AtomicBool,
    turn_over: AtomicBool,
    stop: AtomicBool,
    pub waker: AtomicWaker,
}

impl Nudge {
    fn more(&self) {
        self.more.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether there is more since the last time that this was asked.
    pub fn has_more(&self) -> bool {
        self.more.swap(false, Ordering::AcqRel)
    }

    /// Others wait: what is taken already is the last of this turn.
    fn end_turn(&self) {
        self.turn_over.store(true, Ordering::Release);
    }

    pub fn is_turn_over(&self) -> bool {
        self.turn_over.load(Ordering::Acquire)
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.waker.wake();
    }

    pub fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

impl<'a> Lanes<'a> {
    pub fn new(dispatcher: &'a Dispatcher) -> Self {
        Self {
            dispatcher,
            running: FuturesUnordered::new(),
            begun: HashMap::new(),
            waiting: Waiting::default(),
            held: HashMap::new(),
            turns: HashMap::new(),
            turn: 0,
        }
    }

    /// Takes note of every queue of the store. What was added while they were read may be missing: the next look finds it.
    pub fn see(&mut self, queues: Queues) {
        let now = self.dispatcher.crm.monotonic();
        self.held.retain(|_, until| *until > now);
        let remembered = self.turn.saturating_sub(TURNS_REMEMBERED);
        self.turns
            .retain(|key, turn| turn.number > remembered || queues.contains_key(key));
        // What is known and was not seen has nothing pending any more.
        let known = std::mem::take(&mut self.waiting);
        for (key, due_at) in queues {
            let due_at = self.moment(due_at);
            match self.begun.get(&key) {
                Some(lane) if due_at <= now => lane.nudge.more(),
                Some(_) => {}
                // It may have been rung for since.
                None => self.wait(key, known.due_at(key).unwrap_or(due_at).min(due_at)),
            }
        }
    }

    /// Something was added to these queues.
    pub fn rung(&mut self, queues: impl IntoIterator<Item = QueueKey>) {
        let now = self.dispatcher.crm.monotonic();
        for key in queues {
            match self.begun.get(&key) {
                Some(lane) => lane.nudge.more(),
                None => self.wait(key, now),
            }
        }
    }

    /// Has an endpoint wait for a lane, until it is due or until it is held no more.
    fn wait(&mut self, key: QueueKey, due_at: Monotonic) {
        let due_at = self.held.get(&key).copied().unwrap_or(due_at);
        let turn = self.turns.get(&key).copied().unwrap_or_default();
        self.waiting.add(key, due_at, turn);
    }

    /// When a moment of the wall clock comes, as the wall clock stands now. Where it is set meanwhile, the next look at the
    /// queues tells.
    fn moment(&self, at: Timestamp) -> Monotonic {
        let crm = &self.dispatcher.crm;
        let wait_ms = at.as_millis().saturating_sub(crm.now().as_millis());
        crm.monotonic().saturating_add_millis(wait_ms)
    }

    /// Begins lanes for those that are due, as far as there are any; those that wait on have others end their turns.
    pub fn start(&mut self) {
        self.waiting.fall_due(self.dispatcher.crm.monotonic());
        let lanes_max = self.dispatcher.options.endpoints.max(1);
        let took_nothing_max = lanes_max.div_ceil(2);
        let took_nothing = self.begun.values().filter(|lane| lane.took_nothing);
        let mut took_nothing = took_nothing.count();
        let has_room = loop {
            let only_takers = took_nothing >= took_nothing_max;
            let Some((key, last)) = self.waiting.next(only_takers) else {
                break true;
            };
            if self.begun.len() >= lanes_max {
                break false;
            }
            took_nothing += usize::from(last.took_nothing);
            self.begin(key, last);
        };
        if self.waiting.is_anyone_due() {
            // Where there is room, it is none for those that took nothing: one of them must make it.
            for lane in self.begun.values() {
                if !has_room || lane.took_nothing {
                    lane.nudge.end_turn();
                }
            }
        }
    }

    fn begin(&mut self, key: QueueKey, last: Turn) {
        self.waiting.remove(key);
        self.turn += 1;
        let number = self.turn;
        self.turns.insert(key, Turn { number, ..last });
        let nudge = Arc::new(Nudge::default());
        let lane = Lane {
            nudge: Arc::clone(&nudge),
            took_nothing: last.took_nothing,
        };
        self.begun.insert(key, lane);
        let dispatcher = self.dispatcher;
        let lane = async move { (key, dispatcher.lane(key, &nudge).await) };
        self.running.push(lane.boxed());
    }

    /// Takes leave of a lane; what went wrong in it.
    pub fn end(&mut self, (key, ended): Ended) -> Option<Error> {
        let now = self.dispatcher.crm.monotonic();
        let lane = self.begun.remove(&key);
        match ended {
            Ok(end) => {
                if let Some(turn) = self.turns.get_mut(&key) {
                    turn.took_nothing = end.took_nothing();
                }
                let has_more = lane.is_some_and(|lane| lane.nudge.has_more());
                if let Some(due_at) = has_more
                    .then_some(now)
                    .or(end.due_at.map(|at| self.moment(at)))
                {
                    self.wait(key, due_at);
                }
                None
            }
            Err(error) => {
                let until = now.saturating_add_millis(match error.kind() {
                    ErrorKind::Unavailable | ErrorKind::OutcomeUnknown => STORE_RETRY_MS,
                    _ => FAULT_RETRY_MS,
                });
                self.held.insert(key, until);
                self.wait(key, until);
                Some(error)
            }
        }
    }

    /// Lets no lane take more than it has.
    pub fn stop(&self) {
        self.begun.values().for_each(|lane| lane.nudge.stop());
    }
}
