//! Replicas over one database, and clients that try again.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::Client;
use super::server::{Keys, Server, relm};

pub struct Cluster {
    url: String,
    folder: tempfile::TempDir,
    replicas: Vec<Mutex<Server>>,
    pub keys: Keys,
}

impl Cluster {
    /// So many replicas; the first makes the workspace and its keys.
    pub fn start(url: &str, replicas: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let first = spawn(url, &folder);
        let keys = first.keys.clone().expect("the first start prints keys");
        let others = (1..replicas).map(|_| spawn(url, &folder));
        let replicas = std::iter::once(first).chain(others).map(Mutex::new);
        Self {
            url: url.to_owned(),
            replicas: replicas.collect(),
            folder,
            keys,
        }
    }

    pub fn address(&self, replica: usize) -> SocketAddr {
        self.replicas[replica].lock().unwrap().address
    }

    /// A connection to a replica.
    pub fn client(&self, replica: usize) -> Client {
        self.try_client(replica).unwrap()
    }

    pub fn try_client(&self, replica: usize) -> Option<Client> {
        let replica = &self.replicas[replica % self.replicas.len()];
        let address = replica.lock().unwrap().address;
        Client::try_connect(address, &self.keys.test)
    }

    /// SIGKILL, and another process in its place.
    pub fn replace(&self, replica: usize) {
        let mut replica = self.replicas[replica % self.replicas.len()].lock().unwrap();
        replica.kill();
        *replica = spawn(&self.url, &self.folder);
    }

    /// Creates, under a key, at one replica after the other until one answers with what is not to be tried again.
    pub fn create(&self, number: usize, key: &str, path: &str, body: &Value) -> (u16, Value) {
        let begun = Instant::now();
        for attempt in 0.. {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{key} is never answered"
            );
            let Some(mut client) = self.try_client(number + attempt) else {
                continue;
            };
            match client.try_post(path, Some(key), body) {
                Ok((503, _)) | Err(_) => std::thread::sleep(Duration::from_millis(10)),
                Ok(answer) => return answer,
            }
        }
        unreachable!("there is always another attempt");
    }
}

/// One more replica.
pub fn spawn(url: &str, folder: &tempfile::TempDir) -> Server {
    let mut command = relm(folder.path());
    command
        .env("RELM_DATABASE_URL", url)
        .env("RELM_WEBHOOK_TIMEOUT_SECONDS", "1");
    Server::spawn(command)
}

/// All pages of a list.
pub fn walk(client: &mut Client, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, page) = client.get(&format!("{path}?limit=200{cursor}"));
        assert_eq!(status, 200, "{page}");
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// Waits for what must come, and fails when it does not.
pub fn eventually(what: &str, within: Duration, mut holds: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < within, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
    begun.elapsed()
}
