//! The log of a scope, as statements: events are numbered when somebody asks, apart from the commits that wrote them.
//!
//! A row of `event_logs` is the lock under which numbers are given: whoever gives some holds it until they are committed, so that
//! any moment that has a number has all below it. No commit of the engine waits for it, but for those that delete events.

use relm_core::value::id::Id;
use relm_core::value::scope::Scope;

use crate::dialect::Dialect;
use crate::scope_number::scope_number;
use crate::sql::{Sql, texts};

/// Events that are numbered at once: it bounds how long others wait for their numbers.
const NUMBERED_MAX: usize = 1_000;
/// How often one read of the log has events numbered: what waits beyond is for the next one.
const ROUNDS_MAX: usize = 10;
/// Events whose numbers one statement looks up.
pub(crate) const ASKED_MAX: usize = 512;

/// What is known of a log, beside its events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogState {
    pub last: i64,
    pub deleted: i64,
    /// Events without a number: one more than are numbered at once stands for whatever is more.
    pub waiting: usize,
    /// Whether an event has a number above that which was [asked for](state_beyond).
    pub is_beyond: bool,
}

impl LogState {
    /// Reads the rows of [`state`] or of [`state_beyond`].
    pub fn of(rows: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let mut state = Self::default();
        for row in rows {
            match row {
                (-2, beyond) => state.is_beyond = beyond > 0,
                (-1, waiting) => state.waiting = usize::try_from(waiting).unwrap_or(usize::MAX),
                (last, deleted) => (state.last, state.deleted) = (last, deleted),
            }
        }
        state
    }
}

/// The numbering that one read of a log does.
#[derive(Default)]
pub(crate) struct Numbering {
    rounds: usize,
    /// Whether every event of a commit that returned before the read has a number.
    is_complete: bool,
}

/// What a read of a log does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It has events numbered, and reads again.
    Number,
    /// It is over; whether events are after the page.
    Done { more: bool },
}

impl Numbering {
    /// What comes after a page was read that could not hold the next event or could, and the state of the same moment.
    pub fn next(&mut self, is_full: bool, state: &LogState) -> Next {
        let waiting = state.waiting;
        if is_full || self.is_complete || waiting == 0 {
            return Next::Done { more: is_full };
        }
        if self.rounds == ROUNDS_MAX {
            return Next::Done { more: true };
        }
        self.rounds += 1;
        self.is_complete = waiting <= NUMBERED_MAX;
        Next::Number
    }

    /// No event can be numbered, as where the disk is full: the read gives what is numbered.
    pub fn give_up(&mut self) {
        self.is_complete = true;
    }
}

/// The events after a number: `id, doc, seq`.
pub(crate) fn events_after(scope: Scope, after: i64, rows: usize) -> Sql {
    let mut sql = Sql::new("SELECT id, doc, seq FROM events WHERE scope = ");
    sql.bind(scope_number(scope));
    sql.push(" AND seq > ").bind(after);
    sql.push(" ORDER BY seq").limit(rows);
    sql
}

/// The state of a log: `last_seq, deleted_seq`, once something was numbered or deleted; and -1 with how many events wait.
pub(crate) fn state(dialect: Dialect, scope: Scope) -> Sql {
    let scope = scope_number(scope);
    let mut sql = Sql::new("SELECT last_seq, deleted_seq FROM event_logs WHERE scope = ");
    sql.bind(scope);
    sql.push(" UNION ALL SELECT -1, COUNT(*) FROM (");
    sql.append(waiting(dialect, scope, NUMBERED_MAX + 1));
    sql.push(") AS waiting");
    sql
}

/// The events after a number, each beside the state of the log: `id, doc, seq, last_seq, deleted_seq, waiting`. One statement sees one
/// moment; each of the three is computed once.
pub(crate) fn events_and_state(dialect: Dialect, scope: Scope, after: i64, rows: usize) -> Sql {
    let number = scope_number(scope);
    let mut sql = Sql::new("SELECT id, doc, seq");
    for column in ["last_seq", "deleted_seq"] {
        sql.push(&format!(
            ", COALESCE((SELECT {column} FROM event_logs WHERE scope = "
        ));
        sql.bind(number).push("), 0)");
    }
    sql.push(", (SELECT COUNT(*) FROM (");
    sql.append(waiting(dialect, number, NUMBERED_MAX + 1));
    sql.push(") AS waiting) FROM events WHERE scope = ");
    sql.bind(number).push(" AND seq > ").bind(after);
    sql.push(" ORDER BY seq").limit(rows);
    sql
}

/// The state of a log after which no event was found; and -2 with whether there is one after all.
pub(crate) fn state_beyond(dialect: Dialect, scope: Scope, after: i64) -> Sql {
    let mut sql = state(dialect, scope);
    sql.push(" UNION ALL SELECT -2, COUNT(*) FROM (SELECT seq FROM events WHERE scope = ");
    sql.bind(scope_number(scope));
    sql.push(" AND seq > ").bind(after).push(" ORDER BY seq");
    sql.limit(1).push(") AS beyond");
    sql
}

/// The events of a scope that have no number, the oldest id first: by the index, which has those together in their order.
fn waiting(dialect: Dialect, scope: i64, rows: usize) -> Sql {
    let mut sql = Sql::new("SELECT id FROM events");
    let order = match dialect {
        Dialect::Sqlite | Dialect::Postgres => " ORDER BY seq, id",
        // MariaDB would rather walk the whole scope in the order of the ids, and takes `seq` for a reason to sort.
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
            sql.push(" FORCE INDEX (events_seq)");
            " ORDER BY id"
        }
    };
    sql.push(" WHERE scope = ").bind(scope);
    sql.push(" AND seq IS NULL").push(order).limit(rows);
    sql
}

