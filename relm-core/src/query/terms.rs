//! The terms of a record: all that an index finds it by. Search and filters on `metadata` share them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::record::Record;
use crate::record::column::Searched;
use crate::record::object::Object;
use crate::record::several::EMAILS;
use crate::value::text::nfc;
use crate::value::{host, json, phone, words};

/// Marks the term of a whole value: a domain or a name. No word begins with it.
const EXACT_MARK: char = '!';
/// Marks the term of a `metadata` value. No word begins with it.
const METADATA_MARK: char = '=';
/// Marks the term of a value of a list. No word begins with it, nor does the name of a list hold it.
const LIST_MARK: char = '#';
/// Characters of a `metadata` value or of one of a list in its term; a longer value is found by its first so many.
const METADATA_TERM_CHARS_MAX: usize = 100;

/// Everything that an index finds a record by: its words, its identifying values, those of its lists and of its `metadata`.
///
/// Empty for whatever is not a CRM object. A term is at most about 300 characters; terms of different sorts never
/// collide, and no word is a prefix of a term of another sort.
pub fn index_terms(record: &Record) -> BTreeSet<String> {
    let mut terms = Vec::with_capacity(16);
    each_term(record, &mut |term| terms.push(term.to_owned()));
    terms.into_iter().collect()
}

/// At least as many as the [`index_terms`] of an object, by the length of its texts where that is enough: in ASCII each
/// term has a character that no other has, of a text or of a `metadata` key, but for those of whole names and domains.
pub(crate) fn terms_at_most<T: Object>(object: &T) -> Option<usize> {
    let whole = T::COLUMNS.iter().filter(|column| {
        let searched = column.column().searched;
        matches!(searched, Some(Searched::Name | Searched::Domain))
    });
    let mut bytes = whole.count();
    let mut is_ascii = true;
    let mut add = |text: &str| {
        bytes += text.len();
        is_ascii &= text.is_ascii();
    };
    let texts = T::COLUMNS.iter().filter_map(|column| column.text(object));
    texts.for_each(&mut add);
    for list in T::LISTS {
        // Each has the term of the whole of it beside its words.
        list.each(object, &mut |text| {
            add(text);
            add(" ");
        });
    }
    for (key, value) in object.metadata() {
        add(key);
        match value {
            Value::String(text) => add(text),
            Value::Array(values) => values.iter().filter_map(Value::as_str).for_each(&mut add),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
        }
    }
    is_ascii.then_some(bytes)
}

/// Hands each of the [`index_terms`] to `out`, with repetitions.
pub(super) fn each_term(record: &Record, out: &mut impl FnMut(&str)) {
    for (searched, text) in record.searched() {
        each_searched(searched, text, out);
    }
    record.each_listed(&mut |list, text| {
        if let Some(searched) = list.searched {
            each_searched(searched, text, out);
        }
        out(&list_term(list.name, &list.key(text)));
    });
    for (key, value) in record.metadata().into_iter().flatten() {
        add_metadata(value, out);
        metadata_term(key, value).iter().for_each(|term| out(term));
    }
}

fn each_searched(searched: Searched, text: &str, out: &mut impl FnMut(&str)) {
    match searched {
        Searched::Words => words::words(text, out),
        Searched::Name => {
            words::words(text, out);
            out(&exact_term(text));
        }
        Searched::Email => add_address(text, out),
        Searched::Domain => {
            add_address(text, out);
            out(&exact_term(text));
        }
        Searched::Phone => {
            words::words(text, out);
            add_numbers(text, out);
        }
    }
}

/// An e-mail address or a domain: its words as it is written, and those that an `xn--` form stands for.
fn add_address(text: &str, out: &mut impl FnMut(&str)) {
    words::words(text, out);
    let is_encoded = |bytes: &[u8]| bytes[2..] == *b"--" && bytes[..2].eq_ignore_ascii_case(b"xn");
    if text.as_bytes().windows(4).any(is_encoded) {
        let domain = text.rsplit_once('@').map_or(text, |(_, domain)| domain);
        words::words(&host::readable(domain), out);
    }
}

fn add_numbers(text: &str, out: &mut impl FnMut(&str)) {
    for number in phone::numbers(text) {
        number.terms(&mut |term| out(&term));
    }
}

