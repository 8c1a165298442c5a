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
/// How exactly the size of what is compiled is known.
const SIZE_STEP: usize = 256;

/// What a compiled expression takes in memory, nearly: itself, and twice as much for where its matching stands.
pub(crate) const EXPRESSION_BYTES: usize = 3 * FIELD_PATTERN_BYTES_MAX;

/// A regular expression, which a text matches that has it anywhere: `^` and `$` are its ends.
///
/// It takes what JSON Schema asks of a `pattern`, and reads it as ECMAScript does with its flag `u`: characters, `.`, classes such as
/// `[A-Z0-9_]`, `\d`, `\w` and `\b` of ASCII, `\s`, `^`, `$`, alternatives, groups, and repetitions. What no linear time allows, references
/// to groups and look-around, it does not take. <https://tc39.es/ecma262/#sec-patterns>
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Expression {
    text: String,
    compiled: OnceLock<Option<Arc<Regex>>>,
    size: OnceLock<usize>,
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

    /// The bytes that it is compiled to, in steps of [`SIZE_STEP`], to which the time is in proportion that a character takes.
    pub(crate) fn size(&self) -> usize {
        *self.size.get_or_init(|| {
            let steps: Vec<_> = (SIZE_STEP..FIELD_PATTERN_BYTES_MAX)
                .step_by(SIZE_STEP)
                .collect();
            let is_too_small = |&size: &usize| compile_within(&self.text, size).is_err();
            let place = steps.partition_point(is_too_small);
            steps.get(place).copied().unwrap_or(FIELD_PATTERN_BYTES_MAX)
        })
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
            size: OnceLock::new(),
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
    compile_within(text, FIELD_PATTERN_BYTES_MAX)
}

/// Compiles an expression to so many bytes at most.
fn compile_within(text: &str, bytes: usize) -> Result<Regex, String> {
    let chars = text.chars().count();
    if chars > FIELD_PATTERN_CHARS_MAX {
        return Err(format!(
            "it has {chars} characters, and can have {FIELD_PATTERN_CHARS_MAX}"
        ));
    }
    let translated = Translation::of(text)?;
    let mut builder = RegexBuilder::new(&translated);
    builder.size_limit(bytes).nest_limit(NESTED_MAX);
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
/// And within `[…]`.
const CLASS_SYNTAX: &str = r"^$\.*+?()[]{}|/-";
const HYPHEN: &str =
    "a `-` within `[…]` stands between two characters, or first or last: write `\\-`";
/// What `.` stands for: all but what ends a line in ECMAScript.
const DOT: &str = r"[^\n\r\u2028\u2029]";
/// What `\s` stands for in ECMAScript, and `\S` for the rest, within `[…]`.
const SPACES: &str = r"\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff";
const OTHERS: &str = concat!(
    r"\x00-\x08\x0e-\x1f!-\u009f\u00a1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e",
    r"\u2030-\u205e\u2060-\u2fff\u3001-\ufefe\uff00-\U0010ffff",
);

/// What stands in a class, or may.
#[derive(Clone, Copy, PartialEq)]
enum Member {
    /// One character, which a range may begin or end with.
    Char,
    /// Many of them.
    Class,
}

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
            '\\' => return self.escape(),
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
            '.' => self.text.push_str(DOT),
            '^' | '$' | '|' => {
                self.text.push(char);
                return Ok(false);
            }
            other => self.text.push(other),
        }
        Ok(true)
    }

    /// What a backslash makes of the next character outside a class; whether it can be repeated.
    fn escape(&mut self) -> Result<bool, String> {
        match self.chars.peek() {
            Some('b' | 'B') => {
                self.text.push('\\');
                self.text.extend(self.chars.next());
                Ok(false)
            }
            Some(char @ ('s' | 'S')) => {
                let not = if *char == 'S' { "^" } else { "" };
                self.text.extend(["[", not, SPACES, "]"]);
                self.chars.next();
                Ok(true)
            }
            _ => self.escaped(SYNTAX).map(|_| true),
        }
    }

    /// What a backslash makes of the next character anywhere.
    fn escaped(&mut self, syntax: &str) -> Result<Member, String> {
        let Some(char) = self.chars.next() else {
            return Err("it ends in a `\\`".to_owned());
        };
        match char {
            's' => self.text.push_str(SPACES),
            'S' => self.text.push_str(OTHERS),
            _ => self.text.extend(['\\', char]),
        }
        match char {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => Ok(Member::Class),
            'n' | 'r' | 't' | 'f' | 'v' => Ok(Member::Char),
            'x' => self.digits(2),
            'u' => self.digits(4),
            other if syntax.contains(other) => Ok(Member::Char),
            other => Err(format!("`\\{other}` is not taken")),
        }
    }

    fn digits(&mut self, count: usize) -> Result<Member, String> {
        for _ in 0..count {
            let Some(digit) = self.chars.next_if(char::is_ascii_hexdigit) else {
                return Err(
                    "a character by its number is `\\x` with two hexadecimal digits or `\\u` with four"
                        .to_owned(),
                );
            };
            self.text.push(digit);
        }
        Ok(Member::Char)
    }

    fn class(&mut self) -> Result<(), String> {
        self.text.push('[');
        if self.chars.next_if_eq(&'^').is_some() {
            self.text.push('^');
        }
        let mut is_first = true;
        while let Some(char) = self.chars.next() {
            if char == ']' {
                self.text.push(']');
                return match is_first {
                    true => Err("`[…]` is empty".to_owned()),
                    false => Ok(()),
                };
            }
            self.range(char, is_first)?;
            is_first = false;
        }
        Err("a `[` is not closed".to_owned())
    }

    /// A member of a class, or a range of them, that begins with this character.
    fn range(&mut self, char: char, is_first: bool) -> Result<(), String> {
        let ends = |it: Option<&char>| it.is_none_or(|next| *next == ']');
        if char == '-' && !is_first && !ends(self.chars.peek()) {
            return Err(HYPHEN.to_owned());
        }
        let from = self.member(char)?;
        let mut ahead = self.chars.clone();
        if ahead.next() != Some('-') || ends(ahead.peek()) {
            return Ok(());
        }
        self.chars = ahead;
        self.text.push('-');
        let Some(char) = self.chars.next() else {
            return Ok(());
        };
        let to = self.member(char)?;
        match (char, from, to) {
            ('-', ..) | (_, Member::Class, _) | (_, _, Member::Class) => Err(HYPHEN.to_owned()),
            (_, Member::Char, Member::Char) => Ok(()),
        }
    }

    fn member(&mut self, char: char) -> Result<Member, String> {
        match char {
            '\\' => return self.escaped(CLASS_SYNTAX),
            '[' => return Err("within `[…]`, write `\\[` for a bracket".to_owned()),
            // Others give them a meaning where they stand twice.
            '-' | '&' | '~' | '^' => self.text.extend(['\\', char]),
            other => self.text.push(other),
        }
        Ok(Member::Char)
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
            ("^.$", "\n", false),
            ("^.$", "\r", false),
            ("^.$", "\u{2028}", false),
            ("^\\s$", "\u{a0}", true),
            ("^\\s$", "\u{200b}", false),
            ("^\\S$", "\u{3000}", false),
            ("^[^\\s]$", "\u{feff}", false),
            ("^[\\S]$", "\u{2029}", false),
            ("^[\\S]+$", "a\u{10ffff}\u{1f}!", true),
            ("^[\\s\\S]$", "\n", true),
            ("^[--/]$", ".", true),
            ("^[--/]$", "0", false),
            ("^[-a]$", "-", true),
            ("^[a-]$", "-", true),
            ("^[^-a]$", "-", false),
            ("^[a&&b~~c]+$", "&~abc", true),
            ("^[a^]$", "^", true),
            ("^[\\-\\/]+$", "-/", true),
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
            "[a-b-c]",
            "[\\d-a]",
            "[a-\\s]",
            "[a--]",
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
    fn of_spaces_and_others_every_character_is_one() {
        let (spaces, others) = (Expression::from("^\\s$"), Expression::from("^[\\S]$"));
        for char in '\0'..=char::MAX {
            let text = char.to_string();
            // What ECMAScript calls white space and ends of lines: Unicode's, without U+0085 and with the byte order mark.
            let is_space = char == '\u{feff}' || char.is_whitespace() && char != '\u{85}';
            assert_eq!(spaces.matches(&text), is_space, "{char:?}");
            assert_eq!(others.matches(&text), !is_space, "{char:?}");
        }
    }

    #[test]
    fn the_size_of_an_expression_grows_with_what_it_is_compiled_to() {
        assert_eq!(Expression::from("a").size(), SIZE_STEP);
        assert_eq!(Expression::from("^[A-Z]{2}-\\d+$").size(), 2 * SIZE_STEP);
        let optional = |count| Expression::from("[a-z]?".repeat(count));
        let taken: Vec<_> = (1..80)
            .map(optional)
            .take_while(|expression| expression.check().is_ok())
            .map(|expression| expression.size())
            .collect();
        assert!(taken.is_sorted(), "{taken:?}");
        assert_eq!(taken.last(), Some(&FIELD_PATTERN_BYTES_MAX));
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
