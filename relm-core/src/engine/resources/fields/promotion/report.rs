//! What a promotion would do, or did, as its caller reads it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{DuplicateValue, Error, Result};
use crate::record::field::{FieldType, UnknownMembers};
use crate::record::object_type::ObjectType;
use crate::value::id::Id;
use crate::value::scope::Mode;

/// What the definitions of live mode lack to be those of test mode: what a promotion would do, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Promotion {
    /// Always `promotion`.
    pub object: PromotionTag,
    /// Names the definitions of both modes that this was made of: a promotion that is asked for with it is of these, or refused.
    pub plan: String,
    /// Whether it is done.
    pub status: PromotionStatus,
    /// Whose definitions are promoted: always `test`.
    pub from: Mode,
    /// Whose definitions change: always `live`.
    pub to: Mode,
    /// The fields that live mode has not.
    pub create: Vec<PromotedField>,
    /// The fields that live mode has otherwise.
    pub update: Vec<PromotedField>,
    /// What is said of objects as a whole, and is otherwise.
    pub settings: Vec<PromotedSetting>,
    /// What cannot be promoted. As long as there is anything, nothing is.
    pub refused: Vec<RefusedField>,
    /// The fields that live mode alone has: they stay as they are.
    pub left_alone: Vec<FieldName>,
    /// How many fields are the same.
    pub unchanged: usize,
}

/// How far a promotion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PromotionStatus {
    /// Nothing was done.
    Planned,
    /// It was done.
    Applied,
    /// The definitions say it, and records follow: choices are renamed in them, or values are taken into the index of a unique field.
    UnderWay,
}

/// A field that is made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PromotedField {
    /// The field of live mode; null where it is yet to be made.
    pub field_id: Option<Id>,
    /// The objects that it is on.
    pub object_type: ObjectType,
    /// Its key.
    pub key: String,
    /// What people call it from then on.
    pub label: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// Whether it is about a member that the objects have anyway.
    pub built_in: bool,
    /// The members of the definition that change.
    pub changes: Vec<MemberChange>,
    /// What becomes of its choices, where they change.
    pub choices: Option<ChoicesChange>,
    /// What live records do not keep to: without `force`, nothing is promoted as long as there is anything.
    pub breaks: Vec<Breach>,
}

/// A member of a definition that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberChange {
    /// The member, such as `label` or `options.max`.
    pub member: String,
    /// What live mode says; null where it says nothing.
    pub from: Value,
    /// What test mode says, and live mode from then on; null where it says nothing.
    pub to: Value,
}

/// What becomes of the choices of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChoicesChange {
    /// Those that are new.
    pub added: Vec<String>,
    /// Those that get another name, in the records that have them as well.
    pub renamed: Vec<RenamedChoice>,
    /// Those that go.
    pub removed: Vec<String>,
}

/// A choice that gets another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RenamedChoice {
    /// What it is called in live mode.
    pub from: String,
    /// What it is called in test mode.
    pub to: String,
}

/// What live records do not keep to, as a change of the field alone would be refused for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Breach {
    /// The member that asks for it.
    pub member: String,
    /// What they do not keep to, in words.
    pub message: String,
    /// How many records there are, of those that are looked at.
    pub count: usize,
    /// Whether there may be more.
    pub at_least: bool,
    /// The first of them.
    pub ids: Vec<Id>,
    /// The first values that several have, where the field is to be unique: `force` cannot make them so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<DuplicateValue>,
}

/// What is said of the objects of a type as a whole, and is otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PromotedSetting {
    /// The objects.
    pub object_type: ObjectType,
    /// Always `unknown_members`.
    pub member: String,
    /// What live mode says.
    pub from: UnknownMembers,
    /// What test mode says.
    pub to: UnknownMembers,
}

/// A field that cannot be promoted, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RefusedField {
    /// The objects that it is on.
    pub object_type: ObjectType,
    /// Its key.
    pub key: String,
    /// The member that is in the way; null where none is named.
    pub member: Option<String>,
    /// Why, and what would be right.
    pub message: String,
}

/// A field by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FieldName {
    /// The field.
    pub field_id: Id,
    /// The objects that it is on.
    pub object_type: ObjectType,
    /// Its key.
    pub key: String,
    /// What people call it.
    pub label: String,
}

/// The `object` member of a [`Promotion`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PromotionTag {
    /// Its one value.
    #[default]
    #[serde(rename = "promotion")]
    Promotion,
}

impl Promotion {
    /// The promotion as JSON.
    ///
    /// # Errors
    /// None in practice: it is made of texts, numbers and JSON.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }

    /// Whether live mode has all that test mode has, as test mode has it.
    pub fn is_empty(&self) -> bool {
        self.create.is_empty()
            && self.update.is_empty()
            && self.settings.is_empty()
            && self.refused.is_empty()
    }

    /// What live records do not keep to, each with the field that asks for it.
    pub fn breaches(&self) -> impl Iterator<Item = (&PromotedField, &Breach)> {
        let fields = self.create.iter().chain(&self.update);
        fields.flat_map(|field| field.breaks.iter().map(move |breach| (field, breach)))
    }
}
