//! A database server that is stopped under load, and comes back.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::cluster::{Cluster, eventually, walk};

/// A database server that a test stops and starts.
pub trait Stoppable {
    fn url(&self) -> String;
    /// Starts it again, and waits until it serves.
    fn up(&mut self);
    /// As an operator in a hurry, or a crash, would: connections break at once.
    fn down(&mut self);
}

/// A PostgreSQL of the test's own, which nobody else is using.
pub struct Postgres {
    folder: tempfile::TempDir,
    port: u16,
}

impl Postgres {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        if is_root() {
            let owned = Command::new("chown")
                .arg("postgres")
                .arg(folder.path())
                .status();
            assert!(owned.unwrap().success());
        }
        let mut postgres = Self { folder, port };
        let data = postgres.data();
        let data = data.to_str().unwrap();
        let made = postgres.run(
            "initdb",
            &["-A", "trust", "-U", "relm", "--locale=C.UTF-8", "-D", data],
        );
        assert!(made, "initdb failed");
        postgres.up();
        postgres
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs one of PostgreSQL's programs, as the user that it will not be root for.
    fn run(&self, program: &str, args: &[&str]) -> bool {
        let program = binary(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let out = File::create(self.folder.path().join("out")).unwrap();
        let status = command
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .status();
        status.unwrap().success()
    }
}

impl Stoppable for Postgres {
    fn url(&self) -> String {
        format!("postgres://relm@127.0.0.1:{}/postgres", self.port)
    }

    fn up(&mut self) {
        let folder = self.folder.path().display();
        let options = format!("-p {} -k {folder} -c listen_addresses=127.0.0.1", self.port);
        let data = self.data();
        let log = self.folder.path().join("log");
        let args = [
            "-w",
            "-D",
            data.to_str().unwrap(),
            "-l",
            log.to_str().unwrap(),
            "-o",
            &options,
        ];
        assert!(
            self.run("pg_ctl", &[&["start"], &args[..]].concat()),
            "it starts"
        );
    }

    /// As an operator in a hurry, or a crash, would: connections break at once.
    fn down(&mut self) {
        let data = self.data();
        let args = [
            "stop",
            "-w",
            "-m",
            "immediate",
            "-D",
            data.to_str().unwrap(),
        ];
        assert!(self.run("pg_ctl", &args), "it stops");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.data();
        self.run(
            "pg_ctl",
            &["stop", "-m", "immediate", "-D", data.to_str().unwrap()],
        );
    }
}

pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.starts_with(b"0\n")
}

/// Debian keeps the programs outside of PATH.
fn binary(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut found: Vec<PathBuf> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin").join(program)))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| Path::new(program).to_owned())
}

/// How long an answer may take, whatever the database does.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long a client waits that was told to come back: sooner would only fill the memory of this test.
const PAUSE: Duration = Duration::from_millis(20);

/// While the database is away every request is answered with 503, soon; when it is back, so are the replicas. Nothing that was
/// acknowledged is missing, and nothing is there that was said not to have been applied.
pub fn restart(mut database: impl Stoppable) {
    let cluster = Cluster::start(&database.url(), 2);
    let stop = AtomicBool::new(false);
    let (acknowledged, refused): (Mutex<Vec<String>>, Mutex<Vec<String>>) = Default::default();
    let unavailable = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for client in 0..8 {
            let (cluster, stop) = (&cluster, &stop);
            let (acknowledged, refused) = (&acknowledged, &refused);
            let unavailable = &unavailable;
            scope.spawn(move || {
                let mut connection = cluster.client(client);
                for number in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let email = format!("user-{client}-{number}@example.com");
                    let begun = Instant::now();
                    let (status, answer) =
                        connection.post("/v1/contacts", None, &json!({ "email": email }));
                    let took = begun.elapsed();
                    assert!(took < ANSWER_MAX, "{status} after {took:?}");
                    match status {
                        201 => acknowledged.lock().unwrap().push(email),
                        503 => {
                            match answer["error"]["code"].as_str() {
                                Some("unavailable") => refused.lock().unwrap().push(email),
                                Some("outcome_unknown") => {}
                                _ => panic!("{answer}"),
                            }
                            unavailable.fetch_add(1, Ordering::SeqCst);
                            std::thread::sleep(PAUSE);
                        }
                        _ => panic!("{status} {answer}"),
                    }
                }
            });
        }
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(700));
            database.down();
            let before = unavailable.load(Ordering::SeqCst);
            eventually("requests are refused", Duration::from_secs(10), || {
                unavailable.load(Ordering::SeqCst) > before
            });
            database.up();
            let mut replicas = [cluster.client(0), cluster.client(1)];
            let back = eventually("they serve again", Duration::from_secs(10), || {
                let mut serves = replicas
                    .iter_mut()
                    .map(|client| client.get("/v1/contacts?limit=1").0 == 200);
                serves.all(|serves| serves)
            });
            assert!(back < Duration::from_secs(5), "after {back:?}");
        }
        stop.store(true, Ordering::SeqCst);
    });
    let stored = walk(&mut cluster.client(1), "/v1/contacts");
    let stored: Vec<&str> = stored
        .iter()
        .map(|one| one["email"].as_str().unwrap())
        .collect();
    for email in acknowledged.into_inner().unwrap() {
        assert!(stored.contains(&email.as_str()), "{email} was acknowledged");
    }
    for email in refused.into_inner().unwrap() {
        assert!(
            !stored.contains(&email.as_str()),
            "{email} was said not to have been applied"
        );
    }
}
