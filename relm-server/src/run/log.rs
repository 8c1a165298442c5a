//! The log, on stderr: lines for people, or a JSON object in each for programs.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::panic;

use relm_core::Timestamp;
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::config::{LogFilter, LogFormat};

/// Starts it, for the whole process.
pub(super) fn start(filter: LogFilter, format: LogFormat) {
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from(filter))
        .with_writer(stderr);
    match format {
        LogFormat::Text => log.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => {
            log.json().flatten_event(true).with_ansi(false).init();
            // What Rust says of a panic by itself is three lines of text.
            panic::set_hook(Box::new(|panic| say(&panic.to_string())));
        }
    }
}

/// Says why the program ends, whatever the filter: it is the last that is heard of it.
pub(super) fn last_words(text: &str, format: LogFormat) {
    match format {
        LogFormat::Text => {
            // Nobody is left to read that it cannot be printed.
            let _ = writeln!(stderr(), "relm-server: {text}");
        }
        LogFormat::Json => say(text),
    }
}

/// Writes a line as those of the log are, beside its filter.
fn say(message: &str) {
    let line = json!({
        "timestamp": Timestamp::now(),
        "level": "ERROR",
        "message": message,
        "target": "relm_server",
    });
    // Nobody is left to read that it cannot be printed.
    let _ = writeln!(stderr(), "{line}");
}
