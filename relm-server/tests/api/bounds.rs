//! What one request can cost others: work and answers that would be products of what two requests hold are bounded.

use std::sync::atomic::Ordering;

use relm_core::Mode;
use relm_core::limits::{
    BATCH_CONTACT_BYTES_MAX, BATCH_ROWS_MAX, BATCH_TERMS_MAX, BODY_CHARS_MAX, ERROR_BYTES_MAX,
    ERROR_OPTIONS_MAX, FIELD_CHOICES_MAX, FIELD_OPTIONS_BYTES_MAX, FIELDS_BYTES_MAX,
    METADATA_BYTES_MAX, PAGE_BYTES_MAX, REQUEST_BYTES_MAX,
};
use serde_json::{Value, json};

use super::session::{User, World};

/// Choices that differ in their last characters alone, so that each must be compared to its end.
fn choices() -> Vec<String> {
    let choice = |number| format!("{}{number:03}", "c".repeat(61));
    (0..FIELD_CHOICES_MAX).map(choice).collect()
}

fn define_plan(user: &User<'_>, required: bool) {
    let body = json!({ "object_type": "contact", "key": "plan", "type": "select", "required": required,
        "options": { "choices": choices() } });
    user.create("/v1/schema/fields", body);
}

#[test]
fn a_refused_choice_is_answered_with_some_of_many() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    define_plan(&user, false);
    let given = format!("{}1x3", "c".repeat(61));
    let body = json!({ "metadata": { "plan": given } });
    let answer = user.post("/v1/contacts", body);
    assert!(answer.text.len() <= ERROR_BYTES_MAX);
    let error = answer.error(422);
    assert_eq!(error["code"], "unknown_value");
    assert_eq!(
        error["valid_options"],
        json!(choices()[..ERROR_OPTIONS_MAX])
    );
    assert_eq!(error["suggestion"], json!(choices()[103]));
}

#[test]
fn a_missing_choice_is_answered_with_some_of_many() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    define_plan(&user, true);
    let answer = user.post("/v1/contacts", json!({ "phone": "1" }));
    assert!(answer.text.len() <= ERROR_BYTES_MAX);
    let error = answer.error(422);
    assert_eq!(
        error["valid_options"],
        json!(choices()[..ERROR_OPTIONS_MAX])
    );
}

#[test]
fn a_batch_lists_the_options_of_a_field_once() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    define_plan(&user, false);
    let row = |index: usize| match index % 3 {
        0 => json!({ "metadata": { "plan": "c".repeat(64) } }),
        1 => json!({ format!("unknown_{index}"): 1 }),
        _ => json!({ "phone": "1" }),
    };
    let rows: Vec<Value> = (0..BATCH_ROWS_MAX).map(row).collect();
    let answer = user.post("/v1/contacts/batch", json!({ "contacts": rows }));
    let done = answer.is(200);
    let lists = |row: &&Value| row["error"]["valid_options"].is_array();
    let listed = done["data"].as_array().unwrap().iter().filter(lists);
    let indices: Vec<_> = listed.map(|row| row["index"].as_u64().unwrap()).collect();
    assert_eq!(indices, [0, 1]);
    assert_eq!(
        done["data"][3]["error"]["field"],
        "contacts[3].metadata.plan"
    );
    assert!(answer.text.len() < BATCH_ROWS_MAX * 512);
}

#[test]
fn what_a_message_repeats_is_cut() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for text in ["x", "\u{1}", "\"", "é"] {
        let long = text.repeat((REQUEST_BYTES_MAX - 1_000) / 6);
        for body in [
            json!({ (&long): 1 }),
            json!({ "metadata": { (&long): 1 } }),
            json!({ "email": long }),
            json!({ "company_id": long }),
            json!([long]),
            json!({ "id": long }),
        ] {
            for path in [
                "/v1/contacts",
                "/v1/schema/fields",
                "/v1/associations",
                "/v1/webhooks",
            ] {
                let answer = user.post(path, body.clone());
                assert!(answer.status >= 400);
                assert!(
                    answer.text.len() <= ERROR_BYTES_MAX,
                    "{}",
                    answer.text.len()
                );
            }
        }
        let field = json!({ "object_type": "contact", "key": "a", "type": "select",
            "options": { "choices": [long, long] } });
        for (name, value) in [
            ("object_type", &long),
            ("type", &long),
            ("key", &long),
            ("label", &long),
        ] {
            let mut field = field.clone();
            field[name] = json!(value);
            let answer = user.post("/v1/schema/fields", field);
            assert!(answer.status == 422 && answer.text.len() <= ERROR_BYTES_MAX);
        }
    }
}

