//! How ids are minted.

use std::sync::{Mutex, PoisonError};

use ulid::Ulid;

use crate::value::environment::Rng;
use crate::value::id::Id;
use crate::value::kind::Kind;
use crate::value::request_id::RequestId;
use crate::value::time::Timestamp;

/// Mints ids whose ULIDs strictly increase, whatever the clock does and however many threads mint.
///
/// While the clock stands still or goes back, the last ULID is counted up; a full count carries into the milliseconds.
/// Two minters share no order, but 80 fresh random bits in each millisecond keep their ids apart.
#[derive(Debug, Default)]
pub struct IdMinter {
    last: Mutex<Option<u128>>,
}

impl IdMinter {
    /// A minter that has minted nothing.
    pub const fn new() -> Self {
        Self {
            last: Mutex::new(None),
        }
    }

    /// Mints the next id; a clock before 1970 counts as 1970, where ULIDs begin.
    pub fn mint(&self, kind: Kind, now: Timestamp, rng: &dyn Rng) -> Id {
        Id::new(kind, self.next(now, rng))
    }

    /// Mints the id of a request.
    pub fn mint_request(&self, now: Timestamp, rng: &dyn Rng) -> RequestId {
        RequestId::new(self.next(now, rng))
    }

    fn next(&self, now: Timestamp, rng: &dyn Rng) -> u128 {
        let now_millis = u64::try_from(now.as_millis()).unwrap_or(0);
        // A panic of `rng` leaves the last ULID as it was, so a poisoned lock still guards the truth.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match *last {
            // Timestamps end in 9999 and ULIDs in 10889: the sum cannot overflow.
            Some(last) if now_millis <= Ulid(last).timestamp_ms() => last + 1,
            Some(_) | None => Ulid::from_parts(now_millis, random(rng)).0,
        };
        *last = Some(next);
        next
    }
}

/// 80 random bits.
fn random(rng: &dyn Rng) -> u128 {
    let mut bytes = [0; size_of::<u128>()];
    rng.fill(&mut bytes[6..]);
    u128::from_be_bytes(bytes)
}
