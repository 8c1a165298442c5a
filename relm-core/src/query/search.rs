//! Search: which words a record is found by, and how what is found ranks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::limits::{SEARCH_QUERY_CHARS_MAX, SEARCH_WORDS_MAX};
use crate::query::filter::{metadata_of, number};
use crate::record::Record;
use crate::record::object::{self, ObjectType};
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};
use crate::value::text::nfc;
use crate::value::words;
use crate::value::{email, host, phone};

/// Marks the term of a whole value: a domain or a name. No word begins with it.
const EXACT_MARK: char = '!';
/// Marks the term of a `metadata` value. No word begins with it.
const METADATA_MARK: char = '=';
/// Characters of a `metadata` value in its term; a longer value is found by its first so many.
const METADATA_TERM_CHARS_MAX: usize = 100;

/// How a match ranks: an exact one before any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// The query is the record's e-mail address, domain, name or id.
    Exact,
    /// Every word of the query begins a word of the record.
    Words,
}

/// A word of a query: a record has it when one of the record's terms begins with one of these texts, of which there is at
/// least one. Several are ways to write one thing: `brien` of `o'brien` is asked for as `obrien` too, and each group of a
/// telephone number as the whole number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(pub Vec<String>);

/// What a record has that a query is as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exact {
    /// This term: the query may be a domain or a name.
    Term(String),
    /// This unique key, and it is a contact: the query may be an e-mail address.
    Email(String),
}

impl Exact {
    fn parse(query: &str) -> Self {
        if query.contains('@') && !query.contains(char::is_whitespace) {
            Self::Email(email::key(query))
        } else {
            Self::Term(exact_term(query))
        }
    }

    fn is_of(&self, record: &Record, terms: &BTreeSet<String>) -> bool {
        match self {
            Self::Term(term) => terms.contains(term),
            Self::Email(key) => {
                record.kind() == Kind::Contact && record.unique_key().as_ref() == Some(key)
            }
        }
    }
}

/// A search, read: what a record must have to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchTerms {
    /// Words, each of which the record must have.
    pub words: Vec<Word>,
    /// What an exact match has, the id aside.
    pub exact: Exact,
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
        let words = words_asked(query);
        if words.len() > SEARCH_WORDS_MAX {
            return Err(Error::bad_request(format!(
                "`q` must be at most {SEARCH_WORDS_MAX} words; it has {}.",
                words.len()
            ))
            .at("q"));
        }
        Ok(Self {
            words,
            exact: Exact::parse(query),
            id: Id::parse(query),
        })
    }

    /// How `record` ranks, if it matches: the predicate that `search` promises, on every store.
    pub fn rank(&self, record: &Record) -> Option<Rank> {
        if self.id == Some(record.id()) {
            return Some(Rank::Exact);
        }
        let terms = index_terms(record);
        if self.exact.is_of(record, &terms) {
            return Some(Rank::Exact);
        }
        let begins = |beginning: &String| {
            terms
                .range::<String, _>(beginning..)
                .next()
                .is_some_and(|term| term.starts_with(beginning.as_str()))
        };
        let has = |Word(beginnings): &Word| beginnings.iter().any(begins);
        (!self.words.is_empty() && self.words.iter().all(has)).then_some(Rank::Words)
    }
}

/// The words of a query, in the order of their letters. What is a telephone number is asked for by each of its groups, or as
/// a whole; the extension is a word, and what it is marked by is none.
fn words_asked(query: &str) -> Vec<Word> {
    let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut ask = |text: &str, also: &[String]| {
        words::asked(text, &mut |word, joined| {
            let ways = asked.entry(word.to_owned()).or_default();
            ways.insert(word.to_owned());
            ways.extend(joined.map(str::to_owned));
            ways.extend(also.iter().cloned());
        });
    };
    let mut start = 0;
    for number in phone::numbers(query) {
        ask(&query[start..number.range.start], &[]);
        let groups = &query[number.digits_range.clone()];
        ask(groups, &number.beginnings());
        // A group may be a number of its own: two of them stand side by side.
        for group in groups.split(|char: char| !char.is_alphanumeric()) {
            let alone = phone::numbers(group);
            alone
                .iter()
                .for_each(|alone| ask(group, &alone.beginnings()));
        }
        number
            .extension
            .iter()
            .for_each(|extension| ask(extension, &[]));
        start = number.range.end;
    }
    ask(&query[start..], &[]);
    let word = |(_, ways): (String, BTreeSet<String>)| Word(ways.into_iter().collect());
    asked.into_iter().map(word).collect()
}

