//! What a refused batch leaves: whatever is asked of the store is answered as before.

use relm_core::query::search::SearchTerms;
use relm_core::record::field::Field;
use relm_core::record::object::{Company, Contact, ObjectType};
use relm_core::record::{Delivery, Document, Event, Webhook};
use relm_core::store::{
    Batch, LogPage, Page, Query, Queue, Refusal, Require, Search, SearchPage, StoredResponse, Write,
};
use relm_core::value::id::{Id, Kind};

use super::commits::response;
use super::erasure::erased;
use super::leases::{lease, take};
use crate::records::{
    SCOPE, at, changed, changed_delivery, company, contact, contact_of, delete, delivery, edge,
    event, field, id, insert, replace, webhook,
};
use crate::subject::{Subject, assert_contract, batch, refused};

const EMAILS: [&str; 4] = ["ada", "eva", "new", "other"];
const KEYS: [&str; 3] = ["kept", "taken", "over"];

fn email(name: &str) -> String {
    format!("{name}@example.com")
}

/// What there is before any batch is refused.
struct Given {
    ada: Contact,
    eva: Contact,
    shop: Company,
    events: [Event; 4],
    /// The first is leased.
    deliveries: [Delivery; 2],
    field: Field,
    webhook: Webhook,
}

/// The write of a response about a record, which is kept until this moment.
fn about(key: &str, record: Id, until: i64) -> Write {
    Write::Remember(StoredResponse {
        expires_at: at(until),
        about: vec![record],
        ..response(key)
    })
}

impl Given {
    async fn of(store: &Subject) -> Self {
        let given = Self {
            ada: contact_of(1, &email("ada")),
            eva: contact_of(2, &email("eva")),
            shop: company(1),
            events: [1, 2, 3, 4].map(|n| event(n, &contact(n))),
            deliveries: [(1, 0), (2, 50)].map(|(n, due_at)| delivery(n, 1, at(due_at))),
            field: field(1, "plan"),
            webhook: webhook(1),
        };
        let mut writes = vec![
            insert(given.ada.clone()),
            insert(given.eva.clone()),
            insert(given.shop.clone()),
            insert(edge(1, given.ada.id, given.shop.id, None)),
            insert(given.field.clone()),
            insert(given.webhook.clone()),
            Write::Reconfigure,
            about("kept", given.ada.id, 1_000),
        ];
        writes.extend(given.events.iter().cloned().map(insert));
        writes.extend(given.deliveries.iter().cloned().map(insert));
        store.apply(SCOPE, writes).await;
        let [.., last] = &given.events;
        for remembered in [
            about("taken", given.eva.id, 1_000),
            about("over", given.ada.id, 10),
        ] {
            store.apply(SCOPE, vec![remembered]).await;
        }
        store.apply(SCOPE, vec![delete(last.clone())]).await;
        let [leased, _] = &given.deliveries;
        assert_contract!(take(store, &lease(1, 0, 100)).await, [leased.id]);
        given
    }

    /// A write of every sort, none of which is refused. The response that it remembers takes the place of one that is over.
    fn writes(&self) -> Vec<Write> {
        let [first, second, ..] = &self.events;
        let [leased, waiting] = &self.deliveries;
        let renamed = changed(&self.ada, |it| it.email = Some(email("other")));
        let mut disabled = self.webhook.clone();
        disabled.enabled = false;
        disabled.version += 1;
        vec![
            insert(contact_of(10, &email("new"))),
            replace(self.ada.clone(), renamed),
            delete(self.shop.clone()),
            Write::Unlink(self.shop.id),
            insert(edge(10, self.ada.id, self.eva.id, None)),
            insert(event(10, &self.ada)),
            replace(first.clone(), erased(first)),
            delete(second.clone()),
            insert(delivery(10, 2, at(-100))),
            replace(leased.clone(), changed_delivery(leased, |_| {})),
            delete(waiting.clone()),
            insert(field(10, "new")),
            delete(self.field.clone()),
            replace(self.webhook.clone(), disabled),
            Write::Reconfigure,
            Write::Forget {
                key: "kept".to_owned(),
                about: self.ada.id,
            },
            about("over", self.eva.id, 1_000),
        ]
    }
}

