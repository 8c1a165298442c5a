//! What a write says of a list of texts: all of it, or what is added to it and removed from it.

use std::collections::HashSet;

use serde::{Deserialize, Deserializer, Serialize};

use super::member::ListMember;
use crate::error::{Error, Result};
use crate::record::check;
use crate::record::patch::Patch;
use crate::value::excerpt::Quoted;

/// What a write says of a list of texts.
///
/// Whoever adds one or removes one need not know the others: changes of several writers at once all stand.
///
/// ```
/// use relm_core::{ContactInput, ListInput};
///
/// let whole = ContactInput {
///     tags: ["vip", "2026"].into(),
///     ..Default::default()
/// };
/// let change = ContactInput {
///     tags: ListInput::change(["vip"], ["cold"]).into(),
///     ..Default::default()
/// };
/// # assert_ne!(whole, change);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ListInput {
    /// These, and no others.
    Whole(Vec<String>),
    /// These are added and those removed; the others stay.
    Change {
        /// What it has afterwards, behind what it had.
        add: Vec<String>,
        /// What it has not afterwards.
        remove: Vec<String>,
    },
}

impl ListInput {
    /// Adds these.
    pub fn add<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::Change {
            add: texts.into_iter().map(Into::into).collect(),
            remove: Vec::new(),
        }
    }

    /// Removes these.
    pub fn remove<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::Change {
            add: Vec::new(),
            remove: texts.into_iter().map(Into::into).collect(),
        }
    }

    /// Adds some and removes others.
    pub fn change<T: Into<String>, U: Into<String>>(
        add: impl IntoIterator<Item = T>,
        remove: impl IntoIterator<Item = U>,
    ) -> Self {
        Self::Change {
            add: add.into_iter().map(Into::into).collect(),
            remove: remove.into_iter().map(Into::into).collect(),
        }
    }
}

impl<T: Into<String>> From<Vec<T>> for Patch<ListInput> {
    fn from(texts: Vec<T>) -> Self {
        let texts = texts.into_iter().map(Into::into);
        Self::Set(ListInput::Whole(texts.collect()))
    }
}

impl<T: Into<String>, const N: usize> From<[T; N]> for Patch<ListInput> {
    fn from(texts: [T; N]) -> Self {
        Vec::from(texts).into()
    }
}

/// Applies what a write says to the list of a record. Where the list has the same values afterwards, it stays as it was, in its order.
///
/// # Errors
/// `validation_failed`, naming the member, for a text that is empty or too long, for one that is added and removed, and for too many.
pub(crate) fn change_list(
    member: &ListMember,
    patch: Patch<ListInput>,
    list: &mut Vec<String>,
) -> Result<()> {
    let after = match patch {
        Patch::Keep => return Ok(()),
        Patch::Clear => Vec::new(),
        Patch::Set(ListInput::Whole(texts)) => distinct(member, texts)?,
        Patch::Set(ListInput::Change { add, remove }) => {
            let (add, remove) = (distinct(member, add)?, distinct(member, remove)?);
            let removed = keys(member, &remove);
            if let Some(text) = add.iter().find(|text| removed.contains(&member.key(text))) {
                return Err(added_and_removed(member.name, text));
            }
            let kept = list.iter();
            let kept = kept.filter(|text| !removed.contains(&member.key(text)));
            distinct_of(member, kept.cloned().chain(add))
        }
    };
    // A record that has more from before can lose some.
    if after.len() > member.values_max && after.len() > list.len() {
        return Err(too_many(member, after.len()));
    }
    if keys(member, &after) != keys(member, list) {
        *list = after;
    }
    Ok(())
}

/// That a write has a value both added to a list and removed from it.
pub(crate) fn added_and_removed(name: &str, value: &str) -> Error {
    let message = format!(
        "`{name}` has {} both added and removed: leave one of the two out.",
        Quoted(value)
    );
    Error::invalid(name, message)
}

/// That a list would have so many values.
pub(crate) fn too_many(member: &ListMember, count: usize) -> Error {
    let ListMember {
        name, values_max, ..
    } = member;
    let message = format!("`{name}` takes at most {values_max} values; these are {count}.");
    Error::invalid(*name, message)
}

fn keys(member: &ListMember, texts: &[String]) -> HashSet<String> {
    texts.iter().map(|text| member.key(text)).collect()
}

/// The texts without spaces around them, each once: as it was written first.
fn distinct(member: &ListMember, texts: Vec<String>) -> Result<Vec<String>> {
    let name = member.name;
    let texts = texts.into_iter().map(|text| {
        let text = check::text(name, text.trim().to_owned(), member.chars_max)?;
        if text.is_empty() {
            let message = format!("`{name}` must not hold an empty text: leave it out.");
            return Err(Error::invalid(name, message));
        }
        Ok(text)
    });
    let texts: Vec<String> = texts.collect::<Result<_>>()?;
    Ok(distinct_of(member, texts.into_iter()))
}