#[test]
fn what_a_message_repeats_of_a_url_is_cut() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for text in ["x", "%01", "%22", "%C3%A9"] {
        let long = text.repeat(7_500 / text.len());
        for query in [
            format!("contacts?{long}=1"),
            format!("contacts?filter[{long}][eq]=1"),
            format!("contacts?filter[email][{long}]=1"),
            format!("contacts?filter[metadata.{long}][nope]=1"),
            format!("contacts?filter[created_at]={long}"),
            format!("contacts?cursor={long}"),
            format!("contacts?limit={long}"),
            format!("search?q=a&types={long}"),
            format!("search?q=a&{long}=1"),
            format!("contacts/{long}"),
            long,
        ] {
            let answer = user.get(&format!("/v1/{query}"));
            assert!(answer.status >= 400, "{query}");
            assert!(
                answer.text.len() <= ERROR_BYTES_MAX,
                "{}",
                answer.text.len()
            );
        }
    }
}

#[test]
fn a_batch_meets_so_many_bytes_of_contacts() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let fat = "x".repeat(METADATA_BYTES_MAX - 200);
    let email = |index: usize| format!("{index}@example.com");
    let fat_row = |index: usize| json!({ "email": email(index), "last_name": "é".repeat(500), "metadata": { "fat": fat } });
    let rows: Vec<Value> = (0..200).map(fat_row).collect();
    let done = user
        .post("/v1/contacts/batch", json!({ "contacts": rows }))
        .is(200);
    assert_eq!(done["created"], 200);

    // Three rows for each contact: 25 bytes of a row would be answered with 16 KiB.
    let row = |index: usize| json!({ "email": email(index % 200), "phone": "1" });
    let rows: Vec<Value> = (0..BATCH_ROWS_MAX).map(row).collect();
    let body = json!({ "contacts": rows, "dedup_on": ["email"] });
    let answer = user.post("/v1/contacts/batch", body.clone());
    assert!(answer.text.len() <= BATCH_CONTACT_BYTES_MAX + BATCH_ROWS_MAX * 512);
    let done = answer.is(200);
    let met = BATCH_CONTACT_BYTES_MAX / done["data"][0]["contact"].to_string().len();
    assert!(met > 450 && met < BATCH_ROWS_MAX);
    for (index, row) in done["data"].as_array().unwrap().iter().enumerate() {
        let status = match index {
            _ if index >= met => "failed",
            0..200 => "updated",
            _ => "unchanged",
        };
        assert_eq!(row["status"], status, "{index}");
    }
    let error = &done["data"][met]["error"];
    assert_eq!(
        (&error["code"], &error["field"]),
        (
            &json!("validation_failed"),
            &json!(format!("contacts[{met}]"))
        )
    );
    let mut atomic = body;
    atomic["atomic"] = json!(true);
    assert_eq!(
        user.post("/v1/contacts/batch", atomic).error(422)["code"],
        "validation_failed"
    );
}

#[test]
fn the_choices_of_a_field_are_bounded_in_bytes() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let define = |choices: Vec<String>| {
        let body = json!({ "object_type": "deal", "key": "plan", "type": "select", "options": { "choices": choices } });
        user.post("/v1/schema/fields", body)
    };
    // A choice takes its quotes and a comma too; a quote within takes two bytes.
    let choice =
        |letter: &str, number: usize| format!("{number:03}{}", letter.repeat(78 / letter.len()));
    let count = FIELD_OPTIONS_BYTES_MAX / 84;
    let full: Vec<String> = (0..count).map(|number| choice("é", number)).collect();
    let mut over = full.clone();
    over.push("x".repeat(FIELD_OPTIONS_BYTES_MAX - count * 84 - 2));
    define(over).fails(422, "validation_failed", "options.choices");
    define((0..count).map(|number| choice("\"", number)).collect()).fails(
        422,
        "validation_failed",
        "options.choices",
    );
    define(full).is(201);
}

#[test]
fn the_definitions_of_a_scope_are_bounded_in_bytes() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let define = |key: &str| {
        let body = json!({ "object_type": "contact", "key": key, "type": "select",
            "label": "l".repeat(500), "options": { "choices": choices() } });
        user.post("/v1/schema/fields", body)
    };
    let mut bytes = 0;
    let mut defined = Vec::new();
    let refused = loop {
        let answer = define(&format!("field_{}", defined.len()));
        match answer.status {
            201 => bytes += answer.text.len(),
            _ => break answer,
        }
        defined.push(answer);
    };
    refused.fails(422, "validation_failed", "options");
    assert!(bytes <= FIELDS_BYTES_MAX && bytes + defined[0].text.len() > FIELDS_BYTES_MAX);
    let schema = user.get("/v1/schema");
    assert!(schema.text.len() < FIELDS_BYTES_MAX + 64 * 1024);
    // One removed makes room for another, and another mode has room of its own.
    let path = format!(
        "/v1/schema/fields/{}",
        defined[0].json()["id"].as_str().unwrap()
    );
    user.delete(&path).is(200);
    define("another").is(201);
    define("one_more").fails(422, "validation_failed", "options");
}

