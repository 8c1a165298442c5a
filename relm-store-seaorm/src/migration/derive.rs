//! Brings what the tables hold beside the documents up to date, where the engine takes it from them otherwise than it did:
//! typed columns, unique keys, index terms. The documents stay as they are, byte for byte.
//!
//! A step of the schema does so record by record, in chunks that are transactions of their own. Where it has got to is kept in
//! the list of migrations, and a chunk begins by locking that: a process that is stopped goes on where it was, and
//! processes that start together share the work. What a chunk writes does not depend on what was there, so that one that
//! runs twice does no harm.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use relm_core::query::terms::index_terms;
use relm_core::record::column::{Column, ColumnType, ColumnValue};
use relm_core::record::{Record, columns, unique_column};
use relm_core::value::id::{Id, Kind};

use super::steps::is_added_after;
use crate::dialect::Dialect;
use crate::plan::exchange_terms;
use crate::rows::rows_of;
use crate::sql::{Sql, Value, table, ulid_text};

/// Records of one chunk: it bounds what is held in memory, and how long a chunk locks.
const CHUNK_RECORDS: usize = 256;
/// The kinds that something is derived of which may change.
const KINDS: [Kind; 6] = [
    Kind::Contact,
    Kind::Company,
    Kind::Deal,
    Kind::Activity,
    Kind::Association,
    Kind::Workspace,
];
/// Finds the terms of a record, as long as a derivation lasts: no other statement needs it, and it would cost every write.
const INDEX: &str = "terms_ulid";

pub(crate) type Rows = Vec<Vec<Option<ColumnValue<'static>>>>;

/// What comes before the first chunk. The index may be there.
pub(crate) fn prepare(dialect: Dialect) -> String {
    dialect.create_index(INDEX, "terms", "scope, ulid")
}

/// What comes after the last chunk. The index may be gone.
pub(crate) fn tidy(dialect: Dialect) -> String {
    dialect.drop_index(INDEX, "terms")
}

/// The row of the list of migrations that tells where the derivation of a step has got to. Steps have positive numbers.
pub(crate) const fn progress(step: i64) -> i64 {
    -step
}

/// Where the derivation of a step has got to: kind by kind, scope by scope, in the order of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    step: i64,
    kind: Kind,
    scope: Option<i64>,
    after: Option<Id>,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.prefix())?;
        if let Some(scope) = self.scope {
            write!(f, " {scope}")?;
        }
        if let Some(after) = self.after {
            write!(f, " {after}")?;
        }
        Ok(())
    }
}

impl Position {
    /// The start of a step's derivation.
    pub const fn start(step: i64) -> Self {
        Self::of(step, KINDS[0])
    }

    const fn of(step: i64, kind: Kind) -> Self {
        Self {
            step,
            kind,
            scope: None,
            after: None,
        }
    }

    /// Reads what is kept; what is none is the start.
    pub fn parse(step: i64, text: &str) -> Self {
        let mut parts = text.split(' ');
        let prefix = parts.next();
        let kind = KINDS.into_iter().find(|kind| Some(kind.prefix()) == prefix);
        Self {
            step,
            kind: kind.unwrap_or(KINDS[0]),
            scope: parts.next().and_then(|scope| scope.parse().ok()),
            after: parts.next().and_then(Id::parse),
        }
    }

    /// The next records of the scope: `id, doc` and their texts. None where there is no scope yet.
    pub fn records(&self, dialect: Dialect) -> Option<Sql> {
        let mut sql = Sql::new("SELECT id, doc");
        for (_, column) in derived_columns(self.step, self.kind) {
            sql.push(", ").push(dialect.name(column.name));
        }
        sql.push(" FROM ").push(table(self.kind));
        sql.push(" WHERE scope = ").bind(self.scope?);
        if let Some(after) = self.after {
            sql.push(" AND id > ").bind(after);
        }
        sql.push(" ORDER BY id").limit(CHUNK_RECORDS);
        // Nobody may change a record between its being read and being written.
        sql.push(dialect.update_lock());
        Some(sql)
    }

    /// The next scope that has records of the kind: one number, or null.
    pub fn next_scope(&self) -> Sql {
        let mut sql = Sql::new("SELECT MIN(scope) FROM ");
        sql.push(table(self.kind));
        if let Some(scope) = self.scope {
            sql.push(" WHERE scope > ").bind(scope);
        }
        sql
    }

