//! Contacts, companies, deals and activities: the same calls on each.

use std::marker::PhantomData;

use async_trait::async_trait;
use serde_json::Value;

use super::batch::{Batch, BatchInput, BatchReport};
use super::drafts::{
    Changed, Draft, build, change, insert, of_a_row, refused, replace, require, with_warnings,
};
use super::history::History;
use super::listing::ListRequest;
use super::pages::Listing;
use super::purge::{Purged, purge};
use super::restore::restore;
use super::trash::Delete;
use super::upsert::Upsert;
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, refuse_unread};
use crate::engine::reply::{Outcome, Reply};
use crate::error::Result;
use crate::record::object::Object;
use crate::record::{Document, Record};
use crate::store::Refusal;
use crate::value::id::Id;
use crate::value::time::Timestamp;

/// The records of one object type, in one scope.
pub struct Objects<'a, T> {
    context: &'a Context,
    of: PhantomData<fn() -> T>,
}

impl<'a, T: Object + Into<Record>> Objects<'a, T> {
    pub(in crate::engine) fn new(context: &'a Context) -> Self {
        Self {
            context,
            of: PhantomData,
        }
    }

    /// Creates a record.
    ///
    /// # Errors
    /// What the input breaks of the rules of its object and of the custom fields; `conflict` when its e-mail address
    /// is taken; `invalid_reference` when it refers to what does not exist.
    pub async fn create(&self, input: T::Input) -> Result<T> {
        self.submit_create(Draft::typed(input)).await?.decode()
    }

    /// [`create`](Self::create) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `create`, and whatever is wrong with the JSON's members.
    pub async fn create_json(&self, body: Value) -> Result<Reply<T>> {
        match Draft::read(body) {
            Ok(draft) => self.submit_create(draft).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }

    async fn submit_create(&self, draft: Draft<T>) -> Result<Reply<T>> {
        apply_once(self.context, Create { draft }).await
    }

    /// The record of this id, or none.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn get(&self, id: Id) -> Result<Option<T>> {
        match self.get_json(id).await? {
            Some(document) => document.decode().map(Some),
            None => Ok(None),
        }
    }

    /// [`get`](Self::get), as the JSON that the store keeps.
    ///
    /// # Errors
    /// As for `get`.
    pub async fn get_json(&self, id: Id) -> Result<Option<Document>> {
        self.context.document(T::TYPE.kind(), id).await
    }

    /// What the record of this id was at a moment; none where it did not exist yet, or was deleted by then. At a moment to come it
    /// is what it is now.
    ///
    /// Whoever made it so is the first entry of its [history](Self::history) [as of](History::as_of) that moment.
    ///
    /// # Errors
    /// `gone` where the events of the changes since are kept no more, from which it would be known.
    pub async fn get_at(&self, id: Id, at: Timestamp) -> Result<Option<T>> {
        match self.get_json_at(id, at).await? {
            Some(document) => document.decode().map(Some),
            None => Ok(None),
        }
    }

    /// [`get_at`](Self::get_at), as the JSON that was kept then.
    ///
    /// # Errors
    /// As for `get_at`.
    pub async fn get_json_at(&self, id: Id, at: Timestamp) -> Result<Option<Document>> {
        self.history(id).as_of(at).state().await
    }

