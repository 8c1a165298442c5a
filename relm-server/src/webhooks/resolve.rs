//! How a name becomes addresses.

use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Looks names up.
///
/// It is asked once for each connection, and what it answers is judged and connected to: nothing is looked up again in
/// between. It need not judge anything itself.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of a name, the one to try first at the head. A name that ends in a dot is complete.
    ///
    /// # Errors
    /// Whatever kept it from an answer; the owner of the endpoint is told only that the name was not found.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the operating system, with its files and its search domains.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}