    /// Goes on in that scope, or with the next kind; none where all is done.
    pub fn beyond(&self, next_scope: &Rows) -> Option<Self> {
        if let Some([Some(ColumnValue::Integer(scope))]) = next_scope.first().map(Vec::as_slice) {
            return Some(Self {
                scope: Some(*scope),
                ..Self::of(self.step, self.kind)
            });
        }
        let mut kinds = KINDS.into_iter().skip_while(|kind| *kind != self.kind);
        kinds.nth(1).map(|kind| Self::of(self.step, kind))
    }
}

/// The columns whose values may be derived otherwise, by their indexes. A member's own JSON is as it was. A column that a later
/// step adds is not there yet, and no document from before has anything for it.
fn derived_columns(step: i64, kind: Kind) -> impl Iterator<Item = (usize, &'static Column)> {
    let columns = columns(kind).iter().enumerate();
    let texts = columns.filter(|(_, column)| matches!(column.ty, ColumnType::Text { .. }));
    texts.filter(move |(_, column)| !is_added_after(step, table(kind), column.name))
}

/// Some records of a scope, in the order of their ids.
pub(crate) struct Chunk {
    dialect: Dialect,
    step: i64,
    kind: Kind,
    scope: i64,
    end: Id,
    records: Vec<Derived>,
}

/// A record as its row has it, and as it is to have it.
struct Derived {
    id: Id,
    terms: BTreeSet<String>,
    columns: Vec<Change>,
}

struct Change {
    column: &'static Column,
    is_key: bool,
    before: Option<String>,
    after: Option<String>,
}

