//! Searches: of one moment, by no more round trips than it takes.
//!
//! A snapshot costs two round trips to begin and one to end, more than most searches take otherwise. So the entries are read by a
//! statement of its own; it is all there is to read where nothing has the words. Otherwise the next statement reads documents and, at the
//! same moment, those entries again. If they are as they were and the page is found, all of it is of that moment. If they have
//! become others, the search goes on from those. What needs more than that, such as words that hardly ever meet, is read in a snapshot
//! from its beginning.

use std::ops::ControlFlow;

use relm_core::store::SearchPage;
use relm_core::value::id::Id;
use sea_orm::QueryResult;

use super::error::Failure;
use super::executor::Executor;
use super::statement::document;
use crate::search::{DOCUMENT, Known, Searching, Step, together};
use crate::sql::Sql;

/// How often a search is held to entries that turn out to be others before it takes a snapshot.
const TRIES: usize = 2;

/// One page of a search on a pool.
pub(super) async fn at_one_moment(
    on: Executor<'_>,
    mut searching: Searching,
) -> Result<SearchPage, Failure> {
    let Some(Step::Entries(statements)) = searching.next() else {
        return Ok(searching.page());
    };
    let mut read = entries(on, statements).await?;
    for _ in 0..TRIES {
        let known = searching.known(&read);
        searching.entries(read);
        if searching.is_done() {
            return Ok(searching.page());
        }
        let again = searching.again();
        match held_to(on, &mut searching, &known).await? {
            Held::Found => return Ok(searching.page()),
            Held::Moved(moved) => (searching, read) = (again, moved),
            Held::Long => break,
        }
    }
    let snapshot = on.snapshot().await?;
    let mut searching = searching.again();
    go_on(snapshot.executor(), &mut searching).await?;
    snapshot.end().await?;
    Ok(searching.page())
}

/// One page of a search in a transaction, whose statements see what its isolation level has them see.
pub(super) async fn within(
    on: Executor<'_>,
    mut searching: Searching,
) -> Result<SearchPage, Failure> {
    go_on(on, &mut searching).await?;
    Ok(searching.page())
}

/// What comes of a search that is held to the entries that it knows.
enum Held {
    Found,
    /// These are the entries now.
    Moved(Vec<Vec<Id>>),
    /// More is to be read.
    Long,
}

/// Reads documents and, in the same statement, the entries that led to them.
async fn held_to(
    on: Executor<'_>,
    searching: &mut Searching,
    known: &Known,
) -> Result<Held, Failure> {
    let Some((sql, statements)) = searching.beside_entries() else {
        return Ok(Held::Long);
    };
    let mut read = vec![Vec::new(); statements];
    let see = |row: &QueryResult| {
        if row.try_get_by_index::<String>(0)? == DOCUMENT {
            searching.document(document(row, 1)?);
        } else {
            add(&mut read, row)?;
        }
        Ok(ControlFlow::Continue(()))
    };
    let _ = on.each_row(&sql, see).await?;
    if !known.is(&read) {
        return Ok(Held::Moved(read));
    }
    searching.documents_end();
    Ok(match searching.is_done() {
        true => Held::Found,
        false => Held::Long,
    })
}

async fn go_on(on: Executor<'_>, searching: &mut Searching) -> Result<(), Failure> {
    while let Some(step) = searching.next() {
        match step {
            Step::Entries(statements) => searching.entries(entries(on, statements).await?),
            Step::Documents(sql) => {
                let see = |document| {
                    searching.document(document);
                    ControlFlow::Continue(())
                };
                let _ = on.each_document(&sql, see).await?;
                searching.documents_end();
            }
        }
    }
    Ok(())
}

/// The rows of each statement.
async fn entries(on: Executor<'_>, statements: Vec<Sql>) -> Result<Vec<Vec<Id>>, Failure> {
    let mut entries = vec![Vec::new(); statements.len()];
    for row in on.rows(&together(statements)).await? {
        add(&mut entries, &row)?;
    }
    Ok(entries)
}

/// Adds a row of `place, ulid, kind`.
fn add(entries: &mut [Vec<Id>], row: &QueryResult) -> Result<(), Failure> {
    let text = |column| row.try_get_by_index::<String>(column);
    let entry = Id::from_parts(&text(2)?, &text(1)?);
    let place = text(0)?
        .parse()
        .ok()
        .and_then(|place: usize| entries.get_mut(place));
    place.into_iter().for_each(|entries| entries.extend(entry));
    Ok(())
}
