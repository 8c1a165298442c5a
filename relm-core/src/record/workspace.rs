//! Workspaces: the tenants of a store.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::limits::WORKSPACE_NAME_CHARS_MAX;
use crate::record::check;
use crate::record::column::{Column, ColumnOf, Columns};
use crate::value::id::Id;
use crate::value::text;
use crate::value::time::Timestamp;

/// A tenant: its records, in live and in test mode, are nobody else's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Workspace {
    /// `ws_` and a ULID.
    pub id: Id,
    /// Unique without regard to case and composition (NFC).
    pub name: String,
    /// What the cursors of its lists are sealed with: 32 random bytes as hexadecimal text.
    pub(crate) cursor_key: String,
    /// The moment in the id.
    pub created_at: Timestamp,
}

impl Columns for Workspace {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::text("name", WORKSPACE_NAME_CHARS_MAX, |it: &Self| Some(&it.name)),
        Column::key("name_key", 3 * WORKSPACE_NAME_CHARS_MAX, |it: &Self| {
            Some(it.name_key())
        }),
        Column::timestamp("created_at", |it: &Self| Some(it.created_at)),
    ];
}

impl Workspace {
    /// A checked workspace, new.
    ///
    /// # Errors
    /// `validation_failed` for a name that it cannot have.
    pub fn new(id: Id, name: String, cursor_key: String, now: Timestamp) -> Result<Self> {
        Ok(Self {
            id,
            name: check::text(
                "name",
                check::required_text("name")(name)?,
                WORKSPACE_NAME_CHARS_MAX,
            )?,
            cursor_key,
            created_at: now,
        })
    }

    /// What is unique of its name.
    pub fn name_key(&self) -> String {
        text::name_key(&self.name)
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
