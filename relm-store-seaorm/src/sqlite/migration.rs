//! Brings a database's tables up to date, step by step, and refuses what it does not know.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::connection::{execute, rows, scalars};
use crate::derived::{self, Chunk, Position};
use crate::dialect::Dialect;
use crate::open_error::{OpenError, check_version};
use crate::schema::{KNOWN, MIGRATIONS, STEPS, Work};

/// Pages of the write-ahead log that a derivation lets it have before they are copied into the file.
const LOG_PAGES_MAX: i64 = 8_192;

/// Looks at a file without changing it. One that is behind is refused where it may not `migrate`.
pub(super) fn check(path: &Path, migrate: bool) -> Result<(), OpenError> {
    let found = taken(path)?.ok_or(OpenError::Foreign(None))?;
    check_version(found, KNOWN, migrate)
}

/// How many steps the database in a file has taken, 0 where it is empty or not there; none where it is not Relm's.
fn taken(path: &Path) -> Result<Option<i64>, OpenError> {
    if !path.exists() {
        return Ok(Some(0));
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(Some(0));
    }
    version(&connection)
}

/// Takes the steps that are missing. Statements are taken all or none; a derivation, in chunks that each stay taken. Processes
/// that open one file together wait for each other.
pub(super) fn run(connection: &Connection) -> Result<(), OpenError> {
    loop {
        let taken = version(connection)?.unwrap_or(0);
        match STEPS.get(usize::try_from(taken).unwrap_or(usize::MAX)) {
            None => return Ok(()),
            Some(step) => match step.work {
                Work::Statement(_) => within(connection, take_statements)?,
                Work::Derive => derive(connection, taken + 1, step.name)?,
            },
        }
    }
}

fn within<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, OpenError>,
) -> Result<T, OpenError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    match work(connection) {
        Ok(done) => {
            connection.execute_batch("COMMIT")?;
            Ok(done)
        }
        Err(error) => {
            let _ = connection.execute_batch("ROLLBACK");
            Err(error)
        }
    }
}

/// Takes the statements that come next, up to a derivation.
fn take_statements(connection: &Connection) -> Result<(), OpenError> {
    connection.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {MIGRATIONS} (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)"
    ))?;
    let taken = version(connection)?.unwrap_or(0);
    for (number, step) in (1_i64..).zip(STEPS) {
        match step.work {
            Work::Statement(_) | Work::Derive if number <= taken => {}
            Work::Statement(ddl) => {
                connection.execute_batch(&Dialect::Sqlite.ddl(ddl))?;
                note(connection, number, step.name)?;
            }
            Work::Derive => break,
        }
    }
    Ok(())
}

fn note(connection: &Connection, version: i64, name: &str) -> Result<(), OpenError> {
    let sql = format!("INSERT OR REPLACE INTO {MIGRATIONS} (version, name) VALUES (?, ?)");
    connection.execute(&sql, (version, name))?;
    Ok(())
}

/// Takes a step that derives. The log is copied into the file as it grows: nobody else does that yet.
fn derive(connection: &Connection, step: i64, name: &str) -> Result<(), OpenError> {
    connection.execute_batch(&format!("PRAGMA wal_autocheckpoint = {LOG_PAGES_MAX}"))?;
    connection.execute_batch(&derived::prepare(Dialect::Sqlite))?;
    while !within(connection, |connection| {
        derive_chunk(connection, step, name)
    })? {}
    connection.execute_batch(&derived::tidy(Dialect::Sqlite))?;
    Ok(connection.execute_batch("PRAGMA wal_autocheckpoint = 0")?)
}

