//! A database server that is stopped under load, and comes back.

use std::collections::HashSet;
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
    /// All of its processes, the one first that begins others.
    fn processes(&self) -> Vec<u32>;
}

/// A PostgreSQL of the test's own, which nobody else is using.
pub struct Postgres {
    folder: tempfile::TempDir,
    data: PathBuf,
    port: u16,
}

impl Postgres {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Self::over(folder, data, &[])
    }

    /// One whose tables are on this disk. Its log is elsewhere: a PostgreSQL that cannot write its log ends itself.
    pub fn on(disk: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("wal");
        let log = ["-X", log.to_str().unwrap()].map(str::to_owned);
        let data = disk.join("data");
        Self::over(folder, data, &log)
    }

    fn over(folder: tempfile::TempDir, data: PathBuf, options: &[String]) -> Self {
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
        let mut postgres = Self { folder, data, port };
        let data = postgres.data.to_str().unwrap().to_owned();
        let mut args = vec!["-A", "trust", "-U", "relm", "--locale=C.UTF-8", "-D", &data];
        args.extend(options.iter().map(String::as_str));
        let made = postgres.run("initdb", &args);
        assert!(made, "initdb failed");
        postgres.up();
        postgres
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
        let data = &self.data;
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
        let data = &self.data;
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

    fn processes(&self) -> Vec<u32> {
        let file = std::fs::read_to_string(self.data.join("postmaster.pid")).unwrap();
        let postmaster: u32 = file.lines().next().unwrap().parse().unwrap();
        let children = format!("/proc/{postmaster}/task/{postmaster}/children");
        let children = std::fs::read_to_string(children).unwrap();
        let children = children
            .split_whitespace()
            .map(|child| child.parse().unwrap());
        std::iter::once(postmaster).chain(children).collect()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = &self.data;
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

/// What clients that create contacts were told while they did.
#[derive(Default)]
struct Answers {
    acknowledged: Mutex<Vec<String>>,
    refused: Mutex<Vec<String>>,
    unavailable: AtomicUsize,
}

/// Stops the clients, also where a test fails.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Has clients create contacts while something happens to the database, of which they are told by 503 alone, and soon; `so_far` is how
/// often. Nothing that was acknowledged is missing afterwards, and nothing is there that was said not to have been applied.
pub fn under_load(cluster: &Cluster, happens: impl FnOnce(&dyn Fn() -> usize)) {
    let stop = AtomicBool::new(false);
    let answers = Answers::default();
    std::thread::scope(|scope| {
        let _stop = StopAtEnd(&stop);
        for client in 0..8 {
            let (stop, answers) = (&stop, &answers);
            scope.spawn(move || create_until(cluster, client, stop, answers));
        }
        happens(&|| answers.unavailable.load(Ordering::SeqCst));
    });
    let stored = walk(&mut cluster.client(1), "/v1/contacts");
    let emails = stored.iter().map(|one| one["email"].as_str().unwrap());
    let stored: HashSet<&str> = emails.collect();
    for email in answers.acknowledged.into_inner().unwrap() {
        assert!(stored.contains(&*email), "{email} was acknowledged");
    }
    for email in answers.refused.into_inner().unwrap() {
        assert!(
            !stored.contains(&*email),
            "{email} was said not to have been applied"
        );
    }
}

fn create_until(cluster: &Cluster, client: usize, stop: &AtomicBool, answers: &Answers) {
    let mut connection = cluster.client(client);
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let email = format!("user-{client}-{number}@example.com");
        let begun = Instant::now();
        let (status, answer) = connection.post("/v1/contacts", None, &json!({ "email": email }));
        let took = begun.elapsed();
        assert!(took < ANSWER_MAX, "{status} after {took:?}");
        match status {
            201 => answers.acknowledged.lock().unwrap().push(email),
            503 => {
                match answer["error"]["code"].as_str() {
                    Some("unavailable") => answers.refused.lock().unwrap().push(email),
                    Some("outcome_unknown") => {}
                    _ => panic!("{answer}"),
                }
                answers.unavailable.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(PAUSE);
            }
            _ => panic!("{status} {answer}"),
        }
    }
}

/// Waits until both replicas serve again, which is soon.
pub fn serve_again(cluster: &Cluster) {
    let mut replicas = [cluster.client(0), cluster.client(1)];
    let back = eventually("they serve again", Duration::from_secs(10), || {
        let mut serves = replicas
            .iter_mut()
            .map(|client| client.get("/v1/contacts?limit=1").0 == 200);
        serves.all(|serves| serves)
    });
    assert!(back < Duration::from_secs(5), "after {back:?}");
}

/// While the database is away every request is answered with 503, soon; when it is back, so are the replicas.
pub fn restart(mut database: impl Stoppable) {
    let cluster = Cluster::start(&database.url(), 2);
    under_load(&cluster, |unavailable| {
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(700));
            database.down();
            let before = unavailable();
            eventually("requests are refused", Duration::from_secs(10), || {
                unavailable() > before
            });
            database.up();
            serve_again(&cluster);
        }
    });
}