/// What the store answers to every sort of call.
#[derive(Debug, PartialEq)]
struct Answers {
    pages: Vec<Page>,
    got: Vec<Option<Document>>,
    found: Vec<Option<Document>>,
    searched: SearchPage,
    configuration: (i64, Vec<Field>, Vec<Webhook>),
    responses: Vec<Option<StoredResponse>>,
    about: Vec<Vec<String>>,
    log: LogPage,
    numbers: Vec<Option<i64>>,
    queues: Vec<Queue>,
}

async fn answers(store: &Subject) -> Answers {
    let (mut pages, mut got) = (Vec::new(), Vec::new());
    for kind in Kind::ALL {
        let query = Query {
            kind,
            clauses: Vec::new(),
            after: None,
            limit: 20,
        };
        let page = store.list(SCOPE, &query).await;
        pages.push(page.expect("the store lists records"));
        for n in [1, 2, 10] {
            let record = store.get(SCOPE, id(kind, n)).await;
            got.push(record.expect("the store reads a record"));
        }
    }
    let found = store.find(SCOPE, Kind::Contact, &EMAILS.map(email)).await;
    let search = Search {
        terms: SearchTerms::parse("example").expect("the query is well-formed"),
        types: ObjectType::ALL.to_vec(),
        after: None,
        limit: 20,
    };
    let searched = store.search(SCOPE, &search).await;
    let configuration = store.configured(SCOPE).await;
    let mut responses = Vec::new();
    for (key, now) in KEYS.iter().flat_map(|key| [5, 500].map(|now| (key, now))) {
        let response = store.response(SCOPE, key, at(now)).await;
        responses.push(response.expect("the store reads a response"));
    }
    let mut about = Vec::new();
    for n in [1, 2] {
        let keys = store.responses_about(SCOPE, id(Kind::Contact, n), None, 10);
        about.push(
            keys.await
                .expect("the store reads what responses are about"),
        );
    }
    let log = store.log(SCOPE, 0, 20).await;
    let events = [1, 2, 3, 4, 10].map(|n| id(Kind::Event, n));
    let numbers = store.numbers(SCOPE, &events).await;
    Answers {
        pages,
        got,
        found: found.expect("the store finds records"),
        searched: searched.expect("the store searches"),
        configuration: (
            configuration.version,
            configuration.fields,
            configuration.webhooks,
        ),
        responses,
        about,
        log: log.expect("the store reads its log"),
        numbers: numbers.expect("the store knows numbers"),
        queues: (store.queues(None, 20).await).expect("the store lists queues"),
    }
}

/// After a refusal the store is exactly as before, whatever was refused and wherever it stood: to every sort of call it answers as it did.
pub(crate) async fn a_refusal_changes_no_answer(store: Subject) {
    let given = Given::of(&store).await;
    let before = answers(&store).await;
    let later = |requires, writes| Batch {
        now: at(20),
        ..batch(SCOPE, requires, writes)
    };
    let stale = changed(&changed(&given.eva, |_| {}), |_| {});
    let before_stale = changed(&given.eva, |_| {});
    let (missing, holder) = (id(Kind::Deal, 1), given.eva.id);
    for place in [0, given.writes().len()] {
        let with = |requires, refused: Option<Write>| {
            let mut writes = given.writes();
            refused
                .into_iter()
                .for_each(|write| writes.insert(place, write));
            later(requires, writes)
        };
        let mut taken = with(Vec::new(), None);
        taken.writes.pop();
        let last = taken.writes.len();
        taken
            .writes
            .insert(place.min(last), about("taken", given.ada.id, 1_000));
        let stale = replace(before_stale.clone(), stale.clone());
        for (refused, expected) in [
            (
                with(vec![Require::Configuration(7)], None),
                Refusal::Configuration,
            ),
            (taken, Refusal::ResponseExists),
            (
                with(vec![Require::Exists(missing)], None),
                Refusal::Missing(vec![missing]),
            ),
            (
                with(Vec::new(), Some(stale)),
                Refusal::VersionConflict { write: place },
            ),
            (
                with(Vec::new(), Some(insert(contact(2)))),
                Refusal::IdConflict { write: place },
            ),
            (
                with(Vec::new(), Some(insert(contact_of(11, &email("eva"))))),
                Refusal::UniqueConflict {
                    write: place,
                    holder,
                },
            ),
        ] {
            assert_contract!(store.refusal_of(refused).await, expected);
            assert_contract!(answers(&store).await, before, "after {expected:?}");
        }
    }
    // Nothing of it was refused for anything else.
    let outcome = store.commit(later(Vec::new(), given.writes())).await;
    assert_contract!(refused(outcome), None);
    assert!(answers(&store).await != before);
}
