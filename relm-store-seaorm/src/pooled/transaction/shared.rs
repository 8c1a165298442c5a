//! What those who work in one transaction share: whose turn it is, and whether there is still a transaction.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either};
use relm_core::store::StoreError;
use sea_orm::{DatabaseTransaction, DbErr};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit};

use crate::pooled::SeaOrmStore;
use crate::pooled::error::{Cause, Failure, ends_transaction};
use crate::pooled::statement::{Connected, Turn};

/// What whoever works in a transaction hears while one within it is open.
const NOT_INNERMOST: &str = "a transaction within this one has not ended";

/// A transaction as SeaORM has it. Whoever works in it has its [state](Shared::alone) first, and lets go of this before that.
pub(super) struct Held {
    pub transaction: DatabaseTransaction,
    /// Shared with the transactions within it, of which the last to end has the database undo all.
    pub kept: Arc<Kept>,
}

/// What a transaction keeps from others as long as it lasts.
#[derive(Default)]
pub(super) struct Kept {
    pub _turn: Turn,
    pub _place: Option<OwnedSemaphorePermit>,
}

/// Whether something can be done in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// The database has undone it, nobody knows what became of a statement, or it ended while one within it was open.
    Undone,
}

/// The state of a transaction, which nobody else has.
pub(super) type Alone = OwnedMutexGuard<State>;

/// The state, or a place in the queue of those who wait for it.
pub(super) type Place = Either<Ready<Alone>, BoxFuture<'static, Alone>>;

/// What a transaction and those within it share.
pub(super) struct Shared {
    pub database: Arc<Connected>,
    pub runtime: Handle,
    /// Entries that make a word broad to a search.
    pub broad: usize,
    state: Arc<Mutex<State>>,
    /// How many transactions are open, each within the one before. Whoever has the state reads and changes it.
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

    /// Waits until nothing else is done in the transaction of a level, in order, as long as for a statement.
    ///
    /// # Errors
    /// Something is done for longer: above all a stream of the program's that it has not ended. Or a transaction within it is
    /// open: what is done then would be undone with that one, and nobody would know.
    pub async fn alone(&self, level: usize) -> Result<Alone, Failure> {
        let alone = Arc::clone(&self.state).lock_owned();
        let alone = tokio::time::timeout(self.database.limit, alone).await;
        let alone = alone.map_err(|_| in_use())?;
        match self.is_innermost(level) {
            true => Ok(alone),
            false => Err(Failure::Fault(Cause::Said(NOT_INNERMOST))),
        }
    }

    /// A place in the queue for the state, before whoever asks for it from now on.
    pub fn place(&self) -> Place {
        // Without tokio's budget, which is that of whoever asks: a task that has used it up is not given what is free.
        let mut alone = tokio::task::unconstrained(Arc::clone(&self.state).lock_owned()).boxed();
        match alone.as_mut().now_or_never() {
            Some(alone) => Either::Left(ready(alone)),
            None => Either::Right(alone),
        }
    }

    /// The state of a transaction that is to end, and the transaction. Where the state is not to be had, the transaction is let
    /// go.
    ///
    /// # Errors
    /// Something is done in it for longer than a statement may take, or a transaction within it is open: all of them are undone
    /// then.
    pub async fn take_over(
        self: &Arc<Self>,
        mut place: Place,
        held: Arc<Held>,
        level: usize,
    ) -> Result<(Alone, Arc<Held>), StoreError> {
        let alone = tokio::time::timeout(self.database.limit, &mut place).await;
        let Ok(mut alone) = alone else {
            self.undo_later(place, held, level);
            return Err(in_use().into_store_error());
        };
        match self.end_level(&mut alone, level) {
            true => Ok((alone, held)),
            false => {
                drop(held);
                drop(alone);
                Err(StoreError::fault(NOT_INNERMOST))
            }
        }
    }

    /// Begins a transaction within the innermost one: its level.
    pub fn begin_level(&self, _alone: &Alone) -> usize {
        self.levels.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Ends a transaction; whether none is open within it. The connection knows how many there are, and not which one it is that
    /// ends: what is undone where an outer one ends first is the inner one, and what the inner one commits would be the outer
    /// one. Neither can be committed then.
    fn end_level(&self, alone: &mut Alone, level: usize) -> bool {
        let is_innermost = self.is_innermost(level);
        if !is_innermost {
            **alone = State::Undone;
        }
        self.levels.fetch_sub(1, Ordering::AcqRel);
        is_innermost
    }

    fn is_innermost(&self, level: usize) -> bool {
        self.levels.load(Ordering::Acquire) <= level
    }

    /// Has a transaction rolled back that its program has dropped: as soon as nothing is done in it, and before anything that the
    /// program asks for from now on. SeaORM panics where its connection is in use, and the pool needs a runtime to take it back.
    pub fn let_go(self: &Arc<Self>, held: Arc<Held>, level: usize) {
        match self.place() {
            Either::Left(alone) => {
                let _runtime = self.runtime.enter();
                self.undo(alone.into_inner(), held, level);
            }
            queued @ Either::Right(_) => self.undo_later(queued, held, level),
        }
    }

    fn undo_later(self: &Arc<Self>, place: Place, held: Arc<Held>, level: usize) {
        let shared = Arc::clone(self);
        self.runtime.spawn(async move {
            let alone = place.await;
            shared.undo(alone, held, level);
        });
    }

    /// Has a transaction rolled back in which nothing is done.
    pub fn undo(&self, mut alone: Alone, held: Arc<Held>, level: usize) {
        self.end_level(&mut alone, level);
        drop(held);
        // Only now: who comes next finds the connection free.
        drop(alone);
    }
}

fn in_use() -> Failure {
    Failure::Unavailable(Cause::Said(
        "the transaction is in use: is a stream of it still open?",
    ))
}

/// What a statement's failure means to the transaction that it was part of.
pub(super) fn learn(state: &mut State, error: &DbErr) {
    if ends_transaction(error) {
        *state = State::Undone;
    }
}
