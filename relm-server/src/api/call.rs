//! One request to a handler: who asks for what, and the reading of it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use hyper::Method;
use hyper::header::{HeaderMap, HeaderName, IF_MATCH};
use relm_core::engine::Crm;
use relm_core::record::API_VERSION;
use relm_core::value::json;
use relm_core::{Error, ErrorKind, Id, Kind, Principal, Quoted, RequestId, Scoped, named_id};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::answer::{self, ApiError};
use super::health::Readiness;
use super::held_key::HeldKey;
use super::openapi::Documents;
use super::operation::Body;
use super::words::of_a_word;
use crate::entity_tag::strong;
use crate::parameters::Query;
use crate::serve::{FileBody, Head};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request with a valid key.
pub(super) struct Call {
    pub scoped: Box<Scoped>,
    /// Whose key it is.
    pub principal: Box<Principal>,
    /// What stands in the path's places, in order.
    pub ids: Vec<String>,
    pub query: Query,
    pub head: Head,
    /// The body, read; null where the route takes none.
    pub body: Value,
    /// The body as it arrives, where the route takes a file; otherwise nothing.
    pub file: FileBody,
    /// The key, where the route takes a file: it may take longer to arrive than the key is valid.
    pub key: Option<HeldKey>,
    pub documents: Arc<Documents>,
}

/// What is there for those who show no key.
#[derive(Clone)]
pub(super) struct Open {
    pub crm: Crm,
    pub readiness: Readiness,
    pub documents: Arc<Documents>,
}

impl Call {
    /// The id at a place of the path.
    ///
    /// # Errors
    /// `not_found` when it is not the id of a record of this kind: there is none of that id then.
    pub fn id(&self, place: usize, kind: Kind) -> Result<Id, ApiError> {
        let text = self.ids.get(place).map_or("", String::as_str);
        Ok(named_id(kind, text).map_err(|error| match of_a_word(text) {
            Some(sentence) => error.adding(sentence),
            None => error,
        })?)
    }

    /// The id of a request at a place of the path.
    ///
    /// # Errors
    /// `not_found` when it is not one: there is no such request then.
    pub fn request_id(&self, place: usize) -> Result<RequestId, ApiError> {
        let text = self.ids.get(place).map_or("", String::as_str);
        text.parse().map_err(|_| {
            let given = Quoted(text);
            let message = format!(
                "The id of a request is one such as req_01K1V9Y2ZP6W4T8Q0R5N7M3XJB, not {given}: it is in the `X-Request-Id` of a response, \
                 and in the `request_id` of an event."
            );
            Error::new(ErrorKind::NotFound, message).into()
        })
    }

    /// The version that `If-Match` expects, if it expects one.
    pub fn expected_version(&self) -> Result<Option<i64>, ApiError> {
        let mut values = self.head.headers.get_all(IF_MATCH).iter();
        let value = match (values.next(), values.next()) {
            (None, _) => return Ok(None),
            (Some(value), None) => value.to_str().ok().map(str::trim),
            (Some(_), Some(_)) => None,
        };
        if value == Some("*") {
            return Ok(None);
        }
        let version = value.and_then(version_of_tag);
        version
            .map(Some)
            .ok_or_else(|| unreadable_version(value.unwrap_or_default()))
    }

    /// Refuses to ignore an `If-Match` on what shows no version.
    pub fn expect_no_version(&self) -> Result<(), ApiError> {
        match self.expected_version()? {
            None => Ok(()),
            Some(_) => {
                let message = "What is at this path has no version to match; leave `If-Match` out.";
                Err(bad_header("If-Match", message))
            }
        }
    }

    /// On a POST or PUT with an `Idempotency-Key`, makes what the handler changes happen once.
    pub fn hold_to_idempotency_key(&mut self) -> Result<(), ApiError> {
        if ![Method::POST, Method::PUT].contains(&self.head.method) {
            return Ok(());
        }
        let Some(key) = self.idempotency_key()? else {
            return Ok(());
        };
        let fingerprint = self.fingerprint();
        let scoped = Scoped::clone(&self.scoped).idempotent_by(&key, fingerprint)?;
        *self.scoped = scoped;
        Ok(())
    }

