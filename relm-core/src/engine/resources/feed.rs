//! The feed: the events of a scope in the one order of its log, page by page or for ever.

use std::collections::VecDeque;
use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select;
use futures_util::stream::{self, BoxStream, StreamExt};

use super::listing::{envelope, page_limit};
use super::shown_events::shown;
use crate::engine::commits::Following;
use crate::engine::context::Context;
use crate::engine::spans;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{FEED_EVENTS_MAX, PAGE_BYTES_MAX, PAGE_LIMIT_MAX};
use crate::query::filter::{self, Clause, Filter, matches};
use crate::record::{Document, Event, Record};
use crate::store::page::PageSize;
use crate::store::{LogPage, Numbered};
use crate::value::environment::{Sleeper, yield_now};
use crate::value::id::Kind;

/// How long a follower waits for a commit of its own process before it looks for those of others.
pub const FOLLOW_POLL: Duration = Duration::from_millis(150);
/// How long a follower that was woken lets further commits join what it reads: under many commits, it reads so seldom.
const FOLLOW_PAUSE: Duration = Duration::from_millis(20);

/// The events of a scope after a number of its log, before they are read. Nothing happens until then.
///
/// - `.await` gives one page of them, [`FeedPage<LoggedEvent>`](FeedPage);
/// - [`documents`](Self::documents) gives the same page as JSON;
/// - [`follow`](Self::follow) gives all of them, and then each that is committed.
#[must_use = "a feed is read when it is awaited, or by one of its methods"]
pub struct Feed<'a> {
    context: &'a Context,
    after: i64,
    filters: Vec<Filter>,
    limit: Option<usize>,
}

/// An event, and its number in the log of its scope.
#[derive(Clone, Debug)]
pub struct LoggedEvent {
    /// The number.
    pub seq: i64,
    /// The event.
    pub event: Event,
}

/// One page of a [`Feed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPage<T = Document> {
    /// The events, in the order of their numbers.
    pub data: Vec<T>,
    /// Where the next page begins: the number of the last event that was looked at. It is always there, and never less than
    /// what the page was asked for.
    pub next_after: i64,
    /// Whether there is another page by now. There will be one after it.
    pub has_more: bool,
}

impl FeedPage {
    /// The list envelope, with the documents as they are. What pages are asked for by is `next_after`, and not a cursor.
    pub fn to_json(&self) -> String {
        let Self {
            data,
            next_after,
            has_more,
        } = self;
        envelope(
            data,
            format_args!(r#""has_more":{has_more},"next_cursor":null,"next_after":{next_after}"#),
        )
    }
}

impl<T> FeedPage<T> {
    fn try_map<U>(self, convert: impl FnMut(T) -> Result<U>) -> Result<FeedPage<U>> {
        let data = self.data.into_iter().map(convert);
        Ok(FeedPage {
            data: data.collect::<Result<_>>()?,
            next_after: self.next_after,
            has_more: self.has_more,
        })
    }
}

impl<'a> Feed<'a> {
    pub(super) fn new(context: &'a Context, after: i64) -> Self {
        Self {
            context,
            after,
            filters: Vec::new(),
            limit: None,
        }
    }

    /// The same feed, of the events that meet one more filter, as in a [list](super::events::Events::list) of events.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// The same feed, in pages of at most so many events; default: 50, at most 200.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// One page, as JSON: each event as [`get_json`](super::events::Events::get_json) gives it.
    ///
    /// # Errors
    /// `gone` where events after the number are deleted already: [`Error::oldest_seq`] says from which on all are there.
    /// `bad_request` for a filter or a limit that does not make sense, and for a number that was never given.
    pub async fn documents(&self) -> Result<FeedPage> {
        let page = self.read().await?;
        page.try_map(|it| shown(&it.document, Some(it.seq)))
    }

    /// Every event after the number, and then each that is committed by whatever process, as long as the stream is polled and
    /// none fails. None is missed and none comes twice. It ends at an error; a new feed after the last event's number goes on.
    ///
    /// What this process commits comes within milliseconds, and what others do within about [`FOLLOW_POLL`]: as long as it
    /// waits, it asks the store so often.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # struct Blocking;
    /// # #[async_trait::async_trait]
    /// # impl relm_core::engine::Sleeper for Blocking {
    /// #     async fn sleep(&self, duration: std::time::Duration) { std::thread::sleep(duration) }
    /// # }
    /// # let sleeper = std::sync::Arc::new(Blocking);
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
    /// # live.contacts().create(relm_core::ContactInput { email: "ada@example.com".into(), ..Default::default() }).await?;
    /// use futures_util::TryStreamExt;
    ///
    /// // Kept together with whatever is made of the events: what was seen is not asked for again.
    /// let mut seen = 0;
    /// let mut feed = live.events().after(seen).follow(sleeper);
    /// while let Some(logged) = feed.try_next().await? {
    ///     println!("{} {}", logged.event.event_type, logged.event.data.get());
    ///     seen = logged.seq;
    /// #   break;
    /// }
    /// # assert_eq!(seen, 1);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// As for a page, and those of the store.
    pub fn follow(self, sleeper: Arc<dyn Sleeper>) -> BoxStream<'a, Result<LoggedEvent>> {
        self.follow_as(sleeper, logged)
    }

