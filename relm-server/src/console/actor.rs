//! Who did something, in words.

use relm_core::{Actor, ActorType};

use super::shown::cut;

/// Characters of a name that a page shows.
const NAME_CHARS: usize = 60;

/// The name of an actor, or what it is.
pub(super) fn name(actor: &Actor) -> String {
    let name = actor.name.as_deref().map(|name| cut(name, NAME_CHARS));
    match (actor.actor_type, name) {
        (ActorType::ApiKey, Some(name)) => format!("the key {name}"),
        (ActorType::ApiKey, None) => "a key".to_owned(),
        (ActorType::System, _) => "the server".to_owned(),
        (ActorType::Embedder, None) => "a program".to_owned(),
        (ActorType::User, None) => "a user".to_owned(),
        (ActorType::User | ActorType::Embedder, Some(name)) => name,
    }
}
