//! A company: an organisation, known by its name.

use serde::{Deserialize, Serialize};

use super::columns::columns;
use super::interface::{Object, head};
use super::lists::{lists, lists_with_addresses};
use super::names::{ADDRESSES_NAMES, METADATA_NAMES, OWNER_NAMES, TAGS_NAMES};
use crate::error::Result;
use crate::limits::TEXT_CHARS_MAX;
use crate::record::check;
use crate::record::column::{Identity, Searched};
use crate::record::input::{Reader, read_as_json};
use crate::record::list::{
    ADDRESS_CITIES, ADDRESS_COUNTRIES, ADDRESS_POSTAL_CODES, ADDRESS_REGIONS, ADDRESSES, ListInput,
    TAGS, change_list, or_empty,
};
use crate::record::metadata::{self, Metadata};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::record::postal::{self, AddressesInput, PostalAddress};
use crate::record::several;
use crate::value::id::Id;
use crate::value::scope::Mode;
use crate::value::spelling::OtherNames;
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
    /// Who looks after the company, as free text: an e-mail address, a name, or an id of the program's own.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub owner: Option<String>,
    /// Labels by which records are grouped, each of them once. Absent from what was written before there were tags.
    #[serde(default, deserialize_with = "or_empty")]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub tags: Vec<String>,
    /// Its postal addresses. Absent from what was written before there were any.
    #[serde(default, deserialize_with = "several::or_none")]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub addresses: Vec<PostalAddress>,
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

/// The members that a write sets on a company.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CompanyInput {
    /// See [`Company::name`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// See [`Company::domain`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub domain: Patch<String>,
    /// See [`Company::owner`](struct@Company).
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub owner: Patch<String>,
    /// See [`Company::tags`](struct@Company). All of them, or those that are added and removed.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub tags: Patch<ListInput>,
    /// See [`Company::addresses`](struct@Company). All of them, or those that are added and removed.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub addresses: Patch<AddressesInput>,
    /// Merged one level deep: a null member removes that key.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub metadata: Patch<Metadata>,
}

read_as_json!(CompanyInput, |reader| reader.all_of(Company::read));

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
    OWNER_NAMES,
    TAGS_NAMES,
    ADDRESSES_NAMES,
    METADATA_NAMES,
];

columns! { Company:
    name: text(TEXT_CHARS_MAX, |it: &Self| Some(&it.name)).required().indexed().searched(Searched::Name);
    domain: text(TEXT_CHARS_MAX, |it: &Self| it.domain.as_deref())
        .indexed()
        .compared_as(Identity::Domain)
        .searched(Searched::Domain);
    owner: text(TEXT_CHARS_MAX, |it: &Self| it.owner.as_deref()).indexed();
    metadata: json(|it: &Self| metadata::text_of(it.metadata.as_map()));
    created_at: timestamp(|it: &Self| Some(it.created_at));
    updated_at: timestamp(|it: &Self| Some(it.updated_at)).indexed();
}

lists_with_addresses! { Company:
    tags: TAGS;
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
            owner: None,
            tags: Vec::new(),
            addresses: Vec::new(),
            metadata: Metadata::new(),
            version: 1,
            mode,
            created_at: now,
            updated_at: now,
        }
    }

    fn read(reader: &mut Reader) -> Result<CompanyInput> {
        reader.knowing(OTHER_NAMES);
        Ok(CompanyInput {
            name: reader.text("name")?,
            domain: reader.text("domain")?,
            owner: reader.text("owner")?,
            tags: reader.list("tags")?,
            addresses: postal::read(reader)?,
            metadata: reader.metadata()?,
        })
    }

    fn apply(&mut self, input: CompanyInput) -> Result<()> {
        let CompanyInput {
            name,
            domain,
            owner,
            tags,
            addresses,
            metadata,
        } = input;
        name.apply_required("name", &mut self.name, check::required_text("name"))?;
        domain.apply(&mut self.domain, check::domain)?;
        owner.apply(&mut self.owner, check::short_text("owner"))?;
        change_list(&TAGS, tags, &mut self.tags)?;
        postal::change(addresses, &mut self.addresses)?;
        metadata::merge(metadata, &mut self.metadata)
    }

    fn texts_of<'a>(input: &'a CompanyInput, member: &str) -> Vec<&'a str> {
        let domain = input.domain.as_set().filter(|_| member == "domain");
        domain.map(String::as_str).into_iter().collect()
    }

    fn metadata_of(input: &CompanyInput) -> Option<&Metadata> {
        input.metadata.as_set()
    }

    fn check_complete(&self) -> Result<()> {
        check::present("name", &self.name)
    }
}
