//! Browsers that a person has signed in with before. Their attempts to sign in are counted apart from those of strangers, who so
//! cannot keep the person out by guessing: <https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies>

use hmac::{Hmac, KeyInit as _, Mac as _};
use relm_core::User;
use relm_core::value::hex::hex;
use relm_core::value::time::{Rng, SystemRng};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// How long a browser is known after the last time that a person signed in with it.
pub(super) const KNOWN_SECONDS: i64 = 365 * 24 * 60 * 60;
const NAME_BYTES: usize = 16;
const NAME_DIGITS: usize = 2 * NAME_BYTES;
const DIGITS: usize = NAME_DIGITS + 64;

/// A browser and the account that it is known for.
pub(super) type Device = [u8; 32];

/// What a browser keeps that is known from now on: a random name, and a code of it. Its key is the digest of the user's
/// password, so that a new password is a new start. None for a user without a password.
pub(super) fn token(user: &User) -> Option<String> {
    let mut name = [0; NAME_BYTES];
    SystemRng.fill(&mut name);
    let name = hex(&name);
    let code = code(user, &name)?;
    Some(format!("{name}{code}"))
}

/// The browser that shows this, if it is known for this user.
pub(super) fn known(user: &User, token: &str) -> Option<Device> {
    let (name, shown) = token.split_at_checked(NAME_DIGITS)?;
    let is_known = bool::from(code(user, name)?.as_bytes().ct_eq(shown.as_bytes()));
    is_known.then(|| {
        let mut device = Sha256::new_with_prefix(name);
        device.update(user.id.to_string());
        device.finalize().into()
    })
}

/// Whether a text may be a token: what is none costs no look-up.
pub(super) fn may_be(token: &str) -> bool {
    token.len() == DIGITS && token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn code(user: &User, name: &str) -> Option<String> {
    let mac = Hmac::<Sha256>::new_from_slice(user.password()?.as_bytes());
    let mut mac = mac.expect("a key of any length will do");
    mac.update(b"relm console device");
    mac.update(user.id.to_string().as_bytes());
    mac.update(name.as_bytes());
    Some(hex(&mac.finalize().into_bytes()))
}
