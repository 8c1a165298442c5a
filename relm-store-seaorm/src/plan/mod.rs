//! A batch as the statements that carry it out: a pure function, tested without a database.
//!
//! No statement asks before it writes: each says how many rows it must touch, and a plan that meets another number is
//! undone and [explained](crate::conflict). So the length of a plan is the cost of a commit.

use std::collections::{BTreeMap, BTreeSet};

use relm_core::query::terms::index_terms;
use relm_core::record::column::{Access, ColumnValue};
use relm_core::record::{Entry, columns};
use relm_core::store::{Batch, Require, StoredResponse};
use relm_core::value::hex::hex;
use relm_core::value::id::{Id, Kind};

use crate::dialect::{Dialect, ManyRows};
use crate::log;
use crate::rows::{in_few_parts, in_shapes, row, rows_of, term_rows};
use crate::scope_number::scope_number;
use crate::sql::{Row, Sql, Value, table};
use crate::write_set::WriteSet;

/// Expired responses that the keeping of another deletes.
const EXPIRED_MAX: usize = 4;

/// Index terms that SQLite deletes one by one. Of a longer list it makes a table first, and a filter of 10,000 bytes.
const TERMS_APART_MAX: usize = 8;

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

/// The plan of a batch.
pub(crate) fn compile(dialect: Dialect, batch: &Batch) -> Vec<Step> {
    let mut writes = WriteSet::of(&batch.writes);
    let mut plan = Plan::new(dialect, scope_number(batch.scope));
    if dialect.has_many_writers() {
        writes.order();
        plan.guard(&batch.requires, &mut writes);
    }
    plan.requires(&batch.requires, writes.guarded);
    for response in &writes.responses {
        plan.remember(response, batch.now.as_millis());
    }
    plan.plan_removals(&writes);
    plan.plan_inserts(&writes);
    for _ in 0..writes.reconfigures {
        plan.reconfigure();
    }
    plan.steps
}

/// The statements that exchange index terms of a scope's records.
pub(crate) fn exchange_terms(
    dialect: Dialect,
    scope: i64,
    dropped: Vec<Row>,
    added: Vec<Row>,
) -> Vec<Sql> {
    let mut plan = Plan::new(dialect, scope);
    plan.drop_terms(dropped);
    plan.add_terms(added);
    plan.steps.into_iter().map(|step| step.sql).collect()
}

struct Plan {
    dialect: Dialect,
    scope: i64,
    /// The version of the configuration that an insert still to come requires.
    guard: Option<i64>,
    /// Index terms that come with what is replaced.
    added: Vec<Row>,
    steps: Vec<Step>,
}

impl Plan {
    fn new(dialect: Dialect, scope: i64) -> Self {
        Self {
            dialect,
            scope,
            guard: None,
            added: Vec::new(),
            steps: Vec::new(),
        }
    }

    fn step(&mut self, sql: Sql, expect: Expect) {
        self.steps.push(Step { sql, expect });
    }

    fn start(&self, text: &str) -> Sql {
        let mut sql = Sql::new(text);
        sql.push(" WHERE scope = ").bind(self.scope);
        sql
    }

    /// Has a write of the batch stand for the version of the configuration that the batch requires, if one can.
    ///
    /// Where the batch reconfigures, that write is conditional on the version: a read before it could be overtaken.
    /// Otherwise the version is only read, which locks nothing: a batch that began before a definition was acknowledged
    /// may be committed after it. The MySQL family reads it in the insert of one record, to spare a round trip.
    fn guard(&mut self, requires: &[Require], writes: &mut WriteSet<'_>) {
        let mut versions = requires.iter().filter_map(|require| match require {
            Require::Configuration(version) => Some(*version),
            Require::Exists(_) => None,
        });
        let (Some(version), None) = (versions.next(), versions.next()) else {
            return;
        };
        if writes.reconfigures > 0 {
            self.reconfigure_from(version);
            writes.reconfigures -= 1;
            writes.guarded = true;
        } else if self.dialect.is_mysql_family()
            && writes.inserts.values().any(|entries| entries.len() == 1)
        {
            self.guard = Some(version);
            writes.guarded = true;
        }
    }

