//! What is staged: one state of each record, on which every change is checked.

use std::collections::{BTreeSet, HashMap};

use crate::limits::BATCH_RECORDS_MAX;
use crate::preconditions::key_of;
use crate::query::filter::matches;
use crate::record::{Document, Entry, Record};
use crate::store::{Batch, Query, Require, StoreError, Write};
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;
use crate::value::time::Timestamp;

/// What is staged, and what is known of the store that it is staged over.
#[derive(Default)]
pub(super) struct Staged {
    /// Records as that store has them, as far as they were read by their ids; none where it has none.
    pub read: HashMap<Id, Option<Document>>,
    /// Who holds a unique key there, as far as that was asked.
    pub holders: HashMap<(Kind, String), Option<Id>>,
    records: HashMap<Id, StagedRecord>,
    /// In which order records were staged first.
    order: Vec<Id>,
    /// Who holds a unique key of those that are staged.
    keys: HashMap<(Kind, String), Id>,
    /// Records of that store whose associations go with them, whatever there are of these.
    unlinked: BTreeSet<Id>,
    configurations: BTreeSet<i64>,
    required: BTreeSet<Id>,
    since_mark: SinceMark,
    /// Whether a commit since the mark was refused for what it would write.
    pub is_full: bool,
}

/// One record that was staged.
#[derive(Clone)]
struct StagedRecord {
    /// As the other store has it; none for one that it does not have.
    before: Option<Entry>,
    /// As it will be; none for one that will not be there.
    after: Option<Entry>,
}

/// What it takes to go back to the mark.
#[derive(Default)]
struct SinceMark {
    /// How many records were staged.
    order: usize,
    /// Records as they were staged before, the earliest first.
    records: Vec<(Id, Option<StagedRecord>)>,
    unlinked: Vec<Id>,
    required: Vec<Id>,
}

impl Staged {
    pub fn mark(&mut self) {
        self.since_mark = SinceMark {
            order: self.order.len(),
            ..SinceMark::default()
        };
        self.is_full = false;
    }

    pub fn undo(&mut self) {
        let SinceMark {
            order,
            records,
            unlinked,
            required,
        } = std::mem::take(&mut self.since_mark);
        for (id, before) in records.into_iter().rev() {
            self.free_key(id);
            match before {
                Some(before) => {
                    self.hold_key(before.after.as_ref());
                    self.records.insert(id, before);
                }
                None => drop(self.records.remove(&id)),
            }
        }
        self.order.truncate(order);
        for id in unlinked {
            self.unlinked.remove(&id);
        }
        for id in required {
            self.required.remove(&id);
        }
        self.mark();
    }

    pub fn records(&self) -> usize {
        self.order.len()
    }

    /// Whether so many more records can be staged.
    pub fn make_room(&mut self, records: usize) -> Result<(), StoreError> {
        self.is_full = self.order.len() + records > BATCH_RECORDS_MAX;
        match self.is_full {
            true => Err(StoreError::fault("more is staged than one batch may write")),
            false => Ok(()),
        }
    }

    pub fn made_and_removed(&self) -> Vec<Id> {
        let records = self.records.iter();
        let gone = records.filter(|(_, staged)| staged.before.is_none() && staged.after.is_none());
        gone.map(|(id, _)| *id).collect()
    }

    /// Takes in who holds a unique key in the other store. One that was read there before, and was not there, holds none: who found it so
    /// goes by that, and the commit of all of it finds out.
    pub fn note_holder(&mut self, found: Option<Document>) -> Option<Id> {
        let document = found?;
        let id = document.id;
        let known = self.read.entry(id).or_insert(Some(document));
        known.as_ref().map(|_| id)
    }

    pub fn since_mark(&self) -> Vec<Entry> {
        let touched = self.since_mark.records.iter();
        let touched: BTreeSet<Id> = touched.map(|(id, _)| *id).collect();
        let after = touched.iter().filter_map(|id| self.records.get(id));
        after.filter_map(|record| record.after.clone()).collect()
    }

