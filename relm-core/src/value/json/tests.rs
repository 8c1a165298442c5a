use super::*;
use proptest::prelude::*;
use serde_json::json;

fn message(body: impl AsRef<[u8]>) -> String {
    parse(body.as_ref()).unwrap_err().message
}

fn nested(depth: usize) -> String {
    format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn plain_json_is_read_as_it_is() {
    let body = r#" {"b": [1, -2, 2.5, true, null, "ä\n\u0041\ud83d\ude00"], "a": {}} "#;
    assert_eq!(
        parse(body.as_bytes()),
        Ok(json!({"a": {}, "b": [1, -2, 2.5, true, null, "ä\nA😀"]}))
    );
    assert_eq!(parse(b"18446744073709551615"), Ok(json!(u64::MAX)));
    assert_eq!(parse(b"0.1"), Ok(json!(0.1)));
}

#[test]
fn a_member_named_serde_is_nothing_special() {
    let body = r#"{"$serde_json::private::RawValue":"[1]","$serde_json::private::Number":"1"}"#;
    assert_eq!(
        parse(body.as_bytes()).unwrap().as_object().unwrap().len(),
        2
    );
}

#[test]
fn a_key_given_twice_is_named() {
    assert_eq!(
        message("{\"a\": {\"email\": 1,\n \"e\\u006dail\": 2}}"),
        "The body is not acceptable JSON: the key `email` appears twice in one object at line 2 column 13."
    );
    assert!(parse(br#"{"a":{"x":1},"b":{"x":1}}"#).is_ok());
    let long = "k".repeat(1_000);
    assert!(message(format!("{{\"{long}\":1,\"{long}\":2}}")).len() < 200);
}

#[test]
fn sixteen_levels_are_read_and_seventeen_are_not() {
    assert!(parse(nested(JSON_DEPTH_MAX).as_bytes()).is_ok());
    assert!(message(nested(JSON_DEPTH_MAX + 1)).contains("deeper than 16"));
    assert!(message(nested(100_000)).contains("deeper than 16"));
    assert!(message("{\"a\":".repeat(17)).contains("deeper than 16"));
    assert!(parse(format!("[{0},{0}]", nested(JSON_DEPTH_MAX - 1)).as_bytes()).is_ok());
}

#[test]
fn values_are_counted_wherever_they_stand() {
    let array = |count: usize| format!("[{}]", vec!["0"; count].join(","));
    let objects = |count: usize| format!("[{}]", vec![r#"{"a":0}"#; count].join(","));
    // The array is a value, too.
    assert!(parse(array(JSON_VALUES_MAX - 1).as_bytes()).is_ok());
    assert!(parse(objects(JSON_VALUES_MAX / 2 - 1).as_bytes()).is_ok());
    for body in [array(JSON_VALUES_MAX), objects(JSON_VALUES_MAX / 2)] {
        assert!(message(body).contains("more than 65536 values"));
    }
}

#[test]
fn nul_is_refused_in_strings_and_keys() {
    for body in [r#"{"a":"x\u0000y"}"#, r#"{"a\u0000":1}"#, r#"["\u0000"]"#] {
        assert!(message(body).contains("NUL"), "{body}");
    }
    assert!(message("[\"\0\"]").contains("not valid JSON"));
}

#[test]
fn half_a_surrogate_pair_is_refused() {
    for body in [
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ud83dx""#,
        r#""\ud83d\ud83d""#,
        r#"{"\ude00":1}"#,
    ] {
        assert!(message(body).contains("not valid JSON"), "{body}");
    }
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    for (body, part) in [
        ("{\"a\":1,}", "line 1 column 8"),
        ("{\n\"a\" 1}", "line 2 column 5"),
        ("[1] [2]", "trailing characters at line 1 column 5"),
        ("{a:1}", "key must be a string"),
        ("[1", "ends before its JSON does"),
        ("", "is empty: send a JSON value"),
        (" \n", "is empty"),
        ("nul", "ends before"),
        ("NaN", "not valid JSON"),
        ("-Infinity", "not valid JSON"),
        ("[01]", "not valid JSON"),
        ("[1.]", "not valid JSON"),
        ("[+1]", "not valid JSON"),
        ("[1e400]", "number out of range"),
        ("'a'", "not valid JSON"),
        ("// no\n1", "not valid JSON"),
        ("\u{feff}{}", "byte order mark"),
    ] {
        let message = message(body);
        assert!(
            message.contains(part) && message.ends_with('.'),
            "{body}: {message}"
        );
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_with_their_place() {
    for body in [
        &b"{\"a\":\"\xff\"}"[..],
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"{\"a\":\"\xc0\x80\"}",
    ] {
        assert!(message(body).contains("not UTF-8: the byte at offset 6"));
    }
}

#[test]
fn one_value_has_one_canonical_text() {
    for (same, text) in [
        (&["1", "1.0", "1e0", "10e-1", "0.1e1"][..], "1"),
        (&["0", "-0", "-0.0", "0e9"], "0"),
        (&["100", "1e2", "1E+2"], "100"),
        (&["0.5", "5e-1", "0.50"], "0.5"),
        (
            &["9223372036854775808", "9223372036854775808.0"],
            "9223372036854775808",
        ),
        (
            &["-9223372036854775808", "-9223372036854775808.0"],
            "-9223372036854775808",
        ),
        (&["1e300", "10e299"], "1e+300"),
        (
            &[
                "{\"b\":[1.0, {\"d\":2,\"c\":1}],\"a\":null}",
                "{\"a\":null,\"b\":[1,{\"c\":1,\"d\":2.0}]}",
            ],
            "{\"a\":null,\"b\":[1,{\"c\":1,\"d\":2}]}",
        ),
        (&["\"\\u00e4\\/\\n\"", "\"ä/\\n\""], "\"ä/\\n\""),
    ] {
        for body in same {
            assert_eq!(canonical(&parse(body.as_bytes()).unwrap()), text, "{body}");
        }
    }
}

#[test]
fn numbers_are_stored_within_two_to_the_53rd() {
    for (number, stored) in [
        ("9007199254740991", true),
        ("-9007199254740991", true),
        ("9007199254740991.0", true),
        ("9007199254740992", false),
        ("9007199254740993", false),
        ("-9007199254740992", false),
        ("18446744073709551615", false),
        ("1e300", false),
        ("4503599627370495.5", true),
        ("5e-324", true),
        ("0", true),
    ] {
        assert_eq!(
            check_number(&serde_json::from_str(number).unwrap()),
            stored,
            "{number}"
        );
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-1_000_i64..1_000).prop_map(|n| Value::from(n as f64)),
        "[^\0]*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[^\0]*", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(value in values()) {
        prop_assert_eq!(parse(value.to_string().as_bytes()), Ok(value));
    }

    #[test]
    fn canonical_text_is_its_own_canonical_text(value in values()) {
        let text = canonical(&value);
        let spaced = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(canonical(&parse(text.as_bytes()).unwrap()), &*text);
        prop_assert_eq!(canonical(&parse(spaced.as_bytes()).unwrap()), &*text);
    }

    #[test]
    fn stored_numbers_come_back_equal(double in -9e15..9e15, integer in -INTEGER_MAX..=INTEGER_MAX) {
        for number in [Value::from(double), Value::from(integer)] {
            prop_assert!(check_number(number.as_number().unwrap()));
            let back = parse(canonical(&number).as_bytes()).unwrap();
            prop_assert_eq!(back.as_f64(), number.as_f64());
        }
    }

    #[test]
    fn we_read_only_what_serde_json_reads(body in "[\\[\\]{}\",:0-9a-z\\\\u. -]{0,24}") {
        if let Ok(value) = parse(body.as_bytes()) {
            prop_assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), value);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = parse(&bytes);
    }
}
