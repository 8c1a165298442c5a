//! Lists as statements: what an index or a column can decide, SQL decides; the rest of a query's clauses
//! the engine's own predicate decides, on the documents that SQL leaves.

use relm_core::query::filter::{Clause, Comparison, Condition, Target};
use relm_core::record::column::{Access, Column, ColumnType, ColumnValue};
use relm_core::record::columns;
use relm_core::store::Query;
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;

use crate::dialect::Dialect;
use crate::scope_number::scope_number;
use crate::sql::{Sql, table, texts, ulid_text};

/// A list, taken apart.
pub(crate) struct ListPlan<'a> {
    dialect: Dialect,
    scope: Scope,
    kind: Kind,
    /// What SQL decides exactly.
    decided: Vec<&'a Clause>,
    /// What is left to decide on documents.
    pub residual: Vec<Clause>,
    /// Index terms of which every match has one.
    terms: Option<Vec<String>>,
    /// Unique keys of which every match has one that has none of the terms.
    keys: Vec<String>,
}

impl<'a> ListPlan<'a> {
    pub fn new(dialect: Dialect, scope: Scope, query: &'a Query) -> Self {
        let (decided, residual) = query.clauses.iter().partition(|clause| is_decided(clause));
        let residual: Vec<&Clause> = residual;
        let terms = residual
            .iter()
            .filter_map(|clause| clause.terms())
            .min_by_key(Vec::len);
        let addresses = residual.iter().find_map(|clause| clause.addresses());
        let (keys, terms) = match addresses {
            Some((keys, terms)) => (keys, Some(terms)),
            None => (Vec::new(), terms),
        };
        Self {
            dialect,
            scope,
            kind: query.kind,
            decided,
            residual: residual.into_iter().cloned().collect(),
            terms,
            keys,
        }
    }

    /// Whether the list reads little more than the page it returns: it is not filtered, or an index holds what matches
    /// in the order of the list.
    pub fn is_bounded(&self) -> bool {
        let by_index = |clause: &&Clause| {
            let Condition::Compare(Comparison::Eq, _) = clause.condition else {
                return false;
            };
            match clause.target {
                Target::Id => true,
                Target::Column(place) => match columns(self.kind)[place].access {
                    Access::Indexed | Access::Unique => true,
                    Access::Scanned | Access::Due | Access::Awaited => false,
                },
                Target::Either(..)
                | Target::Addresses
                | Target::Phones
                | Target::Metadata { .. }
                | Target::List(_) => false,
            }
        };
        let others = self.decided.iter().filter(|clause| !by_index(clause));
        self.residual.is_empty() && others.count() == 0
    }

    /// The next rows after an id, straight from the table: `id, doc`.
    pub fn rows(&self, after: Option<Id>, rows: usize) -> Sql {
        let mut sql = Sql::new("SELECT id, doc FROM ");
        sql.push(table(self.kind));
        if let Some(column) = self.column_told() {
            sql.push(" INDEXED BY ").push(table(self.kind));
            sql.push("_").push(column);
        }
        sql.push(" WHERE scope = ").bind(scope_number(self.scope));
        if let Some(after) = after {
            sql.push(" AND id < ").bind(after);
        }
        self.decide(&mut sql);
        sql.push(" ORDER BY id DESC").limit(rows);
        sql
    }

