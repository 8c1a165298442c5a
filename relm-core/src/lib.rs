#![doc = include_str!("../README.md")]
//!
//! # Where to go on
//!
//! [`Crm`] is the way in, [`Scoped`] the handle on one workspace in one mode, [`Listing`] what a list is read by,
//! [`Filterable`](query::filter::Filterable) what filters are built of, [`Patch`] what a write does to one member,
//! [`engine::Dispatcher`] what delivers webhooks, and [`Store`] the contract with whatever keeps the records.

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
    BatchInput, Crm, EventStream, List, ListRequest, Listing, MergeInput, MergeSource, Outcome,
    Reply, Scoped, SearchRequest, Within,
};
pub use error::{Error, ErrorKind, Result};
pub use record::association::{Association, AssociationInput, AssociationPatch};
pub use record::field::{
    ChoiceChange, Enforce, Field, FieldInput, FieldLimits, FieldLimitsPatch, FieldPatch, FieldType,
    UnknownMembers,
};
pub use record::filter::Filter;
pub use record::hint::named_id;
pub use record::input::Reader;
pub use record::key::{
    ApiKey, KeyAccess, KeyAction, KeyInput, KeyResource, KeyRotation, KeyScope, KeyScopes, NewKey,
    Principal, ShownKey,
};
pub use record::list::ListInput;
pub use record::metadata::Metadata;
pub use record::object::{
    Activity, ActivityInput, AddressesInput, Company, CompanyInput, Contact, ContactInput, Deal,
    DealInput, EmailAddress, ObjectType, PhoneNumber, PostalAddress,
};
pub use record::patch::Patch;
pub use record::session::{NewSession, Session};
pub use record::user::{NewUserLink, Role, User, UserInput};
pub use record::workspace::Workspace;
pub use record::{Actor, ActorType, EventFilter, Webhook, WebhookInput, WebhookWithSecret};
pub use store::Store;
pub use store::page::PageSize;
pub use value::ParseTextError;
pub use value::excerpt::Quoted;
pub use value::id::{Id, Kind};
pub use value::request_id::RequestId;
pub use value::scope::{Mode, Scope};
pub use value::time::{Clock, Date, Rng, Timestamp};
