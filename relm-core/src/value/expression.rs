//! Regular expressions that people write: of the syntax that JSON Schema and JavaScript have in common with ours, and matched in time
//! that is linear in the text.
//!
//! An expression is compiled when it is asked for the first time, to a bounded size, and kept with whatever holds it: a configuration is
//! read once for a version, so that its expressions are compiled once.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::{Arc, OnceLock};

use regex_lite::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::limits::{FIELD_PATTERN_BYTES_MAX, FIELD_PATTERN_CHARS_MAX};

/// Groups within groups.
const NESTED_MAX: u32 = 20;

/// What a compiled expression takes in memory, nearly: itself, and twice as much for where its matching stands.
pub(crate) const EXPRESSION_BYTES: usize = 3 * FIELD_PATTERN_BYTES_MAX;

/// A regular expression, which a text matches that has it anywhere: `^` and `$` are its ends.
///
/// It takes what JSON Schema asks of a `pattern`: characters, `.`, classes such as `[A-Z0-9_]`, `\d`, `\w` and `\s` of ASCII, `^`, `$`,
/// `\b`, alternatives, groups, and repetitions. What no linear time allows, references to groups and look-around, it does not take.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Expression {
    text: String,
    compiled: OnceLock<Option<Arc<Regex>>>,
}

impl Expression {
    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a text matches, in time in proportion to the text, times the size of the expression. What is no expression matches nothing.
    pub fn matches(&self, text: &str) -> bool {
        let compiled = self
            .compiled
            .get_or_init(|| compile(&self.text).ok().map(Arc::new));
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    /// Whether it is an expression.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence goes on after "because".
    pub fn check(&self) -> Result<(), String> {
        compile(&self.text).map(drop)
    }
}

impl From<String> for Expression {
    fn from(text: String) -> Self {
        Self {
            text,
            compiled: OnceLock::new(),
        }
    }
}

impl From<&str> for Expression {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.text
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

fn compile(text: &str) -> Result<Regex, String> {
    let chars = text.chars().count();
    if chars > FIELD_PATTERN_CHARS_MAX {
        return Err(format!(
            "it has {chars} characters, and can have {FIELD_PATTERN_CHARS_MAX}"
        ));
    }
    let translated = Translation::of(text)?;
    let mut builder = RegexBuilder::new(&translated);
    builder
        .size_limit(FIELD_PATTERN_BYTES_MAX)
        .nest_limit(NESTED_MAX);
    builder.build().map_err(|error| {
        let error = error.to_string();
        match error.contains("size limit") {
            true => "it is too large: what is repeated `{1,64}` times counts 64 times. `max_length` bounds a text".to_owned(),
            false => error,
        }
    })
}

/// What is of the common syntax, as it is compiled: groups remember nothing, which would cost memory for each of them.
struct Translation<'a> {
    chars: Peekable<Chars<'a>>,
    text: String,
}

/// Characters that stand for themselves after a backslash.
const SYNTAX: &str = r"^$\.*+?()[]{}|/";

impl<'a> Translation<'a> {
    fn of(text: &'a str) -> Result<String, String> {
        let mut translation = Self {
            chars: text.chars().peekable(),
            text: String::with_capacity(text.len() + 16),
        };
        // Whether there is something before that can be repeated.
        let mut is_item = false;
        while let Some(char) = translation.chars.next() {
            is_item = translation.item(char, is_item)?;
        }
        Ok(translation.text)
    }

    fn item(&mut self, char: char, is_item: bool) -> Result<bool, String> {
        match char {
            '\\' => return self.escape(SYNTAX),
            '[' => self.class()?,
            '(' => {
                let is_special = self.chars.next_if_eq(&'?').is_some();
                if is_special && self.chars.next_if_eq(&':').is_none() {
                    return Err(
                        "a group is `(…)` or `(?:…)`: look-around, names and flags are not taken"
                            .to_owned(),
                    );
                }
                self.text.push_str("(?:");
                return Ok(false);
            }
            ']' | '}' => return Err(format!("`{char}` closes nothing: write `\\{char}`")),
            '*' | '+' | '?' | '{' => {
                self.repetition(char, is_item)?;
                return Ok(false);
            }
            '^' | '$' | '|' => {
                self.text.push(char);
                return Ok(false);
            }
            other => self.text.push(other),
        }
        Ok(true)
    }

    /// What a backslash makes of the next character; whether it can be repeated.
    fn escape(&mut self, syntax: &str) -> Result<bool, String> {
        let Some(char) = self.chars.next() else {
            return Err("it ends in a `\\`".to_owned());
        };
        self.text.push('\\');
        self.text.push(char);
        match char {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'n' | 'r' | 't' | 'f' | 'v' => Ok(true),
            'b' | 'B' => Ok(false),
            'x' => self.digits(2),
            'u' => self.digits(4),
            other if syntax.contains(other) => Ok(true),
            other => Err(format!("`\\{other}` is not taken")),
        }
    }

    fn digits(&mut self, count: usize) -> Result<bool, String> {
        for _ in 0..count {
            let Some(digit) = self.chars.next_if(char::is_ascii_hexdigit) else {
                return Err(
                    "a character by its number is `\\x` with two hexadecimal digits or `\\u` with four"
                        .to_owned(),
                );
            };
            self.text.push(digit);
        }
        Ok(true)
    }

