//! The people who sign in, what each may do, and the links by which they set their passwords.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{EMAIL_BYTES_MAX, TEXT_CHARS_MAX, USER_LINK_MS};
use crate::record::actor::{Actor, ActorType};
use crate::record::check;
use crate::record::column::{Column, ColumnOf, Columns};
use crate::record::key::{digest, random_text};
use crate::value::email;
use crate::value::from_text::named;
use crate::value::hex::hex;
use crate::value::id::Id;
use crate::value::time::{Rng, Timestamp};

/// What a person may do in a console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, and to say who else may sign in.
    Owner,
    /// To read and to change whatever a workspace holds, API keys among it.
    Editor,
    /// To read alone.
    Reader,
}

impl Role {
    /// All of them, those who may most first.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Editor, Self::Reader];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Editor => "editor",
            Self::Reader => "reader",
        }
    }

    /// Whether it lets a person change anything in a workspace.
    pub const fn may_write(self) -> bool {
        match self {
            Self::Owner | Self::Editor => true,
            Self::Reader => false,
        }
    }
}

named!(Role, as_str, "`owner`, `editor` or `reader`");

/// A person who signs in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// `usr_` and a ULID.
    pub id: Id,
    /// The address that the person signs in with; none of a first owner who has not been there yet.
    pub email: Option<String>,
    /// What people call the person.
    pub name: Option<String>,
    /// What the person may do.
    pub role: Role,
    /// The digest of the password, by whoever checks it; none until one is set.
    pub(crate) password: Option<String>,
    /// The link by which the next password is set.
    pub(crate) link: Option<UserLink>,
    /// Counts the changes: 1 on create, one more with each.
    pub version: i64,
    /// When the person was invited: the moment in the id.
    pub created_at: Timestamp,
    /// When the person signed in last.
    pub signed_in_at: Option<Timestamp>,
}

/// What is kept of a link: nobody can make the link from it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserLink {
    /// SHA-256 of its token, in hexadecimal. A token is 256 random bits, so no slower digest is needed.
    digest: String,
    expires_at: Timestamp,
}

/// A person who is to be invited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInput {
    /// See [`User::email`].
    pub email: String,
    /// See [`User::name`].
    pub name: Option<String>,
    /// See [`User::role`].
    pub role: Role,
}

/// A link that was just made: the one time that its token can be read.
pub struct NewUserLink {
    /// Whose password it sets.
    pub user: User,
    /// What the link is good by, once.
    pub token: String,
}

/// The unique key of the one user who has no address: no address is this text.
const FIRST_OWNER: &str = "first owner";

impl Columns for User {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::text("email", EMAIL_BYTES_MAX, |it: &Self| it.email.as_deref()),
        Column::key("email_key", 3 * EMAIL_BYTES_MAX, |it: &Self| {
            Some(it.email_key())
        }),
        Column::text("name", TEXT_CHARS_MAX, |it: &Self| it.name.as_deref()),
        Column::text("role", 20, |it: &Self| Some(it.role.as_str())),
        Column::timestamp("created_at", |it: &Self| Some(it.created_at)),
        Column::timestamp("signed_in_at", |it: &Self| it.signed_in_at),
    ];
}

impl User {
    /// An owner without an address, who is the first to sign in.
    pub fn first_owner(id: Id, now: Timestamp) -> Self {
        Self {
            id,
            email: None,
            name: None,
            role: Role::Owner,
            password: None,
            link: None,
            version: 1,
            created_at: now,
            signed_in_at: None,
        }
    }

    /// A checked user, new.
    ///
    /// # Errors
    /// `validation_failed` for what is no address, or a name that is too long.
    pub fn invited(id: Id, now: Timestamp, input: UserInput) -> Result<Self> {
        let UserInput { email, name, role } = input;
        let mut user = Self {
            role,
            ..Self::first_owner(id, now)
        };
        user.rename(email, name)?;
        Ok(user)
    }

