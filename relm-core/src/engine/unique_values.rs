//! Unique values: as records with unique members are made, changed and deleted, each of their values goes with them, in the same commit.
//!
//! A value is a record that names the one that has it. Whoever has a record take a value writes that record, so of two that take one
//! value at once the later finds out; whoever leaves a value deletes it, if it is that record's. What names a record that has another value by
//! now, or is gone, says nothing: it is from before an index knew all records, and whoever takes the value takes it over.
//!
//! Addresses of contacts are such values from the moment on at which a contact of the scope is to have a second one: see `addresses`. Those
//! from before are found by the kind's own unique key.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::context::Context;
use crate::error::{Error, Result};
use crate::record::object::Object;
use crate::record::object_type::ObjectType;
use crate::record::unique_member::{UniqueMember, all_addresses, indexed_members, key_of_address};
use crate::record::{Document, Entry, Record, UniqueValue};
use crate::store::{Configuration, Write};
use crate::value::id::{Id, Kind};

/// What the store says of values, by their keys.
pub(super) type KnownValues = HashMap<String, Option<Document>>;

/// What is written of a value.
pub(super) enum Kept {
    /// A record has a value that none had.
    New { index: Id, key: String, record: Id },
    /// One that is there goes to another record, or goes.
    Other(Write),
}

/// What becomes of one value by the writes of a plan.
#[derive(Default)]
struct Fate<'a> {
    /// Who takes it, and by which member.
    taken_by: Option<(Id, &'a UniqueMember)>,
    left_by: Option<Id>,
}

/// What is to be written of unique values where these writes are committed.
///
/// # Errors
/// `conflict` where another record has a value that one is to take.
pub(super) async fn kept(
    context: &Context,
    configuration: &Configuration,
    writes: &[Write],
    with_addresses: bool,
    mut known: KnownValues,
) -> Result<Vec<Kept>> {
    let members = Members::of(configuration, with_addresses);
    let fates = fates(&members, writes)?;
    // Whoever read that nobody has an address read the contacts' own keys too. Who took it since wrote its value, which the commit finds.
    let unclaimed = |key: &str| !matches!(known.get(key), Some(None));
    if with_addresses {
        check_primary(context, writes, &fates, unclaimed).await?;
    }
    read(context, fates.keys(), &mut known).await?;
    let mut all = Vec::with_capacity(fates.len());
    for (key, fate) in &fates {
        let found = known.get(key).cloned().flatten();
        let Some(found) = found else {
            if let Some((record, member)) = fate.taken_by
                && let Some(index) = member.index()
            {
                let key = key.clone();
                all.push(Kept::New { index, key, record });
            }
            continue;
        };
        let value: UniqueValue = found.decode()?;
        let holder = value.record_id;
        match fate.taken_by {
            None if fate.left_by == Some(holder) => {
                all.push(Kept::Other(Write::Delete(found.into_entry()?)));
            }
            None => {}
            Some((record, member)) => {
                let is_free = holder == record || fate.left_by == Some(holder);
                if !is_free && still_has(context, holder, key, member).await? {
                    return Err(taken(writes, member, key, record, holder));
                }
                all.push(Kept::Other(Write::Replace {
                    before: found.into_entry()?,
                    after: Entry::new(value.given_to(record)),
                }));
            }
        }
    }
    Ok(all)
}

/// That another record has a value that one of these writes has its record take.
fn taken(writes: &[Write], member: &UniqueMember, key: &str, record: Id, holder: Id) -> Error {
    let after = writes.iter().find_map(|write| match write {
        Write::Insert(after) | Write::Replace { after, .. } if after.record.id() == record => {
            Some(&after.record)
        }
        _ => None,
    });
    match after {
        Some(after) => member.taken_of_record(after, key, holder),
        None => member.taken(
            ObjectType::of(record.kind()).unwrap_or(ObjectType::Contact),
            holder,
        ),
    }
}

