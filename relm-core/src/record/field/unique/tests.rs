//! Which types and members can be unique, and what is said of those that cannot.

use super::super::FieldInput;
use super::*;

#[test]
fn a_company_has_a_member_anyway_that_can_be_unique_and_the_others_have_none() {
    assert!(check_built_in(ObjectType::Company, "domain").is_ok());
    let refusal = check_built_in(ObjectType::Company, "domian").unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::UnknownValue);
    assert_eq!(
        (refusal.field(), refusal.suggestion()),
        (Some("key"), Some("domain"))
    );
    assert_eq!(refusal.valid_options(), ["domain"]);
    for of in [ObjectType::Contact, ObjectType::Deal, ObjectType::Activity] {
        let refusal = check_built_in(of, "domain").unwrap_err();
        assert_eq!(refusal.kind(), ErrorKind::UnknownValue);
        assert!(refusal.valid_options().is_empty());
        let message = match of {
            ObjectType::Deal => "Of the members that a deal has anyway, `stage` can be defined",
            ObjectType::Contact | ObjectType::Company | ObjectType::Activity => "No member that ",
        };
        assert!(refusal.message().starts_with(message), "{refusal}");
    }
}

#[test]
fn a_member_that_is_there_anyway_is_called_by_its_name() {
    let of_label = |label: Option<&str>| {
        let input = FieldInput {
            label: label.map(str::to_owned),
            ..FieldInput::built_in(ObjectType::Company, "domain")
        };
        input.check_built_in()
    };
    assert!(of_label(None).is_ok() && of_label(Some("domain")).is_ok());
    let refusal = of_label(Some("Domain name")).unwrap_err();
    assert_eq!(refusal.field(), Some("label"));
}

#[test]
fn a_type_that_cannot_be_unique_is_told_why() {
    for field_type in FieldType::ALL {
        assert!(check_type(false, field_type).is_ok());
        let why = match field_type {
            FieldType::Bool | FieldType::Select | FieldType::Multiselect => "has few values",
            FieldType::Currency | FieldType::Json => "are not compared as a whole",
            FieldType::Reference => "merges of records make equal",
            FieldType::Text
            | FieldType::Number
            | FieldType::Date
            | FieldType::Url
            | FieldType::Email
            | FieldType::Phone
            | FieldType::Datetime => {
                assert!(check_type(true, field_type).is_ok());
                continue;
            }
        };
        let refusal = check_type(true, field_type).unwrap_err();
        assert_eq!(refusal.field(), Some("unique"));
        assert!(refusal.message().contains(why), "{refusal}");
    }
}
