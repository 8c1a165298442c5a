//! What becomes of the choices of a definition: which are there, which get another name, and what is in the way of that.

use super::{CHOICES, ChoiceChange};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::FIELD_CHOICES_MAX;
use crate::record::actor::Origin;
use crate::record::field::{FieldOptions, Renaming};
use crate::value::excerpt::Quoted;
use crate::value::text::is_same;

impl FieldOptions {
    pub(super) fn patched(
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
        after.carry_probabilities();
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
