//! The pipeline over HTTP: the stages of deals, defined, held to, renamed and removed.

use relm_core::Mode;
use serde_json::{Value, json};

use super::imports::work_off;
use super::keys::with_key;
use super::schema_check::SchemaCheck;
use super::session::{User, World, id};
use super::undo;

const FIELDS: &str = "/v1/schema/fields";
const STAGES: [&str; 5] = ["lead", "qualified", "proposal", "won", "lost"];

fn pipeline() -> Value {
    json!({
        "object_type": "deal", "key": "stage", "label": "Pipeline",
        "options": {
            "choices": STAGES, "probabilities": { "lead": 10, "qualified": 25, "proposal": 50, "won": 100, "lost": 0 },
        },
    })
}

fn deal(stage: impl Into<Value>) -> Value {
    json!({ "title": "Engine", "stage": stage.into() })
}

fn path(field: &Value) -> String {
    format!("{FIELDS}/{}", id(field))
}

fn deal_in(user: &User<'_>, stage: &str) -> String {
    format!("/v1/deals/{}", id(&user.create("/v1/deals", deal(stage))))
}

#[test]
fn a_pipeline_is_defined_by_the_name_of_the_member_and_shown() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let no_pipeline = user.get("/v1/schema").is(200);
    assert_eq!(no_pipeline["objects"][2].get("pipeline"), None);
    let made = user.post(FIELDS, pipeline()).is(201);
    assert_eq!(made["options"], pipeline()["options"]);
    for (name, value) in [
        ("type", json!("select")),
        ("built_in", json!(true)),
        ("required", json!(false)),
        ("position", json!(null)),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert_eq!(user.get(&path(&made)).is(200), made);
    assert_eq!(user.get(FIELDS).is(200)["data"], json!([made]));
    let schema = user.get("/v1/schema").is(200);
    assert_eq!(schema["objects"][2]["object_type"], "deal");
    assert_eq!(schema["objects"][2]["pipeline"], made);
    assert_eq!(schema["objects"][2]["custom_fields"], json!([]));
    assert_eq!(schema["objects"][0].get("pipeline"), None);
    let error = user.post(FIELDS, pipeline()).error(409);
    assert_eq!(
        (&error["field"], &error["existing_id"]),
        (&json!("key"), &made["id"])
    );
    // With a type it is a custom field of that name.
    let custom = json!({ "object_type": "deal", "key": "stage", "type": "text" });
    assert_eq!(user.post(FIELDS, custom).is(201).get("built_in"), None);
    let in_test = world.another_key(user.workspace, Mode::Test, relm_core::KeyAccess::Full);
    in_test.post("/v1/deals", deal("anything")).is(201);
}

#[test]
fn a_stage_that_is_none_is_refused_wherever_it_is_written() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.post(FIELDS, pipeline()).is(201);
    let expected = json!({
        "code": "unknown_value", "field": "stage", "suggestion": "won", "valid_options": STAGES,
        "message": "`stage` must be one of lead, qualified, proposal, won, lost, not \"wun\". Did you mean `won`?",
    });
    assert_eq!(user.post("/v1/deals", deal("wun")).error(422), expected);
    let won = deal_in(&user, "won");
    assert_eq!(
        user.patch(&won, json!({ "stage": "wun" })).error(422),
        expected
    );
    assert_eq!(
        user.patch(&won, json!({ "stage": null })).is(200)["stage"],
        json!(null)
    );
    let rows = json!({ "deals": [deal("wun"), deal("lost")] });
    let rows = user.post("/v1/deals/batch", rows).is(200);
    assert_eq!(rows["data"][0]["error"]["field"], "deals[0].stage");
    assert_eq!(rows["data"][0]["error"]["suggestion"], "won");
    assert_eq!(rows["data"][1]["status"], "created");
    let operation = json!({ "op": "create", "object": "deal", "data": deal("wun") });
    user.post("/v1/batch", json!({ "operations": [operation] }))
        .fails(422, "unknown_value", "operations[0].data.stage");
    let dry = user.ask("POST", "/v1/deals").header("relm-dry-run", "true");
    assert_eq!(dry.json(&deal("wun")).send().error(422), expected);
}

#[test]
fn the_rows_of_a_file_have_stages_in_any_case_and_each_is_told_which_there_are() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    user.post(FIELDS, pipeline()).is(201);
    let file = "Deal Name,Deal Stage\nEngine,Won\nMill,closed\nLoom,\n";
    let ask = user.ask("POST", "/v1/imports?object=deals");
    let queued = ask.header("content-type", "text/csv").text(file).send();
    let queued = queued.is(202);
    work_off(&world);
    let done = user.get(&format!("/v1/imports/{}", id(&queued))).is(200);
    assert_eq!(
        (&done["created"], &done["failed"]),
        (&json!(2), &json!(1)),
        "{done}"
    );
    let errors = user
        .get(&format!("/v1/imports/{}/errors", id(&queued)))
        .text;
    assert!(
        errors.contains("`stage` must be one of lead, qualified, proposal, won, lost, not"),
        "{errors}"
    );
    let won = user.get("/v1/deals?stage=won").is(200);
    assert_eq!(won["data"][0]["title"], "Engine");
}

