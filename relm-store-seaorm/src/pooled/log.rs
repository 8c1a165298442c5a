//! The log of a scope: read page by page, after whatever waits for a number was given one. A page and what is said of the log beside it
//! are of one statement, or of one that finds the page still empty.

use std::collections::HashMap;
use std::ops::ControlFlow;

use relm_core::PageSize;
use relm_core::store::{LogPage, Numbered};
use relm_core::value::id::Id;
use relm_core::value::scope::Scope;

use super::error::Failure;
use super::executor::Executor;
use super::statement::{document, id};
use super::transaction::savepoint;
use crate::log::{self, LogState, Next, Numbering};
use crate::scope_number::scope_number;

/// One page of a log.
pub(super) async fn page(
    on: Executor<'_>,
    scope: Scope,
    after: i64,
    limit: usize,
) -> Result<LogPage, Failure> {
    let mut numbering = Numbering::default();
    loop {
        let (events, is_full, state) = events_after(on, scope, after, limit).await?;
        let state = match state {
            Some(state) => state,
            None => {
                let state = state_beyond(on, scope, after).await?;
                if state.is_beyond {
                    // Others have numbered events since.
                    continue;
                }
                state
            }
        };
        match numbering.next(is_full, &state) {
            Next::Done { more } => {
                return Ok(LogPage {
                    events,
                    more,
                    last: state.last,
                    deleted: state.deleted,
                });
            }
            Next::Number => match number(on, scope).await {
                // What is committed can be read all the same.
                Err(Failure::Unwritable(..)) => numbering.give_up(),
                numbered => numbered?,
            },
        }
    }
}

/// The events of a page, whether it could not hold the next one, and the state of the log at their moment, where there are any.
async fn events_after(
    on: Executor<'_>,
    scope: Scope,
    after: i64,
    limit: usize,
) -> Result<(Vec<Numbered>, bool, Option<LogState>), Failure> {
    let mut size = PageSize::new(limit);
    let (mut events, mut state) = (Vec::new(), None);
    let sql = log::events_and_state(on.dialect(), scope, after, limit.saturating_add(1));
    let read = on.each_row(&sql, |row| {
        if state.is_none() {
            state = Some(LogState {
                last: row.try_get_by_index(3)?,
                deleted: row.try_get_by_index(4)?,
                waiting: usize::try_from(row.try_get_by_index::<i64>(5)?).unwrap_or(usize::MAX),
                is_beyond: true,
            });
        }
        let document = document(row, 0)?;
        if !size.takes(document.json.len()) {
            return Ok(ControlFlow::Break(()));
        }
        let seq = row.try_get_by_index(2)?;
        events.push(Numbered { seq, document });
        Ok(ControlFlow::Continue(()))
    });
    let _ = read.await?;
    Ok((events, size.more(), state))
}

/// The state of a log after which no event was found.
async fn state_beyond(on: Executor<'_>, scope: Scope, after: i64) -> Result<LogState, Failure> {
    let sql = log::state_beyond(on.dialect(), scope, after);
    let rows = on.rows(&sql).await?;
    let mut read = Vec::with_capacity(rows.len());
    for row in &rows {
        read.push((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    }
    Ok(LogState::of(read))
}

/// Numbers what waits, as much as is numbered at once. Where a program's transaction asks, nobody else numbers before it ends.
async fn number(on: Executor<'_>, scope: Scope) -> Result<(), Failure> {
    let Some(database) = on.pool() else {
        return savepoint::whole(on, number_locked(on, scope)).await;
    };
    let _turn = database.turn().await?;
    let transaction = database.begin().await?;
    number_locked(Executor::within(database, &transaction), scope).await?;
    database.within(transaction.commit()).await
}

async fn number_locked(on: Executor<'_>, scope: Scope) -> Result<(), Failure> {
    let scope = scope_number(scope);
    on.execute(&log::lock(on.dialect(), scope)).await?;
    for sql in log::number(on.dialect(), scope) {
        on.execute(&sql).await?;
    }
    Ok(())
}

/// The number of each of these events, where it has one.
pub(super) async fn numbers(
    on: Executor<'_>,
    scope: Scope,
    events: &[Id],
) -> Result<Vec<Option<i64>>, Failure> {
    if events.len() <= log::ASKED_MAX {
        return numbers_on(on, scope, events).await;
    }
    let snapshot = on.snapshot().await?;
    let numbers = numbers_on(snapshot.executor(), scope, events).await?;
    snapshot.end().await?;
    Ok(numbers)
}

async fn numbers_on(
    on: Executor<'_>,
    scope: Scope,
    events: &[Id],
) -> Result<Vec<Option<i64>>, Failure> {
    let mut numbers: HashMap<Id, i64> = HashMap::new();
    for sql in log::numbers_of(scope, events) {
        for row in on.rows(&sql).await? {
            numbers.insert(id(&row, 0)?, row.try_get_by_index(1)?);
        }
    }
    Ok(events.iter().map(|id| numbers.get(id).copied()).collect())
}
