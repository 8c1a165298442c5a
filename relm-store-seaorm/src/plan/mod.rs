//! A batch as the statements that carry it out: a pure function, tested without a database.
//!
//! No statement asks before it writes: each says how many rows it must touch, and a plan that meets another number is
//! undone, and the conflict [diagnosed](crate::conflict). So the length of a plan is the cost of a commit.

mod bulk;
mod response;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use relm_core::query::terms::index_terms;
use relm_core::record::column::{Access, ColumnValue};
use relm_core::record::{Entry, columns};
use relm_core::store::{Batch, Require};
use relm_core::value::id::{Id, Kind};

use self::bulk::{delete_records, delete_terms, insert_rows, insert_terms};
pub(crate) use self::response::{about, forget_records};
pub(crate) use self::step::{Expect, Step};
use crate::dialect::Dialect;
use crate::log;
use crate::rows::{in_shapes, row, rows_of, term_rows};
use crate::scope_number::scope_number;
use crate::sql::{Row, Sql, Value, table, texts};
use crate::write_set::WriteSet;

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
        let kept = response::keep(dialect, plan.scope, response, batch.now.as_millis());
        plan.steps.extend(kept);
    }
    for (about, keys) in &writes.forgotten {
        plan.steps
            .extend(response::forget(dialect, plan.scope, *about, keys));
    }
    plan.plan_removals(&writes);
    plan.plan_inserts(&writes);
    for _ in 0..writes.reconfigures {
        plan.reconfigure();
    }
    plan.steps
}

/// The statements that exchange index terms of a scope's records.
pub(crate) fn exchange_terms(dialect: Dialect, dropped: Vec<Row>, added: Vec<Row>) -> Vec<Sql> {
    let mut steps = delete_terms(dialect, dropped);
    steps.extend(insert_terms(dialect, added));
    steps.into_iter().map(|step| step.sql).collect()
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
            Require::Exists(_) | Require::Barrier => None,
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
                // Waited for before the plan is run.
                Require::Barrier => {}
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
            self.steps
                .extend(delete_records(self.dialect, self.scope, *kind, entries));
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
                // Each keeps its number, which no document has.
                many if *kind == Kind::Event => {
                    for (before, after) in many {
                        self.update(*kind, before, after);
                    }
                }
                many => {
                    let before: Vec<&Entry> = many.iter().map(|(before, _)| *before).collect();
                    let deleted = delete_records(self.dialect, self.scope, *kind, &before);
                    self.steps.extend(deleted);
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
        self.steps.extend(delete_terms(self.dialect, dropped));
    }

    fn leave_log(&mut self, entries: &[&Entry]) {
        let events: Vec<Id> = entries.iter().map(|entry| entry.record.id()).collect();
        for events in in_shapes(&events) {
            for sql in log::forget(self.dialect, self.scope, events) {
                self.step(sql, Expect::Any);
            }
        }
    }

    /// Changes one record: only the columns that differ, so that only their indexes are touched.
    fn update(&mut self, kind: Kind, before: &Entry, after: &Entry) {
        let mut sql = Sql::new(&format!("UPDATE {} SET version = ", table(kind)));
        sql.bind(after.record.version());
        let old = before.record.values();
        for ((column, new), (_, old)) in after.record.values().zip(old) {
            // A lease may have moved what this record was read with; and a process from before a column was awaited wrote records without it.
            if old != new || matches!(column.access, Access::Due | Access::Awaited) {
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
            if pairs.len() > 1 && *kind != Kind::Event {
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
        self.steps.extend(insert_terms(self.dialect, added));
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
        self.steps
            .extend(insert_rows(self.dialect, &text, rows, false));
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
