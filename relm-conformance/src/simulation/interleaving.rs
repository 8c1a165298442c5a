//! Several futures on one thread, polled in an order that a seed chooses: every interleaving can be had again.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use relm_core::value::time::{Rng, SeededRng};

/// More polls than any history needs: what takes so many never ends.
const POLLS_MAX: usize = 200_000;

/// Chance, from a seed.
pub(crate) struct Dice(SeededRng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(SeededRng::new(seed))
    }

    /// A number below `end`.
    pub fn below(&self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % end
    }

    pub fn one_in(&self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    /// One of these; none where there are none.
    pub fn pick<T: Copy>(&self, values: &[T]) -> Option<T> {
        let end = values.len() as u64;
        (end > 0).then(|| values[self.below(end) as usize])
    }
}

/// Lets others be polled, so many times.
pub(crate) async fn yield_times(mut times: u64) {
    poll_fn(|context| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        // Sets of futures poll only those that asked for it.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

struct Task<'a> {
    future: Pin<Box<dyn Future<Output = ()> + 'a>>,
    /// How often it is polled before it is dropped, where it is to die.
    polls_left: Option<u64>,
}

/// Futures that are polled one at a time.
#[derive(Default)]
pub(crate) struct Interleaver<'a>(Vec<Task<'a>>);

impl<'a> Interleaver<'a> {
    /// Adds a future, which is dropped after so many polls where it is to die.
    pub fn add(&mut self, future: impl Future<Output = ()> + 'a, dies_after: Option<u64>) {
        self.0.push(Task {
            future: Box::pin(future),
            polls_left: dies_after,
        });
    }

    /// Polls until every future has ended or died. Says whether that came to pass.
    pub fn run(mut self, dice: &Dice) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..POLLS_MAX {
            if self.0.is_empty() {
                return true;
            }
            let place = dice.below(self.0.len() as u64) as usize;
            let task = &mut self.0[place];
            let is_dead = match &mut task.polls_left {
                Some(0) => true,
                Some(polls) => {
                    *polls -= 1;
                    false
                }
                None => false,
            };
            if is_dead || task.future.as_mut().poll(&mut context).is_ready() {
                drop(self.0.swap_remove(place));
            }
        }
        false
    }
}
