//! Which calendar day is meant.

use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::calendar::{ascii, civil_date, write_digits};
use crate::value::from_text::{FromText, from_str};

/// A day of the calendar in the years 0001–9999, in no particular time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    // Declared largest unit first: the derived order is the order of days.
    year: i16,
    month: u8,
    day: u8,
}

/// What a day is, for whoever gave something else.
const EXPECTED: &str = "a calendar day such as 2026-07-02";

/// The length of `2026-07-02`.
const DATE_LEN: usize = 10;

impl Date {
    /// Reads `YYYY-MM-DD`; `None` when the text has another form or the calendar has no such day.
    pub fn parse(text: &str) -> Option<Self> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else {
            return None;
        };
        let date = civil_date([y1, y2, y3, y4], [m1, m2], [d1, d2])?;
        (date.year() >= 1).then_some(Self {
            year: date.year(),
            month: date.month().unsigned_abs(),
            day: date.day().unsigned_abs(),
        })
    }

    /// The year, 1–9999.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month of the year, 1–12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1–31.
    pub const fn day(self) -> u8 {
        self.day
    }

    fn encode(self, buffer: &mut [u8; DATE_LEN]) -> &str {
        *buffer = *b"0000-00-00";
        write_digits(&mut buffer[0..4], u32::from(self.year.unsigned_abs()));
        write_digits(&mut buffer[5..7], u32::from(self.month));
        write_digits(&mut buffer[8..10], u32::from(self.day));
        ascii(buffer)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.encode(&mut [0; DATE_LEN]))
    }
}

from_str!(Date, Date::parse, EXPECTED);

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.encode(&mut [0; DATE_LEN]))
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(FromText {
            expecting: EXPECTED,
            parse: Self::parse,
        })
    }
}
