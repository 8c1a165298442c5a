//! What of its type a field takes, and what a new record gets, in words.

use relm_core::record::field::FieldOptions;
use serde_json::Value;

use super::shown::cut;

/// Characters of a pattern or a default.
const SHOWN_CHARS: usize = 100;

/// The limits of a field, each in a few words.
pub(super) fn in_words(options: &FieldOptions) -> Vec<String> {
    let limits = &options.limits;
    let said = [
        limits.min.as_ref().map(|min| format!("at least {min}")),
        limits.max.as_ref().map(|max| format!("at most {max}")),
        limits.integer.then(|| "whole".to_owned()),
        limits
            .length_max()
            .map(|max| format!("at most {max} characters")),
        limits
            .pattern
            .as_ref()
            .map(|it| format!("of the pattern {}", cut(it.as_str(), SHOWN_CHARS))),
    ];
    said.into_iter().flatten().collect()
}

/// The default of a field, where it has one.
pub(super) fn default(options: &FieldOptions) -> Option<String> {
    options.default.as_ref().map(|value| match value {
        Value::String(text) => cut(text, SHOWN_CHARS),
        other => cut(&other.to_string(), SHOWN_CHARS),
    })
}
