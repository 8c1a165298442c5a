//! What the forms ask of an import, and the request to the API that they equal.

use std::str::FromStr;

use relm_core::engine::{ImportColumn, ImportOptions};
use relm_core::record::field::UniqueIndexState;
use relm_core::record::file::{CellOptions, FileFormat, FileOptions};
use relm_core::{Error, ErrorKind, Field, ObjectType, ParseTextError, Quoted};
use serde_json::{Value, json};

use super::mapping;
use crate::console::curl;
use crate::console::form::Form;
use crate::console::listing::label;
use crate::console::objects::plural;
use crate::console::upload::FileHead;
use crate::html::BaseUrl;

/// The fields of the form, as error messages have them.
pub(super) const DEDUP_ON: &str = "dedup_on";
pub(super) const RUN: &str = "run";

/// What is asked of an import, beside its file.
pub(super) struct Asked {
    pub object: ObjectType,
    pub dedup_on: String,
    /// Whether rows are taken in; otherwise what they would come to is found out.
    pub is_real: bool,
    pub cells: CellOptions,
    pub mapping: Option<serde_json::Map<String, Value>>,
}

impl Asked {
    /// What a form says of an import of these objects, whose columns are known where there was one of the file before.
    pub fn read(object: ObjectType, form: &Form, columns: &[ImportColumn]) -> Result<Self, Error> {
        Ok(Self {
            object,
            dedup_on: form.text(DEDUP_ON).to_owned(),
            is_real: form.text(RUN) == "import",
            cells: CellOptions {
                date_order: picked(form, "date_order")?,
                decimal_mark: picked(form, "decimal_mark")?,
            },
            mapping: mapping::asked(form, columns),
        })
    }

    /// The same, as the engine is asked for it.
    pub fn options(&self) -> ImportOptions {
        let mut options = ImportOptions::new(self.object);
        options.cells = self.cells;
        if let Some(mapping) = &self.mapping {
            options = options.mapping(mapping.clone());
        }
        if !self.dedup_on.is_empty() {
            options = options.dedup_on(&self.dedup_on);
        }
        match self.is_real {
            true => options,
            false => options.keep_rows(),
        }
    }

    /// What tells one form from another that was filled in differently.
    pub fn told(&self) -> Value {
        let Self {
            object,
            dedup_on,
            is_real,
            cells,
            mapping,
        } = self;
        json!({ "object": object, "dedup_on": dedup_on, "is_real": is_real, "cells": cells, "mapping": mapping })
    }

    /// The request to the API that sends a file of this format.
    pub fn call(&self, api: &BaseUrl, format: Option<FileFormat>) -> String {
        let mut path = format!("/v1/imports?object={}", plural(self.object));
        let mut add = |name: &str, value: &str| {
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            // What brackets and spaces are to a shell is nothing to an address.
            path.push_str(&format!("&{name}={}", value.replace('+', "%20")));
        };
        if !self.dedup_on.is_empty() {
            add("dedup_on", &self.dedup_on);
        }
        if !self.is_real {
            add("dry_run", "true");
        }
        if let Some(order) = self.cells.date_order {
            add("date_order", order.as_str());
        }
        if let Some(mark) = self.cells.decimal_mark {
            add("decimal_mark", mark.as_str());
        }
        if let Some(mapping) = &self.mapping {
            let mapping = Value::Object(mapping.clone()).to_string();
            add("mapping", &mapping);
        }
        let format = format.unwrap_or(FileFormat::Csv);
        let content_type = format.content_type().split(';').next().unwrap_or_default();
        let ending = match format {
            FileFormat::Vcard => "vcf",
            FileFormat::Csv | FileFormat::Ndjson => format.as_str(),
        };
        let file = format!("{}.{ending}", plural(self.object));
        curl::file_to(api, &path, content_type, &file)
    }
}

/// What is known of a file that a browser sends.
pub(super) fn file_options(form: &Form, head: &FileHead) -> Result<FileOptions, Error> {
    Ok(FileOptions {
        format: None,
        content_type: head.content_type.clone(),
        file_name: Some(head.name.clone()),
        encoding: picked(form, "encoding")?,
        delimiter: picked(form, "delimiter")?,
    })
}

/// What a list is at; nothing where that is found out.
fn picked<T: FromStr<Err = ParseTextError>>(
    form: &Form,
    name: &'static str,
) -> Result<Option<T>, Error> {
    let Some(text) = form.trimmed(name) else {
        return Ok(None);
    };
    let picked = text.parse().map_err(|error: ParseTextError| {
        refused(
            name,
            format!(
                "`{name}` is one of the list, not {}: {error}.",
                Quoted(text)
            ),
        )
    })?;
    Ok(Some(picked))
}

/// The members by which a row can find the record that it updates, and what they are called.
pub(super) fn unique(object: ObjectType, fields: &[Field]) -> Vec<(String, String)> {
    let own = (object == ObjectType::Contact).then(|| "email".to_owned());
    let of_it = fields.iter().filter(|field| field.object_type == object);
    let ready = of_it.filter(|field| {
        let index = field.unique_index.as_ref();
        index.is_some_and(|index| index.state == UniqueIndexState::Ready)
    });
    let names = ready.map(|field| match field.built_in {
        true => field.key.clone(),
        false => format!("metadata.{}", field.key),
    });
    let names = own.into_iter().chain(names);
    names
        .map(|name| {
            let label = label(&name, fields);
            (name, label)
        })
        .collect()
}

/// What is wrong with a field of the form.
pub(super) fn refused(field: &str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::ValidationFailed, message).at(field)
}
