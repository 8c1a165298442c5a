//! What a step that makes a field unique sees of the records that it is about.

use super::duplicates::Duplicates;
use super::ending::Kept;
use crate::engine::context::Context;
use crate::engine::unique_values::still_has;
use crate::error::Result;
use crate::record::unique_member::UniqueMember;
use crate::record::{Document, UniqueValue};
use crate::value::id::{Id, Kind};

/// What was seen of the values of some records.
#[derive(Default)]
pub(super) struct Inspected {
    pub duplicates: Duplicates,
    /// Whether one of the records was changed meanwhile.
    pub again: bool,
    /// The values that are not in the index as theirs, each with its record, and with what the index has in its place.
    pub values: Vec<(String, Id, Option<Kept>)>,
}

/// Looks at the values of records, and at what the index has of them.
pub(super) async fn inspect(
    context: &Context,
    member: &UniqueMember,
    documents: Vec<Document>,
) -> Result<Inspected> {
    let mut inspected = Inspected::default();
    let mut values = Vec::new();
    for document in documents {
        let id = document.id;
        let record = document.into_entry()?.record;
        for key in member.keys_of_record(&record) {
            let shown = member.shown_value(&record);
            inspected.duplicates.add(&key, id, || shown.clone());
            values.push((key, id, shown));
        }
    }
    let keys: Vec<String> = values.iter().map(|(key, ..)| key.clone()).collect();
    let (scope, kind) = (context.scope(), Kind::UniqueValue);
    let found = context.storage().find(scope, kind, &keys).await?;
    for ((key, record, shown), found) in values.into_iter().zip(found) {
        let Some(found) = found else {
            inspected.values.push((key, record, None));
            continue;
        };
        let value: UniqueValue = found.decode()?;
        let holder = value.record_id;
        if holder == record {
            continue;
        }
        match meets(context, &key, record, &found, &value, member).await? {
            Meeting::Shared => inspected.duplicates.add(&key, holder, || shown),
            Meeting::Stale => inspected.values.push((key, record, Some((value, found)))),
            Meeting::Changed => inspected.again = true,
        }
    }
    Ok(inspected)
}

/// What it means that a value names another record than the one that was just seen to have it.
enum Meeting {
    /// Both have it.
    Shared,
    /// The other one has another by now, or is gone.
    Stale,
    /// One of them was changed meanwhile.
    Changed,
}

async fn meets(
    context: &Context,
    key: &str,
    record: Id,
    found: &Document,
    value: &UniqueValue,
    member: &UniqueMember,
) -> Result<Meeting> {
    if !still_has(context, value.record_id, key, member).await? {
        return Ok(Meeting::Stale);
    }
    let has = still_has(context, record, key, member).await?;
    let now = context.holder(Kind::UniqueValue, key.to_owned()).await?;
    Ok(match has && now.is_some_and(|now| now.json == found.json) {
        true => Meeting::Shared,
        false => Meeting::Changed,
    })
}
