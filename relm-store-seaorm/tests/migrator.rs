//! Relm's migrations inside a program's own `Migrator`: beside its tables, after the store's own, and by several processes at once.

mod throwaway;

use relm_core::{Crm, Mode};
use relm_store_seaorm::{PoolOptions, SeaOrmStore, migration};
use sea_orm::sea_query::{Alias, ColumnDef, Table};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};
use test_requirements::requires;
use throwaway::{RUNTIME, Server};

static POSTGRES: Server = Server::named("RELM_TEST_POSTGRES_URL");
static MARIADB: Server = Server::named("RELM_TEST_MARIADB_URL");

/// What a program has of its own.
struct Orders;

impl MigrationName for Orders {
    fn name(&self) -> &str {
        "m20261128_orders"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Orders {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut number = ColumnDef::new(Alias::new("number"));
        let mut orders = Table::create();
        orders.table(Alias::new("orders"));
        orders.col(number.big_integer().not_null().primary_key());
        manager.create_table(orders).await
    }
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations: Vec<Box<dyn MigrationTrait>> = vec![Box::new(Orders)];
        migrations.extend(migration::migrations());
        migrations
    }
}

async fn pool(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(3).sqlx_logging(false);
    PoolOptions::new().set_up(&mut options);
    Database::connect(options).await.expect("it connects")
}

async fn count(pool: &DatabaseConnection, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    let sql = Statement::from_string(pool.get_database_backend(), sql);
    let row = pool.query_one_raw(sql).await.expect("it is there");
    let row = row.expect("it counts");
    row.try_get_by_index(0).expect("it is a number")
}

/// Three processes migrate; then the store works, the program's table is there, and each migration was noted once.
async fn several_migrate_and_all_is_there(url: String) {
    let migrate = |_| {
        let url = url.clone();
        tokio::spawn(async move {
            let pool = pool(&url).await;
            let migrated = migration::up::<Migrator>(&pool).await;
            pool.close().await.expect("it closes");
            migrated
        })
    };
    let processes: Vec<_> = (0..3).map(migrate).collect();
    for process in processes {
        process.await.expect("no panic").expect("it migrates");
    }
    is_there(&url).await;
}

async fn is_there(url: &str) {
    let pool = pool(url).await;
    let all = Migrator::migrations().len() as i64;
    assert_eq!(count(&pool, "seaql_migrations").await, all);
    assert_eq!(count(&pool, "relm_migrations").await, all - 1);
    assert_eq!(count(&pool, "orders").await, 0);
    let pending = Migrator::get_pending_migrations(&pool).await;
    assert!(pending.expect("it looks").is_empty());
    let store = SeaOrmStore::new(pool.clone()).await.expect("it opens");
    let crm = Crm::new(store);
    let workspace = crm.create_workspace("acme").await.expect("it is made");
    crm.open(workspace.id, Mode::Live)
        .await
        .expect("it is there");
    pool.close().await.expect("it closes");
}

#[test]
fn on_sqlite() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("shop.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    RUNTIME.block_on(async {
        // Its log is begun by one: two that begin it at once are in each other's way.
        let first = pool(&url).await;
        several_migrate_and_all_is_there(url).await;
        first.close().await.expect("it closes");
    });
}

#[requires(postgres)]
#[test]
fn on_postgres() {
    let database = POSTGRES.empty();
    RUNTIME.block_on(several_migrate_and_all_is_there(database.url()));
}

#[requires(mariadb)]
#[test]
fn on_mariadb() {
    let database = MARIADB.empty();
    RUNTIME.block_on(several_migrate_and_all_is_there(database.url()));
}

/// What the store has made, the program's `Migrator` finds made.
#[test]
fn after_the_store_has_migrated() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("shop.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    RUNTIME.block_on(async {
        let migrated = SeaOrmStore::migrate(&url, PoolOptions::new()).await;
        migrated.expect("it migrates");
        let pool = pool(&url).await;
        Migrator::up(&pool, None).await.expect("it migrates");
        pool.close().await.expect("it closes");
        is_there(&url).await;
    });
}

/// A database that an earlier version filled.
#[test]
fn after_an_earlier_version() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("shop.db");
    let fixture = include_bytes!("fixtures/2026-11/relm.sqlite");
    std::fs::write(&path, fixture).expect("there is room");
    let url = format!("sqlite://{}", path.display());
    RUNTIME.block_on(async {
        let pool = pool(&url).await;
        let before = count(&pool, "contacts").await;
        migration::up::<Migrator>(&pool).await.expect("it migrates");
        assert!(before > 0 && count(&pool, "contacts").await == before);
        pool.close().await.expect("it closes");
        is_there(&url).await;
    });
}
