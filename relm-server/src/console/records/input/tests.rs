use super::*;

fn input(of: InputType, has: &Value) -> Input {
    Input::new("x", "X".to_owned(), of).of_record(has)
}

fn sent(text: &str, was: &str) -> Form {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("x", text), ("was.x", was)])
        .finish();
    Form::parse(body.as_bytes())
}

#[test]
fn what_is_typed_is_of_the_type_of_its_field_or_a_text() {
    for (of, typed, value) in [
        (InputType::Line, "Ada", json!("Ada")),
        (InputType::Line, "", json!(null)),
        (InputType::Whole, "150000", json!(150_000)),
        (InputType::Whole, "1.5", json!("1.5")),
        (InputType::Number, "1.5", json!(1.5)),
        (InputType::Number, "many", json!("many")),
        (InputType::Truth, "true", json!(true)),
        (
            InputType::Lines,
            "pro\r\n\r\n free ",
            json!(["pro", "free"]),
        ),
        (InputType::Lines, "", json!(null)),
        (
            InputType::Json,
            "[1, {\"a\": null}]",
            json!([1, { "a": null }]),
        ),
        (InputType::Json, "{", json!("{")),
        (
            InputType::Moment,
            "2026-11-29T09:30",
            json!("2026-11-29T09:30:00Z"),
        ),
        (
            InputType::Moment,
            "2026-11-29T09:30:01.5",
            json!("2026-11-29T09:30:01.5Z"),
        ),
        (
            InputType::Moment,
            "2026-11-29T09:30:00Z",
            json!("2026-11-29T09:30:00Z"),
        ),
        (
            InputType::Moment,
            "tomorrow at noon é",
            json!("tomorrow at noon éZ"),
        ),
    ] {
        let mut field = input(of, &Value::Null);
        let was = field.was.clone();
        field.read(&sent(typed, &was));
        assert_eq!(field.value(), value, "{typed}");
    }
}

#[test]
fn an_amount_is_typed_beside_its_currency() {
    let price = json!({ "amount_minor": 12_900, "currency": "EUR" });
    for (has, amount, currency, value) in [
        (&price, "129.00", "EUR", None),
        (
            &price,
            "99.5",
            " eur ",
            Some(json!({ "amount_minor": 9_950, "currency": "EUR" })),
        ),
        (
            &price,
            "129.00",
            "JPY",
            Some(json!({ "amount_minor": "129.00", "currency": "JPY" })),
        ),
        (&price, "", "EUR", Some(Value::Null)),
        (
            &Value::Null,
            "1500",
            "JPY",
            Some(json!({ "amount_minor": 1_500, "currency": "JPY" })),
        ),
        (&Value::Null, "", "EUR", None),
        (
            &Value::Null,
            "5",
            "",
            Some(json!({ "amount_minor": 500, "currency": "" })),
        ),
    ] {
        let mut field = input(InputType::Money, has);
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("x", amount),
                ("x.currency", currency),
                ("was.x", &field.was),
            ])
            .finish();
        field.read(&Form::parse(body.as_bytes()));
        let changed = field.is_changed().then(|| field.value());
        assert_eq!(changed, value, "{amount} {currency}");
    }
    let field = input(InputType::Money, &price);
    assert_eq!((field.amount(), field.currency()), ("129.00", "EUR"));
}

#[test]
fn a_form_changes_what_was_typed_over_and_nothing_else() {
    let before = input(InputType::Line, &json!("Ada"));
    // Nobody typed here, and somebody else changed it.
    let mut field = input(InputType::Line, &json!("Grace"));
    field.read(&sent("Ada", &before.was));
    assert_eq!((field.text.as_str(), field.is_changed()), ("Grace", false));
    // Both changed it.
    let mut field = input(InputType::Line, &json!("Grace"));
    field.read(&sent("Eva", &before.was));
    assert_eq!((field.text.as_str(), field.is_changed()), ("Eva", true));
    assert_eq!(field.meanwhile.as_deref(), Some("Grace"));
    // Both came to the same.
    let mut field = input(InputType::Line, &json!("Grace"));
    field.read(&sent("Grace", &before.was));
    assert!(!field.is_changed() && field.meanwhile.is_none());
    // Lines end as they did.
    let mut field = input(InputType::Text, &json!("a\nb"));
    let was = field.was.clone();
    field.read(&sent("a\r\nb", &was));
    assert!(!field.is_changed());
}
