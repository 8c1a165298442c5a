//! A key as a row of the list shows it.

use relm_core::{KeyScopes, ShownKey, Timestamp};

use crate::console::actor;
use crate::console::layout::minute;

/// A key, in words.
pub(super) struct Row {
    pub id: String,
    pub name: String,
    pub hint: String,
    pub access: String,
    /// The scopes one by one, where it has neither all nor all that read.
    pub scopes: Vec<String>,
    pub made: String,
    pub maker: Option<String>,
    /// When it was last used.
    pub used: Option<String>,
    /// Whether it was rotated.
    pub is_replaced: bool,
    pub expires: Option<String>,
    pub state: State,
}

/// Whether a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Active,
    Expired,
    Revoked,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    pub fn is_active(self) -> bool {
        self == Self::Active
    }
}

impl Row {
    pub fn of(key: ShownKey, now: Timestamp) -> Self {
        let state = match (key.revoked_at, key.expires_at) {
            (Some(_), _) => State::Revoked,
            (None, Some(at)) if at <= now => State::Expired,
            (None, _) => State::Active,
        };
        let access = match key.scopes {
            KeyScopes::FULL => "Full access",
            KeyScopes::READ_ONLY => "Read only",
            _ => "",
        };
        let scopes = key.scopes.iter().map(|scope| scope.to_string());
        let ended = key
            .revoked_at
            .as_ref()
            .map(|at| format!("revoked {}", minute(at)));
        let ends = key.expires_at.as_ref().map(minute);
        Self {
            id: key.id.to_string(),
            name: key.name.unwrap_or_else(|| "Unnamed".to_owned()),
            hint: key.hint,
            access: access.to_owned(),
            scopes: match access {
                "" => scopes.collect(),
                _ => Vec::new(),
            },
            made: minute(&key.created_at),
            maker: key.created_by.as_ref().map(actor::name),
            used: key.last_used_at.as_ref().map(minute),
            is_replaced: key.replaced_by.is_some(),
            expires: ended.or(ends),
            state,
        }
    }
}
