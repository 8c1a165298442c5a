//! Which calendar day a text says.

use crate::record::file::options::DateOrder;
use crate::value::excerpt::Quoted;
use crate::value::time::Date;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The day that a text says, its time of day aside.
pub(super) fn day(text: &str, order: Option<DateOrder>) -> Result<Date, String> {
    if let Some(day) = Date::parse(text) {
        return Ok(day);
    }
    let (date, _) = split_time(text);
    let none = || {
        format!(
            "this is a day such as 2026-12-31, 31.12.2026 or 31 Dec 2026, its year in four digits, not {}",
            Quoted(text)
        )
    };
    let tokens: Vec<&str> = date
        .split(['/', '-', '.', ' ', ','])
        .filter(|token| !token.is_empty())
        .collect();
    let make = |year: &str, month: u8, day: &str| {
        let day: u8 = day.parse().ok()?;
        let is_year = year.len() == 4;
        is_year.then(|| Date::parse(&format!("{year}-{month:02}-{day:02}")))?
    };
    let made = match *tokens {
        [digits] if digits.len() == 8 && digits.is_ascii() => {
            let month = digits[4..6].parse().unwrap_or_default();
            make(&digits[..4], month, &digits[6..])
        }
        [one, two, three] => match (month_named(one), month_named(two)) {
            // `Dec 31 2026`.
            (Some(month), _) => make(three, month, ordinal(two)),
            (None, Some(month)) if one.len() == 4 => make(one, month, three),
            (None, Some(month)) => make(three, month, ordinal(one)),
            (None, None) => {
                let (Ok(first), Ok(second)) = (one.parse::<u16>(), two.parse::<u8>()) else {
                    return Err(none());
                };
                if one.len() == 4 {
                    make(one, second, three)
                } else {
                    let is_dotted = date.contains('.');
                    let day_first = is_day_first(first, u16::from(second), is_dotted, order);
                    match day_first {
                        Some(true) => make(three, second, one),
                        Some(false) => make(three, first.try_into().unwrap_or_default(), two),
                        None if three.len() == 4 => return Err(ambiguous(text)),
                        None => None,
                    }
                }
            }
        },
        _ => None,
    };
    made.ok_or_else(none)
}

fn ambiguous(text: &str) -> String {
    format!(
        "{} could be two days: say `date_order`, `day_first` or `month_first`, or write it as 2026-12-31",
        Quoted(text)
    )
}

/// Whether the first of two numbers is the day; none where it could be either.
fn is_day_first(
    first: u16,
    second: u16,
    is_dotted: bool,
    order: Option<DateOrder>,
) -> Option<bool> {
    // Nobody who writes dots writes the month first.
    if first > 12 || is_dotted || first == second {
        return Some(true);
    }
    if second > 12 {
        return Some(false);
    }
    order.map(|order| order == DateOrder::DayFirst)
}

/// The month of an English name, or of its first three letters and more.
fn month_named(text: &str) -> Option<u8> {
    let name = text.to_ascii_lowercase();
    let mut months = MONTHS.iter();
    let place = months.position(|month| name.len() >= 3 && month.starts_with(&*name))?;
    u8::try_from(place + 1).ok()
}

fn ordinal(text: &str) -> &str {
    text.trim_end_matches(|char: char| char.is_ascii_alphabetic())
}

/// A text's day, and what it says of the time of that day.
pub(super) fn split_time(text: &str) -> (&str, &str) {
    let Some(colon) = text.find(':') else {
        return (text, "");
    };
    let hour = text[..colon].trim_end_matches(|char: char| char.is_ascii_digit());
    let day = hour.trim_end_matches(['T', 't', ' ', ',']);
    (day, text[hour.len()..].trim())
}
