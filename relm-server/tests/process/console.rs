//! The console of the binary: how one gets into it, and where it is.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::command_line::{failed, printed};
use super::server::{Server, relm};

/// The answer to a request, as text.
fn ask(address: &str, method: &str, path: &str, body: &str) -> String {
    let mut tcp = TcpStream::connect(address).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    tcp.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    answer
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

/// An address as `http://HOST/PATH` has it.
fn split(url: &str) -> (&str, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    (host, format!("/{path}"))
}

const PASSWORD: &str = "password=correct+horse+battery&again=correct+horse+battery";

#[test]
fn the_link_that_a_first_start_prints_lets_its_operator_in() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let link = server.link.clone().expect("a first start prints a link");
    assert_eq!(server.reset, None);
    drop(server);

    // Whoever missed it is told of another.
    let server = Server::start(folder.path());
    assert_eq!(server.link, None);
    let reset = server.reset.clone().expect("nobody can sign in yet");
    assert!(reset.contains("`relm-server admin reset`"), "{reset}");
    let (_, path) = split(&link);
    let host = &*server.address.to_string();
    assert_eq!(server.console, Some(format!("http://{host}/console")));
    assert_eq!(status(&ask(host, "GET", &path, "")), "200");
    let body = format!("email=eva%40example.com&{PASSWORD}");
    let set = ask(host, "POST", &path, &body);
    assert_eq!(status(&set), "303", "{set}");
    assert!(set.contains("set-cookie: relm_session="));
    assert_eq!(status(&ask(host, "POST", &path, &body)), "404", "once");
    drop(server);

    let server = Server::start(folder.path());
    assert_eq!(
        (&server.link, &server.reset),
        (&None, &None),
        "somebody can sign in already"
    );
    let address = server.address.to_string();
    let body = "email=eva%40example.com&password=correct+horse+battery";
    assert_eq!(
        status(&ask(&address, "POST", "/console/sign-in", body)),
        "303"
    );
    assert_eq!(
        status(&ask(
            &address,
            "POST",
            "/console/sign-in",
            &format!("{body}x")
        )),
        "403"
    );
}

#[test]
fn an_operator_lets_a_person_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let said = failed(folder.path(), &["admin", "reset"]);
    assert!(said.contains("relm.db"), "it makes no database: {said}");
    let server = Server::start(folder.path());
    let address = server.address.to_string();
    let first = printed(folder.path(), &["admin", "reset"]);
    let (who, link) = first.trim().rsplit_once("  ").unwrap();
    assert_eq!(who, "first owner");
    let (_, path) = split(link);
    let replaced = split(server.link.as_deref().unwrap()).1;
    assert_eq!(status(&ask(&address, "GET", &replaced, "")), "404");
    let set = ask(
        &address,
        "POST",
        &path,
        &format!("email=eva%40example.com&{PASSWORD}"),
    );
    assert_eq!(status(&set), "303", "{set}");
    for args in [
        &["admin", "reset"][..],
        &["admin", "reset", "EVA@example.com"],
    ] {
        let again = printed(folder.path(), args);
        assert!(
            again.starts_with("eva@example.com  http://127.0.0.1:8080/console/link/usr_"),
            "{again}"
        );
    }
    let said = failed(folder.path(), &["admin", "reset", "ada@example.com"]);
    assert!(
        said.contains("nobody signs in as ada@example.com"),
        "{said}"
    );
    let mut told = relm(folder.path());
    told.env("RELM_PUBLIC_URL", "https://crm.example.com")
        .args(["admin", "reset"]);
    let told = String::from_utf8(told.output().unwrap().stdout).unwrap();
    assert!(
        told.contains("https://crm.example.com/console/link/"),
        "{told}"
    );
}

#[test]
fn a_server_without_a_console_makes_nobody() {
    for (variables, arguments) in [
        (&[("RELM_CONSOLE", "off")][..], &[][..]),
        (&[], &["--no-console"]),
        (&[], &["--console=off"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = relm(folder.path());
        command.args(arguments);
        command.envs(variables.iter().copied());
        let server = Server::spawn(command);
        assert!(server.keys.is_some());
        assert_eq!((&server.link, &server.console), (&None, &None));
        let answer = ask(&server.address.to_string(), "GET", "/console", "");
        assert_eq!(status(&answer), "404", "{answer}");
    }
}

#[test]
fn a_console_may_have_an_address_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = relm(folder.path());
    command.env("RELM_CONSOLE_LISTEN", "127.0.0.1:0");
    command.env("RELM_PUBLIC_URL", "https://crm.example.com");
    let mut server = Server::spawn(command);
    let link = server.link.clone().unwrap();
    let (host, path) = split(&link);
    assert_ne!(host, server.address.to_string());
    assert_eq!(status(&ask(host, "GET", &path, "")), "200");
    let api = server.address.to_string();
    assert_eq!(status(&ask(&api, "GET", &path, "")), "404");
    assert_eq!(status(&ask(host, "GET", "/v1/contacts", "")), "404");
    assert!(ask(host, "GET", "/", "").contains("location: /console"));
    assert!(server.terminate().success());
}
