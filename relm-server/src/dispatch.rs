//! What the server does beside answering: delivering events, and deleting expired ones.

use std::error::Error as _;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use relm_core::engine::{Crm, DispatchOptions, Dispatcher, Sleeper};
use relm_core::webhook::Transport;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::log_throttle::LogThrottle;

/// How often expired events are deleted, however many processes share a database.
const DELETE_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often a process asks whether it is the one to do that.
const ASK_EVERY: Duration = Duration::from_secs(10 * 60);
/// How long delivering rests once something in it panicked.
const REST_AFTER_PANIC: Duration = Duration::from_secs(1);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Waits on Tokio's clock.
pub struct TokioSleeper;

#[async_trait]
impl Sleeper for TokioSleeper {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The signal to stop, for all who wait for it.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Ends for everyone once `signal` does.
    pub fn on(signal: impl Future<Output = ()> + Send + 'static) -> Self {
        let (sender, stop) = watch::channel(false);
        tokio::spawn(async move {
            signal.await;
            // Nobody may wait any more.
            let _ = sender.send(true);
        });
        Self(stop)
    }

    /// Returns once the server is to stop.
    pub async fn wait(mut self) {
        // The sender is gone only after it sent.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}

/// Delivers events until the signal to stop, and then for `drain` at most what was begun.
pub async fn deliver(
    crm: Crm,
    transport: impl Transport,
    options: DispatchOptions,
    stop: Stop,
    drain: Duration,
) {
    let throttle = LogThrottle::default();
    let dispatcher = Dispatcher::new(crm, transport, options).on_error(move |error| {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        if let Some(suppressed) = throttle.admit(&cause, Instant::now()) {
            tracing::error!(
                cause,
                suppressed,
                "deliveries are held up: {}",
                error.message()
            );
        }
    });
    let dispatcher = Arc::new(dispatcher);
    let run = async {
        // A set ends what runs in it when it is dropped.
        let mut runs = JoinSet::new();
        loop {
            let (dispatcher, stopping) = (Arc::clone(&dispatcher), stop.clone().wait());
            runs.spawn(async move { dispatcher.run(&TokioSleeper, stopping).await });
            match runs.join_next().await {
                Some(Err(error)) if error.is_panic() => {
                    tracing::error!(
                        "delivering panicked, and begins anew: what was under way is sent again"
                    );
                    tokio::time::sleep(REST_AFTER_PANIC).await;
                }
                _ => break,
            }
        }
    };
    let late = async {
        stop.clone().wait().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        () = run => {}
        () = late => tracing::info!("some deliveries were under way: they are sent again"),
    }
}

/// Retention: deletes the events of more than so many days ago, every hour, until the signal to stop.
pub async fn retain(crm: Crm, retention_days: u32, stop: Stop) {
    let delete = async {
        let mut ticks = interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = delete_expired(&crm, retention_days).await {
                let cause = error.source().map(ToString::to_string);
                tracing::warn!(
                    cause,
                    "expired events were not deleted: {}",
                    error.message()
                );
            }
        }
    };
    tokio::select! {
        () = delete => {}
        () = stop.wait() => {}
    }
}

async fn delete_expired(crm: &Crm, retention_days: u32) -> relm_core::Result<()> {
    let every_ms = i64::try_from(DELETE_EVERY.as_millis()).unwrap_or(i64::MAX);
    // Replicas of earlier versions claim it by this name.
    if !crm.claim("prune events", every_ms).await? {
        return Ok(());
    }
    let before = crm
        .now()
        .saturating_add_millis(-DAY_MS * i64::from(retention_days));
    let deleted = crm.delete_expired_events(before, &TokioSleeper).await?;
    if deleted.events > 0 {
        let (events, deliveries) = (deleted.events, deleted.deliveries);
        tracing::info!(events, deliveries, "expired events were deleted");
    }
    Ok(())
}
