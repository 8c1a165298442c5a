//! The trash: deleted records and associations, as they were, until they are restored or purged; and records that were merged into
//! others, for as long as those are kept.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::actor::Origin;
use super::association::Association;
use super::column::{Column, ColumnOf, Columns};
use super::event::EventData;
use crate::value::id::{Id, Kind};
use crate::value::request_id::RequestId;
use crate::value::time::Timestamp;

/// What the column `record_type` says of a record that was merged into another.
pub(crate) const MERGED: &str = "merged";
/// The same, while what refers to it is moved.
pub(crate) const MERGING: &str = "merging";
/// Former survivors that a [`Merge`] names: the newest.
const FORMER_MAX: usize = 100;

/// A deleted contact, company, deal or activity, or an association that went with one. It is written in the commit of the
/// deletion and deleted in that of the restoration. Or a record that was merged into another: what its id stands for since. Or that an undo
/// goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trashed {
    /// `trs_` and a ULID: newer ones were deleted later.
    pub id: Id,
    /// Always `trashed`.
    pub object: TrashedTag,
    /// How many times it was written.
    pub version: i64,
    /// What was deleted; none where it is purged, and what was known of it is still being erased. It is itself where an undo goes on.
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
    /// Of a record that was merged into another, into which, and how far that is; also where it is purged, until that has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<Merge>,
}

/// That a record was merged into another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Merge {
    /// The record that it is by now: its survivor.
    pub into: Id,
    /// Those that it was before, which were merged themselves: the newest of them, the first of them first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<Id>,
    /// Who merged it, and by which request.
    pub origin: Origin,
    /// Whether what refers to it is still to be moved.
    pub is_moving: bool,
}

impl Merge {
    /// A merge that begins.
    pub(crate) fn begun(into: Id, origin: Origin) -> Self {
        Self {
            into,
            former: Vec::new(),
            origin,
            is_moving: true,
        }
    }

    /// The same, whose survivor is merged into another.
    pub(crate) fn followed(mut self, into: Id) -> Self {
        self.former.push(self.into);
        let over = self.former.len().saturating_sub(FORMER_MAX);
        self.former.drain(..over);
        Self { into, ..self }
    }

