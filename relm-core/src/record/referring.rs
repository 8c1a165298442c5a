//! By which members records refer to others: those that their objects have anyway, and custom fields of the type `reference`.

use serde_json::{Map, Value};

use super::column::ColumnType;
use super::field::{Field, custom_references, referenced};
use super::object::Object;
use super::object_type::ObjectType;
use super::reference::Reference;
use super::{Record, columns};
use crate::value::id::{Id, Kind};

/// What custom fields are under, as requests name them.
const METADATA: &str = "metadata.";

/// All that a record refers to, by its own members first.
pub(crate) fn references<T: Object>(record: &T, fields: &[Field]) -> Vec<Reference> {
    let mut references = record.references();
    references.extend(custom_references(fields, T::TYPE, record.metadata()));
    references
}

/// The same, of a record of any kind.
pub(crate) fn references_of(record: &Record, fields: &[Field]) -> Vec<Reference> {
    match record {
        Record::Contact(contact) => references(&**contact, fields),
        Record::Company(company) => references(&**company, fields),
        Record::Deal(deal) => references(&**deal, fields),
        Record::Activity(activity) => references(&**activity, fields),
        Record::Association(_)
        | Record::Field(_)
        | Record::Webhook(_)
        | Record::Delivery(_)
        | Record::Event(_)
        | Record::Key(_)
        | Record::Workspace(_)
        | Record::Trashed(_)
        | Record::User(_)
        | Record::Session(_)
        | Record::UniqueValue(_)
        | Record::Import(_)
        | Record::ImportPart(_) => Vec::new(),
    }
}

/// The members by which objects of a type can refer to records of a kind, as requests name them.
pub(crate) fn members_to(fields: &[Field], of: ObjectType, to: Kind) -> Vec<String> {
    let own = columns(of.kind()).iter();
    let own = own.filter(|column| column.ty == ColumnType::Id(Some(to)));
    let own = own.map(|column| column.name.to_owned());
    let custom = referenced(fields, of).filter(|(_, kind)| *kind == to);
    let custom = custom.map(|(field, _)| format!("{METADATA}{}", field.key));
    own.chain(custom).collect()
}

/// What a request says that has a record refer to these by these members, or to none.
pub(crate) fn body(members: impl IntoIterator<Item = (String, Option<Id>)>) -> Value {
    let (mut own, mut custom) = (Map::new(), Map::new());
    for (name, to) in members {
        let to = to.map_or(Value::Null, |id| Value::from(id.text()));
        match name.strip_prefix(METADATA) {
            Some(key) => custom.insert(key.to_owned(), to),
            None => own.insert(name, to),
        };
    }
    if !custom.is_empty() {
        own.insert("metadata".to_owned(), Value::Object(custom));
    }
    Value::Object(own)
}
