//! What the command line and the environment say.
//!
//! `values.rs` reads single values, `usage.rs` the whole line.

mod schema;
mod usage;
mod values;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand};
use relm_core::engine::DispatchOptions;
use relm_core::limits::KEY_OVERLAP_SECONDS_DEFAULT;
use relm_core::webhook::Schedule;
use relm_core::{Id, KeyScope, Timestamp};

use crate::Cors;
use crate::html::BaseUrl;
use crate::serve::CONNECTIONS_PER_PEER_MAX_DEFAULT;
use crate::webhooks::AllowNets;

pub use self::schema::{PromotionArgs, SchemaCommand};
pub use self::usage::read;
pub use self::values::{Database, LogFilter, LogFormat, ModeArg, SecretKey, SynchronousArg};
use self::values::{
    parse_count, parse_database, parse_id, parse_listen, parse_log, parse_schedule, parse_scope,
    parse_seconds, parse_secret_key, parse_switch, parse_time,
};

/// An API-first CRM in one binary.
#[derive(Debug, Parser)]
#[command(name = "relm-server", version, about)]
pub struct Cli {
    /// What to do; default: `serve`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Where the records are.
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// What is logged, to stderr: a level, of all or of a module, such as `warn,relm_server=debug`; `info` logs each request, too,
    /// which the default leaves out.
    #[arg(long, env = "RELM_LOG", value_name = "FILTER", default_value = "info,relm_server::request=off", value_parser = parse_log)]
    pub log: LogFilter,
    /// How a line of the log is written.
    #[arg(long, env = "RELM_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// How to serve.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API.
    Serve,
    /// Bring the tables of a database up to date, and end.
    Migrate,
    /// Ask the server at `RELM_LISTEN` of this host whether it takes requests; status 1 where it does not.
    Health,
    /// Copy an SQLite database, while a server serves it, and print where the copy is.
    Backup {
        /// A file that is not there yet, or a folder, in which the copy gets a name that tells the time.
        path: PathBuf,
        /// In a folder, keep so many of the newest copies of this database, 1 or more, and delete the others.
        #[arg(long, value_name = "N", value_parser = parse_count)]
        keep: Option<NonZeroUsize>,
    },
    /// Make the database what a backup holds, once no server has it open.
    Restore {
        /// What `backup` made.
        backup: PathBuf,
        /// Overwrite the database that is there, and keep it in a file beside it.
        #[arg(long)]
        replace: bool,
    },
    /// Make and list workspaces.
    Workspaces {
        /// What to do.
        #[command(subcommand)]
        command: WorkspacesCommand,
    },
    /// Look after the endpoints of all workspaces.
    Webhooks {
        /// What to do.
        #[command(subcommand)]
        command: WebhooksCommand,
    },
    /// Plan what it means to promote the custom fields of test mode to live mode, and do it.
    Schema {
        /// What to do.
        #[command(subcommand)]
        command: SchemaCommand,
    },
    /// Make, list, rotate and revoke API keys.
    Keys {
        /// What to do.
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Look after who signs in to the console.
    #[cfg(feature = "console")]
    Admin {
        /// What to do.
        #[command(subcommand)]
        command: AdminCommand,
    },
}

/// What to do with those who sign in to the console.
#[cfg(feature = "console")]
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Print a link that sets another password, once, within a day. Sessions of the person end when it is used.
    Reset {
        /// The address of the person; default: the first owner.
        email: Option<String>,
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
        #[arg(long, conflicts_with = "scope")]
        read_only: bool,
        /// What it may do, such as `contacts:read` or `*:write`; may be given more than once. Left out, it may do everything.
        #[arg(long, value_parser = parse_scope)]
        scope: Vec<KeyScope>,
        /// When it stops working, such as `2030-01-01T00:00:00Z`. Left out, it works until it is revoked.
        #[arg(long, value_name = "TIME", value_parser = parse_time)]
        expires_at: Option<Timestamp>,
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
    /// Make the successor of a key, with its name and scopes, and print it: the one time that it can be read.
    Rotate {
        /// The old key's id, `key_…`.
        #[arg(value_parser = parse_id)]
        id: Id,
        /// For how many seconds the old key works beside the new one; 0 revokes it at once.
        #[arg(long, value_name = "SECONDS", default_value_t = KEY_OVERLAP_SECONDS_DEFAULT)]
        overlap_seconds: i64,
        /// When the new key stops working. Left out, it is given as long a life as the old one was.
        #[arg(long, value_name = "TIME", value_parser = parse_time)]
        expires_at: Option<Timestamp>,
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
    /// Where to listen: an address or a name and a port, or a port of this host's loopback alone; `0.0.0.0:8080` for every address.
    #[arg(long, env = "RELM_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = parse_listen)]
    pub listen: SocketAddr,
    /// How events are delivered.
    #[command(flatten)]
    pub webhooks: WebhookArgs,
    /// Fill the test mode of a workspace `demo` with data to look at, if there is nothing in it.
    #[arg(long, env = "RELM_DEMO", action = ArgAction::SetTrue, value_parser = parse_switch)]
    pub demo: bool,
    /// Days that deleted records can be restored; 0: they cannot.
    #[arg(long, env = "RELM_TRASH_DAYS", default_value_t = 30)]
    pub trash_days: u32,
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
    /// Where the server is reached, as its pages print it, such as `https://crm.example.com`; default: the host that a request
    /// names, over http.
    #[arg(long, env = "RELM_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<BaseUrl>,
    /// Where `/metrics` is served, for Prometheus, written as for `--listen`; default: nowhere.
    #[arg(long, env = "RELM_METRICS_LISTEN", value_name = "ADDRESS", value_parser = parse_listen)]
    pub metrics_listen: Option<SocketAddr>,
    /// Whether to serve the console, under `/console`.
    #[cfg(feature = "console")]
    #[command(flatten)]
    pub console: ConsoleArgs,
    /// Seconds that open requests may take to end once the server is to stop.
    #[arg(long, env = "RELM_SHUTDOWN_SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub shutdown_seconds: Duration,
}

/// Whether and where to serve the console.
#[cfg(feature = "console")]
#[derive(Clone, Debug, Args)]
pub struct ConsoleArgs {
    /// Whether to serve the console, under `/console`.
    #[arg(long = "console", env = "RELM_CONSOLE", action = ArgAction::Set, value_name = "BOOL", default_value = "on", value_parser = parse_switch)]
    pub is_on: bool,
    /// Serve no console: the same as `--console off`.
    #[arg(long = "no-console")]
    pub is_off: bool,
    /// An address of its own for the console, such as one that only a network of one's own reaches; default: that of the API.
    #[arg(id = "console_listen", long = "console-listen", env = "RELM_CONSOLE_LISTEN", value_name = "ADDRESS", value_parser = parse_listen)]
    pub listen: Option<SocketAddr>,
}

#[cfg(feature = "console")]
impl ConsoleArgs {
    /// Whether it is served.
    pub fn is_served(&self) -> bool {
        self.is_on && !self.is_off
    }
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
        value_parser = parse_switch
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
        DispatchOptions {
            schedule: self.schedule.clone(),
            timeout: Duration::from_secs(u64::from(self.timeout_seconds)),
            disable_after: (days > 0).then(|| day * days),
            ..DispatchOptions::default()
        }
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
    #[arg(long, env = "RELM_NO_MIGRATE", action = ArgAction::SetTrue, value_parser = parse_switch)]
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
