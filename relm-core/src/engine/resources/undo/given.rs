//! Whether what a survivor got of merged records is of some that come back.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::past::value_of;
use crate::record::MemberChange;
use crate::record::object::Object;

/// Whether two values of a member are one: a list of none is one that is not there, as in what is older than the list.
pub(super) fn is_same<T: Object>(name: &str, one: &Value, other: &Value) -> bool {
    let is_list = T::LISTS.iter().any(|list| list.member().name == name);
    let is_none = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    one == other || is_list && is_none(one) && is_none(other)
}

/// Whether the value that a member got is one that some of these have; of a list, each of the values that it got.
pub(super) fn is_returned<T: Object>(
    givers: &[Map<String, Value>],
    name: &str,
    change: &MemberChange,
) -> bool {
    let is_list = T::LISTS.iter().any(|list| list.member().name == name);
    if !is_list {
        let mut givers = givers.iter();
        return change.to.is_null() || givers.any(|giver| *value_of(giver, name) == change.to);
    }
    let values = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let before = values(&change.from);
    let mut got = values(&change.to).into_iter();
    got.all(|value| {
        let mut givers = givers.iter();
        before.contains(&value)
            || givers.any(|giver| values(value_of(giver, name)).contains(&value))
    })
}

/// Whether the values of members that are one value, such as an amount and its currency, are those that one of these has; or nothing.
pub(super) fn are_returned(
    givers: &[Map<String, Value>],
    together: &[&str],
    changes: &BTreeMap<&str, &MemberChange>,
    now: &Map<String, Value>,
) -> bool {
    let mut changed = changes.iter().filter(|(name, _)| together.contains(name));
    let has_all = |giver: &Map<String, Value>| {
        let mut all = together.iter();
        all.all(|name| value_of(giver, name) == value_of(now, name))
    };
    changed.all(|(_, change)| change.to.is_null()) || givers.iter().any(has_all)
}
