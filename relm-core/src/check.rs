//! Which texts a record accepts: lengths, e-mail addresses, currencies.

use crate::error::{Error, Result};
use crate::excerpt::Quoted;
use crate::hint;
use crate::limits::{INTEGER_MAX, TEXT_CHARS_MAX};
use crate::text;

/// A text of at most `chars_max` characters without NUL, which not every database can keep.
pub(crate) fn text(name: &str, value: String, chars_max: usize) -> Result<String> {
    if value.contains('\0') {
        return Err(Error::invalid(
            name,
            format!("`{name}` must not contain the character U+0000."),
        ));
    }
    // A text of so many bytes cannot have more characters: most texts are never counted.
    if value.len() > chars_max && value.chars().count() > chars_max {
        return Err(Error::invalid(
            name,
            format!(
                "`{name}` must be at most {chars_max} characters; it has {}.",
                value.chars().count()
            ),
        ));
    }
    Ok(value)
}

/// An ordinary text.
pub(crate) fn short_text(name: &str) -> impl FnOnce(String) -> Result<String> + '_ {
    move |value| text(name, value, TEXT_CHARS_MAX)
}

/// An ordinary text with something in it.
pub(crate) fn required_text(name: &str) -> impl FnOnce(String) -> Result<String> + '_ {
    move |value| {
        let value = text(name, value, TEXT_CHARS_MAX)?;
        if value.trim().is_empty() {
            return Err(Error::invalid(
                name,
                format!("`{name}` is required: it must not be empty."),
            ));
        }
        Ok(value)
    }
}

/// An e-mail address, trimmed; its case is kept.
pub(crate) fn email(value: String) -> Result<String> {
    match text::email(&value) {
        Ok(trimmed) if trimmed.len() == value.len() => Ok(value),
        Ok(trimmed) => Ok(trimmed.to_owned()),
        Err(message) => {
            let message = format!("{}, not {}.", message.trim_end_matches('.'), Quoted(&value));
            Err(hint::email_meant(&value).on(Error::invalid("email", message)))
        }
    }
}

/// An ISO 4217 code, upper-cased.
pub(crate) fn currency(value: String) -> Result<String> {
    text::currency(&value).map(str::to_owned).ok_or_else(|| {
        let given = Quoted(&value);
        let message =
            format!("`currency` must be an ISO 4217 code such as USD or EUR, not {given}.");
        hint::currency_meant(&value).on(Error::invalid("currency", message))
    })
}

/// An integer that every JSON reader keeps exact.
pub(crate) fn integer(name: &str) -> impl FnOnce(i64) -> Result<i64> + '_ {
    move |value| {
        if value.unsigned_abs() <= INTEGER_MAX.unsigned_abs() {
            return Ok(value);
        }
        Err(Error::invalid(
            name,
            format!("`{name}` must be an integer between -{INTEGER_MAX} and {INTEGER_MAX}."),
        ))
    }
}

/// A required text that a new record has.
pub(crate) fn present(name: &str, value: &str) -> Result<()> {
    if value.is_empty() {
        return Err(Error::invalid(name, format!("`{name}` is required.")));
    }
    Ok(())
}
