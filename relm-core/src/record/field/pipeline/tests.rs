//! Tests of what a pipeline can say.

use serde_json::json;

use super::super::{Field, FieldInput, FieldPatch};
use super::*;
use crate::record::actor::{Actor, Origin};
use crate::value::id::Id;
use crate::value::request_id::RequestId;
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

fn read(body: Value) -> Result<Field> {
    let input = FieldInput::read(Reader::new(body)?)?;
    input.check_built_in()?;
    let now = Timestamp::from_millis(5);
    Field::define(Id::new(Kind::Field, 1), Mode::Live, now, input)
}

fn defined(options: Value) -> Result<Field> {
    read(json!({ "object_type": "deal", "key": "stage", "options": options }))
}

fn stages() -> Value {
    json!({ "choices": ["lead", "won", "lost"], "probabilities": { "lead": 10, "won": 100, "lost": 0 } })
}

fn patched(field: &Field, options: Value) -> Result<Field> {
    let shown = serde_json::to_value(field).unwrap();
    let body = json!({ "options": options });
    let patch = FieldPatch::read(Reader::new(body)?, shown.as_object().unwrap())?;
    let origin = Origin {
        actor: Actor::EMBEDDER,
        request_id: RequestId::new(1),
    };
    field.patched(&patch, &origin)
}

#[test]
fn the_stage_of_deals_is_a_select_without_saying_so() {
    let pipeline = defined(stages()).unwrap();
    assert!(pipeline.is_pipeline());
    assert_eq!(pipeline.field_type, FieldType::Select);
    assert_eq!(json!(pipeline.options), stages());
    assert_eq!(pipeline.path(), "stage");
    let again: Field = serde_json::from_value(json!(pipeline)).unwrap();
    assert_eq!(again, pipeline);
    // Whoever says a type means a custom field of that name, as before there were pipelines.
    let custom = read(json!({
        "object_type": "deal", "key": "stage", "type": "select", "options": { "choices": ["a"] },
    }));
    let custom = custom.unwrap();
    assert!(!custom.is_pipeline());
    assert_eq!(custom.path(), "metadata.stage");
    let typed = FieldInput::pipeline([("lead", Some(10)), ("won", Some(100)), ("lost", Some(0))]);
    let now = Timestamp::from_millis(5);
    let typed = Field::define(Id::new(Kind::Field, 1), Mode::Live, now, typed).unwrap();
    assert_eq!(typed, pipeline);
}

#[test]
fn what_a_pipeline_cannot_say_is_named() {
    let pipeline = |more: Value| {
        let mut body =
            json!({ "object_type": "deal", "key": "stage", "built_in": true, "options": stages() });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        read(body).unwrap_err()
    };
    for (more, at) in [
        (json!({ "type": "text" }), "type"),
        (json!({ "type": "multiselect" }), "type"),
        (json!({ "position": 1 }), "position"),
        (json!({ "unique": true }), "unique"),
        (json!({ "options": { "choices": [] } }), "options.choices"),
        (
            json!({ "options": { "choices": ["a"], "min": 1 } }),
            "options.min",
        ),
        (
            json!({ "options": { "choices": ["a"], "default": "b" } }),
            "options.default",
        ),
        (json!({ "object_type": "company" }), "key"),
        (json!({ "key": "title" }), "key"),
    ] {
        let refusal = pipeline(more.clone());
        assert_eq!(refusal.field(), Some(at), "{more}: {refusal}");
    }
    let text =
        json!({ "object_type": "deal", "key": "plan", "type": "select", "options": stages() });
    assert_eq!(read(text).unwrap_err().field(), Some(PROBABILITIES));
    let forced = json!({
        "object_type": "deal", "key": "plan", "type": "text", "force": true,
    });
    assert_eq!(read(forced).unwrap_err().field(), Some("force"));
}

