//! What defines a custom field: as a request says it.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::field_type::FieldType;
use super::limits::{FieldLimits, FieldLimitsPatch, is_false};
use super::names::{OPTIONS_OTHER_NAMES, OTHER_NAMES, READ_ONLY, TYPES_OTHER_NAMES};
use super::options::{Enforce, FieldOptions};
use super::pipeline::{PIPELINE, check_position, check_type, is_pipeline, read_probabilities};
use super::unique;
use crate::error::{Error, Result};
use crate::record::check;
use crate::record::hint;
use crate::record::input::{Reader, read_as_json};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;

/// What defines a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInput {
    /// See [`Field::object_type`](crate::Field::object_type).
    pub object_type: ObjectType,
    /// See [`Field::key`](crate::Field::key).
    pub key: String,
    /// See [`Field::label`](crate::Field::label); the key where none is given.
    pub label: Option<String>,
    /// See [`Field::description`](crate::Field::description).
    pub description: Option<String>,
    /// See [`Field::field_type`](crate::Field::field_type).
    pub field_type: FieldType,
    /// See [`Field::required`](crate::Field::required).
    pub required: bool,
    /// See [`Field::unique`](crate::Field::unique).
    pub unique: bool,
    /// Whether it is about a member that the objects have anyway: see [`FieldInput::built_in`] and [`FieldInput::pipeline`].
    pub built_in: bool,
    /// See [`Field::enforce`](crate::Field::enforce).
    pub enforce: Enforce,
    /// See [`Field::position`](crate::Field::position).
    pub position: Option<i64>,
    /// The choices of a `select` or `multiselect`; empty on every other type. In JSON they are in `options`.
    pub choices: Vec<String>,
    /// See [`FieldOptions::probabilities`]: of a pipeline alone. In JSON they are in `options`.
    pub probabilities: BTreeMap<String, u8>,
    /// See [`FieldOptions::limits`]. In JSON they are in `options`.
    pub limits: FieldLimits,
    /// The objects that a `reference` names, [`FieldOptions::object_type`]; none on every other type. In JSON it is `options.object_type`.
    pub refers_to: Option<ObjectType>,
    /// See [`FieldOptions::default`]. In JSON it is in `options`.
    pub default: Option<Value>,
    /// Of a pipeline alone: whether to define one that deals do not keep to. It binds each of them from its next write on.
    pub force: bool,
}

/// A definition is written as it is read: what is not said is left out.
impl Serialize for FieldInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Members<'a> {
            object_type: ObjectType,
            key: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            label: &'a Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            description: &'a Option<String>,
            #[serde(rename = "type")]
            field_type: FieldType,
            required: bool,
            #[serde(skip_serializing_if = "is_false")]
            unique: bool,
            #[serde(skip_serializing_if = "is_false")]
            built_in: bool,
            #[serde(skip_serializing_if = "Enforce::is_always")]
            enforce: Enforce,
            #[serde(skip_serializing_if = "Option::is_none")]
            position: Option<i64>,
            #[serde(skip_serializing_if = "FieldOptions::is_empty")]
            options: FieldOptions,
            #[serde(skip_serializing_if = "is_false")]
            force: bool,
        }
        let Self {
            object_type,
            key,
            label,
            description,
            field_type,
            required,
            unique,
            built_in,
            enforce,
            position,
            choices: _,
            probabilities: _,
            limits: _,
            refers_to: _,
            default: _,
            force,
        } = self;
        let members = Members {
            object_type: *object_type,
            key,
            label,
            description,
            field_type: *field_type,
            required: *required,
            unique: *unique,
            built_in: *built_in,
            enforce: *enforce,
            position: *position,
            options: self.options(),
            force: *force,
        };
        members.serialize(serializer)
    }
}

read_as_json!(FieldInput, FieldInput::read);

impl FieldInput {
    /// An optional field of this key and type, with nothing else said of it.
    pub fn new(object_type: ObjectType, key: impl Into<String>, field_type: FieldType) -> Self {
        Self {
            object_type,
            key: key.into(),
            label: None,
            description: None,
            field_type,
            required: false,
            unique: false,
            built_in: false,
            enforce: Enforce::Always,
            position: None,
            choices: Vec::new(),
            probabilities: BTreeMap::new(),
            limits: FieldLimits::default(),
            refers_to: None,
            default: None,
            force: false,
        }
    }

