//! Defining and removing custom fields.

use std::sync::Arc;

use serde_json::Map;

use super::listing::ListRequest;
use super::pages::Listing;
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, refuse_unread};
use crate::engine::reply::{Outcome, Reply};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{FIELDS_BYTES_MAX, FIELDS_MAX};
use crate::record::field::{Field, FieldInput};
use crate::record::input::Reader;
use crate::record::{Entry, EventData, EventDraft, EventType, Existence};
use crate::store::Write;
use crate::value::id::{Id, Kind};

/// The definitions of custom fields, in one scope.
pub struct Fields<'a> {
    context: &'a Context,
}

impl<'a> Fields<'a> {
    pub(in crate::engine) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Defines a field. It binds every write that begins after this returns, on every engine over the same store.
    ///
    /// # Errors
    /// `validation_failed` or `unknown_value` for a bad definition, `conflict` when the object has such a key.
    pub async fn define(&self, input: FieldInput) -> Result<Field> {
        apply_once(self.context, Define { input }).await?.decode()
    }

    /// [`define`](Self::define) from a JSON object, answered as JSON.
    ///
    /// # Errors
    /// As for `define`, and whatever is wrong with the JSON's members.
    pub async fn define_json(&self, body: serde_json::Value) -> Result<Reply<Field>> {
        match Reader::new(body).and_then(FieldInput::read) {
            Ok(input) => apply_once(self.context, Define { input }).await,
            Err(error) => Err(refuse_unread(self.context, error).await),
        }
    }

    /// Removes a definition. Stored values stay, unchecked.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove(&self, id: Id) -> Result<()> {
        apply_once(self.context, Remove { id }).await.map(drop)
    }

    /// All definitions, oldest first, as every write is checked against them.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn all(&self) -> Result<Vec<Field>> {
        let configuration = self.context.reload_configuration().await?;
        Ok(configuration.fields.clone())
    }

    /// The definitions, newest first; filters such as `object_type` apply. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `bad_request`, `invalid_cursor`.
    pub fn list<'r>(&self, request: &'r ListRequest) -> Listing<'a, 'r, Field> {
        Listing::of(self.context, Kind::Field, request)
    }
}

/// Adds the event of a definition. It commits with it, and so before every event of a record that is held to it.
pub(super) fn record_event(plan: &mut Plan<'_>, existence: Existence, id: Id, json: &Arc<str>) {
    plan.record_event(EventDraft {
        event_type: EventType::Field(existence),
        record_id: id,
        mode: plan.context().scope().mode(),
        data: EventData::new(Arc::clone(json)),
        previous: Map::new(),
    });
}

struct Define {
    input: FieldInput,
}

impl Operation for Define {
    type Output = Reply<Field>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Field>> {
        let id = plan.mint(Kind::Field);
        let mode = plan.context().scope().mode();
        let field = Field::define(id, mode, id.timestamp(), self.input.clone())?;
        let fields = &plan.configuration().fields;
        // The configuration is the one that the commit requires: nobody can define the same key meanwhile.
        let same_key = |other: &&Field| other.field_key() == field.field_key();
        if let Some(other) = fields.iter().find(same_key) {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "The {} has a field `{}` already.",
                    field.object_type, field.key
                ),
            )
            .at("key")
            .existing(other.id));
        }
        check_room(fields, &field)?;
        let entry = Entry::new(field);
        let json = entry.document().json;
        plan.write(Write::Insert(entry));
        plan.write(Write::Reconfigure);
        record_event(plan, Existence::Created, id, &json);
        Ok(Reply::new(Outcome::Created, json))
    }
}

/// Whether one more definition may stand beside these: every engine holds them all, and every schema
/// shows them. What was defined before there was a bound stays.
pub(super) fn check_room(fields: &[Field], field: &Field) -> Result<()> {
    if fields.len() >= FIELDS_MAX {
        return Err(Error::invalid(
            "key",
            format!("There can be at most {FIELDS_MAX} custom fields; remove one first."),
        ));
    }
    let bytes = field.bytes();
    let mut left = FIELDS_BYTES_MAX.checked_sub(bytes);
    for field in fields {
        left = left.and_then(|left| left.checked_sub(field.bytes()));
    }
    if left.is_some() {
        return Ok(());
    }
    Err(Error::invalid(
        "options",
        format!(
            "All definitions together can be {FIELDS_BYTES_MAX} bytes of JSON at most, and this one is {bytes}: remove one, or \
             shorten labels and choices."
        ),
    ))
}

struct Remove {
    id: Id,
}

impl Operation for Remove {
    type Output = Reply<Field>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Field>> {
        // Read from the store and not from what is cached: another engine may have defined it.
        let found = plan.context().document(Kind::Field, self.id).await?;
        let document = found.ok_or_else(|| Error::not_found("field"))?;
        let entry = document.into_entry()?;
        let json = entry.document().json;
        plan.write(Write::Delete(entry));
        plan.write(Write::Reconfigure);
        record_event(plan, Existence::Deleted, self.id, &json);
        Ok(Reply::new(Outcome::Done, json))
    }
}
