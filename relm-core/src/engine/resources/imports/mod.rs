//! Imports: files of records that are taken in, and what becomes of them.

mod arriving;
mod budget;
mod changes;
pub(in crate::engine) mod cleaning;
mod options;
mod preview;
mod receiving;
mod reports;
pub(in crate::engine) mod rows;
pub(in crate::engine) mod state;

use self::changes::{Cancel, StartUndo};
use self::cleaning::delete_some;
pub use self::options::ImportOptions;
pub use self::preview::{ImportColumn, ImportFailure, ImportPreview};
pub use self::receiving::ImportUpload;
use self::state::{Stored, shown};
use super::listing::ListRequest;
use super::pages::Listing;
use crate::engine::context::Context;
use crate::engine::idempotency::{apply_once, replayed};
use crate::engine::import_queue::Waiting;
use crate::engine::reply::Reply;
use crate::error::{Error, ErrorKind, Result};
use crate::record::Document;
use crate::record::import::Import;
use crate::value::id::{Id, Kind};

/// The imports of one scope. An [`Importer`](crate::engine::Importer) works on them.
pub struct Imports<'a> {
    context: &'a Context,
}

impl<'a> Imports<'a> {
    pub(in crate::engine) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Takes in a file that is there whole: its rows are kept, and wait for an [`Importer`](crate::engine::Importer).
    ///
    /// # Errors
    /// As for [`begin`](Self::begin) and [`ImportUpload::push`].
    pub async fn start(&self, options: ImportOptions, file: &[u8]) -> Result<Import> {
        /// So that whoever reads a file takes no more memory than one that arrives.
        const PIECE: usize = 64 * 1024;
        let mut upload = self.begin(options).await?;
        for piece in file.chunks(PIECE) {
            upload.push(piece).await?;
        }
        upload.finish(None).await?.decode()
    }

    /// Begins an import of the rows that a dry run [kept](ImportOptions::keep_rows), as if its file were sent again. How the file is written
    /// was found out by then: of the options for it, none counts.
    ///
    /// With an [idempotency key](crate::Scoped::idempotent) it is begun once, and the reply is that of the first time.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin), and what is wrong with the mapping. `not_found`; `conflict` for an import that is no dry run, has not
    /// completed, or did not keep its rows.
    pub async fn start_from(&self, dry_run: Id, options: ImportOptions) -> Result<Reply<Import>> {
        if let Some(reply) = replayed(self.context).await? {
            return Ok(reply);
        }
        let kept = Stored::require(self.context, dry_run).await?.import;
        if !kept.has_rows() {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "The import {dry_run} has not kept its rows, or has not completed: send its file again."
                ),
            ));
        }
        self.begin(options).await?.take_over(&kept).await
    }

    /// Begins an import whose file arrives piece by piece. Of each row that arrives:
    ///
    /// - its columns become members as the [mapping](ImportOptions::mapping) says, or by what they are called; an empty cell says nothing;
    /// - it updates the record that it [finds](ImportOptions::dedup_on), as a PATCH would, and otherwise makes one;
    /// - where it cannot be taken in, it fails alone, and is kept with the reason.
    ///
    /// Rows are worked on in their order, in commits of up to [`IMPORT_CHUNK_ROWS_MAX`](crate::limits::IMPORT_CHUNK_ROWS_MAX). Each change
    /// has its event, by the actor of this handle; those of one commit have one request.
    ///
    /// # Errors
    /// `conflict` where [`IMPORTS_UNFINISHED_MAX`](crate::limits::IMPORTS_UNFINISHED_MAX) go on already; `validation_failed` for options
    /// that no file could be read by; `unknown_value` for a key that does not identify a record.
    pub async fn begin(&self, options: ImportOptions) -> Result<ImportUpload> {
        if self.context.storage().is_transaction() || self.context.storage().is_dry_run() {
            return Err(Error::bad_request(
                "An import is many commits: it begins outside of a transaction, and a dry run of it is one of its options.",
            ));
        }
        ImportUpload::begin(self.context, options).await
    }

    /// The import of this id, or none.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn get(&self, id: Id) -> Result<Option<Import>> {
        let stored = Stored::find(self.context, id).await?;
        Ok(stored.map(|stored| stored.import))
    }

    /// [`get`](Self::get), as JSON.
    ///
    /// # Errors
    /// As for `get`.
    pub async fn get_json(&self, id: Id) -> Result<Option<Document>> {
        let stored = Stored::find(self.context, id).await?;
        stored.map(|stored| stored.shown()).transpose()
    }

    /// The imports, newest first, those that have ended within the last [week](crate::limits::IMPORT_KEPT_MS) among them. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `bad_request`, `invalid_cursor`.
    pub fn list<'r>(&self, request: &'r ListRequest) -> Listing<'a, 'r, Import> {
        Listing::of(self.context, Kind::Import, request).shown(shown)
    }

    /// Ends an import where it is: rows that were not worked on by then are not, and what those before changed stays, unless it is
    /// [undone](Self::undo). One that was cancelled already stays as it is.
    ///
    /// # Errors
    /// `not_found`; `conflict` for one that has ended another way.
    pub async fn cancel(&self, id: Id) -> Result<Reply<Import>> {
        let reply = apply_once(self.context, Cancel { id }).await?;
        self.context.components().imports().give();
        Ok(reply)
    }

    /// Has an [`Importer`](crate::engine::Importer) take back what an import changed, as
    /// [`Requests::undo`](crate::engine::Requests::undo) takes back a request: what it created is deleted, and what it updated has its
    /// former values, unless it was changed or is used since. That is counted, and [listed](Self::conflicts_csv).
    ///
    /// # Errors
    /// `not_found`; `conflict` for one that goes on, for a dry run, and where
    /// [`IMPORTS_UNFINISHED_MAX`](crate::limits::IMPORTS_UNFINISHED_MAX) go on.
    pub async fn undo(&self, id: Id) -> Result<Reply<Import>> {
        let waiting = Waiting {
            scope: self.context.scope(),
            import: id,
        };
        // One that is not there is taken out again.
        if !self.context.storage().is_dry_run() {
            Stored::require(self.context, id).await?;
            waiting.enlist(self.context.components()).await?;
        }
        let reply = apply_once(self.context, StartUndo { id }).await?;
        if !self.context.storage().is_dry_run() {
            // The entry may have been one of before, and struck meanwhile. The undo is begun whether this succeeds or not: hourly upkeep
            // enlists it too.
            let _ = waiting.enlist(self.context.components()).await;
        }
        self.context.components().imports().give();
        Ok(reply)
    }

    /// Deletes an import that has ended, with its failed rows. What it changed stays, and cannot be undone any more but request by request.
    ///
    /// A large one is deleted in several commits: with the first of them it is there no more, but in lists. Where the store fails after
    /// that, this may be called again, and [`Importer::delete_expired`](crate::engine::Importer::delete_expired) deletes the rest.
    ///
    /// # Errors
    /// `not_found`; `conflict` for one that goes on.
    pub async fn delete(&self, id: Id) -> Result<()> {
        let stored = Stored::read(self.context, id).await?;
        stored.ok_or_else(|| Error::not_found(Kind::Import.noun()))?;
        while delete_some(self.context, id).await? && !self.context.storage().is_dry_run() {}
        Ok(())
    }
}
