//! What refers to merged records, and how it is moved to their survivors: references as changes of the records that hold them,
//! associations as new ones in the place of those that are removed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::survivors::Survivors;
use crate::engine::change::Plan;
use crate::engine::context::Context;
use crate::engine::resources::associations::{record_created, record_deleted};
use crate::engine::resources::drafts::rewrite;
use crate::engine::transaction::unexpected;
use crate::error::Result;
use crate::query::filter::Clause;
use crate::query::terms::index_terms;
use crate::record::association::Association;
use crate::record::input::Reader;
use crate::record::object::{Activity, Company, Contact, Deal, Object};
use crate::record::object_type::ObjectType;
use crate::record::referring::{body, members_to, references};
use crate::record::{Document, Entry, Record, Trashed};
use crate::store::{Query, Refusal, Write};
use crate::value::id::{Id, Kind};

/// Records that are read at once.
const PAGE: usize = 200;

/// References and associations of one step: each is a change with an event, and a delivery for each endpoint that wants it.
pub(super) const STEP: usize = 50;

/// What a refusal means to a step: a survivor was deleted meanwhile, or somebody linked it to the same, which the next plan finds.
pub(super) fn overtaken(refusal: &Refusal) -> Result<()> {
    match refusal {
        Refusal::Missing(_) | Refusal::UniqueConflict { .. } => Ok(()),
        Refusal::Configuration
        | Refusal::ResponseExists
        | Refusal::VersionConflict { .. }
        | Refusal::IdConflict { .. } => Err(unexpected(refusal)),
    }
}

/// What refers to merged records.
#[derive(Default)]
pub(super) struct Referring {
    /// The records that name one of them.
    pub references: BTreeMap<Id, Document>,
    /// The associations that lead from or to one of them.
    pub edges: BTreeMap<Id, Document>,
    /// Whether there is more.
    pub more: bool,
    bytes: usize,
}

/// How much of it is looked for.
#[derive(Clone, Copy)]
pub(super) struct Most {
    pub records: usize,
    pub bytes: usize,
}

impl Referring {
    /// Looks for what refers to these records: references first.
    ///
    /// Of the survivor that `beside` is, nothing is looked for, nor of what is merged into it: whoever writes those says what they refer to.
    pub async fn find(
        plan: &Plan<'_>,
        merged: &[Id],
        beside: Option<Id>,
        most: Most,
    ) -> Result<Self> {
        let mut found = Self::default();
        let Some(kind) = merged.first().map(|id| id.kind()) else {
            return Ok(found);
        };
        let context = plan.context();
        let written = |id: &Id| beside.is_some_and(|it| it == *id || merged.contains(id));
        for of in ObjectType::ALL {
            for member in members_to(&plan.configuration().fields, of, kind) {
                found
                    .add(context, of.kind(), &member, merged, &written, most)
                    .await?;
            }
        }
        for end in ["from_id", "to_id"] {
            let none = |_: &Id| false;
            found
                .add(context, Kind::Association, end, merged, &none, most)
                .await?;
        }
        Ok(found)
    }

    async fn add(
        &mut self,
        context: &Context,
        kind: Kind,
        member: &str,
        merged: &[Id],
        is_written: &(dyn Fn(&Id) -> bool + Sync),
        most: Most,
    ) -> Result<()> {
        let mut query = Query {
            kind,
            clauses: vec![Clause::referring(kind, member, merged.iter().copied())?],
            after: None,
            limit: PAGE,
        };
        loop {
            if self.more {
                return Ok(());
            }
            // One more than there is room for says that there is more.
            query.limit = PAGE.min(most.records + 1 - self.len());
            let page = context.list(&query).await?;
            query.after = page.documents.last().map(|last| last.id);
            for document in page.documents {
                let is_full = self.len() >= most.records || self.bytes >= most.bytes;
                let among = match kind {
                    Kind::Association => &mut self.edges,
                    _ => &mut self.references,
                };
                if among.contains_key(&document.id) || is_written(&document.id) {
                    continue;
                }
                if is_full {
                    self.more = true;
                    return Ok(());
                }
                self.bytes += document.json.len();
                among.insert(document.id, document);
            }
            if !page.more {
                return Ok(());
            }
        }
    }

