//! `/v1/events/stream`: events as they are committed, as [Server-Sent Events](https://html.spec.whatwg.org/multipage/server-sent-events.html).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use hyper::header::HeaderMap;
use relm_core::limits::{FEED_EVENTS_MAX, PAGE_BYTES_MAX, PAGE_LIMIT_MAX};
use relm_core::record::EventType;
use relm_core::{Error, ErrorKind, Quoted, Scoped};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::answer::{Answer, ApiError, Outcome};
use super::call::Call;
use super::events::number_of;
use super::followers::{Counted, EventHead, Followers, Frame};
use super::held_key::HeldKey;
use super::rate_limit::RateLimiter;
use crate::parameters::{Query, Takes};
use crate::serve::{AnswerMemory, LiveBody, LivePiece, Refusal};

/// The header by which a client that was connected before says where it was.
const LAST_EVENT_ID: &str = "last-event-id";
/// How long a follower is told nothing: then it is sent a comment, so that whatever is in between sees that it is alive.
const QUIET_MAX: Duration = Duration::from_secs(15);
/// How long a follower is told nothing until its key is looked at again. Before it is told anything, it is too.
const KEY_LOOK_EVERY: Duration = Duration::from_secs(5);
/// Bytes of events that are told at once to a follower that is behind; one event that has more is told alone.
const BEHIND_BYTES: usize = 32 * 1024;
/// Memory that is held while one event is read for it: as it is stored, as it is shown, and as it is told.
const EVENT_READ_BYTES: usize = 1024 * 1024;
/// The same of several, which are a page of the log.
const PAGE_READ_BYTES: usize = 2 * PAGE_BYTES_MAX;
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
        let types = types.as_deref().map(types_of).transpose()?;
        Ok(Self { after, types })
    }

    fn wants(&self, event_type: EventType) -> bool {
        let types = self.types.as_ref();
        types.is_none_or(|types| types.contains(&event_type))
    }
}

/// The types that are named, each once: each event of the log is compared with all.
fn types_of(names: &str) -> Result<Vec<EventType>, ApiError> {
    let mut types = Vec::new();
    for name in names.split(',') {
        let named = type_of(name)?;
        if !types.contains(&named) {
            types.push(named);
        }
    }
    Ok(types)
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

/// What there is for a follower by now: what is told without a connection that stays. It reads no more than a request may.
pub(super) async fn so_far(call: Call) -> Outcome {
    let request = Request::read(call.query, &call.head.headers)?;
    let mut follower = Behind::new(&call.scoped, request).await?;
    let mut all = beginning().to_vec();
    // Nothing is missed: whoever wants more goes on after the last.
    let mut has_skipped = false;
    while follower.is_behind && !follower.owes_request() {
        let from = follower.position;
        let told = follower.read(&call.scoped).await?;
        all.extend_from_slice(told.as_bytes());
        has_skipped = told.is_empty() && follower.position > from;
    }
    if has_skipped {
        all.extend_from_slice(&follower.place());
    }
    Ok(Answer::event_stream(all))
}

/// On whose account a follower is told what happens.
pub(super) struct Account {
    pub key: HeldKey,
    /// What a follower reads by itself counts as requests do.
    pub rates: Arc<RateLimiter>,
    pub memory: AnswerMemory,
}

/// Begins to tell a follower.
///
/// # Errors
/// Whatever is wrong with what it asks for; `gone` where it was away for too long; `unavailable` where there is no memory for what
/// it is told.
pub(super) async fn follow(
    followers: &Followers,
    scoped: Scoped,
    query: Query,
    headers: &HeaderMap,
    account: Account,
) -> Result<LiveBody, ApiError> {
    let request = Request::read(query, headers)?;
    let counted = followers.count(scoped.scope().workspace())?;
    let frames = followers.subscribe(&scoped, &account.memory).await?;
    let mut behind = Behind::new(&scoped, request).await?;
    // What is wrong with the number is said now, while there is a status to say it by.
    let mut waiting = VecDeque::from([beginning().into()]);
    waiting.extend(behind.read_within(&scoped, &account.memory).await?);
    let follower = Follower {
        account,
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
    /// What it has read since a request was counted for that.
    read_events: usize,
    read_bytes: usize,
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
            read_events: 0,
            read_bytes: 0,
        })
    }

    /// Whether it has read as much as one request for a page of the log may look at.
    fn owes_request(&self) -> bool {
        self.read_events >= FEED_EVENTS_MAX || self.read_bytes >= PAGE_BYTES_MAX
    }

    fn request_counted(&mut self) {
        (self.read_events, self.read_bytes) = (0, 0);
    }

    /// The lines by which a client learns where it is, though it was told no event.
    fn place(&self) -> Bytes {
        format!(":\nid: {}\n\n", self.position).into()
    }

    /// The next few events of those that it wants, once there is memory for them.
    async fn read_within(
        &mut self,
        scoped: &Scoped,
        memory: &AnswerMemory,
    ) -> Result<Option<LivePiece>, ApiError> {
        let bytes = match self.events {
            1 => EVENT_READ_BYTES,
            _ => PAGE_READ_BYTES,
        };
        let permit = memory.acquire(bytes).await;
        let mut permit = permit.ok_or(Refusal::Busy)?;
        let told = self.read(scoped).await?;
        permit.resize(told.len());
        Ok((!told.is_empty()).then(|| LivePiece {
            bytes: told.into(),
            memory: Some(Arc::new(permit)),
            is_cut: false,
        }))
    }

    /// The lines of the next few events of those that it wants. Some stores answer at once, however often they are asked: whoever
    /// else is on this thread goes first.
    async fn read(&mut self, scoped: &Scoped) -> Result<String, ApiError> {
        yield_now().await;
        let feed = scoped.events().after(self.position).limit(self.events);
        let page = feed.documents().await?;
        self.is_behind = page.has_more;
        let mut lines = String::new();
        let mut is_cut = false;
        for document in &page.data {
            self.read_events += 1;
            self.read_bytes += document.json.len();
            let told = EventHead::of(document)?;
            if self.request.wants(told.event_type) {
                let is_too_much = lines.len() + document.json.len() > BEHIND_BYTES;
                is_cut = is_too_much && !lines.is_empty();
                if is_cut {
                    // It is read again once those before it are told.
                    self.is_behind = true;
                    break;
                }
                told.write(document, &mut lines);
            }
            self.position = told.seq;
        }
        self.events = match lines.len() {
            _ if is_cut => (self.events / 2).max(1),
            bytes if page.has_more && 2 * bytes < BEHIND_BYTES => {
                (2 * self.events).min(PAGE_LIMIT_MAX)
            }
            _ => self.events,
        };
        Ok(lines)
    }
}

