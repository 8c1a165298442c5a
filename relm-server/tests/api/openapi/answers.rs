//! Answers, refusals and examples are what the document says of them.

use std::cell::RefCell;
use std::collections::BTreeSet;

use relm_core::Mode;
use serde_json::{Map, Value, json};

use super::operations;
use crate::schema_check::SchemaCheck;
use crate::session::{User, World, id, template};

/// The schema of what an operation answers with this status.
fn answered<'a>(document: &'a Value, operation: &'a Value, status: &str) -> &'a Value {
    let check = SchemaCheck {
        document,
        open: false,
    };
    let response = check.resolve(&operation["responses"][status]);
    &response["content"]["application/json"]["schema"]
}

/// Asks, and holds the answer to what the document says of it, to the last member.
fn conforms(document: &Value, user: &User<'_>, method: &str, path: &str, body: Value) -> Value {
    let answer = user.ask(method, path).json(&body).send();
    let operation = &document["paths"][template(path)][method.to_lowercase()];
    let schema = answered(document, operation, &answer.status.to_string());
    assert!(schema.is_object(), "{method} {path}: {}", answer.text);
    let said = answer.json();
    let faults = SchemaCheck {
        document,
        open: false,
    }
    .faults(schema, &said);
    assert_eq!(faults, Vec::<String>::new(), "{method} {path} {said}");
    said
}

/// A user who holds every answer to the document, and remembers which operations it has asked for.
struct Reader<'a> {
    document: &'a Value,
    user: User<'a>,
    asked: RefCell<BTreeSet<String>>,
}

