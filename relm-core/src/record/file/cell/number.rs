//! Which number a text says.

use serde_json::Number;

use crate::record::file::options::DecimalMark;
use crate::value::excerpt::Quoted;
use crate::value::json::check_number;

/// What may stand after a decimal mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fraction {
    /// Nothing but zeros.
    None,
    /// At most so many digits that are not 0: a comma before three digits then separates thousands.
    Digits(usize),
    /// Any number of digits.
    Any,
}

/// A number in digits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub is_negative: bool,
    pub whole: String,
    pub fraction: String,
}

/// The number that a text says.
pub(super) fn number(
    text: &str,
    mark: Option<DecimalMark>,
    fraction: Fraction,
) -> Result<Number, String> {
    let none = || {
        let what = match fraction {
            Fraction::None => "an integer such as 1500",
            Fraction::Digits(_) | Fraction::Any => "a number such as 1234.5",
        };
        format!("this is {what}, not {}", Quoted(text))
    };
    let plain = match text.trim() {
        // As JSON writes what is very large or small.
        text if text.contains(['e', 'E']) => text.to_owned(),
        text => decimal(text, mark, fraction)?.ok_or_else(none)?.plain(),
    };
    let number: Number = plain.parse().map_err(|_| none())?;
    let is_whole = number.as_f64().is_some_and(|number| number.fract() == 0.0);
    match check_number(&number) && (is_whole || fraction != Fraction::None) {
        true => Ok(number),
        false => Err(none()),
    }
}

impl Decimal {
    /// As JSON has it.
    fn plain(&self) -> String {
        let sign = if self.is_negative { "-" } else { "" };
        let whole = self.whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        match &*self.fraction {
            "" => format!("{sign}{whole}"),
            fraction => format!("{sign}{whole}.{fraction}"),
        }
    }
}

/// The digits of a number, whichever marks are between them; none where the text is no number. Where the marks could mean two things it is
/// an error.
pub(super) fn decimal(
    text: &str,
    mark: Option<DecimalMark>,
    fraction: Fraction,
) -> Result<Option<Decimal>, String> {
    let unsigned = text.trim_start_matches(['-', '\u{2212}', '+']);
    let sign = &text[..text.len() - unsigned.len()];
    if sign.chars().count() > 1 {
        return Ok(None);
    }
    let Some((groups, marks)) = groups(unsigned.trim_start()) else {
        return Ok(None);
    };
    let Some(fraction) = fraction_of(&groups, &marks, mark, fraction, text)? else {
        return Ok(None);
    };
    let (whole, fraction) = match fraction {
        true => groups.split_at(groups.len() - 1),
        false => groups.split_at(groups.len()),
    };
    Ok(is_grouped(whole).then(|| Decimal {
        is_negative: !matches!(sign, "" | "+"),
        whole: whole.concat(),
        fraction: fraction.concat(),
    }))
}

/// The digits of a text, and the marks between them.
fn groups(text: &str) -> Option<(Vec<&str>, Vec<char>)> {
    let is_mark = |char: char| {
        matches!(
            char,
            '.' | ',' | '\'' | '\u{2019}' | ' ' | '\u{A0}' | '\u{202F}' | '\u{2009}'
        )
    };
    let groups: Vec<_> = text.split(is_mark).collect();
    let is_digits = |group: &&str| group.bytes().all(|byte| byte.is_ascii_digit());
    // `.5` has nothing before its mark; anything else has digits around each.
    let has_digits = groups.iter().skip(1).all(|group| !group.is_empty())
        && (!groups[0].is_empty() || groups.len() == 2);
    (groups.iter().all(is_digits) && has_digits)
        .then(|| (groups, text.chars().filter(|char| is_mark(*char)).collect()))
}

/// Whether the last group is a fraction; none where the marks are those of no number.
fn fraction_of(
    groups: &[&str],
    marks: &[char],
    mark: Option<DecimalMark>,
    fraction: Fraction,
    text: &str,
) -> Result<Option<bool>, String> {
    let Some((last, before)) = marks.split_last() else {
        return Ok(Some(false));
    };
    let separator = before.first();
    if before.iter().any(|mark| Some(mark) != separator) {
        return Ok(None);
    }
    let is_point_or_comma = matches!(last, '.' | ',');
    if let Some(mark) = mark {
        let mark = match mark {
            DecimalMark::Point => '.',
            DecimalMark::Comma => ',',
        };
        let is_fraction = *last == mark;
        let is_twice = separator.is_some_and(|separator| (separator == last) == is_fraction);
        return Ok((!is_twice).then_some(is_fraction));
    }
    if let Some(separator) = separator {
        return Ok(match separator == last {
            true => Some(false),
            false => is_point_or_comma.then_some(true),
        });
    }
    if !is_point_or_comma {
        return Ok(Some(false));
    }
    let (first, after) = (groups[0], groups[1]);
    let may_separate =
        after.len() == 3 && (1..=3).contains(&first.len()) && !first.starts_with('0');
    if !may_separate {
        return Ok(Some(true));
    }
    match fraction {
        Fraction::None => Ok(Some(false)),
        Fraction::Digits(digits) if digits < 3 && *last == ',' => Ok(Some(false)),
        Fraction::Digits(_) | Fraction::Any => Err(format!(
            "{} could be {first}{after} and {first}.{after}: say `decimal_mark`, `point` or `comma`",
            Quoted(text)
        )),
    }
}

/// Whether digits are in groups of three, as far as they are in groups; in India, of two before the last three.
fn is_grouped(groups: &[&str]) -> bool {
    let Some((first, rest)) = groups.split_first() else {
        return false;
    };
    let Some((last, between)) = rest.split_last() else {
        return true;
    };
    (1..=3).contains(&first.len())
        && last.len() == 3
        && between.iter().all(|group| matches!(group.len(), 2 | 3))
}
