//! The commands: serving, and the keys and workspaces that an operator handles.

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use relm_core::crm::Crm;
use relm_core::{KeyAccess, Mode, Store};
use relm_store_memory::MemoryStore;
use relm_store_seaorm::{SqliteOptions, SqliteStore};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::api::Api;
use crate::config::{
    Cli, Command, Database, DatabaseArgs, KeysCommand, ServeArgs, WorkspacesCommand,
};
use crate::serve::{Limits, serve};

/// The name of the workspace that a first start makes.
const FIRST_WORKSPACE: &str = "default";

type Failure = Box<dyn Error + Send + Sync>;

/// Does what the command line says. A failure is one line on stderr and exit code 1.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return say_usage(&error),
    };
    start_log();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let done = runtime.block_on(run(cli));
    // Blocking work that outlived the deadline is not waited for.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Help and version are answers; anything else about the command line is a failure of one line.
fn say_usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let text = error.to_string();
        let line = text
            .lines()
            .next()
            .unwrap_or("error: the command line is not understood");
        eprintln!("relm-server: {}", line.trim_start_matches("error: "));
        return ExitCode::FAILURE;
    }
    let _ = error.print();
    ExitCode::SUCCESS
}

fn fail(error: &Failure) -> ExitCode {
    eprintln!("relm-server: {error}");
    ExitCode::FAILURE
}

fn start_log() {
    let filter = EnvFilter::try_from_env("RELM_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

async fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => serve_api(args).await,
        Command::Workspaces { database, command } => workspaces(&open(&database)?, command).await,
        Command::Keys { database, command } => keys(&open(&database)?, command).await,
    }
}

/// The engine over the database that was asked for.
fn open(args: &DatabaseArgs) -> Result<Crm, Failure> {
    let store: Arc<dyn Store> = match &args.database {
        Database::Memory => Arc::new(MemoryStore::new()),
        Database::Sqlite(path) => {
            let options = SqliteOptions::new(path).synchronous(args.sqlite_synchronous.into());
            let store = SqliteStore::open(options);
            Arc::new(store.map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };
    let builder = Crm::builder(store);
    Ok(match &args.secret_key {
        Some(key) => builder.sealing_key(key.0).build(),
        None => builder.build(),
    })
}

async fn serve_api(args: ServeArgs) -> Result<(), Failure> {
    // The port first: when it is taken, nothing else was touched.
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", args.listen))?;
    let address = listener.local_addr()?;
    let crm = open(&args.database)?;
    if args.database.secret_key.is_none() {
        tracing::warn!(
            "RELM_SECRET_KEY is not set: the secrets of webhooks are kept in the database as they are"
        );
    }
    let keys = first_keys(&crm).await?;
    announce(&args, &address.to_string(), keys.as_ref())?;
    let limits = Limits {
        drain_timeout: args.shutdown_seconds,
        ..Limits::default()
    };
    let api = Arc::new(Api::new(crm, args.rate_limit_per_minute));
    if !serve(listener, api, limits, stop_signal()).await {
        tracing::warn!("some requests did not end in time and were cut off");
    }
    tracing::info!("stopped");
    Ok(())
}

/// On an empty database, a workspace and a key for each of its modes.
async fn first_keys(crm: &Crm) -> Result<Option<[String; 2]>, Failure> {
    if !crm.workspaces().await?.is_empty() {
        return Ok(None);
    }
    let workspace = crm.create_workspace(FIRST_WORKSPACE).await?.id;
    let make = |mode| {
        crm.create_key(
            workspace,
            mode,
            KeyAccess::Full,
            Some(FIRST_WORKSPACE.to_owned()),
        )
    };
    let live = make(Mode::Live).await?;
    let test = make(Mode::Test).await?;
    Ok(Some([live.secret, test.secret]))
}

fn announce(args: &ServeArgs, address: &str, keys: Option<&[String; 2]>) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let database = match &args.database.database {
        Database::Memory => "memory: (nothing is kept)".to_owned(),
        Database::Sqlite(path) => format!("sqlite://{}", path.display()),
    };
    writeln!(out, "Relm serves http://{address} from {database}")?;
    if let Some([live, test]) = keys {
        writeln!(
            out,
            "\nA workspace `{FIRST_WORKSPACE}` was made. Its keys, shown this once:\n"
        )?;
        writeln!(out, "  live  {live}\n  test  {test}\n")?;
        writeln!(out, "Try it:\n")?;
        writeln!(
            out,
            "  curl -X POST http://{address}/v1/contacts -H 'Authorization: Bearer {test}' \
             -H 'Content-Type: application/json' -d '{{\"email\":\"ada@example.com\"}}'\n"
        )?;
    }
    writeln!(out, "Press Ctrl-C to stop.")?;
    Ok(out.flush()?)
}

/// Ends on the first SIGINT or SIGTERM.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            tracing::info!("stopping");
        }
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(%error, "signals cannot be heard; end the process to stop");
            std::future::pending::<()>().await;
        }
    }
}

async fn workspaces(crm: &Crm, command: WorkspacesCommand) -> Result<(), Failure> {
    match command {
        WorkspacesCommand::Create { name } => {
            println!("{}", crm.create_workspace(&name).await?.id);
        }
        WorkspacesCommand::List => {
            for workspace in crm.workspaces().await? {
                println!(
                    "{}  {}  {}",
                    workspace.id, workspace.created_at, workspace.name
                );
            }
        }
    }
    Ok(())
}

async fn keys(crm: &Crm, command: KeysCommand) -> Result<(), Failure> {
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
            println!("{}  {}", new.key.id, new.secret);
        }
        KeysCommand::List { workspace } => {
            for key in crm.keys(workspace).await? {
                let state = match key.revoked_at {
                    Some(at) => format!("revoked {at}"),
                    None => key.access.as_str().to_owned(),
                };
                let name = key.name.as_deref().unwrap_or("-");
                println!(
                    "{}  {}…{}  {state}  {name}",
                    key.id, key.prefix, key.last_four
                );
            }
        }
        KeysCommand::Revoke { id } => {
            let key = crm.revoke_key(id).await?;
            println!("{}  {}…{}  revoked", key.id, key.prefix, key.last_four);
        }
    }
    Ok(())
}
