//! What runs statements: whatever connection of a pool is free, or the one of a transaction.

use std::ops::ControlFlow;

use relm_core::record::Document;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};

use super::error::Failure;
use super::statement::{Connected, document};
use crate::dialect::Dialect;
use crate::sql::Sql;

#[derive(Clone, Copy)]
pub(super) struct Executor<'a> {
    database: &'a Connected,
    transaction: Option<&'a DatabaseTransaction>,
}

impl<'a> Executor<'a> {
    /// Each statement on a connection of the pool.
    pub fn of_pool(database: &'a Connected) -> Self {
        Self {
            database,
            transaction: None,
        }
    }

    /// Each statement in this transaction.
    pub fn within(database: &'a Connected, transaction: &'a DatabaseTransaction) -> Self {
        Self {
            database,
            transaction: Some(transaction),
        }
    }

    /// The database, where statements run on its pool.
    pub fn pool(&self) -> Option<&'a Connected> {
        self.transaction.is_none().then_some(self.database)
    }

    pub fn dialect(&self) -> Dialect {
        self.database.dialect
    }

    /// Runs a write; the number of rows that it touched.
    pub async fn execute(&self, sql: &Sql) -> Result<u64, Failure> {
        match self.transaction {
            Some(transaction) => self.database.execute(transaction, sql).await,
            None => self.database.execute(&self.database.pool, sql).await,
        }
    }

    /// Runs a read, or a write that returns rows.
    pub async fn rows(&self, sql: &Sql) -> Result<Vec<QueryResult>, Failure> {
        match self.transaction {
            Some(transaction) => self.database.rows(transaction, sql).await,
            None => self.database.rows(&self.database.pool, sql).await,
        }
    }

    /// Reads documents: `id, doc`.
    pub async fn documents(&self, sql: &Sql) -> Result<Vec<Document>, Failure> {
        match self.transaction {
            Some(transaction) => self.database.documents(transaction, sql).await,
            None => self.database.documents(&self.database.pool, sql).await,
        }
    }

    /// Reads documents one by one, as [`each_row`](Self::each_row) reads rows: `id, doc`.
    pub async fn each_document(
        &self,
        sql: &Sql,
        mut see: impl FnMut(Document) -> ControlFlow<()> + Send,
    ) -> Result<ControlFlow<()>, Failure> {
        self.each_row(sql, |row| Ok(see(document(row, 0)?))).await
    }

    /// Reads row by row, for as long as the reader goes on. Whether it went on to the end.
    pub async fn each_row(
        &self,
        sql: &Sql,
        see: impl FnMut(&QueryResult) -> Result<ControlFlow<()>, Failure> + Send,
    ) -> Result<ControlFlow<()>, Failure> {
        let database = self.database;
        match self.transaction {
            Some(transaction) => database.each_row(transaction, sql, see).await,
            None => database.each_row(&database.pool, sql, see).await,
        }
    }

    /// Runs statements that are about the transaction itself, which no driver prepares.
    pub async fn control(&self, sql: &str) -> Result<(), Failure> {
        let run = match self.transaction {
            Some(transaction) => transaction.execute_unprepared(sql),
            None => self.database.pool.execute_unprepared(sql),
        };
        self.database.within(run).await.map(drop)
    }

    /// What several statements run on that are to see one state. Within a transaction they see what its isolation level has
    /// them see.
    pub async fn snapshot(&self) -> Result<Snapshot<'a>, Failure> {
        Ok(match self.transaction {
            Some(_) => Snapshot::Within(*self),
            None => Snapshot::Own(self.database, self.database.snapshot().await?),
        })
    }
}

/// One state of a database, which several statements read.
pub(super) enum Snapshot<'a> {
    /// A transaction of its own that reads.
    Own(&'a Connected, DatabaseTransaction),
    Within(Executor<'a>),
}

impl Snapshot<'_> {
    pub fn executor(&self) -> Executor<'_> {
        match self {
            Self::Own(database, snapshot) => Executor::within(database, snapshot),
            Self::Within(executor) => *executor,
        }
    }

    pub async fn end(self) -> Result<(), Failure> {
        match self {
            Self::Own(database, snapshot) => database.within(snapshot.commit()).await,
            Self::Within(_) => Ok(()),
        }
    }
}
