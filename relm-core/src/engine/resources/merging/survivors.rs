//! Where the records are that others were merged into: there, or in the trash.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::change::Plan;
use crate::engine::context::Context;
use crate::engine::merged;
use crate::error::Result;
use crate::record::{Document, Trashed};
use crate::value::id::{Id, Kind};

/// The survivors of some merged records.
#[derive(Default)]
pub(super) struct Survivors {
    /// Which survivor each of the merged records has.
    of: BTreeMap<Id, Id>,
    /// What the trash has of those that are in it.
    trashed: BTreeMap<Id, (Trashed, Document)>,
}

/// Where a record is.
enum Place {
    Live,
    Trash(Box<(Trashed, Document)>),
    /// It is purged, merged itself, or gone for good.
    Nowhere,
}

impl Survivors {
    /// Of records that are merged into one that is there.
    pub fn all(merged: &[Id], into: Id) -> Self {
        Self {
            of: merged.iter().map(|id| (*id, into)).collect(),
            trashed: BTreeMap::new(),
        }
    }

    /// Looks where the survivors of these records are; of those whose is nowhere it has none.
    pub async fn find(
        context: &Context,
        merged: impl IntoIterator<Item = (Id, Id)>,
    ) -> Result<Self> {
        let mut found = Self::default();
        let mut by_survivor: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
        for (id, into) in merged {
            by_survivor.entry(into).or_default().push(id);
        }
        for (into, ids) in by_survivor {
            match place(context, into).await? {
                Place::Live => {}
                Place::Trash(entry) => {
                    found.trashed.insert(into, *entry);
                }
                Place::Nowhere => continue,
            }
            found.of.extend(ids.into_iter().map(|id| (id, into)));
        }
        Ok(found)
    }

    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// The merged records.
    pub fn merged(&self) -> Vec<Id> {
        self.of.keys().copied().collect()
    }

    /// The survivor of a merged record.
    pub fn of(&self, id: Id) -> Option<Id> {
        self.of.get(&id).copied()
    }

    /// The same, or the record itself where it is none of them.
    pub fn followed(&self, id: Id) -> Id {
        self.of(id).unwrap_or(id)
    }

    /// Whether a record is a survivor that is in the trash.
    pub fn is_in_trash(&self, id: Id) -> bool {
        self.trashed.contains_key(&id)
    }

    /// Has the commit find them where they were found. Those in the trash are written once more: whoever restores one at the same moment, or
    /// purges it, finds what was moved to it, or is found.
    pub fn hold(self, plan: &mut Plan<'_>) {
        let live: BTreeSet<Id> = self.of.into_values().collect();
        let is_live = |id: &Id| !self.trashed.contains_key(id);
        plan.require_each(live.into_iter().filter(is_live).collect());
        for (entry, document) in self.trashed.into_values() {
            let after = entry.kept();
            merged::replace(plan, (entry, document), after);
        }
    }
}

async fn place(context: &Context, id: Id) -> Result<Place> {
    if context.document(id.kind(), id).await?.is_some() {
        return Ok(Place::Live);
    }
    let Some(document) = context.holder(Kind::Trashed, id.text()).await? else {
        // It may have been restored between the two.
        return Ok(match context.document(id.kind(), id).await? {
            Some(_) => Place::Live,
            None => Place::Nowhere,
        });
    };
    let entry: Trashed = document.decode()?;
    Ok(match entry.is_purged() || entry.merge.is_some() {
        true => Place::Nowhere,
        false => Place::Trash(Box::new((entry, document))),
    })
}
