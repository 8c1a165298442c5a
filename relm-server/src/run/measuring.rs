//! The metrics of a server, where somebody asks for them; else nothing is counted.

use std::net::SocketAddr;
use std::sync::Arc;

use relm_core::webhook::Transport;
use tokio::net::TcpListener;

use super::database::Opened;
use super::outcome::CommandError;
use crate::dispatch::Stop;
use crate::metrics::{MeasuredTransport, Metrics, MetricsEndpoint, Sources};
use crate::observation::Observer;
use crate::serve::{Limits, serve};

/// Connections to the metrics at once: those who scrape are few.
const CONNECTIONS_MAX: usize = 64;

/// Listens at an address.
pub(super) async fn bind(address: SocketAddr) -> Result<TcpListener, CommandError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| format!("cannot listen on {address}: {error}").into())
}

/// What is counted, and where it is shown.
pub(super) struct Measuring(Option<Shown>);

struct Shown {
    metrics: Arc<Metrics>,
    sources: Sources,
    listener: TcpListener,
}

impl Measuring {
    /// Counts the calls of a database, where there is a listener to show them at.
    pub fn begin(opened: Opened, listener: Option<TcpListener>) -> (Opened, Self) {
        let Some(listener) = listener else {
            return (opened, Self(None));
        };
        let metrics = Arc::new(Metrics::new(opened.name));
        let (opened, sources) = opened.measured(&metrics);
        let shown = Shown {
            metrics,
            sources,
            listener,
        };
        (opened, Self(Some(shown)))
    }

    /// What sees requests.
    pub fn observer(&self) -> Observer {
        let shown = self.0.as_ref();
        shown.map_or_else(Observer::default, |shown| {
            Observer::counting(shown.metrics.requests())
        })
    }

    /// What sends webhooks.
    pub fn transport<T: Transport>(&self, transport: T) -> MeasuredTransport<T> {
        let metrics = self.0.as_ref().map(|shown| &*shown.metrics);
        MeasuredTransport::new(transport, metrics)
    }

    /// Shows the metrics until the server is to stop.
    pub fn show(self, stop: Stop) {
        let Some(Shown {
            metrics,
            sources,
            listener,
        }) = self.0
        else {
            return;
        };
        match listener.local_addr() {
            Ok(address) => tracing::info!("metrics are at http://{address}/metrics"),
            Err(error) => tracing::warn!(%error, "the address of the metrics is not known"),
        }
        let limits = Limits {
            connections_max: CONNECTIONS_MAX,
            connections_per_peer_max: CONNECTIONS_MAX,
            ..Limits::default()
        };
        let endpoint = Arc::new(MetricsEndpoint::new(metrics, sources));
        tokio::spawn(async move { serve(listener, endpoint, limits, stop.wait()).await });
    }
}
