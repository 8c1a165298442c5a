//! The commands: serving, and the keys and workspaces that an operator handles.

use std::error::Error;
use std::future::Future;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use clap::error::ContextKind;
use relm_core::crm::{Crm, CrmBuilder};
use relm_core::{ErrorKind, KeyAccess, Mode};
use relm_store_memory::MemoryStore;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use relm_store_seaorm::{PoolOptions, PooledStore};
use relm_store_seaorm::{SqliteOptions, SqliteStore};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::allocator;
use crate::api::Api;
use crate::config::{
    Cli, Command, Database, DatabaseArgs, KeysCommand, ServeArgs, WebhooksCommand,
    WorkspacesCommand,
};
use crate::dispatch::{self, Stop};
use crate::serve::{Limits, serve};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::shared_clock::SharedClock;
use crate::webhooks::{AllowNets, HttpTransport, Reach, TransportOptions};

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
    let done = runtime.block_on(Box::pin(run(cli)));
    // Blocking work that outlived the deadline is not waited for.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Help and version are answers; anything else about the command line is a failure of one line.
fn say_usage(error: &clap::Error) -> ExitCode {
    // The value itself is not said again: it may be a key, or an address with a password in it.
    if let (Some(setting), Some(reason)) = (error.get(ContextKind::InvalidArg), error.source()) {
        eprintln!("relm-server: {setting}: {reason}");
        return ExitCode::FAILURE;
    }
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
    // Of the engine's own errors, the cause says it all: their text is what a client would be told.
    let of_engine = error.downcast_ref::<relm_core::Error>();
    match of_engine.and_then(Error::source) {
        Some(cause) => eprintln!("relm-server: {cause}"),
        None => eprintln!("relm-server: {error}"),
    }
    ExitCode::FAILURE
}

fn start_log() {
    let filter = EnvFilter::try_from_env("RELM_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

async fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => serve_api(args).await,
        Command::Migrate { database } => migrate(database).await,
        Command::Workspaces { database, command } => {
            workspaces(&open(&database).await?.build(), command).await
        }
        Command::Webhooks { database, command } => {
            if database.secret_keys.is_empty() {
                return Err(
                    "set RELM_SECRET_KEY: its first key is what secrets are sealed with".into(),
                );
            }
            webhooks(&open(&database).await?.build(), command).await
        }
        Command::Keys { database, command } => keys(&open(&database).await?.build(), command).await,
    }
}

/// The engine over the database that was asked for.
async fn open(args: &DatabaseArgs) -> Result<CrmBuilder, Failure> {
    let builder = match &args.database {
        Database::Memory => Crm::builder(Arc::new(MemoryStore::new())),
        Database::Sqlite(path) => {
            let options = SqliteOptions::new(path)
                .synchronous(args.sqlite_synchronous.into())
                .migrate(!args.no_migrate);
            let store = SqliteStore::open(options);
            Crm::builder(Arc::new(
                store.map_err(|error| format!("{}: {error}", path.display()))?,
            ))
        }
        Database::Server(url) => Box::pin(open_server(url, args)).await?,
    };
    let keys = args.secret_keys.iter();
    Ok(keys.fold(builder, |builder, key| builder.sealing_key(key.0)))
}

/// Replicas go by one clock: the database's.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn open_server(url: &str, args: &DatabaseArgs) -> Result<CrmBuilder, Failure> {
    let options = PoolOptions::new(url)
        .connections_max(args.connections)
        .acquire_timeout(args.acquire)
        .statement_timeout(args.statement)
        .statements_cached(args.statements_cached)
        .migrate(!args.no_migrate);
    let fail = |error: &dyn Error| format!("{}: {error}", args.database);
    let store = PooledStore::open(options).await;
    let store = Arc::new(store.map_err(|error| fail(&error))?);
    let clock = SharedClock::follow(Arc::clone(&store)).await;
    let clock = clock.map_err(|error| fail(&error))?;
    Ok(Crm::builder(store).clock(clock))
}

