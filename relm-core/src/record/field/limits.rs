//! What of its type a field takes: numbers between two, texts of so many characters or of a pattern; and what a record gets that is
//! made without a value.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::error::{Error, Result};
use crate::limits::{
    FIELD_DEFAULT_BYTES_MAX, FIELD_PATTERN_TEXT_CHARS_MAX, INTEGER_MAX, METADATA_BYTES_MAX,
};
use crate::record::hint::Shown;
use crate::record::input::{Reader, exact_integer};
use crate::record::metadata::{Metadata, merge, text_of};
use crate::record::patch::Patch;
use crate::value::expression::Expression;
use crate::value::json::check_number;

/// What of its type a field takes.
///
/// ```
/// use relm_core::{FieldInput, FieldLimits, FieldType, ObjectType};
///
/// let sku = FieldInput {
///     limits: FieldLimits {
///         max_length: Some(12),
///         pattern: Some("^[A-Z]{2}-\\d+$".into()),
///         ..Default::default()
///     },
///     ..FieldInput::new(ObjectType::Deal, "sku", FieldType::Text)
/// };
/// # drop(sku);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct FieldLimits {
    /// Of a `number`: the smallest that the field takes. Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Number>,
    /// Of a `number`: the greatest that the field takes. Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Number>,
    /// Of a `number`: whether the field takes whole numbers alone, of which 5.0 is one. Absent where it is false.
    #[serde(skip_serializing_if = "is_false")]
    pub integer: bool,
    /// Of a `text`: how many characters it has at most, each a code point of the text as it is sent. Absent where `metadata` alone
    /// bounds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// Of a `text`: the regular expression that it matches, somewhere unless `^` and `$` say otherwise; the text has at most 1,000
    /// characters then. Absent where any text will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub pattern: Option<Expression>,
}

/// What changes of the limits and the default of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FieldLimitsPatch {
    /// See [`FieldLimits::min`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub min: Patch<Number>,
    /// See [`FieldLimits::max`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub max: Patch<Number>,
    /// See [`FieldLimits::integer`]. Cleared, it is false.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub integer: Patch<bool>,
    /// See [`FieldLimits::max_length`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub max_length: Patch<usize>,
    /// See [`FieldLimits::pattern`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub pattern: Patch<Expression>,
    /// See [`FieldOptions::default`](super::FieldOptions::default).
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub default: Patch<Value>,
}

impl FieldLimitsPatch {
    /// Whether it leaves everything as it is.
    pub fn is_keep(&self) -> bool {
        *self == Self::default()
    }

    /// That there is no limit and no default.
    pub const CLEAR: Self = Self {
        min: Patch::Clear,
        max: Patch::Clear,
        integer: Patch::Clear,
        max_length: Patch::Clear,
        pattern: Patch::Clear,
        default: Patch::Clear,
    };

    /// Takes them from the members of `options`.
    pub(super) fn read(options: &mut Reader) -> Result<Self> {
        let max_length = options.integer("max_length")?;
        let max_length = match max_length {
            Patch::Set(length) => {
                let length =
                    usize::try_from(length).map_err(|_| no_length(length).at("max_length"))?;
                Patch::Set(length)
            }
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
        };
        Ok(Self {
            min: options.number("min")?,
            max: options.number("max")?,
            integer: options.boolean("integer")?,
            max_length,
            pattern: options.text("pattern")?.map(Expression::from),
            default: match options.take("default") {
                None => Patch::Keep,
                Some(Value::Null) => Patch::Clear,
                Some(value) => Patch::Set(value),
            },
        })
    }

    /// What the patch makes of limits and a default.
    pub(super) fn apply(self, limits: &mut FieldLimits, default: &mut Option<Value>) -> Result<()> {
        self.min.apply(&mut limits.min, Ok)?;
        self.max.apply(&mut limits.max, Ok)?;
        let mut integer = Some(limits.integer);
        self.integer.apply(&mut integer, Ok)?;
        limits.integer = integer.unwrap_or_default();
        self.max_length.apply(&mut limits.max_length, Ok)?;
        self.pattern.apply(&mut limits.pattern, Ok)?;
        self.default.apply(default, Ok)
    }
}

