//! How the databases spell one and the same thing. Where the way itself is another one, as for numbering events or leasing, the
//! module that does it asks which dialect it is.

use relm_core::value::id::Kind;
use sea_orm::ColumnType;
use sea_orm::sea_query::{
    IndexCreateStatement, MysqlQueryBuilder, PostgresQueryBuilder, SchemaBuilder,
    SqliteQueryBuilder, TableAlterStatement, TableCreateStatement,
};

use crate::entity::ColumnOf;
use crate::sql::table;

/// A database, by the SQL that it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
    MariaDb,
    /// MariaDB as a Galera cluster: its nodes share no locks, and find out at `COMMIT` which rows they both wrote.
    Galera,
    MySql,
}

/// How a statement takes many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ManyRows {
    /// As `VALUES (?, …), …`: one shape for each number of rows.
    Values,
    /// As one array for each column: one shape for any number of rows.
    Arrays,
}

impl Dialect {
    /// A column's name as a statement writes it: what the language reserves is quoted.
    pub const fn name(self, column: &'static str) -> &'static str {
        match self {
            Self::Sqlite | Self::Postgres => column,
            // `key` is the one name of ours that the MySQL family reserves.
            Self::MariaDb | Self::Galera | Self::MySql => match column.as_bytes() {
                b"key" => "`key`",
                _ => column,
            },
        }
    }

    /// Reads the clock, in milliseconds since the Unix epoch.
    pub const fn now_millis(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            Self::Postgres => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
            Self::MariaDb | Self::Galera | Self::MySql => {
                "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
            }
        }
    }

