//! Which definitions are taken, and which values a record may have under them.

use serde_json::{Value, json};

use super::*;
use crate::error::{Error, ErrorKind};
use crate::limits::{FIELD_CHOICES_MAX, FIELD_OPTIONS_BYTES_MAX, TEXT_CHARS_MAX};
use crate::record::input::Reader;
use crate::record::metadata::Metadata;
use crate::record::object::{Contact, Object};
use crate::value::id::Kind;

/// A definition of `plan` on contacts, as a request writes it.
fn read(mut members: Value) -> Result<FieldInput> {
    let own = members.as_object_mut().expect("an object");
    own.insert("object_type".to_owned(), "contact".into());
    own.insert("key".to_owned(), "plan".into());
    FieldInput::read(Reader::new(members)?)
}

fn input(field_type: FieldType, choices: &[String]) -> FieldInput {
    FieldInput {
        choices: choices.to_vec(),
        refers_to: (field_type == FieldType::Reference).then_some(ObjectType::Contact),
        ..FieldInput::new(ObjectType::Contact, "plan", field_type)
    }
}

fn define(input: FieldInput) -> Result<Field> {
    let now = Timestamp::from_millis(5);
    Field::define(Id::new(Kind::Field, 1), Mode::Live, now, input)
}

fn field(field_type: FieldType) -> Field {
    let choices = match field_type.has_choices() {
        true => vec!["free".to_owned(), "pro".to_owned()],
        false => Vec::new(),
    };
    define(input(field_type, &choices)).unwrap()
}

fn metadata(value: Value) -> Metadata {
    value.as_object().expect("an object").clone().into()
}

#[test]
fn a_definition_names_one_of_the_types() {
    for field_type in FieldType::ALL {
        let name = field_type.as_str();
        assert_eq!(json!(field_type), name);
        assert_eq!(read(json!({"type": name})).unwrap().field_type, field_type);
    }
    let refusal = read(json!({"type": "dropdown"})).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::UnknownValue);
    assert_eq!(refusal.field(), Some("type"));
    assert_eq!(refusal.suggestion(), Some("select"));
}

#[test]
fn a_definition_says_what_it_is_called_and_whether_it_is_required() {
    let plain = read(json!({"type": "text"})).unwrap();
    assert!(!plain.required);
    let plain = define(plain).unwrap();
    assert_eq!(
        (&*plain.label, &*plain.field_key()),
        ("plan", "contact.plan")
    );
    let full = json!({
        "type": "select", "label": "Plan", "required": true, "options": {"choices": ["a"]},
    });
    let full = read(full).unwrap();
    assert!(full.required);
    let full = define(full).unwrap();
    assert_eq!(
        (&*full.label, &full.options.choices[..]),
        ("Plan", &["a".to_owned()][..])
    );
    assert_eq!(full.bytes(), serde_json::to_vec(&full).unwrap().len());
}

#[test]
fn a_key_is_a_lower_case_letter_and_up_to_62_more_characters() {
    let longest = "k".repeat(FIELD_KEY_CHARS_MAX);
    let longer = "k".repeat(FIELD_KEY_CHARS_MAX + 1);
    for (key, is_one) in [
        ("a", true),
        ("z9_", true),
        ("plan_2026", true),
        (&*longest, true),
        (&*longer, false),
        ("", false),
        ("1a", false),
        ("_a", false),
        ("A", false),
        ("aB", false),
        ("a-b", false),
        ("a b", false),
        ("é", false),
        ("aé", false),
    ] {
        let mut input = input(FieldType::Text, &[]);
        key.clone_into(&mut input.key);
        let refused = define(input).map_err(|refusal| refusal.field().map(str::to_owned));
        let refused = refused.map(|field| field.key);
        let expected = if is_one {
            Ok(key.to_owned())
        } else {
            Err(Some("key".to_owned()))
        };
        assert_eq!(refused, expected);
    }
}

/// So many different choices, each of so many letters.
fn choices(count: usize, letters: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n:0letters$}")).collect()
}

#[test]
fn a_select_has_choices_and_nothing_else_has() {
    let one = choices(1, 1);
    for field_type in FieldType::ALL {
        let has_choices = [FieldType::Select, FieldType::Multiselect].contains(&field_type);
        assert_eq!(
            define(input(field_type, &one)).is_ok(),
            has_choices,
            "{field_type:?}"
        );
        assert_eq!(
            define(input(field_type, &[])).is_ok(),
            !has_choices,
            "{field_type:?}"
        );
    }
}

#[test]
fn choices_are_bounded_in_number_and_in_bytes() {
    // A choice takes its letters, two quotes and a comma.
    let letters = FIELD_OPTIONS_BYTES_MAX / 128 - 3;
    let mut longer = choices(128, letters);
    longer[0].push('0');
    for (choices, is_taken) in [
        (choices(FIELD_CHOICES_MAX, 3), true),
        (choices(FIELD_CHOICES_MAX + 1, 3), false),
        (choices(128, letters), true),
        (longer, false),
    ] {
        let refused = define(input(FieldType::Select, &choices));
        assert_eq!(refused.is_ok(), is_taken, "{}", choices.len());
    }
}

