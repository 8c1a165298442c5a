//! Relm's engine: an API-first CRM that a program embeds, over a store of its choice.
//!
//! [`Crm`] is the way in: it creates, reads, changes, lists and searches contacts, companies, deals and activities,
//! defines custom fields, links records, subscribes webhooks and checks API keys. What it keeps, it keeps in a
//! [`Store`]: the reference in memory (`relm-store-memory`), the one over SQLite
//! (`relm-store-seaorm`), or one of your own, which the suite of `relm-conformance` proves.
//!
//! The engine opens no socket, speaks no SQL and needs no runtime; the clock and the randomness are passed in.

pub mod engine;
pub mod error;
pub mod limits;
pub mod preconditions;
pub mod query;
pub mod record;
pub mod store;
pub mod value;
pub mod webhook;

pub use engine::{
    BatchInput, Crm, List, ListRequest, Listing, Outcome, Reply, Scoped, SearchRequest,
};
pub use error::{Error, ErrorKind, Result};
pub use record::association::{Association, AssociationInput};
pub use record::field::{Field, FieldInput, FieldType};
pub use record::filter::Filter;
pub use record::hint::named_id;
pub use record::input::Reader;
pub use record::key::{ApiKey, KeyAccess, NewKey, Principal};
pub use record::metadata::Metadata;
pub use record::object::{
    Activity, ActivityInput, Company, CompanyInput, Contact, ContactInput, Deal, DealInput,
    ObjectType,
};
pub use record::patch::Patch;
pub use record::workspace::Workspace;
pub use record::{Webhook, WebhookInput, WebhookWithSecret};
pub use store::Store;
pub use store::page::PageSize;
pub use value::ParseTextError;
pub use value::excerpt::Quoted;
pub use value::id::{Id, Kind};
pub use value::request_id::RequestId;
pub use value::scope::{Mode, Scope};
pub use value::time::{Clock, Date, Rng, Timestamp};
