//! A company: an organisation, known by its name.

use serde::{Deserialize, Serialize};

use super::{Object, ObjectType, Reference, head};
use crate::error::Result;
use crate::limits::TEXT_CHARS_MAX;
use crate::record::check;
use crate::record::column::{Column, ColumnType, ColumnValue, Identity};
use crate::record::hint::OtherNames;
use crate::record::input::{Patch, Reader};
use crate::record::metadata::{self, Metadata};
use crate::value::host;
use crate::value::id::Id;
use crate::value::scope::Mode;
use crate::value::time::Timestamp;

/// An organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Company {
    /// `cmp_` and a ULID.
    pub id: Id,
    /// Always `company`.
    pub object: ObjectType,
    /// The name.
    pub name: String,
    /// The bare host, such as `example.com`, whatever URL it was written as; not unique.
    pub domain: Option<String>,
    /// Custom fields and free-form members.
    pub metadata: Metadata,
    /// Counts the changes: 1 on create, one more with each.
    pub version: i64,
    /// Whether the record is a live or a test one.
    pub mode: Mode,
    /// When the record was created: the moment in the id.
    pub created_at: Timestamp,
    /// When the record was changed last.
    pub updated_at: Timestamp,
}

/// What a write says of a company.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompanyInput {
    /// See [`Company::name`].
    pub name: Patch<String>,
    /// See [`Company::domain`].
    pub domain: Patch<String>,
    /// Merged one level deep: a null member removes that key.
    pub metadata: Patch<Metadata>,
}

/// What other CRMs call the members of a company.
pub(super) const OTHER_NAMES: OtherNames = &[
    (
        &[
            "title",
            "company_name",
            "organization_name",
            "organisation_name",
            "legal_name",
        ],
        &["name"],
    ),
    (
        &[
            "website",
            "url",
            "domains",
            "domain_name",
            "homepage",
            "web",
        ],
        &["domain"],
    ),
    (
        &[
            "custom_fields",
            "customfields",
            "custom",
            "properties",
            "attributes",
            "fields",
            "tags",
        ],
        &["metadata"],
    ),
];

pub(super) const COLUMNS: &[Column] = &[
    Column::text("name", TEXT_CHARS_MAX).required().indexed(),
    Column::text("domain", TEXT_CHARS_MAX)
        .indexed()
        .compared_as(Identity::Domain),
    Column::new("metadata", ColumnType::Json).hidden(),
    Column::new("created_at", ColumnType::Timestamp),
    Column::new("updated_at", ColumnType::Timestamp).indexed(),
];

impl Company {
    pub(crate) fn scalars(&self) -> Vec<Option<ColumnValue<'_>>> {
        let Self {
            id: _,
            object: _,
            name,
            domain,
            metadata,
            version: _,
            mode: _,
            created_at,
            updated_at,
        } = self;
        vec![
            Some(name.into()),
            domain.as_deref().map(host::key).map(ColumnValue::Text),
            Some(metadata::text_of(metadata).into()),
            Some((*created_at).into()),
            Some((*updated_at).into()),
        ]
    }
}

impl Object for Company {
    const TYPE: ObjectType = ObjectType::Company;
    type Input = CompanyInput;

    head!();

    fn blank(id: Id, mode: Mode, now: Timestamp) -> Self {
        Self {
            id,
            object: Self::TYPE,
            name: String::new(),
            domain: None,
            metadata: Metadata::new(),
            version: 1,
            mode,
            created_at: now,
            updated_at: now,
        }
    }

    fn read(reader: &mut Reader) -> Result<CompanyInput> {
        reader.knowing(Self::TYPE.other_names());
        Ok(CompanyInput {
            name: reader.text("name")?,
            domain: reader.text("domain")?,
            metadata: reader.metadata()?,
        })
    }

    fn apply(&mut self, input: CompanyInput) -> Result<()> {
        let CompanyInput {
            name,
            domain,
            metadata,
        } = input;
        name.apply_required("name", &mut self.name, check::required_text("name"))?;
        domain.apply(&mut self.domain, check::domain)?;
        metadata::merge(metadata, &mut self.metadata)
    }

    fn check_complete(&self) -> Result<()> {
        check::present("name", &self.name)
    }

    fn references(&self) -> Vec<Reference> {
        Vec::new()
    }
}
