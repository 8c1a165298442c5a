//! By when must a connection stand?
//!
//! A client asks its connector for a connection without saying for which request, and may finish one in the background
//! when another became free first. So the deadline of the message that a connection was begun for travels beside the
//! call, and bounds TCP and TLS alike: no handshake outlives its message, wherever it is polled.

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

/// How long connecting may take where no message set a deadline.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(15);

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Runs a future, the connections of which must stand by `deadline`.
pub(super) async fn within<F: Future>(deadline: Instant, future: F) -> F::Output {
    DEADLINE.scope(deadline, future).await
}

/// The deadline of the message that a connection is begun for.
pub(super) fn current() -> Instant {
    DEADLINE
        .try_with(|deadline| *deadline)
        .unwrap_or_else(|_| Instant::now() + CONNECT_TIME_MAX)
}

/// A connector that gives up at the deadline of the message.
#[derive(Clone)]
pub(super) struct Bounded<C>(pub(super) C);

impl<C> Service<Uri> for Bounded<C>
where
    C: Service<Uri>,
    C::Response: 'static,
    C::Error: Into<Box<dyn Error + Send + Sync>> + 'static,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = timeout_at(current(), self.0.call(uri));
        Box::pin(async move {
            match connecting.await {
                Ok(connected) => connected.map_err(Into::into),
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            }
        })
    }
}
