//! What is written of an import while its file arrives: its beginning, its chunks, and its end or that it waits for a worker.

use async_trait::async_trait;

use super::changes::too_many;
use super::options::ImportOptions;
use super::state::Stored;
use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::reply::{Outcome, Reply};
use crate::engine::transaction::again_where_taken;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::IMPORT_UPLOAD_IDLE_MS;
use crate::record::file::{FileFormat, Mapping};
use crate::record::import::{Chunk, Import, ImportPart, ImportStatus, ImportTag, PartKey, Work};
use crate::record::{Document, Entry};
use crate::store::{Refusal, Write};
use crate::value::id::{Id, Kind};

/// Makes the import, in a free place among those that go on.
pub(super) struct Begin {
    pub id: Id,
    pub options: ImportOptions,
}

impl Begin {
    pub fn new(context: &Context, options: ImportOptions) -> Self {
        let environment = context.environment();
        Self {
            id: environment.mint(Kind::Import, environment.now()),
            options,
        }
    }
}

#[async_trait]
impl Operation for Begin {
    type Output = Id;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Id> {
        let context = plan.context();
        let unfinished = Stored::unfinished(context).await?;
        let free = unfinished.iter().find(|(_, import)| import.is_none());
        let Some((slot, _)) = free else {
            return Err(too_many());
        };
        let now = plan.now();
        let ImportOptions {
            object_type,
            dry_run,
            dedup_on,
            ..
        } = &self.options;
        let import = Import {
            id: self.id,
            object: ImportTag::Import,
            object_type: *object_type,
            status: ImportStatus::Receiving,
            reason: None,
            dry_run: *dry_run,
            format: self.options.file.said_format(),
            dedup_on: dedup_on.clone(),
            mapping: None,
            unmapped: Vec::new(),
            bytes: 0,
            rows_received: 0,
            rows: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            failed: 0,
            rows_per_second: 0,
            undo: None,
            actor: context.actor().clone(),
            created_at: self.id.timestamp(),
            started_at: None,
            ended_at: None,
            version: 1,
            work: Work {
                slot: Some(*slot),
                leased_until: Some(now.saturating_add_millis(IMPORT_UPLOAD_IDLE_MS)),
                ..Work::default()
            },
        };
        plan.write(Write::Insert(Entry::new(import)));
        Ok(self.id)
    }

    /// Another import took the place: the next attempt finds another.
    fn refused(&mut self, conflict: Refusal) -> Result<()> {
        again_where_taken(&conflict)
    }
}

/// The import, which is still arriving.
async fn arriving(context: &Context, id: Id) -> Result<Stored> {
    let stored = Stored::require(context, id).await?;
    match stored.import.status {
        ImportStatus::Receiving => Ok(stored),
        status => Err(Error::new(
            ErrorKind::Conflict,
            format!("The import is {status}: no more of its file is taken."),
        )),
    }
}

/// Keeps a chunk of rows, and says how many there are by now.
pub(super) struct Keep {
    pub id: Id,
    pub number: i64,
    pub rows: usize,
    pub bytes: usize,
    pub chunk: Chunk,
    pub format: Option<FileFormat>,
    /// What the columns become, and their names, once they are known.
    pub read: Option<(Mapping, Vec<String>)>,
}

#[async_trait]
impl Operation for Keep {
    type Output = ();

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<()> {
        let stored = arriving(plan.context(), self.id).await?;
        let mut after = stored.import.next_version();
        after.rows_received += self.rows as i64;
        after.bytes += self.bytes as i64;
        let until = plan.now().saturating_add_millis(IMPORT_UPLOAD_IDLE_MS);
        after.work.leased_until = Some(until);
        if let Some(format) = &self.format {
            after.format = Some(*format);
        }
        if let Some((mapping, header)) = &self.read
            && after.mapping.is_none()
        {
            after.mapping = Some(mapping.shown());
            after.unmapped = mapping.unmapped().into_iter().map(str::to_owned).collect();
            after.work.mapping = serde_json::to_value(mapping).map_err(Error::internal)?;
            after.work.header.clone_from(header);
        }
        if self.rows > 0 {
            after.work.chunks += 1;
            let id = plan.mint(Kind::ImportPart);
            let key = PartKey::Chunk(self.number);
            let part = ImportPart::new(id, self.id, key, &self.chunk)?;
            plan.write(Write::Insert(Entry::new(part)));
        }
        stored.replace(plan, after)?;
        Ok(())
    }
}

/// Has an import whose file is there wait for a worker.
pub(super) struct Queue {
    pub id: Id,
    /// Whether the rows stay when they are worked on.
    pub keeps_rows: bool,
}

#[async_trait]
impl Operation for Queue {
    type Output = Reply<Import>;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Reply<Import>> {
        let stored = arriving(plan.context(), self.id).await?;
        let mut after = stored.import.next_version();
        after.status = ImportStatus::Queued;
        after.work.keeps_rows = self.keeps_rows;
        after.work.leased_until = None;
        let Document { json, .. } = stored.replace(plan, after)?;
        Ok(Reply::new(Outcome::Accepted, json))
    }
}

/// Has an import that is arriving end.
pub(super) struct BreakOff {
    pub id: Id,
    pub reason: String,
}

#[async_trait]
impl Operation for BreakOff {
    type Output = ();

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<()> {
        let stored = arriving(plan.context(), self.id).await?;
        let failed = stored.import.broken_off(&self.reason, plan.now());
        stored.replace(plan, failed)?;
        Ok(())
    }
}
