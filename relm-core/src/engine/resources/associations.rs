//! Linking records, changing what is said of their associations, and unlinking them.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::drafts::check_version_of;
use super::listing::ListRequest;
use super::pages::Listing;
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, refuse_unread};
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::unexpected;
use crate::error::{Error, Result};
use crate::record::association::{Association, AssociationInput, AssociationPatch};
use crate::record::input::Reader;
use crate::record::reference::{Reference, lost_reference};
use crate::record::{
    AssociationChange, Document, Entry, EventData, EventDraft, EventType, previous,
};
use crate::store::{Refusal, Write};
use crate::value::id::{Id, Kind};

/// The associations of one scope.
pub struct Associations<'a> {
    context: &'a Context,
}

impl<'a> Associations<'a> {
    pub(in crate::engine) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Links two records. Where the same two are linked in the same direction with the same label, that association is the answer: it is
    /// changed as [`update`](Self::update) changes it, if the input says something of it, and otherwise nothing happens: there is no event.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
    /// use relm_core::{AssociationInput, AssociationPatch, ContactInput, Date, DealInput};
    ///
    /// let ada = live.contacts().create(ContactInput { first_name: "Ada".into(), ..Default::default() }).await?;
    /// let deal = live.deals().create(DealInput { title: "Engine".into(), ..Default::default() }).await?;
    /// let champion = AssociationInput {
    ///     label: Some("champion".to_owned()),
    ///     attributes: AssociationPatch {
    ///         inverse_label: "championed by".into(),
    ///         since: Date::parse("2026-07-02").into(),
    ///         ..Default::default()
    ///     },
    ///     ..AssociationInput::new(ada.id, deal.id)
    /// };
    /// let link = live.associations().link(champion).await?;
    /// let over = AssociationPatch { until: Date::parse("2026-10-31").into(), ..Default::default() };
    /// let link = live.associations().update(link.id, over, Some(link.version)).await?;
    /// assert_eq!(link.version, 2);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// `invalid_reference` when one of the two does not exist; `validation_failed` when they are one, or `until` is before `since`.
    pub async fn link(&self, input: AssociationInput) -> Result<Association> {
        apply_once(self.context, Link { input }).await?.decode()
    }

    /// [`link`](Self::link) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `link`, and whatever is wrong with the JSON's members.
    pub async fn link_json(&self, body: Value) -> Result<Reply<Association>> {
        match Reader::new(body).and_then(AssociationInput::read) {
            Ok(input) => apply_once(self.context, Link { input }).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }

    /// The association of this id, or none.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn get(&self, id: Id) -> Result<Option<Association>> {
        match self.get_json(id).await? {
            Some(document) => document.decode().map(Some),
            None => Ok(None),
        }
    }

    /// [`get`](Self::get), as JSON.
    ///
    /// # Errors
    /// As for `get`.
    pub async fn get_json(&self, id: Id) -> Result<Option<Document>> {
        self.context.document(Kind::Association, id).await
    }

    /// Changes what is said of an association: what the patch does not name stays as it is. A change that changes nothing is none.
    ///
    /// # Errors
    /// `not_found`; `version_conflict` when a version was expected and the association has another; `validation_failed`, naming the member.
    pub async fn update(
        &self,
        id: Id,
        patch: AssociationPatch,
        expected: Option<i64>,
    ) -> Result<Association> {
        let patch = PatchSource::Typed(patch);
        let update = Update {
            id,
            patch,
            expected,
        };
        apply_once(self.context, update).await?.decode()
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
    ) -> Result<Reply<Association>> {
        let patch = PatchSource::Json(body);
        let update = Update {
            id,
            patch,
            expected,
        };
        apply_once(self.context, update).await
    }

    /// Removes an association.
    ///
    /// # Errors
    /// `not_found`; `version_conflict` when a version was expected and the association has another.
    pub async fn unlink(&self, id: Id, expected: Option<i64>) -> Result<()> {
        apply_once(self.context, Unlink { id, expected })
            .await
            .map(drop)
    }

    /// The edges, newest first. Filters: `from_type`, `from_id`, `to_type`, `to_id`, `label`, `since`, `until`, and `record_id`
    /// for both directions. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `bad_request`, `invalid_cursor`.
    pub fn list<'r>(&self, request: &'r ListRequest) -> Listing<'a, 'r, Association> {
        Listing::of(self.context, Kind::Association, request)
    }
}

/// Adds the event of an association that is made or changed, and not with a record of its ends.
pub(super) fn record_event(
    plan: &mut Plan<'_>,
    change: AssociationChange,
    edge: &Association,
    json: &Arc<str>,
    previous: Map<String, Value>,
) {
    plan.record_event(EventDraft {
        event_type: EventType::Association(change),
        record_id: edge.id,
        mode: edge.mode,
        data: EventData::of_association(Arc::clone(json), edge),
        previous,
        merged_from: Vec::new(),
    });
}

