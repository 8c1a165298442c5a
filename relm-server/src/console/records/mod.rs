//! Contacts, companies, deals and activities: listed, shown, made, changed, deleted, restored and linked.

mod amounts;
mod edges;
mod edit;
mod entries;
mod fields;
mod input;
mod link_edit;
mod links;
mod list;
mod money;
pub(super) mod names;
mod page;
mod postal;
mod remove;
mod rows;
mod tasks;
pub(super) mod timeline;
mod trash;

pub(super) use self::edit::{change, create, edit, new};
pub(super) use self::link_edit::{change_link, edit_link};
pub(super) use self::links::{link, unlink};
pub(super) use self::list::{list, unless_refused};
pub(super) use self::money::amount;
pub(super) use self::names::Names;
pub(super) use self::page::{page, text_of};
pub(super) use self::remove::{confirm, remove};
pub(super) use self::rows::{Row, of_document, references};
pub(super) use self::trash::{restore, trash};

use relm_core::{Id, ObjectType};

use super::layout::{Place, Section};

/// Where the records of a type are.
pub(super) fn path_of(place: &Place, object: ObjectType) -> String {
    place.path(Section::Records(object))
}

/// Where a record is; nowhere where it is none of the four types.
pub(super) fn path_to(place: &Place, id: Id) -> Option<String> {
    let object = ObjectType::of(id.kind())?;
    Some(format!("{}/{id}", path_of(place, object)))
}
