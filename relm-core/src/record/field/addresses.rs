//! That contacts have several addresses: a definition that the engine makes by itself, so that every write knows of it.
//!
//! As long as no contact of a scope has a second address, its kind's own unique key keeps addresses apart. From then on an index of all
//! addresses does so beside it, and whoever writes must know: what a commit requires of the configuration says so.

use super::field_type::FieldType;
use super::options::{Enforce, FieldOptions};
use super::unique::UniqueIndexState;
use super::{Field, FieldTag};
use crate::record::object_type::ObjectType;
use crate::value::id::Id;
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

/// The member that has all addresses of a contact.
const EMAILS: &str = "emails";

impl Field {
    /// The definition, where writes may still be under way that do not know of it.
    pub(crate) fn of_addresses(id: Id, mode: Mode) -> Self {
        let now = id.timestamp();
        Self {
            id,
            object: FieldTag::Field,
            object_type: ObjectType::Contact,
            key: EMAILS.to_owned(),
            label: EMAILS.to_owned(),
            description: None,
            field_type: FieldType::Email,
            required: false,
            unique: false,
            enforce: Enforce::Always,
            options: FieldOptions::default(),
            position: None,
            unique_index: None,
            built_in: true,
            unknown_members: None,
            version: 1,
            mode,
            created_at: now,
            updated_at: now,
        }
    }

    /// The same definition, which every write knows of.
    pub(crate) fn known_to_all(mut self, now: Timestamp) -> Self {
        self.unique = true;
        self.touch(now);
        self
    }

    /// Whether it is that definition.
    pub(crate) fn is_of_addresses(&self) -> bool {
        self.built_in && self.object_type == ObjectType::Contact && self.key == EMAILS
    }

    /// Of that definition, whether every write knows of it.
    pub(crate) fn of_addresses_state(&self) -> Option<UniqueIndexState> {
        self.is_of_addresses().then_some(match self.unique {
            true => UniqueIndexState::Ready,
            false => UniqueIndexState::Making,
        })
    }

    /// Whether the engine alone, or a setting of its objects, says what it says.
    pub(crate) fn is_made_by_engine(&self) -> bool {
        self.is_of_metadata() || self.is_of_addresses()
    }
}
