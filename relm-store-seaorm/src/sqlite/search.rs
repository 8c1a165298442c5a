//! Searches: all steps of one see one moment, on whichever thread they run.
//!
//! What is short runs where it is called. Where more is to be read, a thread apart goes on in the same snapshot, if one is free. If
//! none is, the search begins again there: a snapshot that waits would keep the write-ahead log from being reset.

use std::ops::ControlFlow;
use std::sync::Arc;

use relm_core::store::{Search, SearchPage, StoreError};
use relm_core::value::scope::Scope;
use rusqlite::Connection;

use super::connection::{begin_snapshot, end_snapshot, store_error};
use super::reader::{Deadline, Readers, each_document, read_candidates};
use super::reads::Reads;
use crate::search::{Searching, Step};

/// One page of a search.
pub(super) async fn search(
    reads: &Reads,
    scope: Scope,
    asked: &Search,
) -> Result<SearchPage, StoreError> {
    let mut searching = Searching::new(scope, asked.clone(), reads.broad, true);
    let connection = reads.here.take()?;
    begin_snapshot(&connection)
        .and_then(|()| go_on(&connection, &mut searching, Searching::is_short))
        .map_err(store_error)?;
    if searching.is_done() {
        end(&reads.here, connection)?;
        return Ok(searching.page());
    }
    if let Some(turn) = reads.walkers.turn_at_once() {
        let readers = Arc::clone(&reads.here);
        let walk = move || to_end(&readers, connection, searching);
        return reads.work_apart(turn, walk).await;
    }
    end(&reads.here, connection)?;
    let (again, readers) = (searching.again(), Arc::clone(&reads.walking));
    let walk = move || {
        let connection = readers.take()?;
        begin_snapshot(&connection).map_err(store_error)?;
        to_end(&readers, connection, again)
    };
    reads.work_apart(reads.walkers.turn(), walk).await
}

/// Goes on with a search in the snapshot that a connection has open.
fn to_end(
    readers: &Readers,
    connection: Connection,
    mut searching: Searching,
) -> Result<SearchPage, StoreError> {
    go_on(&connection, &mut searching, |_| true).map_err(store_error)?;
    end(readers, connection)?;
    Ok(searching.page())
}

/// Ends a snapshot. Where a read failed, its connection was dropped instead, and the snapshot with it.
fn end(readers: &Readers, connection: Connection) -> Result<(), StoreError> {
    end_snapshot(&connection).map_err(store_error)?;
    readers.give_back(connection);
    Ok(())
}

/// Goes on with a search for as long as it may go on here.
fn go_on(
    connection: &Connection,
    searching: &mut Searching,
    may_go_on: impl Fn(&Searching) -> bool,
) -> rusqlite::Result<()> {
    let deadline = Deadline::new();
    while may_go_on(searching)
        && let Some(step) = searching.next()
    {
        match step {
            Step::Entries(statements) => {
                let read = |sql| read_candidates(connection, sql);
                let entries = statements.iter().map(read);
                searching.entries(entries.collect::<Result<_, _>>()?);
            }
            Step::Documents(sql) => {
                let _ = each_document(connection, &sql, |document| {
                    searching.document(document);
                    Ok(ControlFlow::Continue(()))
                })?;
                searching.documents_end();
                deadline.check()?;
            }
        }
    }
    Ok(())
}
