//! Fresh databases on the servers that the environment names: `.ci/databases` starts some. A test that needs one says so
//! with `#[requires(…)]`, and is ignored where there is none.

#![allow(dead_code, reason = "each file of tests uses its part")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::Duration;

use relm_conformance::Guarded;
use relm_core::Store;
use relm_store_seaorm::{PoolOptions, SeaOrmStore};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use tokio::runtime::Runtime;

/// What every store of these tests runs on.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));

/// Options of a store that waits longer for a busy machine than any test may be decided by. Tests of the bounds set their own.
fn patient() -> PoolOptions {
    let patience = Duration::from_secs(60);
    PoolOptions::new()
        .statement_timeout(patience)
        .acquire_timeout(patience)
}

/// A server to make databases on.
pub struct Server {
    variable: &'static str,
    url: OnceLock<String>,
    administration: OnceLock<DatabaseConnection>,
    /// Databases that are migrated and empty: making one costs much more than emptying one.
    idle: Mutex<Vec<String>>,
}

static DATABASES: AtomicUsize = AtomicUsize::new(0);

impl Server {
    /// The server whose address is in this variable.
    pub const fn named(variable: &'static str) -> Self {
        Self {
            variable,
            url: OnceLock::new(),
            administration: OnceLock::new(),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        let find = || {
            let url = std::env::var(self.variable);
            url.unwrap_or_else(|_| panic!("set {} to run these tests", self.variable))
        };
        self.url.get_or_init(find)
    }

    /// A fresh store, and what removes it afterwards.
    pub fn fresh(&'static self) -> (Arc<dyn Store>, Throwaway) {
        let throwaway = self.database();
        let store = throwaway.open(|options| options);
        (store, throwaway)
    }

    /// What the conformance suite takes.
    pub fn guarded(&'static self) -> Guarded {
        let (store, throwaway) = self.fresh();
        Guarded::new(store, throwaway)
    }

    /// The same over a pool of a program's own.
    pub fn guarded_handed(&'static self) -> Guarded {
        let throwaway = self.database();
        let store = throwaway.hand();
        Guarded::new(store, throwaway)
    }

    /// A fresh database, migrated.
    pub fn database(&'static self) -> Throwaway {
        let idle = self.idle.lock().expect("no test panics with it").pop();
        let name = idle.unwrap_or_else(|| {
            let name = self.create();
            self.migrate(&name);
            name
        });
        Throwaway {
            is_reusable: true,
            server: self,
            name,
            stores: Mutex::default(),
            pools: Mutex::default(),
        }
    }

    /// A fresh database without tables.
    pub fn empty(&'static self) -> Throwaway {
        Throwaway {
            is_reusable: false,
            server: self,
            name: self.create(),
            stores: Mutex::default(),
            pools: Mutex::default(),
        }
    }

    fn create(&self) -> String {
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("relm_{}_{number}", std::process::id());
        self.administer(&format!("CREATE DATABASE {name}"));
        name
    }

    fn migrate(&self, name: &str) {
        let migrated = SeaOrmStore::migrate(self.url_of(name), PoolOptions::new());
        let migrated = RUNTIME.block_on(migrated);
        migrated.expect("an empty database migrates");
    }

    fn url_of(&self, name: &str) -> String {
        let (server, _) = self.url().rsplit_once('/').expect("it names a database");
        format!("{server}/{name}")
    }

    /// Runs a statement beside every store.
    pub fn administer(&self, sql: &str) {
        let connection = self.administration.get_or_init(|| connect(self.url()));
        let done = RUNTIME.block_on(connection.execute_unprepared(sql));
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// One connection, beside every store.
pub fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(2).sqlx_logging(false);
    let connected = RUNTIME.block_on(Database::connect(options));
    connected.expect("the server is there")
}

/// The tables of the store.
pub const TABLES: [&str; 22] = [
    "contacts",
    "companies",
    "deals",
    "activities",
    "associations",
    "fields",
    "webhooks",
    "events",
    "deliveries",
    "api_keys",
    "workspaces",
    "users",
    "sessions",
    "terms",
    "responses",
    "response_records",
    "configurations",
    "event_logs",
    "trash",
    "unique_values",
    "imports",
    "import_parts",
];

/// A database that is emptied for another test when this is dropped.
pub struct Throwaway {
    /// Whether it was as a migrated database is when it was given.
    is_reusable: bool,
    server: &'static Server,
    name: String,
    stores: Mutex<Vec<Arc<SeaOrmStore>>>,
    pools: Mutex<Vec<DatabaseConnection>>,
}

impl Throwaway {
    pub fn url(&self) -> String {
        self.server.url_of(&self.name)
    }

    /// Opens a store on it.
    pub fn open(&self, options: impl FnOnce(PoolOptions) -> PoolOptions) -> Arc<SeaOrmStore> {
        let options = options(patient().migrate(false));
        let store = RUNTIME.block_on(SeaOrmStore::connect(self.url(), options));
        let store = Arc::new(store.expect("a migrated database opens"));
        let mut stores = self.stores.lock().expect("no test panics with it");
        stores.push(Arc::clone(&store));
        store
    }

    /// Opens a store over a pool that is set up as one must be and is otherwise as it comes.
    pub fn hand(&self) -> Arc<SeaOrmStore> {
        let mut options = ConnectOptions::new(self.url());
        options.max_connections(6).sqlx_logging(false);
        patient().set_up(&mut options);
        let store = RUNTIME.block_on(async {
            let pool = Database::connect(options).await;
            let pool = pool.expect("the server is there");
            SeaOrmStore::new(pool.clone())
                .await
                .map(|store| (store, pool))
        });
        let (store, pool) = store.expect("it is set up");
        let mut pools = self.pools.lock().expect("no test panics with it");
        pools.push(pool);
        Arc::new(store)
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for store in self
            .stores
            .get_mut()
            .expect("no test panics with it")
            .drain(..)
        {
            RUNTIME.block_on(store.close());
        }
        for pool in self
            .pools
            .get_mut()
            .expect("no test panics with it")
            .drain(..)
        {
            let _ = RUNTIME.block_on(pool.close());
        }
        if !self.is_reusable {
            return;
        }
        let beside = connect(&self.url());
        RUNTIME.block_on(async {
            for table in TABLES {
                let empty = format!("DELETE FROM {table}");
                let emptied = beside.execute_unprepared(&empty).await;
                emptied.expect("it is emptied");
            }
            beside.close().await.expect("it closes");
        });
        let mut idle = self.server.idle.lock().expect("no test panics with it");
        idle.push(std::mem::take(&mut self.name));
    }
}
