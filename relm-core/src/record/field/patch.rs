//! Changes of a definition: what a request may say of it, and what becomes of it by that.

mod written;

use serde::Serialize;
use serde_json::{Map, Value};

use super::definition::check_choices;
use super::limits::FieldLimitsPatch;
use super::names::{FIXED, OPTIONS_OTHER_NAMES, OTHER_NAMES, READ_ONLY};
use super::options::{Enforce, FieldOptions, Renaming};
use super::unique::{check_type, only_unique};
use super::{Field, read_enforce};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::FIELD_CHOICES_MAX;
use crate::record::actor::Origin;
use crate::record::check;
use crate::record::hint;
use crate::record::input::{Reader, read_only, type_name};
use crate::record::patch::Patch;
use crate::value::excerpt::Quoted;
use crate::value::text::is_same;

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
        let (choices, limits) = read_options(&mut reader, shown)?;
        let patch = Self {
            label: reader.text("label")?,
            description: reader.text("description")?,
            required: reader.boolean("required")?,
            unique: reader.boolean("unique")?,
            enforce: read_enforce(&mut reader)?,
            position: reader.integer("position")?,
            choices,
            limits,
            force: *reader.boolean("force")?.as_set().unwrap_or(&false),
        };
        for name in READ_ONLY {
            let said = reader.take_read_only(name);
            if said.is_some() && said.as_ref() != shown.get(name) {
                return Err(read_only(name));
            }
        }
        for name in FIXED {
            let said = reader.take_read_only(name);
            if said.is_some() && said.as_ref() != shown.get(name) {
                let message = format!(
                    "`{name}` of a field cannot be changed: leave it out, or remove the field and define it anew."
                );
                return Err(Error::invalid(name, message));
            }
        }
        reader.finish()?;
        Ok(patch)
    }
}

fn read_options(
    reader: &mut Reader,
    shown: &Map<String, Value>,
) -> Result<(Patch<Vec<ChoiceChange>>, FieldLimitsPatch)> {
    let example = format!(r#"{{"choices": {CHOICES_EXAMPLE}}}"#);
    let options = match reader.object("options", &example, hint::choices_meant)? {
        Patch::Keep => return Ok((Patch::Keep, FieldLimitsPatch::default())),
        Patch::Clear => {
            check_refers_to(Some(&Value::Null), shown)?;
            return Ok((Patch::Clear, FieldLimitsPatch::CLEAR));
        }
        Patch::Set(options) => options,
    };
    let renaming_shown = shown.get("options").and_then(|it| it.get("renaming"));
    let read = |options: &mut Reader| {
        options.knowing(OPTIONS_OTHER_NAMES);
        let refers_to = options.take_read_only("object_type");
        let choices = options.take("choices");
        let limits = FieldLimitsPatch::read(options)?;
        let renaming = options.take_read_only("renaming");
        match renaming.is_some() && renaming.as_ref() != renaming_shown {
            true => Err(read_only("renaming")),
            false => Ok((choices, limits, refers_to)),
        }
    };
    let read = Reader::new(Value::Object(options))?.all_of(read);
    let (choices, limits, refers_to) = read.map_err(|error| error.within("options"))?;
    check_refers_to(refers_to.as_ref(), shown)?;
    let choices = match choices {
        None => Patch::Keep,
        Some(Value::Null) => Patch::Clear,
        Some(value) => Patch::Set(read_choices(value)?),
    };
    Ok((choices, limits))
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
        let options = &mut after.options;
        limits.apply(&mut options.limits, &mut options.default)?;
        match after.options == self.options && is_unique == self.unique {
            true => Ok(after),
            false => after.limited(is_unique),
        }
    }

    /// Whether a patch says of a member that the objects have anyway what can be said of it.
    fn check_built_in(&self, patch: &FieldPatch) -> Result<()> {
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

impl FieldOptions {
    fn patched(
        &self,
        changes: Vec<ChoiceChange>,
        named: Vec<String>,
        origin: &Origin,
    ) -> Result<Self> {
        let mut after = Self {
            choices: named,
            ..self.clone()
        };
        for change in changes {
            if let ChoiceChange::Renamed { from, to } = change {
                self.rename(&mut after, from, to, origin)?;
            }
        }
        after.check_renaming()?;
        Ok(after)
    }

    fn rename(&self, after: &mut Self, from: String, to: String, origin: &Origin) -> Result<()> {
        if is_same(&from, &to) {
            return Ok(());
        }
        match (self.choice(&from).is_some(), self.choice(&to).is_some()) {
            // Asked again: it is under way, or done. A mistyped name would pass for one that is done, and its choice be removed.
            (false, true) if self.is_renaming(&from, &to) || after.choices == self.choices => {
                return Ok(());
            }
            (false, _) => return Err(self.no_such(&from)),
            (true, false) => {}
            (true, true) => {
                let message = format!(
                    "{} is a choice already, and another one cannot get its name.",
                    Quoted(&to)
                );
                return Err(Error::invalid(CHOICES, message));
            }
        }
        if after.renaming.iter().any(|one| is_same(&one.from, &from)) {
            let message = format!("{} can get one new name, not two.", Quoted(&from));
            return Err(Error::invalid(CHOICES, message));
        }
        if after.renaming.len() >= FIELD_CHOICES_MAX {
            let message = format!(
                "{FIELD_CHOICES_MAX} choices at most can be renamed at a time: let the renamings that are under way end first."
            );
            return Err(Error::new(ErrorKind::Conflict, message).at(CHOICES));
        }
        // What was to become this one becomes what this one becomes.
        for one in &mut after.renaming {
            if is_same(&one.to, &from) {
                one.to.clone_from(&to);
            }
        }
        after.renaming.push(Renaming::new(from, to, origin));
        Ok(())
    }

    /// Whether this renaming is under way.
    fn is_renaming(&self, from: &str, to: &str) -> bool {
        self.renamed(from).is_some_and(|name| is_same(name, to))
    }

    fn no_such(&self, from: &str) -> Error {
        let message = format!("{} is none of the choices, to be renamed.", Quoted(from));
        let choices = self.choices.iter().map(String::as_str);
        let error = Error::new(ErrorKind::UnknownValue, message).at(CHOICES);
        error.options(from, choices)
    }

    /// As long as a choice is being renamed, its former name stands for the new one, and the new one is there.
    fn check_renaming(&self) -> Result<()> {
        for Renaming { from, to, .. } in &self.renaming {
            if self.choice(from).is_some() {
                let message = format!(
                    "{} is being renamed to {}, and stands for that until this ends: it cannot be a choice of its own yet.",
                    Quoted(from),
                    Quoted(to)
                );
                return Err(Error::new(ErrorKind::Conflict, message).at(CHOICES));
            }
            if self.choice(to).is_none() {
                let message = format!(
                    "{} is being renamed to {}, which cannot be removed before this ends.",
                    Quoted(from),
                    Quoted(to)
                );
                return Err(Error::new(ErrorKind::Conflict, message).at(CHOICES));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
