//! The commands of an operator: migrations, workspaces, API keys, and the secrets of webhooks.

use std::io::Write as _;

use relm_core::KeyAccess;
use relm_core::engine::Crm;

use super::database::open;
use super::{CommandError, Out};
use crate::config::{DatabaseArgs, KeysCommand, WebhooksCommand, WorkspacesCommand};

/// Opening a database is what brings it up to date.
pub(super) async fn migrate(args: &DatabaseArgs, out: &mut Out) -> Result<(), CommandError> {
    open(args, true).await?;
    say(out, format_args!("{} is up to date", args.database))
}

pub(super) async fn workspaces(
    crm: &Crm,
    command: WorkspacesCommand,
    out: &mut Out,
) -> Result<(), CommandError> {
    match command {
        WorkspacesCommand::Create { name } => {
            say(
                out,
                format_args!("{}", crm.create_workspace(&name).await?.id),
            )?;
        }
        WorkspacesCommand::List => {
            for workspace in crm.workspaces().await? {
                say(
                    out,
                    format_args!(
                        "{}  {}  {}",
                        workspace.id, workspace.created_at, workspace.name
                    ),
                )?;
            }
        }
    }
    Ok(())
}

pub(super) async fn webhooks(
    crm: &Crm,
    command: WebhooksCommand,
    out: &mut Out,
) -> Result<(), CommandError> {
    match command {
        WebhooksCommand::Reseal => say(out, format_args!("{}", crm.reseal_secrets().await?))?,
    }
    Ok(())
}

pub(super) async fn keys(
    crm: &Crm,
    command: KeysCommand,
    out: &mut Out,
) -> Result<(), CommandError> {
    match command {
        KeysCommand::Create {
            workspace,
            mode,
            read_only,
            name,
        } => {
            let access = if read_only {
                KeyAccess::ReadOnly
            } else {
                KeyAccess::Full
            };
            let new = crm.create_key(workspace, mode.into(), access, name).await?;
            say(out, format_args!("{}  {}", new.key.id, new.secret))?;
        }
        KeysCommand::List { workspace } => {
            for key in crm.keys(workspace).await? {
                let expired = key.expires_at.filter(|at| *at <= crm.now());
                let state = match (key.revoked_at, expired) {
                    (Some(at), _) => format!("revoked {at}"),
                    (None, Some(at)) => format!("expired {at}"),
                    (None, None) => key.access.as_str().to_owned(),
                };
                let name = key.name.as_deref().unwrap_or("-");
                say(
                    out,
                    format_args!(
                        "{}  {}…{}  {state}  {name}",
                        key.id, key.prefix, key.last_four
                    ),
                )?;
            }
        }
        KeysCommand::Revoke { id } => {
            let key = crm.revoke_key(id).await?;
            say(
                out,
                format_args!("{}  {}…{}  revoked", key.id, key.prefix, key.last_four),
            )?;
        }
    }
    Ok(())
}

/// Prints a line.
fn say(out: &mut Out, line: std::fmt::Arguments<'_>) -> Result<(), CommandError> {
    writeln!(out, "{line}")
        .map_err(|error| format!("standard output cannot be written: {error}").into())
}
