//! Where a record lives: one workspace, in one mode.

use serde::{Deserialize, Serialize};

use crate::value::from_text::named;
use crate::value::id::{Id, Kind};

/// Live data, or test data that shares nothing with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// What the business runs on.
    Live,
    /// A playground beside it.
    Test,
}

impl Mode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Live, Self::Test];

    /// `live` or `test`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

named!(Mode, as_str, "`live` or `test`");

/// A workspace and a mode: every record lives in exactly one scope, and no query reaches beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    workspace: Id,
    mode: Mode,
}

impl Scope {
    /// The scope of what is above all workspaces: the workspaces themselves, the API keys, and who signs in.
    pub const SYSTEM: Self = Self {
        workspace: Id::new(Kind::Workspace, 0),
        mode: Mode::Live,
    };

    /// The scope of `workspace` in `mode`.
    pub const fn new(workspace: Id, mode: Mode) -> Self {
        Self { workspace, mode }
    }

    /// The workspace's id.
    pub const fn workspace(self) -> Id {
        self.workspace
    }

    /// Live or test.
    pub const fn mode(self) -> Mode {
        self.mode
    }
}
