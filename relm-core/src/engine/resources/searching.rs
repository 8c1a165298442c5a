//! Search over contacts, companies, deals and activities together.

use super::listing::{List, page_limit};
use crate::engine::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::query::cursor::Place;
use crate::query::search::{Rank, SearchPosition, SearchTerms, parse_types};
use crate::record::object::ObjectType;
use crate::store::Search;

/// What a search is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// The words: each must begin a word of the record.
    pub q: String,
    /// The types to look at, separated by commas; default: all four.
    pub types: Option<String>,
    /// The most records; default: 50, at most 200.
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl SearchRequest {
    /// A search for these words.
    pub fn new(q: impl Into<String>) -> Self {
        Self {
            q: q.into(),
            ..Self::default()
        }
    }

    /// The same search, among records of these types alone.
    #[must_use]
    pub fn types(mut self, types: impl IntoIterator<Item = ObjectType>) -> Self {
        let types = types.into_iter().map(ObjectType::as_str);
        self.types = Some(types.collect::<Vec<_>>().join(","));
        self
    }

    /// The same search with this limit.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The same search for the page after this cursor.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }
}

/// One page of what a search finds: an exact e-mail address, domain or id first, then newest first.
pub(super) async fn search(context: &Context, request: &SearchRequest) -> Result<List> {
    let types = parse_types(request.types.as_deref())?;
    let names = types.iter().map(|ty| ty.as_str());
    let parts = ["search", request.q.trim()].into_iter().chain(names);
    let cursors = context.cursors(parts);
    let after = match &request.cursor {
        Some(cursor) => Some(position(cursors.open(cursor)?)?),
        None => None,
    };
    let search = Search {
        terms: SearchTerms::parse(&request.q)?,
        types,
        after,
        limit: page_limit(request.limit)?,
    };
    let page = context.storage().search(context.scope(), &search).await?;
    let next = page.last.filter(|_| page.more);
    Ok(List {
        data: page.documents,
        next_cursor: next.map(|last| cursors.seal(place(last))),
    })
}

/// Results are told apart by their ULIDs, which no two records share, whatever their types.
fn place(position: SearchPosition) -> Place {
    let rank = match position.rank {
        Rank::Exact => 0,
        Rank::Words => 1,
    };
    Place {
        rank,
        ulid: position.ulid,
    }
}

fn position(place: Place) -> Result<SearchPosition> {
    let rank = match place.rank {
        0 => Rank::Exact,
        1 => Rank::Words,
        _ => return Err(Error::new(ErrorKind::InvalidCursor, "Not a cursor.").at("cursor")),
    };
    Ok(SearchPosition {
        rank,
        ulid: place.ulid,
    })
}
