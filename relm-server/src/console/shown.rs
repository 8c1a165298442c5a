//! How texts are shown: cut to what a page has room for, and messages with what they quote set apart.

use std::fmt::{self, Write as _};

use askama::filters::HtmlSafe;
use relm_core::{Error, ErrorKind};

/// What is said where a form was sent, then filled in differently, and sent again.
const SENT_BEFORE: &str = "This form was sent before with something else in it, and that was done. Look for what it made; for another one, \
                           open the form anew.";

/// What a message of the engine says: what stands in backquotes in it is code on a page, and everything is escaped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a>(pub &'a str);

impl<'a> Message<'a> {
    /// What an error says; of a form, which has no headers, in the words of a form.
    pub fn of(error: &'a Error) -> Self {
        match error.kind() {
            ErrorKind::IdempotencyConflict => Self(SENT_BEFORE),
            _ => Self(error.message()),
        }
    }
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((before, after)) = rest.split_once('`') {
            let Some((quoted, end)) = after.split_once('`') else {
                break;
            };
            escape(f, before)?;
            f.write_str("<code>")?;
            escape(f, quoted)?;
            f.write_str("</code>")?;
            rest = end;
        }
        escape(f, rest)
    }
}

/// It is made of texts that were escaped, and of tags of its own.
impl HtmlSafe for Message<'_> {}

fn escape(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for char in text.chars() {
        match escaped(char) {
            Some(escaped) => f.write_str(escaped)?,
            None => f.write_char(char)?,
        }
    }
    Ok(())
}

/// What a page has instead of a character that means something to it.
const fn escaped(char: char) -> Option<&'static str> {
    match char {
        '&' => Some("&#38;"),
        '<' => Some("&#60;"),
        '>' => Some("&#62;"),
        '"' => Some("&#34;"),
        '\'' => Some("&#39;"),
        _ => None,
    }
}

/// The bytes that a text takes in a page.
pub(super) fn bytes_in_page(text: &str) -> usize {
    text.chars().map(bytes_of).sum()
}

fn bytes_of(char: char) -> usize {
    escaped(char).map_or(char.len_utf8(), str::len)
}

/// The text, or its first characters and an ellipsis.
pub(super) fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// As much of the text as takes so many bytes in a page, and whether that is not all of it.
pub(super) fn cut_to_bytes(text: &str, bytes_max: usize) -> (&str, bool) {
    let mut left = bytes_max;
    for (at, char) in text.char_indices() {
        match left.checked_sub(bytes_of(char)) {
            Some(rest) => left = rest,
            None => return (&text[..at], true),
        }
    }
    (text, false)
}

/// A number as people read it: `10,000`.
pub(super) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes that a JSON text takes in a page.
const JSON_BYTES: usize = 48 * 1024;

/// A JSON text as people read it, its members in their order, and whether it is cut.
pub(super) fn json_of_page(json: &str) -> (String, bool) {
    let laid_out = laid_out(json);
    let (shown, is_cut) = cut_to_bytes(&laid_out, JSON_BYTES);
    (shown.to_owned(), is_cut)
}

/// JSON without white space, with each member on a line of its own.
fn laid_out(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut is_text = false;
    let mut chars = json.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' => is_text = !is_text,
            '\\' if is_text => {
                text.push(char);
                text.extend(chars.next());
                continue;
            }
            _ => {}
        }
        match char {
            _ if is_text => text.push(char),
            '{' | '[' if chars.next_if(|next| matches!(next, '}' | ']')).is_some() => {
                text.push_str(if char == '{' { "{}" } else { "[]" });
            }
            '{' | '[' => {
                depth += 1;
                text.push(char);
                new_line(&mut text, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut text, depth);
                text.push(char);
            }
            ',' => {
                text.push(char);
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            _ => text.push(char),
        }
    }
    text
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn json_is_laid_out_and_stays_the_same() {
        let json = r#"{"b":"x:{,\"}","a":[1,{"n":null}],"e":{},"l":[],"s":"\\"}"#;
        let shown = laid_out(json);
        assert_eq!(
            shown,
            "{\n  \"b\": \"x:{,\\\"}\",\n  \"a\": [\n    1,\n    {\n      \"n\": null\n    }\n  ],\n  \"e\": {},\n  \"l\": [],\n  \"s\": \"\\\\\"\n}"
        );
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(read(&shown), read(json));
        let long = format!("[{}1]", "1,".repeat(60_000));
        let (shown, is_cut) = json_of_page(&long);
        assert!(is_cut && shown.len() <= JSON_BYTES);
    }

    #[test]
    fn what_a_message_quotes_is_code_and_nothing_in_it_is_a_tag() {
        for (message, shown) in [
            ("Plain.", "Plain."),
            (
                "`email` is no `<b>`.",
                "<code>email</code> is no <code>&#60;b&#62;</code>.",
            ),
            (
                "an odd ` stays & is 'text'",
                "an odd ` stays &#38; is &#39;text&#39;",
            ),
            ("``", "<code></code>"),
            ("\"é\" `a` `", "&#34;é&#34; <code>a</code> `"),
        ] {
            assert_eq!(Message(message).to_string(), shown);
        }
    }

    #[test]
    fn a_form_that_was_sent_before_is_told_of_no_headers() {
        let error = Error::new(ErrorKind::IdempotencyConflict, "This `Idempotency-Key` …");
        assert_eq!(Message::of(&error).to_string(), SENT_BEFORE);
        let error = Error::new(ErrorKind::Conflict, "`email` is taken.");
        assert_eq!(
            Message::of(&error).to_string(),
            "<code>email</code> is taken."
        );
    }

    #[test]
    fn a_number_is_read_by_its_thousands() {
        for (number, shown) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-12_345_678, "-12,345,678"),
        ] {
            assert_eq!(count(number), shown);
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("añb", 3), "añb");
        assert_eq!(cut("añ b", 3), "añ…");
        assert_eq!(cut_to_bytes("a\"é", 6), ("a\"", true));
        assert_eq!(cut_to_bytes("a\"é", 8), ("a\"é", false));
        assert_eq!(bytes_in_page("a\"é<"), 1 + 5 + 2 + 5);
    }
}
