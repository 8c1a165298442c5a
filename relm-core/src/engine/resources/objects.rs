//! Contacts, companies, deals and activities: the same five calls on each.

use std::marker::PhantomData;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::listing::{self, List, ListRequest};
use crate::engine::Scoped;
use crate::engine::transaction::{Operation, Outcome, Plan, Reply};
use crate::error::{Error, ErrorKind, Result};
use crate::record::field::{Field, check_metadata, custom_field, custom_field_elsewhere};
use crate::record::input::{Reader, lost_reference, read_only, unknown_field};
use crate::record::object::{Object, READ_ONLY, Reference};
use crate::record::{Change, EventData, EventDraft, EventType, previous};
use crate::record::{Document, Entry};
use crate::store::{Refusal, Require, Write};
use crate::value::id::Id;
use crate::value::scope::Mode;

/// The records of one object type, in one scope.
pub struct Objects<'a, T> {
    scoped: &'a Scoped,
    of: PhantomData<fn() -> T>,
}

impl<'a, T: Object> Objects<'a, T> {
    pub(in crate::engine) fn new(scoped: &'a Scoped) -> Self {
        Self {
            scoped,
            of: PhantomData,
        }
    }

    pub(in crate::engine) fn scoped(&self) -> &'a Scoped {
        self.scoped
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
            Err(error) => Err(self.scoped.refuse_unread(error).await),
        }
    }

    async fn submit_create(&self, draft: Draft<T>) -> Result<Reply<T>> {
        self.scoped.execute(Create { draft }).await
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
        self.scoped.document(T::TYPE.kind(), id).await
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
        self.scoped.execute(update).await
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
        self.scoped.execute(delete).await.map(drop)
    }

    /// One page, newest first.
    ///
    /// # Errors
    /// `bad_request` for a filter or limit that does not make sense, `invalid_cursor`.
    pub async fn list(&self, request: &ListRequest) -> Result<List> {
        listing::list(self.scoped, T::TYPE.kind(), request).await
    }
}

/// What a write says: an input, and the read-only members that it asserts.
pub(in crate::engine) struct Draft<T: Object> {
    pub input: T::Input,
    asserted: Map<String, Value>,
    /// A member that no such object has. Refused with the plan, which knows whether it is a custom field's key.
    unknown: Option<Error>,
}

impl<T: Object> Draft<T> {
    pub fn typed(input: T::Input) -> Self {
        Self {
            input,
            asserted: Map::new(),
            unknown: None,
        }
    }

    pub fn read(body: Value) -> Result<Self> {
        let mut reader = Reader::new(body)?;
        let input = T::read(&mut reader)?;
        let asserted = READ_ONLY
            .iter()
            .filter_map(|&name| Some((name.to_owned(), reader.take_read_only(name)?)))
            .collect();
        Ok(Self {
            input,
            asserted,
            unknown: reader.unknown(),
        })
    }

    /// Refuses a member that no such object has; a custom field's is told where it belongs.
    pub fn check_known(&self, fields: &[Field]) -> Result<()> {
        let Some(error) = &self.unknown else {
            return Ok(());
        };
        let name = error.field().unwrap_or_default();
        match custom_field(fields, T::TYPE, name) {
            Some(path) => Err(custom_field_elsewhere(unknown_field(name), name, path)),
            None => Err(error.copied()),
        }
    }

    /// The references that the input sets.
    pub fn references(&self) -> Result<Vec<Reference>> {
        let id = Id::new(T::TYPE.kind(), 0);
        let mut record = T::blank(id, Mode::Live, id.timestamp());
        record.apply(T::for_new(self.input.clone()))?;
        Ok(record.references())
    }

    /// Refuses to change what the engine alone writes; saying again what is so already is allowed.
    pub fn check_asserted(&self, record: &T) -> Result<()> {
        let asserted = self.asserted.iter();
        check_equal(record, asserted)
    }

    /// [`check_asserted`](Self::check_asserted) of a new record, of which a null says what leaving it out says.
    fn check_asserted_of_new(&self, record: &T) -> Result<()> {
        let asserted = self.asserted.iter();
        check_equal(record, asserted.filter(|(_, value)| !value.is_null()))
    }
}

fn check_equal<'a, T: Object>(
    record: &T,
    asserted: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Result<()> {
    let mut asserted = asserted.peekable();
    if asserted.peek().is_none() {
        return Ok(());
    }
    let stored = serde_json::to_value(record).map_err(Error::internal)?;
    match asserted.find(|(name, value)| stored.get(name) != Some(value)) {
        Some((name, _)) => Err(read_only(name)),
        None => Ok(()),
    }
}

