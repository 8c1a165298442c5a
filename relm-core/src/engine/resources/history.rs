//! The history of one record: its own changes, newest first, and what it was at a moment.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use serde::Deserialize;

use super::deliveries::first_of;
use super::listing::{envelope, page_limit};
use crate::engine::context::Context;
use crate::engine::spans;
use crate::error::{Error, ErrorKind, Result};
use crate::query::cursor::{Cursors, Place};
use crate::query::filter::Clause;
use crate::record::object_type::ObjectType;
use crate::record::{Change, Document, Event, EventType, HistoryEntry};
use crate::store::{Page, Query};
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;

/// Changes that are looked at to find the last of them: so many may have been made at about one moment by processes whose clocks
/// differ.
pub(super) const NEIGHBOURS: usize = 8;

/// The changes of one record, before they are read. Nothing happens until then.
///
/// - `.await` gives one page of them, newest first: a [`HistoryPage`];
/// - [`stream`](Self::stream) gives the changes of all pages, one by one.
///
/// A page costs what it holds, however many changes there are. Within a page the order is that of the record's versions; pages
/// follow each other by when their changes happened. The two differ only where two processes whose clocks differ changed one
/// record within that difference.
///
/// ```
/// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
/// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
/// # let acme = crm.create_workspace("acme").await?;
/// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
/// # use relm_core::ContactInput;
/// let input = ContactInput { email: "ada@example.com".into(), ..Default::default() };
/// let ada = live.contacts().create(input).await?;
/// let change = ContactInput { phone: "+44 20 7946 0000".into(), ..Default::default() };
/// live.contacts().update(ada.id, change, None).await?;
///
/// let history = live.contacts().history(ada.id).limit(10).await?;
/// let newest = &history.data[0];
/// assert_eq!(newest.changes["phone"].to, "+44 20 7946 0000");
/// assert_eq!(history.data[1].version, 1);
/// assert_eq!(history.truncated_before, None);
/// # Ok(()) }) }
/// ```
#[must_use = "a history is read when it is awaited, or by one of its methods"]
#[derive(Clone)]
pub struct History<'a> {
    context: &'a Context,
    of: ObjectType,
    id: Id,
    as_of: Option<Timestamp>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// One page of a [`History`].
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryPage {
    /// The changes, newest first.
    pub data: Vec<HistoryEntry>,
    /// Passed back as the cursor, it gives the next page; none exactly when there is none.
    pub next_cursor: Option<String>,
    /// The moment from which on nothing is missing from what was read: changes before it are kept no more. It is there on a page
    /// where a change is missing, mostly the last one; none where the page is whole.
    pub truncated_before: Option<Timestamp>,
}

impl HistoryPage {
    /// The list envelope, with `truncated_before`.
    ///
    /// # Errors
    /// `internal_error` should an entry not serialise.
    pub fn to_json(&self) -> Result<String> {
        let documents = self.data.iter().map(|entry| {
            let json = serde_json::to_string(entry).map_err(Error::internal)?;
            Ok(Document {
                id: entry.event_id,
                json: json.into(),
            })
        });
        let documents: Vec<Document> = documents.collect::<Result<_>>()?;
        let cursor = serde_json::to_string(&self.next_cursor).map_err(Error::internal)?;
        let truncated = serde_json::to_string(&self.truncated_before).map_err(Error::internal)?;
        let more = self.next_cursor.is_some();
        Ok(envelope(
            &documents,
            format_args!(
                r#""has_more":{more},"next_cursor":{cursor},"truncated_before":{truncated}"#
            ),
        ))
    }
}

impl<'a> History<'a> {
    pub(super) fn new(context: &'a Context, of: ObjectType, id: Id) -> Self {
        Self {
            context,
            of,
            id,
            as_of: None,
            limit: None,
            cursor: None,
        }
    }

    /// The same history as it was at a moment: without what happened after it. The first entry is the change that made the record
    /// what it was then.
    pub fn as_of(mut self, at: Timestamp) -> Self {
        self.as_of = Some(at);
        self
    }

