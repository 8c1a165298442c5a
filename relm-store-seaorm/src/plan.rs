//! A batch as the statements that carry it out: a pure function, tested without a database.
//!
//! No statement asks before it writes: each says how many rows it must touch, and a plan that meets another number is
//! undone and [explained](crate::explain). So the length of a plan is the cost of a commit.

use std::collections::{BTreeMap, BTreeSet};

use relm_core::column::Scalar;
use relm_core::id::{Id, Kind};
use relm_core::record::{Entry, Record, columns};
use relm_core::search::index_terms;
use relm_core::store::{Batch, Require, StoredResponse, Write};

use crate::sql::{Sql, table, ulid_text, value};

/// Rows of one statement on many records. More rows take more statements, of 256 rows and then of ever smaller powers
/// of two: so few shapes that a connection keeps them all prepared, however many rows come.
const ROWS_MAX: usize = 256;

/// Expired responses that the keeping of another deletes.
const EXPIRED_MAX: usize = 4;

/// One statement of a plan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub sql: Sql,
    pub expect: Expect,
}

/// What a statement must meet, so that the plan goes on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expect {
    /// A read that returns so many rows.
    Read(usize),
    /// A write that touches so many rows.
    Touched(usize),
    /// A write that may touch any number.
    Any,
}

type Row = Vec<Option<Scalar<'static>>>;

/// The plan of a batch.
pub(crate) fn compile(batch: &Batch) -> Vec<Step> {
    let scope = batch.scope.key();
    let mut plan = Plan {
        scope,
        steps: Vec::new(),
    };
    plan.requires(&batch.requires);
    let sorted = Sorted::of(&batch.writes);
    for response in &sorted.responses {
        plan.remember(response, batch.now.as_millis());
    }
    plan.leave(&sorted);
    plan.come(&sorted);
    for _ in 0..sorted.reconfigures {
        plan.reconfigure();
    }
    plan.steps
}

/// The writes of a batch, by what they do to which table.
#[derive(Default)]
struct Sorted<'a> {
    inserts: BTreeMap<Kind, Vec<&'a Entry>>,
    replaces: BTreeMap<Kind, Vec<(&'a Entry, &'a Entry)>>,
    deletes: BTreeMap<Kind, Vec<&'a Entry>>,
    unlinks: Vec<Id>,
    responses: Vec<&'a StoredResponse>,
    reconfigures: usize,
}

impl<'a> Sorted<'a> {
    fn of(writes: &'a [Write]) -> Self {
        let mut sorted = Self::default();
        for write in writes {
            match write {
                Write::Insert(entry) => {
                    let kind = entry.record.kind();
                    sorted.inserts.entry(kind).or_default().push(entry);
                }
                Write::Replace { before, after } => {
                    let kind = before.record.kind();
                    sorted
                        .replaces
                        .entry(kind)
                        .or_default()
                        .push((before, after));
                }
                Write::Delete(entry) => {
                    let kind = entry.record.kind();
                    sorted.deletes.entry(kind).or_default().push(entry);
                }
                Write::Unlink(id) => sorted.unlinks.push(*id),
                Write::Reconfigure => sorted.reconfigures += 1,
                Write::Remember(response) => sorted.responses.push(response),
            }
        }
        sorted
    }
}

struct Plan {
    scope: i64,
    steps: Vec<Step>,
}

impl Plan {
    fn step(&mut self, sql: Sql, expect: Expect) {
        self.steps.push(Step { sql, expect });
    }

    fn start(&self, text: &str) -> Sql {
        let mut sql = Sql::new(text);
        sql.push(" WHERE scope = ").bind(self.scope);
        sql
    }

