//! What can go wrong in a call, and what its caller can do about it.

mod compared;
mod json;
mod kind;
mod records;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

#[cfg(feature = "schema")]
pub(crate) use self::json::Members;
pub use self::kind::ErrorKind;
pub(crate) use self::records::Affected;
pub use self::records::DuplicateValue;

use crate::limits::{
    ERROR_BYTES_MAX, ERROR_FIELD_BYTES_MAX, ERROR_IDS_MAX, ERROR_MESSAGE_BYTES_MAX,
    ERROR_OPTIONS_BYTES_MAX, ERROR_OPTIONS_MAX,
};
use crate::value::excerpt::{Quoted, cut, json_bytes};
use crate::value::from_text::ParseTextError;
use crate::value::id::Id;
use crate::value::spelling::{self, OtherNames};

/// The result of an engine call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed, as something that a caller can act on.
///
/// The message is written for the client: it says what was wrong and what would be right, and holds nothing of the
/// store. What the log needs is behind [`source`](StdError::source).
///
/// As JSON it takes at most [`ERROR_BYTES_MAX`] bytes, whatever it is made of.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<Details>);

#[derive(Debug, thiserror::Error)]
#[error("{}: {message}{}", kind.code(), At(field.as_deref()))]
struct Details {
    kind: ErrorKind,
    message: String,
    field: Option<String>,
    valid_options: Vec<String>,
    suggestion: Option<String>,
    existing_id: Option<Id>,
    lost: Option<Id>,
    oldest_seq: Option<i64>,
    reason: Option<Cow<'static, str>>,
    affected: Option<Affected>,
    duplicates: Vec<DuplicateValue>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What the names of the members, the code, the ids of the record and of the request, and the punctuation may take.
const ENVELOPE_BYTES_MAX: usize = 512;
const _: () = assert!(
    ENVELOPE_BYTES_MAX + ERROR_MESSAGE_BYTES_MAX + ERROR_FIELD_BYTES_MAX + ERROR_OPTIONS_BYTES_MAX
        <= ERROR_BYTES_MAX
);

impl Error {
    /// An error of this kind, with a message for the client, which is cut to [`ERROR_MESSAGE_BYTES_MAX`].
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            message: cut(message.into(), ERROR_MESSAGE_BYTES_MAX),
            field: None,
            valid_options: Vec::new(),
            suggestion: None,
            existing_id: None,
            lost: None,
            oldest_seq: None,
            reason: None,
            affected: None,
            duplicates: Vec::new(),
            source: None,
        }))
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadRequest, message)
    }

    pub(crate) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::ValidationFailed, message).at(field)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(
            ErrorKind::NotFound,
            format!("There is no such {what} in this workspace and mode."),
        )
    }

    pub(crate) fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(
            ErrorKind::Internal,
            "Something failed on our side; nothing was applied.",
        )
        .caused_by(source)
    }

    /// Names the offending path, such as `metadata.plan`; it is cut to [`ERROR_FIELD_BYTES_MAX`].
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(cut(field.into(), ERROR_FIELD_BYTES_MAX));
        self
    }

    /// Puts `prefix` before the offending path: `contacts[3]` and `email` give `contacts[3].email`.
    #[must_use]
    pub(crate) fn within(mut self, prefix: &str) -> Self {
        let path = match self.0.field.take() {
            Some(field) => format!("{prefix}.{field}"),
            None => prefix.to_owned(),
        };
        self.at(path)
    }

    /// Lists what would have been right, and the nearest of it to what was given.
    ///
    /// The list is the first [`ERROR_OPTIONS_MAX`] options of those that fit in [`ERROR_OPTIONS_BYTES_MAX`], in their
    /// order; none is cut, since a part of one would be wrong. The nearest is found among all of them.
    #[must_use]
    pub fn options<'a>(
        self,
        given: &str,
        options: impl IntoIterator<Item = &'a str, IntoIter: Clone>,
    ) -> Self {
        self.options_or(given, options, &[])
    }

    /// [`options`](Self::options), where what was given may also be another name of one of them.
    #[must_use]
    pub(crate) fn options_or<'a>(
        mut self,
        given: &str,
        options: impl IntoIterator<Item = &'a str, IntoIter: Clone>,
        others: OtherNames,
    ) -> Self {
        let options = options.into_iter();
        let meant = spelling::meant(given, options.clone(), others);
        let mut left = ERROR_OPTIONS_BYTES_MAX
            .saturating_sub(meant.first().map_or(0, |first| option_bytes(first)));
        self.0.valid_options = options
            .filter(|option| match left.checked_sub(option_bytes(option)) {
                Some(rest) => {
                    left = rest;
                    true
                }
                None => false,
            })
            .take(ERROR_OPTIONS_MAX)
            .map(str::to_owned)
            .collect();
        self.suggest(&meant)
    }

    /// Adds a sentence to the message.
    #[must_use]
    pub fn adding(mut self, sentence: &str) -> Self {
        let message = std::mem::take(&mut self.0.message);
        self.0.message = cut(format!("{message} {sentence}"), ERROR_MESSAGE_BYTES_MAX);
        self
    }

    /// Names what was most likely meant, at the end of the message and as the suggestion: people read only the message.
    #[must_use]
    pub(crate) fn suggest(self, meant: &[&str]) -> Self {
        let Some(first) = meant.first() else {
            return self;
        };
        let quoted: Vec<String> = meant.iter().map(|name| Quoted(name).to_string()).collect();
        let sentence = format!("Did you mean {}?", quoted.join(" and "));
        self.adding(&sentence).suggesting(*first)
    }

    /// The suggestion alone, where the message says it already; none where it is too long, since a part would be wrong.
    #[must_use]
    pub fn suggesting(mut self, suggestion: impl Into<String>) -> Self {
        let suggestion = suggestion.into();
        let listed = self.0.valid_options.iter();
        let listed: usize = listed.map(|option| option_bytes(option)).sum();
        if listed + option_bytes(&suggestion) <= ERROR_OPTIONS_BYTES_MAX {
            self.0.suggestion = Some(suggestion);
        }
        self
    }

    /// The same error without the list of options: for where it is listed already.
    #[must_use]
    pub(crate) fn without_options(mut self) -> Self {
        self.0.valid_options = Vec::new();
        self
    }

    #[must_use]
    pub(crate) fn existing(mut self, id: impl Into<Option<Id>>) -> Self {
        self.0.existing_id = id.into();
        self
    }

    /// Keeps which record is referred to that is not there, for the engine to look into what became of it.
    #[must_use]
    pub(crate) fn losing(mut self, id: Id) -> Self {
        self.0.lost = Some(id);
        self
    }

    /// The record that is referred to and is not there.
    pub(crate) fn lost(&self) -> Option<Id> {
        self.0.lost
    }

    /// Says from which event on all are kept.
    #[must_use]
    pub(crate) fn kept_from(mut self, seq: i64) -> Self {
        self.0.oldest_seq = Some(seq);
        self
    }

    /// Adds the reason in a word, where one code has several causes that a program may distinguish.
    #[must_use]
    pub(crate) fn because(mut self, reason: &'static str) -> Self {
        self.0.reason = Some(Cow::Borrowed(reason));
        self
    }

    /// Says which records a change would not fit: how many, and the first [`ERROR_IDS_MAX`] of them. They take the place of the
    /// options.
    #[must_use]
    pub(crate) fn affecting(mut self, mut affected: Affected) -> Self {
        affected.ids.truncate(ERROR_IDS_MAX);
        self.0.affected = Some(affected);
        self.0.suggestion = None;
        self.without_options()
    }

    /// Lists values that several records have, the first of them. They take the place of the options.
    #[must_use]
    pub(crate) fn listing(mut self, values: impl Iterator<Item = DuplicateValue>) -> Self {
        self.0.duplicates = DuplicateValue::listed(values);
        self.without_options()
    }

    /// Keeps the cause, for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was wrong and what would be right, for the client.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The path of the offending value, such as `contacts[3].email`.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// Values that would have been accepted: all of them where they are few, the first otherwise.
    pub fn valid_options(&self) -> &[String] {
        &self.0.valid_options
    }

    /// The valid value nearest to the one given.
    pub fn suggestion(&self) -> Option<&str> {
        self.0.suggestion.as_deref()
    }

    /// The record that holds the unique value.
    pub fn existing_id(&self) -> Option<Id> {
        self.0.existing_id
    }

    /// Of `gone`, the number from which on every event is kept: a feed after the number before it is whole.
    pub fn oldest_seq(&self) -> Option<i64> {
        self.0.oldest_seq
    }

    /// How many records a change would not fit, where it is refused for them.
    pub fn count(&self) -> Option<usize> {
        self.0.affected.as_ref().map(|affected| affected.count)
    }

    /// Whether there may be more than [`count`](Self::count) of them.
    pub fn is_at_least(&self) -> bool {
        let affected = self.0.affected.as_ref();
        affected.is_some_and(|affected| affected.at_least)
    }

    /// The first of the records that [`count`](Self::count) counts.
    pub fn ids(&self) -> &[Id] {
        let affected = self.0.affected.as_ref();
        affected.map_or(&[], |affected| &affected.ids)
    }

    /// The first values that several records have, where a field was to be unique.
    pub fn duplicates(&self) -> &[DuplicateValue] {
        &self.0.duplicates
    }

    /// Why, in a stable word: `disk_full` or `read_only`, where the store takes no writes; `transaction_conflict`,
    /// `transaction_undone` or `transaction_ended`, [within a transaction](crate::Crm::within) that the program holds.
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
}

/// A text that is none: `bad_request`, which says what would have been one.
impl From<ParseTextError> for Error {
    fn from(error: ParseTextError) -> Self {
        let message = format!("A text that should be read is not {}.", error.expected());
        Self::bad_request(message).caused_by(error)
    }
}

/// What an option takes in a list, its quotes and comma included.
fn option_bytes(option: &str) -> usize {
    json_bytes(option) + 3
}

/// The path of the offending value, where there is one.
struct At<'a>(Option<&'a str>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(field) => write!(f, " ({field})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
