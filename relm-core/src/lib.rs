//! Relm's engine: an API-first CRM that a program embeds, over a store of its choice.
//!
//! [`Crm`] is the way in: it creates, reads, changes, lists and searches contacts, companies, deals and activities,
//! defines custom fields, links records, subscribes webhooks and checks API keys. What it keeps, it keeps in a
//! [`Store`]: the reference in memory (`relm-store-memory`), the one over SQLite
//! (`relm-store-seaorm`), or one of your own, which the suite of `relm-conformance` proves.
//!
//! The engine opens no socket, speaks no SQL and needs no runtime; the clock and the randomness are passed in.

pub mod association;
mod check;
pub mod column;
pub mod crm;
mod cursor;
pub mod email;
pub mod error;
mod excerpt;
pub mod field;
pub mod filter;
mod hint;
pub mod host;
pub mod id;
pub mod input;
pub mod json;
pub mod judge;
pub mod key;
pub mod limits;
pub mod metadata;
pub mod object;
mod page;
pub mod pattern;
pub mod phone;
pub mod record;
pub mod scope;
mod sealing;
pub mod search;
pub mod signature;
pub mod store;
mod surroundings;
pub mod text;
pub mod time;
pub mod webhook;
pub mod words;
pub mod workspace;

pub use association::{Association, AssociationInput};
pub use crm::{BatchInput, Crm, List, ListRequest, Outcome, Reply, Scoped, SearchRequest};
pub use error::{Error, ErrorKind, Result};
pub use excerpt::Quoted;
pub use field::{Field, FieldInput, FieldType};
pub use hint::named_id;
pub use id::{Id, Kind};
pub use input::{Patch, Reader};
pub use key::{ApiKey, KeyAccess, NewKey, Principal};
pub use metadata::Metadata;
pub use object::{
    Activity, ActivityInput, Company, CompanyInput, Contact, ContactInput, Deal, DealInput,
    ObjectType,
};
pub use page::PageSize;
pub use scope::{Mode, Scope};
pub use store::Store;
pub use time::{Clock, Date, Entropy, Timestamp};
pub use webhook::{Webhook, WebhookInput};
pub use workspace::Workspace;
