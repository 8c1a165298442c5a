//! The handle on one workspace in one mode.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::context::{Context, IdempotencyKey};
use super::idempotency::{refuse_unread, transact_once};
use super::reply::Reply;
use super::resources::associations::Associations;
use super::resources::events::Events;
use super::resources::exports::Exports;
use super::resources::fields::Fields;
use super::resources::imports::Imports;
use super::resources::keys::Keys;
use super::resources::objects::Objects;
use super::resources::operations::{Operations, OperationsReport};
use super::resources::pages::Listing;
use super::resources::requests::Requests;
use super::resources::searching::SearchRequest;
use super::resources::webhooks::Webhooks;
use super::unit_of_work::UnitOfWork;
use crate::error::{Error, Result};
use crate::record::object::{Activity, Company, Contact, Deal, Object};
use crate::record::{Actor, Record};
use crate::store::StoreTransaction;
use crate::value::json;
use crate::value::request_id::RequestId;
use crate::value::scope::Scope;

/// A handle on one workspace in one mode: nothing that is reached through it lies elsewhere.
#[derive(Clone)]
pub struct Scoped {
    context: Context,
}

impl Scoped {
    pub(super) fn new(context: Context) -> Self {
        Self { context }
    }

    /// The workspace and mode.
    pub fn scope(&self) -> Scope {
        self.context.scope()
    }

    /// The same handle, whose changes are made by this actor: the events of them say so. Without one it is the
    /// [program](Actor::EMBEDDER) that the engine is part of.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
    /// use relm_core::{Actor, ActorType, ContactInput, ListRequest};
    ///
    /// let eva = Actor::new(ActorType::User, Some("42".into()), Some("Eva".into()))?;
    /// let by_eva = live.acting_as(eva.clone());
    /// let input = ContactInput {
    ///     email: "ada@example.com".into(),
    ///     ..Default::default()
    /// };
    /// by_eva.contacts().create(input).await?;
    /// let events = by_eva.events().list(&ListRequest::default()).await?;
    /// assert_eq!(events.data[0].actor, Some(eva));
    /// # Ok(()) }) }
    /// ```
    #[must_use]
    pub fn acting_as(self, actor: impl Into<Arc<Actor>>) -> Self {
        Self::new(self.context.acting_as(actor.into()))
    }

    /// The same handle, whose changes are made for this request: the events of them have its id. Without one each change is
    /// a request of its own, with an id that the engine makes.
    #[must_use]
    pub fn for_request(self, id: RequestId) -> Self {
        Self::new(self.context.for_request(id))
    }

    /// The same handle within a transaction of the store that the program holds: see [`Crm::within`](super::Crm::within), which
    /// says what is promised there.
    pub fn within(&self, transaction: &impl StoreTransaction) -> Self {
        Self::new(self.context.within(transaction))
    }

    /// The same handle, whose changes are dry runs: each is read, validated, planned and checked as ever, so that it gives the
    /// reply or the error that it would give now, and nothing of it is kept. There is no record, event or delivery of it, no
    /// idempotency key is used up, nobody who listens hears of it, and nothing is sent.
    ///
    /// - Ids, times and secrets in a reply are made up for it, and the next change has others.
    /// - An [idempotency key](Self::idempotent) is looked at: what it was used with is replayed, and another request under it is
    ///   refused. The dry run itself leaves the key free.
    /// - What a store finds out only as it writes, such as a full disk, a dry run does not.
    /// - Changes do not build on each other: each is checked against what is kept.
    ///
    /// What the handle reads it reads as ever, and within a transaction of the program it sees what that has changed.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
    /// use relm_core::{ContactInput, ErrorKind, ListRequest};
    ///
    /// let ada = ContactInput {
    ///     email: "ada@example.com".into(),
    ///     ..Default::default()
    /// };
    /// let dry_run = live.clone().dry_run();
    /// dry_run.contacts().create(ada.clone()).await?;
    /// assert!(live.contacts().list(&ListRequest::default()).await?.data.is_empty());
    ///
    /// live.contacts().create(ada.clone()).await?;
    /// let taken = dry_run.contacts().create(ada).await.unwrap_err();
    /// assert_eq!(taken.kind(), ErrorKind::Conflict);
    /// # Ok(()) }) }
    /// ```
    #[must_use]
    pub fn dry_run(self) -> Self {
        Self::new(self.context.dry_run())
    }

