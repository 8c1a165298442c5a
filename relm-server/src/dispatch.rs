//! What the server does beside answering: delivering events, and forgetting old ones.

use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use relm_core::crm::{Crm, DispatchOptions, Dispatcher, Sleeper};
use relm_core::webhook::Transport;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// How often old events are forgotten, however many processes share a database.
const PRUNE_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often a process asks whether it is the one to do that.
const ASK_EVERY: Duration = Duration::from_secs(10 * 60);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Waits on Tokio's clock.
pub struct TokioSleeper;

#[async_trait]
impl Sleeper for TokioSleeper {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Tells those who listen that the server is to stop.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Ends for everyone once `signal` does.
    pub fn on(signal: impl Future<Output = ()> + Send + 'static) -> Self {
        let (tell, stop) = watch::channel(false);
        tokio::spawn(async move {
            signal.await;
            // Nobody may listen any more.
            let _ = tell.send(true);
        });
        Self(stop)
    }

    /// Returns once the server is to stop.
    pub async fn wait(mut self) {
        // The sender is gone only after it told.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}

/// Delivers events until told to stop, and then for `drain` at most what was begun.
pub async fn deliver(
    crm: Crm,
    transport: impl Transport,
    options: DispatchOptions,
    stop: Stop,
    drain: Duration,
) {
    let dispatcher = Dispatcher::new(crm, transport, options).on_error(|error| {
        let cause = error.source().map(ToString::to_string);
        tracing::error!(cause, "deliveries are held up: {}", error.message());
    });
    let run = dispatcher.run(&TokioSleeper, stop.clone().wait());
    let late = async {
        stop.wait().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        () = run => {}
        () = late => tracing::info!("some deliveries were under way: they are sent again"),
    }
}

/// Forgets the events of more than so many days ago, every hour, until told to stop.
pub async fn prune(crm: Crm, retention_days: u32, stop: Stop) {
    let forget = async {
        let mut ticks = interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = prune_once(&crm, retention_days).await {
                let cause = error.source().map(ToString::to_string);
                tracing::warn!(cause, "old events were not forgotten: {}", error.message());
            }
        }
    };
    tokio::select! {
        () = forget => {}
        () = stop.wait() => {}
    }
}

async fn prune_once(crm: &Crm, retention_days: u32) -> relm_core::Result<()> {
    let every_ms = i64::try_from(PRUNE_EVERY.as_millis()).unwrap_or(i64::MAX);
    if !crm.claim("prune events", every_ms).await? {
        return Ok(());
    }
    let before = crm
        .now()
        .saturating_add_millis(-DAY_MS * i64::from(retention_days));
    let pruned = crm.prune_events(before, &TokioSleeper).await?;
    if pruned.events > 0 {
        let (events, deliveries) = (pruned.events, pruned.deliveries);
        tracing::info!(events, deliveries, "old events were forgotten");
    }
    Ok(())
}