#[test]
fn choices_differ_and_say_something() {
    let define = |choices: [&str; 2]| define(input(FieldType::Select, &choices.map(str::to_owned)));
    assert!(define(["a", "A"]).is_ok());
    for choices in [["a", "a"], ["a", ""], ["a", " "], ["a", "\0"]] {
        let refusal = define(choices).unwrap_err();
        assert_eq!(refusal.field(), Some("options.choices"), "{choices:?}");
    }
}

#[test]
fn a_field_holds_values_of_its_type() {
    let day = json!("2026-07-02");
    for (value, taken_by) in [
        (json!("pro"), &[FieldType::Text, FieldType::Select][..]),
        (json!("other"), &[FieldType::Text]),
        (json!(""), &[FieldType::Text]),
        (day, &[FieldType::Text, FieldType::Date]),
        (json!("2026-02-30"), &[FieldType::Text]),
        (json!(5), &[FieldType::Number]),
        (json!(-0.5), &[FieldType::Number]),
        (json!(true), &[FieldType::Bool]),
        (json!(["pro"]), &[FieldType::Multiselect]),
        (json!(["other"]), &[]),
        (json!("+14155550132"), &[FieldType::Text, FieldType::Phone]),
        (
            json!("con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB"),
            &[FieldType::Text, FieldType::Reference],
        ),
        (json!("cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB"), &[FieldType::Text]),
        (json!("con_01k1v9y2zp6w4t8q0r5n7m3xjb"), &[FieldType::Text]),
        (json!({}), &[]),
    ] {
        for field_type in FieldType::ALL {
            let taken = field(field_type).check(&value);
            assert_eq!(
                taken.is_ok(),
                taken_by.contains(&field_type) || field_type == FieldType::Json,
                "{value} {field_type:?}"
            );
            if let Err(refusal) = taken {
                assert_eq!(refusal.field(), Some("metadata.plan"));
            }
        }
    }
}

#[test]
fn what_is_no_choice_is_told_the_choices() {
    let select = field(FieldType::Select);
    for (value, kind, suggestion) in [
        (json!("prö"), ErrorKind::UnknownValue, Some("pro")),
        (json!("other"), ErrorKind::UnknownValue, None),
        (json!(5), ErrorKind::ValidationFailed, None),
    ] {
        let refusal = select.check(&value).unwrap_err();
        assert_eq!((refusal.kind(), refusal.suggestion()), (kind, suggestion));
        assert_eq!(refusal.valid_options(), ["free", "pro"]);
    }
}

/// A contact with this metadata.
fn with(metadata: Metadata) -> Contact {
    let id = Id::new(Kind::Contact, 1);
    let mut contact = Contact::blank(id, Mode::Live, Timestamp::from_millis(0));
    *contact.metadata_mut() = metadata;
    contact
}

#[test]
fn a_record_keeps_to_the_definitions_of_its_type_alone() {
    let required = |object_type, key: &str| {
        let mut field = field(FieldType::Number);
        (field.object_type, field.required) = (object_type, true);
        key.clone_into(&mut field.key);
        field
    };
    let mut optional = required(ObjectType::Contact, "age");
    optional.required = false;
    let fields = [
        required(ObjectType::Deal, "plan"),
        required(ObjectType::Contact, "seats"),
        optional,
    ];
    for (members, refused_at) in [
        (json!({"seats": 1}), None),
        (json!({"seats": 1, "age": 2, "plan": "any"}), None),
        (json!({}), Some("metadata.seats")),
        (json!({"age": 2}), Some("metadata.seats")),
        (json!({"seats": "one"}), Some("metadata.seats")),
        (json!({"seats": 1, "age": "two"}), Some("metadata.age")),
    ] {
        let contact = with(metadata(members));
        let refusal = check_fields(&fields, None, &contact).err();
        assert_eq!(
            refusal.as_ref().and_then(Error::field),
            refused_at,
            "{contact:?}"
        );
    }
}

#[test]
fn a_custom_field_is_found_by_its_object_and_its_key() {
    let fields = [field(FieldType::Text)];
    let found = |object_type, key| custom_field(&fields, object_type, key);
    assert_eq!(
        found(ObjectType::Contact, "plan").as_deref(),
        Some("metadata.plan")
    );
    assert_eq!(found(ObjectType::Contact, "seats"), None);
    assert_eq!(found(ObjectType::Deal, "plan"), None);
}

