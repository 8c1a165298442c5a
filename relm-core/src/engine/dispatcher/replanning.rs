//! Deliveries that were planned by a wall clock which was set back since: each is due again once its own delay has passed.
//!
//! What is stored says when a delivery is due by the wall clock, for whichever process comes next. Where that clock is set back, or
//! a process begins on one that is behind, it seems to be due that much later. But nothing waits for longer than its own delay: what
//! does was planned by another clock, and is planned anew. So a clock that is set back prolongs a delay to twice its length at most. A
//! lease that lasts longer than any holds nobody up either.

use async_trait::async_trait;

use super::attempt::DeliverySender;
use super::looks::{Suspect, TOLERANCE_MS};
use crate::engine::context::Context;
use crate::engine::transaction::{Planned, Transaction, transact};
use crate::error::{Error, Result};
use crate::record::{Actor, Delivery, Entry};
use crate::store::{Batch, Lease, Write};
use crate::value::time::Timestamp;

/// How far the clocks of two machines may differ before one takes a lease of the other for one that never ends.
const LEASE_TOLERANCE_MS: i64 = 60_000;

/// Plans anew what these queues have of a clock that was set back; how many deliveries, and what went wrong, which keeps no
/// other queue waiting.
pub(super) async fn replan(
    sender: &DeliverySender,
    suspects: Vec<Suspect>,
) -> (usize, Option<Error>) {
    let (mut replanned, mut failure) = (0, None);
    for suspect in suspects {
        match replan_queue(sender, suspect).await {
            Ok(0) => sender.looks.found_right(suspect),
            Ok(count) => replanned += count,
            Err(error) => failure = Some(error),
        }
    }
    (replanned, failure)
}

async fn replan_queue(sender: &DeliverySender, suspect: Suspect) -> Result<usize> {
    let context =
        Context::open(&sender.components, suspect.key.scope, Actor::SYSTEM.into()).await?;
    let mut replan = Replan {
        sender,
        context: &context,
        suspect,
    };
    transact(context.storage(), &mut replan).await
}

/// Plans anew what a queue has of a clock that was set back, in one commit.
struct Replan<'a> {
    sender: &'a DeliverySender,
    context: &'a Context,
    suspect: Suspect,
}

impl Replan<'_> {
    /// When a delivery is due that was planned by a clock which was set back; none where it is due as it was planned.
    fn due_at(&self, delivery: &Delivery, now: Timestamp) -> Option<Timestamp> {
        let after = |ms: i64| now.saturating_add_millis(ms);
        let planned = delivery.next_attempt_at?;
        let delay_ms = delivery.delay_ms(&self.sender.options.schedule);
        if planned > after(delay_ms.saturating_add(TOLERANCE_MS)) {
            return Some(after(delay_ms));
        }
        // It is due, and none of its queue is: leases hold them all, and none lasts so long.
        let longest_ms = self.sender.options.lease_ms() + LEASE_TOLERANCE_MS;
        let is_held = self.suspect.due_at > after(longest_ms) && planned <= now;
        is_held.then_some(now)
    }
}

#[async_trait]
impl Transaction for Replan<'_> {
    type Output = usize;

    async fn plan(&mut self) -> Result<Planned<usize>> {
        // A lease finds what is pending by its index, the earliest first, and one that ended long ago moves nothing.
        let lease = Lease {
            scope: self.context.scope(),
            webhook: self.suspect.key.webhook,
            now: Timestamp::MAX,
            until: Timestamp::MIN,
            limit: self.suspect.limit,
        };
        let leased = self.context.lease(&lease).await?;
        // After that: what others recorded while the store was asked is not of a later clock.
        let now = self.sender.environment().now();
        let mut writes = Vec::new();
        for document in leased {
            let mut delivery: Delivery = document.decode()?;
            if let Some(due_at) = self.due_at(&delivery, now) {
                delivery.replan(due_at);
                writes.push(Write::Replace {
                    before: document.into_entry()?,
                    after: Entry::new(delivery),
                });
            }
        }
        let count = writes.len();
        if count == 0 {
            return Ok(Planned::Done(0));
        }
        let batch = Batch {
            scope: self.context.scope(),
            now,
            requires: Vec::new(),
            writes,
        };
        Ok(Planned::Commit(batch, count))
    }
}
