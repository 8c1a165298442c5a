//! Which values a definition holds, to be looked up for thousands of records.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::limits::FIELD_CHOICES_MAX;
use crate::record::field::{Field, FieldType, composed};
use crate::value::text::nfc;

/// What a definition holds; a choice that is being renamed by either name.
pub(super) struct Holding<'a> {
    field: &'a Field,
    /// The place of a choice among them all, by each of its names as it is composed.
    places: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Holding<'a> {
    pub fn of(field: &'a Field) -> Self {
        let options = &field.options;
        let mut places = HashMap::new();
        for (place, choice) in options.choices.iter().enumerate() {
            places.insert(nfc(choice), place);
        }
        for renaming in &options.renaming {
            if let Some(place) = places.get(&*nfc(&renaming.to)).copied() {
                places.insert(nfc(&renaming.from), place);
            }
        }
        Self { field, places }
    }

    /// The place of the choice that a text is.
    fn place(&self, value: &Value) -> Option<usize> {
        let chosen = composed(value.as_str()?)?;
        self.places.get(&*chosen).copied()
    }

    /// The places of the choices that a value is, or has, each once; none where it is none that the field holds.
    pub fn choices(&self, value: &Value) -> Option<BTreeSet<usize>> {
        match (self.field.field_type, value) {
            (FieldType::Select, value) => Some(BTreeSet::from([self.place(value)?])),
            (FieldType::Multiselect, Value::Array(chosen)) => {
                let is_bounded = chosen.len() <= FIELD_CHOICES_MAX;
                let chosen = is_bounded.then_some(chosen)?;
                chosen.iter().map(|one| self.place(one)).collect()
            }
            _ => None,
        }
    }

    /// Whether the value that a record has, or that it has none, is as the field asks.
    pub fn is_kept_by(&self, value: Option<&Value>) -> bool {
        match (value, self.field.field_type) {
            (None, _) => !self.field.required,
            (Some(value), FieldType::Select | FieldType::Multiselect) => {
                self.choices(value).is_some()
            }
            (Some(value), _) => self.field.holds(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::Actor;
    use crate::record::field::FieldInput;
    use crate::record::object_type::ObjectType;
    use crate::value::id::{Id, Kind};
    use crate::value::scope::Mode;
    use crate::value::time::Timestamp;

    #[test]
    fn a_choice_is_found_by_each_of_its_names_in_every_composition() {
        let input = FieldInput {
            choices: ["caf\u{e9}", "gold"].map(str::to_owned).into(),
            ..FieldInput::new(ObjectType::Contact, "plan", FieldType::Select)
        };
        let now = Timestamp::from_millis(5);
        let field = Field::define(Id::new(Kind::Field, 1), Mode::Live, now, input).unwrap();
        let mut shown = json!(field);
        let request = "req_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";
        let actor = json!(Actor::EMBEDDER);
        shown["options"]["renaming"] =
            json!([{ "from": "pro\u{e9}", "to": "gold", "actor": actor, "request_id": request }]);
        let field: Field = serde_json::from_value(shown).unwrap();
        let holding = Holding::of(&field);
        for (value, place) in [
            (json!("cafe\u{301}"), Some(0)),
            (json!("gold"), Some(1)),
            (json!("proe\u{301}"), Some(1)),
            (json!("pro"), None),
            (json!(1), None),
            (json!("e\u{301}".repeat(100_000)), None),
        ] {
            assert_eq!(
                holding.choices(&value),
                place.map(|place| BTreeSet::from([place]))
            );
            assert_eq!(holding.is_kept_by(Some(&value)), place.is_some());
        }
        assert!(holding.is_kept_by(None));
        let required = Field {
            required: true,
            ..field.clone()
        };
        assert!(!Holding::of(&required).is_kept_by(None));
    }
}
