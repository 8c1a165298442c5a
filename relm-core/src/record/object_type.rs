//! The types of CRM objects.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::record::check::required_choice;
use crate::record::patch::Patch;
use crate::value::from_text::named;
use crate::value::id::Kind;
use crate::value::spelling::OtherNames;

/// The types of CRM objects, as `object_type`, `from_type` and `to_type` name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ObjectType {
    /// A person.
    Contact,
    /// An organisation.
    Company,
    /// A sale in progress, won or lost.
    Deal,
    /// A call, a meeting, a note: something that happened.
    Activity,
}

/// What other CRMs call the types, and ours in the plural, as paths have it.
pub(crate) const OTHER_NAMES: OtherNames = &[
    (
        &["contacts", "person", "people", "lead", "customer"],
        &["contact"],
    ),
    (
        &[
            "companies",
            "account",
            "organization",
            "organisation",
            "org",
        ],
        &["company"],
    ),
    (&["deals", "opportunity", "opportunities"], &["deal"]),
    (
        &[
            "activities",
            "note",
            "task",
            "call",
            "meeting",
            "engagement",
        ],
        &["activity"],
    ),
];

impl ObjectType {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Contact, Self::Company, Self::Deal, Self::Activity];

    /// The kind of record.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Contact => Kind::Contact,
            Self::Company => Kind::Company,
            Self::Deal => Kind::Deal,
            Self::Activity => Kind::Activity,
        }
    }

    /// The object type of a kind, where it is one.
    pub const fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Contact => Some(Self::Contact),
            Kind::Company => Some(Self::Company),
            Kind::Deal => Some(Self::Deal),
            Kind::Activity => Some(Self::Activity),
            Kind::Association
            | Kind::Field
            | Kind::Webhook
            | Kind::Delivery
            | Kind::Event
            | Kind::Key
            | Kind::Workspace
            | Kind::Trashed
            | Kind::User
            | Kind::Session
            | Kind::UniqueValue
            | Kind::Import
            | Kind::ImportPart => None,
        }
    }

    /// `contact`, `company`, `deal` or `activity`.
    pub const fn as_str(self) -> &'static str {
        self.kind().name()
    }

    /// `contacts`, `companies`, `deals` or `activities`: what paths and batches call several of them.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Contact => "contacts",
            Self::Company => "companies",
            Self::Deal => "deals",
            Self::Activity => "activities",
        }
    }

    /// Reads what [`ObjectType::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    /// The type that a request must name, in a member of this name.
    pub(crate) fn required(name: &str, patch: Patch<String>) -> Result<Self> {
        let options = Self::ALL.map(Self::as_str);
        required_choice(name, patch, options, OTHER_NAMES, Self::parse)
    }
}

named!(
    ObjectType,
    as_str,
    "`contact`, `company`, `deal` or `activity`"
);
