//! What a request changed, as it is now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::past::Target;
use super::report::too_much;
use crate::engine::context::Context;
use crate::error::Result;
use crate::limits::{PAGE_LIMIT_MAX, UNDO_BYTES_MAX};
use crate::query::filter::Clause;
use crate::record::{Document, Entry, Trashed};
use crate::value::id::{Id, Kind};

/// What is there of the things that a request changed.
#[derive(Default)]
pub(super) struct State {
    /// What lists find.
    pub live: BTreeMap<Id, Document>,
    /// What is in the trash: its entry there, and its last state.
    pub trash: BTreeMap<Id, (Entry, Document)>,
}

impl State {
    pub async fn read(context: &Context, targets: &[Target]) -> Result<Self> {
        let mut kinds: BTreeMap<Kind, BTreeSet<Id>> = BTreeMap::new();
        for target in targets {
            kinds.entry(target.id.kind()).or_default().insert(target.id);
        }
        let (mut state, mut bytes) = (Self::default(), 0);
        for (kind, ids) in &kinds {
            let there = documents(context, *kind, ids, &mut bytes).await?;
            let there = there.into_iter().map(|document| (document.id, document));
            state.live.extend(there);
        }
        let ids = targets.iter().map(|target| target.id);
        let absent = ids.filter(|id| !state.live.contains_key(id));
        let absent: Vec<String> = absent.map(|id| id.text()).collect();
        for keys in absent.chunks(PAGE_LIMIT_MAX) {
            let storage = context.storage();
            let found = storage.find(context.scope(), Kind::Trashed, keys).await?;
            for document in found.into_iter().flatten() {
                bytes += document.json.len();
                state.add_trashed(&document)?;
            }
            if bytes > UNDO_BYTES_MAX {
                return Err(too_much());
            }
        }
        Ok(state)
    }

    fn add_trashed(&mut self, document: &Document) -> Result<()> {
        let trashed: Trashed = document.decode()?;
        if trashed.is_purged() {
            return Ok(());
        }
        let last_state = Document::of_trashed(&trashed);
        let entry = Entry {
            record: trashed.into(),
            json: Arc::clone(&document.json),
        };
        self.trash.insert(last_state.id, (entry, last_state));
        Ok(())
    }
}

/// The records of a kind that are there of these ids.
async fn documents(
    context: &Context,
    kind: Kind,
    ids: &BTreeSet<Id>,
    bytes: &mut usize,
) -> Result<Vec<Document>> {
    let ids: Vec<Id> = ids.iter().copied().collect();
    let mut all = Vec::new();
    for ids in ids.chunks(PAGE_LIMIT_MAX) {
        let clause = Clause::ids(ids.iter().copied());
        let there = context.every(kind, vec![clause], PAGE_LIMIT_MAX).await?;
        *bytes += there.iter().map(|it| it.json.len()).sum::<usize>();
        if *bytes > UNDO_BYTES_MAX {
            return Err(too_much());
        }
        all.extend(there);
    }
    Ok(all)
}
