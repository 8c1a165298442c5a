//! The handle on one workspace in one mode.

use std::fmt;

use super::context::{Context, IdempotencyKey};
use super::resources::associations::Associations;
use super::resources::events::Events;
use super::resources::fields::Fields;
use super::resources::listing::List;
use super::resources::objects::Objects;
use super::resources::searching::{self, SearchRequest};
use super::resources::webhooks::Webhooks;
use crate::error::Result;
use crate::record::Record;
use crate::record::object::{Activity, Company, Contact, Deal, Object};
use crate::value::scope::Scope;

/// A handle on one workspace in one mode: nothing that is reached through it lies elsewhere.
#[derive(Clone)]
pub struct Scoped {
    context: Context,
}

impl Scoped {
    pub(super) fn new(context: Context) -> Self {
        Self { context }
    }

    /// The workspace and mode.
    pub fn scope(&self) -> Scope {
        self.context.scope()
    }

    /// The same handle, whose next change happens once however often it is asked for: within 24 hours of its first
    /// success the same key and fingerprint give the same reply, another fingerprint is refused.
    ///
    /// `fingerprint` is a digest of the request, such as SHA-256 over what it asks for.
    ///
    /// # Errors
    /// `bad_request` when the key is not of 1 to 255 characters.
    pub fn idempotent(self, key: &str, fingerprint: [u8; 32]) -> Result<Self> {
        let key = IdempotencyKey::new(key, fingerprint)?;
        Ok(Self::new(self.context.idempotent(key)))
    }

    /// The records of one object type, for code that is the same for all four.
    pub fn objects<T: Object + Into<Record>>(&self) -> Objects<'_, T> {
        Objects::new(&self.context)
    }

    /// The contacts.
    pub fn contacts(&self) -> Objects<'_, Contact> {
        Objects::new(&self.context)
    }

    /// The companies.
    pub fn companies(&self) -> Objects<'_, Company> {
        Objects::new(&self.context)
    }

    /// The deals.
    pub fn deals(&self) -> Objects<'_, Deal> {
        Objects::new(&self.context)
    }

    /// The activities.
    pub fn activities(&self) -> Objects<'_, Activity> {
        Objects::new(&self.context)
    }

    /// The definitions of custom fields.
    pub fn fields(&self) -> Fields<'_> {
        Fields::new(&self.context)
    }

    /// The associations.
    pub fn associations(&self) -> Associations<'_> {
        Associations::new(&self.context)
    }

    /// The events.
    pub fn events(&self) -> Events<'_> {
        Events::new(&self.context)
    }

    /// The endpoints, and their deliveries.
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks::new(&self.context)
    }

    /// One page of what a search finds: an exact e-mail address, domain or id first, then newest first.
    ///
    /// # Errors
    /// `bad_request` for an empty query, an unknown type or a bad limit; `invalid_cursor`.
    pub async fn search(&self, request: &SearchRequest) -> Result<List> {
        searching::search(&self.context, request).await
    }
}

impl fmt::Debug for Scoped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped")
            .field("scope", &self.scope())
            .finish_non_exhaustive()
    }
}
