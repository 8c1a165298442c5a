//! What those who work in one transaction share: whose turn it is, and whether there is still a transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use relm_core::store::StoreError;
use sea_orm::{DatabaseTransaction, DbErr};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit};

use crate::pooled::SeaOrmStore;
use crate::pooled::error::{Cause, Failure, ends_transaction};
use crate::pooled::statement::{Connected, Turn};

/// A transaction as SeaORM has it, and what it keeps from others as long as it lasts. Whoever works in it has its
/// [state](Shared::alone) first, and lets go of this before that.
pub(super) struct Held {
    pub transaction: DatabaseTransaction,
    pub _turn: Turn,
    pub _place: Option<OwnedSemaphorePermit>,
}

/// Whether something can be done in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// The database has undone it, or nobody knows what became of a statement.
    Undone,
}

/// What a transaction and those within it share.
pub(super) struct Shared {
    pub database: Arc<Connected>,
    pub runtime: Handle,
    /// Entries that make a word broad to a search.
    pub broad: usize,
    state: Arc<Mutex<State>>,
    /// How many transactions are open, each within the one before.
    levels: AtomicUsize,
}

impl Shared {
    pub fn new(store: &SeaOrmStore) -> Arc<Self> {
        Arc::new(Self {
            database: Arc::clone(&store.database),
            runtime: store.runtime.clone(),
            broad: store.broad,
            state: Arc::new(Mutex::new(State::Open)),
            levels: AtomicUsize::new(1),
        })
    }

    /// Waits until nothing else is done in the transaction, in order, as long as for a statement.
    ///
    /// # Errors
    /// Something is done for longer: above all a stream of the program's that it has not ended.
    pub async fn alone(&self) -> Result<OwnedMutexGuard<State>, Failure> {
        let alone = Arc::clone(&self.state).lock_owned();
        let alone = tokio::time::timeout(self.database.limit, alone).await;
        alone.map_err(|_| {
            Failure::Unavailable(Cause::Said(
                "the transaction is in use: is a stream of it still open?",
            ))
        })
    }

    /// The state of a transaction that is to end. Where it is not to be had, the transaction is [let go](Self::let_go).
    pub async fn take_over(
        self: &Arc<Self>,
        held: &Arc<Held>,
    ) -> Result<OwnedMutexGuard<State>, StoreError> {
        match self.alone().await {
            Ok(state) => {
                self.end_level();
                Ok(state)
            }
            Err(failure) => {
                self.let_go(Arc::clone(held));
                Err(failure.into_store_error())
            }
        }
    }

    /// How many transactions are open, each within the one before.
    pub fn level(&self) -> usize {
        self.levels.load(Ordering::Acquire)
    }

    pub fn begin_level(&self) -> usize {
        self.levels.fetch_add(1, Ordering::AcqRel) + 1
    }

    fn end_level(&self) {
        self.levels.fetch_sub(1, Ordering::AcqRel);
    }

    /// Has a transaction rolled back that its program has dropped: as soon as nothing is done in it. SeaORM panics where its
    /// connection is in use, and the pool needs a runtime to take it back.
    pub fn let_go(self: &Arc<Self>, held: Arc<Held>) {
        let shared = Arc::clone(self);
        if let Ok(_state) = Arc::clone(&self.state).try_lock_owned() {
            let _runtime = self.runtime.enter();
            drop(held);
            shared.end_level();
            return;
        }
        self.runtime.spawn(async move {
            let state = Arc::clone(&shared.state).lock_owned().await;
            drop(held);
            shared.end_level();
            drop(state);
        });
    }
}

/// What a statement's failure means to the transaction that it was part of.
pub(super) fn learn(state: &mut State, error: &DbErr) {
    if ends_transaction(error) {
        *state = State::Undone;
    }
}
