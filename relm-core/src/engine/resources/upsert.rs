//! Upserts: one record is made, or the one is changed that has a unique value of what is said of it.

use std::sync::Arc;

use async_trait::async_trait;

use super::batch::{Failing, RowStatus, Rows, check_dedup_on};
use super::drafts::{Draft, with_warnings};
use crate::engine::change::{Operation, Plan};
use crate::engine::reply::{Outcome, Reply};
use crate::error::{Error, ErrorKind, Result};
use crate::record::Record;
use crate::record::object::Object;
use crate::store::Refusal;

/// Makes a record, or changes the one that is known by the values of some members: a batch of one row.
pub(super) struct Upsert<T: Object> {
    row: Rows<T>,
    expected: Option<i64>,
}

impl<T: Object + Into<Record>> Upsert<T> {
    pub fn new(draft: Draft<T>, dedup_on: Vec<String>, expected: Option<i64>) -> Result<Self> {
        if dedup_on.is_empty() {
            let example = match T::TYPE.plural() {
                "contacts" => "email",
                "companies" => "domain",
                _ => "metadata.customer_no",
            };
            let message = format!(
                "`dedup_on` must name the unique members by whose values a record is known, such as `{example}`."
            );
            return Err(Error::bad_request(message).at("dedup_on"));
        }
        check_dedup_on(&dedup_on)?;
        let row = Rows::new(vec![Ok(draft)], dedup_on);
        Ok(Self { row, expected })
    }
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Upsert<T> {
    type Output = Reply<T>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<T>> {
        let planned = self.row.plan(plan, Failing::All).await?;
        let Some(row) = planned.rows().first() else {
            return Err(Error::internal("a batch of one row has none"));
        };
        let done = row.as_ref().map_err(|error| Error::clone(error))?;
        let id = done.document.id;
        // Sent again, it would make another record each time.
        if let Some(name) = self.row.known_by_nothing(plan)? {
            let message = format!(
                "What is sent has no value of `{name}`, or of what else `dedup_on` names, for the {} to be known by: say one, or make the {} \
                 by a POST.",
                T::TYPE,
                T::TYPE
            );
            return Err(Error::invalid(name, message));
        }
        if let Some(expected) = self.expected {
            let version = planned.stored_version(id);
            if version != Some(expected) {
                let of = T::TYPE;
                let message = match version {
                    Some(version) => {
                        format!("The {of} has version {version}, not {expected}: read it again.")
                    }
                    None => format!(
                        "There is no such {of} yet, to have version {expected}: leave the version out to make it."
                    ),
                };
                return Err(Error::new(ErrorKind::VersionConflict, message));
            }
        }
        let outcome = match done.status {
            RowStatus::Created => Outcome::Created,
            RowStatus::Updated | RowStatus::Unchanged | RowStatus::Failed => Outcome::Done,
        };
        let json = with_warnings(Arc::clone(&done.document.json), &done.warnings)?;
        planned.write(plan);
        Ok(Reply::new(outcome, json).about([id]))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        self.row.refused(refusal)
    }
}
