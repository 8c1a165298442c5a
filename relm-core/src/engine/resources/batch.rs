//! Bulk create and upsert of the records of one type: up to 500 rows, one commit.

mod claiming;
mod claims;
mod report;
mod rows;
mod working_set;

use std::sync::Arc;

use async_trait::async_trait;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

pub(super) use self::claims::{Failing, ambiguous};
pub(super) use self::report::ListedOptions;
pub use self::report::{BatchReport, BatchRow, BatchTag, RowStatus};
use self::report::{place, report};
pub(super) use self::rows::{Rows, dedup_members, not_unique};
use super::drafts::Draft;
use crate::engine::change::{Operation, Plan};
use crate::engine::reply::{Outcome, Reply};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCH_ROWS_MAX, DEDUP_KEYS_MAX};
use crate::record::Record;
use crate::record::hint;
use crate::record::input::{Reader, read_as_json};
use crate::record::object::{Activity, Company, Contact, Deal, Object};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::store::Refusal;
use crate::value::id::Id;
use crate::value::spelling::OtherNames;

/// What a batch of records of one type asks for.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "{T}BatchCreate")
)]
pub struct BatchInput<T: Object = Contact> {
    /// The rows, 1 to 500, applied in order. In JSON they are named as the collection is, such as `contacts`.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Vec<T>", length(min = 1, max = BATCH_ROWS_MAX))
    )]
    pub rows: Vec<T::Input>,
    /// The unique members by which rows are known, such as `email`, `domain` or `metadata.customer_no`: a row whose value of one of them a
    /// record has updates that record, as a PATCH would, instead of failing. Where it leads to several records by several of them, it
    /// fails with `ambiguous_match`.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<String>>", length(max = DEDUP_KEYS_MAX))
    )]
    pub dedup_on: Vec<String>,
    /// Whether one failing row fails the whole batch. Default: false.
    #[cfg_attr(feature = "schema", schemars(with = "Option<bool>"))]
    pub atomic: bool,
}

impl<T: Object> Default for BatchInput<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            dedup_on: Vec::new(),
            atomic: false,
        }
    }
}

/// What other APIs call the members of a batch.
macro_rules! other_names {
    ($rows:literal) => {
        &[
            (
                &["data", "rows", "records", "inputs", "items", "objects"],
                &[$rows],
            ),
            (
                &[
                    "dedup",
                    "dedupe_on",
                    "dedupe",
                    "upsert",
                    "on_conflict",
                    "unique_by",
                    "id_property",
                ],
                &["dedup_on"],
            ),
            (
                &["all_or_nothing", "transaction", "transactional"],
                &["atomic"],
            ),
        ]
    };
}

const fn other_names(of: ObjectType) -> OtherNames {
    match of {
        ObjectType::Contact => other_names!("contacts"),
        ObjectType::Company => other_names!("companies"),
        ObjectType::Deal => other_names!("deals"),
        ObjectType::Activity => other_names!("activities"),
    }
}

pub(super) struct Batch<T: Object> {
    rows: Rows<T>,
    atomic: bool,
}

impl<T: Object + Into<Record>> Batch<T> {
    pub fn typed(input: BatchInput<T>) -> Result<Self> {
        let BatchInput {
            rows,
            dedup_on,
            atomic,
        } = input;
        check_dedup_on(&dedup_on)?;
        let rows = rows.into_iter().map(Draft::typed).map(Ok).collect();
        Self::new(rows, dedup_on, atomic)
    }

    fn new(
        rows: Vec<Result<Draft<T>, Arc<Error>>>,
        dedup_on: Vec<String>,
        atomic: bool,
    ) -> Result<Self> {
        check_count::<T>(rows.len())?;
        let rows = Rows::new(rows, dedup_on);
        Ok(Self { rows, atomic })
    }

    pub fn read(body: Value) -> Result<Self> {
        let all = T::TYPE.plural();
        if body.is_array() {
            return Err(Error::bad_request(format!(
                "The body must be a JSON object, not an array: {{\"{all}\": […]}}."
            )));
        }
        let (rows, dedup_on, atomic) = read_members::<T>(Reader::new(body)?)?;
        let rows = rows.into_iter().map(|row| read_row(row).map_err(Arc::new));
        Self::new(rows.collect(), dedup_on, atomic)
    }
}

