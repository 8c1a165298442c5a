//! Lists: one page of one kind, filtered, and the cursor to the next.

use std::fmt::{self, Write as _};

use crate::engine::context::Context;
use crate::error::{Error, Result};
use crate::limits::{PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX};
use crate::query::cursor::{Cursors, Place};
use crate::query::filter::{self, Clause, Filter, Operator};
use crate::record::field::is_stage;
use crate::record::object_type::ObjectType;
use crate::record::{Document, Trashed};
use crate::store::Query;
use crate::value::id::{Id, Kind};

/// What a list is asked for: nothing in particular is all records, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRequest {
    /// Conditions that all hold.
    pub filters: Vec<Filter>,
    /// The most records of a page; default: 50, at most 200.
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl ListRequest {
    /// The same request with one more filter, such as `Deal::stage().eq("won")` (see [`Filterable`]) or
    /// `Filter::new("stage", "eq", "won")`. Several on one field make a range; but those that ask for one of several values
    /// make one longer list of them, as in the API.
    ///
    /// [`Filterable`]: crate::query::filter::Filterable
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// The same request with this limit.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The same request for the page after this cursor.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }
}

/// One page of a list: of records, or of their JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T = Document> {
    /// The records.
    pub data: Vec<T>,
    /// Passed back as `cursor`, it gives the next page; none exactly when there is none.
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// Whether there is another page.
    pub fn has_more(&self) -> bool {
        self.next_cursor.is_some()
    }

    /// The same page of something else.
    pub(super) fn try_map<U>(self, convert: impl FnMut(T) -> Result<U>) -> Result<List<U>> {
        let data = self.data.into_iter().map(convert);
        Ok(List {
            data: data.collect::<Result<_>>()?,
            next_cursor: self.next_cursor,
        })
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.data.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.data.iter()
    }
}

impl<T> From<List<T>> for Vec<T> {
    fn from(list: List<T>) -> Self {
        list.data
    }
}

impl List {
    /// The list envelope, with the documents as they are.
    pub fn to_json(&self) -> String {
        match &self.next_cursor {
            // A cursor is base64url: nothing in it needs escaping.
            Some(cursor) => envelope(
                &self.data,
                format_args!(r#""has_more":true,"next_cursor":"{cursor}""#),
            ),
            None => envelope(
                &self.data,
                format_args!(r#""has_more":false,"next_cursor":null"#),
            ),
        }
    }
}

/// The envelope of a list: the documents as they are, and then `rest`, its other members.
pub(super) fn envelope(documents: &[Document], rest: fmt::Arguments<'_>) -> String {
    envelope_of(documents.iter().map(|it| it.json.as_ref()), rest)
}

/// The same, of what is JSON already.
pub(super) fn envelope_of<'j>(
    all: impl Iterator<Item = &'j str> + Clone,
    rest: fmt::Arguments<'_>,
) -> String {
    let bytes: usize = all.clone().map(|json| json.len() + 1).sum();
    // Room for the envelope with its cursor, and for a newline of whoever sends it.
    let mut json = String::with_capacity(bytes + 160);
    json.push_str(r#"{"object":"list","data":["#);
    for (place, one) in all.enumerate() {
        if place > 0 {
            json.push(',');
        }
        json.push_str(one);
    }
    let written = write!(json, "],{rest}}}");
    debug_assert!(written.is_ok(), "writing to a String does not fail");
    json
}

/// The filter for what has this id in a field.
pub(super) fn equal(field: &str, id: Id) -> Filter {
    Filter::new(field, Operator::Eq.as_str(), id.text())
}

/// The number of records that a page holds.
pub(in crate::engine) fn page_limit(limit: Option<usize>) -> Result<usize> {
    match limit {
        None => Ok(PAGE_LIMIT_DEFAULT),
        Some(0) => Err(Error::bad_request(format!(
            "`limit` must be a whole number from 1 to {PAGE_LIMIT_MAX}, not 0."
        ))
        .at("limit")),
        Some(limit) => Ok(limit.min(PAGE_LIMIT_MAX)),
    }
}

/// One page of the records of `kind`.
pub(super) async fn list(context: &Context, kind: Kind, request: &ListRequest) -> Result<List> {
    // Only custom fields and stages need the configuration, and an old one would read their filters wrongly. What is no other field
    // may be one of them at the wrong place.
    // So may an address be which some contact has beside its primary one: whether any has says the configuration as well.
    let needs_fields = |filter: &Filter| {
        let is_known = filter::filterable(kind).any(|name| name == filter.field);
        let may_be_further = kind == Kind::Contact && filter.field == "email";
        !is_known || may_be_further || is_stage(kind, &filter.field)
    };
    let configuration = if request.filters.iter().any(needs_fields) {
        Some(context.reload_configuration().await?)
    } else {
        None
    };
    let fields = configuration.as_deref();
    let fields = fields.map_or(&[][..], |known| &known.fields);
    let clauses = filter::parse(kind, fields, &request.filters)?;
    let cursors = cursors(context, kind.name(), &request.filters);
    page(context, kind, clauses, &cursors, request).await
}

/// One page of the records of a type that are in the trash: those that were deleted last first.
pub(super) async fn trash(
    context: &Context,
    of: ObjectType,
    request: &ListRequest,
) -> Result<List> {
    if let Some(Filter { field, .. }) = request.filters.first() {
        return Err(Error::bad_request(
            "The trash takes no filters: it is listed by `limit` and `cursor` alone.",
        )
        .at(field.as_str()));
    }
    let of_type = Clause::equal(Kind::Trashed, "record_type", of.as_str())?;
    let cursors = context.cursors(["trash", of.as_str()]);
    let page = page(context, Kind::Trashed, vec![of_type], &cursors, request).await?;
    page.try_map(|document| Ok(Document::of_trashed(&document.decode::<Trashed>()?)))
}

async fn page(
    context: &Context,
    kind: Kind,
    clauses: Vec<Clause>,
    cursors: &Cursors<'_>,
    request: &ListRequest,
) -> Result<List> {
    let after = match &request.cursor {
        Some(cursor) => Some(Id::new(kind, cursors.open(cursor)?.ulid)),
        None => None,
    };
    let query = Query {
        kind,
        clauses,
        after,
        limit: page_limit(request.limit)?,
    };
    let page = context.list(&query).await?;
    let next = page.documents.last().filter(|_| page.more);
    let next_cursor = next.map(|last| {
        cursors.seal(Place {
            rank: 0,
            ulid: last.id.ulid(),
        })
    });
    Ok(List {
        data: page.documents,
        next_cursor,
    })
}

/// The cursors of one list: bound to the scope, the kind and the filters, in whatever order these were written.
fn cursors<'c>(context: &'c Context, list: &str, filters: &[Filter]) -> Cursors<'c> {
    let mut sorted: Vec<&Filter> = filters.iter().collect();
    sorted.sort_unstable();
    let parts = sorted.into_iter().flat_map(|filter| {
        let Filter {
            field,
            operator,
            value,
        } = filter;
        [field.as_str(), operator.as_str(), value.as_str()]
    });
    context.cursors([list].into_iter().chain(parts))
}
