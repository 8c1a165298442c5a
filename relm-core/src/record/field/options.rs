//! What a field's type needs to know beside itself: the choices of a `select` or `multiselect`, those among them that get other names, and
//! how likely deals of a stage are to be won; limits of numbers and texts, what a `reference` refers to, and a default.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::limits::FieldLimits;
use crate::limits::TEXT_CHARS_MAX;
use crate::record::actor::{Actor, Origin};
use crate::record::object_type::ObjectType;
use crate::value::from_text::named;
use crate::value::id::Id;
use crate::value::request_id::RequestId;
use crate::value::text::nfc;

/// Bytes of a choice that is written in whatever composition: a character of four bytes comes apart into four at most.
const CHOICE_BYTES_MAX: usize = TEXT_CHARS_MAX * 4 * 4;

/// What a field's type needs to know beside itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "CustomFieldOptions")
)]
#[non_exhaustive]
pub struct FieldOptions {
    /// The values of a `select` or `multiselect`; absent on every other type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// The choices whose renaming is under way: until it ends, the former name is accepted too, and written as the new one. Absent
    /// where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renaming: Vec<Renaming>,
    /// How likely deals of a stage are to be won, in whole percent: 100 where they are won, 0 where they are lost. Stages of which nothing is said
    /// are not among them. Absent on every field but the [pipeline](super::Field::is_pipeline).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub probabilities: BTreeMap<String, u8>,
    /// What of its type the field takes.
    #[serde(flatten)]
    pub limits: FieldLimits,
    /// The type of the records that a `reference` names: for good. Absent on every other type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_type: Option<ObjectType>,
    /// What a record gets that is made without this member. Absent where it gets nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// A choice whose values are being written under its new name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ChoiceRenaming")
)]
#[non_exhaustive]
pub struct Renaming {
    /// What it was called.
    pub from: String,
    /// What it is called now.
    pub to: String,
    /// Who renamed it: the changes of records that follow from it are theirs.
    pub actor: Actor,
    /// The request that renamed it, which those changes name.
    pub request_id: RequestId,
}

/// When a value is refused that a field does not hold, or one is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Enforce {
    /// On each write of the record, whatever the write changes.
    #[default]
    Always,
    /// On writes that change the field: others leave what is there as it is, and are answered with a warning.
    OnChange,
}

impl Enforce {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Always, Self::OnChange];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::OnChange => "on_change",
        }
    }

    pub(super) const fn is_always(&self) -> bool {
        matches!(self, Self::Always)
    }
}

named!(Enforce, as_str, "`always` or `on_change`");

/// What becomes of a write that sets a key of `metadata` without a definition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownMembers {
    /// It is taken as it is.
    #[default]
    Accept,
    /// It is refused. What records have from before stays, as long as nobody sets it to something else.
    Reject,
}

impl UnknownMembers {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Accept, Self::Reject];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
        }
    }
}

named!(UnknownMembers, as_str, "`accept` or `reject`");

impl FieldOptions {
    /// These choices, none of which is being renamed.
    pub fn of(choices: Vec<String>) -> Self {
        Self {
            choices,
            ..Self::default()
        }
    }

    /// The record that a text names, where a `reference` can name it.
    pub(crate) fn referenced(&self, text: &str) -> Option<Id> {
        let id = Id::parse(text)?;
        (self.object_type?.kind() == id.kind()).then_some(id)
    }

    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The choice that this is, in whatever composition either is written.
    pub(crate) fn choice(&self, chosen: &str) -> Option<&str> {
        let choices = self.choices.iter().map(String::as_str);
        let exact = choices.clone().find(|choice| *choice == chosen);
        if exact.is_some() {
            return exact;
        }
        let chosen = composed(chosen)?;
        let mut choices = choices;
        choices.find(|choice| nfc(choice) == chosen)
    }

    /// The new name of a choice that is being renamed.
    pub(crate) fn renamed(&self, chosen: &str) -> Option<&str> {
        if self.renaming.is_empty() {
            return None;
        }
        let chosen = composed(chosen)?;
        let mut renaming = self.renaming.iter();
        let renaming = renaming.find(|one| nfc(&one.from) == chosen)?;
        Some(&renaming.to)
    }

    /// The choice that a text is, in whatever composition it is written, and by its former name while it is being renamed.
    ///
    /// ```
    /// use relm_core::record::field::FieldOptions;
    ///
    /// let stages = FieldOptions::of(vec!["lead".into(), "won".into()]);
    /// assert_eq!(stages.choice_of("won"), Some("won"));
    /// assert_eq!(stages.choice_of("gone"), None);
    /// ```
    pub fn choice_of(&self, text: &str) -> Option<&str> {
        self.choice(text).or_else(|| self.renamed(text))
    }

    /// Every name under which records may have the choice of this name, this one first.
    pub(crate) fn names_of<'a>(&'a self, chosen: &'a str) -> Vec<&'a str> {
        let current = self.renamed(chosen).unwrap_or(chosen);
        let mut names = vec![current];
        if let Some(current) = composed(current) {
            let former = self.renaming.iter();
            let former = former.filter(|one| nfc(&one.to) == current);
            names.extend(former.map(|one| one.from.as_str()));
        }
        names
    }
}

/// A choice as it is compared: composed. None is what is longer than a choice can be when each of its characters is decomposed, and not
/// worth composing.
pub(crate) fn composed(chosen: &str) -> Option<Cow<'_, str>> {
    (chosen.len() <= CHOICE_BYTES_MAX).then(|| nfc(chosen))
}

impl Renaming {
    pub(in crate::record::field) fn new(from: String, to: String, origin: &Origin) -> Self {
        Self {
            from,
            to,
            actor: origin.actor.clone(),
            request_id: origin.request_id,
        }
    }
}
