//! The log of a scope: read page by page, after the writer has numbered whatever waits for it.

use std::collections::HashMap;
use std::ops::ControlFlow;

use relm_core::PageSize;
use relm_core::store::{CommitError, LogPage, Numbered, StoreError};
use relm_core::value::id::Id;
use relm_core::value::scope::Scope;
use rusqlite::Connection;

use super::connection::{each_row, rows};
use super::reader::{Readers, document, snapshot};
use super::writer::Answer;
use crate::dialect::Dialect;
use crate::log::{self, LogState, Next, Numbering};

/// One page of a log. `number` has the writer number what waits for it.
pub(super) async fn page<N: Future<Output = Answer>>(
    readers: &Readers,
    number: impl Fn() -> N,
    scope: Scope,
    after: i64,
    limit: usize,
) -> Result<LogPage, StoreError> {
    let mut numbering = Numbering::default();
    loop {
        let read = readers.with(|connection| {
            snapshot(connection, |connection| {
                let events = events_after(connection, scope, after, limit)?;
                Ok((events, state(connection, scope)?))
            })
        });
        let ((events, is_full), state) = read?;
        match numbering.next(is_full, &state) {
            Next::Done { more } => {
                return Ok(LogPage {
                    events,
                    more,
                    last: state.last,
                    deleted: state.deleted,
                });
            }
            Next::Number => match number().await {
                Ok(_) | Err(CommitError::Refused(_)) => {}
                // What is committed can be read all the same.
                Err(CommitError::Store(error)) if error.why_unwritable().is_some() => {
                    numbering.give_up();
                }
                Err(CommitError::Store(error)) => return Err(error),
            },
        }
    }
}

fn events_after(
    connection: &Connection,
    scope: Scope,
    after: i64,
    limit: usize,
) -> rusqlite::Result<(Vec<Numbered>, bool)> {
    let mut size = PageSize::new(limit);
    let mut events = Vec::new();
    let sql = log::events_after(scope, after, limit.saturating_add(1));
    let _ = each_row(connection, &sql, |row| {
        let document = document(row)?.ok_or(rusqlite::Error::InvalidQuery)?;
        if !size.takes(document.json.len()) {
            return Ok(ControlFlow::Break(()));
        }
        let seq = row.get(2)?;
        events.push(Numbered { seq, document });
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((events, size.more()))
}

fn state(connection: &Connection, scope: Scope) -> rusqlite::Result<LogState> {
    let rows = rows(connection, &log::state(Dialect::Sqlite, scope), |row| {
        Ok((row.get(0)?, row.get(1)?))
    });
    Ok(LogState::of(rows?))
}

/// The number of each of these events, where it has one.
pub(super) fn numbers(
    connection: &Connection,
    scope: Scope,
    events: &[Id],
) -> rusqlite::Result<Vec<Option<i64>>> {
    let mut numbers: HashMap<String, i64> = HashMap::new();
    for sql in log::numbers_of(scope, events) {
        numbers.extend(rows(connection, &sql, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?);
    }
    let number = |id: &Id| numbers.get(&id.text()).copied();
    Ok(events.iter().map(number).collect())
}