/// Everything that an index finds a record by: its words, its identifying values, its `metadata` values.
///
/// Empty for whatever is not a CRM object. A term is at most about 300 characters; terms of different sorts never
/// collide, and no word is a prefix of a term of another sort.
pub fn index_terms(record: &Record) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    match record {
        Record::Contact(contact) => {
            let [email, first_name, last_name, phone] = contact.texts();
            email
                .into_iter()
                .for_each(|email| add_address(&mut terms, email));
            for text in [first_name, last_name, phone].into_iter().flatten() {
                add_words(&mut terms, text);
            }
            phone
                .into_iter()
                .for_each(|phone| add_numbers(&mut terms, phone));
        }
        Record::Company(company) => {
            add_name(&mut terms, &company.name);
            if let Some(domain) = &company.domain {
                add_address(&mut terms, domain);
                terms.insert(exact_term(domain));
            }
        }
        Record::Deal(deal) => {
            add_name(&mut terms, &deal.title);
            for text in [&deal.currency, &deal.stage].into_iter().flatten() {
                add_words(&mut terms, text);
            }
        }
        Record::Activity(activity) => {
            for text in activity.texts().into_iter().flatten() {
                add_words(&mut terms, text);
            }
        }
        Record::Association(_)
        | Record::Field(_)
        | Record::Webhook(_)
        | Record::Event(_)
        | Record::Delivery(_)
        | Record::Key(_)
        | Record::Workspace(_) => return terms,
    }
    for (key, value) in metadata_of(record).into_iter().flatten() {
        add_metadata(&mut terms, value);
        terms.extend(metadata_term(key, value));
    }
    terms
}

fn add_words(terms: &mut BTreeSet<String>, text: &str) {
    words::words(text, &mut |word| {
        if !terms.contains(word) {
            terms.insert(word.to_owned());
        }
    });
}

/// A name, by its words and as a whole.
fn add_name(terms: &mut BTreeSet<String>, name: &str) {
    add_words(terms, name);
    terms.insert(exact_term(name));
}

/// An e-mail address or a domain: its words as it is written, and those that an `xn--` form stands for.
fn add_address(terms: &mut BTreeSet<String>, text: &str) {
    add_words(terms, text);
    let is_encoded = |bytes: &[u8]| bytes.eq_ignore_ascii_case(b"xn--");
    if text.as_bytes().windows(4).any(is_encoded) {
        let domain = text.rsplit_once('@').map_or(text, |(_, domain)| domain);
        add_words(terms, &host::readable(domain));
    }
}

fn add_numbers(terms: &mut BTreeSet<String>, text: &str) {
    for number in phone::numbers(text) {
        number.terms(&mut |term| {
            terms.insert(term);
        });
    }
}

/// The words of a text or of a list of texts. Other values are found by filters.
fn add_metadata(terms: &mut BTreeSet<String>, value: &Value) {
    match value {
        Value::String(text) => {
            add_words(terms, text);
            // Elsewhere digits are a date or a number of some other sort.
            if text.starts_with('+') {
                add_numbers(terms, text);
            }
        }
        Value::Array(values) => {
            let texts = values.iter().filter_map(Value::as_str);
            texts.for_each(|text| add_words(terms, text));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
}

/// The term of a whole text: a domain by what it is compared by, anything else by its words, so that `zeta inc` is
/// `Zeta, Inc.`.
fn exact_term(text: &str) -> String {
    if let Some(host) = host::bare(text) {
        return marked(&host);
    }
    let mut name = String::new();
    words::asked(text, &mut |word, _| {
        name.push_str(if name.is_empty() { "" } else { " " });
        name.push_str(word);
    });
    marked(&name)
}

fn marked(whole: &str) -> String {
    let mut term = String::from(EXACT_MARK);
    term.extend(whole.chars().take(METADATA_TERM_CHARS_MAX * 3));
    term
}

/// The term of one stored `metadata` value; lists and objects have none.
fn metadata_term(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(term_of(key, &nfc(text))),
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
