//! What a record is once others are merged into it: whose value each member gets.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::input::{METADATA, MergeInput, MergeSource, names};
use crate::error::{Error, Result};
use crate::record::field::Field;
use crate::record::list::{ListOf, too_many};
use crate::record::metadata::{Metadata, member, merge};
use crate::record::object::Object;
use crate::record::patch::Patch;
use crate::record::reference::Reference;
use crate::value::id::Id;
use crate::value::text::nfc;

/// A survivor and what is merged into it.
pub(super) struct Merged<'a, T> {
    pub survivor: &'a T,
    /// In the order in which they were named.
    pub losers: &'a [T],
    pub input: &'a MergeInput,
    /// Records that were found gone: whoever refers to one of them gives no value.
    pub gone: &'a BTreeSet<Id>,
    pub fields: &'a [Field],
}

impl<T: Object> Merged<'_, T> {
    /// The survivor with the values that it gets. It counts no change yet, and is not checked.
    ///
    /// # Errors
    /// `validation_failed` where its `metadata` or a list would be more than a record's may be.
    pub fn record(&self) -> Result<T> {
        let survivor = members_of(self.survivor)?;
        let losers: Vec<Map<String, Value>> =
            self.losers.iter().map(members_of).collect::<Result<_>>()?;
        let all: Vec<&Map<String, Value>> = [&survivor].into_iter().chain(&losers).collect();
        let mut after = survivor.clone();
        for name in names::<T>()? {
            if self.is_united(&name) {
                continue;
            }
            let from = self.source(&name, &all);
            let value = all[from].get(&name).cloned().unwrap_or_default();
            // What the survivor has it keeps, whatever that refers to.
            if from == 0 || !self.is_lost(&name, &value) {
                after.insert(name, value);
            }
        }
        let mut record: T =
            serde_json::from_value(Value::Object(after)).map_err(Error::internal)?;
        for list in T::LISTS {
            if self.is_united(list.member().name) {
                self.unite(list, &mut record)?;
            }
        }
        let is_said = |name: &str| self.input.fields.contains_key(name);
        let states = [self.survivor].into_iter().chain(self.losers);
        let states: Vec<T> = states.cloned().collect();
        record.gather(&states, &is_said)?;
        let patch = self.metadata();
        merge(Patch::Set(patch), record.metadata_mut())?;
        Ok(record)
    }

    /// Whether this is a list of which the survivor gets all values: unless it is said whose it gets.
    fn is_united(&self, name: &str) -> bool {
        let mut lists = T::LISTS.iter();
        lists.any(|list| list.member().name == name) && self.input.source::<T>(name).is_none()
    }

    /// Gives the survivor those values of the others that it has not.
    fn unite(&self, list: &ListOf<T>, record: &mut T) -> Result<()> {
        let count = |record: &T| {
            let mut count = 0;
            list.each(record, &mut |_| count += 1);
            count
        };
        let before = count(record);
        for loser in self.losers {
            list.unite(record, loser);
        }
        let after = count(record);
        if after > before && after > list.member().values_max {
            let name = list.member().name;
            let sentence =
                format!("Say in `fields.{name}` whose they are, or remove some of them first.");
            return Err(too_many(list.member(), after).adding(&sentence));
        }
        Ok(())
    }

    /// Which of all gives the value of a member: the survivor is the first of them.
    fn source(&self, name: &str, all: &[&Map<String, Value>]) -> usize {
        if let Some(said) = self.input.source::<T>(name) {
            return self.place(said);
        }
        let has = |members: &Map<String, Value>, name: &str| match members.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.is_empty() && !self.is_gone(text),
            Some(Value::Array(values)) => !values.is_empty(),
            Some(_) => true,
        };
        let together = T::together_with(name);
        if together.is_empty() {
            return all.iter().position(|it| has(it, name)).unwrap_or(0);
        }
        let whole = |it: &&Map<String, Value>| together.iter().all(|name| has(it, name));
        let part = |it: &&Map<String, Value>| together.iter().any(|name| has(it, name));
        let found = all
            .iter()
            .position(whole)
            .or_else(|| all.iter().position(part));
        found.unwrap_or(0)
    }

    fn place(&self, source: MergeSource) -> usize {
        match source {
            MergeSource::Target => 0,
            MergeSource::Record(id) => {
                let place = self.losers.iter().position(|loser| loser.id() == id);
                place.map_or(0, |place| place + 1)
            }
        }
    }

    fn is_gone(&self, text: &str) -> bool {
        !self.gone.is_empty() && Id::parse(text).is_some_and(|id| self.gone.contains(&id))
    }

    /// Whether a member refers with this value to what is gone.
    fn is_lost(&self, name: &str, value: &Value) -> bool {
        let is_reference = |of: &Reference| of.name == name;
        self.survivor.references().iter().any(is_reference)
            && value.as_str().is_some_and(|text| self.is_gone(text))
    }

    /// The record that a value of `metadata` refers to.
    fn referred(&self, key: &str, value: &Value) -> Option<Id> {
        let mut fields = self.fields.iter();
        let field = fields.find(|field| field.is_custom(T::TYPE, key))?;
        field.options.referenced(&nfc(value.as_str()?))
    }

    /// Whether the survivor keeps a value of its own: one that refers to what is merged into it would have it refer to itself.
    fn is_kept(&self, key: &str, value: &Value) -> bool {
        let to = self.referred(key, value);
        !self.losers.iter().any(|loser| Some(loser.id()) == to)
    }

    /// Whether the survivor can get a value of another: one that refers to neither of them, nor to what is gone.
    fn is_given(&self, key: &str, value: &Value) -> bool {
        let to = self.referred(key, value);
        let is_gone = to.is_some_and(|to| self.gone.contains(&to));
        !is_gone && to != Some(self.survivor.id()) && self.is_kept(key, value)
    }

    /// What the survivor's `metadata` gets: the keys that it has not, and those that are said.
    fn metadata(&self) -> Metadata {
        let mut patch = Metadata::new();
        let own = self.survivor.metadata().as_map();
        let is_there = |key: &str| own.get(key).is_some_and(|value| self.is_kept(key, value));
        for loser in self.losers {
            for (key, value) in loser.metadata() {
                let has = is_there(key) || patch.contains_key(key);
                if !has && !value.is_null() && self.is_given(key, value) {
                    patch.insert(key.as_str(), value.clone());
                }
            }
        }
        for key in own.keys() {
            if !is_there(key) && !patch.contains_key(key) {
                patch.insert(key.as_str(), Value::Null);
            }
        }
        for (name, source) in &self.input.fields {
            let Some(key) = name.strip_prefix(METADATA) else {
                continue;
            };
            let of = match self.place(*source) {
                0 => self.survivor,
                place => &self.losers[place - 1],
            };
            let value = member(of.metadata().as_map(), key).map(|(_, value)| value.clone());
            let value = value.filter(|value| match self.place(*source) {
                0 => self.is_kept(key, value),
                _ => self.is_given(key, value),
            });
            // Null takes a key away.
            patch.insert(key, value.unwrap_or_default());
        }
        patch
    }
}

fn members_of<T: Object>(record: &T) -> Result<Map<String, Value>> {
    let mut filled = record.clone();
    filled.fill();
    match serde_json::to_value(filled).map_err(Error::internal)? {
        Value::Object(members) => Ok(members),
        _ => Err(Error::internal("a record is no object")),
    }
}
