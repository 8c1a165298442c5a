//! Sessions: the browsers that people signed in with, each known by a token of which a digest is kept.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::{SESSION_IDLE_MS, SESSION_MS, SESSION_USE_MS, TEXT_CHARS_MAX};
use crate::record::column::{Column, ColumnOf, Columns};
use crate::record::key::{digest, random_text};
use crate::value::hex::hex;
use crate::value::id::{Id, Kind};
use crate::value::time::{Rng, Timestamp};

/// A browser that a person signed in with, as it is kept: nobody can make its token from it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// `ses_` and a ULID.
    pub id: Id,
    /// Who signed in.
    pub user_id: Id,
    /// SHA-256 of the token, in hexadecimal. A token is 256 random bits, so no slower digest is needed.
    pub(crate) digest: String,
    /// What the browser calls itself.
    pub agent: Option<String>,
    /// Counts the changes: 1 on create, one more with each.
    pub version: i64,
    /// When the person signed in: the moment in the id.
    pub created_at: Timestamp,
    /// When it was used last, to the minute.
    pub used_at: Timestamp,
    /// When it ends, however much it is used.
    pub expires_at: Timestamp,
}

/// A session that was just begun: the one time that its token can be read.
pub struct NewSession {
    /// The session as it is kept.
    pub session: Session,
    /// What the browser shows from now on.
    pub token: String,
}

impl Columns for Session {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::id("user_id", Kind::User, |it: &Self| Some(it.user_id)).indexed(),
        Column::text("digest", 64, |it: &Self| Some(&it.digest)).unique(),
        Column::timestamp("created_at", |it: &Self| Some(it.created_at)),
        Column::timestamp("used_at", |it: &Self| Some(it.used_at)),
        Column::timestamp("expires_at", |it: &Self| Some(it.expires_at)),
    ];
}

impl Session {
    /// A session of a person that begins now. What the browser calls itself is cut to [`TEXT_CHARS_MAX`] characters.
    pub fn begin(
        id: Id,
        user_id: Id,
        agent: Option<&str>,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> NewSession {
        let token = random_text(rng);
        let printable = |char: &char| !char.is_control();
        let agent = agent.map(|agent| agent.chars().filter(printable).take(TEXT_CHARS_MAX));
        let session = Self {
            id,
            user_id,
            digest: hex(&digest(&token)),
            agent: agent.map(Iterator::collect),
            version: 1,
            created_at: now,
            used_at: now,
            expires_at: now.saturating_add_millis(SESSION_MS),
        };
        NewSession { session, token }
    }

    /// Whether it has neither ended nor been left unused for too long.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at && now < self.used_at.saturating_add_millis(SESSION_IDLE_MS)
    }

    /// The same session, used now; none where what is kept of its last use is recent enough.
    pub(crate) fn used(&self, now: Timestamp) -> Option<Self> {
        (now >= self.used_at.saturating_add_millis(SESSION_USE_MS)).then(|| Self {
            used_at: now,
            version: self.version + 1,
            ..self.clone()
        })
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .field("version", &self.version)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::time::SeededRng;

    #[test]
    fn a_session_ends_by_its_age_and_by_not_being_used() {
        let at = Timestamp::from_millis;
        let (id, user) = (Id::new(Kind::Session, 1), Id::new(Kind::User, 1));
        let begun = Session::begin(id, user, Some("a\nb"), at(0), &SeededRng::new(1));
        let session = begun.session;
        assert_eq!(session.agent.as_deref(), Some("ab"));
        assert!(session.is_live(at(SESSION_IDLE_MS - 1)));
        assert!(!session.is_live(at(SESSION_IDLE_MS)));
        assert_eq!(session.used(at(SESSION_USE_MS - 1)), None);
        let mut used = session.used(at(SESSION_USE_MS)).unwrap();
        assert_eq!((used.version, used.used_at), (2, at(SESSION_USE_MS)));
        used.used_at = at(SESSION_MS - 1);
        assert!(used.is_live(at(SESSION_MS - 1)) && !used.is_live(at(SESSION_MS)));
        let shown = format!("{used:?}") + &serde_json::to_string(&used).unwrap();
        assert!(!shown.contains(&begun.token));
    }
}
