//! SQL text and the values bound to it, written together so that the two cannot drift.

use std::fmt::Write as _;

use relm_core::column::Scalar;
use relm_core::id::{Id, Kind};

/// A statement under construction, or done.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sql {
    pub text: String,
    pub values: Vec<Option<Scalar<'static>>>,
}

impl Sql {
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// A placeholder, and its value.
    pub fn bind(&mut self, value: impl Into<Scalar<'static>>) -> &mut Self {
        self.bind_nullable(Some(value.into()))
    }

    pub fn bind_nullable(&mut self, value: Option<Scalar<'static>>) -> &mut Self {
        self.text.push('?');
        self.values.push(value);
        self
    }

    /// `name = ?`, with the word before it.
    pub fn and(&mut self, name: &str, value: impl Into<Scalar<'static>>) -> &mut Self {
        self.push(" AND ").push(name).push(" = ").bind(value)
    }

    /// ` AND name IN (?, …)`. The list is padded with its last value to a power of two, so that a connection prepares
    /// few shapes.
    pub fn and_in(&mut self, name: &str, values: &[Scalar<'static>]) -> &mut Self {
        if values.is_empty() {
            return self.push(" AND 1 = 0");
        }
        self.push(" AND ").push(name).push(" IN (");
        let last = values.last();
        let padding = values.len().next_power_of_two() - values.len();
        let padded = values
            .iter()
            .chain(std::iter::repeat_n(last, padding).flatten());
        for (place, value) in padded.enumerate() {
            if place > 0 {
                self.push(", ");
            }
            self.bind(value.clone());
        }
        self.push(")")
    }

    pub fn limit(&mut self, rows: usize) -> &mut Self {
        let written = write!(self.text, " LIMIT {rows}");
        debug_assert!(written.is_ok(), "writing to a String does not fail");
        self
    }

    /// ` VALUES (?, …), …`.
    pub fn rows<'a>(
        &mut self,
        rows: impl IntoIterator<Item = &'a Vec<Option<Scalar<'static>>>>,
    ) -> &mut Self {
        self.push(" VALUES ");
        for (place, row) in rows.into_iter().enumerate() {
            self.push(if place > 0 { ", (" } else { "(" });
            for (column, value) in row.iter().enumerate() {
                if column > 0 {
                    self.push(", ");
                }
                self.bind_nullable(value.clone());
            }
            self.push(")");
        }
        self
    }
}

/// The table of a kind.
pub(crate) const fn table(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "contacts",
        Kind::Company => "companies",
        Kind::Deal => "deals",
        Kind::Activity => "activities",
        Kind::Association => "associations",
        Kind::Field => "fields",
        Kind::Webhook => "webhooks",
        Kind::Event => "events",
        Kind::Delivery => "deliveries",
        Kind::Key => "api_keys",
        Kind::Workspace => "workspaces",
        Kind::Request => "requests",
    }
}

/// The ULID of an id, as `terms` keeps it.
pub(crate) fn ulid_text(id: Id) -> String {
    let text = id.to_string();
    text[text.len() - 26..].to_owned()
}

/// An owned value of anything that is one.
pub(crate) fn value(value: impl Into<Scalar<'static>>) -> Option<Scalar<'static>> {
    Some(value.into())
}
