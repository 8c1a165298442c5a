//! What differs between the databases' SQL, in one place.

use relm_core::value::id::Kind;

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

    /// Whether many commits run at once, so that rows must be touched in the order of their keys.
    pub const fn has_many_writers(self) -> bool {
        match self {
            Self::Sqlite => false,
            Self::Postgres | Self::MariaDb | Self::Galera | Self::MySql => true,
        }
    }

    /// A statement of the schema as this database takes it.
    pub fn ddl(self, ddl: &str) -> String {
        let mut rest = ddl;
        let mut ddl = String::with_capacity(2 * rest.len());
        while let Some((before, after)) = rest.split_once('{') {
            ddl.push_str(before);
            let (token, after) = after.split_once('}').unwrap_or((after, ""));
            self.token(token, &mut ddl);
            rest = after;
        }
        ddl.push_str(rest);
        ddl.replace(", key ", &format!(", {} ", self.name("key")))
    }

    fn token(self, token: &str, ddl: &mut String) {
        let (word, argument) = token.split_once(':').unwrap_or((token, ""));
        match (self, word) {
            (Self::Sqlite, "clustered") => ddl.push_str(" WITHOUT ROWID"),
            // InnoDB always keeps rows in the order of their key; PostgreSQL never does.
            (Self::Postgres | Self::MariaDb | Self::Galera | Self::MySql, "clustered") => {}
            (Self::Sqlite | Self::Postgres, "only") => {
                ddl.push_str(" WHERE ");
                ddl.push_str(argument);
                ddl.push_str(" IS NOT NULL");
            }
            (Self::MariaDb | Self::Galera | Self::MySql, "only") => {}
            (Self::MariaDb | Self::Galera | Self::MySql, "pin") => {
                ddl.push_str(", pin BIGINT NOT NULL DEFAULT 0");
            }
            (Self::Sqlite | Self::Postgres, "pin") => {}
            (Self::Sqlite, _) => ddl.push_str("TEXT"),
            // "C" compares bytes in a database of any locale, and UTF-8 bytes order by code point.
            (Self::Postgres, "long") => ddl.push_str("TEXT COLLATE \"C\""),
            (Self::Postgres, _) => {
                ddl.push_str("VARCHAR(");
                ddl.push_str(argument);
                ddl.push_str(") COLLATE \"C\"");
            }
            (Self::MariaDb | Self::Galera | Self::MySql, _) => {
                match word {
                    "long" => ddl.push_str("LONGTEXT"),
                    _ => {
                        ddl.push_str("VARCHAR(");
                        ddl.push_str(argument);
                        ddl.push(')');
                    }
                }
                ddl.push_str(" CHARACTER SET utf8mb4 COLLATE ");
                ddl.push_str(self.binary_collation());
            }
        }
    }

    /// The collation of code points that pads nothing: `'a '` is not `'a'`.
    const fn binary_collation(self) -> &'static str {
        match self {
            Self::Sqlite | Self::Postgres => "",
            Self::MariaDb | Self::Galera => "utf8mb4_nopad_bin",
            Self::MySql => "utf8mb4_0900_bin",
        }
    }

    /// Whether what must not be deleted meanwhile is written to, in its column `pin`, where its table has one: a lock that
    /// is held on one node of a cluster keeps nobody off on another, and a write does.
    pub const fn pins(self, kind: Kind) -> bool {
        match (self, kind) {
            (Self::Sqlite | Self::Postgres | Self::MariaDb | Self::MySql, _) => false,
            (
                Self::Galera,
                Kind::Contact | Kind::Company | Kind::Deal | Kind::Activity | Kind::Webhook,
            ) => true,
            (
                Self::Galera,
                Kind::Association
                | Kind::Field
                | Kind::Event
                | Kind::Delivery
                | Kind::Key
                | Kind::Workspace,
            ) => false,
        }
    }
}

/// The tables that Relm keeps, its list of migrations aside.
pub(crate) fn tables() -> impl Iterator<Item = &'static str> {
    relm_core::record::KINDS
        .into_iter()
        .map(table)
        .chain(["terms", "responses", "configurations"])
}
