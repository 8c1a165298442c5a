//! What the command line and the environment say.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Parser, Subcommand, ValueEnum};
use relm_core::crm::DispatchOptions;
use relm_core::webhook::Schedule;
use relm_core::{Id, Mode};
use relm_store_seaorm::Synchronous;

use crate::Cors;
use crate::serve::CONNECTIONS_PER_PEER_MAX_DEFAULT;
use crate::webhooks::AllowNets;

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
    /// Bring the tables of a database up to date, and end.
    Migrate {
        /// Which database.
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Make and list workspaces.
    Workspaces {
        /// Where they are.
        #[command(flatten)]
        database: DatabaseArgs,
        /// What to do.
        #[command(subcommand)]
        command: WorkspacesCommand,
    },
    /// Look after the endpoints of all workspaces.
    Webhooks {
        /// Where they are.
        #[command(flatten)]
        database: DatabaseArgs,
        /// What to do.
        #[command(subcommand)]
        command: WebhooksCommand,
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

/// What to do with the endpoints of all workspaces.
#[derive(Debug, Subcommand)]
pub enum WebhooksCommand {
    /// Seal every secret with the first key of `RELM_SECRET_KEY`, and print how many endpoints that changed.
    Reseal,
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
    /// How events are delivered.
    #[command(flatten)]
    pub webhooks: WebhookArgs,
    /// Requests that a workspace and mode may make in a minute; 0 for no limit.
    #[arg(long, env = "RELM_RATE_LIMIT_PER_MINUTE", default_value_t = 6000)]
    pub rate_limit_per_minute: u32,
    /// Connections that one address may have, or one IPv6 network of 64 bits; 0 for no bound. Behind a proxy all come from
    /// its address.
    #[arg(long, env = "RELM_CONNECTIONS_PER_PEER", default_value_t = CONNECTIONS_PER_PEER_MAX_DEFAULT)]
    pub connections_per_peer: usize,
    /// Origins whose web pages may read answers, such as `https://app.example.com,http://localhost:3000`, or `*` for all.
    #[arg(
        long,
        env = "RELM_CORS_ORIGINS",
        value_name = "ORIGINS",
        default_value = "",
        hide_default_value = true
    )]
    pub cors_origins: Cors,
    /// Seconds that open requests may take to end once the server is told to stop.
    #[arg(long, env = "RELM_SHUTDOWN_SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub shutdown_seconds: Duration,
}

/// How events are delivered.
#[derive(Clone, Debug, Args)]
pub struct WebhookArgs {
    /// The waits before each attempt of a delivery, such as `0s,5s,5m,2h`; the first is 0.
    #[arg(
        long = "webhook-schedule",
        env = "RELM_WEBHOOK_SCHEDULE",
        default_value = "0s,5s,5m,30m,2h,5h,10h,10h",
        value_parser = parse_schedule
    )]
    pub schedule: Schedule,
    /// Seconds that one attempt may take.
    #[arg(
        long = "webhook-timeout-seconds",
        env = "RELM_WEBHOOK_TIMEOUT_SECONDS",
        default_value_t = 15,
        value_parser = clap::value_parser!(u16).range(1..=300)
    )]
    pub timeout_seconds: u16,
    /// Days of nothing but failures after which an endpoint is disabled; 0 for never.
    #[arg(
        long = "webhook-disable-after-days",
        env = "RELM_WEBHOOK_DISABLE_AFTER_DAYS",
        default_value_t = 5
    )]
    pub disable_after_days: u16,
    /// Networks and addresses that webhooks may reach though they are not public, over http too: 10.20.0.0/16,fd12::/48.
    #[arg(
        long = "webhook-allow-nets",
        env = "RELM_WEBHOOK_ALLOW_NETS",
        value_name = "NETS",
        default_value = "",
        hide_default_value = true
    )]
    pub allow_nets: AllowNets,
    /// Whether webhooks of test mode may reach loopback: default: where the server itself listens there alone.
    #[arg(
        long = "webhook-allow-loopback",
        env = "RELM_WEBHOOK_ALLOW_LOOPBACK",
        value_name = "BOOL",
        value_parser = clap::builder::BoolishValueParser::new()
    )]
    pub allow_loopback: Option<bool>,
    /// A PEM file of root certificates that endpoints may show beside those that browsers trust.
    #[arg(
        long = "webhook-ca-file",
        env = "RELM_WEBHOOK_CA_FILE",
        value_name = "PATH"
    )]
    pub ca_file: Option<PathBuf>,
    /// Days that events and their deliveries are kept; 0 for ever.
    #[arg(long, env = "RELM_EVENT_RETENTION_DAYS", default_value_t = 30)]
    pub event_retention_days: u32,
}

