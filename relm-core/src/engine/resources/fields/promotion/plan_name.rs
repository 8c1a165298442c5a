//! What plans are called.

use crate::value::hex::hex;

/// What the name of a plan begins with, and how many digits follow: half of a digest, which nobody finds a second time.
const PLAN: &str = "plan_";
const PLAN_DIGITS: usize = 32;

/// The name of the plan with this digest.
pub(super) fn name_of(digest: &[u8]) -> String {
    let mut name = format!("{PLAN}{}", hex(digest));
    name.truncate(PLAN.len() + PLAN_DIGITS);
    name
}

/// Whether a text can be the name of a plan.
pub(super) fn is_name(text: &str) -> bool {
    let digits = text.strip_prefix(PLAN);
    digits.is_some_and(|digits| {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        digits.len() == PLAN_DIGITS && digits.bytes().all(is_digit)
    })
}
