//! What the cells of a row say of a record.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Number, Value, json};

use super::columns::{Column, Mapping};
use super::members::{
    METADATA, METADATA_PREFIX, Target, VALUE_CENTS, letters, members as members_of, part_of,
};
use crate::limits::WARNINGS_MAX;
use crate::record::file::cell::{BETWEEN, Shape, amount};
use crate::record::file::row::{CellError, Row, Source};
use crate::record::file::writing::undefused;
use crate::record::object::READ_ONLY;
use crate::record::postal::ADDRESSES;
use crate::value::email;
use crate::value::excerpt::Quoted;

/// The part of an address that says what it is for.
const LABEL: &str = "label";

/// The JSON object that a row becomes.
struct Record<'a> {
    mapping: &'a Mapping,
    line: u64,
    members: Map<String, Value>,
    errors: Vec<CellError>,
    /// What columns of their own have of what contacts have several of, by the members of the primary ones.
    several: HashMap<String, Vec<Value>>,
    /// What columns of their own have of postal addresses, by their numbers.
    addresses: BTreeMap<usize, Map<String, Value>>,
}

impl Mapping {
    /// The JSON object that creates or changes a record by what the row says. A blank cell says nothing: its member is not there. In
    /// NDJSON a null is there, and clears the member.
    ///
    /// What a record cannot have is for the engine to say: lengths, addresses, choices by their definition of that moment.
    ///
    /// # Errors
    /// What is wrong with the first cells of the row that say no value of their members, at most
    /// [`WARNINGS_MAX`](crate::limits::WARNINGS_MAX).
    pub fn apply(&self, row: &Row) -> Result<Map<String, Value>, Vec<CellError>> {
        let mut record = Record {
            mapping: self,
            line: row.line,
            members: Map::new(),
            errors: Vec::new(),
            several: HashMap::new(),
            addresses: BTreeMap::new(),
        };
        match &row.source {
            Source::Cells(cells) => record.cells(cells),
            Source::Object(members) => record.object(members),
        }
        record.list_several();
        record.list_addresses();
        match record.errors.is_empty() {
            true => Ok(record.members),
            false => Err(record.errors),
        }
    }
}

