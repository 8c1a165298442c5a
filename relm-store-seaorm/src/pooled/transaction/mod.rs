//! Transactions that a program holds, and that changes of the CRM are part of.
//!
//! A transaction belongs to its [`Transaction`], and whatever is done in it is done alone: a call of the store takes the
//! transaction's state for as long as it lasts, and runs in a task of its own, so that a future that is dropped leaves
//! nothing half done in what the program may commit next.

mod connection;
mod nested;
pub(super) mod savepoint;
mod shared;
mod store;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use relm_core::store::{AfterCommit, Store, StoreError, StoreTransaction, TransactionFailure};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use tokio::sync::oneshot;

use self::savepoint::IS_THERE;
use self::shared::{Held, Kept, Shared, State};
use self::store::TransactionStore;
use super::error::{Cause, Failure};
use super::executor::Executor;
use super::{SeaOrmStore, commit, session};
use crate::open_error::OpenError;

pub use self::connection::TransactionRows;

/// What is known of a transaction in which nothing more can be done.
const UNDONE_BEFORE: Cause =
    Cause::Said("a statement of it failed, or the transaction around it has ended");

/// A transaction that holds changes of the CRM and the program's own rows: both are committed, or neither.
///
/// It is a connection to SeaORM: `order.insert(&transaction)` works as on any other, and so do streams and transactions within
/// it. [`Crm::within`](relm_core::Crm::within) and [`Scoped::within`](relm_core::Scoped::within) take it, and say what is
/// promised there.
///
/// ```
/// # #[cfg(feature = "sqlx-sqlite")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> { tokio::runtime::Runtime::new()?.block_on(async {
/// use relm_core::{ContactInput, Crm, Mode};
/// use relm_store_seaorm::{SeaOrmStore, migration};
/// use sea_orm::{ConnectionTrait, Database};
///
/// # let folder = tempfile::tempdir()?;
/// # let url = format!("sqlite://{}?mode=rwc", folder.path().join("shop.db").display());
/// let database = Database::connect(url).await?;
/// migration::migrate(&database).await?;
/// let store = SeaOrmStore::new(database).await?;
/// let crm = Crm::new(store.clone());
///
/// let transaction = store.begin().await?;
/// let inside = crm.within(&transaction);
/// let acme = inside.create_workspace("acme").await?;
/// let live = inside.open(acme.id, Mode::Live).await?;
/// let input = ContactInput { email: "ada@example.com".into(), ..Default::default() };
/// let ada = live.contacts().create(input).await?;
/// transaction.execute_unprepared("CREATE TABLE orders (contact_id TEXT)").await?;
/// transaction.execute_unprepared(&format!("INSERT INTO orders VALUES ('{}')", ada.id)).await?;
/// transaction.commit().await?;
///
/// let live = crm.open(acme.id, Mode::Live).await?;
/// assert_eq!(live.contacts().get(ada.id).await?, Some(ada));
/// # Ok(()) }) }
/// # #[cfg(not(feature = "sqlx-sqlite"))]
/// # fn main() {}
/// ```
///
/// Dropped, it is rolled back. One thing is done in it at a time, and the next one waits: whoever keeps a stream of it open
/// and asks for something else is told so once the time of a statement is over. While it is open, ask this process for what
/// belongs to it through it alone: whatever goes another way needs another connection, and may wait for a lock that the
/// transaction holds.
///
/// While a transaction within it is open, everything is done in that one: this one and its handles refuse what they are asked
/// (`internal_error`), since it would be undone with the inner one. Whoever ends this one first has both undone.
///
/// A program that does nothing in it for a minute loses it on PostgreSQL, where the pool is the store's own or
/// [`PoolOptions`](super::PoolOptions) set it up (`idle_in_transaction_session_timeout`): what comes next fails, and nothing is
/// committed.
///
/// Nothing more can be done in a transaction that the database has undone, as the MySQL family does with the victim of a
/// deadlock: SeaORM alone would carry on outside of any transaction, and this refuses each statement and the commit.
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction {
    /// None once it has ended.
    held: Option<Arc<Held>>,
    shared: Arc<Shared>,
    after_commit: Arc<AfterCommit>,
    /// What is done once the transaction around this one is committed.
    outer: Option<Arc<AfterCommit>>,
    /// 1, and one more for each transaction around this one.
    level: usize,
}

