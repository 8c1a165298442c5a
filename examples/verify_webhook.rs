//! How do I know that a webhook is Relm's? Check the signature over the body as it came, before reading anything of it.
//!
//! The receiver below takes what any HTTP library has at hand, one header and the raw body, and says what to answer.

use std::collections::HashSet;

use relm_core::signature::{SignatureError, sign, verify};
use serde_json::Value;

/// Seconds that a request may be old or early: longer than a slow network needs, too short to repeat it at leisure.
const TOLERANCE_S: i64 = 300;

/// What an endpoint of yours needs to remember.
struct Receiver {
    /// The `whsec_…` that subscribing the endpoint answered with.
    secret: String,
    /// Ids of events that were handled. Deliveries come at least once, so a real receiver keeps these in its database.
    handled: HashSet<String>,
}

/// What to answer.
#[derive(Debug, PartialEq)]
enum Answer {
    /// 204: handled now, or handled before.
    NoContent { repeated: bool },
    /// 400: not Relm's, or not fresh. Relm would try again.
    BadRequest(SignatureError),
    /// 400: signed, and yet not an event.
    NotAnEvent,
}

impl Receiver {
    /// Takes the `relm-signature` header, the body byte for byte, and the time in Unix seconds.
    fn receive(&mut self, signature: &str, body: &[u8], now: i64) -> Answer {
        if let Err(error) = verify(&self.secret, signature, body, now, TOLERANCE_S) {
            return Answer::BadRequest(error);
        }
        let event: Value = serde_json::from_slice(body).unwrap_or_default();
        let Some(id) = event["id"].as_str() else {
            return Answer::NotAnEvent;
        };
        let repeated = !self.handled.insert(id.to_owned());
        Answer::NoContent { repeated }
    }
}

fn main() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let mut receiver = Receiver {
        secret: secret.to_owned(),
        handled: HashSet::new(),
    };
    // What Relm sends: the body, and a header signed at the moment of the attempt.
    let body = br#"{"id":"evt_1","type":"contact.created"}"#;
    let sent_at = 1_751_500_000;
    let signature = sign(secret, sent_at, body);
    println!("relm-signature: {signature}");

    let good = receiver.receive(&signature, body, sent_at + 2);
    assert_eq!(good, Answer::NoContent { repeated: false });
    println!("good:      {good:?}");

    let repeated = receiver.receive(&signature, body, sent_at + 7);
    assert_eq!(repeated, Answer::NoContent { repeated: true });
    println!("repeated:  {repeated:?}");

    let altered = br#"{"id":"evt_1","type":"contact.deleted"}"#;
    let altered = receiver.receive(&signature, altered, sent_at + 2);
    assert_eq!(altered, Answer::BadRequest(SignatureError::Mismatch));
    println!("altered:   {altered:?}");

    let old = receiver.receive(&signature, body, sent_at + TOLERANCE_S + 1);
    assert_eq!(old, Answer::BadRequest(SignatureError::Expired));
    println!("old:       {old:?}");

    let early = receiver.receive(&signature, body, sent_at - TOLERANCE_S - 1);
    assert_eq!(early, Answer::BadRequest(SignatureError::Early));
    println!("early:     {early:?}");

    let unsigned = b"[]";
    let signed = sign(secret, sent_at, unsigned);
    assert_eq!(
        receiver.receive(&signed, unsigned, sent_at),
        Answer::NotAnEvent
    );
}
