//! What records are called: by their ids, many at once.

use std::collections::{BTreeMap, BTreeSet};

use relm_core::limits::FILTER_IN_VALUES_MAX;
use relm_core::record::column::ColumnType;
use relm_core::record::{Document, columns};
use relm_core::{Field, FieldType, Filter, Id, ListRequest, ObjectType, Result, Scoped};
use serde_json::{Map, Value};

use crate::console::objects;
use crate::console::shown::cut;

/// Characters of a name that a page shows.
pub(in crate::console) const NAME_CHARS: usize = 60;

/// Names by ids, of the records that are there.
#[derive(Default)]
pub(in crate::console) struct Names(BTreeMap<Id, String>);

impl Names {
    /// Looks up what these records are called, of each type at once. Beyond a hundred of a type, they have no names.
    pub async fn of(scoped: &Scoped, ids: impl IntoIterator<Item = Id>) -> Result<Self> {
        let distinct: BTreeSet<Id> = ids.into_iter().collect();
        let mut names = BTreeMap::new();
        for object in ObjectType::ALL {
            let of_type = distinct.iter().filter(|id| id.kind() == object.kind());
            let texts = of_type.take(FILTER_IN_VALUES_MAX).map(Id::text);
            let texts: Vec<String> = texts.collect();
            if texts.is_empty() {
                continue;
            }
            let request = ListRequest::default()
                .filter(Filter::new("id", "in", texts.join(",")))
                .limit(texts.len());
            for document in objects::list(scoped, object, &request).await?.data {
                names.insert(document.id, of_document(&document)?);
            }
        }
        Ok(Self(names))
    }

    /// What a record is called; its id where there is none of it.
    pub fn get(&self, id: Id) -> String {
        self.0.get(&id).cloned().unwrap_or_else(|| id.text())
    }

    /// Whether the record is there.
    pub fn has(&self, id: Id) -> bool {
        self.0.contains_key(&id)
    }
}

/// What a record is called.
pub(in crate::console) fn of_document(document: &Document) -> Result<String> {
    Ok(of_members(document.id, &objects::members(document)?))
}

/// What a record of these members is called: the first of its names, or its id.
pub(in crate::console) fn of_members(id: Id, members: &Map<String, Value>) -> String {
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::trim);
    let full = [text("first_name"), text("last_name")];
    let full: Vec<&str> = full.into_iter().flatten().collect();
    let full = full.join(" ");
    let candidates = [
        Some(full.trim()),
        text("name"),
        text("title"),
        text("subject"),
        text("email"),
        text("phone"),
        text("type"),
    ];
    let mut said = candidates.into_iter().flatten();
    match said.find(|name| !name.is_empty()) {
        Some(name) => cut(name, NAME_CHARS),
        None => id.text(),
    }
}

/// The records that one refers to in custom fields.
pub(in crate::console) fn custom_references<'a>(
    fields: &'a [Field],
    metadata: &'a Map<String, Value>,
) -> impl Iterator<Item = Id> + 'a {
    let references = fields
        .iter()
        .filter(|field| field.field_type == FieldType::Reference);
    references.filter_map(|field| metadata.get(&field.key)?.as_str().and_then(Id::parse))
}

/// The records that a record of these members refers to.
pub(in crate::console) fn references(object: ObjectType, members: &Map<String, Value>) -> Vec<Id> {
    let ids = columns(object.kind()).iter().filter_map(|column| {
        let is_reference = matches!(column.ty, ColumnType::Id(_));
        let value = members.get(column.name).filter(|_| is_reference)?;
        value.as_str().and_then(Id::parse)
    });
    ids.collect()
}
