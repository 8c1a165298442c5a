//! The commands of an operator: migrations, workspaces, API keys, and the secrets of webhooks.

use std::io::Write as _;

use relm_core::engine::Crm;
use relm_core::{ApiKey, KeyInput, KeyRotation, KeyScopes, ShownKey, Timestamp};

use super::database::open;
use super::outcome::{CommandError, Out};
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
            scope,
            expires_at,
            name,
        } => {
            let named = scope.into_iter().fold(KeyScopes::default(), KeyScopes::and);
            let scopes = match (read_only, named.is_empty()) {
                (true, _) => Some(KeyScopes::READ_ONLY),
                (false, true) => None,
                (false, false) => Some(named),
            };
            let input = KeyInput {
                name,
                scopes,
                expires_at,
            };
            let scoped = crm.open(workspace, mode.into()).await?;
            let new = scoped.keys().create(input, None).await?.decode()?;
            say_new(out, &new)?;
        }
        KeysCommand::List { workspace } => {
            for key in crm.keys(workspace).await? {
                say(out, format_args!("{}", line(&key, crm.now())))?;
            }
        }
        KeysCommand::Rotate {
            id,
            overlap_seconds,
            expires_at,
        } => {
            let rotation = KeyRotation {
                overlap_seconds: Some(overlap_seconds),
                expires_at,
            };
            let old = crm.key(id).await?;
            let scoped = crm.open(old.workspace_id, old.mode).await?;
            let new = scoped.keys().rotate(id, rotation, None).await?.decode()?;
            say_new(out, &new)?;
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

/// A key in a list: by its first and last characters.
fn line(key: &ApiKey, now: Timestamp) -> String {
    let ApiKey {
        id,
        prefix,
        last_four,
        ..
    } = key;
    let state = state(key, now);
    let used = key.last_used_at;
    let used = used.map_or("never used".to_owned(), |at| format!("used {at}"));
    let name = key.name.as_deref().unwrap_or("-");
    format!("{id}  {prefix}…{last_four}  {state}  {used}  {name}")
}

/// What a key may do, and until when, in a few words.
fn state(key: &ApiKey, now: Timestamp) -> String {
    let access = key.access.as_str();
    match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) if at <= now => format!("expired {at}"),
        (None, Some(at)) => format!("{access} until {at}"),
        (None, None) => access.to_owned(),
    }
}

/// Prints a key that was made: the one time that it can be read.
fn say_new(out: &mut Out, new: &ShownKey) -> Result<(), CommandError> {
    let secret = new.secret.as_deref().unwrap_or_default();
    say(out, format_args!("{}  {secret}", new.id))
}

/// Prints a line.
pub(super) fn say(out: &mut Out, line: std::fmt::Arguments<'_>) -> Result<(), CommandError> {
    writeln!(out, "{line}")
        .map_err(|error| format!("standard output cannot be written: {error}").into())
}
