//! What definitions of two modes have in common, and what makes one say what the other says.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::input::ChoiceRename;
use super::report::{ChoicesChange, MemberChange, RenamedChoice};
use crate::error::{Error, ErrorKind, Result};
use crate::record::field::{
    ChoiceChange, Enforce, Field, FieldInput, FieldLimitsPatch, FieldOptions, FieldPatch,
};
use crate::record::patch::Patch;
use crate::value::text::is_same;

/// Whether a definition is to keep the values apart: one that becomes unique may yet turn out not to be.
fn is_unique(field: &Field) -> bool {
    field.unique || field.is_becoming_unique()
}

/// The members that a promotion compares, but for the type, which no change makes another.
pub(super) fn members(field: &Field) -> Result<Vec<(&'static str, Value)>> {
    let FieldOptions {
        choices,
        limits,
        object_type,
        default,
        probabilities,
        renaming: _,
    } = &field.options;
    let limits = serde_json::to_value(limits).map_err(Error::internal)?;
    let limit = |name: &str| limits.get(name).cloned().unwrap_or_default();
    let choices = match choices.is_empty() {
        true => Value::Null,
        false => json!(choices),
    };
    let probabilities = match probabilities.is_empty() {
        true => Value::Null,
        false => json!(probabilities),
    };
    Ok(vec![
        ("label", json!(field.label)),
        ("description", json!(field.description)),
        ("required", json!(field.required)),
        ("unique", json!(is_unique(field))),
        ("enforce", json!(field.enforce)),
        ("position", json!(field.position)),
        ("options.choices", choices),
        ("options.probabilities", probabilities),
        ("options.object_type", json!(object_type)),
        ("options.min", limit("min")),
        ("options.max", limit("max")),
        ("options.integer", json!(field.options.limits.integer)),
        ("options.max_length", limit("max_length")),
        ("options.pattern", limit("pattern")),
        ("options.default", json!(default)),
    ])
}

/// What changes from one definition to another, or what one says that is made.
pub(super) fn changes(before: Option<&Field>, after: &Field) -> Result<Vec<MemberChange>> {
    let former = before.map(members).transpose()?;
    let mut changes = Vec::new();
    for (place, (member, to)) in members(after)?.into_iter().enumerate() {
        let from = match &former {
            Some(former) => former[place].1.clone(),
            None => Value::Null,
        };
        let is_default =
            matches!(to, Value::Null | Value::Bool(false)) || to == json!(Enforce::Always);
        let is_nothing = before.is_none() && is_default;
        if from != to && !is_nothing {
            changes.push(MemberChange {
                member: member.to_owned(),
                from,
                to,
            });
        }
    }
    Ok(changes)
}

/// What a field of test mode is defined by.
pub(super) fn input(source: &Field) -> FieldInput {
    FieldInput {
        label: Some(source.label.clone()),
        description: source.description.clone(),
        required: source.required,
        unique: source.unique,
        built_in: source.built_in,
        enforce: source.enforce,
        position: source.position,
        choices: source.options.choices.clone(),
        probabilities: source.options.probabilities.clone(),
        limits: source.options.limits.clone(),
        refers_to: source.options.object_type,
        default: source.options.default.clone(),
        ..FieldInput::new(source.object_type, source.key.clone(), source.field_type)
    }
}

/// What makes a definition say what the one of test mode says, where some choices are those that had another name.
pub(super) fn patch(before: &Field, source: &Field, renamed: &[&ChoiceRename]) -> FieldPatch {
    let unique = match (is_unique(before), source.is_becoming_unique()) {
        (_, true) => Patch::Keep,
        (was, false) => differing(&was, &source.unique),
    };
    if before.built_in && !before.is_pipeline() {
        return FieldPatch {
            unique,
            ..FieldPatch::default()
        };
    }
    let (old, new) = (&before.options, &source.options);
    FieldPatch {
        label: differing(&before.label, &source.label),
        description: optional(before.description.as_ref(), source.description.as_ref()),
        required: differing(&before.required, &source.required),
        unique,
        enforce: differing(&before.enforce, &source.enforce),
        position: optional(before.position.as_ref(), source.position.as_ref()),
        choices: match old.choices == new.choices {
            true => Patch::Keep,
            false => Patch::Set(choices(new, renamed)),
        },
        probabilities: probabilities(old, new, renamed),
        limits: FieldLimitsPatch {
            min: optional(old.limits.min.as_ref(), new.limits.min.as_ref()),
            max: optional(old.limits.max.as_ref(), new.limits.max.as_ref()),
            integer: differing(&old.limits.integer, &new.limits.integer),
            max_length: optional(
                old.limits.max_length.as_ref(),
                new.limits.max_length.as_ref(),
            ),
            pattern: optional(old.limits.pattern.as_ref(), new.limits.pattern.as_ref()),
            default: optional(old.default.as_ref(), new.default.as_ref()),
        },
        force: false,
    }
}