/// Begins a transaction on the pool of a store.
pub(super) async fn begin(store: &SeaOrmStore) -> relm_core::Result<Transaction> {
    let (database, places) = (Arc::clone(&store.database), store.places.clone());
    let (_caller, gone) = oneshot::channel();
    let begun = store.runtime.spawn(async move {
        let place = places.take(gone).await;
        let place = place.map_err(Failure::into_store_error)?;
        let begin = || async {
            let turn = database.turn().await?;
            Ok((database.begin().await?, turn))
        };
        let (transaction, turn) = commit::read(&database, begin).await?;
        let kept = Arc::new(Kept {
            _turn: turn,
            _place: Some(place),
        });
        Ok(Held { transaction, kept })
    });
    let held: Result<Held, StoreError> =
        begun.await.unwrap_or_else(|error| Err(super::ended(error)));
    Ok(Transaction::new(store, held?))
}

/// Takes a transaction over that the program began.
pub(super) async fn adopt(
    store: &SeaOrmStore,
    transaction: DatabaseTransaction,
) -> Result<Transaction, OpenError> {
    let (found, needed) = (
        transaction.get_database_backend(),
        store.database.pool.get_database_backend(),
    );
    if found != needed {
        return Err(OpenError::Transaction {
            setting: "a database",
            found: found.as_str().to_owned(),
            needed: needed.as_str(),
        });
    }
    session::check_transaction(&transaction, store.database.dialect).await?;
    let kept = Arc::default();
    Ok(Transaction::new(store, Held { transaction, kept }))
}

impl Transaction {
    fn new(store: &SeaOrmStore, held: Held) -> Self {
        Self {
            held: Some(Arc::new(held)),
            shared: Shared::new(store),
            after_commit: Arc::default(),
            outer: None,
            level: 1,
        }
    }

    /// Commits what was done in it, the program's rows and the changes of the CRM; then the dispatcher is woken, and subscribers
    /// hear of it. Once begun it goes on to all of that, also where the future is dropped.
    ///
    /// # Errors
    /// `unavailable`, with `transaction_conflict` as its [reason](relm_core::Error::reason) where another transaction was in the
    /// way, and `transaction_undone` where the database had undone it before: nothing was committed. `outcome_unknown` when the
    /// connection was lost on the way. `internal_error` where a transaction within this one is open: neither of them is
    /// committed, and the inner one is told so when it asks for anything.
    pub async fn commit(mut self) -> relm_core::Result<()> {
        let (after_commit, outer) = (Arc::clone(&self.after_commit), self.outer.take());
        self.end(|shared, held, state| async move {
            commit_held(&shared, held, state).await?;
            // Here, where nobody drops it; and before the outer transaction can be committed.
            match outer {
                Some(outer) => after_commit.hand_to(&outer),
                None => after_commit.run(),
            }
            Ok(())
        })
        .await
    }

    /// Commits it within a transaction that is around it and that its program holds: what [`commit`](Self::commit) would do
    /// afterwards is given back, to be [run](AfterCommit::run) once that one is committed. Where it is dropped, what waits to
    /// be delivered is found by the next poll all the same.
    ///
    /// # Errors
    /// As for [`commit`](Self::commit).
    pub async fn release(mut self) -> relm_core::Result<Arc<AfterCommit>> {
        let after_commit = Arc::clone(&self.after_commit);
        self.end(|shared, held, state| async move { commit_held(&shared, held, state).await })
            .await?;
        Ok(after_commit)
    }

    /// Undoes what was done in it.
    ///
    /// # Errors
    /// `unavailable` when the database does not answer: it undoes the transaction by itself then. `internal_error` where a
    /// transaction within this one is open: all is undone once that one has ended, too, however it does.
    pub async fn rollback(mut self) -> relm_core::Result<()> {
        self.end(|shared, held, _| async move { roll_back(&shared, held).await })
            .await
    }

