//! The rows of a chunk as a batch of records: what becomes of each.

use std::sync::Arc;

use serde_json::Value;

use crate::engine::change::Plan;
use crate::engine::resources::batch::{RowStatus, Rows};
use crate::engine::resources::drafts::Draft;
use crate::error::{Error, ErrorKind, Result};
use crate::record::Record;
use crate::record::file::{CellError, Mapping, Row};
use crate::record::import::Import;
use crate::record::object::{Activity, Company, Contact, Deal, Object, ObjectType};
use crate::store::Refusal;

/// Why a row says no record: all that is wrong with its cells, and the member of the first of them.
fn of_cells(errors: &[CellError]) -> Error {
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    let error = Error::new(ErrorKind::ValidationFailed, messages.join(" "));
    match errors.first() {
        Some(first) => error.at(first.member.as_str()),
        None => error,
    }
}

/// What becomes of a row.
pub(in crate::engine) enum RowOutcome {
    Created,
    Updated,
    Unchanged,
    Failed(Arc<Error>),
}

/// Rows of one type of record.
pub(in crate::engine) struct ImportRows {
    rows: usize,
    of: RowsOf,
}

enum RowsOf {
    Contacts(Rows<Contact>),
    Companies(Rows<Company>),
    Deals(Rows<Deal>),
    Activities(Rows<Activity>),
}

/// Gives the rows to `$use` under the name `$it`, whatever they are of.
macro_rules! each {
    ($rows:expr, $it:ident => $use:expr) => {
        match $rows {
            RowsOf::Contacts($it) => $use,
            RowsOf::Companies($it) => $use,
            RowsOf::Deals($it) => $use,
            RowsOf::Activities($it) => $use,
        }
    };
}

impl ImportRows {
    /// The records that rows of an import say. A row that says none fails as one that a batch refuses.
    pub fn read(import: &Import, rows: &[Row]) -> Result<Self> {
        let mapping: Mapping =
            serde_json::from_value(import.work.mapping.clone()).map_err(Error::internal)?;
        let dedup_on = import.dedup_on.clone();
        let of = match import.object_type {
            ObjectType::Contact => RowsOf::Contacts(drafts(&mapping, rows, dedup_on)),
            ObjectType::Company => RowsOf::Companies(drafts(&mapping, rows, dedup_on)),
            ObjectType::Deal => RowsOf::Deals(drafts(&mapping, rows, dedup_on)),
            ObjectType::Activity => RowsOf::Activities(drafts(&mapping, rows, dedup_on)),
        };
        let rows = rows.len();
        Ok(Self { rows, of })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Plans what the rows change, and gives what becomes of each: of as many of them, from the first on, as one commit holds.
    pub async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Vec<RowOutcome>> {
        let outcomes = each!(&mut self.of, rows => rows.plan_some(plan).await?).into_iter();
        let outcomes = outcomes.map(|outcome| match outcome {
            Ok(RowStatus::Created) => RowOutcome::Created,
            Ok(RowStatus::Updated) => RowOutcome::Updated,
            Ok(RowStatus::Unchanged) => RowOutcome::Unchanged,
            Ok(RowStatus::Failed) => {
                RowOutcome::Failed(Arc::new(Error::internal("a row failed without an error")))
            }
            Err(error) => RowOutcome::Failed(error),
        });
        Ok(outcomes.collect())
    }

    /// What a conflict of the commit means.
    pub fn refused(&mut self, conflict: Refusal) -> Result<()> {
        each!(&mut self.of, rows => rows.refused(conflict))
    }
}

fn drafts<T: Object + Into<Record>>(
    mapping: &Mapping,
    rows: &[Row],
    dedup_on: Vec<String>,
) -> Rows<T> {
    let drafts = rows.iter().map(|row| {
        let mut members = mapping.apply(row).map_err(|errors| of_cells(&errors))?;
        // It says which record it was where the file was written.
        members.remove("id");
        Draft::<T>::read(Value::Object(members))
    });
    let drafts = drafts.map(|draft: Result<_>| draft.map_err(Arc::new));
    Rows::new(drafts.collect(), dedup_on)
}
