//! A MariaDB of the test's own, which nobody else is using.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::cluster::eventually;
use super::outage::{Stoppable, is_root};

pub struct MariaDb {
    folder: tempfile::TempDir,
    data: PathBuf,
    port: u16,
    child: Child,
}

impl MariaDb {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Self::over(folder, data)
    }

    /// One whose tables are on this disk.
    pub fn on(disk: &Path) -> Self {
        Self::over(tempfile::tempdir().unwrap(), disk.join("data"))
    }

    fn over(folder: tempfile::TempDir, data: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let temporary = temporary(&folder);
        std::fs::create_dir(&temporary).unwrap();
        if is_root() {
            let owned = Command::new("chown")
                .arg("mysql")
                .args([folder.path(), &temporary])
                .status();
            assert!(owned.unwrap().success());
        }
        let made = command(&folder, &data, "mariadb-install-db")
            .args(["--auth-root-authentication-method=normal", "--skip-test-db"])
            .status();
        let said = || std::fs::read_to_string(log(&folder)).unwrap_or_default();
        assert!(
            made.unwrap().success(),
            "mariadb-install-db failed:\n{}",
            said()
        );
        let child = serve(&folder, &data, port);
        Self {
            folder,
            data,
            port,
            child,
        }
    }
}

impl Stoppable for MariaDb {
    fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/mysql", self.port)
    }

    fn up(&mut self) {
        self.child = serve(&self.folder, &self.data, self.port);
    }

    fn down(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn processes(&self) -> Vec<u32> {
        vec![self.child.id()]
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("log")
}

/// Where temporary tables are: a server that starts removes those that it finds, whosever they are.
fn temporary(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("tmp")
}

/// One of MariaDB's programs, over the data of this folder.
fn command(folder: &tempfile::TempDir, data: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.arg("--no-defaults");
    if is_root() {
        command.arg("--user=mysql");
    }
    let out = File::options()
        .create(true)
        .append(true)
        .open(log(folder))
        .unwrap();
    command
        .env("TMPDIR", temporary(folder))
        .arg(format!("--datadir={}", data.display()))
        .arg("--innodb-log-file-size=8M")
        .stdin(Stdio::null())
        .stdout(out.try_clone().unwrap())
        .stderr(out);
    command
}

/// Starts the server, and waits until it listens.
fn serve(folder: &tempfile::TempDir, data: &Path, port: u16) -> Child {
    let mut command = command(folder, data, "mariadbd");
    let socket = folder.path().join("socket");
    let child = command
        .arg(format!("--socket={}", socket.display()))
        .args([
            "--bind-address=127.0.0.1",
            &format!("--port={port}"),
            "--innodb-buffer-pool-size=64M",
        ])
        .spawn()
        .unwrap();
    eventually("MariaDB listens", Duration::from_secs(60), || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    child
}
