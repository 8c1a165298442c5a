//! One record made, or changed.

use async_trait::async_trait;

use super::drafts::{
    Changed, Draft, build, change, insert, of_a_row, refused, replace, require, with_warnings,
};
use crate::engine::change::{Operation, Plan};
use crate::engine::reply::{Outcome, Reply};
use crate::error::Result;
use crate::record::Record;
use crate::record::object::Object;
use crate::store::Refusal;
use crate::value::id::Id;

/// Makes a record.
pub(super) struct Create<T: Object> {
    pub draft: Draft<T>,
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Create<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let record = build(plan, &self.draft)?;
        let document = insert(plan, record);
        Ok(Reply::new(Outcome::Created, document.json).about([document.id]))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        Err(refused(refusal, &self.draft.references()?))
    }
}

/// Changes a record.
pub(super) struct Update<T: Object> {
    pub id: Id,
    pub draft: Draft<T>,
    pub expected: Option<i64>,
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Update<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let (before, document) = require::<T>(plan.context(), self.id, self.expected).await?;
        let Changed { after, warnings } = change(plan, &before, &self.draft)?;
        let document = match after {
            Some(after) => replace(plan, (before, document), after)?,
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
        Err(refused(refusal, &self.draft.references()?))
    }
}
