use super::*;
use serde_json::json;

#[test]
fn values_are_one_that_a_filter_for_equality_takes_for_one() {
    let one = |of, a: Value, b: Value| canonical(of, &a) == canonical(of, &b);
    assert!(one(FieldType::Text, json!("\u{e9}"), json!("e\u{301}")));
    assert!(!one(FieldType::Text, json!("AB-1"), json!("ab-1")));
    assert!(!one(FieldType::Text, json!("1"), json!(" 1")));
    assert!(one(
        FieldType::Email,
        json!("Ada@x.example"),
        json!("ada@X.example")
    ));
    assert!(one(
        FieldType::Phone,
        json!("+1 (415) 555-0132"),
        json!("0014155550132")
    ));
    assert!(!one(
        FieldType::Url,
        json!("https://x.example/a"),
        json!("https://x.example/A")
    ));
    assert!(one(
        FieldType::Datetime,
        json!("2026-07-02T10:00:00Z"),
        json!("2026-07-02T12:00:00.000+02:00")
    ));
    assert!(one(FieldType::Number, json!(1), json!(1.0)));
    assert!(one(FieldType::Number, json!(0), json!(-0.0)));
    assert!(!one(FieldType::Number, json!(1), json!(1.000_000_1)));
    assert!(!one(
        FieldType::Date,
        json!("2026-07-02"),
        json!("2026-07-03")
    ));
    for (of, value) in [
        (FieldType::Text, json!(1)),
        (FieldType::Number, json!("1")),
        (FieldType::Date, json!("soon")),
        (FieldType::Text, Value::Null),
    ] {
        assert_eq!(canonical(of, &value), None, "{value}");
    }
}

#[test]
fn a_key_is_as_short_as_an_index_asks_whatever_the_value() {
    let index = Id::new(Kind::UniqueValue, 7);
    let [short, long] = ["a".to_owned(), "a".repeat(16_000)].map(|text| key(index, &text));
    assert_eq!(short.len(), long.len());
    assert_ne!(short, long);
    assert!(!long.contains("aaaa"));
}
