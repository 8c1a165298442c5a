//! The servers under load, as child processes.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::Failure;

pub struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub address: SocketAddr,
}

impl Server {
    /// Starts a command that prints its address in its first line.
    pub async fn start(mut command: Command) -> Result<Self, Failure> {
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

    /// Starts Relm over a database file.
    pub async fn relm(binary: &Path, database: &Path) -> Result<Self, Failure> {
        Self::relm_over(binary, &format!("sqlite://{}", database.display())).await
    }

    /// Starts Relm over the database of this URL.
    pub async fn relm_over(binary: &Path, url: &str) -> Result<Self, Failure> {
        let mut command = Command::new(binary);
        command
            .args(["--listen", "127.0.0.1:0", "--database", url])
            .env("RELM_RATE_LIMIT_PER_MINUTE", "0")
            .env("RELM_WEBHOOK_ALLOW_NETS", "127.0.0.0/8")
            .env("RELM_LOG", "off");
        Self::start(command).await
    }

    /// The live key, which a first start prints.
    pub async fn live_key(&mut self) -> Result<String, Failure> {
        while let Some(line) = self.lines.next_line().await? {
            if let Some(key) = line.trim().strip_prefix("live ") {
                return Ok(key.trim().to_owned());
            }
        }
        Err("no key was printed".into())
    }

    /// The most memory that it has held, in MiB.
    pub fn peak_mib(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
        let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib / 1024.0)
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
