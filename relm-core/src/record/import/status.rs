//! How far an import is.

use crate::value::from_text::{json_text, named};

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "snake_case")
)]
pub enum ImportStatus {
    /// Its file is arriving.
    Receiving,
    /// Its file is there, and waits for a worker.
    Queued,
    /// Its rows are worked on.
    Running,
    /// All rows were worked on.
    Completed,
    /// Somebody cancelled it: rows that were not worked on by then are not.
    Cancelled,
    /// It broke off: the reason says why.
    Failed,
    /// What it changed is taken back.
    Undoing,
    /// What it changed was taken back.
    Undone,
}

impl ImportStatus {
    /// All of them, in the order in which an import may have them.
    pub const ALL: [Self; 8] = [
        Self::Receiving,
        Self::Queued,
        Self::Running,
        Self::Completed,
        Self::Cancelled,
        Self::Failed,
        Self::Undoing,
        Self::Undone,
    ];

    /// Its name, such as `running`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// Whether it has ended: nobody works on it, and it has no place among those that go on.
    pub const fn has_ended(self) -> bool {
        match self {
            Self::Receiving | Self::Queued | Self::Running | Self::Undoing => false,
            Self::Completed | Self::Cancelled | Self::Failed | Self::Undone => true,
        }
    }
}

named!(
    ImportStatus,
    as_str,
    "the status of an import, such as `running`"
);
json_text!(ImportStatus, "the status of an import, such as `running`");