impl Chunk {
    /// Reads the rows of [`Position::records`]; none where there are none.
    pub fn read(dialect: Dialect, position: &Position, rows: Rows) -> Option<Self> {
        let Position {
            step, kind, scope, ..
        } = *position;
        let text = |value: &Option<ColumnValue<'static>>| match value {
            Some(ColumnValue::Text(text)) => Some(text.clone().into_owned()),
            Some(ColumnValue::Integer(_)) | None => None,
        };
        let id_of = |row: &Vec<Option<ColumnValue<'static>>>| Id::parse(&text(row.first()?)?);
        let end = rows.last().and_then(id_of)?;
        let records = rows.iter().filter_map(|row| {
            let id = id_of(row)?;
            let record = match Record::from_json(kind, &text(row.get(1)?)?) {
                Ok(record) => record,
                Err(error) => {
                    tracing::warn!(%id, %error, "a record cannot be read, and is left as it is");
                    return None;
                }
            };
            let changes = derived_columns(step, kind).zip(row.iter().skip(2));
            let changes = changes.map(|((index, column), before)| Change {
                column,
                is_key: Some(index) == unique_column(kind),
                before: text(before),
                after: text(&record.value(index).map(ColumnValue::into_owned)),
            });
            Some(Derived {
                id,
                terms: index_terms(&record),
                columns: changes.collect(),
            })
        });
        Some(Self {
            dialect,
            step,
            kind,
            scope: scope?,
            end,
            records: records.collect(),
        })
    }

    /// Where the next chunk begins.
    pub fn end(&self) -> Position {
        Position {
            step: self.step,
            kind: self.kind,
            scope: Some(self.scope),
            after: Some(self.end),
        }
    }

    /// The terms that the records have: `ulid, term`.
    pub fn terms(&self) -> Sql {
        let ulids = self.records.iter().map(|record| ulid_text(record.id));
        let ulids: Vec<ColumnValue<'static>> = ulids.map(ColumnValue::from).collect();
        let mut sql = Sql::new("SELECT ulid, term FROM terms WHERE scope = ");
        sql.bind(self.scope).and_in("ulid", &ulids);
        sql.and("kind", self.kind.prefix());
        sql
    }

    /// Who holds the keys that records are to have and have not: `id, key`.
    pub fn holders(&self) -> Option<Sql> {
        let name = columns(self.kind)[unique_column(self.kind)?].name;
        let keys = self.records.iter().filter_map(|record| record.key());
        let keys = keys.filter(|key| key.before != key.after);
        let keys = keys.filter_map(|key| key.after.clone().map(ColumnValue::from));
        let keys: Vec<ColumnValue<'static>> = keys.collect();
        if keys.is_empty() {
            return None;
        }
        let mut sql = Sql::new("SELECT id, ");
        sql.push(name).push(" FROM ").push(table(self.kind));
        sql.push(" WHERE scope = ").bind(self.scope);
        sql.and_in(name, &keys);
        Some(sql)
    }

    /// What brings the records up to date.
    pub fn writes(mut self, terms: Rows, holders: Rows) -> Vec<Sql> {
        let mut had: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (ulid, term) in pairs(terms) {
            had.entry(ulid).or_default().insert(term);
        }
        let (mut dropped, mut added) = (Vec::new(), Vec::new());
        for record in &mut self.records {
            let mut old = had.remove(&ulid_text(record.id)).unwrap_or_default();
            let mut new = std::mem::take(&mut record.terms);
            new.retain(|term| !old.remove(term));
            dropped.extend(rows_of(self.scope, record.id, old));
            added.extend(rows_of(self.scope, record.id, new));
        }
        let mut writes = exchange_terms(self.dialect, dropped, added);
        let left = self.part(holders);
        // Keys are left before they are taken: two records may swap theirs.
        writes.extend(left.into_iter().filter_map(|id| {
            let name = columns(self.kind)[unique_column(self.kind)?].name;
            Some(self.update(id, &[(name, Some(nobodys_key(id)))]))
        }));
        for record in &self.records {
            let changes = record.columns.iter();
            let changes = changes.filter(|change| change.before != change.after);
            let changes: Vec<_> = changes
                .map(|change| (change.column.name, change.after.clone()))
                .collect();
            if !changes.is_empty() {
                writes.push(self.update(record.id, &changes));
            }
        }
        writes
    }

    /// Gives each key that several records would have to the oldest of them. The others get one that nobody asks for. Names
    /// the records that must leave their key before others take it.
    fn part(&mut self, holders: Rows) -> BTreeSet<Id> {
        let mut holders: HashMap<String, Id> = pairs(holders)
            .filter_map(|(id, key)| Some((key, Id::parse(&id)?)))
            .collect();
        let mut left = BTreeSet::new();
        for record in &mut self.records {
            let id = record.id;
            let Some(key) = record.key_mut() else {
                continue;
            };
            if key.before == key.after && !left.contains(&id) {
                continue;
            }
            left.insert(id);
            // What its row will have by then.
            let before = key.before.replace(nobodys_key(id));
            if let Some(before) = before
                && holders.get(&before) == Some(&id)
            {
                holders.remove(&before);
            }
            let Some(wanted) = &key.after else {
                continue;
            };
            match holders.get(wanted).copied() {
                Some(holder) if holder < id => {
                    tracing::warn!(older = %holder, younger = %id, "{}", shared(self.kind));
                    key.after = Some(nobodys_key(id));
                }
                // Whoever is younger is yet to be looked at, in this chunk or in one to come.
                younger => {
                    left.extend(younger);
                    holders.insert(wanted.clone(), id);
                }
            }
        }
        left
    }

    fn update(&self, id: Id, changes: &[(&'static str, Option<String>)]) -> Sql {
        let mut sql = Sql::new("UPDATE ");
        sql.push(table(self.kind));
        for (place, (name, value)) in changes.iter().enumerate() {
            sql.push(if place > 0 { ", " } else { " SET " });
            sql.push(self.dialect.name(name)).push(" = ");
            sql.bind(Value::Text(value.clone().map(Into::into)));
        }
        sql.push(" WHERE scope = ").bind(self.scope);
        sql.and("id", id);
        sql
    }
}

impl Derived {
    fn key(&self) -> Option<&Change> {
        self.columns.iter().find(|change| change.is_key)
    }

    fn key_mut(&mut self) -> Option<&mut Change> {
        self.columns.iter_mut().find(|change| change.is_key)
    }
}

/// What is said of two records that are to have one key.
const fn shared(kind: Kind) -> &'static str {
    match kind {
        Kind::Association => {
            "two associations have one label, spelt in two ways: both stay, and who links the two records again is answered \
             with the older"
        }
        Kind::Workspace => {
            "two workspaces have one name, spelt in two ways: both stay, and neither name can be taken again"
        }
        Kind::Contact
        | Kind::Company
        | Kind::Deal
        | Kind::Activity
        | Kind::Field
        | Kind::Webhook
        | Kind::Delivery
        | Kind::Event
        | Kind::Key
        | Kind::Trashed
        | Kind::User
        | Kind::Session
        | Kind::UniqueValue
        | Kind::Import
        | Kind::ImportPart => {
            "two contacts have one e-mail address, spelt in two ways: both stay, and the younger is found by its address \
             again once that is changed"
        }
    }
}

/// A unique key that no record is to have by what it says, and no request asks for: those begin with no white space.
fn nobodys_key(id: Id) -> String {
    format!(" {id}")
}

fn pairs(rows: Rows) -> impl Iterator<Item = (String, String)> {
    rows.into_iter().filter_map(|row| {
        let mut texts = row.into_iter().map(|value| match value {
            Some(ColumnValue::Text(text)) => Some(text.into_owned()),
            Some(ColumnValue::Integer(_)) | None => None,
        });
        Some((texts.next()??, texts.next()??))
    })
}
