//! Parameters of imports and exports.

use relm_core::record::file::{DateOrder, DecimalMark, Delimiter, Encoding, FileFormat};
use relm_core::{KeyResource, ObjectType};
use serde_json::{Value, json};

fn parameter(name: &str, says: &str, schema: Value) -> Value {
    json!({ "in": "query", "name": name, "required": false, "description": says, "schema": schema })
}

fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Value {
    let names: Vec<&str> = names.into_iter().collect();
    json!({ "type": "string", "enum": names })
}

/// The objects by their names in paths: no `enum`, of which clients would have a type called `Object`.
fn object(says: &str) -> Value {
    let names = ObjectType::ALL.map(|object| KeyResource::from(object).as_str());
    let says = format!("{says} One of {}.", names.join(", "));
    json!({
        "in": "query", "name": "object", "required": true, "description": says, "schema": { "type": "string" }, "example": "contacts",
    })
}

/// How a file is taken in.
pub(super) fn of_imports() -> Vec<Value> {
    let text = || json!({ "type": "string" });
    vec![
        object("What the rows are."),
        parameter(
            "dedup_on",
            "By which unique members, with commas between them, a row finds the record that it updates: of contacts `email`. Default: each row is a new record.",
            text(),
        ),
        parameter(
            "dry_run",
            "`true` finds out only what the import would come to: its counts and failed rows, and nothing else, are kept.",
            json!({ "type": "boolean", "default": false }),
        ),
        parameter(
            "mapping",
            "A JSON object that names for columns of the file the members that they become, or null for none. Default: what they are called says it.",
            text(),
        ),
        parameter(
            "format",
            "How the file is written. Default: what `Content-Type`, `file_name` or the file itself say.",
            one_of(FileFormat::ALL.map(FileFormat::as_str)),
        ),
        parameter("file_name", "What the file is called.", text()),
        parameter(
            "encoding",
            "How its characters are encoded. Default: found out.",
            one_of(Encoding::ALL.map(Encoding::as_str)),
        ),
        parameter(
            "delimiter",
            "What stands between its cells. Default: found out.",
            one_of(Delimiter::ALL.map(Delimiter::as_str)),
        ),
        parameter(
            "date_order",
            "What a date such as 03/04/2026 is. Default: one that could be two is an error of its row.",
            one_of(DateOrder::ALL.map(DateOrder::as_str)),
        ),
        parameter(
            "decimal_mark",
            "What a number such as 1,234 is. Default: one that could be two is an error of its row.",
            one_of(DecimalMark::ALL.map(DecimalMark::as_str)),
        ),
    ]
}

/// Which records a file is made of, and how it is written.
pub(super) fn of_exports() -> Vec<Value> {
    vec![
        object("What the rows are. The filters of its list are taken, too."),
        parameter(
            "format",
            "How the file is written. Default: `csv`.",
            one_of(["csv", "ndjson"]),
        ),
    ]
}
