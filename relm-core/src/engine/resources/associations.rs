//! Linking and unlinking records.

use super::listing::{self, List, ListRequest};
use crate::engine::transaction::{Operation, Outcome, Plan, Reply};
use crate::engine::{Scoped, store_error};
use crate::error::{Error, Result};
use crate::record::Entry;
use crate::record::association::{Association, AssociationInput};
use crate::record::input::{Reader, lost_reference};
use crate::record::object::Reference;
use crate::store::{Refusal, Require, Write};
use crate::value::id::{Id, Kind};

/// The associations of one scope.
pub struct Associations<'a> {
    scoped: &'a Scoped,
}

impl<'a> Associations<'a> {
    pub(in crate::engine) fn new(scoped: &'a Scoped) -> Self {
        Self { scoped }
    }

    /// Links two records. Where the same two are linked in the same direction with the same label, that edge is the
    /// answer.
    ///
    /// # Errors
    /// `invalid_reference` when one of the two does not exist; `validation_failed` when they are one.
    pub async fn link(&self, input: AssociationInput) -> Result<Association> {
        self.scoped.execute(Link { input }).await?.decode()
    }

    /// [`link`](Self::link) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `link`, and whatever is wrong with the JSON's members.
    pub async fn link_json(&self, body: serde_json::Value) -> Result<Reply<Association>> {
        match Reader::new(body).and_then(AssociationInput::read) {
            Ok(input) => self.scoped.execute(Link { input }).await,
            Err(error) => Err(self.scoped.refuse_unread(error).await),
        }
    }

    /// Removes an edge.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn unlink(&self, id: Id) -> Result<()> {
        self.scoped.execute(Unlink { id }).await.map(drop)
    }

    /// One page, newest first. Filters: `from_type`, `from_id`, `to_type`, `to_id`, `label`, and `record_id` for both
    /// directions.
    ///
    /// # Errors
    /// `bad_request`, `invalid_cursor`.
    pub async fn list(&self, request: &ListRequest) -> Result<List> {
        listing::list(self.scoped, Kind::Association, request).await
    }
}

struct Link {
    input: AssociationInput,
}

impl Operation<Association> for Link {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Association>> {
        let id = plan.mint(Kind::Association);
        let mode = plan.scoped.scope.mode();
        let edge = Association::link(id, mode, id.timestamp(), self.input.clone())?;
        let Scoped { inner, scope, .. } = plan.scoped;
        let found = inner
            .store
            .find(*scope, Kind::Association, &[edge.edge_key()])
            .await
            .map_err(store_error)?;
        if let Some(existing) = found.into_iter().flatten().next() {
            return Ok(Reply::new(Outcome::Done, existing.json));
        }
        plan.requires
            .extend([Require::Exists(edge.from_id), Require::Exists(edge.to_id)]);
        let entry = Entry::new(edge);
        let json = entry.document().json;
        plan.writes.push(Write::Insert(entry));
        Ok(Reply::new(Outcome::Created, json))
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
                    name,
                    kind: id.kind(),
                    id: Some(id),
                }))
            }
            // Another request linked the two meanwhile: the next round answers with its edge.
            Refusal::UniqueConflict { .. } => Ok(()),
            Refusal::Configuration
            | Refusal::ResponseExists
            | Refusal::VersionConflict { .. }
            | Refusal::IdConflict { .. } => {
                Err(Error::internal(format!("the store refused {refusal:?}")))
            }
        }
    }
}

struct Unlink {
    id: Id,
}

impl Operation<Association> for Unlink {
    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Association>> {
        let found = plan.scoped.document(Kind::Association, self.id).await?;
        let document = found.ok_or_else(|| Error::not_found("association"))?;
        let entry = document.into_entry()?;
        let json = entry.document().json;
        plan.writes.push(Write::Delete(entry));
        Ok(Reply::new(Outcome::Done, json))
    }
}
