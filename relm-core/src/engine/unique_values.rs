//! Unique values: as records with unique members are made, changed and deleted, each of their values goes with them, in the same commit.
//!
//! A value is a record that names the one that has it. Whoever has a record take a value writes that record, so of two that take one
//! value at once the later finds out; whoever leaves a value deletes it, if it is that record's. What names a record that has another value by
//! now, or is gone, says nothing: it is from before an index knew all records, and whoever takes the value takes it over.

use std::collections::{BTreeMap, HashMap};

use super::context::Context;
use crate::error::Result;
use crate::record::object_type::ObjectType;
use crate::record::unique_member::{UniqueMember, indexed_members};
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
    mut known: KnownValues,
) -> Result<Vec<Kept>> {
    let members = Members::of(configuration);
    let fates = fates(&members, writes)?;
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
                    let of = ObjectType::of(record.kind()).unwrap_or(ObjectType::Contact);
                    return Err(member.taken(of, holder));
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

/// The unique members of each type, but for the kinds' own unique keys.
struct Members(BTreeMap<ObjectType, Vec<UniqueMember>>);

impl Members {
    fn of(configuration: &Configuration) -> Self {
        let each = ObjectType::ALL.map(|of| {
            let members = indexed_members(&configuration.fields, of);
            (of, members.collect())
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
            let key = |record: Option<&Record>| record.and_then(|it| member.key_of_record(it));
            let (had, has) = (key(before), key(after));
            if had == has {
                continue;
            }
            if let Some(had) = had {
                fates.entry(had).or_default().left_by = Some(record.id());
            }
            if let Some(has) = has {
                let fate = fates.entry(has).or_default();
                if let Some((other, _)) = fate.taken_by {
                    let of = ObjectType::of(record.kind()).unwrap_or(ObjectType::Contact);
                    return Err(member.taken(of, other));
                }
                fate.taken_by = Some((record.id(), member));
            }
        }
    }
    Ok(fates)
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
    let kind = member.key_kind(of);
    let Some(found) = context.holder(kind, key.clone()).await? else {
        return Ok(None);
    };
    if kind != Kind::UniqueValue {
        return Ok(Some(found.id));
    }
    let value: UniqueValue = found.decode()?;
    let has = still_has(context, value.record_id, &key, member).await?;
    Ok(has.then_some(value.record_id))
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
    Ok(member.key_of_record(&entry.record).as_deref() == Some(key))
}