    fn requires(&mut self, requires: &[Require]) {
        let mut referred: BTreeMap<Kind, BTreeSet<Id>> = BTreeMap::new();
        for require in requires {
            match require {
                Require::Configuration(version) => {
                    let mut sql = self.start("SELECT version FROM configurations");
                    if *version == 0 {
                        self.step(sql, Expect::Read(0));
                    } else {
                        sql.and("version", *version);
                        self.step(sql, Expect::Read(1));
                    }
                }
                Require::Exists(id) => {
                    referred.entry(id.kind()).or_default().insert(*id);
                }
            }
        }
        for (kind, ids) in referred {
            let ids: Vec<Id> = ids.into_iter().collect();
            for ids in in_shapes(&ids) {
                let mut sql = self.start(&format!("SELECT id FROM {}", table(kind)));
                sql.and_in("id", &texts(ids));
                self.step(sql, Expect::Read(ids.len()));
            }
        }
    }

    /// What is replaced or deleted, and what the batch unlinks: before anything comes, since keys may be swapped.
    fn leave(&mut self, sorted: &Sorted<'_>) {
        let mut dropped: Vec<Row> = Vec::new();
        for (kind, entries) in &sorted.deletes {
            dropped.extend(
                entries
                    .iter()
                    .flat_map(|entry| term_rows(self.scope, &entry.record)),
            );
            self.delete(*kind, entries);
        }
        for (kind, pairs) in &sorted.replaces {
            for (before, after) in pairs {
                let kept = index_terms(&after.record);
                let mut terms = index_terms(&before.record);
                terms.retain(|term| !kept.contains(term));
                dropped.extend(rows_of(self.scope, before.record.id(), terms));
            }
            match pairs.as_slice() {
                [(before, after)] => self.update(*kind, before, after),
                many => {
                    let before: Vec<&Entry> = many.iter().map(|(before, _)| *before).collect();
                    self.delete(*kind, &before);
                }
            }
        }
        for end in &sorted.unlinks {
            for column in ["from_id", "to_id"] {
                let mut sql = self.start("DELETE FROM associations");
                sql.and(column, *end);
                self.step(sql, Expect::Any);
            }
        }
        for rows in in_shapes(&dropped) {
            let mut sql = Sql::new("DELETE FROM terms WHERE (scope, term, ulid, kind) IN (");
            sql.rows(rows).push(")");
            self.step(sql, Expect::Any);
        }
    }

    /// Deletes records that must have the versions that they were read with.
    fn delete(&mut self, kind: Kind, entries: &[&Entry]) {
        if let [entry] = entries {
            let mut sql = self.start(&format!("DELETE FROM {}", table(kind)));
            sql.and("id", entry.record.id())
                .and("version", entry.record.version());
            self.step(sql, Expect::Touched(1));
            return;
        }
        for entries in in_shapes(entries) {
            let read: Vec<Row> = entries
                .iter()
                .map(|entry| {
                    let record = &entry.record;
                    vec![
                        value(self.scope),
                        value(record.id()),
                        value(record.version()),
                    ]
                })
                .collect();
            let mut sql = Sql::new(&format!(
                "DELETE FROM {} WHERE (scope, id, version) IN (",
                table(kind)
            ));
            sql.rows(&read).push(")");
            self.step(sql, Expect::Touched(entries.len()));
        }
    }

    /// Changes one record: only the columns that differ, so that only their indexes are touched.
    fn update(&mut self, kind: Kind, before: &Entry, after: &Entry) {
        let mut sql = Sql::new(&format!("UPDATE {} SET version = ", table(kind)));
        sql.bind(after.record.version());
        let old = before.record.scalars();
        let new = after.record.scalars();
        for ((column, old), new) in columns(kind).iter().zip(old).zip(new) {
            if old != new {
                sql.push(", ").push(column.name).push(" = ");
                sql.bind_nullable(new.map(Scalar::into_owned));
            }
        }
        sql.push(", doc = ").bind(after.json.to_string());
        sql.push(" WHERE scope = ").bind(self.scope);
        sql.and("id", before.record.id())
            .and("version", before.record.version());
        self.step(sql, Expect::Touched(1));
    }

