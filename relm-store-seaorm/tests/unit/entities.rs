//! The entities say what the engine's columns are and what each database has: names, types, lengths, nulls and indexes.

use relm_core::record::column::{Access, Column, ColumnType as Held, ColumnValue};
use relm_core::record::columns;
use relm_core::value::id::Kind;
use sea_orm::ColumnType;
use sea_orm::sea_query::StringLen;

use crate::dialect::Dialect;
use crate::entity::{
    Index, TableOf, activity, api_key, association, company, contact, deal, delivery, event, field,
    import, import_part, session, table_of, trash, unique_value, user, webhook, workspace,
};
use crate::migration::{STEPS, Session, Work};
use crate::sql::Sql;

/// The table of a kind.
fn of_kind(kind: Kind) -> TableOf {
    match kind {
        Kind::Contact => table_of::<contact::Entity>(),
        Kind::Company => table_of::<company::Entity>(),
        Kind::Deal => table_of::<deal::Entity>(),
        Kind::Activity => table_of::<activity::Entity>(),
        Kind::Association => table_of::<association::Entity>(),
        Kind::Field => table_of::<field::Entity>(),
        Kind::Webhook => table_of::<webhook::Entity>(),
        Kind::Event => table_of::<event::Entity>(),
        Kind::Delivery => table_of::<delivery::Entity>(),
        Kind::Key => table_of::<api_key::Entity>(),
        Kind::Workspace => table_of::<workspace::Entity>(),
        Kind::Trashed => table_of::<trash::Entity>(),
        Kind::User => table_of::<user::Entity>(),
        Kind::Session => table_of::<session::Entity>(),
        Kind::UniqueValue => table_of::<unique_value::Entity>(),
        Kind::Import => table_of::<import::Entity>(),
        Kind::ImportPart => table_of::<import_part::Entity>(),
    }
}

/// Texts of more characters than this have no length in the database, and no index.
const LENGTH_MAX: usize = 1_000;

fn type_of(column: &Column) -> ColumnType {
    let text = |chars: usize| ColumnType::String(StringLen::N(chars as u32));
    match column.ty {
        Held::Text { chars_max } if chars_max > LENGTH_MAX => ColumnType::Text,
        Held::Text { chars_max } => text(chars_max),
        Held::Id(_) => text(40),
        Held::Date => text(10),
        Held::Json => ColumnType::Text,
        Held::Integer | Held::Boolean | Held::Timestamp => ColumnType::BigInteger,
    }
}

fn index_of<'a>(table: &'a TableOf, column: &str) -> Option<&'a Index> {
    table.indexes.iter().find(|index| index.suffix == column)
}

#[test]
fn an_entity_has_the_columns_of_its_kind() {
    for kind in Kind::ALL {
        let table = of_kind(kind);
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let of_core = columns(kind).iter().map(|column| column.name);
        let expected = ["scope", "id", "version"].into_iter().chain(of_core);
        let expected: Vec<&str> = expected.chain(["doc"]).collect();
        assert_eq!(names[..expected.len()], expected, "{kind:?}");
        assert_eq!(table.key, ["scope", "id"]);
        for column in columns(kind) {
            let place = names.iter().position(|name| *name == column.name).unwrap();
            let kept = &table.columns[place];
            let what = format!("{}.{}", table.name, column.name);
            assert_eq!(kept.ty, type_of(column), "{what}");
            let is_always_there = column.required
                || matches!(column.ty, Held::Boolean | Held::Json)
                || column.name == "created_at";
            assert!(!(is_always_there && kept.is_nullable), "{what}");
            let index = index_of(&table, column.name);
            assert!(!kept.is_added || kept.is_nullable, "{what}");
            match column.access {
                Access::Scanned => assert_eq!(index, None, "{what}"),
                Access::Indexed => {
                    let index = index.unwrap_or_else(|| panic!("{what} has no index"));
                    assert_eq!(index.columns, ["scope", column.name, "id"], "{what}");
                    let is_of_all = index.only.is_none();
                    let is_of_some = kept.is_nullable && index.only == Some(column.name);
                    assert!(!index.is_unique && (is_of_all || is_of_some), "{what}");
                }
                Access::Unique => {
                    let index = index.unwrap_or_else(|| panic!("{what} has no index"));
                    assert_eq!(index.columns, ["scope", column.name], "{what}");
                    assert!(index.is_unique && index.only.is_none(), "{what}");
                }
                Access::Awaited => {
                    let index = index.unwrap_or_else(|| panic!("{what} has no index"));
                    assert_eq!(index.columns, [column.name, "scope", "id"], "{what}");
                    assert!(
                        !index.is_unique && index.only == Some(column.name),
                        "{what}"
                    );
                }
                Access::Due => {
                    let due = table
                        .indexes
                        .iter()
                        .find(|index| index.only == Some(column.name));
                    let due = due.unwrap_or_else(|| panic!("{what} has no index"));
                    assert_eq!(due.columns, ["scope", "webhook_id", column.name, "id"]);
                }
            }
        }
    }
}

