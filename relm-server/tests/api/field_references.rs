//! Custom fields that name other records, over HTTP: how they are defined, what is said of a value that names nothing, and what becomes of one
//! whose record goes.

use relm_core::Mode;
use serde_json::{Value, json};

use super::field_limits::{FIELDS, body, define};
use super::imports::{import, work_off};
use super::session::{User, World, id, ids};

const REFERRED_BY: &str = "metadata.referred_by";

fn contact_of(user: &User<'_>) -> Value {
    define(
        user,
        "referred_by",
        "reference",
        json!({ "object_type": "contact" }),
    )
}

fn naming(email: &str, by: impl Into<Value>) -> Value {
    let by: Value = by.into();
    json!({ "email": email, "metadata": { "referred_by": by } })
}

#[test]
fn a_reference_is_defined_with_what_it_names() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let field = contact_of(&user);
    assert_eq!(field["options"], json!({ "object_type": "contact" }));
    let path = format!("{FIELDS}/{}", id(&field));
    assert_eq!(user.get(&path).is(200), field);
    assert_eq!(user.patch(&path, field.clone()).is(200), field);
    let schema = user.get("/v1/schema").is(200);
    assert_eq!(schema["objects"][0]["custom_fields"], json!([field]));
    for options in [
        json!({ "object_type": "deal" }),
        json!({ "object_type": null }),
        json!(null),
    ] {
        user.patch(&path, json!({ "options": options })).fails(
            422,
            "validation_failed",
            "options.object_type",
        );
    }
}

#[test]
fn what_no_reference_can_be_is_refused() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    for (options, code, at) in [
        (json!({}), "validation_failed", "options.object_type"),
        (
            json!({ "object_type": null }),
            "validation_failed",
            "options.object_type",
        ),
        (
            json!({ "object_type": "field" }),
            "unknown_value",
            "options.object_type",
        ),
        (
            json!({ "object_type": 1 }),
            "validation_failed",
            "options.object_type",
        ),
        (
            json!({ "object_type": "deal", "default": "deal_1" }),
            "validation_failed",
            "options.default",
        ),
        (
            json!({ "object_type": "deal", "min": 1 }),
            "validation_failed",
            "options.min",
        ),
        (
            json!({ "object_type": "deal", "choices": ["a"] }),
            "validation_failed",
            "options.choices",
        ),
    ] {
        user.post(FIELDS, body("x", "reference", &options))
            .fails(422, code, at);
    }
    let mut unique = body("x", "reference", &json!({ "object_type": "deal" }));
    unique["unique"] = true.into();
    user.post(FIELDS, unique)
        .fails(422, "validation_failed", "unique");
    user.post(FIELDS, body("x", "text", &json!({ "object_type": "deal" })))
        .fails(422, "validation_failed", "options.object_type");
    let missing = user.post(FIELDS, body("x", "reference", &json!({})));
    assert_eq!(
        missing.error(422)["valid_options"],
        json!(["contact", "company", "deal", "activity"])
    );
}

#[test]
fn a_value_names_a_record_or_says_what_would_be_right() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    contact_of(&user);
    let ada = user.contact("ada@example.com");
    let eva = user.create("/v1/contacts", naming("eva@example.com", ada.as_str()));
    assert_eq!(eva["metadata"]["referred_by"], json!(ada));
    let company = id(&user.create("/v1/companies", json!({ "name": "Acme" })));
    let lost = "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";
    let start = "`metadata.referred_by` must be the id of an existing contact.";
    for (value, said) in [
        (json!(lost), format!("{start} There is no `{lost}`.")),
        (
            json!(company),
            format!(
                "{start} `{company}` is the id of a company; that of a contact begins with `con_`."
            ),
        ),
        (
            json!("Ada"),
            format!("{start} The id of a contact is `con_` and 26 letters and digits."),
        ),
    ] {
        let refused = user.post("/v1/contacts", naming("max@example.com", value));
        refused.fails(422, "invalid_reference", REFERRED_BY);
        assert_eq!(refused.error(422)["message"], said);
    }
    let whole = user.post(
        "/v1/contacts",
        naming("max@example.com", json!({ "id": ada })),
    );
    assert_eq!(whole.error(422)["suggestion"], json!(ada));
    let list = |filter: &str| {
        ids(&user
            .get(&format!("/v1/contacts?filter[{REFERRED_BY}]{filter}"))
            .is(200))
    };
    assert_eq!(list(&format!("={ada}")), [id(&eva)]);
    assert_eq!(list(&format!("[in]={lost},{ada}")), [id(&eva)]);
    assert_eq!(list(&format!("[neq]={lost}")), [id(&eva)]);
    assert_eq!(list("[is_null]=true"), [ada]);
    user.get(&format!("/v1/contacts?filter[{REFERRED_BY}]=Ada"))
        .fails(400, "bad_request", REFERRED_BY);
    let path = format!("/v1/contacts/{}", id(&eva));
    let clear = json!({ "metadata": { "referred_by": null } });
    assert_eq!(user.patch(&path, clear).is(200)["metadata"], json!({}));
}

