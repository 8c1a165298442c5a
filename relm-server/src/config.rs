//! What the command line and the environment say.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Parser, Subcommand, ValueEnum};
use relm_core::{Id, Mode};
use relm_store_seaorm::Synchronous;

/// An API-first CRM in one binary.
#[derive(Debug, Parser)]
#[command(
    name = "relm-server",
    version,
    about,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    /// What to do; `serve` unless said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve, when no command is named.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API.
    Serve(ServeArgs),
    /// Make and list workspaces.
    Workspaces {
        /// Where they are.
        #[command(flatten)]
        database: DatabaseArgs,
        /// What to do.
        #[command(subcommand)]
        command: WorkspacesCommand,
    },
    /// Make, list and revoke API keys.
    Keys {
        /// Where they are.
        #[command(flatten)]
        database: DatabaseArgs,
        /// What to do.
        #[command(subcommand)]
        command: KeysCommand,
    },
}

/// What to do with workspaces.
#[derive(Debug, Subcommand)]
pub enum WorkspacesCommand {
    /// Make a workspace, and print its id.
    Create {
        /// Its name, which no other has.
        name: String,
    },
    /// Print all workspaces.
    List,
}

/// What to do with API keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key, and print it: the one time that it can be read.
    Create {
        /// The workspace that it opens.
        #[arg(long, value_parser = parse_id)]
        workspace: Id,
        /// The mode that it opens.
        #[arg(long, value_enum)]
        mode: ModeArg,
        /// Let it read alone.
        #[arg(long)]
        read_only: bool,
        /// What to call it.
        #[arg(long)]
        name: Option<String>,
    },
    /// Print the keys of a workspace, by their first and last characters.
    List {
        /// The workspace.
        #[arg(long, value_parser = parse_id)]
        workspace: Id,
    },
    /// Make a key stop working.
    Revoke {
        /// Its id, `key_…`.
        #[arg(value_parser = parse_id)]
        id: Id,
    },
}

/// How to serve.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// The address to listen on.
    #[arg(long, env = "RELM_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Where the records are.
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Requests that a workspace and mode may make in a minute; 0 for no limit.
    #[arg(long, env = "RELM_RATE_LIMIT_PER_MINUTE", default_value_t = 6000)]
    pub rate_limit_per_minute: u32,
    /// Seconds that open requests may take to end once the server is told to stop.
    #[arg(long, env = "RELM_SHUTDOWN_SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub shutdown_seconds: Duration,
}

/// Where the records are.
#[derive(Clone, Debug, Args)]
pub struct DatabaseArgs {
    /// `sqlite://PATH`, or `memory:` for nothing that lasts.
    #[arg(long, env = "RELM_DATABASE_URL", default_value = "sqlite://relm.db", value_parser = parse_database)]
    pub database: Database,
    /// What must have reached the disk when a write is acknowledged.
    #[arg(long, env = "RELM_SQLITE_SYNCHRONOUS", value_enum, default_value_t = SynchronousArg::Full)]
    pub sqlite_synchronous: SynchronousArg,
    /// 32 bytes in base64: what the secrets of webhooks are sealed with at rest.
    #[arg(long, env = "RELM_SECRET_KEY", hide_env_values = true, value_parser = parse_secret_key)]
    pub secret_key: Option<SecretKey>,
}

/// A database, as its URL names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// In memory: gone with the process.
    Memory,
    /// An SQLite file.
    Sqlite(PathBuf),
}

/// A mode, on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ModeArg {
    /// Live data.
    Live,
    /// Test data.
    Test,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Live => Self::Live,
            ModeArg::Test => Self::Test,
        }
    }
}

/// A durability, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SynchronousArg {
    /// Survives the loss of power.
    Full,
    /// Survives the end of the process.
    Normal,
}

impl From<SynchronousArg> for Synchronous {
    fn from(synchronous: SynchronousArg) -> Self {
        match synchronous {
            SynchronousArg::Full => Self::Full,
            SynchronousArg::Normal => Self::Normal,
        }
    }
}

/// A key that no log shows.
#[derive(Clone)]
pub struct SecretKey(pub [u8; 32]);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey")
    }
}

fn parse_database(url: &str) -> Result<Database, String> {
    if url == "memory:" {
        return Ok(Database::Memory);
    }
    match url.split_once("://") {
        Some(("sqlite", path)) if !path.is_empty() => Ok(Database::Sqlite(path.into())),
        Some((scheme @ ("postgres" | "postgresql" | "mysql" | "mariadb"), _)) => Err(format!(
            "{scheme} is not supported yet: use sqlite://PATH or memory:"
        )),
        _ => Err("a database is sqlite://PATH or memory:".to_owned()),
    }
}

fn parse_id(text: &str) -> Result<Id, String> {
    Id::parse(text).ok_or_else(|| format!("`{text}` is not an id"))
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .map_err(|_| "seconds are a whole number".to_owned())?;
    Ok(Duration::from_secs(seconds))
}

fn parse_secret_key(text: &str) -> Result<SecretKey, String> {
    let bytes = STANDARD.decode(text.trim()).ok();
    let key = bytes.and_then(|bytes| bytes.try_into().ok());
    key.map(SecretKey).ok_or_else(|| {
        "the key is 32 bytes in base64, as `openssl rand -base64 32` prints".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_database_url_names_a_file_or_memory() {
        assert_eq!(parse_database("memory:"), Ok(Database::Memory));
        assert_eq!(
            parse_database("sqlite://relm.db"),
            Ok(Database::Sqlite("relm.db".into()))
        );
        assert_eq!(
            parse_database("sqlite:///var/relm.db"),
            Ok(Database::Sqlite("/var/relm.db".into()))
        );
        for wrong in [
            "",
            "relm.db",
            "sqlite://",
            "postgres://localhost/relm",
            "http://x",
        ] {
            assert!(parse_database(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_secret_key_is_32_bytes_and_never_shown() {
        let key = parse_secret_key(&STANDARD.encode([7; 32])).unwrap();
        assert_eq!(format!("{key:?}"), "SecretKey");
        assert!(parse_secret_key("c2hvcnQ=").is_err());
    }
}