    /// The same handle, whose next change happens once however often it is asked for: within 24 hours of its first
    /// success the same key and request give the same reply, and another request under the key is refused.
    ///
    /// The request is whatever tells what is asked for, such as the input of the change: it is compared by a digest of its
    /// JSON, in which the order of members does not matter. Name the change with it, `&("create", &input)`, where one key
    /// could be used for two kinds of change.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
    /// use relm_core::ContactInput;
    ///
    /// let input = ContactInput {
    ///     email: "ada@example.com".into(),
    ///     ..Default::default()
    /// };
    /// let once = live.idempotent("sign-up 17", &input)?;
    /// let ada = once.contacts().create(input.clone()).await?;
    /// assert_eq!(once.contacts().create(input).await?, ada);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// `bad_request` when the key is not of 1 to 255 characters, or the request does not serialise.
    pub fn idempotent<R: Serialize + ?Sized>(self, key: &str, request: &R) -> Result<Self> {
        let request = serde_json::to_value(request).map_err(|error| {
            Error::bad_request("The request of an idempotency key must serialise to JSON.")
                .caused_by(error)
        })?;
        self.idempotent_by(key, Sha256::digest(json::canonical(&request)).into())
    }

    /// [`idempotent`](Self::idempotent), by a digest of the request that the caller computed.
    ///
    /// # Errors
    /// `bad_request` when the key is not of 1 to 255 characters.
    pub fn idempotent_by(self, key: &str, fingerprint: [u8; 32]) -> Result<Self> {
        let key = IdempotencyKey::new(key, fingerprint)?;
        Ok(Self::new(self.context.idempotent(key)))
    }

    /// The records of one object type, for code that is the same for all four.
    pub fn objects<T: Object + Into<Record>>(&self) -> Objects<'_, T> {
        Objects::new(&self.context)
    }

    /// The contacts.
    pub fn contacts(&self) -> Objects<'_, Contact> {
        Objects::new(&self.context)
    }

    /// The companies.
    pub fn companies(&self) -> Objects<'_, Company> {
        Objects::new(&self.context)
    }

    /// The deals.
    pub fn deals(&self) -> Objects<'_, Deal> {
        Objects::new(&self.context)
    }

    /// The activities.
    pub fn activities(&self) -> Objects<'_, Activity> {
        Objects::new(&self.context)
    }

    /// The definitions of custom fields.
    pub fn fields(&self) -> Fields<'_> {
        Fields::new(&self.context)
    }

    /// The API keys that open this workspace and mode.
    pub fn keys(&self) -> Keys<'_> {
        Keys::new(&self.context)
    }

    /// The associations.
    pub fn associations(&self) -> Associations<'_> {
        Associations::new(&self.context)
    }

    /// The events.
    pub fn events(&self) -> Events<'_> {
        Events::new(&self.context)
    }

    /// The imports of files.
    pub fn imports(&self) -> Imports<'_> {
        Imports::new(&self.context)
    }

    /// Files of records, to be written.
    pub fn exports(&self) -> Exports<'_> {
        Exports::new(&self.context)
    }

    /// The requests that changed something, to be undone.
    pub fn requests(&self) -> Requests<'_> {
        Requests::new(&self.context)
    }

    /// The endpoints, and their deliveries.
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks::new(&self.context)
    }

    /// Carries out up to 500 operations on records of any kind, in their order and in one commit, of a JSON object such as
    /// `{"operations": [{"op": "create", "object": "company", "ref": "acme", "data": {"name": "Acme"}}, {"op": "create", "object":
    /// "contact", "data": {"email": "ada@example.com", "company_id": {"$ref": "acme"}}}]}`. Each sees what those before it did. Unless
    /// `atomic` is false, either all of them happen or none; otherwise those that fail are left out.
    ///
    /// # Errors
    /// `validation_failed` when there are no operations or more than 500; the first failing operation's error, unless `atomic` is false.
    pub async fn batch_json(&self, body: Value) -> Result<Reply<OperationsReport>> {
        match Operations::read(body) {
            Ok(operations) => {
                transact_once(&self.context, UnitOfWork::new(&self.context, operations)).await
            }
            Err(error) => Err(refuse_unread(&self.context, error).await),
        }
    }

    /// What a search finds: an exact e-mail address, domain or id first, then newest first. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `bad_request` for an empty query, an unknown type or a bad limit; `invalid_cursor`.
    pub fn search<'r>(&self, request: &'r SearchRequest) -> Listing<'_, 'r, Record> {
        Listing::found(&self.context, request)
    }
}

impl fmt::Debug for Scoped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped")
            .field("scope", &self.scope())
            .finish_non_exhaustive()
    }
}
