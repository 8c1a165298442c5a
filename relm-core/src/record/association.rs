//! Associations: labelled edges between any two records.

mod names;
mod patch;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use self::names::{OTHER_NAMES, READ_ONLY};
pub use self::patch::AssociationPatch;
use crate::error::{Error, Result};
use crate::limits::{ASSOCIATION_METADATA_BYTES_MAX, LABEL_CHARS_MAX};
use crate::record::check;
use crate::record::column::{Column, ColumnOf, Columns};
use crate::record::input::{Reader, read_as_json};
use crate::record::metadata::{self, Metadata};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::record::reference::{self, invalid_reference};
use crate::value::hex::hex;
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;
use crate::value::text::nfc;
use crate::value::time::{Date, Timestamp};

/// An edge from one record to another. What it leads from and to and its label never change; what is said of it beside them does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "Kept")]
#[non_exhaustive]
pub struct Association {
    /// `asc_` and a ULID.
    pub id: Id,
    /// Always `association`.
    pub object: AssociationTag,
    /// The type of the record that it leads from.
    pub from_type: ObjectType,
    /// The record that it leads from.
    pub from_id: Id,
    /// The type of the record that it leads to.
    pub to_type: ObjectType,
    /// The record that it leads to.
    pub to_id: Id,
    /// What the edge means, such as `champion`.
    pub label: Option<String>,
    /// What the edge means to whoever reads it from its end, such as `championed by`.
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub inverse_label: Option<String>,
    /// The first day on which it holds; null where nobody said so.
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub since: Option<Date>,
    /// The last day on which it holds; null where it holds on, or nobody said so.
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub until: Option<Date>,
    /// Free-form members. Custom fields are of records.
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub metadata: Metadata,
    /// Counts the changes: 1 when the association is made, one more with each.
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub version: i64,
    /// Whether the association is between live or test records.
    pub mode: Mode,
    /// When the association was made: the moment in the id.
    pub created_at: Timestamp,
    /// When the association was changed last.
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub updated_at: Timestamp,
}

/// An association as it is kept: one from before anything could be said of it lacks some members.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Kept {
    id: Id,
    object: AssociationTag,
    from_type: ObjectType,
    from_id: Id,
    to_type: ObjectType,
    to_id: Id,
    label: Option<String>,
    inverse_label: Option<String>,
    since: Option<Date>,
    until: Option<Date>,
    #[serde(default)]
    metadata: Metadata,
    version: Option<i64>,
    mode: Mode,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
}

impl From<Kept> for Association {
    fn from(kept: Kept) -> Self {
        Self {
            id: kept.id,
            object: kept.object,
            from_type: kept.from_type,
            from_id: kept.from_id,
            to_type: kept.to_type,
            to_id: kept.to_id,
            label: kept.label,
            inverse_label: kept.inverse_label,
            since: kept.since,
            until: kept.until,
            metadata: kept.metadata,
            version: kept.version.unwrap_or(1),
            mode: kept.mode,
            created_at: kept.created_at,
            updated_at: kept.updated_at.unwrap_or(kept.created_at),
        }
    }
}

/// The `object` member of an [`Association`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AssociationTag {
    /// Its one value.
    #[default]
    #[serde(rename = "association")]
    Association,
}

/// What links two records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssociationInput {
    /// See [`Association::from_id`].
    pub from_id: Id,
    /// See [`Association::to_id`].
    pub to_id: Id,
    /// See [`Association::label`].
    pub label: Option<String>,
    /// What is said of the edge beside that. Where there is an association of the two with this label, it is changed so.
    pub attributes: AssociationPatch,
}

read_as_json!(AssociationInput, AssociationInput::read);

/// As a request says it: with the types of the two ends, which their ids imply.
impl Serialize for AssociationInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Members<'a> {
            from_type: Kind,
            from_id: Id,
            to_type: Kind,
            to_id: Id,
            label: &'a Option<String>,
            #[serde(flatten)]
            attributes: &'a AssociationPatch,
        }
        let Self {
            from_id,
            to_id,
            label,
            attributes,
        } = self;
        let members = Members {
            from_type: from_id.kind(),
            from_id: *from_id,
            to_type: to_id.kind(),
            to_id: *to_id,
            label,
            attributes,
        };
        members.serialize(serializer)
    }
}

impl Columns for Association {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::text("from_type", 20, |it: &Self| Some(it.from_type.as_str())).required(),
        Column::any_id("from_id", |it: &Self| Some(it.from_id))
            .required()
            .indexed(),
        Column::text("to_type", 20, |it: &Self| Some(it.to_type.as_str())).required(),
        Column::any_id("to_id", |it: &Self| Some(it.to_id))
            .required()
            .indexed(),
        Column::text("label", LABEL_CHARS_MAX, |it: &Self| it.label.as_deref()),
        // Two ids, a mark for null, the label.
        Column::key("edge_key", 70 + LABEL_CHARS_MAX, |it: &Self| {
            Some(it.edge_key())
        }),
        Column::date("since", |it: &Self| it.since),
        Column::date("until", |it: &Self| it.until),
        Column::timestamp("created_at", |it: &Self| Some(it.created_at)),
    ];
}

impl AssociationInput {
    /// An edge without a label, of which nothing else is said.
    pub fn new(from_id: Id, to_id: Id) -> Self {
        Self {
            from_id,
            to_id,
            label: None,
            attributes: AssociationPatch::default(),
        }
    }

