//! How a value that JSON holds as a string is read.

use std::fmt;

use serde::de::{self, Unexpected, Visitor};

/// Reads a value that JSON holds as a string, without copying the string first.
pub(crate) struct FromText<T> {
    /// What would be right, for the message.
    pub(crate) expecting: &'static str,
    /// The reader; `None` refuses the text.
    pub(crate) parse: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for FromText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}
