//! A commit: what it is judged by, and how it is applied once it was.

use std::sync::Arc;

use relm_core::preconditions::{StateView, key_of};
use relm_core::record::Delivery;
use relm_core::record::{Document, Entry, Record};
use relm_core::store::{Batch, Lease, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::time::Timestamp;

use crate::contents::Contents;

/// What a batch is judged by, at one moment.
pub(crate) struct Snapshot<'a> {
    pub contents: &'a Contents,
    pub now: Timestamp,
}

impl StateView for Snapshot<'_> {
    fn configuration_version(&self) -> i64 {
        self.contents.configuration_version
    }

    fn has_response(&self, key: &str) -> bool {
        let kept = self.contents.responses.get(key);
        kept.is_some_and(|kept| kept.expires_at > self.now)
    }

    fn version(&self, id: Id) -> Option<i64> {
        let entry = self.contents.records.get(&id)?;
        Some(entry.record.version())
    }

    fn holder(&self, kind: Kind, key: &str) -> Option<Id> {
        self.contents.keys.get(&(kind, key.to_owned())).copied()
    }
}

impl Contents {
    /// Applies a batch that was judged. What leaves goes before what comes, since keys may be swapped.
    pub(crate) fn apply(&mut self, batch: Batch) {
        for write in &batch.writes {
            match write {
                Write::Replace { before, .. } => self.take(before.record.id()),
                Write::Delete(read) => self.remove(read.record.id()),
                Write::Unlink(end) => self.unlink(*end),
                Write::Forget { key, about } => self.forget(key, *about),
                Write::Insert(_) | Write::Reconfigure | Write::Remember(_) => {}
            }
        }
        self.log.add(&batch.writes);
        for write in batch.writes {
            match write {
                Write::Insert(entry) | Write::Replace { after: entry, .. } => self.insert(entry),
                Write::Reconfigure => self.configuration_version += 1,
                Write::Remember(response) => {
                    self.responses.insert(response.key.clone(), response);
                    self.forget_expired(batch.now);
                }
                Write::Delete(_) | Write::Unlink(_) | Write::Forget { .. } => {}
            }
        }
    }

    fn forget(&mut self, key: &str, about: Id) {
        let kept = self.responses.get(key);
        if kept.is_some_and(|kept| kept.about.contains(&about)) {
            self.responses.remove(key);
        }
    }

    /// Looks for expired responses each time that their number has doubled: for each that is kept, about one is seen.
    fn forget_expired(&mut self, now: Timestamp) {
        if self.responses.len() > self.responses_max {
            self.responses
                .retain(|_, response| response.expires_at > now);
            self.responses_max = 2 * self.responses.len();
        }
    }

    /// Takes deliveries that are due, and keeps them from other leases by making them due when this one ends, or later.
    pub(crate) fn lease(&mut self, lease: &Lease) -> Vec<Document> {
        let Some(waiting) = self.queues.get_mut(&lease.webhook) else {
            return Vec::new();
        };
        let due = waiting
            .iter()
            .take_while(|(due_at, _)| *due_at <= lease.now);
        let taken: Vec<(Timestamp, Id)> = due.take(lease.limit).copied().collect();
        for place in &taken {
            let (due_at, id) = *place;
            let until = due_at.max(lease.until);
            waiting.remove(place);
            waiting.insert((until, id));
            self.leases.insert(id, until);
        }
        taken
            .iter()
            .filter_map(|(_, id)| self.records.get(id).map(|entry| entry.document()))
            .collect()
    }

    fn insert(&mut self, entry: Entry) {
        if let Record::Delivery(delivery) = &entry.record
            && let Some(due_at) = delivery.next_attempt_at
        {
            let waiting = self.queues.entry(delivery.webhook_id).or_default();
            waiting.insert((due_at, delivery.id));
        }
        if let Some(at) = entry.record.awaited_at() {
            self.awaited.insert((at, entry.record.id()));
        }
        if let Some(key) = key_of(&entry.record) {
            self.keys.insert(key, entry.record.id());
        }
        Arc::make_mut(&mut self.records).insert(entry.record.id(), Arc::new(entry));
    }

    fn remove(&mut self, id: Id) {
        self.take(id);
        self.log.remove(id);
    }

    /// Takes a record out, which stays in the log if it is an event.
    fn take(&mut self, id: Id) {
        let Some(entry) = Arc::make_mut(&mut self.records).remove(&id) else {
            return;
        };
        if let Some(at) = entry.record.awaited_at() {
            self.awaited.remove(&(at, id));
        }
        if let Some(key) = key_of(&entry.record) {
            self.keys.remove(&key);
        }
        if let Record::Delivery(delivery) = &entry.record {
            self.stop_waiting(delivery);
        }
    }

    fn stop_waiting(&mut self, delivery: &Delivery) {
        let leased = self.leases.remove(&delivery.id);
        let Some(due_at) = leased.or(delivery.next_attempt_at) else {
            return;
        };
        if let Some(waiting) = self.queues.get_mut(&delivery.webhook_id) {
            waiting.remove(&(due_at, delivery.id));
            if waiting.is_empty() {
                self.queues.remove(&delivery.webhook_id);
            }
        }
    }

    fn unlink(&mut self, end: Id) {
        let linked = self.of_kind(Kind::Association, |record| match record {
            Record::Association(edge) if edge.from_id == end || edge.to_id == end => Some(edge.id),
            _ => None,
        });
        for id in linked {
            self.remove(id);
        }
    }
}
