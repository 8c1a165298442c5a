//! How much of a caller's text a message repeats: enough to recognise it, and never all of a megabyte.

use std::fmt::{self, Write as _};

use crate::limits::EXCERPT_CHARS_MAX;
use crate::value::text;

/// A caller's text as a message shows it: in backquotes, cut to its first [`EXCERPT_CHARS_MAX`] characters, with its
/// control characters escaped, and what else cannot be seen. Joiners and selectors of variants, which scripts and emoji are
/// written with, stay.
///
/// Whatever a message repeats of a request goes through here: `format!("There is no field {}.", Quoted(name))`.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('`')?;
        let mut chars = self.0.chars();
        for char in chars.by_ref().take(EXCERPT_CHARS_MAX) {
            if is_escaped(char) {
                write!(f, "{}", char.escape_debug())?;
            } else {
                f.write_char(char)?;
            }
        }
        f.write_str(if chars.next().is_some() { "…`" } else { "`" })
    }
}

fn is_escaped(char: char) -> bool {
    let is_written_with = matches!(char, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}');
    char.is_control() || text::is_invisible(char) && !is_written_with
}

/// The text, or as much of its beginning as takes `bytes_max` bytes within a JSON string, and then an ellipsis.
pub(crate) fn cut(mut text: String, bytes_max: usize) -> String {
    // No byte of a text takes more than the six of an escape: most texts are never counted.
    if text.len() * JSON_BYTES_PER_BYTE_MAX <= bytes_max || json_bytes(&text) <= bytes_max {
        return text;
    }
    let mut left = bytes_max.saturating_sub(ELLIPSIS.len());
    let end =
        text.char_indices()
            .find_map(|(at, char)| match left.checked_sub(json_bytes_of(char)) {
                Some(rest) => {
                    left = rest;
                    None
                }
                None => Some(at),
            });
    text.truncate(end.unwrap_or(text.len()));
    text.push_str(ELLIPSIS);
    text
}

const ELLIPSIS: &str = "…";
const JSON_BYTES_PER_BYTE_MAX: usize = r"\u0000".len();

/// What the text takes within a JSON string (RFC 8259, section 7), as it is written here: escaped only where it must be.
pub(crate) fn json_bytes(text: &str) -> usize {
    text.chars().map(json_bytes_of).sum()
}

fn json_bytes_of(char: char) -> usize {
    match char {
        '"' | '\\' | '\u{8}' | '\u{C}' | '\n' | '\r' | '\t' => 2,
        '\0'..='\u{1F}' => JSON_BYTES_PER_BYTE_MAX,
        _ => char.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_quoted_text_is_cut_and_shows_no_control_characters() {
        for (text, shown) in [
            ("email", "`email`".to_owned()),
            ("", "``".to_owned()),
            ("O'Brien \"x\" हिन्दी", "`O'Brien \"x\" हिन्दी`".to_owned()),
            ("a\nb\u{1b}[31m", "`a\\nb\\u{1b}[31m`".to_owned()),
            (
                "a\u{200B}b\u{202E}c\u{FEFF}",
                "`a\\u{200b}b\\u{202e}c\\u{feff}`".to_owned(),
            ),
            (
                "👩\u{200D}💻❤\u{FE0F}",
                "`👩\u{200D}💻❤\u{FE0F}`".to_owned(),
            ),
            (
                &"é".repeat(EXCERPT_CHARS_MAX),
                format!("`{}`", "é".repeat(EXCERPT_CHARS_MAX)),
            ),
            (
                &"é".repeat(1 << 20),
                format!("`{}…`", "é".repeat(EXCERPT_CHARS_MAX)),
            ),
        ] {
            assert_eq!(Quoted(text).to_string(), shown);
        }
    }

    proptest! {
        #[test]
        fn a_cut_text_keeps_to_its_bytes_in_json(text: String, bytes_max in 3_usize..40) {
            let bytes = |text: &str| serde_json::to_string(text).unwrap().len() - 2;
            prop_assert_eq!(json_bytes(&text), bytes(&text));
            let short = cut(text.clone(), bytes_max);
            prop_assert!(bytes(&short) <= bytes_max);
            if bytes(&text) <= bytes_max {
                prop_assert_eq!(short, text);
            } else {
                let kept = short.strip_suffix('…').unwrap();
                prop_assert!(text.starts_with(kept));
                let next = text[kept.len()..].chars().next().unwrap();
                prop_assert!(bytes(&short) + json_bytes_of(next) > bytes_max);
            }
        }
    }
}
