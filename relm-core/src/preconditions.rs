//! Whether a batch may be applied: the decision that every store must come to, written once.
//!
//! A store that can look at its state calls [`check`] before it writes; one that finds out by writing calls it to
//! explain what failed. Either way the refusal is the same.

use std::collections::{HashMap, HashSet};

use crate::record::Record;
use crate::store::{Batch, Refusal, Require, Write};
use crate::value::id::{Id, Kind};

/// What a batch is checked against: the state of its scope before it.
pub trait StateView {
    /// The configuration version; 0 where there was no [`Write::Reconfigure`] yet.
    fn configuration_version(&self) -> i64;
    /// Whether a response is kept under this key that has not expired at the batch's `now`.
    fn has_response(&self, key: &str) -> bool;
    /// The version of a record, where there is one of this id.
    fn version(&self, id: Id) -> Option<i64>;
    /// The record of this kind that holds a unique key.
    fn holder(&self, kind: Kind, key: &str) -> Option<Id>;
}

/// Checks the preconditions of a batch. Refusals are looked for in the order of [`Refusal`]'s variants.
///
/// # Errors
/// The first refusal.
pub fn check(batch: &Batch, state: &impl StateView) -> Result<(), Refusal> {
    let Batch {
        scope: _,
        now: _,
        requires,
        writes,
    } = batch;
    check_configuration(requires, state)?;
    for write in writes {
        if let Write::Remember(response) = write
            && state.has_response(&response.key)
        {
            return Err(Refusal::ResponseExists);
        }
    }
    check_references(requires, state)?;
    for (write, what) in writes.iter().enumerate() {
        if let Write::Replace { before: read, .. } | Write::Delete(read) = what
            && state.version(read.record.id()) != Some(read.record.version())
        {
            return Err(Refusal::VersionConflict { write });
        }
    }
    for (write, what) in writes.iter().enumerate() {
        if let Write::Insert(entry) = what
            && state.version(entry.record.id()).is_some()
        {
            return Err(Refusal::IdConflict { write });
        }
    }
    check_unique_keys(writes, state)
}

fn check_configuration(requires: &[Require], state: &impl StateView) -> Result<(), Refusal> {
    let changed = |require: &Require| match require {
        Require::Configuration(version) => *version != state.configuration_version(),
        Require::Exists(_) | Require::Barrier => false,
    };
    if requires.iter().any(changed) {
        return Err(Refusal::Configuration);
    }
    Ok(())
}

