//! A contact: a person, known by one value at least.

use serde::{Deserialize, Serialize};

use super::columns::columns;
use super::interface::{Object, head};
use super::lists::{lists, lists_with_addresses};
use super::names::CONTACT_NAMES;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{EMAIL_BYTES_MAX, TEXT_CHARS_MAX};
use crate::record::check;
use crate::record::column::{Columns, Identity, Searched};
use crate::record::input::{Reader, read_as_json};
use crate::record::list::{
    ADDRESS_CITIES, ADDRESS_COUNTRIES, ADDRESS_POSTAL_CODES, ADDRESS_REGIONS, ADDRESSES,
    FURTHER_EMAILS, FURTHER_PHONES, ListInput, TAGS, change_list, or_empty,
};
use crate::record::metadata::{self, Metadata};
use crate::record::object_type::ObjectType;
use crate::record::patch::Patch;
use crate::record::postal::{self, AddressesInput, PostalAddress};
use crate::record::several::{self, EmailAddress, PhoneNumber, Several};
use crate::value::email;
use crate::value::id::{Id, Kind};
use crate::value::scope::Mode;
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
    /// The primary e-mail address: unique in the workspace and mode, as all of `emails` are, however it is spelt; kept as it was written first.
    pub email: Option<String>,
    /// All its e-mail addresses, the primary one first. Absent, as `phones`, from what was written before contacts had several.
    #[serde(default, deserialize_with = "several::or_none")]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub emails: Vec<EmailAddress>,
    /// The given name.
    pub first_name: Option<String>,
    /// The family name.
    pub last_name: Option<String>,
    /// The whole name, as it was written where its parts are not known: null where they are given. Absent from what was written before it
    /// was there.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub name: Option<String>,
    /// The primary telephone number, as free text.
    pub phone: Option<String>,
    /// All its telephone numbers, the primary one first.
    #[serde(default, deserialize_with = "several::or_none")]
    #[cfg_attr(feature = "schema", schemars(extend("x-added" = true)))]
    pub phones: Vec<PhoneNumber>,
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

/// The members that a write sets on a contact.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ContactInput {
    /// See [`Contact::email`]. Without `emails` it takes the place of the primary address that there is.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub email: Patch<String>,
    /// See [`Contact::emails`]: the whole list, of which the first is the primary one unless `email` names another.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub emails: Patch<Vec<EmailAddress>>,
    /// See [`Contact::first_name`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub first_name: Patch<String>,
    /// See [`Contact::last_name`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub last_name: Patch<String>,
    /// See [`Contact::name`](struct@Contact).
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub name: Patch<String>,
    /// See [`Contact::phone`]. Without `phones` it takes the place of the primary number that there is.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub phone: Patch<String>,
    /// See [`Contact::phones`]: the whole list, of which the first is the primary one unless `phone` names another.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub phones: Patch<Vec<PhoneNumber>>,
    /// See [`Contact::company_id`].
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub company_id: Patch<Id>,
    /// See [`Contact::owner`](struct@Contact).
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub owner: Patch<String>,
    /// See [`Contact::tags`](struct@Contact). All of them, or those that are added and removed.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub tags: Patch<ListInput>,
    /// See [`Contact::addresses`](struct@Contact). All of them, or those that are added and removed.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub addresses: Patch<AddressesInput>,
    /// Merged one level deep: a null member removes that key.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub metadata: Patch<Metadata>,
}

read_as_json!(ContactInput, |reader| reader.all_of(Contact::read));

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

    fn all_emails(&self) -> Vec<EmailAddress> {
        several::all_of(self.email.as_deref(), &self.emails)
    }

    pub(crate) fn all_phones(&self) -> Vec<PhoneNumber> {
        several::all_of(self.phone.as_deref(), &self.phones)
    }

    /// Its addresses beside the primary one.
    pub(crate) fn further_emails(&self) -> impl Iterator<Item = &EmailAddress> {
        several::further(self.email.as_deref(), &self.emails)
    }

    /// Its telephone numbers beside the primary one.
    pub(crate) fn further_phones(&self) -> impl Iterator<Item = &PhoneNumber> {
        several::further(self.phone.as_deref(), &self.phones)
    }
}

lists_with_addresses! { Contact:
    tags: TAGS;
    emails: FURTHER_EMAILS, |it: &Self, out: &mut dyn FnMut(&str)| {
        it.further_emails().for_each(|entry| out(&entry.email));
    }, |_: &mut Self, _: &Self| {};
    phones: FURTHER_PHONES, |it: &Self, out: &mut dyn FnMut(&str)| {
        it.further_phones().for_each(|entry| out(&entry.phone));
    }, |_: &mut Self, _: &Self| {};
}

