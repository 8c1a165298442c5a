//! What other CRMs call the members that several objects have.

use crate::value::spelling::{OtherName, OtherNames};

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

/// What they call postal addresses.
pub(super) const ADDRESSES_NAMES: OtherName = (
    &[
        "address",
        "postal_address",
        "postal_addresses",
        "mailing_address",
        "billing_address",
        "street_address",
        "locations",
    ],
    &["addresses"],
);

/// What other CRMs call the members of a contact.
pub(super) const CONTACT_NAMES: OtherNames = &[
    (&["full_name", "display_name", "contact_name"], &["name"]),
    (
        &["first", "given_name", "forename", "fname"],
        &["first_name"],
    ),
    (&["last", "surname", "family_name", "lname"], &["last_name"]),
    (&["email_address", "mail", "primary_email"], &["email"]),
    (
        &[
            "email_addresses",
            "mails",
            "additional_emails",
            "other_emails",
            "secondary_emails",
        ],
        &["emails"],
    ),
    (
        &[
            "phone_number",
            "mobile",
            "mobile_phone",
            "tel",
            "telephone",
            "cell",
            "primary_phone",
        ],
        &["phone"],
    ),
    (
        &[
            "phone_numbers",
            "telephones",
            "additional_phones",
            "other_phones",
        ],
        &["phones"],
    ),
    COMPANY_NAMES,
    OWNER_NAMES,
    TAGS_NAMES,
    ADDRESSES_NAMES,
    METADATA_NAMES,
];