    /// What begins an insert. A plan that fails is undone as a whole, so a statement of it need not be able to undo
    /// itself: for that, SQLite would copy each page that it is about to change.
    pub const fn insert(self) -> &'static str {
        match self {
            Self::Sqlite => "INSERT OR FAIL INTO ",
            Self::Postgres | Self::MariaDb | Self::Galera | Self::MySql => "INSERT INTO ",
        }
    }

    pub const fn is_mysql_family(self) -> bool {
        match self {
            Self::Sqlite | Self::Postgres => false,
            Self::MariaDb | Self::Galera | Self::MySql => true,
        }
    }

    pub const fn many_rows(self) -> ManyRows {
        match self {
            Self::Postgres => ManyRows::Arrays,
            Self::Sqlite | Self::MariaDb | Self::Galera | Self::MySql => ManyRows::Values,
        }
    }

    /// What begins the right side of `(a, b) IN (`, before rows in parentheses. The MySQL family takes none.
    pub const fn rows_of_in(self) -> &'static str {
        match self {
            Self::Sqlite | Self::Postgres => "VALUES ",
            Self::MariaDb | Self::Galera | Self::MySql => "",
        }
    }

    /// Ends a read whose rows nobody may delete before the transaction ends. SQLite has one writer anyway.
    pub const fn share_lock(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            // Keeps off a delete, and not an update: many may refer to one record while it changes.
            Self::Postgres => " FOR KEY SHARE",
            // MariaDB knows no other form.
            Self::MariaDb | Self::Galera | Self::MySql => " LOCK IN SHARE MODE",
        }
    }

    /// Ends a read of rows that are written next. SQLite has one writer anyway.
    pub const fn update_lock(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres | Self::MariaDb | Self::Galera | Self::MySql => " FOR UPDATE",
        }
    }

    /// Ends an insert of what may be there already.
    pub const fn or_ignore(self) -> &'static str {
        match self {
            Self::Sqlite | Self::Postgres => " ON CONFLICT DO NOTHING",
            // An update that changes nothing; `INSERT IGNORE` would keep silent about other errors too.
            Self::MariaDb | Self::Galera | Self::MySql => {
                " ON DUPLICATE KEY UPDATE version = version"
            }
        }
    }

    /// Makes an index that may be there already; the MySQL family's own `IF NOT EXISTS` is MariaDB's alone.
    pub fn create_index(self, name: &str, table: &str, columns: &str) -> String {
        let unless_there = match self {
            Self::Sqlite | Self::Postgres => "IF NOT EXISTS ",
            Self::MariaDb | Self::Galera | Self::MySql => "",
        };
        format!("CREATE INDEX {unless_there}{name} ON {table} ({columns})")
    }

    /// Drops an index that may be gone already.
    pub fn drop_index(self, name: &str, table: &str) -> String {
        match self {
            Self::Sqlite | Self::Postgres => format!("DROP INDEX IF EXISTS {name}"),
            Self::MariaDb | Self::Galera | Self::MySql => format!("DROP INDEX {name} ON {table}"),
        }
    }

    /// Ends an insert into `configurations` that counts up the row that is there.
    pub const fn or_count_up(self) -> &'static str {
        match self {
            Self::Sqlite | Self::Postgres => {
                " ON CONFLICT (scope) DO UPDATE SET version = configurations.version + 1"
            }
            // It fires on any unique key, and this table has the one.
            Self::MariaDb | Self::Galera | Self::MySql => {
                " ON DUPLICATE KEY UPDATE version = configurations.version + 1"
            }
        }
    }

    /// Ends an insert into `event_logs` that locks the row that is there, and leaves it as it is.
    pub const fn or_touch_log(self) -> &'static str {
        match self {
            Self::Sqlite | Self::Postgres => {
                " ON CONFLICT (scope) DO UPDATE SET last_seq = event_logs.last_seq"
            }
            Self::MariaDb | Self::Galera | Self::MySql => {
                " ON DUPLICATE KEY UPDATE last_seq = event_logs.last_seq"
            }
        }
    }

    /// Whether many commits run at once, so that rows must be touched in the order of their keys.
    pub const fn has_many_writers(self) -> bool {
        match self {
            Self::Sqlite => false,
            Self::Postgres | Self::MariaDb | Self::Galera | Self::MySql => true,
        }
    }

    /// The type of a column.
    pub fn column_type(self, column: &ColumnOf) -> ColumnType {
        match (self, &column.ty) {
            // SQLite makes a lone key of type `integer` the number of the row, and sea-query calls every integer so there.
            (_, ColumnType::BigInteger) => ColumnType::custom("bigint"),
            // Its texts have no length; sizes are checked in core.
            (Self::Sqlite, _) => ColumnType::Text,
            // A `TEXT` of the MySQL family ends at 64 KiB.
            (Self::MariaDb | Self::Galera | Self::MySql, ColumnType::Text) => {
                ColumnType::custom("longtext")
            }
            (Self::Postgres | Self::MariaDb | Self::Galera | Self::MySql, ty) => ty.clone(),
        }
    }

    /// What a column of texts says of their order, where the table does not say it.
    pub const fn column_collation(self) -> Option<&'static str> {
        match self {
            // "C" compares bytes in a database of any locale, and UTF-8 bytes order by code point.
            Self::Postgres => Some("COLLATE \"C\""),
            // SQLite compares bytes.
            Self::Sqlite | Self::MariaDb | Self::Galera | Self::MySql => None,
        }
    }

    /// What a table says of the order of its texts: by code point, and no padding, so that `'a '` is not `'a'`.
    pub const fn table_collation(self) -> Option<&'static str> {
        match self {
            Self::Sqlite | Self::Postgres => None,
            Self::MariaDb | Self::Galera => Some("utf8mb4_nopad_bin"),
            Self::MySql => Some("utf8mb4_0900_bin"),
        }
    }

    /// What ends a table whose rows are kept in the order of their key.
    pub const fn clustered(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => Some("WITHOUT ROWID"),
            // InnoDB always keeps them so; PostgreSQL never does.
            Self::Postgres | Self::MariaDb | Self::Galera | Self::MySql => None,
        }
    }

    /// What ends the definition of a column that the database computes.
    pub const fn generated(self) -> &'static str {
        match self {
            // The one sort that SQLite adds to a table.
            Self::Sqlite => "VIRTUAL",
            // The one sort that PostgreSQL knows before 18.
            Self::Postgres | Self::MariaDb | Self::Galera | Self::MySql => "STORED",
        }
    }

    /// Whether an index can leave out rows.
    pub const fn knows_partial_indexes(self) -> bool {
        match self {
            Self::Sqlite | Self::Postgres => true,
            Self::MariaDb | Self::Galera | Self::MySql => false,
        }
    }

    /// Whether a table of this name has a column `pin`: on the whole family, since a server may become a node of a cluster.
    pub fn has_pin(self, table_name: &str) -> bool {
        let pinned = Kind::ALL.into_iter().filter(|kind| is_pinned(*kind));
        self.is_mysql_family() && pinned.map(table).any(|pinned| pinned == table_name)
    }

    /// A statement that makes something, as text.
    pub fn render(self, statement: &impl Render) -> String {
        match self {
            Self::Sqlite => statement.render(SqliteQueryBuilder),
            Self::Postgres => statement.render(PostgresQueryBuilder),
            Self::MariaDb | Self::Galera | Self::MySql => statement.render(MysqlQueryBuilder),
        }
    }

    /// The names of the tables that there are.
    pub const fn tables_there(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table'",
            // The catalogue itself: `information_schema` hides the tables that a role has no right on.
            Self::Postgres => {
                "SELECT CAST(relname AS TEXT) FROM pg_catalog.pg_class \
                 WHERE relkind IN ('r', 'p') AND relnamespace = \
                 (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema())"
            }
            Self::MariaDb | Self::Galera | Self::MySql => {
                "SELECT CAST(table_name AS CHAR(64)) FROM information_schema.tables \
                 WHERE table_schema = DATABASE()"
            }
        }
    }

    /// Has a transaction that migrates wait until no other does.
    pub const fn migration_turn(self) -> Option<&'static str> {
        match self {
            // The number names the lock: `relm` in ASCII, and a number.
            Self::Postgres => Some("SELECT 1 FROM pg_advisory_xact_lock(125779936346113)"),
            // Its transaction is the one that writes from the beginning.
            Self::Sqlite => None,
            // A lock of theirs holds on one node of a cluster only, and DDL commits: what is done twice does no harm there.
            Self::MariaDb | Self::Galera | Self::MySql => None,
        }
    }

    /// Has whoever migrates as SeaORM does wait until no other does, for so many seconds at most.
    pub fn migrations_turn(self, seconds: u32) -> Option<String> {
        match self {
            Self::Sqlite | Self::Postgres => self.migration_turn().map(str::to_owned),
            // Whatever the database, it is one server's. On a cluster, other nodes know nothing of it.
            Self::MariaDb | Self::Galera | Self::MySql => {
                Some(format!("SELECT GET_LOCK('relm migrations', {seconds})"))
            }
        }
    }

    /// Ends what [`migrations_turn`](Self::migrations_turn) began, where its transaction does not.
    pub const fn migrations_turn_end(self) -> Option<&'static str> {
        match self {
            Self::Sqlite | Self::Postgres => None,
            Self::MariaDb | Self::Galera | Self::MySql => {
                Some("DO RELEASE_LOCK('relm migrations')")
            }
        }
    }

    /// Whether a transaction may hold many statements that make tables. The MySQL family commits after each, and distributed
    /// databases that speak as PostgreSQL does want one at a time.
    pub const fn makes_many_at_once(self) -> bool {
        match self {
            Self::Sqlite => true,
            Self::Postgres | Self::MariaDb | Self::Galera | Self::MySql => false,
        }
    }

    /// Whether what must not be deleted meanwhile is written to, in its column `pin`, where its table has one: a lock that
    /// is held on one node of a cluster keeps nobody off on another, and a write does.
    pub const fn pins(self, kind: Kind) -> bool {
        match self {
            Self::Sqlite | Self::Postgres | Self::MariaDb | Self::MySql => false,
            Self::Galera => is_pinned(kind),
        }
    }
}

