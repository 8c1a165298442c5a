//! What each column of a file becomes: as the form shows it, and as it is sent.

use std::collections::{HashMap, HashSet};

use relm_core::Field;
use relm_core::engine::{ImportColumn, ImportPreview};
use relm_core::limits::METADATA_KEY_CHARS_MAX;
use serde_json::{Map, Value};

use crate::console::form::Form;
use crate::console::listing::label;
use crate::console::shown::cut;

/// Options of all lists of a page: where there would be more, members are typed.
const OPTIONS_MAX: usize = 5_000;
/// Characters of a header, and of the cells beneath it.
const HEADER_CHARS: usize = 80;
const SAMPLES_CHARS: usize = 120;

/// The columns of a file, as the form shows them.
pub(super) struct Columns {
    pub rows: Vec<Row>,
    /// The members that a column can become, and what they are called.
    pub members: Vec<(String, String)>,
    /// Whether a column's member is chosen of a list.
    pub has_lists: bool,
    /// How many are left out.
    pub left_out: usize,
}

/// A column.
pub(super) struct Row {
    /// What it is called in the form.
    pub name: String,
    pub header: String,
    pub samples: String,
    /// The member that it becomes; empty where it is left out.
    pub member: String,
    /// The member of its own in `metadata`.
    pub own: Option<String>,
    /// The column that a row has before this one, where both are one member.
    pub after: Option<String>,
}

impl Row {
    /// Whether the member is none of the list: one in `metadata`.
    pub fn is_other(&self, members: &[(String, String)]) -> bool {
        let is_own = self.own.as_ref() == Some(&self.member);
        !self.member.is_empty() && !is_own && !members.iter().any(|(name, _)| *name == self.member)
    }
}

impl Columns {
    /// The columns as they are mapped, or as a form that was refused says.
    pub fn of(preview: &ImportPreview, fields: &[Field], sent: Option<&Form>) -> Self {
        let members = preview.members.iter();
        let members = members.map(|name| (name.clone(), cut(&label(name, fields), HEADER_CHARS)));
        let members: Vec<(String, String)> = members.collect();
        let columns = preview.columns.iter().enumerate();
        let mut rows: Vec<Row> = columns
            .map(|(place, column)| {
                let name = field_of(place);
                let sent = sent.filter(|form| form.has(&name));
                let member = match sent {
                    Some(form) => form.text(&name).to_owned(),
                    None => column.member.clone().unwrap_or_default(),
                };
                Row {
                    name,
                    header: cut(&column.header, HEADER_CHARS),
                    samples: cut(&column.samples.join(" · "), SAMPLES_CHARS),
                    member,
                    own: own(&column.header).filter(|own| !preview.members.contains(own)),
                    after: None,
                }
            })
            .collect();
        note_fallbacks(&mut rows);
        Self {
            left_out: rows.iter().filter(|row| row.member.is_empty()).count(),
            has_lists: rows.len().saturating_mul(members.len()) <= OPTIONS_MAX,
            rows,
            members,
        }
    }
}

/// Says of each column whose member another one has which that is.
fn note_fallbacks(rows: &mut [Row]) {
    let mut first = HashMap::new();
    for row in rows {
        if row.member.is_empty() {
            continue;
        }
        match first.get(&row.member) {
            Some(header) => row.after = Some(String::clone(header)),
            None => {
                first.insert(row.member.clone(), row.header.clone());
            }
        }
    }
}

/// The member in `metadata` that is called as a header is.
fn own(header: &str) -> Option<String> {
    let header = header.trim();
    let key = header.strip_prefix("metadata.").unwrap_or(header);
    let fits = !key.is_empty() && key.chars().count() <= METADATA_KEY_CHARS_MAX;
    fits.then(|| format!("metadata.{key}"))
}

/// The field of a column.
fn field_of(place: usize) -> String {
    format!("column.{place}")
}

/// What was said of columns of an import, but for those that become what they become by themselves; none where nothing else was.
pub(super) fn differing(columns: &[ImportColumn]) -> Option<Map<String, Value>> {
    let differing = columns.iter().filter(|it| it.member != it.suggested);
    let mapping: Map<String, Value> = differing
        .map(|it| (it.header.clone(), Value::from(it.member.clone())))
        .collect();
    (!mapping.is_empty()).then_some(mapping)
}

/// What a form says of columns; none where it leaves all of them at what they become by themselves.
///
/// Once it says anything else, each column that becomes a member is named: what the engine finds by headers steps back behind what is named,
/// and a column that the form shows as a member is not to be left out in silence. Columns that become one member by themselves, the first of
/// them that has a cell, stay so as long as no other one is to be that member; that both are is for the engine to refuse.
pub(super) fn asked(form: &Form, columns: &[ImportColumn]) -> Option<Map<String, Value>> {
    let said = columns.iter().enumerate().filter_map(|(place, column)| {
        let name = field_of(place);
        let member = form.trimmed(&name).map(str::to_owned);
        form.has(&name).then_some((column, member))
    });
    let said: Vec<(&ImportColumn, Option<String>)> = said.collect();
    let is_left = |(column, member): &(&ImportColumn, Option<String>)| *member == column.suggested;
    if said.iter().all(is_left) {
        return None;
    }
    let mut left: HashMap<&str, usize> = HashMap::new();
    let mut changed: HashSet<&str> = HashSet::new();
    for one in &said {
        match &one.1 {
            Some(member) if is_left(one) => *left.entry(member).or_default() += 1,
            Some(member) => {
                changed.insert(member);
            }
            None => {}
        }
    }
    let is_named = |one: &&(&ImportColumn, Option<String>)| match &one.1 {
        Some(member) if is_left(one) => left[member.as_str()] == 1 || changed.contains(&**member),
        Some(_) => true,
        None => !is_left(one),
    };
    let named = said.iter().filter(is_named);
    let mapping =
        named.map(|(column, member)| (column.header.clone(), Value::from(member.clone())));
    Some(mapping.collect())
}