#[test]
fn a_choice_is_one_in_every_composition_and_none_is_as_long_as_metadata() {
    let long = "\u{1F82}".repeat(TEXT_CHARS_MAX);
    let field =
        define(input(FieldType::Select, std::slice::from_ref(&long))).expect("it has a choice");
    let apart = "\u{3B1}\u{313}\u{300}\u{345}".repeat(TEXT_CHARS_MAX);
    for (given, fits) in [
        (long.clone(), true),
        (apart.clone(), true),
        (apart.clone() + "\u{3B1}", false),
        (apart.repeat(4), false),
    ] {
        assert_eq!(
            field.check(&json!(given)).is_ok(),
            fits,
            "{} bytes",
            given.len()
        );
    }
}

#[test]
fn what_a_write_leaves_as_it_is_is_refused_or_told_as_the_definition_says() {
    let mut select = field(FieldType::Select);
    select.required = true;
    let check = |enforce, before: Option<&Value>, after: &Value| {
        let mut select = select.clone();
        select.enforce = enforce;
        let before = before.cloned().map(metadata).map(with);
        let after = with(metadata(after.clone()));
        let checked = check_fields(&[select], before.as_ref(), &after);
        checked.map(|warnings| warnings.len())
    };
    let (none, gone, other) = (json!({}), json!({"plan": "gone"}), json!({"plan": "other"}));
    let (good, more) = (json!({"plan": "pro"}), json!({"plan": "gone", "more": 1}));
    for (before, after, on_change) in [
        (None, &none, None),
        (None, &gone, None),
        (None, &good, Some(0)),
        (Some(&none), &none, Some(1)),
        (Some(&gone), &gone, Some(1)),
        (Some(&gone), &more, Some(1)),
        (Some(&gone), &other, None),
        (Some(&gone), &none, None),
        (Some(&good), &none, None),
        (Some(&good), &gone, None),
        (Some(&gone), &good, Some(0)),
    ] {
        let checked = check(Enforce::OnChange, before, after);
        assert_eq!(checked.ok(), on_change, "{before:?} {after}");
        let always = check(Enforce::Always, before, after);
        assert_eq!(
            always.ok(),
            (after == &good).then_some(0),
            "{before:?} {after}"
        );
    }
}

#[test]
fn a_reference_says_which_records_it_names() {
    let options = |options: Value| read(json!({"type": "reference", "options": options}));
    let named = define(options(json!({"object_type": "deal"})).unwrap()).unwrap();
    assert_eq!(named.options.object_type, Some(ObjectType::Deal));
    assert_eq!(json!(named.options), json!({"object_type": "deal"}));
    for (said, meant) in [("account", "company"), ("fld", ""), ("people", "contact")] {
        let refusal = options(json!({ "object_type": said })).unwrap_err();
        assert_eq!(refusal.kind(), ErrorKind::UnknownValue);
        assert_eq!(refusal.field(), Some("options.object_type"));
        assert_eq!(refusal.suggestion().unwrap_or_default(), meant);
        assert_eq!(
            refusal.valid_options(),
            ObjectType::ALL.map(ObjectType::as_str)
        );
    }
    let refusal = define(options(json!({})).unwrap()).unwrap_err();
    assert_eq!(refusal.field(), Some("options.object_type"));
    assert_eq!(
        refusal.valid_options(),
        ObjectType::ALL.map(ObjectType::as_str)
    );
    let text = read(json!({"type": "text", "options": {"object_type": "deal"}}));
    let refusal = define(text.unwrap()).unwrap_err();
    assert_eq!(refusal.field(), Some("options.object_type"));
}

#[test]
fn what_is_no_reference_is_refused_as_that_of_a_member_is() {
    let company = FieldInput::reference(ObjectType::Contact, "plan", ObjectType::Company);
    let field = define(company).unwrap();
    let own = |value: Value| {
        let mut reader = Reader::new(json!({ "plan": value })).unwrap();
        reader.id("plan", Kind::Company).unwrap_err()
    };
    for value in [
        json!("con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB"),
        json!("01K1V9Y2ZP6W4T8Q0R5N7M3XJB"),
        json!("Acme"),
        json!(""),
        json!(7),
        json!({"id": "cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB"}),
        json!(["cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB"]),
    ] {
        let refusal = field.check(&value).unwrap_err();
        let own = own(value);
        assert_eq!(refusal.kind(), own.kind());
        assert_eq!(refusal.suggestion(), own.suggestion());
        assert_eq!(
            refusal.message(),
            own.message().replace("`plan`", "`metadata.plan`")
        );
    }
}

#[test]
fn a_definition_of_before_reads_with_what_it_lacks() {
    let kept = json!({
        "id": "fld_01M831GNF9KYA241N0ATBGWAZ1", "object": "field", "object_type": "contact", "key": "plan", "label": "Plan",
        "type": "select", "required": true, "options": { "choices": ["free"] }, "mode": "test",
        "created_at": "2026-11-23T01:49:47.881Z",
    });
    let field: Field = serde_json::from_value(kept).unwrap();
    assert_eq!((field.version, field.updated_at), (1, field.created_at));
    assert_eq!((field.enforce, field.position), (Enforce::Always, None));
    assert_eq!((field.description, field.options.renaming.len()), (None, 0));
}