    /// The document of a record that was staged, or none where it will not be there. None at all where it was not staged.
    pub fn document(&self, id: Id) -> Option<Option<Document>> {
        let record = self.records.get(&id)?;
        Some(record.after.as_ref().map(Entry::document))
    }

    /// A document that a list of the other store gave, as it is to be seen: as it was read first, and where nothing is staged of it.
    pub fn listed(&mut self, document: Document) -> Result<Option<Document>, StoreError> {
        if self.records.contains_key(&document.id) {
            return Ok(None);
        }
        let known = self.read.entry(document.id).or_insert(Some(document));
        let known = known.clone();
        self.unless_unlinked(known)
    }

    /// The document of a record that is not staged, unless it is an association of a record that is unlinked.
    pub fn unless_unlinked(
        &self,
        document: Option<Document>,
    ) -> Result<Option<Document>, StoreError> {
        let Some(document) = document else {
            return Ok(None);
        };
        if self.unlinked.is_empty() || document.id.kind() != Kind::Association {
            return Ok(Some(document));
        }
        let entry = document.clone().into_entry().map_err(StoreError::fault)?;
        let is_unlinked = ends(&entry.record).is_some_and(|ends| {
            let mut ends = ends.into_iter();
            ends.any(|end| self.unlinked.contains(&end))
        });
        Ok((!is_unlinked).then_some(document))
    }

    /// The document of the record that holds a unique key, where this one holds it in the other store.
    pub fn holder_document(
        &self,
        kind: Kind,
        key: &str,
        base: Option<Id>,
    ) -> Result<Option<Document>, StoreError> {
        if let Some(staged) = self.keys.get(&(kind, key.to_owned())) {
            return Ok(self.document(*staged).flatten());
        }
        match base {
            Some(id) if !self.records.contains_key(&id) => {
                self.unless_unlinked(self.read.get(&id).cloned().flatten())
            }
            Some(_) | None => Ok(None),
        }
    }

    /// The documents of staged records that meet a query, in no order.
    pub fn meeting(&self, query: &Query) -> Vec<Document> {
        let entries = self.records.values().filter_map(|it| it.after.as_ref());
        let meeting = entries.filter(|entry| {
            let id = entry.record.id();
            id.kind() == query.kind
                && query.after.is_none_or(|after| id < after)
                && matches(&query.clauses, &entry.record)
        });
        meeting.map(Entry::document).collect()
    }

    /// Who holds a unique key.
    pub fn holder(&self, kind: Kind, key: &str) -> Option<Id> {
        let key = (kind, key.to_owned());
        let base = || {
            let base = self.holders.get(&key).copied().flatten();
            let base = base.filter(|id| !self.records.contains_key(id))?;
            let document = self.read.get(&base).cloned().flatten();
            let is_seen = self.unless_unlinked(document).is_ok_and(|it| it.is_some());
            is_seen.then_some(base)
        };
        self.keys.get(&key).copied().or_else(base)
    }

    pub fn is_there(&self, id: Id) -> bool {
        match self.records.get(&id) {
            Some(staged) => staged.after.is_some(),
            None => matches!(self.read.get(&id), Some(Some(_))),
        }
    }

    /// Whether a record is still what a change read of it.
    pub fn is_as_read(&self, before: &Entry) -> bool {
        let id = before.record.id();
        let json = match self.records.get(&id) {
            Some(staged) => staged.after.as_ref().map(|after| &after.json),
            None => self
                .read
                .get(&id)
                .and_then(Option::as_ref)
                .map(|it| &it.json),
        };
        json == Some(&before.json)
    }

    /// Stages a batch that was checked.
    pub fn apply(&mut self, batch: Batch) -> Result<(), StoreError> {
        for require in batch.requires {
            match require {
                Require::Configuration(version) => {
                    self.configurations.insert(version);
                }
                Require::Exists(id) => {
                    if !self.records.contains_key(&id) && self.required.insert(id) {
                        self.since_mark.required.push(id);
                    }
                }
                // What asks for it is no part of a unit of work: the index of a field that becomes unique.
                Require::Barrier => {}
            }
        }
        for write in batch.writes {
            match write {
                Write::Insert(entry) => self.stage(None, Some(entry)),
                Write::Replace { before, after } => self.stage(Some(before), Some(after)),
                Write::Delete(before) => self.stage(Some(before), None),
                Write::Unlink(id) => self.unlink(id),
                Write::Reconfigure | Write::Remember(_) | Write::Forget { .. } => {
                    return Err(StoreError::fault(
                        "configurations and responses are not staged",
                    ));
                }
            }
        }
        Ok(())
    }

