//! What happened to a record: who changed what, from what, to what, who linked it with what, and where that was delivered.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt as _};
use relm_core::limits::PAGE_LIMIT_MAX;
use relm_core::record::{AssociationChange, Change, Delivery, Event, EventType, HistoryEntry};
use relm_core::{
    Error, ErrorKind, Field, Filter, Id, List, ListRequest, ObjectType, Scoped, Timestamp, Webhook,
};
use serde_json::{Map, Value};

use super::amounts::{Currencies, CurrencyChange};
use super::edges::{self, EdgeEvent, Edges, MoreLinks, SeenFrom, Stretch};
use super::names::Names;
use super::page::text_of;
use super::{path_of, path_to};
use crate::console::actor;
use crate::console::layout::{Place, Section, minute};
use crate::console::listing::label;
use crate::console::objects;
use crate::console::shown::cut;

/// Changes on a page.
const PAGE_ENTRIES: usize = 10;
/// Members of a change.
const CHANGES_MAX: usize = 6;
/// Characters of a value.
const VALUE_CHARS: usize = 40;
/// Deliveries of a change.
const DELIVERIES_MAX: usize = 6;
/// Endpoints whose deliveries are read at once: each page takes up to 2 MiB.
const AT_ONCE: usize = 4;

/// A page of a record's history.
#[derive(Default)]
pub(in crate::console) struct Timeline {
    pub entries: Vec<Entry>,
    /// The directions in which there are links beside these.
    pub more_links: Vec<MoreLinks>,
    pub is_first: bool,
    /// Where older changes are.
    pub next: Option<String>,
    /// From when on nothing is missing, where something is.
    pub truncated: Option<String>,
}

/// What is said of the last change of a record that was purged.
const PURGED: &str = "Deleted for good";
/// What is said where others were merged into it.
const MERGED: &str = "Merged";

impl Timeline {
    /// The page that undoes the newest merge into the record, as far as this page tells of one.
    pub fn undo_of_merge(&self) -> Option<String> {
        let mut entries = self.entries.iter();
        let merged = entries.find(|entry| entry.what == MERGED)?;
        merged.undo.clone()
    }

    /// Whether the record was purged, as far as this page tells.
    pub fn is_of_purged(&self) -> bool {
        self.entries.iter().any(|entry| entry.what == PURGED)
    }
}

/// A change, in words.
pub(in crate::console) struct Entry {
    pub what: &'static str,
    /// The version that the record has since; none where it did not change.
    pub version: Option<i64>,
    /// What it was linked with, or no longer is.
    pub link: Option<OtherEnd>,
    pub who: Option<String>,
    pub at: String,
    /// The page of its event.
    pub event: String,
    /// The page that undoes the request that made it, where that is known.
    pub undo: Option<String>,
    pub changes: Vec<Changed>,
    /// Members that changed beside these.
    pub more: usize,
    pub deliveries: Vec<Delivered>,
    /// Whether there are deliveries beside these, or may be.
    pub has_more_deliveries: bool,
}

/// The other end of an association.
pub(in crate::console) struct OtherEnd {
    pub name: String,
    pub path: Option<String>,
    pub label: Option<String>,
    /// Whether it leads from the record to it.
    pub is_outgoing: bool,
}

/// What became of a member.
pub(in crate::console) struct Changed {
    pub label: String,
    pub from: String,
    pub to: String,
}

/// The deliveries of an event.
#[derive(Default)]
pub(in crate::console) struct Deliveries {
    pub shown: Vec<Delivered>,
    /// Whether there are others, or may be.
    pub has_more: bool,
}

/// An event's way to an endpoint.
pub(in crate::console) struct Delivered {
    pub path: String,
    pub url: String,
    pub status: &'static str,
    pub attempts: usize,
}

/// Where a page of a timeline begins.
#[derive(Default)]
pub(in crate::console) struct Start<'a> {
    /// That of the history.
    pub cursor: Option<&'a str>,
    /// Until when the pages before tell.
    pub until: Option<Timestamp>,
    /// The currency of the record after the newest of its changes, where it has one that is known.
    pub currency: Option<&'a str>,
}

