//! Who makes a change, and for which request.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::limits::TEXT_CHARS_MAX;
use crate::record::check;
use crate::value::request_id::RequestId;

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Actor {
    /// What sort of actor it is.
    #[serde(rename = "type")]
    pub actor_type: ActorType,
    /// Its id: of an API key `key_…`, of others whatever their program calls them by.
    pub id: Option<String>,
    /// What people call it, as it was then.
    pub name: Option<String>,
}

/// The sorts of [actors](Actor).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActorType {
    /// Whoever sent a request with an API key.
    ApiKey,
    /// A person.
    User,
    /// The engine itself.
    System,
    /// The program that the engine is part of.
    Embedder,
}

impl Actor {
    /// The engine itself, in what nobody asked for.
    pub const SYSTEM: Self = Self::nameless(ActorType::System);

    /// The program that the engine is part of, where it does not say for whom it acts.
    pub const EMBEDDER: Self = Self::nameless(ActorType::Embedder);

    const fn nameless(actor_type: ActorType) -> Self {
        Self {
            actor_type,
            id: None,
            name: None,
        }
    }

    /// An actor with this id and name, each of at most [`TEXT_CHARS_MAX`] characters.
    ///
    /// # Errors
    /// `validation_failed` where one of them is longer, or holds U+0000.
    pub fn new(actor_type: ActorType, id: Option<String>, name: Option<String>) -> Result<Self> {
        let checked = |member: &str, text: Option<String>| {
            text.map(|text| check::text(member, text, TEXT_CHARS_MAX))
                .transpose()
        };
        Ok(Self {
            actor_type,
            id: checked("actor.id", id)?,
            name: checked("actor.name", name)?,
        })
    }
}

/// Where a change comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Who made it.
    pub actor: Actor,
    /// The request that it was made for. All events of one request have the same.
    pub request_id: RequestId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_has_texts_that_every_store_keeps() {
        let user =
            |id: &str, name: &str| Actor::new(ActorType::User, Some(id.into()), Some(name.into()));
        let eva = user("42", "Eva \"E\"").unwrap();
        assert_eq!(
            serde_json::to_string(&eva).unwrap(),
            r#"{"type":"user","id":"42","name":"Eva \"E\""}"#
        );
        assert_eq!(
            serde_json::to_string(&Actor::SYSTEM).unwrap(),
            r#"{"type":"system","id":null,"name":null}"#
        );
        let long = "x".repeat(TEXT_CHARS_MAX + 1);
        for (refused, field) in [
            (user("4\0", "Eva"), "actor.id"),
            (user("42", &long), "actor.name"),
        ] {
            assert_eq!(refused.unwrap_err().field(), Some(field));
        }
    }
}
