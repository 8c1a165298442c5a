//! Which amount of which money a text says.

use super::number::{Decimal, Fraction, decimal};
use crate::limits::INTEGER_MAX;
use crate::record::file::options::DecimalMark;
use crate::value::excerpt::Quoted;
use crate::value::text::currency;

/// An amount in the smallest unit of its currency.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::record::file) struct Money {
    pub minor: i64,
    /// None where nothing says it.
    pub currency: Option<&'static str>,
}

/// What people write for a currency, and which it is; several where it could be each of them, the first where nothing else is said.
const SYMBOLS: [(&str, &[&str]); 18] = [
    ("€", &["EUR"]),
    ("£", &["GBP"]),
    (
        "$",
        &[
            "USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP", "TWD",
        ],
    ),
    ("US$", &["USD"]),
    ("A$", &["AUD"]),
    ("AU$", &["AUD"]),
    ("C$", &["CAD"]),
    ("CA$", &["CAD"]),
    ("R$", &["BRL"]),
    ("¥", &["JPY", "CNY"]),
    ("kr", &["SEK", "NOK", "DKK", "ISK"]),
    ("kr.", &["DKK", "SEK", "NOK", "ISK"]),
    ("Fr.", &["CHF"]),
    ("zł", &["PLN"]),
    ("Kč", &["CZK"]),
    ("₹", &["INR"]),
    ("₩", &["KRW"]),
    ("₺", &["TRY"]),
];

/// The amount that a text says, of the currency that it names, or of the one that is `known`.
pub(in crate::record::file) fn amount(
    text: &str,
    known: Option<&str>,
    mark: Option<DecimalMark>,
) -> Result<Money, String> {
    let none = || {
        format!(
            "this is an amount such as 1234.50 or EUR 1234.50, not {}",
            Quoted(text)
        )
    };
    let known = known.and_then(currency);
    let (digits, symbol) = without_symbol(text.trim()).ok_or_else(none)?;
    let named = match symbol {
        "" => None,
        symbol => Some(of_symbol(symbol, known).ok_or_else(none)?),
    };
    if let (Some(named), Some(known)) = (named, known)
        && named != known
    {
        return Err(format!(
            "{} is in {named}, and the currency of the row is {known}: make the two agree",
            Quoted(text)
        ));
    }
    let of = named.or(known);
    let code = of.unwrap_or("USD");
    let decimals = decimals(code);
    let decimal = decimal(&digits, mark, Fraction::Digits(decimals))?.ok_or_else(none)?;
    match minor(&decimal, decimals) {
        Some(minor) => Ok(Money {
            minor,
            currency: of,
        }),
        None => Err(format!(
            "an amount of {code} has at most {decimals} decimals and is within ±{INTEGER_MAX} of its smallest unit, not {}",
            Quoted(text)
        )),
    }
}

/// The number in a text, with its sign, and what is before or after it; none where there is something at both ends.
fn without_symbol(text: &str) -> Option<(String, &str)> {
    let is_number = |char: char| char.is_ascii_digit() || matches!(char, '-' | '\u{2212}' | '+');
    let begin = text.find(is_number)?;
    // A mark belongs to the digits after it, where there are any.
    let begin = match text[..begin].ends_with('.') && text[..begin].len() == 1 {
        true => 0,
        false => begin,
    };
    let end = text.rfind(|char: char| char.is_ascii_digit())? + 1;
    let (before, number, after) = (
        text[..begin].trim(),
        text.get(begin..end)?,
        text[end..].trim(),
    );
    // `-€5`.
    let (sign, number, after_sign) = match number.trim_start_matches(['-', '\u{2212}', '+']) {
        rest if rest.starts_with(|char: char| char.is_ascii_digit() || char == '.') => {
            ("", number, "")
        }
        rest => {
            let digits = rest.find(|char: char| char.is_ascii_digit())?;
            let sign = &number[..number.len() - rest.len()];
            (sign, &rest[digits..], rest[..digits].trim())
        }
    };
    let mut symbols = [before, after_sign, after]
        .into_iter()
        .filter(|symbol| !symbol.is_empty());
    let symbol = symbols.next().unwrap_or_default();
    symbols
        .next()
        .is_none()
        .then(|| (format!("{sign}{number}"), symbol))
}

/// The currency that is written so: the known one where it could be.
fn of_symbol(symbol: &str, known: Option<&'static str>) -> Option<&'static str> {
    if let Some(code) = currency(symbol) {
        return Some(code);
    }
    let mut symbols = SYMBOLS.iter();
    let (_, codes) = symbols.find(|(name, _)| name.eq_ignore_ascii_case(symbol))?;
    known
        .filter(|known| codes.contains(known))
        .or(codes.first().copied())
}

/// Whether a text in a header names a currency.
pub(in crate::record::file) fn named_currency(text: &str) -> Option<&'static str> {
    let exact = SYMBOLS
        .iter()
        .find(|(name, codes)| *name == text && codes.len() == 1);
    currency(text).or(exact.and_then(|(_, codes)| codes.first().copied()))
}

/// The decimals of a currency (ISO 4217).
fn decimals(code: &str) -> usize {
    match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

fn minor(decimal: &Decimal, decimals: usize) -> Option<i64> {
    let fraction = decimal.fraction.trim_end_matches('0');
    if fraction.len() > decimals {
        return None;
    }
    let digits = format!("{}{fraction:0<decimals$}", decimal.whole);
    let minor: i64 = match digits.trim_start_matches('0') {
        "" => 0,
        digits => digits.parse().ok()?,
    };
    (minor <= INTEGER_MAX).then_some(if decimal.is_negative { -minor } else { minor })
}
