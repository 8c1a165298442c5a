//! Which values a record accepts: texts by their lengths, e-mail addresses, currencies, choices.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{INTEGER_MAX, TEXT_CHARS_MAX};
use crate::record::hint;
use crate::record::patch::Patch;
use crate::value::email::{self, EmailError};
use crate::value::excerpt::Quoted;
use crate::value::host;
use crate::value::spelling::OtherNames;
use crate::value::text::{self, nfc};

/// A text of at most `chars_max` characters without NUL, which not every database can keep.
pub(crate) fn text(name: &str, value: String, chars_max: usize) -> Result<String> {
    if value.contains('\0') {
        return Err(Error::invalid(
            name,
            format!("`{name}` must not contain the character U+0000."),
        ));
    }
    // A text of so many bytes cannot have more characters, composed or not: most texts are never counted.
    let is_over = |text: &str| text.chars().count() > chars_max;
    if value.len() > chars_max && (is_over(&value) || is_over(&nfc(&value))) {
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

/// An e-mail address, trimmed and composed. Its case is kept, and that of the address as it is `known` where the two are
/// one mailbox: another spelling is no change.
pub(crate) fn email(known: Option<String>) -> impl FnOnce(String) -> Result<String> {
    move |value| match known {
        Some(known) if known == value => Ok(known),
        known => {
            let address = email::parse(&value).map_err(|error| match error {
                EmailError::Invisible(char) => twin("email", &value, char, |seen| {
                    email::parse(seen).ok().map(Cow::into_owned)
                }),
                EmailError::TooLong | EmailError::Form => {
                    let message = format!("{error}, not {}.", Quoted(&value));
                    hint::email_meant(&value).on(Error::invalid("email", message))
                }
            })?;
            let is_same = |known: &String| email::key(known) == email::key(&address);
            Ok(known
                .filter(is_same)
                .unwrap_or_else(|| address.into_owned()))
        }
    }
}

/// That a value holds a character that cannot be seen, so that it is another than what it looks like; `parse` gives what the
/// value is without such.
pub(crate) fn twin(
    name: &str,
    value: &str,
    char: char,
    parse: impl FnOnce(&str) -> Option<String>,
) -> Error {
    let seen: String = value
        .chars()
        .filter(|char| !text::is_invisible(*char))
        .collect();
    let code = u32::from(char);
    let message =
        format!("`{name}` holds the character U+{code:04X}, which cannot be seen: remove it.");
    let error = Error::invalid(name, message);
    match parse(&seen) {
        Some(meant) => error.suggest(&[&meant]),
        None => error,
    }
}

/// A company's domain, reduced to its bare host. What is written with a joiner can be given in its `xn--` form.
pub(crate) fn domain(value: String) -> Result<String> {
    let value = text("domain", value, TEXT_CHARS_MAX)?;
    if let Some(char) = text::invisible(&value) {
        return Err(twin("domain", &value, char, host::bare));
    }
    host::bare(&value).ok_or_else(|| {
        Error::invalid(
            "domain",
            format!(
                "`domain` must be a domain name such as example.com, or a URL of one, not {}.",
                Quoted(&value)
            ),
        )
    })
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

/// A member that must be given, and not as null.
pub(crate) fn required<T>(name: &str, patch: Patch<T>) -> Result<T> {
    match patch {
        Patch::Set(value) => Ok(value),
        Patch::Keep | Patch::Clear => Err(Error::invalid(name, format!("`{name}` is required."))),
    }
}

/// A required text that must be one of a closed list.
pub(crate) fn required_choice<T, const N: usize>(
    name: &str,
    patch: Patch<String>,
    options: [&'static str; N],
    others: OtherNames,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T> {
    let options_text = options.join(", ");
    let text = required(name, patch).map_err(|_| {
        let message = format!("`{name}` is required: one of {options_text}.");
        Error::invalid(name, message).options("", options)
    })?;
    parse(&text).ok_or_else(|| {
        let message = format!(
            "`{name}` must be one of {options_text}, not {}.",
            Quoted(&text)
        );
        Error::new(ErrorKind::UnknownValue, message)
            .at(name)
            .options_or(&text, options, others)
    })
}
