//! Searching the documentation: sections that have all words of a query, those with them in their headings first.

use std::borrow::Cow;
use std::sync::LazyLock;

use askama::Template;
use bytes::Bytes;
use hyper::{Response, StatusCode};

use super::Asked;
use super::documents::{self, Document, Page, Section};
use super::layout::Layout;
use crate::html::{BaseUrl, DOCUMENTED, answer, render};

/// Characters of a query that are read.
const QUERY_CHARS_MAX: usize = 100;
/// Words of a query that are searched for.
const WORDS_MAX: usize = 8;
/// Sections that are shown.
const RESULTS_MAX: usize = 20;
/// Bytes of a section that are shown, about.
const EXCERPT_BYTES: usize = 180;

/// A section that can be found.
struct Entry {
    document: &'static Document,
    page: &'static Page,
    section: &'static Section,
    /// Its heading and its text in small letters, byte for byte as long.
    title: String,
    text: String,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let sections = documents::all().flat_map(|(document, page)| {
        page.sections.iter().map(move |section| Entry {
            document,
            page,
            section,
            title: section.title.to_ascii_lowercase(),
            text: section.text.to_ascii_lowercase(),
        })
    });
    sections.collect()
});

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    layout: Layout,
    results: Vec<Found>,
    /// How many sections have the words.
    count: usize,
}

/// A section that was found.
struct Found {
    href: String,
    title: &'static str,
    within: Vec<&'static str>,
    /// Pieces of its text, and whether each is a word of the query.
    excerpt: Vec<(bool, String)>,
}

pub(super) fn page(asked: &Asked<'_>) -> Option<Response<Bytes>> {
    let query = query(asked.head.uri.query().unwrap_or_default());
    Some(asked.with_base(|base| {
        let words = words(&query);
        let found = find(&words);
        let results = found.iter().take(RESULTS_MAX);
        let page = Search {
            results: results.map(|entry| shown(entry, &words, base)).collect(),
            count: found.len(),
            layout: Layout {
                query,
                ..Layout::of("/docs/search")
            },
        };
        answer::made(StatusCode::OK, render(&page))
    }))
}

/// The parameter `q`, cut to what is read of it.
fn query(parameters: &str) -> String {
    let mut parameters = form_urlencoded::parse(parameters.as_bytes());
    let query = parameters.find_map(|(name, value)| (name == "q").then_some(value));
    let query: Cow<'_, str> = query.unwrap_or_default();
    query.trim().chars().take(QUERY_CHARS_MAX).collect()
}

fn words(query: &str) -> Vec<String> {
    let words = query.split_whitespace().take(WORDS_MAX);
    words.map(str::to_ascii_lowercase).collect()
}

/// The sections that have all words, best first: by how many of the words are in the heading, then in their order.
fn find(words: &[String]) -> Vec<&'static Entry> {
    if words.is_empty() {
        return Vec::new();
    }
    let in_title = |entry: &Entry| {
        words
            .iter()
            .filter(|word| entry.title.contains(*word))
            .count()
    };
    let has_all = |entry: &&Entry| {
        let has = |word: &String| entry.title.contains(word) || entry.text.contains(word);
        words.iter().all(has)
    };
    let mut found: Vec<&Entry> = ENTRIES.iter().filter(has_all).collect();
    found.sort_by_key(|entry| std::cmp::Reverse(in_title(entry)));
    found
}

fn shown(entry: &'static Entry, words: &[String], base: &BaseUrl) -> Found {
    let Entry {
        document,
        page,
        section,
        ..
    } = entry;
    let is_page = std::ptr::eq(*section, &page.sections[0]);
    let mut within = vec![document.title];
    if !is_page && document.pages.len() > 1 {
        within.push(page.title);
    }
    Found {
        href: match is_page {
            true => page.path.to_owned(),
            false => format!("{}#{}", page.path, section.anchor),
        },
        title: section.title,
        within,
        excerpt: excerpt(section.text, &entry.text, words, base),
    }
}

/// The part of a text in which the first of the words is, with the words marked. `folded` is the text in small letters.
fn excerpt(text: &str, folded: &str, words: &[String], base: &BaseUrl) -> Vec<(bool, String)> {
    let first = words
        .iter()
        .filter_map(|word| folded.find(word.as_str()))
        .min()
        .unwrap_or(0);
    // From a word on that is a little before it.
    let from = folded.floor_char_boundary(first.saturating_sub(EXCERPT_BYTES / 3));
    let from = if from == 0 {
        0
    } else {
        folded[from..first]
            .find(' ')
            .map_or(first, |space| from + space + 1)
    };
    let end = folded.ceil_char_boundary((from + EXCERPT_BYTES).min(folded.len()));
    let end = folded[end..]
        .find(' ')
        .map_or(folded.len(), |space| end + space);
    let mut pieces = Vec::new();
    let print = |piece: &str| base.put_into(&piece.replace("$BASE", DOCUMENTED));
    let mut at = from;
    while at < end {
        let next = words
            .iter()
            .filter_map(|word| Some((at + folded[at..end].find(word.as_str())?, word.len())))
            .min();
        let (place, length) = next.unwrap_or((end, 0));
        if place > at {
            pieces.push((false, print(&text[at..place])));
        }
        if length > 0 {
            pieces.push((true, text[place..place + length].to_owned()));
        }
        at = place + length;
    }
    if from > 0 {
        pieces.insert(0, (false, "… ".to_owned()));
    }
    if end < folded.len() {
        pieces.push((false, " …".to_owned()));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_what_a_form_sends_and_is_cut() {
        assert_eq!(query("q=idempotency+key&x=1"), "idempotency key");
        assert_eq!(query("x=1&q=%E2%82%AC%20"), "€");
        assert_eq!(query("q=%ff%00"), "\u{fffd}\0");
        assert_eq!(query(""), "");
        assert_eq!(
            query(&format!("q={}", "é".repeat(300))).chars().count(),
            QUERY_CHARS_MAX
        );
        assert_eq!(words(&"a ".repeat(50)).len(), WORDS_MAX);
    }

    #[test]
    fn an_excerpt_marks_words_and_cuts_between_them() {
        let base: BaseUrl = "https://crm.example.com".parse().unwrap();
        let text = format!(
            "{} Straße with É and Key here {}",
            "one ".repeat(60),
            "two ".repeat(60)
        );
        let words = ["key".to_owned(), "é".to_owned(), "straße".to_owned()];
        let pieces = excerpt(&text, &text.to_ascii_lowercase(), &words, &base);
        let marked: Vec<_> = pieces
            .iter()
            .filter(|(is_marked, _)| *is_marked)
            .map(|(_, piece)| piece.as_str())
            .collect();
        assert_eq!(marked, ["Straße", "Key"]);
        let whole: String = pieces.iter().map(|(_, piece)| piece.as_str()).collect();
        assert!(
            whole.starts_with("… one ") && whole.ends_with(" two …"),
            "{whole}"
        );
        let based = excerpt("get $BASE/v1", "get $base/v1", &["get".to_owned()], &base);
        assert_eq!(
            based,
            [
                (true, "get".to_owned()),
                (false, " https://crm.example.com/v1".to_owned())
            ]
        );
    }
}