impl Object for Contact {
    const TYPE: ObjectType = ObjectType::Contact;
    const TOGETHER: &'static [&'static [&'static str]] =
        &[&["email", "emails"], &["phone", "phones"]];
    type Input = ContactInput;

    head!();

    fn blank(id: Id, mode: Mode, now: Timestamp) -> Self {
        Self {
            id,
            object: Self::TYPE,
            email: None,
            emails: Vec::new(),
            first_name: None,
            last_name: None,
            name: None,
            phone: None,
            phones: Vec::new(),
            company_id: None,
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

    fn read(reader: &mut Reader) -> Result<ContactInput> {
        reader.knowing(CONTACT_NAMES);
        Ok(ContactInput {
            email: reader.text("email")?,
            emails: several::read(reader)?,
            first_name: reader.text("first_name")?,
            last_name: reader.text("last_name")?,
            name: reader.text("name")?,
            phone: reader.text("phone")?,
            phones: several::read(reader)?,
            company_id: reader.id("company_id", Kind::Company)?,
            owner: reader.text("owner")?,
            tags: reader.list("tags")?,
            addresses: postal::read(reader)?,
            metadata: reader.metadata()?,
        })
    }

    fn for_new(input: ContactInput) -> ContactInput {
        ContactInput {
            email: input.email.or_default(),
            phone: input.phone.or_default(),
            ..input
        }
    }

    fn apply(&mut self, input: ContactInput) -> Result<()> {
        let ContactInput {
            email,
            emails,
            first_name,
            last_name,
            name,
            phone,
            phones,
            company_id,
            owner,
            tags,
            addresses,
            metadata,
        } = input;
        several::change((&mut self.email, &mut self.emails), email, emails)?;
        first_name.apply(&mut self.first_name, check::short_text("first_name"))?;
        last_name.apply(&mut self.last_name, check::short_text("last_name"))?;
        name.apply(&mut self.name, check::short_text("name"))?;
        several::change((&mut self.phone, &mut self.phones), phone, phones)?;
        company_id.apply(&mut self.company_id, Ok)?;
        owner.apply(&mut self.owner, check::short_text("owner"))?;
        change_list(&TAGS, tags, &mut self.tags)?;
        postal::change(addresses, &mut self.addresses)?;
        metadata::merge(metadata, &mut self.metadata)
    }

    fn texts_of<'a>(input: &'a ContactInput, member: &str) -> Vec<&'a str> {
        if member != EmailAddress::ONE {
            return Vec::new();
        }
        let all = input.emails.as_set().into_iter().flatten();
        let all = all.map(|it| it.email.as_str());
        let one = input.email.as_set().map(String::as_str);
        one.into_iter().chain(all).collect()
    }

    fn metadata_of(input: &ContactInput) -> Option<&Metadata> {
        input.metadata.as_set()
    }

    fn further_keys(&self) -> Vec<String> {
        let further = self.further_emails();
        further.map(|it| email::key(&it.email)).collect()
    }

    fn place_of(&self, member: &str, is_it: &dyn Fn(&str) -> bool) -> String {
        let mut all = self.emails.iter();
        match all.position(|it| is_it(&email::key(&it.email))) {
            Some(place) if member == EmailAddress::ONE && (place > 0 || self.email.is_none()) => {
                format!("emails[{place}].email")
            }
            Some(_) | None => member.to_owned(),
        }
    }

    /// An address that it has is no other primary one where a write names the record by it, unless the write has it first of all.
    fn known_by(&self, input: &ContactInput) -> Option<ContactInput> {
        let given = input.email.as_set().filter(|_| input.emails.is_keep())?;
        let further = self.further_keys();
        // Most have one address alone: there is nothing to compare.
        let is_further = !further.is_empty() && further.contains(&email::key(given));
        is_further.then(|| ContactInput {
            email: Patch::Keep,
            ..input.clone()
        })
    }

    fn fill(&mut self) {
        several::fill(self.email.as_deref(), &mut self.emails);
        several::fill(self.phone.as_deref(), &mut self.phones);
    }

    fn settle(&mut self, before: &Self) -> Result<()> {
        let of = (before.email.as_deref(), before.emails.as_slice());
        several::settle((&mut self.email, &mut self.emails), of)?;
        let of = (before.phone.as_deref(), before.phones.as_slice());
        several::settle((&mut self.phone, &mut self.phones), of)
    }

    fn gather(&mut self, all: &[Self], is_said: &dyn Fn(&str) -> bool) -> Result<()> {
        let emails = all.iter().map(Self::all_emails).collect();
        several::gather((&mut self.email, &mut self.emails), emails, is_said)?;
        let phones = all.iter().map(Self::all_phones).collect();
        several::gather((&mut self.phone, &mut self.phones), phones, is_said)
    }

    fn give_back(&mut self, now: &Self, takers: &[Self], is_reverted: &dyn Fn(&str) -> bool) {
        if is_reverted(EmailAddress::ALL) {
            let taken = takers.iter().flat_map(Self::all_emails).collect();
            let now = (now.email.as_deref(), now.all_emails());
            several::give_back((&mut self.email, &mut self.emails), now, taken);
        }
        if is_reverted(PhoneNumber::ALL) {
            let taken = takers.iter().flat_map(Self::all_phones).collect();
            let now = (now.phone.as_deref(), now.all_phones());
            several::give_back((&mut self.phone, &mut self.phones), now, taken);
        }
    }

    fn check_complete(&self) -> Result<()> {
        // What search reads is something of the person: an owner is not.
        let own = Self::COLUMNS.iter();
        let own = own.filter(|column| column.column().searched.is_some());
        let texts = own.filter_map(|column| column.text(self));
        let further = self
            .further_emails()
            .map(Several::text)
            .chain(self.further_phones().map(Several::text));
        if texts.chain(further).any(|text| !text.trim().is_empty())
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
