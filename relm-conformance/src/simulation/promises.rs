//! What each commit of a history is held to, as to its events and deliveries.

use relm_core::record::Record;
use relm_core::record::{Attempt, Delivery, DeliveryStatus, EventType, Webhook};
use relm_core::store::{Batch, Write};
use relm_core::value::id::Id;
use relm_core::value::time::Timestamp;
use relm_core::webhook::SendError;

use super::ledger::Ledger;

/// A delivery's step, with what its commit does to the endpoint beside it.
struct Step<'a> {
    before: &'a Delivery,
    after: &'a Delivery,
    disables: bool,
    now: Timestamp,
}

impl Ledger {
    /// Holds a commit to what is promised, before it is counted in.
    pub fn check(&mut self, batch: &Batch) {
        let endpoint = batch.writes.iter().find_map(|write| match write {
            Write::Replace { before, after } => match (&before.record, &after.record) {
                (Record::Webhook(before), Record::Webhook(after)) => Some((before, after)),
                _ => None,
            },
            _ => None,
        });
        let disables = endpoint.is_some_and(|(before, after)| before.enabled && !after.enabled);
        let mut recorded = None;
        for write in &batch.writes {
            match write {
                Write::Insert(entry) => match &entry.record {
                    Record::Delivery(delivery) => self.check_new(delivery, batch),
                    Record::Event(event) => self.check_recorded(event.id, event.event_type, batch),
                    _ => {}
                },
                Write::Replace { before, after } => {
                    let records = (&before.record, &after.record);
                    if let (Record::Delivery(before), Record::Delivery(after)) = records {
                        let step = Step {
                            before,
                            after,
                            disables,
                            now: batch.now,
                        };
                        if let Some(place) = self.check_step(&step) {
                            recorded = Some((Delivery::clone(after), place));
                        }
                    }
                }
                Write::Delete(entry) => self.check_deleted(&entry.record, batch),
                Write::Unlink(_)
                | Write::Reconfigure
                | Write::Remember(_)
                | Write::Forget { .. } => {}
            }
        }
        if let Some((before, after)) = endpoint {
            let reconfigures = batch
                .writes
                .iter()
                .any(|write| matches!(write, Write::Reconfigure));
            self.ensure(reconfigures || before.enabled == after.enabled, || {
                format!("{} is disabled or enabled unnoticed", after.id)
            });
            self.check_endpoint(before, after, recorded.as_ref());
        }
        if let Some((delivery, place)) = recorded {
            let after = endpoint.map(|(_, after)| &**after);
            self.check_failing(&delivery, place, after);
        }
    }

    /// A delivery begins: for an endpoint that takes it, of an event that is there, and that is not on its way already.
    fn check_new(&mut self, delivery: &Delivery, batch: &Batch) {
        let is_first = delivery.status == DeliveryStatus::Pending
            && delivery.version == 1
            && delivery.attempts.is_empty()
            && delivery.next_attempt_at == Some(batch.now);
        let webhook = self.enabled(delivery.webhook_id);
        let is_told = webhook.is_some_and(|webhook| {
            let is_ping = delivery.event_type == EventType::Ping;
            is_ping || webhook.event_types.includes(delivery.event_type)
        });
        let is_new = inserts(batch, delivery.event_id);
        let same = |other: &&Delivery| {
            (other.webhook_id, other.event_id) == (delivery.webhook_id, delivery.event_id)
        };
        let rows = self.deliveries.values().map(|row| &row.delivery);
        let earlier: Vec<Id> = rows.clone().filter(same).map(|other| other.id).collect();
        let reached = rows.filter(same).any(|other| match other.status {
            DeliveryStatus::Pending | DeliveryStatus::Succeeded => true,
            DeliveryStatus::Dead | DeliveryStatus::Cancelled => false,
        });
        let kept = self.events.contains_key(&delivery.event_id);
        self.ensure(is_first, || format!("{delivery:?} is no beginning"));
        match delivery.replay_of {
            Some(replayed) => {
                let is_right = kept && self.enabled(delivery.webhook_id).is_some();
                self.ensure(is_right && earlier.contains(&replayed), || {
                    format!("{delivery:?} repeats nothing")
                });
            }
            None if is_new => {}
            // Recovered: it has not reached the endpoint, which asked for it.
            None => {
                let is_ping = delivery.event_type == EventType::Ping;
                let is_right = kept && is_told && !reached && !is_ping;
                self.ensure(is_right, || format!("{delivery:?} is not missing"));
            }
        }
    }