    /// The column by whose index SQLite is told to read. Of a unique key there is one record each, and where all that matches is
    /// about a few events there is little of each; but it keeps no statistics here, takes a scope for as selective, and would
    /// walk all of it in the order of the list: https://sqlite.org/lang_indexedby.html
    fn column_told(&self) -> Option<&'static str> {
        if self.dialect != Dialect::Sqlite {
            return None;
        }
        self.decided.iter().find_map(|clause| {
            let (Target::Column(place), Condition::In(_)) = (&clause.target, &clause.condition)
            else {
                return None;
            };
            let column = columns(self.kind)[*place];
            let is_of_events =
                column.access == Access::Indexed && column.ty == ColumnType::Id(Some(Kind::Event));
            let is_selective = column.access == Access::Unique || is_of_events;
            is_selective.then_some(column.name)
        })
    }

    /// The next candidates of the term index after an id: `ulid, kind`, newest first.
    pub fn candidates(&self, after: Option<Id>, rows: usize) -> Option<Sql> {
        let terms: Vec<ColumnValue<'static>> = self
            .terms
            .as_ref()?
            .iter()
            .map(|term| ColumnValue::from(term.clone()))
            .collect();
        if !self.keys.is_empty() {
            return Some(self.with_addresses(&terms, after, rows));
        }
        let mut sql = Sql::new(match terms.len() {
            1 => "SELECT ulid, kind FROM terms WHERE scope = ",
            _ => "SELECT DISTINCT ulid, kind FROM terms WHERE scope = ",
        });
        sql.bind(scope_number(self.scope));
        match terms.as_slice() {
            [term] => sql.and("term", term.clone()),
            many => sql.and_in("term", many),
        };
        sql.and("kind", self.kind.prefix());
        if let Some(after) = after {
            sql.push(" AND ulid < ").bind(ulid_text(after));
        }
        sql.push(" ORDER BY ulid DESC").limit(rows);
        Some(sql)
    }

    /// The contacts that have one of these terms, or one of the keys as their unique key.
    fn with_addresses(
        &self,
        terms: &[ColumnValue<'static>],
        after: Option<Id>,
        rows: usize,
    ) -> Sql {
        let keys = self.keys.iter().map(|key| ColumnValue::from(key.clone()));
        let keys: Vec<ColumnValue<'static>> = keys.collect();
        let prefix = self.kind.prefix();
        let mut sql =
            Sql::new("SELECT ulid, kind FROM (SELECT ulid, kind FROM terms WHERE scope = ");
        sql.bind(scope_number(self.scope));
        sql.and_in("term", terms).and("kind", prefix);
        sql.push(&format!(
            " UNION SELECT SUBSTRING(id, {}) AS ulid, '{prefix}' AS kind FROM {} WHERE scope = ",
            prefix.len() + 2,
            table(self.kind)
        ));
        sql.bind(scope_number(self.scope));
        sql.and_in("email_key", &keys).push(") AS addressed");
        if let Some(after) = after {
            sql.push(" WHERE ulid < ").bind(ulid_text(after));
        }
        sql.push(" ORDER BY ulid DESC").limit(rows);
        sql
    }

    /// The rows of these candidates that meet what SQL decides: `id, doc`, newest first.
    pub fn rows_of(&self, candidates: &[Id]) -> Sql {
        let mut sql = documents(self.scope, self.kind, candidates);
        self.decide(&mut sql);
        sql.push(" ORDER BY id DESC");
        sql
    }

    fn decide(&self, sql: &mut Sql) {
        for clause in &self.decided {
            match &clause.target {
                Target::Id => condition(sql.push(" AND "), "id", &clause.condition),
                Target::Column(place) => {
                    let Column { name, .. } = columns(self.kind)[*place];
                    let name = self.dialect.name(name);
                    condition(sql.push(" AND "), name, &clause.condition);
                }
                Target::Either(one, other) => {
                    let columns = columns(self.kind);
                    condition(sql.push(" AND ("), columns[*one].name, &clause.condition);
                    condition(sql.push(" OR "), columns[*other].name, &clause.condition);
                    sql.push(")");
                }
                Target::Addresses | Target::Phones | Target::Metadata { .. } | Target::List(_) => {}
            }
        }
    }
}

/// What SQL decides exactly as the engine does. The rest is left to the engine: patterns, lists and `metadata`.
fn is_decided(clause: &Clause) -> bool {
    let target = match clause.target {
        Target::Id | Target::Column(_) | Target::Either(..) => true,
        Target::Addresses | Target::Phones | Target::Metadata { .. } | Target::List(_) => false,
    };
    let condition = match clause.condition {
        Condition::Compare(..) | Condition::In(_) | Condition::Null(_) => true,
        Condition::Ilike(_) => false,
    };
    target && condition
}

fn condition(sql: &mut Sql, name: &str, condition: &Condition) {
    match condition {
        Condition::Compare(comparison, value) => {
            let operator = match comparison {
                Comparison::Eq => " = ",
                Comparison::Neq => " <> ",
                Comparison::Gt => " > ",
                Comparison::Gte => " >= ",
                Comparison::Lt => " < ",
                Comparison::Lte => " <= ",
            };
            sql.push(name).push(operator).bind(value.clone());
        }
        Condition::In(values) => {
            sql.push("(1 = 1").and_in(name, values).push(")");
        }
        Condition::Null(true) => {
            sql.push(name).push(" IS NULL");
        }
        Condition::Null(false) => {
            sql.push(name).push(" IS NOT NULL");
        }
        // Never decided by SQL.
        Condition::Ilike(_) => {
            sql.push("1 = 1");
        }
    }
}

/// The documents of records of one kind: `id, doc`.
pub(crate) fn documents(scope: Scope, kind: Kind, ids: &[Id]) -> Sql {
    let mut sql = Sql::new("SELECT id, doc FROM ");
    sql.append(documents_from(scope, kind, ids));
    sql
}

/// What follows the columns of [`documents`].
pub(crate) fn documents_from(scope: Scope, kind: Kind, ids: &[Id]) -> Sql {
    let mut sql = Sql::new(table(kind));
    sql.push(" WHERE scope = ").bind(scope_number(scope));
    sql.and_in("id", &texts(ids));
    sql
}
