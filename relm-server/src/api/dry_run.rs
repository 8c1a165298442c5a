//! Dry runs: whether a request asks for one, in its header or in its body.

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response};
use relm_core::record::input::Reader;
use relm_core::{Error, ErrorKind, Quoted};
use serde_json::{Value, json};

use super::answer::ApiError;

/// Of a request that would change something: whether it is a dry run. Of a response: that it was one.
const RELM_DRY_RUN: HeaderName = HeaderName::from_static("relm-dry-run");
/// The member of a body that says the same.
pub(super) const MEMBER: &str = "dry_run";

/// Whether the head of a request asks for a dry run. What only reads changes nothing anyway, and the header means nothing there.
pub(super) fn is_asked_for(method: &Method, headers: &HeaderMap) -> Result<bool, ApiError> {
    if method.is_safe() {
        return Ok(false);
    }
    let mut values = headers.get_all(RELM_DRY_RUN).iter();
    let (value, more) = (values.next(), values.next());
    let refuse = |message: String| {
        let error = Error::new(ErrorKind::BadRequest, message);
        Err(error.at("Relm-Dry-Run").into())
    };
    match (value.map(|value| value.as_bytes()), more) {
        (None | Some(b"false"), None) => Ok(false),
        (Some(b"true"), None) => Ok(true),
        (Some(value), None) => {
            let given = String::from_utf8_lossy(value);
            let given = Quoted(&given);
            refuse(format!(
                "`Relm-Dry-Run` must be true or false, or left out, not {given}."
            ))
        }
        (_, Some(_)) => refuse("Send one `Relm-Dry-Run`, true or false.".to_owned()),
    }
}

/// Takes the member out of a body, and says whether it asks for a dry run: the request is the same with it and without.
pub(super) fn take_member(body: &mut Value) -> Result<bool, ApiError> {
    let members = body.as_object_mut();
    let Some(member) = members.and_then(|members| members.remove(MEMBER)) else {
        return Ok(false);
    };
    let mut reader = Reader::new(json!({ MEMBER: member }))?;
    Ok(*reader.boolean(MEMBER)?.as_set().unwrap_or(&false))
}

/// Says of a response that it is that of a dry run, if it is.
pub(super) fn mark(response: &mut Response<Bytes>, is_dry_run: bool) {
    if is_dry_run {
        let headers = response.headers_mut();
        headers.insert(RELM_DRY_RUN, HeaderValue::from_static("true"));
    }
}
