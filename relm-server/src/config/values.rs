//! Single values of the command line and the environment: what each may be, and what is said of one that is not.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use relm_core::webhook::Schedule;
use relm_core::{Id, KeyScope, KeyScopes, Mode, Timestamp};
#[cfg(feature = "sqlite")]
use relm_store_seaorm::Synchronous;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

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
                let path = rest.split('?').next().unwrap_or_default();
                // A password that was not encoded may hold a `?`: what follows it is no query then.
                let is_whole = path.contains(['@', '/']);
                let shown = if is_whole { path } else { rest };
                let (_, host) = shown.rsplit_once('@').unwrap_or(("", path));
                let host = host.split('?').next().unwrap_or_default();
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

#[cfg(feature = "sqlite")]
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

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people: the time, the level, the module, the message and its fields.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// What is logged: a filter that was read once.
#[derive(Clone, Debug)]
pub struct LogFilter(String);

impl From<LogFilter> for EnvFilter {
    fn from(filter: LogFilter) -> Self {
        Self::new(filter.0)
    }
}

pub(super) fn parse_database(url: &str) -> Result<Database, String> {
    if url == "memory:" {
        return Ok(Database::Memory);
    }
    match url.split_once("://") {
        Some(("sqlite", path)) if !path.is_empty() => Ok(Database::Sqlite(path.into())),
        Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
            Ok(Database::Server(url.to_owned()))
        }
        // MariaDB speaks MySQL's protocol, and its driver knows no other name for it.
        Some(("mysql" | "mariadb", rest)) if !rest.is_empty() => {
            Ok(Database::Server(format!("mysql://{rest}")))
        }
        _ => Err("a database is sqlite://PATH, postgres://…, mysql://… or memory:".to_owned()),
    }
}

pub(super) fn parse_id(text: &str) -> Result<Id, String> {
    Id::parse(text).ok_or_else(|| format!("`{text}` is not an id"))
}

pub(super) fn parse_scope(text: &str) -> Result<KeyScope, String> {
    // The engine's own message names what is near.
    match KeyScopes::parse(&[text.to_owned()]) {
        Ok(_) => text.parse().map_err(|error| format!("{error}")),
        Err(error) => Err(error.message().to_owned()),
    }
}

pub(super) fn parse_time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .ok_or_else(|| format!("`{text}` is not a time such as `2030-01-01T00:00:00Z`"))
}

pub(super) fn parse_schedule(text: &str) -> Result<Schedule, String> {
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

pub(super) fn parse_count(text: &str) -> Result<NonZeroUsize, String> {
    let count = text.parse();
    count.map_err(|_| "it is a whole number, 1 or more".to_owned())
}

pub(super) fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .map_err(|_| "it is a whole number of seconds".to_owned())?;
    Ok(Duration::from_secs(seconds))
}

/// Reads where to listen. A port alone is one of loopback: nobody serves the whole network by leaving something out.
pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let hint =
        "it is an address and a port, such as 127.0.0.1:8080, localhost:8080, 8080 or 0.0.0.0:8080";
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let port: u16 = port.parse().map_err(|_| hint.to_owned())?;
    if host.is_empty() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let found = (host, port).to_socket_addrs();
    let found: Vec<SocketAddr> = found
        .map_err(|_| format!("`{host}` has no address; {hint}"))?
        .collect();
    // Of a name with both, IPv4: whoever tries the one address that is printed is more likely to have it.
    let address = found
        .iter()
        .find(|address| address.is_ipv4())
        .or(found.first());
    address
        .copied()
        .ok_or_else(|| format!("`{host}` has no address; {hint}"))
}

/// Reads a filter of `tracing`. A word that is no level would be the name of a module of which everything is logged, and of
/// all others nothing.
pub(super) fn parse_log(text: &str) -> Result<LogFilter, String> {
    let hint = "it is a level (off, error, warn, info, debug, trace), for all or for a module, such as warn,relm_server=debug";
    for directive in text.split(',').map(str::trim) {
        let is_level = !directive.is_empty() && directive.parse::<LevelFilter>().is_ok();
        if !is_level && !directive.contains(['=', '[']) {
            return Err(format!("`{directive}` is no level: {hint}"));
        }
    }
    match EnvFilter::builder().parse(text) {
        Ok(_) => Ok(LogFilter(text.to_owned())),
        Err(error) => Err(format!("{error}: {hint}")),
    }
}

/// Reads a yes or a no.
pub(super) fn parse_switch(text: &str) -> Result<bool, String> {
    match &*text.to_ascii_lowercase() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("it is 1 or 0, true or false, yes or no, on or off".to_owned()),
    }
}

pub(super) fn parse_secret_key(text: &str) -> Result<SecretKey, String> {
    let bytes = STANDARD.decode(text.trim()).ok();
    let key = bytes.and_then(|bytes| bytes.try_into().ok());
    key.map(SecretKey).ok_or_else(|| {
        "the key is 32 bytes in base64, as `openssl rand -base64 32` prints".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("postgres://relm:pass?word@db/relm", "postgres://db/relm"),
            ("postgres://db/relm?options=a@b", "postgres://db/relm"),
            ("postgresql://db/relm", "postgresql://db/relm"),
            ("mariadb://relm:secret@db/relm", "mysql://db/relm"),
        ] {
            let database = parse_database(url).unwrap();
            assert_eq!(database.to_string(), shown);
            assert_eq!(format!("{database:?}"), shown);
        }
    }

    #[test]
    fn a_secret_key_is_32_bytes_and_never_shown() {
        let key = parse_secret_key(&STANDARD.encode([7; 32])).unwrap();
        assert_eq!(format!("{key:?}"), "SecretKey");
        assert!(parse_secret_key("c2hvcnQ=").is_err());
    }

    #[test]
    fn a_place_to_listen_at_is_a_port_and_perhaps_a_host() {
        for (text, address) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("0.0.0.0:0", "0.0.0.0:0"),
            ("[::]:8080", "[::]:8080"),
            ("localhost:8080", "127.0.0.1:8080"),
            (":8080", "127.0.0.1:8080"),
            ("8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(parse_listen(text).unwrap().to_string(), address, "{text}");
        }
        for wrong in [
            "",
            ":",
            "localhost",
            "127.0.0.1",
            "127.0.0.1:",
            "1:2:3",
            "65536",
            ":-1",
            "http://localhost:8080",
        ] {
            assert!(parse_listen(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_log_filter_names_levels() {
        for text in [
            "info",
            "WARN",
            "off",
            "warn,relm_server=debug",
            "relm_core[attempt]=trace",
        ] {
            assert!(parse_log(text).is_ok(), "{text}");
        }
        for wrong in [
            "nonsense",
            "info,nonsense",
            "relm_server=loud",
            "",
            "info,,warn",
            "[=",
        ] {
            assert!(parse_log(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_switch_is_on_or_off() {
        for (text, on) in [
            ("1", true),
            ("TRUE", true),
            ("on", true),
            ("0", false),
            ("no", false),
        ] {
            assert_eq!(parse_switch(text), Ok(on));
        }
        for wrong in ["maybe", "", "2", "y e s"] {
            assert!(parse_switch(wrong).is_err(), "{wrong}");
        }
    }
}
