//! Events: what happened, as it was recorded.

use super::listing::ListRequest;
use super::pages::Listing;
use crate::engine::context::Context;
use crate::error::{Error, Result};
use crate::record::Document;
use crate::record::Event;
use crate::value::id::{Id, Kind};

/// The events of one scope. Each is one change of one record, kept for as long as the operator says.
pub struct Events<'a> {
    context: &'a Context,
}

impl<'a> Events<'a> {
    pub(in crate::engine) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// The event of this id, or none: what receivers are sent, and `changed_fields` beside it, the names of the fields
    /// whose old values are in `previous`.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn get_json(&self, id: Id) -> Result<Option<Document>> {
        let found = self.context.document(Kind::Event, id).await?;
        found.as_ref().map(shown).transpose()
    }

    /// The event of this id, or none.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn get(&self, id: Id) -> Result<Option<Event>> {
        let found = self.context.document(Kind::Event, id).await?;
        found.map(|document| document.decode()).transpose()
    }

    /// The events, newest first; as JSON, each as [`get_json`](Self::get_json) gives it. Filters: `type`, `record_id`,
    /// `created_at`. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `bad_request`, `invalid_cursor`.
    pub fn list<'r>(&self, request: &'r ListRequest) -> Listing<'a, 'r, Event> {
        Listing::of(self.context, Kind::Event, request).shown(shown)
    }
}

/// The event with one more member. The rest stays as it was recorded, byte for byte.
fn shown(document: &Document) -> Result<Document> {
    let event: Event = document.decode()?;
    let names: Vec<&String> = event.previous.keys().collect();
    let names = serde_json::to_string(&names).map_err(Error::internal)?;
    let recorded = document.json.strip_suffix('}');
    let recorded = recorded.ok_or_else(|| Error::internal("an event is an object"))?;
    Ok(Document {
        id: document.id,
        json: format!("{recorded},\"changed_fields\":{names}}}").into(),
    })
}
