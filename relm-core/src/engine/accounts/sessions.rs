//! Sessions: begun once a password was checked, found by their tokens, ended by being deleted.

use async_trait::async_trait;

use super::read::{check_same_password, sessions_of, user_document};
use crate::engine::components::Components;
use crate::engine::keys::system_batch;
use crate::engine::transaction::{Planned, Transaction, transact};
use crate::error::Result;
use crate::limits::SESSIONS_PER_USER_MAX;
use crate::record::key::digest;
use crate::record::session::{NewSession, Session};
use crate::record::user::User;
use crate::record::{Document, Entry};
use crate::store::{CommitError, Write};
use crate::value::hex::hex;
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;

/// Begins a session. It writes the user too, so that a password which is changed at the same time is found out.
pub(super) struct SignIn<'a> {
    pub components: &'a Components,
    /// The user whose password was checked.
    pub checked: &'a User,
    pub agent: Option<&'a str>,
}

#[async_trait]
impl Transaction for SignIn<'_> {
    type Output = NewSession;

    async fn plan(&mut self) -> Result<Planned<NewSession>> {
        let (components, environment) = (self.components, self.components.environment());
        let document = user_document(components, self.checked.id).await?;
        let mut user: User = document.decode()?;
        check_same_password(&user, self.checked)?;
        let now = environment.now();
        user.signed_in_at = Some(now);
        user.version += 1;
        let id = environment.mint(Kind::Session, now);
        let new = Session::begin(id, user.id, self.agent, now, environment.rng());
        let mut writes = vec![
            Write::Replace {
                before: document.into_entry()?,
                after: Entry::new(user.clone()),
            },
            Write::Insert(Entry::new(new.session.clone())),
        ];
        let mut live = 1;
        for session in sessions_of(components, user.id).await? {
            let decoded: Session = session.decode()?;
            if decoded.is_live(now) && live < SESSIONS_PER_USER_MAX {
                live += 1;
                continue;
            }
            writes.push(Write::Delete(session.into_entry()?));
        }
        Ok(Planned::Commit(system_batch(components, writes), new))
    }
}

/// The live session of a token, and whose it is.
pub(super) async fn of_token(
    components: &Components,
    token: &str,
) -> Result<Option<(Session, User)>> {
    let storage = components.storage();
    let keys = [hex(&digest(token))];
    let found = storage.find(Scope::SYSTEM, Kind::Session, &keys).await?;
    let Some(document) = found.into_iter().flatten().next() else {
        return Ok(None);
    };
    let session: Session = document.decode()?;
    let now = components.environment().now();
    if !session.is_live(now) {
        return Ok(None);
    }
    let Some(user) = storage.get(Scope::SYSTEM, session.user_id).await? else {
        return Ok(None);
    };
    let user: User = user.decode()?;
    if let Some(used) = session.used(now) {
        keep_use(components, document, used).await?;
    }
    Ok(Some((session, user)))
}

/// Keeps that a session was used. Where it has ended meanwhile it stays so, and a store that takes no writes is read all the
/// same.
async fn keep_use(components: &Components, before: Document, used: Session) -> Result<()> {
    let replace = Write::Replace {
        before: before.into_entry()?,
        after: Entry::new(used),
    };
    let batch = system_batch(components, vec![replace]);
    match components.storage().commit(batch).await {
        Ok(()) | Err(CommitError::Refused(_) | CommitError::Store(_)) => Ok(()),
    }
}

/// Ends a session, if it is one of this user's.
pub(super) async fn end(components: &Components, user: Id, session: Id) -> Result<()> {
    let mut end = End {
        components,
        user,
        session,
    };
    transact(components.storage(), &mut end).await
}

struct End<'a> {
    components: &'a Components,
    user: Id,
    session: Id,
}

#[async_trait]
impl Transaction for End<'_> {
    type Output = ();

    async fn plan(&mut self) -> Result<Planned<()>> {
        if self.session.kind() != Kind::Session {
            return Ok(Planned::Done(()));
        }
        let storage = self.components.storage();
        let Some(document) = storage.get(Scope::SYSTEM, self.session).await? else {
            return Ok(Planned::Done(()));
        };
        let session: Session = document.decode()?;
        if session.user_id != self.user {
            return Ok(Planned::Done(()));
        }
        let delete = Write::Delete(document.into_entry()?);
        Ok(Planned::Commit(
            system_batch(self.components, vec![delete]),
            (),
        ))
    }
}
