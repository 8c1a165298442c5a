//! What the text of a cell says as a value.

mod day;
mod moment;
mod money;
mod number;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::number::Fraction;
use super::options::CellOptions;
use crate::limits::FIELD_CHOICES_MAX;
use crate::record::field::{Field, FieldOptions, FieldType};
use crate::record::hint::{some_of, with_article};
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};
use crate::value::spelling::nearest;
use crate::value::text::{currency, name_key};

pub(super) use self::moment::zone_of;
pub(super) use self::money::{amount, named_currency};

/// What a member takes, and so how the text of a cell is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Shape {
    /// A text, as it is.
    Text,
    /// A text of which a cell may have several, as Google writes them: the first.
    First,
    /// An integer.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Bool,
    /// A day.
    Date,
    /// A moment.
    Timestamp,
    /// One of these.
    Choice(Vec<String>),
    /// Any of these.
    Choices(Vec<String>),
    /// Several texts.
    Texts,
    /// Several texts, each of which may have a label.
    Labelled,
    /// Postal addresses, as JSON.
    Addresses,
    /// A part of a postal address.
    Part,
    /// The id of a record of a kind.
    Id(Kind),
    /// An ISO 4217 code.
    Currency,
    /// An amount in whole units of its currency.
    Money,
    /// One of these stages in whatever case, or a text that the commit judges by the pipeline that there is then.
    Stage(Vec<String>),
    /// The whole name of a person.
    Name,
    /// A JSON object.
    Json,
    /// Any JSON; a text that is none is that text.
    AnyJson,
}

impl Shape {
    /// What a custom field takes.
    pub fn of_field(field: &Field) -> Self {
        match field.field_type {
            FieldType::Text | FieldType::Url | FieldType::Email | FieldType::Phone => Self::Text,
            FieldType::Number => Self::Number,
            FieldType::Date => Self::Date,
            FieldType::Bool => Self::Bool,
            FieldType::Select => Self::Choice(field.options.choices.clone()),
            FieldType::Multiselect => Self::Choices(field.options.choices.clone()),
            FieldType::Datetime => Self::Timestamp,
            FieldType::Currency => Self::Json,
            FieldType::Reference => match field.options.object_type {
                Some(of) => Self::Id(of.kind()),
                None => Self::Text,
            },
            FieldType::Json => Self::AnyJson,
        }
    }

    /// The value that a text with something in it says; the error says what would be right.
    pub fn read(
        &self,
        text: &str,
        options: CellOptions,
        offset: Option<&str>,
    ) -> Result<Value, String> {
        match self {
            Self::Text | Self::Part | Self::Name | Self::Money => Ok(text.into()),
            Self::First => Ok(text.into()),
            Self::Integer => {
                number::number(text, options.decimal_mark, Fraction::None).map(Value::Number)
            }
            Self::Number => {
                number::number(text, options.decimal_mark, Fraction::Any).map(Value::Number)
            }
            Self::Bool => boolean(text).map(Value::Bool),
            Self::Date => {
                let day = day::day(text.trim(), options.date_order)?;
                Ok(day.to_string().into())
            }
            Self::Timestamp => {
                let moment = moment::moment(text.trim(), options.date_order, offset)?;
                Ok(moment.to_string().into())
            }
            Self::Choice(choices) => choice(text, choices).map(Value::String),
            Self::Stage(stages) => {
                Ok(choice(text, stages).map_or_else(|_| text.into(), Value::from))
            }
            Self::Choices(choices) => any_of(text, choices),
            Self::Texts => Ok(several(text).into()),
            Self::Labelled => Ok(match serde_json::from_str::<Vec<Value>>(text) {
                Ok(entries) => entries.into(),
                Err(_) => several(text).into(),
            }),
            Self::Addresses => match serde_json::from_str::<Vec<Value>>(text) {
                Ok(entries) => Ok(entries.into()),
                Err(_) => Err(format!(
                    "this takes a JSON list such as [{{\"city\":\"Berlin\"}}], not {}: columns of parts are `address_1_city` and the like",
                    Quoted(text)
                )),
            },
            Self::AnyJson => Ok(serde_json::from_str(text).unwrap_or_else(|_| text.into())),
            Self::Id(kind) => id(text.trim(), *kind),
            Self::Currency => match currency(text.trim()) {
                Some(code) => Ok(code.into()),
                None => Err(format!(
                    "a currency is a code of three letters such as EUR, not {}",
                    Quoted(text)
                )),
            },
            Self::Json => match serde_json::from_str::<Map<String, Value>>(text) {
                Ok(members) => Ok(Value::Object(members)),
                Err(_) => Err(format!(
                    "this takes a JSON object such as {{\"plan\":\"pro\"}}, not {}",
                    Quoted(text)
                )),
            },
        }
    }
}

