//! What texts say as values, and which say none or two.

use serde_json::{Value, json};

use super::*;
use crate::record::file::options::{DateOrder, DecimalMark};

fn read(shape: &Shape, text: &str) -> Result<Value, String> {
    shape.read(text, CellOptions::default(), None)
}

fn refused(shape: &Shape, texts: &[&str], expected: &str) {
    for text in texts {
        let said = read(shape, text).expect_err(text);
        assert!(said.contains(expected), "{said} for {text}");
    }
}

#[test]
fn a_number_is_read_in_whichever_notation_is_plain() {
    for (text, value) in [
        ("5", json!(5)),
        ("-5", json!(-5)),
        ("\u{2212}5", json!(-5)),
        ("+5", json!(5)),
        ("007", json!(7)),
        ("1.5", json!(1.5)),
        ("1,5", json!(1.5)),
        (".5", json!(0.5)),
        ("0,125", json!(0.125)),
        ("0.125", json!(0.125)),
        ("1234.567", json!(1234.567)),
        ("1,234.5", json!(1234.5)),
        ("1.234,5", json!(1234.5)),
        ("1,234,567", json!(1_234_567)),
        ("1.234.567,25", json!(1_234_567.25)),
        ("1 234,5", json!(1234.5)),
        ("1\u{A0}234\u{A0}567", json!(1_234_567)),
        ("1'234.5", json!(1234.5)),
        ("12,34,567.5", json!(1_234_567.5)),
        ("1e3", json!(1000.0)),
        ("9007199254740991", json!(9_007_199_254_740_991_i64)),
    ] {
        assert_eq!(read(&Shape::Number, text).unwrap(), value, "{text}");
    }
    refused(
        &Shape::Number,
        &["1,234", "1.234", "12,345"],
        "say `decimal_mark`",
    );
    refused(
        &Shape::Number,
        &[
            "",
            "a",
            "1a",
            "--1",
            "1.2.3",
            "1,2,3",
            "1.",
            "1,23,4.5",
            "0x10",
            "12%",
            "1 2",
            "Eins",
            "9007199254740993",
            "1e999",
        ],
        "a number such as 1234.5",
    );
    refused(&Shape::Integer, &["1.5", "a"], "an integer such as 1500");
    assert_eq!(read(&Shape::Integer, "1,234").unwrap(), json!(1234));
}

#[test]
fn a_decimal_mark_decides_where_a_number_could_be_two() {
    let with = |mark, text: &str| {
        let options = CellOptions {
            decimal_mark: Some(mark),
            ..CellOptions::default()
        };
        Shape::Number.read(text, options, None)
    };
    assert_eq!(with(DecimalMark::Comma, "1.234").unwrap(), json!(1234));
    assert_eq!(with(DecimalMark::Comma, "1,234").unwrap(), json!(1.234));
    assert_eq!(with(DecimalMark::Point, "1,234").unwrap(), json!(1234));
    assert_eq!(with(DecimalMark::Point, "1.234").unwrap(), json!(1.234));
    assert_eq!(with(DecimalMark::Comma, "1.234,5").unwrap(), json!(1234.5));
    assert!(with(DecimalMark::Comma, "1,234.5").is_err());
    assert!(with(DecimalMark::Comma, "1.5").is_err());
    assert!(with(DecimalMark::Point, "1.2.3").is_err());
}

#[test]
fn an_amount_is_in_the_smallest_unit_of_its_currency() {
    for (text, known, minor, currency) in [
        ("1234.50", None, 123_450, None),
        ("1,234", None, 123_400, None),
        ("1,234.50 EUR", None, 123_450, Some("EUR")),
        ("EUR 1.234,50", None, 123_450, Some("EUR")),
        ("€1,234.5", None, 123_450, Some("EUR")),
        ("-€5", None, -500, Some("EUR")),
        ("5 €", Some("EUR"), 500, Some("EUR")),
        ("$10", None, 1_000, Some("USD")),
        ("$10", Some("cad"), 1_000, Some("CAD")),
        ("¥ 1500", None, 1_500, Some("JPY")),
        ("1500", Some("JPY"), 1_500, Some("JPY")),
        ("1.5", Some("KWD"), 1_500, Some("KWD")),
        ("0", None, 0, None),
        ("10.00", Some("JPY"), 10, Some("JPY")),
        ("12 500,75 kr", Some("SEK"), 1_250_075, Some("SEK")),
    ] {
        let money = amount(text, known, None).unwrap();
        assert_eq!((money.minor, money.currency), (minor, currency), "{text}");
    }
    for (text, known, expected) in [
        ("1.234", None, "say `decimal_mark`"),
        ("5.001", None, "say `decimal_mark`"),
        ("1234.567", None, "at most 2 decimals"),
        ("1.5", Some("JPY"), "at most 0 decimals"),
        ("99999999999999999", None, "within"),
        (
            "5 EUR",
            Some("USD"),
            "is in EUR, and the currency of the row is USD",
        ),
        ("EUR 5 USD", None, "an amount such as"),
        ("5 apples", None, "an amount such as"),
        ("tbd", None, "an amount such as"),
    ] {
        let said = amount(text, known, None).unwrap_err();
        assert!(said.contains(expected), "{said} for {text}");
    }
}

