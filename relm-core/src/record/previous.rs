//! What a change leaves behind: the members that a document had otherwise, as its event tells them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::record::several;

/// Members that the engine keeps for itself: that they change is nobody's change.
const KEPT: [&str; 3] = ["version", "updated_at", "notified_due_at"];

/// The members of the document `before` that `after` has otherwise, but for what the engine keeps. A member that `before` does not
/// have, since it is older than the member, was null.
pub(crate) fn previous(before: &str, after: &str) -> Result<Map<String, Value>> {
    let before: Members<'_> = serde_json::from_str(before).map_err(Error::internal)?;
    let after: Members<'_> = serde_json::from_str(after).map_err(Error::internal)?;
    let mut previous = Map::new();
    for (place, (name, new)) in after.0.iter().enumerate() {
        let is_new = before.get(place, name).is_none() && !KEPT.contains(name);
        if !is_new || matches!(new.get(), "null" | "[]") {
            continue;
        }
        let was = several::before(name, |name| before.get(place, name));
        if was.as_ref() != Some(&value(new.get())?) {
            previous.insert((*name).to_owned(), was.unwrap_or_default());
        }
    }
    for (place, (name, old)) in before.0.iter().enumerate() {
        let new = after.get(place, name);
        // Most members are as they were, to the letter.
        if KEPT.contains(name) || new == Some(old.get()) {
            continue;
        }
        let old = value(old.get())?;
        if new.map(value).transpose()?.as_ref() != Some(&old) {
            previous.insert((*name).to_owned(), old);
        }
    }
    Ok(previous)
}

fn value(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(Error::internal)
}

/// The members of a document, in its order. Two documents of one type have theirs in one order, but for members that the older lacks: a
/// member is looked for at the place that it has in the other one first.
struct Members<'a>(Vec<(&'a str, &'a RawValue)>);

/// As many as records have; a document may have more.
const MEMBERS_EXPECTED: usize = 24;

impl<'a> Members<'a> {
    /// The text of a member that is likely to be at this place.
    fn get(&self, place: usize, name: &str) -> Option<&'a str> {
        let is_it = |member: &&(&str, &RawValue)| member.0 == name;
        let there = self.0.get(place).filter(is_it);
        let found = there.or_else(|| self.0.iter().find(is_it));
        found.map(|(_, value)| value.get())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a document")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(MEMBERS_EXPECTED);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reading)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(before: &str, after: &str, expected: Value) {
        assert_eq!(Value::Object(previous(before, after).unwrap()), expected);
    }

    #[test]
    fn what_differs_is_told_as_it_was() {
        let before = r#"{"title":"Engine","note":"a","stage":null,"version":1,"updated_at":"x"}"#;
        let after = r#"{"title":"Engine","note":"b","stage":"won","version":2,"updated_at":"y"}"#;
        check(before, after, json!({ "note": "a", "stage": null }));
        check(before, before, json!({}));
    }

    #[test]
    fn what_is_written_otherwise_and_means_the_same_is_no_change() {
        let before = r#"{"title":"\u0045ngine","metadata":{"a":1,"b":2}}"#;
        let after = r#"{"title":"Engine","metadata":{"b":2,"a":1}}"#;
        check(before, after, json!({}));
    }

    #[test]
    fn members_are_found_in_whatever_order_documents_have_them() {
        let before = r#"{"a":1,"b":2,"c":3}"#;
        check(before, r#"{"c":3,"b":4,"a":1}"#, json!({ "b": 2 }));
        check(before, r#"{"new":null,"a":1,"b":2,"c":3}"#, json!({}));
        check(before, r#"{"a":1,"c":3}"#, json!({ "b": 2 }));
    }

    #[test]
    fn a_member_that_a_document_is_older_than_was_null() {
        let before = r#"{"title":"Engine","version":1}"#;
        let after = r#"{"title":"Engine","lost_reason":"price","note":null,"version":2}"#;
        check(before, after, json!({ "lost_reason": null }));
    }
}
