//! Whether a message is signed as its receiver expects: with every secret that is valid, in both schemes.

use crate::sealing::Sealer;
use crate::signature::{standard_signature, verify};
use crate::time::Timestamp;
use crate::webhook::{Message, Webhook};

/// Whether a message of `now` is signed with each secret that `target` had at `read_at`, and with no other.
pub(super) fn is_right(
    message: &Message,
    target: &Webhook,
    read_at: Timestamp,
    now: Timestamp,
) -> bool {
    let header = |name: &str| {
        let mut named = message.headers.iter().filter(|(other, _)| *other == name);
        named.next().map_or("", |(_, value)| value.as_str())
    };
    // Histories know no sealing key: a secret is kept as it is.
    let secrets = target.secrets.open(&Sealer::new(Vec::new()), "", read_at);
    let secrets = secrets.expect("what is not sealed opens");
    let seconds = now.as_millis().div_euclid(1000);
    let body = message.body.as_bytes();
    let (ours, standard) = (header("relm-signature"), header("webhook-signature"));
    let tokens: Vec<&str> = standard.split(' ').collect();
    let is_signed_with = |secret: &String| {
        let token = standard_signature(secret, header("webhook-id"), seconds, body);
        verify(secret, ours, body, seconds, 0).is_ok()
            && token.is_some_and(|token| tokens.contains(&token.as_str()))
    };
    secrets.iter().all(is_signed_with)
        && tokens.len() == secrets.len()
        && ours.matches("v1=").count() == secrets.len()
        && header("webhook-timestamp") == seconds.to_string()
        && header("content-type") == "application/json"
}
