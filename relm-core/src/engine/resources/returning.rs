//! Associations that come back from the trash with records of theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use super::associations;
use crate::engine::change::Plan;
use crate::engine::context::Context;
use crate::error::Result;
use crate::record::association::Association;
use crate::record::{Document, Entry, Trashed};
use crate::store::{Refusal, Write};
use crate::value::id::{Id, Kind};

/// The associations of one plan that come back with restored records, and which of them cannot.
#[derive(Default)]
pub(super) struct Returning {
    /// The records that the plan restores, or that were restored before it.
    restored: BTreeSet<Id>,
    /// Records that the plan itself moves to the trash: what leads to one of them does not come back.
    leaving: BTreeSet<Id>,
    /// The records that the plan takes for gone.
    gone: BTreeSet<Id>,
    /// Those of them that were found gone since the associations in the trash were read. Whoever restores another one may have left an
    /// association there that is to come back: as other ends, only these are taken for gone.
    gone_since: BTreeSet<Id>,
    /// Those that the next plan is to take for gone: as the last one was refused for.
    found_gone: BTreeSet<Id>,
    /// Whether plans look for associations that somebody made anew since.
    looks_for_others: bool,
    /// What comes back, as it was.
    associations: Vec<(Association, Arc<str>)>,
}

impl Returning {
    /// Those of these records.
    pub fn of(restored: impl IntoIterator<Item = Id>) -> Self {
        Self {
            restored: restored.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The same, whose first plan looks for associations that somebody made anew since.
    pub fn looking_for_others(self) -> Self {
        Self {
            looks_for_others: true,
            ..self
        }
    }

    /// What the plan restores, and what it moves to the trash. Where that is other than before, the associations in the trash are to be
    /// read anew, and their other ends asked for again. What was found gone is so all the same: what a plan restores and moves follows from
    /// that, and plans that forgot it would never settle.
    pub fn of_plan(&mut self, restored: BTreeSet<Id>, leaving: BTreeSet<Id>) {
        if (&self.restored, &self.leaving) != (&restored, &leaving) {
            self.gone_since.clear();
            (self.restored, self.leaving) = (restored, leaving);
        }
    }

    /// Whether the plan takes none of the other ends for gone: then what the trash has is to be read anew.
    pub fn asks_for_all(&self) -> bool {
        self.gone_since.is_empty()
    }

    /// Whether the plan takes a record for gone, or moves it to the trash.
    pub fn is_gone(&self, id: Id) -> bool {
        self.gone.contains(&id) || self.leaving.contains(&id)
    }

    /// Whether the plan takes a record for gone: not for what it moves to the trash itself.
    pub fn is_missing(&self, id: Id) -> bool {
        self.gone.contains(&id)
    }

    /// Whether what leads to a record stays in the trash.
    fn keeps(&self, other: Id) -> bool {
        self.gone_since.contains(&other) || self.leaving.contains(&other)
    }

    /// Whether an association comes back that has this key.
    pub fn brings_back(&self, key: &str) -> bool {
        let mut back = self.associations.iter();
        back.any(|(association, _)| association.edge_key() == key)
    }

    /// The ends of an association in the trash that are not restored with it: one, as a rule.
    fn others(&self, edge: &Trashed) -> impl Iterator<Item = Id> + use<'_> {
        let ends = [edge.from_id, edge.to_id].into_iter().flatten();
        ends.filter(|end| !self.restored.contains(end))
    }

    /// Begins a plan. After any other conflict than for what is gone all are asked for again: they may be there by now.
    pub fn begin(&mut self) {
        self.gone = mem::take(&mut self.found_gone);
        if self.gone.is_empty() {
            self.gone_since.clear();
        }
        self.associations.clear();
    }

    /// Brings back the associations whose other ends are there, but for those that the plan drops, and gives the others.
    pub async fn plan(
        &mut self,
        plan: &mut Plan<'_>,
        edges: &[Document],
        dropped: &BTreeSet<Id>,
    ) -> Result<Vec<(Trashed, Document)>> {
        let (mut others, mut kept, mut back) = (BTreeSet::new(), Vec::new(), Vec::new());
        for document in edges {
            let before: Trashed = document.decode()?;
            if dropped.contains(&before.record_id) {
                continue;
            }
            if self.others(&before).any(|other| self.keeps(other)) {
                kept.push((before, document.clone()));
                continue;
            }
            let ends: Vec<Id> = self.others(&before).collect();
            let restored = Document::of_trashed(&before);
            plan.write(Write::Delete(entry_of(before, document)));
            // That it is back is a change of it, as of the record that it comes back with.
            let mut association: Association = restored.decode()?;
            association.touch(plan.now());
            let json = Entry::new(association.clone()).json;
            back.push((ends, association, json));
        }
        let mut keys = match self.looks_for_others {
            true => held(plan.context(), &back).await?,
            false => BTreeSet::new(),
        };
        for (ends, association, json) in back {
            // Of two that are one, which were deleted one after the other, one comes back; and none where there is one by now.
            if !keys.insert(association.edge_key()) {
                continue;
            }
            others.extend(ends);
            plan.write(Write::Insert(Entry {
                record: association.clone().into(),
                json: Arc::clone(&json),
            }));
            self.associations.push((association, json));
        }
        plan.require_each(others);
        Ok(kept)
    }

    /// Leaves associations in the trash whose other ends are gone, for as long as those can be restored. Each is written once more: should
    /// the other end be restored at the same moment, the later of the two finds the earlier, and brings it back.
    pub async fn keep(&self, plan: &mut Plan<'_>, kept: Vec<(Trashed, Document)>) -> Result<()> {
        let others: BTreeSet<Id> = kept.iter().flat_map(|(it, _)| self.others(it)).collect();
        let others: Vec<Id> = others.into_iter().collect();
        let context = plan.context();
        let keys: Vec<String> = others.iter().map(|other| other.text()).collect();
        let found = context.holders(Kind::Trashed, &keys).await?;
        let found = others.into_iter().zip(found);
        let deleted = found.filter_map(|(other, found)| Some((other, found?.id)));
        let deleted: BTreeMap<Id, Id> = deleted.collect();
        for (before, document) in kept {
            let mut others = self.others(&before).filter_map(|other| deleted.get(&other));
            match others.find(|other| other.timestamp() > before.deleted_at) {
                Some(other) => {
                    let association: Association = Document::of_trashed(&before).decode()?;
                    let later = beside(context, *other);
                    let after = Trashed::association(later, &association, before.document.json());
                    plan.write(Write::Delete(entry_of(before, &document)));
                    plan.write(Write::Insert(Entry::new(after)));
                }
                None => {
                    let after = Entry::new(before.kept());
                    let before = entry_of(before, &document);
                    plan.write(Write::Replace { before, after });
                }
            }
        }
        Ok(())
    }

    /// Adds an event for each of them. Receivers know their ids: it is there again.
    pub fn record_events(&self, plan: &mut Plan<'_>) {
        for (association, json) in &self.associations {
            associations::record_created(plan, association, json);
        }
    }

    /// Learns of a conflict from which another plan is free; gives back any other.
    pub fn learn(&mut self, refusal: Refusal) -> std::result::Result<(), Refusal> {
        match refusal {
            Refusal::Missing(ids) => {
                self.gone_since.extend(&ids);
                self.found_gone = mem::take(&mut self.gone);
                self.found_gone.extend(ids);
                Ok(())
            }
            Refusal::UniqueConflict { holder, .. } if holder.kind() == Kind::Association => {
                self.looks_for_others = true;
                Ok(())
            }
            refusal => Err(refusal),
        }
    }
}

/// The keys of these associations under which there is one.
async fn held(
    context: &Context,
    back: &[(Vec<Id>, Association, Arc<str>)],
) -> Result<BTreeSet<String>> {
    let keys = back
        .iter()
        .map(|(_, association, _)| association.edge_key());
    let keys: Vec<String> = keys.collect();
    let found = context.holders(Kind::Association, &keys).await?;
    let there = keys.into_iter().zip(found).filter(|(_, it)| it.is_some());
    Ok(there.map(|(key, _)| key).collect())
}

fn entry_of(trashed: Trashed, document: &Document) -> Entry {
    Entry {
        record: trashed.into(),
        json: Arc::clone(&document.json),
    }
}

/// A fresh id of the moment of another.
fn beside(context: &Context, other: Id) -> Id {
    let mut bytes = [0; size_of::<u128>()];
    context.environment().rng().fill(&mut bytes[6..]);
    let moment = other.ulid() >> 80 << 80;
    Id::new(Kind::Trashed, moment | u128::from_be_bytes(bytes))
}
