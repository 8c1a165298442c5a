//! Tests of what a patch of a definition says.

use serde_json::json;

use super::super::{FieldInput, FieldType};
use super::*;
use crate::error::ErrorKind;
use crate::limits::FIELD_CHOICES_MAX;
use crate::record::actor::Actor;
use crate::record::object_type::ObjectType;
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

fn plan() -> Field {
    let input = FieldInput {
        choices: ["free", "pro"].map(str::to_owned).into(),
        ..FieldInput::new(ObjectType::Contact, "plan", FieldType::Select)
    };
    let now = Timestamp::from_millis(5);
    Field::define(Id::new(Kind::Field, 1), Mode::Live, now, input).unwrap()
}

fn origin() -> Origin {
    Origin {
        actor: Actor::EMBEDDER,
        request_id: RequestId::new(1),
    }
}

fn patched(field: &Field, body: Value) -> Result<Field> {
    let shown = serde_json::to_value(field).unwrap();
    let shown = shown.as_object().unwrap();
    let patch = FieldPatch::read(Reader::new(body)?, shown)?;
    field.patched(&patch, &origin())
}

fn chosen(field: &Field, choices: Value) -> Result<Field> {
    patched(field, json!({ "options": { "choices": choices } }))
}

fn renames(field: &Field) -> Vec<(&str, &str)> {
    let all = field.options.renaming.iter();
    all.map(|one| (&*one.from, &*one.to)).collect()
}

#[test]
fn a_definition_as_it_is_shown_changes_nothing() {
    let field = chosen(&plan(), json!(["free", { "from": "pro", "to": "team" }])).unwrap();
    let again = patched(&field, json!(field)).unwrap();
    assert_eq!(again, field);
    for (name, value) in [("key", "tier"), ("type", "text"), ("id", "fld_x")] {
        let refusal = patched(&field, json!({ name: value })).unwrap_err();
        assert_eq!(refusal.field(), Some(name));
    }
    // What is under way is told, and not said.
    let mut options = json!(field.options);
    options["renaming"][0]["to"] = "gold".into();
    let refusal = patched(&field, json!({ "options": options })).unwrap_err();
    assert_eq!(refusal.field(), Some("options.renaming"));
}

#[test]
fn a_choice_that_is_renamed_to_itself_stays_as_it_is() {
    let same = json!(["free", { "from": "pro", "to": "pro" }]);
    assert_eq!(chosen(&plan(), same).unwrap(), plan());
}

#[test]
fn what_is_not_in_the_list_is_lost_but_for_what_is_renamed() {
    let before = plan();
    let after = chosen(&before, json!(["team", { "from": "pro", "to": "gold" }])).unwrap();
    assert_eq!(after.options.choices, ["team", "gold"]);
    assert_eq!(renames(&after), [("pro", "gold")]);
    assert_eq!(before.choices_lost(&after), ["free"]);
    assert_eq!(after.options.names_of("gold"), ["gold", "pro"]);
    assert_eq!(after.options.names_of("pro"), ["gold", "pro"]);
}

#[test]
fn a_renaming_that_is_asked_for_again_goes_on() {
    let renamed = json!(["free", { "from": "pro", "to": "gold" }]);
    let once = chosen(&plan(), renamed.clone()).unwrap();
    assert_eq!(chosen(&once, renamed.clone()).unwrap(), once);
    // Beside a choice that is new, too.
    let more = json!(["free", "team", { "from": "pro", "to": "gold" }]);
    let more = chosen(&once, more).unwrap();
    assert_eq!(more.options.choices, ["free", "team", "gold"]);
    assert_eq!(more.options.renaming, once.options.renaming);
    let mut done = once;
    done.options.renaming.clear();
    assert_eq!(chosen(&done, renamed).unwrap(), done);
}