fn distinct_of(member: &ListMember, texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut known = HashSet::new();
    texts
        .filter(|text| known.insert(member.key(text)))
        .collect()
}

/// Reads a list of which a document may have null, as what undoes the first value of one from before there were lists.
pub(crate) fn or_empty<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::limits::TAGS_MAX;
    use crate::record::input::Reader;
    use crate::record::object::{Contact, Object};
    use crate::value::id::{Id, Kind};
    use crate::value::scope::Mode;
    use crate::value::time::Timestamp;

    fn tagged(tags: &[&str]) -> Contact {
        let id = Id::new(Kind::Contact, 1);
        let mut contact = Contact::blank(id, Mode::Live, Timestamp::from_millis(0));
        contact.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        contact
    }

    /// What a body makes of a contact with these tags.
    fn changed(tags: &[&str], body: Value) -> Result<Vec<String>> {
        let mut reader = Reader::new(json!({ "tags": body }))?;
        let mut contact = tagged(tags);
        contact.apply(Contact::read(&mut reader)?)?;
        Ok(contact.tags)
    }

    #[test]
    fn a_list_is_replaced_or_changed_and_holds_each_value_once() {
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
        for (before, body, after) in [
            (&["a", "b"][..], json!(["c"]), &["c"][..]),
            (&["a"], json!([" b ", "c", "b", "a"]), &["b", "c", "a"]),
            (&[], json!([composed, decomposed]), &[composed]),
            (&["a"], json!([]), &[]),
            (&["a"], Value::Null, &[]),
            // The same values in another order are no change.
            (&["a", "b"], json!(["b", "a", "b"]), &["a", "b"]),
            (&[composed], json!([decomposed]), &[composed]),
            (&["a", "b"], json!({ "add": ["c", "a"] }), &["a", "b", "c"]),
            (&["a", "b"], json!({ "remove": [" a", "x"] }), &["b"]),
            (&["a"], json!({ "add": ["b"], "remove": ["a"] }), &["b"]),
            (&["a"], json!({ "add": null, "remove": [] }), &["a"]),
            (&[composed], json!({ "remove": [decomposed] }), &[]),
        ] {
            let found = changed(before, body.clone()).unwrap();
            assert_eq!(found, after, "{before:?} by {body}");
        }
    }

    #[test]
    fn what_a_list_cannot_be_is_refused() {
        let many: Vec<String> = (0..=TAGS_MAX).map(|tag| tag.to_string()).collect();
        for (body, said) in [
            (json!("vip"), "`tags` must be a list of strings"),
            (json!([1]), "its item 0 is"),
            (json!(["a", " "]), "must not hold an empty text"),
            (json!(["a".repeat(65)]), "at most 64 characters"),
            (json!(["a\0"]), "U+0000"),
            (json!(many), "`tags` takes at most 50 values; these are 51."),
            (json!({}), "such as {\"add\""),
            (
                json!({ "append": ["a"] }),
                "There is no field `append` here",
            ),
            (json!({ "add": "a" }), "must be a list of strings"),
            (
                json!({ "add": ["a"], "remove": ["a"] }),
                "both added and removed",
            ),
        ] {
            let error = changed(&["x"], body.clone()).unwrap_err();
            assert!(
                error.message().contains(said),
                "{body}: {}",
                error.message()
            );
        }
        let error = changed(&[], json!({ "append": ["a"] })).unwrap_err();
        assert_eq!(error.field(), Some("tags.append"));
        assert_eq!(error.suggestion(), Some("add"));
    }

    #[test]
    fn a_list_that_is_full_can_lose_some_and_keep_the_others() {
        let many: Vec<String> = (0..TAGS_MAX).map(|tag| tag.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(changed(&many, json!({ "add": ["new"] })).is_err());
        assert!(changed(&many, json!({ "add": ["1"] })).is_ok());
        let after = changed(&many, json!({ "add": ["new"], "remove": ["0"] })).unwrap();
        assert_eq!(after.len(), TAGS_MAX);
    }

    #[test]
    fn a_document_from_before_there_were_tags_has_none() {
        let mut document = serde_json::to_value(tagged(&["a"])).unwrap();
        assert_eq!(document["tags"], json!(["a"]));
        document["tags"] = Value::Null;
        let read: Contact = serde_json::from_value(document.clone()).unwrap();
        assert_eq!(read.tags, [""; 0]);
        document.as_object_mut().unwrap().remove("tags");
        let read: Contact = serde_json::from_value(document).unwrap();
        assert_eq!(read.tags, [""; 0]);
    }

    #[test]
    fn an_input_is_written_as_it_is_read() {
        for input in [
            ListInput::Whole(vec!["a".to_owned()]),
            ListInput::add(["a"]),
            ListInput::remove(["a"]),
            ListInput::change(["a"], ["b"]),
            ListInput::add([""; 0]),
        ] {
            let body = json!({ "tags": input });
            let read = Reader::new(body).unwrap().list("tags").unwrap();
            assert_eq!(read, Patch::Set(input));
        }
    }
}
