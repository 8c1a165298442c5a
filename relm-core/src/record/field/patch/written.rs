//! A change of a definition as JSON.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::{ChoiceChange, FieldPatch};
use crate::record::field::{Enforce, FieldLimitsPatch};
use crate::record::patch::Patch;

/// A patch is written as it is read: what stays is left out.
impl Serialize for FieldPatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Options<'a> {
            #[serde(skip_serializing_if = "Patch::is_keep")]
            choices: &'a Patch<Vec<ChoiceChange>>,
            #[serde(skip_serializing_if = "Patch::is_keep")]
            probabilities: &'a Patch<BTreeMap<String, Option<u8>>>,
            #[serde(flatten)]
            limits: &'a FieldLimitsPatch,
        }
        #[derive(Serialize)]
        struct Members<'a> {
            #[serde(skip_serializing_if = "Patch::is_keep")]
            label: &'a Patch<String>,
            #[serde(skip_serializing_if = "Patch::is_keep")]
            description: &'a Patch<String>,
            #[serde(skip_serializing_if = "Patch::is_keep")]
            required: &'a Patch<bool>,
            #[serde(skip_serializing_if = "Patch::is_keep")]
            unique: &'a Patch<bool>,
            #[serde(skip_serializing_if = "Patch::is_keep")]
            enforce: &'a Patch<Enforce>,
            #[serde(skip_serializing_if = "Patch::is_keep")]
            position: &'a Patch<i64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            options: Option<Options<'a>>,
            force: bool,
        }
        let Self {
            label,
            description,
            required,
            unique,
            enforce,
            position,
            choices,
            probabilities,
            limits,
            force,
        } = self;
        let is_said = !choices.is_keep() || !probabilities.is_keep() || !limits.is_keep();
        let options = Options {
            choices,
            probabilities,
            limits,
        };
        let members = Members {
            label,
            description,
            required,
            unique,
            enforce,
            position,
            options: is_said.then_some(options),
            force: *force,
        };
        members.serialize(serializer)
    }
}
