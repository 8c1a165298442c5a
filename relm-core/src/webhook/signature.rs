//! How a webhook's receiver knows that a request came from us, unaltered and just now.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::value::hex::unhex;

/// What a webhook secret begins with; base64 of the random bytes follows.
const SECRET_PREFIX: &str = "whsec_";

/// The bytes of an HMAC-SHA256.
const TAG_LEN: usize = 32;

/// The `relm-signature` header of a body: `t=<unix seconds>,v1=<hex>`.
///
/// `v1` is the HMAC-SHA256 of `<unix seconds>.<body>`, keyed with the whole secret string as UTF-8.
///
/// ```
/// use relm_core::webhook::signature::sign;
///
/// let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// assert_eq!(
///     sign(secret, 1_751_500_000, br#"{"id":"evt_1","type":"contact.created"}"#),
///     "t=1751500000,v1=2a13563cf174868c14d29a7a16f7b2125aae9c4432a1a29a17fb40760a20c722",
/// );
/// ```
pub fn sign(secret: &str, at_unix_seconds: i64, body: &[u8]) -> String {
    sign_all(&[secret], at_unix_seconds, body)
}

/// One `relm-signature` header with a `v1` for each secret, for the time in which an old secret is still in use beside
/// its successor.
///
/// ```
/// use relm_core::webhook::signature::{sign_all, verify};
///
/// let header = sign_all(&["whsec_new", "whsec_old"], 1_751_500_000, b"{}");
/// assert_eq!(verify("whsec_old", &header, b"{}", 1_751_500_000, 300), Ok(()));
/// assert_eq!(verify("whsec_new", &header, b"{}", 1_751_500_000, 300), Ok(()));
/// ```
pub fn sign_all(secrets: &[&str], at_unix_seconds: i64, body: &[u8]) -> String {
    let mut header = format!("t={at_unix_seconds}");
    for secret in secrets {
        header.push_str(",v1=");
        for byte in relm_mac(secret, at_unix_seconds, body)
            .finalize()
            .into_bytes()
        {
            write!(header, "{byte:02x}").expect("writing to a String cannot fail");
        }
    }
    header
}

