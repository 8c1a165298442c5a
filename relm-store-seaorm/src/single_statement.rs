//! Which plans are one statement, on a database that takes several writes as one: PostgreSQL.
//!
//! Such a statement needs no transaction around it, so that a commit is one round trip. The writes are common table
//! expressions, which see one snapshot and run in no order that can be told; so a plan whose steps must see each
//! other's effects is not joined. When a step does not touch the rows that it must, the statement divides by zero, and
//! the database undoes all of it.

use std::collections::BTreeSet;

use relm_core::store::{Batch, Require, Write};
use relm_core::value::id::{Id, Kind};

use crate::plan::{Expect, Step};
use crate::sql::Sql;

/// Steps of one statement. More are rare, and take a transaction.
const STEPS_MAX: usize = 24;

/// The plan of a batch as one statement, if it can be one.
pub(crate) fn single_statement(batch: &Batch, plan: &[Step]) -> Option<Sql> {
    if plan.len() > STEPS_MAX || !is_orderless(batch) {
        return None;
    }
    let mut sql = Sql::new("WITH ");
    for (place, step) in plan.iter().enumerate() {
        sql.push(if place > 0 { ", " } else { "" });
        sql.push(&format!("step{place} AS ("))
            .append(step.sql.clone());
        sql.push(match step.expect {
            Expect::Read(_) | Expect::Any => ")",
            Expect::Touched(_) => " RETURNING 1)",
        });
    }
    sql.push(" SELECT 1 / (CASE WHEN 1 = 1");
    for (place, step) in plan.iter().enumerate() {
        match step.expect {
            Expect::Read(rows) | Expect::Touched(rows) => {
                sql.push(&format!(" AND (SELECT count(*) FROM step{place}) = "))
                    .bind(i64::try_from(rows).unwrap_or(i64::MAX));
            }
            Expect::Any => {}
        }
    }
    sql.push(" THEN 1 ELSE 0 END)");
    Some(sql)
}

/// Whether the batch comes to the same in whatever order its steps run.
fn is_orderless(batch: &Batch) -> bool {
    let mut inserted = BTreeSet::new();
    let mut deleted = BTreeSet::new();
    let mut replaced = BTreeSet::new();
    let mut changed: BTreeSet<Id> = BTreeSet::new();
    for write in &batch.writes {
        match write {
            Write::Insert(entry) => {
                inserted.insert(entry.record.kind());
            }
            Write::Replace { before, .. } => {
                changed.insert(before.record.id());
                // Several replaces are a delete and an insert.
                if !replaced.insert(before.record.kind()) {
                    return false;
                }
            }
            // What leaves the log does so in several steps.
            Write::Delete(entry) if entry.record.kind() == Kind::Event => return false,
            Write::Delete(entry) => {
                deleted.insert(entry.record.kind());
            }
            // It must see what was linked before the delete got its lock.
            Write::Unlink(_) => return false,
            // A response is found by what is deleted next.
            Write::Forget { .. } => return false,
            Write::Reconfigure | Write::Remember(_) => {}
        }
    }
    // A required record that the batch changes would be locked before or after its change.
    let requires_changed = batch.requires.iter().any(|require| match require {
        Require::Exists(id) => changed.contains(id) || !deleted.is_empty(),
        Require::Configuration(_) | Require::Barrier => false,
    });
    let reconfigures = batch
        .writes
        .iter()
        .filter(|write| matches!(write, Write::Reconfigure))
        .count();
    inserted.is_disjoint(&deleted)
        && inserted.is_disjoint(&replaced)
        && deleted.is_disjoint(&replaced)
        && !requires_changed
        && reconfigures <= 1
}
