//! A record as a row of a list: of what it has, what matters most.

use relm_core::record::Document;
use relm_core::{Id, ObjectType, Result, Timestamp};
use serde_json::{Map, Value};

use super::money::amount;
use super::names::{self, Names, of_members};
use super::path_to;
use crate::console::layout::{Place, minute};
use crate::console::objects;
use crate::console::shown::cut;

/// Characters of a cell.
const CELL_CHARS: usize = 60;

/// A record, in words.
pub(in crate::console) struct Row {
    pub id: Id,
    pub object: ObjectType,
    pub path: String,
    pub name: String,
    pub cells: Vec<Cell>,
}

impl Row {
    /// What it has beside its name, in a line; not when that was written.
    pub fn summary(&self) -> String {
        let is_said = |cell: &&Cell| !["Created", "Updated"].contains(&cell.head);
        let said = self
            .cells
            .iter()
            .filter(is_said)
            .map(|cell| cell.text.as_str());
        let said: Vec<&str> = said.filter(|text| !text.is_empty()).collect();
        said.join(" · ")
    }
}

/// What stands in a column of the list.
pub(in crate::console) struct Cell {
    pub head: &'static str,
    pub text: String,
    /// Where it leads.
    pub href: Option<String>,
    /// What is more of a mark than of a text: a stage, a type.
    pub is_badge: bool,
}

/// What stands above the columns, the name's first.
pub(in crate::console) const fn heads(object: ObjectType) -> [&'static str; 5] {
    match object {
        ObjectType::Contact => ["Name", "E-mail", "Company", "Phone", "Updated"],
        ObjectType::Company => ["Name", "Domain", "", "Created", "Updated"],
        ObjectType::Deal => ["Title", "Stage", "Value", "Company", "Closes"],
        ObjectType::Activity => ["Subject", "Type", "With", "About", "When"],
    }
}

/// The rows of these records, with the names of those that they refer to.
pub(in crate::console) fn of_document(
    place: &Place,
    document: &Document,
    names: &Names,
) -> Result<Option<Row>> {
    let Some(object) = ObjectType::of(document.id.kind()) else {
        return Ok(None);
    };
    let members = objects::members(document)?;
    let (id, name) = (document.id, of_members(document.id, &members));
    Ok(Some(Row {
        id,
        object,
        path: path_to(place, id).unwrap_or_default(),
        name,
        cells: cells(place, object, &members, names),
    }))
}

/// The records that these refer to.
pub(in crate::console) fn references(documents: &[Document]) -> Result<Vec<Id>> {
    let mut all = Vec::new();
    for document in documents {
        if let Some(object) = ObjectType::of(document.id.kind()) {
            all.extend(names::references(object, &objects::members(document)?));
        }
    }
    Ok(all)
}

fn cells(
    place: &Place,
    object: ObjectType,
    members: &Map<String, Value>,
    names: &Names,
) -> Vec<Cell> {
    let heads = heads(object);
    let text = |at: usize, name: &str| plain(heads[at], of(members, name));
    let badge = |at: usize, name: &str| Cell {
        is_badge: true,
        ..text(at, name)
    };
    let at = |at: usize, name: &str| plain(heads[at], &moment(members, name));
    let record = |at: usize, all: &[&str]| referring(place, heads[at], members, all, names);
    match object {
        ObjectType::Contact => vec![
            text(1, "email"),
            record(2, &["company_id"]),
            text(3, "phone"),
            at(4, "updated_at"),
        ],
        ObjectType::Company => vec![text(1, "domain"), at(3, "created_at"), at(4, "updated_at")],
        ObjectType::Deal => vec![
            badge(1, "stage"),
            plain(heads[2], &value(members)),
            record(3, &["company_id", "primary_contact_id"]),
            text(4, "close_date"),
        ],
        ObjectType::Activity => vec![
            badge(1, "type"),
            record(2, &["contact_id", "company_id"]),
            record(3, &["deal_id"]),
            plain(heads[4], &when(members)),
        ],
    }
}

fn plain(head: &'static str, text: &str) -> Cell {
    Cell {
        head,
        text: cut(text, CELL_CHARS),
        href: None,
        is_badge: false,
    }
}

/// The first of these references that is there.
fn referring(
    place: &Place,
    head: &'static str,
    members: &Map<String, Value>,
    all: &[&str],
    names: &Names,
) -> Cell {
    let mut ids = all.iter().filter_map(|name| Id::parse(of(members, name)));
    match ids.next() {
        Some(id) if names.has(id) => Cell {
            href: path_to(place, id),
            ..plain(head, &names.get(id))
        },
        Some(_) => plain(head, "deleted"),
        None => plain(head, ""),
    }
}

/// The text of a member; nothing where it has none.
pub(super) fn of<'a>(members: &'a Map<String, Value>, name: &str) -> &'a str {
    members.get(name).and_then(Value::as_str).unwrap_or("")
}

/// When an activity was; of an open task, when it is due.
fn when(members: &Map<String, Value>) -> String {
    let (word, name) = match (of(members, "due_at"), of(members, "done_at")) {
        ("", _) => return moment(members, "occurred_at"),
        (_, "") => ("due", "due_at"),
        _ => ("done", "done_at"),
    };
    // The column has room for no zone beside the word, and all of its times are in one.
    let at = moment(members, name);
    format!("{word} {}", at.strip_suffix(" UTC").unwrap_or(&at))
}

/// A moment, to the minute.
pub(super) fn moment(members: &Map<String, Value>, name: &str) -> String {
    let at = Timestamp::parse(of(members, name));
    at.as_ref().map(minute).unwrap_or_default()
}

/// The value of a deal.
pub(super) fn value(members: &Map<String, Value>) -> String {
    let cents = members.get("value_cents").and_then(Value::as_i64);
    cents.map_or_else(String::new, |cents| {
        amount(cents.into(), of(members, "currency"))
    })
}
