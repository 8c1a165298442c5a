//! The answer to a change.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::value::id::Id;

/// What a change amounted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It made something.
    Created,
    /// It was done, or there was nothing to do.
    Done,
    /// It was taken on, and happens later.
    Accepted,
}

impl Outcome {
    /// What a stored response says of it.
    pub(super) const fn number(self) -> i64 {
        match self {
            Self::Created => 1,
            Self::Done => 2,
            Self::Accepted => 3,
        }
    }

    pub(super) fn of(number: i64) -> Result<Self> {
        [Self::Created, Self::Done, Self::Accepted]
            .into_iter()
            .find(|outcome| outcome.number() == number)
            .ok_or_else(|| Error::internal("a stored response has an unknown outcome"))
    }
}

/// The answer to a change, as the JSON that a client gets.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply<T = serde_json::Value> {
    /// What the change amounted to.
    pub outcome: Outcome,
    /// The JSON.
    pub body: Arc<str>,
    /// Whether this repeats the reply to an earlier request with the same idempotency key.
    pub replayed: bool,
    /// The records whose values the body has: they are erased from what is kept of it where one of them is purged.
    pub(super) about: Vec<Id>,
    /// Those among them that the change itself made and removed again: they are not there once it is committed.
    pub(super) gone: Vec<Id>,
    of: PhantomData<fn() -> T>,
}

/// Shows no body: that of a subscription or a rotation holds a secret.
impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("outcome", &self.outcome)
            .field("replayed", &self.replayed)
            .finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned> Reply<T> {
    /// The reply as a typed value.
    ///
    /// # Errors
    /// `internal_error` when the body is not one.
    pub fn decode(&self) -> Result<T> {
        serde_json::from_str(&self.body).map_err(Error::internal)
    }
}

impl<T> Reply<T> {
    pub(super) fn new(outcome: Outcome, body: impl Into<Arc<str>>) -> Self {
        Self {
            outcome,
            body: body.into(),
            replayed: false,
            about: Vec::new(),
            gone: Vec::new(),
            of: PhantomData,
        }
    }

    /// The same reply, whose body has values of these records.
    pub(super) fn about(mut self, records: impl IntoIterator<Item = Id>) -> Self {
        self.about.extend(records);
        self.about.sort_unstable();
        self.about.dedup();
        self
    }

    /// The same reply, to a change that made these records and removed them again.
    pub(super) fn without(mut self, gone: Vec<Id>) -> Self {
        self.gone = gone;
        self
    }

    /// The reply to an earlier request, once more.
    pub(super) fn replayed(outcome: Outcome, body: Arc<str>) -> Self {
        Self {
            replayed: true,
            ..Self::new(outcome, body)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_debug_shows_of_a_reply_holds_no_secret() {
        let reply: Reply = Reply::new(Outcome::Created, r#"{"secret":"whsec_x"}"#);
        let shown = format!("{reply:?}");
        assert_eq!(shown, "Reply { outcome: Created, replayed: false, .. }");
    }
}
