//! When a delivery is tried again: the steps of a schedule, what an endpoint asked for, and jitter.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::transport::{Answer, SendError};
use crate::error::{Error, Result};

/// The overload penalty: for how long an endpoint is sent nothing that timed out or answered 429, where the step allows.
const OVERLOAD_PENALTY_MS: i64 = 60_000;
/// Steps of a schedule at most.
const STEPS_MAX: usize = 20;
/// The jitter: by how much an attempt may come early or late, in hundredths of its step.
const JITTER_PERCENT: i64 = 20;
/// The limit of what an endpoint may ask for, in steps.
const LIMIT_STEPS: i64 = 2;

/// The delays before each attempt: the first is sent at once, the second so long after the failure of the first, …
///
/// A delay is its step with a jitter of ±20 %, so that what failed together does not come back together. An endpoint that
/// asks for more by `Retry-After` gets up to twice the step, and one that timed out or answered 429 gets 60 seconds, as
/// far as that is within twice the step.
///
/// ```
/// use relm_core::webhook::Schedule;
///
/// let schedule = Schedule::default();
/// assert_eq!(schedule.attempts(), 8);
/// assert_eq!(schedule.to_string(), "0s, 5s, 5m, 30m, 2h, 5h, 10h, 10h");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    steps_ms: Vec<i64>,
}

impl Default for Schedule {
    fn default() -> Self {
        const S: i64 = 1_000;
        const M: i64 = 60 * S;
        const H: i64 = 60 * M;
        Self {
            steps_ms: vec![0, 5 * S, 5 * M, 30 * M, 2 * H, 5 * H, 10 * H, 10 * H],
        }
    }
}

impl Schedule {
    /// The schedule of these steps.
    ///
    /// # Errors
    /// `bad_request` when there are none or more than 20, when the first is not 0, or when one is longer than 30 days.
    pub fn new(steps: impl IntoIterator<Item = Duration>) -> Result<Self> {
        let longest = Duration::from_secs(30 * 24 * 60 * 60);
        let steps: Vec<Duration> = steps.into_iter().collect();
        if steps.is_empty() || steps.len() > STEPS_MAX || steps.iter().any(|step| *step > longest) {
            return Err(Error::bad_request(format!(
                "A schedule has 1 to {STEPS_MAX} steps, of 30 days at most."
            )));
        }
        if steps[0] != Duration::ZERO {
            return Err(Error::bad_request(
                "The first step of a schedule is 0: an event is sent at once.",
            ));
        }
        Ok(Self {
            steps_ms: steps.into_iter().map(millis).collect(),
        })
    }

    /// How many attempts a delivery gets before it is dead.
    pub fn attempts(&self) -> usize {
        self.steps_ms.len()
    }

    /// What [`retry_delay_ms`](Self::retry_delay_ms) may give after so many that failed, whatever the endpoint asks for; of a delivery from
    /// before the schedule was shortened, after as many as it has.
    pub(crate) fn delays_ms(&self, failed: usize) -> RangeInclusive<i64> {
        let step_ms = self.steps_ms.get(failed).or(self.steps_ms.last());
        let step_ms = step_ms.copied().unwrap_or_default();
        step_ms - step_ms * JITTER_PERCENT / 100..=LIMIT_STEPS * step_ms
    }

    /// How many milliseconds to wait before the next attempt, after so many that failed; none where that was the last.
    /// `jitter` is any number, evenly distributed.
    pub(crate) fn retry_delay_ms(
        &self,
        failed: usize,
        hint: RetryHint,
        jitter: u32,
    ) -> Option<i64> {
        let step_ms = *self.steps_ms.get(failed)?;
        let spread_ms = step_ms * JITTER_PERCENT / 100;
        let planned_ms = spread(step_ms - spread_ms, step_ms + spread_ms, jitter);
        let (least_ms, most_ms) = limit(hint, step_ms, spread_ms);
        Some(planned_ms.max(spread(least_ms, most_ms, jitter)))
    }
}