/// Refuses addresses that are the primary ones of other contacts: those of before the index are not in it.
async fn check_primary(
    context: &Context,
    writes: &[Write],
    fates: &BTreeMap<String, Fate<'_>>,
    is_asked: impl Fn(&str) -> bool,
) -> Result<()> {
    let is_asked = |key: &String| fates.contains_key(key) && is_asked(key);
    let mut asked: BTreeSet<String> = BTreeSet::new();
    for write in writes {
        if let Write::Insert(after) | Write::Replace { after, .. } = write {
            let keys = after.record.address_keys().into_iter();
            asked.extend(keys.filter(|key| is_asked(&key_of_address(key))));
        }
    }
    let asked: Vec<String> = asked.into_iter().collect();
    let found = context.holders(Kind::Contact, &asked).await?;
    for (key, found) in asked.iter().zip(found) {
        let key = key_of_address(key);
        let fate = fates.get(&key);
        if let Some(holder) = found.map(|found| found.id)
            && let Some(fate) = fate
            && let Some((record, member)) = fate.taken_by
            && holder != record
            && fate.left_by != Some(holder)
        {
            return Err(taken(writes, member, &key, record, holder));
        }
    }
    Ok(())
}

/// Whether a write has a contact take an address that is not its primary one.
pub(super) fn takes_further(writes: &[Write]) -> bool {
    writes.iter().any(|write| {
        let (before, after) = match write {
            Write::Insert(after) => (None, &after.record),
            Write::Replace { before, after } => (Some(&before.record), &after.record),
            Write::Delete(_)
            | Write::Unlink(_)
            | Write::Reconfigure
            | Write::Remember(_)
            | Write::Forget { .. } => return false,
        };
        let has = further_keys(after);
        let had = before.map(further_keys).filter(|_| !has.is_empty());
        let had = had.unwrap_or_default();
        has.iter().any(|key| !had.contains(key))
    })
}

/// What the addresses of a contact are compared by that are not its primary one.
fn further_keys(record: &Record) -> Vec<String> {
    match record {
        Record::Contact(contact) => contact.further_keys(),
        _ => Vec::new(),
    }
}

/// The unique members of each type, but for the kinds' own unique keys.
struct Members(BTreeMap<ObjectType, Vec<UniqueMember>>);

impl Members {
    fn of(configuration: &Configuration, with_addresses: bool) -> Self {
        let each = ObjectType::ALL.map(|of| {
            let members = indexed_members(&configuration.fields, of);
            let addresses = with_addresses && of == ObjectType::Contact;
            let addresses = addresses.then(all_addresses);
            (of, members.chain(addresses).collect())
        });
        Self(each.into_iter().collect())
    }

    fn of_record(&self, record: &Record) -> &[UniqueMember] {
        let of = ObjectType::of(record.kind());
        of.and_then(|of| self.0.get(&of)).map_or(&[], Vec::as_slice)
    }
}

/// What becomes of each value that the writes have a record take or leave.
fn fates<'a>(members: &'a Members, writes: &[Write]) -> Result<BTreeMap<String, Fate<'a>>> {
    let mut fates: BTreeMap<String, Fate<'a>> = BTreeMap::new();
    for write in writes {
        let (before, after) = match write {
            Write::Insert(entry) => (None, Some(&entry.record)),
            Write::Replace { before, after } => (Some(&before.record), Some(&after.record)),
            Write::Delete(entry) => (Some(&entry.record), None),
            Write::Unlink(_) | Write::Reconfigure | Write::Remember(_) | Write::Forget { .. } => {
                continue;
            }
        };
        let Some(record) = after.or(before) else {
            continue;
        };
        for member in members.of_record(record) {
            let keys = |record: Option<&Record>| record.map(|it| member.keys_of_record(it));
            let (had, has) = (
                keys(before).unwrap_or_default(),
                keys(after).unwrap_or_default(),
            );
            for left in had.iter().filter(|key| !has.contains(key)) {
                fates.entry(left.clone()).or_default().left_by = Some(record.id());
            }
            // The primary one of before may have no value: it needs one where it is not that any more.
            let former = match (member.is_of_addresses(), before, after) {
                (true, Some(before), Some(after)) => former_primary(before, after),
                _ => None,
            };
            let is_taken = |key: &String| !had.contains(key) || former.as_ref() == Some(key);
            for taken in has.into_iter().filter(is_taken) {
                let fate = fates.entry(taken.clone()).or_default();
                if let Some((other, _)) = fate.taken_by {
                    return Err(member.taken_of_record(record, &taken, other));
                }
                fate.taken_by = Some((record.id(), member));
            }
        }
    }
    Ok(fates)
}

