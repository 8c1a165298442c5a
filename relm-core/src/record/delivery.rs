//! Deliveries: one event on its way to one endpoint.

use serde::{Deserialize, Serialize};

use super::event_type::EventType;
use crate::record::column::{Column, ColumnOf, Columns};
use crate::value::from_text::named;
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;
use crate::webhook::{Answer, SendError};
use crate::webhook::{RetryHint, Schedule};

/// Bytes of an answer's body that an attempt keeps.
pub(crate) const RESPONSE_BYTES_MAX: usize = 1024;

/// Where a delivery stands. It begins as pending, and whatever else it becomes, it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// To be sent, for the first time or again.
    Pending,
    /// An attempt was answered with success.
    Succeeded,
    /// The last attempt of the schedule failed: it can be replayed.
    Dead,
    /// Its endpoint was disabled or deleted before one did, or the record of its event was purged.
    Cancelled,
}

impl DeliveryStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Succeeded, Self::Dead, Self::Cancelled];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }
}

named!(
    DeliveryStatus,
    as_str,
    "`pending`, `succeeded`, `dead` or `cancelled`"
);

/// One request of a delivery, and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Attempt {
    /// When the attempt began.
    pub at: Timestamp,
    /// The status of the response, if there was one.
    pub status_code: Option<u16>,
    /// Why there was no response, or none that is a success.
    pub error: Option<String>,
    /// How long the attempt took, in milliseconds.
    pub duration_ms: i64,
    /// The beginning of the response's body, 1 KiB at most; what is no UTF-8 is replaced.
    pub response: Option<String>,
}

impl Attempt {
    pub(crate) fn new(
        at: Timestamp,
        duration_ms: i64,
        outcome: &Result<Answer, SendError>,
    ) -> Self {
        let (status_code, error, response) = match outcome {
            Ok(answer) => (
                Some(answer.status),
                refused(answer.status),
                response(&answer.body),
            ),
            Err(error) => (None, Some(error.to_string()), None),
        };
        Self {
            at,
            status_code,
            error,
            duration_ms,
            response,
        }
    }
}

/// Why an answer is no success.
fn refused(status: u16) -> Option<String> {
    (!is_success(status)).then(|| format!("answered {status}"))
}

const fn is_success(status: u16) -> bool {
    200 <= status && status < 300
}

/// A body as text that every store keeps: NUL is none of it.
fn response(body: &[u8]) -> Option<String> {
    let begins = &body[..body.len().min(RESPONSE_BYTES_MAX)];
    let text = String::from_utf8_lossy(begins).replace('\0', "\u{fffd}");
    (!text.is_empty()).then_some(text)
}

/// What an attempt came to, beside its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The endpoint took the event.
    Taken,
    /// The endpoint is gone for good (410).
    Gone,
    /// To be tried again, as far as the schedule goes.
    Failed,
}

impl Verdict {
    pub fn of(outcome: &Result<Answer, SendError>) -> Self {
        match outcome {
            Ok(answer) if is_success(answer.status) => Self::Taken,
            Ok(Answer { status: 410, .. }) => Self::Gone,
            Ok(_) | Err(_) => Self::Failed,
        }
    }
}

/// One event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Delivery {
    /// `dlv_` and a ULID.
    pub id: Id,
    /// Always `delivery`.
    pub object: DeliveryTag,
    /// The endpoint that the event is for.
    pub webhook_id: Id,
    /// The event that is delivered.
    pub event_id: Id,
    /// The type of the event.
    pub event_type: EventType,
    /// Where the delivery stands.
    pub status: DeliveryStatus,
    /// The requests so far, oldest first.
    pub attempts: Vec<Attempt>,
    /// When the next request is due; null when there will be none.
    pub next_attempt_at: Option<Timestamp>,
    /// The delivery that this one repeats.
    pub replay_of: Option<Id>,
    /// Counts the changes: 1 on create, one more with each.
    pub version: i64,
    /// When the delivery was made: the moment in the id.
    pub created_at: Timestamp,
}

/// The `object` member of a [`Delivery`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DeliveryTag {
    /// Its one value.
    #[default]
    #[serde(rename = "delivery")]
    Delivery,
}