/// Keeps every other from giving numbers in a scope until the transaction ends.
pub(crate) fn lock(dialect: Dialect, scope: i64) -> Sql {
    let mut sql = Sql::new("INSERT INTO event_logs (scope, last_seq, deleted_seq) VALUES (");
    sql.bind(scope).push(", 0, 0)");
    sql.push(dialect.or_touch_log());
    sql
}

/// Numbers what waits, as much as is numbered at once, and notes how far numbers go: two writes, after the [`lock`].
pub(crate) fn number(dialect: Dialect, scope: i64) -> [Sql; 2] {
    // No more rows are counted than are numbered, however many wait.
    let mut places = Sql::new("SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM (");
    places
        .append(waiting(dialect, scope, NUMBERED_MAX))
        .push(") AS oldest");
    let mut last = Sql::new("(SELECT last_seq FROM event_logs WHERE scope = ");
    last.bind(scope).push(")");
    let numbers = match dialect {
        Dialect::Sqlite => {
            let mut numbers = Sql::new("UPDATE events SET seq = waiting.place + ");
            numbers.append(last).push(" FROM (").append(places);
            numbers
                .push(") AS waiting WHERE events.scope = ")
                .bind(scope);
            numbers.push(" AND events.id = waiting.id");
            numbers
        }
        // Places are looked up in a map, and not by a join: see decision 66.
        Dialect::Postgres => {
            let mut numbers = Sql::new("WITH waiting AS MATERIALIZED (");
            numbers.append(places).push(") UPDATE events SET seq = ");
            numbers.append(last);
            numbers.push(
                " + CAST((SELECT jsonb_object_agg(id, place) FROM waiting) ->> id AS BIGINT)",
            );
            numbers.push(" WHERE scope = ").bind(scope);
            numbers.push(" AND seq IS NULL AND id <= (SELECT MAX(id) FROM waiting)");
            numbers
        }
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
            let mut numbers = Sql::new("UPDATE events JOIN (");
            numbers.append(places);
            numbers
                .push(") AS waiting ON events.id = waiting.id SET events.seq = waiting.place + ");
            numbers.append(last);
            numbers.push(" WHERE events.scope = ").bind(scope);
            numbers
        }
    };
    let greatest = || {
        let mut sql = Sql::new("(SELECT MAX(seq) FROM events WHERE scope = ");
        sql.bind(scope).push(")");
        sql
    };
    let mut advance = Sql::new("UPDATE event_logs SET last_seq = ");
    advance
        .append(greatest())
        .push(" WHERE scope = ")
        .bind(scope);
    advance.push(" AND last_seq < ").append(greatest());
    [numbers, advance]
}

/// Takes events out of the log that are deleted next: whoever had read what was before them is told that they are missing. Those
/// that nobody numbered take one number together, which is that of none.
pub(crate) fn forget(dialect: Dialect, scope: i64, events: &[Id]) -> [Sql; 4] {
    let mut number =
        Sql::new("UPDATE events SET seq = 1 + (SELECT last_seq FROM event_logs WHERE scope = ");
    number.bind(scope).push(") WHERE scope = ").bind(scope);
    number.push(" AND seq IS NULL").and_in("id", &texts(events));
    let greatest = || {
        let mut sql = Sql::new("(SELECT MAX(seq) FROM events WHERE scope = ");
        sql.bind(scope).and_in("id", &texts(events)).push(")");
        sql
    };
    let mut delete = Sql::new("UPDATE event_logs SET deleted_seq = ");
    delete
        .append(greatest())
        .push(" WHERE scope = ")
        .bind(scope);
    delete.push(" AND deleted_seq < ").append(greatest());
    let mut advance = Sql::new("UPDATE event_logs SET last_seq = deleted_seq WHERE scope = ");
    advance.bind(scope).push(" AND last_seq < deleted_seq");
    [lock(dialect, scope), number, delete, advance]
}

/// The numbers of these events: `id, seq`, where they have one.
pub(crate) fn numbers_of(scope: Scope, events: &[Id]) -> impl Iterator<Item = Sql> {
    events.chunks(ASKED_MAX).map(move |events| {
        let mut sql = Sql::new("SELECT id, seq FROM events WHERE scope = ");
        sql.bind(scope_number(scope));
        sql.push(" AND seq IS NOT NULL")
            .and_in("id", &texts(events));
        sql
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a read has events numbered that finds so many waiting each time, and whether it says that there are more.
    fn read(is_full: bool, waiting: Vec<usize>) -> (usize, bool) {
        let (mut numbering, mut rounds) = (Numbering::default(), 0);
        let mut waiting = waiting.into_iter();
        loop {
            let state = LogState {
                waiting: waiting.next().unwrap_or(0),
                ..LogState::default()
            };
            match numbering.next(is_full, &state) {
                Next::Number => rounds += 1,
                Next::Done { more } => return (rounds, more),
            }
        }
    }

    #[test]
    fn a_read_numbers_what_waits_and_no_more_than_its_bound() {
        assert_eq!(read(false, vec![0]), (0, false));
        assert_eq!(read(true, vec![NUMBERED_MAX + 1]), (0, true));
        // What comes meanwhile is for the next read.
        assert_eq!(read(false, vec![NUMBERED_MAX, 5]), (1, false));
        assert_eq!(read(false, vec![NUMBERED_MAX + 1, 7, 7]), (2, false));
        let backlog = vec![NUMBERED_MAX + 1; ROUNDS_MAX + 1];
        assert_eq!(read(false, backlog), (ROUNDS_MAX, true));
    }
}
