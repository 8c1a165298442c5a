//! Query parameters that other APIs have and this one has not, or has by another name.

use relm_core::value::spelling::{self, OtherName};
use relm_core::{Error, ErrorKind, Kind};

use super::Takes;

/// What is said of a parameter that other APIs have: the sentence, and what to write instead of it.
struct Advice {
    says: &'static str,
    instead: Option<&'static str>,
}

const fn advice(says: &'static str, instead: Option<&'static str>) -> Advice {
    Advice { says, instead }
}

/// What lists have by another name, or not at all.
const OF_LISTS: &[OtherName<Advice>] = &[
    (
        &[
            "page",
            "offset",
            "skip",
            "start",
            "starting_after",
            "ending_before",
            "after",
            "before",
            "next",
            "next_cursor",
            "page_token",
            "page_number",
        ],
        advice(
            "Lists page by `cursor`: pass back `next_cursor`.",
            Some("cursor"),
        ),
    ),
    (
        &[
            "per_page",
            "page_size",
            "page_limit",
            "max_results",
            "size",
            "count",
            "top",
            "take",
        ],
        advice(
            "How many records a page holds is its `limit`.",
            Some("limit"),
        ),
    ),
    (
        &[
            "sort",
            "sort_by",
            "sorts",
            "order",
            "order_by",
            "ordering",
            "direction",
            "dir",
        ],
        advice("Lists are newest first, and in no other order.", None),
    ),
    (
        &["q", "query", "search", "term", "keyword", "keywords"],
        advice(
            "A list is filtered, as in `filter[email][ilike]=ada%25`; words are searched by `GET /v1/search?q=…`.",
            None,
        ),
    ),
    (
        &[
            "created",
            "created_after",
            "created_since",
            "since",
            "from_date",
            "start_date",
        ],
        advice(
            "Write `filter[created_at][gte]=2026-07-02T00:00:00Z`.",
            Some("filter[created_at][gte]"),
        ),
    ),
    (
        &[
            "updated_since",
            "updated_after",
            "modified_since",
            "modified_after",
            "last_modified",
        ],
        advice(
            "Write `filter[updated_at][gte]=2026-07-02T00:00:00Z`.",
            Some("filter[updated_at][gte]"),
        ),
    ),
];

/// What lists of objects have by another name: the trash.
const OF_OBJECTS: &[OtherName<Advice>] = &[(
    &[
        "archived",
        "trashed",
        "is_deleted",
        "include_deleted",
        "with_deleted",
        "show_deleted",
        "only_deleted",
        "deleted_only",
        "trash",
    ],
    advice(
        "What is deleted is a list of its own: `deleted=true`.",
        Some("deleted=true"),
    ),
)];

/// What a deletion has by another name: that it is for good.
const OF_DELETIONS: &[OtherName<Advice>] = &[(
    &[
        "permanent",
        "permanently",
        "hard",
        "hard_delete",
        "force",
        "destroy",
        "erase",
        "gdpr",
        "gdpr_delete",
        "forget",
    ],
    advice(
        "To delete for good, and erase what was known, is `purge=true`.",
        Some("purge=true"),
    ),
)];

/// What a history has by another name: its pages, which are those of lists, and the moment at which it ends.
const OF_HISTORY: &[OtherName<Advice>] = &[
    (
        &[
            "page",
            "offset",
            "after",
            "starting_after",
            "next",
            "next_cursor",
            "page_token",
        ],
        advice(
            "A history pages by `cursor`: pass back `next_cursor`.",
            Some("cursor"),
        ),
    ),
    (
        &["per_page", "page_size", "count", "size"],
        advice(
            "How many changes a page holds is its `limit`.",
            Some("limit"),
        ),
    ),
    (
        &["as_of", "until", "before", "date", "time", "timestamp"],
        advice("The moment is `at`.", Some("at")),
    ),
];

/// What no request has.
const OF_ALL: &[OtherName<Advice>] = &[
    (
        &[
            "expand",
            "include",
            "includes",
            "with",
            "embed",
            "fields",
            "select",
            "properties",
            "attributes",
        ],
        advice(
            "A record is answered whole, with the ids of others and not with these.",
            None,
        ),
    ),
    (
        &["api_key", "hapikey", "key", "access_token", "token", "auth"],
        advice(
            "A key goes into the header `Authorization: Bearer sk_…`, and never into a URL.",
            None,
        ),
    ),
    (
        &[
            "dry_run",
            "validate_only",
            "simulate",
            "preview",
            "test_mode",
        ],
        advice(
            "A dry run is asked for by the header `Relm-Dry-Run: true`.",
            None,
        ),
    ),
    (
        &["idempotency_key", "request_id", "idempotency"],
        advice(
            "What makes a request happen once is the header `Idempotency-Key`.",
            None,
        ),
    ),
    (
        &["api_version", "version", "v"],
        advice("The version is the header `Relm-Version`.", None),
    ),
    (
        &["format", "pretty", "callback", "alt"],
        advice("Every answer is JSON, as it is.", None),
    ),
];

