//! Spans for whoever traces a program with `tracing`: behind the feature of that name, and nothing without it.
//!
//! | span | level | fields |
//! |---|---|---|
//! | `relm.change` | debug | `change`: what it is, such as `Create<Contact>`; `workspace`, `mode` |
//! | `relm.list` | debug | `of`: the kind of record, or `search`; `workspace`, `mode` |
//! | `relm.store` | trace | `call`: the method of the store |
//!
//! Within a change, each commit that conflicted is an event at debug. No span holds a value of a record,
//! a key or a secret.

use std::future::Future;

use crate::value::scope::Scope;

/// A change, under the name of its operation's type.
#[cfg(feature = "tracing")]
pub(super) fn change<O, F: Future>(scope: Scope, future: F) -> impl Future<Output = F::Output> {
    let (workspace, mode) = (scope.workspace(), scope.mode());
    let change = tracing::field::display(ShortName(std::any::type_name::<O>()));
    let span = tracing::debug_span!("relm.change", change, %workspace, %mode);
    tracing::Instrument::instrument(future, span)
}

/// A page of a list or of a search.
#[cfg(feature = "tracing")]
pub(super) fn list<F: Future>(
    of: &'static str,
    scope: Scope,
    future: F,
) -> impl Future<Output = F::Output> {
    let (workspace, mode) = (scope.workspace(), scope.mode());
    let span = tracing::debug_span!("relm.list", of, %workspace, %mode);
    tracing::Instrument::instrument(future, span)
}

/// A call of the store.
#[cfg(feature = "tracing")]
pub(super) fn store<F: Future>(call: &'static str, future: F) -> impl Future<Output = F::Output> {
    tracing::Instrument::instrument(future, tracing::trace_span!("relm.store", call))
}

/// A commit that conflicted: its transaction is attempted again, or ends with an error.
#[cfg(feature = "tracing")]
pub(super) fn conflict(conflict: &crate::store::Refusal) {
    tracing::debug!(?conflict, "a commit conflicted");
}

#[cfg(not(feature = "tracing"))]
#[expect(
    clippy::extra_unused_type_parameters,
    reason = "the name of a span that is not there"
)]
pub(super) fn change<O, F: Future>(_: Scope, future: F) -> F {
    future
}

#[cfg(not(feature = "tracing"))]
pub(super) fn list<F: Future>(_: &'static str, _: Scope, future: F) -> F {
    future
}

#[cfg(not(feature = "tracing"))]
pub(super) fn store<F: Future>(_: &'static str, future: F) -> F {
    future
}

#[cfg(not(feature = "tracing"))]
pub(super) fn conflict(_: &crate::store::Refusal) {}

/// The name of a type without the paths: `a::Create<b::Contact>` is shown as `Create<Contact>`.
#[cfg(feature = "tracing")]
struct ShortName(&'static str);

#[cfg(feature = "tracing")]
impl std::fmt::Display for ShortName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in self.0.split_inclusive(['<', '>', ',', ' ']) {
            f.write_str(part.rsplit("::").next().unwrap_or(part))?;
        }
        Ok(())
    }
}
