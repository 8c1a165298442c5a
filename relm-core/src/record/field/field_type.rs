//! The types of custom fields: which values each holds, and the one form in which it keeps them.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::options::FieldOptions;
use crate::limits::{FIELD_CHOICES_MAX, FIELD_URL_CHARS_MAX, INTEGER_MAX};
use crate::value::email;
use crate::value::from_text::named;
use crate::value::host;
use crate::value::phone;
use crate::value::text::{self, nfc};
use crate::value::time::{Date, Timestamp};

/// What a custom field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// A JSON string.
    Text,
    /// A JSON number.
    Number,
    /// A calendar day, `YYYY-MM-DD`.
    Date,
    /// True or false.
    Bool,
    /// One of the field's choices.
    Select,
    /// A set of the field's choices: a list in which each is once, in the order of their texts.
    Multiselect,
    /// The address of a page: `http` or `https`, with a host. Kept as it was written.
    Url,
    /// An e-mail address. Kept in the form that addresses are compared by: in lower case.
    Email,
    /// A telephone number. With its country code it is kept as E.164 writes it, `+14155550132`; otherwise as it was written.
    Phone,
    /// A moment: RFC 3339, kept in UTC with milliseconds.
    Datetime,
    /// An amount of money: `{"amount_minor": 12900, "currency": "EUR"}`, in the currency's smallest unit.
    Currency,
    /// The id of a record of the type that `options.object_type` names, which must be there when the field is set.
    Reference,
    /// Any JSON.
    Json,
}

impl FieldType {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 13] = [
        Self::Text,
        Self::Number,
        Self::Date,
        Self::Bool,
        Self::Select,
        Self::Multiselect,
        Self::Url,
        Self::Email,
        Self::Phone,
        Self::Datetime,
        Self::Currency,
        Self::Reference,
        Self::Json,
    ];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::Bool => "bool",
            Self::Select => "select",
            Self::Multiselect => "multiselect",
            Self::Url => "url",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Datetime => "datetime",
            Self::Currency => "currency",
            Self::Reference => "reference",
            Self::Json => "json",
        }
    }

    /// Whether its fields have choices.
    pub const fn has_choices(self) -> bool {
        matches!(self, Self::Select | Self::Multiselect)
    }

    /// Whether its values can be unique: those that many records do not share anyway, and that are compared as a whole.
    pub const fn can_be_unique(self) -> bool {
        match self {
            Self::Text
            | Self::Number
            | Self::Date
            | Self::Url
            | Self::Email
            | Self::Phone
            | Self::Datetime => true,
            Self::Bool
            | Self::Select
            | Self::Multiselect
            | Self::Currency
            | Self::Reference
            | Self::Json => false,
        }
    }

    /// The form in which a text is kept by fields of this type, and compared; the text itself where it has no other, and where it is none
    /// that they hold.
    pub(crate) fn form_of(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Email if email::parse(text).is_ok() => Cow::Owned(email::key(text)),
            Self::Phone => {
                phone::international(text).map_or(Cow::Borrowed(text.trim()), Cow::Owned)
            }
            Self::Datetime => match Timestamp::parse(text) {
                Some(at) => Cow::Owned(at.to_string()),
                None => Cow::Borrowed(text),
            },
            _ => Cow::Borrowed(text),
        }
    }
}

named!(
    FieldType,
    as_str,
    "`text`, `number`, `date`, `bool`, `select`, `multiselect`, `url`, `email`, `phone`, `datetime`, `currency`, `reference` or `json`"
);

impl FieldOptions {
    /// Whether a field of this type and these options holds a value.
    pub(super) fn hold(&self, field_type: FieldType, value: &Value) -> bool {
        match (field_type, value) {
            (FieldType::Bool, Value::Bool(_)) | (FieldType::Json, _) => true,
            (FieldType::Text, Value::String(text)) => self.limits.hold_text(text),
            (FieldType::Number, Value::Number(number)) => self.limits.hold_number(number),
            (FieldType::Date, Value::String(text)) => Date::parse(text).is_some(),
            (FieldType::Select, Value::String(text)) => self.choice(text).is_some(),
            (FieldType::Multiselect, Value::Array(chosen)) => self.no_choice(chosen).is_none(),
            (FieldType::Url, Value::String(text)) => is_web_address(text),
            (FieldType::Email, Value::String(text)) => email::parse(text).is_ok(),
            (FieldType::Phone, Value::String(text)) => phone::is_one(text) && !is_like_a_day(text),
            (FieldType::Datetime, Value::String(text)) => Timestamp::parse(text).is_some(),
            (FieldType::Currency, Value::Object(amount)) => currency(amount).is_some(),
            (FieldType::Reference, Value::String(text)) => self.referenced(text).is_some(),
            _ => false,
        }
    }

