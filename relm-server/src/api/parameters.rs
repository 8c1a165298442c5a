//! Query parameters that other APIs have and this one has not, or has by another name.

use relm_core::{Error, ErrorKind};

use super::answer::ApiError;
use super::operation::Takes;

/// Names that mean one thing, the sentence that says what is done here, and what to write instead of the name.
struct Elsewhere {
    names: &'static [&'static str],
    says: &'static str,
    instead: Option<&'static str>,
}

const fn elsewhere(
    names: &'static [&'static str],
    says: &'static str,
    instead: Option<&'static str>,
) -> Elsewhere {
    Elsewhere {
        names,
        says,
        instead,
    }
}

/// What lists have by another name, or not at all.
const OF_LISTS: [Elsewhere; 6] = [
    elsewhere(
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
            "pagetoken",
            "page_number",
            "pagenumber",
        ],
        "Lists page by `cursor`: pass back `next_cursor`.",
        Some("cursor"),
    ),
    elsewhere(
        &[
            "per_page",
            "perpage",
            "page_size",
            "pagesize",
            "page_limit",
            "max_results",
            "maxresults",
            "size",
            "count",
            "top",
            "take",
        ],
        "How many records a page holds is its `limit`.",
        Some("limit"),
    ),
    elsewhere(
        &[
            "sort",
            "sort_by",
            "sortby",
            "sorts",
            "order",
            "order_by",
            "orderby",
            "ordering",
            "direction",
            "dir",
        ],
        "Lists are newest first, and in no other order.",
        None,
    ),
    elsewhere(
        &["q", "query", "search", "term", "keyword", "keywords"],
        "A list is filtered, as in `filter[email][ilike]=ada%25`; words are searched by `GET /v1/search?q=…`.",
        None,
    ),
    elsewhere(
        &[
            "created",
            "created_after",
            "created_since",
            "since",
            "from_date",
            "start_date",
        ],
        "Write `filter[created_at][gte]=2026-07-02T00:00:00Z`.",
        Some("filter[created_at][gte]"),
    ),
    elsewhere(
        &[
            "updated_since",
            "updated_after",
            "modified_since",
            "modified_after",
            "last_modified",
        ],
        "Write `filter[updated_at][gte]=2026-07-02T00:00:00Z`.",
        Some("filter[updated_at][gte]"),
    ),
];

/// What no request has.
const OF_ALL: [Elsewhere; 3] = [
    elsewhere(
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
        "A record is answered whole, with the ids of others and not with these.",
        None,
    ),
    elsewhere(
        &[
            "api_key",
            "apikey",
            "hapikey",
            "key",
            "access_token",
            "token",
            "auth",
        ],
        "A key goes into the header `Authorization: Bearer sk_…`, and never into a URL.",
        None,
    ),
    elsewhere(
        &["format", "pretty", "callback", "alt"],
        "Every answer is JSON, as it is.",
        None,
    ),
];

/// What the search takes its words by elsewhere.
const OF_SEARCH: [Elsewhere; 2] = [
    elsewhere(
        &[
            "query", "search", "term", "text", "keyword", "keywords", "s",
        ],
        "It is `q`.",
        Some("q"),
    ),
    elsewhere(
        &["type", "object_type", "objects", "object", "kind", "index"],
        "It is `types`, as in `types=contact,deal`.",
        Some("types"),
    ),
];

const fn options(takes: Takes) -> &'static [&'static str] {
    match takes {
        Takes::Nothing => &[],
        Takes::List(_) => &["limit", "cursor", "filter"],
        Takes::Search => &["q", "types", "limit", "cursor"],
    }
}

fn known(takes: Takes, name: &str) -> Option<&'static Elsewhere> {
    let own: &[&[Elsewhere]] = match takes {
        Takes::Nothing => &[],
        Takes::List(_) => &[&OF_LISTS],
        Takes::Search => &[&OF_SEARCH, &OF_LISTS],
    };
    let all = own.iter().copied().flatten().chain(&OF_ALL);
    let name = name.to_lowercase();
    all.into_iter().find(|known| known.names.contains(&&*name))
}

/// That a parameter is one of another API, if it is.
pub(super) fn of_elsewhere(name: &str, takes: Takes) -> Option<ApiError> {
    let known = known(takes, name)?;
    let error = refuse(name, "")
        .adding(known.says)
        .options("", options(takes).iter().copied());
    let error = match known.instead {
        Some(instead) => error.suggesting(instead),
        None => error,
    };
    Some(error.into())
}

/// That there is no such parameter.
pub(super) fn unknown(name: &str, takes: Takes) -> ApiError {
    let leave = match takes {
        Takes::Nothing => " here; leave it out",
        Takes::List(_) | Takes::Search => " here",
    };
    of_elsewhere(name, takes).unwrap_or_else(|| {
        refuse(name, leave)
            .options(name, options(takes).iter().copied())
            .into()
    })
}

fn refuse(name: &str, end: &str) -> Error {
    let message = format!("There is no parameter {}{end}.", relm_core::Quoted(name));
    Error::new(ErrorKind::BadRequest, message).at(name)
}