/// The rows of a batch, the members by which they are known, and whether it is atomic.
fn read_members<T: Object>(mut reader: Reader) -> Result<(Vec<Value>, Vec<String>, bool)> {
    let all = T::TYPE.plural();
    reader.knowing(other_names(T::TYPE));
    let rows = reader.take(all);
    let dedup_on = match reader.texts("dedup_on")? {
        Patch::Keep | Patch::Clear => Vec::new(),
        Patch::Set(names) => names,
    };
    check_dedup_on(&dedup_on)?;
    let atomic = *reader.boolean("atomic")?.as_set().unwrap_or(&false);
    reader.finish()?;
    let Some(Value::Array(rows)) = rows else {
        return Err(Error::invalid(
            all,
            format!("`{all}` must be a list of 1 to {BATCH_ROWS_MAX} {all}."),
        ));
    };
    check_count::<T>(rows.len())?;
    Ok((rows, dedup_on, atomic))
}

fn read_input<T: Object>(reader: Reader) -> Result<BatchInput<T>> {
    let (rows, dedup_on, atomic) = read_members::<T>(reader)?;
    let read = |(index, row)| {
        let row = Reader::new(row).and_then(|row| row.all_of(T::read));
        row.map_err(|error| error.within(&place::<T>(index)))
    };
    let rows = rows.into_iter().enumerate().map(read);
    Ok(BatchInput {
        rows: rows.collect::<Result<_>>()?,
        dedup_on,
        atomic,
    })
}

read_as_json!(BatchInput<Contact>, read_input);
read_as_json!(BatchInput<Company>, read_input);
read_as_json!(BatchInput<Deal>, read_input);
read_as_json!(BatchInput<Activity>, read_input);

/// As a request says it.
impl<T: Object> Serialize for BatchInput<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            rows,
            dedup_on,
            atomic,
        } = self;
        let mut members = serializer.serialize_map(Some(3))?;
        members.serialize_entry(T::TYPE.plural(), rows)?;
        members.serialize_entry("dedup_on", dedup_on)?;
        members.serialize_entry("atomic", atomic)?;
        members.end()
    }
}

fn check_count<T: Object>(rows: usize) -> Result<()> {
    if (1..=BATCH_ROWS_MAX).contains(&rows) {
        return Ok(());
    }
    let all = T::TYPE.plural();
    Err(Error::invalid(
        all,
        format!("`{all}` must hold 1 to {BATCH_ROWS_MAX} rows; it holds {rows}."),
    ))
}

/// Bounds how many members rows are known by: each is looked up for each row.
pub(super) fn check_dedup_on(names: &[String]) -> Result<()> {
    if names.len() <= DEDUP_KEYS_MAX {
        return Ok(());
    }
    let given = names.len();
    let message =
        format!("`dedup_on` can name {DEDUP_KEYS_MAX} unique members at most; it names {given}.");
    Err(Error::invalid("dedup_on", message))
}

fn read_row<T: Object>(row: Value) -> Result<Draft<T>> {
    if row.is_object() {
        return Draft::read(row);
    }
    let message = format!("A row must be an object, not {}.", hint::Shown(&row));
    let error = Error::new(ErrorKind::ValidationFailed, message);
    Err(hint::row_meant(&row).on(error))
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for Batch<T> {
    type Output = Reply<BatchReport<T>>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<BatchReport<T>>> {
        let failing = match self.atomic {
            true => Failing::All,
            false => Failing::Alone,
        };
        let planned = self.rows.plan(plan, failing).await?;
        if self.atomic {
            let failed = planned.rows().iter().enumerate();
            let mut failed = failed.filter_map(|(index, row)| Some((index, row.as_ref().err()?)));
            if let Some((index, error)) = failed.next() {
                return Err(Error::clone(error).within(&place::<T>(index)));
            }
        }
        let body = report::<T>(planned.rows())?;
        let shown = planned.rows().iter().flatten();
        let shown: Vec<Id> = shown.map(|done| done.document.id).collect();
        planned.write(plan);
        Ok(Reply::new(Outcome::Done, body).about(shown))
    }

    fn refused(&mut self, refusal: Refusal) -> Result<()> {
        self.rows.refused(refusal)
    }
}