    /// The first of a list that is none of the choices; the list itself is one where it has more members than a field has choices.
    pub(super) fn no_choice<'a>(&self, chosen: &'a [Value]) -> Option<&'a Value> {
        if let Some(over) = chosen.get(FIELD_CHOICES_MAX) {
            return Some(over);
        }
        let names = Names::of(self, chosen.len());
        let mut chosen = chosen.iter();
        chosen.find(|one| one.as_str().is_none_or(|text| names.get(text).is_none()))
    }

    /// The form in which a field of this type keeps a value: a choice that is being renamed by its new name. None where the value is in it
    /// already, or is none that the field holds.
    pub(super) fn form_of(&self, field_type: FieldType, value: &Value) -> Option<Value> {
        match (field_type, value) {
            (FieldType::Select, Value::String(text)) => self.renamed(text).map(Value::from),
            (FieldType::Multiselect, Value::Array(chosen)) => self.set_of(chosen),
            (FieldType::Currency, Value::Object(amount)) => {
                let (_, code) = currency(amount)?;
                let is_kept = amount.get("currency").and_then(Value::as_str) == Some(code);
                (!is_kept).then(|| {
                    let mut amount = amount.clone();
                    amount.insert("currency".to_owned(), Value::from(code));
                    Value::Object(amount)
                })
            }
            (_, Value::String(text)) => match field_type.form_of(text) {
                Cow::Owned(form) if form != *text => Some(Value::from(form)),
                Cow::Borrowed(form) if form.len() != text.len() => Some(Value::from(form)),
                Cow::Owned(_) | Cow::Borrowed(_) => None,
            },
            _ => None,
        }
    }

    fn set_of(&self, chosen: &[Value]) -> Option<Value> {
        if chosen.len() > FIELD_CHOICES_MAX {
            return None;
        }
        let names = Names::of(self, chosen.len());
        let named = chosen.iter().map(|one| {
            let text = one.as_str()?;
            Some(names.get(text).unwrap_or(text))
        });
        let set: BTreeSet<&str> = named.collect::<Option<_>>()?;
        let is_kept = set.len() == chosen.len()
            && set
                .iter()
                .zip(chosen)
                .all(|(name, one)| one.as_str() == Some(*name));
        (!is_kept).then(|| set.into_iter().map(Value::from).collect())
    }
}

/// Few choices are looked up one by one; of many, each choice is composed once.
const LOOKED_UP_MAX: usize = 3;

/// What choices are called now, by each of their names.
enum Names<'a> {
    Few(&'a FieldOptions),
    Many(HashMap<Cow<'a, str>, &'a str>),
}

impl<'a> Names<'a> {
    fn of(options: &'a FieldOptions, looked_up: usize) -> Self {
        if looked_up <= LOOKED_UP_MAX {
            return Self::Few(options);
        }
        let choices = options.choices.iter();
        let mut names: HashMap<_, _> = choices.map(|one| (nfc(one), one.as_str())).collect();
        for renaming in &options.renaming {
            names.insert(nfc(&renaming.from), &renaming.to);
        }
        Self::Many(names)
    }

    fn get(&self, text: &str) -> Option<&'a str> {
        match self {
            Self::Few(options) => options.renamed(text).or_else(|| options.choice(text)),
            Self::Many(names) => names.get(&*super::composed(text)?).copied(),
        }
    }
}

/// Whether a text is written as a day is, `2026-07-02`, of which the digits would do for a number.
fn is_like_a_day(text: &str) -> bool {
    let mut parts = text.trim().split('-').map(str::len);
    [4, 2, 2]
        .into_iter()
        .all(|length| parts.next() == Some(length))
        && parts.next().is_none()
}

/// The amount and the code of its currency, where this is an amount of money.
fn currency(members: &Map<String, Value>) -> Option<(i64, &str)> {
    let amount = members.get("amount_minor")?.as_i64()?;
    let code = text::currency(members.get("currency")?.as_str()?)?;
    let is_kept = amount.unsigned_abs() <= INTEGER_MAX.unsigned_abs();
    (is_kept && members.len() == 2).then_some((amount, code))
}

/// Whether a text is the address of a page: RFC 3986's form with `http` or `https`, of which nothing but scheme, host and port is looked at.
fn is_web_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let is_web = ["http", "https"]
        .iter()
        .any(|it| scheme.eq_ignore_ascii_case(it));
    let is_printed = |char: char| !char.is_whitespace() && !char.is_control();
    if !is_web || text.chars().count() > FIELD_URL_CHARS_MAX || !text.chars().all(is_printed) {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let after_user = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (host, port) = match after_user
        .strip_prefix('[')
        .and_then(|it| it.split_once(']'))
    {
        Some((host, port)) if host.parse::<Ipv6Addr>().is_ok() => ("", port),
        Some(_) => return false,
        None => match after_user.split_once(':') {
            Some(("", _)) => return false,
            Some((host, _)) => (host, &after_user[host.len()..]),
            None if after_user.is_empty() => return false,
            None => (after_user, ""),
        },
    };
    let is_port = |text: &str| text.is_empty() || text.parse::<u16>().is_ok();
    let is_host = host.is_empty() || host::ascii(host.strip_suffix('.').unwrap_or(host)).is_some();
    is_host && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

#[cfg(test)]
mod tests;
