//! Logs that are in no order, that skip or repeat, and that forget what they told.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use relm_core::store::{Batch, CommitError, LogPage, Numbered, Query, Store, StoreError, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::{Mode, Scope};

use crate::intercept::{Intercept, Read};
use crate::simulation::yield_times;

/// More than any case writes.
const ALL: usize = 10_000;

/// A flaw in what a log gives: makes `Name::log` change the page that the store gave.
macro_rules! misread_log {
    ($(#[$docs:meta])* $name:ident, |$page:ident, $limit:ident| $changed:expr) => {
        $(#[$docs])*
        #[derive(Default)]
        pub(crate) struct $name;

        #[async_trait]
        impl Intercept for $name {
            async fn log(
                &self,
                store: &dyn Store,
                scope: Scope,
                after: i64,
                $limit: usize,
            ) -> Read<LogPage> {
                let $page = store.log(scope, after, $limit).await?;
                Ok($changed)
            }
        }
    };
}

misread_log! {
    /// Gives two events one number.
    SharedNumbers, |page, _limit| {
        let pairs = page.events.into_iter().map(|it| Numbered { seq: (it.seq + 1) / 2, ..it });
        LogPage { events: pairs.collect(), ..page }
    }
}
misread_log! {
    /// Has the newest id of a page first.
    NewestFirst, |page, _limit| {
        let mut documents: Vec<_> = page.events.iter().map(|it| it.document.clone()).collect();
        documents.sort_unstable_by_key(|document| std::cmp::Reverse(document.id));
        let seqs = page.events.into_iter().map(|it| it.seq);
        let events = seqs.zip(documents).map(|(seq, document)| Numbered { seq, document });
        LogPage { events: events.collect(), ..page }
    }
}
misread_log! {
    /// Takes a full page for one with more to come.
    GuessedMoreOfLog, |page, limit| LogPage { more: page.events.len() == limit, ..page }
}
misread_log! {
    /// Says of every page that it is the last.
    NoMoreOfLog, |page, _limit| LogPage { more: false, ..page }
}
misread_log! {
    /// Tells of no deletion.
    SilentDeletion, |page, _limit| LogPage { deleted: 0, ..page }
}

/// Begins with the number that was seen.
#[derive(Default)]
pub(crate) struct InclusiveLog;

#[async_trait]
impl Intercept for InclusiveLog {
    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        store.log(scope, after.saturating_sub(1), limit).await
    }
}

/// Leaves out the first event of every page but the first.
#[derive(Default)]
pub(crate) struct SkippingLog;

#[async_trait]
impl Intercept for SkippingLog {
    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        let skipped = i64::from(after > 0);
        store.log(scope, after.saturating_add(skipped), limit).await
    }
}

/// Has two hundred events on a page at the most.
#[derive(Default)]
pub(crate) struct PagedLog;

#[async_trait]
impl Intercept for PagedLog {
    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        store.log(scope, after, limit.min(200)).await
    }
}

/// Fills its pages, however large the events.
#[derive(Default)]
pub(crate) struct UnboundedLog;

#[async_trait]
impl Intercept for UnboundedLog {
    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        let mut page = store.log(scope, after, limit).await?;
        while page.more && page.events.len() < limit {
            let last = page.events.last().map_or(after, |last| last.seq);
            let next = store.log(scope, last, limit - page.events.len()).await?;
            page.events.extend(next.events);
            page.more = next.more;
        }
        Ok(page)
    }
}

/// Numbers events by the places that their ids have among all.
#[derive(Default)]
pub(crate) struct IdOrder;

#[async_trait]
impl Intercept for IdOrder {
    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        let query = Query {
            kind: Kind::Event,
            clauses: Vec::new(),
            after: None,
            limit: ALL,
        };
        let mut documents = store.list(scope, &query).await?.documents;
        documents.reverse();
        let last = documents.len() as i64;
        let numbered = (1..).zip(documents);
        let numbered = numbered.map(|(seq, document)| Numbered { seq, document });
        Ok(LogPage {
            last,
            ..LogPage::of(limit, numbered.filter(|it| it.seq > after))
        })
    }
}

/// Goes by the greatest id that a reader has seen: what comes late is never shown.
#[derive(Default)]
pub(crate) struct LateIsLost(Mutex<HashMap<(Scope, i64), Id>>);

