//! The engine that a program embeds: one [`Crm`] over one store, and a [`Scoped`] handle per workspace and mode.
//!
//! From the bottom up:
//! - the **components** of one engine: the way to its store, its environment, its caches;
//! - a **context**: one workspace in one mode;
//! - a **transaction**: planned, committed, retried on conflict. A **change** of a scope is one, with its
//!   event and its deliveries in the same commit; **idempotency** decorates it;
//! - **effects**: what a commit means to the rest of the engine, at once, or once the transaction is committed that the
//!   program holds and the engine is **within**; of a **dry run**, whose commits are checked and not applied, nothing;
//! - a **unit of work**: changes that are staged one after the other, and committed as one;
//! - the operations on each **resource**; **keys**, **accounts**, **claims** and **retention** beside them;
//! - the **importer**, which works on imports in the background;
//! - [`Crm`] and [`Scoped`], which a program calls, and the **dispatcher**, which delivers.

mod accounts;
mod addresses;
mod by_ids;
mod caches;
mod change;
mod claims;
mod commits;
mod components;
mod context;
mod crm;
mod dispatcher;
mod dry_run;
mod effects;
mod environment;
mod idempotency;
mod import_notice;
mod import_queue;
mod import_shadow;
mod importer;
mod key_uses;
mod keys;
mod listeners;
mod merged;
mod registry;
mod reminders;
mod reply;
mod resources;
mod retention;
mod scoped;
mod spans;
mod staging;
mod storage;
mod transaction;
mod unique_values;
mod unit_of_work;
mod wakeups;
mod wanted;
mod within;

pub use accounts::{Accounts, Credentials};
pub use caches::KEY_CACHE_MS;
pub use crm::{Crm, CrmBuilder};
pub use dispatcher::{DispatchOptions, Dispatcher, scheduler};
pub use importer::Importer;
pub use keys::PresentedKey;
pub use listeners::{EVENT_STREAM_EVENTS_MAX, EventStream, MissedEvents};
pub use merged::Resolved;
pub use reminders::Reminders;
pub use reply::{Outcome, Reply};
pub use resources::associations::Associations;
pub use resources::batch::{BatchInput, BatchReport, BatchRow, BatchTag, RowStatus};
pub use resources::duplicates::{DuplicateGroup, DuplicateReason, Duplicates};
pub use resources::events::Events;
pub use resources::exports::{ExportOptions, Exports};
pub use resources::feed::{FOLLOW_POLL, Feed, FeedPage, LoggedEvent};
pub use resources::fields::{
    Breach, ChoiceRename, ChoiceUsage, ChoicesChange, Definitions, FieldName, FieldUsage,
    FieldUsageTag, Fields, MemberChange, ObjectSettings, ObjectSettingsTag, PromotedField,
    PromotedSetting, Promotion, PromotionInput, PromotionStatus, PromotionTag, RefusedField,
    RenamedChoice,
};
pub use resources::history::{History, HistoryPage};
pub use resources::imports::{
    ImportColumn, ImportFailure, ImportOptions, ImportPreview, ImportUpload, Imports,
};
pub use resources::keys::Keys;
pub use resources::listing::{List, ListRequest};
pub use resources::merging::{MergeInput, MergeSource};
pub use resources::objects::Objects;
pub use resources::operations::{OperationName, OperationRow, OperationStatus, OperationsReport};
pub use resources::pages::Listing;
pub use resources::purge::Purged;
pub use resources::recovery::{RecoverInput, Recovery};
pub use resources::requests::Requests;
pub use resources::searching::SearchRequest;
pub use resources::undo::{ConflictCode, Reverted, UndoConflict, UndoTag, Undone, UndoneChange};
pub use resources::webhooks::Webhooks;
pub use retention::Deleted;
pub use scoped::Scoped;
pub use within::Within;

pub use crate::value::environment::Sleeper;