    /// What is new, and what several replaces left out before.
    fn come(&mut self, sorted: &Sorted<'_>) {
        let mut added: Vec<Row> = Vec::new();
        for (kind, pairs) in &sorted.replaces {
            for (before, after) in pairs {
                let known = index_terms(&before.record);
                let mut terms = index_terms(&after.record);
                terms.retain(|term| !known.contains(term));
                added.extend(rows_of(self.scope, after.record.id(), terms));
            }
            if pairs.len() > 1 {
                let after: Vec<&Entry> = pairs.iter().map(|(_, after)| *after).collect();
                self.insert(*kind, &after);
            }
        }
        for (kind, entries) in &sorted.inserts {
            added.extend(
                entries
                    .iter()
                    .flat_map(|entry| term_rows(self.scope, &entry.record)),
            );
            self.insert(*kind, entries);
        }
        // In the order of the key: neighbours land on one page.
        added.sort_unstable();
        self.insert_rows("INSERT INTO terms (scope, term, ulid, kind)", &added);
    }

    fn insert(&mut self, kind: Kind, entries: &[&Entry]) {
        let mut text = format!("INSERT INTO {} (scope, id, version", table(kind));
        for column in columns(kind) {
            text.push_str(", ");
            text.push_str(column.name);
        }
        text.push_str(", doc)");
        let rows: Vec<Row> = entries.iter().map(|entry| row(self.scope, entry)).collect();
        self.insert_rows(&text, &rows);
    }

    fn insert_rows(&mut self, text: &str, rows: &[Row]) {
        for rows in in_shapes(rows) {
            let mut sql = Sql::new(text);
            sql.rows(rows);
            self.step(sql, Expect::Touched(rows.len()));
        }
    }

    fn remember(&mut self, response: &StoredResponse, now: i64) {
        // The key's own expired response, and a few others: each write leaves fewer behind than it finds.
        let mut expired = self.start("DELETE FROM responses");
        expired.push(" AND expires_at <= ").bind(now);
        expired
            .push(" AND (key_digest = ")
            .bind(response.key.clone());
        expired.push(" OR key_digest IN (SELECT key_digest FROM (SELECT key_digest FROM responses");
        expired.push(" WHERE scope = ").bind(self.scope);
        expired.push(" AND expires_at <= ").bind(now);
        expired.push(" ORDER BY expires_at").limit(EXPIRED_MAX);
        expired.push(") AS oldest))");
        self.step(expired, Expect::Any);
        let row = vec![
            value(self.scope),
            value(response.key.clone()),
            value(hex(&response.fingerprint)),
            value(response.outcome),
            value(response.body.to_string()),
            value(response.expires_at.as_millis()),
        ];
        self.insert_rows(
            "INSERT INTO responses (scope, key_digest, fingerprint, outcome, body, expires_at)",
            &[row],
        );
    }

    fn reconfigure(&mut self) {
        let mut sql = Sql::new("INSERT INTO configurations (scope, version) VALUES (");
        sql.bind(self.scope);
        sql.push(", 1) ON CONFLICT (scope) DO UPDATE SET version = configurations.version + 1");
        self.step(sql, Expect::Touched(1));
    }
}

/// Parts of as many rows as one statement takes.
fn in_shapes<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let largest = rows.len().checked_ilog2()?;
        let (part, rest) = rows.split_at(ROWS_MAX.min(1 << largest));
        rows = rest;
        Some(part)
    })
}

/// A record as its table keeps it.
fn row(scope: i64, entry: &Entry) -> Row {
    let record = &entry.record;
    let mut row = vec![value(scope), value(record.id()), value(record.version())];
    let scalars = record.scalars().into_iter();
    row.extend(scalars.map(|scalar| scalar.map(Scalar::into_owned)));
    row.push(value(entry.json.to_string()));
    row
}

fn term_rows(scope: i64, record: &Record) -> Vec<Row> {
    rows_of(scope, record.id(), index_terms(record))
}

fn rows_of(scope: i64, id: Id, terms: BTreeSet<String>) -> Vec<Row> {
    let ulid = ulid_text(id);
    let row = |term| {
        vec![
            value(scope),
            value(term),
            value(ulid.clone()),
            value(id.kind().prefix()),
        ]
    };
    terms.into_iter().map(row).collect()
}

pub(crate) fn texts(ids: &[Id]) -> Vec<Scalar<'static>> {
    ids.iter().map(|id| Scalar::from(*id)).collect()
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What [`hex`] wrote.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}
