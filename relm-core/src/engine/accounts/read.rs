//! What is kept of users and sessions, as changes of either read it.

use crate::engine::components::Components;
use crate::engine::keys::all_of_system;
use crate::error::{Error, ErrorKind, Result};
use crate::query::filter::Clause;
use crate::record::Document;
use crate::record::user::User;
use crate::store::Write;
use crate::value::id::{Id, Kind};
use crate::value::scope::Scope;

/// The document of a user.
pub(super) async fn user_document(components: &Components, id: Id) -> Result<Document> {
    let found = match id.kind() {
        Kind::User => components.storage().get(Scope::SYSTEM, id).await?,
        _ => None,
    };
    found.ok_or_else(|| Error::new(ErrorKind::NotFound, "There is no such user."))
}

/// The sessions of a user, newest first, those among them that have ended by themselves.
pub(super) async fn sessions_of(components: &Components, user: Id) -> Result<Vec<Document>> {
    let of_user = Clause::equal(Kind::Session, "user_id", user)?;
    all_of_system(components, Kind::Session, vec![of_user]).await
}

/// What ends all sessions of a user.
pub(super) async fn deletions(components: &Components, user: Id) -> Result<Vec<Write>> {
    let all = sessions_of(components, user).await?.into_iter();
    all.map(|session| Ok(Write::Delete(session.into_entry()?)))
        .collect()
}

/// Refuses to go by a password that is not the person's any more.
pub(super) fn check_same_password(user: &User, checked: &User) -> Result<()> {
    if user.password.is_some() && user.password == checked.password {
        return Ok(());
    }
    let message = "The password was changed meanwhile; sign in with the new one.";
    Err(Error::new(ErrorKind::Conflict, message).at("password"))
}
