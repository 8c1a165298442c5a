//! What a merge is asked for: which records, and whose value each member gets.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MERGE_FIELDS_MAX, MERGE_RECORDS_MAX};
use crate::record::hint;
use crate::record::input::{Reader, type_name};
use crate::record::object::{Object, READ_ONLY};
use crate::record::patch::Patch;
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;
use crate::value::spelling::OtherNames;

/// The word for the survivor, among the sources of a member.
const TARGET: &str = "target";
/// What the name of a member of `metadata` begins with.
pub(super) const METADATA: &str = "metadata.";

/// What other APIs call the members of a merge.
const OTHER_NAMES: OtherNames = &[
    (
        &[
            "ids",
            "merge",
            "sources",
            "source_ids",
            "duplicates",
            "object_id_to_merge",
            "losers",
        ],
        &["from"],
    ),
    (
        &["overrides", "members", "choices", "properties", "values"],
        &["fields"],
    ),
];

/// Whose value a member has after a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeSource {
    /// That of the record that the others are merged into.
    Target,
    /// That of one of the records that are merged into it.
    Record(Id),
}

impl Serialize for MergeSource {
    fn serialize<S: serde::Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Target => to.serialize_str(TARGET),
            Self::Record(id) => id.serialize(to),
        }
    }
}

/// What is merged into a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MergeInput {
    /// The records that are merged into it, of its type: 1 to 20.
    pub from: Vec<Id>,
    /// Members, those of `metadata` as `metadata.<key>`, and whose value each of them gets: also where that has none. A member that is not
    /// named gets the value of the record itself, or else of the first of `from` that has one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, MergeSource>,
}

impl MergeInput {
    /// The merge of these records.
    pub fn new(from: impl IntoIterator<Item = Id>) -> Self {
        Self {
            from: from.into_iter().collect(),
            fields: BTreeMap::new(),
        }
    }

    /// The same, where a member gets the value of this record.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, source: MergeSource) -> Self {
        self.fields.insert(name.into(), source);
        self
    }

    /// Takes a merge from a JSON object.
    ///
    /// # Errors
    /// `validation_failed`, `unknown_value` or `unknown_field`, naming the member.
    pub(crate) fn read<T: Object>(body: Value) -> Result<Self> {
        let mut reader = Reader::new(body)?;
        reader.knowing(OTHER_NAMES);
        let from = match reader.texts("from")? {
            Patch::Set(ids) => ids,
            Patch::Keep | Patch::Clear => Vec::new(),
        };
        let fields = reader.take("fields");
        reader.finish()?;
        let from = from.iter().enumerate();
        let from = from.map(|(index, text)| match Id::parse(text) {
            Some(id) if id.kind() == T::TYPE.kind() => Ok(id),
            _ => Err(no_record(index, T::TYPE.kind(), text)),
        });
        let from: Vec<Id> = from.collect::<Result<_>>()?;
        let fields = match fields {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(fields)) => fields,
            Some(other) => {
                let message = format!(
                    "`fields` must be an object such as {{\"phone\":\"target\"}}, not {}.",
                    type_name(&other)
                );
                return Err(Error::invalid("fields", message));
            }
        };
        let fields = fields.into_iter().map(|(name, value)| {
            let source = source(&name, &value, &from)?;
            Ok((name, source))
        });
        Ok(Self {
            fields: fields.collect::<Result<_>>()?,
            from,
        })
    }

    /// Whether it can be merged into this record, as far as is seen without reading any.
    ///
    /// # Errors
    /// `validation_failed`, `invalid_reference`, `unknown_value` or `unknown_field`, naming the member.
    pub(super) fn check<T: Object>(&self, into: Id) -> Result<()> {
        let count = self.from.len();
        if !(1..=MERGE_RECORDS_MAX).contains(&count) {
            let message =
                format!("`from` must be a list of 1 to {MERGE_RECORDS_MAX} ids; it has {count}.");
            return Err(Error::invalid("from", message));
        }
        for (index, id) in self.from.iter().enumerate() {
            let at = format!("from[{index}]");
            if id.kind() != T::TYPE.kind() {
                return Err(no_record(index, T::TYPE.kind(), &id.text()));
            }
            if *id == into {
                let message = "It cannot be merged into itself: leave it out.";
                return Err(Error::invalid(at, message));
            }
            if self.from[..index].contains(id) {
                let message = format!("`{id}` is there already: name each record once.");
                return Err(Error::invalid(at, message));
            }
        }
        self.check_fields::<T>()
    }

    fn check_fields<T: Object>(&self) -> Result<()> {
        let count = self.fields.len();
        if count > MERGE_FIELDS_MAX {
            let message =
                format!("`fields` must name at most {MERGE_FIELDS_MAX} members; it names {count}.");
            return Err(Error::invalid("fields", message));
        }
        let names = names::<T>()?;
        for (name, source) in &self.fields {
            let at = format!("fields.{name}");
            let is_key = name
                .strip_prefix(METADATA)
                .is_some_and(|key| !key.is_empty());
            if !is_key && !names.contains(name) {
                let of = T::TYPE;
                let message = format!(
                    "A merge chooses no such member of a {of}; keys of `metadata` are named as `metadata.plan`."
                );
                let names = names.iter().map(String::as_str);
                let error = Error::new(ErrorKind::UnknownField, message).at(at);
                return Err(error.options(name, names));
            }
            if let MergeSource::Record(id) = source
                && !self.from.contains(id)
            {
                return Err(no_source(at, &id.text(), &self.from));
            }
            self.check_together::<T>(name, *source)?;
        }
        Ok(())
    }

    /// Members that mean something together alone are of one record.
    fn check_together<T: Object>(&self, name: &str, source: MergeSource) -> Result<()> {
        let mut others = T::together_with(name)
            .iter()
            .filter(|other| **other != name);
        let other = others.find(|other| self.fields.get(**other).is_some_and(|it| *it != source));
        match other {
            None => Ok(()),
            Some(other) => {
                let message = format!(
                    "`{name}` and `{other}` are one: name one of them, or give both the same record."
                );
                Err(Error::invalid(format!("fields.{name}"), message))
            }
        }
    }

    /// Whose value a member gets, where that is said.
    pub(super) fn source<T: Object>(&self, name: &str) -> Option<MergeSource> {
        let said = self.fields.get(name);
        let mut together = T::together_with(name).iter();
        let said = said.or_else(|| together.find_map(|other| self.fields.get(*other)));
        said.copied()
    }
}

