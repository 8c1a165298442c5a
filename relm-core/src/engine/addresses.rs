//! Several addresses of one contact: how a scope begins to have such contacts.
//!
//! As long as each contact has one address at most, the unique key of the kind keeps addresses apart, and nothing is paid for more. Whoever
//! is the first to have a contact take a second one has the configuration say so, and waits until all writes have ended that were planned
//! before ([`Require::Barrier`](crate::store::Require::Barrier)). From the first of these commits on, every write that has a contact take an
//! address writes a unique value of it too: so of two at once the later finds out, whichever of their members it is in. Addresses that are
//! from before need none: whoever takes one of them finds it by the key of the kind, and nobody takes it without the value.

use async_trait::async_trait;

use super::context::Context;
use super::transaction::{Planned, Transaction, again_where_taken, transact};
use crate::error::{Error, ErrorKind, Result};
use crate::record::Entry;
use crate::record::field::{Field, UniqueIndexState};
use crate::record::unique_member::addresses;
use crate::store::{Batch, Configuration, Refusal, Require, Write};
use crate::value::id::Kind;

/// How often it is looked at again who was faster.
const ATTEMPTS_MAX: usize = 10;

/// Whether contacts can have several addresses, as every write knows.
pub(super) fn are_ready(configuration: &Configuration) -> bool {
    addresses(&configuration.fields) == Some(UniqueIndexState::Ready)
}

/// Has every write know that contacts can have several addresses.
///
/// # Errors
/// `conflict` within a transaction of the program, which cannot wait for others; `unavailable` where those do not end.
pub(super) async fn prepare(context: &Context) -> Result<()> {
    for _ in 0..ATTEMPTS_MAX {
        let configuration = context.reload_configuration().await?;
        match addresses(&configuration.fields) {
            Some(UniqueIndexState::Ready) => return Ok(()),
            _ if context.storage().is_transaction() => return Err(within_transaction()),
            None => {}
            Some(UniqueIndexState::Making) => wait(context).await?,
        }
        let version = configuration.version;
        transact(context.storage(), &mut Step { context, version }).await?;
        context.forget_configuration();
    }
    Err(Error::internal(
        "the definition of addresses comes and goes",
    ))
}

/// Waits until all writes have ended that do not know of it.
async fn wait(context: &Context) -> Result<()> {
    if context.barrier().await? {
        return Ok(());
    }
    let message =
        "Writes from before contacts had several addresses are still under way; try again.";
    Err(Error::new(ErrorKind::Unavailable, message))
}

fn within_transaction() -> Error {
    let message = "No contact of this workspace has had several addresses yet, and every write must know before one has: call \
                   `prepare_several_emails` of the contacts once, outside of the transaction.";
    Error::new(ErrorKind::Conflict, message).at("emails")
}

/// Has the configuration say that contacts can have several addresses; and where it says so, that every write knows.
struct Step<'a> {
    context: &'a Context,
    /// The version that says how far it is.
    version: i64,
}

#[async_trait]
impl Transaction for Step<'_> {
    type Output = ();

    async fn plan(&mut self) -> Result<Planned<()>> {
        let context = self.context;
        let configuration = context.reload_configuration().await?;
        if configuration.version != self.version {
            return Ok(Planned::Done(()));
        }
        let now = context.environment().now();
        let mut fields = configuration.fields.iter();
        let write = match fields.find(|field| field.is_of_addresses()) {
            None => {
                let id = context.environment().mint(Kind::Field, now);
                let field = Field::of_addresses(id, context.scope().mode());
                Write::Insert(Entry::new(field))
            }
            Some(known) if !known.unique => {
                let Some(document) = context.document(Kind::Field, known.id).await? else {
                    return Ok(Planned::Retry);
                };
                let before = document.into_entry()?;
                let after = Entry::new(known.clone().known_to_all(now));
                Write::Replace { before, after }
            }
            Some(_) => return Ok(Planned::Done(())),
        };
        let batch = Batch {
            scope: context.scope(),
            now,
            requires: vec![Require::Configuration(configuration.version)],
            writes: vec![write, Write::Reconfigure],
        };
        Ok(Planned::Commit(batch, ()))
    }

    /// Somebody else did, or changed another definition.
    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        match conflict {
            Refusal::Configuration | Refusal::VersionConflict { .. } => Ok(()),
            conflict => again_where_taken(&conflict),
        }
    }
}
