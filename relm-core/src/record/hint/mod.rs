//! What a request most likely meant where it says something else: other names of what there is, and values of another
//! form. A message says both what was given and what would be right, since people read nothing but the message.

use std::fmt::Display;

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::limits::{ERROR_LISTED_BYTES_MAX, INTEGER_MAX, SUGGESTION_CHARS_MAX};
use crate::value::email;
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};
use crate::value::json::check_number;
use crate::value::text;
use crate::value::time::{Date, Timestamp};

/// Names that people know from elsewhere, each with the names of ours that they mean.
pub(crate) type OtherNames = &'static [(&'static [&'static str], &'static [&'static str])];

/// What `word` was most likely meant to be: the option that it spells in another style, what its name is known as
/// elsewhere, or the option nearest to it.
pub(crate) fn meant<'a>(
    word: &str,
    options: impl Iterator<Item = &'a str> + Clone,
    others: OtherNames,
) -> Vec<&'a str> {
    if word.is_empty() || word.chars().nth(SUGGESTION_CHARS_MAX).is_some() {
        return Vec::new();
    }
    let is_word = |name: &str| letters(name).eq(letters(word));
    if let Some(option) = options.clone().find(|option| is_word(option)) {
        return vec![option];
    }
    let known = others
        .iter()
        .find(|(names, _)| names.iter().any(|name| is_word(name)));
    match known {
        // Of a member's names, a filter knows those that it can compare.
        Some((_, ours)) => {
            let is_one =
                |name: &&&str| name.contains('.') || options.clone().any(|one| one == **name);
            ours.iter().filter(is_one).copied().collect()
        }
        None => text::nearest(word, options).into_iter().collect(),
    }
}

/// A name without what styles differ in: `firstName`, `First-Name` and `first_name` are one.
fn letters(name: &str) -> impl Iterator<Item = char> + '_ {
    let kept = name.chars().filter(|char| !matches!(char, '_' | '-' | ' '));
    kept.flat_map(char::to_lowercase)
}

/// Why a value is not one that a member takes: what it must be, what it is, and what was most likely meant.
pub(crate) fn mismatch(name: &str, expected: &str, value: &Value, hint: Hint) -> Error {
    let message = format!("`{name}` must be {expected}, not {}.", Shown(value));
    hint.on(Error::invalid(name, message))
}

/// What is said after a refusal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    /// What would have been right, in the form of the request.
    pub suggestion: Option<String>,
    /// The sentence that says so, where it is not the usual one.
    pub sentence: Option<String>,
}

impl Hint {
    fn of(suggestion: impl Display) -> Self {
        Self {
            suggestion: Some(suggestion.to_string()),
            sentence: None,
        }
    }

    fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.sentence = Some(sentence.into());
        self
    }

    fn sentence(sentence: impl Into<String>) -> Self {
        Self::default().saying(sentence)
    }

    /// The error, with the hint at its end.
    pub fn on(self, error: Error) -> Error {
        let Self {
            suggestion,
            sentence,
        } = self;
        match (suggestion, sentence) {
            (None, None) => error,
            (None, Some(sentence)) => error.adding(&sentence),
            (Some(suggestion), None) => error.suggest(&[&suggestion]),
            (Some(suggestion), Some(sentence)) => error.adding(&sentence).suggesting(suggestion),
        }
    }
}

/// A JSON value as a message shows it.
pub(crate) struct Shown<'a>(pub &'a Value);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Value::Null => f.write_str("null"),
            Value::Bool(_) | Value::Number(_) => write!(f, "{}", self.0),
            Value::String(text) => {
                let quoted = Quoted(text).to_string();
                let inner = quoted
                    .strip_prefix('`')
                    .and_then(|rest| rest.strip_suffix('`'));
                write!(f, "\"{}\"", inner.unwrap_or(&quoted))
            }
            Value::Array(_) => f.write_str("an array"),
            Value::Object(_) => f.write_str("an object"),
        }
    }
}

