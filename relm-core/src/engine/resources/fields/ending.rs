//! Indexes of unique values that are kept no more: they are of no definition from then on, and go in steps.

use async_trait::async_trait;

use crate::engine::change::{Operation, Plan, apply};
use crate::engine::context::Context;
use crate::engine::resources::erasure::commits::DeleteAll;
use crate::engine::resources::purge::{Rest, is_kept};
use crate::error::Result;
use crate::limits::{PAGE_LIMIT_MAX, UNIQUE_STEPS_MAX};
use crate::query::filter::Clause;
use crate::record::field::Field;
use crate::record::{Document, Entry, UniqueValue};
use crate::store::{Query, Write};
use crate::value::id::{Id, Kind};

/// Values of one step that takes an index away.
const STEP_VALUES: usize = 500;

/// What an index has of a value, or what is kept of an index.
pub(super) type Kept = (UniqueValue, Document);

/// Has the index of a definition that goes, or that keeps its values apart no more, be taken away.
pub(in crate::engine::resources) async fn end(plan: &mut Plan<'_>, field: &Field) -> Result<()> {
    let Some(index) = &field.unique_index else {
        return Ok(());
    };
    let making = index_of(plan.context(), index.id).await?;
    let write = match making {
        Some((value, document)) => Write::Replace {
            before: Entry {
                record: value.clone().into(),
                json: document.json,
            },
            after: Entry::new(value.into_ending()),
        },
        None => Write::Insert(Entry::new(UniqueValue::ending(
            plan.mint(Kind::UniqueValue),
            index.id,
            field.id,
        ))),
    };
    plan.write(write);
    Ok(())
}

/// What is kept of an index that is being made or taken away.
pub(super) async fn index_of(context: &Context, index: Id) -> Result<Option<Kept>> {
    let key = UniqueValue::key_of_index(index);
    let found = context.holder(Kind::UniqueValue, key).await?;
    let read = |document: Document| Ok((document.decode()?, document));
    found.map(read).transpose()
}

/// Takes an index away that a definition keeps no more, as much of it as a caller waits for. What is left is in nobody's way.
pub(super) async fn take_away_some(context: &Context) {
    if is_kept(context) {
        let some = Pace::Steps(UNIQUE_STEPS_MAX);
        // What its caller asked for is done: an error would say that nothing was.
        drop(take_away(context, some).await);
    }
}

/// Takes away the indexes of a scope that are to go, for as long as there is time; gives how many went.
pub(super) async fn take_away(context: &Context, mut pace: Pace<'_>) -> Result<usize> {
    let part_of = |text: &str| Clause::equal(Kind::UniqueValue, "part_of", text.to_owned());
    let query = |clause, limit| Query {
        kind: Kind::UniqueValue,
        clauses: vec![clause],
        after: None,
        limit,
    };
    let all = query(part_of(UniqueValue::ENDING)?, PAGE_LIMIT_MAX);
    let mut gone = 0;
    for document in context.list(&all).await?.documents {
        let index: UniqueValue = document.decode()?;
        // The key of an index is its own id, after a word.
        let id = index.key.rsplit(':').next().unwrap_or_default();
        loop {
            let values = query(part_of(id)?, STEP_VALUES);
            if !apply(context, DeleteAll { query: values }).await?.more {
                break;
            }
            if !pace.goes_on().await {
                return Ok(gone);
            }
        }
        apply(context, Forget { index: document.id }).await?;
        gone += 1;
    }
    Ok(gone)
}

/// For how long steps are gone on with.
pub(super) enum Pace<'a> {
    /// For so many more steps: somebody waits.
    Steps(usize),
    /// To the end, with a rest after each.
    Resting(Rest<'a>),
}

impl Pace<'_> {
    pub(super) async fn goes_on(&mut self) -> bool {
        match self {
            Self::Steps(left) => {
                *left = left.saturating_sub(1);
                *left > 0
            }
            Self::Resting(rest) => {
                rest.take().await;
                true
            }
        }
    }
}

/// Deletes what is kept of an index that has no values left.
struct Forget {
    index: Id,
}

#[async_trait]
impl Operation for Forget {
    type Output = ();

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<()> {
        let found = plan.context().document(Kind::UniqueValue, self.index);
        if let Some(document) = found.await? {
            plan.write(Write::Delete(document.into_entry()?));
        }
        Ok(())
    }
}
