//! `--demo`: a workspace with data to look at.

use std::sync::Arc;
use std::time::Instant;

use relm_core::engine::Crm;
use relm_core::value::time::ManualClock;
use relm_core::{ErrorKind, Id, Mode};

use super::database::Opened;
use super::outcome::CommandError;
use crate::config::DatabaseArgs;
use crate::demo::{Size, fill};

/// The workspace that is filled.
pub(super) const WORKSPACE: &str = "demo";
/// The mode of it that is.
const MODE: Mode = Mode::Test;

/// The engine that writes the data: over the same database as the one that serves, by a clock of its own.
pub(super) struct DemoEngine {
    crm: Crm,
    clock: Arc<ManualClock>,
}

/// What became of it.
pub(super) struct Demo {
    workspace: Id,
    was_filled: bool,
}

impl DemoEngine {
    pub fn over(opened: &Opened, args: &DatabaseArgs) -> Self {
        let clock = Arc::new(ManualClock::new(opened.now()));
        Self {
            crm: opened.engine_by(clock.clone(), args),
            clock,
        }
    }

    /// Fills the workspace, which is made where there is none.
    pub async fn fill(self) -> Result<Demo, CommandError> {
        let Self { crm, clock } = self;
        let found = of_name(&crm).await?;
        let workspace = match found {
            Some(workspace) => workspace,
            None => match crm.create_workspace(WORKSPACE).await {
                // Another replica was first.
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    of_name(&crm).await?.ok_or(error)?
                }
                made => made?.id,
            },
        };
        let began = Instant::now();
        tracing::info!("the demo data is written, if there is nothing in its place");
        let was_filled = fill(&crm, &clock, (workspace, MODE), Size::default()).await?;
        if was_filled {
            let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(took_ms, "the demo data was written");
        }
        Ok(Demo {
            workspace,
            was_filled,
        })
    }
}

/// The workspace of this name.
async fn of_name(crm: &Crm) -> Result<Option<Id>, CommandError> {
    let known = crm.workspaces().await?;
    let mut named = known
        .iter()
        .filter(|one| one.name.eq_ignore_ascii_case(WORKSPACE));
    Ok(named.next().map(|one| one.id))
}

impl Demo {
    /// What an operator reads of it, where the console is at this address, if anywhere.
    pub fn said(&self, console: Option<&str>) -> String {
        let what = match self.was_filled {
            true => format!(
                "The {MODE} mode of the workspace `{WORKSPACE}` holds demo data: 10,000 contacts, with companies, deals and activities \
                 of four weeks."
            ),
            false => format!(
                "The {MODE} mode of the workspace `{WORKSPACE}` has something in it already: no demo data was written."
            ),
        };
        match console {
            Some(console) => {
                let workspace = self.workspace;
                format!("{what}\nLook at it: {console}/{workspace}/{MODE}/deals/board")
            }
            None => what,
        }
    }
}
