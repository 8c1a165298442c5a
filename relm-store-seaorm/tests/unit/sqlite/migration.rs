//! Databases of before, brought up to date: what is derived is derived anew, and the tables are those of the entities.

use relm_core::Mode;
use relm_core::query::terms::index_terms;
use relm_core::record::association::{Association, AssociationInput};
use relm_core::record::column::ColumnValue;
use relm_core::record::object::{Contact, Object};
use relm_core::record::workspace::Workspace;
use relm_core::record::{Entry, Record};
use relm_core::value::id::{Id, Kind};
use relm_core::value::{email, text};
use rusqlite::Connection;

use crate::entities::are_what_the_database_has;
use crate::migration::{self, KNOWN, STEPS, Work, turn};
use crate::sql::{Sql, Value, ulid_text};
use crate::sqlite::Synchronous;
use crate::sqlite::connection::{execute, open_writer, rows, scalars};
use crate::sqlite::migration::{Embedded, at_once, run};

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
    contact.metadata.insert("cafe\u{301}", "open");
    contact
}

/// Labels of edges between the first two contacts, oldest first, and whether each is to be found by its label.
const LABELS: [(&str, bool); 3] = [("cafe\u{301}", true), ("café", false), ("cafe", true)];

fn edge(place: usize) -> Association {
    let [from_id, to_id] = [0, 1].map(|end| contact(0, end).id);
    let id = Id::new(Kind::Association, (1 << 80) + place as u128);
    let label = Some(LABELS[place].0.to_owned());
    let input = AssociationInput {
        from_id,
        to_id,
        label,
        attributes: Default::default(),
    };
    Association::link(id, Mode::Live, id.timestamp(), input).unwrap()
}

/// Has the edges, and a workspace, under the keys that they had: as they are written, and folded alone.
fn add_names(connection: &Connection) {
    for (place, (label, _)) in LABELS.into_iter().enumerate() {
        let edge = edge(place);
        let written = format!("{} {} ={label}", edge.from_id, edge.to_id);
        let mut sql = Sql::new(
            "INSERT INTO associations (scope, id, version, from_type, from_id, to_type, to_id, label, edge_key, created_at, \
             doc) VALUES ",
        );
        let mut row = crate::rows::row(0, &Entry::new(edge));
        // The table has neither `since` nor `until` yet.
        row.drain(9..11);
        sql.rows(vec![row]);
        sql.values[8] = written.into();
        execute(connection, &sql).unwrap();
    }
    let id = Id::new(Kind::Workspace, 1 << 80);
    let workspace = Workspace::new(id, "Cafe\u{301}".to_owned(), String::new(), id.timestamp());
    let mut sql = Sql::new(
        "INSERT INTO workspaces (scope, id, version, name, name_key, created_at, doc) VALUES ",
    );
    sql.rows(vec![crate::rows::row(0, &Entry::new(workspace.unwrap()))]);
    sql.values[4] = "cafe\u{301}".to_owned().into();
    execute(connection, &sql).unwrap();
}

#[test]
fn a_name_is_found_in_the_composition_that_it_was_not_written_in() {
    let (_folder, connection) = older();
    add_names(&connection);
    run(&connection).unwrap();
    is_up_to_date(&connection);
    for (place, (_, is_found)) in LABELS.into_iter().enumerate() {
        let edge = edge(place);
        let sql = "SELECT edge_key FROM associations WHERE id = ?";
        let key: String = connection
            .query_row(sql, [edge.id.to_string()], |row| row.get(0))
            .unwrap();
        let expected = match is_found {
            true => edge.edge_key(),
            // The older has it.
            false => format!(" {}", edge.id),
        };
        assert_eq!(key, expected);
    }
    let sql = "SELECT name_key FROM workspaces";
    let key: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(key, "café");
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
            let mut row = crate::rows::row(scope, &entry);
            // The table has neither `owner` nor `name` yet.
            row.remove(10);
            row.remove(7);
            sql.rows(vec![row]);
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
    let found = at_once(migration::read_state(&mut Embedded(connection)));
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
        // Steps after it add columns.
        let contacts = Sql::new(
            "SELECT scope, id, version, email, email_key, first_name, last_name, phone, company_id, metadata, created_at, \
             updated_at, doc FROM contacts ORDER BY scope, id",
        );
        rows(connection, &contacts, scalars).unwrap()
    };
    let before = everything(&connection);
    let sql = "DELETE FROM relm_migrations WHERE version = ?";
    connection.execute(sql, [derivation() as i64]).unwrap();
    run(&connection).unwrap();
    assert_eq!(everything(&connection), before);
    is_up_to_date(&connection);
}

/// An activity from before its `activity.due`: how its columns are, and whether it is told of from the migration on.
fn add_task(connection: &Connection, n: u128, due_at: i64, done_at: Option<i64>) -> String {
    let id = Id::new(Kind::Activity, n).text();
    let mut sql = Sql::new(
        "INSERT INTO activities (scope, id, version, type, occurred_at, due_at, done_at, metadata, created_at, updated_at, doc) \
         VALUES (1, ",
    );
    sql.bind(id.clone()).push(", 1, 'task', 5, ").bind(due_at);
    sql.push(", ").bind(Value::Integer(done_at));
    sql.push(", '{}', 5, 7, '{}')");
    execute(connection, &sql).unwrap();
    id
}

#[test]
fn what_is_due_from_the_migration_on_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relm.db");
    let connection = open_writer(&path, Synchronous::Normal).unwrap();
    let column = STEPS
        .iter()
        .position(|step| step.name == "when activities are told of");
    run_to(&connection, column.unwrap());
    const FAR: i64 = 100_000_000_000_000;
    let open = add_task(&connection, 1, FAR, None);
    add_task(&connection, 2, FAR, Some(6));
    add_task(&connection, 3, 6, None);
    run_to(&connection, KNOWN);
    assert_eq!(steps_taken(&connection), KNOWN);
    let waiting = Sql::new("SELECT notify_at, id FROM activities WHERE notify_at IS NOT NULL");
    let waiting: Vec<(i64, String)> =
        rows(&connection, &waiting, |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(waiting, [(FAR, open)]);
}

#[test]
fn the_tables_are_those_of_the_entities() {
    let fresh = tempfile::tempdir().unwrap();
    let older = tempfile::tempdir().unwrap();
    let fixture = include_bytes!("../../fixtures/2026-11/relm.sqlite");
    std::fs::write(older.path().join("relm.db"), fixture).unwrap();
    for folder in [fresh, older] {
        let path = folder.path().join("relm.db");
        let connection = open_writer(&path, Synchronous::Normal).unwrap();
        run(&connection).unwrap();
        at_once(are_what_the_database_has(&mut Embedded(&connection)));
    }
}
