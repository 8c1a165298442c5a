//! Where the server is reached.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::html::BaseUrl;

/// Where a server is reached: told, or at its address; of one that listens on every address, on this host.
pub(super) fn base_of(public_url: Option<&BaseUrl>, address: SocketAddr) -> String {
    let address = reached_at(address);
    public_url.map_or_else(|| format!("http://{address}"), BaseUrl::to_string)
}

/// Where a server is reached from its own host.
pub(super) fn reached_at(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}
