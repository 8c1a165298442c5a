//! Cancelling what is pending for an endpoint that takes no more.

use async_trait::async_trait;

use super::endpoint;
use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::error::Result;
use crate::limits::PAGE_LIMIT_MAX;
use crate::record::{Delivery, Entry, Webhook};
use crate::store::{Lease, Write};
use crate::value::id::Id;
use crate::value::time::Timestamp;

/// Pages of what is pending that are cancelled before it is answered that an endpoint was disabled.
const PAGES_MAX: usize = 5;
/// For how long a cancelling keeps others from what it is about to cancel.
const LEASE_MS: i64 = 1_000;

/// Cancels what is pending for an endpoint that takes no more, as far as its caller can wait for that. The change that led
/// here was made, and its caller must learn of it whatever fails now: the dispatcher is woken to go on at once.
pub(in crate::engine) async fn cancel_pending(context: &Context, webhook: Id) {
    for _ in 0..PAGES_MAX {
        match cancel_some(context, webhook).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(_) => break,
        }
    }
    context.wake(webhook);
}

/// Cancels some of what is pending for an endpoint that takes no more; whether there is more. Nothing new can become
/// pending: the endpoint was disabled or deleted before. What a crash leaves, the dispatcher meets and cancels.
pub(in crate::engine) async fn cancel_some(context: &Context, webhook: Id) -> Result<bool> {
    apply(context, Cancel { webhook }).await
}

/// Cancels a page of deliveries, as long as their endpoint takes none; whether there are more.
struct Cancel {
    webhook: Id,
}

#[async_trait]
impl Operation for Cancel {
    type Output = bool;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<bool> {
        let context = plan.context();
        let webhook = endpoint::find(context, self.webhook).await?;
        let webhook: Option<Webhook> = webhook.map(|found| found.decode()).transpose()?;
        if webhook.is_some_and(|webhook| webhook.enabled) {
            // Somebody enabled it again: what is pending is to be sent. Who does so from here on changes the configuration.
            return Ok(false);
        }
        // A lease finds what is pending by its index, however much was delivered before; until it is over nobody sends what
        // it took. Whatever it moved, the cancelling writes again.
        let lease = Lease {
            scope: context.scope(),
            webhook: self.webhook,
            now: Timestamp::MAX,
            until: plan.now().saturating_add_millis(LEASE_MS),
            limit: PAGE_LIMIT_MAX,
        };
        let leased = context.lease(&lease).await?;
        let has_more = leased.len() == PAGE_LIMIT_MAX;
        for document in leased {
            let mut delivery: Delivery = document.decode()?;
            delivery.cancel();
            plan.write(Write::Replace {
                before: document.into_entry()?,
                after: Entry::new(delivery),
            });
        }
        Ok(has_more)
    }
}
