//! What the cells of a row say of a record.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Map, Number, Value};

use super::columns::{Column, Mapping};
use super::members::{METADATA, METADATA_PREFIX, Target, VALUE_CENTS, members as members_of};
use crate::limits::WARNINGS_MAX;
use crate::record::file::cell::{Shape, amount};
use crate::record::file::row::{CellError, Row, Source};
use crate::record::file::writing::undefused;
use crate::value::excerpt::Quoted;

/// The JSON object that a row becomes.
struct Record<'a> {
    mapping: &'a Mapping,
    line: u64,
    members: Map<String, Value>,
    errors: Vec<CellError>,
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
        };
        match &row.source {
            Source::Cells(cells) => record.cells(cells),
            Source::Object(members) => record.object(members),
        }
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
            other => self.put(target, other.clone()),
        }
    }

    /// The value that a text says.
    fn text(&mut self, column: &Column, target: &Target, text: &str) {
        if self.is_there(target) {
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
            // Nothing listed is nothing said, unless as JSON.
            Ok(Value::Array(none)) if none.is_empty() && text.trim() != "[]" => {}
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

    fn put(&mut self, target: &Target, value: Value) {
        let member = target.slot();
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

fn is_text(shape: &Shape) -> bool {
    matches!(
        shape,
        Shape::Text | Shape::First | Shape::Name | Shape::Money | Shape::Currency
    )
}
