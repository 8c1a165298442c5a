//! The examples that are printed: by the server, in the README and in the documents. A newcomer runs them as they stand.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use test_requirements::requires;

use super::server::Server;

/// What is read first comes first: all of it goes into one database.
const DOCUMENTS: [(&str, &str); 3] = [
    ("README.md", include_str!("../../../README.md")),
    ("docs/API.md", include_str!("../../../docs/API.md")),
    (
        "docs/WEBHOOKS.md",
        include_str!("../../../docs/WEBHOOKS.md"),
    ),
];

/// The first steps of the quickstart, in the order in which its page has them.
const QUICKSTART: [&str; 3] = [
    include_str!("../../../docs/quickstart/curl/create.sh"),
    include_str!("../../../docs/quickstart/curl/list.sh"),
    include_str!("../../../docs/quickstart/curl/upsert.sh"),
];

/// The commands of a document's shell blocks that ask the server for something. What a command goes on with is indented.
fn commands(document: &str) -> Vec<String> {
    let blocks = document.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let mut commands: Vec<String> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match commands.last_mut() {
            Some(command) if line.starts_with(' ') => *command = format!("{command}\n{line}"),
            _ => commands.push(line.to_owned()),
        }
    }
    commands.retain(|command| command.starts_with("curl "));
    commands
}

/// Somebody who runs examples, and puts the ids that were answered in the place of `con_…`: of two, `con_…A` and `con_…B`.
struct Newcomer<'a> {
    server: &'a Server,
    key: &'a str,
    live_key: &'a str,
    ids: HashMap<String, Vec<String>>,
}

impl Newcomer<'_> {
    fn run(&mut self, command: &str) -> Value {
        let command = self.filled_in(command);
        let script =
            format!("curl() {{ command curl --silent --fail-with-body \"$@\"; }}\n{command}");
        let output = Command::new("bash")
            .args(["-c", &script])
            .env("BASE", format!("http://{}", self.server.address))
            .env("RELM_KEY", self.key)
            .env("RELM_LIVE_KEY", self.live_key)
            .output()
            .unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{command}\n{answer}");
        assert!(answer.ends_with('\n'), "{command}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        self.learn(&answer);
        answer
    }

    fn filled_in(&mut self, command: &str) -> String {
        let mut command = command.to_owned();
        if command.contains("cursor=…") {
            let page = self
                .run(r#"curl "$BASE/v1/contacts?limit=1" -H "Authorization: Bearer $RELM_KEY""#);
            let cursor = page["next_cursor"]
                .as_str()
                .expect("there are two contacts by now");
            command = command.replace("cursor=…", &format!("cursor={cursor}"));
        }
        for (prefix, ids) in &self.ids {
            for (name, id) in ["A", "B"].into_iter().zip(ids.iter().rev()) {
                command = command.replace(&format!("{prefix}_…{name}"), id);
            }
            let latest = ids.last().map_or("", String::as_str);
            command = command.replace(&format!("{prefix}_…"), latest);
        }
        assert!(!command.contains('…'), "{command}");
        command
    }

    /// Remembers what was answered, and forgets what is deleted or merged.
    fn learn(&mut self, answer: &Value) {
        let merged = answer["merged_from"].as_array().into_iter().flatten();
        for merged in merged.filter_map(Value::as_str) {
            let known = self.ids.values_mut();
            known.for_each(|ids| ids.retain(|other| other != merged));
        }
        if let Some(plan) = answer["plan"].as_str() {
            let known = self.ids.entry("plan".to_owned()).or_default();
            known.push(plan.to_owned());
        }
        let rows = answer["data"].as_array().into_iter().flatten();
        // What the engine defines once a contact has several addresses is nobody's example.
        let rows = rows.filter(|row| row["built_in"] != true || row["key"] != "emails");
        if let Some(request) = rows.clone().find_map(|event| event["request_id"].as_str()) {
            let known = self.ids.entry("req".to_owned()).or_default();
            known.push(request.to_owned());
        }
        for id in [answer]
            .into_iter()
            .chain(rows)
            .filter_map(|record| record["id"].as_str())
        {
            let (prefix, _) = id.split_once('_').unwrap();
            let known = self.ids.entry(prefix.to_owned()).or_default();
            known.retain(|other| other != id);
            if answer["deleted"] != true {
                known.push(id.to_owned());
            }
        }
    }
}

#[requires(bash, curl)]
#[test]
fn every_printed_example_runs_in_order_on_an_empty_database() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let keys = server.keys.clone().expect("an empty database gets keys");
    let mut newcomer = Newcomer {
        server: &server,
        key: &keys.test,
        live_key: &keys.live,
        ids: HashMap::new(),
    };
    let to_try = server
        .to_try
        .clone()
        .expect("a first start says what to try");
    newcomer.run(&to_try);
    for (name, document) in DOCUMENTS {
        let commands = commands(document);
        assert!(commands.len() >= 3, "{name}: {commands:?}");
        for command in commands {
            newcomer.run(&command);
        }
    }
}

