//! The commands: serving, and the keys and workspaces that an operator handles.

use std::error::Error;
use std::future::Future;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use relm_core::engine::{Crm, CrmBuilder};
use relm_core::{ErrorKind, KeyAccess, Mode};
use relm_store_memory::MemoryStore;

#[cfg(any(feature = "postgres", feature = "mysql"))]
use relm_store_seaorm::{PoolOptions, SeaOrmStore};
use relm_store_seaorm::{SqliteOptions, SqliteStore};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::allocator;
use crate::api::Api;
use crate::config::{
    self, Cli, Command, Database, DatabaseArgs, KeysCommand, LogFilter, ServeArgs, WebhooksCommand,
    WorkspacesCommand,
};
use crate::dispatch::{self, Stop};
use crate::serve::{Limits, serve};

#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::shared_clock::SharedClock;
use crate::webhooks::{AllowNets, HttpTransport, Reach, TransportOptions};

/// Tasks that a worker runs before it looks at its sockets. A walk that yields between slices is ready again at once, and so is
/// every other: of tokio's 61, each may be a slice that somebody's health check waits for.
const TASKS_BETWEEN_EVENTS: u32 = 7;
/// The name of the workspace that a first start makes.
const FIRST_WORKSPACE: &str = "default";

type Failure = Box<dyn Error + Send + Sync>;

/// What is written to stdout with.
type Out = std::io::Stdout;

/// Does what the command line says. A failure is one line on stderr and exit code 1; what is wrong with the command line
/// itself is as long as it needs, and exit code 2.
pub fn main() -> ExitCode {
    let cli = match config::read() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to be told that it cannot be printed.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(u8::MAX));
        }
    };
    start_log(cli.log.clone());
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .event_interval(TASKS_BETWEEN_EVENTS)
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

fn fail(error: &Failure) -> ExitCode {
    // Of the engine's own errors, the cause says it all: their text is what a client would be told.
    let of_engine = error.downcast_ref::<relm_core::Error>();
    let text = match of_engine.and_then(Error::source) {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    };
    // Nobody is left to be told that it cannot be printed.
    let _ = writeln!(std::io::stderr(), "relm-server: {text}");
    ExitCode::FAILURE
}

fn start_log(filter: LogFilter) {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from(filter))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let Cli {
        command,
        database,
        log: _,
        serve,
    } = cli;
    let mut out = std::io::stdout();
    match command.unwrap_or(Command::Serve) {
        Command::Serve => serve_api(serve, database).await,
        Command::Migrate => migrate(&database, &mut out).await,
        Command::Workspaces { command } => {
            workspaces(&open_existing(&database).await?, command, &mut out).await
        }
        Command::Webhooks { command } => {
            if database.secret_keys.is_empty() {
                return Err(
                    "set RELM_SECRET_KEY: its first key is what secrets are sealed with".into(),
                );
            }
            webhooks(&open_existing(&database).await?, command, &mut out).await
        }
        Command::Keys { command } => {
            keys(&open_existing(&database).await?, command, &mut out).await
        }
    }
}

/// The engine over a database that is there and up to date: a command that was typed in the wrong folder, or before this
/// program's own replicas run, makes and changes none.
async fn open_existing(args: &DatabaseArgs) -> Result<Crm, Failure> {
    match &args.database {
        Database::Memory => {
            return Err(
                "memory: is gone with the process that serves it: name a database that lasts"
                    .into(),
            );
        }
        Database::Sqlite(path) if !path.exists() => return Err(no_database(path).into()),
        Database::Sqlite(_) | Database::Server(_) => {}
    }
    Ok(open(args, false).await?.build())
}

fn no_database(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!(
        "there is no database at {}: name it with --database or RELM_DATABASE_URL, or make it with `relm-server migrate`",
        path.display()
    )
}

/// The engine over the database that was asked for.
async fn open(args: &DatabaseArgs, migrates: bool) -> Result<CrmBuilder, Failure> {
    let builder = match &args.database {
        Database::Memory => Crm::builder(Arc::new(MemoryStore::new())),
        Database::Sqlite(path) => {
            let options = SqliteOptions::new(path)
                .synchronous(args.sqlite_synchronous.into())
                .migrate(migrates);
            let store = SqliteStore::open(options);
            Crm::builder(Arc::new(
                store.map_err(|error| format!("{}: {error}", path.display()))?,
            ))
        }
        Database::Server(url) => Box::pin(open_server(url, args, migrates)).await?,
    };
    let keys = args.secret_keys.iter();
    Ok(keys.fold(builder, |builder, key| builder.sealing_key(key.0)))
}