#[test]
fn what_deals_do_not_keep_to_is_counted_before_a_pipeline_is_defined() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let old = deal_in(&user, "old");
    deal_in(&user, "won");
    let error = user.post(FIELDS, pipeline()).error(409);
    assert_eq!(
        (&error["code"], &error["count"]),
        (&json!("conflict"), &json!(1))
    );
    assert_eq!(
        format!("/v1/deals/{}", error["ids"][0].as_str().unwrap()),
        old
    );
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("1 deal record does not keep to the definition in `stage`.")
    );
    assert_eq!(user.get(FIELDS).is(200)["data"], json!([]));
    let keyed = |body: &Value| {
        let ask = user.ask("POST", FIELDS).header("idempotency-key", "k");
        ask.json(body).send()
    };
    let mut forced = pipeline();
    forced["force"] = true.into();
    let made = keyed(&forced).is(201);
    assert_eq!(keyed(&forced).is(201), made);
    assert_eq!(made.get("force"), None);
    user.patch(&old, json!({ "title": "Mill" }))
        .fails(422, "unknown_value", "stage");
    let usage = user.get(&format!("{}/usage", path(&made))).is(200);
    assert_eq!(
        (&usage["with_value"], &usage["invalid"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(usage["choices"][3], json!({ "choice": "won", "count": 1 }));
    // Where a deal may keep what it has, nothing is counted.
    user.delete(&path(&made)).is(200);
    let mut mild = pipeline();
    mild["enforce"] = "on_change".into();
    user.post(FIELDS, mild).is(201);
    let kept = user.patch(&old, json!({ "title": "Mill" })).is(200);
    assert_eq!(kept["warnings"][0]["field"], "stage");
    user.patch(&old, json!({ "stage": "other" }))
        .fails(422, "unknown_value", "stage");
}

#[test]
fn stages_are_renamed_put_in_order_and_removed() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = user.post(FIELDS, pipeline()).is(201);
    let (won, lead) = (deal_in(&user, "won"), deal_in(&user, "lead"));
    let renamed = json!({ "options": {
        "choices": [{ "from": "won", "to": "signed" }, "demo", "lead"], "probabilities": { "demo": 40, "lead": null },
    } });
    let changed = user.patch(&path(&made), renamed).is(200);
    assert_eq!(
        changed["options"]["choices"],
        json!(["signed", "demo", "lead"])
    );
    assert_eq!(
        changed["options"]["probabilities"],
        json!({ "demo": 40, "signed": 100 })
    );
    let signed = user.get(&won).is(200);
    assert_eq!(
        (&signed["stage"], &signed["version"]),
        (&json!("signed"), &json!(2))
    );
    let removed = json!({ "options": { "choices": ["signed"] } });
    let error = user.patch(&path(&made), removed.clone()).error(409);
    assert_eq!(
        (&error["field"], &error["count"]),
        (&json!("options.choices"), &json!(1))
    );
    user.patch(&lead, json!({ "stage": "signed" })).is(200);
    let changed = user.patch(&path(&made), removed).is(200);
    assert_eq!(
        changed["options"],
        json!({ "choices": ["signed"], "probabilities": { "signed": 100 } })
    );
    for (body, at) in [
        (
            json!({ "options": { "probabilities": { "signed": 101 } } }),
            "options.probabilities.signed",
        ),
        (
            json!({ "options": { "probabilities": { "won": 1 } } }),
            "options.probabilities.won",
        ),
        (json!({ "options": { "choices": [] } }), "options.choices"),
        (
            json!({ "options": { "default": "won" } }),
            "options.default",
        ),
        (json!({ "position": 1 }), "position"),
        (json!({ "unique": true }), "unique"),
        (json!({ "key": "phase" }), "key"),
    ] {
        let error = user.patch(&path(&made), body).error(422);
        assert_eq!(error["field"], at);
    }
    let event = user.get("/v1/events?type=field.updated").is(200)["data"][0].clone();
    assert_eq!(event["data"]["key"], "stage");
    user.delete(&path(&made)).is(200);
    user.post("/v1/deals", deal("won")).is(201);
}

#[test]
fn a_new_deal_gets_the_default_and_a_deal_must_have_a_stage_where_it_is_required() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = user.post(FIELDS, pipeline()).is(201);
    let with = |options: Value| user.patch(&path(&made), options).is(200);
    with(json!({ "options": { "default": "lead" } }));
    let created = user.create("/v1/deals", json!({ "title": "A" }));
    assert_eq!(created["stage"], "lead");
    let none = user.create("/v1/deals", deal(Value::Null));
    assert_eq!(none["stage"], json!(null));
    let error = user
        .patch(&path(&made), json!({ "required": true }))
        .error(409);
    assert_eq!(error["ids"], json!([none["id"]]));
    with(json!({ "required": true, "force": true }));
    user.post("/v1/deals", deal(Value::Null))
        .fails(422, "validation_failed", "stage");
    let created = user.create("/v1/deals", json!({ "title": "B" }));
    assert_eq!(created["stage"], "lead");
    // A default takes the new name along.
    let renamed =
        with(json!({ "options": { "choices": [{ "from": "lead", "to": "new" }, "won"] } }));
    assert_eq!(renamed["options"]["default"], "new");
}

