//! Whether a change may be staged: the preconditions of its batch, on what is staged already.

use std::collections::HashMap;

use super::staged::Staged;
use crate::preconditions::{self, StateView};
use crate::store::{Batch, Refusal, Require, Write};
use crate::value::id::{Id, Kind};

/// Checks the preconditions of a batch. That ids are free which it inserts is taken for granted of those that were never read: the commit
/// of all of it finds out.
pub(super) fn check(staged: &Staged, batch: &Batch) -> Result<(), Refusal> {
    let mut view = View {
        staged,
        configuration_version: 0,
        versions: HashMap::new(),
    };
    for require in &batch.requires {
        if let Require::Configuration(version) = require {
            // Which one there is by now is found out by the commit.
            view.configuration_version = *version;
        }
    }
    for write in &batch.writes {
        if let Write::Replace { before, .. } | Write::Delete(before) = write
            && staged.is_there(before.record.id())
            && staged.is_as_read(before)
        {
            let (id, version) = (before.record.id(), before.record.version());
            view.versions.insert(id, version);
        }
    }
    preconditions::check(batch, &view)
}

/// What is staged, as the preconditions of one batch look at it.
struct View<'a> {
    staged: &'a Staged,
    configuration_version: i64,
    /// Of the records that the batch names, those that are as it says.
    versions: HashMap<Id, i64>,
}

impl StateView for View<'_> {
    fn configuration_version(&self) -> i64 {
        self.configuration_version
    }

    fn has_response(&self, _: &str) -> bool {
        false
    }

    fn version(&self, id: Id) -> Option<i64> {
        let named = self.versions.get(&id).copied();
        named.or_else(|| self.staged.is_there(id).then_some(0))
    }

    fn holder(&self, kind: Kind, key: &str) -> Option<Id> {
        self.staged.holder(kind, key)
    }
}
