//! Which of the events of its types an endpoint is sent: those that changed some members, and those of records with some values.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::limits::{
    WEBHOOK_FILTER_BYTES_MAX, WEBHOOK_FILTER_MEMBERS_MAX, WEBHOOK_FILTER_VALUES_MAX,
};
use crate::record::hint::Hint;
use crate::record::input::{Reader, type_name};
use crate::record::patch::Patch;
use crate::value::excerpt::Quoted;
use crate::value::spelling::OtherNames;

/// What an endpoint asks of events beside their type. What it says nothing of is not asked for.
///
/// ```
/// use relm_core::{EventFilter, WebhookInput};
///
/// let filter = EventFilter::new()
///     .changed(["stage", "metadata.probability"])
///     .having("metadata.pipeline", ["sales", "partners"]);
/// let input = WebhookInput {
///     url: "https://example.com/relm".into(),
///     event_types: vec!["deal.updated".to_owned()].into(),
///     filter: filter.into(),
///     ..WebhookInput::default()
/// };
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventFilter {
    /// Of an update, members of which at least one has another value. Events of other types are sent whatever this says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) changed: Vec<String>,
    /// Members, each with the values of which a record has one: before its change or after it.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "lists_of_values"))]
    pub(crate) having: BTreeMap<String, Vec<Value>>,
}

#[cfg(feature = "schema")]
fn lists_of_values(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "object", "additionalProperties": { "type": "array", "minItems": 1, "items": {} } })
}

/// What a filter looks like.
const EXAMPLE: &str = r#"{"changed":["stage"],"where":{"stage":["won","lost"]}}"#;

/// What other APIs call the two.
const OTHER_NAMES: OtherNames = &[
    (
        &[
            "changed_fields",
            "changes",
            "fields",
            "properties",
            "property_name",
            "updated_fields",
        ],
        &["changed"],
    ),
    (
        &["conditions", "match", "equals", "filters", "values", "$and"],
        &["where"],
    ),
];

impl EventFilter {
    /// A filter that asks for nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks that an update changes one of these members, such as `stage` or `metadata.plan`.
    #[must_use]
    pub fn changed(mut self, members: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.changed.extend(members.into_iter().map(Into::into));
        self
    }

    /// Asks that a record has one of these values in a member, such as `stage` or `metadata.plan`; null is that it has none.
    #[must_use]
    pub fn having(
        mut self,
        member: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Self {
        let of_member = self.having.entry(member.into()).or_default();
        of_member.extend(values.into_iter().map(Into::into));
        self
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.having.is_empty()
    }

    /// Takes `filter` from what a body has of it.
    pub(super) fn read(given: Option<Value>) -> Result<Patch<Self>> {
        match given {
            None => Ok(Patch::Keep),
            Some(Value::Null) => Ok(Patch::Clear),
            Some(given @ Value::Object(_)) => {
                let read = Reader::new(given)?.all_of(Self::read_members);
                read.map(Patch::Set).map_err(|error| error.within("filter"))
            }
            Some(other) => {
                let other = type_name(&other);
                let message = format!("`filter` must be an object such as {EXAMPLE}, not {other}.");
                Err(Error::invalid("filter", message))
            }
        }
    }

    fn read_members(reader: &mut Reader) -> Result<Self> {
        reader.knowing(OTHER_NAMES);
        let changed = match reader.take("changed") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(name)) => vec![name],
            Some(value) => {
                let mut one = Reader::new(serde_json::json!({ "changed": value }))?;
                match one.texts("changed")? {
                    Patch::Set(names) => names,
                    Patch::Keep | Patch::Clear => Vec::new(),
                }
            }
        };
        let having = reader.object("where", r#"{"stage":["won"]}"#, |_| Hint::default())?;
        let having = match having {
            Patch::Set(members) => read_values(members),
            Patch::Keep | Patch::Clear => BTreeMap::new(),
        };
        Ok(Self { changed, having })
    }

    /// What is kept of it: nothing where it asks for nothing, and nothing twice.
    ///
    /// # Errors
    /// `validation_failed` for more members, values or bytes than an endpoint may ask for.
    pub(super) fn checked(mut self) -> Result<Option<Self>> {
        self.changed = each_once(self.changed);
        if self.is_empty() {
            return Ok(None);
        }
        for (part, count) in [
            ("changed", self.changed.len()),
            ("where", self.having.len()),
        ] {
            if count > WEBHOOK_FILTER_MEMBERS_MAX {
                let message = format!(
                    "`filter.{part}` can name {WEBHOOK_FILTER_MEMBERS_MAX} members at most, not {count}."
                );
                return Err(Error::invalid(format!("filter.{part}"), message));
            }
        }
        for (name, values) in &mut self.having {
            *values = each_once(std::mem::take(values));
            check_values(name, values)?;
        }
        let bytes = serde_json::to_string(&self).map_err(Error::internal)?.len();
        if bytes > WEBHOOK_FILTER_BYTES_MAX {
            let message = format!(
                "`filter` can be {WEBHOOK_FILTER_BYTES_MAX} bytes of JSON at most, and this one is {bytes}."
            );
            return Err(Error::invalid("filter", message));
        }
        Ok(Some(self))
    }
}

/// What is listed, in its order, and nothing twice.
fn each_once<T: Clone + Eq + Hash>(mut listed: Vec<T>) -> Vec<T> {
    let mut seen = HashSet::new();
    listed.retain(|one| seen.insert(one.clone()));
    listed
}

/// Each member with its values; one value alone is a list of one.
fn read_values(members: Map<String, Value>) -> BTreeMap<String, Vec<Value>> {
    let members = members.into_iter().map(|(name, value)| match value {
        Value::Array(values) => (name, values),
        one => (name, vec![one]),
    });
    members.collect()
}

fn check_values(name: &str, values: &[Value]) -> Result<()> {
    let path = format!("filter.where.{name}");
    let refuse = |why: &str| {
        let message = format!("{} {why}", Quoted(&path));
        Err(Error::invalid(path.as_str(), message))
    };
    if values.is_empty() {
        return refuse("must name a value at least: without one, nothing would be sent.");
    }
    if values.len() > WEBHOOK_FILTER_VALUES_MAX {
        return refuse(&format!(
            "can have {WEBHOOK_FILTER_VALUES_MAX} values at most, not {}.",
            values.len()
        ));
    }
    let nested = values
        .iter()
        .find(|value| value.is_array() || value.is_object());
    match nested {
        Some(value) => refuse(&format!(
            "must list values, such as [\"won\", \"lost\"]: texts, numbers, true, false or null, and not {}. A filter has no operators.",
            type_name(value)
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
