//! Requests: what was changed by one of them, taken together.

use super::undo::{Undone, undo};
use crate::engine::context::Context;
use crate::engine::reply::Reply;
use crate::error::Result;
use crate::record::key::Principal;
use crate::value::request_id::RequestId;

/// The requests of one scope, as the events name them: see [`Scoped::for_request`](crate::Scoped::for_request).
pub struct Requests<'a> {
    context: &'a Context,
}

impl<'a> Requests<'a> {
    pub(in crate::engine) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Reverts what a request changed, in one commit: whatever is still as the request left it goes back to what it was, with an event
    /// for each change. What is not stays as it is and is among the [conflicts](Undone::conflicts). A merge that moved more than one commit
    /// reverts is undone in steps, of which the caller waits for [`MERGE_STEPS_MAX`](crate::limits::MERGE_STEPS_MAX): where it is not
    /// [complete](Undone::complete) by then, to call this again goes on, and so does
    /// [`Crm::finish_merges`](crate::engine::Crm::finish_merges).
    ///
    /// - What it created goes to the [trash](crate::engine::CrmBuilder::trash), with the associations that the request made of it. What
    ///   others changed, linked or referred to since stays.
    /// - Of what it updated, each member goes back that has the value which the request gave it. An amount and its currency are one.
    /// - What it deleted is restored with its associations, and what it restored goes to the trash again; what it brought back from a merge is
    ///   merged again.
    /// - What it linked is unlinked, and what it unlinked is linked again, under another id; fields that it defined are removed, and those
    ///   that it removed are defined again, likewise.
    /// - What it deleted for good does not come back.
    ///
    /// The events of an undo have a request of their own, [`Undone::undone_by`]: undone, the changes are there again. All changes of a
    /// program that were made [for one request](crate::Scoped::for_request) are undone as one, whenever they were made.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
    /// use relm_core::{ContactInput, ListRequest};
    ///
    /// let import = crm.request_id();
    /// let imported = live.clone().for_request(import);
    /// for email in ["ada@example.com", "eva@example.com"] {
    ///     let input = ContactInput { email: email.into(), ..Default::default() };
    ///     imported.contacts().create(input).await?;
    /// }
    /// let undone = live.requests().undo(import).await?;
    /// assert_eq!((undone.reverted.len(), undone.conflicts.len()), (2, 0));
    /// assert!(live.contacts().list(&ListRequest::default()).await?.data.is_empty());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// `not_found` where no event tells of such a request; `gone` where events of its time are kept no more; `conflict` where it made more
    /// than [`UNDO_EVENTS_MAX`](crate::limits::UNDO_EVENTS_MAX) changes and was no merge, or they hold more than one commit is to hold.
    pub async fn undo(&self, id: RequestId) -> Result<Undone> {
        self.undo_json(id, None).await?.decode()
    }

    /// [`undo`](Self::undo), answered as JSON. Where a key asks for it, it must be one that may write whatever the request changed.
    ///
    /// # Errors
    /// As for `undo`; `forbidden` for a key that may not.
    pub async fn undo_json(&self, id: RequestId, by: Option<&Principal>) -> Result<Reply<Undone>> {
        undo(self.context, id, by.map(|by| by.scopes)).await
    }
}
