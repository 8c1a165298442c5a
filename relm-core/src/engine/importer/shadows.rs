//! The rows of a chunk of a dry run: they are worked on in the shadow of the import, and what they make of records is kept there for the
//! chunks that follow.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use crate::engine::change::{Operation, Plan, apply};
use crate::engine::resources::imports::rows::{ImportRows, RowOutcome};
use crate::error::{Error, Result};
use crate::record::import::{ImportPart, PartKey, Shadow};
use crate::record::{Entry, Record};
use crate::store::{Refusal, Write};
use crate::value::id::{Id, Kind};

/// Works on the rows as if they were taken in, and plans to keep what they make.
pub(super) async fn plan_shadows(
    plan: &mut Plan<'_>,
    import: Id,
    rows: &mut ImportRows,
) -> Result<Vec<RowOutcome>> {
    let (shadow, staging) = plan.context().import_shadow(import);
    let outcomes = apply(&shadow, InShadow { rows }).await?;
    let staged = staging.batch(plan.context().scope(), plan.now());
    let mut shadows = Shadows {
        named: named(&staged.writes),
        ..Shadows::default()
    };
    for write in &staged.writes {
        shadows.note(write)?;
    }
    shadows.write(plan, import).await?;
    Ok(outcomes)
}

/// The rows, as a change of their own.
struct InShadow<'a> {
    rows: &'a mut ImportRows,
}

#[async_trait]
impl Operation for InShadow<'_> {
    type Output = Vec<RowOutcome>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Vec<RowOutcome>> {
        self.rows.plan(plan).await
    }

    fn refused(&mut self, conflict: Refusal) -> Result<()> {
        self.rows.refused(conflict)
    }
}

/// The records that have the unique values that are written.
fn named(writes: &[Write]) -> BTreeSet<Id> {
    let records = writes.iter().filter_map(|write| match write {
        Write::Insert(after) | Write::Replace { after, .. } => match &after.record {
            Record::UniqueValue(value) => Some(value.record_id),
            _ => None,
        },
        _ => None,
    });
    records.collect()
}

/// What is to be kept, by the keys of the pieces. Who holds a key after all writes is who holds it.
#[derive(Default)]
struct Shadows {
    /// The records that are found by what is written of unique values.
    named: BTreeSet<Id>,
    records: BTreeMap<Id, Shadow>,
    freed: BTreeMap<(Kind, String), ()>,
    held: BTreeMap<(Kind, String), Id>,
}

impl Shadows {
    fn note(&mut self, write: &Write) -> Result<()> {
        let (before, after) = match write {
            Write::Insert(after) => (None, Some(after)),
            Write::Replace { before, after } => (Some(before), Some(after)),
            Write::Delete(before) => (Some(before), None),
            Write::Unlink(_) | Write::Reconfigure | Write::Remember(_) | Write::Forget { .. } => {
                return Ok(());
            }
        };
        let Some(entry) = after.or(before) else {
            return Ok(());
        };
        // Whoever hears of a change hears of none.
        if matches!(entry.record.kind(), Kind::Event | Kind::Delivery) {
            return Ok(());
        }
        let key = |entry: &Entry| {
            let kind = entry.record.kind();
            entry.record.unique_key().map(|key| (kind, key))
        };
        let (was, is) = (before.and_then(key), after.and_then(key));
        // Nothing finds a new record that has neither a key nor a unique value.
        let is_found = before.is_some() || is.is_some() || self.named.contains(&entry.record.id());
        if is_found {
            let shadow = match after {
                Some(after) => Shadow::Record(raw(&after.json)?),
                None => Shadow::Gone,
            };
            self.records.insert(entry.record.id(), shadow);
        }
        if was != is {
            self.freed.extend(was.map(|key| (key, ())));
            let id = entry.record.id();
            self.held.extend(is.map(|key| (key, id)));
        }
        Ok(())
    }

    async fn write(mut self, plan: &mut Plan<'_>, import: Id) -> Result<()> {
        self.freed.retain(|key, ()| !self.held.contains_key(key));
        let mut pieces: BTreeMap<String, Shadow> = BTreeMap::new();
        for ((kind, key), ()) in &self.freed {
            let key = PartKey::Holder(*kind, key).of(import);
            pieces.insert(key, Shadow::Holder(None));
        }
        for ((kind, key), id) in &self.held {
            let key = PartKey::Holder(*kind, key).of(import);
            pieces.insert(key, Shadow::Holder(Some(*id)));
        }
        for (id, shadow) in self.records {
            pieces.insert(PartKey::Record(id).of(import), shadow);
        }
        let keys: Vec<String> = pieces.keys().cloned().collect();
        let stored = plan.context().holders(Kind::ImportPart, &keys).await?;
        for ((key, shadow), stored) in pieces.into_iter().zip(stored) {
            match stored {
                Some(document) => {
                    let part: ImportPart = document.decode()?;
                    let after = Entry::new(part.saying(&shadow)?);
                    let before = Entry {
                        record: Record::from(part),
                        json: document.json,
                    };
                    plan.write(Write::Replace { before, after });
                }
                None => {
                    let id = plan.mint(Kind::ImportPart);
                    let part = ImportPart::of_key(id, import, key, &shadow)?;
                    plan.write(Write::Insert(Entry::new(part)));
                }
            }
        }
        Ok(())
    }
}

fn raw(json: &str) -> Result<Box<serde_json::value::RawValue>> {
    serde_json::from_str(json).map_err(Error::internal)
}
