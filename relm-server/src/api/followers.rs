//! Who follows events: how many they are, and the one reading of each scope's log that all of its followers share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::TryStreamExt;
use relm_core::record::{Document, EventType};
use relm_core::{Error, Id, Scope, Scoped};
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio::time::{MissedTickBehavior, interval};

use crate::dispatch::TokioSleeper;

/// Events that the followers of a scope share. One that is further behind reads the store by itself until it has caught up.
const FRAMES_SHARED: usize = 64;
/// How often a reading looks whether it still has a follower.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Followers at once.
pub(super) const FOLLOWERS_MAX: usize = 2_000;
/// The same of one workspace.
pub(super) const FOLLOWERS_PER_WORKSPACE_MAX: usize = 1_000;

/// One event, as it is sent to whoever follows it.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub seq: i64,
    pub event_type: EventType,
    pub bytes: Bytes,
}

impl Frame {
    /// The frame of an event as the API shows it.
    pub fn of(document: &Document) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Said {
            seq: i64,
            #[serde(rename = "type")]
            event_type: EventType,
        }
        let Said { seq, event_type } = document.decode()?;
        let mut text = format!("id: {seq}\nevent: {event_type}\n");
        for line in document.json.lines() {
            text.push_str("data: ");
            text.push_str(line);
            text.push('\n');
        }
        text.push('\n');
        Ok(Self {
            seq,
            event_type,
            bytes: text.into(),
        })
    }
}

/// All who follow events of one server.
#[derive(Clone, Default)]
pub(super) struct Followers(Arc<Shared>);

#[derive(Default)]
struct Shared {
    readings: Mutex<HashMap<Scope, broadcast::Sender<Frame>>>,
    counts: Mutex<HashMap<Id, usize>>,
}

/// One follower; it counts until this is dropped.
pub(super) struct Counted {
    shared: Arc<Shared>,
    workspace: Id,
}

impl Followers {
    /// Counts a follower, unless there are as many as there may be.
    pub fn count(&self, workspace: Id) -> Option<Counted> {
        let mut counts = lock(&self.0.counts);
        let all: usize = counts.values().sum();
        let own = counts.entry(workspace).or_default();
        if all >= FOLLOWERS_MAX || *own >= FOLLOWERS_PER_WORKSPACE_MAX {
            return None;
        }
        *own += 1;
        Some(Counted {
            shared: Arc::clone(&self.0),
            workspace,
        })
    }

    /// The frames of a scope from now on. Whoever reads the log to its end after this has seen, or is given, every event.
    pub async fn subscribe(&self, scoped: &Scoped) -> Result<broadcast::Receiver<Frame>, Error> {
        let scope = scoped.scope();
        if let Some(sender) = lock(&self.0.readings).get(&scope) {
            return Ok(sender.subscribe());
        }
        // Before the follower reads: what its own reading ends with is not before this.
        let latest = scoped.events().latest().await?;
        let mut readings = lock(&self.0.readings);
        if let Some(sender) = readings.get(&scope) {
            return Ok(sender.subscribe());
        }
        let (sender, frames) = broadcast::channel(FRAMES_SHARED);
        readings.insert(scope, sender.clone());
        drop(readings);
        let (followers, scoped) = (self.clone(), scoped.clone());
        tokio::spawn(async move { followers.read(&scoped, latest, &sender).await });
        Ok(frames)
    }

    /// Reads a log for as long as somebody follows it. When the store fails, the followers are let go, and come back.
    async fn read(&self, scoped: &Scoped, after: i64, sender: &broadcast::Sender<Frame>) {
        let mut feed = scoped
            .events()
            .after(after)
            .follow_documents(Arc::new(TokioSleeper));
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let read = tokio::select! {
                read = feed.try_next() => read,
                _ = look.tick() => {
                    let mut readings = lock(&self.0.readings);
                    if sender.receiver_count() > 0 {
                        continue;
                    }
                    readings.remove(&scoped.scope());
                    return;
                }
            };
            let frame = read.and_then(|document| document.as_ref().map(Frame::of).transpose());
            let Ok(Some(frame)) = frame else {
                lock(&self.0.readings).remove(&scoped.scope());
                return;
            };
            // The last follower may have left.
            let _ = sender.send(frame);
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = lock(&self.shared.counts);
        if let Some(own) = counts.get_mut(&self.workspace) {
            *own -= 1;
            if *own == 0 {
                counts.remove(&self.workspace);
            }
        }
    }
}

// A panic under the lock leaves whole maps behind.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
