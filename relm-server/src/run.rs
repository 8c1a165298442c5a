//! What the command line asks for: its log, its runtime, its command, and its exit code.

mod administration;
mod database;
mod serving;

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use self::administration::{keys, migrate, webhooks, workspaces};
use self::database::open_existing;
use self::serving::serve_api;
use crate::config::{self, Cli, Command, LogFilter};

/// Why a command failed: its text is what the operator reads.
type CommandError = Box<dyn Error + Send + Sync>;

/// What is written to stdout with.
type Out = std::io::Stdout;

/// Does what the command line says. A failure is one line on stderr and exit code 1; what is wrong with the command line
/// itself is as long as it needs, and exit code 2.
pub fn main() -> ExitCode {
    let cli = match config::read() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to read that it cannot be printed.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(u8::MAX));
        }
    };
    start_log(cli.log.clone());
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

fn fail(error: &CommandError) -> ExitCode {
    // Of the engine's own errors, the cause says it all: their text is for clients.
    let of_engine = error.downcast_ref::<relm_core::Error>();
    let text = match of_engine.and_then(Error::source) {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    };
    // Nobody is left to read that it cannot be printed.
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

async fn run(cli: Cli) -> Result<(), CommandError> {
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
