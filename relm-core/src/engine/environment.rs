//! Where one engine takes the time, its randomness and its ids from.

use std::sync::Arc;

use crate::value::id::IdMinter;
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;
use crate::value::time::{Clock, Monotonic, Rng, Timestamp};

/// The clock, the randomness and the ids of one engine.
pub(super) struct Environment {
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    ids: IdMinter,
}

impl Environment {
    pub fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self {
            clock,
            rng,
            ids: IdMinter::new(),
        }
    }

    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn monotonic(&self) -> Monotonic {
        self.clock.monotonic()
    }

    pub fn rng(&self) -> &dyn Rng {
        self.rng.as_ref()
    }

    pub fn mint(&self, kind: Kind, now: Timestamp) -> Id {
        self.ids.mint(kind, now, self.rng())
    }

    pub fn mint_request(&self) -> RequestId {
        self.ids.mint_request(self.now(), self.rng())
    }
}
