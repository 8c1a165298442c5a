//! Imports: files of records that are taken in, row by row, by whoever works for the engine in the background.

mod part;
mod status;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::part::ImportPart;
pub(crate) use self::part::{Chunk, FailedRow, KeptConflict, KeptRows, PartKey, Shadow, row_bytes};
pub use self::status::ImportStatus;
use crate::record::actor::Actor;
use crate::record::column::{Column, ColumnOf, Columns};
use crate::record::file::FileFormat;
use crate::record::object_type::ObjectType;
use crate::value::id::Id;
use crate::value::time::Timestamp;

/// A file of records that is taken in, or was. What is in it is counted and not shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ImportJob")
)]
#[non_exhaustive]
pub struct Import {
    /// `imp_` and a ULID.
    pub id: Id,
    /// Always `import`.
    pub object: ImportTag,
    /// What its rows are.
    pub object_type: ObjectType,
    /// How far it is.
    pub status: ImportStatus,
    /// Why it failed, where it did.
    pub reason: Option<String>,
    /// Whether it only finds out what it would come to.
    pub dry_run: bool,
    /// How its file is written; null until that was found out.
    pub format: Option<FileFormat>,
    /// By which unique members a row finds the record that it updates; where there are none, each row is a new record.
    pub dedup_on: Vec<String>,
    /// For each column of the file the member that it becomes, or null where it becomes none. Null until the head of the file was
    /// read.
    pub mapping: Option<Map<String, Value>>,
    /// The columns that become nothing.
    pub unmapped: Vec<String>,
    /// Bytes that were received.
    pub bytes: i64,
    /// Rows that were received, those among them that could not be read.
    pub rows_received: i64,
    /// Rows that were worked on: those that are counted beneath.
    pub rows: i64,
    /// Rows that made a record.
    pub created: i64,
    /// Rows that changed one.
    pub updated: i64,
    /// Rows that say what is so already.
    pub unchanged: i64,
    /// Rows that could not be taken in: see its errors.
    pub failed: i64,
    /// Rows that were worked on in a second, on the average since it started.
    pub rows_per_second: i64,
    /// What came of taking it back; null where nobody asked for that.
    pub undo: Option<ImportUndo>,
    /// Who began it: its changes are theirs.
    pub actor: Actor,
    /// When it began: the moment in the id.
    pub created_at: Timestamp,
    /// When the first row was worked on.
    pub started_at: Option<Timestamp>,
    /// When it ended, whatever way; of one that is undone, when that ended.
    pub ended_at: Option<Timestamp>,
    /// Counts the changes: 1 on create, one more with each.
    pub version: i64,
    /// What whoever works on it notes; clients are not shown it.
    #[serde(default, skip_serializing_if = "Work::is_empty")]
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub(crate) work: Work,
}

/// What came of taking an import back: its changes, one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ImportUndo {
    /// Records that are again what they were, those that were created being deleted.
    pub reverted: i64,
    /// Records that were so already.
    pub unchanged: i64,
    /// What stays, since it was changed or is used by now.
    pub conflicts: i64,
}

/// The `object` member of an [`Import`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ImportTag {
    /// Its one value.
    #[default]
    #[serde(rename = "import")]
    Import,
}

/// What whoever works on an import notes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Work {
    /// Which of the places it has that a scope has for imports that go on.
    pub slot: Option<i64>,
    /// Who works on it until `leased_until`.
    pub worker: Option<String>,
    pub leased_until: Option<Timestamp>,
    /// How many chunks were received.
    pub chunks: i64,
    /// The chunk that is next: all before it are done.
    pub next_chunk: i64,
    /// While it is undone, the chunk that is next then: all after it are as before.
    pub undo_next: Option<i64>,
    /// The columns of its file.
    pub header: Vec<String>,
    /// What the columns become, as those who read rows have it.
    pub mapping: Value,
    /// Bytes of the rows that failed and are kept.
    pub failed_bytes: i64,
    /// Whether its chunks keep their rows, for imports to begin from them.
    #[serde(default)]
    pub keeps_rows: bool,
    /// Whether some of its pieces are deleted, and the rest is about to be: there is nothing to be had of it any more.
    #[serde(default)]
    pub deleting: bool,
}

impl Work {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Columns for Import {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::text("object_type", 20, |it: &Self| Some(it.object_type.as_str())).required(),
        Column::text("status", 20, |it: &Self| Some(it.status.as_str())).required(),
        Column::key("slot", 20, |it: &Self| {
            it.work.slot.map(|slot| slot.to_string())
        }),
        Column::timestamp("created_at", |it: &Self| Some(it.created_at)),
    ];
}

impl Import {
    /// Whether somebody else than this worker has it to itself at a moment.
    pub(crate) fn is_leased_to_others(&self, worker: &str, now: Timestamp) -> bool {
        let until = self.work.leased_until;
        self.work.worker.as_deref() != Some(worker) && until.is_some_and(|until| now < until)
    }

    /// Whether imports can begin from its rows.
    pub(crate) fn has_rows(&self) -> bool {
        self.work.keeps_rows && self.status == ImportStatus::Completed
    }

    /// The same import, written once more.
    pub(crate) fn next_version(&self) -> Self {
        Self {
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// The same import, at its end.
    pub(crate) fn ended(&self, status: ImportStatus, now: Timestamp) -> Self {
        let mut ended = self.next_version();
        ended.status = status;
        ended.ended_at = Some(now);
        ended.work.slot = None;
        ended.work.worker = None;
        ended.work.leased_until = None;
        ended
    }

    /// The same import, which came to nothing for this reason.
    pub(crate) fn broken_off(&self, reason: &str, now: Timestamp) -> Self {
        let mut failed = self.ended(ImportStatus::Failed, now);
        failed.reason = Some(reason.to_owned());
        failed
    }
}
