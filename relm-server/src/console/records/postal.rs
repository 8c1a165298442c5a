//! A postal address as a line of a form: its parts with `|` between them. What would be read otherwise has a `\` before it.

use serde_json::{Map, Value};

/// The parts, in the order in which they are typed.
const PARTS: [&str; 6] = [
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "label",
];

/// What is to be typed.
pub(super) const HINT: &str = "One to a line: street | city | region | postal code | country | what it is for, as in 1 Main St\\nFloor 2 | \
                               Springfield | IL | 62701 | US | work. A part may be left empty, \\n begins a line of the street, and this is the whole list.";

/// An address as a line.
pub(super) fn line_of(address: &Value) -> String {
    let part = |name: &&str| {
        let text = address.get(*name).and_then(Value::as_str);
        let text = text.unwrap_or_default().replace('\\', "\\\\");
        text.replace('|', "\\|").replace('\n', "\\n")
    };
    let mut parts: Vec<String> = PARTS.iter().map(part).collect();
    while parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    parts.join(" | ")
}

/// A line as an address. Of more parts than there are, the engine says that they are none.
pub(super) fn address_of(line: &str) -> Value {
    let mut parts = vec![String::new()];
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        let last = parts.len() - 1;
        match char {
            '|' => parts.push(String::new()),
            '\\' => match chars.next() {
                Some('n') => parts[last].push('\n'),
                Some(escaped) => parts[last].push(escaped),
                None => parts[last].push('\\'),
            },
            char => parts[last].push(char),
        }
    }
    let names = PARTS.into_iter().map(str::to_owned);
    let names = names.chain((7..).map(|n| format!("part {n}")));
    let named = names.zip(parts);
    let named = named.filter_map(|(name, part)| {
        let part = part.trim();
        (!part.is_empty()).then(|| (name, Value::from(part)))
    });
    Value::Object(named.collect::<Map<_, _>>())
}

/// An address as people read it.
pub(super) fn shown(address: &Value) -> String {
    let text = |name: &str| address.get(name).and_then(Value::as_str);
    let parts = PARTS[..5].iter().filter_map(|name| text(name));
    let whole = parts.collect::<Vec<_>>().join(", ").replace('\n', ", ");
    match text("label") {
        Some(label) => format!("{whole} ({label})"),
        None => whole,
    }
}

/// Whether values are postal addresses.
pub(super) fn are_addresses(values: &[Value]) -> bool {
    let is_one = |value: &Value| PARTS.iter().all(|name| value.get(name).is_some());
    !values.is_empty() && values.iter().all(is_one)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_typed_as_it_is_shown_for_typing() {
        for address in [
            json!({ "street": "1 Main St\nFloor 2", "city": "Springfield", "country": "US", "label": "work" }),
            json!({ "street": "a | b \\ c\\n", "postal_code": "62701" }),
            json!({ "city": "Berlin" }),
        ] {
            assert_eq!(
                address_of(&line_of(&address)),
                address,
                "{}",
                line_of(&address)
            );
        }
        assert_eq!(
            line_of(&json!({ "city": "Berlin", "label": null })),
            " | Berlin"
        );
        assert_eq!(address_of("a|b|c|d|e|f|g")["part 7"], "g");
        assert_eq!(
            shown(&json!({ "street": "1\n2", "city": "Bonn", "label": "home" })),
            "1, 2, Bonn (home)"
        );
    }
}
