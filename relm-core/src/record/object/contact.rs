//! A contact: a person, known by one value at least.

use serde::{Deserialize, Serialize};

use super::columns::columns;
use super::interface::{Object, head};
use super::lists::lists;
use super::names::{COMPANY_NAMES, METADATA_NAMES, OWNER_NAMES, TAGS_NAMES};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{EMAIL_BYTES_MAX, TEXT_CHARS_MAX};
use crate::record::check;
use crate::record::column::{Columns, Identity, Searched};
use crate::record::input::{Reader, read_as_json};
use crate::record::list::{ListInput, TAGS, change_list, or_empty};
use crate::record::metadata::{self, Metadata};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::value::email;
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;
use crate::value::spelling::OtherNames;
use crate::value::time::Timestamp;

/// A person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Contact {
    /// `con_` and a ULID.
    pub id: Id,
    /// Always `contact`.
    pub object: ObjectType,
    /// The e-mail address: unique in the workspace and mode, however it is spelt; kept as it was written first.
    pub email: Option<String>,
    /// The given name.
    pub first_name: Option<String>,
    /// The family name.
    pub last_name: Option<String>,
    /// The whole name, as it was written where its parts are not known: null where they are given. Absent from what was written before it
    /// was there.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub name: Option<String>,
    /// The telephone number, as free text.
    pub phone: Option<String>,
    /// The company that the contact belongs to.
    pub company_id: Option<Id>,
    /// Who looks after the contact, as free text: an e-mail address, a name, or an id of the program's own.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub owner: Option<String>,
    /// Labels by which records are grouped, each of them once. Absent from what was written before there were tags.
    #[serde(default, deserialize_with = "or_empty")]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub tags: Vec<String>,
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

/// The members that a write sets on a contact.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ContactInput {
    /// See [`Contact::email`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub email: Patch<String>,
    /// See [`Contact::first_name`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub first_name: Patch<String>,
    /// See [`Contact::last_name`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub last_name: Patch<String>,
    /// See [`Contact::name`](struct@Contact).
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// See [`Contact::phone`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub phone: Patch<String>,
    /// See [`Contact::company_id`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub company_id: Patch<Id>,
    /// See [`Contact::owner`](struct@Contact).
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub owner: Patch<String>,
    /// See [`Contact::tags`](struct@Contact). All of them, or those that are added and removed.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub tags: Patch<ListInput>,
    /// Merged one level deep: a null member removes that key.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub metadata: Patch<Metadata>,
}

read_as_json!(ContactInput, |reader| reader.all_of(Contact::read));

/// What other CRMs call the members of a contact.
pub(super) const OTHER_NAMES: OtherNames = &[
    (&["full_name", "display_name", "contact_name"], &["name"]),
    (
        &["first", "given_name", "forename", "fname"],
        &["first_name"],
    ),
    (&["last", "surname", "family_name", "lname"], &["last_name"]),
    (
        &[
            "email_address",
            "mail",
            "emails",
            "email_addresses",
            "primary_email",
        ],
        &["email"],
    ),
    (
        &[
            "phone_number",
            "phone_numbers",
            "phones",
            "mobile",
            "mobile_phone",
            "tel",
            "telephone",
            "cell",
        ],
        &["phone"],
    ),
    COMPANY_NAMES,
    OWNER_NAMES,
    TAGS_NAMES,
    METADATA_NAMES,
];

