//! Words that stand where an id does, as other APIs have them: what they ask for is elsewhere here.

use relm_core::value::spelling::{self, OtherName};

/// Words that other APIs have where ours have an id, and where that is found here.
const WORDS: &[OtherName<&str>] = &[
    (
        &["search", "query", "find", "filter", "lookup"],
        "Lists are filtered, as in `GET /v1/contacts?email=ada@example.com`; words are searched by `GET /v1/search?q=…`.",
    ),
    (
        &[
            "bulk",
            "import",
            "upsert",
            "batch_create",
            "bulk_create",
            "create_many",
            "merge",
        ],
        "Many records of a type are made and changed by a batch, such as `POST /v1/contacts/batch`.",
    ),
    (
        &["all", "list", "index"],
        "A list has no word after it: `GET /v1/contacts`.",
    ),
    (
        &["count", "total", "stats"],
        "Records are not counted: page through a list by `next_cursor`.",
    ),
    (
        &["new", "create", "add"],
        "A record is made by a POST to its list: `POST /v1/contacts`.",
    ),
    (
        &["schema", "fields", "properties", "describe", "attributes"],
        "What records have is described by `GET /v1/schema`.",
    ),
];

/// What is said of a word that stands where an id does.
pub(super) fn of_a_word(word: &str) -> Option<&'static str> {
    spelling::known(word, WORDS).copied()
}