pub(super) fn is_false(value: &bool) -> bool {
    !value
}

fn no_length(length: impl std::fmt::Display) -> Error {
    let message = format!(
        "`options.max_length` must be between 1 and {METADATA_BYTES_MAX}, which is what `metadata` has room for, not {length}."
    );
    Error::invalid("options.max_length", message)
}

/// A whole number as such: 5.0 is 5.
fn plain(number: Number) -> Number {
    exact_integer(&number).map_or(number, Number::from)
}

fn is_less(one: &Number, other: &Number) -> bool {
    // Doubles tell all numbers within the bounds apart.
    one.as_f64() < other.as_f64()
}

impl FieldLimits {
    /// The limits in their one form, where a field can have them.
    pub(super) fn checked(self) -> Result<Self> {
        for (name, number) in [("min", &self.min), ("max", &self.max)] {
            if number.as_ref().is_some_and(|it| !check_number(it)) {
                let message =
                    format!("`options.{name}` must be between -{INTEGER_MAX} and {INTEGER_MAX}.");
                return Err(Error::invalid(format!("options.{name}"), message));
            }
        }
        let limits = Self {
            min: self.min.map(plain),
            max: self.max.map(plain),
            ..self
        };
        limits.check_range()?;
        if let Some(length) = limits.max_length
            && !(1..=METADATA_BYTES_MAX).contains(&length)
        {
            return Err(no_length(length));
        }
        if let Some(pattern) = &limits.pattern
            && let Err(why) = pattern.check()
        {
            let message = format!("`options.pattern` is not taken: {why}.");
            return Err(Error::invalid("options.pattern", message));
        }
        Ok(limits)
    }

