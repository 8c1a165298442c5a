//! One definition as a promotion is to leave it.

use super::comparing::{changes, choices_change};
use super::report::{Breach, PromotedField};
use crate::error::Result;
use crate::record::field::{Enforce, Field, FieldOptions};
use crate::value::id::Id;

/// One definition as it is to be.
pub(super) struct Drafted {
    /// As it is, where it is there.
    pub before: Option<Field>,
    /// As it is to be; a new one has no id yet.
    pub after: Field,
    /// Whether its values are kept apart from then on, and were not.
    pub begins_unique: bool,
    /// Whether they were, and are so no more.
    pub ends_unique: bool,
    pub breaks: Vec<Breach>,
}

impl Drafted {
    /// The definition that the records were held to: of a new one, one that asks nothing of them. Where the new one is enforced, whatever it
    /// does not hold is counted by that, and not a second time by its limits.
    pub fn former(&self) -> Field {
        match &self.before {
            Some(before) => before.clone(),
            None => Field {
                required: false,
                enforce: Enforce::OnChange,
                options: match self.after.enforce {
                    Enforce::Always => self.after.options.clone(),
                    Enforce::OnChange => FieldOptions::of(self.after.options.choices.clone()),
                },
                ..self.after.clone()
            },
        }
    }

    /// Whether records are looked at for it, as where a definition changes alone.
    pub fn asks(&self) -> bool {
        self.before.as_ref().is_none_or(|before| {
            let after = &self.after;
            self.begins_unique
                || self.ends_unique
                || before.required != after.required
                || before.enforce != after.enforce
                || before.options != after.options
        })
    }

    /// What is said of it.
    pub fn shown(&self, id: Option<Id>) -> Result<PromotedField> {
        let before = self.before.as_ref();
        Ok(PromotedField {
            field_id: before.map(|it| it.id).or(id),
            object_type: self.after.object_type,
            key: self.after.key.clone(),
            label: self.after.label.clone(),
            field_type: self.after.field_type,
            built_in: self.after.built_in,
            changes: changes(before, &self.after)?,
            choices: before.and_then(|before| choices_change(before, &self.after)),
            breaks: self.breaks.clone(),
        })
    }

    /// Whether records follow once the definition says it.
    pub fn goes_on(&self) -> bool {
        self.begins_unique || self.renames()
    }

    /// Whether choices get other names.
    pub fn renames(&self) -> bool {
        self.before.as_ref().is_some_and(|before| {
            let is_new = |one| !before.options.renaming.contains(one);
            self.after.options.renaming.iter().any(is_new)
        })
    }
}
