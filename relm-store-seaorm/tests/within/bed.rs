//! A database with an engine over it, and a table of the program's own.

use std::any::Any;
use std::sync::Arc;

use relm_core::store::Store;
use relm_core::{Contact, ContactInput, Crm, ListRequest, Mode, Scoped};
use relm_store_seaorm::{PoolOptions, SeaOrmStore, migration};
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectOptions, Database, DbBackend, QueryOrder, Set};

use crate::throwaway::{RUNTIME, Server, TABLES};

pub static POSTGRES: Server = Server::named("RELM_TEST_POSTGRES_URL");
pub static MARIADB: Server = Server::named("RELM_TEST_MARIADB_URL");

pub type Tested = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// What the program itself keeps.
pub mod order {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub contact_id: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub struct Bed {
    pub store: SeaOrmStore,
    pub crm: Crm,
    /// A workspace that was there before.
    pub live: Scoped,
    /// The program's own pool.
    pub pool: DatabaseConnection,
    pub url: String,
    _guard: Box<dyn Any>,
}

impl Bed {
    pub fn postgres() -> Self {
        Self::on(&POSTGRES)
    }

    pub fn mariadb() -> Self {
        Self::on(&MARIADB)
    }

    fn on(server: &'static Server) -> Self {
        let throwaway = server.database();
        let store = throwaway.open(|options| options);
        let url = throwaway.url();
        Self::over(SeaOrmStore::clone(&store), url, Box::new(throwaway))
    }

    /// A file, and a pool as SeaORM opens it.
    pub fn sqlite() -> Self {
        let (store, folder) = Self::sqlite_alone();
        let path = folder.path().join("relm.db");
        let url = format!("sqlite://{}", path.display());
        Self::over(store, url, Box::new(folder))
    }

    /// A store over such a file, and its folder.
    pub fn sqlite_alone() -> (SeaOrmStore, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("relm.db");
        let url = format!("sqlite://{}?mode=rwc", path.display());
        (RUNTIME.block_on(Self::sqlite_at(&url)), folder)
    }

    pub async fn sqlite_at(url: &str) -> SeaOrmStore {
        let mut options = ConnectOptions::new(url);
        options.max_connections(4).sqlx_logging(false);
        let pool = Database::connect(options).await.expect("it connects");
        migration::migrate(&pool).await.expect("it migrates");
        SeaOrmStore::new(pool).await.expect("it opens")
    }

    fn over(store: SeaOrmStore, url: String, guard: Box<dyn Any>) -> Self {
        RUNTIME.block_on(async {
            let mut options = ConnectOptions::new(&url);
            options.max_connections(2).sqlx_logging(false);
            PoolOptions::new().set_up(&mut options);
            let pool = Database::connect(options).await.expect("it connects");
            for sql in [
                "DROP TABLE IF EXISTS orders",
                "CREATE TABLE orders (number BIGINT PRIMARY KEY, contact_id VARCHAR(40) NOT NULL)",
            ] {
                pool.execute_unprepared(sql).await.expect("it is made");
            }
            let crm = Crm::new(store.clone());
            let acme = crm.create_workspace("acme").await.expect("it is made");
            let live = crm.open(acme.id, Mode::Live).await.expect("it is there");
            Self {
                store,
                crm,
                live,
                pool,
                url,
                _guard: guard,
            }
        })
    }

    /// A new engine over the same store, which remembers nothing.
    pub fn other_crm(&self) -> Crm {
        Crm::builder(Arc::new(self.store.clone()) as Arc<dyn Store>).build()
    }

