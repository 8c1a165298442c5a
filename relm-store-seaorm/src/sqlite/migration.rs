//! Migrations over the connection that writes.

use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::connection::{execute, rows, scalars};
use crate::dialect::Dialect;
use crate::migration::{self, Failed, KNOWN, Rows, Session, Why};
use crate::open_error::{OpenError, check_version};
use crate::sql::Sql;

/// Pages of the write-ahead log that a migration lets it have before they are copied into the file.
const LOG_PAGES_MAX: i64 = 8_192;

/// Looks at a file without changing it. One that is behind is refused where it may not `migrate`.
pub(super) fn check(path: &Path, migrate: bool) -> Result<(), OpenError> {
    check_version(taken(path)? as i64, KNOWN as i64, migrate)
}

/// How many steps the database in a file has taken, 0 where it is empty or not there.
fn taken(path: &Path) -> Result<usize, OpenError> {
    if !path.exists() {
        return Ok(0);
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let found = at_once(migration::look(&mut Embedded(&connection)))?;
    if tables > 0 && found.is_nothing() {
        return Err(OpenError::Foreign(None));
    }
    Ok(found.taken())
}

/// Takes the steps that are missing. Processes that open one file together wait for each other. The log is copied into the file as it
/// grows: nobody else does that yet.
pub(super) fn run(connection: &Connection) -> Result<(), OpenError> {
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES_MAX)?;
    at_once(migration::run(&mut Embedded(connection), KNOWN))?;
    Ok(connection.pragma_update(None, "wal_autocheckpoint", 0)?)
}

/// What a future comes to that waits for nothing: nothing here leaves the thread.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

struct Embedded<'c>(&'c Connection);

impl Session for Embedded<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn begin(&mut self) -> Result<(), Failed> {
        Ok(self.0.execute_batch("BEGIN IMMEDIATE")?)
    }

    async fn commit(&mut self) -> Result<(), Failed> {
        Ok(self.0.execute_batch("COMMIT")?)
    }

    async fn rollback(&mut self) {
        if !self.0.is_autocommit() {
            // SQLite undoes what a connection has begun when that is closed.
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }

    async fn execute(&mut self, sql: &Sql) -> Result<(), Failed> {
        execute(self.0, sql)?;
        Ok(())
    }

    async fn rows(&mut self, sql: &Sql) -> Result<Rows, Failed> {
        Ok(rows(self.0, sql, scalars)?)
    }

    async fn pause(&mut self, pause: Duration) {
        thread::sleep(pause);
    }
}

impl From<rusqlite::Error> for Failed {
    /// A connection has waited for others by the time that it fails.
    fn from(error: rusqlite::Error) -> Self {
        Self {
            why: Why::Other,
            source: error.into(),
        }
    }
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
    use crate::entities::are_what_the_database_has;
    use crate::migration::{STEPS, Work, turn};
    use crate::sql::ulid_text;
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
        run_to(&connection, derivation() - 1);
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
        (folder, connection)
    }

    /// The last step that derives, by its number.
    fn derivation() -> usize {
        let last = STEPS
            .iter()
            .rposition(|step| matches!(step.work, Work::Derive));
        last.expect("one derives") + 1
    }

    fn run_to(connection: &Connection, steps: usize) {
        at_once(migration::run(&mut Embedded(connection), steps)).unwrap();
    }

    fn steps_taken(connection: &Connection) -> usize {
        let found = at_once(migration::look(&mut Embedded(connection)));
        found.unwrap().taken()
    }

    fn is_up_to_date(connection: &Connection) {
        assert_eq!(steps_taken(connection), KNOWN);
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
            for _ in 0..chunks {
                let mut session = Embedded(&connection);
                at_once(turn(&mut session, false, derivation())).unwrap();
            }
            let is_done = steps_taken(&connection) == derivation();
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
        run_to(&connection, derivation());
        let everything = |connection: &Connection| -> Vec<Vec<Option<ColumnValue<'static>>>> {
            let contacts = Sql::new("SELECT * FROM contacts ORDER BY scope, id");
            rows(connection, &contacts, scalars).unwrap()
        };
        let before = everything(&connection);
        let sql = "DELETE FROM relm_migrations WHERE version = ?";
        connection.execute(sql, [derivation() as i64]).unwrap();
        run(&connection).unwrap();
        assert_eq!(everything(&connection), before);
        is_up_to_date(&connection);
    }

    #[test]
    fn the_tables_are_those_of_the_entities() {
        let fresh = tempfile::tempdir().unwrap();
        let older = tempfile::tempdir().unwrap();
        let fixture = include_bytes!("../../tests/fixtures/2026-11/relm.sqlite");
        std::fs::write(older.path().join("relm.db"), fixture).unwrap();
        for folder in [fresh, older] {
            let path = folder.path().join("relm.db");
            let connection = open_writer(&path, Synchronous::Normal).unwrap();
            run(&connection).unwrap();
            at_once(are_what_the_database_has(&mut Embedded(&connection)));
        }
    }
}
