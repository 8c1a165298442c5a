//! What the API can do, as data: one [`Operation`] is all that is known of a method on a path. Routes and documents are
//! made from it, as is whatever else speaks the API.

use hyper::Method;
use relm_core::limits::{BATCH_REQUEST_BYTES_MAX, REQUEST_BYTES_MAX};
use relm_core::{ErrorKind, KeyScope, Kind};

use super::code::Code;
use crate::parameters::Takes;
use crate::serve::AnswerSize;

/// One method on one path.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// The resource and what is done with it, such as `contacts.create`.
    pub name: &'static str,
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
    /// A few words, without a full stop.
    pub summary: &'static str,
    /// What a caller must know, in sentences.
    pub description: &'static str,
    /// Whose ids stand in the path's places.
    pub ids: &'static [Kind],
    pub query: Takes,
    pub body: Body,
    /// Whether a member of the body, `dry_run`, may ask for a dry run as the header does.
    pub has_dry_run_member: bool,
    /// The statuses of success, each with the name of the schema that it is answered with.
    pub answers: Vec<(u16, &'static str)>,
    /// Whether it is about one record that counts its changes.
    pub versioned: bool,
    /// The codes that it refuses with, beside those that follow from the rest.
    pub refusals: &'static [Code],
    pub body_bytes_max: usize,
    pub answer_size: AnswerSize,
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Anyone.
    Open,
    /// Whoever shows a valid key that has this scope.
    Keyed(KeyScope),
    /// Whoever shows a valid key that has the scopes of what the request names.
    KeyedByContent,
}

/// The body of a request, by the name of its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    None,
    Optional(&'static str),
    Required(&'static str),
    /// A file of records, as it arrives.
    File,
}

/// A header by which a request asks for a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precondition {
    IfMatch,
    IfNoneMatch,
}

impl Operation {
    pub fn new(name: &'static str, method: Method, path: &'static str) -> Self {
        Self {
            name,
            method,
            path,
            // A route says which scope it needs: see `routes::route`.
            access: Access::Open,
            summary: "",
            description: "",
            ids: &[],
            query: Takes::Nothing,
            body: Body::None,
            has_dry_run_member: false,
            answers: Vec::new(),
            versioned: false,
            refusals: &[],
            body_bytes_max: REQUEST_BYTES_MAX,
            answer_size: AnswerSize::Small,
        }
    }

    pub fn says(mut self, summary: &'static str, description: &'static str) -> Self {
        (self.summary, self.description) = (summary, description);
        self
    }

    pub fn of(mut self, ids: &'static [Kind]) -> Self {
        self.ids = ids;
        self
    }

    pub fn takes(mut self, schema: &'static str) -> Self {
        self.body = Body::Required(schema);
        self
    }

    pub fn may_take(mut self, schema: &'static str) -> Self {
        self.body = Body::Optional(schema);
        self
    }

    /// What a success is answered with; of several, the usual one first.
    pub fn gives(mut self, status: u16, schema: &'static str) -> Self {
        self.answers.push((status, schema));
        self
    }

    /// A page of records of `kind`.
    pub fn lists(mut self, kind: Kind, schema: &'static str) -> Self {
        self.query = Takes::List(kind);
        self.large().gives(200, schema)
    }

    /// A page of what has no filters.
    pub fn pages(mut self, schema: &'static str) -> Self {
        self.query = Takes::Page;
        self.large().gives(200, schema)
    }

    pub fn searches(mut self, schema: &'static str) -> Self {
        self.query = Takes::Search;
        self.large().gives(200, schema)
    }

    /// A record as it is, or was at a moment.
    pub fn at_moments(mut self) -> Self {
        self.query = Takes::Moment;
        self
    }

    /// A record that is made, or found by its unique values.
    pub fn upserts(mut self, schema: &'static str) -> Self {
        self.query = Takes::DedupOn;
        self.gives(200, schema).gives(201, schema)
    }

    /// A deletion, which may be for good, and then be under way.
    pub fn purges(mut self) -> Self {
        self.query = Takes::Deletion;
        self.gives(202, "Deleted")
    }

    /// Numbers, of as many records as are looked at for one answer.
    pub fn counts(mut self, schema: &'static str) -> Self {
        self.query = Takes::Cursor;
        self.gives(200, schema)
    }

    /// A page of the changes of a record.
    pub fn tells_history(mut self, schema: &'static str) -> Self {
        self.query = Takes::History;
        self.large().gives(200, schema)
    }

    /// A file, which is taken in as it arrives.
    pub fn takes_file(mut self, bytes_max: usize) -> Self {
        self.body = Body::File;
        self.body_bytes_max = bytes_max;
        self.query = Takes::Import;
        self
    }

    /// A file, which is made as it is read.
    pub fn downloads(mut self, schema: &'static str) -> Self {
        self.answer_size = AnswerSize::Download;
        self.gives(200, schema)
    }

