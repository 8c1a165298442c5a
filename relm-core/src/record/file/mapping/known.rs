//! What other CRMs and address books call the columns of their exports, by the members that they are here.

use super::known_addresses;
use crate::record::object_type::ObjectType;

/// A member, and the headers of its columns: of several in one file, those that come first here are used first.
pub(super) type Known = (&'static str, &'static [&'static str]);

/// The headers that are known for the objects of a type: those of HubSpot, Salesforce, Pipedrive, Google Contacts, Outlook, LinkedIn,
/// and of vCards as we read them.
pub(super) fn known(object_type: ObjectType) -> impl Iterator<Item = &'static Known> {
    let (members, addresses): (&[Known], &[Known]) = match object_type {
        ObjectType::Contact => (CONTACT, known_addresses::CONTACT),
        ObjectType::Company => (COMPANY, known_addresses::COMPANY),
        ObjectType::Deal => (DEAL, &[]),
        ObjectType::Activity => (ACTIVITY, &[]),
    };
    members.iter().chain(addresses)
}

const CONTACT: &[Known] = &[
    (
        "email",
        &[
            "Email",
            "E-mail Address",
            "Primary Email",
            "E-mail 1 - Value",
            "Person - Email",
            "Person - Email - Work",
            "Contact: Email",
            "Mail",
            "Work email",
            "Business Email",
            "Person - Email - Home",
            "Person - Email - Other",
            "Email 2",
            "E-mail 2 Address",
            "E-mail 2 - Value",
            "Secondary Email",
            "Other Email",
            "Email 3",
            "E-mail 3 Address",
            "E-mail 3 - Value",
            "Email 4",
            "E-mail 4 - Value",
            "Email 5",
            "E-mail 5 - Value",
        ],
    ),
    (
        "phone",
        &[
            "Phone",
            "Phone Number",
            "Telephone",
            "Telephone Number",
            "Tel",
            "Primary Phone",
            "Phone 1 - Value",
            "Person - Phone",
            "Person - Phone - Work",
            "Business Phone",
            "Work Phone",
            "Mobile Phone",
            "Mobile Phone Number",
            "Mobile",
            "Person - Phone - Mobile",
            "Cell Phone",
            "Cell",
            "Business Phone 2",
            "Phone 2",
            "Phone 2 - Value",
            "Home Phone",
            "Person - Phone - Home",
            "Home Phone 2",
            "Phone 3",
            "Phone 3 - Value",
            "Other Phone",
            "Person - Phone - Other",
            "Phone 4",
            "Phone 4 - Value",
            "Phone 5",
            "Phone 5 - Value",
        ],
    ),
    (
        "emails",
        &[
            "Additional email addresses",
            "Additional Emails",
            "Other Emails",
            "Emails",
        ],
    ),
    (
        "phones",
        &[
            "Additional phone numbers",
            "Additional Phones",
            "Other Phones",
            "Phones",
        ],
    ),
    (
        "first_name",
        &[
            "First Name",
            "Given Name",
            "Person - First name",
            "Contact: First Name",
            "Forename",
        ],
    ),
    (
        "last_name",
        &[
            "Last Name",
            "Family Name",
            "Surname",
            "Person - Last name",
            "Contact: Last Name",
        ],
    ),
    (
        "name",
        &[
            "Name",
            "Full Name",
            "Display Name",
            "Contact Name",
            "Person - Name",
        ],
    ),
    (
        "owner",
        &[
            "Owner",
            "Contact owner",
            "Person - Owner",
            "Lead Owner",
            "Owner Name",
        ],
    ),
    (
        "tags",
        &[
            "Tags",
            "Tag",
            "Labels",
            "Label",
            "Person - Labels",
            "Person - Label",
            "Group Membership",
            "Categories",
        ],
    ),
];

const COMPANY: &[Known] = &[
    (
        "name",
        &[
            "Name",
            "Company name",
            "Account Name",
            "Organization - Name",
            "Organization Name",
            "Organisation Name",
            "Organization 1 - Name",
            "Organization",
            "Organisation",
            "Company",
            "Account",
        ],
    ),
    (
        "domain",
        &[
            "Domain",
            "Company Domain Name",
            "Domain Name",
            "Organization - Domain",
            "Website",
            "Website URL",
            "Organization - Website",
            "Company Website",
            "Web Page",
            "Website 1 - Value",
            "URL",
        ],
    ),
    (
        "owner",
        &[
            "Owner",
            "Company owner",
            "Account Owner",
            "Organization - Owner",
            "Owner Name",
        ],
    ),
    (
        "tags",
        &[
            "Tags",
            "Tag",
            "Labels",
            "Label",
            "Organization - Labels",
            "Organization - Label",
            "Categories",
        ],
    ),
];

const DEAL: &[Known] = &[
    (
        "title",
        &[
            "Title",
            "Deal Name",
            "Deal - Title",
            "Opportunity Name",
            "Deal Title",
            "Name",
        ],
    ),
    (
        "value",
        &[
            "Amount",
            "Deal - Value",
            "Value",
            "Deal Value",
            "Deal Amount",
            "Opportunity Amount",
            "Amount in company currency",
        ],
    ),
    (
        "currency",
        &[
            "Currency",
            "CurrencyIsoCode",
            "Amount Currency",
            "Deal - Currency",
            "Deal - Currency of Value",
            "Deal Currency",
            "Deal Currency Code",
            "Opportunity Currency",
            "Currency Code",
        ],
    ),
    (
        "stage",
        &[
            "Stage",
            "Deal Stage",
            "StageName",
            "Deal - Stage",
            "Opportunity Stage",
        ],
    ),
    (
        "close_date",
        &[
            "Close Date",
            "Closing Date",
            "Deal - Expected close date",
            "Expected Close Date",
            "Deal Close Date",
        ],
    ),
    (
        "owner",
        &[
            "Owner",
            "Deal owner",
            "Opportunity Owner",
            "Deal - Owner",
            "Owner Name",
        ],
    ),
    (
        "tags",
        &[
            "Tags",
            "Tag",
            "Labels",
            "Label",
            "Deal - Labels",
            "Deal - Label",
            "Lead - Labels",
        ],
    ),
];

const ACTIVITY: &[Known] = &[
    (
        "type",
        &[
            "Type",
            "Activity Type",
            "Activity - Type",
            "Engagement Type",
            "TaskSubtype",
            "Task Type",
        ],
    ),
    (
        "subject",
        &[
            "Subject",
            "Activity - Subject",
            "Task Title",
            "Meeting Name",
            "Call Title",
            "Title",
        ],
    ),
    (
        "body",
        &[
            "Body",
            "Description",
            "Full Comments",
            "Comments",
            "Activity - Note",
            "Task Notes",
            "Note Body",
            "Note",
            "Notes",
        ],
    ),
    (
        "occurred_at",
        &[
            "Occurred At",
            "Activity Date",
            "ActivityDateTime",
            "Start Date Time",
            "Date",
            "Start Date",
            "Start",
        ],
    ),
    (
        "due_at",
        &[
            "Due At",
            "Due Date",
            "Due Date Time",
            "Activity - Due date",
            "Task Due Date",
            "Due",
        ],
    ),
    (
        "done_at",
        &[
            "Done At",
            "Completed At",
            "Completed Date",
            "CompletedDateTime",
            "Activity - Marked as done time",
        ],
    ),
    (
        "assignee",
        &[
            "Assignee",
            "Assigned To",
            "Activity Assigned To",
            "Activity - Assigned to user",
            "Task Owner",
        ],
    ),
    ("tags", &["Tags", "Tag", "Labels", "Label", "Categories"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/API.md"));

    #[test]
    fn the_documentation_lists_what_is_known() {
        for object_type in ObjectType::ALL {
            for (member, headers) in known(object_type) {
                let row = format!("| {object_type} | `{member}` | {} |", headers.join(", "));
                assert!(DOCUMENTED.contains(&row), "{row}");
            }
        }
    }
}
