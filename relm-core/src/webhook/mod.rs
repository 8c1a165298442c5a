//! Webhooks: who is told of a change, what is told, and what became of the telling.
//!
//! The cast:
//! - an **event** says that one record was created, updated or deleted. It is part of the commit of that change;
//! - an **endpoint** ([`Webhook`]) is a URL that subscribed to some types of event;
//! - a **delivery** is one event on its way to one endpoint, made in the same commit as the event;
//! - an **attempt** is one request of a delivery, and what came back.

mod delivery;
mod endpoint;
mod event;

pub use delivery::{Attempt, Delivery, DeliveryStatus, DeliveryTag};
pub use endpoint::{Subscription, Webhook, WebhookInput, WebhookTag};
pub use event::{API_VERSION, Change, Event, EventTag, EventType};

pub(crate) use delivery::COLUMNS as DELIVERY_COLUMNS;
pub(crate) use endpoint::COLUMNS as ENDPOINT_COLUMNS;
pub(crate) use event::{COLUMNS as EVENT_COLUMNS, Told, previous};