#[test]
fn a_mistyped_name_is_no_renaming_that_is_done() {
    let refusal = chosen(&plan(), json!([{ "from": "fre", "to": "pro" }])).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::UnknownValue);
    assert_eq!(refusal.valid_options(), ["free", "pro"]);
    // Where everything else is as it is, nothing can be lost by it.
    let same = json!(["free", { "from": "starter", "to": "pro" }]);
    assert_eq!(chosen(&plan(), same).unwrap(), plan());
}

#[test]
fn renamings_are_bounded_in_number() {
    let names = |letter: char| (0..FIELD_CHOICES_MAX).map(move |n| format!("{letter}{n}"));
    let mut field = plan();
    field.options.choices = names('c').collect();
    let renamed = names('c').zip(names('d'));
    let renamed = renamed.map(|(from, to)| json!({ "from": from, "to": to }));
    let renamed = json!(renamed.collect::<Vec<Value>>());
    let once = chosen(&field, renamed.clone()).unwrap();
    assert_eq!(once.options.renaming.len(), FIELD_CHOICES_MAX);
    assert_eq!(chosen(&once, renamed).unwrap(), once);
    let mut more = json!(once.options.choices);
    more[0] = json!({ "from": "d0", "to": "e0" });
    let refusal = chosen(&once, more).unwrap_err();
    assert_eq!(
        (refusal.kind(), refusal.field()),
        (ErrorKind::Conflict, Some(CHOICES))
    );
}

#[test]
fn renamings_follow_each_other() {
    let once = chosen(&plan(), json!(["free", { "from": "pro", "to": "gold" }])).unwrap();
    let twice = json!([{ "from": "gold", "to": "platinum" }, "free"]);
    let twice = chosen(&once, twice).unwrap();
    assert_eq!(renames(&twice), [("pro", "platinum"), ("gold", "platinum")]);
    // One of another choice goes on as it was.
    let other = chosen(&once, json!(["gold", { "from": "free", "to": "basic" }])).unwrap();
    assert_eq!(renames(&other), [("pro", "gold"), ("free", "basic")]);
    for (choices, kind) in [
        (json!(["free", "pro", "gold"]), ErrorKind::Conflict),
        (json!(["free"]), ErrorKind::Conflict),
        (
            json!(["free", { "from": "gold", "to": "pro" }]),
            ErrorKind::Conflict,
        ),
        (
            json!(["free", { "from": "silver", "to": "x" }]),
            ErrorKind::UnknownValue,
        ),
        (
            json!([{ "from": "free", "to": "gold" }]),
            ErrorKind::ValidationFailed,
        ),
        (
            json!([{ "from": "free", "to": "x" }, { "from": "free", "to": "y" }, "gold"]),
            ErrorKind::ValidationFailed,
        ),
        (json!(["gold", "gold"]), ErrorKind::ValidationFailed),
        (json!([]), ErrorKind::ValidationFailed),
        (json!(null), ErrorKind::ValidationFailed),
        (json!([{ "from": "free" }]), ErrorKind::ValidationFailed),
        (json!("free"), ErrorKind::ValidationFailed),
    ] {
        let refusal = chosen(&once, choices.clone()).unwrap_err();
        assert_eq!(
            (refusal.kind(), refusal.field()),
            (kind, Some(CHOICES)),
            "{choices}"
        );
    }
}

#[test]
fn null_is_what_leaving_out_said_when_it_was_defined() {
    let full = json!({ "label": "Tarif", "description": "What they pay for", "position": 3, "enforce": "on_change" });
    let full = patched(&plan(), full).unwrap();
    assert_eq!((full.position, full.enforce), (Some(3), Enforce::OnChange));
    let cleared = json!({ "label": null, "description": null, "position": null });
    let cleared = patched(&full, cleared).unwrap();
    assert_eq!(
        (&*cleared.label, cleared.description, cleared.position),
        ("plan", None, None)
    );
    for name in ["required", "enforce"] {
        let refusal = patched(&full, json!({ name: null })).unwrap_err();
        assert_eq!(refusal.field(), Some(name));
    }
}
