//! What a record has several of, each with a label, as people read it.

use serde_json::Value;

use super::postal;

/// Whether values are what a contact has several of.
fn are_of(list: &str, values: &[Value]) -> bool {
    let one = list.trim_end_matches('s');
    !values.is_empty() && values.iter().all(|value| value.get(one).is_some())
}

/// An address or a telephone number with its label.
pub(super) fn entry_of(list: &str, value: &Value) -> String {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let entry = text(list.trim_end_matches('s')).unwrap_or_default();
    match text("label") {
        Some(label) => format!("{entry} ({label})"),
        None => entry.to_owned(),
    }
}

/// Values of which each has several parts, in one line; none of others.
pub(super) fn in_one_line(values: &[Value]) -> Option<String> {
    if postal::are_addresses(values) {
        let texts = values.iter().map(postal::shown);
        return Some(texts.collect::<Vec<_>>().join("; "));
    }
    let name = ["emails", "phones"]
        .into_iter()
        .find(|name| are_of(name, values))?;
    let texts = values.iter().map(|value| entry_of(name, value));
    Some(texts.collect::<Vec<_>>().join(", "))
}
