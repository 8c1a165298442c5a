//! Who follows events: how many they are, and the one reading of each scope's log that all of its followers share.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::TryStreamExt;
use hyper::header::RETRY_AFTER;
use relm_core::limits::{EVENT_STREAMS_MAX, EVENT_STREAMS_PER_WORKSPACE_MAX};
use relm_core::record::{Document, EventType};
use relm_core::{Error, ErrorKind, Id, Scope, Scoped};
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::answer::ApiError;
use super::code::Code;
use crate::dispatch::TokioSleeper;
use crate::serve::{AnswerMemory, LivePiece};

/// Events that the followers of a scope share. One that is further behind reads the store by itself until it has caught up.
const FRAMES_SHARED: usize = 64;
/// How often a reading looks whether it still has a follower.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a reading waits for followers that have not taken a ring of frames yet, as after a batch of more events than that.
const ROOM_WAIT_MAX: Duration = Duration::from_millis(50);
/// How often it looks meanwhile whether they have.
const ROOM_LOOK_EVERY: Duration = Duration::from_millis(1);
/// Seconds after which a stream that nobody listens to any more is found out, and makes room for another.
const FULL_RETRY_S: u64 = 15;

/// One event, as it is sent to whoever follows it.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub seq: i64,
    pub event_type: EventType,
    /// None where there was no memory for it at once: whoever wants it reads it by itself, and waits for its own.
    pub piece: Option<LivePiece>,
}

impl Frame {
    /// The frame of an event as the API shows it, which all followers share.
    fn of(document: &Document, memory: &AnswerMemory) -> Result<Self, Error> {
        let EventHead { seq, event_type } = EventHead::of(document)?;
        let piece = memory.try_acquire(document.json.len()).map(|permit| {
            let mut text = String::with_capacity(document.json.len() + LINES_BYTES);
            EventHead { seq, event_type }.write(document, &mut text);
            LivePiece {
                bytes: text.into(),
                memory: Some(Arc::new(permit)),
                is_cut: false,
            }
        });
        Ok(Self {
            seq,
            event_type,
            piece,
        })
    }
}

/// What a client is sent about an event beside the event.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct EventHead {
    pub seq: i64,
    #[serde(rename = "type")]
    pub event_type: EventType,
}

/// Bytes that the lines of an event have beside it, nearly.
const LINES_BYTES: usize = 100;

impl EventHead {
    /// That of an event as the API shows it.
    pub fn of(document: &Document) -> Result<Self, Error> {
        document.decode()
    }

    /// Adds the lines of the event.
    pub fn write(self, document: &Document, text: &mut String) {
        let Self { seq, event_type } = self;
        // Writing to a text never fails.
        let _ = write!(text, "id: {seq}\nevent: {event_type}\n");
        for line in document.json.lines() {
            text.push_str("data: ");
            text.push_str(line);
            text.push('\n');
        }
        text.push('\n');
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

/// There are as many followers as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Full {
    /// Of one workspace.
    #[error("the workspace follows events {EVENT_STREAMS_PER_WORKSPACE_MAX} times already")]
    Workspace,
    /// Of the server.
    #[error("the server has {EVENT_STREAMS_MAX} streams of events already")]
    Server,
}

impl From<Full> for ApiError {
    fn from(full: Full) -> Self {
        match full {
            Full::Workspace => {
                let message = format!(
                    "This workspace follows events {EVENT_STREAMS_PER_WORKSPACE_MAX} times already; close a stream."
                );
                Self::of(Code::RateLimited, message).with_header(RETRY_AFTER, FULL_RETRY_S.into())
            }
            Full::Server => {
                let message = format!(
                    "This server has {EVENT_STREAMS_MAX} streams of events, as many as it may; try again."
                );
                Error::new(ErrorKind::Unavailable, message).into()
            }
        }
    }
}

impl Followers {
    /// Counts a follower, unless there are as many as there may be.
    pub fn count(&self, workspace: Id) -> Result<Counted, Full> {
        let mut counts = lock(&self.0.counts);
        let own = counts.get(&workspace).copied().unwrap_or_default();
        if own >= EVENT_STREAMS_PER_WORKSPACE_MAX {
            return Err(Full::Workspace);
        }
        if counts.values().sum::<usize>() >= EVENT_STREAMS_MAX {
            return Err(Full::Server);
        }
        counts.insert(workspace, own + 1);
        Ok(Counted {
            shared: Arc::clone(&self.0),
            workspace,
        })
    }

