//! One line in the log for each cause and interval: an outage fails every request and every endpoint, for the same reason.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long lines of one cause are suppressed after one was written.
const INTERVAL: Duration = Duration::from_secs(10);
/// How long it is remembered that a line was written.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Causes that are remembered at once; past that all are forgotten, and written again.
const CAUSES_MAX: usize = 256;

/// The causes that were written lately.
#[derive(Debug, Default)]
pub struct LogThrottle(Mutex<HashMap<String, Line>>);

#[derive(Debug)]
struct Line {
    written_at: Instant,
    suppressed: u64,
}

impl LogThrottle {
    /// How many lines of this cause were suppressed since the last one that was written, if another is to be written now.
    pub fn admit(&self, cause: &str, now: Instant) -> Option<u64> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get_mut(cause)
            && now.duration_since(line.written_at) < INTERVAL
        {
            line.suppressed += 1;
            return None;
        }
        let suppressed = lines.remove(cause).map_or(0, |before| before.suppressed);
        lines.retain(|_, other| now.duration_since(other.written_at) < REMEMBERED);
        if lines.len() >= CAUSES_MAX {
            lines.clear();
        }
        let line = Line {
            written_at: now,
            suppressed: 0,
        };
        lines.insert(cause.to_owned(), line);
        Some(suppressed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_cause_is_written_once_in_a_while_and_counted() {
        let throttle = LogThrottle::default();
        let begin = Instant::now();
        let admit = |cause, seconds| throttle.admit(cause, begin + Duration::from_secs(seconds));
        assert_eq!(admit("gone", 0), Some(0));
        assert_eq!((admit("gone", 1), admit("gone", 9)), (None, None));
        assert_eq!(admit("sealed", 9), Some(0));
        assert_eq!(admit("gone", 10), Some(2));
        assert_eq!(admit("gone", 30), Some(0));
        assert_eq!(admit("sealed", 90), Some(0));
        assert_eq!(throttle.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn causes_are_bounded() {
        let throttle = LogThrottle::default();
        let now = Instant::now();
        for number in 0..3 * CAUSES_MAX {
            assert_eq!(throttle.admit(&number.to_string(), now), Some(0));
            assert!(throttle.0.lock().unwrap().len() <= CAUSES_MAX);
        }
    }
}
