//! The filter of an endpoint as people type it: a line for each member, with the values that it may have.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Filter;

/// How a null is written, of which there is no other text.
const NONE: &str = "(empty)";

/// The two fields of the form of an endpoint with this filter: its changes and its members. None where what they say would be read as
/// another filter, or where a browser would send back something else: then the API alone can change it.
pub(super) fn fields(filter: &Filter) -> Option<(String, String)> {
    let changed = filter.changed.join(", ");
    let having = filter.having.iter();
    let lines: Vec<String> = having.map(|(name, values)| line(name, values)).collect();
    // Browsers write line ends their own way, and leave some other signs out.
    let is_plain = |text: &String| !text.contains(char::is_control);
    if !is_plain(&changed) || !lines.iter().all(is_plain) {
        return None;
    }
    let having = lines.join("\n");
    let is_read_back = body(&changed, &having) == compared(filter);
    is_read_back.then_some((changed, having))
}

/// A filter as it is compared: a number or a truth value is its text.
fn compared(filter: &Filter) -> Value {
    let text = |value: &Value| match value {
        Value::Null | Value::String(_) => value.clone(),
        other => json!(other.to_string()),
    };
    let having = filter.having.iter();
    let having = having.map(|(name, values)| {
        let texts: Vec<Value> = values.iter().map(text).collect();
        (name.clone(), json!(texts))
    });
    of(json!(filter.changed), having.collect())
}

/// The filter of what is asked of changes and of members; null where that is nothing.
fn of(changed: Value, members: Map<String, Value>) -> Value {
    let mut filter = Map::new();
    if changed.as_array().is_some_and(|names| !names.is_empty()) {
        filter.insert("changed".to_owned(), changed);
    }
    if !members.is_empty() {
        filter.insert("where".to_owned(), Value::Object(members));
    }
    match filter.is_empty() {
        true => Value::Null,
        false => Value::Object(filter),
    }
}

/// A member and its values, `stage: won, lost`. A comma within a value is `\\,`.
pub(super) fn line(name: &str, values: &[Value]) -> String {
    let values = values.iter().map(|value| match value {
        Value::Null => NONE.to_owned(),
        Value::String(text) => text.replace('\\', r"\\").replace(',', r"\,"),
        other => other.to_string(),
    });
    let values: Vec<String> = values.collect();
    format!("{name}: {}", values.join(", "))
}

/// The filter of these texts, as the body of a request has it: null where they ask for nothing. Several lines of a member are one list
/// of values, as several `in` of one field are where a list is asked for.
pub(super) fn body(changed: &str, having: &str) -> Value {
    let names = changed.split([',', '\n']).map(str::trim);
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let lines = having.lines().map(str::trim);
    let mut members: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, values) = line.split_once(':').unwrap_or((line, ""));
        let of_member = members.entry(name.trim()).or_default();
        of_member.extend(values_of(values));
    }
    let members = members.into_iter();
    let members = members.map(|(name, values)| (name.to_owned(), json!(values)));
    of(json!(names), members.collect())
}

fn values_of(list: &str) -> Vec<Value> {
    let mut values = vec![String::new()];
    let mut rest = list.chars().peekable();
    while let Some(char) = rest.next() {
        let escaped = rest.next_if(|next| char == '\\' && matches!(next, ',' | '\\'));
        match (char, escaped) {
            (',', _) => values.push(String::new()),
            (char, escaped) => {
                let last = values.last_mut().expect("there is a first value");
                last.push(escaped.unwrap_or(char));
            }
        }
    }
    let values = values.iter().map(|value| value.trim());
    let values = values.filter(|value| !value.is_empty());
    values
        .map(|value| match value {
            NONE => Value::Null,
            value => json!(value),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_typed_as_it_is_shown() {
        let filter = json!({
            "changed": ["stage", "metadata.plan"],
            "where": { "metadata.plan": ["a, b", r"c\d", null], "stage": ["won"] },
        });
        let having = filter["where"].as_object().unwrap();
        let lines = having
            .iter()
            .map(|(name, values)| line(name, values.as_array().unwrap()));
        let lines: Vec<String> = lines.collect();
        assert_eq!(lines[1], "stage: won");
        assert_eq!(body("stage, metadata.plan", &lines.join("\n")), filter);
        assert_eq!(body(" , ", "\n \n"), Value::Null);
        assert_eq!(
            body("", "value_cents: 5,true"),
            json!({ "where": { "value_cents": ["5", "true"] } })
        );
        assert_eq!(body("", "stage"), json!({ "where": { "stage": [] } }));
    }

    #[test]
    fn lines_of_one_member_are_one_list() {
        assert_eq!(
            body("", "stage: won\ncurrency: EUR\n stage :lost, new\nstage"),
            json!({ "where": { "stage": ["won", "lost", "new"], "currency": ["EUR"] } })
        );
    }

    #[test]
    fn what_fields_cannot_say_has_none() {
        let fields_of = |filter: Value| fields(&serde_json::from_value(filter).unwrap());
        for filter in [
            json!({ "changed": ["stage", "metadata.a b"], "where": { "stage": ["won", "lo,st", r"\,\"] } }),
            json!({ "where": { "metadata.a": [5, true, 1.5, null, "(none)", ": x"], "stage": ["<&\"'>"] } }),
        ] {
            let (changed, having) = fields_of(filter.clone()).expect("they can");
            let read = serde_json::from_value(body(&changed, &having)).unwrap();
            let asked = serde_json::from_value(filter).unwrap();
            assert_eq!(compared(&read), compared(&asked));
        }
        for member in [
            "metadata.a:b",
            "metadata.a ",
            " metadata.a",
            "metadata.a\nb",
        ] {
            let filter = json!({ "where": { member: ["won"] } });
            assert_eq!(fields_of(filter), None, "{member:?}");
        }
        for value in [
            "",
            " ",
            "won ",
            "\u{a0}won",
            "won\n",
            "a\rb",
            "\t",
            "(empty)",
        ] {
            let filter = json!({ "where": { "stage": ["lost", value] } });
            assert_eq!(fields_of(filter), None, "{value:?}");
        }
        for name in ["metadata.a,b", "metadata.a\nb", "metadata.a "] {
            let filter = json!({ "changed": [name, "stage"] });
            assert_eq!(fields_of(filter), None, "{name:?}");
        }
    }
}