#[test]
fn a_page_of_large_records_ends_at_its_bytes() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let body = "\u{10FFFF}".repeat(BODY_CHARS_MAX);
    for number in 0..60 {
        let activity =
            json!({ "type": "note", "subject": format!("large {number}"), "body": body });
        user.create("/v1/activities", activity);
    }
    for path in [
        "/v1/activities?limit=200",
        "/v1/activities?limit=200&filter[subject][ilike]=large%20%25",
        "/v1/search?q=large&limit=200",
        "/v1/events?limit=200",
    ] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = user.get(&format!("{path}{cursor}"));
            assert!(answer.text.len() <= PAGE_BYTES_MAX + 64 * 1024, "{path}");
            let page = answer.is(200);
            let ids = super::session::ids(&page);
            assert!(ids.len() > 10 || page["has_more"] == json!(false), "{path}");
            seen.extend(ids);
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!((seen.len(), all), (60, 60), "{path}");
    }
}

#[test]
fn a_batch_writes_so_many_words() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let words: Vec<String> = (0..1_000).map(|number| format!("w{number}")).collect();
    let row = |index: usize| json!({ "email": format!("{index}@example.com"), "metadata": { "note": words.join(" ") } });
    let rows: Vec<Value> = (0..150).map(row).collect();
    let done = user
        .post("/v1/contacts/batch", json!({ "contacts": rows }))
        .is(200);
    let made = done["created"].as_u64().unwrap() as usize;
    assert_eq!(made, BATCH_TERMS_MAX / (1_000 + 5));
    let error = &done["data"][made]["error"];
    assert_eq!(error["code"], "validation_failed");
    assert_eq!(done["failed"], 150 - made);
    // Rows that change nothing write none.
    let rows: Vec<Value> = (0..2 * made).map(|index| row(index % made)).collect();
    let again = json!({ "contacts": rows, "dedup_on": ["email"] });
    let done = user.post("/v1/contacts/batch", again).is(200);
    assert_eq!(done["unchanged"], 2 * made);
}

#[test]
fn a_batch_reads_no_more_contacts_than_it_may_meet() {
    /// What is read at once when there is hardly any room left: sixteen contacts of the largest size.
    const BEYOND_BYTES_MAX: usize = 16 * 32 * 1024;
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let fat = "x".repeat(METADATA_BYTES_MAX - 100);
    let email = |index: usize| format!("{index}@example.com");
    for first in (0..BATCH_ROWS_MAX).step_by(125) {
        let row = |index: usize| json!({ "email": email(index), "last_name": "\u{1f600}".repeat(500), "metadata": { "fat": fat } });
        let rows: Vec<Value> = (first..first + 125).map(row).collect();
        let done = user.post("/v1/contacts/batch", json!({ "contacts": rows }));
        assert_eq!(done.is(200)["created"], 125);
    }
    let read = |body: Value| {
        world.store.found_bytes.store(0, Ordering::SeqCst);
        let done = user.post("/v1/contacts/batch", body).is(200);
        (done, world.store.found_bytes.load(Ordering::SeqCst))
    };
    let row = |index: usize| json!({ "email": email(index), "phone": "1" });
    let rows: Vec<Value> = (0..BATCH_ROWS_MAX).map(row).collect();
    let (done, bytes) = read(json!({ "contacts": rows, "dedup_on": ["email"] }));
    assert!(
        bytes <= BATCH_CONTACT_BYTES_MAX + BEYOND_BYTES_MAX,
        "{bytes}"
    );
    let (updated, failed) = (done["updated"].as_u64(), done["failed"].as_u64());
    assert!(
        updated > Some(400) && failed > Some(40),
        "{updated:?} {failed:?}"
    );
    let last = &done["data"][BATCH_ROWS_MAX - 1]["error"];
    assert_eq!(last["code"], "validation_failed", "{last}");
    // Who updates nobody hears of all whom the rows meet: of each the id is kept alone.
    let (done, _) = read(json!({ "contacts": rows }));
    assert_eq!(done["failed"], BATCH_ROWS_MAX);
    for row in done["data"].as_array().unwrap() {
        assert_eq!(row["error"]["code"], "conflict");
        assert!(row["error"]["existing_id"].is_string());
    }
}
