//! Changes of users, each a transaction above all workspaces.

use async_trait::async_trait;

use super::read::{deletions, user_document};
use crate::engine::components::Components;
use crate::engine::keys::{all_of_system, system_batch};
use crate::engine::transaction::{Planned, Transaction, unexpected};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::USERS_MAX;
use crate::record::Entry;
use crate::record::user::{NewUserLink, Role, User, UserInput};
use crate::store::{Refusal, Require, Write};
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;

/// Changes one user, by a function that each attempt calls on the user as read.
pub(super) struct UserChange<'a, F> {
    components: &'a Components,
    id: Id,
    change: F,
    ends_sessions: bool,
}

impl<'a, F: FnMut(&mut User, Timestamp) -> Result<()>> UserChange<'a, F> {
    pub fn of(components: &'a Components, id: Id, change: F) -> Self {
        Self {
            components,
            id,
            change,
            ends_sessions: false,
        }
    }

    /// The same change, which ends all sessions of the user in its own commit.
    pub fn ending_sessions(self) -> Self {
        Self {
            ends_sessions: true,
            ..self
        }
    }
}

#[async_trait]
impl<F: FnMut(&mut User, Timestamp) -> Result<()> + Send> Transaction for UserChange<'_, F> {
    type Output = User;

    async fn plan(&mut self) -> Result<Planned<User>> {
        let document = user_document(self.components, self.id).await?;
        let mut user: User = document.decode()?;
        (self.change)(&mut user, self.components.environment().now())?;
        user.version += 1;
        let mut writes = vec![Write::Replace {
            before: document.into_entry()?,
            after: Entry::new(user.clone()),
        }];
        if self.ends_sessions {
            writes.extend(deletions(self.components, self.id).await?);
        }
        let batch = system_batch(self.components, writes);
        Ok(Planned::Commit(batch, user))
    }

    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        match conflict {
            Refusal::VersionConflict { .. } => Ok(()),
            Refusal::UniqueConflict { holder, .. } => Err(taken(holder)),
            conflict => Err(unexpected(&conflict)),
        }
    }
}

fn taken(holder: Id) -> Error {
    let message = "Somebody has this address already.";
    Error::new(ErrorKind::Conflict, message)
        .at("email")
        .existing(holder)
}

/// Makes a user, with a link. Each attempt mints an id.
pub(super) struct Invitation<'a> {
    pub components: &'a Components,
    pub input: UserInput,
}

#[async_trait]
impl Transaction for Invitation<'_> {
    type Output = NewUserLink;

    async fn plan(&mut self) -> Result<Planned<NewUserLink>> {
        let environment = self.components.environment();
        let now = environment.now();
        let id = environment.mint(Kind::User, now);
        let mut user = User::invited(id, id.timestamp(), self.input.clone())?;
        let users = all_of_system(self.components, Kind::User, Vec::new()).await?;
        if users.len() >= USERS_MAX {
            let message = format!("There can be {USERS_MAX} users at most; remove one first.");
            return Err(Error::invalid("email", message));
        }
        let token = user.make_link(now, environment.rng());
        let insert = Write::Insert(Entry::new(user.clone()));
        let batch = system_batch(self.components, vec![insert]);
        Ok(Planned::Commit(batch, NewUserLink { user, token }))
    }

    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        match conflict {
            Refusal::UniqueConflict { holder, .. } => {
                let message = format!("There is a user {} already.", Quoted(&self.input.email));
                Err(Error::new(ErrorKind::Conflict, message)
                    .at("email")
                    .existing(holder))
            }
            conflict => Err(unexpected(&conflict)),
        }
    }
}

/// Deletes a user with all sessions.
pub(super) struct Removal<'a> {
    pub components: &'a Components,
    pub id: Id,
}

#[async_trait]
impl Transaction for Removal<'_> {
    type Output = ();

    async fn plan(&mut self) -> Result<Planned<()>> {
        let document = user_document(self.components, self.id).await?;
        let user: User = document.decode()?;
        let mut writes = vec![Write::Delete(document.into_entry()?)];
        writes.extend(deletions(self.components, self.id).await?);
        let mut batch = system_batch(self.components, writes);
        if user.role == Role::Owner {
            // Two owners who remove each other at once: one of the commits finds the other gone.
            batch
                .requires
                .push(Require::Exists(self.other_owner().await?));
        }
        Ok(Planned::Commit(batch, ()))
    }

    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        match conflict {
            Refusal::VersionConflict { .. } | Refusal::Missing(_) => Ok(()),
            conflict => Err(unexpected(&conflict)),
        }
    }
}

impl Removal<'_> {
    /// An owner who can sign in, beside the one who is to be removed.
    async fn other_owner(&self) -> Result<Id> {
        for document in all_of_system(self.components, Kind::User, Vec::new()).await? {
            let user: User = document.decode()?;
            if user.id != self.id && user.role == Role::Owner && user.password.is_some() {
                return Ok(user.id);
            }
        }
        let message = "This is the only owner who can sign in: make another one first.";
        Err(Error::new(ErrorKind::Conflict, message))
    }
}
