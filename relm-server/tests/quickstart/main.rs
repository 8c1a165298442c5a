//! The quickstart, as its pages print it: each program of each language runs against a server.

#![allow(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

#[allow(
    dead_code,
    reason = "several crates of tests share it, and each uses its part"
)]
#[path = "../process/client.rs"]
mod client;
mod rust;
#[allow(
    dead_code,
    reason = "several crates of tests share it, and each uses its part"
)]
#[path = "../process/server.rs"]
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use test_requirements::requires;

use self::client::Client;
use self::server::Server;

/// The address in the files, in whose place pages print where they are served.
const DOCUMENTED: &str = "http://127.0.0.1:8080";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/quickstart")
}

/// A server over a database that was empty before somebody tried what the server prints.
struct World {
    server: Server,
    key: String,
    /// The contact that was made so.
    tried: Value,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path());
        let key = server
            .keys
            .clone()
            .expect("an empty database gets keys")
            .test;
        let tried = try_it(&server, &key);
        Self {
            server,
            key,
            tried,
            folder,
        }
    }

    fn base(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// Runs a file of the quickstart, and gives what it printed.
    fn run(&self, language: &str, file: &str, command: &[&str]) -> String {
        let text = fs::read_to_string(folder().join(language).join(file)).unwrap();
        assert!(text.contains(DOCUMENTED), "{language}/{file}");
        let text = text.replace(DOCUMENTED, &self.base());
        let text = if language == "typescript" {
            without_types(&text)
        } else {
            text
        };
        // Node takes a module by its name.
        let file = file.replace(".ts", ".mjs");
        let path = self.folder.path().join(&file);
        fs::write(&path, text).unwrap();
        let output = Command::new(command[0])
            .args(&command[1..])
            .arg(&path)
            .current_dir(self.folder.path())
            .env("RELM_KEY", &self.key)
            .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.success(),
            "{language}/{file}: {said} {stderr}"
        );
        said
    }

    /// The contacts that the quickstart has made, oldest first.
    fn contacts(&self) -> Vec<Value> {
        let (status, page) = Client::connect(self.server.address, &self.key).get("/v1/contacts");
        assert_eq!(status, 200);
        let mut contacts = page["data"].as_array().unwrap().clone();
        contacts.retain(|contact| contact["id"] != self.tried["id"]);
        contacts.reverse();
        contacts
    }

    fn expect_ada(&self) {
        let contacts = self.contacts();
        assert_eq!(contacts.len(), 1);
        assert_eq!(
            (&contacts[0]["email"], &contacts[0]["first_name"]),
            (&"ada@example.com".into(), &"Ada".into())
        );
    }

    fn expect_both(&self) {
        let contacts = self.contacts();
        assert_eq!(
            contacts.len(),
            2,
            "a batch that is sent again makes nothing again"
        );
        assert_eq!(
            (&contacts[0]["last_name"], &contacts[0]["version"]),
            (&"Lovelace".into(), &2.into())
        );
        assert_eq!(contacts[1]["email"], "grace@example.com");
    }
}

/// Sends the body of the line that a first start prints.
fn try_it(server: &Server, key: &str) -> Value {
    let line = server.to_try.as_ref();
    let line = line.expect("a first start says what to try");
    let (_, body) = line.split_once("-d '").unwrap();
    let body = serde_json::from_str(body.trim_end_matches('\'')).unwrap();
    let mut client = Client::connect(server.address, key);
    let (status, made) = client.post("/v1/contacts", None, &body);
    assert_eq!(status, 201, "{made}");
    made
}

/// What Node 20 runs of TypeScript: the same without the types, which are those of whole words after a colon.
fn without_types(text: &str) -> String {
    let mut text = text.to_owned();
    for kind in ["any", "string", "Uint8Array"] {
        text = text.replace(&format!(": {kind}"), "");
    }
    text
}

/// The first three steps, in their order, as a newcomer takes them.
fn quickstart(language: &str, extension: &str, command: &[&str]) {
    let world = World::new();
    let run = |step: &str| world.run(language, &format!("{step}.{extension}"), command);
    let created = run("create");
    world.expect_ada();
    let ada = world.contacts()[0]["id"].as_str().unwrap().to_owned();
    assert!(
        created.contains(&ada) && created.contains("ada@example.com"),
        "{created}"
    );
    let listed = run("list");
    assert!(
        listed.contains(&ada) && listed.contains("ada@example.com"),
        "{listed}"
    );
    let done = run("upsert");
    world.expect_both();
    let grace = world.contacts()[1]["id"].as_str().unwrap().to_owned();
    for word in ["updated", &ada, "created", &grace] {
        assert!(done.contains(word), "{word}: {done}");
    }
    assert_eq!(run("upsert"), done, "the same key, the same answer");
    world.expect_both();
}

#[requires(bash, curl)]
#[test]
fn curl() {
    quickstart("curl", "sh", &["bash"]);
}

#[requires(node)]
#[test]
fn typescript() {
    quickstart("typescript", "ts", &["node"]);
}

#[requires(python3)]
#[test]
fn python() {
    quickstart("python", "py", &["python3"]);
}

#[requires(go)]
#[test]
fn go() {
    quickstart("go", "go", &["go", "run"]);
}

#[requires(ruby)]
#[test]
fn ruby() {
    quickstart("ruby", "rb", &["ruby", "-W"]);
}

#[requires(php)]
#[test]
fn php() {
    quickstart("php", "php", &["php", "-d", "display_errors=stderr"]);
}

#[test]
fn rust() {
    let world = World::new();
    rust::reach(world.base(), world.key.clone());
    rust::create::run();
    world.expect_ada();
    rust::list::run();
    rust::upsert::run();
    world.expect_both();
    rust::upsert::run();
    world.expect_both();
}

/// Lines that every program of a language has, and that say nothing of Relm.
fn is_frame(line: &str) -> bool {
    let line = line.trim();
    let begins = [
        "import",
        "use ",
        "require ",
        "package ",
        "func main",
        "fn main",
        "pub fn main",
        "<?php",
        "Ok(())",
        "\"",
    ];
    line.is_empty()
        || ["}", ")", "})"].contains(&line)
        || begins.iter().any(|start| line.starts_with(start))
}

#[test]
fn the_first_contact_takes_six_lines_or_fewer() {
    let mut languages = 0;
    for language in fs::read_dir(folder()).unwrap() {
        let mut files = fs::read_dir(language.unwrap().path())
            .unwrap()
            .map(|file| file.unwrap().path());
        let create = files
            .find(|file| file.file_stem().unwrap() == "create")
            .unwrap();
        let text = fs::read_to_string(&create).unwrap();
        let lines = text.lines().filter(|line| !is_frame(line)).count();
        assert!((3..=6).contains(&lines), "{}: {lines}", create.display());
        languages += 1;
    }
    assert_eq!(languages, 7);
}
