//! What a history has come to, by its commits and its messages, and the promises that each of them is held to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use relm_core::record::{Delivery, DeliveryStatus, EventType, Webhook};
use relm_core::record::{Document, Entry, Record};
use relm_core::store::{Batch, Lease, Write};
use relm_core::value::id::Id;
use relm_core::value::time::Timestamp;
use relm_core::webhook::{Answer, Message, SendError};

use super::faults::{Faults, TIMEOUT};
use super::signed::{Read, by_read};

/// Lines of the history that a failure shows.
const TAIL: usize = 60;

/// The options of the dispatchers.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub steps_ms: Vec<i64>,
    pub disable_after_ms: Option<i64>,
    pub faults: Faults,
}

/// An endpoint, as it is.
pub(crate) struct Endpoint {
    /// None once it was deleted.
    pub webhook: Option<Webhook>,
    /// When, by the count of things, it was last found failing.
    pub failing_at: u64,
    /// When, by the same, it was last found well again.
    pub well_at: u64,
}

/// A delivery, as it is.
pub(crate) struct Row {
    pub delivery: Delivery,
    /// When, by the count of things, it was last written.
    pub written_at: u64,
}

/// What a process took to send.
pub(crate) struct Taken {
    pub delivery: Delivery,
    /// Its endpoint, as the process read it since its lease before: once to lease, and once for each attempt that it recorded
    /// meanwhile. Only the process knows which is which.
    pub reads: Vec<Read>,
    /// When it was due at the latest: the wall clock showed this.
    pub leased_at: Timestamp,
}

/// A message that left.
pub(crate) struct Sent {
    pub delivery: Id,
    pub url: String,
    pub at: Timestamp,
    pub began: u64,
    /// Whether its process saw the endpoint failing.
    pub saw_failing: bool,
    /// When it was answered: by the count of things, and by the clock.
    pub answered: Option<(u64, Answered)>,
    pub outcome: Option<Result<Answer, SendError>>,
    pub is_recorded: bool,
}

/// When a message was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    /// What the wall clock showed.
    pub at: Timestamp,
    /// How long it took, by the monotonic clock.
    pub took_ms: i64,
}

impl Sent {
    pub fn succeeded(&self) -> bool {
        matches!(&self.outcome, Some(Ok(answer)) if (200..300).contains(&answer.status))
    }

    pub fn is_gone(&self) -> bool {
        matches!(&self.outcome, Some(Ok(answer)) if answer.status == 410)
    }
}

/// All of it.
pub(crate) struct Ledger {
    seed: u64,
    pub rules: Rules,
    lines: Vec<String>,
    /// Counts what happened: of two things, the later one has the greater number.
    pub count: u64,
    pub checks: u64,
    pub endpoints: BTreeMap<Id, Endpoint>,
    pub events: BTreeMap<Id, (EventType, Arc<str>)>,
    pub contacts: BTreeSet<Id>,
    pub deliveries: BTreeMap<Id, Row>,
    pub sent: Vec<Sent>,
    /// An endpoint as a process read it since it leased of it.
    reads: HashMap<(usize, Id), Vec<Read>>,
    taken: HashMap<(usize, Id), Taken>,
}

impl Ledger {
    pub fn new(seed: u64, rules: Rules) -> Self {
        Self {
            seed,
            rules,
            lines: Vec::new(),
            count: 0,
            checks: 0,
            endpoints: BTreeMap::new(),
            events: BTreeMap::new(),
            contacts: BTreeSet::new(),
            deliveries: BTreeMap::new(),
            sent: Vec::new(),
            reads: HashMap::new(),
            taken: HashMap::new(),
        }
    }

    pub fn note(&mut self, now: Timestamp, what: String) {
        self.count += 1;
        self.lines.push(format!("{:>5} {now} {what}", self.count));
    }

    /// Ends the history as a failure.
    pub fn fail(&self, what: &str) -> ! {
        let tail = self.lines.len().saturating_sub(TAIL);
        panic!(
            "seed {}: {what}\n{:?}\n{}",
            self.seed,
            self.rules,
            self.lines[tail..].join("\n")
        );
    }

    pub fn ensure(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.checks += 1;
        if !holds {
            self.fail(&what());
        }
    }

