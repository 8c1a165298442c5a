//! Why a plan met other rows than it must: the preconditions of the batch, checked on what the database says.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use relm_core::preconditions::{self, StateView, key_of};
use relm_core::record::column::ColumnValue;
use relm_core::record::{columns, unique_column};
use relm_core::store::{Batch, Refusal, Require, Write};
use relm_core::value::id::{Id, Kind};

use crate::scope_number::{digits, holders, inserted_workspaces, scope_number};
use crate::sql::{Sql, table, texts};

/// Ids or keys that one question asks for.
const ASKED_MAX: usize = 512;

type Rows = Vec<Vec<Option<ColumnValue<'static>>>>;

/// What must be known to check the preconditions of a batch, and what was found so far.
#[derive(Default)]
pub(crate) struct Probe {
    configuration_version: i64,
    responses: HashSet<String>,
    versions: HashMap<Id, i64>,
    holders: HashMap<(Kind, String), Id>,
    /// The last digits of the ids of workspaces, which make the [numbers](crate::scope_number) of scopes.
    digits: HashSet<String>,
}

/// What a question is about.
pub(crate) enum Topic {
    Configuration,
    Responses,
    Versions,
    Holders(Kind),
    Digits,
}

/// The questions of a batch. Each reads two columns.
pub(crate) fn questions(batch: &Batch) -> Vec<(Topic, Sql)> {
    let mut asked = vec![configuration(batch)];
    asked.extend(responses(batch));
    asked.extend(shared_digits(batch));
    asked.extend(versions(batch));
    asked.extend(unique_keys(batch));
    asked
}

fn configuration(batch: &Batch) -> (Topic, Sql) {
    let mut sql = Sql::new("SELECT version, version FROM configurations WHERE scope = ");
    sql.bind(scope_number(batch.scope));
    (Topic::Configuration, sql)
}

/// Whether the keys under which the batch keeps responses are taken.
fn responses(batch: &Batch) -> impl Iterator<Item = (Topic, Sql)> {
    let scope = scope_number(batch.scope);
    batch.writes.iter().filter_map(move |write| match write {
        Write::Remember(response) => {
            let mut sql = Sql::new("SELECT key_digest, key_digest FROM responses WHERE scope = ");
            sql.bind(scope).and("key_digest", response.key.clone());
            sql.push(" AND expires_at > ").bind(batch.now.as_millis());
            Some((Topic::Responses, sql))
        }
        Write::Insert(_)
        | Write::Replace { .. }
        | Write::Delete(_)
        | Write::Unlink(_)
        | Write::Reconfigure
        | Write::Forget { .. } => None,
    })
}

/// Whether another workspace has the digits of one that the batch makes.
fn shared_digits(batch: &Batch) -> Vec<(Topic, Sql)> {
    let made = inserted_workspaces(batch).map(|(_, id)| digits(id));
    let made: Vec<String> = made.collect();
    let asked = made.chunks(ASKED_MAX);
    let asked = asked.map(|made| (Topic::Digits, holders(batch.scope, made.to_vec())));
    asked.collect()
}

/// The versions of the records that the batch requires, writes or deletes.
fn versions(batch: &Batch) -> Vec<(Topic, Sql)> {
    let mut ids: BTreeMap<Kind, BTreeSet<Id>> = BTreeMap::new();
    let mut add = |id: Id| ids.entry(id.kind()).or_default().insert(id);
    for require in &batch.requires {
        match require {
            Require::Exists(id) => add(*id),
            Require::Configuration(_) | Require::Barrier => continue,
        };
    }
    for write in &batch.writes {
        match write {
            Write::Insert(entry) | Write::Delete(entry) | Write::Replace { after: entry, .. } => {
                add(entry.record.id())
            }
            Write::Remember(_) | Write::Forget { .. } | Write::Unlink(_) | Write::Reconfigure => {
                continue;
            }
        };
    }
    let mut asked = Vec::new();
    for (kind, ids) in ids {
        let ids: Vec<Id> = ids.into_iter().collect();
        for ids in ids.chunks(ASKED_MAX) {
            let mut sql = Sql::new("SELECT id, version FROM ");
            sql.push(table(kind)).push(" WHERE scope = ");
            sql.bind(scope_number(batch.scope));
            sql.and_in("id", &texts(ids));
            asked.push((Topic::Versions, sql));
        }
    }
    asked
}