/// Replicas go by one clock: the database's.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn open_server(
    url: &str,
    args: &DatabaseArgs,
    migrates: bool,
) -> Result<CrmBuilder, Failure> {
    let options = PoolOptions::new()
        .connections_max(args.connections)
        .acquire_timeout(args.acquire)
        .statement_timeout(args.statement)
        .statements_cached(args.statements_cached)
        .migrate(migrates);
    let fail = |error: &dyn Error| format!("{}: {error}", args.database);
    let store = SeaOrmStore::connect(url, options).await;
    let store = Arc::new(store.map_err(|error| fail(&error))?);
    let clock = SharedClock::follow(Arc::clone(&store)).await;
    let clock = clock.map_err(|error| fail(&error))?;
    Ok(Crm::builder(store).clock(clock))
}

#[cfg(not(any(feature = "postgres", feature = "mysql")))]
async fn open_server(_: &str, args: &DatabaseArgs, _: bool) -> Result<CrmBuilder, Failure> {
    Err(format!("{}: this program was built without it", args.database).into())
}

/// Opening a database is what brings it up to date.
async fn migrate(args: &DatabaseArgs, out: &mut Out) -> Result<(), Failure> {
    open(args, true).await?;
    say(out, format_args!("{} is up to date", args.database))
}

/// Prints a line.
fn say(out: &mut Out, line: std::fmt::Arguments<'_>) -> Result<(), Failure> {
    writeln!(out, "{line}")
        .map_err(|error| format!("standard output cannot be written: {error}").into())
}

async fn serve_api(args: ServeArgs, database: DatabaseArgs) -> Result<(), Failure> {
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
    let crm = open(&database, !database.no_migrate).await?;
    let crm = crm.plain_http(plain_http).targets(reach).build();
    if database.secret_keys.is_empty() {
        tracing::warn!(
            "RELM_SECRET_KEY is not set: the secrets of webhooks are kept in the database as they are"
        );
    }
    let keys = first_keys(&crm).await?;
    // Whoever reads the address may tell the server to stop at once: it must hear that already.
    let stop = Stop::on(stop_signal());
    if let Err(error) = announce(&database.database, &address.to_string(), keys.as_ref()) {
        // Whoever reads no further, such as `head`, does not end what others are served.
        tracing::warn!(%error, "what was to be printed is lost; `relm-server keys create` makes further keys");
    }
    let drain = args.shutdown_seconds;
    let options = args.webhooks.options();
    let deliveries = dispatch::deliver(crm.clone(), transport, options, stop.clone(), drain);
    let deliveries = tokio::spawn(deliveries);
    if args.webhooks.event_retention_days > 0 {
        let days = args.webhooks.event_retention_days;
        tokio::spawn(dispatch::retain(crm.clone(), days, stop.clone()));
    }
    tokio::spawn(allocator::give_back_freed_memory());
    let limits = Limits {
        connections_per_peer_max: args.connections_per_peer,
        drain_timeout: drain,
        ..Limits::default()
    };
    let limit = args.rate_limit_per_minute;
    let api = match database.database {
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

fn announce(database: &Database, address: &str, keys: Option<&[String; 2]>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
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
    out.flush()
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

async fn workspaces(crm: &Crm, command: WorkspacesCommand, out: &mut Out) -> Result<(), Failure> {
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

async fn webhooks(crm: &Crm, command: WebhooksCommand, out: &mut Out) -> Result<(), Failure> {
    match command {
        WebhooksCommand::Reseal => say(out, format_args!("{}", crm.reseal_secrets().await?))?,
    }
    Ok(())
}

async fn keys(crm: &Crm, command: KeysCommand, out: &mut Out) -> Result<(), Failure> {
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
                let state = match key.revoked_at {
                    Some(at) => format!("revoked {at}"),
                    None => key.access.as_str().to_owned(),
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
