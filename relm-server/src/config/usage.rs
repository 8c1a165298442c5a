//! The whole command line: every option wherever it is typed, and errors that name the value and where it came from.

use std::env;
use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, Args as _, Command, CommandFactory as _, Error, FromArgMatches as _};

use super::{Cli, ServeArgs};

/// What serves, when it is named.
const SERVE: &str = "serve";

/// Reads the command line of this process, and its environment. A variable that is set to nothing is not set.
///
/// # Errors
/// Help and version, and whatever is wrong: to be printed as it is, with its own exit status.
pub fn read() -> Result<Cli, Error> {
    read_from(&env::args_os().collect::<Vec<_>>(), &|name| {
        env::var_os(name)
    })
}

type Environment<'a> = &'a dyn Fn(&OsStr) -> Option<OsString>;

fn read_from(line: &[OsString], environment: Environment<'_>) -> Result<Cli, Error> {
    let mut command = command(line, environment);
    let matches = command.try_get_matches_from_mut(line);
    let matches = matches.map_err(|error| explain(error, &command, line, environment))?;
    if let Some(name) = matches.subcommand_name().filter(|name| *name != SERVE) {
        let typed = |arg: &&Arg| {
            matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
                && !is_of(name, arg)
        };
        if let Some(option) = serving().iter().find(typed).and_then(Arg::get_long) {
            let message =
                format!("the argument '--{option}' is for serving, and means nothing to '{name}'");
            return Err(command.error(ErrorKind::ArgumentConflict, message));
        }
    }
    Cli::from_arg_matches(&matches).map_err(|error| error.with_cmd(&command))
}

/// The options of serving.
fn serving() -> Vec<Arg> {
    let command = ServeArgs::augment_args(Command::new(SERVE));
    command.get_arguments().cloned().collect()
}

/// Options of serving that mean something to other commands, too: where a server is that they ask, or that they print a link to.
const OF_OTHERS: [(&str, &[&str]); 2] = [
    ("health", &["listen"]),
    ("admin", &["listen", "console-listen", "public-url"]),
];

/// Whether a command that does not serve takes this option of serving.
fn is_of(command: &str, arg: &Arg) -> bool {
    let mut others = OF_OTHERS.iter();
    let taken = others.find(|(name, _)| *name == command);
    taken.is_some_and(|(_, options)| arg.get_long().is_some_and(|long| options.contains(&long)))
}

/// The command, whose options may stand before and after the names of commands. The help of a command that does not serve
/// leaves out how to.
fn command(line: &[OsString], environment: Environment<'_>) -> Command {
    let named = |name: &str| line.iter().skip(1).any(|word| word == name);
    let mut commands = Cli::command();
    let mut others = commands.get_subcommands_mut();
    let other = others.find(|one| one.get_name() != SERVE && named(one.get_name()));
    let other = other.map(|one| one.get_name().to_owned());
    let serving: Vec<_> = serving().iter().map(|arg| arg.get_id().clone()).collect();
    Cli::command().mut_args(|arg| {
        let is_empty = |name: &OsStr| environment(name).is_some_and(|value| value.is_empty());
        let is_taken = |other: &String| is_of(other, &arg);
        let hidden = serving.contains(arg.get_id()) && !other.as_ref().is_none_or(is_taken);
        let arg = if arg.get_env().is_some_and(is_empty) {
            arg.env(None)
        } else {
            arg
        };
        arg.global(true).hide(hidden)
    })
}

