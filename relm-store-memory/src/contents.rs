//! What one scope holds, and how its records are found by more than their ids.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use relm_core::record::Record;
use relm_core::store::StoredResponse;
use relm_core::value::id::{Id, Kind};
use relm_core::value::time::Timestamp;

use crate::log::Log;
use crate::records::{Records, newest_first};

/// What one scope holds.
#[derive(Default)]
pub(crate) struct Contents {
    pub records: Records,
    /// The pending deliveries by endpoint, and when each is due or its lease ends.
    pub queues: BTreeMap<Id, BTreeSet<(Timestamp, Id)>>,
    /// The records that wait for a moment, by it.
    pub awaited: BTreeSet<(Timestamp, Id)>,
    /// When the lease of a delivery ends, where one was given.
    pub leases: HashMap<Id, Timestamp>,
    /// Who holds a unique key of a kind.
    pub keys: HashMap<(Kind, String), Id>,
    pub responses: HashMap<String, StoredResponse>,
    /// How many responses are kept before the expired ones are looked for.
    pub responses_max: usize,
    pub configuration_version: i64,
    pub log: Log,
}

impl Contents {
    /// What is picked of the records of a kind, oldest first.
    pub fn of_kind<T>(&self, kind: Kind, pick: impl Fn(&Record) -> Option<T>) -> Vec<T> {
        let mut all: Vec<T> = newest_first(&self.records, kind, None)
            .filter_map(|entry| pick(&entry.record))
            .collect();
        all.reverse();
        all
    }
}
