//! Batches of operations on any records: up to 500, in order, in one commit.

mod matching;
mod name;
mod read;
mod references;
mod report;

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use serde_json::Value;

use self::matching::find_matching;
pub use self::name::OperationName;
use self::read::{Operation, Subject, read_body};
use self::references::is_name;
use self::report::{Done, Row, report};
pub use self::report::{OperationRow, OperationStatus, OperationsReport};
use super::associations::Associations;
use super::objects::Objects;
use crate::engine::context::Context;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::staging::Staging;
use crate::engine::unit_of_work::Work;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCH_CONTACT_BYTES_MAX, BATCH_RECORDS_MAX, BATCH_TERMS_MAX};
use crate::query::terms::index_terms;
use crate::record::Record;
use crate::record::association::Association;
use crate::record::object::{Activity, Company, Contact, Deal, Object};
use crate::record::object_type::ObjectType;
use crate::value::environment::yield_now;
use crate::value::id::{Id, Kind};

/// A batch of operations, as a request asks for it.
pub(in crate::engine) struct Operations {
    operations: Vec<Value>,
    is_atomic: bool,
}

/// What is known of a batch while it is carried out.
struct Batch<'a> {
    context: &'a Context,
    staging: &'a Staging,
    /// The records that operations have given names; none where the operation failed.
    named: BTreeMap<String, Option<Id>>,
    bytes_left: usize,
    terms_left: usize,
}

#[async_trait]
impl Work for Operations {
    type Output = Reply<OperationsReport>;

    async fn run(
        &mut self,
        context: &Context,
        staging: &Staging,
    ) -> Result<Reply<OperationsReport>> {
        let mut batch = Batch {
            context,
            staging,
            named: BTreeMap::new(),
            bytes_left: BATCH_CONTACT_BYTES_MAX,
            terms_left: BATCH_TERMS_MAX,
        };
        batch.read_ahead(&self.operations).await?;
        let mut rows = Vec::with_capacity(self.operations.len());
        for (index, operation) in self.operations.iter().enumerate() {
            let row = batch.carry_out(operation).await;
            // A store may answer at once, and texts are held to patterns for milliseconds each.
            yield_now().await;
            match &row.outcome {
                Err(error) if is_of_the_store(error) => return Err(error.clone()),
                Err(error) if self.is_atomic => {
                    return Err(error.clone().within(&format!("operations[{index}]")));
                }
                Ok(_) | Err(_) => rows.push(row),
            }
        }
        let body = report(&rows)?;
        let done = rows.iter().filter_map(|row| row.outcome.as_ref().ok());
        let about = done.flat_map(|done| done.about.iter().copied());
        let about: Vec<Id> = about.collect();
        let reply = Reply::new(Outcome::Done, body).about(about);
        Ok(reply.without(staging.made_and_removed()))
    }
}