    /// The same history, in pages of at most so many changes; default: 50, at most 200.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The same history from the page after this cursor on.
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// The changes of all pages from this one on, newest first. Each page is read when its first change is asked for. The stream
    /// ends at an error.
    pub fn stream(self) -> BoxStream<'a, Result<HistoryEntry>> {
        let pages = stream::try_unfold(Some(self), |history| async move {
            let Some(history) = history else {
                return Ok(None);
            };
            let page = history.read().await?;
            let next = page.next_cursor.clone();
            let next = next.map(|cursor| history.after(cursor));
            Ok::<_, Error>(Some((page, next)))
        });
        let entries = |page: HistoryPage| stream::iter(page.data.into_iter().map(Ok));
        pages.map_ok(entries).try_flatten().boxed()
    }

    /// What the record was at the moment of [`as_of`](Self::as_of), or is by now; none where it was not there then.
    pub(super) async fn state(&self) -> Result<Option<Document>> {
        let Some(at) = self.as_of else {
            return self.current().await;
        };
        if self.id.kind() != self.of.kind() || at < self.id.timestamp() {
            return Ok(None);
        }
        let current = self.current().await?;
        let head: Option<Head> = current.as_ref().map(Document::decode).transpose()?;
        if head.as_ref().is_some_and(|head| head.updated_at <= at) {
            // It has not changed since, however long ago that was.
            return Ok(current);
        }
        let Some((event, version)) = self.newest_below(after(at)).await? else {
            let is_known = current.is_some() || self.has_events().await?;
            return if is_known {
                Err(self.gone(at))
            } else {
                Ok(None)
            };
        };
        if event.is_erased() || event.event_type == EventType::Record(self.of, Change::Deleted) {
            return Ok(None);
        }
        // An event that is kept for a delivery can outlive those after it, and what it says is not what was so until now.
        let is_current = head.is_some_and(|head| head.version == version);
        if !is_current && !self.is_followed(event.id, version).await? {
            return Err(self.gone(at));
        }
        Ok(Some(Document {
            id: self.id,
            json: event.data.get().into(),
        }))
    }

    fn gone(&self, at: Timestamp) -> Error {
        let of = self.of.as_str();
        Error::new(
            ErrorKind::Gone,
            format!(
                "What the {of} was at {at} is kept no more: its history says from which moment on it is, as `truncated_before`."
            ),
        )
        .at("at")
    }

    async fn read(&self) -> Result<HistoryPage> {
        spans::list("history", self.context.scope(), self.page()).await
    }

    async fn page(&self) -> Result<HistoryPage> {
        let limit = page_limit(self.limit)?;
        let cursors = self.cursors();
        let last_seen = match &self.cursor {
            Some(cursor) => Some(Id::new(Kind::Event, cursors.open(cursor)?.ulid)),
            None => None,
        };
        if self.id.kind() != self.of.kind() {
            return Err(Error::not_found(self.of.as_str()));
        }
        let below = last_seen.or(self.as_of.map(after));
        let page = self.events(below, limit).await?;
        let next = page.documents.last().filter(|_| page.more);
        let next_cursor = next.map(|last| {
            cursors.seal(Place {
                rank: 0,
                ulid: last.id.ulid(),
            })
        });
        let data = self.entries(&page.documents).await?;
        let truncated_before = match data.as_slice() {
            [] => self.truncated_empty(last_seen).await?,
            entries => self.truncated(entries, last_seen, page.more).await?,
        };
        Ok(HistoryPage {
            data,
            next_cursor,
            truncated_before,
        })
    }

    /// The entries of these events, by the versions of the record.
    async fn entries(&self, documents: &[Document]) -> Result<Vec<HistoryEntry>> {
        let ids: Vec<Id> = documents.iter().map(|document| document.id).collect();
        let scope = self.context.scope();
        let numbers = self.context.storage().numbers(scope, &ids).await?;
        let entries = documents
            .iter()
            .zip(numbers)
            .map(|(document, seq)| HistoryEntry::of(document.decode()?, seq));
        let mut entries: Vec<HistoryEntry> = entries.collect::<Result<_>>()?;
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.version));
        Ok(entries)
    }

    /// Since when a page is whole, if it is not: versions count by one, from 1.
    async fn truncated(
        &self,
        entries: &[HistoryEntry],
        last_seen: Option<Id>,
        more: bool,
    ) -> Result<Option<Timestamp>> {
        let mut newer = match last_seen {
            Some(id) => {
                let seen = self.context.document(Kind::Event, id).await?;
                let seen = seen.map(|document| HistoryEntry::of(document.decode()?, None));
                seen.transpose()?.map(|seen| (seen.version, seen.at))
            }
            None => None,
        };
        for entry in entries {
            if let Some((version, at)) = newer
                && entry.version < version - 1
            {
                return Ok(Some(at));
            }
            newer = Some((entry.version, entry.at));
        }
        let oldest = newer.filter(|(version, _)| !more && *version > 1);
        Ok(oldest.map(|(_, at)| at))
    }

    /// Since when a page is whole that has nothing.
    async fn truncated_empty(&self, last_seen: Option<Id>) -> Result<Option<Timestamp>> {
        if let Some(seen) = last_seen {
            // A cursor says that there was more, which was deleted since.
            return Ok(Some(seen.timestamp()));
        }
        let current = self.current().await?;
        if current.is_none() && !self.has_events().await? {
            return Err(Error::not_found(self.of.as_str()));
        }
        let until = match (self.as_of, current) {
            (Some(at), _) if at < self.id.timestamp() => None,
            (Some(at), _) => Some(at),
            (None, Some(current)) => Some(current.decode::<Head>()?.updated_at),
            (None, None) => None,
        };
        Ok(until.map(|last| last.saturating_add_millis(1)))
    }

    /// Whether the change after that of an event is kept, or there is none: what is asked for is looked for by halves, since its
    /// record may have any number of changes.
    async fn is_followed(&self, event: Id, version: i64) -> Result<bool> {
        let (mut low, mut high) = (event.ulid(), u128::MAX);
        while high - low > 1 {
            // The newest of all first.
            let middle = match high {
                u128::MAX => high,
                _ => low + (high - low) / 2,
            };
            let below = Id::new(Kind::Event, middle);
            match self.newest_below(below).await? {
                Some((_, of)) if of == version + 1 => return Ok(true),
                Some((newer, _)) if newer.id.ulid() > low => high = newer.id.ulid(),
                Some(_) | None if middle == u128::MAX => break,
                Some(_) | None => low = middle,
            }
        }
        // Nothing came after it, or what came is not the next change.
        Ok(false)
    }

    /// The newest change of the record whose event is below an id, with the version that the record has since.
    async fn newest_below(&self, below: Id) -> Result<Option<(Event, i64)>> {
        let page = self.events(Some(below), NEIGHBOURS).await?;
        let mut newest = None;
        for document in &page.documents {
            let event: Event = document.decode()?;
            let Head { version, .. } = event.data.decode()?;
            if newest.as_ref().is_none_or(|(_, of)| version > *of) {
                newest = Some((event, version));
            }
        }
        Ok(newest)
    }

    async fn has_events(&self) -> Result<bool> {
        let page = self.events(None, 1).await?;
        Ok(!page.documents.is_empty())
    }

    async fn events(&self, after: Option<Id>, limit: usize) -> Result<Page> {
        let of_it = Clause::equal(Kind::Event, "record_id", self.id)?;
        let query = Query {
            kind: Kind::Event,
            clauses: vec![of_it],
            after,
            limit,
        };
        self.context.list(&query).await
    }

    async fn current(&self) -> Result<Option<Document>> {
        self.context.document(self.of.kind(), self.id).await
    }

    fn cursors(&self) -> Cursors<'_> {
        let id = self.id.text();
        let as_of = self.as_of.map(|at| at.to_string()).unwrap_or_default();
        self.context
            .cursors(["history", id.as_str(), as_of.as_str()])
    }
}

/// What every object has, by which its changes are told apart.
#[derive(Deserialize)]
struct Head {
    version: i64,
    updated_at: Timestamp,
}

/// The least id of an event after a moment.
fn after(at: Timestamp) -> Id {
    first_of(Kind::Event, at.saturating_add_millis(1))
}

/// One page.
impl<'a> IntoFuture for History<'a> {
    type Output = Result<HistoryPage>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.read().await })
    }
}