    /// Ends it in a task of its own, before anything that the program asks for next.
    async fn end<F>(
        &mut self,
        end: impl FnOnce(Arc<Shared>, Arc<Held>, State) -> F + Send + 'static,
    ) -> relm_core::Result<()>
    where
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let Some(held) = self.held.take() else {
            return Err(ended().into());
        };
        let (shared, level) = (Arc::clone(&self.shared), self.level);
        // Not in the task, which begins when the runtime has it begin: a future that is dropped by then ends it all the same.
        let place = shared.place();
        let task = self.shared.runtime.spawn(async move {
            let (alone, held) = shared.take_over(place, held, level).await?;
            let ended = end(shared, held, *alone).await;
            // Only now: who comes next finds the connection free.
            drop(alone);
            ended
        });
        let gone = |_| {
            Err(StoreError::ambiguous(
                "the task that ends a transaction did not",
            ))
        };
        Ok(task.await.unwrap_or_else(gone)?)
    }
}

/// The transaction as SeaORM has it, for functions that take that. What is done through it is not guarded: it may come between
/// the statements of a change that is under way, and a transaction that the database has undone refuses nothing.
impl AsRef<DatabaseTransaction> for Transaction {
    fn as_ref(&self) -> &DatabaseTransaction {
        let held = self.held.as_ref();
        // Whoever ends a transaction has it whole.
        &held
            .expect("a transaction that is borrowed has not ended")
            .transaction
    }
}

impl StoreTransaction for Transaction {
    fn store(&self) -> Arc<dyn Store> {
        let held = self.held.as_ref().map(Arc::downgrade);
        Arc::new(TransactionStore::new(
            held.unwrap_or_default(),
            Arc::clone(&self.shared),
            self.level,
        ))
    }

    fn after_commit(&self) -> Arc<AfterCommit> {
        Arc::clone(&self.after_commit)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            self.shared.let_go(held, self.level);
        }
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

async fn commit_held(shared: &Shared, held: Arc<Held>, state: State) -> Result<(), StoreError> {
    if state == State::Undone {
        return Err(undone(UNDONE_BEFORE));
    }
    let database = &shared.database;
    let executor = Executor::within(database, &held.transaction);
    // PostgreSQL commits nothing of a transaction that has failed, and calls that a success.
    if let Err(failure) = executor.control(IS_THERE).await {
        return Err(undone(failure.cause()));
    }
    let Held {
        transaction,
        kept: _kept,
    } = whole(held)?;
    let committed = match database.liveness.check() {
        Ok(()) => database.within(transaction.commit()).await,
        Err(away) => return Err(away.into_store_error()),
    };
    committed.map_err(|failure| match failure {
        Failure::Contention(cause) => StoreError::transaction(TransactionFailure::Conflict, cause),
        // What the program's tables are held to at the commit.
        Failure::Unmet(cause) | Failure::Fault(cause) => undone(cause),
        Failure::Unwritable(..) => failure.into_store_error(),
        Failure::Lost(cause) | Failure::Unavailable(cause) | Failure::Away(cause) => {
            StoreError::ambiguous(cause)
        }
    })
}

async fn roll_back(shared: &Shared, held: Arc<Held>) -> Result<(), StoreError> {
    let Held {
        transaction,
        kept: _kept,
    } = whole(held)?;
    let rolled_back = shared.database.within(transaction.rollback()).await;
    rolled_back.map_err(Failure::into_store_error)
}

/// What a transaction holds, of which nobody else has anything: whoever has it has the transaction's state.
fn whole(held: Arc<Held>) -> Result<Held, StoreError> {
    let in_use = || StoreError::fault("a call within the transaction has not ended");
    Arc::into_inner(held).ok_or_else(in_use)
}

fn undone(cause: Cause) -> StoreError {
    StoreError::transaction(TransactionFailure::Undone, cause)
}

fn ended() -> StoreError {
    let said = "the transaction was committed or rolled back";
    StoreError::transaction(TransactionFailure::Ended, said)
}
