//! What a form sends, and the token that proves that a page of the same session made the form.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use relm_core::value::hex::hex;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::shown::Message;

/// Bytes of a form.
pub(super) const FORM_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a form of what a workspace holds: a text of 20,000 characters takes up to a dozen bytes for each in it.
pub(super) const RECORD_FORM_BYTES_MAX: usize = 512 * 1024;
/// The field of the token in each form.
const TOKEN_FIELD: &str = "csrf";
/// The parameter of the token in the address of a form with a file.
pub(super) const UPLOAD_TOKEN: &str = "upload";

/// The fields of a form, each with its values in the order in which they were sent.
#[derive(Default)]
pub(super) struct Form(BTreeMap<String, Vec<String>>);

impl Form {
    pub fn parse(body: &[u8]) -> Self {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body).into_owned() {
            fields.entry(name).or_default().push(value);
        }
        Self(fields)
    }

    /// The same of fields that were read one by one.
    pub fn of_fields(fields: Vec<(String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in fields {
            form.0.entry(name).or_default().push(value);
        }
        form
    }

    /// The value of a field; of one that was not sent, nothing.
    pub fn text(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// The value of a field without the white space around it; none where nothing is left.
    pub fn trimmed(&self, name: &str) -> Option<&str> {
        Some(self.text(name).trim()).filter(|text| !text.is_empty())
    }

    /// The values of a field that may be sent several times.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.0.get(name).into_iter().flatten();
        values.map(String::as_str)
    }

    /// Whether a checkbox is ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.has(name)
    }

    /// Whether a field was sent, whatever is in it.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Whether the form was made for the session of this token.
    pub fn is_of_session(&self, session_token: &str) -> bool {
        self.has_token(TOKEN_FIELD, &csrf_token(session_token))
    }

    /// Whether the address of a form with a file was, whose fields are not read yet.
    pub fn is_upload_of_session(&self, session_token: &str) -> bool {
        self.has_token(UPLOAD_TOKEN, &upload_token(session_token))
    }

    fn has_token(&self, field: &str, expected: &str) -> bool {
        bool::from(expected.as_bytes().ct_eq(self.text(field).as_bytes()))
    }
}

/// Why a form was not taken, and at which field that is said.
pub(super) struct FieldError {
    pub field: &'static str,
    pub message: String,
}

impl FieldError {
    /// What is said at a field.
    pub fn at<'a>(error: Option<&'a Self>, field: &str) -> Option<Message<'a>> {
        let error = error.filter(|error| error.field == field);
        error.map(|error| Message(&error.message))
    }
}

/// A moment that was picked, in UTC; whatever else was typed, as it is.
pub(super) fn picked(text: &str) -> String {
    let is_picked = text.len() >= 16
        && !text.ends_with(['Z', 'z'])
        && text.is_char_boundary(10)
        && !text[10..].contains(['+', '-']);
    match (is_picked, text.len()) {
        (false, _) => text.to_owned(),
        (true, 16) => format!("{text}:00Z"),
        (true, _) => format!("{text}Z"),
    }
}

/// The token in the forms of a session: made of the session's own, from which nobody can make that.
pub(super) fn csrf_token(session_token: &str) -> String {
    token_for(session_token, b"relm console form")
}

/// The token in the address of a session's forms with files. An address is seen by more than a form is: it opens nothing else.
pub(super) fn upload_token(session_token: &str) -> String {
    token_for(session_token, b"relm console upload")
}

fn token_for(session_token: &str, purpose: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(session_token.as_bytes());
    let mut mac = mac.expect("a key of any length will do");
    mac.update(purpose);
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_of_one_session() {
        let form = Form::parse(format!("csrf={}&a=1&a=2&b=+x+", csrf_token("one")).as_bytes());
        assert!(form.is_of_session("one"));
        assert!(!form.is_of_session("two") && !Form::default().is_of_session("one"));
        let address = Form::parse(format!("upload={}", upload_token("one")).as_bytes());
        assert!(address.is_upload_of_session("one") && !address.is_upload_of_session("two"));
        assert_ne!(upload_token("one"), csrf_token("one"));
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((form.text("b"), form.trimmed("b")), (" x ", Some("x")));
        assert_eq!((form.text("c"), form.trimmed("c")), ("", None));
    }
}