#[async_trait]
impl Intercept for LateIsLost {
    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        let mut page = store.log(scope, after, limit).await?;
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut greatest = seen.get(&(scope, after)).copied();
        page.events.retain(|it| {
            let is_later = greatest.is_none_or(|greatest| it.document.id > greatest);
            if is_later {
                greatest = Some(it.document.id);
                seen.insert((scope, it.seq), it.document.id);
            }
            is_later
        });
        Ok(page)
    }
}

/// Begins anew once every event is deleted.
#[derive(Default)]
pub(crate) struct ReusedNumbers(Mutex<HashMap<Scope, i64>>);

#[async_trait]
impl Intercept for ReusedNumbers {
    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        let whole = store.log(scope, 0, 1).await?;
        let begin = {
            let mut begins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let begin = begins.entry(scope).or_default();
            if whole.events.is_empty() {
                *begin = whole.last;
            }
            *begin
        };
        let mut page = store.log(scope, after + begin, limit).await?;
        page.events.iter_mut().for_each(|it| it.seq -= begin);
        Ok(page)
    }
}

/// Knows only of deletions of what it had numbered for somebody.
#[derive(Default)]
pub(crate) struct UnreadIsForgotten(Mutex<HashMap<Scope, (i64, i64)>>);

#[async_trait]
impl Intercept for UnreadIsForgotten {
    async fn commit(&self, store: &dyn Store, batch: Batch) -> Result<(), CommitError> {
        let scope = batch.scope;
        let deleted = batch.writes.iter().filter_map(|write| match write {
            Write::Delete(entry) => Some(entry.record.id()),
            _ => None,
        });
        let deleted: Vec<Id> = deleted.filter(|id| id.kind() == Kind::Event).collect();
        let numbers = store.numbers(scope, &deleted).await?;
        store.commit(batch).await?;
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, told) = logs.entry(scope).or_default();
        let known = numbers.into_iter().flatten().filter(|seq| seq <= read);
        *told = known.max().unwrap_or(0).max(*told);
        Ok(())
    }

    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        let page = store.log(scope, after, limit).await?;
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read, told) = logs.entry(scope).or_default();
        *read = page.last.max(*read);
        let deleted = *told;
        Ok(LogPage { deleted, ..page })
    }
}

/// Takes the two modes of a workspace for one.
#[derive(Default)]
pub(crate) struct ModelessLog;

#[async_trait]
impl Intercept for ModelessLog {
    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        let live = Scope::new(scope.workspace(), Mode::Live);
        store.log(live, after, limit).await
    }
}

/// Gives numbers in their own order.
#[derive(Default)]
pub(crate) struct SortedNumbers;

#[async_trait]
impl Intercept for SortedNumbers {
    async fn numbers(
        &self,
        store: &dyn Store,
        scope: Scope,
        events: &[Id],
    ) -> Read<Vec<Option<i64>>> {
        let mut numbers = store.numbers(scope, events).await?;
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// Gives the numbers of events that are gone, as far as it had told them.
#[derive(Default)]
pub(crate) struct RememberedNumbers(Mutex<HashMap<(Scope, Id), i64>>);

#[async_trait]
impl Intercept for RememberedNumbers {
    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        let page = store.log(scope, after, limit).await?;
        let told = page
            .events
            .iter()
            .map(|it| ((scope, it.document.id), it.seq));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(told);
        Ok(page)
    }

    async fn numbers(
        &self,
        store: &dyn Store,
        scope: Scope,
        events: &[Id],
    ) -> Read<Vec<Option<i64>>> {
        let numbers = store.numbers(scope, events).await?;
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = |id: &Id| known.get(&(scope, *id)).copied();
        let each = numbers.into_iter().zip(events);
        Ok(each.map(|(number, id)| number.or(remembered(id))).collect())
    }
}

/// Gives back a permit at the end of a read of the log, and has thirty.
#[derive(Default)]
pub(crate) struct LeakedLogPermit(AtomicUsize);

#[async_trait]
impl Intercept for LeakedLogPermit {
    async fn log(
        &self,
        store: &dyn Store,
        scope: Scope,
        after: i64,
        limit: usize,
    ) -> Read<LogPage> {
        if self.0.fetch_add(1, Ordering::SeqCst) >= 30 {
            return Err(StoreError::unavailable("no permit is left"));
        }
        yield_times(1).await;
        let page = store.log(scope, after, limit).await;
        self.0.fetch_sub(1, Ordering::SeqCst);
        page
    }
}
