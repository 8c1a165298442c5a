//! Attempts to deliver, by what came of them.

use std::time::Instant;

use async_trait::async_trait;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use relm_core::webhook::{Answer, Message, SendError, Transport};

use super::{Metrics, SECONDS};

#[derive(Clone, Debug)]
pub(super) struct TransportMetrics {
    attempts: Family<Attempt, Counter>,
    duration: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Attempt {
    mode: &'static str,
    result: &'static str,
}

impl TransportMetrics {
    pub fn new(registry: &mut Registry) -> Self {
        let this = Self {
            attempts: Family::default(),
            duration: Histogram::new(SECONDS),
        };
        registry.register(
            "relm_webhook_attempts",
            "Attempts to deliver an event, by the class of the status or by why there was none",
            this.attempts.clone(),
        );
        registry.register_with_unit(
            "relm_webhook_attempt_duration",
            "From the look-up of the host until the answer was read",
            Unit::Seconds,
            this.duration.clone(),
        );
        this
    }
}

/// A transport whose attempts are counted and timed.
pub struct MeasuredTransport<T> {
    transport: T,
    metrics: Option<TransportMetrics>,
}

impl<T: Transport> MeasuredTransport<T> {
    /// This transport, seen by these metrics if there are any.
    pub fn new(transport: T, metrics: Option<&Metrics>) -> Self {
        let metrics = metrics.map(|metrics| metrics.transport.clone());
        Self { transport, metrics }
    }
}

#[async_trait]
impl<T: Transport> Transport for MeasuredTransport<T> {
    async fn send(&self, message: Message) -> Result<Answer, SendError> {
        let Some(metrics) = &self.metrics else {
            return self.transport.send(message).await;
        };
        let (begun, mode) = (Instant::now(), message.mode.as_str());
        let done = self.transport.send(message).await;
        metrics.duration.observe(begun.elapsed().as_secs_f64());
        let result = result(&done);
        let attempt = Attempt { mode, result };
        metrics.attempts.get_or_create(&attempt).inc();
        done
    }
}

fn result(done: &Result<Answer, SendError>) -> &'static str {
    match done {
        Ok(answer) => match answer.status {
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500..600 => "5xx",
            _ => "other",
        },
        Err(SendError::TimedOut) => "timed_out",
        Err(SendError::Forbidden(_)) => "forbidden",
        // No connection, or one that broke.
        Err(_) => "failed",
    }
}
