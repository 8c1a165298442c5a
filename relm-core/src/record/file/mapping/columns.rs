//! The columns of a file, and what each is mapped to.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::members::{ID, METADATA, METADATA_PREFIX, Names, Target, address_parts, members};
use crate::record::field::{Field, custom_fields};
use crate::record::file::cell::Shape;
use crate::record::file::options::{CellOptions, DecimalMark};
use crate::record::file::writing::{REPORT_COLUMNS, reports};
use crate::record::object_type::ObjectType;

/// Which columns of a file are which members of the objects of a type.
///
/// As JSON it is for keeping; [`shown`](Self::shown) is for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    pub(super) object_type: ObjectType,
    #[serde(default)]
    options: CellOptions,
    pub(super) columns: Vec<Column>,
    /// The columns that are mapped, in the order in which a row is read.
    order: Vec<usize>,
    /// Whether the file is an export of ours, whose texts are written so that no spreadsheet runs them.
    #[serde(default)]
    pub(super) is_ours: bool,
    /// How many times the file is a report of failed rows, whose cells are written so.
    #[serde(default)]
    pub(super) reports: usize,
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Column {
    pub header: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Target>,
}

/// Whether a file of these columns is an export of ours.
pub(super) fn is_ours(header: &[String]) -> bool {
    ["id", "object", "version", "metadata"]
        .iter()
        .all(|name| header.iter().any(|one| one == name))
}

impl Mapping {
    /// The mapping of what is known: the names of our own exports, the keys and labels of custom fields, and what other CRMs call
    /// their columns. Case, spaces and punctuation make no difference. Where several columns are one member, as several telephone
    /// numbers are, a row has the first of them that is not blank.
    pub fn suggest(header: &[String], object_type: ObjectType, fields: &[Field]) -> Self {
        let names = Names::of(object_type, fields, is_ours(header));
        let said = reports(header) * REPORT_COLUMNS.len();
        let columns = header.iter().enumerate().map(|(place, header)| Column {
            header: header.clone(),
            to: names.suggested(header).filter(|_| place >= said),
        });
        Self::of(columns.collect(), header, object_type)
    }

    /// The mapping of these columns.
    pub(super) fn of(mut columns: Vec<Column>, header: &[String], object_type: ObjectType) -> Self {
        // A custom field is one column: each has all of its choices.
        let mut taken = HashSet::new();
        for column in &mut columns {
            let custom = column.to.as_ref().map(|target| target.slot());
            let custom = custom.filter(|slot| slot.starts_with(METADATA_PREFIX));
            if custom.is_some_and(|slot| !taken.insert(slot.to_owned())) {
                column.to = None;
            }
        }
        let mapped = columns.iter().enumerate();
        let mut order: Vec<_> = mapped
            .filter_map(|(place, column)| Some((place, column.to.as_ref()?)))
            .collect();
        // A name is for rows without its parts, an amount is in the currency of its row.
        order.sort_by_key(|(_, target)| {
            let is_made = matches!(target.shape, Shape::Name | Shape::Money);
            (is_made, target.rank)
        });
        let order = order.into_iter().map(|(place, _)| place).collect();
        Self {
            object_type,
            options: CellOptions::default(),
            columns,
            order,
            is_ours: is_ours(header),
            reports: reports(header),
        }
    }

    /// The members that a column can be mapped to: those of the object, and those that are defined in `metadata`.
    pub fn members(object_type: ObjectType, fields: &[Field]) -> Vec<String> {
        let own = members(object_type).chain(address_parts(object_type));
        let own = own.map(|target| target.member);
        let own = own.filter(|member| member != METADATA);
        let custom = custom_fields(fields, object_type);
        let custom = custom.map(|field| format!("{METADATA_PREFIX}{}", field.key));
        own.chain(custom).collect()
    }

    /// For each column, in their order, the member that it becomes. Where several are one member, each has it.
    pub fn each(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.columns.iter().map(|column| {
            let member = column.to.as_ref().map(|target| &*target.member);
            (&*column.header, member)
        })
    }

    /// The same, with what decides where a cell could say two things.
    #[must_use]
    pub fn with_options(mut self, options: CellOptions) -> Self {
        self.options = options;
        self
    }

    /// What was asked for where a cell could say two things.
    pub const fn asked(&self) -> CellOptions {
        self.options
    }

    /// The type of the objects.
    pub const fn object_type(&self) -> ObjectType {
        self.object_type
    }

    /// The mapping as [`read`](Self::read) takes it: each header with its member, or null. Where several columns are one member, the first
    /// of them has it; [`fallbacks`](Self::fallbacks) has the others.
    pub fn shown(&self) -> Map<String, Value> {
        let fallbacks = self.fallbacks();
        let columns = self.columns.iter().map(|column| {
            let is_fallback = fallbacks.iter().any(|(header, _)| *header == column.header);
            let target = column.to.as_ref().filter(|_| !is_fallback);
            let member = target.map(|target| target.member.clone());
            (column.header.clone(), Value::from(member))
        });
        columns.collect()
    }

    /// The headers that are used where those before them are blank, with their members.
    pub fn fallbacks(&self) -> Vec<(&str, &str)> {
        let mut seen: Vec<&str> = Vec::new();
        let mut fallbacks = Vec::new();
        for (column, target) in self.in_order() {
            match seen.contains(&target.slot()) {
                true => fallbacks.push((&*self.columns[column].header, &*target.member)),
                false => seen.push(target.slot()),
            }
        }
        fallbacks
    }

    /// The headers of what is not mapped, in their order.
    pub fn unmapped(&self) -> Vec<&str> {
        let unmapped = self.columns.iter().filter(|column| column.to.is_none());
        unmapped.map(|column| &*column.header).collect()
    }

    /// Whether a column finds records by their id: what [`apply`](Self::apply) makes then has an `id` in rows where it is not blank.
    pub fn finds_by_id(&self) -> bool {
        self.takes(ID)
    }

    /// The columns that are mapped, in the order in which a row is read.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (usize, &Target)> {
        self.order.iter().filter_map(|place| {
            let column = self.columns.get(*place)?;
            Some((*place, column.to.as_ref()?))
        })
    }

    /// What decides: our own exports leave nothing open.
    pub(super) fn options(&self) -> CellOptions {
        match self.is_ours {
            true => CellOptions {
                decimal_mark: Some(DecimalMark::Point),
                ..self.options
            },
            false => self.options,
        }
    }

    /// Whether the file has a column of this header.
    pub(super) fn has(&self, header: &str) -> bool {
        self.columns.iter().any(|column| column.header == header)
    }

    /// Whether a column is mapped to this member.
    pub(super) fn takes(&self, slot: &str) -> bool {
        self.in_order().any(|(_, target)| target.slot() == slot)
    }
}
