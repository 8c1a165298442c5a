//! What is left of a record that is purged, and of the events that told of it.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Map;

use crate::error::{Error, Result};
use crate::record::association::Association;
use crate::record::event::{Event, EventData};
use crate::record::event_type::EventType;
use crate::record::object::{Activity, Company, Contact, Deal, Object};
use crate::record::object_type::ObjectType;
use crate::record::{Entry, Record};
use crate::value::id::Id;
use crate::value::scope::Mode;

impl Event {
    /// The same event, which says no more of its record than that there was one, and of which version; of an association of the
    /// record, no more than which two it linked.
    ///
    /// # Errors
    /// `internal_error` where its data is none of a record.
    pub(crate) fn erased(mut self) -> Result<Self> {
        self.data = match self.event_type {
            EventType::Record(of, _) => self.receipt(of)?,
            EventType::ActivityDue => self.receipt(ObjectType::Activity)?,
            EventType::Association(_) => ends_alone(self.data.decode()?),
            EventType::Field(_) | EventType::Ping => {
                return Err(Error::internal("an event of no record"));
            }
        };
        self.previous = Map::new();
        self.purged = true;
        Ok(self)
    }

    fn receipt(&self, of: ObjectType) -> Result<EventData> {
        let id = self.record_id();
        let id = id.ok_or_else(|| Error::internal("an event of no record"))?;
        let Versioned { version } = self.data.decode()?;
        Ok(receipt(of, id, self.mode, version))
    }
}

/// What is left of an association of a record that is purged: ids, which tell receivers what to forget of it.
fn ends_alone(edge: Association) -> EventData {
    let edge = edge.with_nothing_said();
    let entry = Entry::new(edge.clone());
    EventData::of_association(entry.json, &edge)
}

/// The version in a record's JSON.
#[derive(Deserialize)]
struct Versioned {
    #[serde(default)]
    version: i64,
}

/// What is left of a record that is purged: that there was one, of which version. It has every member that its type has, and nothing in
/// them, so that whoever reads such records reads it too.
pub(crate) fn receipt(of: ObjectType, id: Id, mode: Mode, version: i64) -> EventData {
    fn blank<T: Object + Into<Record>>(id: Id, mode: Mode, version: i64) -> Arc<str> {
        let blank = T::blank(id, mode, id.timestamp());
        Entry::new(blank.of_version(version)).json
    }
    let json = match of {
        ObjectType::Contact => blank::<Contact>(id, mode, version),
        ObjectType::Company => blank::<Company>(id, mode, version),
        ObjectType::Deal => blank::<Deal>(id, mode, version),
        ObjectType::Activity => blank::<Activity>(id, mode, version),
    };
    EventData::of_record(json, id)
}