#[cfg(not(any(feature = "postgres", feature = "mysql")))]
async fn open_server(_: &str, args: &DatabaseArgs) -> Result<CrmBuilder, Failure> {
    Err(format!("{}: this program was built without it", args.database).into())
}

/// Opening a database is what brings it up to date.
async fn migrate(database: DatabaseArgs) -> Result<(), Failure> {
    let database = DatabaseArgs {
        no_migrate: false,
        ..database
    };
    open(&database).await?;
    println!("{} is up to date", database.database);
    Ok(())
}

async fn serve_api(args: ServeArgs) -> Result<(), Failure> {
    // The port first: when it is taken, nothing else was touched.
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", args.listen))?;
    let address = listener.local_addr()?;
    let loopback = args.webhooks.allow_loopback;
    let options = TransportOptions {
        allow_nets: args.webhooks.allow_nets.clone(),
        allow_loopback: loopback.unwrap_or(address.ip().is_loopback()),
        ca_file: args.webhooks.ca_file.clone(),
        ..TransportOptions::default()
    };
    // One rule for endpoints that are made and for attempts to reach them.
    let reach = Arc::new(Reach::new(&options));
    let transport = HttpTransport::new(options)?;
    // Where an operator allows networks of their own, http leads to no others: the transport sees to that.
    let plain_http = args.webhooks.allow_nets != AllowNets::default();
    let crm = open(&args.database).await?;
    let crm = crm.plain_http(plain_http).targets(reach).build();
    if args.database.secret_keys.is_empty() {
        tracing::warn!(
            "RELM_SECRET_KEY is not set: the secrets of webhooks are kept in the database as they are"
        );
    }
    let keys = first_keys(&crm).await?;
    // Whoever reads the address may tell the server to stop at once: it must hear that already.
    let stop = Stop::on(stop_signal());
    announce(&args, &address.to_string(), keys.as_ref())?;
    let drain = args.shutdown_seconds;
    let options = args.webhooks.options();
    let deliveries = dispatch::deliver(crm.clone(), transport, options, stop.clone(), drain);
    let deliveries = tokio::spawn(deliveries);
    if args.webhooks.event_retention_days > 0 {
        let days = args.webhooks.event_retention_days;
        tokio::spawn(dispatch::prune(crm.clone(), days, stop.clone()));
    }
    tokio::spawn(allocator::give_back_freed_memory());
    let limits = Limits {
        connections_per_peer_max: args.connections_per_peer,
        drain_timeout: drain,
        ..Limits::default()
    };
    let limit = args.rate_limit_per_minute;
    let api = match args.database.database {
        Database::Memory | Database::Sqlite(_) => Api::new(crm, limit),
        Database::Server(_) => Api::of_replicas(crm, limit),
    };
    let api = Arc::new(api.cors(args.cors_origins));
    if !serve(listener, api, limits, stop.wait()).await {
        tracing::warn!("some requests did not end in time and were cut off");
    }
    // It ends within the same deadline; a panic in it was logged.
    let _ = deliveries.await;
    tracing::info!("stopped");
    Ok(())
}

/// On an empty database, a workspace and a key for each of its modes.
async fn first_keys(crm: &Crm) -> Result<Option<[String; 2]>, Failure> {
    if !crm.workspaces().await?.is_empty() {
        return Ok(None);
    }
    let workspace = match crm.create_workspace(FIRST_WORKSPACE).await {
        Ok(workspace) => workspace.id,
        // Another replica was first.
        Err(error) if error.kind() == ErrorKind::Conflict => return Ok(None),
        Err(error) => return Err(error.into()),
    };
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
    let database = &args.database.database;
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

/// Listens for SIGINT and SIGTERM from now on; ends on the first of them.
fn stop_signal() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    );
    async move {
        match signals {
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

async fn webhooks(crm: &Crm, command: WebhooksCommand) -> Result<(), Failure> {
    match command {
        WebhooksCommand::Reseal => println!("{}", crm.reseal_secrets().await?),
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
