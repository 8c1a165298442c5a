//! Which members a column can be mapped to, by the names and headers that lead to them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::known::known;
use crate::record::column::{ColumnType, Identity};
use crate::record::field::{Field, custom_fields, pipeline};
use crate::record::file::cell::{Shape, named_currency, zone_of};
use crate::record::object::READ_ONLY;
use crate::record::object_type::ObjectType;
use crate::record::postal::{ADDRESSES, PARTS};
use crate::record::{columns, shown_lists};
use crate::value::text::name_key;

/// The member that finds a record.
pub(super) const ID: &str = "id";
/// The member that holds what no other does.
pub(super) const METADATA: &str = "metadata";
/// What a member of it is named by.
pub(super) const METADATA_PREFIX: &str = "metadata.";
/// Of deals, an amount in whole units of its currency.
pub(super) const VALUE: &str = "value";
/// The member that it becomes.
pub(super) const VALUE_CENTS: &str = "value_cents";
/// The name; of contacts, the whole of it.
pub(super) const NAME: &str = "name";

/// What a column is mapped to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Target {
    /// The name of the member, as a mapping has it.
    pub member: String,
    pub shape: Shape,
    /// Among the columns of one member, the smaller is used first.
    #[serde(default, skip_serializing_if = "is_first")]
    pub rank: usize,
    /// The currency of amounts, where the header says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The offset of times without one, where the header says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
}

fn is_first(rank: &usize) -> bool {
    *rank == 0
}

impl Target {
    pub fn new(member: impl Into<String>, shape: Shape) -> Self {
        Self {
            member: member.into(),
            shape,
            rank: 0,
            currency: None,
            offset: None,
        }
    }

    fn ranked(self, rank: usize) -> Self {
        Self { rank, ..self }
    }

    /// What a record has once: an amount is a value, in whichever units.
    pub fn slot(&self) -> &str {
        match &*self.member {
            VALUE => VALUE_CENTS,
            member => member,
        }
    }
}

/// The members of the objects of a type that a write can set, but for those in `metadata`.
pub(super) fn members(object_type: ObjectType) -> impl Iterator<Item = Target> + Clone {
    let columns = columns(object_type.kind()).iter();
    let columns = columns.filter_map(move |column| {
        let is_key = !column.filterable && column.ty != ColumnType::Json;
        if is_key || READ_ONLY.contains(&column.name) {
            return None;
        }
        let is_contact = object_type == ObjectType::Contact;
        let shape = match column.ty {
            ColumnType::Text { .. } if column.identity == Identity::Code => Shape::Currency,
            ColumnType::Text { .. } if is_contact && matches!(column.name, "email" | "phone") => {
                Shape::First
            }
            ColumnType::Text { .. } if is_contact && column.name == NAME => Shape::Name,
            ColumnType::Text { .. } => Shape::Text,
            ColumnType::Id(kind) => Shape::Id(kind?),
            ColumnType::Integer => Shape::Integer,
            ColumnType::Boolean => Shape::Bool,
            ColumnType::Date => Shape::Date,
            ColumnType::Timestamp => Shape::Timestamp,
            ColumnType::Json => Shape::Json,
        };
        Some(Target::new(column.name, shape))
    });
    let further = match object_type {
        ObjectType::Deal => Some(Target::new(VALUE, Shape::Money)),
        ObjectType::Contact | ObjectType::Company | ObjectType::Activity => None,
    };
    let lists = shown_lists(object_type.kind()).map(move |list| {
        let shape = match list.name {
            "emails" | "phones" if object_type == ObjectType::Contact => Shape::Labelled,
            ADDRESSES => Shape::Addresses,
            _ => Shape::Texts,
        };
        Target::new(list.name, shape)
    });
    columns.chain(lists).chain(further)
}

/// How many addresses of a record have members of their own for their parts; a list of all has more.
const ADDRESSES_IN_COLUMNS: usize = 5;

/// The parts of postal addresses that columns can be mapped to, such as `address_1_city`.
pub(super) fn address_parts(object_type: ObjectType) -> impl Iterator<Item = Target> + Clone {
    let count = match object_type {
        ObjectType::Contact | ObjectType::Company => ADDRESSES_IN_COLUMNS,
        ObjectType::Deal | ObjectType::Activity => 0,
    };
    (1..=count).flat_map(|n| {
        let parts = ["label"].into_iter().chain(PARTS);
        parts.map(move |part| Target::new(format!("address_{n}_{part}"), Shape::Part))
    })
}

/// Of a part of an address, which address it is of and which part it is.
pub(super) fn part_of(member: &str) -> Option<(usize, &str)> {
    let (number, part) = member.strip_prefix("address_")?.split_once('_')?;
    Some((number.parse().ok()?, part))
}

/// The same, where a stage is one of the pipeline's.
fn defined_members(
    object_type: ObjectType,
    fields: &[Field],
) -> impl Iterator<Item = Target> + Clone {
    let pipeline = pipeline(fields).filter(|it| it.object_type == object_type);
    members(object_type).map(move |target| match pipeline {
        Some(pipeline) if pipeline.key == target.member => Target {
            shape: Shape::Stage(pipeline.options.choices.clone()),
            ..target
        },
        Some(_) | None => target,
    })
}

