//! The log of a scope: its events, numbered in their commits.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use relm_core::store::{LogPage, Numbered, Write};
use relm_core::value::id::{Id, Kind};

use crate::records::Records;

/// The numbers of events, and the events of numbers.
#[derive(Default)]
pub(crate) struct Log {
    events: BTreeMap<i64, Id>,
    numbers: HashMap<Id, i64>,
    last: i64,
    deleted: i64,
}

impl Log {
    /// Numbers the events that a commit inserts, in the order of their ids.
    pub fn add(&mut self, writes: &[Write]) {
        let inserted = writes.iter().filter_map(|write| match write {
            Write::Insert(entry) => Some(entry.record.id()),
            Write::Replace { .. }
            | Write::Delete(_)
            | Write::Unlink(_)
            | Write::Reconfigure
            | Write::Remember(_)
            | Write::Forget { .. } => None,
        });
        let mut events: Vec<Id> = inserted.filter(|id| id.kind() == Kind::Event).collect();
        events.sort_unstable();
        for id in events {
            self.last += 1;
            self.events.insert(self.last, id);
            self.numbers.insert(id, self.last);
        }
    }

    /// Takes out an event, if it is one.
    pub fn remove(&mut self, id: Id) {
        if let Some(seq) = self.numbers.remove(&id) {
            self.events.remove(&seq);
            self.deleted = self.deleted.max(seq);
        }
    }

    /// The number of an event.
    pub fn number(&self, id: Id) -> Option<i64> {
        self.numbers.get(&id).copied()
    }

    /// A page of the events after a number.
    pub fn page(&self, records: &Records, after: i64, limit: usize) -> LogPage {
        let later = (Bound::Excluded(after), Bound::Unbounded);
        let events = self.events.range(later).filter_map(|(seq, id)| {
            let document = records.get(id)?.document();
            Some(Numbered {
                seq: *seq,
                document,
            })
        });
        LogPage {
            last: self.last,
            deleted: self.deleted,
            ..LogPage::of(limit, events)
        }
    }
}
