//! The file of an import while it arrives: it is read as it comes, and its rows are kept in chunks, each in a commit.

mod again;

use std::mem;

use sha2::{Digest, Sha256};

use super::arriving::{Begin, BreakOff, Keep, Queue};
use super::budget::Budget;
use super::options::ImportOptions;
use crate::engine::change::apply;
use crate::engine::context::{Context, IdempotencyKey};
use crate::engine::idempotency::apply_once;
use crate::engine::import_queue::Waiting;
use crate::engine::reply::Reply;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    IMPORT_BYTES_MAX, IMPORT_CHUNK_BYTES_MAX, IMPORT_CHUNK_ROWS_MAX, IMPORT_UPLOAD_IDLE_MS,
};
use crate::record::file::{FileReader, Mapping};
use crate::record::import::{Chunk, FailedRow, Import, row_bytes};
use crate::value::id::Id;
use crate::value::json;
use crate::value::time::Monotonic;

/// How long rows that arrived may wait for others to be kept with them, so that an import that arrives slowly is not taken to be broken
/// off.
const KEEP_AFTER_MS: i64 = IMPORT_UPLOAD_IDLE_MS / 5;

/// Why an import ended whose file was there.
const SENT_AGAIN: &str =
    "Its file was sent a second time, under an idempotency key that was used before.";

/// The file of an import that is arriving: see [`Imports::begin`](super::Imports::begin). Dropped before it is
/// [finished](Self::finish), it leaves an import that counts as broken off a few minutes later.
pub struct ImportUpload {
    context: Context,
    id: Id,
    options: ImportOptions,
    reader: FileReader,
    mapping: Option<Mapping>,
    chunk: Chunk,
    chunk_rows: usize,
    chunk_bytes: usize,
    /// What the rows of all chunks take.
    budget: Budget,
    /// Bytes that arrived since the last commit, and in all.
    new_bytes: usize,
    bytes: usize,
    /// The chunks that are kept.
    chunks: i64,
    kept_at: Monotonic,
    digest: Sha256,
    /// Whether an error ended it, or a commit was given up: nothing more is taken.
    is_broken: bool,
}

impl ImportUpload {
    pub(super) async fn begin(context: &Context, options: ImportOptions) -> Result<Self> {
        let configuration = context.reload_configuration().await?;
        options.check(&configuration.fields)?;
        let reader = options.reader();
        let begin = Begin::new(context, options.clone());
        let waiting = Waiting {
            scope: context.scope(),
            import: begin.id,
        };
        let id = apply(context, begin).await?;
        // Before any of its rows: whoever works on imports sees to it from here on, whatever becomes of it.
        waiting.enlist(context.components()).await?;
        Ok(Self {
            kept_at: context.environment().monotonic(),
            context: context.clone(),
            id,
            options,
            reader,
            mapping: None,
            chunk: Chunk::default(),
            chunk_rows: 0,
            chunk_bytes: 0,
            budget: Budget::default(),
            new_bytes: 0,
            bytes: 0,
            chunks: 0,
            digest: Sha256::new(),
            is_broken: false,
        })
    }

