//! Whether a message is as its endpoint expects: sent to its URL, and signed with every secret that is valid, in both schemes.

use relm_core::record::Webhook;
use relm_core::value::time::Timestamp;
use relm_core::webhook::Message;
use relm_core::webhook::signature::{standard_signature, verify};
use serde_json::{Value, json};

/// An endpoint, as a process read it.
#[derive(Clone)]
pub(crate) struct Read {
    pub webhook: Webhook,
    pub at: Timestamp,
}

/// What a message must be by what was read of its endpoint, and whether it is.
pub(crate) fn by_read(message: &Message, read: &Read, now: Timestamp) -> [(&'static str, bool); 3] {
    let is_signed = is_right(message, read, now);
    [
        ("is sent to another URL", message.url == read.webhook.url),
        ("is sent to a disabled endpoint", read.webhook.enabled),
        ("is not signed with each valid secret", is_signed),
    ]
}

/// Whether a message of `now` is signed with each secret that its endpoint had when it was read, and with no other.
fn is_right(message: &Message, read: &Read, now: Timestamp) -> bool {
    let header = |name: &str| {
        let mut named = message.headers.iter().filter(|(other, _)| *other == name);
        named.next().map_or("", |(_, value)| value.as_str())
    };
    let secrets = secrets_of(&read.webhook, read.at);
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

/// The secrets of an endpoint that are valid at a moment. Histories know no sealing key: its document has them as they are.
fn secrets_of(target: &Webhook, now: Timestamp) -> Vec<String> {
    let document = json!(target);
    let secrets = &document["secrets"];
    let text = |value: &Value| value.as_str().expect("a secret is a text").to_owned();
    let is_valid = |previous: &&Value| {
        let expires_at: Timestamp = previous["expires_at"]
            .as_str()
            .and_then(Timestamp::parse)
            .expect("a moment");
        expires_at > now
    };
    let previous = secrets["previous"].as_array().expect("a list");
    let previous = previous
        .iter()
        .filter(is_valid)
        .map(|previous| text(&previous["secret"]));
    [text(&secrets["current"])]
        .into_iter()
        .chain(previous)
        .collect()
}
