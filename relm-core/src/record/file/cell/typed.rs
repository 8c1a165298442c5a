//! What cells say of custom fields whose values are no single text.

use serde_json::json;

use super::*;

#[test]
fn a_set_is_a_list_of_its_choices_in_a_cell() {
    let choices = ["vip", "new, hot", "café"].map(str::to_owned).to_vec();
    let read =
        |text: &str| Shape::Choices(choices.clone()).read(text, CellOptions::default(), None);
    for (text, expected) in [
        ("vip", json!(["vip"])),
        ("vip; CAFÉ", json!(["vip", "café"])),
        ("vip,café,", json!(["vip", "café"])),
        ("new, hot", json!(["new, hot"])),
        ("new, hot;vip", json!(["new, hot", "vip"])),
        (r#"["vip","new, hot"]"#, json!(["vip", "new, hot"])),
        ("[]", json!([])),
    ] {
        assert_eq!(read(text), Ok(expected), "{text}");
    }
    let refused = read("vip;old").unwrap_err();
    assert!(refused.contains("not `old`"), "{refused}");
    assert!(read(&"vip;".repeat(200)).is_err());
}

#[test]
fn any_json_is_a_cell_or_a_text() {
    let read = |text: &str| Shape::AnyJson.read(text, CellOptions::default(), None);
    assert_eq!(read(r#"{"a":[1]}"#), Ok(json!({ "a": [1] })));
    assert_eq!(read("\"5\""), Ok(json!("5")));
    assert_eq!(read("{a"), Ok(json!("{a")));
}
