//! Contacts, companies, deals and activities: the same calls on each.

use std::marker::PhantomData;

use serde_json::Value;

use super::batch::{Batch, BatchInput, BatchReport};
use super::drafts::Draft;
use super::duplicates::{Duplicates, duplicates};
use super::history::History;
use super::listing::ListRequest;
use super::merging::{MergeInput, merge};
use super::pages::Listing;
use super::purge::{Purged, purge};
use super::restore::restore;
use super::saving::{Create, Update};
use super::trash::Delete;
use super::upsert::Upsert;
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, refuse_unread};
use crate::engine::merged::{Resolved, resolve};
use crate::engine::reply::Reply;
use crate::error::Result;
use crate::record::object::Object;
use crate::record::{Document, Record};
use crate::value::id::Id;
use crate::value::time::Timestamp;

/// The records of one object type, in one scope.
pub struct Objects<'a, T> {
    pub(super) context: &'a Context,
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
        apply_once(self.context, Create::new(draft)).await
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

    /// The record of this id, or, where it was [merged](Self::merge) into another, that one: then with what was merged into it.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn resolve(&self, id: Id) -> Result<Option<Resolved<T>>> {
        let found = self.resolve_json(id).await?;
        found.map(|document| document.decode()).transpose()
    }

    /// [`resolve`](Self::resolve), as JSON: that of the record, with `merged_from` where it was merged.
    ///
    /// # Errors
    /// As for `resolve`.
    pub async fn resolve_json(&self, id: Id) -> Result<Option<Document>> {
        resolve::<T>(self.context, id).await
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
        let update = Update::new(id, draft, expected);
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

    /// Merges other records of its type into a record. It keeps what it has, and what it has not it gets from the first of them that has it,
    /// unless the input [says otherwise](MergeInput::fields). The others are gone; whatever referred to them, or was associated with them,
    /// refers to it. An association that would lead from it to itself goes, and so does one that it has already.
    ///
    /// The ids of the others stand for it since: [`resolve`](Self::resolve) gives it for each of them, and whoever changes or deletes one is
    /// told which it is. That is so for as long as it is there or in the trash. The events are `*.merged` of it, `*.deleted` of each of the
    /// others, and those of what is moved, all of one request: [undone](super::requests::Requests::undo), everything is as it was.
    ///
    /// All of it is one commit where at most [`MERGE_REFERENCES_MAX`](crate::limits::MERGE_REFERENCES_MAX) references and associations are
    /// moved. Where there are more, the records become one first, and references follow in steps, of which the caller waits for
    /// [`MERGE_STEPS_MAX`](crate::limits::MERGE_STEPS_MAX); what is left then is [`Accepted`](crate::engine::Outcome::Accepted): to call it
    /// again goes on, and so does [`Crm::finish_merges`](crate::engine::Crm::finish_merges). Records that are merged into it already are
    /// passed over. What is still being moved to one of the others is moved first, in as many steps.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
    /// use relm_core::{ContactInput, MergeInput};
    ///
    /// let ada = ContactInput { email: "ada@example.com".into(), ..Default::default() };
    /// let ada = live.contacts().create(ada).await?;
    /// let twin = ContactInput { phone: "+44 20 7946 0000".into(), ..Default::default() };
    /// let twin = live.contacts().create(twin).await?;
    ///
    /// let merged = live.contacts().merge(ada.id, MergeInput::new([twin.id]), None).await?;
    /// assert_eq!(merged.phone.as_deref(), Some("+44 20 7946 0000"));
    /// let found = live.contacts().resolve(twin.id).await?.expect("its id stands for Ada");
    /// assert_eq!((found.record, found.merged_from), (merged, vec![twin.id]));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// `not_found`; `version_conflict` when a version was expected and the record has another; `validation_failed`, `invalid_reference`,
    /// `unknown_field` or `unknown_value` for what the input says; `conflict` where one of the records was merged into another, more is
    /// still being moved to one than was moved by this call, or the record would stand for more than
    /// [`MERGED_RECORDS_MAX`](crate::limits::MERGED_RECORDS_MAX). What the resulting record breaks of the
    /// rules of its object and of the custom fields is refused as of an [`update`](Self::update).
    pub async fn merge(&self, id: Id, input: MergeInput, expected: Option<i64>) -> Result<T> {
        let reply: Reply<T> = merge(self.context, id, input, expected).await?;
        reply.decode()
    }

    /// [`merge`](Self::merge) from a JSON object such as `{"from": ["con_…"], "fields": {"phone": "con_…"}}`, answered as JSON.
    ///
    /// # Errors
    /// As for `merge`, and whatever is wrong with the JSON's members.
    pub async fn merge_json(&self, id: Id, body: Value, expected: Option<i64>) -> Result<Reply<T>> {
        match MergeInput::read::<T>(body) {
            Ok(input) => merge(self.context, id, input, expected).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }

    /// A page of the groups of records that are most likely one, after this cursor: see [`Duplicates`].
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub async fn duplicates(&self, cursor: Option<&str>) -> Result<Duplicates<T>> {
        let groups = duplicates(self.context, T::TYPE, cursor).await?;
        groups.try_map(|document| document.decode())
    }

    /// [`duplicates`](Self::duplicates), as JSON.
    ///
    /// # Errors
    /// As for `duplicates`.
    pub async fn duplicate_documents(&self, cursor: Option<&str>) -> Result<Duplicates> {
        duplicates(self.context, T::TYPE, cursor).await
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