/// Adds the event of an association that is there, or is there again.
pub(super) fn record_created(plan: &mut Plan<'_>, edge: &Association, json: &Arc<str>) {
    record_event(plan, AssociationChange::Created, edge, json, Map::new());
}

/// Adds the event of an association that is removed by itself. That counts as a change of it, as the deletion of a record does.
pub(super) fn record_deleted(plan: &mut Plan<'_>, edge: &Association) {
    let mut edge = edge.clone();
    edge.touch(plan.now());
    let json = Entry::new(edge.clone()).json;
    record_event(plan, AssociationChange::Deleted, &edge, &json, Map::new());
}

/// Writes what is said of an association anew, with its event.
pub(super) fn rewrite(
    plan: &mut Plan<'_>,
    (before, document): (Association, Document),
    mut after: Association,
) -> Result<Arc<str>> {
    after.touch(plan.now());
    let entry = Entry::new(after.clone());
    let json = Arc::clone(&entry.json);
    // A document from before lacks members that nobody changes by that.
    let previous = previous(&Entry::new(before.clone()).json, &json)?;
    plan.write(Write::Replace {
        before: Entry {
            record: before.into(),
            json: document.json,
        },
        after: entry,
    });
    record_event(plan, AssociationChange::Updated, &after, &json, previous);
    Ok(json)
}

/// Has a patch change an association; one that changes nothing writes nothing.
fn change(
    plan: &mut Plan<'_>,
    (before, document): (Association, Document),
    patch: AssociationPatch,
) -> Result<Reply<Association>> {
    let ends = [before.from_id, before.to_id];
    let mut after = before.clone();
    after.apply(patch)?;
    let json = match after == before {
        true => document.json,
        false => rewrite(plan, (before, document), after)?,
    };
    Ok(Reply::new(Outcome::Done, json).about(ends))
}

struct Link {
    input: AssociationInput,
}

#[async_trait]
impl Operation for Link {
    type Output = Reply<Association>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Association>> {
        let id = plan.mint(Kind::Association);
        let mode = plan.context().scope().mode();
        let edge = Association::link(id, mode, id.timestamp(), self.input.clone())?;
        let context = plan.context();
        if let Some(existing) = context.holder(Kind::Association, edge.edge_key()).await? {
            let existing = (existing.decode()?, existing);
            return change(plan, existing, self.input.attributes.clone());
        }
        plan.require_exists(edge.from_id);
        plan.require_exists(edge.to_id);
        let ends = [edge.from_id, edge.to_id];
        let entry = Entry::new(edge.clone());
        let json = entry.document().json;
        plan.write(Write::Insert(entry));
        record_created(plan, &edge, &json);
        Ok(Reply::new(Outcome::Created, json).about(ends))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        match refusal {
            Refusal::Missing(ids) => {
                let AssociationInput { from_id, to_id, .. } = self.input;
                let (name, id) = match ids.contains(&from_id) {
                    true => ("from_id", from_id),
                    false => ("to_id", to_id),
                };
                Err(lost_reference(Reference {
                    name: name.into(),
                    kind: id.kind(),
                    id: Some(id),
                }))
            }
            // Another request linked the two meanwhile: the next attempt answers with its edge.
            Refusal::UniqueConflict { .. } => Ok(()),
            Refusal::Configuration
            | Refusal::ResponseExists
            | Refusal::VersionConflict { .. }
            | Refusal::IdConflict { .. } => Err(unexpected(&refusal)),
        }
    }
}

/// What is to be changed of an association: read of JSON, it is compared with what is there.
enum PatchSource {
    Typed(AssociationPatch),
    Json(Value),
}

struct Update {
    id: Id,
    patch: PatchSource,
    expected: Option<i64>,
}

#[async_trait]
impl Operation for Update {
    type Output = Reply<Association>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Association>> {
        let (edge, document) = require(plan, self.id, self.expected).await?;
        let patch = match &self.patch {
            PatchSource::Typed(patch) => patch.clone(),
            PatchSource::Json(body) => {
                AssociationPatch::read(Reader::new(body.clone())?, &edge.members()?)?
            }
        };
        change(plan, (edge, document), patch)
    }
}

/// The association of this id, of the version that is expected.
async fn require(
    plan: &Plan<'_>,
    id: Id,
    expected: Option<i64>,
) -> Result<(Association, Document)> {
    let found = plan.context().document(Kind::Association, id).await?;
    let document = found.ok_or_else(|| Error::not_found("association"))?;
    let edge: Association = document.decode()?;
    check_version_of(edge.version, expected)?;
    Ok((edge, document))
}

struct Unlink {
    id: Id,
    expected: Option<i64>,
}

#[async_trait]
impl Operation for Unlink {
    type Output = Reply<Association>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Association>> {
        let (edge, document) = require(plan, self.id, self.expected).await?;
        let ends = [edge.from_id, edge.to_id];
        let json = Arc::clone(&document.json);
        plan.write(Write::Delete(Entry {
            record: edge.clone().into(),
            json: document.json,
        }));
        record_deleted(plan, &edge);
        Ok(Reply::new(Outcome::Done, json).about(ends))
    }
}