    /// Takes an edge from a JSON object.
    ///
    /// # Errors
    /// `validation_failed`, `unknown_value`, `unknown_field` or `invalid_reference`, naming the member.
    pub fn read(mut reader: Reader) -> Result<Self> {
        reader.knowing(OTHER_NAMES);
        let from = (reader.text("from_type")?, reader.text("from_id")?);
        let to = (reader.text("to_type")?, reader.text("to_id")?);
        let label = match reader.text("label")? {
            Patch::Set(label) => Some(label),
            Patch::Keep | Patch::Clear => None,
        };
        let attributes = AssociationPatch::take(&mut reader)?;
        reader.take_none_of(&READ_ONLY)?;
        // An unknown member is reported before a missing one: it is most likely the same.
        reader.finish()?;
        let from_id = end("from_type", "from_id", from)?;
        let to_id = end("to_type", "to_id", to)?;
        Ok(Self {
            from_id,
            to_id,
            label,
            attributes,
        })
    }
}

/// One end of an edge: a type and an id that agree.
fn end(
    type_name: &'static str,
    id_name: &'static str,
    (object_type, id): (Patch<String>, Patch<String>),
) -> Result<Id> {
    let object_type = ObjectType::required(type_name, object_type)?;
    check::required(id_name, reference::id(id_name, object_type.kind(), id)?)
}

impl Association {
    /// A checked edge; whether its ends exist, the commit decides.
    ///
    /// # Errors
    /// `validation_failed` or `invalid_reference`, naming the member.
    pub fn link(id: Id, mode: Mode, now: Timestamp, input: AssociationInput) -> Result<Self> {
        let AssociationInput {
            from_id,
            to_id,
            label,
            attributes,
        } = input;
        let object_type = |name: &str, id: Id| {
            ObjectType::of(id.kind()).ok_or_else(|| invalid_reference(name, Kind::Contact))
        };
        let from_type = object_type("from_id", from_id)?;
        let to_type = object_type("to_id", to_id)?;
        if from_id == to_id {
            return Err(Error::invalid(
                "to_id",
                "`to_id` must be another record than `from_id`.",
            ));
        }
        let label = label
            .map(|label| check::text("label", label, LABEL_CHARS_MAX))
            .transpose()?;
        let mut edge = Self {
            id,
            object: AssociationTag::Association,
            from_type,
            from_id,
            to_type,
            to_id,
            label,
            inverse_label: None,
            since: None,
            until: None,
            metadata: Metadata::new(),
            version: 1,
            mode,
            created_at: now,
            updated_at: now,
        };
        edge.apply(attributes)?;
        Ok(edge)
    }

    /// Changes what is said of it, and checks that.
    ///
    /// # Errors
    /// `validation_failed`, naming the member.
    pub(crate) fn apply(&mut self, patch: AssociationPatch) -> Result<()> {
        let AssociationPatch {
            inverse_label,
            since,
            until,
            metadata,
        } = patch;
        let label = |label| check::text("inverse_label", label, LABEL_CHARS_MAX);
        inverse_label.apply(&mut self.inverse_label, label)?;
        since.apply(&mut self.since, Ok)?;
        until.apply(&mut self.until, Ok)?;
        metadata::merge(metadata, &mut self.metadata)?;
        let bytes = metadata::text_of(self.metadata.as_map()).len();
        if bytes > ASSOCIATION_METADATA_BYTES_MAX {
            let message = format!(
                "`metadata` of an association must be at most {ASSOCIATION_METADATA_BYTES_MAX} bytes of JSON; it would be {bytes}."
            );
            return Err(Error::invalid("metadata", message));
        }
        match (self.since, self.until) {
            (Some(since), Some(until)) if until < since => Err(Error::invalid(
                "until",
                format!("`until`, {until}, must not be before `since`, {since}."),
            )),
            _ => Ok(()),
        }
    }

    /// Whether the same is said of it as of another state of it.
    pub(crate) fn says_as(&self, other: &Self) -> bool {
        (&self.inverse_label, self.since, self.until)
            == (&other.inverse_label, other.since, other.until)
            && self.metadata == other.metadata
    }

    /// Its members, as JSON shows them.
    pub(crate) fn members(&self) -> Result<Map<String, Value>> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(_) => Ok(Map::new()),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Counts one more change, made now.
    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.updated_at = self.updated_at.max(now);
    }

    /// The same edge, made anew: under another id, with what is said of it.
    pub(crate) fn made_anew(self, id: Id) -> Self {
        Self {
            id,
            version: 1,
            created_at: id.timestamp(),
            updated_at: id.timestamp(),
            ..self
        }
    }

    /// The same edge, of which nothing is said any more: its label and the rest are texts of somebody's about the two records.
    pub(crate) fn with_nothing_said(self) -> Self {
        Self {
            label: None,
            inverse_label: None,
            since: None,
            until: None,
            metadata: Metadata::new(),
            ..self
        }
    }

    /// What is unique of it in a scope. A null label and an empty one differ; two that differ in composition alone are one. A label
    /// from before a write was refused for it may be longer composed than the key has room for: its digest stands for it.
    pub fn edge_key(&self) -> String {
        let (from, to) = (self.from_id, self.to_id);
        let Some(label) = self.label.as_deref().map(nfc) else {
            return format!("{from} {to}");
        };
        match label.chars().count() > LABEL_CHARS_MAX {
            true => format!("{from} {to} #{}", hex(&Sha256::digest(label.as_bytes()))),
            false => format!("{from} {to} ={label}"),
        }
    }
}
