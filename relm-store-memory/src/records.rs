//! The records of a scope, in the order of their ids.

use std::collections::BTreeMap;
use std::sync::Arc;

use relm_core::record::Entry;
use relm_core::value::id::{Id, Kind};

/// Every record by its id. Ids order by kind, then by age, so the records of a kind are one range. A walk that lets others
/// go first keeps what it began with; a commit meanwhile changes a copy.
pub(crate) type Records = Arc<BTreeMap<Id, Arc<Entry>>>;

/// The records of a kind below an id, newest first.
pub(crate) fn newest_first(
    records: &Records,
    kind: Kind,
    after: Option<Id>,
) -> impl Iterator<Item = &Arc<Entry>> {
    let end = after.unwrap_or(Id::new(kind, u128::MAX));
    let first = Id::new(kind, 0);
    let below = records.range(first..=end).rev();
    below
        .filter(move |(id, _)| Some(**id) != after)
        .map(|(_, entry)| entry)
}
