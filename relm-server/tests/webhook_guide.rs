//! `docs/WEBHOOKS.md` and the quickstart: each function that they print verifies what Relm signs and refuses what it did not.

#![allow(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

use std::fs;
use std::process::Command;

use relm_core::webhook::signature::{sign, sign_all};
use relm_core::webhook::{Schedule, SignatureError, verify};
use test_requirements::requires;

const GUIDE: &str = include_str!("../../docs/WEBHOOKS.md");
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const AT: i64 = 1_751_500_000;
const BODY: &[u8] = br#"{"id":"evt_1","type":"contact.created"}"#;
const TAG: &str = "2a13563cf174868c14d29a7a16f7b2125aae9c4432a1a29a17fb40760a20c722";

// The guide prints this function.
fn is_from_relm(secret: &str, header: &str, body: &[u8], now: i64) -> Result<(), SignatureError> {
    verify(secret, header, body, now, 300)
}

/// A header and a body that came at some moment, and whether to believe them.
struct Case {
    name: &'static str,
    header: String,
    body: Vec<u8>,
    now: i64,
    right: bool,
}

fn cases() -> Vec<Case> {
    let case = |name, right, header: String, body: &[u8], now| Case {
        name,
        header,
        body: body.to_vec(),
        now,
        right,
    };
    let right = |name, header, body| case(name, true, header, body, AT);
    let wrong = |name, header| case(name, false, header, BODY, AT);
    let good = format!("t={AT},v1={TAG}");
    let at = |now: i64| case("a time", (AT - now).abs() <= 300, good.clone(), BODY, now);
    let zeros = "0".repeat(64);
    let odd = b"\0\xff\r\n{\"id\": 1}\n";
    let rotated = sign_all(&["whsec_new", SECRET, "whsec_old"], AT, BODY);
    let wrong_first = format!("t={AT},v1={zeros},v1={TAG}");
    let other_scheme = format!("v0=x,t={AT},v1={TAG},v2=y");
    let longer_body = [BODY, b"\n"].concat();
    vec![
        right("the documented vector", good.clone(), BODY),
        right("any bytes", sign(SECRET, AT, odd), odd),
        right("no bytes", sign(SECRET, AT, b""), b""),
        right("several signatures", rotated, BODY),
        right("a wrong one first", wrong_first, BODY),
        right("another scheme", other_scheme, BODY),
        at(AT + 300),
        at(AT + 301),
        at(AT - 300),
        at(AT - 301),
        wrong("a wrong signature", format!("t={AT},v1={zeros}")),
        wrong("another secret", sign("whsec_other", AT, BODY)),
        case("another body", false, good.clone(), b"{}", AT),
        case("white space", false, good.clone(), &longer_body, AT),
        wrong("another time", format!("t={},v1={TAG}", AT + 1)),
        wrong("half a signature", format!("t={AT},v1={}", &TAG[..32])),
        wrong("more than a signature", format!("t={AT},v1={TAG}00")),
        wrong("an empty signature", format!("t={AT},v1=")),
        wrong("no signature", format!("t={AT}")),
        wrong("no time", format!("v1={TAG}")),
        wrong("two times", format!("t={AT},t={AT},v1={TAG}")),
        wrong("no number", format!("t=now,v1={TAG}")),
        wrong("no header", String::new()),
        wrong("another language", format!("t={AT},v1=ä")),
    ]
}

/// The one block of this language.
fn block(language: &str) -> &'static str {
    let fence = format!("```{language}\n");
    let mut blocks = GUIDE.split(&fence).skip(1);
    let block = blocks.next().unwrap().split("```").next().unwrap();
    assert!(blocks.next().is_none(), "one block of {language}");
    block
}

/// A file of the quickstart.
macro_rules! quickstart {
    ($file:literal) => {
        include_str!(concat!("../../docs/quickstart/", $file))
    };
}

/// Runs a function, and lines that call it for each case and print what it says. Their arguments are the secret, and then
/// header, body in hexadecimal and time of each case.
fn verify_all(program: &str, options: &[&str], function: &str, calls: &str) {
    let script = format!("{function}\n{calls}\n");
    let mut command = Command::new(program);
    command.args(options).arg(&script);
    // Bash takes the first argument for the name of the script, others take it for the end of their options.
    command.args((program != "python3").then_some("--"));
    expect_verdicts(command, program);
}

/// Runs a program with the cases as its arguments, and holds what it says to them.
fn expect_verdicts(mut command: Command, program: &str) {
    let arguments = cases().into_iter().flat_map(|case| {
        let body = case.body.iter().map(|byte| format!("{byte:02x}"));
        [case.header, body.collect(), case.now.to_string()]
    });
    let output = command.arg(SECRET).args(arguments).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stderr, "", "{program}");
    let said = String::from_utf8_lossy(&output.stdout).to_lowercase();
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said.len(), cases().len(), "{program}: {said:?}");
    for (case, said) in cases().iter().zip(said) {
        assert_eq!(said, case.right.to_string(), "{program}: {}", case.name);
    }
}