/// What the search takes its words by elsewhere.
const OF_SEARCH: &[OtherName<Advice>] = &[
    (
        &[
            "query", "search", "term", "text", "keyword", "keywords", "s",
        ],
        advice("It is `q`.", Some("q")),
    ),
    (
        &["type", "object_type", "objects", "object", "kind", "index"],
        advice("It is `types`, as in `types=contact,deal`.", Some("types")),
    ),
];

/// How a file is taken in.
pub(crate) const IMPORT_PARAMETERS: [&str; 10] = [
    "object",
    "dedup_on",
    "dry_run",
    "mapping",
    "format",
    "file_name",
    "encoding",
    "delimiter",
    "date_order",
    "decimal_mark",
];

/// What other APIs call what an import and an export are of.
const OF_FILES: &[OtherName<Advice>] = &[(
    &[
        "type",
        "object_type",
        "objects",
        "resource",
        "kind",
        "entity",
    ],
    advice("It is `object`, as in `object=contacts`.", Some("object")),
)];

const OF_UPSERTS: &[OtherName<Advice>] = &[(
    &[
        "match",
        "on",
        "by",
        "on_conflict",
        "unique_by",
        "dedupe_on",
        "dedup",
        "id_property",
        "idProperty",
        "matching_attribute",
    ],
    advice(
        "It is `dedup_on`, as in `dedup_on=email`.",
        Some("dedup_on"),
    ),
)];

const fn options(takes: Takes) -> &'static [&'static str] {
    match takes {
        Takes::Nothing => &[],
        Takes::List(Kind::Event) => &["after", "limit", "cursor", "filter"],
        Takes::Cursor => &["cursor"],
        Takes::Page => &["limit", "cursor"],
        Takes::List(Kind::Contact | Kind::Company | Kind::Deal | Kind::Activity) => {
            &["limit", "cursor", "deleted", "filter"]
        }
        Takes::List(_) => &["limit", "cursor", "filter"],
        Takes::Import => &IMPORT_PARAMETERS,
        Takes::Export => &["object", "format", "filter"],
        Takes::Stream => &["after", "types"],
        Takes::Moment => &["at"],
        Takes::DedupOn => &["dedup_on"],
        Takes::Deletion => &["purge"],
        Takes::History => &["at", "limit", "cursor"],
        Takes::Search => &["q", "types", "limit", "cursor"],
    }
}

fn advice_on(name: &str, takes: Takes) -> Option<&'static Advice> {
    let own: &[&[OtherName<Advice>]] = match takes {
        Takes::Nothing | Takes::Stream | Takes::Moment => &[],
        Takes::DedupOn => &[OF_UPSERTS],
        Takes::Deletion => &[OF_DELETIONS],
        Takes::History => &[OF_HISTORY],
        Takes::List(Kind::Contact | Kind::Company | Kind::Deal | Kind::Activity) => {
            &[OF_OBJECTS, OF_LISTS]
        }
        Takes::Cursor | Takes::Page | Takes::List(_) => &[OF_LISTS],
        Takes::Import | Takes::Export => &[OF_FILES],
        Takes::Search => &[OF_SEARCH, OF_LISTS],
    };
    spelling::known(name, own.iter().copied().flatten().chain(OF_ALL))
}

/// That a parameter is one of another API, if it is.
pub(crate) fn of_elsewhere(name: &str, takes: Takes) -> Option<Error> {
    let advice = advice_on(name, takes)?;
    let error = refuse(name, "")
        .adding(advice.says)
        .options("", options(takes).iter().copied());
    Some(match advice.instead {
        Some(instead) => error.suggesting(instead),
        None => error,
    })
}

/// That there is no such parameter.
pub(crate) fn unknown(name: &str, takes: Takes) -> Error {
    let leave = match takes {
        Takes::Nothing => " here; leave it out",
        Takes::Cursor
        | Takes::Page
        | Takes::List(_)
        | Takes::Search
        | Takes::Import
        | Takes::Export
        | Takes::Stream
        | Takes::Moment
        | Takes::DedupOn
        | Takes::Deletion
        | Takes::History => " here",
    };
    of_elsewhere(name, takes).unwrap_or_else(|| {
        let error = refuse(name, leave).options(name, options(takes).iter().copied());
        match name.starts_with("filter[") {
            true => error.adding("Filters are for lists of records."),
            false => error,
        }
    })
}

fn refuse(name: &str, end: &str) -> Error {
    let message = format!("There is no parameter {}{end}.", relm_core::Quoted(name));
    Error::new(ErrorKind::BadRequest, message).at(name)
}