    /// Gives the person another address and name.
    pub(crate) fn rename(&mut self, email: String, name: Option<String>) -> Result<()> {
        self.email = Some(check::email(self.email.take())(email)?);
        let name = name.map(|name| name.trim().to_owned());
        self.name = name
            .filter(|name| !name.is_empty())
            .map(check::short_text("name"))
            .transpose()?;
        Ok(())
    }

    /// The digest of the password, as it was given; none until one is set.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// What is unique of the person: the address in its one form.
    pub fn email_key(&self) -> String {
        let email = self.email.as_deref();
        email.map_or_else(|| FIRST_OWNER.to_owned(), email::key)
    }

    /// What the person is called: by name, or else by address.
    pub fn shown_name(&self) -> &str {
        let name = self.name.as_deref().or(self.email.as_deref());
        name.unwrap_or("the first owner")
    }

    /// The person as who makes a change.
    pub fn actor(&self) -> Actor {
        Actor {
            actor_type: ActorType::User,
            id: Some(self.id.text()),
            name: Some(self.shown_name().to_owned()),
        }
    }

    /// Makes a link, in the place of the one before it, and gives its token.
    pub(crate) fn make_link(&mut self, now: Timestamp, rng: &dyn Rng) -> String {
        let token = random_text(rng);
        self.link = Some(UserLink {
            digest: hex(&digest(&token)),
            expires_at: now.saturating_add_millis(USER_LINK_MS),
        });
        token
    }

    /// Whether the link of this token is still good.
    ///
    /// What is compared are digests: how long that takes tells nobody a token.
    pub(crate) fn check_link(&self, token: &str, now: Timestamp) -> Result<()> {
        let presented = hex(&digest(token));
        let is_good = |link: &UserLink| link.digest == presented && now < link.expires_at;
        match self.link.as_ref().is_some_and(is_good) {
            true => Ok(()),
            false => Err(spent_link()),
        }
    }

    /// When the link is no longer good, while there is one.
    pub fn link_expires_at(&self) -> Option<Timestamp> {
        self.link.as_ref().map(|link| link.expires_at)
    }
}

/// What is said of a link that is none, whatever the reason.
pub(crate) fn spent_link() -> Error {
    let message = "This link was used already, has expired, or was replaced by a newer one.";
    Error::new(ErrorKind::NotFound, message)
}

/// Shows nothing of the password or the link.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("email", &self.email)
            .field("role", &self.role)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NewUserLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUserLink")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::id::Kind;
    use crate::value::time::SeededRng;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_link_is_good_for_its_token_and_its_day() {
        let mut user = User::first_owner(Id::new(Kind::User, 1), at(0));
        let rng = SeededRng::new(1);
        assert!(user.check_link("", at(0)).is_err(), "there is none yet");
        let first = user.make_link(at(0), &rng);
        user.check_link(&first, at(USER_LINK_MS - 1)).unwrap();
        assert!(user.check_link(&first, at(USER_LINK_MS)).is_err());
        assert!(user.check_link(&first[1..], at(0)).is_err());
        let second = user.make_link(at(0), &rng);
        assert!(user.check_link(&first, at(0)).is_err(), "it was replaced");
        user.check_link(&second, at(0)).unwrap();
        let kept = serde_json::to_string(&user).unwrap();
        assert!(!kept.contains(&second) && !format!("{user:?}").contains("link"));
    }

    #[test]
    fn an_address_is_one_in_every_spelling_and_whoever_has_none_is_alone() {
        let invited = |email: &str| {
            let input = UserInput {
                email: email.to_owned(),
                name: Some("  ".to_owned()),
                role: Role::Reader,
            };
            User::invited(Id::new(Kind::User, 1), at(0), input)
        };
        let eva = invited(" Eva@Example.com ").unwrap();
        assert_eq!(eva.email.as_deref(), Some("Eva@Example.com"));
        assert_eq!(
            (eva.email_key(), eva.name),
            ("eva@example.com".into(), None)
        );
        for none in ["", "eva", FIRST_OWNER] {
            assert_eq!(invited(none).unwrap_err().field(), Some("email"));
        }
    }
}