columns! { Contact:
    email: text(EMAIL_BYTES_MAX, |it: &Self| it.email.as_deref())
        .compared_as(Identity::Email)
        .searched(Searched::Email);
    // A domain is as long as RFC 1035 allows in its `xn--` form, whatever it was in its own letters.
    email_key: key(3 * EMAIL_BYTES_MAX, Self::email_key);
    first_name: text(TEXT_CHARS_MAX, |it: &Self| it.first_name.as_deref()).searched(Searched::Words);
    last_name: text(TEXT_CHARS_MAX, |it: &Self| it.last_name.as_deref())
        .indexed()
        .searched(Searched::Words);
    name: text(TEXT_CHARS_MAX, |it: &Self| it.name.as_deref()).searched(Searched::Words);
    phone: text(TEXT_CHARS_MAX, |it: &Self| it.phone.as_deref()).indexed().searched(Searched::Phone);
    company_id: id(Kind::Company, |it: &Self| it.company_id).indexed();
    owner: text(TEXT_CHARS_MAX, |it: &Self| it.owner.as_deref()).indexed();
    metadata: json(|it: &Self| metadata::text_of(it.metadata.as_map()));
    created_at: timestamp(|it: &Self| Some(it.created_at));
    updated_at: timestamp(|it: &Self| Some(it.updated_at)).indexed();
}

impl Contact {
    /// What makes its e-mail unique: what the address is [compared by](email::key).
    pub fn email_key(&self) -> Option<String> {
        self.email.as_deref().map(email::key)
    }
}

lists! { Contact:
    tags: TAGS;
}

impl Object for Contact {
    const TYPE: ObjectType = ObjectType::Contact;
    type Input = ContactInput;

    head!();

    fn blank(id: Id, mode: Mode, now: Timestamp) -> Self {
        Self {
            id,
            object: Self::TYPE,
            email: None,
            first_name: None,
            last_name: None,
            name: None,
            phone: None,
            company_id: None,
            owner: None,
            tags: Vec::new(),
            metadata: Metadata::new(),
            version: 1,
            mode,
            created_at: now,
            updated_at: now,
        }
    }

    fn read(reader: &mut Reader) -> Result<ContactInput> {
        reader.knowing(OTHER_NAMES);
        Ok(ContactInput {
            email: reader.text("email")?,
            first_name: reader.text("first_name")?,
            last_name: reader.text("last_name")?,
            name: reader.text("name")?,
            phone: reader.text("phone")?,
            company_id: reader.id("company_id", Kind::Company)?,
            owner: reader.text("owner")?,
            tags: reader.list("tags")?,
            metadata: reader.metadata()?,
        })
    }

    fn apply(&mut self, input: ContactInput) -> Result<()> {
        let ContactInput {
            email,
            first_name,
            last_name,
            name,
            phone,
            company_id,
            owner,
            tags,
            metadata,
        } = input;
        let known = self.email.clone();
        email.apply(&mut self.email, check::email(known))?;
        first_name.apply(&mut self.first_name, check::short_text("first_name"))?;
        last_name.apply(&mut self.last_name, check::short_text("last_name"))?;
        name.apply(&mut self.name, check::short_text("name"))?;
        phone.apply(&mut self.phone, check::short_text("phone"))?;
        company_id.apply(&mut self.company_id, Ok)?;
        owner.apply(&mut self.owner, check::short_text("owner"))?;
        change_list(&TAGS, tags, &mut self.tags)?;
        metadata::merge(metadata, &mut self.metadata)
    }

    fn text_of<'a>(input: &'a ContactInput, member: &str) -> Option<&'a str> {
        match member {
            "email" => input.email.as_set().map(String::as_str),
            _ => None,
        }
    }

    fn metadata_of(input: &ContactInput) -> Option<&Metadata> {
        input.metadata.as_set()
    }

    fn check_complete(&self) -> Result<()> {
        // What search reads is something of the person: an owner is not.
        let own = Self::COLUMNS.iter();
        let own = own.filter(|column| column.column().searched.is_some());
        let mut texts = own.filter_map(|column| column.text(self));
        if texts.any(|text| !text.trim().is_empty())
            || self.company_id.is_some()
            || !self.metadata.is_empty()
        {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::IdentifierRequired,
            "A contact needs one value at least: an `email`, a name, a `phone`, a `company_id` or `metadata`.",
        ))
    }
}
