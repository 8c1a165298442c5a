//! How a history comes to its end, and what may not be left undone there.

use std::sync::Arc;

use relm_core::record::{Delivery, DeliveryStatus};
use relm_core::value::id::Id;
use relm_core::value::time::Clock;

use super::faults::Faults;
use super::ledger::Sent;
use super::{History, alone, workload};

/// How often deliveries are sent until nothing waits: more than any history needs.
const DELIVERIES_MAX: usize = 2_000;

impl History {
    /// Delivers without faults until nothing waits, and holds all that has been to what is promised of its end.
    pub fn drain(&mut self) {
        let environment = Arc::clone(&self.environment);
        environment.set_faults(Faults::default());
        for _ in 0..DELIVERIES_MAX {
            let process = &self.processes[0];
            match alone(&environment, process.dispatcher.deliver_due()) {
                Ok(None) => {
                    self.check_end();
                    return;
                }
                Ok(Some(due)) => {
                    let now = environment.clock.now().max(due);
                    // What is due soon after goes along, so that days are over soon.
                    let more = environment.dice.below(5_000).cast_signed();
                    environment
                        .clock
                        .advance_to(now.saturating_add_millis(more));
                }
                Err(error) => environment
                    .ledger()
                    .fail(&format!("without faults: {error:?}")),
            }
        }
        environment.ledger().fail("deliveries never come to an end");
    }

    fn check_end(&self) {
        let (_, scoped) = &self.owner;
        let endpoints: Vec<Id> = {
            let ledger = self.environment.ledger();
            let there = ledger.endpoints.iter();
            let there = there.filter(|(_, endpoint)| endpoint.webhook.is_some());
            there.map(|(id, _)| *id).collect()
        };
        for endpoint in endpoints {
            let listed = alone(&self.environment, workload::deliveries(scoped, endpoint));
            let mut ledger = self.environment.ledger();
            let rows = ledger.deliveries.values().rev().map(|row| &row.delivery);
            let known: Vec<_> = rows.filter(|row| row.webhook_id == endpoint).collect();
            let listed: Vec<Delivery> = listed
                .iter()
                .map(|document| document.decode().expect("it is a delivery"))
                .collect();
            let agrees = known.into_iter().eq(&listed);
            ledger.ensure(agrees, || {
                format!("the deliveries of {endpoint} are not those committed")
            });
        }
        let mut ledger = self.environment.ledger();
        let rows: Vec<_> = ledger
            .deliveries
            .values()
            .map(|row| row.delivery.clone())
            .collect();
        for row in &rows {
            let has_ended = ledger.has_ended(row);
            ledger.ensure(has_ended, || format!("{row:?} has no end"));
        }
        let faults = ledger.rules.faults;
        let is_lost = |sent: &&Sent| {
            let row = ledger.deliveries.get(&sent.delivery);
            let given_up = row.is_none_or(|row| row.delivery.status == DeliveryStatus::Cancelled);
            !sent.is_recorded && !given_up
        };
        if faults.records_all()
            && let Some(sent) = ledger.sent.iter().find(is_lost)
        {
            ledger.fail(&format!(
                "what {} was answered was not recorded",
                sent.delivery
            ));
        }
    }
}