    /// The `Idempotency-Key`, where there is one.
    pub fn idempotency_key(&self) -> Result<Option<String>, ApiError> {
        let mut keys = self.head.headers.get_all(IDEMPOTENCY_KEY).iter();
        let key = match (keys.next(), keys.next()) {
            (None, _) => return Ok(None),
            (Some(key), None) => key.to_str().ok(),
            (Some(_), Some(_)) => None,
        };
        let Some(key) = key else {
            let message = "Send one `Idempotency-Key`, of ASCII characters.";
            return Err(bad_header("Idempotency-Key", message));
        };
        Ok(Some(key.to_owned()))
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

/// The version that an entity tag names: `"3"`, or `W/"3"` where a proxy has changed the answer's coding.
fn version_of_tag(tag: &str) -> Option<i64> {
    let version = strong(tag).strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = version.bytes().all(|byte| byte.is_ascii_digit());
    version.parse().ok().filter(|_| is_plain)
}

fn unreadable_version(given: &str) -> ApiError {
    let message = format!(
        "`If-Match` must be the record's version in quotes, such as \"3\", not {}.",
        Quoted(given)
    );
    let error = Error::new(ErrorKind::BadRequest, message).at("If-Match");
    match given.trim_matches('"').parse::<u32>() {
        Ok(version) => {
            let meant = format!("\"{version}\"");
            error
                .adding(&format!("Send If-Match: {meant}."))
                .suggesting(meant)
                .into()
        }
        Err(_) => error.into(),
    }
}

/// There is no such record here.
pub(super) fn missing(kind: Kind) -> ApiError {
    let what = kind.noun();
    let message = format!("There is no such {what} in this workspace and mode.");
    Error::new(ErrorKind::NotFound, message).into()
}

fn bad_header(name: &str, message: &str) -> ApiError {
    Error::new(ErrorKind::BadRequest, message).at(name).into()
}

/// The body of a request.
pub(super) enum RequestBody {
    Whole(Bytes),
    /// In pieces, as they are sent.
    Arriving(FileBody),
}

impl RequestBody {
    /// The JSON of a request that has any, and the file of one whose route takes one.
    pub fn read(self, taken: Body, method: &Method) -> Result<(Value, FileBody), ApiError> {
        match (taken, self) {
            (Body::File, Self::Arriving(file)) => Ok((Value::Null, file)),
            // A file that is there whole is one that arrives in one piece.
            (Body::File, Self::Whole(bytes)) => {
                Ok((Value::Null, stream::iter([Ok(bytes)]).boxed()))
            }
            (_, Self::Whole(bytes)) => {
                Ok((read_json(taken, method, &bytes)?, stream::empty().boxed()))
            }
            (_, Self::Arriving(_)) => Err(ApiError::internal()),
        }
    }
}

/// A GET or DELETE may bring JSON along, and it means nothing; a POST that needs none may not bring what is no JSON.
fn read_json(taken: Body, method: &Method, body: &[u8]) -> Result<Value, ApiError> {
    match taken {
        Body::None if method != Method::POST => return Ok(Value::Null),
        Body::None | Body::Optional(_) if body.is_empty() => return Ok(Value::Null),
        Body::None | Body::Optional(_) | Body::Required(_) | Body::File => {}
    }
    let read = json::parse(body);
    read.map_err(|error| relm_core::Error::new(ErrorKind::BadRequest, error.message).into())
}

/// A request may say which version of the API it speaks; there is one.
pub(super) fn check_version(headers: &HeaderMap) -> Result<(), ApiError> {
    for version in headers.get_all(answer::RELM_VERSION) {
        if version.as_bytes() != API_VERSION.as_bytes() {
            let given = String::from_utf8_lossy(version.as_bytes());
            let message = format!(
                "`Relm-Version` must be {API_VERSION}, or left out, not {}.",
                Quoted(&given)
            );
            let error = relm_core::Error::new(ErrorKind::BadRequest, message);
            return Err(error.at("Relm-Version").into());
        }
    }
    Ok(())
}
