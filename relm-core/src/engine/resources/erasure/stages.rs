//! The stages of an erasure, and how far it has got.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::record::Trashed;
use crate::value::id::Id;

/// What is erased when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// The associations of the record, by where they lead from: where it had more than the commit that deleted it was to delete.
    #[default]
    AssociationsFrom,
    /// The same, by where they lead to.
    AssociationsTo,
    /// The records that were merged into it, each erased as it is itself: their ids stood for it.
    Merged,
    /// Those in the trash, by where they lead from: by now no more get there.
    TrashFrom,
    /// The same, by where they lead to.
    TrashTo,
    /// The references to it.
    References,
    /// What is left of its unique values: of an index that is being made or taken away.
    UniqueValues,
    /// Its events, each with its deliveries.
    Events,
    /// The events of the associations that led from it.
    EventsFrom,
    /// The same, of those that led to it.
    EventsTo,
    /// The deliveries of its events once more: one may have been made, or attempted, while its event was erased.
    Deliveries,
    /// The same, of the events of the associations that led from it.
    DeliveriesFrom,
    /// The same, of those that led to it.
    DeliveriesTo,
    /// The responses about it.
    Responses,
    /// Nothing is left.
    Done,
}

impl Stage {
    pub const fn next(self) -> Self {
        match self {
            Self::AssociationsFrom => Self::AssociationsTo,
            Self::AssociationsTo => Self::Merged,
            Self::Merged => Self::TrashFrom,
            Self::TrashFrom => Self::TrashTo,
            Self::TrashTo => Self::References,
            Self::References => Self::UniqueValues,
            Self::UniqueValues => Self::Events,
            Self::Events => Self::EventsFrom,
            Self::EventsFrom => Self::EventsTo,
            Self::EventsTo => Self::Deliveries,
            Self::Deliveries => Self::DeliveriesFrom,
            Self::DeliveriesFrom => Self::DeliveriesTo,
            Self::DeliveriesTo => Self::Responses,
            Self::Responses | Self::Done => Self::Done,
        }
    }
}

/// How far an erasure has got, as it is kept where it is broken off on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine::resources) struct Progress {
    pub(super) stage: Stage,
    /// The last event of the stage that was seen: events stay in the list.
    pub(super) after: Option<Id>,
}

impl Progress {
    /// Of an erasure of which nothing is left.
    pub const DONE: Self = Self {
        stage: Stage::Done,
        after: None,
    };

    /// That of a purge that the trash tells of.
    pub fn of(purged: &Trashed) -> Result<Self> {
        let progress: Option<Self> = purged.document.decode()?;
        Ok(progress.unwrap_or_default())
    }
}