    /// [`follow`](Self::follow), as JSON.
    ///
    /// # Errors
    /// As for `follow`.
    pub fn follow_documents(self, sleeper: Arc<dyn Sleeper>) -> BoxStream<'a, Result<Document>> {
        self.follow_as(sleeper, |it| shown(&it.document, Some(it.seq)))
    }

    fn follow_as<T: Send + 'a>(
        self,
        sleeper: Arc<dyn Sleeper>,
        convert: fn(Numbered) -> Result<T>,
    ) -> BoxStream<'a, Result<T>> {
        let scope = self.context.scope();
        let follower = Follower {
            following: self.context.commits().follow(scope),
            feed: self,
            sleeper,
            read: VecDeque::new(),
        };
        let next = move |mut follower: Follower<'a>| async move {
            let next = convert(follower.next().await?)?;
            Ok(Some((next, follower)))
        };
        stream::try_unfold(follower, next).boxed()
    }

    async fn read(&self) -> Result<FeedPage<Numbered>> {
        spans::list("feed", self.context.scope(), self.page()).await
    }

    async fn page(&self) -> Result<FeedPage<Numbered>> {
        let clauses = filter::parse(Kind::Event, &[], &self.filters)?;
        let limit = page_limit(self.limit)?;
        if clauses.is_empty() {
            let page = self.log(self.after, limit).await?;
            let page = checked(page, self.after)?;
            let last = page.events.last().map(|last| last.seq);
            return Ok(FeedPage {
                next_after: last.unwrap_or(self.after),
                has_more: page.more,
                data: page.events,
            });
        }
        self.filtered(&clauses, limit).await
    }

    /// Looks for the events that meet the clauses, within a bound: where few do, the page is short or empty and the next one
    /// goes on.
    async fn filtered(&self, clauses: &[Clause], limit: usize) -> Result<FeedPage<Numbered>> {
        let mut size = PageSize::new(limit);
        let (mut after, mut data) = (self.after, Vec::new());
        let (mut looked_at, mut looked_at_bytes) = (0, 0);
        let ended = |data, next_after, has_more| FeedPage {
            data,
            next_after,
            has_more,
        };
        loop {
            let page = self.log(after, PAGE_LIMIT_MAX).await?;
            let page = match checked(page, after) {
                Ok(page) => page,
                // What was deleted meanwhile is missing from the next page, which says so.
                Err(_) if after > self.after => return Ok(ended(data, after, true)),
                Err(error) => return Err(error),
            };
            looked_at += page.events.len();
            for numbered in page.events {
                let json = &numbered.document.json;
                let seq = numbered.seq;
                looked_at_bytes += json.len();
                if matches(clauses, &Record::from_json(Kind::Event, json)?) {
                    if !size.takes(json.len()) {
                        return Ok(ended(data, after, true));
                    }
                    data.push(numbered);
                }
                after = seq;
            }
            let is_enough = looked_at >= FEED_EVENTS_MAX || looked_at_bytes >= PAGE_BYTES_MAX;
            if !page.more || is_enough {
                return Ok(ended(data, after, page.more));
            }
            yield_now().await;
        }
    }

    async fn log(&self, after: i64, limit: usize) -> Result<LogPage> {
        let storage = self.context.storage();
        storage.log(self.context.scope(), after, limit).await
    }
}

/// One page of typed events.
impl<'a> IntoFuture for Feed<'a> {
    type Output = Result<FeedPage<LoggedEvent>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.read().await?.try_map(logged) })
    }
}

fn logged(Numbered { seq, document }: Numbered) -> Result<LoggedEvent> {
    let event = document.decode()?;
    Ok(LoggedEvent { seq, event })
}

/// A page, unless it cannot be whole, or its number was never given: then whoever asks would wait for what was given to others.
fn checked(page: LogPage, after: i64) -> Result<LogPage> {
    if after > page.last && !page.more {
        let last = page.last;
        return Err(Error::bad_request(format!(
            "`after` must be the number of an event that there was, not {after}: the last one is {last}. Another workspace, mode or \
             database has other numbers; after a backup was restored, begin anew from the records themselves."
        ))
        .at("after"));
    }
    if after < page.deleted {
        let oldest = page.deleted.saturating_add(1);
        let kept = page.deleted;
        return Err(Error::new(
            ErrorKind::Gone,
            format!(
                "Events after {after} are kept no more: read the records themselves again, and go on with `after={kept}`."
            ),
        )
        .at("after")
        .suggesting(kept.to_string())
        .kept_from(oldest));
    }
    Ok(page)
}

/// Who follows a feed.
struct Follower<'a> {
    feed: Feed<'a>,
    following: Following,
    sleeper: Arc<dyn Sleeper>,
    /// What was read and not given yet.
    read: VecDeque<Numbered>,
}

impl Follower<'_> {
    async fn next(&mut self) -> Result<Numbered> {
        loop {
            if let Some(next) = self.read.pop_front() {
                return Ok(next);
            }
            let page = self.feed.read().await?;
            self.feed.after = page.next_after;
            self.read.extend(page.data);
            match page.has_more {
                _ if !self.read.is_empty() => {}
                true => yield_now().await,
                false => self.wait().await,
            }
        }
    }

    /// Waits until there may be more.
    async fn wait(&self) {
        let noticed = pin!(self.following.noticed());
        let polled = pin!(self.sleeper.sleep(FOLLOW_POLL));
        let is_noticed = matches!(
            select(noticed, polled).await,
            futures_util::future::Either::Left(_)
        );
        if is_noticed {
            self.sleeper.sleep(FOLLOW_PAUSE).await;
        }
    }
}