/// A follower that is connected.
struct Follower {
    account: Account,
    scoped: Scoped,
    behind: Behind,
    frames: Receiver<Frame>,
    waiting: VecDeque<LivePiece>,
    quiet_until: Instant,
    _counted: Counted,
}

/// A follower has to come back: the store fails, its key is valid no more, or there is no memory for what it is told.
struct Ended;

impl Follower {
    /// What it is told next; none where it has ended. It is told nothing that a request with its key would not be answered.
    async fn next(&mut self) -> Option<LivePiece> {
        loop {
            let piece = self.next_piece().await.ok()?;
            if !self.account.key.is_valid().await {
                return None;
            }
            let told = match piece {
                Some(piece) => piece,
                // It learns where it is, though it wanted nothing of what came.
                None if Instant::now() >= self.quiet_until => self.behind.place().into(),
                None => continue,
            };
            self.quiet_until = Instant::now() + QUIET_MAX;
            return Some(told);
        }
    }

    /// The next events that it wants; none where there are none among the few that it looked at, or it has waited for long.
    async fn next_piece(&mut self) -> Result<Option<LivePiece>, Ended> {
        if let Some(told) = self.waiting.pop_front() {
            return Ok(Some(told));
        }
        if self.behind.is_behind {
            if self.behind.owes_request() && !self.count_request().await {
                return Ok(None);
            }
            let memory = &self.account.memory;
            let read = self.behind.read_within(&self.scoped, memory).await;
            return read.map_err(|_| Ended);
        }
        match timeout_at(self.look_at(), self.frames.recv()).await {
            Ok(Ok(frame)) => Ok(self.shared(frame)),
            Ok(Err(RecvError::Lagged(_))) => {
                self.behind.is_behind = true;
                Ok(None)
            }
            Ok(Err(RecvError::Closed)) => Err(Ended),
            Err(_) => Ok(None),
        }
    }

    /// What it is told of an event that all followers share.
    fn shared(&mut self, frame: Frame) -> Option<LivePiece> {
        if frame.seq <= self.behind.position {
            return None;
        }
        let is_wanted = self.behind.request.wants(frame.event_type);
        if is_wanted && frame.piece.is_none() {
            self.behind.is_behind = true;
            return None;
        }
        self.behind.position = frame.seq;
        frame.piece.filter(|_| is_wanted)
    }

    /// Counts a request for what it goes on to read. Where the window of the workspace is used up, it waits for the next one, or
    /// until something else is to be done.
    async fn count_request(&mut self) -> bool {
        let Account { key, rates, .. } = &self.account;
        let window = rates.count(&key.crm, self.scoped.scope()).await;
        if window.allowed {
            self.behind.request_counted();
        } else {
            let next = Instant::now() + Duration::from_secs(window.retry_after_s);
            sleep_until(next.min(self.look_at())).await;
        }
        window.allowed
    }

    /// When the key is looked at again, or the follower told where it is.
    fn look_at(&self) -> Instant {
        self.quiet_until.min(Instant::now() + KEY_LOOK_EVERY)
    }
}

#[cfg(test)]
mod tests;
