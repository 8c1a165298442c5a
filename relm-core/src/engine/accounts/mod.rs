//! The people who sign in: made, invited, given links to set their passwords by, removed. Their sessions are in
//! `sessions.rs`.
//!
//! Users and sessions are records above all workspaces, as API keys are: every engine over the store knows them at once.
//! A password is kept as the digest that a caller makes of it; the engine computes and checks none.

mod change;
mod read;
mod sessions;

use async_trait::async_trait;

use self::change::{Invitation, Removal, UserChange};
use self::read::{check_same_password, sessions_of, user_document};
use self::sessions::SignIn;
use super::components::Components;
use super::keys::{all_of_system, system_batch};
use super::transaction::{Planned, Transaction, again_where_taken, transact};
use crate::error::{Error, ErrorKind, Result};
use crate::record::session::{NewSession, Session};
use crate::record::user::{NewUserLink, User, UserInput, spent_link};
use crate::record::{Document, Entry};
use crate::store::{Refusal, Write};
use crate::value::email;
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;

/// The people who sign in, and their sessions.
pub struct Accounts<'a> {
    components: &'a Components,
}

/// What a person says who sets a password by a link.
#[derive(Clone)]
pub struct Credentials {
    /// The address, of a person who has none yet; of others it stays as it is.
    pub email: Option<String>,
    /// What people call the person; nothing where the name stays as it is.
    pub name: Option<String>,
    /// The digest of the password.
    pub password: String,
}

impl<'a> Accounts<'a> {
    pub(super) fn new(components: &'a Components) -> Self {
        Self { components }
    }

