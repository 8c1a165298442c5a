//! Records as they go into a store and come out of it: with their JSON.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::record::{Record, Trashed};
use crate::value::id::{Id, Kind};

/// A record and its document, as they go into a store.
#[derive(Clone)]
pub struct Entry {
    /// The record: what the columns, the unique key and the index are taken from.
    pub record: Record,
    /// Its JSON, rendered once: what the store returns, the API answers with and an event tells.
    pub json: Arc<str>,
}

impl Entry {
    /// A record with its JSON.
    pub fn new(record: impl Into<Record>) -> Self {
        let record = record.into();
        let json = record.to_json().into();
        Self { record, json }
    }

    /// The record's document alone.
    pub fn document(&self) -> Document {
        Document {
            id: self.record.id(),
            json: Arc::clone(&self.json),
        }
    }
}

/// A record's JSON, as it comes out of a store: passed through to a client as it is, decoded where its members matter.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// The record's id.
    pub id: Id,
    /// The record's JSON, byte for byte as it was given to the store.
    pub json: Arc<str>,
}

/// Shows the record alone: the JSON of an endpoint holds its secrets.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

/// Shows the JSON, but for that of an endpoint, which holds its secrets, and of who signs in.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Document");
        shown.field("id", &self.id);
        match self.id.kind() {
            Kind::Webhook | Kind::User | Kind::Session => shown.finish_non_exhaustive(),
            _ => shown.field("json", &self.json).finish(),
        }
    }
}

impl Document {
    /// Reads the document as the record that it is.
    ///
    /// # Errors
    /// `internal_error` when it is not one.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.json).map_err(Error::internal)
    }

    /// The document of what was deleted, as the trash has it.
    pub(crate) fn of_trashed(trashed: &Trashed) -> Self {
        Self {
            id: trashed.record_id,
            json: trashed.document.json(),
        }
    }

    /// Reads the document and keeps both.
    ///
    /// # Errors
    /// `internal_error` when it is not the JSON of its kind.
    pub fn into_entry(self) -> Result<Entry> {
        Ok(Entry {
            record: Record::from_json(self.id.kind(), &self.json)?,
            json: self.json,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Webhook, WebhookInput};
    use crate::value::scope::Mode;
    use crate::value::time::{SeededRng, Timestamp};

    #[test]
    fn an_endpoint_s_secret_is_not_in_what_debug_shows() {
        let input = WebhookInput {
            url: "https://example.com/".into(),
            event_types: vec!["*".to_owned()].into(),
            ..WebhookInput::default()
        };
        let id = Id::new(Kind::Webhook, 1);
        let now = Timestamp::from_millis(0);
        let rng = SeededRng::new(1);
        let made = Webhook::subscribe(
            id,
            Mode::Live,
            now,
            input,
            &crate::record::EndpointRules::default(),
            &rng,
        );
        let (webhook, secret) = made.unwrap();
        let entry = Entry::new(webhook);
        assert!(
            entry.json.contains(&secret),
            "without a key it is kept as it is"
        );
        let shown = format!("{entry:?} {:?}", entry.document());
        assert!(!shown.contains("whsec_"), "{shown}");
        assert!(shown.contains(&id.to_string()));
    }
}
