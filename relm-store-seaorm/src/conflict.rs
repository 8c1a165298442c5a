//! Why a plan met other rows than it must: the batch judged on what the database says.

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

/// What must be known to judge a batch, and what was found so far.
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
#[allow(
    clippy::too_many_lines,
    reason = "one question after another, by topic"
)]
pub(crate) fn questions(batch: &Batch) -> Vec<(Topic, Sql)> {
    let scope = scope_number(batch.scope);
    let mut asked: Vec<(Topic, Sql)> = Vec::new();
    let mut configuration = Sql::new("SELECT version, version FROM configurations WHERE scope = ");
    configuration.bind(scope);
    asked.push((Topic::Configuration, configuration));
    let mut ids: BTreeMap<Kind, BTreeSet<Id>> = BTreeMap::new();
    let mut keys: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
    let mut add_key = |entry: &relm_core::record::Entry| {
        if let Some((kind, key)) = key_of(&entry.record) {
            keys.entry(kind).or_default().insert(key);
        }
    };
    for require in &batch.requires {
        if let Require::Exists(id) = require {
            ids.entry(id.kind()).or_default().insert(*id);
        }
    }
    for write in &batch.writes {
        match write {
            Write::Insert(entry) | Write::Replace { after: entry, .. } => {
                ids.entry(entry.record.kind())
                    .or_default()
                    .insert(entry.record.id());
                add_key(entry);
            }
            Write::Delete(entry) => {
                ids.entry(entry.record.kind())
                    .or_default()
                    .insert(entry.record.id());
            }
            Write::Remember(response) => {
                let mut sql =
                    Sql::new("SELECT key_digest, key_digest FROM responses WHERE scope = ");
                sql.bind(scope).and("key_digest", response.key.clone());
                sql.push(" AND expires_at > ").bind(batch.now.as_millis());
                asked.push((Topic::Responses, sql));
            }
            Write::Unlink(_) | Write::Reconfigure => {}
        }
    }
    let made = inserted_workspaces(batch).map(|(_, id)| digits(id));
    let made: Vec<String> = made.collect();
    for digits in made.chunks(ASKED_MAX) {
        asked.push((Topic::Digits, holders(batch.scope, digits.to_vec())));
    }
    for (kind, ids) in ids {
        let ids: Vec<Id> = ids.into_iter().collect();
        for ids in ids.chunks(ASKED_MAX) {
            let mut sql = Sql::new("SELECT id, version FROM ");
            sql.push(table(kind)).push(" WHERE scope = ").bind(scope);
            sql.and_in("id", &texts(ids));
            asked.push((Topic::Versions, sql));
        }
    }
    for (kind, keys) in keys {
        let Some(column) = unique_column(kind).map(|place| columns(kind)[place].name) else {
            continue;
        };
        let keys: Vec<ColumnValue<'static>> = keys.into_iter().map(ColumnValue::from).collect();
        for keys in keys.chunks(ASKED_MAX) {
            let mut sql = Sql::new("SELECT ");
            sql.push(column).push(", id FROM ").push(table(kind));
            sql.push(" WHERE scope = ").bind(scope);
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