impl WebhookArgs {
    /// What they mean to a dispatcher.
    pub fn options(&self) -> DispatchOptions {
        let day = Duration::from_secs(24 * 60 * 60);
        let days = u32::from(self.disable_after_days);
        let mut options = DispatchOptions::default();
        options.schedule = self.schedule.clone();
        options.timeout = Duration::from_secs(u64::from(self.timeout_seconds));
        options.disable_after = (days > 0).then(|| day * days);
        options
    }
}

/// Where the records are.
#[derive(Clone, Debug, Args)]
pub struct DatabaseArgs {
    /// `sqlite://PATH`, `postgres://…`, `mysql://…` (MariaDB too), or `memory:` for nothing that lasts.
    #[arg(long, env = "RELM_DATABASE_URL", hide_env_values = true, default_value = "sqlite://relm.db", value_parser = parse_database)]
    pub database: Database,
    /// What must have reached the disk when a write is acknowledged.
    #[arg(long, env = "RELM_SQLITE_SYNCHRONOUS", value_enum, default_value_t = SynchronousArg::Full)]
    pub sqlite_synchronous: SynchronousArg,
    /// Refuse a database whose tables are behind, rather than bring them up to date.
    #[arg(long, env = "RELM_NO_MIGRATE", value_parser = clap::builder::FalseyValueParser::new())]
    pub no_migrate: bool,
    /// Connections to PostgreSQL or MariaDB that are open at once.
    #[arg(long = "database-connections", env = "RELM_DATABASE_CONNECTIONS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections: u32,
    /// Seconds that a request waits for one of them.
    #[arg(long = "database-acquire-seconds", env = "RELM_DATABASE_ACQUIRE_SECONDS", default_value = "5", value_parser = parse_seconds)]
    pub acquire: Duration,
    /// Seconds that a statement may take there.
    #[arg(long = "database-statement-seconds", env = "RELM_DATABASE_STATEMENT_SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub statement: Duration,
    /// Statements that each connection keeps prepared.
    #[arg(
        long = "database-statements-cached",
        env = "RELM_DATABASE_STATEMENTS_CACHED",
        default_value = "256"
    )]
    pub statements_cached: NonZeroUsize,
    /// 32 bytes in base64: what the secrets of webhooks are sealed with at rest. Of several, with commas between them,
    /// the first seals and each opens what it sealed.
    #[arg(
        long = "secret-key",
        env = "RELM_SECRET_KEY",
        hide_env_values = true,
        value_delimiter = ',',
        value_parser = parse_secret_key
    )]
    pub secret_keys: Vec<SecretKey>,
}

/// A database, as its URL names it.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// In memory: gone with the process.
    Memory,
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A server of PostgreSQL, MariaDB or MySQL.
    Server(String),
}

impl fmt::Display for Database {
    /// The URL, without what may be secret in it: of a server's, its scheme and its host.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory: (nothing is kept)"),
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Server(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
                let rest = rest.split('?').next().unwrap_or_default();
                let (_, host) = rest.rsplit_once('@').unwrap_or(("", rest));
                write!(f, "{scheme}://{host}")
            }
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
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
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
            Ok(Database::Server(url.to_owned()))
        }
        // MariaDB speaks MySQL's protocol, and its driver knows no other name for it.
        #[cfg(feature = "mysql")]
        Some(("mysql" | "mariadb", rest)) if !rest.is_empty() => {
            Ok(Database::Server(format!("mysql://{rest}")))
        }
        _ => Err("a database is sqlite://PATH, postgres://…, mysql://… or memory:".to_owned()),
    }
}

fn parse_id(text: &str) -> Result<Id, String> {
    Id::parse(text).ok_or_else(|| format!("`{text}` is not an id"))
}

fn parse_schedule(text: &str) -> Result<Schedule, String> {
    let steps: Result<Vec<Duration>, String> = text.split(',').map(parse_duration).collect();
    Schedule::new(steps?).map_err(|error| error.message().to_owned())
}

