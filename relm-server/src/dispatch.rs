//! What the server does beside answering: delivering events, and deleting what is kept no longer.

use std::error::Error as _;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use relm_core::Timestamp;
use relm_core::engine::{Crm, DispatchOptions, Dispatcher, Importer, Reminders, Sleeper};
use relm_core::webhook::Transport;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::log_throttle::LogThrottle;
use crate::serve::on_own_thread;

/// How often what expired is deleted, however many processes share a database.
const DELETE_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often a process asks whether it is the one to do that.
const ASK_EVERY: Duration = Duration::from_secs(10 * 60);
/// How long delivering rests once something in it panicked.
const REST_AFTER_PANIC: Duration = Duration::from_secs(1);
/// How often the last uses of API keys are written. A key that is used all the time is written once a minute.
const WRITE_KEY_USES_EVERY: Duration = Duration::from_secs(15);
const KEY_USES_UNWRITTEN: &str = "the last uses of API keys were not written";
/// How long a server that stops waits for the last of them.
const LAST_WRITE_MAX: Duration = Duration::from_secs(2);
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
    let dispatcher =
        Dispatcher::new(crm, transport, options).on_error(log_errors("deliveries are held up"));
    let dispatcher = Arc::new(dispatcher);
    let run = keep_running(
        "delivering panicked, and begins anew: what was under way is sent again",
        || {
            let (dispatcher, stopping) = (Arc::clone(&dispatcher), stop.clone().wait());
            async move { dispatcher.run(&TokioSleeper, stopping).await }
        },
    );
    let late = async {
        stop.clone().wait().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        () = run => {}
        () = late => tracing::info!("some deliveries were under way: they are sent again"),
    }
}

/// Works on imports until the signal to stop, and then to the end of what was begun. To check and plan a chunk of rows takes a processor for long,
/// and a store in memory never waits: so it has a thread of its own, and those that serve sockets go on.
pub async fn import(crm: Crm, stop: Stop) {
    let importer = Arc::new(Importer::new(crm).on_error(log_errors("imports are held up")));
    let run = || {
        let (importer, stopping) = (Arc::clone(&importer), stop.clone().wait());
        on_own_thread(async move { importer.run(&TokioSleeper, stopping).await })
    };
    keep_running("an import panicked: it goes on when its lease is over", run).await;
}

/// Tells of activities that are due, until the signal to stop.
pub async fn remind(crm: Crm, stop: Stop) {
    let reminders = Reminders::new(crm).on_error(log_errors("what is due is not told of"));
    let reminders = Arc::new(reminders);
    let run = || {
        let (reminders, stopping) = (Arc::clone(&reminders), stop.clone().wait());
        async move { reminders.run(&TokioSleeper, stopping).await }
    };
    keep_running("telling of what is due panicked, and begins anew", run).await;
}

/// Logs what goes wrong while nobody waits for an answer: each cause as often as is of use.
fn log_errors(what: &'static str) -> impl Fn(&relm_core::Error) + Send + Sync + 'static {
    let throttle = LogThrottle::default();
    move |error| {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        if let Some(suppressed) = throttle.admit(&cause, Instant::now()) {
            tracing::error!(cause, suppressed, "{what}: {}", error.message());
        }
    }
}

/// Runs work to its end, and anew where it panicked, which it says. What is dropped meanwhile ends.
async fn keep_running<W>(panicked: &'static str, work: impl Fn() -> W)
where
    W: Future<Output = ()> + Send + 'static,
{
    // A set ends what runs in it when it is dropped.
    let mut runs = JoinSet::new();
    loop {
        runs.spawn(work());
        match runs.join_next().await {
            Some(Err(error)) if error.is_panic() => {
                tracing::error!("{panicked}");
                tokio::time::sleep(REST_AFTER_PANIC).await;
            }
            _ => return,
        }
    }
}

/// Writes when API keys were last used, every quarter of a minute until the signal to stop.
pub async fn write_key_uses(crm: Crm, stop: Stop) {
    let mut ticks = interval(WRITE_KEY_USES_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stopped = std::pin::pin!(stop.wait());
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = &mut stopped => return,
        }
        say(KEY_USES_UNWRITTEN, crm.write_key_uses().await.map(drop));
    }
}

/// Writes them for the last time, once no request is answered any more. A store that does not answer holds nobody up.
pub async fn write_last_key_uses(crm: &Crm) {
    match timeout(LAST_WRITE_MAX, crm.write_key_uses()).await {
        Ok(written) => say(KEY_USES_UNWRITTEN, written.map(drop)),
        Err(_) => tracing::warn!("{KEY_USES_UNWRITTEN} in time"),
    }
}

/// How long what is over is kept.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Days that events are kept with their deliveries; 0 for ever.
    pub event_days: u32,
    /// Days that deleted records can be restored.
    pub trash_days: u32,
}

/// Retention: deletes what was kept for long enough, every hour, until the signal to stop.
pub async fn retain(crm: Crm, kept: Kept, stop: Stop) {
    let delete = async {
        let mut ticks = interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let events = delete_expired_events(&crm, kept.event_days).await;
            say("expired events were not deleted", events);
            let trash = delete_expired_trash(&crm, kept.trash_days).await;
            say("the trash was not emptied", trash);
            let renamed = finish_renamings(&crm).await;
            say("choices were not renamed to the end", renamed);
            let unique = finish_unique_indexes(&crm).await;
            say("indexes of unique values were not made to the end", unique);
            let merged = finish_merges(&crm).await;
            say("merges were not ended", merged);
            let imports = delete_expired_imports(&crm).await;
            say("expired imports were not deleted", imports);
        }
    };
    tokio::select! {
        () = delete => {}
        () = stop.wait() => {}
    }
}

