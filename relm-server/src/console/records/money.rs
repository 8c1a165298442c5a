//! Amounts of money as people read them.

/// Digits of the fraction, of the currencies that do not have two (ISO 4217).
const FRACTIONS: [(&[&str], usize); 3] = [
    (
        &[
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
            "VND", "VUV", "XAF", "XOF", "XPF",
        ],
        0,
    ),
    (&["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    (&["CLF", "UYW"], 4),
];

/// Digits of the fraction of a currency.
fn fraction(currency: &str) -> usize {
    let known = FRACTIONS
        .iter()
        .find(|(codes, _)| codes.contains(&currency));
    known.map_or(2, |(_, digits)| *digits)
}

/// An amount as it is typed: `1234.50`.
pub(super) fn typed(smallest: i64, currency: &str) -> String {
    let fraction = fraction(currency);
    let digits = format!("{:0width$}", smallest.unsigned_abs(), width = fraction + 1);
    let (whole, fraction) = digits.split_at(digits.len() - fraction);
    let sign = if smallest < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// What is typed, in the smallest unit of a currency; none where it could be something else, as `1,234` could.
pub(super) fn smallest(typed: &str, currency: &str) -> Option<i64> {
    let (sign, digits) = match typed.strip_prefix(['-', '−']) {
        Some(digits) => ("-", digits),
        None => ("", typed),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = fraction(currency);
    let is_one = !whole.is_empty() && decimals.len() <= fraction;
    if !(is_one && is_number(whole) && is_number(decimals)) {
        return None;
    }
    format!("{sign}{whole}{decimals:0<fraction$}").parse().ok()
}

/// An amount in the smallest unit of a currency: `1,234.50 EUR`.
pub(in crate::console) fn amount(smallest: i128, currency: &str) -> String {
    let fraction = fraction(currency);
    let digits = format!("{:0width$}", smallest.unsigned_abs(), width = fraction + 1);
    let (whole, fraction) = digits.split_at(digits.len() - fraction);
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if smallest < 0 { "−" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction} {currency}")
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_typed_in_whole_units() {
        for (text, currency, value) in [
            ("129", "EUR", Some(12_900)),
            ("129.5", "EUR", Some(12_950)),
            ("-0.05", "USD", Some(-5)),
            ("1500", "JPY", Some(1_500)),
            ("1.234", "KWD", Some(1_234)),
            ("1.234", "EUR", None),
            ("1,234", "EUR", None),
            ("1.5", "JPY", None),
            (".5", "EUR", None),
            ("", "EUR", None),
            ("1e3", "EUR", None),
            ("99999999999999999999", "EUR", None),
        ] {
            assert_eq!(smallest(text, currency), value, "{text} {currency}");
        }
        for (value, currency) in [(12_950, "EUR"), (-5, "USD"), (0, "KWD"), (i64::MIN, "JPY")] {
            let text = typed(value, currency);
            assert_eq!(smallest(&text, currency), Some(value), "{text}");
        }
    }

    #[test]
    fn an_amount_has_the_fraction_of_its_currency() {
        for (smallest, currency, shown) in [
            (123_456_789, "EUR", "1,234,567.89 EUR"),
            (5, "USD", "0.05 USD"),
            (-100_000, "USD", "−1,000.00 USD"),
            (1_500, "JPY", "1,500 JPY"),
            (1_234, "KWD", "1.234 KWD"),
            (0, "", "0.00"),
            (
                i128::from(i64::MIN),
                "JPY",
                "−9,223,372,036,854,775,808 JPY",
            ),
        ] {
            assert_eq!(amount(smallest, currency), shown);
        }
    }
}
