//! Contacts, companies, deals and activities: the same five calls on each.

use std::marker::PhantomData;

use serde_json::{Map, Value};

use super::batch::{BatchInput, BatchReport, ContactBatch};
use super::drafts::{Draft, build, change, insert, record_event, refused, replace};
use super::history::History;
use super::listing::ListRequest;
use super::pages::Listing;
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, refuse_unread};
use crate::engine::reply::{Outcome, Reply};
use crate::error::{Error, ErrorKind, Result};
use crate::record::object::{Contact, Object};
use crate::record::{Change, Document, Entry, Record};
use crate::store::{Refusal, Write};
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
    /// # Errors
    /// `not_found`; `version_conflict` when a version was expected and the record has another.
    pub async fn delete(&self, id: Id, expected: Option<i64>) -> Result<()> {
        let delete = Delete::<T> {
            id,
            expected,
            of: PhantomData,
        };
        apply_once(self.context, delete).await.map(drop)
    }

    /// The records, newest first: a page of them, or all; typed, or as JSON. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `bad_request` for a filter or limit that does not make sense, `invalid_cursor`.
    pub fn list<'r>(&self, request: &'r ListRequest) -> Listing<'a, 'r, T> {
        Listing::of(self.context, T::TYPE.kind(), request)
    }
}

impl Objects<'_, Contact> {
    /// Creates or upserts many contacts in one commit. A bad row fails alone, unless the batch is atomic.
    ///
    /// # Errors
    /// `validation_failed` when there are no rows or more than 500; of an atomic batch, the first failing row's error.
    pub async fn batch(&self, input: BatchInput) -> Result<BatchReport> {
        let batch = ContactBatch::typed(input)?;
        apply_once(self.context, batch).await?.decode()
    }

    /// [`batch`](Self::batch) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `batch`, and whatever is wrong with the JSON's members.
    pub async fn batch_json(&self, body: Value) -> Result<Reply<BatchReport>> {
        match ContactBatch::read(body) {
            Ok(batch) => apply_once(self.context, batch).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }
}

struct Create<T: Object> {
    draft: Draft<T>,
}

impl<T: Object + Into<Record>> Operation for Create<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let record = build(plan, &self.draft)?;
        let document = insert(plan, record);
        Ok(Reply::new(Outcome::Created, document.json))
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

impl<T: Object + Into<Record>> Operation for Update<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let (before, document) = require::<T>(plan.context(), self.id, self.expected).await?;
        let Some(after) = change(plan, &before, &self.draft)? else {
            return Ok(Reply::new(Outcome::Done, document.json));
        };
        let changed = replace(plan, (before, document), after)?;
        Ok(Reply::new(Outcome::Done, changed.json))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        Err(refused(refusal, &self.draft.references()?))
    }
}

struct Delete<T> {
    id: Id,
    expected: Option<i64>,
    of: PhantomData<fn() -> T>,
}

impl<T: Object + Into<Record>> Operation for Delete<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let (record, document) = require::<T>(plan.context(), self.id, self.expected).await?;
        // A deletion is a change: whoever keeps what has the greatest version keeps no record that is gone.
        let mut deleted = record.clone();
        deleted.touch(plan.now());
        let last_state = Entry::new(deleted).json;
        plan.write(Write::Delete(Entry {
            record: record.into(),
            json: document.json,
        }));
        plan.write(Write::Unlink(self.id));
        record_event::<T>(plan, Change::Deleted, self.id, &last_state, Map::new());
        Ok(Reply::new(Outcome::Done, last_state))
    }
}

/// A record that must be there, with the version that is expected of it.
async fn require<T: Object>(
    context: &Context,
    id: Id,
    expected: Option<i64>,
) -> Result<(T, Document)> {
    let document = context.document(T::TYPE.kind(), id).await?;
    let document = document.ok_or_else(|| Error::not_found(T::TYPE.as_str()))?;
    let record: T = document.decode()?;
    match expected {
        Some(expected) if expected != record.version() => Err(Error::new(
            ErrorKind::VersionConflict,
            format!(
                "The record has version {}, not {expected}: read it again.",
                record.version()
            ),
        )),
        _ => Ok((record, document)),
    }
}
