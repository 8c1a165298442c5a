//! What a key may do: its scopes, such as `contacts:read`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::access::KeyAccess;
use crate::error::{Error, ErrorKind, Result};
use crate::record::object_type::ObjectType;
use crate::value::excerpt::Quoted;
use crate::value::from_text::{from_str, json_text};

/// What a scope is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyResource {
    /// Everything there is, and everything that a later release adds.
    All,
    /// Contacts.
    Contacts,
    /// Companies.
    Companies,
    /// Deals.
    Deals,
    /// Activities.
    Activities,
    /// The search, which shows records of all four objects.
    Search,
    /// What a workspace's objects have.
    Schema,
    /// The definitions of custom fields.
    Fields,
    /// Associations.
    Associations,
    /// Endpoints and their deliveries. Who writes an endpoint has events sent to it, whatever they tell of.
    Webhooks,
    /// Events, which show records of every kind.
    Events,
    /// API keys.
    Keys,
}

/// What a scope lets a key do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAction {
    /// To read.
    Read,
    /// To create, change and delete. It does not include to read.
    Write,
}

/// One thing that a key may do: `deals:write`, or `*:read` for all resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyScope {
    resource: KeyResource,
    action: KeyAction,
}

/// The scopes of a key. In JSON a list of their texts.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyScopes(u32);

impl KeyResource {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::All,
        Self::Contacts,
        Self::Companies,
        Self::Deals,
        Self::Activities,
        Self::Search,
        Self::Schema,
        Self::Fields,
        Self::Associations,
        Self::Webhooks,
        Self::Events,
        Self::Keys,
    ];

    /// The text before the colon.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "*",
            Self::Contacts => "contacts",
            Self::Companies => "companies",
            Self::Deals => "deals",
            Self::Activities => "activities",
            Self::Search => "search",
            Self::Schema => "schema",
            Self::Fields => "fields",
            Self::Associations => "associations",
            Self::Webhooks => "webhooks",
            Self::Events => "events",
            Self::Keys => "keys",
        }
    }

    const fn is_all(self) -> bool {
        matches!(self, Self::All)
    }

    /// Whether anything of it can be written.
    const fn is_writable(self) -> bool {
        !matches!(self, Self::Search | Self::Schema | Self::Events)
    }
}

/// The records of an object, as scopes name them.
impl From<ObjectType> for KeyResource {
    fn from(object: ObjectType) -> Self {
        match object {
            ObjectType::Contact => Self::Contacts,
            ObjectType::Company => Self::Companies,
            ObjectType::Deal => Self::Deals,
            ObjectType::Activity => Self::Activities,
        }
    }
}

impl KeyScope {
    /// The scope of this action on this resource.
    pub const fn new(resource: KeyResource, action: KeyAction) -> Self {
        Self { resource, action }
    }

    /// Every scope that a key can have.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        KeyResource::ALL.into_iter().flat_map(|resource| {
            let write = resource.is_writable().then_some(KeyAction::Write);
            [Some(KeyAction::Read), write]
                .into_iter()
                .flatten()
                .map(move |action| Self::new(resource, action))
        })
    }

    const fn bit(self) -> u32 {
        1 << ((self.resource as u32) * 2 + self.action as u32)
    }
}

impl fmt::Display for KeyScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            KeyAction::Read => "read",
            KeyAction::Write => "write",
        };
        write!(f, "{}:{action}", self.resource.as_str())
    }
}

from_str!(
    KeyScope,
    |text| KeyScope::all().find(|scope| scope.to_string() == text),
    "a scope such as `contacts:read`"
);
json_text!(KeyScope, "a scope such as `contacts:read`");

impl KeyScopes {
    /// Everything: `*:read` and `*:write`.
    pub const FULL: Self = Self::READ_ONLY.and(KeyScope::new(KeyResource::All, KeyAction::Write));

    /// To read everything: `*:read`.
    pub const READ_ONLY: Self = Self(0).and(KeyScope::new(KeyResource::All, KeyAction::Read));

    /// These and one more.
    #[must_use]
    pub const fn and(self, scope: KeyScope) -> Self {
        Self(self.0 | scope.bit())
    }

    /// The scopes of these texts.
    ///
    /// # Errors
    /// `validation_failed` when there is none, `unknown_value` for a text that is no scope.
    pub fn parse(texts: &[String]) -> Result<Self> {
        let mut scopes = Self::default();
        for text in texts {
            scopes = scopes.and(text.parse().map_err(|_| unknown(text))?);
        }
        if scopes.is_empty() {
            return Err(Error::invalid(
                "scopes",
                "`scopes` must name one scope at least; leave it out for a key that may do everything.",
            ));
        }
        Ok(scopes)
    }

    /// Whether a key of these may do what needs this scope.
    pub fn cover(self, scope: KeyScope) -> bool {
        let of_all = KeyScope::new(KeyResource::All, scope.action);
        self.0 & (scope.bit() | of_all.bit()) != 0
    }

    /// The first of the others that these do not cover.
    pub fn first_beyond(self, others: Self) -> Option<KeyScope> {
        others.iter().find(|scope| !self.cover(*scope))
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = KeyScope> + Clone {
        KeyScope::all().filter(move |scope| self.0 & scope.bit() != 0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// What a key of these is kept as.
    pub(crate) fn access(self) -> KeyAccess {
        match self {
            Self::FULL => KeyAccess::Full,
            Self::READ_ONLY => KeyAccess::ReadOnly,
            _ => KeyAccess::Restricted,
        }
    }

    /// Whether nothing can be written with them.
    pub fn only_read(self) -> bool {
        self.iter().all(|scope| scope.action == KeyAction::Read)
    }
}

impl fmt::Debug for KeyScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|scope| scope.to_string()))
            .finish()
    }
}

impl Serialize for KeyScopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for KeyScopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let scopes = Vec::<KeyScope>::deserialize(deserializer)?;
        Ok(scopes.into_iter().fold(Self::default(), Self::and))
    }
}

fn unknown(text: &str) -> Error {
    let options: Vec<String> = KeyScope::all().map(|scope| scope.to_string()).collect();
    let message = format!("There is no scope {}.", Quoted(text));
    let error = Error::new(ErrorKind::UnknownValue, message).at("scopes");
    let options = options.iter().map(String::as_str);
    match meant(text) {
        Some(scope) => {
            let scope = scope.to_string();
            error.options("", options).suggest(&[&scope])
        }
        None => error
            .options(text, options)
            .adding("A scope is a resource or `*`, and `read` or `write`: `contacts:read`."),
    }
}

/// The scope that a text is in another API's notation: `read:contacts`, `contacts.read`, `crm.contacts.write`.
fn meant(text: &str) -> Option<KeyScope> {
    let text = text.to_lowercase();
    let words = text.split(|char: char| !char.is_alphanumeric() && char != '*');
    let of = |resource: KeyResource, word: &str| {
        let name = resource.as_str();
        word == name || name.strip_suffix('s') == Some(word) || resource.is_all() && word == "all"
    };
    let mut resources = words.clone().filter_map(|word| {
        let mut all = KeyResource::ALL.into_iter();
        all.find(|resource| of(*resource, word))
    });
    let mut actions = words.filter_map(|word| match word {
        "read" => Some(KeyAction::Read),
        "write" => Some(KeyAction::Write),
        _ => None,
    });
    let scope = KeyScope::new(resources.next()?, actions.next()?);
    KeyScope::all().find(|known| *known == scope)
}
