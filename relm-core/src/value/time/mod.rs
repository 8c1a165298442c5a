//! Moments and calendar days, and where the engine takes the present moment from.

mod calendar;
mod date;
pub(super) mod timestamp;

pub use date::Date;
pub use timestamp::Timestamp;

pub use crate::value::environment::{
    Clock, ManualClock, Monotonic, Rng, SeededRng, SystemClock, SystemRng,
};

#[cfg(test)]
mod tests;
