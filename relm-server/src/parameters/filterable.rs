//! What lists can be filtered by, with the type that a filter's value has.

use relm_core::query::filter::{self, Operator, applies_to_field};
use relm_core::record::column::{Column, ColumnType};
use relm_core::record::{columns, list_named};
use relm_core::{FieldType, Kind};

/// The names that a list of `kind` can be filtered by, `metadata.<key>` aside.
pub(crate) fn names(kind: Kind) -> impl Iterator<Item = &'static str> + Clone {
    filter::filterable(kind)
}

/// Whether an operator means something on this name, of which the values are of this type.
pub(crate) fn applies(kind: Kind, name: &str, ty: ColumnType, operator: Operator) -> bool {
    match list_named(kind, name) {
        Some(_) => applies_to_field(operator, FieldType::Multiselect),
        None => operator.applies_to(ty),
    }
}

/// What a filter on this name compares with; of a list, what its values are.
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
