//! The changes that an undo makes of one record, one after the other.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::error::Result;
use crate::record::object::Object;
use crate::record::{Change, Entry, Record, previous};
use crate::value::time::Timestamp;

/// The changes of one record, one after the other.
pub(super) struct Steps {
    pub now: Timestamp,
    /// The record after the last of them.
    pub json: Arc<str>,
    pub events: Vec<(Change, Arc<str>, Map<String, Value>)>,
}

impl Steps {
    /// Makes one more change, with its event.
    pub fn take<T: Object + Into<Record>>(&mut self, change: Change, mut record: T) -> Result<T> {
        record.touch(self.now);
        let json = Entry::new(record.clone()).json;
        let old = match change {
            Change::Updated | Change::Merged => previous(&self.json, &json)?,
            Change::Created | Change::Deleted | Change::Restored | Change::Purged => Map::new(),
        };
        self.events.push((change, Arc::clone(&json), old));
        self.json = json;
        Ok(record)
    }
}
