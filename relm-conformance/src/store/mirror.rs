//! What a store must hold after all that was written to it, and how it is compared with what the store answers.

use std::collections::BTreeMap;

use relm_core::query::filter::{self, Clause, Filter, matches};
use relm_core::query::search::{SearchPosition, SearchTerms};
use relm_core::record::object::ObjectType;
use relm_core::record::{Document, Entry, Record};
use relm_core::store::{Query, Search, SearchPage, Write};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Scope;

use super::lists::walk;
use super::searches::ranked;
use crate::records::given;
use crate::subject::{Subject, assert_contract};

/// Pages of one search that are looked at: a store without an index ranks every record for each of them.
const SEARCH_PAGES_MAX: usize = 8;

/// The records of one scope, kept beside the store that they are written to.
pub(crate) struct Mirror {
    store: Subject,
    scope: Scope,
    records: BTreeMap<Id, Record>,
}

/// Clauses as a request says them: a field, an operator, a value.
pub(crate) fn clauses(kind: Kind, filters: &[(&str, &str, &str)]) -> Vec<Clause> {
    let filter = |(field, operator, value): &(&str, &str, &str)| Filter {
        field: (*field).to_owned(),
        operator: (*operator).to_owned(),
        value: (*value).to_owned(),
    };
    let filters: Vec<Filter> = filters.iter().map(filter).collect();
    filter::parse(kind, &[], &filters).expect("the filters are well-formed")
}

impl Mirror {
    /// A scope to which no case has written yet.
    pub fn of(store: &Subject, scope: Scope) -> Self {
        let given = given(scope).into_iter();
        Self {
            store: store.clone(),
            scope,
            records: given.map(|record| (record.id(), record)).collect(),
        }
    }

    /// Commits these writes as one batch, which nothing forbids.
    pub async fn apply(&mut self, writes: Vec<Write>) {
        self.store.apply(self.scope, writes.clone()).await;
        self.applied(writes);
    }

    /// Takes in writes that were committed.
    pub fn applied(&mut self, writes: Vec<Write>) {
        for write in writes {
            match write {
                Write::Insert(Entry { record, .. })
                | Write::Replace {
                    after: Entry { record, .. },
                    ..
                } => drop(self.records.insert(record.id(), record)),
                Write::Delete(entry) => drop(self.records.remove(&entry.record.id())),
                Write::Unlink(end) => self.records.retain(|_, record| {
                    let Record::Association(edge) = record else {
                        return true;
                    };
                    edge.from_id != end && edge.to_id != end
                }),
                Write::Reconfigure | Write::Remember(_) | Write::Forget { .. } => {}
            }
        }
    }

    /// Commits the insert of these records, as one batch.
    pub async fn insert(&mut self, records: impl IntoIterator<Item = impl Into<Record>>) {
        let writes = records.into_iter().map(|it| Write::Insert(Entry::new(it)));
        self.apply(writes.collect()).await;
    }

