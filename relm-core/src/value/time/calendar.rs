//! The arithmetic of the calendar, and its digits.

use std::str;

use jiff::civil;

pub(super) fn civil_date(year: [u8; 4], month: [u8; 2], day: [u8; 2]) -> Option<civil::Date> {
    let year =
        100 * i16::from(digits(&[year[0], year[1]])?) + i16::from(digits(&[year[2], year[3]])?);
    civil::Date::new(year, digits(&month)?, digits(&day)?).ok()
}

/// Two ASCII digits as a number: no sign and no space, both of which `str::parse` or a library may allow.
pub(super) fn digits(text: &[u8; 2]) -> Option<i8> {
    let [tens, ones] = *text;
    let both = tens.is_ascii_digit() && ones.is_ascii_digit();
    both.then(|| (10 * (tens - b'0') + (ones - b'0')).cast_signed())
}

/// Year, month and day of the day so many days after 1970-01-01, for the years that a [`Timestamp`](super::Timestamp) has.
///
/// Howard Hinnant's `civil_from_days`: every moment that is shown passes here, and showing one takes half the time that
/// it takes with jiff's general arithmetic. Years begin in March, so that the leap day is the last of its year.
pub(super) fn civil_from_days(days: i64) -> (u32, u32, u32) {
    // 0000-03-01, so the sum is positive from 0001-01-01 on.
    let days = (days + 719_468) as u32;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let (month, next_year) = match months_since_march {
        0..10 => (months_since_march + 3, 0),
        _ => (months_since_march - 9, 1),
    };
    (400 * era + year_of_era + next_year, month, day)
}

pub(super) fn write_digits(buffer: &mut [u8], mut value: u32) {
    for digit in buffer.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

pub(super) fn ascii(buffer: &[u8]) -> &str {
    str::from_utf8(buffer).expect("digits and punctuation are ASCII")
}