    /// What happens, for as long as somebody follows it.
    pub fn streams(mut self, schema: &'static str) -> Self {
        self.query = Takes::Stream;
        self.answer_size = AnswerSize::Live;
        self.gives(200, schema)
    }

    pub fn versioned(mut self) -> Self {
        self.versioned = true;
        self
    }

    pub fn refuses(mut self, codes: &'static [Code]) -> Self {
        self.refusals = codes;
        self
    }

    /// It answers with much.
    pub fn large(mut self) -> Self {
        self.answer_size = AnswerSize::Large;
        self
    }

    /// It takes a processor for long: it reads, changes and writes many records, or makes a large document.
    pub fn of_many(mut self) -> Self {
        self.answer_size = AnswerSize::Batch;
        self
    }

    /// It reads, changes and writes what its body lists.
    pub fn batch(mut self) -> Self {
        self = self.of_many();
        self.has_dry_run_member = true;
        self.body_bytes_max = BATCH_REQUEST_BYTES_MAX;
        self
    }

    /// The resource, such as `contacts`.
    pub fn resource(&self) -> &'static str {
        self.name
            .split_once('.')
            .map_or(self.name, |(resource, _)| resource)
    }

    /// The names of the path's places, in order.
    pub fn places(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.path.split('/').filter_map(|part| {
            let name = part.strip_prefix('{')?;
            name.strip_suffix('}')
        })
    }

    /// Whether it only reads.
    pub fn is_safe(&self) -> bool {
        self.method.is_safe()
    }

    /// Whether it needs a key.
    pub fn is_keyed(&self) -> bool {
        matches!(self.access, Access::Keyed(_) | Access::KeyedByContent)
    }

    pub fn takes_idempotency_key(&self) -> bool {
        self.is_keyed() && [Method::POST, Method::PUT].contains(&self.method)
    }

    pub fn takes_dry_run(&self) -> bool {
        self.is_keyed() && !self.is_safe()
    }

    pub fn precondition(&self) -> Option<Precondition> {
        // What a PUT is about is found by its values, and may be there.
        let is_of_one = !self.ids.is_empty() || self.method == Method::PUT;
        if !self.versioned || !is_of_one {
            return None;
        }
        Some(if self.is_safe() {
            Precondition::IfNoneMatch
        } else {
            Precondition::IfMatch
        })
    }

    /// Whether a success names the version of the record that it is.
    pub fn gives_version(&self) -> bool {
        self.versioned && self.method != Method::DELETE
    }

    /// Every code that it may be refused with, those of HTTP alone aside: a method or a path that is not there, a head or
    /// a body that is not well-formed HTTP.
    pub fn codes(&self) -> Vec<Code> {
        const CHANGE: &[ErrorKind] = &[ErrorKind::OutcomeUnknown];
        const BODY: &[ErrorKind] = &[ErrorKind::ValidationFailed, ErrorKind::UnknownField];
        let keyed = self.is_keyed();
        let listed = matches!(
            self.query,
            Takes::Page | Takes::List(_) | Takes::Search | Takes::History | Takes::Cursor
        );
        let posted = self.takes_idempotency_key();
        let has_body = !matches!(self.body, Body::None | Body::File);
        // A POST that needs no body may not bring one that is too large or no JSON.
        let reads_body = has_body || self.method == Method::POST;
        let engine = |applies: bool, kinds: &[ErrorKind]| -> Vec<Code> {
            let kinds = if applies { kinds } else { &[] };
            kinds.iter().copied().map(Code::Engine).collect()
        };
        let http = |applies: bool, codes: &[Code]| -> Vec<Code> {
            let codes = if applies { codes } else { &[] };
            codes.to_vec()
        };
        let codes = [
            engine(true, &[ErrorKind::BadRequest, ErrorKind::Internal]),
            engine(
                keyed,
                &[
                    ErrorKind::Unauthorized,
                    ErrorKind::Forbidden,
                    ErrorKind::Unavailable,
                ],
            ),
            http(keyed, &[Code::RateLimited]),
            engine(!self.is_safe(), CHANGE),
            engine(listed, &[ErrorKind::InvalidCursor]),
            engine(self.places().next().is_some(), &[ErrorKind::NotFound]),
            engine(posted, &[ErrorKind::IdempotencyConflict]),
            engine(
                self.precondition() == Some(Precondition::IfMatch),
                &[ErrorKind::VersionConflict],
            ),
            engine(has_body, BODY),
            http(
                reads_body,
                &[Code::PayloadTooLarge, Code::UnsupportedMediaType],
            ),
            self.refusals.to_vec(),
        ];
        let codes = codes.concat();
        // In the order of the documentation, each once.
        let all = Code::all();
        all.filter(|code| codes.contains(code)).collect()
    }
}
