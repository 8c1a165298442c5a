//! What a store is asked for, and what it gives.

use crate::query::filter::Clause;
use crate::query::search::{SearchPosition, SearchTerms};
use crate::record::Document;
use crate::record::Webhook;
use crate::record::field::Field;
use crate::record::object_type::ObjectType;
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;
use crate::value::time::Timestamp;

/// Names the queue of one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueKey {
    /// Where the endpoint is.
    pub scope: Scope,
    /// The endpoint, which may be gone.
    pub webhook: Id,
}

/// The pending deliveries of one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Whose they are.
    pub key: QueueKey,
    /// When the first of them is due, or the lease that holds it ends.
    pub due_at: Timestamp,
}

/// What [`Store::lease`](crate::Store::lease) is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Where the endpoint is.
    pub scope: Scope,
    /// The endpoint.
    pub webhook: Id,
    /// The moment by which deliveries must be due and other leases over; [`Timestamp::MAX`] for all that is pending.
    pub now: Timestamp,
    /// When this lease is over, for what is not due or held until later than that.
    pub until: Timestamp,
    /// The most deliveries to take; at least 1.
    pub limit: usize,
}

/// What a record waits for, and which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Awaited {
    /// The moment in its [awaited](crate::record::column::Access::Awaited) column.
    pub at: Timestamp,
    /// Where it is.
    pub scope: Scope,
    /// The record.
    pub id: Id,
}

/// What [`Store::awaited`](crate::Store::awaited) is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AwaitedQuery {
    /// The earliest moment.
    pub from: Timestamp,
    /// The latest moment.
    pub until: Timestamp,
    /// The last of the page before, which may wait no more.
    pub after: Option<Awaited>,
    /// The most to return; at least 1.
    pub limit: usize,
}

/// What a list asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The kind of record.
    pub kind: Kind,
    /// Conditions that all hold.
    pub clauses: Vec<Clause>,
    /// The last record of the page before, which need not exist any more.
    pub after: Option<Id>,
    /// The most records to return; at least 1. A page ends earlier where its bytes do.
    pub limit: usize,
}

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The records, newest first.
    pub documents: Vec<Document>,
    /// Whether there is another page.
    pub more: bool,
}

/// What a search asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// What a record must have.
    pub terms: SearchTerms,
    /// The types to look at.
    pub types: Vec<ObjectType>,
    /// The position of the last record of the page before.
    pub after: Option<SearchPosition>,
    /// The most records to return; at least 1.
    pub limit: usize,
}

/// One page of search results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPage {
    /// The records, ranked.
    pub documents: Vec<Document>,
    /// The position of the last of them; none on an empty page.
    pub last: Option<SearchPosition>,
    /// Whether there is another page.
    pub more: bool,
}

/// An event with its number in the log of its scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// The number: 1 at least.
    pub seq: i64,
    /// The event.
    pub document: Document,
}

/// One page of the log of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// The events, in the order of their numbers.
    pub events: Vec<Numbered>,
    /// Whether further events follow, be they numbered already or not.
    pub more: bool,
    /// The greatest number that was given; 0 where none was.
    pub last: i64,
    /// The greatest number of an event that was deleted; 0 where none was. What follows a number below it is not whole.
    pub deleted: i64,
}

/// What writes of a scope are validated against, and the endpoints that their events go to.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// Counts the changes of what follows.
    pub version: i64,
    /// The custom fields, oldest first.
    pub fields: Vec<Field>,
    /// The endpoints, oldest first.
    pub webhooks: Vec<Webhook>,
}