    /// The same, of which a former survivor is there again; none where that never was one.
    fn given_back(mut self, former: Id) -> Option<Self> {
        let place = self.former.iter().position(|id| *id == former)?;
        self.former.truncate(place);
        Some(Self {
            into: former,
            ..self
        })
    }
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
        Column::text("record_type", 20, Self::type_name).indexed(),
        Column::key("record_id", 40, |it: &Self| Some(it.record_id.text())),
        Column::any_id("from_id", |it: &Self| it.from_id).indexed(),
        Column::any_id("to_id", |it: &Self| it.to_id.or(it.merged_into())).indexed(),
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
            merge: None,
        }
    }

    /// A record that is merged into another, with the document of its last state.
    pub(crate) fn merged(id: Id, record_id: Id, document: Arc<str>, merge: Merge) -> Self {
        Self {
            merge: Some(merge),
            ..Self::record(id, record_id, document)
        }
    }

    /// What the column `record_type` says: a record that was merged is none of those that can be restored.
    fn type_name(&self) -> Option<&'static str> {
        match self.standing() {
            Some(merge) if merge.is_moving => Some(MERGING),
            Some(_) => Some(MERGED),
            None => self.record_type.map(Kind::name),
        }
    }

    /// The merge by which its id stands for another record: not that of one that is purged.
    pub(crate) fn standing(&self) -> Option<&Merge> {
        self.merge.as_ref().filter(|_| !self.is_purged())
    }

    /// Of a record that was merged into another, that one; none where it is purged, since its id stands for nothing then.
    pub fn survivor(&self) -> Option<Id> {
        self.standing().map(|merge| merge.into)
    }

    /// The same, also where it is purged: what refers to it still is to lead there.
    pub(crate) fn merged_into(&self) -> Option<Id> {
        self.merge.as_ref().map(|merge| merge.into)
    }

    /// Whether what refers to it is still to be moved to its survivor.
    pub(crate) fn is_moving(&self) -> bool {
        self.standing().is_some_and(|merge| merge.is_moving)
    }

    /// The same, whose survivor is merged into another.
    pub(crate) fn merged_on(self, into: Id) -> Self {
        Self {
            merge: self.merge.map(|merge| merge.followed(into)),
            version: self.version + 1,
            ..self
        }
    }

    /// The same, of which a former survivor is there again; none where that never was one.
    pub(crate) fn given_back(self, former: Id) -> Option<Self> {
        Some(Self {
            merge: Some(self.merge?.given_back(former)?),
            version: self.version + 1,
            ..self
        })
    }

    /// The same, to which nothing refers any more.
    pub(crate) fn moved(self) -> Self {
        let merge = self.merge.map(|merge| Merge {
            is_moving: false,
            ..merge
        });
        Self {
            merge,
            version: self.version + 1,
            ..self
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

    /// What says that the undo of a request goes on in steps, and, in its document, how far that is.
    pub(crate) fn undoing(id: Id, request: RequestId, progress: EventData) -> Self {
        Self {
            record_type: Some(Kind::Trashed),
            record_id: Self::undo_key(request),
            document: progress,
            ..Self::record(id, id, "null".into())
        }
    }

    /// What has the place of the id of a record in what says that a request is being undone.
    pub(crate) fn undo_key(request: RequestId) -> Id {
        Id::new(Kind::Trashed, request.ulid())
    }

    /// The same, of what is in the trash already.
    pub fn into_purged(self) -> Self {
        Self {
            version: self.version + 1,
            deleted_at: self.deleted_at,
            merge: self.merge,
            ..Self::purged(self.id, self.record_id)
        }
    }

    /// The same, of an erasure, or an undo, that has got so far.
    pub fn so_far(self, progress: EventData) -> Self {
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

    /// The same, written once more: so of two records that are restored at once, each of which finds the other gone,
    /// the later finds out; and whoever moves what refers to a record finds out that its merge is undone.
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

    #[test]
    fn a_merged_record_is_found_by_its_survivor_and_given_back_to_a_former_one() {
        let [ada, bob, eve] = [1, 2, 3].map(|number| Id::new(Kind::Contact, number));
        let origin = Origin {
            actor: crate::record::Actor::SYSTEM,
            request_id: crate::value::request_id::RequestId::new(7),
        };
        let merge = Merge::begun(bob, origin);
        let own = Id::new(Kind::Trashed, 5 << 80);
        let begun = Trashed::merged(own, ada, r#"{"id":"ada"}"#.into(), merge);
        let of = |trashed: &Trashed| (trashed.type_name(), trashed.survivor());
        assert_eq!(of(&begun), (Some(MERGING), Some(bob)));
        let moved = begun.moved();
        assert_eq!(of(&moved), (Some(MERGED), Some(bob)));
        let on = moved.merged_on(eve);
        assert_eq!((of(&on), on.version), ((Some(MERGED), Some(eve)), 3));
        let entry = Entry::new(on.clone());
        let Record::Trashed(read) = Record::from_json(Kind::Trashed, &entry.json).unwrap() else {
            panic!("it is of another kind");
        };
        assert_eq!(read.merge, on.merge);
        assert!(Record::from(*read).values().eq(entry.record.values()));
        assert!(on.clone().given_back(eve).is_none());
        let back = on.clone().given_back(bob).expect("it was bob before");
        assert_eq!((of(&back), back.version), ((Some(MERGED), Some(bob)), 4));
        let purged = on.into_purged();
        assert_eq!((of(&purged), purged.is_moving()), ((None, None), false));
        assert_eq!(purged.merged_into(), Some(eve));
        assert_eq!(purged.document.get(), "null");
    }
}