impl Reader<'_> {
    fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let operation = format!("{} {}", method.to_lowercase(), template(path));
        self.asked.borrow_mut().insert(operation);
        conforms(self.document, &self.user, method, path, body)
    }

    fn get(&self, path: &str) -> Value {
        self.ask("GET", path, json!({}))
    }

    fn post(&self, path: &str, body: Value) -> Value {
        self.ask("POST", path, body)
    }

    /// Follows events: what is told is no JSON.
    fn follow(&self) {
        let path = "/v1/events/stream";
        let operation = &self.document["paths"][path]["get"];
        let content = operation["responses"]["200"]["content"].as_object();
        let types: Vec<&String> = content.unwrap().keys().collect();
        let told = self.user.get(&format!("{path}?after=0"));
        assert_eq!(types, [&told.header("content-type")]);
        self.asked.borrow_mut().insert(format!("get {path}"));
    }

    /// Makes a record, and gives its id.
    fn make(&self, path: &str, body: Value) -> String {
        id(&self.post(path, body))
    }

    /// Reads an association, changes it, and removes it.
    fn change_association(&self, path: &str) {
        self.get(path);
        let said = json!({ "inverse_label": "championed by", "metadata": { "a": 1 } });
        self.ask("PATCH", path, said);
        self.ask("DELETE", path, json!({}));
    }

    /// Makes one of each object, and an association; their paths.
    fn make_objects(&self) -> ([String; 4], String) {
        let contact = json!({ "email": "ada@example.com", "metadata": { "plan": "pro", "seats": [1, null] } });
        let contact = self.make("/v1/contacts", contact);
        let company = self.make("/v1/companies", json!({ "name": "Engines" }));
        let deal = json!({ "title": "Engine", "value_cents": 1, "close_date": "2026-07-02", "company_id": company });
        let deal = self.make("/v1/deals", deal);
        let activity = self.make("/v1/activities", json!({ "type": "call" }));
        let edge =
            json!({ "from_type": "contact", "from_id": contact, "to_type": "deal", "to_id": deal });
        let made = self.make("/v1/associations", edge.clone());
        let again = self.make("/v1/associations", edge);
        assert_eq!(made, again, "200 is in the document too");
        let objects = [
            format!("/v1/contacts/{contact}"),
            format!("/v1/companies/{company}"),
            format!("/v1/deals/{deal}"),
            format!("/v1/activities/{activity}"),
        ];
        (objects, format!("/v1/associations/{made}"))
    }

    /// Undoes a request.
    fn undo(&self) {
        let field = json!({ "object_type": "deal", "key": "undone", "type": "text" });
        let made = self.user.post("/v1/schema/fields", field);
        let request = made.header("x-request-id");
        self.post(&format!("/v1/requests/{request}/undo"), json!({}));
    }

    /// Changes a field, so that a record that stays as it is has a warning, and removes it.
    fn change_field(&self, field: &str) {
        self.get(field);
        self.get(&format!("{field}/usage"));
        let bare = json!({ "email": "bare@example.com" });
        let bare = format!("/v1/contacts/{}", self.make("/v1/contacts", bare));
        let required =
            json!({ "label": "Plan", "required": true, "enforce": "on_change", "force": true });
        self.ask("PATCH", field, required);
        let warned = self.ask("PATCH", &bare, json!({ "phone": "1" }));
        assert_eq!(warned["warnings"][0]["field"], "metadata.plan");
        let row = json!({ "email": "bare@example.com", "phone": "2" });
        let rows = json!({ "contacts": [row], "dedup_on": ["email"] });
        let warned = self.post("/v1/contacts/batch", rows);
        assert_eq!(warned["data"][0]["warnings"][0]["field"], "metadata.plan");
        self.ask("DELETE", &format!("{bare}?purge=true"), json!({}));
        self.ask("DELETE", field, json!({}));
    }

    /// Makes, shows, rotates and revokes a key.
    fn use_key(&self) {
        let key = self.make("/v1/keys", json!({ "scopes": ["deals:read"] }));
        let key = format!("/v1/keys/{key}");
        self.get(&key);
        self.post(&format!("{key}/rotate"), json!({}));
        self.ask("DELETE", &key, json!({}));
    }

    /// Does with an endpoint all that can be done with it but to change it.
    fn use_endpoint(&self, endpoint: &str) {
        let deliveries = self.get(&format!("{endpoint}/deliveries"));
        let delivery = id(&deliveries["data"][0]);
        self.post(&format!("{endpoint}/replay/{delivery}"), json!({}));
        self.post(&format!("{endpoint}/rotate_secret"), json!({}));
        self.post(&format!("{endpoint}/test"), json!({}));
        let since = json!({ "since": "2026-07-02T00:00:00Z" });
        self.post(&format!("{endpoint}/recover"), since);
        let events = self.get("/v1/events");
        self.get("/v1/events?after=0");
        self.follow();
        self.get(&format!("/v1/events/{}", id(&events["data"][0])));
    }

    /// Takes a file in, and what becomes of it.
    fn import(&self) {
        let made = crate::imports::import(&self.user, "", "email\nx\n");
        let path = format!("/v1/imports/{}", id(&made));
        crate::imports::work_off(self.user.world);
        self.get("/v1/imports");
        self.get(&path);
        self.post(&format!("{path}/undo"), json!({}));
        self.post(&format!("{path}/cancel"), json!({}));
        self.ask("DELETE", &path, json!({}));
        let of_files = [
            "get /v1/imports/{id}/errors",
            "get /v1/imports/{id}/conflicts",
            "post /v1/exports",
            "post /v1/imports",
        ];
        // What they take or give is no JSON: `imports.rs` has them.
        self.asked.borrow_mut().extend(of_files.map(str::to_owned));
    }

    /// Merges another record into each, and reads it by the other's id.
    fn merge(&self, objects: &[String]) {
        let others = [
            json!({ "email": "twin@example.com" }),
            json!({ "name": "Engines" }),
            json!({ "title": "Engines" }),
            json!({ "type": "call" }),
        ];
        for (path, other) in objects.iter().zip(others) {
            let (list, _) = path.rsplit_once('/').unwrap();
            self.get(&format!("{list}/duplicates"));
            let twin = self.make(list, other);
            let merged = self.post(&format!("{path}/merge"), json!({ "from": [twin] }));
            assert_eq!(merged["merged_from"], json!([twin]));
            assert_eq!(self.get(&format!("{list}/{twin}")), merged);
        }
    }

    /// Says of each object what is so.
    fn set_objects(&self) {
        for plural in ["contacts", "companies", "deals", "activities"] {
            let path = format!("/v1/schema/{plural}");
            self.ask("PATCH", &path, json!({ "unknown_members": "accept" }));
            self.get(&path);
        }
        self.promote();
    }

    /// There is nothing in test mode.
    fn promote(&self) {
        let planned = self.get("/v1/schema/promotion");
        self.post("/v1/schema/promotion", json!({ "plan": planned["plan"] }));
    }

    fn use_batches(&self) {
        let rows = json!({ "contacts": [{ "email": "x" }, { "email": "grace@example.com" }] });
        self.post("/v1/contacts/batch", rows);
        for (plural, object, member) in [
            ("contacts", "contact", "first_name"),
            ("companies", "company", "name"),
            ("deals", "deal", "title"),
            ("activities", "activity", "type"),
        ] {
            let no = json!({ "object_type": object, "key": "no", "type": "text", "unique": true });
            let no = format!("/v1/schema/fields/{}", self.make("/v1/schema/fields", no));
            let row = json!({ member: "call", "metadata": { "no": "1" } });
            let dedup_on = json!(["metadata.no"]);
            let rows = json!({ plural: [row, { member: 5 }], "dedup_on": dedup_on });
            self.post(&format!("/v1/{plural}/batch"), rows);
            let path = format!("/v1/{plural}?dedup_on=metadata.no");
            let made = self.ask("PUT", &path, row);
            self.ask(
                "DELETE",
                &format!("/v1/{plural}/{}?purge=true", id(&made)),
                json!({}),
            );
            self.ask("DELETE", &no, json!({}));
        }
        let batch = json!([
            { "op": "create", "object": "company", "ref": "a", "data": { "name": "A" } },
            { "op": "update", "id": { "$ref": "a" }, "data": { "name": "B" } },
            { "op": "restore", "id": "con_01M831K2VY6KP43J43158XNJT9" },
        ]);
        self.post("/v1/batch", json!({ "operations": batch, "atomic": false }));
    }
}

