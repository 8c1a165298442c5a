//! Fresh databases on the servers that the environment names. A test that needs one says so with
//! `#[requires(…)]`, and is ignored where there is none.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use tokio::runtime::Runtime;

pub static POSTGRES: Databases = Databases::named("RELM_TEST_POSTGRES_URL");
pub static MARIADB: Databases = Databases::named("RELM_TEST_MARIADB_URL");

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static COUNT: AtomicUsize = AtomicUsize::new(0);

pub struct Databases {
    variable: &'static str,
}

impl Databases {
    const fn named(variable: &'static str) -> Self {
        Self { variable }
    }

    /// Runs a test with the address of a database that is empty, and is dropped afterwards.
    pub fn run(&self, test: impl FnOnce(&str)) {
        let url = std::env::var(self.variable);
        let url = url.unwrap_or_else(|_| panic!("set {} to run these tests", self.variable));
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("relm_replicas_{}_{number}", std::process::id());
        execute(&url, &format!("CREATE DATABASE {name}"));
        let (server, _) = url.rsplit_once('/').unwrap();
        test(&format!("{server}/{name}"));
        let force = if url.starts_with("postgres") {
            " WITH (FORCE)"
        } else {
            ""
        };
        execute(&url, &format!("DROP DATABASE {name}{force}"));
    }
}

/// Runs one statement.
pub fn execute(url: &str, sql: &str) {
    RUNTIME.block_on(async {
        let connection: DatabaseConnection = Database::connect(url).await.unwrap();
        connection.execute_unprepared(sql).await.unwrap();
        connection.close().await.unwrap();
    });
}