/// Whoever has run what the server printed goes on with the quickstart that it leads to.
#[requires(bash, curl)]
#[test]
fn the_printed_line_and_then_the_quickstart_run_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let keys = server.keys.clone().expect("an empty database gets keys");
    let mut newcomer = Newcomer {
        server: &server,
        key: &keys.test,
        live_key: &keys.live,
        ids: HashMap::new(),
    };
    let to_try = server.to_try.clone();
    newcomer.run(&to_try.expect("a first start says what to try"));
    let [_, listed, done] =
        QUICKSTART.map(|step| newcomer.run(&step.replace("http://127.0.0.1:8080", "$BASE")));
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(
        (&done["updated"], &done["created"]),
        (&1.into(), &1.into()),
        "{done}"
    );
}

/// The functions of the guide to copying, called as it says, make a copy of records that change meanwhile.
#[requires(python3)]
#[test]
fn a_copy_is_made_and_kept_as_the_guide_says() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let keys = server.keys.clone().expect("an empty database gets keys");
    let (_, document) = DOCUMENTS[1];
    let functions = document
        .split("```python\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let script = format!("{PREAMBLE}\n{functions}\n{CALLS}");
    let said = python(
        folder.path(),
        &script,
        &[&format!("http://{}", server.address), &keys.test],
    );
    assert_eq!(
        said.trim(),
        "True 260",
        "the copy is what the server has, and every contact was changed while it was made"
    );
}

const PREAMBLE: &str = r#"
import json, sys, threading, urllib.parse, urllib.request
base, key = sys.argv[1:]
def send(path, body=None, method=None):
    headers = {"Authorization": "Bearer " + key, "Content-Type": "application/json"}
    body = json.dumps(body).encode() if body else None
    request = urllib.request.Request(base + path, body, headers, method=method)
    return json.load(urllib.request.urlopen(request))
def get(path, parameters):
    return send(path + "?" + urllib.parse.urlencode(parameters))
"#;

const CALLS: &str = r#"
made = send("/v1/contacts/batch", {"contacts": [{"first_name": str(n)} for n in range(300)]})
ids = [row["id"] for row in made["data"]]
def change(part):
    for n in range(part, 300, 3):
        if n % 15 < 3:
            send("/v1/contacts/" + ids[n], method="DELETE")
        else:
            send("/v1/contacts/" + ids[n], {"last_name": "B"}, "PATCH")
    send("/v1/contacts/batch", {"contacts": [{"first_name": "late"} for _ in range(20)]})
writers = [threading.Thread(target=change, args=[part]) for part in range(3)]
for writer in writers:
    writer.start()
copy, gone = {}, {}
def keep(record):
    copy[record["id"]] = record
def handle(event):
    record, known = event["data"], copy.get(event["data"]["id"]) or gone.get(event["data"]["id"])
    if known and known["version"] >= record["version"]:
        return
    if event["type"] == "contact.deleted":
        copy.pop(record["id"], None)
        gone[record["id"]] = record
    else:
        keep(record)
after = snapshot(get, "/v1/contacts", keep)
while any(writer.is_alive() for writer in writers):
    after = tail(get, after, handle)
after = tail(get, after, handle)
there = {}
snapshot(get, "/v1/contacts", lambda record: there.update({record["id"]: record}))
changed = sum(record["last_name"] == "B" for record in copy.values())
print(copy == there, changed + sum(record["first_name"] == "late" for record in copy.values()) - 40)
"#;

fn python(folder: &Path, script: &str, arguments: &[&str]) -> String {
    let output = Command::new("python3")
        .args(["-c", script])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