#[test]
fn rust_verifies() {
    let source = include_str!("webhook_guide.rs");
    for part in block("rust").split("\n\n") {
        let first = part.lines().next().unwrap();
        let is_here = source.contains(part.trim()) || first.starts_with("use relm_core::webhook");
        assert!(is_here, "{part}");
    }
    for case in cases() {
        let verified = is_from_relm(SECRET, &case.header, &case.body, case.now);
        assert_eq!(verified.is_ok(), case.right, "{}: {verified:?}", case.name);
    }
}

#[requires(python3)]
#[test]
fn python_verifies() {
    let calls = r#"
import sys
secret, *rest = sys.argv[1:]
for header, body, now in zip(rest[0::3], rest[1::3], rest[2::3]):
    # A header that is not there comes as None.
    print(verify(secret, header or None, bytes.fromhex(body), int(now)))
"#;
    let function = block("python");
    assert_eq!(function, quickstart!("python/verify.py"));
    verify_all("python3", &["-c"], function, calls);
}

#[requires(node)]
#[test]
fn node_verifies() {
    let calls = r#"
const [secret, ...rest] = process.argv.slice(1);
for (let i = 0; i < rest.length; i += 3) {
  // A header that is not there comes as undefined.
  console.log(verify(secret, rest[i] || undefined, Buffer.from(rest[i + 1], "hex"), Number(rest[i + 2])));
}
"#;
    verify_all("node", &["-e"], block("js"), calls);
    // Node 20 reads no types.
    let typed = quickstart!("typescript/verify.ts");
    let function = typed
        .replace(": string | undefined", "")
        .replace(": string", "")
        .replace(": Uint8Array", "");
    verify_all("node", &["--input-type=module", "-e"], &function, calls);
}

#[requires(ruby)]
#[test]
fn ruby_verifies() {
    let calls = r#"
secret, *rest = ARGV
rest.each_slice(3) do |header, body, now|
  # A header that is not there comes as nil.
  puts verify(secret, header.empty? ? nil : header, [body].pack("H*"), now.to_i)
end
"#;
    verify_all("ruby", &["-W", "-e"], quickstart!("ruby/verify.rb"), calls);
}

#[requires(php)]
#[test]
fn php_verifies() {
    let calls = r#"
[$secret, $rest] = [$argv[1], array_slice($argv, 2)];
foreach (array_chunk($rest, 3) as [$header, $body, $now]) {
    echo verify($secret, $header, hex2bin($body), (int) $now) ? "true\n" : "false\n";
}
"#;
    let function = quickstart!("php/verify.php").trim_start_matches("<?php");
    verify_all(
        "php",
        &["-d", "display_errors=stderr", "-r"],
        function,
        calls,
    );
}

#[requires(go)]
#[test]
fn go_verifies() {
    let calls = r#"package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
)

func main() {
	secret, rest := os.Args[1], os.Args[2:]
	for ; len(rest) > 0; rest = rest[3:] {
		body, _ := hex.DecodeString(rest[1])
		now, _ := strconv.ParseInt(rest[2], 10, 64)
		fmt.Println(Verify(secret, rest[0], body, now, 300))
	}
}
"#;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("verify.go"), quickstart!("go/verify.go")).unwrap();
    fs::write(folder.path().join("main.go"), calls).unwrap();
    let mut command = Command::new("go");
    command.args(["run", "verify.go", "main.go"]);
    command
        .current_dir(folder.path())
        .env("GOCACHE", concat!(env!("CARGO_TARGET_TMPDIR"), "/go"));
    expect_verdicts(command, "go");
}

/// The quickstart's function, for those who depend on no crate of Relm's.
mod without_relm {
    include!("../../docs/quickstart/rust/verify.rs");
}

#[test]
fn rust_verifies_without_relm() {
    for case in cases() {
        let verified = without_relm::verify(SECRET, &case.header, &case.body, case.now, 300);
        assert_eq!(verified, case.right, "{}", case.name);
    }
}

#[requires(bash, openssl)]
#[test]
fn bash_verifies() {
    let calls = r#"
secret=$1
shift
while (($# > 0)); do
    escaped=$(sed 's/../\\x&/g' <<<"$2")
    if printf "$escaped" | verify "$secret" "$1" /dev/stdin "$3"; then echo true; else echo false; fi
    shift 3
done
"#;
    let function = block("bash");
    assert_eq!(function, quickstart!("curl/verify.sh"));
    verify_all("bash", &["-c"], function, calls);
}

#[test]
fn the_guide_prints_the_vector_and_the_schedule() {
    let vector = [
        SECRET,
        &AT.to_string(),
        TAG,
        std::str::from_utf8(BODY).unwrap(),
    ];
    for part in vector {
        assert!(GUIDE.contains(part), "{part}");
    }
    let schedule = Schedule::default().to_string().replace(", ", ",");
    assert!(GUIDE.contains(&format!("`{schedule}`")), "{schedule}");
}
