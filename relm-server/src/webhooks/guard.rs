//! Where a connection is made: to an address that was checked, or not at all.
//!
//! The guard is the connector itself and not a resolver under one: hyper-util's own connector asks no resolver about a
//! host that is an address already. A name is looked up once, each address that it has is checked, and the socket is
//! opened to one that passed, so that no second look-up can answer otherwise (DNS rebinding).

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use super::connect_error::ConnectError;
use super::deadline;
use super::reach::Rules;
use super::resolve::Resolve;
use super::target::{Host, Target};

/// Addresses of one name that are tried, so that a name with a thousand addresses is no port scan.
const ADDRESSES_TRIED_MAX: usize = 6;

/// Opens the connections of one mode.
#[derive(Clone)]
pub(super) struct Guard(Arc<Inner>);

struct Inner {
    rules: Rules,
    resolver: Arc<dyn Resolve>,
}

impl Guard {
    pub(super) fn new(rules: Rules, resolver: Arc<dyn Resolve>) -> Self {
        Self(Arc::new(Inner { rules, resolver }))
    }
}

impl Service<Uri> for Guard {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let inner = Arc::clone(&self.0);
        let deadline = deadline::current();
        Box::pin(async move {
            let target = Target::of(&uri).map_err(ConnectError::Url)?;
            let addresses = inner.addresses(&target).await?;
            let stream = connect(&addresses, target.port, deadline).await;
            stream.map(TokioIo::new).map_err(ConnectError::Io)
        })
    }
}

impl Inner {
    /// The addresses of a target that may be connected to: one at least.
    async fn addresses(&self, target: &Target) -> Result<Vec<IpAddr>, ConnectError> {
        let found = match (target.host.known_addresses(), &target.host) {
            (Some(known), _) => known,
            (None, Host::Address(address)) => vec![*address],
            (None, Host::Name(name)) => {
                let looked_up = self.resolver.resolve(name).await;
                looked_up.map_err(|_| ConnectError::NotFound)?
            }
        };
        if found.is_empty() {
            return Err(ConnectError::NotFound);
        }
        self.rules.choose(target, &found)
    }
}

/// Connects to the first address that answers. Each may take an equal share of the time that those before it left, so
/// that one which swallows packets does not use up the time of the next.
async fn connect(addresses: &[IpAddr], port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    let tried = addresses.len().min(ADDRESSES_TRIED_MAX);
    for (address, left) in addresses.iter().zip((1..=tried).rev()) {
        let now = Instant::now();
        let share = deadline.saturating_duration_since(now) / u32::try_from(left).unwrap_or(1);
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        last = match timeout_at(now + share, connecting).await {
            Ok(Ok(stream)) => {
                // Head and body are written apart; neither should wait for the other's acknowledgement.
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => error,
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
    }
    Err(last)
}
