//! A list or a search that was asked for, and the ways to read it: one page or all, as typed records or as JSON.

use std::borrow::Cow;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;

use super::endpoint;
use super::listing::{self, List, ListRequest};
use super::searching::{self, SearchRequest};
use super::shown_events::all_shown;
use crate::engine::context::Context;
use crate::engine::spans;
use crate::error::Result;
use crate::record::object_type::ObjectType;
use crate::record::{Document, Record};
use crate::value::id::{Id, Kind};

/// A list or a search, before it is read. Nothing happens until then.
///
/// - `.await` gives one page of typed records, [`List<T>`](List);
/// - [`documents`](Self::documents) gives the same page as the JSON that the store keeps, which nobody decodes;
/// - [`stream`](Self::stream) gives the records of all pages, one by one;
/// - [`pages`](Self::pages) gives the pages themselves.
///
/// ```
/// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
/// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
/// # let acme = crm.create_workspace("acme").await?;
/// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
/// use futures_util::TryStreamExt;
/// use relm_core::{Contact, ListRequest};
///
/// let request = ListRequest::default().filter(Contact::last_name().eq("Lovelace"));
/// let page = live.contacts().list(&request).await?;
/// let contacts: Vec<Contact> = page.data;
///
/// let mut all = live.contacts().list(&request).stream();
/// while let Some(contact) = all.try_next().await? {
///     println!("{:?}", contact.email);
/// }
/// # Ok(()) }) }
/// ```
#[must_use = "a list is read when it is awaited, or by one of its methods"]
pub struct Listing<'a, 'r, T> {
    context: &'a Context,
    asked: Asked<'r>,
    decode: fn(Document) -> Result<T>,
    show: Show,
}

/// What a client sees of what the store keeps.
enum Show {
    AsKept,
    By(fn(&Document) -> Result<Document>),
    Events,
}

enum Asked<'r> {
    /// The records of a kind; those of one endpoint, which must be there, where one is named.
    List(Kind, Cow<'r, ListRequest>, Option<Id>),
    /// What is in the trash of a type.
    Trash(ObjectType, Cow<'r, ListRequest>),
    Search(Cow<'r, SearchRequest>),
}

impl<'a, 'r, T: DeserializeOwned> Listing<'a, 'r, T> {
    pub(super) fn of(context: &'a Context, kind: Kind, request: &'r ListRequest) -> Self {
        Self {
            context,
            asked: Asked::List(kind, Cow::Borrowed(request), None),
            decode: |document| document.decode(),
            show: Show::AsKept,
        }
    }

    pub(super) fn of_trash(context: &'a Context, of: ObjectType, request: &'r ListRequest) -> Self {
        Self {
            asked: Asked::Trash(of, Cow::Borrowed(request)),
            ..Self::of(context, Kind::Trashed, request)
        }
    }

    /// The same list, whose documents are shown so.
    pub(super) fn shown(self, show: fn(&Document) -> Result<Document>) -> Self {
        Self {
            show: Show::By(show),
            ..self
        }
    }

    /// The same list, of events.
    pub(super) fn shown_as_events(self) -> Self {
        let show = Show::Events;
        Self { show, ..self }
    }

    /// The same list, of what belongs to an endpoint.
    pub(super) fn of_endpoint(mut self, id: Id) -> Self {
        if let Asked::List(_, request, endpoint) = &mut self.asked {
            let of_it = listing::equal("webhook_id", id);
            *request = Cow::Owned(request.clone().into_owned().filter(of_it));
            *endpoint = Some(id);
        }
        self
    }
}

impl<'a, 'r> Listing<'a, 'r, Record> {
    pub(in crate::engine) fn found(context: &'a Context, request: &'r SearchRequest) -> Self {
        Self {
            context,
            asked: Asked::Search(Cow::Borrowed(request)),
            decode: |document| document.into_entry().map(|entry| entry.record),
            show: Show::AsKept,
        }
    }
}

impl<'a, T: Send + 'a> Listing<'a, '_, T> {
    /// One page as JSON, as it is kept: what is only passed on is not decoded.
    ///
    /// # Errors
    /// As for the list itself.
    pub async fn documents(self) -> Result<List> {
        let page = self.read().await?;
        match self.show {
            Show::AsKept => Ok(page),
            Show::By(show) => page.try_map(|document| show(&document)),
            Show::Events => Ok(List {
                data: all_shown(self.context, &page.data).await?,
                next_cursor: page.next_cursor,
            }),
        }
    }

    /// The records of all pages from this one on, newest first. Each page is read when its first record is asked for.
    ///
    /// A record that is made meanwhile is not among them, and none comes twice. The stream ends at an error; the `limit` of
    /// the request is how many records are read at a time.
    pub fn stream(self) -> BoxStream<'a, Result<T>> {
        let pages = self.pages();
        let records = |page: List<T>| stream::iter(page.data.into_iter().map(Ok));
        pages.map_ok(records).try_flatten().boxed()
    }

    /// All pages from this one on, as [`stream`](Self::stream) reads them.
    pub fn pages(self) -> BoxStream<'a, Result<List<T>>> {
        let first = Some(self.owned());
        let pages = stream::try_unfold(first, |listing| async move {
            let Some(listing) = listing else {
                return Ok(None);
            };
            let page = listing.typed().await?;
            let next = page.next_cursor.clone();
            let next = next.map(|cursor| listing.after(cursor));
            Ok(Some((page, next)))
        });
        pages.boxed()
    }

    async fn typed(&self) -> Result<List<T>> {
        self.read().await?.try_map(self.decode)
    }

    async fn read(&self) -> Result<List> {
        let of = match &self.asked {
            Asked::List(kind, ..) => kind.name(),
            Asked::Trash(..) => Kind::Trashed.name(),
            Asked::Search(_) => "search",
        };
        spans::list(of, self.context.scope(), self.page()).await
    }

    async fn page(&self) -> Result<List> {
        match &self.asked {
            Asked::List(kind, request, endpoint) => {
                if let Some(id) = endpoint {
                    endpoint::require(self.context, *id).await?;
                }
                listing::list(self.context, *kind, request).await
            }
            Asked::Trash(of, request) => listing::trash(self.context, *of, request).await,
            Asked::Search(request) => searching::search(self.context, request).await,
        }
    }

    fn owned(self) -> Listing<'a, 'static, T> {
        let asked = match self.asked {
            Asked::List(kind, request, endpoint) => {
                Asked::List(kind, Cow::Owned(request.into_owned()), endpoint)
            }
            Asked::Trash(of, request) => Asked::Trash(of, Cow::Owned(request.into_owned())),
            Asked::Search(request) => Asked::Search(Cow::Owned(request.into_owned())),
        };
        Listing { asked, ..self }
    }

    fn after(mut self, cursor: String) -> Self {
        match &mut self.asked {
            Asked::List(_, request, _) | Asked::Trash(_, request) => {
                request.to_mut().cursor = Some(cursor);
            }
            Asked::Search(request) => request.to_mut().cursor = Some(cursor),
        }
        self
    }
}

/// One page of typed records.
impl<'r, 'a: 'r, T: Send + 'a> IntoFuture for Listing<'a, 'r, T> {
    type Output = Result<List<T>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'r>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.typed().await })
    }
}
