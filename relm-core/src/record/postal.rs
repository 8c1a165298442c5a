//! Postal addresses: several of a contact or a company, each of parts that are written as they are where they belong.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::limits::{
    ADDRESS_PART_CHARS_MAX, ADDRESS_STREET_CHARS_MAX, ADDRESSES_MAX, CONTACT_LABEL_CHARS_MAX,
};
use crate::record::check;
use crate::record::hint::{self, Hint};
use crate::record::input::Reader;
use crate::record::list::added_and_removed;
use crate::record::patch::Patch;
use crate::value::spelling::OtherNames;
use crate::value::text::{fold, nfc};

/// The member that has all of them.
pub(crate) const ADDRESSES: &str = "addresses";

/// A postal address. One has at least one part beside its label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PostalAddress {
    /// What it is for, as free text such as `work`.
    #[serde(default)]
    pub label: Option<String>,
    /// Street, number and what else stands above the city, in several lines where there are several.
    #[serde(default)]
    pub street: Option<String>,
    /// The city or town.
    #[serde(default)]
    pub city: Option<String>,
    /// The state, province, canton or county.
    #[serde(default)]
    pub region: Option<String>,
    /// The postal code, as a text.
    #[serde(default)]
    pub postal_code: Option<String>,
    /// The country, as it is written: a name or a code.
    #[serde(default)]
    pub country: Option<String>,
}

/// What a write says of the addresses of a record: all of them, or what is added to them and removed from them.
///
/// ```
/// use relm_core::{AddressesInput, CompanyInput, PostalAddress};
///
/// let berlin = PostalAddress {
///     city: Some("Berlin".to_owned()),
///     ..Default::default()
/// };
/// let whole = CompanyInput {
///     addresses: vec![berlin.clone()].into(),
///     ..Default::default()
/// };
/// let added = CompanyInput {
///     addresses: AddressesInput::add([berlin]).into(),
///     ..Default::default()
/// };
/// # assert_ne!(whole, added);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AddressesInput {
    /// These, and no others.
    Whole(Vec<PostalAddress>),
    /// These are added where they are not there, and those removed; the others stay.
    Change {
        /// What it has afterwards, behind what it had.
        add: Vec<PostalAddress>,
        /// What it has not afterwards.
        remove: Vec<PostalAddress>,
    },
}

impl AddressesInput {
    /// Adds those of these that are not there.
    pub fn add(addresses: impl IntoIterator<Item = PostalAddress>) -> Self {
        Self::Change {
            add: addresses.into_iter().collect(),
            remove: Vec::new(),
        }
    }

    /// Removes these.
    pub fn remove(addresses: impl IntoIterator<Item = PostalAddress>) -> Self {
        Self::Change {
            add: Vec::new(),
            remove: addresses.into_iter().collect(),
        }
    }
}

impl From<Vec<PostalAddress>> for Patch<AddressesInput> {
    fn from(addresses: Vec<PostalAddress>) -> Self {
        Self::Set(AddressesInput::Whole(addresses))
    }
}

/// The parts of an address beside its label, by their names.
pub(crate) const PARTS: [&str; 5] = ["street", "city", "region", "postal_code", "country"];

/// What other APIs call them.
const OTHER_NAMES: OtherNames = &[
    (&["type", "kind", "name", "category"], &["label"]),
    (
        &[
            "address",
            "line1",
            "line_1",
            "address_line_1",
            "street_address",
            "address1",
        ],
        &["street"],
    ),
    (&["town", "locality"], &["city"]),
    (&["state", "province", "county", "canton"], &["region"]),
    (
        &["zip", "zip_code", "zipcode", "postcode", "postalCode"],
        &["postal_code"],
    ),
    (&["country_code", "country_name"], &["country"]),
];

impl PostalAddress {
    /// The part of this name.
    pub(crate) fn part(&self, name: &str) -> Option<&str> {
        let part = match name {
            "label" => &self.label,
            "street" => &self.street,
            "city" => &self.city,
            "region" => &self.region,
            "postal_code" => &self.postal_code,
            "country" => &self.country,
            _ => &None,
        };
        part.as_deref()
    }

    /// All of it but its label, in one text.
    pub fn in_one(&self) -> String {
        let parts = PARTS.iter().filter_map(|name| self.part(name));
        parts.collect::<Vec<_>>().join(", ")
    }

    /// What two of them are compared by: all of them but their labels, whatever their case.
    fn key(&self) -> [String; 5] {
        PARTS.map(|name| fold(&nfc(self.part(name).unwrap_or_default())))
    }

    /// The address as it is kept: without spaces around its parts, and nothing where one has nothing else.
    fn checked(self, at: &str) -> Result<Self> {
        let part = |name: &str, text: Option<String>, chars_max: usize| {
            let text = text.map(|text| text.trim().replace("\r\n", "\n").replace('\r', "\n"));
            let text = text.filter(|text| !text.is_empty());
            let text = text.map(|text| check::text(name, text, chars_max));
            text.transpose().map_err(|error| error.within(at))
        };
        let Self {
            label,
            street,
            city,
            region,
            postal_code,
            country,
        } = self;
        let checked = Self {
            label: part("label", label, CONTACT_LABEL_CHARS_MAX)?,
            street: part("street", street, ADDRESS_STREET_CHARS_MAX)?,
            city: part("city", city, ADDRESS_PART_CHARS_MAX)?,
            region: part("region", region, ADDRESS_PART_CHARS_MAX)?,
            postal_code: part("postal_code", postal_code, ADDRESS_PART_CHARS_MAX)?,
            country: part("country", country, ADDRESS_PART_CHARS_MAX)?,
        };
        if PARTS.iter().all(|name| checked.part(name).is_none()) {
            let message = format!(
                "`{at}` needs one of `street`, `city`, `region`, `postal_code` and `country` at least."
            );
            return Err(Error::invalid(at.to_owned(), message));
        }
        Ok(checked)
    }
}