/// The members of an object that a merge chooses, `metadata` aside.
pub(super) fn names<T: Object>() -> Result<Vec<String>> {
    let id = Id::new(T::TYPE.kind(), 0);
    let blank = T::blank(id, Mode::Live, id.timestamp());
    let members: Map<String, Value> = match serde_json::to_value(blank) {
        Ok(Value::Object(members)) => members,
        Ok(_) => Map::new(),
        Err(error) => return Err(Error::internal(error)),
    };
    let is_chosen = |name: &String| !READ_ONLY.contains(&name.as_str()) && name != "metadata";
    let names = members.into_iter().map(|(name, _)| name);
    Ok(names.filter(is_chosen).collect())
}

fn source(name: &str, value: &Value, from: &[Id]) -> Result<MergeSource> {
    let at = format!("fields.{name}");
    match value {
        Value::String(text) if text == TARGET => Ok(MergeSource::Target),
        Value::String(text) => match Id::parse(text).filter(|id| from.contains(id)) {
            Some(id) => Ok(MergeSource::Record(id)),
            None => Err(no_source(at, text, from)),
        },
        other => {
            let message = format!(
                "Whose value a member gets is `\"target\"` or an id of `from`, not {}.",
                type_name(other)
            );
            Err(Error::invalid(at, message))
        }
    }
}

fn no_source(at: String, given: &str, from: &[Id]) -> Error {
    let ids: Vec<String> = from.iter().map(Id::text).collect();
    let options = [TARGET].into_iter().chain(ids.iter().map(String::as_str));
    let options: Vec<&str> = options.collect();
    let message = "Whose value a member gets is `target` or an id of `from`.";
    let error = Error::new(ErrorKind::UnknownValue, message).at(at);
    error.options(given, options.iter().copied())
}

/// What is no record that can be merged.
pub(super) fn no_record(index: usize, kind: Kind, given: &str) -> Error {
    let what = kind.name();
    let message = format!("`from` must hold ids of existing records of the type {what}.");
    let error = Error::new(ErrorKind::InvalidReference, message).at(format!("from[{index}]"));
    match Id::parse(given) {
        Some(id) if id.kind() == kind => error.adding(&format!("There is no `{id}`.")),
        Some(_) | None => hint::id_meant(kind, given).on(error),
    }
}
