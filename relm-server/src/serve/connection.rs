//! One connection, and how far a server has ended.

use std::sync::atomic::AtomicBool;

use tokio::sync::{OwnedSemaphorePermit, watch};

use super::peers::{CountedConnection, Peer};

/// One connection; each of its running handlers holds it as well.
pub(super) struct Connection {
    pub peer: Peer,
    /// A request was answered without reading all that its client sends.
    pub unread: AtomicBool,
    pub stage: watch::Receiver<Stage>,
    pub _place: OwnedSemaphorePermit,
    pub _counted: CountedConnection,
}

/// How a server ends, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Serving,
    /// Answer what was asked, then close.
    Draining,
    /// Close.
    Ended,
}
