//! Which values each type of custom field holds, and in which form.

use serde_json::json;

use super::*;

fn options(choices: &[&str]) -> FieldOptions {
    FieldOptions::of(choices.iter().map(|one| (*one).to_owned()).collect())
}

#[test]
fn each_type_holds_its_values_and_their_form() {
    let options = options(&["a", "caf\u{e9}", "c"]);
    let web = [
        "https://example.com",
        "HTTP://example.com:8080/a?b#c",
        "https://ada:x@example.com/",
        "https://bücher.example/ä",
        "http://localhost",
        "http://192.0.2.1/",
        "http://[2001:db8::1]:80/",
    ];
    for (field_type, values) in [
        (
            FieldType::Multiselect,
            vec![
                json!([]),
                json!(["c", "a", "a"]),
                json!(["cafe\u{301}"]),
                json!(["a", "c", "caf\u{e9}", "a"]),
            ],
        ),
        (FieldType::Url, web.map(Value::from).into()),
        (
            FieldType::Email,
            vec![json!("Ada@Example.com"), json!(" ada@example.com ")],
        ),
        (
            FieldType::Phone,
            vec![
                json!("+1 (415) 555-0132"),
                json!("0044 20 7946 0404"),
                json!("020 7946 0404 ext. 12"),
            ],
        ),
        (
            FieldType::Datetime,
            vec![
                json!("2026-07-02T10:00:00Z"),
                json!("2026-07-02T12:00:00.5+02:00"),
            ],
        ),
        (
            FieldType::Currency,
            vec![json!({ "amount_minor": -5, "currency": "eur" })],
        ),
        (
            FieldType::Json,
            vec![json!(1), json!({ "a": [1, null] }), json!("x")],
        ),
    ] {
        for value in values {
            assert!(options.hold(field_type, &value), "{field_type}: {value}");
            let kept = options.form_of(field_type, &value).unwrap_or(value);
            assert!(options.hold(field_type, &kept), "{field_type}: {kept}");
            let again = options.form_of(field_type, &kept);
            assert_eq!(again, None, "{field_type}: {kept}");
        }
    }
}

#[test]
fn a_web_address_is_of_2000_characters_at_most() {
    let of = |length: usize| Value::from(format!("http://a/{}", "é".repeat(length - 9)));
    let holds = |value: &Value| options(&[]).hold(FieldType::Url, value);
    assert!(holds(&of(2_000)) && !holds(&of(2_001)));
}

/// Texts that are no addresses of the web.
const NO_WEB: [&str; 10] = [
    "example.com",
    "ftp://example.com",
    "https://",
    "https:///a",
    "https://example.com/a b",
    "https://example.com:99999",
    "https://exa mple.com",
    "https://[::1",
    "https://[x]/",
    "javascript://example.com/%0aalert(1)",
];

#[test]
fn each_type_holds_no_other_value() {
    let options = options(&["a", "caf\u{e9}", "c"]);
    let amount =
        |amount: Value, currency: &str| json!({ "amount_minor": amount, "currency": currency });
    for (field_type, values) in [
        (
            FieldType::Multiselect,
            vec![
                json!("a"),
                json!(["b"]),
                json!(["a", 1]),
                json!(["a", "c", "a", "b"]),
                json!(vec!["a"; 201]),
            ],
        ),
        (FieldType::Url, NO_WEB.map(Value::from).into()),
        (
            FieldType::Email,
            vec![json!("ada"), json!(""), json!(["ada@example.com"])],
        ),
        (
            FieldType::Phone,
            vec![
                json!("2026-07-02"),
                json!("12345"),
                json!("+14155550132 or +14155550133"),
                json!(14_155_550_132_i64),
            ],
        ),
        (
            FieldType::Datetime,
            vec![json!("2026-07-02"), json!("2026-07-02T10:00:00"), json!(1)],
        ),
        (
            FieldType::Currency,
            vec![
                json!({ "amount_minor": 5 }),
                json!({ "amount_minor": 5, "currency": "EUR", "note": "" }),
                amount(json!(5.5), "EUR"),
                amount(json!(9_007_199_254_740_992_i64), "EUR"),
                amount(json!(5), "XXQ"),
                json!(5),
            ],
        ),
    ] {
        for value in values {
            assert!(!options.hold(field_type, &value), "{field_type}: {value}");
        }
    }
}

#[test]
fn each_type_keeps_one_form_of_a_value() {
    let options = options(&["b", "a", "caf\u{e9}", "d"]);
    for (field_type, given, kept) in [
        (
            FieldType::Multiselect,
            json!(["b", "a", "b"]),
            json!(["a", "b"]),
        ),
        (
            FieldType::Multiselect,
            json!(["d", "cafe\u{301}", "b", "a", "a"]),
            json!(["a", "b", "caf\u{e9}", "d"]),
        ),
        (
            FieldType::Email,
            json!(" Ada@Example.com"),
            json!("ada@example.com"),
        ),
        (
            FieldType::Phone,
            json!("+1 (415) 555-0132"),
            json!("+14155550132"),
        ),
        (
            FieldType::Phone,
            json!("0014155550132"),
            json!("+14155550132"),
        ),
        (
            FieldType::Phone,
            json!(" (415) 555-0132"),
            json!("(415) 555-0132"),
        ),
        (
            FieldType::Datetime,
            json!("2026-07-02T12:00:00+02:00"),
            json!("2026-07-02T10:00:00.000Z"),
        ),
        (
            FieldType::Currency,
            json!({ "amount_minor": 5, "currency": "eur" }),
            json!({ "amount_minor": 5, "currency": "EUR" }),
        ),
        (
            FieldType::Url,
            json!("https://Example.com"),
            json!("https://Example.com"),
        ),
        (FieldType::Text, json!(" Ada "), json!(" Ada ")),
    ] {
        let form = options.form_of(field_type, &given);
        assert_eq!(form.unwrap_or(given), kept);
    }
}

#[test]
fn a_set_is_of_as_many_members_as_a_field_has_choices() {
    let names: Vec<String> = (0..FIELD_CHOICES_MAX).map(|n| format!("{n:03}")).collect();
    let all = FieldOptions::of(names.clone());
    let reversed: Value = names.iter().rev().cloned().collect();
    assert!(all.hold(FieldType::Multiselect, &reversed));
    let kept = all.form_of(FieldType::Multiselect, &reversed);
    assert_eq!(kept, Some(json!(names)));
    // One that is longer is refused, though few of its members differ: it is not kept as what it says but once.
    let longer = json!(vec!["000"; FIELD_CHOICES_MAX + 1]);
    assert!(!all.hold(FieldType::Multiselect, &longer));
    assert_eq!(all.form_of(FieldType::Multiselect, &longer), None);
}

#[test]
fn an_amount_of_money_is_an_integer_that_every_client_reads() {
    let options = FieldOptions::default();
    for (amount, fits) in [
        (INTEGER_MAX, true),
        (-INTEGER_MAX, true),
        (INTEGER_MAX + 1, false),
        (-INTEGER_MAX - 1, false),
        (i64::MIN, false),
    ] {
        let value = json!({ "amount_minor": amount, "currency": "EUR" });
        assert_eq!(options.hold(FieldType::Currency, &value), fits, "{amount}");
    }
}
