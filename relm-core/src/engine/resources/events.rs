//! Events: what happened, as it was recorded.

use super::feed::Feed;
use super::listing::ListRequest;
use super::pages::Listing;
use super::shown_events::all_shown;
use crate::engine::context::Context;
use crate::engine::listeners::EventStream;
#[cfg(doc)]
use crate::engine::listeners::MissedEvents;
use crate::error::Result;
use crate::record::Document;
use crate::record::Event;
use crate::value::environment::yield_now;
use crate::value::id::{Id, Kind};

/// The events of one scope. Each is one change of one record, kept for as long as the operator says.
pub struct Events<'a> {
    context: &'a Context,
}

impl<'a> Events<'a> {
    pub(in crate::engine) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// The events of this scope as this engine commits them, from now on: for what a program does in its own process when
    /// something changed. No endpoint and no dispatcher is needed.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
    /// use futures_util::StreamExt;
    /// # use relm_core::{Contact, ContactInput};
    ///
    /// let mut events = live.events().subscribe();
    /// # live.contacts().create(ContactInput { email: "ada@example.com".into(), ..Default::default() }).await?;
    /// # drop((live, crm));
    /// while let Some(Ok(event)) = events.next().await {
    ///     println!("{} {}", event.event_type, event.data.get());
    /// #   assert_eq!(event.data.decode::<Contact>()?.email.as_deref(), Some("ada@example.com"));
    /// }
    /// # Ok(()) }) }
    /// ```
    ///
    /// What is promised, and what is not:
    /// - each event of a change that began after this returned and whose call returned `Ok`, on this [`Crm`](crate::Crm) or a
    ///   clone of it, comes once, after its commit. The events of one call come in their order; two changes that went on at the
    ///   same time may come in either, so of one record compare `version`;
    /// - not those of other processes over the same store, nor those of a call that was dropped or ended with
    ///   `outcome_unknown`, nor any from before. Nothing of it outlives the process: what must not be lost is for a webhook,
    ///   or for whoever reads on [`after`](Self::after) what was seen;
    /// - [`EVENT_STREAM_EVENTS_MAX`](crate::engine::EVENT_STREAM_EVENTS_MAX) events wait for a stream that is not polled. Those
    ///   beyond are left out, and one [`MissedEvents`] says how many; no change ever waits for a listener.
    pub fn subscribe(&self) -> EventStream {
        self.context.listeners().subscribe(self.context.scope())
    }

    /// The events after a number of the log of this scope, in its order: **whoever has seen a number never finds a smaller one
    /// later**, all readers see one order, and nothing is missed across restarts and processes. What ids and `created_at` do not
    /// promise: they are made before a commit. 0 is before the first event. See [`Feed`].
    pub fn after(&self, seq: i64) -> Feed<'a> {
        Feed::new(self.context, seq)
    }

    /// A number after which the log has every event that is committed from now on, and few from before: the greatest that was
    /// given. Whoever copies the records begins with it: this number first, then the records, then the events after it.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn latest(&self) -> Result<i64> {
        let storage = self.context.storage();
        let mut last = 0;
        loop {
            let page = storage.log(self.context.scope(), i64::MAX, 1).await?;
            // A store numbers a bounded number of events at a time. Where it gives no further number, it cannot.
            if !page.more || page.last <= last {
                return Ok(page.last);
            }
            last = page.last;
            yield_now().await;
        }
    }

    /// The event of this id, or none: what receivers are sent; its `seq` in the log, null as long as nobody read it there; and
    /// `changed_fields`, the names of the fields whose old values are in `previous`. An event from before they were recorded has null for `actor` and `request_id`.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn get_json(&self, id: Id) -> Result<Option<Document>> {
        let found = self.context.document(Kind::Event, id).await?;
        let found: Vec<Document> = found.into_iter().collect();
        Ok(all_shown(self.context, &found).await?.pop())
    }

    /// The event of this id, or none.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn get(&self, id: Id) -> Result<Option<Event>> {
        let found = self.context.document(Kind::Event, id).await?;
        found.map(|document| document.decode()).transpose()
    }

    /// The events, newest first; as JSON, each as [`get_json`](Self::get_json) gives it. Filters: `type`, `record_id`,
    /// `created_at`. See [`Listing`].
    ///
    /// # Errors
    /// When it is read: `bad_request`, `invalid_cursor`.
    pub fn list<'r>(&self, request: &'r ListRequest) -> Listing<'a, 'r, Event> {
        Listing::of(self.context, Kind::Event, request).shown_as_events()
    }
}
