//! Which texts are e-mail addresses, and which two are one.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;

use crate::limits::{EMAIL_BYTES_MAX, EMAIL_LOCAL_BYTES_MAX};
use crate::value::host;
use crate::value::text::{self, fold_simple, nfc};

/// The e-mail address that the text is: in NFC, without the white space around it. Its case stays.
///
/// Its form is RFC 5321's mailbox with international characters (RFC 6531): a local part of atoms with dots between them, or
/// in quotes, and a domain name. A domain of one label is one (`root@intranet`); a display name (`Ada <ada@example.com>`) and
/// a literal (`ada@[192.0.2.1]`) are refused.
///
/// No character of it is [invisible](text::is_invisible), though some scripts write joiners: an address with one would be a twin
/// of the address without, which nobody can tell from it.
///
/// # Errors
/// When the text has another form, an invisible character or more than [`EMAIL_BYTES_MAX`] bytes.
pub fn parse(text: &str) -> Result<Cow<'_, str>, EmailError> {
    let trimmed = text.trim();
    // Composing makes a text at most three times as short; measured first, it bounds the work of what follows.
    if trimmed.len() > 3 * EMAIL_BYTES_MAX {
        return Err(EmailError::TooLong);
    }
    if let Some(char) = text::invisible(trimmed) {
        return Err(EmailError::Invisible(char));
    }
    let address = nfc(trimmed);
    if address.len() > EMAIL_BYTES_MAX {
        return Err(EmailError::TooLong);
    }
    match address.rsplit_once('@') {
        Some((local, domain)) if is_local_part(local) && host::ascii(domain).is_some() => {
            Ok(address)
        }
        _ => Err(EmailError::Form),
    }
}

/// Why a text is no e-mail address, and what would be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// It has more than [`EMAIL_BYTES_MAX`] bytes.
    #[error("An e-mail address must be at most {} bytes", EMAIL_BYTES_MAX)]
    TooLong,
    /// It holds this character, for which nothing is shown.
    #[error("An e-mail address must hold no character that cannot be seen, such as U+{:04X}", u32::from(.0.to_owned()))]
    Invisible(char),
    /// It has another form.
    #[error("An e-mail address must be one such as ada@example.com")]
    Form,
}

/// What an address is compared by, and what is unique: two spellings of one mailbox have one key.
///
/// The local part is in NFC with its case folded character by character (Unicode's simple folding, which makes no two names
/// of one length another's: `straße` is not `strasse`), and without quotes that it does not need; the domain is in its
/// [one form](host::ascii). A text that is no address has a key too, since one may be asked for; it begins with no
/// white space either.
pub fn key(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() && !text.contains('"') {
        return text.to_ascii_lowercase();
    }
    let address = nfc(text);
    let Some((local, domain)) = address.rsplit_once('@') else {
        return folded(&address);
    };
    let mut key = folded(&unquoted(local));
    key.push('@');
    match host::ascii(domain) {
        Some(domain) => key.push_str(&domain),
        None => key.push_str(&folded(domain)),
    }
    key
}

/// Folding may leave what composes: `nfc` again makes the key of a key that key.
fn folded(text: &str) -> String {
    nfc(&fold_simple(text)).into_owned()
}

fn is_local_part(local: &str) -> bool {
    let is_long = local.len() > EMAIL_LOCAL_BYTES_MAX;
    !is_long && (is_dot_string(local) || quoted_content(local).is_some())
}

/// `Dot-string` of RFC 5321, section 4.1.2.
fn is_dot_string(text: &str) -> bool {
    text.split('.').all(is_atom)
}

/// Letters, digits and the punctuation of `atext` (RFC 5322, section 3.2.3). Beyond ASCII RFC 6531 takes every character;
/// here it is letters and digits of every script, the marks on them, and the points that some scripts write between two of them.
fn is_atom(text: &str) -> bool {
    let mut is_on_letter = false;
    let mut fits = |char: char| {
        let is_part = match char {
            _ if char.is_alphanumeric() => true,
            '!' | '#'..='\'' | '*' | '+' | '-' | '/' | '=' | '?' | '^'..='`' | '{'..='~' => {
                is_on_letter = false;
                return true;
            }
            // The points that RFC 5892, appendix A, takes in context: of Catalan, Greek, Hebrew, Japanese.
            '·' | '\u{375}' | '\u{5F3}' | '\u{5F4}' | '\u{30FB}' => is_on_letter,
            _ => is_on_letter && is_combining_mark(char),
        };
        is_on_letter = is_part;
        is_part
    };
    !text.is_empty() && text.chars().all(&mut fits)
}

/// What stands between the quotes of a `Quoted-string` (RFC 5321, section 4.1.2), its escapes undone; none where the text is
/// no such string, or an empty one, which names nobody.
fn quoted_content(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut content = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        let char = match char {
            '"' => return None,
            '\\' => chars.next().filter(|char| matches!(char, ' '..='~'))?,
            ' '..='~' => char,
            _ if char.is_ascii() || char.is_control() => return None,
            _ => char,
        };
        content.push(char);
    }
    (!content.is_empty()).then_some(content)
}

/// A local part without quotes, where it says the same without: `"ada"@example.com` is `ada@example.com`.
fn unquoted(local: &str) -> Cow<'_, str> {
    match quoted_content(local) {
        Some(content) if is_dot_string(&content) => Cow::Owned(content),
        _ => Cow::Borrowed(local),
    }
}

#[cfg(test)]
mod tests;