#[test]
fn a_deleted_record_stays_named_and_a_purged_one_does_not() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    contact_of(&user);
    let ada = user.contact("ada@example.com");
    let eva = user.create("/v1/contacts", naming("eva@example.com", ada.as_str()));
    let path = format!("/v1/contacts/{}", id(&eva));
    user.delete(&format!("/v1/contacts/{ada}")).is(200);
    let patched = user.patch(&path, json!({ "first_name": "Eva" })).is(200);
    assert_eq!(patched["metadata"]["referred_by"], json!(ada));
    let dry = user
        .ask("POST", "/v1/contacts")
        .header("relm-dry-run", "true");
    dry.json(&naming("max@example.com", ada.as_str()))
        .send()
        .fails(422, "invalid_reference", REFERRED_BY);
    user.delete(&format!("/v1/contacts/{ada}?purge=true"))
        .is(200);
    let read = user.get(&path).is(200);
    assert_eq!(
        (&read["metadata"], &read["version"]),
        (&json!({}), &json!(3))
    );
    let history = user.get(&format!("{path}/history")).is(200);
    assert_eq!(
        history["data"][0]["changes"][REFERRED_BY]["from"],
        json!(ada)
    );
}

#[test]
fn a_merge_and_its_undo_move_what_names_the_merged() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    contact_of(&user);
    let [ada, old] = ["ada@example.com", "old@example.com"].map(|email| user.contact(email));
    let eva = user.create("/v1/contacts", naming("eva@example.com", old.as_str()));
    let path = format!("/v1/contacts/{}", id(&eva));
    let merged = user.post(
        &format!("/v1/contacts/{ada}/merge"),
        json!({ "from": [old] }),
    );
    merged.is(200);
    assert_eq!(
        user.get(&path).is(200)["metadata"]["referred_by"],
        json!(ada)
    );
    let refused = user.post("/v1/contacts", naming("max@example.com", old.as_str()));
    let refused = refused.error(422);
    assert_eq!(
        (&refused["code"], &refused["existing_id"]),
        (&json!("invalid_reference"), &json!(ada))
    );
    let request = merged.header("x-request-id");
    let undone = user.post(&format!("/v1/requests/{request}/undo"), json!({}));
    assert_eq!(undone.is(200)["conflicts"], json!([]));
    assert_eq!(
        user.get(&path).is(200)["metadata"]["referred_by"],
        json!(old)
    );
}

#[test]
fn rows_operations_and_files_name_records_by_their_ids() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    contact_of(&user);
    let ada = user.contact("ada@example.com");
    let lost = "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";
    let rows = [
        naming("1@example.com", ada.as_str()),
        naming("2@example.com", lost),
    ];
    let report = user
        .post("/v1/contacts/batch", json!({ "contacts": rows }))
        .is(200);
    assert_eq!(report["data"][0]["status"], "created");
    assert_eq!(report["data"][1]["error"]["code"], "invalid_reference");
    let operations = json!({ "operations": [
        { "op": "create", "object": "contact", "ref": "eva", "data": { "email": "eva@example.com" } },
        { "op": "create", "object": "contact", "data": naming("max@example.com", json!({ "$ref": "eva" })) },
    ] });
    let done = user.post("/v1/batch", operations).is(200);
    let [eva, max] = [0, 1].map(|n| done["data"][n]["record"].clone());
    assert_eq!(max["metadata"]["referred_by"], eva["id"]);
    let file = format!(
        "E-mail,referred_by\n3@example.com,{ada}\n4@example.com,{lost}\n5@example.com,Ada\n6@example.com,\n"
    );
    let queued = import(&user, "", &file);
    assert_eq!(queued["mapping"]["referred_by"], REFERRED_BY);
    work_off(&world);
    let done = user.get(&format!("/v1/imports/{}", id(&queued))).is(200);
    assert_eq!(
        (&done["created"], &done["failed"]),
        (&json!(2), &json!(2)),
        "{done}"
    );
    let errors = user
        .get(&format!("/v1/imports/{}/errors", id(&queued)))
        .text;
    assert!(
        errors.contains(&format!("There is no `{lost}`")),
        "{errors}"
    );
    assert!(errors.contains("names are not looked up"), "{errors}");
    let export = user.post("/v1/exports?object=contacts&format=csv", Value::Null);
    assert!(export.text.contains(&format!(",{ada},")), "{}", export.text);
}

#[test]
fn the_openapi_document_says_what_a_field_names() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    contact_of(&user);
    let document = user.get("/v1/openapi.json").is(200);
    let of = |schema: &str| {
        document["components"]["schemas"][schema]["properties"]["referred_by"].clone()
    };
    let written = json!({
        "type": ["string", "null"], "pattern": "^con_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
        "description": "referred_by: the id of a contact.",
    });
    assert_eq!(of("ContactMetadataCreate"), written);
    assert_eq!(of("ContactMetadataUpdate"), written);
    let read = json!({ "type": "string", "description": "referred_by: the id of a contact." });
    assert_eq!(of("ContactMetadata"), read);
    let options = &document["components"]["schemas"]["CustomFieldCreate"]["properties"]["options"];
    assert!(
        options["properties"]["object_type"].is_object(),
        "{options}"
    );
    let options = &document["components"]["schemas"]["CustomFieldUpdate"]["properties"]["options"];
    assert!(options["properties"]["object_type"].is_null(), "{options}");
    let page = user.get("/v1/schema").is(200);
    assert_eq!(page["limits"]["custom_fields_references"], json!(10));
}
