//! The command line: what an operator types, what is printed, and how the program ends.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::client::Client;
use super::server::{Server, relm};

/// A command line, variables beside it, and what stderr must hold of what is wrong with them.
type Mistake = (
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

const MISTAKES: &[Mistake] = &[
    (
        &["--listen", "nowhere"],
        &[],
        &[
            "error: invalid value 'nowhere' for '--listen <ADDRESS>'",
            "127.0.0.1:8080",
            "--help",
        ],
    ),
    (
        &["serve", "--listen", "8.8.8.8"],
        &[],
        &["'8.8.8.8'", "an address and a port"],
    ),
    (
        &[],
        &[("RELM_LISTEN", "localhost")],
        &[
            "invalid value 'localhost' for 'RELM_LISTEN (--listen)'",
            "localhost:8080",
        ],
    ),
    (
        &[],
        &[("RELM_LOG", "nonsense")],
        &[
            "'nonsense' for 'RELM_LOG (--log)'",
            "`nonsense` is no level",
            "warn,relm_server=debug",
        ],
    ),
    (
        &[],
        &[("RELM_LOG_FORMAT", "xml")],
        &[
            "'xml' for 'RELM_LOG_FORMAT (--log-format)'",
            "[possible values: text, json]",
        ],
    ),
    (
        &["workspaces", "list"],
        &[("RELM_LOG", "info,loud")],
        &["RELM_LOG", "`loud` is no level"],
    ),
    (
        &[],
        &[("RELM_NO_MIGRATE", "maybe")],
        &[
            "invalid value 'maybe' for 'RELM_NO_MIGRATE (--no-migrate)'",
            "1 or 0",
        ],
    ),
    (
        &[],
        &[("RELM_RATE_LIMIT_PER_MINUTE", "lots")],
        &["'lots' for 'RELM_RATE_LIMIT_PER_MINUTE (--rate-limit-per-minute)'"],
    ),
    (
        &["--rate-limit-per-minute", "-1"],
        &[("RELM_RATE_LIMIT_PER_MINUTE", "5")],
        &["'-1'"],
    ),
    (
        &["--shutdown-seconds=soon"],
        &[],
        &[
            "'soon' for '--shutdown-seconds <SHUTDOWN_SECONDS>'",
            "whole number of seconds",
        ],
    ),
    (
        &["--webhook-schedule", "5s"],
        &[],
        &["'5s' for '--webhook-schedule"],
    ),
    (
        &["--webhook-allow-nets", "10.0.0.1/8"],
        &[],
        &["`10.0.0.1/8` has bits beyond"],
    ),
    (
        &[],
        &[("RELM_WEBHOOK_ALLOW_LOOPBACK", "perhaps")],
        &["'perhaps' for 'RELM_WEBHOOK_ALLOW_LOOPBACK (--webhook-allow-loopback)'"],
    ),
    (
        &["--database", "relm.db"],
        &[],
        &["--database", "sqlite://PATH"],
    ),
    (
        &["--lisen", ":80"],
        &[],
        &[
            "unexpected argument '--lisen'",
            "a similar argument exists: '--listen'",
        ],
    ),
    (
        &["keys", "create", "--scope", "contact:read"],
        &[],
        &["`contact:read`", "Did you mean `contacts:read`?"],
    ),
    (
        &[
            "keys",
            "create",
            "--workspace",
            "ws_01M8H5JMRTGWX7ZRK7DMQNF2XF",
            "--mode",
            "live",
            "--scope",
            "*:read",
            "--read-only",
        ],
        &[],
        &["'--scope <SCOPE>' cannot be used with '--read-only'"],
    ),
    (
        &["keys", "create", "--expires-at", "tomorrow"],
        &[],
        &[
            "'tomorrow' for '--expires-at <TIME>'",
            "2030-01-01T00:00:00Z",
        ],
    ),
    (
        &["workspace", "list"],
        &[],
        &["unrecognized subcommand 'workspace'", "'workspaces'"],
    ),
    (&["workspaces"], &[], &["Usage: relm-server workspaces"]),
    (
        &["keys", "create", "--mode", "live"],
        &[],
        &["--workspace <WORKSPACE>", "Usage:"],
    ),
    (
        &["keys", "create", "--workspace", "acme", "--mode", "live"],
        &[],
        &["'acme' for '--workspace <WORKSPACE>'"],
    ),
    (
        &[
            "keys",
            "list",
            "--workspace",
            "ws_01M8H5JMRTGWX7ZRK7DMQNF2XF",
            "--listen",
            ":80",
        ],
        &[],
        &["'--listen' is for serving", "'keys'"],
    ),
];

#[test]
fn what_is_wrong_with_the_command_line_is_named_with_its_source() {
    let folder = tempfile::tempdir().unwrap();
    for (args, variables, parts) in MISTAKES {
        let output = relm(folder.path())
            .args(*args)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            output.status.code(),
            Some(2),
            "{args:?} {variables:?}: {stderr}"
        );
        for part in *parts {
            assert!(
                stderr.contains(part),
                "{args:?} {variables:?}: {part:?} is not in {stderr}"
            );
        }
        assert_eq!(output.stdout, b"", "{args:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_may_be_secret_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    for (option, variable, value) in [
        ("--secret-key", "RELM_SECRET_KEY", "hunter2"),
        (
            "--database",
            "RELM_DATABASE_URL",
            "postgre://relm:hunter2@db/relm",
        ),
    ] {
        let typed = relm(folder.path()).args([option, value]).output().unwrap();
        let set = relm(folder.path()).env(variable, value).output().unwrap();
        for (output, source) in [(typed, option), (set, variable)] {
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{stderr}");
            assert!(
                stderr.contains(source) && !stderr.contains("hunter2"),
                "{stderr}"
            );
        }
    }
}

#[test]
fn help_is_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let help = printed(folder.path(), &["--help"]);
    assert!(
        help.contains("--database") && help.contains("--listen"),
        "{help}"
    );
    // What does not serve does not say how to.
    let help = printed(folder.path(), &["keys", "create", "--help"]);
    assert!(
        help.contains("--database") && !help.contains("--listen"),
        "{help}"
    );
    assert!(printed(folder.path(), &["--version"]).starts_with("relm-server "));
}