fn check_references(requires: &[Require], state: &impl StateView) -> Result<(), Refusal> {
    let missing: Vec<Id> = requires
        .iter()
        .filter_map(|require| match require {
            Require::Exists(id) if state.version(*id).is_none() => Some(*id),
            Require::Exists(_) | Require::Configuration(_) | Require::Barrier => None,
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::Missing(missing))
}

/// Unique keys are checked against the state after the batch: what its writes replace or delete holds none.
fn check_unique_keys(writes: &[Write], state: &impl StateView) -> Result<(), Refusal> {
    let changed: HashSet<Id> = writes
        .iter()
        .filter_map(|write| match write {
            Write::Replace { before: read, .. } | Write::Delete(read) => Some(read.record.id()),
            Write::Insert(_)
            | Write::Unlink(_)
            | Write::Reconfigure
            | Write::Remember(_)
            | Write::Forget { .. } => None,
        })
        .collect();
    let mut taken: HashMap<(Kind, String), Id> = HashMap::with_capacity(writes.len());
    for (write, what) in writes.iter().enumerate() {
        let (Write::Insert(entry) | Write::Replace { after: entry, .. }) = what else {
            continue;
        };
        let Some(key) = key_of(&entry.record) else {
            continue;
        };
        let holder = state.holder(key.0, &key.1);
        if keeps_key(what) && holder != Some(entry.record.id()) {
            continue;
        }
        let kept = holder.filter(|id| !changed.contains(id));
        if let Some(holder) = kept.or_else(|| taken.get(&key).copied()) {
            return Err(Refusal::UniqueConflict { write, holder });
        }
        taken.insert(key, entry.record.id());
    }
    Ok(())
}

/// Whether a write leaves a record's unique key as it is. Where another holds that key, as of two records from before both
/// were given one key, the write claims nothing: what is no one's to free must not keep a record from ever changing.
fn keeps_key(write: &Write) -> bool {
    match write {
        Write::Replace { before, after } => before.record.unique_key() == after.record.unique_key(),
        Write::Insert(_)
        | Write::Delete(_)
        | Write::Unlink(_)
        | Write::Reconfigure
        | Write::Remember(_)
        | Write::Forget { .. } => false,
    }
}

/// The unique key of a record, with the kind within which it is unique.
pub fn key_of(record: &Record) -> Option<(Kind, String)> {
    Some((record.kind(), record.unique_key()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Entry;
    use crate::record::object::{Contact, Object};
    use crate::store::StoredResponse;
    use crate::value::scope::{Mode, Scope};
    use crate::value::time::Timestamp;

    /// Two contacts with one address, of which the older holds the key.
    struct TwoOfOneAddress;

    impl StateView for TwoOfOneAddress {
        fn configuration_version(&self) -> i64 {
            0
        }

        fn has_response(&self, _: &str) -> bool {
            false
        }

        fn version(&self, _: Id) -> Option<i64> {
            Some(1)
        }

        fn holder(&self, _: Kind, key: &str) -> Option<Id> {
            (key == "ada@example.com").then(|| contact(1, "").id)
        }
    }

    fn contact(ulid: u128, email: &str) -> Contact {
        let id = Id::new(Kind::Contact, ulid);
        let mut contact = Contact::blank(id, Mode::Live, Timestamp::from_millis(0));
        contact.email = Some(email.to_owned());
        contact
    }

    fn checked(writes: Vec<Write>) -> Result<(), Refusal> {
        let batch = Batch {
            scope: Scope::SYSTEM,
            now: Timestamp::from_millis(0),
            requires: Vec::new(),
            writes,
        };
        check(&batch, &TwoOfOneAddress)
    }

    fn replace(ulid: u128, before: &str, after: &str) -> Write {
        let [before, after] = [before, after].map(|email| Entry::new(contact(ulid, email)));
        Write::Replace { before, after }
    }

    #[test]
    fn a_record_that_lost_its_key_to_another_can_change() {
        let (old, new) = ("Ada@example.com", "ada@example.com");
        assert_eq!(checked(vec![replace(2, old, new)]), Ok(()));
        assert_eq!(checked(vec![replace(1, old, new)]), Ok(()));
        let holder = contact(1, "").id;
        let taken = Err(Refusal::UniqueConflict { write: 0, holder });
        assert_eq!(checked(vec![replace(2, "eva@example.com", new)]), taken);
        // It claims nothing, so that neither stands in the other's way.
        let both = vec![replace(2, old, new), replace(1, old, new)];
        assert_eq!(checked(both), Ok(()));
    }

    /// A scope with one contact, whose address is `ada@example.com`, and with one response.
    #[derive(Clone, Copy)]
    struct OneContact {
        configuration_version: i64,
        response: &'static str,
        version: i64,
        ulid: u128,
    }

    impl StateView for OneContact {
        fn configuration_version(&self) -> i64 {
            self.configuration_version
        }

        fn has_response(&self, key: &str) -> bool {
            key == self.response
        }

        fn version(&self, id: Id) -> Option<i64> {
            (id.ulid() == self.ulid).then_some(self.version)
        }

        fn holder(&self, _: Kind, key: &str) -> Option<Id> {
            (key == "ada@example.com").then(|| contact(self.ulid, "").id)
        }
    }

    const STATE: OneContact = OneContact {
        configuration_version: 3,
        response: "another",
        version: 1,
        ulid: 1,
    };

    fn remember(key: &str) -> Write {
        Write::Remember(StoredResponse {
            key: key.to_owned(),
            fingerprint: [0; 32],
            outcome: 0,
            body: "{}".into(),
            expires_at: Timestamp::MAX,
            about: Vec::new(),
        })
    }

    #[test]
    fn a_batch_is_refused_for_the_first_precondition_that_fails() {
        let insert = |ulid, email| Write::Insert(Entry::new(contact(ulid, email)));
        let batch = |requires: &[Require], writes: &[Write]| Batch {
            scope: Scope::SYSTEM,
            now: Timestamp::from_millis(0),
            requires: requires.to_vec(),
            writes: writes.to_vec(),
        };
        let [there, gone, lost] = [1, 8, 9].map(|ulid| contact(ulid, "").id);
        let exists = Require::Exists;
        let asks = [
            exists(gone),
            Require::Configuration(3),
            exists(there),
            exists(lost),
        ];
        let delete = Write::Delete(Entry::new(contact(1, "ada@example.com")));
        let writes = [
            delete,
            insert(1, "eva@example.com"),
            insert(2, "ada@example.com"),
            remember("k"),
        ];
        let holds = batch(
            &asks[1..3],
            &[writes[0].clone(), writes[2].clone(), writes[3].clone()],
        );
        assert_eq!(check(&holds, &STATE), Ok(()));

        let all = batch(&asks, &writes);
        let mut state = OneContact {
            configuration_version: 4,
            response: "k",
            version: 2,
            ..STATE
        };
        assert_eq!(check(&all, &state), Err(Refusal::Configuration));
        state.configuration_version = 3;
        assert_eq!(check(&all, &state), Err(Refusal::ResponseExists));
        state.response = "another";
        assert_eq!(check(&all, &state), Err(Refusal::Missing(vec![gone, lost])));
        let found = batch(&asks[1..3], &writes);
        assert_eq!(
            check(&found, &state),
            Err(Refusal::VersionConflict { write: 0 })
        );
        state.version = 1;
        assert_eq!(check(&found, &state), Err(Refusal::IdConflict { write: 1 }));
        let taken = batch(&asks[1..3], &writes[2..]);
        let refusal = Refusal::UniqueConflict {
            write: 0,
            holder: there,
        };
        assert_eq!(check(&taken, &state), Err(refusal));
    }

    #[test]
    fn what_is_replaced_or_deleted_is_of_the_version_that_was_read() {
        let writes = [
            replace(1, "ada@example.com", "ada@example.com"),
            Write::Delete(Entry::new(contact(1, "ada@example.com"))),
        ];
        for write in writes {
            for (version, ulid, expected) in [
                (1, 1, Ok(())),
                (2, 1, Err(Refusal::VersionConflict { write: 0 })),
                (1, 2, Err(Refusal::VersionConflict { write: 0 })),
            ] {
                let batch = Batch {
                    scope: Scope::SYSTEM,
                    now: Timestamp::from_millis(0),
                    requires: Vec::new(),
                    writes: vec![write.clone()],
                };
                let state = OneContact {
                    version,
                    ulid,
                    ..STATE
                };
                assert_eq!(check(&batch, &state), expected);
            }
        }
    }
}