/// For a member that takes a text.
pub(crate) fn text_meant(value: &Value) -> Hint {
    match value {
        Value::Number(_) | Value::Bool(_) => {
            Hint::of(value).saying(format!("In quotes it is one: \"{value}\"."))
        }
        Value::Array(items) => match &items[..] {
            [Value::String(only)] => {
                let sentence = format!("Send {} alone, without the brackets.", Quoted(only));
                Hint::of(only).saying(sentence)
            }
            _ => Hint::default(),
        },
        Value::Null | Value::String(_) | Value::Object(_) => Hint::default(),
    }
}

/// For a member that takes true or false.
pub(crate) fn boolean_meant(value: &Value) -> Hint {
    let meant = match value {
        Value::String(text) => match &*text.to_lowercase() {
            "true" | "yes" | "1" | "on" => true,
            "false" | "no" | "0" | "off" => false,
            _ => return Hint::default(),
        },
        Value::Number(number) if number.as_i64() == Some(1) => true,
        Value::Number(number) if number.as_i64() == Some(0) => false,
        _ => return Hint::default(),
    };
    Hint::of(meant).saying(format!("Send {meant}, without quotes."))
}

/// For a member that takes an integer, or any number.
pub(crate) fn number_meant(name: &str, value: &Value) -> Hint {
    match value {
        Value::String(text) => match text.trim().parse::<serde_json::Number>() {
            Ok(number) if check_number(&number) => {
                Hint::of(&number).saying(format!("Send {number}, without quotes."))
            }
            _ => Hint::default(),
        },
        Value::Number(number) if name.ends_with("_cents") && check_number(number) => {
            in_cents(name, number)
        }
        _ => Hint::default(),
    }
}

/// A decimal amount is one in whole units of its currency.
fn in_cents(name: &str, amount: &serde_json::Number) -> Hint {
    let amount = amount.as_f64().unwrap_or_default();
    let cents = (amount * 100.0).round();
    let is_exact = cents / 100.0 == amount && cents.abs() <= INTEGER_MAX as f64;
    if !is_exact {
        return Hint::sentence(format!("`{name}` is whole cents."));
    }
    Hint::of(cents).saying(format!("`{name}` is whole cents: {amount:.2} is {cents}."))
}

/// For the options of a custom field.
pub(crate) fn choices_meant(value: &Value) -> Hint {
    match value {
        Value::Array(_) => Hint::of(json!({ "choices": value })),
        _ => Hint::default(),
    }
}

/// The first of these options, as a sentence lists them.
pub(crate) fn some_of<'a>(options: impl Iterator<Item = &'a str>) -> String {
    let mut list = String::new();
    for option in options {
        if !list.is_empty() {
            list.push_str(", ");
        }
        if list.len() + option.len() > ERROR_LISTED_BYTES_MAX {
            list.push('…');
            break;
        }
        list.push_str(option);
    }
    list
}

/// For a list of texts.
pub(crate) fn texts_meant(value: &Value) -> Hint {
    match value {
        Value::String(_) => {
            let list = Value::from(vec![value.clone()]);
            Hint::of(list)
        }
        _ => Hint::default(),
    }
}

/// For a calendar day.
pub(crate) fn date_meant(value: &Value) -> Hint {
    let text = match value {
        Value::String(text) => text.trim(),
        _ => return Hint::default(),
    };
    if let Some(day) = text.get(..10)
        && Date::parse(day).is_some()
        && text.len() > 10
    {
        return Hint::of(day).saying(format!("A day has no time: send `{day}`."));
    }
    match other_order(text) {
        Some(day) => Hint::of(day),
        None => Hint::sentence(
            "Write the year first, as in 2026-07-02, of a day that the calendar has.",
        ),
    }
}

