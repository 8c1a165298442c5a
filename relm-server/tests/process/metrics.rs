//! `/metrics` as Prometheus reads it, and the dashboard that asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Client;
use super::command_line::{failed, printed};
use super::receiver::Receiver;
use super::server::{Server, relm};

/// Starts a server that shows its metrics, and where it does.
fn start(folder: &Path) -> (Server, SocketAddr) {
    let mut command = relm(folder);
    command
        .env("RELM_LOG", "info")
        .env("RELM_METRICS_LISTEN", "0")
        .env("RELM_RATE_LIMIT_PER_MINUTE", "12")
        .stderr(File::create(folder.join("log")).unwrap());
    let server = Server::spawn(command);
    let begun = Instant::now();
    loop {
        let log = fs::read_to_string(folder.join("log")).unwrap();
        let at = log.split_once("metrics are at http://");
        if let Some((address, _)) = at.and_then(|(_, rest)| rest.split_once("/metrics")) {
            return (server, address.parse().unwrap());
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{log}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The head and the body of an answer.
fn ask(address: SocketAddr, line: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// What was scraped: the values of the samples, and the types of the families.
#[derive(Debug, Default)]
struct Scrape {
    samples: BTreeMap<String, f64>,
    types: BTreeMap<String, String>,
}

impl Scrape {
    /// Reads the text format of OpenMetrics, as strictly as its grammar is.
    fn of(address: SocketAddr) -> Self {
        let (head, body) = ask(address, "GET /metrics");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        let content = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
        assert!(head.contains(content), "{head}");
        let lines = body.strip_suffix("# EOF\n").expect("it ends");
        let mut scrape = Self::default();
        for line in lines.lines() {
            match line.strip_prefix("# ").map(|said| said.splitn(3, ' ')) {
                Some(mut said) => {
                    let [kind, name, text] =
                        [said.next(), said.next(), said.next()].map(Option::unwrap);
                    assert!(["HELP", "TYPE", "UNIT"].contains(&kind), "{line}");
                    if kind == "TYPE" {
                        let before = scrape.types.insert(name.to_owned(), text.to_owned());
                        assert_eq!(before, None, "{name} is declared twice");
                    }
                }
                None => {
                    let (sample, value) = line.rsplit_once(' ').unwrap();
                    let value = value.parse().unwrap();
                    scrape.is_declared(sample);
                    assert_eq!(
                        scrape.samples.insert(sample.to_owned(), value),
                        None,
                        "{sample}"
                    );
                }
            }
        }
        scrape
    }

    fn is_declared(&self, sample: &str) {
        let name = sample.split('{').next().unwrap();
        let endings: &[(&str, &str)] = &[
            ("_total", "counter"),
            ("_bucket", "histogram"),
            ("_sum", "histogram"),
            ("_count", "histogram"),
            ("_info", "info"),
            ("", "gauge"),
        ];
        let declared = endings.iter().any(|(ending, kind)| {
            let family = name.strip_suffix(ending);
            family.is_some_and(|family| self.types.get(family).is_some_and(|found| found == kind))
        });
        assert!(declared, "{sample}");
    }

    fn value(&self, sample: &str) -> f64 {
        let value = self.samples.get(sample);
        *value.unwrap_or_else(|| panic!("no {sample} in {:#?}", self.samples))
    }

    /// The names of everything that may be asked for.
    fn names(&self) -> BTreeSet<&str> {
        let samples = self.samples.keys();
        samples
            .map(|sample| sample.split('{').next().unwrap())
            .collect()
    }
}

/// Has a server do what is counted.
fn use_it(server: &Server) -> String {
    let key = server.keys.clone().unwrap().test;
    let mut client = Client::connect(server.address, &key);
    let receiver = Receiver::start(|_| Some(200));
    let endpoint = json!({ "url": receiver.url(), "event_types": ["contact.created"] });
    assert_eq!(client.post("/v1/webhooks", None, &endpoint).0, 201);
    let (_, made) = client.post(
        "/v1/contacts",
        None,
        &json!({ "email": "canary@example.com" }),
    );
    let path = format!("/v1/contacts/{}", made["id"].as_str().unwrap());
    assert_eq!(client.get(&path).0, 200);
    assert_eq!(client.get(&path).0, 200);
    assert_eq!(client.get("/v1/canary").0, 404);
    assert_eq!(
        Client::connect(server.address, "sk_test_canary")
            .get(&path)
            .0,
        401
    );
    // A minute may begin in the midst of it.
    let statuses = (0..40).map(|_| client.get("/v1/companies").0);
    assert!(statuses.into_iter().any(|status| status == 429));
    key
}

#[test]
fn what_happened_is_counted_by_names_of_ours_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (server, address) = start(folder.path());
    let key = use_it(&server);
    let begun = Instant::now();
    let attempted = "relm_webhook_attempts_total{mode=\"test\",result=\"2xx\"}";
    // The attempt is counted once its answer was read.
    let scrape = loop {
        let scrape = Scrape::of(address);
        if scrape.samples.contains_key(attempted) {
            break scrape;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{scrape:#?}");
        std::thread::sleep(Duration::from_millis(20));
    };
    for (sample, value) in [
        (attempted, 1.0),
        (
            "relm_http_requests_total{method=\"POST\",route=\"/v1/contacts\",status=\"201\"}",
            1.0,
        ),
        (
            "relm_http_requests_total{method=\"GET\",route=\"/v1/contacts/{id}\",status=\"200\"}",
            2.0,
        ),
        (
            "relm_http_requests_total{method=\"GET\",route=\"/v1/contacts/{id}\",status=\"401\"}",
            1.0,
        ),
        (
            "relm_http_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"}",
            1.0,
        ),
        (
            "relm_http_request_duration_seconds_count{method=\"GET\",route=\"/v1/contacts/{id}\"}",
            3.0,
        ),
        (
            "relm_http_request_duration_seconds_bucket{le=\"+Inf\",method=\"POST\",route=\"/v1/contacts\"}",
            1.0,
        ),
        ("relm_webhook_attempt_duration_seconds_count", 1.0),
        ("relm_database_connections_max", 0.0),
    ] {
        assert_eq!(scrape.value(sample), value, "{sample}");
    }
    let build = format!(
        "relm_build_info{{version=\"{}\",store=\"sqlite\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(scrape.value(&build), 1.0);
    assert!(scrape.value("relm_http_rate_limited_requests_total") >= 1.0);
    assert!(scrape.value("relm_store_call_duration_seconds_count{operation=\"commit\"}") >= 2.0);
    assert!(scrape.value("relm_webhook_queue_age_seconds") < 30.0);
    assert!(scrape.value("process_resident_memory_bytes") > 1e6);
    assert!(scrape.value("process_start_time_seconds") > 1.7e9);
    let text = format!("{scrape:?}");
    for secret in ["canary", &key, "con_", "ws_", "key_", "sk_"] {
        assert!(!text.contains(secret), "{secret}");
    }
    is_what_the_dashboard_asks_for(&scrape.names());
}

/// Holds the dashboard in the documentation to what there is.
fn is_what_the_dashboard_asks_for(names: &BTreeSet<&str>) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/grafana/relm.json");
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels
        .filter_map(|panel| panel["targets"].as_array())
        .flatten();
    let asked: BTreeSet<String> = targets
        .flat_map(|target| metrics_of(target["expr"].as_str().unwrap()))
        .collect();
    // Nothing failed yet.
    let asked: BTreeSet<&str> = asked.iter().map(String::as_str).collect();
    let missing: Vec<&&str> = asked
        .difference(names)
        .filter(|name| **name != "relm_store_failures_total")
        .collect();
    assert!(
        asked.len() > 12 && missing.is_empty(),
        "{missing:?} of {asked:?}"
    );
}

/// The names of metrics in an expression.
fn metrics_of(expression: &str) -> Vec<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = expression.split(|letter| !is_part(letter));
    let ours = words.filter(|word| word.starts_with("relm_") || word.starts_with("process_"));
    ours.map(str::to_owned).collect()
}

#[test]
fn metrics_have_an_address_of_their_own_and_nothing_else_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (server, address) = start(folder.path());
    assert!(address.ip().is_loopback() && address != server.address);
    for (line, status) in [
        ("GET /", "404 Not Found"),
        ("GET /v1/contacts", "404 Not Found"),
        ("POST /metrics", "405 Method Not Allowed"),
        ("HEAD /metrics", "200 OK"),
    ] {
        let (head, _) = ask(address, line);
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{line}: {head}"
        );
    }
    let (head, _) = ask(server.address, "GET /metrics");
    assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n"), "{head}");
    // An address that is taken is told before anything is touched.
    let taken = address.to_string();
    let said = failed(
        folder.path(),
        &[
            "--listen",
            "0",
            "--database",
            "sqlite://other.db",
            "--metrics-listen",
            &taken,
        ],
    );
    assert!(
        said.contains(&format!("cannot listen on {taken}")),
        "{said}"
    );
    assert!(!folder.path().join("other.db").exists());
}

#[test]
fn health_asks_the_server_of_this_host() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let address = server.address.to_string();
    let health = |listen: &str| {
        let mut command = relm(folder.path());
        command.arg("health").env("RELM_LISTEN", listen);
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert_eq!(health(&address), (Some(0), String::new()));
    let everywhere = format!("0.0.0.0:{}", server.address.port());
    assert_eq!(health(&everywhere), (Some(0), String::new()));
    assert!(server.terminate().success());
    let (code, said) = health(&address);
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with(&format!("relm-server: {address} cannot be asked: ")),
        "{said}"
    );
    assert!(printed(folder.path(), &["health", "--help"]).contains("RELM_LISTEN"));
}
