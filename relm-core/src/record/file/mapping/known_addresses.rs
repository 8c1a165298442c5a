//! What other CRMs and address books call the parts of postal addresses.

/// A part, and the headers of its columns: see [`known`](super::known::known).
type Known = (&'static str, &'static [&'static str]);

/// Those of contacts: of HubSpot, Salesforce, Pipedrive, Google Contacts and Outlook.
pub(super) const CONTACT: &[Known] = &[
    (
        "address_1_label",
        &["Address 1 - Label", "Address 1 - Type"],
    ),
    (
        "address_1_street",
        &[
            "Street Address",
            "Mailing Street",
            "Address 1 - Street",
            "Business Street",
            "Street",
            "Address Line 1",
            "Person - Street/road name of Postal address",
        ],
    ),
    (
        "address_1_city",
        &[
            "City",
            "Mailing City",
            "Address 1 - City",
            "Business City",
            "Person - City/town/village/locality of Postal address",
        ],
    ),
    (
        "address_1_region",
        &[
            "State/Region",
            "Mailing State/Province",
            "Mailing State",
            "Address 1 - Region",
            "Business State",
            "State",
            "Region",
            "Province",
            "State/Province",
            "Person - State/county of Postal address",
        ],
    ),
    (
        "address_1_postal_code",
        &[
            "Postal Code",
            "Mailing Zip/Postal Code",
            "Mailing Zip",
            "Mailing Postal Code",
            "Address 1 - Postal Code",
            "Business Postal Code",
            "Zip",
            "Zip Code",
            "Zip/Postal Code",
            "Person - ZIP/Postal code of Postal address",
        ],
    ),
    (
        "address_1_country",
        &[
            "Country",
            "Country/Region",
            "Mailing Country",
            "Address 1 - Country",
            "Business Country/Region",
            "Business Country",
            "Person - Country of Postal address",
        ],
    ),
    (
        "address_2_label",
        &["Address 2 - Label", "Address 2 - Type"],
    ),
    ("address_2_street", &["Home Street", "Address 2 - Street"]),
    ("address_2_city", &["Home City", "Address 2 - City"]),
    ("address_2_region", &["Home State", "Address 2 - Region"]),
    (
        "address_2_postal_code",
        &["Home Postal Code", "Address 2 - Postal Code"],
    ),
    (
        "address_2_country",
        &["Home Country/Region", "Home Country", "Address 2 - Country"],
    ),
    (
        "address_3_label",
        &["Address 3 - Label", "Address 3 - Type"],
    ),
    ("address_3_street", &["Other Street", "Address 3 - Street"]),
    ("address_3_city", &["Other City", "Address 3 - City"]),
    (
        "address_3_region",
        &["Other State/Province", "Other State", "Address 3 - Region"],
    ),
    (
        "address_3_postal_code",
        &[
            "Other Zip/Postal Code",
            "Other Zip",
            "Other Postal Code",
            "Address 3 - Postal Code",
        ],
    ),
    (
        "address_3_country",
        &[
            "Other Country/Region",
            "Other Country",
            "Address 3 - Country",
        ],
    ),
];

/// Those of companies: of HubSpot, Salesforce and Pipedrive.
pub(super) const COMPANY: &[Known] = &[
    (
        "address_1_street",
        &[
            "Street Address",
            "Billing Street",
            "Street",
            "Address Line 1",
            "Organization - Street/road name of Address",
        ],
    ),
    (
        "address_1_city",
        &[
            "City",
            "Billing City",
            "Organization - City/town/village/locality of Address",
        ],
    ),
    (
        "address_1_region",
        &[
            "State/Region",
            "Billing State/Province",
            "Billing State",
            "State",
            "Region",
            "Province",
            "State/Province",
            "Organization - State/county of Address",
        ],
    ),
    (
        "address_1_postal_code",
        &[
            "Postal Code",
            "Billing Zip/Postal Code",
            "Billing Zip",
            "Billing Postal Code",
            "Zip",
            "Zip Code",
            "Zip/Postal Code",
            "Organization - ZIP/Postal code of Address",
        ],
    ),
    (
        "address_1_country",
        &[
            "Country",
            "Country/Region",
            "Billing Country",
            "Organization - Country of Address",
        ],
    ),
    ("address_2_street", &["Shipping Street"]),
    ("address_2_city", &["Shipping City"]),
    (
        "address_2_region",
        &["Shipping State/Province", "Shipping State"],
    ),
    (
        "address_2_postal_code",
        &[
            "Shipping Zip/Postal Code",
            "Shipping Zip",
            "Shipping Postal Code",
        ],
    ),
    ("address_2_country", &["Shipping Country"]),
];
