//! What is to be done for a request that was admitted.

use hyper::header::HeaderValue;
use relm_core::limits::PAGE_LIMIT_MAX;
use relm_core::{Principal, Scoped};

use super::call::{Call, Open};
use super::download::Downloading;
use super::operation::Body;
use super::routes::Answering;
use crate::parameters::Query;

/// What answers whoever shows a key.
#[derive(Clone, Copy)]
pub(super) enum Keyed {
    Answer(fn(Call) -> Answering),
    Download(fn(Call) -> Downloading),
}

/// What is to be done for a request.
pub(super) enum Task {
    Open(fn(Open) -> Answering),
    Keyed {
        handler: Keyed,
        body: Body,
        /// Whether the head asks for a dry run.
        is_dry_run: bool,
        /// Whether the body may ask for one.
        has_dry_run_member: bool,
        ids: Vec<String>,
        query: Query,
        scoped: Box<Scoped>,
        principal: Box<Principal>,
    },
}

impl Task {
    /// Whether the head of the request asks for a dry run.
    pub fn is_dry_run(&self) -> bool {
        match self {
            Self::Open(_) => false,
            Self::Keyed { is_dry_run, .. } => *is_dry_run,
        }
    }

    /// What is done otherwise than the request asks, if anything is. A page is shorter than a `limit` that is too large; who
    /// asks for more must not take it for the whole list.
    pub fn notice(&self) -> Option<HeaderValue> {
        let Self::Keyed { query, .. } = self else {
            return None;
        };
        if !query.has_limit_beyond_a_page() {
            return None;
        }
        let next = match query.has("after") {
            true => "next_after",
            false => "next_cursor",
        };
        let notice = format!(
            "`limit` counts as {PAGE_LIMIT_MAX}, the most that a page holds; follow `{next}` for the rest."
        );
        HeaderValue::try_from(notice).ok()
    }
}
