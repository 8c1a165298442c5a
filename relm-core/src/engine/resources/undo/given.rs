//! Which values of a list a survivor got of records that come back.

use serde_json::{Map, Value};

use super::past::value_of;
use crate::record::MemberChange;
use crate::record::object::Object;

/// Whether a member has several values.
pub(super) fn is_list<T: Object>(name: &str) -> bool {
    T::LISTS.iter().any(|list| list.member().name == name)
}

/// Whether each value that a list got is one that some of these have.
pub(super) fn are_given(givers: &[Map<String, Value>], name: &str, change: &MemberChange) -> bool {
    let values = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let before = values(&change.from);
    let mut got = values(&change.to).into_iter();
    got.all(|value| {
        let mut givers = givers.iter();
        before.contains(&value)
            || givers.any(|giver| values(value_of(giver, name)).contains(&value))
    })
}
