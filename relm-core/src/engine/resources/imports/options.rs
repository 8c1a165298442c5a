//! What an import is asked for.

use serde_json::{Map, Value, json};

use crate::engine::resources::batch::{check_dedup_on, dedup_members};
use crate::error::{Error, Result};
use crate::record::field::Field;
use crate::record::file::{CellOptions, FileOptions, FileReader, Mapping};
use crate::record::object::{Activity, Company, Contact, Deal, ObjectType};
use crate::record::unique_member::unique_members;
use crate::value::excerpt::Quoted;

/// What an import is asked for.
///
/// ```
/// use relm_core::ObjectType;
/// use relm_core::engine::ImportOptions;
///
/// let options = ImportOptions::new(ObjectType::Contact).dedup_on("email").dry_run();
/// assert!(options.dry_run);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImportOptions {
    /// What the rows are.
    pub object_type: ObjectType,
    /// What is known of the file; what is not is found out.
    pub file: FileOptions,
    /// What decides where a cell could say two things.
    pub cells: CellOptions,
    /// For each column of the file the member that it becomes, or null for none, as [`Mapping::read`] takes it. Columns that are not named,
    /// and all of them where there is none, become what they are called.
    pub mapping: Option<Map<String, Value>>,
    /// By which unique members a row finds the record that it updates: of contacts `email`, of companies `domain` where it is unique, and
    /// `metadata.` with the key of a unique field. Without, each row is a new record.
    pub dedup_on: Vec<String>,
    /// Whether to find out only what the import would come to: its counts and failed rows are those that the import would have now.
    pub dry_run: bool,
    /// Whether a dry run keeps its rows, so that [imports begin from them](crate::engine::Imports::start_from) without the file: up to
    /// [`IMPORT_KEPT_ROWS_BYTES_MAX`](crate::limits::IMPORT_KEPT_ROWS_BYTES_MAX), and as long as the dry run is kept.
    pub keep_rows: bool,
}

impl ImportOptions {
    /// An import of records of this type, each row a new one.
    pub fn new(object_type: ObjectType) -> Self {
        Self {
            object_type,
            file: FileOptions::default(),
            cells: CellOptions::default(),
            mapping: None,
            dedup_on: Vec::new(),
            dry_run: false,
            keep_rows: false,
        }
    }

    /// The same, where a row updates the record that has its value of this unique member.
    #[must_use]
    pub fn dedup_on(mut self, member: &str) -> Self {
        self.dedup_on.push(member.to_owned());
        self
    }

    /// The same, with what is known of the file.
    #[must_use]
    pub fn file(mut self, file: FileOptions) -> Self {
        self.file = file;
        self
    }

    /// The same, with these members for these columns.
    #[must_use]
    pub fn mapping(mut self, mapping: Map<String, Value>) -> Self {
        self.mapping = Some(mapping);
        self
    }

    /// The same, of which nothing is kept but what it would come to.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// The same, as a dry run that keeps its rows.
    #[must_use]
    pub fn keep_rows(mut self) -> Self {
        (self.dry_run, self.keep_rows) = (true, true);
        self
    }

    /// Refuses what no file could be taken in by, under these definitions.
    pub(super) fn check(&self, fields: &[Field]) -> Result<()> {
        check_dedup_on(&self.dedup_on)?;
        let members = unique_members(fields, self.object_type);
        let dedup = match self.object_type {
            ObjectType::Contact => dedup_members::<Contact>,
            ObjectType::Company => dedup_members::<Company>,
            ObjectType::Deal => dedup_members::<Deal>,
            ObjectType::Activity => dedup_members::<Activity>,
        };
        dedup(&members, &self.dedup_on).map(drop)
    }

    pub(super) fn reader(&self) -> FileReader {
        FileReader::new(self.file.clone())
    }

    /// What the columns of a file become.
    pub(super) fn mapping_of(&self, header: &[String], fields: &[Field]) -> Result<Mapping> {
        let mapping = match &self.mapping {
            Some(given) => Mapping::read(given, header, self.object_type, fields)?,
            None => Mapping::suggest(header, self.object_type, fields),
        };
        if mapping.unmapped().len() == header.len() {
            let listed: Vec<String> = header
                .iter()
                .take(10)
                .map(|it| Quoted(it).to_string())
                .collect();
            return Err(Error::invalid(
                "mapping",
                format!(
                    "No column of the file is a member of a {}: its columns are {}. Name members for them with `mapping`.",
                    self.object_type,
                    listed.join(", ")
                ),
            ));
        }
        Ok(mapping.with_options(self.cells))
    }

    /// What tells one import from another, beside the file.
    pub(super) fn digested(&self) -> Value {
        let Self {
            object_type,
            file,
            cells,
            mapping,
            dedup_on,
            dry_run,
            keep_rows: _,
        } = self;
        json!({
            "object_type": object_type,
            "format": file.said_format(),
            "encoding": file.encoding,
            "delimiter": file.delimiter,
            "cells": cells,
            "mapping": mapping,
            "dedup_on": dedup_on,
            "dry_run": dry_run,
        })
    }
}
