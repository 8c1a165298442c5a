//! The steps as migrations of SeaORM's.

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};

use super::steps::{STEPS, Step};
use crate::dialect::Dialect;
use crate::pooled::migration::run_to;
use crate::pooled::session::dialect_of;

/// How long a process waits for another that migrates, where the database must be told: in seconds.
const TURN_SECONDS: u32 = 3_600;

/// Relm's migrations alone. Beside it, [`migrations`] is for a program's own `Migrator`.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        migrations()
    }
}

/// All of Relm's migrations, in their order. A release adds to the end, and changes none; each can be applied again, and none undone.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let numbered = (1..).zip(STEPS);
    numbered
        .map(|(number, step)| Box::new(Numbered::new(number, step)) as Box<dyn MigrationTrait>)
        .collect()
}

/// Applies the pending migrations of a program's `Migrator`, or of [ours](Migrator), however many processes do so at once: one after the
/// other. SeaORM's own `up` takes no lock, so that of replicas that start together all but one fail. On MariaDB and MySQL the pool needs two
/// connections, since DDL ends the transaction that it is in.
///
/// # Errors
/// What SeaORM says, and what the database says.
pub async fn up<M: MigratorTrait>(database: &DatabaseConnection) -> Result<(), DbErr> {
    let dialect = dialect_of(database).await?;
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let turn = database.begin_with_options(options).await?;
    if let Some(wait) = dialect.migrations_turn(TURN_SECONDS) {
        let wait = Statement::from_string(database.get_database_backend(), wait);
        turn.query_one_raw(wait).await?;
    }
    let applied = match dialect {
        Dialect::Sqlite | Dialect::Postgres => M::up(&turn, None).await,
        Dialect::MariaDb | Dialect::Galera | Dialect::MySql => M::up(database, None).await,
    };
    end(turn, dialect, applied).await
}

/// Lets the next process have its turn.
async fn end(
    turn: DatabaseTransaction,
    dialect: Dialect,
    applied: Result<(), DbErr>,
) -> Result<(), DbErr> {
    if let Some(end) = dialect.migrations_turn_end() {
        turn.execute_unprepared(end).await?;
    }
    match applied {
        Ok(()) => turn.commit().await,
        Err(error) => {
            turn.rollback().await?;
            Err(error)
        }
    }
}

/// A step, and which one it is.
struct Numbered {
    number: usize,
    name: String,
}

impl Numbered {
    fn new(number: usize, step: &Step) -> Self {
        let name = format!("relm_{number:04}_{}", step.name.replace([' ', ','], "_"));
        Self { number, name }
    }
}

impl MigrationName for Numbered {
    fn name(&self) -> &str {
        &self.name
    }
}

#[async_trait]
impl MigrationTrait for Numbered {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let on = manager.get_connection();
        let dialect = dialect_of(on).await?;
        let migrated = run_to(on, dialect, self.number).await;
        migrated.map_err(|error| DbErr::Migration(error.to_string()))
    }
}
