//! Which moment is meant.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::{self, DateTime};
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::calendar::{ascii, civil_date, civil_from_days, digits, write_digits};
use crate::value::from_text::{FromText, from_str};

/// A moment: milliseconds since the Unix epoch, from the first to the last of the years 0001–9999 in UTC.
///
/// Its text is always `2026-07-02T10:00:00.000Z`, so the order of texts is the order of moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// Civil arithmetic counts from here: `jiff::Timestamp` would end on 9999-12-30, a day short of RFC 3339.
const EPOCH: DateTime = civil::datetime(1970, 1, 1, 0, 0, 0, 0);

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What a moment is, for whoever gave something else.
const EXPECTED: &str = "an RFC 3339 time such as 2026-07-02T10:00:00.000Z";

/// The length of `2026-07-02T10:00:00.000Z`.
const TIMESTAMP_LEN: usize = 24;

impl Timestamp {
    /// The earliest moment, 0001-01-01T00:00:00.000Z.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// The latest moment, 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The present moment by the clock of the operating system, for a program of one's own. The engine never calls it: it
    /// asks the [`Clock`](super::Clock) that it was given, whose time is [`Crm::now`](crate::Crm::now).
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// The moment so many milliseconds after the Unix epoch, or the nearest one that there is.
    pub const fn from_millis(millis: i64) -> Self {
        if millis < Self::MIN.0 {
            Self::MIN
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The moment so many milliseconds later (earlier, when negative), or the nearest one that there is.
    #[must_use]
    pub const fn saturating_add_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// Reads an RFC 3339 date-time with any offset; `None` when the text is anything else, a date alone or a time
    /// without offset included.
    ///
    /// What a fraction has beyond milliseconds is dropped, never rounded up. A leap second (`:60`) is refused: Unix
    /// time has no such moment to give back.
    pub fn parse(text: &str) -> Option<Self> {
        let (wall, offset) = text.as_bytes().split_at_checked(19)?;
        let [
            y1,
            y2,
            y3,
            y4,
            b'-',
            mo1,
            mo2,
            b'-',
            d1,
            d2,
            b'T' | b't',
            h1,
            h2,
            b':',
            mi1,
            mi2,
            b':',
            s1,
            s2,
        ] = *wall
        else {
            return None;
        };
        let day = civil_date([y1, y2, y3, y4], [mo1, mo2], [d1, d2])?;
        let time = civil::Time::new(
            digits(&[h1, h2])?,
            digits(&[mi1, mi2])?,
            digits(&[s1, s2])?,
            0,
        )
        .ok()?;
        let (fraction_millis, offset) = split_fraction(offset)?;
        let wall_millis =
            day.to_datetime(time).duration_since(EPOCH).as_millis() as i64 + fraction_millis;
        let millis = wall_millis - offset_millis(offset)?;
        (Self::MIN.0..=Self::MAX.0)
            .contains(&millis)
            .then_some(Self(millis))
    }

    /// What [`Display`](fmt::Display) shows.
    pub fn text(self) -> String {
        self.encode(&mut [0; TIMESTAMP_LEN]).to_owned()
    }

    fn encode(self, buffer: &mut [u8; TIMESTAMP_LEN]) -> &str {
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY_MS));
        // Within a day: it fits, and unsigned division by a constant is the cheapest.
        let millis = self.0.rem_euclid(DAY_MS) as u32;
        *buffer = *b"0000-00-00T00:00:00.000Z";
        write_digits(&mut buffer[0..4], year);
        write_digits(&mut buffer[5..7], month);
        write_digits(&mut buffer[8..10], day);
        write_digits(&mut buffer[11..13], millis / 3_600_000);
        write_digits(&mut buffer[14..16], millis / 60_000 % 60);
        write_digits(&mut buffer[17..19], millis / 1_000 % 60);
        write_digits(&mut buffer[20..23], millis % 1_000);
        ascii(buffer)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.encode(&mut [0; TIMESTAMP_LEN]))
    }
}

/// A moment so much later, or the last one that there is.
impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        self.saturating_add_millis(millis(later))
    }
}

/// A moment so much earlier, or the first one that there is.
impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, earlier: Duration) -> Self {
        self.saturating_add_millis(-millis(earlier))
    }
}

/// The moment to the millisecond before it, or the nearest one that there is.
impl From<SystemTime> for Timestamp {
    fn from(at: SystemTime) -> Self {
        Self::from_millis(match at.duration_since(UNIX_EPOCH) {
            Ok(after) => millis(after),
            Err(before) => -millis(before.duration()),
        })
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

from_str!(Timestamp, Timestamp::parse, EXPECTED);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.encode(&mut [0; TIMESTAMP_LEN]))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(FromText {
            expecting: EXPECTED,
            parse: Self::parse,
        })
    }
}

/// The whole milliseconds of a leading `.digits`, if there is one, and what follows it.
fn split_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(fraction) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let len = fraction
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (fraction, rest) = fraction.split_at(len);
    let millis = [100, 10, 1].iter().zip(fraction);
    let millis = millis
        .map(|(unit, digit)| unit * i64::from(digit - b'0'))
        .sum();
    (len > 0).then_some((millis, rest))
}

/// How far `Z` or `±hh:mm` is ahead of UTC.
fn offset_millis(text: &[u8]) -> Option<i64> {
    let [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = *text else {
        return matches!(text, b"Z" | b"z").then_some(0);
    };
    let (hours, minutes) = (digits(&[h1, h2])?, digits(&[m1, m2])?);
    let ahead = (i64::from(hours) * 60 + i64::from(minutes)) * 60_000;
    (hours < 24 && minutes < 60).then_some(if sign == b'-' { -ahead } else { ahead })
}
