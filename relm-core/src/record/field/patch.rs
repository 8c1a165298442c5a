//! Changes of a definition: what a request may say of it, and what becomes of it by that.

mod choices;
mod written;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::definition::check_choices;
use super::limits::FieldLimitsPatch;
use super::names::{FIXED, OPTIONS_OTHER_NAMES, OTHER_NAMES, READ_ONLY};
use super::options::Enforce;
use super::pipeline::{check_position, read_probabilities};
use super::unique::{check_type, only_unique};
use super::{Field, read_enforce};
use crate::error::{Error, Result};
use crate::record::actor::Origin;
use crate::record::check;
use crate::record::hint;
use crate::record::input::{Reader, read_only, type_name};
use crate::record::patch::Patch;

const CHOICES: &str = "options.choices";
const CHOICES_EXAMPLE: &str = r#"["free", {"from": "pro", "to": "team"}]"#;

/// What changes of a definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPatch {
    /// See [`Field::label`]. Cleared, it is the key again.
    pub label: Patch<String>,
    /// See [`Field::description`].
    pub description: Patch<String>,
    /// See [`Field::required`].
    pub required: Patch<bool>,
    /// See [`Field::unique`].
    pub unique: Patch<bool>,
    /// See [`Field::enforce`].
    pub enforce: Patch<Enforce>,
    /// See [`Field::position`].
    pub position: Patch<i64>,
    /// All choices that a `select` or `multiselect` has from now on, in their order: those that are not among them are removed. In JSON they are in
    /// `options`.
    pub choices: Patch<Vec<ChoiceChange>>,
    /// What changes of the probabilities of a pipeline, by stages as they are called from now on: none takes that of a stage away, and cleared,
    /// there are none. A stage keeps its own where it is not named, whatever it is called. In JSON they are in `options`.
    pub probabilities: Patch<BTreeMap<String, Option<u8>>>,
    /// What changes of the limits and the default. In JSON they are in `options`.
    pub limits: FieldLimitsPatch,
    /// Whether to make a change that records do not keep to. It binds each of them from its next write on.
    pub force: bool,
}

/// One of the choices that a `select` has from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ChoiceChange {
    /// One that is there already, or a new one.
    Named(String),
    /// One that was called otherwise. Records that have it get its new name.
    Renamed {
        /// What it was called.
        from: String,
        /// What it is called from now on.
        to: String,
    },
}

