//! The pipeline of deals: a definition of the `stage` that they have anyway, with the stages in their order, and how likely deals of each are to
//! be won.

use std::collections::BTreeMap;

use serde_json::Value;

use super::field_type::FieldType;
use super::options::FieldOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{FIELD_CHOICES_MAX, PROBABILITY_PERCENT_MAX};
use crate::record::hint;
use crate::record::input::{Reader, exact_integer};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::value::excerpt::Quoted;
use crate::value::id::Kind;

/// The member whose values it names.
pub(super) const PIPELINE: (ObjectType, &str) = (ObjectType::Deal, "stage");

pub(super) const PROBABILITIES: &str = "options.probabilities";
const EXAMPLE: &str = r#"{"lead": 10, "won": 100, "lost": 0}"#;

/// Whether a definition of this member is the pipeline.
pub(super) fn is_pipeline(of: ObjectType, key: &str) -> bool {
    PIPELINE == (of, key)
}

/// Whether this column of a kind is the one whose values a pipeline names.
pub(crate) fn is_stage(kind: Kind, column: &str) -> bool {
    let (of, key) = PIPELINE;
    of.kind() == kind && key == column
}

/// Whether a pipeline can be of this type: a deal has one stage.
pub(super) fn check_type(field_type: FieldType) -> Result<()> {
    match field_type {
        FieldType::Select => Ok(()),
        other => {
            let message = format!(
                "`stage` is a member that every deal has, and a `select`: leave `type` out. A custom field of that name, \"built_in\": false, can be a \
                 `{other}`."
            );
            Err(Error::invalid("type", message))
        }
    }
}

/// Refuses a place among the custom fields.
pub(super) fn check_position(position: Option<&i64>) -> Result<()> {
    match position {
        None => Ok(()),
        Some(_) => {
            let message = "`stage` is a member that every deal has, and stands among those: a pipeline has no `position`.";
            Err(Error::invalid("position", message))
        }
    }
}

/// Takes what is said of probabilities from the members of `options`.
pub(super) fn read_probabilities(
    options: &mut Reader,
) -> Result<Patch<BTreeMap<String, Option<u8>>>> {
    let given = match options.object("probabilities", EXAMPLE, |_| hint::Hint::default())? {
        Patch::Keep => return Ok(Patch::Keep),
        Patch::Clear => return Ok(Patch::Clear),
        Patch::Set(given) => given,
    };
    if given.len() > FIELD_CHOICES_MAX {
        let message = format!(
            "`{PROBABILITIES}` has one for each stage at most, of which there can be {FIELD_CHOICES_MAX}."
        );
        return Err(Error::invalid("probabilities", message));
    }
    let read = given.into_iter().map(|(stage, value)| match &value {
        Value::Null => Ok((stage, None)),
        value => match percent(value) {
            Some(percent) => Ok((stage, Some(percent))),
            None => {
                Err(no_percent(&stage, hint::Shown(value)).at(format!("probabilities.{stage}")))
            }
        },
    });
    read.collect::<Result<_>>().map(Patch::Set)
}

fn percent(value: &Value) -> Option<u8> {
    let Value::Number(number) = value else {
        return None;
    };
    let percent = u8::try_from(exact_integer(number)?).ok()?;
    (percent <= PROBABILITY_PERCENT_MAX).then_some(percent)
}

fn no_percent(stage: &str, given: impl std::fmt::Display) -> Error {
    let message = format!(
        "The probability of {} must be whole percent, 0 to {PROBABILITY_PERCENT_MAX}, not {given}: 100 where its deals are won, 0 where they are \
         lost.",
        Quoted(stage)
    );
    Error::invalid(format!("{PROBABILITIES}.{stage}"), message)
}

impl FieldOptions {
    /// Has each stage that stays keep its probability, by whatever it is called now.
    pub(in crate::record::field) fn carry_probabilities(&mut self) {
        let former = std::mem::take(&mut self.probabilities);
        let carried = former.into_iter().filter_map(|(stage, percent)| {
            let now = self.choice_of(&stage)?;
            Some((now.to_owned(), percent))
        });
        self.probabilities = carried.collect();
    }

    /// Says other probabilities of the stages that are named.
    pub(super) fn change_probabilities(
        &mut self,
        patch: Patch<BTreeMap<String, Option<u8>>>,
    ) -> Result<()> {
        let said = match patch {
            Patch::Keep => return Ok(()),
            Patch::Clear => {
                self.probabilities.clear();
                return Ok(());
            }
            Patch::Set(said) => said,
        };
        let mut named: BTreeMap<String, Option<u8>> = BTreeMap::new();
        for (stage, percent) in said {
            if let Some(percent) = percent.filter(|it| *it > PROBABILITY_PERCENT_MAX) {
                return Err(no_percent(&stage, percent));
            }
            let Some(choice) = self.choice_of(&stage) else {
                return Err(self.no_stage(&stage));
            };
            if named.insert(choice.to_owned(), percent).is_some() {
                let message = format!("The stage {} has two probabilities.", Quoted(choice));
                return Err(Error::invalid(PROBABILITIES, message));
            }
        }
        for (stage, percent) in named {
            match percent {
                Some(percent) => self.probabilities.insert(stage, percent),
                None => self.probabilities.remove(&stage),
            };
        }
        Ok(())
    }

    fn no_stage(&self, stage: &str) -> Error {
        let stages = self.choices.iter().map(String::as_str);
        let message = format!(
            "`{PROBABILITIES}` names {}, which is none of the stages {}.",
            Quoted(stage),
            hint::some_of(stages.clone())
        );
        let error = Error::new(ErrorKind::UnknownValue, message);
        let error = error.at(format!("{PROBABILITIES}.{stage}"));
        error.options(stage, stages)
    }

    /// How likely deals of a stage are to be won, in percent, where that is known: by whichever name the stage has while it is being renamed.
    ///
    /// ```
    /// use relm_core::record::field::FieldOptions;
    ///
    /// let mut stages = FieldOptions::of(vec!["lead".into(), "won".into()]);
    /// stages.probabilities.insert("lead".into(), 10);
    /// assert_eq!(stages.probability_of("lead"), Some(10));
    /// assert_eq!(stages.probability_of("won"), None);
    /// ```
    pub fn probability_of(&self, stage: &str) -> Option<u8> {
        self.probabilities.get(self.choice_of(stage)?).copied()
    }
}

#[cfg(test)]
mod tests;