fn boolean(text: &str) -> Result<bool, String> {
    match &*text.trim().to_lowercase() {
        "true" | "yes" | "y" | "1" | "on" => Ok(true),
        "false" | "no" | "n" | "0" | "off" => Ok(false),
        _ => Err(format!(
            "this is true or false, as in yes and no, true and false, 1 and 0, not {}",
            Quoted(text)
        )),
    }
}

fn choice(text: &str, choices: &[String]) -> Result<String, String> {
    let options = FieldOptions::of(choices.to_vec());
    if let Some(choice) = options.choice(text).or_else(|| options.choice(text.trim())) {
        return Ok(choice.to_owned());
    }
    let key = name_key(text.trim());
    let mut alike = choices
        .iter()
        .filter(|choice| name_key(choice.trim()) == key);
    match (alike.next(), alike.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => {
            let names = || choices.iter().map(String::as_str);
            let meant = nearest(text.trim(), names());
            let meant = meant.map(|name| format!(": did you mean {}?", Quoted(name)));
            Err(format!(
                "this is one of {}, not {}{}",
                some_of(names()),
                Quoted(text),
                meant.unwrap_or_default()
            ))
        }
    }
}

/// The choices that a cell lists: as JSON, or with `;` between them, or else with commas.
fn any_of(text: &str, choices: &[String]) -> Result<Value, String> {
    let listed: Vec<String> = match serde_json::from_str::<Vec<String>>(text) {
        Ok(listed) => listed,
        Err(_)
            if FieldOptions::of(choices.to_vec())
                .choice(text.trim())
                .is_some() =>
        {
            vec![text.to_owned()]
        }
        Err(_) => {
            let mark = if text.contains(';') { ';' } else { ',' };
            text.split(mark).map(str::to_owned).collect()
        }
    };
    if listed.len() > FIELD_CHOICES_MAX {
        return Err(format!(
            "this takes {FIELD_CHOICES_MAX} choices at most, not {}",
            listed.len()
        ));
    }
    let chosen = listed.iter().filter(|one| !one.trim().is_empty());
    let chosen = chosen.map(|one| choice(one, choices).map(Value::String));
    chosen.collect()
}

/// What Google writes between several values of a cell.
pub(super) const BETWEEN: &str = " ::: ";
/// The group in which Google has all of somebody's contacts, which says nothing of any.
const EVERYBODY: &str = "* myContacts";

/// The texts that a cell lists: as JSON, in quotes, as Google has its groups, or with `;` between them, or else with commas.
fn several(text: &str) -> Vec<String> {
    let text = text.trim();
    let in_quotes = || serde_json::from_str(&format!("[{text}]"));
    let listed = match serde_json::from_str::<Vec<String>>(text).or_else(|_| in_quotes()) {
        Ok(listed) => listed,
        Err(_) => {
            let between = [BETWEEN, ";", ","];
            let between = between.iter().find(|between| text.contains(**between));
            let parts = text.split(*between.unwrap_or(&","));
            // What is Google's own has a star: `* starred`.
            let is_googles = text.contains(BETWEEN) || text.starts_with(EVERYBODY);
            let own = |part: &'_ str| {
                part.strip_prefix("* ")
                    .filter(|_| is_googles)
                    .map(str::to_owned)
            };
            let parts = parts.map(str::trim).filter(|part| *part != EVERYBODY);
            parts
                .map(|part| own(part).unwrap_or_else(|| part.to_owned()))
                .collect()
        }
    };
    let mut listed = listed;
    listed.retain(|one| !one.trim().is_empty());
    listed
}

fn id(text: &str, kind: Kind) -> Result<Value, String> {
    match Id::parse(text) {
        Some(id) if id.kind() == kind => Ok(text.into()),
        Some(_) | None => Err(format!(
            "this takes the id of {}, which begins with `{}_`, not {}: names are not looked up",
            with_article(kind.noun()),
            kind.prefix(),
            Quoted(text)
        )),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod typed;