/// Derives a chunk, in a transaction; whether the step is taken.
fn derive_chunk(connection: &Connection, step: i64, name: &str) -> Result<bool, OpenError> {
    if version(connection)?.is_some_and(|taken| taken >= step) {
        return Ok(true);
    }
    let progress = derived::progress(step);
    let sql = format!("SELECT name FROM {MIGRATIONS} WHERE version = ?");
    let kept: Option<String> = connection
        .query_row(&sql, [progress], |row| row.get(0))
        .optional()?;
    let position = kept.map_or(Position::START, |text| Position::parse(&text));
    let records = match position.records(Dialect::Sqlite) {
        Some(sql) => rows(connection, &sql, scalars)?,
        None => Vec::new(),
    };
    let next = match Chunk::read(Dialect::Sqlite, &position, records) {
        Some(chunk) => {
            let terms = rows(connection, &chunk.terms(), scalars)?;
            let holders = chunk.holders().map(|sql| rows(connection, &sql, scalars));
            let end = chunk.end();
            for sql in chunk.writes(terms, holders.transpose()?.unwrap_or_default()) {
                execute(connection, &sql)?;
            }
            Some(end)
        }
        None => position.beyond(&rows(connection, &position.next_scope(), scalars)?),
    };
    match next {
        Some(position) => note(connection, progress, &position.to_string())?,
        None => {
            note(connection, step, name)?;
            let sql = format!("DELETE FROM {MIGRATIONS} WHERE version = ?");
            connection.execute(&sql, [progress])?;
        }
    }
    Ok(next.is_none())
}

/// How many steps the database has taken; none where it is not Relm's, or empty.
fn version(connection: &Connection) -> Result<Option<i64>, OpenError> {
    let there: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE name = ?",
        [MIGRATIONS],
        |row| row.get(0),
    )?;
    if there == 0 {
        return Ok(None);
    }
    let sql = format!("SELECT coalesce(max(version), 0) FROM {MIGRATIONS}");
    Ok(Some(connection.query_row(&sql, [], |row| row.get(0))?))
}

#[cfg(test)]
mod tests {
    use relm_core::Mode;
    use relm_core::query::terms::index_terms;
    use relm_core::record::column::ColumnValue;
    use relm_core::record::object::{Contact, Object};
    use relm_core::record::{Entry, Record};
    use relm_core::value::id::{Id, Kind};
    use relm_core::value::{email, text};

    use super::*;
    use crate::sql::{Sql, ulid_text};
    use crate::sqlite::Synchronous;
    use crate::sqlite::connection::open_writer;

    /// Addresses, oldest first, and the place of the contact that each is to be found by now.
    const CONTACTS: [(&str, usize); 9] = [
        ("Plain@example.com", 0),
        // The younger has the key that the older is to have.
        ("ada@bücher.example", 1),
        ("ada@xn--bcher-kva.example", 1),
        // The older has it.
        ("eva@xn--mnchen-3ya.example", 3),
        ("eva@MÜNCHEN.example", 3),
        // The younger has the key of the older, and is to have another.
        ("strasse@bücher.example", 5),
        ("Straße@xn--bcher-kva.example", 6),
        // Three are one.
        ("\"ada\"@bücher.example", 1),
        ("Zoë@bücher.example", 8),
    ];

    fn contact(scope: i64, place: usize) -> Contact {
        let id = Id::new(Kind::Contact, (1 << 80) + place as u128);
        let mut contact = Contact::blank(id, Mode::Live, id.timestamp());
        contact.email = Some(CONTACTS[place].0.to_owned());
        contact.first_name = Some("Zoe\u{308} O'Brien".to_owned());
        contact.phone = Some(format!("+1 (415) 555-{scope:04}"));
        contact
    }

