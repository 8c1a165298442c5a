//! Members that have several values: lists and searches find what has one of them.

use std::collections::BTreeSet;

use relm_core::query::filter::{self, Clause, Comparison, Condition, Filter, Target};
use relm_core::query::search::SearchTerms;
use relm_core::record::column::ColumnValue;
use relm_core::record::list::ListMember;
use relm_core::record::object::{Contact, ObjectType};
use relm_core::record::{Entry, Record, lists};
use relm_core::store::{Search, Write};
use relm_core::value::id::{Id, Kind};

use super::filters::agree;
use crate::records::{SCOPE, changed, contact, delete, insert, replace};
use crate::subject::Subject;
use crate::varied::{TEXTS, varied};

/// Characters that two long values have in common: more than an index need hold of one.
const COMMON_CHARS: usize = 300;

fn tagged(n: u64, tags: &[&str]) -> Contact {
    let mut contact = contact(n);
    contact.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    contact
}

/// What a request asks of a list: by the form in which its values are compared.
fn asked(kind: Kind, list: &ListMember, operator: &str, value: &str) -> Vec<Clause> {
    let filter = Filter::new(list.name, operator, value);
    filter::parse(kind, &[], &[filter]).expect("the filter is one of a list")
}

/// `list` gives the records of which a list meets the clause: those that have a value, others alone, one of several, any, or none.
pub(crate) async fn lists_of_values_are_filtered_by_the_predicate(store: Subject) {
    let long = "x".repeat(COMMON_CHARS);
    let longs = ["y", "z"].map(|end| format!("{long}{end}"));
    for kind in ObjectType::ALL.map(ObjectType::kind) {
        let mut records = varied(kind);
        if kind == Kind::Contact {
            let longs = (0..).zip(&longs);
            records.extend(longs.map(|(n, text)| tagged(900 + n, &[text, "b"]).into()));
            // What a list has, a text and metadata have too.
            let mut other = contact(902);
            other.last_name = Some("b".to_owned());
            other.metadata.insert("tags", "b");
            records.push(other.into());
        }
        let writes = records.iter().cloned();
        let writes = writes.map(|record| Write::Insert(Entry::new(record)));
        store.apply(SCOPE, writes.collect()).await;
        for list in lists(kind) {
            let texts = TEXTS.iter().copied().chain(["zz", &long, &longs[0]]);
            for text in texts {
                for operator in ["eq", "neq"] {
                    let clauses = asked(kind, list, operator, &cut(text));
                    agree(&store, kind, &records, &clauses).await;
                }
            }
            let (target, eq) = (Target::List(list), |text: &str| {
                ColumnValue::from(text.to_owned())
            });
            let whole = Condition::Compare(Comparison::Eq, eq(&longs[1]));
            let several = ["b", "ss", "zz"].map(eq).to_vec();
            for condition in [
                whole,
                Condition::In(several),
                Condition::In(Vec::new()),
                Condition::Null(true),
                Condition::Null(false),
            ] {
                let target = target.clone();
                agree(&store, kind, &records, &[Clause { target, condition }]).await;
            }
        }
    }
}

/// A filter's value is not longer than this, and begins as the text does.
fn cut(text: &str) -> String {
    text.chars().take(COMMON_CHARS + 1).collect()
}

/// A filter sees the values that a list has now: what is added is found at once, and what is removed is not.
pub(crate) async fn filters_follow_changes_of_lists(store: Subject) {
    let list = &lists(Kind::Contact)[0];
    let first = tagged(1, &["a", "b"]);
    let second = tagged(2, &[]);
    store
        .apply(SCOPE, vec![insert(first.clone()), insert(second.clone())])
        .await;
    let holds = async |now: &[&Contact]| {
        let now: Vec<Record> = now.iter().map(|it| (*it).clone().into()).collect();
        for text in ["a", "b", "c"] {
            let clauses = asked(Kind::Contact, list, "eq", text);
            agree(&store, Kind::Contact, &now, &clauses).await;
            let clauses = asked(Kind::Contact, list, "in", &format!("c,{text}"));
            agree(&store, Kind::Contact, &now, &clauses).await;
        }
    };
    holds(&[&first, &second]).await;
    let set = |contact: &Contact, tags: &[&str]| {
        let tags = tagged(0, tags).tags;
        changed(contact, |it| it.tags = tags)
    };
    let (first_now, second_now) = (set(&first, &["b", "c"]), set(&second, &["a"]));
    let writes = vec![
        replace(first, first_now.clone()),
        replace(second, second_now.clone()),
    ];
    store.apply(SCOPE, writes).await;
    holds(&[&first_now, &second_now]).await;
    let emptied = set(&first_now, &[]);
    let writes = vec![replace(first_now, emptied.clone()), delete(second_now)];
    store.apply(SCOPE, writes).await;
    holds(&[&emptied]).await;
}

/// A search finds a record by the words of its lists, as by those of its texts.
pub(crate) async fn a_search_reads_the_values_of_lists(store: Subject) {
    let records = [
        tagged(1, &["vip", "Berlin Mitte"]),
        tagged(2, &["Berliner"]),
        tagged(3, &[]),
    ];
    let writes = records.iter().cloned().map(insert);
    store.apply(SCOPE, writes.collect()).await;
    for query in ["vip", "berlin", "mitte berlin", "vip berliner", "tags"] {
        let terms = SearchTerms::parse(query).expect("it has words");
        let records = records.iter().cloned().map(Record::from);
        let expected = records.filter(|record| terms.rank(record).is_some());
        let expected: BTreeSet<Id> = expected.map(|record| record.id()).collect();
        let search = Search {
            terms,
            types: vec![ObjectType::Contact],
            after: None,
            limit: 50,
        };
        let found = store.search(SCOPE, &search).await;
        let found = found.expect("the store searches").documents;
        let found: BTreeSet<Id> = found.iter().map(|document| document.id).collect();
        assert_eq!(found, expected, "{query}");
    }
}
