//! Regular expressions that people write: of the syntax that JSON Schema and JavaScript have in common with ours, and matched in time
//! that is linear in the text.
//!
//! An expression is compiled when it is asked for the first time, to a bounded size, and kept with whatever holds it: a configuration is
//! read once for a version, so that its expressions are compiled once.

mod translation;

use std::fmt;
use std::sync::{Arc, OnceLock};

use regex_lite::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use self::translation::Translation;
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

#[cfg(test)]
mod tests;