/// The bounds of what is granted to an endpoint that asks for a delay. It gets what it asks for or a little more, within
/// the limit; where it asks for more than that, the limit or a little less. So what was turned away together does not come
/// back together.
fn limit(hint: RetryHint, step_ms: i64, spread_ms: i64) -> (i64, i64) {
    let limit_ms = LIMIT_STEPS * step_ms;
    if hint.delay_ms > limit_ms {
        return (limit_ms - spread_ms, limit_ms);
    }
    let most_ms = hint.delay_ms + spread_ms.min(hint.delay_ms);
    (hint.delay_ms, most_ms.min(limit_ms))
}

/// The place between two numbers that the jitter chooses.
fn spread(least: i64, most: i64, jitter: u32) -> i64 {
    let width = i128::from(most - least);
    least + (width * i128::from(jitter) / i128::from(u32::MAX)) as i64
}

/// Shows the steps as a setting would: `0s, 5s, 5m`.
impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, step) in self.steps_ms.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            match *step {
                step if step > 0 && step % 3_600_000 == 0 => write!(f, "{}h", step / 3_600_000)?,
                step if step > 0 && step % 60_000 == 0 => write!(f, "{}m", step / 60_000)?,
                step if step % 1_000 == 0 => write!(f, "{}s", step / 1_000)?,
                step => write!(f, "{step}ms")?,
            }
        }
        Ok(())
    }
}

/// For how long an endpoint asks, by how it answered, to be sent nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RetryHint {
    delay_ms: i64,
}