impl Timeline {
    /// The page from a place on. Of a record that never was, nothing; `not_found` tells that.
    pub async fn of(
        scoped: &Scoped,
        place: &Place,
        (object, id): (ObjectType, Id),
        fields: &[Field],
        Start {
            cursor,
            until,
            currency,
        }: Start<'_>,
    ) -> Result<Self, Error> {
        let history = objects::history(scoped, object, id, PAGE_ENTRIES, cursor).await?;
        let oldest = history.data.last().map(|entry| entry.at);
        // What is older is on the next page.
        let since = oldest.filter(|_| history.next_cursor.is_some());
        let linked = edges::of(scoped, place, id, Stretch { since, until }).await?;
        let Edges {
            events: linked,
            more: more_links,
        } = linked;
        let events = history.data.iter().map(|entry| entry.event_id);
        let events = events.chain(linked.iter().map(|it| it.event.id));
        let events: Vec<Id> = events.collect();
        let mut delivered = deliveries(scoped, place, &events, DELIVERIES_MAX).await?;
        let ends = linked.iter().map(|it| SeenFrom::of(&it.edge, id).other.0);
        let named = referred(&history.data).into_iter().chain(ends);
        let names = Names::of(scoped, named).await?;
        let path = format!("{}/{id}", path_of(place, object));
        let mut linked = linked.into_iter().peekable();
        let mut entries = Vec::new();
        let mut currencies = Currencies(currency.map(str::to_owned));
        for change in &history.data {
            while let Some(newer) = linked.next_if(|it| it.event.created_at > change.at) {
                let deliveries = delivered.remove(&newer.event.id).unwrap_or_default();
                entries.push(link_entry(place, id, newer, &names, deliveries));
            }
            let deliveries = delivered.remove(&change.event_id).unwrap_or_default();
            let amounts = currencies.before(change);
            let told = (fields, &names, &amounts);
            entries.push(entry(place, change, told, deliveries));
        }
        for older in linked {
            let deliveries = delivered.remove(&older.event.id).unwrap_or_default();
            entries.push(link_entry(place, id, older, &names, deliveries));
        }
        let next = history.next_cursor.zip(oldest);
        Ok(Self {
            entries,
            more_links,
            is_first: cursor.is_none(),
            next: next.map(|(cursor, at)| format!("{path}?history={cursor}&until={at}#timeline")),
            truncated: history.truncated_before.as_ref().map(minute),
        })
    }
}

/// What an event is called in a timeline.
const fn what_happened(event_type: EventType) -> &'static str {
    match event_type {
        EventType::Record(_, Change::Created) => "Created",
        EventType::Record(_, Change::Updated) => "Changed",
        EventType::Record(_, Change::Deleted) => "Deleted",
        EventType::Record(_, Change::Restored) => "Restored",
        EventType::Record(_, Change::Purged) => PURGED,
        EventType::Record(_, Change::Merged) => MERGED,
        EventType::ActivityDue => "Due",
        EventType::Association(AssociationChange::Created) => "Linked",
        EventType::Association(AssociationChange::Updated) => "Link changed",
        EventType::Association(AssociationChange::Deleted) => "Unlinked",
        // No timeline has one of these.
        EventType::Field(_) => "Defined",
        EventType::Ping => "Tried out",
    }
}

fn link_entry(
    place: &Place,
    id: Id,
    told: EdgeEvent,
    names: &Names,
    deliveries: Deliveries,
) -> Entry {
    let EdgeEvent { event, edge } = told;
    let seen = SeenFrom::of(&edge, id);
    let (other, _) = seen.other;
    let changes = said_of(&event);
    Entry {
        what: what_happened(event.event_type),
        version: None,
        link: Some(OtherEnd {
            name: names.get(other),
            path: path_to(place, other),
            is_outgoing: seen.is_outgoing,
            label: seen.label,
        }),
        who: event.actor.as_ref().map(actor::name),
        at: minute(&event.created_at),
        event: format!("{}/{}", place.path(Section::Events), event.id),
        undo: event.request_id.map(|id| place.undo_path(id)),
        changes,
        more: 0,
        deliveries: deliveries.shown,
        has_more_deliveries: deliveries.has_more,
    }
}

/// What is said of an association otherwise than before an event.
fn said_of(event: &Event) -> Vec<Changed> {
    let now: Map<String, Value> = event.data.decode().unwrap_or_default();
    let changes = event.previous.iter().map(|(name, from)| Changed {
        label: label(name, &[]),
        from: cut(&text_of(from), VALUE_CHARS),
        to: cut(&now.get(name).map(text_of).unwrap_or_default(), VALUE_CHARS),
    });
    changes.collect()
}

