//! The request that a form equals, as a line for a shell.

use serde_json::Value;

use crate::html::BaseUrl;

/// Where a key stands in a line that is printed for any.
pub(super) const KEY: &str = "$RELM_KEY";

/// A request with an API key, as curl sends it; each part on a line of its own.
pub(super) fn line(
    base: &BaseUrl,
    method: &str,
    path: &str,
    key: &str,
    body: Option<&Value>,
) -> String {
    let mut line = String::from("curl ");
    // curl itself reads brackets otherwise.
    if path.contains('[') {
        line.push_str("-g ");
    }
    if method != "GET" {
        line.push_str(&format!("-X {method} "));
    }
    line.push_str(&quoted_if_needed(&format!("{base}{path}")));
    line.push_str(&format!(" \\\n  -H \"Authorization: Bearer {key}\""));
    if let Some(body) = body {
        line.push_str(" \\\n  -H \"Content-Type: application/json\"");
        line.push_str(&format!(" \\\n  -d {}", quoted(&laid_out(body))));
    }
    line
}

/// The request that sends a file.
pub(super) fn file_to(base: &BaseUrl, path: &str, content_type: &str, file: &str) -> String {
    let line = line(base, "POST", path, KEY, None);
    format!("{line} \\\n  -H \"Content-Type: {content_type}\" \\\n  --data-binary @{file}")
}

/// The request that is answered with a file.
pub(super) fn file_from(base: &BaseUrl, path: &str, file: &str) -> String {
    let line = line(base, "POST", path, KEY, None);
    format!("{line} \\\n  -o {}", quoted_if_needed(file))
}

/// JSON as people read it: each member of an object on a line of its own.
fn laid_out(body: &Value) -> String {
    let Some(members) = body.as_object().filter(|members| members.len() > 1) else {
        return body.to_string();
    };
    let lines = members.iter().map(|(name, value)| {
        let name = Value::from(name.as_str());
        format!("    {name}: {value}")
    });
    let lines: Vec<String> = lines.collect();
    format!("{{\n{}\n  }}", lines.join(",\n"))
}

/// A text in single quotes, within which a shell takes everything as it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// An address that means the same to a shell without quotes stays as it is read best.
fn quoted_if_needed(url: &str) -> String {
    let is_plain = url
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/%".contains(&byte));
    match is_plain {
        true => url.to_owned(),
        false => quoted(url),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_what_a_shell_takes() {
        let base: BaseUrl = "https://crm.example.com".parse().unwrap();
        assert_eq!(
            line(&base, "GET", "/v1/contacts", KEY, None),
            "curl https://crm.example.com/v1/contacts \\\n  -H \"Authorization: Bearer $RELM_KEY\""
        );
        let body = json!({ "name": "Eva's $(id) \"key\"" });
        assert_eq!(
            line(&base, "POST", "/v1/search?q=a", "sk_test_x", Some(&body)),
            "curl -X POST 'https://crm.example.com/v1/search?q=a' \\\n  -H \"Authorization: Bearer sk_test_x\" \\\n  \
             -H \"Content-Type: application/json\" \\\n  -d '{\"name\":\"Eva'\\''s $(id) \\\"key\\\"\"}'"
        );
        let body = json!({ "key": "plan", "options": { "choices": ["a", "b"] } });
        let laid_out = line(&base, "POST", "/v1/schema/fields", "k", Some(&body));
        assert!(laid_out.ends_with(
            "-d '{\n    \"key\": \"plan\",\n    \"options\": {\"choices\":[\"a\",\"b\"]}\n  }'"
        ));
    }
}
