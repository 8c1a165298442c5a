//! What an expression is compiled as: the syntax that it has in common with ECMAScript, with what that means there.

use std::iter::Peekable;
use std::str::Chars;

/// What is of the common syntax, as it is compiled: groups remember nothing, which would cost memory for each of them.
pub(super) struct Translation<'a> {
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
    /// The expression as it is compiled.
    ///
    /// # Errors
    /// What is not taken of it.
    pub fn of(text: &'a str) -> Result<String, String> {
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
        let start = self.text.len();
        for _ in 0..count {
            let Some(digit) = self.chars.next_if(char::is_ascii_hexdigit) else {
                return Err(
                    "a character by its number is `\\x` with two hexadecimal digits or `\\u` with four"
                        .to_owned(),
                );
            };
            self.text.push(digit);
        }
        let digits = &self.text[start..];
        let number = u32::from_str_radix(digits, 16).ok();
        match number.and_then(char::from_u32) {
            Some(_) => Ok(Member::Char),
            None => Err(format!(
                "`\\u{digits}` is half of a character: write the whole one, such as 😀"
            )),
        }
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