    fn reconfigure_from(&mut self, version: i64) {
        let sql = if version == 0 {
            let mut sql = Sql::new("INSERT INTO configurations (scope, version) VALUES (");
            sql.bind(self.scope).push(", 1)");
            sql
        } else {
            let mut sql = self.start("UPDATE configurations SET version = version + 1");
            sql.and("version", version);
            sql
        };
        self.step(sql, Expect::Touched(1));
    }

    fn requires(&mut self, requires: &[Require], guarded: bool) {
        let mut referred: BTreeMap<Kind, BTreeSet<Id>> = BTreeMap::new();
        for require in requires {
            match require {
                Require::Configuration(_) if guarded => {}
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
                self.exist(kind, ids);
            }
        }
    }

    /// These records exist, and do until the batch is committed.
    fn exist(&mut self, kind: Kind, ids: &[Id]) {
        if self.dialect.pins(kind) {
            let mut sql = self.start(&format!("UPDATE {} SET pin = pin + 1", table(kind)));
            sql.and_in("id", &texts(ids));
            self.step(sql, Expect::Touched(ids.len()));
            return;
        }
        let mut sql = self.start(&format!("SELECT id FROM {}", table(kind)));
        sql.and_in("id", &texts(ids));
        sql.push(self.dialect.share_lock());
        self.step(sql, Expect::Read(ids.len()));
    }

    /// What is replaced or deleted, and what the batch unlinks: before anything comes, since keys may be swapped.
    fn plan_removals(&mut self, writes: &WriteSet<'_>) {
        let mut dropped: Vec<Row> = Vec::new();
        for (kind, entries) in &writes.deletes {
            dropped.extend(
                entries
                    .iter()
                    .flat_map(|entry| term_rows(self.scope, &entry.record)),
            );
            if *kind == Kind::Event {
                self.leave_log(entries);
            }
            self.delete(*kind, entries);
        }
        for (kind, pairs) in &writes.replaces {
            for (before, after) in pairs {
                let id = after.record.id();
                let mut old = index_terms(&before.record);
                let mut new = index_terms(&after.record);
                new.retain(|term| !old.remove(term));
                dropped.extend(rows_of(self.scope, id, old));
                self.added.extend(rows_of(self.scope, id, new));
            }
            match pairs.as_slice() {
                [(before, after)] => self.update(*kind, before, after),
                many => {
                    let before: Vec<&Entry> = many.iter().map(|(before, _)| *before).collect();
                    self.delete(*kind, &before);
                }
            }
        }
        for end in &writes.unlinks {
            for column in ["from_id", "to_id"] {
                let mut sql = self.start("DELETE FROM associations");
                sql.and(column, *end);
                self.step(sql, Expect::Any);
            }
        }
        self.drop_terms(dropped);
    }

    fn leave_log(&mut self, entries: &[&Entry]) {
        let events: Vec<Id> = entries.iter().map(|entry| entry.record.id()).collect();
        for events in in_shapes(&events) {
            for sql in log::forget(self.dialect, self.scope, events) {
                self.step(sql, Expect::Any);
            }
        }
    }

    fn drop_terms(&mut self, mut dropped: Vec<Row>) {
        if self.dialect.has_many_writers() {
            dropped.sort_unstable();
        }
        let parts = match dropped.len() {
            ..=TERMS_APART_MAX if !self.dialect.has_many_writers() => {
                dropped.into_iter().map(|row| vec![row]).collect()
            }
            _ => self.parts(dropped),
        };
        for rows in parts {
            let mut sql = Sql::new("DELETE FROM terms WHERE ");
            self.where_in(&mut sql, &["scope", "term", "ulid", "kind"], rows);
            self.step(sql, Expect::Any);
        }
    }

    fn add_terms(&mut self, mut added: Vec<Row>) {
        // In the order of the key: neighbours land on one page.
        added.sort_unstable();
        self.insert_rows("terms (scope, term, ulid, kind)", added, true);
    }

    /// As many rows at a time as one statement takes.
    fn parts(&self, rows: Vec<Row>) -> Vec<Vec<Row>> {
        let parts = match self.dialect.many_rows() {
            ManyRows::Values if self.dialect.has_many_writers() => in_few_parts(&rows),
            ManyRows::Values => in_shapes(&rows).collect(),
            ManyRows::Arrays if rows.is_empty() => return Vec::new(),
            ManyRows::Arrays => return vec![rows],
        };
        let lengths: Vec<usize> = parts.into_iter().map(<[Row]>::len).collect();
        let mut rows = rows.into_iter();
        lengths
            .into_iter()
            .map(|length| rows.by_ref().take(length).collect())
            .collect()
    }

