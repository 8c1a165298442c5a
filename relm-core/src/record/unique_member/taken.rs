//! That a value of a unique member is another record's, and in which member of the record that was to have it.

use super::{Source, UniqueMember, key_of_address};
use crate::error::{Error, ErrorKind};
use crate::record::Record;
use crate::record::object::Object;
use crate::record::object_type::ObjectType;
use crate::value::id::Id;

impl UniqueMember {
    /// That another record has a value that an object has of it, by its key.
    pub fn taken_of<T: Object>(&self, object: &T, key: &str, holder: Id) -> Error {
        let is_it = |own: &str| match self.source {
            Source::Addresses => key_of_address(own) == key,
            Source::OwnKey { .. } | Source::Column { .. } | Source::Field { .. } => own == key,
        };
        let place = object.place_of(&self.path, &is_it);
        self.taken_at(&place, T::TYPE, holder)
    }

    /// [`taken_of`](Self::taken_of), of a record whatever it is.
    pub fn taken_of_record(&self, record: &Record, key: &str, holder: Id) -> Error {
        match record {
            Record::Contact(contact) => self.taken_of(&**contact, key, holder),
            _ => self.taken(
                ObjectType::of(record.kind()).unwrap_or(ObjectType::Contact),
                holder,
            ),
        }
    }

    /// That another record has a value of it.
    pub fn taken(&self, of: ObjectType, holder: Id) -> Error {
        self.taken_at(&self.path, of, holder)
    }

    fn taken_at(&self, path: &str, of: ObjectType, holder: Id) -> Error {
        let which = match self.source {
            Source::OwnKey { .. } | Source::Addresses => ";",
            Source::Column { .. } | Source::Field { .. } => ", which is unique:",
        };
        let message = format!(
            "Another {of} has this `{path}`{which} update that one, or send a batch with `dedup_on`."
        );
        Error::new(ErrorKind::Conflict, message)
            .at(path)
            .existing(holder)
    }
}