    /// Makes the first user, an owner without an address, and the link by which a password is set; none where there are users
    /// already. Of several engines that ask at once, one is given the link.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn found(&self) -> Result<Option<NewUserLink>> {
        let mut founding = Founding {
            components: self.components,
        };
        transact(self.components.storage(), &mut founding).await
    }

    /// Everybody who may sign in, or was invited to, newest first.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn users(&self) -> Result<Vec<User>> {
        let all = all_of_system(self.components, Kind::User, Vec::new()).await?;
        all.iter().map(Document::decode).collect()
    }

    /// A user.
    ///
    /// # Errors
    /// `not_found` when there is none of this id.
    pub async fn user(&self, id: Id) -> Result<User> {
        user_document(self.components, id).await?.decode()
    }

    /// The user of an address, in whatever spelling.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn user_of(&self, address: &str) -> Result<Option<User>> {
        // No address has it, and a database may take no text that does.
        if address.contains('\0') {
            return Ok(None);
        }
        let keys = [email::key(address)];
        let storage = self.components.storage();
        let found = storage.find(Scope::SYSTEM, Kind::User, &keys).await?;
        let found = found.into_iter().flatten().next();
        found.map(|document| document.decode()).transpose()
    }

    /// Invites a person, by a link.
    ///
    /// # Errors
    /// `validation_failed` for what is no address, or where there are [`USERS_MAX`](crate::limits::USERS_MAX) users already;
    /// `conflict` when somebody has the address.
    pub async fn invite(&self, input: UserInput) -> Result<NewUserLink> {
        let components = self.components;
        let mut invitation = Invitation { components, input };
        transact(components.storage(), &mut invitation).await
    }

    /// Makes a new link for a user, which sets another password; the one before it is no longer good.
    ///
    /// # Errors
    /// `not_found` when there is no such user.
    pub async fn renew_link(&self, id: Id) -> Result<NewUserLink> {
        let components = self.components;
        let mut token = String::new();
        let mut renewal = UserChange::of(components, id, |user, now| {
            token = user.make_link(now, components.environment().rng());
            Ok(())
        });
        let user = transact(components.storage(), &mut renewal).await?;
        Ok(NewUserLink { user, token })
    }

    /// Whose link this is. The link stays good.
    ///
    /// # Errors
    /// `not_found` when it is none, was used or has expired.
    pub async fn linked(&self, id: Id, token: &str) -> Result<User> {
        let user = match self.user(id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(spent_link()),
            found => found?,
        };
        user.check_link(token, self.components.environment().now())?;
        Ok(user)
    }

    /// Sets the password of whoever has this link, which is used up by it, and ends all sessions of the person.
    ///
    /// # Errors
    /// `not_found` when the link is none, was used or has expired; `validation_failed` for what is no address or name;
    /// `conflict` when somebody else has the address.
    pub async fn accept(&self, id: Id, token: &str, credentials: Credentials) -> Result<User> {
        self.linked(id, token).await?;
        let components = self.components;
        let accepting = UserChange::of(components, id, |user, now| {
            user.check_link(token, now)?;
            let Credentials {
                email,
                name,
                password,
            } = credentials.clone();
            match (user.email.clone(), email) {
                (Some(email), _) | (None, Some(email)) => {
                    let name = name.or_else(|| user.name.clone());
                    user.rename(email, name)?;
                }
                (None, None) => {
                    return Err(Error::invalid("email", "`email` is required."));
                }
            }
            user.password = Some(password);
            user.link = None;
            Ok(())
        });
        transact(components.storage(), &mut accepting.ending_sessions()).await
    }

    /// Gives a person another password, in the place of the one that was checked, and ends all sessions of the person.
    ///
    /// # Errors
    /// `conflict` when the password was changed since it was checked; `not_found` when the user was removed.
    pub async fn set_password(&self, checked: &User, password: String) -> Result<User> {
        let components = self.components;
        let setting = UserChange::of(components, checked.id, |user, _| {
            check_same_password(user, checked)?;
            user.password = Some(password.clone());
            user.link = None;
            Ok(())
        });
        transact(components.storage(), &mut setting.ending_sessions()).await
    }

    /// Removes a user, and ends all sessions of the person.
    ///
    /// # Errors
    /// `not_found`; `conflict` for the only owner, without whom nobody could say who may sign in.
    pub async fn remove(&self, id: Id) -> Result<()> {
        let components = self.components;
        transact(components.storage(), &mut Removal { components, id }).await
    }

    /// Begins a session of a person whose password was checked. Sessions that have ended are deleted, and of
    /// [`SESSIONS_PER_USER_MAX`](crate::limits::SESSIONS_PER_USER_MAX) the oldest.
    ///
    /// # Errors
    /// `conflict` when the password was changed since it was checked, so that no session outlives the change; `not_found` when
    /// the user was removed.
    pub async fn sign_in(&self, checked: &User, agent: Option<&str>) -> Result<NewSession> {
        let components = self.components;
        let mut sign_in = SignIn {
            components,
            checked,
            agent,
        };
        transact(components.storage(), &mut sign_in).await
    }

    /// The session of a token, if it is live, and whose it is. That it was used now is kept, where the store takes writes.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn session(&self, token: &str) -> Result<Option<(Session, User)>> {
        sessions::of_token(self.components, token).await
    }

    /// The live sessions of a person, newest first.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn sessions(&self, user: Id) -> Result<Vec<Session>> {
        let all = sessions_of(self.components, user).await?;
        let now = self.components.environment().now();
        let sessions: Result<Vec<Session>> = all.iter().map(Document::decode).collect();
        let live = sessions?.into_iter().filter(|session| session.is_live(now));
        Ok(live.collect())
    }

    /// Ends a session of a person, on every engine at once. One that has ended is no error.
    ///
    /// # Errors
    /// `unavailable` or `internal_error` from the store.
    pub async fn end_session(&self, user: Id, session: Id) -> Result<()> {
        sessions::end(self.components, user, session).await
    }
}

/// Makes the first user.
struct Founding<'a> {
    components: &'a Components,
}

#[async_trait]
impl Transaction for Founding<'_> {
    type Output = Option<NewUserLink>;

    async fn plan(&mut self) -> Result<Planned<Self::Output>> {
        let first = self.components.page_of_system(Kind::User, Vec::new(), None);
        if !first.await?.documents.is_empty() {
            return Ok(Planned::Done(None));
        }
        let environment = self.components.environment();
        let now = environment.now();
        let id = environment.mint(Kind::User, now);
        let mut user = User::first_owner(id, id.timestamp());
        let token = user.make_link(now, environment.rng());
        let insert = Write::Insert(Entry::new(user.clone()));
        let batch = system_batch(self.components, vec![insert]);
        Ok(Planned::Commit(batch, Some(NewUserLink { user, token })))
    }

    /// Another engine was first: the next attempt finds its user.
    fn resolve(&mut self, conflict: Refusal) -> Result<()> {
        again_where_taken(&conflict)
    }
}
