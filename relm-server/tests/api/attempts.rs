//! Attempts, as the deliveries show them: a dispatcher sends what the API recorded, and endpoints answer as the test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use relm_core::engine::{DispatchOptions, Dispatcher};
use relm_core::value::time::ManualClock;
use relm_core::webhook::{Answer, Message, SendError, Transport, verify};
use relm_core::{Clock as _, Mode, Timestamp};
use serde_json::{Value, json};

use super::session::{START, START_S, User, World, id, ids};

pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long every endpoint here takes to answer.
const ANSWERS_IN_MS: i64 = 40;

pub type Outcome = Result<Answer, SendError>;

/// Gives the answers of a script, and then 200s.
#[derive(Clone)]
struct Scripted {
    clock: Arc<ManualClock>,
    script: Arc<Mutex<VecDeque<Outcome>>>,
    sent: Arc<Mutex<Vec<Message>>>,
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, message: Message) -> Outcome {
        self.sent.lock().unwrap().push(message);
        self.clock.advance_millis(ANSWERS_IN_MS);
        let next = self.script.lock().unwrap().pop_front();
        next.unwrap_or_else(|| Ok(Answer::new(200)))
    }
}

/// A workspace with one endpoint, and the dispatcher of its server.
pub struct Desk<'a> {
    pub user: User<'a>,
    pub endpoint: String,
    secret: String,
    transport: Scripted,
    dispatcher: Dispatcher,
}

impl<'a> Desk<'a> {
    pub fn new(world: &'a World, script: impl IntoIterator<Item = Outcome>) -> Self {
        let user = world.user("acme", Mode::Live);
        let body = json!({ "url": "https://example.com/hooks", "event_types": ["*"] });
        let made = user.create("/v1/webhooks", body);
        let transport = Scripted {
            clock: world.clock.clone(),
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            sent: Arc::default(),
        };
        let options = DispatchOptions {
            disable_after: Some(Duration::from_secs(5 * 24 * 60 * 60)),
            ..DispatchOptions::default()
        };
        Self {
            endpoint: format!("/v1/webhooks/{}", id(&made)),
            secret: made["secret"].as_str().unwrap().to_owned(),
            dispatcher: Dispatcher::new(world.crm.clone(), transport.clone(), options),
            transport,
            user,
        }
    }

    /// Sends what is due now; when something is due again.
    pub fn send(&self) -> Option<Timestamp> {
        pollster::block_on(self.dispatcher.deliver_due()).unwrap()
    }

    /// Lets time pass until something is due, and sends that.
    pub fn send_next(&self) {
        let due_at = self.send().unwrap();
        self.user.world.clock.advance_to(due_at);
        self.send();
    }

    pub fn delivery(&self) -> Value {
        self.deliveries().remove(0)
    }

    pub fn deliveries(&self) -> Vec<Value> {
        let list = self.user.get(&format!("{}/deliveries", self.endpoint));
        list.is(200)["data"].as_array().unwrap().clone()
    }

    pub fn sent(&self) -> Vec<Message> {
        self.transport.sent.lock().unwrap().clone()
    }

    pub fn endpoint(&self) -> Value {
        self.user.get(&self.endpoint).is(200)
    }
}

pub fn busy() -> Outcome {
    Ok(Answer::new(503))
}

#[test]
fn what_is_sent_is_the_event_signed() {
    let world = World::new();
    let desk = Desk::new(&world, []);
    desk.user.contact("ada@example.com");
    assert_eq!(desk.send(), None);
    let delivery = desk.delivery();
    let event_id = delivery["event_id"].as_str().unwrap();
    let event = desk.user.get(&format!("/v1/events/{event_id}"));
    let message = desk.sent().remove(0);
    assert_eq!(message.url, "https://example.com/hooks");
    let body = message.body.strip_suffix('}').unwrap();
    let beside = r#""seq":1,"changed_fields":[]"#;
    assert_eq!(event.text, format!("{body},{beside}}}\n"));

    let names: Vec<&str> = message.headers.iter().map(|(name, _)| &**name).collect();
    assert_eq!(
        names,
        [
            "content-type",
            "relm-signature",
            "relm-delivery-id",
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature"
        ]
    );
    let header = |place: usize| message.headers[place].1.as_str();
    assert_eq!(header(0), "application/json");
    let bytes = message.body.as_bytes();
    assert_eq!(verify(&desk.secret, header(1), bytes, START_S, 0), Ok(()));
    assert_eq!(
        [header(2), header(3), header(4)],
        [&id(&delivery), event_id, &START_S.to_string()]
    );
}

#[test]
fn an_attempt_shows_what_came_back() {
    let world = World::new();
    let long = "y".repeat(2_000);
    let script = [
        Ok(Answer::new(503).body(long)),
        Err(SendError::Failed("connection refused".to_owned())),
        Ok(Answer::new(204)),
    ];
    let desk = Desk::new(&world, script);
    desk.user.contact("ada@example.com");
    let due_at = desk.send().unwrap();
    let waited_ms = due_at.as_millis() - START_S * 1000 - ANSWERS_IN_MS;
    assert!((4_000..=6_000).contains(&waited_ms), "{waited_ms}");
    let mut expected = desk.delivery();
    let first = json!({
        "at": START, "status_code": 503, "error": "answered 503", "duration_ms": 40, "response": "y".repeat(1024),
    });
    expected["status"] = json!("pending");
    expected["attempts"] = json!([first]);
    expected["next_attempt_at"] = json!(due_at.to_string());
    expected["version"] = json!(2);
    assert_eq!(desk.delivery(), expected);

    desk.send_next();
    let second = json!({
        "at": due_at.to_string(), "status_code": null, "error": "connection refused", "duration_ms": 40,
        "response": null,
    });
    assert_eq!(desk.delivery()["attempts"], json!([first, second]));
    desk.send_next();
    let last = desk.delivery();
    let third = json!({
        "at": last["attempts"][2]["at"], "status_code": 204, "error": null, "duration_ms": 40, "response": null,
    });
    expected["status"] = json!("succeeded");
    expected["attempts"] = json!([first, second, third]);
    expected["next_attempt_at"] = Value::Null;
    expected["version"] = json!(4);
    assert_eq!(last, expected);
    let find = |status: &str| {
        let path = format!("{}/deliveries?status={status}", desk.endpoint);
        ids(&desk.user.get(&path).is(200)).len()
    };
    assert_eq!((find("succeeded"), find("pending")), (1, 0));
}