    fn len(&self) -> usize {
        self.references.len() + self.edges.len()
    }

    /// The records that are written where it is moved, of which so many endpoints may want each event.
    pub fn writes(&self, endpoints: usize) -> usize {
        self.references.len() * (2 + endpoints) + self.edges.len() * (4 + 2 * endpoints)
    }

    /// The index terms of the records that are changed; their bytes where those are no more than that.
    pub fn terms(&self, at_most: usize) -> Result<usize> {
        let documents = self.references.values();
        let bytes: usize = documents.clone().map(|it| it.json.len()).sum();
        if bytes <= at_most {
            return Ok(bytes);
        }
        let mut terms = 0;
        for document in documents {
            terms += index_terms(&document.clone().into_entry()?.record).len();
        }
        Ok(terms)
    }

    /// Moves all of it to the survivors; whether there was anything to move. Where there was not, whoever goes on until nothing is found has
    /// come to the end.
    pub async fn move_to(self, plan: &mut Plan<'_>, survivors: &Survivors) -> Result<bool> {
        let mut is_moved = !self.edges.is_empty();
        for document in self.references.into_values() {
            let move_reference = match ObjectType::of(document.id.kind()) {
                Some(ObjectType::Contact) => move_reference::<Contact>,
                Some(ObjectType::Company) => move_reference::<Company>,
                Some(ObjectType::Deal) => move_reference::<Deal>,
                Some(ObjectType::Activity) => move_reference::<Activity>,
                None => continue,
            };
            is_moved |= move_reference(plan, document, survivors)?;
        }
        move_edges(plan, self.edges.into_values(), survivors).await?;
        Ok(is_moved)
    }
}

/// Has a record refer to the survivors of those that it refers to; whether it refers to any.
fn move_reference<T: Object + Into<Record>>(
    plan: &mut Plan<'_>,
    document: Document,
    survivors: &Survivors,
) -> Result<bool> {
    let before: T = document.decode()?;
    let references = references(&before, &plan.configuration().fields);
    let moved = references.into_iter().filter_map(|reference| {
        let into = survivors.of(reference.id?)?;
        // Nothing is moved to refer to itself.
        Some((
            reference.name.into_owned(),
            (into != document.id).then_some(into),
        ))
    });
    let moved: Vec<_> = moved.collect();
    if moved.is_empty() {
        return Ok(false);
    }
    let mut after = before.clone();
    after.apply(T::read(&mut Reader::new(body(moved))?)?)?;
    after.touch(plan.now());
    rewrite(plan, (before, document), after)?;
    Ok(true)
}

/// Has associations lead from and to survivors. One that would lead from a record to itself goes, and so does one that is there already; one
/// of a survivor in the trash waits there for that.
async fn move_edges(
    plan: &mut Plan<'_>,
    edges: impl Iterator<Item = Document>,
    survivors: &Survivors,
) -> Result<()> {
    let mut moved = Vec::new();
    for document in edges {
        let before: Association = document.decode()?;
        let after = Association {
            from_id: survivors.followed(before.from_id),
            to_id: survivors.followed(before.to_id),
            ..before.clone()
        };
        plan.write(Write::Delete(Entry {
            record: before.clone().into(),
            json: document.json,
        }));
        record_deleted(plan, &before);
        if after.from_id != after.to_id {
            moved.push(after);
        }
    }
    let keys: Vec<String> = moved.iter().map(Association::edge_key).collect();
    let held = plan.context().holders(Kind::Association, &keys).await?;
    let mut there = BTreeSet::new();
    for ((edge, key), held) in moved.into_iter().zip(keys).zip(held) {
        if held.is_some() || !there.insert(key) {
            continue;
        }
        let id = plan.mint(Kind::Association);
        let edge = edge.made_anew(id);
        let made = Entry::new(edge.clone());
        let json = Arc::clone(&made.json);
        if [edge.from_id, edge.to_id]
            .iter()
            .any(|end| survivors.is_in_trash(*end))
        {
            // It is told of when it comes back.
            let waiting = Trashed::association(plan.mint(Kind::Trashed), &edge, json);
            plan.write(Write::Insert(Entry::new(waiting)));
            continue;
        }
        plan.write(Write::Insert(made));
        record_created(plan, &edge, &json);
    }
    Ok(())
}
