//! The mapping that somebody asks for, checked.

use serde_json::{Map, Value};

use super::columns::is_ours;
use super::columns::{Column, Mapping};
use super::members::{
    ID, METADATA_PREFIX, NAME, Names, Target, address_parts, letters, members, named,
};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::METADATA_KEY_CHARS_MAX;
use crate::record::field::{Field, custom_fields};
use crate::record::file::cell::Shape;
use crate::record::file::writing::{REPORT_COLUMNS, reports};
use crate::record::hint;
use crate::record::object::{READ_ONLY, other_names};
use crate::record::object_type::ObjectType;
use crate::value::excerpt::Quoted;
use crate::value::spelling::nearest;

/// What is said of a column: nothing, that it is left out, or its member.
type Said = Option<Option<Target>>;

impl Mapping {
    /// The mapping that somebody asks for: of each header the name of a member, or null for what is left out. What is not named is
    /// mapped as [`suggest`](Self::suggest) does, to the members that are left.
    ///
    /// A member is one that the object's JSON has, `metadata.` and a key, or one of these: `value`, of deals an amount in whole units of
    /// its currency; `name`, of contacts the whole name; `id`, which finds a record and is not written.
    ///
    /// # Errors
    /// `validation_failed`, `unknown_field` or `unknown_value`: a header that the file does not have, a member that there is none of,
    /// that is read-only, or that another header has.
    pub fn read(
        given: &Map<String, Value>,
        header: &[String],
        object_type: ObjectType,
        fields: &[Field],
    ) -> Result<Self> {
        let said = said(given, header, object_type, fields)?;
        let is_said = |slot: &str| {
            said.iter()
                .flatten()
                .flatten()
                .any(|target| target.slot() == slot)
        };
        let is_name_said = is_said("first_name") || is_said("last_name") || is_said(NAME);
        let names = Names::of(object_type, fields, is_ours(header));
        let told = reports(header) * REPORT_COLUMNS.len();
        let columns = header
            .iter()
            .zip(&said)
            .enumerate()
            .map(|(place, (header, said))| {
                let to = match said {
                    Some(said) => said.clone(),
                    None => names.suggested(header).filter(|target| {
                        let is_name = target.member == NAME && is_name_said;
                        place >= told && !is_said(target.slot()) && !is_name
                    }),
                };
                let header = header.clone();
                Column { header, to }
            });
        Ok(Mapping::of(columns.collect(), header, object_type))
    }
}

/// What is said of each column.
fn said(
    given: &Map<String, Value>,
    header: &[String],
    object_type: ObjectType,
    fields: &[Field],
) -> Result<Vec<Said>> {
    let styles: Vec<String> = header.iter().map(|name| letters(name)).collect();
    let mut said: Vec<Said> = vec![None; header.len()];
    for (name, member) in given {
        let place = place(name, header, &styles)?;
        if said[place].is_some() {
            let message = format!(
                "The column {} is mapped twice: name it once.",
                Quoted(&header[place])
            );
            return Err(Error::invalid("mapping", message));
        }
        let target = match member {
            Value::Null => None,
            Value::String(member) => Some(target(member, object_type, fields)?),
            other => {
                let message = format!(
                    "The column {} is mapped to the name of a member, such as `email`, or to null, not to {}.",
                    Quoted(name),
                    hint::Shown(other)
                );
                return Err(Error::invalid("mapping", message));
            }
        };
        let taken = target.as_ref().and_then(|target| {
            let is_same = |other: &Target| other.slot() == target.slot();
            said.iter()
                .position(|said| matches!(said, Some(Some(other)) if is_same(other)))
        });
        if let (Some(taken), Some(target)) = (taken, &target) {
            let message = format!(
                "The columns {} and {} are both mapped to `{}`: map one of them to null, or to another member.",
                Quoted(&header[taken]),
                Quoted(&header[place]),
                target.slot()
            );
            return Err(Error::invalid("mapping", message));
        }
        said[place] = Some(target);
    }
    Ok(said)
}

/// The column of this header: as it is written, or else the only one that is so in another style.
fn place(name: &str, header: &[String], styles: &[String]) -> Result<usize> {
    if let Some(place) = header.iter().position(|one| one == name) {
        return Ok(place);
    }
    let same = letters(name);
    let mut alike = styles
        .iter()
        .enumerate()
        .filter(|(_, style)| **style == same);
    if let (Some((place, _)), None) = (alike.next(), alike.next())
        && !same.is_empty()
    {
        return Ok(place);
    }
    let message = format!("The file has no column {}.", Quoted(name));
    let error = Error::new(ErrorKind::UnknownField, message).at("mapping");
    Err(error.options(name, header.iter().map(String::as_str)))
}

/// The member that is asked for.
fn target(name: &str, object_type: ObjectType, fields: &[Field]) -> Result<Target> {
    if name == ID {
        return Ok(Target::new(ID, Shape::Id(object_type.kind())));
    }
    if READ_ONLY.contains(&name) {
        let message = format!(
            "`{name}` is written by the engine alone: map the column to null, or keep it as `metadata.source_{name}`."
        );
        return Err(Error::invalid("mapping", message));
    }
    if let Some(key) = name.strip_prefix(METADATA_PREFIX)
        && key.chars().count() > METADATA_KEY_CHARS_MAX
    {
        let message = format!(
            "A key of `metadata` has at most {METADATA_KEY_CHARS_MAX} characters, and {} has more: shorten it.",
            Quoted(key)
        );
        return Err(Error::invalid("mapping", message));
    }
    if let Some(target) = named(name, object_type, fields) {
        return Ok(target);
    }
    let own = custom_fields(fields, object_type);
    let same = letters(name);
    let custom: Vec<String> = own
        .clone()
        .map(|field| format!("{METADATA_PREFIX}{}", field.key))
        .collect();
    let members = members(object_type).chain(address_parts(object_type));
    let members: Vec<Target> = members.collect();
    let names = members.iter().map(|target| &*target.member);
    let names = names.chain([ID]).chain(custom.iter().map(String::as_str));
    let error = Error::new(
        ErrorKind::UnknownValue,
        format!(
            "There is no member {} of {} to map a column to.",
            Quoted(name),
            hint::with_article(object_type.as_str())
        ),
    )
    .at("mapping");
    let mut by_name =
        own.filter(|field| letters(&field.key) == same || letters(&field.label) == same);
    let error = match by_name.next() {
        Some(field) => {
            let meant = format!("{METADATA_PREFIX}{}", field.key);
            error.options("", names).suggest(&[&meant])
        }
        None if nearest(name, names.clone()).is_some() => error.options(name, names),
        None => error.options_or(name, names, other_names(object_type)),
    };
    let meant = error.suggestion().is_none();
    Err(match meant {
        true => error
            .adding("What has no member of its own goes into `metadata`, as in `metadata.source`."),
        false => error,
    })
}
