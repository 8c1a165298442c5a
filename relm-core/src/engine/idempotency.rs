//! Idempotency keys: a transaction whose reply is kept under the client's key in its own commit, and replayed from there.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use hmac::digest::Digest;
use sha2::Sha256;

use super::change::{Change, Operation};
use super::context::{Context, IdempotencyKey};
use super::merged::name_survivor;
use super::reply::{Outcome, Reply};
use super::spans;
use super::transaction::{Planned, Transaction, transact};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::IDEMPOTENCY_TTL_MS;
use crate::store::{Batch, Refusal, Require, StoredResponse, Write};
use crate::value::hex::hex;
use crate::value::id::Id;
use crate::value::scope::Scope;
use crate::value::time::Timestamp;

/// Carries an operation out; once for each idempotency key, where its context has one.
pub(super) async fn apply_once<T, O: Operation<Output = Reply<T>>>(
    context: &Context,
    operation: O,
) -> Result<Reply<T>> {
    run(context, operation, Storing::Plain).await
}

/// [`apply_once`], of a transaction that is no operation of one plan.
pub(super) async fn transact_once<T, X: Transaction<Output = Reply<T>>>(
    context: &Context,
    transaction: X,
) -> Result<Reply<T>> {
    carry_out(context, transaction, Storing::Plain).await
}

/// The reply that an earlier request with the key of this context got, if it has one that was used: for what comes to its reply by
/// several operations, of which the last is [applied once](apply_once).
pub(super) async fn replayed<T>(context: &Context) -> Result<Option<Reply<T>>> {
    let Some(key) = context.idempotency() else {
        return Ok(None);
    };
    let stored = stored_response(context, Storing::Plain, key).await?;
    let replay = |stored| replay(context, key, Storing::Plain, stored);
    stored.map(replay).transpose()
}

/// [`apply_once`], of an operation whose reply holds a secret: it is sealed where it is kept.
pub(super) async fn apply_once_sealed<T, O: Operation<Output = Reply<T>>>(
    context: &Context,
    operation: O,
) -> Result<Reply<T>> {
    run(context, operation, Storing::Sealed).await
}

/// [`apply_once_sealed`], of a transaction whose batch is of the scope above all workspaces: what its key was used for is kept
/// there too, under the workspace's own name, since one commit holds both.
pub(super) async fn apply_once_in_system<T, X: Transaction<Output = Reply<T>>>(
    context: &Context,
    transaction: X,
) -> Result<Reply<T>> {
    carry_out(context, transaction, Storing::SealedInSystem).await
}

async fn carry_out<T, X: Transaction<Output = Reply<T>>>(
    context: &Context,
    transaction: X,
    storing: Storing,
) -> Result<Reply<T>> {
    let mut idempotent = Idempotent {
        context,
        transaction,
        storing,
        required: Vec::new(),
    };
    let transacted = transact(context.storage(), &mut idempotent);
    spans::change::<X, _>(context.scope(), transacted).await
}

async fn run<T, O: Operation<Output = Reply<T>>>(
    context: &Context,
    operation: O,
    storing: Storing,
) -> Result<Reply<T>> {
    let mut idempotent = Idempotent {
        context,
        transaction: Change::new(context, operation),
        storing,
        required: Vec::new(),
    };
    let transacted = transact(context.storage(), &mut idempotent);
    match spans::change::<O, _>(context.scope(), transacted).await {
        Err(error) => Err(name_survivor(context, error).await),
        done => done,
    }
}

/// What a request that cannot be read is refused with: when its key was used, it is another request than that one,
/// which is what its sender must hear first.
pub(super) async fn refuse_unread(context: &Context, error: Error) -> Error {
    refuse(context, Storing::Plain, error).await
}

/// [`refuse_unread`], of what [`apply_once_in_system`] would have carried out.
pub(super) async fn refuse_unread_in_system(context: &Context, error: Error) -> Error {
    refuse(context, Storing::SealedInSystem, error).await
}

async fn refuse(context: &Context, storing: Storing, error: Error) -> Error {
    let Some(key) = context.idempotency() else {
        return error;
    };
    match stored_response(context, storing, key).await {
        Ok(_) => error,
        Err(conflict) => conflict,
    }
}

/// How a reply is kept, and where.
#[derive(Clone, Copy)]
enum Storing {
    Plain,
    Sealed,
    SealedInSystem,
}

impl Storing {
    /// The scope that a reply is kept in.
    fn scope(self, context: &Context) -> Scope {
        match self {
            Self::Plain | Self::Sealed => context.scope(),
            Self::SealedInSystem => Scope::SYSTEM,
        }
    }

    /// An idempotency key as a store keeps it: a digest, since the key itself opens a sealed response.
    fn stored_key(self, context: &Context, key: &str) -> String {
        match self {
            Self::Plain | Self::Sealed => hex(&Sha256::digest(key.as_bytes())),
            Self::SealedInSystem => {
                let scope = context.scope();
                let own = format!("{} {}\0{key}", scope.workspace(), scope.mode());
                hex(&Sha256::digest(own.as_bytes()))
            }
        }
    }
}