    /// The frames of a scope from now on. Whoever reads the log to its end after this has seen, or is given, every event.
    /// What waits for the slowest of them takes of `memory`.
    pub async fn subscribe(
        &self,
        scoped: &Scoped,
        memory: &AnswerMemory,
    ) -> Result<broadcast::Receiver<Frame>, Error> {
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
        let reading = Reading {
            shared: Arc::clone(&self.0),
            scoped: scoped.clone(),
            memory: memory.clone(),
            frames: sender,
            waits_for_room: true,
        };
        tokio::spawn(reading.run(latest));
        Ok(frames)
    }
}

/// The one reading of a scope's log. However it ends, it leaves its place to another: its followers are let go, and come back.
struct Reading {
    shared: Arc<Shared>,
    scoped: Scoped,
    memory: AnswerMemory,
    frames: broadcast::Sender<Frame>,
    /// Whether it waits when the ring is full. It does so once: whoever did not read meanwhile holds up nobody any more.
    waits_for_room: bool,
}

impl Reading {
    /// Reads for as long as somebody follows and the store answers.
    async fn run(mut self, after: i64) {
        let scoped = self.scoped.clone();
        let feed = scoped.events().after(after);
        let mut feed = feed.follow_documents(Arc::new(TokioSleeper));
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let read = tokio::select! {
                read = feed.try_next() => read,
                _ = look.tick() => match self.leave_if_alone() {
                    true => return,
                    false => continue,
                },
            };
            let Ok(Some(document)) = read else {
                return;
            };
            self.wait_for_room().await;
            let Ok(frame) = Frame::of(&document, &self.memory) else {
                return;
            };
            // The last follower may have left.
            let _ = self.frames.send(frame);
        }
    }

    /// Leaves its place where nobody follows: whoever comes from then on begins another reading.
    fn leave_if_alone(&self) -> bool {
        let mut readings = lock(&self.shared.readings);
        let is_alone = self.frames.receiver_count() == 0;
        if is_alone {
            readings.remove(&self.scoped.scope());
        }
        is_alone
    }

    /// Where the ring is full, lets the followers take from it, for a moment. Those that do not are behind after that, and read by
    /// themselves.
    async fn wait_for_room(&mut self) {
        let until = Instant::now() + ROOM_WAIT_MAX;
        while self.frames.len() >= FRAMES_SHARED {
            if !self.waits_for_room || Instant::now() >= until {
                self.waits_for_room = false;
                return;
            }
            sleep(ROOM_LOOK_EVERY).await;
        }
        self.waits_for_room = true;
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut readings = lock(&self.shared.readings);
        let scope = self.scoped.scope();
        let current = readings.get(&scope);
        if current.is_some_and(|current| current.same_channel(&self.frames)) {
            readings.remove(&scope);
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

#[cfg(test)]
mod tests {
    use relm_core::Kind;

    use super::*;

    #[test]
    fn followers_are_counted_up_to_what_there_may_be() {
        let followers = Followers::default();
        let workspace = |n| Id::new(Kind::Workspace, n);
        let of = |n| followers.count(workspace(n)).err();
        let fill = |n| {
            let all = (0..EVENT_STREAMS_PER_WORKSPACE_MAX).map(|_| followers.count(workspace(n)));
            all.collect::<Result<Vec<_>, Full>>().unwrap()
        };
        let mut first = fill(1);
        assert_eq!(of(1), Some(Full::Workspace));
        assert_eq!(of(2), None, "another workspace has its own");
        let second = fill(2);
        assert_eq!((of(2), of(3)), (Some(Full::Workspace), Some(Full::Server)));
        let counts = lock(&followers.0.counts).len();
        assert_eq!(counts, 2, "who is refused leaves nothing");
        first.pop();
        assert_eq!(of(3), None);
        drop((first, second));
        assert!(lock(&followers.0.counts).is_empty());
    }

    #[test]
    fn one_follower_too_many_is_told_what_to_do() {
        for (full, status, says) in [
            (Full::Workspace, 429, "close a stream"),
            (Full::Server, 503, "try again"),
        ] {
            let error = ApiError::from(full);
            assert_eq!(error.status.as_u16(), status);
            assert!(format!("{error:?}").contains(says), "{error:?}");
        }
    }
}
