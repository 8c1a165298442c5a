//! What the command line asks for: its log, its runtime, its command, and its exit code.

mod administration;
mod backup;
#[cfg(feature = "console")]
mod console;
#[cfg(not(feature = "console"))]
#[path = "run/no_console.rs"]
mod console;
mod console_notice;
mod database;
mod demo;
mod health;
mod log;
mod measuring;
mod outcome;
mod promotion;
mod reached;
mod serving;

use std::error::Error;
use std::process::ExitCode;

use self::administration::{keys, migrate, webhooks, workspaces};
use self::database::open_existing;
use self::outcome::CommandError;
use self::serving::serve_api;
use crate::config::{self, Cli, Command, LogFormat};

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
    let format = cli.log_format;
    log::start(cli.log.clone(), format);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into(), format),
    };
    let done = runtime.block_on(Box::pin(run(cli)));
    // Blocking work that outlived the deadline is not waited for.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, format),
    }
}

fn fail(error: &CommandError, format: LogFormat) -> ExitCode {
    // Of the engine's own errors, the cause says it all: their text is for clients.
    let of_engine = error.downcast_ref::<relm_core::Error>();
    let text = match of_engine.and_then(Error::source) {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    };
    log::last_words(&text, format);
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> Result<(), CommandError> {
    let Cli {
        command,
        database,
        log: _,
        log_format: _,
        serve,
    } = cli;
    let mut out = std::io::stdout();
    match command.unwrap_or(Command::Serve) {
        Command::Serve => serve_api(serve, database).await,
        Command::Migrate => migrate(&database, &mut out).await,
        Command::Health => health::check(serve.listen).await,
        Command::Backup { path, keep } => backup::backup(&database, &path, keep, &mut out),
        Command::Restore { backup, replace } => {
            backup::restore(&database, &backup, replace, &mut out)
        }
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
        Command::Schema { command } => {
            promotion::schema(&open_existing(&database).await?, command, &mut out).await
        }
        Command::Keys { command } => {
            keys(&open_existing(&database).await?, command, &mut out).await
        }
        #[cfg(feature = "console")]
        Command::Admin { command } => {
            let crm = open_existing(&database).await?;
            console::admin(&crm, &serve, command, &mut out).await
        }
    }
}