/// Whether records refer to those of a kind, which must not be deleted meanwhile.
const fn is_pinned(kind: Kind) -> bool {
    match kind {
        Kind::Contact | Kind::Company | Kind::Deal | Kind::Activity | Kind::Webhook => true,
        Kind::Association
        | Kind::Field
        | Kind::Event
        | Kind::Delivery
        | Kind::Key
        | Kind::Workspace
        | Kind::Trashed
        | Kind::User
        | Kind::Session
        | Kind::UniqueValue
        | Kind::Import
        | Kind::ImportPart => false,
    }
}

/// A statement of sea-query's that is rendered for one database or another.
pub(crate) trait Render {
    fn render(&self, builder: impl SchemaBuilder) -> String;
}

impl Render for TableCreateStatement {
    fn render(&self, builder: impl SchemaBuilder) -> String {
        self.to_string(builder)
    }
}

impl Render for TableAlterStatement {
    fn render(&self, builder: impl SchemaBuilder) -> String {
        self.to_string(builder)
    }
}

impl Render for IndexCreateStatement {
    fn render(&self, builder: impl SchemaBuilder) -> String {
        self.to_string(builder)
    }
}

/// The tables that Relm keeps, its list of migrations aside.
pub(crate) fn tables() -> impl Iterator<Item = &'static str> {
    Kind::ALL.into_iter().map(table).chain([
        "terms",
        "responses",
        "response_records",
        "configurations",
        "event_logs",
    ])
}
