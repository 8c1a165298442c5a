//! What is said of a value that a field does not hold, and which values are written in another form.

use serde_json::json;

use super::super::FieldInput;
use super::*;
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

fn field(of: ObjectType, field_type: FieldType, choices: &[&str]) -> Field {
    let input = FieldInput {
        choices: choices.iter().map(|one| (*one).to_owned()).collect(),
        ..FieldInput::new(of, "it", field_type)
    };
    let now = Timestamp::from_millis(5);
    Field::define(Id::new(Kind::Field, 1), Mode::Live, now, input).unwrap()
}

#[test]
fn an_address_without_its_scheme_is_suggested_with_one() {
    let url = field(ObjectType::Contact, FieldType::Url, &[]);
    for (given, meant) in [
        (
            json!("example.com/pricing"),
            Some("https://example.com/pricing"),
        ),
        (json!(" example.com "), Some("https://example.com")),
        (json!("ftp://example.com"), None),
        (json!("none"), None),
        (json!("not. an address"), None),
        (json!(5), None),
    ] {
        let refusal = url.check(&given).unwrap_err();
        assert_eq!(refusal.suggestion(), meant, "{given}");
    }
}

#[test]
fn a_list_is_told_which_of_its_members_is_no_choice_or_that_it_is_too_long() {
    let set = field(ObjectType::Contact, FieldType::Multiselect, &["a", "b"]);
    let refusal = set.check(&json!(["a", "c", "d"])).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::UnknownValue);
    assert_eq!(refusal.valid_options(), ["a", "b"]);
    let message = "`metadata.it` must be one of a, b, not \"c\".";
    assert!(refusal.message().starts_with(message), "{refusal}");

    let mut longest = vec!["a"; FIELD_CHOICES_MAX];
    assert!(set.check(&json!(longest)).is_ok());
    longest[FIELD_CHOICES_MAX - 1] = "c";
    let refusal = set.check(&json!(longest)).unwrap_err();
    assert!(refusal.message().starts_with(message), "{refusal}");
    longest.push("a");
    let refusal = set.check(&json!(longest)).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::ValidationFailed);
    assert!(
        refusal
            .message()
            .contains("at most 200 choices, not of 201")
    );

    let refusal = set.check(&json!("a")).unwrap_err();
    assert!(refusal.message().contains("a list of choices"), "{refusal}");
}

#[test]
fn what_is_required_is_told_its_choices() {
    for (field_type, choices, message) in [
        (
            FieldType::Select,
            &["a", "b"][..],
            "`metadata.it` is required: one of a, b.",
        ),
        (
            FieldType::Multiselect,
            &["a", "b"],
            "`metadata.it` is required: a list of a, b.",
        ),
        (FieldType::Text, &[], "`metadata.it` is required."),
    ] {
        let mut field = field(ObjectType::Contact, field_type, choices);
        assert!(field.check_member(None).is_ok());
        field.required = true;
        let refusal = field.check_member(None).unwrap_err();
        assert!(refusal.message().starts_with(message), "{refusal}");
        assert_eq!(refusal.valid_options(), choices);
    }
}

#[test]
fn a_value_is_written_in_the_form_of_its_own_objects_field_alone() {
    let mut domain = field(ObjectType::Company, FieldType::Email, &[]);
    domain.built_in = true;
    let fields = [
        field(ObjectType::Contact, FieldType::Email, &[]),
        field(ObjectType::Deal, FieldType::Text, &[]),
        domain,
    ];
    for (of, kept) in [
        (ObjectType::Contact, "ada@example.com"),
        (ObjectType::Deal, "Ada@Example.com"),
        (ObjectType::Company, "Ada@Example.com"),
    ] {
        let mut metadata = Metadata::default();
        metadata.insert("it", json!("Ada@Example.com"));
        normalise(&fields, of, &mut metadata);
        assert_eq!(metadata.as_map()["it"], kept, "{of}");
    }
}