    fn class(&mut self) -> Result<(), String> {
        self.text.push('[');
        if self.chars.next_if_eq(&'^').is_some() {
            self.text.push('^');
        }
        let mut is_first = true;
        while let Some(char) = self.chars.next() {
            match char {
                '\\' => drop(self.escape(r"^$\.*+?()[]{}|/-")?),
                '[' => return Err("within `[…]`, write `\\[` for a bracket".to_owned()),
                ']' if is_first => return Err("`[…]` is empty".to_owned()),
                ']' => {
                    self.text.push(']');
                    return Ok(());
                }
                other => self.text.push(other),
            }
            is_first = false;
        }
        Err("a `[` is not closed".to_owned())
    }

    /// `*`, `+`, `?`, `{2}`, `{2,}` or `{2,5}`, each perhaps with a `?` after it.
    fn repetition(&mut self, char: char, is_item: bool) -> Result<(), String> {
        if !is_item {
            return Err(format!(
                "there is nothing before a `{char}` that can be repeated: write `\\{char}`"
            ));
        }
        self.text.push(char);
        if char == '{' {
            let mut counts = String::new();
            while let Some(next) = self
                .chars
                .next_if(|next| next.is_ascii_digit() || *next == ',')
            {
                counts.push(next);
            }
            let (least, most) = counts.split_once(',').unwrap_or((&counts, ""));
            let is_count = !least.is_empty() && !most.contains(',');
            if !is_count || self.chars.next_if_eq(&'}').is_none() {
                return Err(
                    "a repetition is `{2}`, `{2,}` or `{2,5}`: write `\\{` for a brace".to_owned(),
                );
            }
            self.text.push_str(&counts);
            self.text.push('}');
        }
        if self.chars.next_if_eq(&'?').is_some() {
            self.text.push('?');
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_matches_that_has_the_expression_anywhere() {
        for (expression, text, is_match) in [
            ("b", "abc", true),
            ("^b", "abc", false),
            ("^[A-Z]{2}-\\d+$", "AB-17", true),
            ("^[A-Z]{2}-\\d+$", "AB-17\n", false),
            ("^(a|b)(?:c)+?$", "bcc", true),
            ("^\\w+$", "é", false),
            ("^.$", "é", true),
            ("^[^\\s\\-\\]]{2,}$", "a-", false),
            ("^\\u00e9\\x41$", "éA", true),
            ("", "", true),
            ("^\\/\\$$", "/$", true),
            ("^(?:)$", "", true),
        ] {
            let expression = Expression::from(expression);
            assert_eq!(expression.check(), Ok(()), "{expression:?}");
            assert_eq!(expression.matches(text), is_match, "{expression:?} {text}");
        }
    }

    #[test]
    fn what_others_read_otherwise_is_not_taken() {
        for expression in [
            "(?i)a",
            "(?=a)",
            "(?<n>a)",
            "(?P<n>a)",
            "(a)\\1",
            "\\p{L}",
            "\\A",
            "\\z",
            "\\_",
            "a++",
            "a**",
            "*a",
            "a|*",
            "(*)",
            "^*",
            "\\b+",
            "[[:alpha:]]",
            "[]a]",
            "[]",
            "[^]",
            "[a&&b]",
            "]",
            "}",
            "{",
            "a{",
            "a{,3}",
            "a{ 2 }",
            "a{1,2,3}",
            "a{3,2}",
            "[z-a]",
            "(",
            ")",
            "\\",
            "[\\",
            "\\x4",
            "\\u{41}",
            "[\\b]",
            "\\b{start}",
        ] {
            let expression = Expression::from(expression);
            let refusal = expression.check();
            assert!(refusal.is_err(), "{expression:?}");
            assert!(!expression.matches("a"), "{expression:?}");
        }
    }

    #[test]
    fn an_expression_is_bounded_however_it_is_written() {
        for (expression, is_taken) in [
            ("[a-z]{1,50}".to_owned(), true),
            ("[a-z]{1,1000}".to_owned(), false),
            ("(a{100}){100}".to_owned(), false),
            ("(?:){999999999}".to_owned(), false),
            ("a".repeat(200), true),
            ("a?".repeat(FIELD_PATTERN_CHARS_MAX / 2 + 1), false),
            ("(".repeat(40) + &")".repeat(40), false),
            ("a{99999999999}".to_owned(), false),
        ] {
            let expression = Expression::from(expression);
            assert_eq!(expression.check().is_ok(), is_taken, "{expression:?}");
        }
    }

    #[test]
    fn an_expression_is_one_by_its_text() {
        let expression = Expression::from("^a$");
        assert!(expression.matches("a"));
        assert_eq!(expression, Expression::from("^a$"));
        assert_ne!(expression, Expression::from("^b$"));
        let json = serde_json::to_string(&expression).unwrap();
        assert_eq!(json, "\"^a$\"");
        assert_eq!(
            serde_json::from_str::<Expression>(&json).unwrap(),
            expression
        );
    }
}