    /// The import.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Takes in the next bytes of the file: as many as come, of which no more than two chunks of rows are kept in memory.
    ///
    /// # Errors
    /// `validation_failed` where the file cannot be read, is larger than [`IMPORT_BYTES_MAX`](crate::limits::IMPORT_BYTES_MAX), or its rows
    /// than [`IMPORT_ROWS_BYTES_MAX`](crate::limits::IMPORT_ROWS_BYTES_MAX); what is wrong with the mapping: the import has failed then, and
    /// says why. `conflict` where it was cancelled meanwhile. `unavailable` and the like from the store.
    ///
    /// An upload ends with its first error, and where this is dropped while rows are being kept: after that, `bad_request`, whatever comes.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.expect_sound()?;
        let taken = self.take_in(bytes).await;
        self.or_break_off(taken).await
    }

    /// Ends the file: the import waits for a worker from now on.
    ///
    /// With an idempotency key the reply is that of the first import that was finished under the key, if that had the same options and the
    /// same file: then this one is removed.
    ///
    /// # Errors
    /// As for [`push`](Self::push); `idempotency_conflict` where the key was used with another request.
    pub async fn finish(mut self, key: Option<&str>) -> Result<Reply<Import>> {
        self.expect_sound()?;
        let ended = self.end().await;
        self.or_break_off(ended).await?;
        let mut context = self.context.clone();
        if let Some(key) = key {
            let key = IdempotencyKey::new(key, self.fingerprint());
            context = context.idempotent(self.or_break_off(key).await?);
        }
        self.queue(&context).await
    }

    /// Has the import wait for a worker, its rows being kept; or removes it, where what it was asked for was done before.
    async fn queue(&self, context: &Context) -> Result<Reply<Import>> {
        let queue = Queue {
            id: self.id,
            keeps_rows: self.options.dry_run && self.options.keep_rows && self.budget.may_stay(),
        };
        let reply = match apply_once(context, queue).await {
            Ok(reply) => reply,
            Err(error) => {
                let reason = match error.kind() {
                    ErrorKind::IdempotencyConflict => SENT_AGAIN,
                    _ => error.message(),
                };
                self.break_off(reason).await;
                return Err(error);
            }
        };
        match reply.replayed {
            true => self.break_off(SENT_AGAIN).await,
            false => self.context.components().imports().give(),
        }
        Ok(reply)
    }

    /// The same of the same options and file.
    fn fingerprint(&self) -> [u8; 32] {
        let options = json::canonical(&self.options.digested());
        let digest = self.digest.clone().chain_update(options);
        digest.finalize().into()
    }

    /// Gives up a file that does not arrive whole: the import has failed for this reason. Where the store fails, it counts as broken off a
    /// few minutes later.
    pub async fn abandon(self, reason: &str) {
        self.break_off(reason).await;
    }

    /// Has an import that nobody waits for end. Where that fails, whoever works on imports has it end.
    async fn break_off(&self, reason: &str) {
        let end = BreakOff {
            id: self.id,
            reason: reason.to_owned(),
        };
        let _ = apply(&self.context, end).await;
    }

    /// An error ends the upload; where it is not the store's, nor that the import ended meanwhile, it ends the import as well.
    async fn or_break_off<T>(&mut self, outcome: Result<T>) -> Result<T> {
        if let Err(error) = &outcome {
            self.is_broken = true;
            if !matches!(
                error.kind(),
                ErrorKind::Unavailable | ErrorKind::OutcomeUnknown | ErrorKind::Conflict
            ) {
                // The error says it in any case.
                self.break_off(error.message()).await;
            }
        }
        outcome
    }

    fn expect_sound(&self) -> Result<()> {
        match self.is_broken {
            true => Err(Error::bad_request(
                "An upload ends with its first error: no more of the file is taken.",
            )),
            false => Ok(()),
        }
    }

    async fn take_in(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len();
        self.new_bytes += bytes.len();
        if self.bytes > IMPORT_BYTES_MAX {
            return Err(too_large());
        }
        self.digest.update(bytes);
        self.reader.push(bytes)?;
        self.take_rows().await?;
        let now = self.context.environment().monotonic();
        if now.millis_since(self.kept_at) >= KEEP_AFTER_MS {
            self.keep().await?;
        }
        Ok(())
    }

    async fn end(&mut self) -> Result<()> {
        self.reader.finish()?;
        self.take_rows().await?;
        self.keep().await
    }

    /// Takes over the rows that are there by now.
    async fn take_rows(&mut self) -> Result<()> {
        self.find_mapping().await?;
        while let Some(row) = self.reader.next_row() {
            let bytes = match row {
                Ok(row) => {
                    let bytes = row_bytes(&row);
                    self.budget.keep(bytes)?;
                    self.chunk.waiting.push(row);
                    bytes
                }
                Err(unread) => {
                    let failed = FailedRow::unread(unread);
                    let bytes = failed.bytes();
                    match self.budget.keep_unread(bytes)? {
                        true => {
                            self.chunk.unread.push(failed);
                            bytes
                        }
                        false => {
                            self.chunk.unread_more += 1;
                            0
                        }
                    }
                }
            };
            self.chunk_rows += 1;
            self.chunk_bytes += bytes;
            if self.chunk_rows >= IMPORT_CHUNK_ROWS_MAX
                || self.chunk_bytes >= IMPORT_CHUNK_BYTES_MAX
            {
                self.keep().await?;
            }
        }
        Ok(())
    }

    /// Says what the columns become, once it is known which there are.
    async fn find_mapping(&mut self) -> Result<()> {
        if self.mapping.is_some() {
            return Ok(());
        }
        let Some(headers) = self.reader.header() else {
            return Ok(());
        };
        let configuration = self.context.reload_configuration().await?;
        self.mapping = Some(self.options.mapping_of(headers, &configuration.fields)?);
        Ok(())
    }

    /// Keeps the rows that have arrived.
    async fn keep(&mut self) -> Result<()> {
        let keep = Keep {
            id: self.id,
            number: self.chunks,
            rows: self.chunk_rows,
            bytes: mem::take(&mut self.new_bytes),
            chunk: mem::take(&mut self.chunk),
            format: self.reader.format(),
            read: self
                .mapping
                .clone()
                .zip(self.reader.header().map(<[_]>::to_vec)),
        };
        self.chunks += i64::from(self.chunk_rows > 0);
        (self.chunk_rows, self.chunk_bytes) = (0, 0);
        // Its rows are nowhere else: where they are not kept, no others may be.
        self.is_broken = true;
        apply(&self.context, keep).await?;
        self.is_broken = false;
        self.kept_at = self.context.environment().monotonic();
        Ok(())
    }
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::ValidationFailed,
        format!(
            "A file can be {IMPORT_BYTES_MAX} bytes at most: send the rest of its rows in another import."
        ),
    )
}