/// Decorates a transaction with the idempotency key of its context, if there is one.
struct Idempotent<'a, X> {
    context: &'a Context,
    transaction: X,
    storing: Storing,
    /// The records that the last reply shows and its commit leaves as they are: it must find them, since what is kept of one that was
    /// purged meanwhile would be kept.
    required: Vec<Id>,
}

/// The records among these that a batch neither writes nor requires.
fn unwritten(batch: &Batch, records: &[Id]) -> Vec<Id> {
    let written = batch.writes.iter().filter_map(|write| match write {
        Write::Insert(entry) | Write::Replace { after: entry, .. } | Write::Delete(entry) => {
            Some(entry.record.id())
        }
        Write::Unlink(_) | Write::Reconfigure | Write::Remember(_) | Write::Forget { .. } => None,
    });
    let required = batch.requires.iter().filter_map(|require| match require {
        Require::Exists(id) => Some(*id),
        Require::Configuration(_) | Require::Barrier => None,
    });
    let known: HashSet<Id> = written.chain(required).collect();
    let records = records.iter().copied();
    records.filter(|id| !known.contains(id)).collect()
}

#[async_trait]
impl<T, X: Transaction<Output = Reply<T>>> Transaction for Idempotent<'_, X> {
    type Output = Reply<T>;

    async fn plan(&mut self) -> Result<Planned<Reply<T>>> {
        let Some(key) = self.context.idempotency() else {
            return self.transaction.plan().await;
        };
        if let Some(stored) = stored_response(self.context, self.storing, key).await? {
            return replay(self.context, key, self.storing, stored).map(Planned::Done);
        }
        let mut planned = self.transaction.plan().await?;
        if let Planned::Commit(batch, reply) = &mut planned {
            self.required = unwritten(batch, &reply.about);
            self.required.retain(|id| !reply.gone.contains(id));
            batch
                .requires
                .extend(self.required.iter().copied().map(Require::Exists));
            let response = response(self.context, key, self.storing, reply, batch.now)?;
            batch.writes.push(Write::Remember(response));
        }
        Ok(planned)
    }

    fn committed(&mut self) {
        self.transaction.committed();
    }

    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        match conflict {
            // Another request with this key was first: the next attempt finds its response.
            Refusal::ResponseExists => Ok(()),
            // What it was to show is gone: the next attempt finds out.
            Refusal::Missing(ids) if ids.iter().any(|id| self.required.contains(id)) => Ok(()),
            Refusal::Configuration
            | Refusal::Missing(_)
            | Refusal::VersionConflict { .. }
            | Refusal::IdConflict { .. }
            | Refusal::UniqueConflict { .. } => self.transaction.resolve(conflict),
        }
    }

    fn exhausted(&self) -> Error {
        self.transaction.exhausted()
    }
}

/// The response under a key, if the key was used with this request; a conflict, if with another.
async fn stored_response(
    context: &Context,
    storing: Storing,
    idempotency: &IdempotencyKey,
) -> Result<Option<StoredResponse>> {
    let key = storing.stored_key(context, idempotency.key());
    let now = context.environment().now();
    let scope = storing.scope(context);
    let stored = context.storage().response(scope, &key, now);
    let stored = stored.await?;
    let is_other = |stored: &StoredResponse| stored.fingerprint != idempotency.fingerprint();
    if stored.as_ref().is_some_and(is_other) {
        return Err(Error::new(
            ErrorKind::IdempotencyConflict,
            "This `Idempotency-Key` was used with a different request; use a new one.",
        ));
    }
    Ok(stored)
}

/// The reply that an earlier request with this key got.
fn replay<T>(
    context: &Context,
    idempotency: &IdempotencyKey,
    storing: Storing,
    stored: StoredResponse,
) -> Result<Reply<T>> {
    let body = match storing {
        Storing::Plain => stored.body,
        Storing::Sealed | Storing::SealedInSystem => context
            .sealer()
            .open(&seal_purpose(context), idempotency.key(), &stored.body)?
            .into(),
    };
    Ok(Reply::replayed(Outcome::of(stored.outcome)?, body))
}

/// What is kept of a reply under its key.
fn response<T>(
    context: &Context,
    idempotency: &IdempotencyKey,
    storing: Storing,
    reply: &Reply<T>,
    now: Timestamp,
) -> Result<StoredResponse> {
    let body = match storing {
        Storing::Plain => Arc::clone(&reply.body),
        Storing::Sealed | Storing::SealedInSystem => {
            let rng = context.environment().rng();
            let purpose = seal_purpose(context);
            let sealer = context.sealer();
            sealer
                .seal(&purpose, idempotency.key(), &reply.body, rng)?
                .into()
        }
    };
    Ok(StoredResponse {
        key: storing.stored_key(context, idempotency.key()),
        fingerprint: idempotency.fingerprint(),
        outcome: reply.outcome.number(),
        body,
        expires_at: now.saturating_add_millis(IDEMPOTENCY_TTL_MS),
        about: reply.about.clone(),
    })
}

fn seal_purpose(context: &Context) -> String {
    format!("idempotent response {}", context.seal_number())
}
