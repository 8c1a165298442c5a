//! Fresh databases on the servers that the environment names. Where it names none, a test says so and does nothing.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use tokio::runtime::Runtime;

pub static POSTGRES: Databases = Databases::named("RELM_TEST_POSTGRES_URL");
pub static MARIADB: Databases = Databases::named("RELM_TEST_MARIADB_URL");

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static COUNT: AtomicUsize = AtomicUsize::new(0);

pub struct Databases {
    variable: &'static str,
    url: OnceLock<Option<String>>,
}

impl Databases {
    const fn named(variable: &'static str) -> Self {
        Self {
            variable,
            url: OnceLock::new(),
        }
    }

    /// Runs a test with the address of a database that is empty, and is dropped afterwards.
    pub fn run(&self, test: impl FnOnce(&str)) {
        let Some(url) = self.url() else { return };
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("relm_replicas_{}_{number}", std::process::id());
        execute(url, &format!("CREATE DATABASE {name}"));
        let (server, _) = url.rsplit_once('/').unwrap();
        test(&format!("{server}/{name}"));
        let force = if url.starts_with("postgres") {
            " WITH (FORCE)"
        } else {
            ""
        };
        execute(url, &format!("DROP DATABASE {name}{force}"));
    }

    fn url(&self) -> Option<&str> {
        let find = || {
            let url = std::env::var(self.variable).ok();
            if url.is_none() {
                // Past what captures the output of tests.
                let mut stderr = std::io::stderr();
                writeln!(stderr, "skipped: set {} to run these tests", self.variable).unwrap();
            }
            url
        };
        self.url.get_or_init(find).as_deref()
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