/// Names where a value came from, if that was a variable, and keeps what may be secret of it to itself.
fn explain(
    mut error: Error,
    command: &Command,
    line: &[OsString],
    environment: Environment<'_>,
) -> Error {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg).cloned() else {
        return error;
    };
    let Some(arg) = command.get_arguments().find(|arg| arg.to_string() == shown) else {
        return error;
    };
    if arg.is_hide_env_values_set() && error.get(ContextKind::InvalidValue).is_some() {
        let hidden = ContextValue::String("(not shown)".to_owned());
        error.insert(ContextKind::InvalidValue, hidden);
    }
    let option = arg
        .get_long()
        .map(|name| format!("--{name}"))
        .unwrap_or_default();
    let is_typed = line.iter().any(|word| {
        let word = word.to_string_lossy();
        word.strip_prefix(&option)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    });
    if let Some(variable) = arg
        .get_env()
        .filter(|name| !is_typed && environment(name).is_some())
    {
        let source = format!("{} ({option})", variable.to_string_lossy());
        error.insert(ContextKind::InvalidArg, ContextValue::String(source));
    }
    error
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::super::Database;
    use super::*;
    use crate::webhooks::AllowNets;

    fn read(args: &[&str]) -> Result<Cli, String> {
        let line: Vec<OsString> = ["relm-server"]
            .iter()
            .chain(args)
            .map(OsString::from)
            .collect();
        read_from(&line, &|_| None).map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        command(&[], &|_| None).debug_assert();
    }

    #[test]
    fn an_option_is_the_same_wherever_it_is_typed() {
        let at = Database::Sqlite("a.db".into());
        for args in [
            &["--database", "sqlite://a.db", "workspaces", "list"][..],
            &["workspaces", "--database", "sqlite://a.db", "list"],
            &["workspaces", "list", "--database=sqlite://a.db"],
            &["--database", "sqlite://a.db", "serve"],
            &["serve", "--database", "sqlite://a.db"],
            &["--database", "sqlite://a.db"],
            &["migrate", "--database", "sqlite://a.db"],
        ] {
            assert_eq!(read(args).unwrap().database.database, at, "{args:?}");
        }
        for args in [
            &["--listen", ":99"][..],
            &["--listen", ":99", "serve"],
            &["serve", "--listen", ":99"],
        ] {
            assert_eq!(
                read(args).unwrap().serve.listen.to_string(),
                "127.0.0.1:99",
                "{args:?}"
            );
        }
    }

    #[test]
    fn commands_that_ask_a_server_or_name_it_take_where_it_is() {
        for args in [
            &["health", "--listen", ":99"][..],
            &["--listen", ":99", "health"],
            &["admin", "reset", "--listen", ":99"],
        ] {
            let listen = read(args).unwrap().serve.listen;
            assert_eq!(listen.to_string(), "127.0.0.1:99", "{args:?}");
        }
        let url = "https://crm.example.com";
        let args = read(&["admin", "reset", "--public-url", url]).unwrap();
        assert_eq!(args.serve.public_url.unwrap().as_str(), url);
        for args in [
            &["migrate", "--listen", ":99"][..],
            &["health", "--public-url", url],
            &["admin", "reset", "--trash-days", "1"],
        ] {
            let refused = read(args).unwrap_err();
            assert!(refused.contains("is for serving"), "{refused}");
        }
    }

    #[test]
    fn keys_may_follow_one_another() {
        let key = |byte: u8| STANDARD.encode([byte; 32]);
        let both = format!("{},{}", key(1), key(2));
        let keys = read(&["--secret-key", &both]).unwrap().database.secret_keys;
        assert_eq!(keys.iter().map(|key| key.0[0]).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn webhooks_reach_public_addresses_alone_unless_the_operator_names_others() {
        let args = read(&[]).unwrap().serve.webhooks;
        assert_eq!(
            (args.allow_nets, args.ca_file, args.allow_loopback),
            (AllowNets::default(), None, None)
        );
        let nets = "10.20.0.0/16, ::1";
        let args = read(&[
            "--webhook-allow-nets",
            nets,
            "--webhook-ca-file",
            "/etc/ca.pem",
            "--webhook-allow-loopback",
            "no",
        ]);
        let args = args.unwrap().serve.webhooks;
        assert_eq!(
            (args.allow_nets, args.allow_loopback),
            (nets.parse().unwrap(), Some(false))
        );
        assert_eq!(args.ca_file, Some("/etc/ca.pem".into()));
    }

    #[test]
    fn a_network_that_is_none_is_named() {
        let error = read(&["--webhook-allow-nets", "::1,10.0.0.1/8"]).unwrap_err();
        assert!(error.contains("`10.0.0.1/8` has bits beyond"), "{error}");
    }

    #[test]
    fn every_option_is_a_variable_too() {
        for arg in Cli::command().get_arguments() {
            // The last is a shorter way to say `--console off`.
            let has_none = ["help", "version", "is_off"].contains(&arg.get_id().as_str());
            let id = arg.get_id();
            assert!(has_none || arg.get_env().is_some(), "{id}");
        }
    }
}
