//! What a list of an object is, and what reads it from a record.

use std::collections::HashSet;

use crate::limits::{
    ADDRESS_PART_CHARS_MAX, ADDRESS_STREET_CHARS_MAX, ADDRESSES_MAX, CONTACT_EMAILS_MAX,
    CONTACT_PHONES_MAX, EMAIL_BYTES_MAX, TAG_CHARS_MAX, TAGS_MAX, TEXT_CHARS_MAX,
};
use crate::record::column::{ColumnValue, Identity, Searched};
use crate::record::several::{EMAILS, PHONES};
use crate::value::text::nfc;

/// One member of a kind that has several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListMember {
    /// The name in JSON and in filters.
    pub name: &'static str,
    /// The member of which it is a part, by which records are found, and which a write does not name; none of a member itself.
    pub part_of: Option<&'static str>,
    /// When two values are one; a list holds each once.
    pub identity: Identity,
    /// What search reads of each value; none where it reads nothing.
    pub searched: Option<Searched>,
    /// The most values.
    pub values_max: usize,
    /// The most characters of a value.
    pub chars_max: usize,
}

impl ListMember {
    /// What a value is compared by: composed (NFC), and as its identity has it.
    pub(crate) fn key(&self, text: &str) -> String {
        match self.identity.key(&nfc(text)) {
            ColumnValue::Text(key) => key.into_owned(),
            ColumnValue::Integer(number) => number.to_string(),
        }
    }
}

/// The tags that all objects have.
pub(crate) const TAGS: ListMember = ListMember {
    name: "tags",
    part_of: None,
    identity: Identity::Value,
    searched: Some(Searched::Words),
    values_max: TAGS_MAX,
    chars_max: TAG_CHARS_MAX,
};

/// The addresses that a contact has beside its primary one, which its kind's own column has.
pub(crate) const FURTHER_EMAILS: ListMember = ListMember {
    name: EMAILS,
    part_of: None,
    identity: Identity::Email,
    searched: Some(Searched::Email),
    values_max: CONTACT_EMAILS_MAX,
    chars_max: EMAIL_BYTES_MAX,
};

/// The telephone numbers that a contact has beside its primary one, likewise.
pub(crate) const FURTHER_PHONES: ListMember = ListMember {
    name: PHONES,
    part_of: None,
    identity: Identity::Phone,
    searched: Some(Searched::Phone),
    values_max: CONTACT_PHONES_MAX,
    chars_max: TEXT_CHARS_MAX,
};

/// The postal addresses of a record, each in one text.
pub(crate) const ADDRESSES: ListMember = ListMember {
    name: "addresses",
    part_of: None,
    identity: Identity::Folded,
    searched: Some(Searched::Words),
    values_max: ADDRESSES_MAX,
    chars_max: ADDRESS_STREET_CHARS_MAX + 4 * (ADDRESS_PART_CHARS_MAX + 2),
};

/// A part of them, by which records are found.
const fn part_of_addresses(name: &'static str) -> ListMember {
    ListMember {
        name,
        part_of: Some(ADDRESSES.name),
        searched: None,
        chars_max: ADDRESS_PART_CHARS_MAX,
        ..ADDRESSES
    }
}

pub(crate) const ADDRESS_CITIES: ListMember = part_of_addresses("addresses.city");
pub(crate) const ADDRESS_REGIONS: ListMember = part_of_addresses("addresses.region");
pub(crate) const ADDRESS_POSTAL_CODES: ListMember = part_of_addresses("addresses.postal_code");
pub(crate) const ADDRESS_COUNTRIES: ListMember = part_of_addresses("addresses.country");

/// Hands the values that a record has to a function, in their order, as they were written.
type Read<R> = fn(&R, &mut dyn FnMut(&str));

/// Gives a record those values of another that it has not.
type Unite<R> = fn(&mut R, &R);

/// A list of the records of one type, with what reads its values and what unites two of them.
pub struct ListOf<R> {
    member: ListMember,
    read: Read<R>,
    unite: Unite<R>,
}

/// A type of record that may have lists.
pub trait Lists: Sized + 'static {
    /// All of them, in the order of [`lists`](crate::record::lists).
    const LISTS: &'static [ListOf<Self>];
}

impl<R> ListOf<R> {
    pub(crate) const fn new(member: ListMember, read: Read<R>, unite: Unite<R>) -> Self {
        Self {
            member,
            read,
            unite,
        }
    }

    /// What the list is.
    pub(crate) const fn member(&self) -> &ListMember {
        &self.member
    }

    /// Hands the values that a record has to `out`.
    pub(crate) fn each(&self, record: &R, out: &mut dyn FnMut(&str)) {
        (self.read)(record, out);
    }

    /// Gives a record those values of another that it has not, however many it has by that.
    pub(crate) fn unite(&self, record: &mut R, other: &R) {
        (self.unite)(record, other);
    }
}

/// Adds those of some texts that a list has not.
pub(crate) fn add_texts(list: &mut Vec<String>, texts: &[String]) {
    let mut known: HashSet<String> = list.iter().map(|text| nfc(text).into_owned()).collect();
    let new = texts.iter();
    let new = new.filter(|text| known.insert(nfc(text).into_owned()));
    list.extend(new.cloned());
}

/// What the lists of a type of record are, without what reads them.
pub(crate) const fn list_descriptions<R: Lists, const N: usize>() -> [ListMember; N] {
    let mut lists = [R::LISTS[0].member; N];
    let mut index = 1;
    while index < N {
        lists[index] = R::LISTS[index].member;
        index += 1;
    }
    lists
}
