//! The statements of a search.

use std::collections::BTreeMap;

use relm_core::query::search::{Exact, Word, prefix_end};
use relm_core::query::terms::address_term;
use relm_core::record::column::ColumnValue;
use relm_core::record::object::ObjectType;
use relm_core::store::Search;
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;

use crate::query::documents_from;
use crate::scope_number::scope_number;
use crate::sql::{Sql, table, ulid_text};

/// What stands for the place of a statement in rows that are documents.
pub(crate) const DOCUMENT: &str = "doc";

/// What the rows of documents are.
#[derive(Clone, Copy)]
pub(super) enum Rows {
    /// `id, doc`.
    Alone,
    /// [`DOCUMENT`], `id, doc`: beside rows that begin with the place of their statement.
    Placed,
}

impl Rows {
    fn select(self) -> Sql {
        Sql::new(&match self {
            Self::Alone => "SELECT id, ".to_owned(),
            Self::Placed => format!("SELECT '{DOCUMENT}' AS place, id, "),
        })
    }
}

/// The entries of the terms by which records have this word in any way to write it, as many as make it broad.
pub(super) fn having_word(scope: Scope, Word(beginnings): &Word, broad: usize) -> Sql {
    if let [beginning] = beginnings.as_slice() {
        return beginning_with(scope, beginning, broad);
    }
    let mut sql = Sql::new("SELECT ulid, kind FROM (");
    for (place, beginning) in beginnings.iter().enumerate() {
        sql.push(if place > 0 { " UNION ALL " } else { "" });
        sql.push("SELECT ulid, kind FROM (");
        sql.append(beginning_with(scope, beginning, broad));
        sql.push(&format!(") AS way_{place}"));
    }
    sql.push(") AS ways").limit(broad);
    sql
}

/// So many entries of what is searched as a whole, those after `after`.
pub(super) fn identified(scope: Scope, search: &Search, after: Option<u128>, rows: usize) -> Sql {
    let term = match &search.terms.exact {
        Exact::Term(term) => term.clone(),
        Exact::Email(key) => return with_address(scope, search, key, after),
    };
    let mut sql = Sql::new("SELECT ulid, kind FROM terms WHERE scope = ");
    sql.bind(scope_number(scope));
    sql.and("term", term);
    if let Some(after) = after {
        sql.push(" AND ulid < ");
        sql.bind(ulid_text(Id::new(Kind::Contact, after)));
    }
    let types = &search.types;
    if types.len() < ObjectType::ALL.len() {
        let prefix = |object_type: &ObjectType| ColumnValue::from(object_type.kind().prefix());
        sql.and_in("kind", &types.iter().map(prefix).collect::<Vec<_>>());
    }
    sql.push(" ORDER BY ulid DESC").limit(rows);
    sql
}

/// So many of the newest records of these types together, those after `last`.
pub(super) fn newest(
    of: Rows,
    scope: Scope,
    types: &[ObjectType],
    last: Option<u128>,
    rows: usize,
) -> Sql {
    let mut sql = of.select();
    sql.push("CASE kind");
    for object_type in types {
        let kind = object_type.kind();
        let (prefix, table) = (kind.prefix(), table(kind));
        sql.push(&format!(
            " WHEN '{prefix}' THEN (SELECT doc FROM {table} WHERE scope = "
        ));
        sql.bind(scope_number(scope));
        sql.push(&format!(" AND {table}.id = newest.id)"));
    }
    sql.push(" END AS doc FROM (");
    for (place, object_type) in types.iter().enumerate() {
        let kind = object_type.kind();
        let (prefix, table) = (kind.prefix(), table(kind));
        sql.push(if place > 0 { " UNION ALL " } else { "" });
        sql.push(&format!(
            "SELECT id, '{prefix}' AS kind, SUBSTRING(id, {}) AS ulid",
            prefix.len() + 2
        ));
        sql.push(&format!(" FROM (SELECT id FROM {table} WHERE scope = "));
        sql.bind(scope_number(scope));
        if let Some(last) = last {
            sql.push(" AND id < ").bind(Id::new(kind, last));
        }
        sql.push(" ORDER BY id DESC").limit(rows);
        sql.push(&format!(") AS newest_{table}"));
    }
    sql.push(" ORDER BY ulid DESC").limit(rows);
    sql.push(") AS newest");
    sql
}

/// The documents of records of several kinds.
pub(super) fn of_ids(of: Rows, scope: Scope, ids: impl Iterator<Item = Id>) -> Sql {
    let mut of_kind: BTreeMap<Kind, Vec<Id>> = BTreeMap::new();
    for id in ids {
        of_kind.entry(id.kind()).or_default().push(id);
    }
    let mut sql = Sql::default();
    for (place, (kind, ids)) in of_kind.into_iter().enumerate() {
        sql.push(if place > 0 { " UNION ALL " } else { "" });
        sql.append(of.select()).push("doc FROM ");
        sql.append(documents_from(scope, kind, &ids));
    }
    sql
}

/// These statements as one, whose rows begin with the place of the statement that they are of, as text.
pub(crate) fn together(statements: Vec<Sql>) -> Sql {
    let mut sql = Sql::default();
    for (place, statement) in statements.into_iter().enumerate() {
        sql.push(if place > 0 { " UNION ALL " } else { "" });
        sql.push(&format!("SELECT '{place}' AS place, ulid, kind FROM ("));
        sql.append(statement);
        sql.push(&format!(") AS entries_{place}"));
    }
    sql
}

/// The entries of the terms that begin so, as many as make a word broad.
fn beginning_with(scope: Scope, beginning: &str, broad: usize) -> Sql {
    let mut sql = Sql::new("SELECT ulid, kind FROM terms WHERE scope = ");
    sql.bind(scope_number(scope));
    sql.push(" AND term >= ").bind(beginning.to_owned());
    if let Some(end) = prefix_end(beginning) {
        sql.push(" AND term < ").bind(end);
    }
    sql.limit(broad);
    sql
}

/// The contact that has this address: as its unique key, or beside it.
fn with_address(scope: Scope, search: &Search, key: &str, after: Option<u128>) -> Sql {
    let (contacts, prefix) = (table(Kind::Contact), Kind::Contact.prefix());
    let mut sql = Sql::new(&format!(
        "SELECT ulid, kind FROM (SELECT SUBSTRING(id, {}) AS ulid, '{prefix}' AS kind FROM {contacts} WHERE scope = ",
        prefix.len() + 2
    ));
    sql.bind(scope_number(scope));
    sql.and("email_key", key.to_owned());
    sql.push(" UNION SELECT ulid, kind FROM terms WHERE scope = ");
    sql.bind(scope_number(scope));
    sql.and("term", address_term(key)).and("kind", prefix);
    sql.push(") AS addressed WHERE 1 = 1");
    if !search.types.contains(&ObjectType::Contact) {
        sql.push(" AND 1 = 0");
    }
    if let Some(after) = after {
        sql.push(" AND ulid < ");
        sql.bind(ulid_text(Id::new(Kind::Contact, after)));
    }
    sql
}