#[test]
fn a_place_to_listen_at_has_many_spellings() {
    let folder = tempfile::tempdir().unwrap();
    for listen in ["127.0.0.1:0", "localhost:0", ":0", "0"] {
        let mut command = relm(folder.path());
        command.args(["serve", "--database", "memory:", "--listen", listen]);
        let server = Server::started(command);
        assert!(server.address.ip().is_loopback(), "{listen}");
    }
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = relm(folder.path());
    for name in [
        "RELM_SECRET_KEY",
        "RELM_LOG",
        "RELM_NO_MIGRATE",
        "RELM_DATABASE_URL",
        "RELM_WEBHOOK_CA_FILE",
        "RELM_WEBHOOK_ALLOW_NETS",
    ] {
        command.env(name, "");
    }
    command.stderr(Stdio::null());
    let server = Server::spawn(command);
    assert!(server.keys.is_some() && folder.path().join("relm.db").exists());
}

#[test]
fn a_reader_that_goes_away_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = relm(folder.path());
    command.args(["--listen", "127.0.0.1:0"]);
    // As `| head -1` does, it reads a line and closes; another start prints to nobody at all.
    let mut server = Server::started(command);
    assert_eq!(
        Client::connect(server.address, "sk_test_none")
            .get("/healthz")
            .0,
        200
    );
    assert!(server.terminate().success());
    let nobody = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = relm(folder.path())
        .args(["workspaces", "list"])
        .stdout(nobody)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), stderr.lines().count()),
        (Some(1), 1),
        "{stderr}"
    );
    assert!(
        stderr.contains("standard output cannot be written"),
        "{stderr}"
    );
}

#[test]
fn what_cannot_start_says_so_in_one_line_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert!(failed(folder.path(), &["--listen", &address]).contains("cannot listen on"));
    assert!(!folder.path().join("relm.db").exists());

    // Nobody listens there.
    let nowhere = "postgres://relm:hunter2@127.0.0.1:1/relm";
    let begun = Instant::now();
    let away = failed(
        folder.path(),
        &["--listen", "127.0.0.1:0", "--database", nowhere],
    );
    assert!(begun.elapsed() < Duration::from_secs(3), "it waited");
    let said = "postgres://127.0.0.1:1/relm: no database answers at 127.0.0.1:1: ";
    assert!(
        away.contains(said) && away.contains("Connection refused"),
        "{away}"
    );
    assert!(!away.contains("hunter2"), "{away}");
    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, vec![b'x'; 5000]).unwrap();
    let url = format!("sqlite://{}", garbage.display());
    assert!(
        failed(
            folder.path(),
            &["--listen", "127.0.0.1:0", "--database", &url]
        )
        .contains("cannot be opened")
    );
    assert_eq!(std::fs::read(&garbage).unwrap(), vec![b'x'; 5000]);
}

/// Runs a command that must fail with one line on stderr and exit code 1.
pub fn failed(folder: &Path, args: &[&str]) -> String {
    let output = relm(folder).args(args).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
    stderr
}

/// Runs a command that must succeed, and gives what it prints.
pub fn printed(folder: &Path, args: &[&str]) -> String {
    let output = relm(folder)
        .args(args)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
