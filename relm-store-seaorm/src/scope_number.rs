//! The number that a scope has in the tables. It begins every key and index: eight bytes instead of thirty.
//!
//! It is the last 62 bits of the workspace's id, all of them random, and one bit for the mode. So two workspaces might share
//! their numbers, and with them their records: a unique index on the last [digits] of the ids of workspaces keeps the
//! second of them from being made. The same index finds the workspace that a number is of.

use std::collections::{BTreeSet, HashMap};

use relm_core::record::column::ColumnValue;
use relm_core::store::{Batch, Queue, QueueKey, Refusal, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::{Mode, Scope};
use relm_core::value::time::Timestamp;

use crate::sql::Sql;

/// The column of `workspaces` that has the last digits of their ids.
const DIGITS: &str = "scope_digits";
/// How many they are, of five bits each.
const DIGITS_LEN: usize = 12;
/// Workspaces that one statement looks up.
const ASKED_MAX: usize = 512;

/// The number of a scope.
pub(crate) const fn scope_number(scope: Scope) -> i64 {
    let random = (scope.workspace().ulid() & ((1 << 62) - 1)) as i64;
    let mode = match scope.mode() {
        Mode::Live => 0,
        Mode::Test => 1,
    };
    (random << 1) | mode
}

/// The last digits of an id's text.
pub(crate) fn digits(id: Id) -> String {
    let text = id.to_string();
    text[text.len() - DIGITS_LEN..].to_owned()
}

/// The last digits of the id of the workspace that a number is of.
fn digits_of(number: i64) -> String {
    digits(Id::new(
        Kind::Workspace,
        u128::from((number >> 1).unsigned_abs()),
    ))
}

/// The workspaces of a scope with these digits: `scope_digits, id`.
pub(crate) fn holders(scope: Scope, digits: Vec<String>) -> Sql {
    let mut sql = Sql::new("SELECT scope_digits, id FROM workspaces WHERE scope = ");
    sql.bind(scope_number(scope))
        .and_in(DIGITS, &values(digits));
    sql
}

fn values(digits: impl IntoIterator<Item = String>) -> Vec<ColumnValue<'static>> {
    digits.into_iter().map(ColumnValue::from).collect()
}

/// Why a batch is refused before it is looked at: the workspace would have the number of [`Scope::SYSTEM`], which has none.
pub(crate) fn shadows_system(batch: &Batch) -> Option<Refusal> {
    if batch.scope != Scope::SYSTEM {
        return None;
    }
    let system = scope_number(Scope::SYSTEM);
    let shadows = |(_, id): &(usize, Id)| scope_number(Scope::new(*id, Mode::Live)) == system;
    let (write, _) = inserted_workspaces(batch).find(shadows)?;
    Some(Refusal::IdConflict { write })
}

/// The workspaces that a batch makes, by the places of their writes.
pub(crate) fn inserted_workspaces(batch: &Batch) -> impl Iterator<Item = (usize, Id)> {
    let writes = batch.writes.iter().enumerate();
    let inserted = writes.filter_map(|(write, what)| match what {
        Write::Insert(entry) => Some((write, entry.record.id())),
        Write::Replace { .. }
        | Write::Delete(_)
        | Write::Unlink(_)
        | Write::Reconfigure
        | Write::Remember(_)
        | Write::Forget { .. } => None,
    });
    inserted.filter(|(_, id)| id.kind() == Kind::Workspace)
}

/// A queue as the table of deliveries has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberedQueue {
    pub place: Place,
    pub due_at: Timestamp,
}

/// The place of a queue among all: by the number of its scope, then by its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub scope: i64,
    pub webhook: Id,
}

impl From<QueueKey> for Place {
    fn from(key: QueueKey) -> Self {
        Self {
            scope: scope_number(key.scope),
            webhook: key.webhook,
        }
    }
}

/// The workspaces whose scopes have these numbers, by several statements where they are many: `id`.
pub(crate) fn workspaces_of(numbers: impl Iterator<Item = i64>) -> Vec<Sql> {
    let system = scope_number(Scope::SYSTEM);
    let digits: BTreeSet<String> = numbers.filter(|it| *it != system).map(digits_of).collect();
    let of = |digits: &[ColumnValue<'static>]| {
        let mut sql = Sql::new("SELECT id FROM workspaces WHERE scope = ");
        sql.bind(system).and_in(DIGITS, digits);
        sql
    };
    values(digits).chunks(ASKED_MAX).map(of).collect()
}

/// The scopes of these workspaces, by their numbers. Workspaces are made before anything is written to them, and stay: those that were
/// read after what has the numbers are all that there can be. What is of no workspace is nobody's.
pub(crate) fn scopes_of(workspaces: &[Id]) -> HashMap<i64, Scope> {
    let scopes = workspaces
        .iter()
        .flat_map(|id| Mode::ALL.map(|mode| Scope::new(*id, mode)))
        .chain([Scope::SYSTEM]);
    scopes.map(|scope| (scope_number(scope), scope)).collect()
}

/// The queues under the scopes that their numbers are of.
pub(crate) fn with_scopes(queues: &[NumberedQueue], workspaces: &[Id]) -> Vec<Queue> {
    let scopes = scopes_of(workspaces);
    let queue = |queue: &NumberedQueue| {
        let key = QueueKey {
            scope: *scopes.get(&queue.place.scope)?,
            webhook: queue.place.webhook,
        };
        let due_at = queue.due_at;
        Some(Queue { key, due_at })
    };
    queues.iter().filter_map(queue).collect()
}
