//! Request bodies: what is taken means one thing to every reader, and is given back equal.

#![no_main]

use libfuzzer_sys::fuzz_target;
use relm_core::value::json::{canonical, parse};
use serde_json::Value;

/// Bytes of a refusal: it repeats no more than a part of the body.
const MESSAGE_BYTES_MAX: usize = 1_024;

fuzz_target!(|body: &[u8]| {
    let value = match parse(body) {
        Ok(value) => value,
        Err(refused) => {
            assert!(refused.message.len() <= MESSAGE_BYTES_MAX, "{refused}");
            return;
        }
    };
    let text = canonical(&value);
    // Equal numbers are written alike, so that it is the text that comes back, and not each spelling.
    let again = parse(text.as_bytes()).expect("what was taken is taken again");
    assert_eq!(canonical(&again), text);
    let reread: Value = serde_json::from_slice(body).expect("whoever reads JSON reads it");
    assert_eq!(canonical(&reread), text);
    assert!(!holds_nul(&value), "{text}");
});

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || holds_nul(value)),
    }
}
