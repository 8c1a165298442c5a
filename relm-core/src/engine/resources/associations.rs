//! Linking and unlinking records.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Map;

use super::listing::ListRequest;
use super::pages::Listing;
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, refuse_unread};
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::unexpected;
use crate::error::{Error, Result};
use crate::record::association::{Association, AssociationInput};
use crate::record::input::Reader;
use crate::record::reference::{Reference, lost_reference};
use crate::record::{Entry, EventData, EventDraft, EventType, Existence};
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

    /// Links two records. Where the same two are linked in the same direction with the same label, that edge is the
    /// answer, and nothing happens: there is no event.
    ///
    /// # Errors
    /// `invalid_reference` when one of the two does not exist; `validation_failed` when they are one.
    pub async fn link(&self, input: AssociationInput) -> Result<Association> {
        apply_once(self.context, Link { input }).await?.decode()
    }

    /// [`link`](Self::link) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `link`, and whatever is wrong with the JSON's members.
    pub async fn link_json(&self, body: serde_json::Value) -> Result<Reply<Association>> {
        match Reader::new(body).and_then(AssociationInput::read) {
            Ok(input) => apply_once(self.context, Link { input }).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }

    /// Removes an edge.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn unlink(&self, id: Id) -> Result<()> {
        apply_once(self.context, Unlink { id }).await.map(drop)
    }

    /// The edges, newest first. Filters: `from_type`, `from_id`, `to_type`, `to_id`, `label`, and `record_id` for both
    /// directions. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `bad_request`, `invalid_cursor`.
    pub fn list<'r>(&self, request: &'r ListRequest) -> Listing<'a, 'r, Association> {
        Listing::of(self.context, Kind::Association, request)
    }
}

/// Adds the event of an association that is made or removed by itself, and not with a record of its ends.
pub(super) fn record_event(
    plan: &mut Plan<'_>,
    existence: Existence,
    edge: &Association,
    json: &Arc<str>,
) {
    plan.record_event(EventDraft {
        event_type: EventType::Association(existence),
        record_id: edge.id,
        mode: edge.mode,
        data: EventData::of_association(Arc::clone(json), edge),
        previous: Map::new(),
        merged_from: Vec::new(),
    });
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
            return Ok(Reply::new(Outcome::Done, existing.json).about([edge.from_id, edge.to_id]));
        }
        plan.require_exists(edge.from_id);
        plan.require_exists(edge.to_id);
        let ends = [edge.from_id, edge.to_id];
        let entry = Entry::new(edge.clone());
        let json = entry.document().json;
        plan.write(Write::Insert(entry));
        record_event(plan, Existence::Created, &edge, &json);
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

struct Unlink {
    id: Id,
}

#[async_trait]
impl Operation for Unlink {
    type Output = Reply<Association>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Association>> {
        let found = plan.context().document(Kind::Association, self.id).await?;
        let document = found.ok_or_else(|| Error::not_found("association"))?;
        let edge: Association = document.decode()?;
        let ends = [edge.from_id, edge.to_id];
        let json = Arc::clone(&document.json);
        plan.write(Write::Delete(Entry {
            record: edge.clone().into(),
            json: document.json,
        }));
        record_event(plan, Existence::Deleted, &edge, &json);
        Ok(Reply::new(Outcome::Done, json).about(ends))
    }
}