#[test]
fn a_probability_is_whole_percent_of_a_stage() {
    let said =
        |said: Value| defined(json!({ "choices": ["lead", "caf\u{e9}"], "probabilities": said }));
    for wrong in [json!(101), json!(-1), json!(10.5), json!("10"), json!(true)] {
        let refusal = said(json!({ "lead": wrong })).unwrap_err();
        assert_eq!(
            refusal.field(),
            Some("options.probabilities.lead"),
            "{wrong}"
        );
        assert!(refusal.message().contains("0 to 100"), "{refusal}");
    }
    let refusal = said(json!({ "led": 10 })).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::UnknownValue);
    assert_eq!(refusal.valid_options(), ["lead", "caf\u{e9}"]);
    assert_eq!(refusal.suggestion(), Some("lead"));
    assert_eq!(
        said(json!([10])).unwrap_err().field(),
        Some("options.probabilities")
    );
    // In whatever composition it is written, a stage is one, and has one probability.
    let one = said(json!({ "cafe\u{301}": 50.0, "lead": null })).unwrap();
    assert_eq!(
        one.options.probabilities,
        BTreeMap::from([("caf\u{e9}".to_owned(), 50)])
    );
    assert_eq!(one.options.probability_of("cafe\u{301}"), Some(50));
    let two = said(json!({ "cafe\u{301}": 50, "caf\u{e9}": 50 })).unwrap_err();
    assert_eq!(two.field(), Some(PROBABILITIES));
    let many = (0..=FIELD_CHOICES_MAX).map(|n| (n.to_string(), json!(1)));
    let many = said(Value::Object(many.collect())).unwrap_err();
    assert_eq!(many.field(), Some(PROBABILITIES));
    let over = FieldInput::pipeline([("lead", Some(101))]);
    let now = Timestamp::from_millis(5);
    let over = Field::define(Id::new(Kind::Field, 1), Mode::Live, now, over).unwrap_err();
    assert_eq!(over.field(), Some("options.probabilities.lead"));
}

#[test]
fn a_stage_takes_its_probability_along() {
    let pipeline = defined(stages()).unwrap();
    let renamed = json!({ "choices": [{ "from": "won", "to": "signed" }, "lead"] });
    let renamed = patched(&pipeline, renamed).unwrap();
    assert_eq!(renamed.options.choices, ["signed", "lead"]);
    // What is lost had one, and takes it along.
    assert_eq!(
        json!(renamed.options.probabilities),
        json!({ "lead": 10, "signed": 100 })
    );
    assert_eq!(renamed.options.probability_of("won"), Some(100));
    // Said by either name.
    for name in ["won", "signed"] {
        let other = patched(&renamed, json!({ "probabilities": { name: 90 } })).unwrap();
        assert_eq!(
            json!(other.options.probabilities),
            json!({ "lead": 10, "signed": 90 })
        );
    }
    let less = patched(&pipeline, json!({ "probabilities": { "lead": null } })).unwrap();
    assert_eq!(
        json!(less.options.probabilities),
        json!({ "lost": 0, "won": 100 })
    );
    let none = patched(&pipeline, json!({ "probabilities": null })).unwrap();
    assert!(none.options.probabilities.is_empty());
    // A new stage, with its own.
    let more =
        json!({ "choices": ["lead", "demo", "won", "lost"], "probabilities": { "demo": 30 } });
    let more = patched(&pipeline, more).unwrap();
    assert_eq!(more.options.probability_of("demo"), Some(30));
    assert_eq!(more.options.probability_of("lead"), Some(10));
    let gone = patched(
        &pipeline,
        json!({ "choices": ["lead", "won"], "probabilities": { "lost": 1 } }),
    );
    assert_eq!(gone.unwrap_err().kind(), ErrorKind::UnknownValue);
    let placed = json!({ "position": 2 });
    let shown = serde_json::to_value(&pipeline).unwrap();
    let placed = FieldPatch::read(Reader::new(placed).unwrap(), shown.as_object().unwrap());
    let origin = Origin {
        actor: Actor::EMBEDDER,
        request_id: RequestId::new(1),
    };
    let placed = pipeline.patched(&placed.unwrap(), &origin).unwrap_err();
    assert_eq!(placed.field(), Some("position"));
}
