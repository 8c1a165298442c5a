//! The servers under load, as child processes, and what the system says of them.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::Failure;

/// What `/proc/PID/stat` counts processor time in: `USER_HZ`, which is 100 wherever Linux runs (`man 5 proc_pid_stat`).
const TICKS_PER_SECOND: f64 = 100.0;

pub struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub address: SocketAddr,
}

impl Server {
    /// Starts a command that prints its address in its first line. It is killed when it is dropped.
    async fn start(mut command: Command) -> Result<Self, Failure> {
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let out = child.stdout.take().ok_or("no standard output")?;
        let mut lines = BufReader::new(out).lines();
        let first = lines.next_line().await?.ok_or("the server did not start")?;
        let address = first.split(['/', ' ']).find_map(|word| word.parse().ok());
        let address = address.ok_or_else(|| format!("no address in {first:?}"))?;
        Ok(Self {
            child,
            lines,
            address,
        })
    }

    /// Starts Relm over the database of this URL.
    pub async fn relm(binary: &Path, url: &str) -> Result<Self, Failure> {
        Self::start(relm(binary, url)).await
    }

    /// Starts Relm over the SQLite database of this URL, without a sync for each commit.
    pub async fn relm_normal(binary: &Path, url: &str) -> Result<Self, Failure> {
        let mut command = relm(binary, url);
        command.env("RELM_SQLITE_SYNCHRONOUS", "normal");
        Self::start(command).await
    }

    /// Starts a floor, over the database of this URL unless it answers a constant.
    pub async fn floor(over: &str) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["floor", "127.0.0.1:0", over]);
        Self::start(command).await
    }

    /// The live key, which a first start prints.
    pub async fn live_key(&mut self) -> Result<String, Failure> {
        while let Some(line) = self.lines.next_line().await? {
            if let Some(key) = line.trim().strip_prefix("live ") {
                return Ok(key.trim().to_owned());
            }
        }
        Err("no key was printed: is the database an empty one?".into())
    }

    /// The live and the test key, which a first start prints.
    pub async fn keys(&mut self) -> Result<(String, String), Failure> {
        let live = self.live_key().await?;
        while let Some(line) = self.lines.next_line().await? {
            if let Some(key) = line.trim().strip_prefix("test ") {
                return Ok((live, key.trim().to_owned()));
            }
        }
        Err("no key of test mode was printed".into())
    }

    /// The memory that it holds, in MiB.
    pub fn resident_mib(&self) -> f64 {
        self.status("VmRSS:").map_or(f64::NAN, |kib| kib / 1024.0)
    }

    /// The most memory that it has held, in MiB.
    pub fn peak_mib(&self) -> f64 {
        self.status("VmHWM:").map_or(f64::NAN, |kib| kib / 1024.0)
    }

    fn status(&self, name: &str) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// The processor time that it has taken.
    pub fn cpu_seconds(&self) -> f64 {
        let ticks = || -> Option<f64> {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()?)).ok()?;
            // The command's name may hold anything, and ends at the last parenthesis.
            let (_, fields) = stat.rsplit_once(')')?;
            let ticks = fields.split_whitespace().skip(11).take(2);
            ticks.map(|ticks| ticks.parse::<f64>().ok()).sum()
        };
        ticks().map_or(f64::NAN, |ticks| ticks / TICKS_PER_SECOND)
    }

    /// Kills it with SIGKILL: it ends where it is.
    pub async fn kill(mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }

    /// Stops it in order.
    pub async fn stop(mut self) -> Result<(), Failure> {
        if let Some(pid) = self.child.id() {
            Command::new("kill")
                .args(["-TERM", &pid.to_string()])
                .status()
                .await?;
        }
        self.child.wait().await?;
        Ok(())
    }
}

fn relm(binary: &Path, url: &str) -> Command {
    let mut command = Command::new(binary);
    command
        .args(["--listen", "127.0.0.1:0", "--database", url])
        .env("RELM_RATE_LIMIT_PER_MINUTE", "0")
        .env("RELM_WEBHOOK_ALLOW_NETS", "127.0.0.0/8")
        .env("RELM_LOG", "off");
    command
}