/// Takes what a write says of the addresses.
///
/// # Errors
/// `validation_failed` when it is of another type, or an entry is; `unknown_field` for another member of an entry.
pub(crate) fn read(reader: &mut Reader) -> Result<Patch<AddressesInput>> {
    match reader.take(ADDRESSES) {
        None => Ok(Patch::Keep),
        Some(Value::Null) => Ok(Patch::Clear),
        Some(Value::Array(values)) => {
            entries(ADDRESSES, values).map(|all| Patch::Set(AddressesInput::Whole(all)))
        }
        Some(value @ Value::Object(_)) => {
            let change = Reader::new(value)?.all_of(|reader| {
                let mut part = |name: &'static str| match reader.take(name) {
                    None | Some(Value::Null) => Ok(None),
                    Some(Value::Array(values)) => entries(name, values).map(Some),
                    Some(other) => Err(hint::mismatch(name, EXPECTED, &other, Hint::default())),
                };
                Ok((part("add")?, part("remove")?))
            });
            match change.map_err(|error| error.within(ADDRESSES))? {
                (None, None) => {
                    let message = "`addresses` must be a list, or say what to `add` and to `remove`, such as {\"add\": [{\"city\": \"Berlin\"}]}.";
                    Err(Error::invalid(ADDRESSES, message))
                }
                (add, remove) => Ok(Patch::Set(AddressesInput::Change {
                    add: add.unwrap_or_default(),
                    remove: remove.unwrap_or_default(),
                })),
            }
        }
        Some(other) => Err(hint::mismatch(ADDRESSES, EXPECTED, &other, Hint::default())),
    }
}

const EXPECTED: &str = r#"a list such as [{"street": …, "city": …, "label": "work"}]"#;

fn entries(name: &str, values: Vec<Value>) -> Result<Vec<PostalAddress>> {
    if values.len() > 2 * ADDRESSES_MAX {
        return Err(too_many(name, values.len()));
    }
    let entry = |(index, value): (usize, Value)| {
        let at = format!("{name}[{index}]");
        if !value.is_object() {
            let expected = r#"an object such as {"street": …, "city": …, "country": …}"#;
            return Err(hint::mismatch(&at, expected, &value, Hint::default()));
        }
        let read = Reader::new(value)?.all_of(|reader| {
            reader.knowing(OTHER_NAMES);
            let mut text = |name| Ok::<_, Error>(reader.text(name)?.as_set().cloned());
            Ok(PostalAddress {
                label: text("label")?,
                street: text("street")?,
                city: text("city")?,
                region: text("region")?,
                postal_code: text("postal_code")?,
                country: text("country")?,
            })
        });
        read.map_err(|error| error.within(&at))
    };
    values.into_iter().enumerate().map(entry).collect()
}

fn too_many(at: &str, given: usize) -> Error {
    let message = format!("`addresses` can hold {ADDRESSES_MAX} at most; these are {given}.");
    Error::invalid(at, message)
}

/// Applies what a write says. What comes to the same changes nothing.
pub(crate) fn change(patch: Patch<AddressesInput>, all: &mut Vec<PostalAddress>) -> Result<()> {
    let checked = |at: &str, given: Vec<PostalAddress>| {
        let entry = |(index, it): (usize, PostalAddress)| it.checked(&format!("{at}[{index}]"));
        given
            .into_iter()
            .enumerate()
            .map(entry)
            .collect::<Result<Vec<_>>>()
    };
    let mut after = Vec::new();
    match patch {
        Patch::Keep => return Ok(()),
        Patch::Clear => {}
        Patch::Set(AddressesInput::Whole(given)) => {
            unite(&mut after, checked(ADDRESSES, given)?);
        }
        Patch::Set(AddressesInput::Change { add, remove }) => {
            let (add, remove) = (
                checked("addresses.add", add)?,
                checked("addresses.remove", remove)?,
            );
            let is_removed = |it: &PostalAddress| remove.iter().any(|gone| gone.key() == it.key());
            if let Some(both) = add.iter().find(|it| is_removed(it)) {
                return Err(added_and_removed(ADDRESSES, &both.in_one()));
            }
            after.clone_from(all);
            after.retain(|it| !is_removed(it));
            unite(&mut after, add);
        }
    }
    // A record that has more from a merge can lose some.
    if after.len() > ADDRESSES_MAX && after.len() > all.len() {
        return Err(too_many(ADDRESSES, after.len()));
    }
    if after != *all {
        *all = after;
    }
    Ok(())
}

/// Adds those that are not there; one that is gets the label that it lacks.
pub(crate) fn unite(all: &mut Vec<PostalAddress>, more: impl IntoIterator<Item = PostalAddress>) {
    for address in more {
        let key = address.key();
        match all.iter_mut().find(|it| it.key() == key) {
            Some(known) => known.label = known.label.take().or(address.label),
            None => all.push(address),
        }
    }
}

/// Hands what is filtered by of each address to `out`: all of it, or the part that a list is of.
pub(crate) fn each(all: &[PostalAddress], list: &str, out: &mut dyn FnMut(&str)) {
    for address in all {
        match list.strip_prefix("addresses.") {
            Some(part) => address.part(part).into_iter().for_each(&mut *out),
            None => out(&address.in_one()),
        }
    }
}

#[cfg(test)]
mod tests;
