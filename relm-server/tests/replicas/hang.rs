//! A database server that hangs under load: its port takes connections, and nobody answers; and then goes on.

use std::process::Command;
use std::time::Duration;

use super::cluster::{Cluster, eventually};
use super::outage::{Stoppable, serve_again, under_load};

/// Processes that are stopped for as long as this is there. A test that fails leaves none of them so.
struct Stopped(Vec<u32>);

impl Stopped {
    /// Stops them in this order: the first begins no others then.
    fn all(processes: Vec<u32>) -> Self {
        for process in &processes {
            signal("-STOP", *process);
        }
        Self(processes)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        for process in &self.0 {
            signal("-CONT", *process);
        }
    }
}

fn signal(signal: &str, process: u32) {
    let process = process.to_string();
    // One of a server's processes may have ended by itself.
    let _ = Command::new("kill").args([signal, &process]).status();
}

/// While nobody answers, each request is answered with 503 in time, `/healthz` with 200 and `/readyz` with 503; when the
/// database goes on, so do the replicas, without a restart.
pub fn stop_and_go_on(database: impl Stoppable) {
    let cluster = Cluster::start(&database.url(), 2);
    under_load(&cluster, |unavailable| {
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(700));
            let before = unavailable();
            let stopped = Stopped::all(database.processes());
            for replica in [0, 1] {
                let mut client = cluster.client(replica);
                eventually("it is not ready", Duration::from_secs(10), || {
                    assert_eq!(client.get("/healthz").0, 200, "it lives");
                    client.get("/readyz").0 == 503
                });
                let (status, answer) = client.get("/v1/contacts?limit=1");
                assert_eq!(status, 503, "{answer}");
                assert_eq!(answer["error"]["code"], "unavailable", "{answer}");
            }
            eventually("requests are refused", Duration::from_secs(10), || {
                unavailable() >= before + 8
            });
            assert_eq!(cluster.client(0).get("/healthz").0, 200, "it lives still");
            drop(stopped);
            serve_again(&cluster);
            for replica in [0, 1] {
                let mut client = cluster.client(replica);
                eventually("it is ready", Duration::from_secs(10), || {
                    client.get("/readyz").0 == 200
                });
            }
        }
    });
}