#[test]
fn a_day_is_read_in_whichever_order_is_plain() {
    for (text, day) in [
        ("2026-12-31", "2026-12-31"),
        ("2026/12/31", "2026-12-31"),
        ("2026-3-4", "2026-03-04"),
        ("20261231", "2026-12-31"),
        ("31.12.2026", "2026-12-31"),
        ("3.4.2026", "2026-04-03"),
        ("31/12/2026", "2026-12-31"),
        ("12/31/2026", "2026-12-31"),
        ("03/03/2026", "2026-03-03"),
        ("09 Jul 2024", "2024-07-09"),
        ("Jul 9, 2024", "2024-07-09"),
        ("July 9th, 2024", "2024-07-09"),
        ("9-Sept-2024", "2024-09-09"),
        ("2026-12-31T23:00:00Z", "2026-12-31"),
        ("2026-12-31 10:00", "2026-12-31"),
        ("12/31/2026 10:00 PM", "2026-12-31"),
    ] {
        assert_eq!(read(&Shape::Date, text).unwrap(), json!(day), "{text}");
    }
    refused(
        &Shape::Date,
        &["03/04/2026", "3-4-2026 10:00"],
        "could be two days: say `date_order`",
    );
    refused(
        &Shape::Date,
        &[
            "2026-02-30",
            "31/12/26",
            "03/04/26",
            "31.12",
            "tomorrow",
            "46022",
            "13/13/2026",
            "2026-13-01",
            "Foo 9, 2024",
        ],
        "its year in four digits",
    );
    for (order, day) in [
        (DateOrder::DayFirst, "2026-04-03"),
        (DateOrder::MonthFirst, "2026-03-04"),
    ] {
        let options = CellOptions {
            date_order: Some(order),
            ..CellOptions::default()
        };
        assert_eq!(
            Shape::Date.read("03/04/2026", options, None).unwrap(),
            json!(day)
        );
    }
}

#[test]
fn a_moment_without_a_zone_is_in_that_of_its_column_or_utc() {
    for (text, offset, moment) in [
        ("2026-07-02T10:00:00Z", None, "2026-07-02T10:00:00.000Z"),
        (
            "2026-07-02T10:00:00+02:00",
            None,
            "2026-07-02T08:00:00.000Z",
        ),
        ("2026-07-02 10:00", None, "2026-07-02T10:00:00.000Z"),
        (
            "2026-07-02 10:00",
            Some("+02:00"),
            "2026-07-02T08:00:00.000Z",
        ),
        (
            "2026-07-02 10:00 UTC",
            Some("+02:00"),
            "2026-07-02T10:00:00.000Z",
        ),
        ("2026-07-02 10:00 +0200", None, "2026-07-02T08:00:00.000Z"),
        (
            "2026-07-02T10:00:00.000+0000",
            None,
            "2026-07-02T10:00:00.000Z",
        ),
        ("2026-07-02", None, "2026-07-02T00:00:00.000Z"),
        ("7/31/2026 2:05 PM", None, "2026-07-31T14:05:00.000Z"),
        ("7/31/2026 12:05:09 am", None, "2026-07-31T00:05:09.000Z"),
        ("31.07.2026, 14:05", None, "2026-07-31T14:05:00.000Z"),
    ] {
        let value = Shape::Timestamp.read(text, CellOptions::default(), offset);
        assert_eq!(value.unwrap(), json!(moment), "{text}");
    }
    refused(
        &Shape::Timestamp,
        &[
            "2026-07-02 25:00",
            "2026-07-02 10:60",
            "2026-07-02 13:00 PM",
            "2026-07-02 10:00 CET",
            "2026-07-02 10:0:0:0",
            "2026-07-02 1:",
        ],
        "a moment such as",
    );
    refused(&Shape::Timestamp, &["soon"], "a day such as");
    refused(&Shape::Timestamp, &["14:30"], "not `14:30`");
    refused(
        &Shape::Timestamp,
        &["03/04/2026 10:00"],
        "could be two days",
    );
}

#[test]
fn a_boolean_a_choice_a_currency_and_an_id_say_what_would_be_right() {
    for (text, value) in [
        ("Yes", true),
        ("TRUE", true),
        ("1", true),
        ("no", false),
        ("False", false),
        ("0", false),
    ] {
        assert_eq!(read(&Shape::Bool, text).unwrap(), json!(value));
    }
    refused(&Shape::Bool, &["maybe", "2"], "true or false");
    let choices = Shape::Choice(
        ["Pro", "Free", "free", "Ünterprise"]
            .map(str::to_owned)
            .to_vec(),
    );
    for (text, choice) in [
        ("pro", "Pro"),
        (" Pro ", "Pro"),
        ("Free", "Free"),
        ("ÜNTERPRISE", "Ünterprise"),
    ] {
        assert_eq!(read(&choices, text).unwrap(), json!(choice));
    }
    refused(
        &choices,
        &["FREE"],
        "one of Pro, Free, free, Ünterprise, not `FREE`",
    );
    refused(&choices, &["Prp"], "did you mean `Pro`?");
    assert_eq!(read(&Shape::Currency, "eur").unwrap(), json!("EUR"));
    refused(&Shape::Currency, &["€uro"], "a code of three letters");
    let company = "cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";
    assert_eq!(
        read(&Shape::Id(Kind::Company), company).unwrap(),
        json!(company)
    );
    refused(
        &Shape::Id(Kind::Contact),
        &[company, "Acme"],
        "the id of a contact, which begins with `con_`",
    );
    refused(&Shape::Json, &["[1]", "x"], "a JSON object");
}