    /// The first limit of numbers, where there is one.
    pub(super) fn of_numbers(&self) -> Option<&'static str> {
        let all = [
            ("min", self.min.is_some()),
            ("max", self.max.is_some()),
            ("integer", self.integer),
        ];
        all.into_iter()
            .find_map(|(name, is_there)| is_there.then_some(name))
    }

    /// The first limit of texts, where there is one.
    pub(super) fn of_texts(&self) -> Option<&'static str> {
        let all = [
            ("max_length", self.max_length.is_some()),
            ("pattern", self.pattern.is_some()),
        ];
        all.into_iter()
            .find_map(|(name, is_there)| is_there.then_some(name))
    }

    /// Whether there is a number that it takes.
    fn check_range(&self) -> Result<()> {
        let (Some(min), Some(max)) = (&self.min, &self.max) else {
            return Ok(());
        };
        if is_less(max, min) {
            let message = format!("`options.min` must not be greater than `max`, which is {max}.");
            return Err(Error::invalid("options.min", message));
        }
        let first = min.as_f64().unwrap_or_default().ceil();
        if self.integer && first > max.as_f64().unwrap_or_default() {
            let message = format!("There is no whole number between {min} and {max}.");
            return Err(Error::invalid("options.integer", message));
        }
        Ok(())
    }

    /// Whether it takes a number.
    pub(super) fn hold_number(&self, number: &Number) -> bool {
        self.number_wanted(number).is_none()
    }

    /// Whether it takes a text.
    pub(super) fn hold_text(&self, text: &str) -> bool {
        self.has_room(text) && self.pattern.as_ref().is_none_or(|it| it.matches(text))
    }

    /// Whether a text is no longer than it may be.
    fn has_room(&self, text: &str) -> bool {
        // A text of so many bytes cannot have more characters.
        let fits = |max: usize| text.len() <= max || text.chars().count() <= max;
        self.length_max().is_none_or(fits)
    }

    /// How many characters a text may have: of one that is held to a pattern, a bounded number whatever is said.
    pub fn length_max(&self) -> Option<usize> {
        let bound = self.pattern.as_ref().map(|_| FIELD_PATTERN_TEXT_CHARS_MAX);
        match (self.max_length, bound) {
            (Some(max), Some(bound)) => Some(max.min(bound)),
            (max, bound) => max.or(bound),
        }
    }

    /// The most that it takes to hold a text to the pattern: the bytes that this is compiled to, for each character.
    pub(crate) fn work(&self) -> usize {
        let pattern = self.pattern.as_ref();
        pattern.map_or(0, |it| it.size() * self.length_max().unwrap_or_default())
    }

    /// What a number must be, and this one is not.
    fn number_wanted(&self, number: &Number) -> Option<String> {
        match (&self.min, &self.max) {
            _ if self.integer && exact_integer(number).is_none() => {
                Some("a whole number".to_owned())
            }
            (Some(min), _) if is_less(number, min) => Some(format!("at least {min}")),
            (_, Some(max)) if is_less(max, number) => Some(format!("at most {max}")),
            _ => None,
        }
    }

    /// What is wrong with a value of the right type.
    pub(super) fn refusal(&self, path: &str, value: &Value) -> Option<Error> {
        let message = match value {
            Value::Number(number) => {
                let wanted = self.number_wanted(number)?;
                format!("`{path}` must be {wanted}, not {number}.")
            }
            Value::String(text) if !self.has_room(text) => {
                let (max, has) = (self.length_max()?, text.chars().count());
                format!("`{path}` must be at most {max} characters; it has {has}.")
            }
            Value::String(_) => {
                let pattern = self.pattern.as_ref()?.as_str();
                let given = Shown(value);
                format!("`{path}` must match the pattern `{pattern}`, which {given} does not.")
            }
            _ => return None,
        };
        Some(Error::invalid(path, message))
    }

    /// The limits that refuse what those before them took.
    pub(crate) fn narrower_than(&self, before: &Self) -> Vec<&'static str> {
        let min = match (&self.min, &before.min) {
            (Some(now), Some(before)) => is_less(before, now),
            (now, _) => now.is_some(),
        };
        let max = match (&self.max, &before.max) {
            (Some(now), Some(before)) => is_less(now, before),
            (now, _) => now.is_some(),
        };
        let length = match (self.length_max(), before.length_max()) {
            (Some(now), Some(before)) => now < before,
            (now, _) => now.is_some(),
        };
        let is_other = self.pattern.is_some() && self.pattern != before.pattern;
        let all = [
            ("options.min", min),
            ("options.max", max),
            ("options.integer", self.integer && !before.integer),
            (
                "options.max_length",
                length && self.max_length != before.max_length,
            ),
            ("options.pattern", is_other),
        ];
        let narrower = all.into_iter().filter(|(_, is_narrower)| *is_narrower);
        narrower.map(|(name, _)| name).collect()
    }

    /// What the limits take in memory, beside where they are.
    pub(crate) fn bytes(&self) -> usize {
        let pattern = self.pattern.as_ref();
        pattern.map_or(0, |it| {
            it.as_str().len() + crate::value::expression::EXPRESSION_BYTES
        })
    }
}

/// Whether `metadata` can hold a default, whatever else it holds.
pub(super) fn check_default(key: &str, default: &Value) -> Result<()> {
    let alone = Metadata::from([(key, default.clone())]);
    merge(Patch::Set(alone), &mut Metadata::new()).map_err(|error| error.at("options.default"))?;
    let bytes = text_of(&Map::from_iter([(key.to_owned(), default.clone())])).len();
    if bytes <= FIELD_DEFAULT_BYTES_MAX {
        return Ok(());
    }
    let message = format!(
        "`options.default` can be {FIELD_DEFAULT_BYTES_MAX} bytes of JSON at most, its key among them, and these are {bytes}."
    );
    Err(Error::invalid("options.default", message))
}

#[cfg(test)]
mod tests;