/// All tables but the list of migrations, whose names had a database's own collation once.
fn tables() -> Vec<TableOf> {
    let made = STEPS.iter().filter_map(|step| match step.work {
        Work::Table(table) => Some(table()),
        Work::Index(..) | Work::Column(..) | Work::Fill(_) | Work::Derive => None,
    });
    made.collect()
}

#[test]
fn the_steps_make_each_index_of_each_entity_once() {
    let mut made: Vec<(&str, &str)> = STEPS
        .iter()
        .filter_map(|step| match step.work {
            Work::Index(table, suffix) => Some((table().name, suffix)),
            Work::Table(_) | Work::Column(..) | Work::Fill(_) | Work::Derive => None,
        })
        .collect();
    let mut said: Vec<(&str, &str)> = Vec::new();
    for table in tables() {
        said.extend(table.indexes.iter().map(|index| (table.name, index.suffix)));
    }
    made.sort_unstable();
    said.sort_unstable();
    assert_eq!(made, said);
    let added = STEPS.iter().filter_map(|step| match step.work {
        Work::Column(table, name) => Some((table().name, name)),
        Work::Table(_) | Work::Index(..) | Work::Fill(_) | Work::Derive => None,
    });
    let added: Vec<(&str, &str)> = added.collect();
    let said = tables().into_iter().flat_map(|table| {
        let columns = table.columns.into_iter();
        let added = columns.filter(|column| column.is_added);
        added.map(move |column| (table.name, column.name))
    });
    let mut said: Vec<(&str, &str)> = said.collect();
    let mut added = added;
    added.sort_unstable();
    said.sort_unstable();
    assert_eq!(added, said);
    let kinds = Kind::ALL.map(|kind| of_kind(kind).name);
    let names: Vec<&str> = tables().iter().map(|table| table.name).collect();
    assert!(kinds.iter().all(|kind| names.contains(kind)), "{names:?}");
}

/// What a table is to be, a line for each column and index.
fn said(dialect: Dialect, table: &TableOf) -> Vec<String> {
    let mut lines = Vec::new();
    for column in &table.columns {
        let (ty, collation) = match (dialect, &column.ty) {
            (Dialect::Sqlite, ColumnType::BigInteger) => ("bigint".to_owned(), "-"),
            (Dialect::Sqlite, _) => ("text".to_owned(), "-"),
            (Dialect::Postgres, ColumnType::BigInteger) => ("bigint".to_owned(), "-"),
            (Dialect::Postgres, ColumnType::String(StringLen::N(chars))) => {
                (format!("character varying({chars})"), "C")
            }
            (Dialect::Postgres, _) => ("text".to_owned(), "C"),
            (_, ColumnType::BigInteger) => ("bigint(20)".to_owned(), "-"),
            (_, ColumnType::String(StringLen::N(chars))) => {
                (format!("varchar({chars})"), "utf8mb4_nopad_bin")
            }
            (..) => ("longtext".to_owned(), "utf8mb4_nopad_bin"),
        };
        let null = if column.is_nullable {
            "null"
        } else {
            "not null"
        };
        lines.push(format!("column {} {ty} {null} {collation}", column.name));
    }
    if dialect.has_pin(table.name) {
        lines.push("column pin bigint(20) not null -".to_owned());
    }
    lines.push(format!("key {}", table.key.join(",")));
    lines.extend(table.indexes.iter().map(|index| {
        let unique = if index.is_unique { "unique" } else { "many" };
        let is_partial = index.only.is_some() && dialect.knows_partial_indexes();
        let part = if is_partial { "part" } else { "all" };
        let columns = index.columns.join(",");
        format!(
            "index {}_{} {unique} {part} {columns}",
            table.name, index.suffix
        )
    }));
    lines
}

