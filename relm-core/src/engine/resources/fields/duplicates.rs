//! Values that several records have, which are in the way of a field that is to be unique.

use std::collections::HashMap;

use crate::engine::context::Context;
use crate::error::{Affected, DuplicateValue, Error, ErrorKind, Result};
use crate::limits::{ERROR_IDS_MAX, FIELD_RECORDS_BYTES_MAX, FIELD_RECORDS_MAX, PAGE_LIMIT_MAX};
use crate::record::field::Field;
use crate::record::unique_member::UniqueMember;
use crate::store::Query;
use crate::value::environment::yield_now;
use crate::value::id::Id;

/// The records that have each value, by what it is compared by, in the order in which they were met.
#[derive(Default)]
pub(super) struct Duplicates {
    places: HashMap<String, usize>,
    /// The first record of each value, and what has a value in common with one before.
    first: Vec<Id>,
    shared: Vec<Shared>,
    by_place: HashMap<usize, usize>,
}

/// One value that several records have.
struct Shared {
    value: String,
    records: usize,
    ids: Vec<Id>,
}

impl Duplicates {
    /// Takes in that a record has a value; `value` shows it.
    pub fn add(&mut self, key: &str, id: Id, value: impl FnOnce() -> String) {
        let next = self.first.len();
        let place = *self.places.entry(key.to_owned()).or_insert(next);
        if place == next {
            self.first.push(id);
            return;
        }
        let shared = match self.by_place.get(&place) {
            Some(shared) => *shared,
            None => {
                self.shared.push(Shared {
                    value: value(),
                    records: 1,
                    ids: vec![self.first[place]],
                });
                self.by_place.insert(place, self.shared.len() - 1);
                self.shared.len() - 1
            }
        };
        let shared = &mut self.shared[shared];
        shared.records += 1;
        if shared.ids.len() < ERROR_IDS_MAX {
            shared.ids.push(id);
        }
    }

    /// Whether any value is that of several records.
    pub fn any(&self) -> bool {
        !self.shared.is_empty()
    }
}

/// Refuses that a field becomes unique whose values some of the newest records share.
///
/// # Errors
/// `conflict`, with the first values that several records have, and which those are.
pub(super) async fn check_values(context: &Context, field: &Field) -> Result<()> {
    let Some(member) = UniqueMember::of_field(field) else {
        return Ok(());
    };
    let mut query = Query {
        kind: field.object_type.kind(),
        clauses: Vec::new(),
        after: None,
        limit: PAGE_LIMIT_MAX,
    };
    let mut duplicates = Duplicates::default();
    let (mut records, mut bytes) = (0, 0);
    while records < FIELD_RECORDS_MAX && bytes < FIELD_RECORDS_BYTES_MAX {
        let page = context.list(&query).await?;
        query.after = page.documents.last().map(|last| last.id);
        records += page.documents.len();
        // A store that waits for nothing would keep the thread for all pages.
        yield_now().await;
        for document in page.documents {
            bytes += document.json.len();
            let id = document.id;
            let record = document.into_entry()?.record;
            for key in member.keys_of_record(&record) {
                duplicates.add(&key, id, || member.shown_value(&record));
            }
        }
        if !page.more {
            break;
        }
    }
    match duplicates.any() {
        true => Err(refusal(field, &duplicates)),
        false => Ok(()),
    }
}

/// Why a field cannot be unique.
pub(super) fn refusal(field: &Field, duplicates: &Duplicates) -> Error {
    let of = field.object_type.kind().noun();
    let path = match field.built_in {
        true => field.key.clone(),
        false => format!("metadata.{}", field.key),
    };
    let values = duplicates.shared.len();
    let records: usize = duplicates.shared.iter().map(|shared| shared.records).sum();
    let what = match values {
        1 => "one value".to_owned(),
        values => format!("{values} values"),
    };
    let message = format!(
        "{records} {of} records or more share {what} of `{path}`: `duplicates` lists the first. Change or delete all but one of each, and \
         ask again. `force` cannot make them unique."
    );
    let ids = duplicates.shared.iter().flat_map(|shared| &shared.ids);
    let affected = Affected {
        count: records,
        at_least: true,
        ids: ids.copied().collect(),
    };
    let listed = duplicates.shared.iter().map(|shared| DuplicateValue {
        value: shared.value.clone(),
        ids: shared.ids.clone(),
    });
    Error::new(ErrorKind::Conflict, message)
        .affecting(affected)
        .at("unique")
        .listing(listed)
}