    /// An event has a delivery for each endpoint that asked for it, and no other.
    fn check_recorded(&mut self, event: Id, event_type: EventType, batch: &Batch) {
        let notified: Vec<Id> = batch
            .writes
            .iter()
            .filter_map(|write| match write {
                Write::Insert(entry) => match &entry.record {
                    Record::Delivery(delivery) if delivery.event_id == event => {
                        Some(delivery.webhook_id)
                    }
                    _ => None,
                },
                _ => None,
            })
            .collect();
        let holds = match event_type {
            EventType::Ping => notified.len() == 1 && self.enabled(notified[0]).is_some(),
            EventType::Record(..)
            | EventType::ActivityDue
            | EventType::Association(_)
            | EventType::Field(_) => {
                let ids = self.endpoints.keys().copied();
                let asked = |id: &Id| {
                    let webhook = self.enabled(*id);
                    webhook.is_some_and(|webhook| webhook.event_types.includes(event_type))
                };
                let mut notified = notified.clone();
                notified.sort_unstable();
                notified == ids.filter(asked).collect::<Vec<Id>>()
            }
        };
        self.ensure(holds, || {
            format!("{event} ({event_type}) goes to {notified:?}")
        });
    }

    /// A delivery goes on: by one recorded attempt, or because it is given up. Where one was recorded, which message.
    fn check_step(&mut self, step: &Step<'_>) -> Option<usize> {
        let Step { before, after, .. } = step;
        let (had, has) = (before.attempts.len(), after.attempts.len());
        let goes_on = before.status == DeliveryStatus::Pending
            && after.version == before.version + 1
            && (has == had || has == had + 1)
            && after.attempts[..had] == before.attempts[..];
        self.ensure(goes_on, || format!("{before:?} cannot become {after:?}"));
        let is_final = after.status != DeliveryStatus::Pending;
        self.ensure(is_final == after.next_attempt_at.is_none(), || {
            format!("{after:?} is due although it is over, or the other way round")
        });
        if has == had && !is_final {
            self.check_replanned(step);
            return None;
        }
        if has == had {
            let takes_none = self.enabled(after.webhook_id).is_none();
            let is_lost = !self.events.contains_key(&after.event_id) && self.rules.faults.prunes;
            let holds = after.status == DeliveryStatus::Cancelled && (takes_none || is_lost);
            self.ensure(holds, || format!("{before:?} was given up for nothing"));
            return None;
        }
        let place = self.message_of(step)?;
        self.check_outcome(step, place);
        Some(place)
    }

    /// A delivery is planned anew only where the clock is set, never later than it was, and within what its delay may be.
    fn check_replanned(&mut self, step: &Step<'_>) {
        let Step {
            before, after, now, ..
        } = step;
        let step_ms = match after.attempts.len() {
            0 => 0,
            count => self.rules.steps_ms.get(count).copied().unwrap_or(0),
        };
        let latest = now.saturating_add_millis(2 * step_ms);
        let planned = |delivery: &Delivery| delivery.next_attempt_at.unwrap_or(*now);
        let is_sooner = planned(after) <= planned(before).max(*now) && planned(after) <= latest;
        self.ensure(self.rules.faults.steps && is_sooner, || {
            format!("{before:?} is planned anew for nothing: {after:?}")
        });
    }

    /// The message that an attempt records: answered, not recorded before, and sent since the delivery was as it was.
    fn message_of(&mut self, step: &Step<'_>) -> Option<usize> {
        let Step { before, after, .. } = step;
        let attempt = after.attempts.last()?;
        let since = self
            .deliveries
            .get(&after.id)
            .map_or(0, |row| row.written_at);
        let place = self.sent.iter().position(|sent| {
            let took_ms = sent.answered.map(|(_, answered)| answered.took_ms);
            sent.delivery == before.id
                && sent.at == attempt.at
                && sent.began > since
                && !sent.is_recorded
                && took_ms == Some(attempt.duration_ms)
                && is_record_of(attempt, sent.outcome.as_ref())
        });
        self.ensure(place.is_some(), || {
            format!("{after:?} records an attempt that was not made")
        });
        if let Some(place) = place {
            self.sent[place].is_recorded = true;
        }
        place
    }

