//! `/v1/events/stream`: events as they are committed, as [Server-Sent Events](https://html.spec.whatwg.org/multipage/server-sent-events.html).

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use hyper::header::HeaderMap;
use relm_core::limits::PAGE_BYTES_MAX;
use relm_core::record::EventType;
use relm_core::{Error, ErrorKind, Quoted, Scoped};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, ApiError, Outcome};
use super::call::Call;
use super::events::number_of;
use super::followers::{Counted, Followers, Frame};
use super::held_key::HeldKey;
use super::operation::Takes;
use super::query::Query;
use crate::serve::LiveBody;

/// The header by which a client that was connected before says where it was.
const LAST_EVENT_ID: &str = "last-event-id";
/// How long a follower is told nothing: then it is sent a comment, so that whatever is in between sees that it is alive.
const QUIET_MAX: Duration = Duration::from_secs(15);
/// How long a follower is told nothing until its key is looked at again. Before it is told anything, it is too.
const KEY_LOOK_EVERY: Duration = Duration::from_secs(5);
/// Bytes of events that are kept at once for a follower that is behind; one event that has more is kept alone.
const BEHIND_BYTES: usize = 32 * 1024;
/// Events that are read at once for it.
const BEHIND_EVENTS_MAX: usize = 50;
/// When a client whose connection ended is to come back, in milliseconds.
const RETRY_MS: u32 = 1_000;

/// What a follower asks for.
struct Request {
    /// The number that it was at; none for what comes from now on.
    after: Option<i64>,
    /// The types that it wants; none for all.
    types: Option<Vec<EventType>>,
}

impl Request {
    fn read(mut query: Query, headers: &HeaderMap) -> Result<Self, ApiError> {
        let (after, types) = (query.take("after")?, query.take("types")?);
        query.finish_of(Takes::Stream)?;
        // What a browser sends when it comes back is newer than the URL.
        let last = headers.get(LAST_EVENT_ID).map(|last| last.to_str());
        let after = match last {
            Some(last) => Some(last.unwrap_or("").to_owned()),
            None => after,
        };
        let after = match after.as_deref() {
            None | Some("latest") => None,
            Some(number) => Some(number_of(number)?),
        };
        let types = types.map(|types| types.split(',').map(type_of).collect::<Result<_, _>>());
        Ok(Self {
            after,
            types: types.transpose()?,
        })
    }

    fn wants(&self, frame: &Frame) -> bool {
        let types = self.types.as_ref();
        types.is_none_or(|types| types.contains(&frame.event_type))
    }
}

fn type_of(name: &str) -> Result<EventType, ApiError> {
    EventType::parse(name).ok_or_else(|| {
        let message = format!(
            "`types` must name types of event; there is no {}.",
            Quoted(name)
        );
        let error = Error::new(ErrorKind::BadRequest, message).at("types");
        let names = EventType::all().map(EventType::as_str);
        let names: Vec<&str> = names.collect();
        error.options(name, names.iter().copied()).into()
    })
}

/// What a stream begins with.
fn beginning() -> Bytes {
    format!("retry: {RETRY_MS}\n\n").into()
}

/// What there is for a follower by now: what is told without a connection that stays.
pub(super) async fn so_far(call: Call) -> Outcome {
    let request = Request::read(call.query, &call.head.headers)?;
    let mut follower = Behind::new(&call.scoped, request).await?;
    let mut all = beginning().to_vec();
    // Nothing is missed: whoever wants more goes on after the last.
    while follower.is_behind && all.len() < PAGE_BYTES_MAX {
        for frame in follower.read(&call.scoped).await? {
            all.extend_from_slice(&frame);
        }
    }
    Ok(Answer::event_stream(all))
}

/// Begins to tell a follower.
///
/// # Errors
/// Whatever is wrong with what it asks for; `gone` where it was away for too long.
pub(super) async fn follow(
    followers: &Followers,
    scoped: Scoped,
    query: Query,
    headers: &HeaderMap,
    key: HeldKey,
) -> Result<LiveBody, ApiError> {
    let request = Request::read(query, headers)?;
    let counted = followers.count(scoped.scope().workspace())?;
    let frames = followers.subscribe(&scoped).await?;
    let mut behind = Behind::new(&scoped, request).await?;
    // What is wrong with the number is said now, while there is a status to say it by.
    let mut waiting = VecDeque::from([beginning()]);
    waiting.extend(behind.read(&scoped).await?);
    let follower = Follower {
        key,
        scoped,
        behind,
        frames,
        waiting,
        quiet_until: Instant::now() + QUIET_MAX,
        _counted: counted,
    };
    let next = async |mut follower: Follower| Some((follower.next().await?, follower));
    Ok(Box::pin(stream::unfold(follower, next)))
}

