//! What lists can be filtered by, with the type that a filter's value has.

use relm_core::Kind;
use relm_core::query::filter;
use relm_core::record::column::{Column, ColumnType};
use relm_core::record::{columns, list_named};

/// The names that a list of `kind` can be filtered by, `metadata.<key>` aside.
pub(crate) fn names(kind: Kind) -> impl Iterator<Item = &'static str> + Clone {
    filter::filterable(kind)
}

/// What a filter on this name compares with.
pub(crate) fn field_type(kind: Kind, name: &str) -> Option<ColumnType> {
    let is_column = |column: &&Column| column.filterable && column.name == name;
    match name {
        "id" => Some(ColumnType::Id(Some(kind))),
        // Either end of an association.
        "record_id" if kind == Kind::Association => Some(ColumnType::Id(None)),
        _ => {
            let column = columns(kind).iter().find(is_column);
            let list = || {
                let chars_max = list_named(kind, name)?.chars_max;
                Some(ColumnType::Text { chars_max })
            };
            column.map(|column| column.ty).or_else(list)
        }
    }
}
