//! What a text that is not the id of a record of some kind was meant to be.

use super::Hint;
use crate::error::{Error, Result};
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};

/// For the id of a record of `kind`.
pub(crate) fn id_meant(kind: Kind, text: &str) -> Hint {
    let (what, prefix) = (kind.noun(), kind.prefix());
    if let Some(id) = Id::parse(text) {
        let other = id.kind();
        return Hint::sentence(format!(
            "{} is the id of {}; that of {} begins with `{prefix}_`.",
            Quoted(text),
            with_article(other.noun()),
            with_article(what),
        ));
    }
    let spelled = spelled_id(text).or_else(|| spelled_id(&format!("{prefix}_{}", text.trim())));
    match spelled {
        Some(id) if id.kind() == kind && !text.contains('_') => {
            Hint::of(id).saying(format!("Ids begin with what they are of: `{id}`."))
        }
        Some(id) if id.kind() == kind => Hint::of(id).saying(format!(
            "Ids are case-sensitive and hold no spaces: `{id}`."
        )),
        _ => Hint::sentence(format!(
            "The id of {} is `{prefix}_` and 26 letters and digits.",
            with_article(what)
        )),
    }
}

/// The id of a record of `kind` that a text names.
///
/// # Errors
/// `not_found` where it is the id of no such record, with what was most likely meant.
pub fn named_id(kind: Kind, text: &str) -> Result<Id> {
    let id = Id::parse(text).filter(|id| id.kind() == kind);
    id.ok_or_else(|| id_meant(kind, text).on(Error::not_found(kind.noun())))
}

/// The id that a text is but for its case and the spaces around it.
fn spelled_id(text: &str) -> Option<Id> {
    let (prefix, ulid) = text.trim().split_once('_')?;
    Id::from_parts(&prefix.to_lowercase(), &ulid.to_uppercase())
}

/// `a deal`, `an activity`.
pub(crate) fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u', 'A']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}