    /// The rows of every table, the program's among them.
    pub async fn rows(&self) -> Vec<(&'static str, i64)> {
        let mut counts = Vec::new();
        for table in TABLES.into_iter().chain(["orders"]) {
            let sql = match table {
                "configurations" => {
                    "SELECT CAST(COALESCE(SUM(version), 0) AS SIGNED) FROM configurations"
                        .to_owned()
                }
                table => format!("SELECT COUNT(*) FROM {table}"),
            };
            let sql = match self.pool.get_database_backend() {
                DbBackend::MySql => sql,
                DbBackend::Postgres => sql.replace("AS SIGNED", "AS BIGINT"),
                _ => sql.replace("AS SIGNED", "AS INTEGER"),
            };
            let statement = sea_orm::Statement::from_string(self.pool.get_database_backend(), sql);
            let row = self.pool.query_one_raw(statement).await.expect("it reads");
            let row = row.expect("a count is a row");
            counts.push((table, row.try_get_by_index(0).expect("it is a number")));
        }
        counts
    }

    pub async fn orders(&self) -> Vec<i64> {
        let orders = order::Entity::find().order_by_asc(order::Column::Number);
        let orders = orders.all(&self.pool).await;
        let orders = orders.expect("it reads");
        orders.into_iter().map(|order| order.number).collect()
    }

    pub async fn contacts(&self) -> Vec<Contact> {
        all(&self.live).await
    }

    /// Ends the program's own pool, which must be gone before its database is emptied.
    pub fn end(self) {
        RUNTIME.block_on(async {
            let dropped = self.pool.execute_unprepared("DROP TABLE orders").await;
            dropped.expect("it is dropped");
            self.pool.clone().close().await.expect("it closes");
        });
    }
}

pub async fn all(live: &Scoped) -> Vec<Contact> {
    let page = live.contacts().list(&ListRequest::default()).await;
    page.expect("it lists").data
}

pub fn person(email: &str) -> ContactInput {
    ContactInput {
        email: email.into(),
        ..Default::default()
    }
}

/// An order of the program's, for a contact.
pub async fn place_order(
    on: &impl ConnectionTrait,
    number: i64,
    contact: &Contact,
) -> Result<order::Model, DbErr> {
    let order = order::ActiveModel {
        number: Set(number),
        contact_id: Set(contact.id.to_string()),
    };
    order.insert(on).await
}

/// The word for what became of the transaction.
pub fn reason<T: std::fmt::Debug>(failed: relm_core::Result<T>) -> String {
    let error = failed.expect_err("it fails");
    error
        .reason()
        .unwrap_or_else(|| error.kind().code())
        .to_owned()
}

/// Makes a test of each of these functions, on each database.
macro_rules! on_every_database {
    ($($name:ident)*) => {
        mod on_postgres {
            $(#[test_requirements::requires(postgres)]
            #[test]
            fn $name() {
                $crate::bed::run($crate::Bed::postgres(), async |bed| super::$name(bed).await);
            })*
        }
        mod on_mariadb {
            $(#[test_requirements::requires(mariadb)]
            #[test]
            fn $name() {
                $crate::bed::run($crate::Bed::mariadb(), async |bed| super::$name(bed).await);
            })*
        }
        mod on_sqlite {
            $(#[test]
            fn $name() {
                $crate::bed::run($crate::Bed::sqlite(), async |bed| super::$name(bed).await);
            })*
        }
    };
}
pub(crate) use on_every_database;

pub fn run(bed: Bed, test: impl AsyncFnOnce(&Bed) -> Tested) {
    let tested = RUNTIME.block_on(test(&bed));
    tested.expect("the test has no error");
    bed.end();
}

/// Runs a test with a store whose runtime has one thread, in a program of one task: nothing that was spawned goes on before the
/// test waits for something.
pub fn on_one_thread<F>(bed: &Bed, test: impl FnOnce(SeaOrmStore, Scoped) -> F + Send) -> Tested
where
    F: Future<Output = Tested>,
{
    let (url, workspace) = (bed.url.as_str(), bed.live.scope().workspace());
    let tested = || -> Tested {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let store = SeaOrmStore::connect(url, PoolOptions::new().migrate(false)).await?;
            let live = Crm::new(store.clone()).open(workspace, Mode::Live).await?;
            test(store.clone(), live).await?;
            store.close().await;
            Ok(())
        })
    };
    let tested = std::thread::scope(|scope| scope.spawn(tested).join());
    tested.expect("the test does not panic")
}
