//! The bounds of connections and requests, and their defaults.

use std::time::Duration;

use super::Pace;

/// Default: connections of one peer, a tenth of all.
pub const CONNECTIONS_PER_PEER_MAX_DEFAULT: usize = 1024;

/// The bounds of connections and requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections, and handlers whose connection has ended, at once. Further connections wait in the kernel's queue,
    /// unaccepted: they cost nothing there, and a burst is served late rather than refused.
    pub connections_max: usize,
    /// The same of one [`Peer`](super::Peer), whose further connections are closed at once; 0 for no bound.
    pub connections_per_peer_max: usize,
    /// How long a request's head may take, and how long a connection may idle: hyper knows one timer for both.
    pub head_timeout: Duration,
    /// How long a request's body may take, all of it.
    pub body_timeout: Duration,
    /// How fast the file of an import must arrive; the first window is its grace.
    pub file_pace: Pace,
    /// How fast an answer must be read.
    pub answer_pace: Pace,
    /// Bytes of a request's head.
    pub head_bytes_max: usize,
    /// Header fields of a request.
    pub headers_max: usize,
    /// Bytes of a request's URI.
    pub uri_bytes_max: usize,
    /// Bytes of all bodies: each counts once while it is read, and eight times while it is handled, for what is made of it.
    /// Files that arrive have half as much beside it: each counts eight times, and at most 8 MiB, for as long as it arrives.
    pub body_bytes_in_flight_max: usize,
    /// Bytes of all answers that are being made, or are made and not written yet.
    pub answer_bytes_in_flight_max: usize,
    /// How long a body or an answer may wait for its bytes of those.
    pub memory_timeout: Duration,
    /// How long a request runs before the server looks whether its client is still there.
    pub presence_interval: Duration,
    /// Writes at once whose clients are gone; a further one is dropped. What of those a store has begun it finishes,
    /// what waits in its queue leaves it, and nothing of it is applied.
    pub unattended_writes_max: usize,
    /// How long a write may go on once its client is gone; then it is dropped in the same way.
    pub unattended_write_time: Duration,
    /// How long open requests may take to end once the server is to stop.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            connections_per_peer_max: CONNECTIONS_PER_PEER_MAX_DEFAULT,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            file_pace: Pace {
                window_bytes_min: 64 * 1024,
                window: Duration::from_secs(30),
            },
            answer_pace: Pace {
                window_bytes_min: 64 * 1024,
                window: Duration::from_secs(10),
            },
            head_bytes_max: 32 * 1024,
            headers_max: 100,
            uri_bytes_max: 8 * 1024,
            body_bytes_in_flight_max: 256 * 1024 * 1024,
            answer_bytes_in_flight_max: 128 * 1024 * 1024,
            memory_timeout: Duration::from_secs(5),
            presence_interval: Duration::from_millis(100),
            unattended_writes_max: 64,
            unattended_write_time: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(10),
        }
    }
}
