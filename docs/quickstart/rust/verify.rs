use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Whether `body` was signed with `secret` within `tolerance` seconds of `now`.
pub fn verify(secret: &str, header: &str, body: &[u8], now: i64, tolerance: u64) -> bool {
    let elements: Vec<_> = header
        .split(',')
        .filter_map(|element| element.split_once('='))
        .collect();
    let values = |wanted| {
        elements
            .iter()
            .filter(move |(name, _)| *name == wanted)
            .map(|(_, value)| *value)
    };
    let times: Vec<_> = values("t").collect();
    let [time] = times[..] else { return false };
    let Ok(at) = time.parse::<i64>() else {
        return false;
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key has any length");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    // In constant time.
    let is_right =
        |given: &str| from_hex(given).is_some_and(|tag| mac.clone().verify_slice(&tag).is_ok());
    values("v1").any(is_right) && now.abs_diff(at) <= tolerance
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let byte = |at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(byte).collect()
}
