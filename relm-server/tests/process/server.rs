//! The binary as a child process, on a free port of the loopback.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// The keys that a first start prints.
#[derive(Clone)]
pub struct Keys {
    pub live: String,
    pub test: String,
}

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub keys: Option<Keys>,
    /// What a first start prints to try it with.
    pub to_try: Option<String>,
    /// The link of the first owner that a first start prints.
    pub link: Option<String>,
    /// What later starts print for as long as nobody has used it.
    pub reset: Option<String>,
    /// Where the console is, as every start prints.
    pub console: Option<String>,
    /// What is said of the demo data, where that was asked for.
    pub demo: Option<String>,
}

/// The binary, with nothing of the tester's environment.
pub fn relm(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relm-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("RELM_")) {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .env("RELM_LOG", "off")
        .env("RELM_RATE_LIMIT_PER_MINUTE", "0")
        .stdin(Stdio::null());
    command
}

impl Server {
    /// Starts it over `relm.db` in a folder, and waits until it serves.
    pub fn start(folder: &Path) -> Self {
        Self::spawn(relm(folder))
    }

    /// Starts what [`relm`] made, on a free port, and waits until it serves.
    pub fn spawn(mut command: Command) -> Self {
        command.args(["--listen", "127.0.0.1:0"]);
        let (mut server, rest) = Self::first_line(command);
        let lines = rest.lines().map(Result::unwrap);
        let lines = lines.take_while(|line| !line.starts_with("Press Ctrl-C"));
        let lines: Vec<String> = lines.collect();
        let to_try = lines.iter().map(|line| line.trim());
        let mut to_try = to_try.filter(|line| line.starts_with("curl "));
        server.keys = Self::read_keys(&lines);
        server.to_try = to_try.next().map(str::to_owned);
        let mut trimmed = lines.iter().map(|line| line.trim());
        let link = trimmed.find(|line| line.contains("/console/link/"));
        server.link = link.map(str::to_owned);
        let reset = lines.iter().find(|line| line.contains("admin reset"));
        server.reset = reset.cloned();
        let mut console = lines
            .iter()
            .filter_map(|line| line.strip_prefix("Its console: "));
        server.console = console.next().map(str::to_owned);
        let mut demo = lines.iter().skip_while(|line| !line.contains("demo data"));
        let demo = [demo.next(), demo.next()].map(|line| line.map(|line| line.trim()));
        server.demo = demo[0].map(|first| format!("{first} {}", demo[1].unwrap_or_default()));
        server
    }

    /// Starts a command that says where to listen, and reads no more than the first line that it prints.
    pub fn started(command: Command) -> Self {
        Self::first_line(command).0
    }

    fn first_line(mut command: Command) -> (Self, BufReader<ChildStdout>) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        let address = first.split(['/', ' ']).find_map(|word| word.parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in {first:?}"));
        let server = Self {
            child,
            address,
            keys: None,
            to_try: None,
            link: None,
            reset: None,
            console: None,
            demo: None,
        };
        (server, out)
    }

    /// The keys among what was printed, if there are any.
    fn read_keys(lines: &[String]) -> Option<Keys> {
        let key = |name: &str| {
            let mut named = lines
                .iter()
                .filter_map(|line| line.trim().strip_prefix(name));
            Some(named.next()?.trim().to_owned())
        };
        Some(Keys {
            live: key("live ")?,
            test: key("test ")?,
        })
    }

    /// The memory that the process has taken and is in use: without the files that it maps, of which its own code is one, that grows with
    /// what was ever run.
    #[cfg(target_os = "linux")]
    pub fn resident_bytes(&self) -> usize {
        self.status_bytes("RssAnon:")
    }

    /// The most that it ever was.
    #[cfg(target_os = "linux")]
    pub fn peak_resident_bytes(&self) -> usize {
        self.status_bytes("VmHWM:")
    }

    #[cfg(target_os = "linux")]
    fn status_bytes(&self, name: &str) -> usize {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.unwrap().trim().trim_end_matches(" kB");
        kib.parse::<usize>().unwrap() * 1024
    }

    /// SIGKILL: no destructor runs, nothing is flushed.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how the process ended.
    pub fn terminate(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
