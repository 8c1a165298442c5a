//! The trash: deleted records and associations, as they were, until they are restored or purged.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::association::Association;
use super::column::{Column, ColumnOf, Columns};
use super::event::EventData;
use crate::value::id::{Id, Kind};
use crate::value::time::Timestamp;

/// A deleted contact, company, deal or activity, or an association that went with one. It is written in the commit of the
/// deletion and deleted in that of the restoration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trashed {
    /// `trs_` and a ULID: newer ones were deleted later.
    pub id: Id,
    /// Always `trashed`.
    pub object: TrashedTag,
    /// How many times it was written.
    pub version: i64,
    /// What was deleted; none where it is purged, and what was known of it is still being erased.
    pub record_type: Option<Kind>,
    /// The id of what was deleted: at most one of a scope has it.
    pub record_id: Id,
    /// Of an association, where it led from.
    pub from_id: Option<Id>,
    /// Of an association, where it led to.
    pub to_id: Option<Id>,
    /// When it was deleted: the moment in the id.
    pub deleted_at: Timestamp,
    /// The document of what was deleted: of a record its last state, whose version counts the deletion. Where it is purged, how
    /// far its erasure has got: null at the beginning.
    pub document: EventData,
}

/// The `object` member of a [`Trashed`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrashedTag {
    /// Its one value.
    #[default]
    #[serde(rename = "trashed")]
    Trashed,
}

impl Columns for Trashed {
    const COLUMNS: &'static [ColumnOf<Self>] = &[
        Column::text("record_type", 20, |it: &Self| {
            it.record_type.map(Kind::name)
        })
        .indexed(),
        Column::key("record_id", 40, |it: &Self| Some(it.record_id.text())),
        Column::any_id("from_id", |it: &Self| it.from_id).indexed(),
        Column::any_id("to_id", |it: &Self| it.to_id).indexed(),
        Column::timestamp("deleted_at", |it: &Self| Some(it.deleted_at)),
    ];
}

impl Trashed {
    /// A record with the document of its last state.
    pub fn record(id: Id, record_id: Id, document: Arc<str>) -> Self {
        Self {
            id,
            object: TrashedTag::Trashed,
            version: 1,
            record_type: Some(record_id.kind()),
            record_id,
            from_id: None,
            to_id: None,
            deleted_at: id.timestamp(),
            document: EventData::new(document),
        }
    }

    /// An association with its document, that goes with a record.
    pub fn association(id: Id, edge: &Association, document: Arc<str>) -> Self {
        Self {
            from_id: Some(edge.from_id),
            to_id: Some(edge.to_id),
            ..Self::record(id, edge.id, document)
        }
    }

    /// What says that a record is purged, and that what was known of it is still being erased: its document says how far that is.
    pub fn purged(id: Id, record_id: Id) -> Self {
        Self {
            record_type: None,
            ..Self::record(id, record_id, "null".into())
        }
    }

    /// The same, of what is in the trash already.
    pub fn into_purged(self) -> Self {
        Self {
            version: self.version + 1,
            deleted_at: self.deleted_at,
            ..Self::purged(self.id, self.record_id)
        }
    }

    /// The same, of an erasure that has got so far.
    pub fn erased_so_far(self, progress: EventData) -> Self {
        Self {
            version: self.version + 1,
            document: progress,
            ..self
        }
    }

    /// Whether it is a record that is purged.
    pub fn is_purged(&self) -> bool {
        self.record_type.is_none()
    }

    /// The same association, written once more: so of two records that are restored at once, each of which finds the other gone,
    /// the later finds out.
    pub fn kept(&self) -> Self {
        Self {
            version: self.version + 1,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Entry, Record};

    #[test]
    fn what_was_deleted_is_kept_byte_for_byte() {
        let json = r#"{"id":"con_00000000000000000000000001", "first_name":"\u0041da" ,"n":1.50}"#;
        let record_id = Id::new(Kind::Contact, 1);
        let trashed = Trashed::record(Id::new(Kind::Trashed, 5 << 80), record_id, json.into());
        let entry = Entry::new(trashed);
        let Record::Trashed(read) = Record::from_json(Kind::Trashed, &entry.json).unwrap() else {
            panic!("it is of another kind");
        };
        assert_eq!((read.record_id, read.document.get()), (record_id, json));
        assert_eq!(read.record_type, Some(Kind::Contact));
        assert_eq!(read.deleted_at, Timestamp::from_millis(5));
        let record = Record::from(*read);
        assert!(record.values().eq(entry.record.values()));
        assert_eq!(record.unique_key(), Some(record_id.text()));
    }
}