impl Batch<'_> {
    /// Reads the records that operations name by their ids: a page at a time, and not one by one.
    async fn read_ahead(&self, operations: &[Value]) -> Result<()> {
        let mut by_kind: HashMap<Kind, Vec<Id>> = HashMap::new();
        for operation in operations {
            let id = operation.get("id").and_then(Value::as_str);
            if let Some(id) = id.and_then(Id::parse) {
                by_kind.entry(id.kind()).or_default().push(id);
            }
        }
        let scope = self.context.scope();
        for (kind, ids) in by_kind {
            if kind == Kind::Association || ObjectType::of(kind).is_some() {
                self.staging.read_ahead(scope, kind, &ids).await?;
            }
        }
        Ok(())
    }

    /// Carries one operation out; of one that fails nothing is staged.
    async fn carry_out(&mut self, operation: &Value) -> Row {
        self.staging.mark();
        let outcome = self.apply(operation).await;
        let outcome = match self.staging.is_full() {
            true => Err(too_much(&format!(
                "write {BATCH_RECORDS_MAX} records, events, deliveries and associations among them"
            ))),
            false => outcome.and_then(|done| self.count(&done).map(|()| done)),
        };
        if outcome.is_err() {
            self.staging.undo();
        }
        let text = |member: &str| operation.get(member).and_then(Value::as_str);
        let reference = text("ref").filter(|name| is_name(name)).map(str::to_owned);
        if let Some(name) = &reference {
            let id = outcome.as_ref().ok().map(|done| done.id);
            self.named.entry(name.clone()).or_insert(id);
        }
        Row {
            name: text("op").and_then(|name| name.parse().ok()),
            object: text("object").map(str::to_owned),
            reference,
            outcome,
        }
    }

    async fn apply(&self, operation: &Value) -> Result<Done> {
        let configuration = self.context.configuration().await?;
        let mut operation = Operation::read(operation, &configuration.fields, &self.named)?;
        match operation.subject {
            Subject::Object(of) => {
                if let Some(key) = operation.key.take() {
                    find_matching(self.context, &mut operation, of, key).await?;
                }
                match of {
                    ObjectType::Contact => self.apply_to::<Contact>(operation).await,
                    ObjectType::Company => self.apply_to::<Company>(operation).await,
                    ObjectType::Deal => self.apply_to::<Deal>(operation).await,
                    ObjectType::Activity => self.apply_to::<Activity>(operation).await,
                }
            }
            Subject::Association => self.apply_to_association(operation).await,
        }
    }

    async fn apply_to<T: Object + Into<Record>>(&self, operation: Operation) -> Result<Done> {
        let objects: Objects<'_, T> = Objects::new(self.context);
        let before = self.staging.records();
        let Operation {
            name,
            id,
            data,
            expected,
            ..
        } = operation;
        let data = data.unwrap_or_default();
        let (id, status, reply) = match (name, id) {
            (OperationName::Create | OperationName::Upsert, None) => {
                let made = objects.create_json(data).await;
                let made = made.map_err(within_data)?;
                let id = id_of(&made.body)?;
                (id, OperationStatus::Created, Some(made))
            }
            (OperationName::Update | OperationName::Upsert, Some(id)) => {
                let changed = objects.update_json(id, data, expected).await;
                let changed = changed.map_err(within_data)?;
                (id, self.status_since(before), Some(changed))
            }
            (OperationName::Delete, Some(id)) => {
                objects.delete(id, expected).await?;
                (id, OperationStatus::Deleted, None)
            }
            (OperationName::Restore, Some(id)) => {
                let restored = objects.restore_json(id, expected).await?;
                (id, OperationStatus::Restored, Some(restored))
            }
            _ => {
                return Err(Error::internal(
                    "an operation was read that names no record",
                ));
            }
        };
        Ok(Done::new(status, id, reply))
    }

    async fn apply_to_association(&self, operation: Operation) -> Result<Done> {
        let associations = Associations::new(self.context);
        let before = self.staging.records();
        let Operation {
            name,
            id,
            data,
            expected,
            ..
        } = operation;
        let status = |reply: &Reply<Association>| match reply.outcome {
            Outcome::Created => OperationStatus::Created,
            Outcome::Done | Outcome::Accepted => self.status_since(before),
        };
        let (id, status, reply) = match (id, data) {
            (None, data) => {
                let linked = associations.link_json(data.unwrap_or_default()).await;
                let linked = linked.map_err(within_data)?;
                (id_of(&linked.body)?, status(&linked), Some(linked))
            }
            (Some(id), Some(data)) if name == OperationName::Update => {
                let changed = associations.update_json(id, data, expected).await;
                let changed = changed.map_err(within_data)?;
                (id, status(&changed), Some(changed))
            }
            (Some(id), _) => {
                associations.unlink(id, expected).await?;
                (id, OperationStatus::Deleted, None)
            }
        };
        Ok(Done::new(status, id, reply))
    }

    /// What became of what was there already: whether anything was staged since there were so many records.
    fn status_since(&self, before: usize) -> OperationStatus {
        match self.staging.records() > before {
            true => OperationStatus::Updated,
            false => OperationStatus::Unchanged,
        }
    }

    /// Counts what an operation comes to, within what one commit and one answer are to hold.
    fn count(&mut self, done: &Done) -> Result<()> {
        let bytes = done.record.as_ref().map_or(0, |record| record.len());
        let left = self.bytes_left.checked_sub(bytes).ok_or_else(|| {
            too_much(&format!("be answered with {BATCH_CONTACT_BYTES_MAX} bytes"))
        })?;
        let staged = self.staging.since_mark();
        let objects = staged
            .iter()
            .filter(|entry| ObjectType::of(entry.record.kind()).is_some());
        let terms: usize = objects.map(|entry| index_terms(&entry.record).len()).sum();
        self.terms_left = self.terms_left.checked_sub(terms).ok_or_else(|| {
            too_much(&format!(
                "write records with {BATCH_TERMS_MAX} words in all"
            ))
        })?;
        self.bytes_left = left;
        Ok(())
    }
}

impl Operations {
    pub fn read(body: Value) -> Result<Self> {
        let (operations, is_atomic) = read_body(body)?;
        Ok(Self {
            operations,
            is_atomic,
        })
    }
}

/// Whether the store failed, and not the operation.
fn is_of_the_store(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Internal | ErrorKind::Unavailable | ErrorKind::OutcomeUnknown
    )
}

/// Why an operation fails that is beyond what one batch is to hold.
fn too_much(may: &str) -> Error {
    Error::new(
        ErrorKind::ValidationFailed,
        format!(
            "One batch can {may} at most: send this operation in another one, or as a request of its own."
        ),
    )
}

/// An error about a member of what an operation writes.
fn within_data(error: Error) -> Error {
    match error.field() {
        Some(_) => error.within("data"),
        None => error,
    }
}

/// The id of a record, of its JSON.
fn id_of(json: &str) -> Result<Id> {
    #[derive(serde::Deserialize)]
    struct Head {
        id: Id,
    }
    let head: Head = serde_json::from_str(json).map_err(Error::internal)?;
    Ok(head.id)
}
