//! Workspaces: the tenants of a store.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::limits::WORKSPACE_NAME_CHARS_MAX;
use crate::record::check;
use crate::record::column::{Column, ColumnType, ColumnValue};
use crate::value::id::Id;
use crate::value::text;
use crate::value::time::Timestamp;

/// A tenant: its records, in live and in test mode, are nobody else's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Workspace {
    /// `ws_` and a ULID.
    pub id: Id,
    /// Unique without regard to case.
    pub name: String,
    /// What the cursors of its lists are sealed with: 32 random bytes as hexadecimal text.
    pub(crate) cursor_key: String,
    /// The moment in the id.
    pub created_at: Timestamp,
}

pub(crate) const COLUMNS: &[Column] = &[
    Column::text("name", WORKSPACE_NAME_CHARS_MAX),
    Column::text("name_key", 3 * WORKSPACE_NAME_CHARS_MAX)
        .unique()
        .hidden(),
    Column::new("created_at", ColumnType::Timestamp),
];

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
        text::fold(&self.name)
    }

    pub(crate) fn scalars(&self) -> Vec<Option<ColumnValue<'_>>> {
        let Self {
            id: _,
            name,
            cursor_key: _,
            created_at,
        } = self;
        vec![
            Some(name.into()),
            Some(self.name_key().into()),
            Some((*created_at).into()),
        ]
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
