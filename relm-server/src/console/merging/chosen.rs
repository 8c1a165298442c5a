//! What the form of a merge says: which record stays, and whose value each member gets.

use std::collections::BTreeMap;

use relm_core::Id;
use serde_json::{Map, Value, json};

use super::compared::Comparison;
use crate::console::form::Form;

/// What the names of the form's fields begin with that say whose value a member gets.
const OF: &str = "of.";

/// What was chosen.
pub(super) struct Chosen {
    pub target: Id,
    /// By the names of members, those that were chosen.
    of: BTreeMap<String, Id>,
}

impl Chosen {
    /// What the form says of these records; where it says nothing, the oldest stays, and each member is whose it is by default.
    pub fn read(form: &Form, comparison: &Comparison) -> Self {
        let known = |text: &str| {
            let mut ids = comparison.sides.iter().map(|side| side.id);
            let id = Id::parse(text)?;
            ids.find(|known| *known == id)
        };
        let oldest = comparison.sides.iter().map(|side| side.id).min();
        let target = known(form.text("target")).or(oldest);
        let target = target.unwrap_or(Id::new(comparison.object().kind(), 0));
        let of = comparison.differing.iter().filter_map(|member| {
            let id = known(form.text(&format!("{OF}{}", member.name)))?;
            Some((member.name.clone(), id))
        });
        Self {
            target,
            of: of.collect(),
        }
    }

    /// Whose value a member gets.
    pub fn source(&self, comparison: &Comparison, name: &str) -> Id {
        if let Some(id) = self.of.get(name) {
            return *id;
        }
        let mut members = comparison.differing.iter();
        let member = members.find(|member| member.name == name);
        member.map_or(self.target, |it| comparison.by_default(it, self.target))
    }

    /// The body of the request to the API: of members, those that are otherwise than by default.
    pub fn body(&self, comparison: &Comparison) -> Value {
        let ids = comparison.sides.iter().map(|side| side.id);
        let from: Vec<Id> = ids.filter(|id| *id != self.target).collect();
        let mut fields = Map::new();
        for member in &comparison.differing {
            let source = self.source(comparison, &member.name);
            if source == comparison.by_default(member, self.target) {
                continue;
            }
            for name in &member.names {
                let of = match source == self.target {
                    true => json!("target"),
                    false => json!(source),
                };
                fields.insert(name.clone(), of);
            }
        }
        let mut body = json!({ "from": from });
        if !fields.is_empty() {
            body["fields"] = fields.into();
        }
        body
    }
}
