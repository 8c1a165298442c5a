//! What is said of a value that a field does not hold, and which values are written in another form.

use serde_json::json;

use super::super::FieldInput;
use super::*;
use crate::record::object::{Company, Contact, Deal, DealInput};
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(5);

fn field(of: ObjectType, field_type: FieldType, choices: &[&str]) -> Field {
    let input = FieldInput {
        choices: choices.iter().map(|one| (*one).to_owned()).collect(),
        ..FieldInput::new(of, "it", field_type)
    };
    Field::define(Id::new(Kind::Field, 1), Mode::Live, NOW, input).unwrap()
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
    fn kept<T: Object>(fields: &[Field]) -> Value {
        let mut object = T::blank(Id::new(T::TYPE.kind(), 1), Mode::Live, NOW);
        let metadata = object.metadata_mut();
        metadata.insert("it", json!("Ada@Example.com"));
        normalise(fields, &mut object);
        object.metadata().as_map()["it"].clone()
    }
    assert_eq!(kept::<Contact>(&fields), "ada@example.com");
    assert_eq!(kept::<Deal>(&fields), "Ada@Example.com");
    assert_eq!(kept::<Company>(&fields), "Ada@Example.com");
}

fn deal(stage: Option<&str>) -> Deal {
    let mut deal = Deal::blank(Id::new(Kind::Deal, 1), Mode::Live, NOW);
    deal.stage = stage.map(str::to_owned);
    deal
}

fn pipeline(change: impl FnOnce(&mut FieldInput)) -> Vec<Field> {
    let mut input = FieldInput::pipeline([("lead", Some(10)), ("won", None)]);
    change(&mut input);
    vec![Field::define(Id::new(Kind::Field, 1), Mode::Live, NOW, input).unwrap()]
}

#[test]
fn the_stage_of_a_deal_is_one_of_the_pipeline_as_a_choice_is_one_of_its_field() {
    let fields = pipeline(|_| {});
    assert!(
        check_fields(&fields, None, &deal(Some("won")))
            .unwrap()
            .is_empty()
    );
    assert!(check_fields(&fields, None, &deal(None)).unwrap().is_empty());
    let refusal = check_fields(&fields, None, &deal(Some("wun"))).unwrap_err();
    assert_eq!(
        (refusal.kind(), refusal.field()),
        (ErrorKind::UnknownValue, Some("stage"))
    );
    assert_eq!(refusal.valid_options(), ["lead", "won"]);
    assert_eq!(refusal.suggestion(), Some("won"));
    let required = pipeline(|input| input.required = true);
    let refusal = check_fields(&required, None, &deal(None)).unwrap_err();
    assert!(
        refusal
            .message()
            .starts_with("`stage` is required: one of lead, won."),
        "{refusal}"
    );
    let mild = pipeline(|input| input.enforce = Enforce::OnChange);
    let old = deal(Some("old"));
    assert_eq!(check_fields(&mild, Some(&old), &old).unwrap().len(), 1);
    assert!(check_fields(&mild, Some(&deal(None)), &old).is_err());
    // Of another object, and of a custom field of the same name, it says nothing.
    let contact = Contact::blank(Id::new(Kind::Contact, 1), Mode::Live, NOW);
    assert!(check_fields(&required, None, &contact).unwrap().is_empty());
    let mut other = deal(Some("won"));
    other.metadata.insert("stage", json!("anything"));
    assert!(check_fields(&required, None, &other).unwrap().is_empty());
}

#[test]
fn a_new_deal_gets_the_stage_that_is_the_default_where_nothing_is_said() {
    let made = |fields: &[Field], stage: Patch<String>| {
        let input = DealInput {
            stage,
            ..DealInput::default()
        };
        let mut deal = deal(None);
        deal.apply(input.clone()).unwrap();
        add_defaults(fields, &input, &mut deal).unwrap();
        deal.stage
    };
    let fields = pipeline(|input| input.default = Some(json!("lead")));
    assert_eq!(made(&fields, Patch::Keep).as_deref(), Some("lead"));
    assert_eq!(made(&fields, "won".into()).as_deref(), Some("won"));
    assert_eq!(made(&fields, Patch::Clear), None);
    assert_eq!(made(&pipeline(|_| {}), Patch::Keep), None);
    assert_eq!(made(&[], Patch::Keep), None);
}

#[test]
fn a_stage_that_is_being_renamed_is_written_by_its_new_name() {
    let [mut renaming] = <[Field; 1]>::try_from(pipeline(|_| {})).unwrap();
    let mut shown = json!(renaming);
    shown["options"]["renaming"] = json!([{
        "from": "gold", "to": "won", "actor": crate::record::Actor::EMBEDDER, "request_id": "req_01K1V9Y2ZP6W4T8Q0R5N7M3XJB",
    }]);
    renaming = serde_json::from_value(shown).unwrap();
    for (stage, kept) in [("gold", "won"), ("lead", "lead"), ("other", "other")] {
        let mut deal = deal(Some(stage));
        normalise([&renaming], &mut deal);
        assert_eq!(deal.stage.as_deref(), Some(kept));
        assert!(deal.metadata.is_empty());
    }
}
