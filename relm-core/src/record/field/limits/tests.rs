//! Which values limits take, which limits a definition can have, and which refuse more than others.

use serde_json::json;

use super::super::{Field, FieldInput, FieldPatch, FieldType};
use super::*;
use crate::error::ErrorKind;
use crate::limits::FIELD_PATTERN_TEXT_CHARS_MAX;
use crate::record::object_type::ObjectType;
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

/// A definition with these options, as a request writes it.
fn define(field_type: FieldType, options: Value) -> Result<Field> {
    let members = json!({
        "object_type": "contact", "key": "k", "type": field_type, "options": options,
    });
    let input = FieldInput::read(Reader::new(members)?)?;
    let again: FieldInput =
        serde_json::from_value(json!(input)).expect("it reads as it is written");
    assert_eq!(again, input);
    let now = Timestamp::from_millis(5);
    Field::define(Id::new(Kind::Field, 1), Mode::Live, now, input)
}

#[test]
fn a_field_takes_what_is_within_its_limits() {
    let number = json!({ "min": -1.5, "max": 3, "integer": false });
    let whole = json!({ "min": -1.5, "max": 3, "integer": true });
    let short = json!({ "max_length": 2 });
    let code = json!({ "max_length": 5, "pattern": "^[A-Z]+$" });
    let matching = json!({ "pattern": "x" });
    let long = "x".repeat(FIELD_PATTERN_TEXT_CHARS_MAX);
    for (field_type, options, value, is_held) in [
        (FieldType::Number, &number, json!(-1.5), true),
        (FieldType::Number, &number, json!(-1.6), false),
        (FieldType::Number, &number, json!(3.0), true),
        (FieldType::Number, &number, json!(4), false),
        (FieldType::Number, &number, json!("1"), false),
        (FieldType::Number, &whole, json!(2.0), true),
        (FieldType::Number, &whole, json!(2.5), false),
        (FieldType::Text, &short, json!("éé"), true),
        (FieldType::Text, &short, json!("e\u{301}e"), false),
        (FieldType::Text, &short, json!(12), false),
        (FieldType::Text, &code, json!("ABCDE"), true),
        (FieldType::Text, &code, json!("ABCDEF"), false),
        (FieldType::Text, &code, json!("ABc"), false),
        (FieldType::Text, &matching, json!(long), true),
        (FieldType::Text, &matching, json!(format!("{long}x")), false),
    ] {
        let field = define(field_type, options.clone()).unwrap();
        assert_eq!(field.check(&value).is_ok(), is_held, "{options} {value}");
        let kept: Field = serde_json::from_value(json!(field)).unwrap();
        assert_eq!(kept, field);
    }
}

#[test]
fn limits_are_of_the_type_that_has_them() {
    for field_type in FieldType::ALL {
        let choices = match field_type.has_choices() {
            true => json!(["a"]),
            false => json!([]),
        };
        for (name, value, of) in [
            ("min", json!(1), FieldType::Number),
            ("max", json!(1), FieldType::Number),
            ("integer", json!(true), FieldType::Number),
            ("max_length", json!(1), FieldType::Text),
            ("pattern", json!("a"), FieldType::Text),
        ] {
            let mut options = json!({ "choices": choices, name: value });
            if field_type == FieldType::Reference {
                options["object_type"] = json!("deal");
            }
            let defined = define(field_type, options);
            match defined {
                Ok(_) => assert_eq!(field_type, of),
                Err(refusal) => {
                    assert_ne!(field_type, of, "{refusal}");
                    assert_eq!(refusal.field(), Some(&*format!("options.{name}")));
                }
            }
        }
    }
}

#[test]
fn a_default_is_a_value_of_the_field_in_its_form() {
    let mail = define(FieldType::Email, json!({ "default": "Ada@Example.com" })).unwrap();
    assert_eq!(mail.options.default, Some(json!("ada@example.com")));
    let refusal = define(FieldType::Number, json!({ "max": 3, "default": 4 })).unwrap_err();
    assert_eq!(refusal.field(), Some("options.default"));
    assert_eq!(
        refusal.message(),
        "`options.default` must be at most 3, not 4."
    );
    let refusal = define(FieldType::Text, json!({ "default": "\0" })).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::ValidationFailed);
    assert_eq!(refusal.field(), Some("options.default"));
    let none = define(FieldType::Json, json!({ "default": null })).unwrap();
    assert_eq!(none.options.default, None);
}

#[test]
fn what_is_narrower_refuses_what_was_taken() {
    let limits = |value: Value| serde_json::from_value::<FieldLimits>(value).unwrap();
    for (before, after, narrower) in [
        (json!({}), json!({}), &[][..]),
        (json!({ "min": 1 }), json!({ "min": 1 }), &[]),
        (json!({ "min": 1 }), json!({ "min": 0 }), &[]),
        (json!({ "min": 1 }), json!({}), &[]),
        (json!({ "min": 1 }), json!({ "min": 2 }), &["options.min"]),
        (json!({}), json!({ "max": 2 }), &["options.max"]),
        (json!({ "max": 3 }), json!({ "max": 2 }), &["options.max"]),
        (
            json!({ "max": 2 }),
            json!({ "max": 3, "integer": true }),
            &["options.integer"],
        ),
        (
            json!({ "max_length": 3 }),
            json!({ "max_length": 2 }),
            &["options.max_length"],
        ),
        (json!({ "max_length": 3 }), json!({ "max_length": 4 }), &[]),
        (json!({}), json!({ "pattern": "a" }), &["options.pattern"]),
        (json!({ "pattern": "a" }), json!({}), &[]),
        (
            json!({ "pattern": "a" }),
            json!({ "pattern": "b" }),
            &["options.pattern"],
        ),
        (
            json!({ "pattern": "a" }),
            json!({ "pattern": "a", "max_length": 2000 }),
            &[],
        ),
    ] {
        let found = limits(after.clone()).narrower_than(&limits(before.clone()));
        assert_eq!(found, narrower, "{before} {after}");
    }
}

#[test]
fn a_patch_is_written_as_it_is_read() {
    for (patch, json) in [
        (FieldPatch::default(), json!({ "force": false })),
        (
            FieldPatch {
                limits: FieldLimitsPatch {
                    min: Patch::Clear,
                    default: json!([1]).into(),
                    ..FieldLimitsPatch::default()
                },
                ..FieldPatch::default()
            },
            json!({ "options": { "min": null, "default": [1] }, "force": false }),
        ),
        (
            FieldPatch {
                choices: vec!["a".into()].into(),
                ..FieldPatch::default()
            },
            json!({ "options": { "choices": ["a"] }, "force": false }),
        ),
    ] {
        assert_eq!(json!(patch), json);
        let shown = Map::new();
        let read = FieldPatch::read(Reader::new(json).unwrap(), &shown);
        assert_eq!(read.unwrap(), patch);
    }
    let of_type = FieldInput::new(ObjectType::Deal, "k", FieldType::Text);
    assert!(json!(of_type).get("options").is_none());
}