/// The words of a text or of a list of texts. Other values are found by filters.
fn add_metadata(value: &Value, out: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => {
            words::words(text, out);
            // Elsewhere digits are a date or a number of some other sort.
            if text.starts_with('+') {
                add_numbers(text, out);
            }
        }
        Value::Array(values) => {
            let texts = values.iter().filter_map(Value::as_str);
            texts.for_each(|text| words::words(text, out));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
}

/// The term of a whole text: a domain by what it is compared by, anything else by its words, so that `zeta inc` is
/// `Zeta, Inc.`.
pub(crate) fn exact_term(text: &str) -> String {
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
    term.push_str(first_chars(whole, METADATA_TERM_CHARS_MAX * 3));
    term
}

fn first_chars(text: &str, chars_max: usize) -> &str {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// The term of one stored `metadata` value; lists and objects have none.
fn metadata_term(key: &str, value: &Value) -> Option<String> {
    let key = nfc(key);
    match value {
        Value::String(text) => Some(term_of(&key, &nfc(text))),
        Value::Number(number) => Some(term_of(&key, &number_text(number.as_f64()?))),
        Value::Bool(truth) => Some(term_of(&key, &truth.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The terms that a value equal to `text` can have: as a text, and as a number if it reads as one.
pub(crate) fn metadata_terms(key: &str, text: &str) -> Vec<String> {
    let key = nfc(key);
    let mut terms = vec![term_of(&key, text)];
    if let Some(number) = number(text) {
        terms.push(term_of(&key, &number_text(number)));
        terms.dedup();
    }
    terms
}

/// The term of a value of a list, by what it is compared by.
pub(crate) fn list_term(name: &str, key: &str) -> String {
    let key = first_chars(key, METADATA_TERM_CHARS_MAX);
    let mut term = String::with_capacity(name.len() + key.len() + 2);
    term.push(LIST_MARK);
    term.push_str(name);
    term.push(LIST_MARK);
    term.push_str(key);
    term
}

/// The term of an address that a contact has beside its primary one, by what it is compared by.
pub fn address_term(key: &str) -> String {
    list_term(EMAILS, key)
}

/// A term that every text has which is this one, or this telephone number.
pub(crate) fn phone_term(text: &str) -> Option<String> {
    let mut first = None;
    if let Some(number) = phone::numbers(text).first() {
        number.terms(&mut |term| {
            first.get_or_insert(term);
        });
    }
    first.or_else(|| listed_term(text))
}

/// A term that a list has which this text is in: its longest word. None where it has no word.
pub(crate) fn listed_term(text: &str) -> Option<String> {
    let mut longest = String::new();
    words::words(text, &mut |word| {
        if word.len() > longest.len() {
            word.clone_into(&mut longest);
        }
    });
    (!longest.is_empty()).then_some(longest)
}

/// One text for equal numbers: `5`, `5.0` and `-0.0` as `0`.
fn number_text(number: f64) -> String {
    (number + 0.0).to_string()
}

fn term_of(key: &str, text: &str) -> String {
    let text = first_chars(text, METADATA_TERM_CHARS_MAX);
    let mut term = String::with_capacity(key.len() + text.len() + 2);
    term.push(METADATA_MARK);
    term.push_str(key);
    term.push(METADATA_MARK);
    term.push_str(text);
    term
}

/// A JSON number that records accept; integers within 2^53 compare exactly as doubles.
pub(super) fn number(text: &str) -> Option<f64> {
    let number: serde_json::Number = serde_json::from_str(text).ok()?;
    if !json::check_number(&number) || text.trim().len() != text.len() {
        return None;
    }
    number.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::object::Contact;
    use crate::value::id::{Id, Kind};
    use crate::value::scope::Mode;
    use crate::value::time::Timestamp;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_contact_has_no_more_terms_than_it_may_have_by_its_length(
            texts in prop::array::uniform4(prop::option::of(
                prop_oneof!["[ -~]{0,20}", "[1-9 +x'().-]{0,20}", "(xn--[a-z0-9-]{1,6}[.@]?){1,3}"],
            )),
            metadata in prop::collection::btree_map("[a-c]", "[+a1 ']{0,6}", 0..3),
            tags in prop::collection::vec("[ -~]{0,8}", 0..3),
        ) {
            let id = Id::new(Kind::Contact, 1);
            let mut contact = Contact::blank(id, Mode::Live, Timestamp::from_millis(0));
            [contact.email, contact.first_name, contact.last_name, contact.phone] = texts;
            contact.tags = tags;
            for (key, text) in metadata {
                contact.metadata.insert(key, Value::from(text));
            }
            let at_most = terms_at_most(&contact).expect("it is ASCII");
            prop_assert!(index_terms(&Record::from(contact)).len() <= at_most);
        }
    }
}