impl Columns for Delivery {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::id("webhook_id", Kind::Webhook, |it: &Self| Some(it.webhook_id)).indexed(),
        Column::id("event_id", Kind::Event, |it: &Self| Some(it.event_id)).indexed(),
        Column::text("event_type", 40, |it: &Self| Some(it.event_type.as_str())),
        Column::text("status", 20, |it: &Self| Some(it.status.as_str())),
        Column::timestamp("next_attempt_at", |it: &Self| it.next_attempt_at).due(),
        Column::id("replay_of", Kind::Delivery, |it: &Self| it.replay_of).hidden(),
        Column::timestamp("created_at", |it: &Self| Some(it.created_at)),
    ];
}

impl Delivery {
    /// A new one, due at `now`: that is the clock's word, which may have been set back since the moment in the id.
    pub fn pending(
        id: Id,
        webhook_id: Id,
        event_id: Id,
        event_type: EventType,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            object: DeliveryTag::Delivery,
            webhook_id,
            event_id,
            event_type,
            status: DeliveryStatus::Pending,
            attempts: Vec::new(),
            next_attempt_at: Some(now),
            replay_of: None,
            version: 1,
            created_at: id.timestamp(),
        }
    }

    /// The same event to the same endpoint, once more from the start.
    pub fn replay(&self, id: Id, now: Timestamp) -> Self {
        Self {
            replay_of: Some(self.id),
            ..Self::pending(id, self.webhook_id, self.event_id, self.event_type, now)
        }
    }

    /// Records one more attempt, which ended at `now`: the next one is due a [retry delay](Schedule::retry_delay_ms) later.
    pub(crate) fn record(
        &mut self,
        attempt: Attempt,
        now: Timestamp,
        outcome: &Result<Answer, SendError>,
        schedule: &Schedule,
        jitter: u32,
    ) {
        self.attempts.push(attempt);
        self.version += 1;
        let hint = RetryHint::of(outcome);
        let delay_ms = schedule.retry_delay_ms(self.attempts.len(), hint, jitter);
        (self.status, self.next_attempt_at) = match (Verdict::of(outcome), delay_ms) {
            (Verdict::Taken, _) => (DeliveryStatus::Succeeded, None),
            (Verdict::Gone, _) => (DeliveryStatus::Cancelled, None),
            (Verdict::Failed, None) => (DeliveryStatus::Dead, None),
            (Verdict::Failed, Some(delay_ms)) => {
                let next = now.saturating_add_millis(delay_ms);
                (DeliveryStatus::Pending, Some(next))
            }
        };
    }

    /// For how long it waits after its last attempt: as was planned then, unless a clock that was set meanwhile shows something that
    /// the schedule does not allow; then as long as that allows at most.
    pub(crate) fn delay_ms(&self, schedule: &Schedule) -> i64 {
        let (Some(last), Some(next)) = (self.attempts.last(), self.next_attempt_at) else {
            return 0;
        };
        let allowed = schedule.delays_ms(self.attempts.len());
        let ended = last.at.saturating_add_millis(last.duration_ms);
        let planned_ms = next.as_millis().saturating_sub(ended.as_millis());
        match allowed.contains(&planned_ms) {
            true => planned_ms,
            false => *allowed.end(),
        }
    }

    /// Has it sent at another moment than was planned.
    pub(crate) fn replan(&mut self, due_at: Timestamp) {
        self.next_attempt_at = Some(due_at);
        self.version += 1;
    }

    /// Gives it up, since its endpoint takes no more.
    pub fn cancel(&mut self) {
        self.give_up();
        self.version += 1;
    }

    /// Whether it is to be sent, or keeps what an endpoint answered to an event that told of a record.
    pub(crate) fn tells(&self) -> bool {
        self.status == DeliveryStatus::Pending
            || self
                .attempts
                .iter()
                .any(|attempt| attempt.response.is_some())
    }

    /// The same delivery of an event whose record is purged: it is sent no more, and keeps nothing of what was answered.
    pub(crate) fn erased(mut self) -> Self {
        if self.status == DeliveryStatus::Pending {
            self.give_up();
        }
        for attempt in &mut self.attempts {
            attempt.response = None;
        }
        self.version += 1;
        self
    }

    /// Cancels it as part of a change that is under way.
    pub(crate) fn give_up(&mut self) {
        self.status = DeliveryStatus::Cancelled;
        self.next_attempt_at = None;
    }
}