    /// An optional field that names a record, with nothing else said of it.
    ///
    /// ```
    /// use relm_core::{FieldInput, ObjectType};
    ///
    /// let referred_by = FieldInput::reference(ObjectType::Contact, "referred_by", ObjectType::Contact);
    /// # drop(referred_by);
    /// ```
    pub fn reference(object_type: ObjectType, key: impl Into<String>, to: ObjectType) -> Self {
        Self {
            refers_to: Some(to),
            ..Self::new(object_type, key, FieldType::Reference)
        }
    }

    /// What it says in `options`.
    pub(super) fn options(&self) -> FieldOptions {
        FieldOptions {
            probabilities: self.probabilities.clone(),
            limits: self.limits.clone(),
            object_type: self.refers_to,
            default: self.default.clone(),
            ..FieldOptions::of(self.choices.clone())
        }
    }

    /// That a member which the objects have anyway is unique: a company's `domain`.
    pub fn built_in(object_type: ObjectType, key: impl Into<String>) -> Self {
        Self {
            unique: true,
            built_in: true,
            ..Self::new(object_type, key, FieldType::Text)
        }
    }

    /// The pipeline of deals: the stages that they go through, in their order, each with how likely its deals are to be won, in percent, where
    /// that is known.
    ///
    /// ```
    /// # fn main() -> relm_core::Result<()> { pollster::block_on(async {
    /// # let crm = relm_core::Crm::new(relm_store_memory::MemoryStore::new());
    /// # let acme = crm.create_workspace("acme").await?;
    /// # let live = crm.open(acme.id, relm_core::Mode::Live).await?;
    /// use relm_core::{DealInput, ErrorKind, FieldInput};
    ///
    /// let stages = [("lead", Some(10)), ("proposal", Some(50)), ("won", Some(100)), ("lost", Some(0))];
    /// let pipeline = live.fields().define(FieldInput::pipeline(stages)).await?;
    /// assert_eq!(pipeline.options.choices, ["lead", "proposal", "won", "lost"]);
    ///
    /// let input = DealInput { title: "Engine".into(), stage: "gone".into(), ..Default::default() };
    /// let refused = live.deals().create(input).await.unwrap_err();
    /// assert_eq!((refused.kind(), refused.field()), (ErrorKind::UnknownValue, Some("stage")));
    /// # Ok(()) }) }
    /// ```
    pub fn pipeline<S: Into<String>>(stages: impl IntoIterator<Item = (S, Option<u8>)>) -> Self {
        let (of, key) = PIPELINE;
        let mut pipeline = Self {
            built_in: true,
            ..Self::new(of, key, FieldType::Select)
        };
        for (stage, probability) in stages {
            let stage = stage.into();
            if let Some(probability) = probability {
                pipeline.probabilities.insert(stage.clone(), probability);
            }
            pipeline.choices.push(stage);
        }
        pipeline
    }

    /// Whether it defines the stages of deals.
    pub(crate) fn is_pipeline(&self) -> bool {
        self.built_in && is_pipeline(self.object_type, &self.key)
    }

    /// Whether a definition of a member that the objects have anyway says of it what can be said.
    ///
    /// # Errors
    /// `validation_failed` or `unknown_value`, naming the member.
    pub(crate) fn check_built_in(&self) -> Result<()> {
        if self.force && !self.is_pipeline() {
            let message = "A new field is held against no record, and has no `force`: the pipeline of deals alone has.";
            return Err(Error::invalid("force", message));
        }
        if !self.built_in {
            return Ok(());
        }
        if self.is_pipeline() {
            check_type(self.field_type)?;
            return check_position(self.position.as_ref());
        }
        unique::check_built_in(self.object_type, &self.key)?;
        // Each with whether anything else is said than of a member of which nothing is.
        let said = [
            ("type", self.field_type != FieldType::Text),
            (
                "label",
                self.label.as_ref().is_some_and(|it| *it != self.key),
            ),
            ("description", self.description.is_some()),
            ("required", self.required),
            ("enforce", self.enforce != Enforce::Always),
            ("position", self.position.is_some()),
            ("options", !self.options().is_empty()),
        ];
        let mut said = said.into_iter().filter(|(_, is_said)| *is_said);
        match said.next() {
            Some((name, _)) => Err(unique::only_unique(self.object_type, &self.key).at(name)),
            None => Ok(()),
        }
    }

