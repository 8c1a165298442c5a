//! Search: what a query asks for, and how what is found ranks.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::limits::{SEARCH_QUERY_CHARS_MAX, SEARCH_WORDS_MAX};
use crate::query::terms::{each_term, exact_term};
use crate::record::Record;
use crate::record::object_type::{self, ObjectType};
use crate::value::excerpt::Quoted;
use crate::value::id::{Id, Kind};
use crate::value::{email, phone, words};

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

    fn is_email_of(&self, record: &Record) -> bool {
        match self {
            Self::Email(key) => {
                record.kind() == Kind::Contact && record.address_keys().contains(key)
            }
            Self::Term(_) => false,
        }
    }

    fn is_term(&self, term: &str) -> bool {
        match self {
            Self::Term(own) => own == term,
            Self::Email(_) => false,
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

    /// What has this term: that of a [whole name](exact_term), or the digits of a telephone number.
    pub(crate) fn exactly(term: String) -> Self {
        Self {
            words: Vec::new(),
            exact: Exact::Term(term),
            id: None,
        }
    }

    /// How `record` ranks, if it matches: the predicate that `search` promises, on every store.
    pub fn rank(&self, record: &Record) -> Option<Rank> {
        if self.id == Some(record.id()) || self.exact.is_email_of(record) {
            return Some(Rank::Exact);
        }
        let mut is_exact = false;
        let mut found = vec![false; self.words.len()];
        each_term(record, &mut |term| {
            is_exact |= self.exact.is_term(term);
            for (Word(beginnings), found) in self.words.iter().zip(&mut found) {
                *found = *found || beginnings.iter().any(|begins| term.starts_with(begins));
            }
        });
        if is_exact {
            return Some(Rank::Exact);
        }
        (!found.is_empty() && found.into_iter().all(|found| found)).then_some(Rank::Words)
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
    let word = |(_, ways): (String, BTreeSet<String>)| {
        let mut ways: Vec<String> = ways.into_iter().collect();
        // Whatever begins with the longer of two begins with the shorter, which stands right before it.
        ways.dedup_by(|way, shorter| way.starts_with(shorter.as_str()));
        Word(ways)
    };
    asked.into_iter().map(word).collect()
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
                    object_type::OTHER_NAMES,
                )
        })?;
        if !chosen.contains(&object_type) {
            chosen.push(object_type);
        }
    }
    chosen.sort_unstable();
    Ok(chosen)
}

/// A position in search results: matches are ordered by rank, then newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchPosition {
    /// The rank of the last record of the page before.
    pub rank: Rank,
    /// Its ULID, which no two records share.
    pub ulid: u128,
}

impl SearchPosition {
    /// Whether a match of this rank and id comes after this position.
    pub fn is_before(&self, rank: Rank, id: Id) -> bool {
        (self.rank, std::cmp::Reverse(self.ulid)) < (rank, std::cmp::Reverse(id.ulid()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_asked_for_in_no_way_that_another_holds() {
        let run = format!("{} {}", vec!["a"; 40].join("'"), vec!["b"; 40].join("'"));
        let asked = |query: &str| {
            let terms = SearchTerms::parse(query).expect("it is a query");
            let ways = terms.words.into_iter().map(|Word(ways)| ways.join("|"));
            ways.collect::<Vec<String>>()
        };
        assert_eq!(asked(&run), ["a", "b"]);
        assert_eq!(asked("O'Brien"), ["brien|obrien", "o"]);
        assert_eq!(asked("a'b'b'b"), ["a", "ab|b"]);
    }
}
