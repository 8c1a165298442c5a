//! The commits of an erasure: what each deletes, or writes once more with less in it.

use async_trait::async_trait;

use crate::engine::change::{Operation, Plan};
use crate::engine::context::Context;
use crate::engine::resources::deliveries::of_events;
use crate::engine::resources::drafts::replace;
use crate::error::Result;
use crate::record::object::Object;
use crate::record::{Delivery, Document, Entry, Event, Record};
use crate::store::{Page, Query, Write};
use crate::value::id::{Id, Kind};

/// Deliveries of one commit.
const STEP_DELIVERIES: usize = 500;

/// How far a step has seen.
pub(in crate::engine::resources) struct Seen {
    pub last: Option<Id>,
    pub more: bool,
}

impl Seen {
    fn of(page: &Page) -> Self {
        Self {
            last: page.documents.last().map(|last| last.id),
            more: page.more,
        }
    }
}

/// Deletes records for good.
pub(in crate::engine::resources) struct DeleteAll {
    pub query: Query,
}

#[async_trait]
impl Operation for DeleteAll {
    type Output = Seen;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Seen> {
        let page = plan.context().list(&self.query).await?;
        let seen = Seen::of(&page);
        for document in page.documents {
            plan.write(Write::Delete(document.into_entry()?));
        }
        Ok(seen)
    }
}

/// Clears the member by which records refer to one that is gone: a change of each, with its event.
pub(super) struct ClearReferences<T: Object> {
    pub query: Query,
    pub input: T::Input,
}

#[async_trait]
impl<T: Object + Into<Record>> Operation for ClearReferences<T> {
    type Output = Seen;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Seen> {
        let page = plan.context().list(&self.query).await?;
        let seen = Seen::of(&page);
        for document in page.documents {
            let before: T = document.decode()?;
            let mut after = before.clone();
            after.apply(self.input.clone())?;
            after.touch(plan.now());
            replace(plan, (before, document), after)?;
        }
        Ok(seen)
    }
}

/// Erases what events say of their record, and with them what is known of their deliveries, as much as one commit is to hold.
pub(super) struct EraseEvents {
    pub query: Query,
}

#[async_trait]
impl Operation for EraseEvents {
    type Output = Seen;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Seen> {
        let page = plan.context().list(&self.query).await?;
        let seen = Seen::of(&page);
        let mut erased = Vec::new();
        for document in page.documents {
            let event: Event = document.decode()?;
            if event.is_erased() {
                continue;
            }
            plan.write(Write::Replace {
                before: Entry {
                    record: event.clone().into(),
                    json: document.json.clone(),
                },
                after: Entry::new(event.erased()?),
            });
            erased.push(document);
        }
        if !erased.is_empty() {
            let deliveries = deliveries(plan.context(), &erased, None).await?;
            erase(plan, deliveries)?;
        }
        Ok(seen)
    }
}

/// Erases what is known of the deliveries of events.
pub(super) struct EraseDeliveries<'a> {
    pub events: &'a Page,
    pub after: Option<Id>,
}

#[async_trait]
impl Operation for EraseDeliveries<'_> {
    type Output = Seen;

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<Seen> {
        let page = deliveries(plan.context(), &self.events.documents, self.after).await?;
        let seen = Seen::of(&page);
        erase(plan, page)?;
        Ok(seen)
    }
}

async fn deliveries(context: &Context, of: &[Document], after: Option<Id>) -> Result<Page> {
    let query = Query {
        kind: Kind::Delivery,
        clauses: vec![of_events(of)?],
        after,
        limit: STEP_DELIVERIES,
    };
    context.list(&query).await
}

fn erase(plan: &mut Plan<'_>, deliveries: Page) -> Result<()> {
    for document in deliveries.documents {
        let delivery: Delivery = document.decode()?;
        // That a record is purged is told as ever.
        if delivery.event_type.is_purge() || !delivery.tells() {
            continue;
        }
        plan.write(Write::Replace {
            before: Entry {
                record: delivery.clone().into(),
                json: document.json,
            },
            after: Entry::new(delivery.erased()),
        });
    }
    Ok(())
}

/// Takes away the entry that says that a purge is under way.
pub(super) struct End {
    pub id: Id,
}

#[async_trait]
impl Operation for End {
    type Output = ();

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<()> {
        end(plan, self.id).await
    }
}

/// The same, as a part of a plan.
pub(in crate::engine::resources) async fn end(plan: &mut Plan<'_>, id: Id) -> Result<()> {
    let found = plan.context().holder(Kind::Trashed, id.text()).await?;
    if let Some(document) = found {
        let entry = document.into_entry()?;
        // A dry run finds what it would have replaced.
        if matches!(&entry.record, Record::Trashed(trashed) if trashed.is_purged()) {
            plan.write(Write::Delete(entry));
        }
    }
    Ok(())
}

/// Forgets responses about a record.
pub(super) struct Forget {
    pub keys: Vec<String>,
    pub about: Id,
}

#[async_trait]
impl Operation for Forget {
    type Output = ();

    async fn plan(&mut self, plan: &mut Plan<'_>) -> Result<()> {
        let about = self.about;
        for key in self.keys.iter().cloned() {
            plan.write(Write::Forget { key, about });
        }
        Ok(())
    }
}
