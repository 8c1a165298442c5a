//! One request to a handler: who asks for what, and the reading of it.

use hyper::Method;
use hyper::header::{HeaderName, IF_MATCH};
use hyper::http::request::Parts;
use relm_core::{Error, ErrorKind, Id, Kind, Scoped, json};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::answer::Failure;
use super::query::Query;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request with a valid key.
pub(super) struct Call {
    pub scoped: Scoped,
    /// What stands in the path's places, in order.
    pub ids: Vec<String>,
    pub query: Query,
    pub head: Parts,
    /// The body, read; null where the route takes none.
    pub body: Value,
}

impl Call {
    /// The id at a place of the path.
    ///
    /// # Errors
    /// `not_found` when it is not the id of a record of this kind: there is none of that id then.
    pub fn id(&self, place: usize, kind: Kind) -> Result<Id, Failure> {
        let id = self.ids.get(place).and_then(|text| Id::parse(text));
        id.filter(|id| id.kind() == kind)
            .ok_or_else(|| missing(kind))
    }

    /// The version that `If-Match` expects, if it expects one.
    pub fn expected_version(&self) -> Result<Option<i64>, Failure> {
        let mut values = self.head.headers.get_all(IF_MATCH).iter();
        let value = match (values.next(), values.next()) {
            (None, _) => return Ok(None),
            (Some(value), None) => value.to_str().ok().map(str::trim),
            (Some(_), Some(_)) => None,
        };
        let version = match value {
            Some("*") => return Ok(None),
            Some(value) => value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'))
                .filter(|version| version.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|version| version.parse().ok()),
            None => None,
        };
        version.map(Some).ok_or_else(|| {
            let message = "`If-Match` must be the record's version in quotes, such as \"3\".";
            bad_header("If-Match", message)
        })
    }

    /// Refuses to ignore an `If-Match` on what shows no version.
    pub fn expect_no_version(&self) -> Result<(), Failure> {
        match self.expected_version()? {
            None => Ok(()),
            Some(_) => {
                let message = "What is at this path has no version to match; leave `If-Match` out.";
                Err(bad_header("If-Match", message))
            }
        }
    }

    /// On a POST with an `Idempotency-Key`, makes what the handler changes happen once.
    pub fn hold_to_idempotency_key(&mut self) -> Result<(), Failure> {
        if self.head.method != Method::POST {
            return Ok(());
        }
        let mut keys = self.head.headers.get_all(IDEMPOTENCY_KEY).iter();
        let key = match (keys.next(), keys.next()) {
            (None, _) => return Ok(()),
            (Some(key), None) => key.to_str().ok(),
            (Some(_), Some(_)) => None,
        };
        let Some(key) = key else {
            let message = "Send one `Idempotency-Key`, of ASCII characters.";
            return Err(bad_header("Idempotency-Key", message));
        };
        let fingerprint = self.fingerprint();
        self.scoped = self.scoped.clone().idempotent(key, fingerprint)?;
        Ok(())
    }

    /// A digest of what is asked for: spelling, white space and the order of members do not matter.
    fn fingerprint(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.head.method.as_str());
        digest.update([0]);
        digest.update(self.head.uri.path());
        for (name, value) in self.query.sorted() {
            digest.update([0]);
            digest.update(name);
            digest.update([0]);
            digest.update(value);
        }
        digest.update([0, 0]);
        digest.update(json::canonical(&self.body));
        digest.finalize().into()
    }
}

/// There is no such record here.
pub(super) fn missing(kind: Kind) -> Failure {
    let what = kind.name();
    let message = format!("There is no such {what} in this workspace and mode.");
    Error::new(ErrorKind::NotFound, message).into()
}

fn bad_header(name: &str, message: &str) -> Failure {
    Error::new(ErrorKind::BadRequest, message).at(name).into()
}