/// What is left of a name without case, spaces and punctuation.
pub(super) fn letters(name: &str) -> String {
    let mut letters = name_key(name);
    letters.retain(char::is_alphanumeric);
    letters
}

/// The member of this name, in whatever style it is written; of a member of `metadata`, the definition says what it takes.
pub(super) fn named(name: &str, object_type: ObjectType, fields: &[Field]) -> Option<Target> {
    if let Some(key) = name.strip_prefix(METADATA_PREFIX) {
        let field = custom_fields(fields, object_type).find(|field| field.key == key);
        let shape = field.map_or(Shape::Text, Shape::of_field);
        return (!key.is_empty()).then(|| Target::new(name, shape));
    }
    let name = letters(name);
    let mut members = defined_members(object_type, fields).chain(address_parts(object_type));
    members.find(|target| letters(&target.member) == name)
}

/// Everything that is known of headers, for one header after the other.
pub(super) struct Names {
    /// Members and custom fields by what is left of their names, keys and labels; before them, what is known elsewhere.
    by_letters: HashMap<String, Target>,
    /// Custom fields by their keys.
    by_key: HashMap<String, Target>,
}

impl Names {
    /// What is known for the objects of a type under these definitions; `is_ours` where the file is an export of ours.
    pub fn of(object_type: ObjectType, fields: &[Field], is_ours: bool) -> Self {
        let mut by_letters = HashMap::new();
        // The member's own name comes before the labels of fields, and those before what others call it. A list comes after the fields: who had
        // a field for tags before there were any has it still, and our export names it by its path.
        let own = defined_members(object_type, fields);
        let own = own.filter(|target| is_ours || !matches!(&*target.member, NAME | VALUE));
        let is_first = |target: &Target| {
            is_ours
                || !matches!(
                    target.shape,
                    Shape::Texts | Shape::Labelled | Shape::Addresses
                )
        };
        let (first, lists): (Vec<_>, Vec<_>) = own.partition(is_first);
        for target in first {
            by_letters.insert(letters(&target.member), target);
        }
        let mut by_key = HashMap::new();
        for field in custom_fields(fields, object_type) {
            let member = format!("{METADATA_PREFIX}{}", field.key);
            let target = Target::new(member, Shape::of_field(field));
            for name in [&field.key, &field.label] {
                let target = || target.clone();
                by_letters.entry(letters(name)).or_insert_with(target);
            }
            by_key.insert(field.key.clone(), target);
        }
        for target in lists.into_iter().chain(address_parts(object_type)) {
            let name = letters(&target.member);
            by_letters.entry(name).or_insert(target);
        }
        for (member, headers) in known(object_type) {
            let Some(target) = named(member, object_type, fields) else {
                continue;
            };
            for (rank, header) in headers.iter().enumerate() {
                let target = || target.clone().ranked(rank + 1);
                by_letters.entry(letters(header)).or_insert_with(target);
            }
        }
        by_letters.remove("");
        Self { by_letters, by_key }
    }

    /// What a column of this header is.
    pub fn suggested(&self, header: &str) -> Option<Target> {
        if let Some(target) = self.of_header(header) {
            return Some(target);
        }
        // `Amount (EUR)`, `Amount in EUR`, `Close Date (GMT+02:00)`, `Email (2)`.
        let (base, note) = noted(header).filter(|(_, note)| !note.is_empty())?;
        let target = self.of_header(base)?;
        Some(match target.shape {
            Shape::Money => Target {
                currency: Some(named_currency(note)?.to_owned()),
                ..target
            },
            // Beside `Due`, `Due Time` is another column.
            Shape::Timestamp if zone_of(note).is_some() || header.trim().ends_with([')', ']']) => {
                Target {
                    offset: zone_of(note).filter(|zone| !zone.is_empty()),
                    ..target
                }
            }
            _ if note.bytes().all(|byte| byte.is_ascii_digit()) => target,
            _ if zone_of(note).is_some() => target,
            _ => return None,
        })
    }

    fn of_header(&self, header: &str) -> Option<Target> {
        match header.strip_prefix(METADATA_PREFIX) {
            Some("") => None,
            // What has no definition is a text.
            Some(key) => Some(match self.by_key.get(key) {
                Some(target) => target.clone(),
                None => Target::new(header, Shape::Text),
            }),
            None => self.by_letters.get(&letters(header)).cloned(),
        }
    }
}

/// A header, and what it says at its end of all its cells.
fn noted(header: &str) -> Option<(&str, &str)> {
    let header = header.trim();
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some(inner) = header.strip_suffix(close) {
            let (base, note) = inner.rsplit_once(open)?;
            return Some((base.trim(), note.trim()));
        }
    }
    let (base, note) = header.rsplit_once(' ')?;
    Some((base.strip_suffix(" in").unwrap_or(base), note))
}