    /// The endpoint, where it takes deliveries.
    pub fn enabled(&self, id: Id) -> Option<&Webhook> {
        let webhook = self.endpoints.get(&id)?.webhook.as_ref();
        webhook.filter(|webhook| webhook.enabled)
    }

    /// When the next delivery is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        let rows = self.deliveries.values();
        rows.filter_map(|row| row.delivery.next_attempt_at).min()
    }

    pub fn read(&mut self, process: usize, webhook: Webhook, at: Timestamp) {
        let reads = self.reads.entry((process, webhook.id)).or_default();
        reads.push(Read { webhook, at });
    }

    pub fn leased(&mut self, process: usize, lease: &Lease, taken: &[Document]) {
        let is_hold = lease.now == Timestamp::MAX;
        let reads = match is_hold {
            true => Vec::new(),
            false => {
                let reads = self.reads.remove(&(process, lease.webhook));
                reads.unwrap_or_else(|| {
                    self.fail(
                        "a worker leases deliveries of an endpoint that it has not read again",
                    )
                })
            }
        };
        for document in taken {
            let row = self.deliveries.get(&document.id);
            let delivery: Delivery = document.decode().expect("it was written as a delivery");
            let is_so = row.is_some_and(|row| row.delivery == delivery);
            let is_due = delivery.next_attempt_at.is_some_and(|due| due <= lease.now);
            self.ensure(is_so && is_due, || {
                format!("{process} was given {delivery:?}, which is not so or not due")
            });
            if is_hold {
                self.note(lease.until, format!("{process} holds {}", delivery.id));
                continue;
            }
            self.note(lease.now, format!("{process} takes {}", delivery.id));
            let taken = Taken {
                delivery,
                reads: reads.clone(),
                leased_at: lease.now,
            };
            self.taken.insert((process, document.id), taken);
        }
    }

    /// A message leaves: its place among all.
    pub fn sent(&mut self, process: usize, message: &Message, now: Timestamp) -> usize {
        let header = |name: &str| {
            let mut named = message.headers.iter().filter(|(other, _)| *other == name);
            named.next().map(|(_, value)| value.as_str())
        };
        let delivery = header("relm-delivery-id").and_then(Id::parse);
        let delivery = delivery.unwrap_or_else(|| self.fail("a message names no delivery"));
        self.note(
            now,
            format!("{process} sends {delivery} to {}", message.url),
        );
        let Some(taken) = self.taken.get(&(process, delivery)) else {
            self.fail("a delivery was sent that was not taken");
        };
        let Taken {
            delivery: taken,
            reads,
            leased_at,
        } = taken;
        let event = self.events.get(&taken.event_id);
        // Once it is taken, a wall clock that is set back does not make it early.
        let is_due = taken
            .next_attempt_at
            .is_some_and(|due| due <= now.max(*leased_at));
        let holds_all = |read: &&Read| by_read(message, read, now).iter().all(|(_, holds)| *holds);
        let Some(read) = reads.iter().rev().find(holds_all).or(reads.last()) else {
            self.fail("a delivery was taken of an endpoint that was not read");
        };
        let checks = [
            ("is sent before its time", is_due),
            (
                "is sent with other bytes than its event's",
                event.is_some_and(|(_, json)| *json == message.body),
            ),
            (
                "names another event",
                header("webhook-id") == Some(taken.event_id.to_string().as_str()),
            ),
            ("waits for another time", message.timeout == TIMEOUT),
        ];
        let saw_failing = read.webhook.failing_since.is_some();
        for (what, holds) in checks.into_iter().chain(by_read(message, read, now)) {
            self.ensure(holds, || format!("{delivery} {what}"));
        }
        self.sent.push(Sent {
            delivery,
            url: message.url.clone(),
            at: now,
            began: self.count,
            saw_failing,
            answered: None,
            outcome: None,
            is_recorded: false,
        });
        self.sent.len() - 1
    }

    pub fn answered(
        &mut self,
        place: usize,
        outcome: &Result<Answer, SendError>,
        answered: Answered,
    ) {
        let delivery = self.sent[place].delivery;
        let came = match outcome {
            Ok(answer) => answer.status.to_string(),
            Err(error) => error.to_string(),
        };
        self.note(answered.at, format!("{delivery} is answered {came}"));
        let sent = &mut self.sent[place];
        sent.answered = Some((self.count, answered));
        sent.outcome = Some(outcome.clone());
    }

    /// A commit was applied: it is checked, and then counted in.
    pub fn committed(&mut self, process: usize, batch: &Batch, now: Timestamp) {
        for write in &batch.writes {
            self.note(now, format!("{process} commits {}", named(write)));
        }
        self.check(batch);
        for write in &batch.writes {
            match write {
                Write::Insert(entry) | Write::Replace { after: entry, .. } => self.keep(entry),
                Write::Delete(entry) => self.forget(&entry.record),
                Write::Unlink(_)
                | Write::Reconfigure
                | Write::Remember(_)
                | Write::Forget { .. } => {}
            }
        }
    }

    fn keep(&mut self, entry: &Entry) {
        match &entry.record {
            Record::Webhook(webhook) => {
                let known = self.endpoints.entry(webhook.id).or_insert(Endpoint {
                    webhook: None,
                    failing_at: 0,
                    well_at: 0,
                });
                let failed = known.webhook.as_ref().and_then(|known| known.failing_since);
                if webhook.failing_since.is_some() && failed.is_none() {
                    known.failing_at = self.count;
                }
                if webhook.failing_since.is_none() && failed.is_some() {
                    known.well_at = self.count;
                }
                known.webhook = Some(Webhook::clone(webhook));
            }
            Record::Event(event) => {
                let recorded = (event.event_type, Arc::clone(&entry.json));
                self.events.insert(event.id, recorded);
            }
            Record::Delivery(delivery) => {
                // Where it is only planned anew, what is under way still counts.
                let known = self.deliveries.get(&delivery.id).filter(|known| {
                    let is_pending = delivery.status == DeliveryStatus::Pending;
                    is_pending && known.delivery.attempts.len() == delivery.attempts.len()
                });
                let row = Row {
                    delivery: Delivery::clone(delivery),
                    written_at: known.map_or(self.count, |known| known.written_at),
                };
                self.deliveries.insert(delivery.id, row);
            }
            Record::Contact(contact) => {
                self.contacts.insert(contact.id);
            }
            _ => {}
        }
    }

    fn forget(&mut self, record: &Record) {
        match record {
            Record::Webhook(webhook) => {
                if let Some(known) = self.endpoints.get_mut(&webhook.id) {
                    known.webhook = None;
                }
            }
            Record::Event(event) => drop(self.events.remove(&event.id)),
            Record::Delivery(delivery) => drop(self.deliveries.remove(&delivery.id)),
            Record::Contact(contact) => drop(self.contacts.remove(&contact.id)),
            _ => {}
        }
    }

    /// Whether a delivery can have come to this end.
    pub fn has_ended(&self, delivery: &Delivery) -> bool {
        let attempts = delivery.attempts.len();
        match delivery.status {
            DeliveryStatus::Pending => false,
            DeliveryStatus::Succeeded => {
                let sent = self.sent.iter();
                let mut sent = sent.filter(|sent| sent.delivery == delivery.id);
                sent.any(|sent| sent.is_recorded && sent.succeeded())
            }
            DeliveryStatus::Dead => attempts == self.rules.steps_ms.len(),
            // Checked when it was given up.
            DeliveryStatus::Cancelled => true,
        }
    }
}

/// A write in a few words.
fn named(write: &Write) -> String {
    let of = |record: &Record| match record {
        Record::Delivery(delivery) => format!(
            "{} of {} to {}: {:?}, {} attempts, next {:?}",
            delivery.id,
            delivery.event_id,
            delivery.webhook_id,
            delivery.status,
            delivery.attempts.len(),
            delivery.next_attempt_at
        ),
        Record::Webhook(webhook) => format!(
            "{} v{} at {}: enabled {}, {:?}, failing since {:?}",
            webhook.id,
            webhook.version,
            webhook.url,
            webhook.enabled,
            webhook.disabled_reason,
            webhook.failing_since
        ),
        other => other.id().to_string(),
    };
    match write {
        Write::Insert(entry) => format!("a new {}", of(&entry.record)),
        Write::Replace { after, .. } => of(&after.record),
        Write::Delete(entry) => format!("no more {}", entry.record.id()),
        Write::Unlink(id) => format!("no edges of {id}"),
        Write::Reconfigure => "another configuration".to_owned(),
        Write::Remember(_) => "a response".to_owned(),
        Write::Forget { .. } => "a response less".to_owned(),
    }
}
