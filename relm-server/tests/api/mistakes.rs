//! Mistakes that developers make, most of them habits of other APIs, and the sentence that mends each.
//!
//! A message says what was given and what would be right; whoever reads nothing but the message can go on.

mod habits;
mod table;

use relm_core::Mode;
use serde_json::{Value, json};

use self::habits::HABITS;
use self::table::{BODIES, LISTS, PATHS};
use super::session::{Answered, User, World, id};

/// A workspace with a contact, a company, a deal and two custom fields of contacts.
struct Desk<'a> {
    user: User<'a>,
    ids: [(&'static str, String); 3],
}

impl<'a> Desk<'a> {
    fn new(world: &'a World) -> Self {
        let user = world.user("acme", Mode::Live);
        let company = user.create("/v1/companies", json!({ "name": "A" }));
        let deal = user.create("/v1/deals", json!({ "title": "A" }));
        let ids = [
            ("CON", user.contact("ada@example.com")),
            ("CMP", id(&company)),
            ("DEAL", id(&deal)),
        ];
        let choices = json!({ "choices": ["free", "pro", "enterprise"] });
        for field in [
            json!({ "key": "plan", "type": "select", "required": true, "options": choices }),
            json!({ "key": "vip", "type": "bool" }),
        ] {
            let mut field = field;
            field["object_type"] = json!("contact");
            user.create("/v1/schema/fields", field);
        }
        Self { user, ids }
    }

    /// The text with the ids that its names stand for.
    fn real(&self, text: &str) -> String {
        let ids = self.ids.iter();
        ids.fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
    }

    fn named(&self, text: &str) -> String {
        let ids = self.ids.iter();
        ids.fold(text.to_owned(), |text, (name, id)| text.replace(id, name))
    }

    fn make(&self, request: &str, said: &str) -> Answered {
        let (method, path) = request.split_once(' ').unwrap();
        let ask = self.user.ask(method, &self.real(path));
        let ask = match said.split_once(": ") {
            _ if said == "ROWS" => ask.json(&json!({ "contacts": vec![json!({}); 501] })),
            Some((name, value)) if !name.contains(['{', '[']) => {
                ask.header(&name.to_lowercase(), value).text("{}")
            }
            _ => ask.text(self.real(said)),
        };
        ask.send()
    }
}

#[test]
fn each_mistake_is_answered_with_what_would_be_right() {
    let world = World::new();
    let desk = Desk::new(&world);
    for (mistake, request, said, status, told) in [PATHS, LISTS, BODIES, HABITS].concat() {
        let error = desk.make(request, said).error(status);
        let mut error: Value = serde_json::from_str(&desk.named(&error.to_string())).unwrap();
        error.as_object_mut().unwrap().remove("valid_options");
        let told: Value = serde_json::from_str(told).unwrap();
        assert_eq!(error, told, "{mistake}");
    }
}

#[test]
fn the_message_alone_says_it() {
    let world = World::new();
    let desk = Desk::new(&world);
    for (mistake, request, said, status, _) in [PATHS, LISTS, BODIES, HABITS].concat() {
        let error = desk.make(request, said).error(status);
        let message = error["message"].as_str().unwrap();
        if let Some(suggestion) = error["suggestion"].as_str() {
            assert!(message.contains(suggestion), "{mistake}: {message}");
        }
        assert!(
            !message.contains("a string, not a string"),
            "{mistake}: {message}"
        );
        let options = error["valid_options"].as_array().into_iter().flatten();
        for option in options.filter_map(Value::as_str) {
            let is_read_only = ["object", "version", "mode", "created_at"].contains(&option);
            assert!(
                !is_read_only || error["code"] == "bad_request",
                "{mistake}: {option} cannot be set"
            );
        }
    }
}

/// Every member of every input, given a value of each type of JSON.
#[test]
fn no_message_contradicts_itself() {
    let world = World::new();
    let desk = Desk::new(&world);
    let values = [
        json!(true),
        json!(1.5),
        json!("x"),
        json!(["x"]),
        json!([1]),
        json!({ "x": 1 }),
    ];
    for (path, members) in [
        (
            "/v1/contacts",
            "email emails first_name last_name name phone phones company_id owner tags addresses metadata",
        ),
        ("/v1/companies", "name domain owner tags addresses metadata"),
        (
            "/v1/deals",
            "title value_cents currency stage close_date company_id primary_contact_id owner tags metadata",
        ),
        (
            "/v1/activities",
            "type subject body contact_id deal_id company_id occurred_at due_at done_at assignee tags metadata",
        ),
        (
            "/v1/schema/fields",
            "object_type key label type required options",
        ),
        ("/v1/associations", "from_type from_id to_type to_id label"),
        ("/v1/webhooks", "url event_types description enabled"),
        ("/v1/contacts/batch", "contacts dedup_on atomic"),
        ("/v1/deals/batch", "deals dedup_on atomic"),
        ("/v1/batch", "operations atomic"),
    ] {
        for member in members.split(' ') {
            for value in &values {
                let answer = desk.user.post(path, json!({ member: value }));
                if answer.status < 400 {
                    continue;
                }
                let error = answer.error(422);
                let message = error["message"].as_str().unwrap();
                let (_, after) = message.split_once(" must be ").unwrap_or(("", ""));
                let (expected, found) = after.split_once(", not ").unwrap_or(("", "-"));
                let found = match found.chars().next() {
                    Some('"') => "a string",
                    Some('-' | '0'..='9') => "a number",
                    _ => found.trim_end_matches('.'),
                };
                assert!(
                    !expected.starts_with(found),
                    "{path} {member} {value}: {message}"
                );
            }
        }
    }
}

#[test]
fn what_is_repeated_of_a_request_is_cut() {
    let world = World::new();
    let desk = Desk::new(&world);
    let long = "x".repeat(1 << 18);
    for body in [
        json!({ "title": "A", "close_date": long }),
        json!({ "title": "A", "close_date": [long] }),
        json!({ "title": "A", "currency": long }),
        json!({ "title": long }),
        json!({ "title": [long] }),
        json!({ "title": "A", "company_id": long }),
        json!({ "title": "A", "metadata": [long] }),
        json!({ "title": "A", (long.clone()): { "title": "A" } }),
    ] {
        let answer = desk.user.post("/v1/deals", body);
        assert_eq!(answer.status, 422);
        assert!(answer.text.len() < 4_096, "{}", answer.text.len());
    }
}