#[test]
fn answers_are_as_the_document_says() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let document = user.get("/openapi.json").is(200);
    let reader = Reader {
        document: &document,
        user,
        asked: RefCell::default(),
    };
    let endpoint = json!({ "url": "https://example.com", "event_types": ["*"] });
    let endpoint = format!("/v1/webhooks/{}", reader.make("/v1/webhooks", endpoint));
    let (objects, association) = reader.make_objects();
    let field = json!({ "object_type": "contact", "key": "plan", "type": "text" });
    let field = reader.make("/v1/schema/fields", field);
    let change = json!({ "title": "Engines", "metadata": { "a": 1 } });
    reader.ask("PATCH", &objects[2], change);
    for path in &objects {
        reader.get(&format!("{path}/history"));
    }
    reader.use_endpoint(&endpoint);
    reader.use_key();
    reader.undo();
    reader.merge(&objects);
    reader.use_batches();
    reader.import();
    reader.set_objects();
    for path in [
        "/v1/contacts",
        "/v1/companies",
        "/v1/deals",
        "/v1/activities",
        "/v1/associations",
        "/v1/schema/fields",
        "/v1/schema",
        "/v1/openapi.json",
        "/v1/webhooks",
        "/v1/keys",
        "/v1/search?q=engine",
        "/",
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/openapi-3.0.json",
    ] {
        reader.get(path);
    }
    reader.change_association(&association);
    reader.change_field(&format!("/v1/schema/fields/{field}"));
    for path in objects.iter().chain([&endpoint]) {
        for method in ["GET", "PATCH", "DELETE"] {
            reader.ask(method, path, json!({}));
        }
    }
    for path in &objects {
        let (list, _) = path.rsplit_once('/').unwrap();
        let trash = reader.get(&format!("{list}?deleted=true"));
        assert_eq!(trash["data"].as_array().unwrap().len(), 1);
        reader.post(&format!("{path}/restore"), json!({}));
    }
    let all = operations(&document).map(|(path, method, _)| format!("{method} {path}"));
    assert_eq!(*reader.asked.borrow(), all.collect());
}

#[test]
fn refusals_are_as_the_document_says() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let document = user.get("/openapi.json").is(200);
    let contact = user.contact("ada@example.com");
    let one = format!("/v1/contacts/{contact}");
    let refused = |method: &str, path: &str, body: Value| {
        let said = conforms(&document, &user, method, path, body);
        said["error"]["code"].as_str().unwrap().to_owned()
    };
    let taken = json!({ "email": "ADA@example.com" });
    assert_eq!(refused("POST", "/v1/contacts", taken), "conflict");
    assert_eq!(
        refused("POST", "/v1/contacts", json!({})),
        "identifier_required"
    );
    assert_eq!(refused("POST", "/v1/deals", json!({})), "validation_failed");
    assert_eq!(
        refused("PATCH", &one, json!({ "nickname": "Ada" })),
        "unknown_field"
    );
    assert_eq!(
        refused("GET", "/v1/contacts?nope=1", json!({})),
        "bad_request"
    );
    assert_eq!(
        refused("GET", "/v1/contacts?cursor=x", json!({})),
        "invalid_cursor"
    );
    user.delete(&one).is(200);
    assert_eq!(refused("GET", &one, json!({})), "not_found");
}

#[test]
fn every_example_is_what_its_schema_says() {
    let world = World::new();
    let document = world.stranger().get("/openapi.json").is(200);
    let check = SchemaCheck {
        document: &document,
        open: false,
    };
    let mut examples = 0;
    let mut hold = |content: &Value, whose: &str| {
        let content = &content["application/json"];
        let several = content["examples"]
            .as_object()
            .into_iter()
            .flat_map(Map::values);
        for example in several
            .map(|one| &one["value"])
            .chain(content.get("example"))
        {
            let faults = check.faults(&content["schema"], example);
            assert_eq!(faults, Vec::<String>::new(), "{whose}");
            examples += 1;
        }
    };
    for (path, method, operation) in operations(&document) {
        let whose = format!("{method} {path}");
        hold(&operation["requestBody"]["content"], &whose);
        let before = operation["responses"].as_object().unwrap();
        for response in before.values() {
            hold(&check.resolve(response)["content"], &whose);
        }
    }
    for (name, webhook) in document["webhooks"].as_object().unwrap() {
        hold(&webhook["post"]["requestBody"]["content"], name);
    }
    assert!(examples > 200, "{examples}");
}
