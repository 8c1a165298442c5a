//! What filters ask of members that have several values.

use super::*;
use crate::query::search::{Rank, SearchTerms};
use crate::query::terms::index_terms;
use crate::record::column::{Identity, Searched};
use crate::record::list::ListMember;

/// Contacts with these tags.
fn tagged(tags: &[&[&str]]) -> Vec<Record> {
    let contacts = (1..).zip(tags).map(|(second, tags)| {
        let mut contact: Contact = blank(Kind::Contact, second * 1_000);
        contact.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        Record::from(contact)
    });
    contacts.collect()
}

#[test]
fn a_list_is_asked_for_what_it_has() {
    let long = "x".repeat(150);
    let longer = format!("{long}y");
    let records = tagged(&[
        &["vip", "caf\u{e9}"],
        &["cafe\u{301}"],
        &[],
        &["VIP", "a,b"],
        &["-", "vip of 2026"],
        &[&longer],
    ]);
    for (operator, value, expected) in [
        ("eq", "vip", &[1][..]),
        ("eq", "caf\u{e9}", &[1, 2]),
        ("eq", "-", &[5]),
        ("eq", "2026", &[]),
        ("eq", "", &[]),
        ("eq", &long, &[]),
        ("eq", &longer, &[6]),
        // Of what has none it is not said that it has another.
        ("neq", "vip", &[2, 4, 5, 6]),
        ("in", "vip,-", &[1, 5]),
        ("in", r"a\,b", &[4]),
        ("in", "x,nobody", &[]),
        ("is_null", "true", &[3]),
        ("is_null", "false", &[1, 2, 4, 5, 6]),
    ] {
        let given = ["tags", operator, value];
        let found = found(&records, &[], &[given]);
        assert_eq!(found, expected, "{given:?}");
        for clause in read(Kind::Contact, &[], &[given]).unwrap() {
            let Some(terms) = clause.terms() else {
                assert!(!matches!(operator, "eq" | "in"), "{given:?}");
                continue;
            };
            for place in &found {
                let own = index_terms(&records[place - 1]);
                assert!(
                    terms.iter().any(|term| own.contains(term)),
                    "{given:?}: {terms:?} of {own:?}"
                );
            }
        }
    }
}

#[test]
fn two_values_of_a_list_are_one_by_its_identity() {
    let list = |identity| ListMember {
        part_of: None,
        name: "it",
        identity,
        searched: Some(Searched::Words),
        values_max: 5,
        chars_max: 100,
    };
    let is_one =
        |identity, one: &str, other: &str| list(identity).key(one) == list(identity).key(other);
    assert!(is_one(Identity::Value, "\u{e9}", "e\u{301}"));
    assert!(!is_one(Identity::Value, "a", "A"));
    assert!(is_one(
        Identity::Email,
        "Ada@Example.COM",
        "ada@example.com"
    ));
    assert!(is_one(
        Identity::Phone,
        "+1 (415) 555-0132",
        "0014155550132"
    ));
    assert!(!is_one(
        Identity::Phone,
        "+1 (415) 555-0132",
        "+14155550133"
    ));
    assert!(!is_one(Identity::Phone, "555", "5-55"));
}

#[test]
fn a_record_without_lists_has_no_term_of_them() {
    let [with, without] = [&["vip"][..], &[]].map(|tags| index_terms(&tagged(&[tags])[0]));
    assert_eq!(without, std::collections::BTreeSet::new());
    assert_eq!(with.len(), 2, "its word, and the whole of it: {with:?}");
    // No text of another sort is found by it.
    let own = with.iter().find(|term| term.starts_with('#')).unwrap();
    let texts = json!({ "tags": own, "#tags#vip": "vip", own.as_str(): own });
    let other = contact(1, Some(own), &texts);
    assert!(!index_terms(&other).contains(own));
}

#[test]
fn search_reads_the_words_of_a_list() {
    let record = &tagged(&[&["vip", "Berlin, Mitte"]])[0];
    let rank = |query| SearchTerms::parse(query).unwrap().rank(record);
    assert_eq!(rank("berlin vip"), Some(Rank::Words));
    assert_eq!(rank("mit"), Some(Rank::Words));
    assert_eq!(rank("tags"), None);
}

#[test]
fn what_is_no_operator_of_a_list_is_refused_with_those_that_are() {
    let error = refusal(Kind::Contact, &[["tags", "ilike", "v%"]]);
    let message = "`ilike` does not apply to `tags`, which is of type list.";
    assert!(error.message().starts_with(message), "{}", error.message());
    let error = refusal(Kind::Deal, &[["tags", "contains", "vip"]]);
    assert!(
        error.message().contains("`filter[tags]=vip`"),
        "{}",
        error.message()
    );
    assert_eq!(error.suggestion(), Some("eq"));
    let error = refusal(Kind::Deal, &[["tags", "any_of", "vip"]]);
    assert_eq!(error.suggestion(), Some("in"));
    let error = refusal(Kind::Company, &[["labels", "eq", "vip"]]);
    assert_eq!(error.suggestion(), Some("tags"));
}