    /// The records of a kind, oldest first.
    pub fn of_kind(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Record> {
        let range = Id::new(kind, 0)..=Id::new(kind, u128::MAX);
        self.records.range(range).map(|(_, record)| record)
    }

    /// Holds every page of a list to the predicate, for each of these limits. How many records there are on them.
    pub async fn lists(&self, kind: Kind, clauses: &[Clause], limits: &[usize]) -> usize {
        let newest_first = self.of_kind(kind).rev();
        let expected: Vec<Document> = newest_first
            .filter(|record| matches(clauses, record))
            .map(|record| Entry::new(record.clone()).document())
            .collect();
        for limit in limits {
            let walked = walk(&self.store, self.scope, kind, clauses, *limit).await;
            if walked != expected {
                let ids = |all: &[Document]| all.iter().map(|it| it.id).collect::<Vec<_>>();
                let (walked, expected) = (ids(&walked), ids(&expected));
                assert_contract!(walked, expected, "{kind:?} by {clauses:?}, limit {limit}");
                panic!("a document of {kind:?} is another than was written");
            }
        }
        expected.len()
    }

    /// Holds one page of a list, after this record, to the predicate.
    pub async fn page_after(&self, kind: Kind, clauses: &[Clause], after: Id, limit: usize) {
        let query = Query {
            kind,
            clauses: clauses.to_vec(),
            after: Some(after),
            limit,
        };
        let page = self.store.list(self.scope, &query).await;
        let page = page.expect("the store lists records");
        let older = self.of_kind(kind).rev().filter(|it| it.id() < after);
        let mut expected = older
            .filter(|record| matches(clauses, record))
            .map(Record::id);
        let on_page: Vec<Id> = expected.by_ref().take(limit).collect();
        let listed: Vec<Id> = page.documents.iter().map(|it| it.id).collect();
        assert_contract!(listed, on_page, "{query:?}");
        assert_contract!(page.more, expected.next().is_some(), "{query:?}");
    }

    /// Holds the first pages of a search to what ranks, for each of these limits. How many records are found.
    pub async fn searches(&self, query: &str, types: &[ObjectType], limits: &[usize]) -> usize {
        let records: Vec<Record> = self.records.values().cloned().collect();
        let mut search = Search {
            terms: SearchTerms::parse(query).expect("the query is well-formed"),
            types: types.to_vec(),
            after: None,
            limit: 0,
        };
        let expected = ranked(&records, &search);
        for limit in limits {
            (search.limit, search.after) = (*limit, None);
            let mut left = expected.as_slice();
            for _ in 0..SEARCH_PAGES_MAX {
                let page = self.store.search(self.scope, &search).await;
                let SearchPage {
                    documents,
                    last,
                    more,
                } = page.expect("the store searches");
                let (on_page, rest) = left.split_at(left.len().min(*limit));
                let found: Vec<Id> = documents.iter().map(|it| it.id).collect();
                let wanted: Vec<Id> = on_page.iter().map(|(_, id)| *id).collect();
                let which = || format!("{query} in {types:?}, limit {limit}, {} left", left.len());
                assert_contract!(found, wanted, "{}", which());
                let place = on_page.last().map(|(rank, id)| SearchPosition {
                    rank: *rank,
                    ulid: id.ulid(),
                });
                assert_contract!((last, more), (place, !rest.is_empty()), "{}", which());
                for document in documents {
                    let kept = self.records.get(&document.id).cloned().map(Entry::new);
                    assert_contract!(Some(document), kept.map(|kept| kept.document()));
                }
                if rest.is_empty() {
                    break;
                }
                (left, search.after) = (rest, last);
            }
        }
        expected.len()
    }

    /// Holds `find` to what has each of these unique keys. How many it finds.
    pub async fn finds(&self, kind: Kind, keys: &[String]) -> usize {
        let held: BTreeMap<String, &Record> = self
            .of_kind(kind)
            .filter_map(|record| Some((record.unique_key()?, record)))
            .collect();
        let document = |key: &String| {
            let record = held.get(key).copied().cloned();
            record.map(|record| Entry::new(record).document())
        };
        let expected: Vec<Option<Document>> = keys.iter().map(document).collect();
        let found = self.store.find(self.scope, kind, keys).await;
        let found = found.expect("the store finds records");
        assert_contract!(found.len(), keys.len());
        for ((found, expected), key) in found.iter().zip(&expected).zip(keys) {
            assert_contract!(found, expected, "{key}");
        }
        expected.iter().flatten().count()
    }

    /// Holds the list of every kind, and `find` of every unique key, to all that was written.
    pub async fn holds(&self) {
        for kind in Kind::ALL {
            self.lists(kind, &[], &[1_000]).await;
            let keys: Vec<String> = self.of_kind(kind).filter_map(Record::unique_key).collect();
            self.finds(kind, &keys).await;
        }
    }
}
