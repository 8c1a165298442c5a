//! References from one record to another.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::record::hint;
use crate::record::patch::Patch;
use crate::value::id::{Id, Kind};

/// A reference from one record to another, by the name of the member that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The member: a custom field is `metadata.` and its key.
    pub name: Cow<'static, str>,
    /// The kind that it must refer to.
    pub kind: Kind,
    /// The id that it holds.
    pub id: Option<Id>,
}

/// A reference to a record that is not there.
pub(crate) fn lost_reference(reference: Reference) -> Error {
    let Reference { name, kind, id } = reference;
    let error = invalid_reference(&name, kind);
    match id {
        Some(id) => error.adding(&format!("There is no `{id}`.")).losing(id),
        None => error,
    }
}

pub(crate) fn invalid_reference(name: &str, kind: Kind) -> Error {
    let what = kind.name();
    Error::new(
        ErrorKind::InvalidReference,
        format!("`{name}` must be the id of an existing {what}."),
    )
    .at(name)
}

/// The id of a record of `kind` that a text is.
pub(crate) fn id(name: &str, kind: Kind, text: Patch<String>) -> Result<Patch<Id>> {
    match text {
        Patch::Keep => Ok(Patch::Keep),
        Patch::Clear => Ok(Patch::Clear),
        Patch::Set(text) => match Id::parse(&text) {
            Some(id) if id.kind() == kind => Ok(Patch::Set(id)),
            _ => Err(hint::id_meant(kind, &text).on(invalid_reference(name, kind))),
        },
    }
}
