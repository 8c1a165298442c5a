//! Deliveries: what was sent, what came back of each attempt, and sending again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use relm_core::engine::{DispatchOptions, Dispatcher};
use relm_core::record::Delivery;
use relm_core::webhook::{Answer, Message, SendError, Transport};
use relm_core::{Id, ListRequest, ObjectType, Role};
use serde_json::json;

use super::browser::{Browser, CANARY, World, wait};
use super::seed::make;

const EVA: &str = "eva@example.com";
const URL: &str = "https://hooks.example.com/relm";

type Outcome = Result<Answer, SendError>;

/// Gives the answers of a script, and then 200s.
#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<VecDeque<Outcome>>>);

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, _: Message) -> Outcome {
        let next = self.0.lock().unwrap().pop_front();
        next.unwrap_or_else(|| Ok(Answer::new(200).body("thanks")))
    }
}

struct Desk {
    world: World,
    script: Scripted,
    dispatcher: Dispatcher,
    endpoint: Id,
}

impl Desk {
    fn new() -> Self {
        let world = World::new();
        let script = Scripted::default();
        let options = DispatchOptions::default();
        let dispatcher = Dispatcher::new(world.crm.clone(), script.clone(), options);
        let body = json!({ "url": URL, "event_types": ["*"] });
        let made = wait(world.scoped().webhooks().subscribe_json(body)).unwrap();
        Self {
            endpoint: made.decode().unwrap().id,
            world,
            script,
            dispatcher,
        }
    }

    fn path(&self) -> String {
        format!("{}/webhooks/{}", self.world.place, self.endpoint)
    }

    fn send(&self, outcome: Outcome) {
        self.script.0.lock().unwrap().push_back(outcome);
        if let Some(due_at) = wait(self.dispatcher.deliver_due()).unwrap() {
            self.world.clock.advance_to(due_at);
        }
    }

    fn deliveries(&self) -> Vec<Delivery> {
        let scoped = self.world.scoped();
        let listed = wait(async {
            scoped
                .webhooks()
                .deliveries(self.endpoint, &ListRequest::default())
                .await
        });
        listed.unwrap().data
    }

    fn browser(&self) -> Browser<'_> {
        self.world.signed_in(EVA, Role::Editor)
    }
}

