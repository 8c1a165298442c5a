//! What the engine needs to know of an object.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Result;
use crate::record::column::{ColumnOf, Columns};
use crate::record::input::Reader;
use crate::record::list::Lists;
use crate::record::metadata::Metadata;
use crate::record::object_type::ObjectType;
use crate::record::reference::Reference;
use crate::value::id::Id;
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

/// Members that the engine alone writes: on every record, but for the last, which activities have.
pub const READ_ONLY: &[&str] = &[
    "id",
    "object",
    "version",
    "mode",
    "created_at",
    "updated_at",
    "notified_due_at",
];

/// What the engine needs to know of an object to create, change, find and check it.
///
/// Sealed in effect: the engine knows the four implementors, and a store never sees this trait.
pub trait Object:
    Columns + Lists + Clone + PartialEq + fmt::Debug + Serialize + DeserializeOwned + Send + Sync
{
    /// Which of the four it is.
    const TYPE: ObjectType;

    /// Groups of members that mean something together alone: what reverts one of them reverts all, or none.
    const TOGETHER: &'static [&'static [&'static str]] = &[];

    /// The members that a write may set, each kept, cleared or set.
    type Input: Clone
        + fmt::Debug
        + Default
        + PartialEq
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static;

    /// An object with nothing in it yet.
    fn blank(id: Id, mode: Mode, now: Timestamp) -> Self;

    /// Takes the members of an input from a JSON object.
    ///
    /// # Errors
    /// `validation_failed` or `invalid_reference`, naming the member.
    fn read(reader: &mut Reader) -> Result<Self::Input>;

    /// The input of a new object: null in a member that has a default means the default, as absence does.
    fn for_new(input: Self::Input) -> Self::Input {
        input
    }

    /// Applies an input, normalising what it sets. On an error the object may be half changed: drop it.
    ///
    /// # Errors
    /// `validation_failed`, naming the member.
    fn apply(&mut self, input: Self::Input) -> Result<()>;

    /// The texts that an input sets of a member, where it is one that can be unique.
    fn texts_of<'a>(input: &'a Self::Input, member: &str) -> Vec<&'a str>;

    /// What an input sets of the free-form members and custom fields.
    fn metadata_of(input: &Self::Input) -> Option<&Metadata>;

    /// What it has in the member of its own whose values a definition can name: a deal's `stage`. Other objects have no such member.
    fn chosen(&self) -> Option<&str> {
        None
    }

    /// Gives it another value in that member, of the definition's choices.
    fn choose(&mut self, _: String) {}

    /// Whether an input says anything of that member, were it that there is no value.
    fn chooses(_: &Self::Input) -> bool {
        false
    }

    /// What it is compared by beside its kind's unique key, where it has further values of that member.
    fn further_keys(&self) -> Vec<String> {
        Vec::new()
    }

    /// Where it has the value of a unique member whose key meets `is_it`, as requests name it.
    fn place_of(&self, member: &str, _is_it: &dyn Fn(&str) -> bool) -> String {
        member.to_owned()
    }

    /// The same input without what names the object alone, and would otherwise change it; none where there is no such thing.
    fn known_by(&self, _: &Self::Input) -> Option<Self::Input> {
        None
    }

    /// Adds what it would have were it written now, of members that are made of others.
    fn fill(&mut self) {}

    /// The members that mean something together with this one, itself among them; none where it means something alone.
    fn together_with(member: &str) -> &'static [&'static str] {
        let mut groups = Self::TOGETHER.iter();
        groups
            .find(|group| group.contains(&member))
            .copied()
            .unwrap_or_default()
    }

    /// Brings members that are made of others in line, where those were put in from another state of it than `before`.
    ///
    /// # Errors
    /// `validation_failed`, where they cannot be.
    fn settle(&mut self, _before: &Self) -> Result<()> {
        Ok(())
    }

    /// Takes what it has several of from all of those that it is merged of, itself first, but for the members of which it is said whose it gets.
    ///
    /// # Errors
    /// `validation_failed`, where it would have more than there can be.
    fn gather(&mut self, _all: &[Self], _is_said: &dyn Fn(&str) -> bool) -> Result<()> {
        Ok(())
    }

    /// Of what it has several of and that was reverted, keeps what it has `now` and none of these takes back.
    fn give_back(&mut self, _now: &Self, _takers: &[Self], _is_reverted: &dyn Fn(&str) -> bool) {}

    /// Checks that a new object has what it cannot be without.
    ///
    /// # Errors
    /// `validation_failed` or `identifier_required`.
    fn check_complete(&self) -> Result<()>;

    /// Its id.
    fn id(&self) -> Id;

    /// Counts its changes, from 1.
    fn version(&self) -> i64;

    /// The same object, with another count of changes.
    fn of_version(self, version: i64) -> Self;

    /// Counts one more change, made now. `updated_at` never decreases, whatever the clock does.
    fn touch(&mut self, now: Timestamp);

    /// Its free-form members and custom fields.
    fn metadata(&self) -> &Metadata;

    /// The same, to be changed.
    fn metadata_mut(&mut self) -> &mut Metadata;

    /// The records that it refers to by its own members: each column that holds the id of a kind is a reference.
    fn references(&self) -> Vec<Reference> {
        let reference = |column: &ColumnOf<Self>| {
            let (kind, id) = column.reference(self)?;
            Some(Reference {
                name: column.column().name.into(),
                kind,
                id,
            })
        };
        Self::COLUMNS.iter().filter_map(reference).collect()
    }
}

/// The methods of [`Object`] that only reach a member, the same for all four.
///
/// `head!(Contact)` expands to `fn id(&self) -> Id { self.id }` and so on.
macro_rules! head {
    () => {
        fn id(&self) -> Id {
            self.id
        }

        fn version(&self) -> i64 {
            self.version
        }

        fn of_version(self, version: i64) -> Self {
            Self { version, ..self }
        }

        fn touch(&mut self, now: Timestamp) {
            self.version += 1;
            self.updated_at = self.updated_at.max(now);
            self.fill();
        }

        fn metadata(&self) -> &Metadata {
            &self.metadata
        }

        fn metadata_mut(&mut self) -> &mut Metadata {
            &mut self.metadata
        }
    };
}
pub(crate) use head;
