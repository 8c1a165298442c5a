//! Tables and indexes as the statements that make them.

use sea_orm::sea_query::{
    Alias, ColumnDef, ConditionalStatement, Expr, ExprTrait, Index as IndexStatement,
    IndexCreateStatement, Table, TableCreateStatement,
};

use crate::dialect::Dialect;
use crate::entity::{ColumnOf, Index, TableOf};

/// Makes a table.
pub(crate) fn create_table(dialect: Dialect, table: &TableOf) -> TableCreateStatement {
    let mut statement = Table::create();
    statement.table(Alias::new(table.name));
    for column in table.columns.iter().filter(|it| !it.is_added) {
        statement.col(definition(dialect, column));
    }
    if dialect.has_pin(table.name) {
        let mut pin = ColumnDef::new(Alias::new("pin"));
        statement.col(pin.big_integer().not_null().default(0));
    }
    let mut key = IndexStatement::create();
    for column in &table.key {
        key.col(Alias::new(*column));
    }
    statement.primary_key(&mut key);
    if let (true, Some(clustered)) = (table.is_clustered, dialect.clustered()) {
        statement.extra(clustered);
    }
    if let Some(collation) = dialect.table_collation() {
        statement.collate(collation);
    }
    statement
}

fn definition(dialect: Dialect, column: &ColumnOf) -> ColumnDef {
    let ty = dialect.column_type(column);
    let mut definition = ColumnDef::new_with_type(Alias::new(column.name), ty);
    if !column.is_nullable {
        definition.not_null();
    }
    if let (false, Some(collation)) = (column.is_integer(), dialect.column_collation()) {
        definition.extra(collation);
    }
    definition
}

/// Adds a column.
pub(crate) fn add_column(dialect: Dialect, table: &TableOf, column: &ColumnOf) -> String {
    let mut definition = definition(dialect, column);
    // The table may have been made with another order of texts than its columns have.
    if let (false, Some(collation)) = (column.is_integer(), dialect.table_collation()) {
        definition.extra(format!("COLLATE {collation}"));
    }
    let mut statement = Table::alter();
    statement
        .table(Alias::new(table.name))
        .add_column(&mut definition);
    let add = dialect.render(&statement);
    match column.generated {
        Some(of) => format!("{add} GENERATED ALWAYS AS ({of}) {}", dialect.generated()),
        None => add,
    }
}

/// Makes an index.
pub(crate) fn create_index(
    dialect: Dialect,
    table: &TableOf,
    index: &Index,
) -> IndexCreateStatement {
    let mut statement = IndexStatement::create();
    statement
        .name(format!("{}_{}", table.name, index.suffix))
        .table(Alias::new(table.name));
    for column in &index.columns {
        statement.col(Alias::new(*column));
    }
    if index.is_unique {
        statement.unique();
    }
    if let (Some(column), true) = (index.only, dialect.knows_partial_indexes()) {
        statement.and_where(Expr::col(Alias::new(column)).is_not_null());
    }
    statement
}
