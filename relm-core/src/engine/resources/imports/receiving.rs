//! The file of an import while it arrives: it is read as it comes, and its rows are kept in chunks, each in a commit.

use std::mem;

use sha2::{Digest, Sha256};

use super::arriving::{Begin, BreakOff, Keep, Queue};
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
    /// Bytes that arrived since the last commit, and in all.
    new_bytes: usize,
    bytes: usize,
    /// The chunks that are kept.
    chunks: i64,
    kept_at: Monotonic,
    digest: Sha256,
    /// Where a file turned out to be none: nothing more is taken.
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
    /// `validation_failed` where the file cannot be read, or is larger than
    /// [`IMPORT_BYTES_MAX`](crate::limits::IMPORT_BYTES_MAX): the import has failed then, and says why. `conflict` where it was cancelled
    /// meanwhile. `unavailable` and the like from the store.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<()> {
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
        let ended = self.end().await;
        self.or_break_off(ended).await?;
        let mut context = self.context.clone();
        if let Some(key) = key {
            context = context.idempotent(IdempotencyKey::new(key, self.fingerprint())?);
        }
        let queue = Queue { id: self.id };
        let reply = match apply_once(&context, queue).await {
            Ok(reply) => reply,
            Err(error) => {
                self.discard().await;
                return Err(error);
            }
        };
        match reply.replayed {
            true => self.discard().await,
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

    /// Has an import that nobody waits for end. Where that fails, whoever works on imports has it end.
    async fn discard(&self) {
        let end = BreakOff {
            id: self.id,
            reason:
                "Its file was sent a second time, under an idempotency key that was used before."
                    .to_owned(),
        };
        let _ = apply(&self.context, end).await;
    }

    async fn or_break_off<T>(&mut self, outcome: Result<T>) -> Result<T> {
        if let Err(error) = &outcome
            && matches!(
                error.kind(),
                ErrorKind::ValidationFailed | ErrorKind::BadRequest | ErrorKind::UnknownField
            )
            && !mem::replace(&mut self.is_broken, true)
        {
            let reason = error.message().to_owned();
            // The error says it in any case.
            let _ = apply(
                &self.context,
                BreakOff {
                    id: self.id,
                    reason,
                },
            )
            .await;
        }
        outcome
    }

    async fn take_in(&mut self, bytes: &[u8]) -> Result<()> {
        if self.is_broken {
            return Err(Error::bad_request(
                "The file could not be read: no more of it is taken.",
            ));
        }
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
        if self.is_broken {
            return Err(Error::bad_request("The file could not be read."));
        }
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
                    self.chunk.waiting.push(row);
                    bytes
                }
                Err(unread) => {
                    let failed = FailedRow::unread(unread);
                    let bytes = failed.bytes();
                    self.chunk.unread.push(failed);
                    bytes
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
        apply(&self.context, keep).await?;
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