/// What the primary address of a contact is known by in the index, where it is another one from now on.
fn former_primary(before: &Record, after: &Record) -> Option<String> {
    let former = before.unique_key()?;
    (after.unique_key().as_ref() != Some(&former)).then(|| key_of_address(&former))
}

/// Reads what is not known yet.
async fn read(
    context: &Context,
    keys: impl Iterator<Item = &String>,
    known: &mut KnownValues,
) -> Result<()> {
    let unknown = keys.filter(|key| !known.contains_key(*key));
    let unknown: Vec<String> = unknown.cloned().collect();
    let found = context.holders(Kind::UniqueValue, &unknown).await?;
    known.extend(unknown.into_iter().zip(found));
    Ok(())
}

/// The record that has a value of a unique member.
pub(super) async fn holder_of(
    context: &Context,
    of: ObjectType,
    member: &UniqueMember,
    key: String,
) -> Result<Option<Id>> {
    let mut known = KnownValues::default();
    let mut found = holders_of(context, of, member, &[key], &mut known).await?;
    Ok(found.pop().flatten().map(|found| found.id))
}

/// The records that have these values of a unique member, in the order of the values; `known` takes in what the store says of those that are
/// records of their own.
pub(super) async fn holders_of(
    context: &Context,
    of: ObjectType,
    member: &UniqueMember,
    keys: &[String],
    known: &mut KnownValues,
) -> Result<Vec<Option<Document>>> {
    let kind = member.key_kind(of);
    let mut found = match kind {
        Kind::UniqueValue => vec![None; keys.len()],
        kind => context.holders(kind, keys).await?,
    };
    let is_kept = kind == Kind::UniqueValue || member.has_further();
    let missing: Vec<usize> = (0..keys.len())
        .filter(|place| found[*place].is_none())
        .collect();
    if !is_kept || missing.is_empty() {
        return Ok(found);
    }
    let key_of = |place: &usize| match kind {
        Kind::UniqueValue => keys[*place].clone(),
        _ => key_of_address(&keys[*place]),
    };
    let asked: Vec<String> = missing.iter().map(key_of).collect();
    let values = context.holders(Kind::UniqueValue, &asked).await?;
    let mut holders: Vec<(usize, Id)> = Vec::new();
    for ((place, asked), value) in missing.into_iter().zip(asked).zip(values) {
        if let Some(value) = &value {
            let value: UniqueValue = value.decode()?;
            holders.push((place, value.record_id));
        }
        known.insert(asked, value);
    }
    let ids: Vec<Id> = holders.iter().map(|(_, id)| *id).collect();
    let records = context
        .storage()
        .by_ids(context.scope(), of.kind(), &ids)
        .await?;
    for document in records {
        let id = document.id;
        let has = member.keys_of_record(&document.clone().into_entry()?.record);
        for (place, _) in holders.iter().filter(|(_, holder)| *holder == id) {
            // What says otherwise is from before the record changed.
            if has.contains(&keys[*place]) {
                found[*place] = Some(document.clone());
            }
        }
    }
    Ok(found)
}

/// Whether a record is there and has a value.
pub(super) async fn still_has(
    context: &Context,
    record: Id,
    key: &str,
    member: &UniqueMember,
) -> Result<bool> {
    let Some(document) = context.document(record.kind(), record).await? else {
        return Ok(false);
    };
    let entry = document.into_entry()?;
    Ok(member
        .keys_of_record(&entry.record)
        .iter()
        .any(|own| own == key))
}
