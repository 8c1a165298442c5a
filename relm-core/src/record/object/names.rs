//! What other CRMs call the members that several objects have.

use crate::value::spelling::OtherName;

/// What they call the company that an object refers to.
pub(super) const COMPANY_NAMES: OtherName = (
    &[
        "company",
        "organization",
        "organisation",
        "org",
        "account",
        "account_id",
        "organization_id",
        "organisation_id",
    ],
    &["company_id"],
);

/// What they call who looks after a record.
pub(super) const OWNER_NAMES: OtherName = (
    &[
        "owner_id",
        "owner_name",
        "owner_email",
        "assigned_to",
        "assignee",
        "account_owner",
        "hubspot_owner_id",
    ],
    &["owner"],
);

/// What they call tags.
pub(super) const TAGS_NAMES: OtherName = (
    &[
        "tag",
        "labels",
        "label",
        "tag_list",
        "tag_names",
        "keywords",
    ],
    &["tags"],
);

/// What they call free-form members and custom fields.
pub(super) const METADATA_NAMES: OtherName = (
    &[
        "custom_fields",
        "customfields",
        "custom",
        "properties",
        "attributes",
        "fields",
    ],
    &["metadata"],
);
