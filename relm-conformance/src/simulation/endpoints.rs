//! What each commit of a history is held to, as to the endpoints that it changes.

use relm_core::record::{Delivery, DisabledReason, Webhook};

use super::ledger::Ledger;

impl Ledger {
    /// An endpoint is changed by its owner, or by what a recorded attempt says of it.
    pub fn check_endpoint(
        &mut self,
        before: &Webhook,
        after: &Webhook,
        recorded: Option<&(Delivery, usize)>,
    ) {
        let attempts = recorded.map_or(0, |(delivery, _)| delivery.attempts.len());
        let last = recorded.map(|(_, place)| &self.sent[*place]);
        let failed = last.is_some_and(|sent| !sent.succeeded());
        let at = last.map(|sent| sent.at);
        let toggled = before.enabled != after.enabled;
        let disabling = match after.disabled_reason.filter(|_| toggled && before.enabled) {
            None => !toggled || after.enabled,
            Some(DisabledReason::Requested) => recorded.is_none(),
            // Who answers for an endpoint is whoever its URL leads to.
            Some(DisabledReason::Gone) => {
                last.is_some_and(|sent| sent.is_gone() && sent.url == before.url)
            }
            Some(DisabledReason::Failing) => {
                let since = before.failing_since.map(|since| since.as_millis());
                let limit = self.rules.disable_after_ms;
                let times = at.map(|at| at.as_millis()).zip(since).zip(limit);
                let is_long =
                    times.is_some_and(|((at, since), limit)| (at - since).max(0) >= limit);
                failed && attempts >= 2 && is_long
            }
        };
        let failing = match (before.failing_since, after.failing_since) {
            (None, Some(since)) => failed && attempts >= 2 && Some(since) == at,
            (Some(_), None) => {
                let moved = recorded.is_none() && before.url != after.url;
                last.is_some_and(|sent| sent.succeeded()) || toggled || moved
            }
            (before, after) => before == after,
        };
        self.ensure(disabling, || {
            format!(
                "{} is disabled for nothing: {:?}",
                after.id, after.disabled_reason
            )
        });
        self.ensure(failing, || {
            let (before, after) = (before.failing_since, after.failing_since);
            format!("failing since {before:?} becomes {after:?} for nothing")
        });
    }

    /// What an attempt must do to its endpoint, as far as its process can know: `after` is what its commit makes of it.
    pub fn check_failing(&mut self, delivery: &Delivery, place: usize, after: Option<&Webhook>) {
        let Some(known) = self.endpoints.get(&delivery.webhook_id) else {
            return;
        };
        let (sent, webhook) = (&self.sent[place], known.webhook.as_ref());
        let Some(before) = webhook.filter(|webhook| webhook.enabled) else {
            return;
        };
        if sent.url != before.url {
            return;
        }
        let after = after.unwrap_or(before);
        let is_answered_after = |when| sent.answered.is_some_and(|(count, _)| count > when);
        let knows = is_answered_after(known.failing_at);
        // Whoever had its answer before another attempt ended the failing may have judged by what was then.
        let knows_well = is_answered_after(known.well_at);
        let is_alone = !self.rules.faults.two && !self.rules.faults.overlaps;
        let since = before.failing_since.filter(|_| knows);
        let holds = if sent.succeeded() {
            since.is_none() || after.failing_since.is_none()
        } else if sent.is_gone() {
            !after.enabled || !is_alone
        } else {
            let limit = self.rules.disable_after_ms.unwrap_or(i64::MAX);
            let failing_ms = since.map_or(0, |since| sent.at.as_millis() - since.as_millis());
            let failing_ms = failing_ms.max(0);
            let is_decided = delivery.attempts.len() >= 2 && is_alone;
            let must_end = is_decided && sent.saw_failing && failing_ms >= limit;
            let must_begin = is_decided && knows_well && before.failing_since.is_none();
            (!must_end || !after.enabled) && (!must_begin || after.failing_since.is_some())
        };
        self.ensure(holds, || {
            format!("the last attempt of {delivery:?} says nothing of its endpoint")
        });
    }
}