    /// These columns are those of one of the rows.
    fn where_in(&self, sql: &mut Sql, columns: &[&str], rows: Vec<Row>) {
        // For a list of one row MariaDB reads the whole table, and SQLite makes a table of the list.
        if let ([row], ManyRows::Values) = (rows.as_slice(), self.dialect.many_rows()) {
            for (place, (column, value)) in columns.iter().zip(row).enumerate() {
                sql.push(if place > 0 { " AND " } else { "" });
                sql.push(column).push(" = ").bind(value.clone());
            }
            return;
        }
        sql.push(&format!("({}) IN (", columns.join(", ")));
        match self.dialect.many_rows() {
            ManyRows::Values => sql.push(self.dialect.rows_of_in()).rows(rows),
            ManyRows::Arrays => sql.push("SELECT * FROM ").arrays(&rows),
        };
        sql.push(")");
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
        let read = |entry: &&Entry| {
            let record = &entry.record;
            vec![
                self.scope.into(),
                record.id().into(),
                record.version().into(),
            ]
        };
        for rows in self.parts(entries.iter().map(read).collect()) {
            let expect = Expect::Touched(rows.len());
            let name = table(kind);
            let mut sql = Sql::new(&format!("DELETE FROM {name}"));
            match self.dialect.many_rows() {
                ManyRows::Values => {
                    self.where_in(sql.push(" WHERE "), &["scope", "id", "version"], rows);
                }
                // A delete locks in whatever order it finds; a locking read can be told one.
                ManyRows::Arrays => {
                    sql.push(&format!(" USING (SELECT scope, id FROM {name}"));
                    self.where_in(sql.push(" WHERE "), &["scope", "id", "version"], rows);
                    sql.push(" ORDER BY id FOR UPDATE) AS held");
                    sql.push(&format!(
                        " WHERE {name}.scope = held.scope AND {name}.id = held.id"
                    ));
                }
            }
            self.step(sql, expect);
        }
    }

    /// Changes one record: only the columns that differ, so that only their indexes are touched.
    fn update(&mut self, kind: Kind, before: &Entry, after: &Entry) {
        let mut sql = Sql::new(&format!("UPDATE {} SET version = ", table(kind)));
        sql.bind(after.record.version());
        let old = before.record.values();
        for ((column, new), (_, old)) in after.record.values().zip(old) {
            // A lease may have moved what this record was read with.
            if old != new || column.access == Access::Due {
                sql.push(", ").push(self.dialect.name(column.name));
                sql.push(" = ");
                sql.bind(Value::of(column, new.map(ColumnValue::into_owned)));
            }
        }
        sql.push(", doc = ").bind(after.json.to_string());
        sql.push(" WHERE scope = ").bind(self.scope);
        sql.and("id", before.record.id())
            .and("version", before.record.version());
        self.step(sql, Expect::Touched(1));
    }

    /// What is new, and what several replaces left out before.
    fn plan_inserts(&mut self, writes: &WriteSet<'_>) {
        let mut added = std::mem::take(&mut self.added);
        for (kind, pairs) in &writes.replaces {
            if pairs.len() > 1 {
                let after: Vec<&Entry> = pairs.iter().map(|(_, after)| *after).collect();
                self.insert(*kind, &after);
            }
        }
        for (kind, entries) in &writes.inserts {
            added.extend(
                entries
                    .iter()
                    .flat_map(|entry| term_rows(self.scope, &entry.record)),
            );
            self.insert(*kind, entries);
        }
        self.add_terms(added);
    }

    fn insert(&mut self, kind: Kind, entries: &[&Entry]) {
        let mut text = format!("{} (scope, id, version", table(kind));
        for column in columns(kind) {
            text.push_str(", ");
            text.push_str(self.dialect.name(column.name));
        }
        text.push_str(", doc)");
        let rows: Vec<Row> = entries.iter().map(|entry| row(self.scope, entry)).collect();
        if let ([row], Some(version)) = (rows.as_slice(), self.guard) {
            self.guard = None;
            return self.insert_guarded(&text, row, version);
        }
        self.insert_rows(&text, rows, false);
    }