fn differing<T: Clone + PartialEq>(before: &T, source: &T) -> Patch<T> {
    match before == source {
        true => Patch::Keep,
        false => Patch::Set(source.clone()),
    }
}

fn optional<T: Clone + PartialEq>(before: Option<&T>, source: Option<&T>) -> Patch<T> {
    match source {
        _ if before == source => Patch::Keep,
        Some(source) => Patch::Set(source.clone()),
        None => Patch::Clear,
    }
}

/// What has each stage be as likely as in test mode: those that are called otherwise in live mode have theirs before that, by either name.
fn probabilities(
    old: &FieldOptions,
    new: &FieldOptions,
    renamed: &[&ChoiceRename],
) -> Patch<BTreeMap<String, Option<u8>>> {
    let former = |choice: &str| {
        let mut renamed = renamed.iter();
        let renamed = renamed.find(|one| is_same(&one.to, choice));
        old.probability_of(renamed.map_or(choice, |one| &one.from))
    };
    let said = new.choices.iter().filter_map(|choice| {
        let said = new.probability_of(choice);
        (former(choice) != said).then(|| (choice.clone(), said))
    });
    let said: BTreeMap<String, Option<u8>> = said.collect();
    match said.is_empty() {
        true => Patch::Keep,
        false => Patch::Set(said),
    }
}

/// All choices of the field from then on.
fn choices(source: &FieldOptions, renamed: &[&ChoiceRename]) -> Vec<ChoiceChange> {
    let mut all: Vec<ChoiceChange> = Vec::with_capacity(source.choices.len());
    for choice in &source.choices {
        let mut former = renamed.iter().filter(|one| is_same(&one.to, choice));
        let renamed = |one: &&ChoiceRename| ChoiceChange::Renamed {
            from: one.from.clone(),
            to: choice.clone(),
        };
        let named = former.next().map(renamed);
        all.push(named.unwrap_or_else(|| ChoiceChange::Named(choice.clone())));
    }
    all
}

/// What becomes of the choices, where they change.
pub(super) fn choices_change(before: &Field, after: &Field) -> Option<ChoicesChange> {
    let (old, new) = (&before.options, &after.options);
    if old.choices == new.choices {
        return None;
    }
    let renamed = old.choices.iter().filter_map(|choice| {
        let to = new.renamed(choice)?;
        Some(RenamedChoice {
            from: choice.clone(),
            to: to.to_owned(),
        })
    });
    let renamed: Vec<RenamedChoice> = renamed.collect();
    let is_new = |choice: &&String| {
        old.choice(choice).is_none() && !renamed.iter().any(|one| is_same(&one.to, choice))
    };
    Some(ChoicesChange {
        added: new.choices.iter().filter(is_new).cloned().collect(),
        removed: before
            .choices_lost(after)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        renamed,
    })
}

/// Whether a choice that is to be renamed is one, and the name that it gets is that of one.
///
/// # Errors
/// `unknown_value`, naming the choice.
pub(super) fn check_rename(before: &Field, source: &Field, one: &ChoiceRename) -> Result<()> {
    for (options, choice, at, mode) in [
        (&before.options, &one.from, "from", "live"),
        (&source.options, &one.to, "to", "test"),
    ] {
        if options.choice(choice).is_none() {
            return Err(no_choice(one, choice, options, at, mode));
        }
    }
    match source.options.choice(&one.from) {
        None => Ok(()),
        Some(kept) => {
            let message = format!("`{kept}` is a choice in test mode too: it cannot be renamed.");
            Err(Error::invalid("from", message))
        }
    }
}

/// That a field of which a choice is said to be renamed is not there.
pub(super) fn unknown_field(one: &ChoiceRename, mode: &str) -> Error {
    let message = format!(
        "The {} has no custom field `{}` in {mode} mode.",
        one.object_type, one.key
    );
    Error::new(ErrorKind::UnknownValue, message).at("key")
}

/// That a field has no such choice.
fn no_choice(
    one: &ChoiceRename,
    choice: &str,
    options: &FieldOptions,
    at: &str,
    mode: &str,
) -> Error {
    let message = format!(
        "`{}` of a {} has no such choice in {mode} mode.",
        one.key, one.object_type
    );
    let choices = options.choices.iter().map(String::as_str);
    let error = Error::new(ErrorKind::UnknownValue, message).at(at);
    error.options(choice, choices)
}
