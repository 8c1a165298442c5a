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

/// An amount in the smallest unit of a currency: `1,234.50 EUR`.
pub(in crate::console) fn amount(smallest: i128, currency: &str) -> String {
    let known = FRACTIONS
        .iter()
        .find(|(codes, _)| codes.contains(&currency));
    let fraction = known.map_or(2, |(_, digits)| *digits);
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