    /// Takes a definition from a JSON object.
    ///
    /// # Errors
    /// `validation_failed`, `unknown_value` or `unknown_field`, naming the member.
    pub fn read(mut reader: Reader) -> Result<Self> {
        reader.knowing(OTHER_NAMES);
        let object_type = reader.text("object_type")?;
        let key = reader.text("key")?;
        let label = reader.text("label")?.as_set().cloned();
        let description = reader.text("description")?.as_set().cloned();
        let field_type = reader.text("type")?;
        let is_required = *reader.boolean("required")?.as_set().unwrap_or(&false);
        let is_unique = *reader.boolean("unique")?.as_set().unwrap_or(&false);
        let is_built_in = reader.boolean("built_in")?;
        let enforce = read_enforce(&mut reader)?;
        let position = reader.integer("position")?.as_set().copied();
        let Options {
            choices,
            probabilities,
            refers_to,
            limits: limited,
        } = Options::read(&mut reader)?;
        let force = *reader.boolean("force")?.as_set().unwrap_or(&false);
        reader.take_none_of(&READ_ONLY)?;
        // An unknown member is reported before a missing one: it is most likely the same.
        reader.finish()?;
        let object_type = ObjectType::required("object_type", object_type)?;
        let key = check::required("key", key)?;
        // What has no type is a member that is there, where there is one of this name.
        let is_stage = is_pipeline(object_type, &key);
        let is_member =
            field_type.as_set().is_none() && (is_stage || unique::is_built_in(object_type, &key));
        let built_in = *is_built_in.as_set().unwrap_or(&is_member);
        let field_type = match (built_in, field_type) {
            (true, Patch::Keep | Patch::Clear) if is_stage => FieldType::Select,
            (true, Patch::Keep | Patch::Clear) => FieldType::Text,
            (_, given) => check::required_choice(
                "type",
                given,
                FieldType::ALL.map(FieldType::as_str),
                TYPES_OTHER_NAMES,
                |text| text.parse().ok(),
            )?,
        };
        let (mut limits, mut default) = (FieldLimits::default(), None);
        limited.apply(&mut limits, &mut default)?;
        Ok(Self {
            object_type,
            key,
            label,
            description,
            field_type,
            required: is_required,
            unique: is_unique,
            built_in,
            enforce: enforce.as_set().copied().unwrap_or_default(),
            position,
            choices,
            probabilities,
            limits,
            refers_to,
            default,
            force,
        })
    }
}

/// The options of a new field.
#[derive(Default)]
struct Options {
    choices: Vec<String>,
    probabilities: BTreeMap<String, u8>,
    refers_to: Option<ObjectType>,
    limits: FieldLimitsPatch,
}

impl Options {
    fn read(reader: &mut Reader) -> Result<Self> {
        let example = r#"{"choices":["a","b"]}"#;
        let options = match reader.object("options", example, hint::choices_meant)? {
            Patch::Keep | Patch::Clear => return Ok(Self::default()),
            Patch::Set(options) => options,
        };
        let read = |options: &mut Reader| {
            options.knowing(OPTIONS_OTHER_NAMES);
            let choices = options.texts("choices")?.as_set().cloned();
            let probabilities = read_probabilities(options)?.as_set().cloned();
            // Null is that nothing is said.
            let probabilities = probabilities.into_iter().flatten();
            let probabilities =
                probabilities.filter_map(|(stage, percent)| Some((stage, percent?)));
            let refers_to = match options.text("object_type")? {
                Patch::Keep | Patch::Clear => None,
                given @ Patch::Set(_) => Some(ObjectType::required("object_type", given)?),
            };
            Ok(Self {
                choices: choices.unwrap_or_default(),
                probabilities: probabilities.collect(),
                refers_to,
                limits: FieldLimitsPatch::read(options)?,
            })
        };
        let read = Reader::new(Value::Object(options))?.all_of(read);
        read.map_err(|error| error.within("options"))
    }
}

/// Takes when writes are refused for a field.
pub(super) fn read_enforce(reader: &mut Reader) -> Result<Patch<Enforce>> {
    match reader.text("enforce")? {
        Patch::Keep => Ok(Patch::Keep),
        Patch::Clear => Ok(Patch::Clear),
        given @ Patch::Set(_) => {
            let options = Enforce::ALL.map(Enforce::as_str);
            let read = |text: &str| text.parse().ok();
            check::required_choice("enforce", given, options, &[], read).map(Patch::Set)
        }
    }
}