/// The day that a text of three numbers says in another order, where only one order makes sense.
fn other_order(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split(['/', '-', '.', ' ']).collect();
    let [one, two, three] = parts[..] else {
        return None;
    };
    let number = |text: &str| text.parse::<u16>().ok();
    let is_year = |text: &str| text.len() == 4;
    let (year, month, day) = if is_year(one) {
        (one, number(two)?, number(three)?)
    } else if is_year(three) && number(one)? > 12 {
        (three, number(two)?, number(one)?)
    } else if is_year(three) && number(two)? > 12 {
        (three, number(one)?, number(two)?)
    } else {
        return None;
    };
    Date::parse(&format!("{year}-{month:02}-{day:02}"))
}

/// For a moment.
pub(crate) fn timestamp_meant(value: &Value) -> Hint {
    let text = match value {
        Value::String(text) => text.trim(),
        Value::Number(number) => return number.as_i64().map_or_else(Hint::default, unix_meant),
        _ => return Hint::default(),
    };
    if let Ok(number) = text.parse() {
        return unix_meant(number);
    }
    let (Some(day), Some(rest)) = (text.get(..10), text.get(10..)) else {
        return Hint::default();
    };
    let clock = rest.trim_start_matches(['T', 't', ' ']);
    let end = clock.find(['Z', 'z', '+', '-', ' ']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(end);
    let (clock, zone) = (clock.trim(), zone.trim());
    let seconds = match clock.matches(':').count() {
        0 => "00:00:00",
        1 => ":00",
        _ => "",
    };
    let offset = match (zone.len(), zone.split_at_checked(3)) {
        (0, _) => "Z".to_owned(),
        (3, _) => format!("{zone}:00"),
        (5, Some((hours, minutes))) => format!("{hours}:{minutes}"),
        _ => zone.to_owned(),
    };
    let whole = format!("{day}T{clock}{seconds}{offset}");
    match Timestamp::parse(&whole) {
        Some(_) if clock.is_empty() => Hint::of(&whole).saying(format!(
            "{} has no time: write it as `{whole}`.",
            Quoted(text)
        )),
        Some(_) if zone.is_empty() => Hint::of(&whole).saying(format!(
            "{} has no zone: write it as `{whole}`.",
            Quoted(text)
        )),
        Some(_) => Hint::of(whole),
        None => Hint::default(),
    }
}

/// Seconds or milliseconds since 1970, as other APIs give them.
fn unix_meant(number: i64) -> Hint {
    /// Seconds of the year 5138, milliseconds of 1973.
    const SECONDS_MAX: u64 = 100_000_000_000;
    let (millis, unit) = if number.unsigned_abs() < SECONDS_MAX {
        (number * 1000, "seconds")
    } else {
        (number, "milliseconds")
    };
    let at = Timestamp::from_millis(millis);
    Hint::of(at).saying(format!("As {unit} since 1970, {number} is `{at}`."))
}

/// For an e-mail address.
pub(crate) fn email_meant(text: &str) -> Hint {
    // A display name and angle brackets, a link, or a list.
    let inner = text.split_once('<').map_or(text, |(_, rest)| rest);
    let inner = inner.trim().trim_start_matches("mailto:");
    let inner = inner
        .split(['>', ',', ';', ' ', '?'])
        .next()
        .unwrap_or_default();
    match email::parse(inner) {
        Ok(address) if address != text.trim() => Hint::of(address.into_owned()),
        _ if text.is_empty() => Hint::sentence("Leave it out, or send null, where there is none."),
        _ => Hint::default(),
    }
}

/// For a URL without the scheme that it needs.
pub(crate) fn url_meant(url: &str) -> Hint {
    // What may hold a password is not repeated.
    let is_plain = !url.contains(['@', ' ']) && !url.is_empty();
    match url.split_once("://") {
        Some((scheme, rest))
            if is_plain && ["http", "https"].contains(&&*scheme.to_lowercase()) =>
        {
            Hint::of(format!("https://{rest}"))
        }
        None if is_plain => Hint::of(format!("https://{}", url.trim_start_matches('/'))),
        Some(_) | None => Hint::default(),
    }
}

/// For a row of a batch that is no object.
pub(crate) fn row_meant(value: &Value) -> Hint {
    match value.as_str().map(email::parse) {
        Some(Ok(email)) => Hint::of(json!({ "email": email })),
        Some(Err(_)) | None => Hint::default(),
    }
}

/// For a currency.
pub(crate) fn currency_meant(text: &str) -> Hint {
    let code = match text.trim().to_lowercase().as_str() {
        "$" | "us$" | "dollar" | "dollars" => "USD",
        "€" | "euro" | "euros" => "EUR",
        "£" | "pound" | "pounds" => "GBP",
        "¥" | "yen" => "JPY",
        other => match text::currency(other) {
            Some(code) => code,
            None => return Hint::default(),
        },
    };
    Hint::of(code)
}

/// For the id of a record of `kind`.
pub(crate) fn id_meant(kind: Kind, text: &str) -> Hint {
    let (what, prefix) = (kind.name(), kind.prefix());
    if let Some(id) = Id::parse(text) {
        let other = id.kind();
        return Hint::sentence(format!(
            "{} is the id of {}; that of {} begins with `{prefix}_`.",
            Quoted(text),
            with_article(other.name()),
            with_article(what),
        ));
    }
    let spelled = spelled_id(text).or_else(|| spelled_id(&format!("{prefix}_{}", text.trim())));
    match spelled {
        Some(id) if id.kind() == kind && !text.contains('_') => {
            Hint::of(id).saying(format!("Ids begin with what they are of: `{id}`."))
        }
        Some(id) if id.kind() == kind => Hint::of(id).saying(format!(
            "Ids are case-sensitive and hold no spaces: `{id}`."
        )),
        _ => Hint::sentence(format!(
            "The id of {} is `{prefix}_` and 26 letters and digits.",
            with_article(what)
        )),
    }
}

/// The id of a record of `kind` that a text names.
///
/// # Errors
/// `not_found` where it is the id of no such record, with what was most likely meant.
pub fn named_id(kind: Kind, text: &str) -> Result<Id> {
    let id = Id::parse(text).filter(|id| id.kind() == kind);
    id.ok_or_else(|| id_meant(kind, text).on(Error::not_found(kind.name())))
}

/// The id that a text is but for its case and the spaces around it.
fn spelled_id(text: &str) -> Option<Id> {
    let (prefix, ulid) = text.trim().split_once('_')?;
    Id::from_parts(&prefix.to_lowercase(), &ulid.to_uppercase())
}

/// `a deal`, `an activity`.
pub(crate) fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_in_another_form_is_recognised_where_only_one_is_meant() {
        for (text, meant) in [
            ("2026-07-02T10:00:00Z", Some("2026-07-02")),
            ("2026-07-02 ", Some("2026-07-02")),
            ("2026/07/02", Some("2026-07-02")),
            ("2026-7-2", Some("2026-07-02")),
            ("2026.07.02", Some("2026-07-02")),
            ("07/22/2026", Some("2026-07-22")),
            ("22.07.2026", Some("2026-07-22")),
            ("07/02/2026", None),
            ("2026-02-30", None),
            ("02/30/2026", None),
            ("July 2, 2026", None),
            ("éééééééééé", None),
        ] {
            let hint = date_meant(&Value::from(text));
            assert_eq!(hint.suggestion.as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn a_moment_in_another_form_is_recognised() {
        for (given, meant) in [
            (json!("2026-07-02 10:00"), Some("2026-07-02T10:00:00Z")),
            (json!("2026-07-02T10:00:05"), Some("2026-07-02T10:00:05Z")),
            (json!("2026-07-02T10:00Z"), Some("2026-07-02T10:00:00Z")),
            (
                json!("2026-07-02T10:00:00+0200"),
                Some("2026-07-02T10:00:00+02:00"),
            ),
            (
                json!("2026-07-02T10:00:00+02"),
                Some("2026-07-02T10:00:00+02:00"),
            ),
            (
                json!("2026-07-02 10:00:00 -05:00"),
                Some("2026-07-02T10:00:00-05:00"),
            ),
            (json!("2026-07-02"), Some("2026-07-02T00:00:00Z")),
            (json!(1_751_500_000), Some("2025-07-02T23:46:40.000Z")),
            (json!("1751500000"), Some("2025-07-02T23:46:40.000Z")),
            (
                json!(1_751_500_000_123_i64),
                Some("2025-07-02T23:46:40.123Z"),
            ),
            (json!("yesterday"), None),
            (json!("2026-13-02 10:00"), None),
            (json!(true), None),
            (json!(1.5), None),
        ] {
            let hint = timestamp_meant(&given);
            assert_eq!(hint.suggestion.as_deref(), meant, "{given}");
        }
    }

    #[test]
    fn an_amount_is_said_in_cents_where_it_has_them() {
        for (given, meant) in [
            (json!(10.5), Some("1050")),
            (json!(-0.01), Some("-1")),
            (json!(19.99), Some("1999")),
            (json!(0.001), None),
            (json!("1000"), Some("1000")),
            (json!("1,000"), None),
            (json!("1e400"), None),
            (json!(1e300), None),
        ] {
            let hint = number_meant("value_cents", &given);
            assert_eq!(hint.suggestion.as_deref(), meant, "{given}");
        }
        assert_eq!(number_meant("expires_in", &json!(10.5)), Hint::default());
    }

    #[test]
    fn a_name_is_known_in_every_style_and_by_what_others_call_it() {
        const OTHERS: OtherNames = &[(&["name", "full_name"], &["first_name", "last_name"])];
        let options = ["first_name", "last_name", "email"];
        for (word, expected) in [
            ("firstName", &["first_name"][..]),
            ("First-Name", &["first_name"]),
            ("FIRST NAME", &["first_name"]),
            ("fullName", &["first_name", "last_name"]),
            ("emial", &["email"]),
            ("", &[]),
            ("___", &[]),
            ("dog", &[]),
        ] {
            assert_eq!(meant(word, options.into_iter(), OTHERS), expected, "{word}");
        }
        let long = "x".repeat(1 << 20);
        assert!(meant(&long, [&*long].into_iter(), &[]).is_empty());
    }

    #[test]
    fn an_id_is_recognised_in_another_spelling() {
        let id = "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";
        for text in [
            &id.to_lowercase(),
            &format!(" {id} "),
            &id[4..],
            &id.to_uppercase(),
        ] {
            let hint = id_meant(Kind::Contact, text);
            assert_eq!(hint.suggestion.as_deref(), Some(id), "{text}");
        }
        for text in [
            "",
            "con_",
            "é",
            "_",
            "cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB",
            "512",
        ] {
            assert_eq!(id_meant(Kind::Contact, text).suggestion, None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_given_makes_a_hint_panic(
            text: String,
            close in "[0-9éTtZz:+. /-]{0,30}",
            number: i64,
            double: f64,
        ) {
            for value in [json!(text), json!(close), json!(number), json!(double), json!([text]), json!({ "a": close })] {
                let given = value.as_str().unwrap_or_default();
                for hint in [
                    text_meant(&value), boolean_meant(&value), number_meant("value_cents", &value), date_meant(&value),
                    timestamp_meant(&value), texts_meant(&value), choices_meant(&value), row_meant(&value),
                    email_meant(given), currency_meant(given), url_meant(given), id_meant(Kind::Deal, given),
                ] {
                    let error = hint.on(Error::invalid("a", "No."));
                    prop_assert!(error.message().starts_with("No."));
                }
            }
        }
    }
}