impl RetryHint {
    pub fn of(outcome: &Result<Answer, SendError>) -> Self {
        let retry_after_ms = match outcome {
            Ok(answer) => answer.retry_after.map_or(0, millis),
            Err(_) => 0,
        };
        let penalty_ms = match outcome {
            Ok(Answer { status: 429, .. }) | Err(SendError::TimedOut) => OVERLOAD_PENALTY_MS,
            Ok(_) | Err(SendError::Forbidden(_) | SendError::Failed(_)) => 0,
        };
        Self {
            delay_ms: retry_after_ms.max(penalty_ms),
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000;

    fn hint(outcome: Result<Answer, SendError>) -> RetryHint {
        RetryHint::of(&outcome)
    }

    #[test]
    fn a_retry_delay_is_its_step_with_jitter() {
        let schedule = Schedule::default();
        let none = RetryHint::default();
        assert_eq!(schedule.retry_delay_ms(1, none, 0), Some(4 * SECOND));
        assert_eq!(schedule.retry_delay_ms(1, none, u32::MAX / 2), Some(4_999));
        assert_eq!(schedule.retry_delay_ms(1, none, u32::MAX), Some(6 * SECOND));
        assert_eq!(schedule.retry_delay_ms(7, none, 0), Some(8 * 3600 * SECOND));
        assert_eq!(schedule.retry_delay_ms(8, none, 0), None);
    }

    #[test]
    fn a_retry_hint_is_granted_up_to_twice_the_step() {
        let schedule = Schedule::default();
        let asks = |seconds| {
            hint(Ok(
                Answer::new(503).retry_after(Duration::from_secs(seconds))
            ))
        };
        assert_eq!(schedule.retry_delay_ms(1, asks(1), 0), Some(4 * SECOND));
        assert_eq!(schedule.retry_delay_ms(1, asks(7), 0), Some(7 * SECOND));
        assert_eq!(
            schedule.retry_delay_ms(1, asks(7), u32::MAX),
            Some(8 * SECOND)
        );
        assert_eq!(schedule.retry_delay_ms(1, asks(10), 0), Some(10 * SECOND));
        assert_eq!(
            schedule.retry_delay_ms(1, asks(10), u32::MAX),
            Some(10 * SECOND)
        );
        assert_eq!(
            schedule.retry_delay_ms(1, asks(3600), u32::MAX),
            Some(10 * SECOND)
        );
        assert_eq!(
            schedule.retry_delay_ms(1, asks(u64::MAX), 0),
            Some(9 * SECOND)
        );
    }

    #[test]
    fn an_overloaded_endpoint_gets_a_minute_where_the_step_allows() {
        let steps = [0, 5, 40, 300].map(Duration::from_secs);
        let schedule = Schedule::new(steps).unwrap();
        for overloaded in [hint(Err(SendError::TimedOut)), hint(Ok(Answer::new(429)))] {
            assert_eq!(schedule.retry_delay_ms(1, overloaded, 0), Some(9 * SECOND));
            assert_eq!(
                schedule.retry_delay_ms(1, overloaded, u32::MAX),
                Some(10 * SECOND)
            );
            assert_eq!(schedule.retry_delay_ms(2, overloaded, 0), Some(60 * SECOND));
            assert_eq!(
                schedule.retry_delay_ms(2, overloaded, u32::MAX),
                Some(68 * SECOND)
            );
            assert_eq!(
                schedule.retry_delay_ms(3, overloaded, 0),
                Some(240 * SECOND)
            );
        }
    }

    #[test]
    fn whatever_an_endpoint_asks_for_a_delay_is_within_what_its_step_allows() {
        let schedule = Schedule::default();
        assert_eq!(schedule.delays_ms(0), 0..=0);
        assert_eq!(schedule.delays_ms(1), 4 * SECOND..=10 * SECOND);
        assert_eq!(schedule.delays_ms(2), 240 * SECOND..=600 * SECOND);
        // A delivery that failed more often than a shortened schedule has steps waits as long as after the last of them.
        assert_eq!(schedule.delays_ms(7), schedule.delays_ms(20));
        let hints = [0, 1, 7, 400, u64::MAX].map(|seconds| {
            hint(Ok(
                Answer::new(429).retry_after(Duration::from_secs(seconds))
            ))
        });
        for failed in 0..schedule.attempts() {
            for hint in hints.into_iter().chain([RetryHint::default()]) {
                for jitter in [0, u32::MAX / 3, u32::MAX] {
                    let delay_ms = schedule.retry_delay_ms(failed, hint, jitter).unwrap();
                    let allowed = schedule.delays_ms(failed);
                    assert!(allowed.contains(&delay_ms), "{failed} {hint:?} {delay_ms}");
                }
            }
        }
    }

    #[test]
    fn a_schedule_begins_at_once_and_ends() {
        assert!(Schedule::new([]).is_err());
        assert!(Schedule::new([Duration::from_secs(1)]).is_err());
        assert!(Schedule::new([Duration::ZERO; 21]).is_err());
        assert!(Schedule::new([Duration::ZERO, Duration::MAX]).is_err());
        let quick = Schedule::new([0, 200, 1_000].map(Duration::from_millis)).unwrap();
        assert_eq!(quick.to_string(), "0s, 200ms, 1s");
    }

    #[test]
    fn a_schedule_is_shown_in_the_largest_unit_that_is_exact() {
        for (millis, text) in [
            (1, "1ms"),
            (1_000, "1s"),
            (1_001, "1001ms"),
            (59_000, "59s"),
            (60_000, "1m"),
            (90_000, "90s"),
            (3_600_000, "1h"),
            (5_400_000, "90m"),
            (3_601_000, "3601s"),
        ] {
            let steps = [0, millis].map(Duration::from_millis);
            let schedule = Schedule::new(steps).unwrap();
            assert_eq!(schedule.to_string(), format!("0s, {text}"));
            assert_eq!(schedule.attempts(), 2);
        }
    }

    #[test]
    fn a_schedule_has_20_steps_of_30_days_at_most() {
        let longest = Duration::from_secs(30 * 24 * 60 * 60);
        assert!(Schedule::new([Duration::ZERO, longest]).is_ok());
        assert!(Schedule::new([Duration::ZERO, longest + Duration::from_millis(1)]).is_err());
        assert!(Schedule::new([Duration::ZERO; STEPS_MAX]).is_ok());
        assert!(Schedule::new([Duration::ZERO; STEPS_MAX + 1]).is_err());
    }
}