#[test]
fn what_comes_back_has_the_name_that_its_stage_has_by_then_or_none() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let made = user.post(FIELDS, pipeline()).is(201);
    let engine = deal_in(&user, "won");
    let moved = user.patch(&engine, json!({ "stage": "lost" }));
    moved.is(200);
    let removed = json!({ "options": { "choices": ["lead", "lost"] } });
    user.patch(&path(&made), removed).is(200);
    let undone = undo::undone(&user, &undo::of(&moved));
    assert_eq!(
        undo::conflicts(&undone),
        [json!([
            "validation_failed",
            "stage",
            engine.rsplit('/').next().unwrap()
        ])]
    );
    assert_eq!(user.get(&engine).is(200)["stage"], "lost");
    // The definition is there again after the removal is undone.
    let gone = user.delete(&path(&made));
    gone.is(200);
    user.post("/v1/deals", deal("anything")).is(201);
    undo::undone(&user, &undo::of(&gone));
    let schema = user.get("/v1/schema").is(200);
    let pipeline = &schema["objects"][2]["pipeline"];
    assert_eq!(pipeline["options"]["choices"], json!(["lead", "lost"]));
    assert_eq!(
        pipeline["options"]["probabilities"],
        json!({ "lead": 10, "lost": 0 })
    );
    // A merged deal is held to it as one that is changed.
    let (one, other) = (deal_in(&user, "lead"), deal_in(&user, "lost"));
    let other = other.rsplit('/').next().unwrap();
    let merge = json!({ "from": [other], "fields": { "stage": other } });
    let merged = user.post(&format!("{one}/merge"), merge).is(200);
    assert_eq!(merged["stage"], "lost");
    user.delete(&one).is(200);
    assert_eq!(
        user.post(&format!("{one}/restore"), json!({})).is(200)["stage"],
        "lost"
    );
}

#[test]
fn to_define_a_pipeline_tells_of_deals_and_needs_their_scope() {
    let world = World::new();
    let user = world.user("acme", Mode::Live);
    let some = with_key(
        &user,
        json!({ "name": "a", "scopes": ["fields:write", "fields:read"] }),
    );
    let error = some.post(FIELDS, pipeline()).error(403);
    assert!(
        error["message"].as_str().unwrap().contains("deals:read"),
        "{error}"
    );
    let more = with_key(
        &user,
        json!({ "name": "b", "scopes": ["fields:write", "deals:read"] }),
    );
    let made = more.post(FIELDS, pipeline()).is(201);
    some.get(&format!("{}/usage", path(&made))).error(403);
    let renamed = json!({ "options": { "choices": [{ "from": "won", "to": "signed" }] } });
    more.patch(&path(&made), renamed).error(403);
}

#[test]
fn the_workspace_s_document_lists_the_stages_of_what_is_written() {
    let world = World::new();
    let user = world.user("acme", Mode::Test);
    let mut required = pipeline();
    required["required"] = true.into();
    user.post(FIELDS, required).is(201);
    let document = user.get("/v1/openapi.json").is(200);
    let schemas = &document["components"]["schemas"];
    let mut stages = json!(STAGES);
    assert_eq!(schemas["DealCreate"]["properties"]["stage"]["enum"], stages);
    assert_eq!(schemas["DealCreate"]["required"], json!(["title", "stage"]));
    stages.as_array_mut().unwrap().push(Value::Null);
    assert_eq!(schemas["DealUpdate"]["properties"]["stage"]["enum"], stages);
    assert_eq!(
        schemas["Deal"]["properties"]["stage"].get("enum"),
        None,
        "one from before keeps what it has"
    );
    let check = SchemaCheck {
        document: &document,
        open: false,
    };
    let faults = |body: &Value| check.faults(&schemas["DealCreate"], body).len();
    assert_eq!(faults(&deal("won")), 0);
    assert_ne!(faults(&deal("wun")), 0);
    assert_ne!(faults(&json!({ "title": "A" })), 0);
    let public = user.get("/openapi.json").is(200);
    let stage = &public["components"]["schemas"]["DealCreate"]["properties"]["stage"];
    assert_eq!(stage.get("enum"), None);
    let made = user.get(FIELDS).is(200)["data"][0].clone();
    assert_eq!(
        check.faults(&schemas["CustomField"], &made),
        Vec::<String>::new()
    );
    let schema = user.get("/v1/schema").is(200);
    assert_eq!(
        check.faults(&schemas["WorkspaceSchema"], &schema),
        Vec::<String>::new()
    );
}
