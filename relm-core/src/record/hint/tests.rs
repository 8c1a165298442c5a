use proptest::prelude::*;

use super::*;
use crate::value::id::Kind;

#[test]
fn a_day_in_another_form_is_recognised_where_only_one_is_meant() {
    for (text, meant) in [
        ("2026-07-02T10:00:00Z", Some("2026-07-02")),
        ("2026-07-02 ", Some("2026-07-02")),
        ("2026/07/02", Some("2026-07-02")),
        ("2026-7-2", Some("2026-07-02")),
        ("2026.07.02", Some("2026-07-02")),
        ("07/22/2026", Some("2026-07-22")),
        ("22.07.2026", Some("2026-07-22")),
        ("07/02/2026", None),
        ("2026-02-30", None),
        ("02/30/2026", None),
        ("July 2, 2026", None),
        ("éééééééééé", None),
    ] {
        let hint = date_meant(&Value::from(text));
        assert_eq!(hint.suggestion.as_deref(), meant, "{text}");
    }
}

#[test]
fn a_moment_in_another_form_is_recognised() {
    for (given, meant) in [
        (json!("2026-07-02 10:00"), Some("2026-07-02T10:00:00Z")),
        (json!("2026-07-02T10:00:05"), Some("2026-07-02T10:00:05Z")),
        (json!("2026-07-02T10:00Z"), Some("2026-07-02T10:00:00Z")),
        (
            json!("2026-07-02T10:00:00+0200"),
            Some("2026-07-02T10:00:00+02:00"),
        ),
        (
            json!("2026-07-02T10:00:00+02"),
            Some("2026-07-02T10:00:00+02:00"),
        ),
        (
            json!("2026-07-02 10:00:00 -05:00"),
            Some("2026-07-02T10:00:00-05:00"),
        ),
        (json!("2026-07-02"), Some("2026-07-02T00:00:00Z")),
        (json!(1_751_500_000), Some("2025-07-02T23:46:40.000Z")),
        (json!("1751500000"), Some("2025-07-02T23:46:40.000Z")),
        (
            json!(1_751_500_000_123_i64),
            Some("2025-07-02T23:46:40.123Z"),
        ),
        (json!("yesterday"), None),
        (json!("2026-13-02 10:00"), None),
        (json!(true), None),
        (json!(1.5), None),
    ] {
        let hint = timestamp_meant(&given);
        assert_eq!(hint.suggestion.as_deref(), meant, "{given}");
    }
}

#[test]
fn an_amount_is_said_in_cents_where_it_has_them() {
    for (given, meant) in [
        (json!(10.5), Some("1050")),
        (json!(-0.01), Some("-1")),
        (json!(19.99), Some("1999")),
        (json!(0.001), None),
        (json!("1000"), Some("1000")),
        (json!("1,000"), None),
        (json!("1e400"), None),
        (json!(1e300), None),
    ] {
        let hint = number_meant("value_cents", &given);
        assert_eq!(hint.suggestion.as_deref(), meant, "{given}");
    }
    assert_eq!(number_meant("expires_in", &json!(10.5)), Hint::default());
}

#[test]
fn an_id_is_recognised_in_another_spelling() {
    let id = "con_01K1V9Y2ZP6W4T8Q0R5N7M3XJB";
    for text in [
        &id.to_lowercase(),
        &format!(" {id} "),
        &id[4..],
        &id.to_uppercase(),
    ] {
        let hint = id_meant(Kind::Contact, text);
        assert_eq!(hint.suggestion.as_deref(), Some(id), "{text}");
    }
    for text in [
        "",
        "con_",
        "é",
        "_",
        "cmp_01K1V9Y2ZP6W4T8Q0R5N7M3XJB",
        "512",
    ] {
        assert_eq!(id_meant(Kind::Contact, text).suggestion, None, "{text}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_given_makes_a_hint_panic(
        text: String,
        close in "[0-9éTtZz:+. /-]{0,30}",
        number: i64,
        double: f64,
    ) {
        for value in [json!(text), json!(close), json!(number), json!(double), json!([text]), json!({ "a": close })] {
            let given = value.as_str().unwrap_or_default();
            for hint in [
                text_meant(&value), boolean_meant(&value), number_meant("value_cents", &value), date_meant(&value),
                timestamp_meant(&value), texts_meant(&value), choices_meant(&value), row_meant(&value),
                email_meant(given), currency_meant(given), url_meant(given), id_meant(Kind::Deal, given),
            ] {
                let error = hint.on(Error::invalid("a", "No."));
                prop_assert!(error.message().starts_with("No."));
            }
        }
    }
}