impl Record<'_> {
    fn cells(&mut self, cells: &[String]) {
        for (column, target) in self.mapping.in_order() {
            let Some(cell) = cells.get(column) else {
                continue;
            };
            let given = (0..self.mapping.reports).fold(Cow::Borrowed(&**cell), |cell, _| {
                Cow::Owned(undefused(&cell).into_owned())
            });
            let cell = &*given;
            // An empty text that we wrote is no blank cell: it has its `'`.
            if cell.trim().is_empty() {
                continue;
            }
            let text = match self.mapping.is_ours {
                true => undefused(cell),
                false => Cow::Borrowed(cell.trim()),
            };
            self.text(&self.mapping.columns[column], target, &text);
        }
    }

    fn object(&mut self, members: &Map<String, Value>) {
        for (column, target) in self.mapping.in_order() {
            let column = &self.mapping.columns[column];
            if let Some(value) = members.get(&column.header) {
                self.value(column, target, value);
            }
        }
        let columns = self.mapping.columns.iter();
        let mut known: HashSet<Cow<'_, str>> = columns
            .map(|column| Cow::Borrowed(&*column.header))
            .collect();
        // Neither has every document of ours what the engine alone writes.
        known.extend(READ_ONLY.iter().map(|name| Cow::Borrowed(*name)));
        // The first object of a file need not have every member.
        for to in members_of(self.mapping.object_type) {
            let header = to.member.clone();
            known.insert(Cow::Owned(header.clone()));
            if let Some(value) = members.get(&header)
                && !self.mapping.has(&header)
                && !self.mapping.takes(to.slot())
            {
                let column = Column { header, to: None };
                self.value(&column, &to, value);
            }
        }
        self.refuse_unmapped(members, &known);
    }

    /// Refuses what the first object of the file does not have, by which its members are mapped, and the objects of Relm neither: left out it
    /// would be told nowhere.
    fn refuse_unmapped(&mut self, members: &Map<String, Value>, known: &HashSet<Cow<'_, str>>) {
        for (name, value) in members {
            if known.contains(&**name) || value.is_null() || self.errors.len() == WARNINGS_MAX {
                continue;
            }
            let (line, named) = (self.line, Quoted(name));
            self.errors.push(CellError {
                line,
                header: name.clone(),
                member: name.clone(),
                message: format!(
                    "Line {line} has {named}, and the first line has not, by which the members of a file are known: put it there too, as null where it has none."
                ),
            });
        }
    }

    /// A value of JSON: a text is read as a cell is, and what is none is as it is.
    fn value(&mut self, column: &Column, target: &Target, value: &Value) {
        let is_made = target.shape == Shape::Money;
        match value {
            Value::Null if is_made => {}
            Value::String(text) if target.shape != Shape::Text && text.trim().is_empty() => {}
            Value::String(text) => self.text(column, target, text),
            Value::Number(number) if is_text(&target.shape) => {
                self.text(column, target, &number.to_string());
            }
            Value::Null if target.shape == Shape::Part => {}
            other if target.shape == Shape::Part => {
                self.refuse(column, target, &format!("this takes a text, not {other}"));
            }
            other => self.put(target, other.clone()),
        }
    }

    /// The value that a text says.
    fn text(&mut self, column: &Column, target: &Target, text: &str) {
        if target.shape == Shape::First && !self.mapping.is_ours {
            return self.one_of_several(column, target, text);
        }
        if target.shape == Shape::Part {
            return self.part(column, target, text);
        }
        if target.shape != Shape::Labelled && self.is_there(target) {
            return;
        }
        let read = match target.shape {
            Shape::Name if !self.mapping.is_ours => return self.name(target, text),
            Shape::Money => return self.money(column, target, text),
            _ => target
                .shape
                .read(text, self.mapping.options(), target.offset.as_deref()),
        };
        match read {
            // No tag listed is nothing said, unless as JSON.
            Ok(Value::Array(none))
                if none.is_empty() && target.shape == Shape::Texts && text.trim() != "[]" => {}
            Ok(value) => self.put(target, value),
            Err(what) => self.refuse(column, target, &what),
        }
    }

    fn refuse(&mut self, column: &Column, target: &Target, what: &str) {
        if self.errors.len() == WARNINGS_MAX {
            return;
        }
        let (line, header) = (self.line, Quoted(&column.header));
        self.errors.push(CellError {
            line,
            header: column.header.clone(),
            member: target.member.clone(),
            message: format!("Line {line}, column {header}: {what}."),
        });
    }

    fn is_there(&self, target: &Target) -> bool {
        match target.slot().strip_prefix(METADATA_PREFIX) {
            Some(key) => {
                let metadata = self.members.get(METADATA).and_then(Value::as_object);
                metadata.is_some_and(|metadata| metadata.contains_key(key))
            }
            None => target.shape != Shape::Json && self.members.contains_key(target.slot()),
        }
    }

    /// What contacts have several of, each of which may have a column of its own: the first is the primary one.
    fn one_of_several(&mut self, column: &Column, target: &Target, text: &str) {
        let member = target.slot();
        let label = label_of(&column.header);
        for text in text.split(BETWEEN).map(str::trim) {
            if text.is_empty() {
                continue;
            }
            let entry = json!({ member: text, "label": label });
            let all = self.several.entry(member.to_owned()).or_default();
            // What other programs have beside the first address may be none, and was passed over before there were several.
            if !all.is_empty() && member == "email" && email::parse(text).is_err() {
                continue;
            }
            all.push(entry);
            if all.len() == 1 {
                self.members.insert(member.to_owned(), text.into());
            }
        }
    }

    /// Lists what more than one column has, before what one lists.
    fn list_several(&mut self) {
        for (member, mut all) in std::mem::take(&mut self.several) {
            if all.len() > 1 {
                let name = format!("{member}s");
                if let Some(Value::Array(listed)) = self.members.remove(&name) {
                    all.extend(listed);
                }
                self.members.insert(name, all.into());
            }
        }
    }

    /// A part of a postal address. What the header says of it is its label, unless a column does.
    fn part(&mut self, column: &Column, target: &Target, text: &str) {
        let Some((number, part)) = part_of(&target.member) else {
            return;
        };
        let address = self.addresses.entry(number).or_default();
        if part == LABEL {
            address.insert(LABEL.to_owned(), text.into());
            return;
        }
        if address.contains_key(part) {
            return;
        }
        address.insert(part.to_owned(), text.into());
        if let Some(label) = address_label(&column.header) {
            address.entry(LABEL).or_insert_with(|| label.into());
        }
    }

    /// Adds the addresses that columns have the parts of to those that a record has, or that another column lists.
    fn list_addresses(&mut self) {
        let parted = std::mem::take(&mut self.addresses).into_values();
        let parted = parted.filter(|address| address.keys().any(|part| part != LABEL));
        let parted: Vec<Value> = parted.map(Value::Object).collect();
        if parted.is_empty() {
            return;
        }
        match self.members.get_mut(ADDRESSES) {
            Some(Value::Array(all)) => all.extend(parted),
            Some(_) | None => {
                let added = json!({ "add": parted });
                self.members.insert(ADDRESSES.to_owned(), added);
            }
        }
    }

    fn put(&mut self, target: &Target, value: Value) {
        let member = target.slot();
        if target.shape == Shape::Labelled
            && let (Some(Value::Array(all)), Value::Array(more)) =
                (self.members.get_mut(member), &value)
        {
            all.extend_from_slice(more);
            return;
        }
        let (key, value) = match (member.strip_prefix(METADATA_PREFIX), value) {
            (Some(key), value) => (Some(key), value),
            (None, Value::Object(members)) if member == METADATA => {
                for (key, value) in members {
                    self.metadata().insert(key, value);
                }
                return;
            }
            (None, value) => (None, value),
        };
        match key {
            Some(key) => self.metadata().insert(key.to_owned(), value),
            None => self.members.insert(member.to_owned(), value),
        };
    }

    fn metadata(&mut self) -> &mut Map<String, Value> {
        let metadata = self
            .members
            .entry(METADATA)
            .or_insert_with(|| Value::Object(Map::new()));
        if !metadata.is_object() {
            *metadata = Value::Object(Map::new());
        }
        metadata.as_object_mut().expect("it was made one")
    }

    /// The whole name, where the row has none of its parts.
    fn name(&mut self, target: &Target, text: &str) {
        let is_said = |name| {
            self.members
                .get(name)
                .is_some_and(|it: &Value| !it.is_null())
        };
        if !["first_name", "last_name"].into_iter().any(is_said) {
            self.put(target, text.trim().into());
        }
    }

    fn money(&mut self, column: &Column, target: &Target, text: &str) {
        let of_row = self.members.get("currency").and_then(Value::as_str);
        let known = of_row.or(target.currency.as_deref());
        match amount(text, known, self.mapping.options().decimal_mark) {
            Ok(money) => {
                let minor = Value::Number(Number::from(money.minor));
                self.members.insert(VALUE_CENTS.to_owned(), minor);
                if let Some(currency) = money.currency {
                    self.members.insert("currency".to_owned(), currency.into());
                }
            }
            Err(what) => self.refuse(column, target, &what),
        }
    }
}

/// What a header says of the address or number in its cells.
fn label_of(header: &str) -> Option<&'static str> {
    let letters = letters(header);
    let labels = [
        ("mobile", "mobile"),
        ("cell", "mobile"),
        ("home", "home"),
        ("work", "work"),
        ("business", "work"),
        ("other", "other"),
    ];
    let mut labels = labels.into_iter();
    labels
        .find(|(part, _)| letters.contains(part))
        .map(|(_, label)| label)
}

/// What a header says of the postal address in its cells.
fn address_label(header: &str) -> Option<&'static str> {
    let letters = letters(header);
    let labels = ["mailing", "billing", "shipping"].into_iter();
    let said = labels.into_iter().find(|label| letters.contains(label));
    said.or_else(|| label_of(header).filter(|label| *label != "mobile"))
}

fn is_text(shape: &Shape) -> bool {
    matches!(
        shape,
        Shape::Text | Shape::Part | Shape::First | Shape::Name | Shape::Money | Shape::Currency
    )
}
