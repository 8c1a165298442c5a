//! Which moment a text says.

use super::day::{day, split_time};
use crate::record::file::options::DateOrder;
use crate::value::excerpt::Quoted;
use crate::value::time::Timestamp;

/// The moment that a text says: where it names no zone, in the zone of this offset, or in UTC. A day is its beginning.
pub(super) fn moment(
    text: &str,
    order: Option<DateOrder>,
    offset: Option<&str>,
) -> Result<Timestamp, String> {
    if let Some(moment) = Timestamp::parse(text) {
        return Ok(moment);
    }
    let none = || {
        format!(
            "this is a moment such as 2026-12-31T10:00:00Z or 2026-12-31 10:00, not {}",
            Quoted(text)
        )
    };
    let (date, time) = split_time(text);
    if date.is_empty() {
        return Err(none());
    }
    let date = day(date, order)?;
    let time = match time {
        "" => Some("00:00:00".to_owned()),
        time => clock(time),
    };
    let time = time.ok_or_else(none)?;
    let zone = match time.ends_with('Z') || time[1..].contains(['+', '-']) {
        true => "",
        false => offset.unwrap_or("Z"),
    };
    Timestamp::parse(&format!("{date}T{time}{zone}")).ok_or_else(none)
}

/// A time of day as RFC 3339 has it, with its offset where it names one.
fn clock(text: &str) -> Option<String> {
    let end = text.find(|char: char| !char.is_ascii_digit() && !matches!(char, ':' | '.'));
    let (clock, after) = text.split_at(end.unwrap_or(text.len()));
    let mut parts = clock.split(':');
    let mut hour: u8 = parts.next()?.parse().ok()?;
    let minute: u8 = parts.next()?.parse().ok()?;
    let second = parts.next().unwrap_or("00");
    if parts.next().is_some() || second.len() < 2 {
        return None;
    }
    let after = after.trim();
    let half = after.get(..2).unwrap_or_default().to_ascii_uppercase();
    let zone = match &*half {
        "AM" | "PM" => {
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + if half == "PM" { 12 } else { 0 };
            after[2..].trim()
        }
        _ => after,
    };
    let zone = zone_of(zone)?;
    Some(format!("{hour:02}:{minute:02}:{second}{zone}"))
}

/// An offset as RFC 3339 has it; empty where none is said.
pub(in crate::record::file) fn zone_of(text: &str) -> Option<String> {
    let text = text.trim();
    let named = ["UTC", "GMT", "Z", "z"]
        .iter()
        .find_map(|name| text.strip_prefix(name));
    let offset = named.unwrap_or(text).trim();
    if offset.is_empty() {
        return Some(if named.is_some() { "Z" } else { "" }.to_owned());
    }
    let digits = offset.strip_prefix(['+', '-', '\u{2212}'])?;
    let sign = if offset.starts_with('+') { '+' } else { '-' };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None => match digits.split_at_checked(2) {
            Some((hours, minutes)) if digits.len() == 4 => (hours, minutes),
            _ => (digits, "00"),
        },
    };
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then(|| format!("{sign}{hours:02}:{minutes:02}"))
}