fn entry(
    place: &Place,
    change: &HistoryEntry,
    (fields, names, amounts): (&[Field], &Names, &CurrencyChange),
    deliveries: Deliveries,
) -> Entry {
    let changes = change.changes.iter();
    let is_said = |from: &Value, to: &Value| {
        !(text_of(from).is_empty() && (text_of(to).is_empty() || text_of(to) == "{}"))
    };
    let all: Vec<Changed> = changes
        .filter(|(_, change)| is_said(&change.from, &change.to))
        .map(|(name, change)| {
            let (from, to) = match name.as_str() {
                "value_cents" => amounts.said(&change.from, &change.to),
                _ => (called(&change.from, names), called(&change.to, names)),
            };
            Changed {
                label: label(name, fields),
                from: cut(&from, VALUE_CHARS),
                to: cut(&to, VALUE_CHARS),
            }
        })
        .collect();
    let more = all.len().saturating_sub(CHANGES_MAX);
    Entry {
        what: what_happened(change.event_type),
        version: Some(change.version),
        link: None,
        who: change.actor.as_ref().map(actor::name),
        at: minute(&change.at),
        event: format!("{}/{}", place.path(Section::Events), change.event_id),
        undo: change.request_id.map(|id| place.undo_path(id)),
        changes: all.into_iter().take(CHANGES_MAX).collect(),
        more,
        deliveries: deliveries.shown,
        has_more_deliveries: deliveries.has_more,
    }
}

/// The records that these changes name.
fn referred(changes: &[HistoryEntry]) -> Vec<Id> {
    let members = changes.iter().flat_map(|change| change.changes.values());
    let values = members.flat_map(|member| [&member.from, &member.to]);
    values
        .filter_map(|value| value.as_str().and_then(Id::parse))
        .collect()
}

/// A value as people read it: of the id of a record that is there, its name.
fn called(value: &Value, names: &Names) -> String {
    let id = value.as_str().and_then(Id::parse);
    match id.filter(|id| names.has(*id)) {
        Some(id) => names.get(id),
        None => text_of(value),
    }
}

/// Deliveries to an endpoint that are looked at: one more of each event than is shown.
const fn looked_at(events: usize, each_max: usize) -> usize {
    let all = events.saturating_mul(each_max + 1);
    if all < PAGE_LIMIT_MAX {
        all
    } else {
        PAGE_LIMIT_MAX
    }
}

/// The deliveries of these events, by event: of each so many at most, those that are newest of each endpoint that is there.
pub(in crate::console) async fn deliveries(
    scoped: &Scoped,
    place: &Place,
    events: &[Id],
    each_max: usize,
) -> Result<BTreeMap<Id, Deliveries>, Error> {
    let mut all: BTreeMap<Id, Deliveries> = BTreeMap::new();
    if events.is_empty() {
        return Ok(all);
    }
    let texts: Vec<String> = events.iter().map(Id::text).collect();
    let of_events = ListRequest::default()
        .filter(Filter::new("event_id", "in", texts.join(",")))
        .limit(looked_at(events.len(), each_max));
    let endpoints = scoped.webhooks().list(&ListRequest::default()).await?.data;
    let listed = endpoints
        .iter()
        .map(|endpoint| listed(scoped, endpoint.id, &of_events));
    let listed: Vec<_> = listed.collect();
    let mut pages = stream::iter(listed).buffered(AT_ONCE);
    let webhooks = place.path(Section::Webhooks);
    for Webhook { url, .. } in &endpoints {
        let Some(page) = pages.next().await.transpose()? else {
            break;
        };
        if page.has_more() {
            for event in events {
                all.entry(*event).or_default().has_more = true;
            }
        }
        for delivery in page.data {
            let of_event = all.entry(delivery.event_id).or_default();
            match of_event.shown.len() < each_max {
                true => of_event.shown.push(delivered(&webhooks, url, &delivery)),
                false => of_event.has_more = true,
            }
        }
    }
    Ok(all)
}

/// The deliveries to an endpoint; none to one that was deleted meanwhile.
async fn listed(
    scoped: &Scoped,
    endpoint: Id,
    request: &ListRequest,
) -> Result<List<Delivery>, Error> {
    match scoped.webhooks().deliveries(endpoint, request).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(List {
            data: Vec::new(),
            next_cursor: None,
        }),
        listed => listed,
    }
}

fn delivered(webhooks: &str, url: &str, delivery: &Delivery) -> Delivered {
    Delivered {
        path: format!(
            "{webhooks}/{}/deliveries/{}",
            delivery.webhook_id, delivery.id
        ),
        url: cut(url, VALUE_CHARS),
        status: delivery.status.as_str(),
        attempts: delivery.attempts.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_deliveries_are_read_than_could_be_shown() {
        assert_eq!(looked_at(1, DELIVERIES_MAX), 7);
        assert_eq!(looked_at(PAGE_ENTRIES, DELIVERIES_MAX), 70);
        assert_eq!(looked_at(30, DELIVERIES_MAX), 200);
        assert_eq!(looked_at(1, 50), 51);
    }
}