    /// The record's own changes, newest first, also of one that is deleted: who made each, and what of it changed. See
    /// [`History`].
    ///
    /// # Errors
    /// When it is read: `not_found` where there never was such a record, or it is deleted and so are its events; `bad_request` for
    /// a limit that does not make sense, `invalid_cursor`.
    pub fn history(&self, id: Id) -> History<'a> {
        History::new(self.context, T::TYPE, id)
    }

    /// Changes a record: what the input does not name stays as it is. A change that changes nothing is no change: the
    /// version stays and there is no event.
    ///
    /// # Errors
    /// As for [`create`](Self::create); `not_found`; `version_conflict` when a version was expected and the record has
    /// another.
    pub async fn update(&self, id: Id, input: T::Input, expected: Option<i64>) -> Result<T> {
        let draft = Draft::typed(input);
        self.submit_update(id, draft, expected).await?.decode()
    }

    /// [`update`](Self::update) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `update`, and whatever is wrong with the JSON's members.
    pub async fn update_json(
        &self,
        id: Id,
        body: Value,
        expected: Option<i64>,
    ) -> Result<Reply<T>> {
        self.submit_update(id, Draft::read(body)?, expected).await
    }

    async fn submit_update(
        &self,
        id: Id,
        draft: Draft<T>,
        expected: Option<i64>,
    ) -> Result<Reply<T>> {
        let update = Update {
            id,
            draft,
            expected,
        };
        apply_once(self.context, update).await
    }

    /// Deletes a record and the associations from and to it. Ids that other records hold of it stay as they are.
    ///
    /// What is deleted is in the trash, unless the engine [keeps none](crate::engine::CrmBuilder::trash): it can be
    /// [restored](Self::restore), and is nowhere else. Its unique values are free at once.
    ///
    /// # Errors
    /// `not_found`; `version_conflict` when a version was expected and the record has another; `conflict` where it has more associations
    /// than [`TRASHED_ASSOCIATIONS_MAX`](crate::limits::TRASHED_ASSOCIATIONS_MAX), and there is a trash.
    pub async fn delete(&self, id: Id, expected: Option<i64>) -> Result<()> {
        let delete = Delete::<T>::new(id, expected);
        apply_once(self.context, delete).await.map(drop)
    }

    /// Deletes a record for good, whether it is there or in the trash, and erases what was known of it: it is gone at once, with its
    /// associations, and no [restoration](Self::restore) brings it back. Then, in steps, whatever refers to it is cleared of that, each
    /// as a change with its event; its events lose what they say of it, and so does its [history](Self::history); what is pending of
    /// them is sent no more, and what endpoints answered to them is forgotten, as are the replies under idempotency keys that show it.
    /// Of a record that is in the trash no more, or never was, that is done as long as events tell of it.
    /// The event of the purge has its id, its type and its version alone. What others wrote of it stays: records that are
    /// associated with it, such as activities, are to be purged by themselves.
    ///
    /// The caller waits for [`PURGE_STEPS_MAX`](crate::limits::PURGE_STEPS_MAX) steps. [`Purged::purged`] says whether that was all; if
    /// not, to call it again goes on, and so does [`Crm::delete_expired_trash`](crate::engine::Crm::delete_expired_trash). Under an
    /// [idempotency key](crate::engine::Scoped::idempotent) the reply to the first call is that of every other: go on without it.
    ///
    /// # Errors
    /// `not_found` where there is no such record, also in the trash, and no event tells of it; `version_conflict` when a version was
    /// expected and the record has another. After `outcome_unknown` it may be gone: call it again.
    pub async fn purge(&self, id: Id, expected: Option<i64>) -> Result<Purged> {
        self.purge_json(id, expected).await?.decode()
    }

    /// [`purge`](Self::purge), answered as JSON.
    ///
    /// # Errors
    /// As for `purge`.
    pub async fn purge_json(&self, id: Id, expected: Option<i64>) -> Result<Reply<Purged>> {
        purge::<T>(self.context, id, expected).await
    }

    /// Brings a record back from the trash, as it was: of its next version, with the associations whose other ends are there.
    /// An association whose other end is in the trash as well comes back with that.
    ///
    /// # Errors
    /// `not_found` where there is no such record in the trash; `conflict` where its e-mail address was taken meanwhile;
    /// `version_conflict` when a version was expected and the [trash](Self::trash) has another.
    pub async fn restore(&self, id: Id, expected: Option<i64>) -> Result<T> {
        self.restore_json(id, expected).await?.decode()
    }

    /// [`restore`](Self::restore), answered as JSON.
    ///
    /// # Errors
    /// As for `restore`.
    pub async fn restore_json(&self, id: Id, expected: Option<i64>) -> Result<Reply<T>> {
        restore(self.context, id, expected).await
    }

    /// The records in the trash, those that were deleted last first, each in its last state: of it `version` counts the deletion,
    /// and `updated_at` says when that was. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `bad_request` for a filter, since it takes none, or a limit that does not make sense; `invalid_cursor`.
    pub fn trash<'r>(&self, request: &'r ListRequest) -> Listing<'a, 'r, T> {
        Listing::of_trash(self.context, T::TYPE, request)
    }

    /// Creates a record, or changes the one that has a unique value of the input's: what [`batch`](Self::batch) does with one row.
    ///
    /// `dedup_on` names the unique members by whose values a record is known, such as `email`, `domain` or `metadata.customer_no`.
    /// However many callers do so at once, on however many engines: there is one record.
    ///
    /// # Errors
    /// As for [`create`](Self::create) and [`update`](Self::update), but for `not_found`; `ambiguous_match` when several records have one of
    /// those values each; `unknown_value` when a member is named that is not unique, `bad_request` when none is named;
    /// `version_conflict` when a version was expected and there is no record of that version.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
    /// use relm_core::{ContactInput, FieldInput, FieldType, Metadata, ObjectType};
    ///
    /// let number = FieldInput {
    ///     unique: true,
    ///     ..FieldInput::new(ObjectType::Contact, "customer_no", FieldType::Text)
    /// };
    /// live.fields().define(number).await?;
    /// let ada = ContactInput {
    ///     metadata: Metadata::from([("customer_no", "A-17")]).into(),
    ///     ..Default::default()
    /// };
    /// let by = ["metadata.customer_no"];
    /// let made = live.contacts().upsert(ada.clone(), by, None).await?;
    /// assert_eq!(live.contacts().upsert(ada, by, None).await?, made);
    /// # Ok(()) }) }
    /// ```
    pub async fn upsert(
        &self,
        input: T::Input,
        dedup_on: impl IntoIterator<Item = impl Into<String>>,
        expected: Option<i64>,
    ) -> Result<T> {
        let dedup_on = dedup_on.into_iter().map(Into::into).collect();
        let upsert = Upsert::new(Draft::typed(input), dedup_on, expected)?;
        apply_once(self.context, upsert).await?.decode()
    }

    /// [`upsert`](Self::upsert) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `upsert`, and whatever is wrong with the JSON's members.
    pub async fn upsert_json(
        &self,
        body: Value,
        dedup_on: Vec<String>,
        expected: Option<i64>,
    ) -> Result<Reply<T>> {
        match Draft::read(body).and_then(|draft| Upsert::new(draft, dedup_on, expected)) {
            Ok(upsert) => apply_once(self.context, upsert).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }

    /// Creates or upserts many records in one commit. A bad row fails alone, unless the batch is atomic.
    ///
    /// # Errors
    /// `validation_failed` when there are no rows or more than 500; `unknown_value` when they are to be known by what is not unique; of an
    /// atomic batch, the first failing row's error.
    pub async fn batch(&self, input: BatchInput<T>) -> Result<BatchReport<T>> {
        let batch = Batch::typed(input)?;
        apply_once(self.context, batch).await?.decode()
    }

    /// [`batch`](Self::batch) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `batch`, and whatever is wrong with the JSON's members.
    pub async fn batch_json(&self, body: Value) -> Result<Reply<BatchReport<T>>> {
        match Batch::read(body) {
            Ok(batch) => apply_once(self.context, batch).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }

    /// The records, newest first: a page of them, or all; typed, or as JSON. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `bad_request` for a filter or limit that does not make sense, `invalid_cursor`.
    pub fn list<'r>(&self, request: &'r ListRequest) -> Listing<'a, 'r, T> {
        Listing::of(self.context, T::TYPE.kind(), request)
    }
}

struct Create<T: Object> {
    draft: Draft<T>,
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Create<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let record = build(plan, &self.draft)?;
        let document = insert(plan, record);
        Ok(Reply::new(Outcome::Created, document.json).about([document.id]))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        Err(refused(refusal, &self.draft.references()?))
    }
}

struct Update<T: Object> {
    id: Id,
    draft: Draft<T>,
    expected: Option<i64>,
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Update<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let (before, document) = require::<T>(plan.context(), self.id, self.expected).await?;
        let Changed { after, warnings } = change(plan, &before, &self.draft)?;
        let document = match after {
            Some(after) => replace(plan, (before, document), after)?,
            None => document,
        };
        let warnings = match plan.context().storage().is_staging() {
            true => of_a_row(warnings),
            false => warnings,
        };
        let json = with_warnings(document.json, &warnings)?;
        Ok(Reply::new(Outcome::Done, json).about([self.id]))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        Err(refused(refusal, &self.draft.references()?))
    }
}
