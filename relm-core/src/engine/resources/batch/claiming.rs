//! What rows ask of the unique values of a batch: whom they are known by, and whether they can have theirs.

use std::collections::HashSet;

use super::claims::{Claim, Claims, Failing, Holder, Key, RowKeys, ambiguous};
use super::working_set::{WorkingSet, beyond_bytes};
use crate::engine::change::Plan;
use crate::engine::unique_values::{KnownValues, holders_of};
use crate::error::Result;
use crate::limits::BATCH_CONTACT_BYTES_MAX;
use crate::record::object::Object;
use crate::record::unique_member::UniqueMember;
use crate::record::{Document, Record};

/// Bytes of the largest record's document, nearly: its metadata, and its texts in characters of four bytes.
const RECORD_BYTES_EXPECTED_MAX: usize = 32 * 1024;
/// Records that are read at once at least: what is read beyond the room for it is no more than these.
const KEYS_READ_MIN: usize = 16;

impl<T: Object + Into<Record>> WorkingSet<T> {
    /// Reads the records that rows of these keys could meet, in the order of the rows, for as long as there is room for them; and
    /// who has the other values that they set.
    pub async fn read(&mut self, plan: &mut Plan<'_>, keys: &[RowKeys]) -> Result<()> {
        let mut bytes_left = BATCH_CONTACT_BYTES_MAX;
        let members = self.claimed.members.clone();
        let by_dedup = |place: &usize| !self.claimed.dedup.contains(place);
        let mut places: Vec<usize> = (0..members.len()).collect();
        // Whom rows change is read first: whoever has their other values may be among them.
        places.sort_by_key(by_dedup);
        for place in places {
            let mut seen = HashSet::with_capacity(keys.len());
            let of_member = keys.iter().flat_map(|row| &row[place]);
            let of_member: Vec<String> =
                of_member.filter(|key| seen.insert(*key)).cloned().collect();
            let mut rest = of_member.as_slice();
            while !rest.is_empty() && bytes_left > 0 {
                let (asked, later) = rest.split_at(rest.len().min(keys_read_at_once(bytes_left)));
                let met = holders::<T>(plan, &members[place], asked).await?;
                for (key, record, document) in met {
                    self.note((place, key), record, document, &mut bytes_left);
                }
                rest = later;
            }
            let unread = rest.iter().map(|key| (place, key.clone()));
            self.claimed.unread.extend(unread);
        }
        Ok(())
    }

    /// Notes who has a value in the store; keeps the record where rows are known by it.
    fn note(&mut self, key: Key, record: T, document: Document, bytes_left: &mut usize) {
        let id = document.id;
        let holder = match self.stored.get(&id) {
            Some(place) => Holder::Batched(*place),
            None if self.claimed.dedup.contains(&key.0) => {
                *bytes_left = bytes_left.saturating_sub(document.json.len());
                Holder::Batched(self.insert_stored(record, document))
            }
            None => Holder::Other(id),
        };
        self.claimed.holders.insert(key, holder);
    }

    /// The place of the record that a row is known by; none where it is of a new one.
    pub fn look_up(&self, keys: &RowKeys) -> Result<Option<usize>> {
        let mut met: Vec<usize> = Vec::new();
        for place in &self.claimed.dedup {
            for key in &keys[*place] {
                let key = (*place, key.clone());
                if self.claimed.unread.contains(&key) {
                    return Err(beyond_bytes::<T>());
                }
                if let Some(Holder::Batched(found)) = self.claimed.holders.get(&key)
                    && !met.contains(found)
                {
                    met.push(*found);
                }
            }
        }
        match met.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => {
                let ids = several.iter().map(|place| self.records[*place].record.id());
                Err(ambiguous("dedup_on", ids.collect()))
            }
        }
    }

    /// What a row has a record claim: of a new one, all its values.
    pub(super) fn claim(&self, of: Option<usize>, after: &T, failing: Failing) -> Result<Claim> {
        let mut claim = Claim {
            takes: Vec::new(),
            leaves: Vec::new(),
            is_pending: false,
        };
        let before = of.map(|place| &self.records[place].record);
        for (place, member) in self.claimed.members.iter().enumerate() {
            if before.is_some_and(|before| member.is_same(before, after)) {
                continue;
            }
            let had = before.map(|before| member.keys_of(before));
            let (had, has) = (had.unwrap_or_default(), member.keys_of(after));
            for key in has.iter().filter(|key| !had.contains(key)) {
                let key = (place, key.clone());
                claim.is_pending |= self.is_pending(of, member, &key, after, failing)?;
                claim.takes.push(key);
            }
            let left = had.into_iter().filter(|key| !has.contains(key));
            claim.leaves.extend(left.map(|key| (place, key)));
        }
        Ok(claim)
    }

    /// Whether a record can have a value where another one of the batch leaves it.
    fn is_pending(
        &self,
        of: Option<usize>,
        member: &UniqueMember,
        key: &Key,
        after: &T,
        failing: Failing,
    ) -> Result<bool> {
        if self.claimed.unread.contains(key) {
            return Err(beyond_bytes::<T>());
        }
        match self.claimed.holders.get(key) {
            None => Ok(false),
            Some(Holder::Batched(other)) if Some(*other) == of => Ok(false),
            Some(Holder::Batched(other)) => {
                let other = &self.records[*other];
                if self.claimed.claims == Claims::InOrder || other.is_made() {
                    let taken = member.taken_of(after, &key.1, other.record.id());
                    // An earlier row made it, and where all fail no row leaves a record.
                    return Err(match failing == Failing::All && other.is_made() {
                        true => taken.existing(None),
                        false => taken,
                    });
                }
                Ok(true)
            }
            Some(Holder::Other(id)) => Err(member.taken_of(after, &key.1, *id)),
        }
    }

    /// Whether no two records of the batch have one value, as the rows leave them.
    pub fn keeps_values_apart(&self) -> bool {
        if !self.claimed.any_pending {
            return true;
        }
        let mut seen = HashSet::new();
        self.records.iter().all(|batched| {
            let members = self.claimed.members.iter().enumerate();
            let mut keys = members.flat_map(|(place, member)| {
                let keys = member.keys_of(&batched.record).into_iter();
                keys.map(move |key| (place, key))
            });
            keys.all(|key| seen.insert(key))
        })
    }
}

/// The records that have these values of a member, each with what it is compared by.
async fn holders<T: Object>(
    plan: &mut Plan<'_>,
    member: &UniqueMember,
    keys: &[String],
) -> Result<Vec<(String, T, Document)>> {
    let mut known = KnownValues::default();
    let found = holders_of(plan.context(), T::TYPE, member, keys, &mut known).await?;
    for (key, found) in known {
        plan.know_unique_value(key, found);
    }
    let held = keys
        .iter()
        .zip(found)
        .filter_map(|(key, document)| Some((key, document?)));
    held.map(|(key, document)| Ok((key.clone(), document.decode()?, document)))
        .collect()
}

/// How many records are read at once where there is room for so many bytes: as many as surely fit, and a few at the end.
fn keys_read_at_once(bytes_left: usize) -> usize {
    (bytes_left / RECORD_BYTES_EXPECTED_MAX).max(KEYS_READ_MIN)
}
