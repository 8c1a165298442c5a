//! Values of metadata, and what filters ask of them for.

use serde_json::{Value, json};

use crate::varied::TEXTS;

/// A value of each type of JSON, some of which only their end tells apart.
pub(super) fn metadata_values(long: &str) -> Vec<Value> {
    let mut values = vec![
        json!(5),
        json!(5.5),
        json!(-0.0),
        json!(0),
        json!(-3),
        json!(10),
        json!(1e-7),
        json!(9_007_199_254_740_991_i64),
        json!(9_007_199_254_740_990_i64),
        json!(true),
        json!(false),
        json!([]),
        json!(["a"]),
        json!(["a", "5"]),
        json!(["á", "zz"]),
        json!(["2026-07-02", "%"]),
        json!({}),
        json!({ "plan": "a" }),
        json!("5"),
        json!("5.0"),
        json!("true"),
        json!("2026-07-02"),
        json!("2026-07-03"),
        json!("2026-07-02T10:00:00.000Z"),
        json!(long),
        json!(format!("{long}x")),
        json!(format!("{long}y")),
    ];
    values.extend(TEXTS.map(Value::from));
    values
}

/// What filters ask of such values for.
pub(super) const METADATA_PROBES: [&str; 23] = [
    "5",
    "5.0",
    "0",
    "-0",
    "-3",
    "1e1",
    "9007199254740991",
    "9007199254740990",
    "1e-7",
    "true",
    "false",
    "2026-07-02",
    "2026-07-02T12:00:00+02:00",
    "5.50",
    " 5",
    "a,5,true",
    "10,9,á",
    "%",
    "_",
    "a%",
    "%A%",
    "SS",
    "zz",
];
