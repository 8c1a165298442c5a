//! What a batch does to which table, and in what order.

use std::collections::BTreeMap;

use relm_core::record::Entry;
use relm_core::store::{StoredResponse, Write};
use relm_core::value::id::{Id, Kind};

/// The writes of a batch, by what they do to which table.
#[derive(Default)]
pub(crate) struct WriteSet<'a> {
    pub inserts: BTreeMap<Kind, Vec<&'a Entry>>,
    pub replaces: BTreeMap<Kind, Vec<(&'a Entry, &'a Entry)>>,
    pub deletes: BTreeMap<Kind, Vec<&'a Entry>>,
    pub unlinks: Vec<Id>,
    pub responses: Vec<&'a StoredResponse>,
    /// The keys of the responses that are forgotten, by a record that they are about.
    pub forgotten: BTreeMap<Id, Vec<&'a String>>,
    pub reconfigures: usize,
    /// Whether a reconfiguration is the guard of the version that the batch requires.
    pub guarded: bool,
}

impl<'a> WriteSet<'a> {
    pub fn of(writes: &'a [Write]) -> Self {
        let mut set = Self::default();
        for write in writes {
            match write {
                Write::Insert(entry) => {
                    let kind = entry.record.kind();
                    set.inserts.entry(kind).or_default().push(entry);
                }
                Write::Replace { before, after } => {
                    let kind = before.record.kind();
                    set.replaces.entry(kind).or_default().push((before, after));
                }
                Write::Delete(entry) => {
                    let kind = entry.record.kind();
                    set.deletes.entry(kind).or_default().push(entry);
                }
                Write::Unlink(id) => set.unlinks.push(*id),
                Write::Reconfigure => set.reconfigures += 1,
                Write::Remember(response) => set.responses.push(response),
                Write::Forget { key, about } => set.forgotten.entry(*about).or_default().push(key),
            }
        }
        set
    }

    /// Brings what touches a unique key into the order of that key, so that batches that share keys meet them in one
    /// order, and the later waits for the earlier instead of both for each other.
    pub fn order(&mut self) {
        let key = |entry: &&Entry| (entry.record.unique_key(), entry.record.id());
        for entries in self.inserts.values_mut().chain(self.deletes.values_mut()) {
            entries.sort_by_cached_key(key);
        }
        for pairs in self.replaces.values_mut() {
            pairs.sort_by_cached_key(|(_, after)| key(after));
        }
    }
}