impl Plan<'_> {
    /// A new record from an input, checked.
    pub fn build<T: Object>(&self, draft: &Draft<T>) -> Result<T> {
        let id = self.mint(T::TYPE.kind());
        let mut record = T::blank(id, self.scoped.scope.mode(), id.timestamp());
        draft.check_known(&self.configuration.fields)?;
        record.apply(T::for_new(draft.input.clone()))?;
        draft.check_asserted_of_new(&record)?;
        record.check_complete()?;
        check_metadata(&self.configuration.fields, T::TYPE, record.metadata())?;
        Ok(record)
    }

    /// The record with an input applied, checked; none where that changes nothing.
    pub fn change<T: Object>(&self, before: &T, draft: &Draft<T>) -> Result<Option<T>> {
        draft.check_known(&self.configuration.fields)?;
        draft.check_asserted(before)?;
        let mut after = before.clone();
        after.apply(draft.input.clone())?;
        check_metadata(&self.configuration.fields, T::TYPE, after.metadata())?;
        if after == *before {
            return Ok(None);
        }
        after.touch(self.now);
        Ok(Some(after))
    }

    /// Requires what the record refers to, and the one before it did not.
    pub fn require_references<T: Object>(&mut self, before: Option<&T>, after: &T) {
        let known = before.map(T::references).unwrap_or_default();
        for reference in after.references() {
            if let Some(id) = reference.id {
                let require = Require::Exists(id);
                if !known.contains(&reference) && !self.requires.contains(&require) {
                    self.requires.push(require);
                }
            }
        }
    }

    /// Writes a new record and its event.
    pub fn insert<T: Object>(&mut self, record: T) -> Document {
        self.require_references(None, &record);
        let id = record.id();
        let entry = Entry::new(record);
        let document = entry.document();
        self.writes.push(Write::Insert(entry));
        self.tell::<T>(Change::Created, id, &document.json, Map::new());
        document
    }

    /// Writes a changed record and its event.
    pub fn replace<T: Object>(&mut self, before: (T, Document), after: T) -> Result<Document> {
        let (before, document) = before;
        self.require_references(Some(&before), &after);
        let id = after.id();
        let after = Entry::new(after);
        let old = previous(&document.json, &after.json)?;
        let changed = after.document();
        let before = Entry {
            record: before.into(),
            json: document.json,
        };
        self.writes.push(Write::Replace { before, after });
        self.tell::<T>(Change::Updated, id, &changed.json, old);
        Ok(changed)
    }

    /// Adds the event of one changed record.
    pub fn tell<T: Object>(
        &mut self,
        change: Change,
        record_id: Id,
        data: &Arc<str>,
        previous: Map<String, Value>,
    ) {
        self.announce(EventDraft {
            event_type: EventType::Record(T::TYPE, change),
            record_id,
            mode: self.scoped.scope.mode(),
            data: EventData::new(Arc::clone(data)),
            previous,
        });
    }
}

struct Create<T: Object> {
    draft: Draft<T>,
}

impl<T: Object> Operation<T> for Create<T> {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let record = plan.build(&self.draft)?;
        let document = plan.insert(record);
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

impl<T: Object> Operation<T> for Update<T> {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let (before, document) = require::<T>(plan.scoped, self.id, self.expected).await?;
        let Some(after) = plan.change(&before, &self.draft)? else {
            return Ok(Reply::new(Outcome::Done, document.json));
        };
        let changed = plan.replace((before, document), after)?;
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

impl<T: Object> Operation<T> for Delete<T> {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let (record, document) = require::<T>(plan.scoped, self.id, self.expected).await?;
        let json = Arc::clone(&document.json);
        plan.writes.push(Write::Delete(Entry {
            record: record.into(),
            json: document.json,
        }));
        plan.writes.push(Write::Unlink(self.id));
        plan.tell::<T>(Change::Deleted, self.id, &json, Map::new());
        Ok(Reply::new(Outcome::Done, json))
    }
}

/// A record that must be there, with the version that is expected of it.
async fn require<T: Object>(
    scoped: &Scoped,
    id: Id,
    expected: Option<i64>,
) -> Result<(T, Document)> {
    let document = Objects::<T>::new(scoped).get_json(id).await?;
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

/// What a refusal means to the writer of one record that holds `references`.
pub(in crate::engine) fn refused(refusal: Refusal, references: &[Reference]) -> Error {
    match refusal {
        Refusal::Missing(ids) => {
            let dangling = references
                .iter()
                .find(|reference| reference.id.is_some_and(|id| ids.contains(&id)));
            match dangling {
                Some(reference) => lost_reference(*reference),
                None => Error::internal("the store misses what was not required"),
            }
        }
        Refusal::UniqueConflict { holder, .. } => email_taken(holder),
        Refusal::Configuration
        | Refusal::ResponseExists
        | Refusal::VersionConflict { .. }
        | Refusal::IdConflict { .. } => Error::internal(format!("the store refused {refusal:?}")),
    }
}

pub(in crate::engine) fn email_taken(holder: Id) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "Another contact has this `email`; update that one, or send a batch with `dedup_on`.",
    )
    .at("email")
    .existing(holder)
}