/// Reads `200ms`, `5s`, `30m`, `2h` or `1d`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit_ms = match &text[digits.len()..] {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    let count: Option<u64> = digits.parse().ok();
    let millis = count
        .zip(unit_ms)
        .and_then(|(count, unit)| count.checked_mul(unit));
    millis.map(Duration::from_millis).ok_or_else(|| {
        format!("`{text}` is not a whole number with a unit, such as 200ms, 5s, 30m, 2h or 1d")
    })
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
    fn a_schedule_is_durations() {
        let schedule = parse_schedule("0s, 200ms,5m,2h,1d").unwrap();
        assert_eq!(schedule.to_string(), "0s, 200ms, 5m, 2h, 24h");
        for bad in [
            "",
            "5s",
            "0",
            "0s,,5s",
            "0s,1.5s",
            "0s,5",
            "0s,-1s",
            "0s,5 parsecs",
        ] {
            assert!(parse_schedule(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_may_follow_one_another() {
        let key = |byte: u8| STANDARD.encode([byte; 32]);
        let both = format!("{},{}", key(1), key(2));
        let cli = Cli::try_parse_from(["relm-server", "--secret-key", &both]).unwrap();
        let keys = cli.serve.database.secret_keys;
        assert_eq!(keys.iter().map(|key| key.0[0]).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_database_url_names_what_there_is() {
        assert_eq!(parse_database("memory:"), Ok(Database::Memory));
        assert_eq!(
            parse_database("sqlite://relm.db"),
            Ok(Database::Sqlite("relm.db".into()))
        );
        assert_eq!(
            parse_database("sqlite:///var/relm.db"),
            Ok(Database::Sqlite("/var/relm.db".into()))
        );
        for wrong in ["", "relm.db", "sqlite://", "postgres://", "http://x"] {
            assert!(parse_database(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    #[cfg(all(feature = "postgres", feature = "mysql"))]
    fn a_database_shows_no_password() {
        for (url, shown) in [
            (
                "postgres://relm:pass@word@db:5432/relm?sslpassword=x",
                "postgres://db:5432/relm",
            ),
            ("postgresql://db/relm", "postgresql://db/relm"),
            ("mariadb://relm:secret@db/relm", "mysql://db/relm"),
        ] {
            let database = parse_database(url).unwrap();
            assert_eq!(database.to_string(), shown);
            assert_eq!(format!("{database:?}"), shown);
        }
    }

    fn webhook_args(args: &[&str]) -> Result<WebhookArgs, String> {
        let line = ["relm-server", "serve"].iter().chain(args);
        let cli = Cli::try_parse_from(line).map_err(|error| error.to_string())?;
        match cli.command {
            Some(Command::Serve(serve)) => Ok(serve.webhooks),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn webhooks_reach_public_addresses_alone_unless_the_operator_names_others() {
        let args = webhook_args(&[]).unwrap();
        assert_eq!(args.allow_nets, AllowNets::default());
        assert_eq!(args.ca_file, None);
        let nets = "10.20.0.0/16, ::1";
        let line = [
            "--webhook-allow-nets",
            nets,
            "--webhook-ca-file",
            "/etc/ca.pem",
        ];
        let args = webhook_args(&line).unwrap();
        assert_eq!(args.allow_nets, nets.parse().unwrap());
        assert_eq!(args.ca_file, Some("/etc/ca.pem".into()));
    }

    #[test]
    fn a_network_that_is_none_is_named() {
        let error = webhook_args(&["--webhook-allow-nets", "::1,10.0.0.1/8"]).unwrap_err();
        assert!(error.contains("`10.0.0.1/8` has bits beyond"), "{error}");
    }

    #[test]
    fn the_settings_of_webhooks_are_environment_variables_too() {
        let command = Cli::command();
        let serve = command.find_subcommand("serve").unwrap();
        let named = |name: &str| {
            serve
                .get_arguments()
                .any(|arg| arg.get_env() == Some(name.as_ref()))
        };
        assert!(named("RELM_WEBHOOK_ALLOW_NETS") && named("RELM_WEBHOOK_CA_FILE"));
    }

    #[test]
    fn a_secret_key_is_32_bytes_and_never_shown() {
        let key = parse_secret_key(&STANDARD.encode([7; 32])).unwrap();
        assert_eq!(format!("{key:?}"), "SecretKey");
        assert!(parse_secret_key("c2hvcnQ=").is_err());
    }
}