/// The same as the database tells it: its columns, its primary key, its indexes.
fn questions(dialect: Dialect, table: &str) -> [String; 3] {
    match dialect {
        Dialect::Sqlite => sqlite_questions(table),
        Dialect::Postgres => postgres_questions(table),
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => mysql_questions(table),
    }
}

fn sqlite_questions(table: &str) -> [String; 3] {
    [
        format!(
            "SELECT 'column ' || name || ' ' || lower(type) || iif(\"notnull\", ' not null -', ' null -') \
             FROM pragma_table_xinfo('{table}') ORDER BY cid"
        ),
        format!(
            "SELECT 'key ' || group_concat(name) FROM \
             (SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk)"
        ),
        format!(
            "SELECT 'index ' || l.name || iif(l.\"unique\", ' unique', ' many') || iif(l.partial, ' part ', ' all ') || \
             (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)) \
             FROM pragma_index_list('{table}') AS l WHERE l.origin = 'c' ORDER BY 1"
        ),
    ]
}

fn postgres_questions(table: &str) -> [String; 3] {
    let indexes = |of: &str, primary: &str| {
        format!(
            "SELECT {of} || string_agg(a.attname, ',' ORDER BY k.place) AS line FROM pg_index x \
             JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
             CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k (attribute, place) \
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attribute \
             WHERE t.relname = '{table}' AND t.relnamespace = CAST(current_schema() AS regnamespace) \
             AND {primary} x.indisprimary GROUP BY i.relname, x.indisunique, x.indpred IS NULL ORDER BY i.relname"
        )
    };
    [
        format!(
            "SELECT 'column ' || column_name || ' ' || data_type || \
             COALESCE('(' || character_maximum_length || ')', '') || \
             CASE is_nullable WHEN 'NO' THEN ' not null ' ELSE ' null ' END || COALESCE(collation_name, '-') \
             FROM information_schema.columns WHERE table_schema = current_schema() \
             AND table_name = '{table}' ORDER BY ordinal_position"
        ),
        indexes("'key '", ""),
        indexes(
            "'index ' || i.relname || CASE WHEN x.indisunique THEN ' unique' ELSE ' many' END || \
             CASE WHEN x.indpred IS NULL THEN ' all ' ELSE ' part ' END",
            "NOT",
        ),
    ]
}

fn mysql_questions(table: &str) -> [String; 3] {
    let indexes = |of: &str, primary: &str| {
        format!(
            "SELECT CAST(CONCAT({of}, GROUP_CONCAT(column_name ORDER BY seq_in_index)) AS CHAR(500)) \
             FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = '{table}' \
             AND index_name {primary} 'PRIMARY' GROUP BY index_name, non_unique ORDER BY index_name"
        )
    };
    [
        format!(
            "SELECT CAST(CONCAT('column ', column_name, ' ', column_type, \
             IF(is_nullable = 'NO', ' not null ', ' null '), COALESCE(collation_name, '-')) AS CHAR(500)) \
             FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '{table}' \
             ORDER BY ordinal_position"
        ),
        indexes("'key '", "="),
        indexes(
            "'index ', index_name, IF(non_unique = 0, ' unique', ' many'), ' all '",
            "<>",
        ),
    ]
}

/// Holds every table of a database to its entity.
pub(crate) async fn are_what_the_database_has(session: &mut impl Session) {
    let dialect = session.dialect();
    for table in tables() {
        let mut lines = Vec::new();
        for question in questions(dialect, table.name) {
            for row in session.rows(&Sql::new(&question)).await.unwrap() {
                match row.as_slice() {
                    [Some(ColumnValue::Text(line))] => lines.push(line.clone().into_owned()),
                    other => panic!("{other:?}"),
                }
            }
        }
        // Databases sort names each in its own way.
        lines.sort_unstable();
        let mut said = said(dialect, &table);
        said.sort_unstable();
        assert_eq!(lines, said, "{}", table.name);
    }
}
