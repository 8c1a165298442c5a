//! Webhooks: how they are signed, sealed, scheduled and sent.
//!
//! The cast:
//! - an **event** ([`Event`](crate::record::Event)) says that one record was created, updated or deleted. It is part of the commit of that
//!   change;
//! - an **endpoint** ([`Webhook`](crate::record::Webhook)) is a URL that subscribed to some types of event;
//! - a **delivery** ([`Delivery`](crate::record::Delivery)) is one event on its way to one endpoint, made in the same commit as the event;
//! - an **attempt** ([`Attempt`](crate::record::Attempt)) is one request of a delivery, and what came back;
//! - a **[`Transport`]** sends that request: the engine opens no socket;
//! - a **[`TargetPolicy`]** refuses endpoints that it never could send to;
//! - a **[dispatcher](crate::engine::Dispatcher)** takes what is due, has it sent, and records the attempt.
//!
//! # The life of a delivery
//!
//! ```text
//!            2xx ──────────────────────────────▶ succeeded
//! pending ── any other end, attempts left ─────▶ pending, due after the next step of the Schedule
//!            any other end, that was the last ─▶ dead
//!            410, or the endpoint is disabled
//!            or deleted ───────────────────────▶ cancelled
//! ```
//!
//! Nothing leaves succeeded, dead or cancelled: a replay is another delivery of the same event. An attempt is recorded by
//! a write that requires the delivery as it was read. So of two dispatchers that sent the same one, one records it and
//! the other's record is refused: attempts are numbered without gaps whoever sends. A process that dies between sending
//! and recording sends again, with the same ids: **at least once**, which is why a receiver tells repetitions by the
//! event's id. A [lease](crate::store::Store::lease) spares most of them.
//!
//! A pending delivery of an endpoint that is disabled or gone is never sent; whoever meets it cancels it.

mod policy;
mod retry_schedule;
pub(crate) mod sealing;
pub(crate) mod secret;
pub mod signature;
mod transport;

pub use policy::{AnyTarget, TargetPolicy};
pub use retry_schedule::Schedule;
pub use secret::Secret;
pub use signature::{SignatureError, verify};
pub use transport::{ANSWER_BYTES_MAX, Answer, Message, SendError, Transport};

pub(crate) use retry_schedule::RetryHint;
pub(crate) use secret::generate as generate_secret;