#[test]
fn a_delivery_shows_every_attempt_with_its_request_and_answer() {
    let desk = Desk::new();
    let mut browser = desk.browser();
    assert!(
        browser
            .get(&desk.path())
            .text
            .contains("Nothing was sent yet.")
    );
    make(
        &desk.world,
        ObjectType::Contact,
        json!({ "first_name": CANARY }),
    );
    desk.send(Ok(Answer::new(503).body(CANARY)));
    desk.send(Err(SendError::TimedOut));
    let delivery = &desk.deliveries()[0];
    let path = format!("{}/deliveries/{}", desk.path(), delivery.id);
    let failing = browser.get(&desk.path());
    for shown in [
        "badge failing",
        "since 2026-11-29",
        "timed out",
        "badge pending",
        &path,
    ] {
        assert!(failing.text.contains(shown), "{shown}: {}", failing.text);
    }
    desk.send(Ok(Answer::new(200).body("thanks")));
    let page = browser.get(&path);
    page.shows_as_text(CANARY);
    for shown in [
        "badge succeeded\">succeeded",
        "badge dead\">503",
        "badge dead\">no answer",
        "timed out",
        "badge succeeded\">200",
        "thanks",
        "&#34;type&#34;: &#34;contact.created&#34;",
        "<b>3.</b>",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    let healthy = browser.get(&desk.path());
    assert!(healthy.text.contains("badge enabled") && healthy.text.contains("badge succeeded"));
    for elsewhere in [
        path.replace("/test/", "/live/"),
        path.replace(&delivery.id.text(), &delivery.event_id.text()),
        path.replace(&delivery.id.text(), "dlv_01K1V9Y2ZP6W4T8Q0R5N7M3XJB"),
    ] {
        assert_eq!(browser.get(&elsewhere).status, 404, "{elsewhere}");
    }
}

#[test]
fn deliveries_are_filtered_by_their_state() {
    let desk = Desk::new();
    let mut browser = desk.browser();
    make(
        &desk.world,
        ObjectType::Contact,
        json!({ "first_name": "Ada" }),
    );
    desk.send(Ok(Answer::new(200)));
    make(&desk.world, ObjectType::Deal, json!({ "title": "Engine" }));
    for (query, shown, not) in [
        (
            "filter[status]=succeeded",
            ">contact.created<",
            ">deal.created<",
        ),
        (
            "filter[status]=pending",
            ">deal.created<",
            ">contact.created<",
        ),
        (
            "filter[event_type]=deal.created",
            ">deal.created<",
            ">contact.created<",
        ),
    ] {
        let page = browser.get(&format!("{}?{query}", desk.path())).text;
        assert!(
            page.contains(shown) && !page.contains(not),
            "{query}: {page}"
        );
    }
    let none = browser.get(&format!("{}?filter[status]=dead", desk.path()));
    assert!(none.text.contains("No delivery is like that."));
    let wrong = browser.get(&format!("{}?filter[state]=dead", desk.path()));
    assert_eq!(wrong.status, 400);
    assert!(wrong.text.contains("<code>state</code>"), "{}", wrong.text);
}

#[test]
fn a_test_and_a_replay_are_sent_once_for_each_form() {
    let desk = Desk::new();
    let mut browser = desk.browser();
    let page = browser.get(&desk.path());
    let (token, nonce) = (page.hidden("csrf"), page.hidden("nonce"));
    let fields = [("csrf", token.as_str()), ("nonce", &nonce)];
    let test = format!("{}/test", desk.path());
    let sent = browser.post(&test, &fields);
    assert_eq!(sent.status, 303, "{}", sent.text);
    assert_eq!(browser.post(&test, &fields).location(), sent.location());
    assert_eq!(desk.deliveries().len(), 1);
    let shown = browser.get(sent.location());
    assert!(shown.text.contains("<h1>ping</h1>") && shown.text.contains("None yet."));
    desk.send(Ok(Answer::new(200)));
    let delivery = desk.deliveries()[0].id;
    let path = format!("{}/deliveries/{delivery}", desk.path());
    let page = browser.get(&path);
    let (token, nonce) = (page.hidden("csrf"), page.hidden("nonce"));
    let fields = [("csrf", token.as_str()), ("nonce", &nonce)];
    let replay = format!("{path}/replay");
    let sent = browser.post(&replay, &fields);
    assert_eq!(sent.status, 303, "{}", sent.text);
    assert_eq!(browser.post(&replay, &fields).location(), sent.location());
    assert_eq!(desk.deliveries().len(), 2);
    let again = browser.get(sent.location());
    assert!(again.text.contains("this is the new delivery") && again.text.contains(&path));
    for elsewhere in [&test, &replay] {
        let elsewhere = elsewhere.replace("/test/webhooks", "/live/webhooks");
        assert_eq!(browser.post(&elsewhere, &fields).status, 404, "{elsewhere}");
    }
}

#[test]
fn what_did_not_reach_an_endpoint_is_sent_after_an_outage() {
    let desk = Desk::new();
    make(
        &desk.world,
        ObjectType::Contact,
        json!({ "first_name": "Ada" }),
    );
    for _ in 0..8 {
        desk.send(Err(SendError::TimedOut));
    }
    assert_eq!(desk.deliveries()[0].status.as_str(), "dead");
    // A day has passed, and with it any session.
    let mut browser = desk.browser();
    let recover = format!("{}/recover", desk.path());
    for (fields, at) in [
        (
            &[("since", "2026-11-29T10:00"), ("until", "2026-11-29T09:00")][..],
            "until-hint",
        ),
        (&[("since", "yesterday")], "since-error"),
    ] {
        let page = browser.submit(&recover, &recover, fields);
        assert_eq!(page.status, 422, "{fields:?}: {}", page.text);
        assert!(
            page.text.contains(&format!("class=\"error\" id=\"{at}\"")),
            "{fields:?}: {}",
            page.text
        );
        assert!(page.text.contains(&format!("value=\"{}\"", fields[0].1)));
    }
    let since = [("since", "2026-11-29T08:00")];
    let done = browser.submit(&recover, &recover, &since);
    assert_eq!(done.status, 303, "{}", done.text);
    assert!(browser.get(done.location()).text.contains("is on its way"));
    assert_eq!(desk.deliveries().len(), 2);
    let again = browser.submit(&recover, &recover, &since);
    assert!(
        browser
            .get(again.location())
            .text
            .contains("has reached it, or is on its way")
    );
    assert_eq!(desk.deliveries().len(), 2);
}