fn say(what: &str, ended: relm_core::Result<()>) {
    if let Err(error) = ended {
        let cause = error.source().map(ToString::to_string);
        tracing::warn!(cause, "{what}: {}", error.message());
    }
}

async fn delete_expired_events(crm: &Crm, days: u32) -> relm_core::Result<()> {
    // Replicas of earlier versions claim it by this name.
    if days == 0 || !is_to_do(crm, "prune events").await? {
        return Ok(());
    }
    let before = days_ago(crm, days);
    let deleted = crm.delete_expired_events(before, &TokioSleeper).await?;
    if deleted.events > 0 {
        let (events, deliveries) = (deleted.events, deleted.deliveries);
        tracing::info!(events, deliveries, "expired events were deleted");
    }
    Ok(())
}

async fn delete_expired_trash(crm: &Crm, days: u32) -> relm_core::Result<()> {
    if !is_to_do(crm, "empty trash").await? {
        return Ok(());
    }
    let before = days_ago(crm, days);
    let records = crm.delete_expired_trash(before, &TokioSleeper).await?;
    if records > 0 {
        tracing::info!(records, "what was in the trash for long was deleted");
    }
    Ok(())
}

async fn finish_renamings(crm: &Crm) -> relm_core::Result<()> {
    if !is_to_do(crm, "finish renamings").await? {
        return Ok(());
    }
    let choices = crm.finish_renamings(&TokioSleeper).await?;
    if choices > 0 {
        tracing::info!(choices, "choices were renamed to the end");
    }
    Ok(())
}

async fn finish_unique_indexes(crm: &Crm) -> relm_core::Result<()> {
    if !is_to_do(crm, "finish unique indexes").await? {
        return Ok(());
    }
    let indexes = crm.finish_unique_indexes(&TokioSleeper).await?;
    if indexes > 0 {
        tracing::info!(
            indexes,
            "indexes of unique values were made, or taken away, to the end"
        );
    }
    Ok(())
}

async fn finish_merges(crm: &Crm) -> relm_core::Result<()> {
    if !is_to_do(crm, "finish merges").await? {
        return Ok(());
    }
    let records = crm.finish_merges(&TokioSleeper).await?;
    if records > 0 {
        tracing::info!(
            records,
            "what referred to merged records was moved to the end"
        );
    }
    Ok(())
}

async fn delete_expired_imports(crm: &Crm) -> relm_core::Result<()> {
    if !is_to_do(crm, "delete imports").await? {
        return Ok(());
    }
    let importer = Importer::new(crm.clone());
    let imports = importer.delete_expired(&TokioSleeper).await?;
    if imports > 0 {
        tracing::info!(imports, "expired imports were deleted");
    }
    Ok(())
}

async fn is_to_do(crm: &Crm, name: &str) -> relm_core::Result<bool> {
    let every_ms = i64::try_from(DELETE_EVERY.as_millis()).unwrap_or(i64::MAX);
    crm.claim(name, every_ms).await
}

fn days_ago(crm: &Crm, days: u32) -> Timestamp {
    crm.now().saturating_add_millis(-DAY_MS * i64::from(days))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Mutex;
    use std::thread::{ThreadId, current};

    use futures_util::FutureExt;
    use relm_core::engine::ImportOptions;
    use relm_core::value::time::{Clock, Monotonic, SystemClock};
    use relm_core::{Mode, ObjectType, Store};
    use relm_store_memory::MemoryStore;

    use super::*;

    /// The clock of this machine, which remembers who asked.
    #[derive(Clone, Default)]
    struct Asked(Arc<Mutex<HashSet<ThreadId>>>);

    impl Clock for Asked {
        fn now(&self) -> Timestamp {
            self.0.lock().unwrap().insert(current().id());
            SystemClock.now()
        }

        fn monotonic(&self) -> Monotonic {
            SystemClock.monotonic()
        }
    }

    #[tokio::test]
    async fn imports_are_worked_on_by_a_thread_of_their_own() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let crm = Crm::builder(Arc::clone(&store)).build();
        let acme = crm.create_workspace("acme").await.unwrap();
        let live = crm.open(acme.id, Mode::Live).await.unwrap();
        let options = ImportOptions::new(ObjectType::Contact);
        let file = b"email\nada@example.com\n";
        let queued = live.imports().start(options, file).await.unwrap();
        let asked = Asked::default();
        let worker = Crm::builder(store).clock(Arc::new(asked.clone())).build();
        let (send, stop) = tokio::sync::oneshot::channel::<()>();
        let mut working = Box::pin(import(worker, Stop::on(async { drop(stop.await) })));
        // The importer's own id is made here; it begins once this thread waits.
        assert!((&mut working).now_or_never().is_none());
        asked.0.lock().unwrap().clear();
        let working = tokio::spawn(working);
        while live
            .imports()
            .get(queued.id)
            .await
            .unwrap()
            .unwrap()
            .created
            == 0
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        send.send(()).unwrap();
        working.await.unwrap();
        let threads = asked.0.lock().unwrap();
        assert!(!threads.is_empty() && !threads.contains(&current().id()));
    }
}