impl From<&str> for ChoiceChange {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

impl FieldPatch {
    /// Takes a change from a JSON object. What cannot be changed may say again what `shown`, the definition as JSON, says.
    ///
    /// # Errors
    /// `validation_failed`, `unknown_value` or `unknown_field`, naming the member.
    pub(crate) fn read(mut reader: Reader, shown: &Map<String, Value>) -> Result<Self> {
        reader.knowing(OTHER_NAMES);
        let OptionsPatch {
            choices,
            probabilities,
            limits,
        } = read_options(&mut reader, shown)?;
        let patch = Self {
            label: reader.text("label")?,
            description: reader.text("description")?,
            required: reader.boolean("required")?,
            unique: reader.boolean("unique")?,
            enforce: read_enforce(&mut reader)?,
            position: reader.integer("position")?,
            choices,
            probabilities,
            limits,
            force: *reader.boolean("force")?.as_set().unwrap_or(&false),
        };
        if let Some(name) = reader.take_same(READ_ONLY, shown) {
            return Err(read_only(name));
        }
        if let Some(name) = reader.take_same(FIXED, shown) {
            let message = format!(
                "`{name}` of a field cannot be changed: leave it out, or remove the field and define it anew."
            );
            return Err(Error::invalid(name, message));
        }
        reader.finish()?;
        Ok(patch)
    }
}

/// What changes of the options.
struct OptionsPatch {
    choices: Patch<Vec<ChoiceChange>>,
    probabilities: Patch<BTreeMap<String, Option<u8>>>,
    limits: FieldLimitsPatch,
}

fn read_options(reader: &mut Reader, shown: &Map<String, Value>) -> Result<OptionsPatch> {
    let example = format!(r#"{{"choices": {CHOICES_EXAMPLE}}}"#);
    let options = match reader.object("options", &example, hint::choices_meant)? {
        Patch::Keep => {
            return Ok(OptionsPatch {
                choices: Patch::Keep,
                probabilities: Patch::Keep,
                limits: FieldLimitsPatch::default(),
            });
        }
        Patch::Clear => {
            check_refers_to(Some(&Value::Null), shown)?;
            return Ok(OptionsPatch {
                choices: Patch::Clear,
                probabilities: Patch::Clear,
                limits: FieldLimitsPatch::CLEAR,
            });
        }
        Patch::Set(options) => options,
    };
    let renaming_shown = shown.get("options").and_then(|it| it.get("renaming"));
    let read = |options: &mut Reader| {
        options.knowing(OPTIONS_OTHER_NAMES);
        let refers_to = options.take_read_only("object_type");
        let choices = options.take("choices");
        let probabilities = read_probabilities(options)?;
        let limits = FieldLimitsPatch::read(options)?;
        let renaming = options.take_read_only("renaming");
        match renaming.is_some() && renaming.as_ref() != renaming_shown {
            true => Err(read_only("renaming")),
            false => Ok((choices, probabilities, limits, refers_to)),
        }
    };
    let read = Reader::new(Value::Object(options))?.all_of(read);
    let read = read.map_err(|error| error.within("options"))?;
    let (choices, probabilities, limits, refers_to) = read;
    check_refers_to(refers_to.as_ref(), shown)?;
    let choices = match choices {
        None => Patch::Keep,
        Some(Value::Null) => Patch::Clear,
        Some(value) => Patch::Set(read_choices(value)?),
    };
    Ok(OptionsPatch {
        choices,
        probabilities,
        limits,
    })
}

/// Refuses to have a field refer to other objects: what records name by it are none of those.
fn check_refers_to(said: Option<&Value>, shown: &Map<String, Value>) -> Result<()> {
    const OBJECT_TYPE: &str = "options.object_type";
    let known = shown.get("options").and_then(|it| it.get("object_type"));
    match said {
        Some(said) if *said != *known.unwrap_or(&Value::Null) => {
            let message = format!(
                "`{OBJECT_TYPE}` of a field cannot be changed: leave it out, or remove the field and define it anew."
            );
            Err(Error::invalid(OBJECT_TYPE, message))
        }
        Some(_) | None => Ok(()),
    }
}

fn read_choices(value: Value) -> Result<Vec<ChoiceChange>> {
    let Value::Array(choices) = value else {
        let given = type_name(&value);
        let message = format!("`{CHOICES}` must be a list such as {CHOICES_EXAMPLE}, not {given}.");
        return Err(Error::invalid(CHOICES, message));
    };
    choices.into_iter().map(read_choice).collect()
}

fn read_choice(value: Value) -> Result<ChoiceChange> {
    let renamed = |members: &Map<String, Value>| {
        let text = |name| members.get(name)?.as_str().map(str::to_owned);
        let (from, to) = (text("from")?, text("to")?);
        (members.len() == 2).then_some(ChoiceChange::Renamed { from, to })
    };
    let read = match &value {
        Value::String(name) => Some(ChoiceChange::Named(name.clone())),
        Value::Object(members) => renamed(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    };
    read.ok_or_else(|| {
        let message = format!(
            "A choice must be a string, or one that is renamed, such as {{\"from\": \"pro\", \"to\": \"team\"}}, not {}.",
            hint::Shown(&value)
        );
        Error::invalid(CHOICES, message)
    })
}

impl Field {
    /// The definition as a patch leaves it, checked but for its records.
    ///
    /// # Errors
    /// `validation_failed` or `unknown_value`, naming the member; `conflict` for what the renaming of a choice is in the way of.
    pub(crate) fn patched(&self, patch: &FieldPatch, origin: &Origin) -> Result<Self> {
        let FieldPatch {
            label,
            description,
            required,
            unique,
            enforce,
            position,
            choices,
            probabilities,
            limits,
            force: _,
        } = patch.clone();
        if self.built_in {
            self.check_built_in(patch)?;
        }
        let mut after = self.clone();
        // Whoever writes it says what keeps the values apart from then on.
        let mut is_unique = self.unique;
        // It is on its way to be.
        is_unique |= unique.is_keep() && self.unique_index.is_some();
        unique.apply_required("unique", &mut is_unique, Ok)?;
        check_type(is_unique, self.field_type)?;
        match label {
            Patch::Keep => {}
            Patch::Clear => after.label = self.key.clone(),
            Patch::Set(label) => after.label = check::required_text("label")(label)?,
        }
        description.apply(&mut after.description, check::short_text("description"))?;
        required.apply_required("required", &mut after.required, Ok)?;
        enforce.apply_required("enforce", &mut after.enforce, Ok)?;
        position.apply(&mut after.position, check::integer("position"))?;
        match choices {
            Patch::Keep => {}
            Patch::Clear => check_choices(self.field_type, &[])?,
            Patch::Set(choices) => {
                let named = choices.iter().map(ChoiceChange::name).map(str::to_owned);
                let named: Vec<String> = named.collect();
                check_choices(self.field_type, &named)?;
                after.options = self.options.patched(choices, named, origin)?;
            }
        }
        after.options.change_probabilities(probabilities)?;
        let options = &mut after.options;
        limits.apply(&mut options.limits, &mut options.default)?;
        match after.options == self.options && is_unique == self.unique {
            true => Ok(after),
            false => after.limited(is_unique),
        }
    }

    /// Whether a patch says of a member that the objects have anyway what can be said of it.
    fn check_built_in(&self, patch: &FieldPatch) -> Result<()> {
        if self.is_pipeline() {
            return check_position(patch.position.as_set());
        }
        let only = FieldPatch {
            unique: patch.unique.clone(),
            force: patch.force,
            ..FieldPatch::default()
        };
        if *patch == only {
            return Ok(());
        }
        Err(only_unique(self.object_type, &self.key))
    }

    /// The choices that this definition had before `after`, and which neither stay nor get another name.
    pub(crate) fn choices_lost(&self, after: &Self) -> Vec<&str> {
        let choices = self.options.choices.iter().map(String::as_str);
        let is_kept = |choice: &str| {
            after.options.choice(choice).is_some() || after.options.renamed(choice).is_some()
        };
        choices.filter(|choice| !is_kept(choice)).collect()
    }
}

impl ChoiceChange {
    /// What the choice is called from now on.
    fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Renamed { from: _, to } => to,
        }
    }
}

#[cfg(test)]
mod tests;
