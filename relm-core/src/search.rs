//! Search: which words a record is found by, and how what is found ranks.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::excerpt::Quoted;
use crate::filter::{metadata_of, number};
use crate::id::Id;
use crate::limits::{SEARCH_QUERY_CHARS_MAX, SEARCH_WORDS_MAX};
use crate::object::{self, ObjectType};
use crate::record::Record;
use crate::text;

/// Marks the term of a whole identifying value: an e-mail address or a domain. No word begins with it.
const EXACT_MARK: char = '!';
/// Marks the term of a `metadata` value. No word begins with it.
const METADATA_MARK: char = '=';
/// Characters of a `metadata` value in its term; a longer value is found by its first so many.
const METADATA_TERM_CHARS_MAX: usize = 100;

/// How a match ranks: an exact one before any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// The query is the record's e-mail address, domain or id.
    Exact,
    /// Every word of the query begins a word of the record.
    Words,
}

/// A search, read: what a record must have to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchTerms {
    /// Folded words, each of which must begin a word of the record.
    pub words: Vec<String>,
    /// The term that an exact match by e-mail address or domain holds.
    pub exact: String,
    /// The id that the query is, if it is one.
    pub id: Option<Id>,
}

impl SearchTerms {
    /// Reads a query.
    ///
    /// # Errors
    /// `bad_request` when it is empty, too long or of too many words.
    pub fn parse(query: &str) -> Result<Self> {
        let query = query.trim();
        if query.is_empty() {
            return Err(Error::bad_request("`q` must not be empty.").at("q"));
        }
        let chars = query.chars().count();
        if chars > SEARCH_QUERY_CHARS_MAX || query.contains('\0') {
            return Err(Error::bad_request(format!(
                "`q` must be at most {SEARCH_QUERY_CHARS_MAX} characters without U+0000; it has {chars}."
            ))
            .at("q"));
        }
        let mut words = BTreeSet::new();
        text::words(query, &mut |word| {
            words.insert(word.to_owned());
        });
        if words.len() > SEARCH_WORDS_MAX {
            return Err(Error::bad_request(format!(
                "`q` must be at most {SEARCH_WORDS_MAX} words; it has {}.",
                words.len()
            ))
            .at("q"));
        }
        Ok(Self {
            words: words.into_iter().collect(),
            exact: exact_term(query),
            id: Id::parse(query),
        })
    }

    /// How `record` ranks, if it matches: the predicate that `search` promises, on every store.
    pub fn rank(&self, record: &Record) -> Option<Rank> {
        if self.id == Some(record.id()) {
            return Some(Rank::Exact);
        }
        let terms = index_terms(record);
        if terms.contains(&self.exact) {
            return Some(Rank::Exact);
        }
        let begins = |word: &String| {
            terms
                .range::<String, _>(word..)
                .next()
                .is_some_and(|term| term.starts_with(word.as_str()))
        };
        (!self.words.is_empty() && self.words.iter().all(begins)).then_some(Rank::Words)
    }
}

/// Everything that an index finds a record by: its words, its identifying values, its `metadata` values.
///
/// Empty for whatever is not a CRM object. A term is at most about 300 characters; terms of different sorts never
/// collide, and no word is a prefix of a term of another sort.
pub fn index_terms(record: &Record) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    let (texts, identifiers): (Vec<&String>, Vec<&String>) = match record {
        Record::Contact(contact) => (
            contact.texts().into_iter().flatten().collect(),
            contact.email.iter().collect(),
        ),
        Record::Company(company) => (
            company.texts().into_iter().flatten().collect(),
            company.domain.iter().collect(),
        ),
        Record::Deal(deal) => (deal.texts().into_iter().flatten().collect(), Vec::new()),
        Record::Activity(activity) => {
            (activity.texts().into_iter().flatten().collect(), Vec::new())
        }
        Record::Association(_)
        | Record::Field(_)
        | Record::Webhook(_)
        | Record::Event(_)
        | Record::Delivery(_)
        | Record::Key(_)
        | Record::Workspace(_) => return terms,
    };
    let mut add_words = |text: &str| {
        text::words(text, &mut |word| {
            if !terms.contains(word) {
                terms.insert(word.to_owned());
            }
        });
    };
    let metadata = metadata_of(record);
    texts.into_iter().for_each(|text| add_words(text));
    for text in metadata.iter().flat_map(|all| all.values()) {
        text.as_str().into_iter().for_each(&mut add_words);
    }
    terms.extend(identifiers.into_iter().map(|text| exact_term(text.trim())));
    for (key, value) in metadata.into_iter().flatten() {
        terms.extend(metadata_term(key, value));
    }
    terms
}

fn exact_term(text: &str) -> String {
    let mut term = String::from(EXACT_MARK);
    term.extend(text::fold(text).chars().take(METADATA_TERM_CHARS_MAX * 3));
    term
}

/// The term of one stored `metadata` value; lists and objects have none.
fn metadata_term(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(term_of(key, text)),
        Value::Number(number) => Some(term_of(key, &number_text(number.as_f64()?))),
        Value::Bool(truth) => Some(term_of(key, &truth.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The terms that a value equal to `text` can have: as a text, and as a number if it reads as one.
pub(crate) fn metadata_terms(key: &str, text: &str) -> Vec<String> {
    let mut terms = vec![term_of(key, text)];
    if let Some(number) = number(text) {
        terms.push(term_of(key, &number_text(number)));
        terms.dedup();
    }
    terms
}

/// One text for equal numbers: `5`, `5.0` and `-0.0` as `0`.
fn number_text(number: f64) -> String {
    (number + 0.0).to_string()
}

fn term_of(key: &str, text: &str) -> String {
    let mut term = String::from(METADATA_MARK);
    term.push_str(key);
    term.push(METADATA_MARK);
    term.extend(text.chars().take(METADATA_TERM_CHARS_MAX));
    term
}

/// The first text after every text that begins with `prefix`, by code point; none when there is no such text.
pub fn prefix_end(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            char::MAX => None,
            other => char::from_u32(other as u32 + 1),
        };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

/// Which types a search looks at.
///
/// # Errors
/// `bad_request` for a name that is none of them.
pub fn parse_types(types: Option<&str>) -> Result<Vec<ObjectType>> {
    let Some(types) = types else {
        return Ok(ObjectType::ALL.to_vec());
    };
    let mut chosen = Vec::new();
    for name in types.split(',') {
        let object_type = ObjectType::parse(name).ok_or_else(|| {
            Error::bad_request(format!("There is no type {} to search.", Quoted(name)))
                .at("types")
                .options_or(
                    name,
                    ObjectType::ALL.map(ObjectType::as_str),
                    object::OTHER_NAMES,
                )
        })?;
        if !chosen.contains(&object_type) {
            chosen.push(object_type);
        }
    }
    chosen.sort_unstable();
    Ok(chosen)
}

/// A place in search results: matches are ordered by rank, then newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchPosition {
    /// The rank of the last record of the page before.
    pub rank: Rank,
    /// Its ULID, which no two records share.
    pub ulid: u128,
}

impl SearchPosition {
    /// Whether a match of this rank and id comes after this place.
    pub fn is_before(&self, rank: Rank, id: Id) -> bool {
        (self.rank, std::cmp::Reverse(self.ulid)) < (rank, std::cmp::Reverse(id.ulid()))
    }
}
