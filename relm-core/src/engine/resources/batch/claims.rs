//! Who has which unique value while a batch is planned: in the store, and by what the rows so far did.

use std::collections::{HashMap, HashSet};

use crate::error::{Affected, Error, ErrorKind};
use crate::record::unique_member::UniqueMember;
use crate::value::id::Id;

/// What the values of a row are compared by, for each unique member.
pub(in crate::engine::resources) type RowKeys = Vec<Vec<String>>;

/// A value of a unique member, by the member's place and what it is compared by.
pub(super) type Key = (usize, String);

/// What a row that fails leaves of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::resources) enum Failing {
    /// All of them.
    Alone,
    /// Nothing: no row leaves a record that another's error could name.
    All,
}

/// When a row can have a value that another record of the batch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine::resources) enum Claims {
    /// Where that has another by the end of the batch.
    OfTheWhole,
    /// Where a row before it gave that another.
    InOrder,
}

/// Who has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// The record of the batch at this place.
    Batched(usize),
    /// Another one.
    Other(Id),
}

/// Who has which unique value.
pub(super) struct Claimed {
    pub members: Vec<UniqueMember>,
    /// The members by which rows are known, by their places.
    pub dedup: Vec<usize>,
    pub claims: Claims,
    pub holders: HashMap<Key, Holder>,
    /// What there was no room to look up.
    pub unread: HashSet<Key>,
    /// Whether a row took a value that another record of the batch had at that time.
    pub any_pending: bool,
}

/// The values that a record has by a row, and those that it has no more.
pub(super) struct Claim {
    pub takes: Vec<Key>,
    pub leaves: Vec<Key>,
    pub is_pending: bool,
}

impl Claimed {
    pub fn new(members: &[UniqueMember], dedup: &[usize], rows: usize, claims: Claims) -> Self {
        Self {
            members: members.to_vec(),
            dedup: dedup.to_vec(),
            claims,
            holders: HashMap::with_capacity(rows),
            unread: HashSet::new(),
            any_pending: false,
        }
    }

    /// Has the record at a place have what it claims.
    pub fn apply(&mut self, claim: Claim, place: usize) {
        self.any_pending |= claim.is_pending;
        for key in claim.leaves {
            if self.holders.get(&key) == Some(&Holder::Batched(place)) {
                self.holders.remove(&key);
            }
        }
        for key in claim.takes {
            self.holders.insert(key, Holder::Batched(place));
        }
    }
}

/// That several records are what one row is known by.
pub(in crate::engine::resources) fn ambiguous(at: &str, ids: Vec<Id>) -> Error {
    let message = format!(
        "`{at}` leads to {} different records, by one unique value each: send what belongs to one of them, or name fewer members.",
        ids.len()
    );
    Error::new(ErrorKind::AmbiguousMatch, message)
        .at(at)
        .affecting(Affected {
            count: ids.len(),
            at_least: false,
            ids,
        })
}
