//! Why a connection to an endpoint was not made.

use std::io;

use super::target::{Host, UrlError};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The URL leads nowhere.
    #[error("{0}")]
    Url(#[source] UrlError),
    /// The host has no address that webhooks may reach. Which it has is not said: it would map the network inside.
    #[error("{0} is not a public address")]
    NotPublic(Host),
    /// Plain HTTP, to an address that must be spoken to by HTTPS.
    #[error("plain http is not allowed: use https")]
    NeedsHttps,
    /// The host has no address.
    #[error("name not found")]
    NotFound,
    /// No address answered; this is what the last one said.
    #[error("{0}")]
    Io(#[source] io::Error),
}