/// A follower as it reads the log by itself.
struct Behind {
    request: Request,
    /// The number of the last event that it was told, or that it does not want.
    position: i64,
    /// How many events it reads at once.
    events: usize,
    is_behind: bool,
}

impl Behind {
    async fn new(scoped: &Scoped, request: Request) -> Result<Self, ApiError> {
        let position = match request.after {
            Some(after) => after,
            None => scoped.events().latest().await?,
        };
        Ok(Self {
            request,
            position,
            events: 1,
            is_behind: true,
        })
    }

    /// The next few events of those that it wants. Some stores answer at once, however often they are asked: whoever else is on
    /// this thread goes first.
    async fn read(&mut self, scoped: &Scoped) -> Result<Vec<Bytes>, ApiError> {
        yield_now().await;
        let feed = scoped.events().after(self.position).limit(self.events);
        let page = feed.documents().await?;
        let bytes: usize = page.data.iter().map(|document| document.json.len()).sum();
        self.events = match bytes {
            0..BEHIND_BYTES if page.has_more => (2 * self.events).min(BEHIND_EVENTS_MAX),
            0..BEHIND_BYTES => self.events,
            _ => (self.events / 2).max(1),
        };
        self.is_behind = page.has_more;
        let (mut kept, mut kept_bytes) = (Vec::new(), 0);
        for document in &page.data {
            let frame = Frame::of(document)?;
            if self.request.wants(&frame) {
                kept_bytes += frame.bytes.len();
                if kept_bytes > BEHIND_BYTES && !kept.is_empty() {
                    // It is read again once those before it are told.
                    self.is_behind = true;
                    break;
                }
                kept.push(frame.bytes);
            }
            self.position = frame.seq;
        }
        Ok(kept)
    }
}

/// A follower that is connected.
struct Follower {
    key: HeldKey,
    scoped: Scoped,
    behind: Behind,
    frames: Receiver<Frame>,
    waiting: VecDeque<Bytes>,
    quiet_until: Instant,
    _counted: Counted,
}

/// A follower has to come back: the store fails, or its key is valid no more.
struct Ended;

impl Follower {
    /// What it is told next; none where it has ended. It is told nothing that a request with its key would not be answered.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let event = self.next_event().await.ok()?;
            if !self.key.is_valid().await {
                return None;
            }
            let told = match event {
                Some(event) => event,
                // It learns where it is, though it wanted nothing of what came.
                None if Instant::now() >= self.quiet_until => {
                    format!(":\nid: {}\n\n", self.behind.position).into()
                }
                None => continue,
            };
            self.quiet_until = Instant::now() + QUIET_MAX;
            return Some(told);
        }
    }

    /// The next event that it wants; none where there is none among the few that it looked at, or it has waited for long.
    async fn next_event(&mut self) -> Result<Option<Bytes>, Ended> {
        if let Some(told) = self.waiting.pop_front() {
            return Ok(Some(told));
        }
        if self.behind.is_behind {
            let read = self.behind.read(&self.scoped).await;
            self.waiting.extend(read.map_err(|_| Ended)?);
            return Ok(self.waiting.pop_front());
        }
        let until = self.quiet_until.min(Instant::now() + KEY_LOOK_EVERY);
        match timeout_at(until, self.frames.recv()).await {
            Ok(Ok(frame)) if frame.seq <= self.behind.position => Ok(None),
            Ok(Ok(frame)) => {
                self.behind.position = frame.seq;
                let is_wanted = self.behind.request.wants(&frame);
                Ok(is_wanted.then_some(frame.bytes))
            }
            Ok(Err(RecvError::Lagged(_))) => {
                self.behind.is_behind = true;
                Ok(None)
            }
            Ok(Err(RecvError::Closed)) => Err(Ended),
            Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