/// The `webhook-signature` header of a body by [Standard Webhooks](https://www.standardwebhooks.com): `v1,<base64>`.
///
/// It is the HMAC-SHA256 of `<message id>.<unix seconds>.<body>`, keyed with the bytes that the secret's base64 stands
/// for; `None` when the secret is not `whsec_` and base64.
///
/// ```
/// use relm_core::webhook::signature::standard_signature;
///
/// let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/// let body = br#"{"email":"test@example.com","username":"test_user"}"#;
/// assert_eq!(
///     standard_signature(secret, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body).as_deref(),
///     Some("v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="),
/// );
/// ```
pub fn standard_signature(
    secret: &str,
    message_id: &str,
    at_unix_seconds: i64,
    body: &[u8],
) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    // Anyone could sign with an empty key.
    (!key.is_empty()).then(|| {
        let mut mac = keyed(&key);
        mac.update(format!("{message_id}.{at_unix_seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    })
}

/// Why a signature was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The header is not `t=<unix seconds>,v1=<hex>`: this is no request of ours, or something altered it.
    #[error("the signature header is not `t=<unix seconds>,v1=<hex>`")]
    Malformed,
    /// The signature is right and too old: the request was long under way, or is being repeated.
    #[error("the signature is older than the tolerance")]
    Expired,
    /// The signature is right and of a time still to come: the two clocks disagree.
    #[error("the signature is of a time later than now by more than the tolerance")]
    Early,
    /// No signature is that of this body with this secret.
    #[error("no signature in the header is that of this body with this secret")]
    Mismatch,
}

/// Checks a `relm-signature` header against the body exactly as it was received: its raw bytes, before anything has
/// parsed them.
///
/// Signatures are compared in constant time. One right `v1` among several suffices. Schemes other than `v1` are ignored, so that one can be added without breaking
/// receivers. The time, which five minutes (300) of tolerance suit, is judged after the signature: only then is it our
/// time, so [`Expired`](SignatureError::Expired) and [`Early`](SignatureError::Early) always mean a request that we did
/// sign.
///
/// # Errors
///
/// The first of these that holds: the header is malformed, no signature matches, the signed time is more than
/// `tolerance_seconds` away from `now_unix_seconds` in either direction.
///
/// ```
/// use relm_core::webhook::signature::{SignatureError, sign, verify};
///
/// let header = sign("whsec_secret", 1_751_500_000, b"{}");
/// assert_eq!(verify("whsec_secret", &header, b"{}", 1_751_500_007, 300), Ok(()));
/// assert_eq!(verify("whsec_secret", &header, b"{ }", 1_751_500_007, 300), Err(SignatureError::Mismatch));
/// assert_eq!(verify("whsec_secret", &header, b"{}", 1_751_500_301, 300), Err(SignatureError::Expired));
/// ```
pub fn verify(
    secret: &str,
    header: &str,
    body: &[u8],
    now_unix_seconds: i64,
    tolerance_seconds: i64,
) -> Result<(), SignatureError> {
    let (at, signatures) = read(header).ok_or(SignatureError::Malformed)?;
    let mac = relm_mac(secret, at, body);
    // `verify_slice` takes the same time wherever the first difference is. Whether some signature matched is no secret.
    let matched = signatures
        .iter()
        .any(|tag| mac.clone().verify_slice(tag).is_ok());
    if !matched {
        Err(SignatureError::Mismatch)
    } else if at.abs_diff(now_unix_seconds) <= u64::try_from(tolerance_seconds).unwrap_or(0) {
        Ok(())
    } else if at < now_unix_seconds {
        Err(SignatureError::Expired)
    } else {
        Err(SignatureError::Early)
    }
}

/// The one `t` and every `v1` of a header. There is at least one `v1`, and nothing that is not `name=value`.
fn read(header: &str) -> Option<(i64, Vec<[u8; TAG_LEN]>)> {
    let mut at = None;
    let mut signatures = Vec::new();
    for element in header.split(',') {
        match element.split_once('=')? {
            ("t", _) if at.is_some() => return None,
            ("t", value) => at = Some(canonical_integer(value)?),
            ("v1", value) => signatures.push(unhex(value)?),
            _ => {}
        }
    }
    (!signatures.is_empty()).then_some((at?, signatures))
}

/// An integer in its only notation: what is signed is the number, so that `+7` and `07` would pass for the `7` that was.
fn canonical_integer(text: &str) -> Option<i64> {
    text.parse()
        .ok()
        .filter(|integer: &i64| integer.to_string() == text)
}

fn relm_mac(secret: &str, at_unix_seconds: i64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = keyed(secret.as_bytes());
    mac.update(format!("{at_unix_seconds}.").as_bytes());
    mac.update(body);
    mac
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"id":"evt_1","type":"contact.created"}"#;
    const AT: i64 = 1_751_500_000;
    const TAG: &str = "2a13563cf174868c14d29a7a16f7b2125aae9c4432a1a29a17fb40760a20c722";

    fn check(header: &str) -> Result<(), SignatureError> {
        verify(SECRET, header, BODY, AT, 300)
    }

    #[test]
    fn the_published_vector_is_signed_and_verified() {
        let header = format!("t=1751500000,v1={TAG}");
        assert_eq!(sign(SECRET, AT, BODY), header);
        assert_eq!(check(&header), Ok(()));
    }

    #[test]
    fn any_one_signature_suffices_and_other_schemes_are_ignored() {
        let wrong = "0".repeat(64);
        for header in [
            format!("t={AT},v1={wrong},v1={TAG}"),
            format!("t={AT},v1={TAG},v1={wrong}"),
            format!("v0=anything,t={AT},v1={TAG},v2=,=x"),
            format!("v1={TAG},t={AT}"),
        ] {
            assert_eq!(check(&header), Ok(()), "{header}");
        }
        assert_eq!(
            check(&format!("t={AT},v1={wrong}")),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            check(&sign("whsec_other", AT, BODY)),
            Err(SignatureError::Mismatch)
        );
    }

    #[test]
    fn a_header_of_another_form_is_malformed() {
        for header in [
            String::new(),
            format!("t={AT}"),
            format!("v1={TAG}"),
            format!("t={AT},v0={TAG}"),
            format!("t={AT},t={AT},v1={TAG}"),
            format!("t=+{AT},v1={TAG}"),
            format!("t=0{AT},v1={TAG}"),
            format!("t= {AT},v1={TAG}"),
            format!("t={AT}.0,v1={TAG}"),
            format!("t=,v1={TAG}"),
            format!("t=99999999999999999999,v1={TAG}"),
            format!("t={AT},v1={TAG},"),
            format!("t={AT},v1={TAG},junk"),
            format!("t={AT}, v1={TAG}"),
            format!("t={AT};v1={TAG}"),
            format!("t={AT},v1={}", TAG.to_uppercase()),
            format!("t={AT},v1={}", &TAG[1..]),
            format!("t={AT},v1={TAG}00"),
            format!("t={AT},v1={}é", &TAG[2..]),
            format!("t={AT},v1="),
        ] {
            assert_eq!(check(&header), Err(SignatureError::Malformed), "{header}");
        }
    }

    #[test]
    fn the_time_may_be_off_by_the_tolerance_in_both_directions() {
        let header = sign(SECRET, AT, BODY);
        let check = |now, tolerance| verify(SECRET, &header, BODY, now, tolerance);
        for now in [AT - 300, AT, AT + 300] {
            assert_eq!(check(now, 300), Ok(()));
        }
        assert_eq!(check(AT + 301, 300), Err(SignatureError::Expired));
        assert_eq!(check(AT - 301, 300), Err(SignatureError::Early));
        assert_eq!(check(AT, -1), Ok(()));
        assert_eq!(check(AT + 1, -1), Err(SignatureError::Expired));
        assert_eq!(check(i64::MIN, i64::MAX), Err(SignatureError::Early));
    }

    #[test]
    fn an_error_says_what_is_wrong() {
        for (error, words) in [
            (SignatureError::Malformed, "the signature header is not `t="),
            (SignatureError::Expired, "older than the tolerance"),
            (SignatureError::Early, "later than now"),
            (SignatureError::Mismatch, "no signature in the header"),
        ] {
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn the_time_is_judged_only_when_it_is_ours() {
        let forged = sign("whsec_other", AT, BODY);
        assert_eq!(
            verify(SECRET, &forged, BODY, AT + 9_999, 300),
            Err(SignatureError::Mismatch)
        );
    }

    #[test]
    fn a_standard_signature_needs_a_decodable_secret() {
        assert!(standard_signature(SECRET, "evt_1", AT, BODY).is_some());
        for secret in [
            "",
            "whsec_",
            "whsec_***",
            "whsec_MfK",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ] {
            assert_eq!(
                standard_signature(secret, "evt_1", AT, BODY),
                None,
                "{secret}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_was_signed_verifies(secrets in prop::collection::vec(".*", 1..4), at: i64, body: Vec<u8>) {
            let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let header = sign_all(&secrets, at, &body);
            for secret in secrets {
                prop_assert_eq!(verify(secret, &header, &body, at, 0), Ok(()));
            }
        }

        #[test]
        fn one_flipped_bit_of_the_body_is_noticed(
            mut body in prop::collection::vec(any::<u8>(), 1..200), at: prop::sample::Index, bit in 0_u8..8,
        ) {
            let header = sign(SECRET, AT, &body);
            let at = at.index(body.len());
            body[at] ^= 1 << bit;
            prop_assert_eq!(verify(SECRET, &header, &body, AT, 300), Err(SignatureError::Mismatch));
        }

        #[test]
        fn no_text_makes_verify_panic(
            header: String,
            near in "(t=-?[0-9]{0,20}|v1=[0-9a-f]{62,66}|,){0,5}",
            body: Vec<u8>,
            now: i64,
            tolerance: i64,
        ) {
            prop_assert!(verify(SECRET, &header, &body, now, tolerance).is_err());
            prop_assert!(verify(SECRET, &near, &body, now, tolerance).is_err());
        }
    }

    #[test]
    fn one_flipped_bit_of_the_header_is_noticed() {
        let header = sign(SECRET, AT, BODY);
        for (at, bit) in (0..header.len()).flat_map(|at| (0..7).map(move |bit| (at, bit))) {
            let mut bytes = header.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let altered = String::from_utf8(bytes).unwrap();
            assert!(
                verify(SECRET, &altered, BODY, AT, i64::MAX).is_err(),
                "{altered}"
            );
        }
    }
}