    /// A database of which nothing is as this version derives it.
    fn older() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relm.db");
        let connection = open_writer(&path, Synchronous::Normal).unwrap();
        run(&connection).unwrap();
        for scope in [-7, 0, 7] {
            for (place, (email, _)) in CONTACTS.into_iter().enumerate() {
                let entry = Entry::new(contact(scope, place));
                let mut sql = Sql::new(
                    "INSERT INTO contacts (scope, id, version, email, email_key, first_name, last_name, phone, \
                     company_id, metadata, created_at, updated_at, doc) VALUES ",
                );
                sql.rows(vec![crate::rows::row(scope, &entry)]);
                // As the keys and texts were.
                let key = &mut sql.values[4];
                *key = text::fold(email).into();
                sql.values[5] = "Zoe\u{308} O'Brien".to_owned().into();
                execute(&connection, &sql).unwrap();
                let mut sql = Sql::new("INSERT INTO terms (scope, term, ulid, kind) VALUES ");
                let term = |term: &str| {
                    vec![
                        scope.into(),
                        term.to_owned().into(),
                        ulid_text(entry.record.id()).into(),
                        "con".into(),
                    ]
                };
                sql.rows(vec![term("zoe"), term("!old")]);
                execute(&connection, &sql).unwrap();
            }
        }
        let sql = format!("DELETE FROM {MIGRATIONS} WHERE version = {KNOWN}");
        connection.execute(&sql, []).unwrap();
        (folder, connection)
    }

    fn is_up_to_date(connection: &Connection) {
        assert_eq!(version(connection).unwrap(), Some(KNOWN));
        for scope in [-7, 0, 7] {
            for (place, (address, holder)) in CONTACTS.into_iter().enumerate() {
                let record = Record::from(contact(scope, place));
                let read = |sql: &str, value: &str| -> Vec<String> {
                    let mut sql = Sql::new(sql);
                    sql.values = vec![scope.into(), value.to_owned().into()];
                    rows(connection, &sql, |row| row.get(0)).unwrap()
                };
                let terms = read(
                    "SELECT term FROM terms WHERE scope = ? AND ulid = ? ORDER BY term",
                    &ulid_text(record.id()),
                );
                assert_eq!(terms, index_terms(&record).into_iter().collect::<Vec<_>>());
                let found = read(
                    "SELECT id FROM contacts WHERE scope = ? AND email_key = ?",
                    &email::key(address),
                );
                assert_eq!(found, [contact(scope, holder).id.to_string()], "{address}");
                let name = read(
                    "SELECT first_name FROM contacts WHERE scope = ? AND id = ?",
                    &record.id().to_string(),
                );
                assert_eq!(name, ["Zoë O'Brien"]);
                let document = read(
                    "SELECT doc FROM contacts WHERE scope = ? AND id = ?",
                    &record.id().to_string(),
                );
                assert_eq!(document, [&*Entry::new(record).json]);
            }
        }
        let left = "SELECT name FROM sqlite_schema WHERE name = 'terms_ulid' UNION ALL \
                    SELECT name FROM relm_migrations WHERE version < 0";
        let left: Vec<String> = rows(connection, &Sql::new(left), |row| row.get(0)).unwrap();
        assert_eq!(left, [] as [String; 0]);
    }

    #[test]
    fn what_was_derived_otherwise_is_derived_anew() {
        let (_folder, connection) = older();
        run(&connection).unwrap();
        is_up_to_date(&connection);
    }

    #[test]
    fn a_derivation_goes_on_where_it_was_stopped() {
        let mut chunks = 0;
        loop {
            let (folder, connection) = older();
            connection
                .execute_batch(&derived::prepare(Dialect::Sqlite))
                .unwrap();
            let name = STEPS.last().unwrap().name;
            let mut is_done = false;
            for _ in 0..chunks {
                is_done = within(&connection, |connection| {
                    derive_chunk(connection, KNOWN, name)
                })
                .unwrap();
            }
            drop(connection);
            let path = folder.path().join("relm.db");
            let connection = open_writer(&path, Synchronous::Normal).unwrap();
            run(&connection).unwrap();
            if !is_done {
                is_up_to_date(&connection);
                chunks += 1;
                continue;
            }
            break;
        }
        assert!(chunks >= 9, "each scope and kind is a chunk at least");
    }

    #[test]
    fn a_derivation_that_runs_twice_changes_nothing() {
        let (_folder, connection) = older();
        run(&connection).unwrap();
        let everything = |connection: &Connection| -> Vec<Vec<Option<ColumnValue<'static>>>> {
            let contacts = Sql::new("SELECT * FROM contacts ORDER BY scope, id");
            rows(connection, &contacts, scalars).unwrap()
        };
        let before = everything(&connection);
        let sql = format!("DELETE FROM {MIGRATIONS} WHERE version = {KNOWN}");
        connection.execute(&sql, []).unwrap();
        run(&connection).unwrap();
        assert_eq!(everything(&connection), before);
        is_up_to_date(&connection);
    }
}