    /// An attempt has the end that its answer and the schedule say.
    fn check_outcome(&mut self, step: &Step<'_>, place: usize) {
        let Step {
            after, disables, ..
        } = step;
        let sent = &self.sent[place];
        let (succeeded, is_gone) = (sent.succeeded(), sent.is_gone());
        let ended = sent.answered.map_or(sent.at, |(_, answered)| answered.at);
        let asked_ms = asked_ms(sent.outcome.as_ref());
        let count = after.attempts.len();
        let next_step = self.rules.steps_ms.get(count).copied();
        let holds = match (after.status, next_step) {
            (DeliveryStatus::Succeeded, _) => succeeded,
            (DeliveryStatus::Cancelled, _) if is_gone => true,
            (DeliveryStatus::Cancelled, next) => !succeeded && next.is_some() && *disables,
            (DeliveryStatus::Dead, None) => !succeeded && !is_gone,
            (DeliveryStatus::Dead, Some(_)) | (DeliveryStatus::Pending, None) => false,
            (DeliveryStatus::Pending, Some(step_ms)) => {
                let next = after.next_attempt_at.unwrap_or(ended);
                let wait_ms = next.as_millis() - ended.as_millis();
                let (jitter_ms, longest_ms) = (step_ms / 5, 2 * step_ms);
                let granted_ms = if asked_ms > longest_ms {
                    longest_ms - jitter_ms
                } else {
                    asked_ms
                };
                let least = (step_ms - jitter_ms).max(granted_ms);
                let most = (granted_ms + jitter_ms).min(longest_ms);
                let most = (step_ms + jitter_ms).max(most);
                let is_in_bounds = (least..=most).contains(&wait_ms);
                !succeeded && !is_gone && !*disables && is_in_bounds
            }
        };
        self.ensure(holds, || format!("attempt {count} ends wrongly: {after:?}"));
    }

    /// Whether the endpoint of a delivery took its event by another one, which may be forgotten along with it.
    fn is_taken(&self, dead: &Delivery, batch: &Batch) -> bool {
        let known = self.deliveries.values().map(|row| &row.delivery);
        let forgotten = batch.writes.iter().filter_map(|write| match write {
            Write::Delete(entry) => match &entry.record {
                Record::Delivery(delivery) => Some(&**delivery),
                _ => None,
            },
            _ => None,
        });
        known.chain(forgotten).any(|other| {
            other.status == DeliveryStatus::Succeeded
                && (other.event_id, other.webhook_id) == (dead.event_id, dead.webhook_id)
        })
    }

    /// What is forgotten owes nobody anything.
    fn check_deleted(&mut self, record: &Record, batch: &Batch) {
        let holds = match record {
            Record::Delivery(delivery) => match delivery.status {
                DeliveryStatus::Pending => false,
                DeliveryStatus::Dead => {
                    webhook_of(self, delivery).is_none() || self.is_taken(delivery, batch)
                }
                DeliveryStatus::Succeeded | DeliveryStatus::Cancelled => true,
            },
            Record::Event(event) => {
                let rows = self.deliveries.values().map(|row| &row.delivery);
                let mut left = rows.filter(|row| row.event_id == event.id);
                // What is replayed in this very moment is given up by whoever is to send it.
                self.rules.faults.overlaps || left.all(|row| deletes(batch, row.id))
            }
            _ => true,
        };
        self.ensure(holds, || format!("{} is owed, and forgotten", record.id()));
    }
}

fn webhook_of<'a>(ledger: &'a Ledger, delivery: &Delivery) -> Option<&'a Webhook> {
    ledger.endpoints.get(&delivery.webhook_id)?.webhook.as_ref()
}

fn inserts(batch: &Batch, id: Id) -> bool {
    let is_it = |write: &Write| matches!(write, Write::Insert(entry) if entry.record.id() == id);
    batch.writes.iter().any(is_it)
}

fn deletes(batch: &Batch, id: Id) -> bool {
    let is_it = |write: &Write| matches!(write, Write::Delete(entry) if entry.record.id() == id);
    batch.writes.iter().any(is_it)
}

/// Whether an attempt says what came back.
fn is_record_of(
    attempt: &Attempt,
    outcome: Option<&Result<relm_core::webhook::Answer, SendError>>,
) -> bool {
    match outcome {
        Some(Ok(answer)) => {
            let succeeded = (200..300).contains(&answer.status);
            let shown = attempt.response.as_ref();
            attempt.status_code == Some(answer.status)
                && attempt.error.is_none() == succeeded
                && shown.is_none() == answer.body.is_empty()
                && shown.is_none_or(|shown| !shown.contains('\0') && shown.len() <= 3 * 1024)
        }
        Some(Err(error)) => {
            attempt.status_code.is_none() && attempt.error == Some(error.to_string())
        }
        None => false,
    }
}

/// For how long an endpoint asks to be left alone.
fn asked_ms(outcome: Option<&Result<relm_core::webhook::Answer, SendError>>) -> i64 {
    const MINUTE_MS: i64 = 60_000;
    match outcome {
        Some(Ok(answer)) => {
            let asked = answer.retry_after.map_or(0, |wait| wait.as_millis());
            let asked = i64::try_from(asked).unwrap_or(i64::MAX);
            if answer.status == 429 {
                asked.max(MINUTE_MS)
            } else {
                asked
            }
        }
        Some(Err(SendError::TimedOut)) => MINUTE_MS,
        Some(Err(_)) | None => 0,
    }
}
