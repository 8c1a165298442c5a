//! From an empty folder: a password, a first record, a key, a field that must be filled in, an endpoint, and what became of it all.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use test_requirements::requires;

use super::driver::Chromium;
use super::hand::{Hand, Person};
use crate::browser::{CANARY, PASSWORD};
use crate::receiver::Receiver;
use crate::server::{Server, relm};

/// What is waited for in a receiver, at most.
const DELIVERY_WAIT_MAX: Duration = Duration::from_secs(20);
/// What the first record may take.
const FIRST_RECORD_MAX: Duration = Duration::from_secs(60);

struct Hour {
    person: Person,
    receiver: Receiver,
    server: Server,
    started: Instant,
    _folder: TempDir,
}

impl Hour {
    /// A server in an empty folder, and a person who has what it printed.
    fn begin(browser: Chromium, hand: Hand) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let started = Instant::now();
        let server = Server::spawn(relm(folder.path()));
        Self {
            person: Person { browser, hand },
            receiver: Receiver::start(|_| Some(200)),
            server,
            started,
            _folder: folder,
        }
    }

    fn spend(&self) {
        self.set_a_password();
        self.make_the_first_record();
        let key = self.make_a_key();
        self.require_a_plan();
        self.be_refused_at_the_field(&key);
        self.send_a_webhook();
        self.find_what_happened();
        self.delete_and_restore();
        self.sign_out();
        let violations = self.person.browser.violations();
        assert!(violations.is_empty(), "{violations:#?}");
    }

    fn set_a_password(&self) {
        let person = &self.person;
        person.browser.open(self.server.link.as_deref().unwrap());
        person.fill("email", "eva@example.com");
        person.fill("name", &format!("Eva {CANARY}"));
        person.fill("password", PASSWORD);
        person.fill("again", PASSWORD);
        person.press("Set password and sign in");
        person.is_at("Contacts");
        person.press("Test");
        person.reads("No contact yet.");
        assert!(person.browser.url().contains("/test/"));
    }

    fn make_the_first_record(&self) {
        let person = &self.person;
        person.press("New contact");
        person.fill("email", "grace@example.com");
        person.press("Create contact");
        person.reads("It was created.");
        let took = self.started.elapsed();
        assert!(took < FIRST_RECORD_MAX, "{took:?}");
        println!("from an empty folder to the first record made in the browser: {took:.1?}");
    }

    /// Gives the key, with which programs find what was made in the browser.
    fn make_a_key(&self) -> String {
        let person = &self.person;
        person.press("API keys");
        person.press("Create key");
        person.is_at("Create an API key");
        person.fill("name", CANARY);
        person.press("Create key");
        person.is_at("Your new API key");
        let key = person.browser.find("//pre[@aria-label='The key']");
        let key = person.browser.text_of(&key);
        let (status, contacts) = self.ask(&key, "GET", None);
        assert_eq!(
            (status, &contacts["data"][0]["email"]),
            (200, &json!("grace@example.com"))
        );
        person.press("Done");
        key
    }

    fn require_a_plan(&self) {
        let person = &self.person;
        person.press("Schema");
        person.is_at("Schema");
        person.press("Add field");
        person.fill("label", &format!("Plan {CANARY}"));
        person.fill("key", "plan");
        person.pick("type", "select");
        person.fill("choices", &format!("free\npro\n{CANARY}"));
        person.tick("required");
        person.press("Add field");
        person.reads("metadata.plan");
    }

    fn be_refused_at_the_field(&self, key: &str) {
        let person = &self.person;
        person.press("Contacts");
        person.press("New contact");
        person.fill("email", "ada at example");
        person.fill("first_name", &format!("Ada {CANARY}"));
        // The browser itself asks for what is required.
        person.press("Create contact");
        assert!(person.browser.url().ends_with("/contacts/new"));
        person.choose("metadata.plan", "pro");
        person.press("Create contact");
        person
            .browser
            .find("//input[@name='email'][@aria-invalid='true']");
        person.fill("email", "ada@example.com");
        person.press("Create contact");
        person.reads("It was created.");

        let (status, refused) = self.ask(key, "POST", Some(&json!({ "email": "bob@example.com" })));
        assert_eq!(
            (status, &refused["error"]["field"]),
            (422, &json!("metadata.plan")),
            "{refused}"
        );
    }

    fn send_a_webhook(&self) {
        let person = &self.person;
        person.press("Webhooks");
        person.press("Add endpoint");
        person.fill("url", &self.receiver.url());
        person.fill("description", CANARY);
        person.press("Add endpoint");
        person.is_at("The signing secret");
        person.press("Done");

        person.press("Contacts");
        person.press("grace@example.com");
        person.press("Edit");
        person.choose("metadata.plan", "free");
        person.fill("phone", CANARY);
        person.press("Save");
        person.reads("It was saved.");
        self.wait_for_requests(1);

        person.press("Webhooks");
        person.press(&self.receiver.url());
        person.press_that_begins("contact.updated of");
        person.press("Send again");
        person.reads("earlier delivery");
        self.wait_for_requests(2);
    }

    fn find_what_happened(&self) {
        let person = &self.person;
        person.press("Events");
        person.press_that_begins("contact.updated,");
        person.is_at("contact.updated");
        person.search("ada");
        person.press_that_begins("Ada");
        person.reads("Created");
        let timeline = person.browser.find("//ol[@class='timeline']");
        let timeline = person.browser.text_of(&timeline);
        assert!(timeline.contains("Created by Eva"), "{timeline}");
    }

    fn delete_and_restore(&self) {
        let person = &self.person;
        person.press("Delete");
        person.press("Delete contact");
        person.reads("It was moved to the");
        person.press("Trash");
        person.press_that_begins("Restore Ada");
        person.reads("It is back from the trash");
    }

    fn sign_out(&self) {
        let person = &self.person;
        let record = person.browser.url();
        person.press("Sign out");
        person.is_at("Sign in");
        person.browser.open(&record);
        person.is_at("Sign in");
    }

    /// A request of a program about contacts.
    fn ask(&self, key: &str, method: &str, body: Option<&Value>) -> (u16, Value) {
        let agent = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = agent.build().into();
        let url = format!("http://{}/v1/contacts", self.server.address);
        let key = format!("Bearer {key}");
        let answered = match (method, body) {
            ("POST", Some(body)) => agent.post(url).header("authorization", key).send_json(body),
            _ => agent.get(url).header("authorization", key).call(),
        };
        let mut answered = answered.unwrap();
        (
            answered.status().as_u16(),
            answered.body_mut().read_json().unwrap(),
        )
    }

    #[track_caller]
    fn wait_for_requests(&self, count: usize) {
        let began = Instant::now();
        while self.receiver.requests.load(Ordering::SeqCst) < count {
            assert!(began.elapsed() < DELIVERY_WAIT_MAX, "{count} are sent");
            std::thread::yield_now();
        }
    }
}

#[requires(chromium, chromedriver)]
#[test]
fn a_first_hour_by_pointer() {
    Hour::begin(Chromium::start(), Hand::Pointer).spend();
}

#[requires(chromium, chromedriver)]
#[test]
fn a_first_hour_by_keyboard_alone() {
    Hour::begin(Chromium::start(), Hand::Keyboard).spend();
}

#[requires(chromium, chromedriver)]
#[test]
fn a_first_hour_without_scripts() {
    Hour::begin(Chromium::start().without_script(), Hand::Pointer).spend();
}
