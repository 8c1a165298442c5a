//! One record made, or changed.

use async_trait::async_trait;

use super::drafts::{
    Changed, Draft, build, change, insert, new_references, of_a_row, refused, replace, require,
    with_warnings,
};
use crate::engine::change::{Operation, Plan};
use crate::engine::reply::{Outcome, Reply};
use crate::error::Result;
use crate::record::Record;
use crate::record::object::Object;
use crate::record::reference::Reference;
use crate::store::Refusal;
use crate::value::id::Id;

/// Makes a record.
pub(super) struct Create<T: Object> {
    draft: Draft<T>,
    /// What the last plan had the record refer to.
    references: Vec<Reference>,
}

impl<T: Object> Create<T> {
    pub fn new(draft: Draft<T>) -> Self {
        Self {
            draft,
            references: Vec::new(),
        }
    }
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Create<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let record = build(plan, &self.draft)?;
        self.references = new_references(plan, None, &record);
        let document = insert(plan, record);
        Ok(Reply::new(Outcome::Created, document.json).about([document.id]))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        Err(refused(refusal, &self.references))
    }
}

/// Changes a record.
pub(super) struct Update<T: Object> {
    id: Id,
    draft: Draft<T>,
    expected: Option<i64>,
    /// What the last plan had the record refer to.
    references: Vec<Reference>,
}

impl<T: Object> Update<T> {
    pub fn new(id: Id, draft: Draft<T>, expected: Option<i64>) -> Self {
        Self {
            id,
            draft,
            expected,
            references: Vec::new(),
        }
    }
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Update<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let (before, document) = require::<T>(plan.context(), self.id, self.expected).await?;
        let Changed { after, warnings } = change(plan, &before, &self.draft)?;
        let document = match after {
            Some(after) => {
                self.references = new_references(plan, Some(&before), &after);
                replace(plan, (before, document), after)?
            }
            None => document,
        };
        let warnings = match plan.context().storage().is_staging() {
            true => of_a_row(warnings),
            false => warnings,
        };
        let json = with_warnings(document.json, &warnings)?;
        Ok(Reply::new(Outcome::Done, json).about([self.id]))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        Err(refused(refusal, &self.references))
    }
}