#[test]
fn an_endpoint_that_asks_for_time_gets_twice_the_step_at_most() {
    for (answer, least_ms, most_ms) in [
        (
            Ok(Answer::new(503).retry_after(Duration::from_secs(9))),
            9_000,
            10_000,
        ),
        (
            Ok(Answer::new(503).retry_after(Duration::from_secs(3600))),
            9_000,
            10_000,
        ),
        (
            Ok(Answer::new(503).retry_after(Duration::from_secs(1))),
            4_000,
            6_000,
        ),
        (Ok(Answer::new(429)), 9_000, 10_000),
        (Err(SendError::TimedOut), 9_000, 10_000),
    ] {
        let world = World::new();
        let desk = Desk::new(&world, [answer.clone()]);
        desk.user.contact("ada@example.com");
        let due_at = desk.send().unwrap();
        let waited_ms = due_at.as_millis() - START_S * 1000 - ANSWERS_IN_MS;
        assert!(
            (least_ms..=most_ms).contains(&waited_ms),
            "{answer:?}: {waited_ms}"
        );
    }
}

#[test]
fn a_delivery_is_dead_after_its_eighth_attempt_and_can_be_replayed() {
    let world = World::new();
    let desk = Desk::new(&world, (0..8).map(|_| Err(SendError::TimedOut)));
    desk.user.contact("ada@example.com");
    for _ in 0..7 {
        desk.send_next();
    }
    let dead = desk.delivery();
    let attempts = dead["attempts"].as_array().unwrap();
    assert_eq!(
        (attempts.len(), &dead["status"], &dead["next_attempt_at"]),
        (8, &json!("dead"), &Value::Null)
    );
    assert!(
        attempts
            .iter()
            .all(|attempt| attempt["error"] == "timed out")
    );
    assert_eq!(desk.send(), None);

    let replay = format!("{}/replay/{}", desk.endpoint, id(&dead));
    let replayed = desk.user.ask("POST", &replay).send().is(202);
    desk.send();
    let delivery = desk.delivery();
    assert_eq!(
        (&delivery["id"], &delivery["replay_of"], &delivery["status"]),
        (&replayed["id"], &dead["id"], &json!("succeeded"))
    );
    let sent = desk.sent();
    let (first, last) = (&sent[0], &sent[8]);
    assert_eq!(first.body, last.body, "the same event and body");
    assert_eq!(first.headers[3], last.headers[3], "the same webhook-id");
    assert_ne!(first.headers[1], last.headers[1], "a fresh signature");
    let now = world.clock.now().as_millis() / 1000;
    let fresh = verify(
        &desk.secret,
        &last.headers[1].1,
        last.body.as_bytes(),
        now,
        1,
    );
    assert_eq!(fresh, Ok(()));
}

#[test]
fn a_recovery_brings_what_died() {
    let world = World::new();
    let desk = Desk::new(&world, (0..8).map(|_| busy()));
    desk.user.contact("ada@example.com");
    for _ in 0..7 {
        desk.send_next();
    }
    desk.user.contact("grace@example.com");
    desk.send();
    let path = format!("{}/recover", desk.endpoint);
    let recover = || desk.user.post(&path, json!({ "since": START })).is(202);
    assert_eq!(recover()["recovered"], 1, "what succeeded is left alone");
    desk.send();
    assert_eq!(recover()["recovered"], 0);
    let statuses = desk.deliveries();
    let statuses: Vec<&Value> = statuses.iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, ["succeeded", "succeeded", "dead"]);
}

#[test]
fn a_rotation_signs_with_both_secrets_for_a_while() {
    let world = World::new();
    let desk = Desk::new(&world, []);
    let path = format!("{}/rotate_secret", desk.endpoint);
    let new = desk.user.post(&path, json!({ "expires_in": 60 })).is(200)["secret"].clone();
    let new = new.as_str().unwrap();
    let accepts = |secret: &str| {
        let message = desk.sent().pop().unwrap();
        let header = &message.headers[1].1;
        let now = world.clock.now().as_millis() / 1000;
        verify(secret, header, message.body.as_bytes(), now, 1).is_ok()
    };
    desk.user.contact("ada@example.com");
    desk.send();
    assert_eq!((accepts(new), accepts(&desk.secret)), (true, true));
    let standard = desk.sent().pop().unwrap().headers.pop().unwrap().1;
    assert_eq!(standard.split(' ').count(), 2);
    world.clock.advance_millis(60_000);
    desk.user.contact("grace@example.com");
    desk.send();
    assert_eq!((accepts(new), accepts(&desk.secret)), (true, false));
}