/// The records that hold the unique keys of those that the batch writes.
fn unique_keys(batch: &Batch) -> Vec<(Topic, Sql)> {
    let mut keys: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
    for write in &batch.writes {
        let written = match write {
            Write::Insert(entry) | Write::Replace { after: entry, .. } => key_of(&entry.record),
            Write::Delete(_)
            | Write::Remember(_)
            | Write::Forget { .. }
            | Write::Unlink(_)
            | Write::Reconfigure => None,
        };
        if let Some((kind, key)) = written {
            keys.entry(kind).or_default().insert(key);
        }
    }
    let mut asked = Vec::new();
    for (kind, keys) in keys {
        let Some(column) = unique_column(kind).map(|place| columns(kind)[place].name) else {
            continue;
        };
        let keys: Vec<ColumnValue<'static>> = keys.into_iter().map(ColumnValue::from).collect();
        for keys in keys.chunks(ASKED_MAX) {
            let mut sql = Sql::new("SELECT ");
            sql.push(column).push(", id FROM ").push(table(kind));
            sql.push(" WHERE scope = ").bind(scope_number(batch.scope));
            sql.and_in(column, keys);
            asked.push((Topic::Holders(kind), sql));
        }
    }
    asked
}

impl Probe {
    /// Takes in the answer to a question.
    pub fn learn(&mut self, topic: &Topic, rows: Rows) {
        for row in rows {
            let mut row = row.into_iter().flatten();
            match (topic, row.next(), row.next()) {
                (Topic::Configuration, Some(ColumnValue::Integer(version)), _) => {
                    self.configuration_version = version;
                }
                (Topic::Responses, Some(ColumnValue::Text(key)), _) => {
                    self.responses.insert(key.into_owned());
                }
                (
                    Topic::Versions,
                    Some(ColumnValue::Text(id)),
                    Some(ColumnValue::Integer(version)),
                ) => {
                    self.versions.extend(Id::parse(&id).map(|id| (id, version)));
                }
                (
                    Topic::Holders(kind),
                    Some(ColumnValue::Text(key)),
                    Some(ColumnValue::Text(id)),
                ) => {
                    let holder = Id::parse(&id).map(|id| ((*kind, key.into_owned()), id));
                    self.holders.extend(holder);
                }
                (Topic::Digits, Some(ColumnValue::Text(digits)), _) => {
                    self.digits.insert(digits.into_owned());
                }
                // A question that reads other columns than these is not asked.
                _ => {}
            }
        }
    }

    /// The refusal that the answers give; none when they allow the batch, so that the database failed otherwise.
    pub fn refusal(&self, batch: &Batch) -> Option<Refusal> {
        preconditions::check(batch, self).err().or_else(|| {
            let taken = |(_, id): &(usize, Id)| self.digits.contains(&digits(*id));
            let (write, _) = inserted_workspaces(batch).find(taken)?;
            Some(Refusal::IdConflict { write })
        })
    }
}

impl StateView for Probe {
    fn configuration_version(&self) -> i64 {
        self.configuration_version
    }

    fn has_response(&self, key: &str) -> bool {
        self.responses.contains(key)
    }

    fn version(&self, id: Id) -> Option<i64> {
        self.versions.get(&id).copied()
    }

    fn holder(&self, kind: Kind, key: &str) -> Option<Id> {
        self.holders.get(&(kind, key.to_owned())).copied()
    }
}