    /// Inserts a row if the configuration is of this version.
    fn insert_guarded(&mut self, place: &str, row: &Row, version: i64) {
        let mut sql = Sql::new(self.dialect.insert());
        sql.push(place);
        for (place, value) in row.iter().enumerate() {
            sql.push(if place > 0 { ", " } else { " SELECT " });
            sql.bind(value.clone());
        }
        sql.push(" FROM DUAL WHERE ");
        sql.push(if version == 0 { "NOT EXISTS" } else { "EXISTS" });
        sql.push(" (SELECT 1 FROM configurations WHERE scope = ")
            .bind(self.scope);
        if version != 0 {
            sql.and("version", version);
        }
        sql.push(")");
        self.step(sql, Expect::Touched(1));
    }

    /// `place` is a table and its columns. `are_many`: the number of rows differs from batch to batch.
    fn insert_rows(&mut self, place: &str, rows: Vec<Row>, are_many: bool) {
        for rows in self.parts(rows) {
            let expect = Expect::Touched(rows.len());
            let mut sql = Sql::new(self.dialect.insert());
            sql.push(place);
            match self.dialect.many_rows() {
                ManyRows::Arrays if are_many || rows.len() > 1 => {
                    sql.push(" SELECT * FROM ").arrays(&rows)
                }
                ManyRows::Arrays | ManyRows::Values => sql.push(" VALUES ").rows(rows),
            };
            self.step(sql, expect);
        }
    }

    /// Where one process writes, it forgets expired responses as it keeps others. Where many do, they would wait for
    /// each other on the oldest: there only the key's own is forgotten here, and the others apart from any commit.
    fn remember(&mut self, response: &StoredResponse, now: i64) {
        let row = vec![
            self.scope.into(),
            response.key.clone().into(),
            hex(&response.fingerprint).into(),
            response.outcome.into(),
            response.body.to_string().into(),
            response.expires_at.as_millis().into(),
        ];
        let place = "responses (scope, key_digest, fingerprint, outcome, body, expires_at)";
        match self.dialect {
            Dialect::Sqlite => self.forget_some(response, now),
            Dialect::Postgres => {
                let mut sql = Sql::new(self.dialect.insert());
                sql.push(place);
                sql.push(" VALUES ").rows(vec![row]);
                sql.push(" ON CONFLICT (scope, key_digest) DO UPDATE SET");
                sql.push(" fingerprint = EXCLUDED.fingerprint, outcome = EXCLUDED.outcome,");
                sql.push(" body = EXCLUDED.body, expires_at = EXCLUDED.expires_at");
                sql.push(" WHERE responses.expires_at <= ").bind(now);
                return self.step(sql, Expect::Touched(1));
            }
            // There is no condition to an update here. A response that is still good is refused by a null where none may
            // be; the table has no other unique key that could be meant.
            Dialect::MariaDb | Dialect::Galera | Dialect::MySql => {
                let mut sql = Sql::new(self.dialect.insert());
                sql.push(place).push(" VALUES ").rows(vec![row]);
                sql.push(" ON DUPLICATE KEY UPDATE fingerprint = IF(expires_at <= ")
                    .bind(now);
                sql.push(", VALUES(fingerprint), NULL), outcome = VALUES(outcome),");
                sql.push(" body = VALUES(body), expires_at = VALUES(expires_at)");
                return self.step(sql, Expect::Any);
            }
        }
        self.insert_rows(place, vec![row], false);
    }

    /// Forgets the key's own expired response, and a few others: each write leaves fewer behind than it finds.
    fn forget_some(&mut self, response: &StoredResponse, now: i64) {
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
    }

    fn reconfigure(&mut self) {
        let mut sql = Sql::new("INSERT INTO configurations (scope, version) VALUES (");
        sql.bind(self.scope);
        sql.push(", 1)").push(self.dialect.or_count_up());
        // The MySQL family counts two rows for one that it updates.
        let expect = match self.dialect {
            Dialect::Sqlite | Dialect::Postgres => Expect::Touched(1),
            Dialect::MariaDb | Dialect::Galera | Dialect::MySql => Expect::Any,
        };
        self.step(sql, expect);
    }
}

pub(crate) fn texts(ids: &[Id]) -> Vec<ColumnValue<'static>> {
    ids.iter().map(|id| ColumnValue::from(*id)).collect()
}