    fn stage(&mut self, before: Option<Entry>, after: Option<Entry>) {
        let entry = after.as_ref().or(before.as_ref());
        let Some(id) = entry.map(|entry| entry.record.id()) else {
            return;
        };
        let was = self.records.get(&id).cloned();
        if was.is_none() {
            self.order.push(id);
        }
        self.free_key(id);
        self.hold_key(after.as_ref());
        let before = match &was {
            Some(was) => was.before.clone(),
            None => before,
        };
        self.records.insert(id, StagedRecord { before, after });
        self.since_mark.records.push((id, was));
    }

    fn free_key(&mut self, id: Id) {
        let staged = self.records.get(&id);
        let after = staged.and_then(|staged| staged.after.as_ref());
        if let Some(key) = after.and_then(|after| key_of(&after.record))
            && self.keys.get(&key) == Some(&id)
        {
            self.keys.remove(&key);
        }
    }

    fn hold_key(&mut self, after: Option<&Entry>) {
        if let Some(after) = after
            && let Some(key) = key_of(&after.record)
        {
            self.keys.insert(key, after.record.id());
        }
    }

    /// Has no association of a record be there any more.
    fn unlink(&mut self, id: Id) {
        let of_it = |(edge, staged): (&Id, &StagedRecord)| {
            let after = staged.after.as_ref()?;
            let ends = ends(&after.record)?;
            ends.contains(&id).then_some((*edge, after.clone()))
        };
        let edges: Vec<(Id, Entry)> = self.records.iter().filter_map(of_it).collect();
        for (_, edge) in edges {
            self.stage(Some(edge), None);
        }
        if self.unlinked.insert(id) {
            self.since_mark.unlinked.push(id);
        }
    }

    pub fn batch(&self, scope: Scope, now: Timestamp) -> Batch {
        let configurations = self.configurations.iter().copied();
        let required = self.required.iter().copied();
        // What is written says itself that it is there; what went and came back is to be there as it was.
        let required = required.filter(|id| !self.records.contains_key(id));
        let back = self.order.iter().filter(|id| {
            let staged = self.records.get(*id);
            staged.is_some_and(StagedRecord::is_back)
        });
        let requires = configurations.map(Require::Configuration);
        let exist = required.chain(back.copied()).map(Require::Exists);
        let requires = requires.chain(exist).collect();
        let records = self.order.iter().filter_map(|id| self.records.get(id));
        let mut writes: Vec<Write> = records.cloned().filter_map(StagedRecord::write).collect();
        let deleted = self.unlinked.iter().copied().filter(|id| {
            let staged = self.records.get(id);
            staged.is_some_and(|it| it.before.is_some() && it.after.is_none())
        });
        writes.extend(deleted.map(Write::Unlink));
        Batch {
            scope,
            now,
            requires,
            writes,
        }
    }
}

impl StagedRecord {
    /// Whether it went and came back as it was, as an association does.
    fn is_back(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => before.json == after.json,
            _ => false,
        }
    }

    fn write(self) -> Option<Write> {
        match (self.before, self.after) {
            (None, None) => None,
            (None, Some(after)) => Some(Write::Insert(after)),
            (Some(before), None) => Some(Write::Delete(before)),
            (Some(before), Some(after)) if before.json == after.json => None,
            (Some(before), Some(after)) => Some(Write::Replace { before, after }),
        }
    }
}

/// The two records that an association is between.
fn ends(record: &Record) -> Option<[Id; 2]> {
    match record {
        Record::Association(association) => Some([association.from_id, association.to_id]),
        _ => None,
    }
}
