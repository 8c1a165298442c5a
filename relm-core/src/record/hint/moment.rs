//! What a text or a number that is no day or no moment was meant to be.

use serde_json::Value;

use super::Hint;
use crate::value::excerpt::Quoted;
use crate::value::time::{Date, Timestamp};

/// What is said of an empty text where a value could be left out.
const NOTHING: &str = "Leave it out, or send null, where there is none.";

/// For a calendar day.
pub(crate) fn date_meant(value: &Value) -> Hint {
    let text = match value {
        Value::String(text) => text.trim(),
        Value::Number(number) => return number.as_i64().map_or_else(Hint::default, unix_day_meant),
        _ => return Hint::default(),
    };
    if text.is_empty() {
        return Hint::sentence(NOTHING);
    }
    if let Some(day) = text.get(..10)
        && Date::parse(day).is_some()
        && text.len() > 10
    {
        return Hint::of(day).saying(format!("A day has no time: send `{day}`."));
    }
    match other_order(text).or_else(|| without_hyphens(text)) {
        Some(day) => Hint::of(day),
        None => Hint::sentence(
            "Write the year first, as in 2026-07-02, of a day that the calendar has.",
        ),
    }
}

/// The day that a text of three numbers says in another order, where only one order makes sense.
fn other_order(text: &str) -> Option<Date> {
    let mut parts = text.split(['/', '-', '.', ' ']);
    let (one, two, three) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
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

/// The day that eight digits say, as ISO 8601 writes it in short.
fn without_hyphens(text: &str) -> Option<Date> {
    let is_eight = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (year, rest) = text.split_at_checked(4).filter(|_| is_eight)?;
    let (month, day) = rest.split_at_checked(2)?;
    Date::parse(&format!("{year}-{month}-{day}"))
}

/// The day, in UTC, of seconds or milliseconds since 1970; or what eight digits say.
fn unix_day_meant(number: i64) -> Hint {
    if let Some(day) = without_hyphens(&number.to_string()) {
        return Hint::of(day);
    }
    let (at, unit) = since_1970(number);
    let moment = at.to_string();
    match moment.get(..10).filter(|day| Date::parse(day).is_some()) {
        Some(day) => Hint::of(day).saying(format!(
            "As {unit} since 1970, {number} is in the day `{day}` of UTC."
        )),
        None => Hint::default(),
    }
}

/// For a moment.
pub(crate) fn timestamp_meant(value: &Value) -> Hint {
    let text = match value {
        Value::String(text) => text.trim(),
        Value::Number(number) => return number.as_i64().map_or_else(Hint::default, unix_meant),
        _ => return Hint::default(),
    };
    if text.is_empty() {
        return Hint::sentence(NOTHING);
    }
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
    let (at, unit) = since_1970(number);
    Hint::of(at).saying(format!("As {unit} since 1970, {number} is `{at}`."))
}

/// The moment that a number of seconds or of milliseconds since 1970 is, and which of them that are.
fn since_1970(number: i64) -> (Timestamp, &'static str) {
    /// Seconds of the year 5138, milliseconds of 1973.
    const SECONDS_MAX: u64 = 100_000_000_000;
    if number.unsigned_abs() < SECONDS_MAX {
        (Timestamp::from_millis(number * 1000), "seconds")
    } else {
        (Timestamp::from_millis(number), "milliseconds")
    }
}
