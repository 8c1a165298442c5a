//! The trash: what is deleted is nowhere else, and comes back as it was.

use futures_util::TryStreamExt;
use relm_core::engine::{Crm, ListRequest, Scoped};
use relm_core::error::ErrorKind;
use relm_core::query::filter::Filter;
use relm_core::record::association::{Association, AssociationInput};
use relm_core::record::object::{Company, Contact, ContactInput};
use relm_core::record::{Change, EventType};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Mode;
use relm_core::value::time::Clock;
use relm_core::{ObjectType, SearchRequest};
use std::sync::Arc;

use super::acme::{Acme, came_back, company, contact, failure, phone, said, tagged};
use super::mock_transport::NoSleep;
use super::retention::DAY_MS;
use crate::subject::{NOW, Subject};

async fn create(scoped: &Scoped, email: &str) -> Contact {
    let input = ContactInput {
        first_name: "Ada".into(),
        metadata: tagged("plan", "pro"),
        ..contact(email)
    };
    let made = scoped.contacts().create(input).await;
    made.expect("it is valid")
}

async fn delete(scoped: &Scoped, id: Id) {
    let deleted = scoped.contacts().delete(id, None).await;
    deleted.expect("it is there");
}

async fn restore(scoped: &Scoped, id: Id) -> Contact {
    let restored = scoped.contacts().restore(id, None).await;
    restored.expect("it is in the trash, and nothing is in its way")
}

async fn link(scoped: &Scoped, from_id: Id, to_id: Id, label: &str) -> Association {
    let input = AssociationInput {
        from_id,
        to_id,
        label: Some(label.to_owned()),
        attributes: said(label),
    };
    let linked = scoped.associations().link(input).await;
    linked.expect("both are there")
}

/// Every association, newest first.
async fn edges(scoped: &Scoped) -> Vec<Association> {
    let listed = scoped.associations().list(&ListRequest::default()).await;
    listed.expect("the store lists").data
}

/// The ids in the trash, those that were deleted last first.
async fn trash(scoped: &Scoped) -> Vec<Id> {
    let listed = scoped.contacts().trash(&ListRequest::default()).await;
    let listed = listed.expect("the store lists");
    listed.data.iter().map(|contact| contact.id).collect()
}

/// Of everything that a list, a filter, a search, an address and an id find, how many are this contact.
async fn found(scoped: &Scoped, id: Id) -> usize {
    let filtered = [
        Filter::new("first_name", "eq", "Ada"),
        Filter::new("metadata.plan", "eq", "pro"),
        Filter::new("email", "eq", "ADA@example.com"),
        Filter::new("id", "in", id.text()),
    ];
    let filtered = filtered.map(|filter| ListRequest::default().filter(filter));
    let mut finds = 0;
    for request in [ListRequest::default()].into_iter().chain(filtered) {
        let page = scoped.contacts().list(&request).await;
        let page = page.expect("the store lists").data;
        finds += page.iter().filter(|contact| contact.id == id).count();
    }
    for query in ["ada@example.com", "ad", &id.text()] {
        let request = SearchRequest {
            q: query.to_owned(),
            ..SearchRequest::default()
        };
        let page = scoped.search(&request).await.expect("the store searches");
        finds += page.data.iter().filter(|record| record.id() == id).count();
    }
    let got = scoped.contacts().get(id).await.expect("the store reads");
    finds + usize::from(got.is_some())
}

/// How many ways of [`found`] there are.
const WAYS: usize = 9;

/// A record comes back as it was, as its next version, with its associations, to everything that finds records; once.
pub(crate) async fn a_deleted_record_is_restored_as_it_was(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = create(scoped, "ada@example.com").await;
    let shop = scoped.companies().create(company("Shop")).await;
    let shop = shop.expect("it is valid").id;
    let linked = [
        link(scoped, ada.id, shop, "works at").await,
        link(scoped, shop, ada.id, "employs").await,
    ];
    let before = edges(scoped).await;
    assert_eq!((before.len(), found(scoped, ada.id).await), (2, WAYS));
    acme.clock.advance_millis(DAY_MS);
    delete(scoped, ada.id).await;
    assert_eq!(found(scoped, ada.id).await, 0);
    assert_eq!(edges(scoped).await, []);
    let request = ListRequest::default();
    let last = scoped.contacts().trash(&request).await;
    let last = last.expect("the store lists").data;
    let version = |version, updated_at| {
        let mut contact = ada.clone();
        (contact.version, contact.updated_at) = (version, updated_at);
        contact
    };
    assert_eq!(last, [version(2, acme.clock.now())]);
    let twice = scoped.contacts().delete(ada.id, None).await;
    assert_eq!(failure(twice), ErrorKind::NotFound);

    acme.clock.advance_millis(DAY_MS);
    let stale = scoped.contacts().restore(ada.id, Some(1)).await;
    assert_eq!(failure(stale), ErrorKind::VersionConflict);
    let restored = scoped.contacts().restore(ada.id, Some(2)).await;
    let restored = restored.expect("that is its version");
    assert_eq!(restored, version(3, acme.clock.now()));
    assert_eq!(found(scoped, ada.id).await, WAYS);
    let before = came_back(before, acme.clock.now());
    assert_eq!(edges(scoped).await, before, "{linked:?}");
    assert_eq!(trash(scoped).await, []);
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    let again = scoped.contacts().restore(ada.id, None).await;
    assert_eq!(failure(again), ErrorKind::NotFound);
    let changed = scoped.contacts().update(ada.id, phone("1"), None).await;
    assert_eq!(changed.expect("it is there").version, 4);
}

/// A restoration is a change like others: with one event, in the history of its record, which was not there in between.
pub(crate) async fn a_restoration_is_in_the_history(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = create(scoped, "ada@example.com").await;
    acme.clock.advance_millis(DAY_MS);
    delete(scoped, ada.id).await;
    acme.clock.advance_millis(DAY_MS);
    let restored = restore(scoped, ada.id).await;
    let events = acme.events(&store).await;
    let types: Vec<EventType> = events.iter().map(|event| event.event_type).collect();
    let of = |change| EventType::Record(ObjectType::Contact, change);
    let expected = [Change::Created, Change::Deleted, Change::Restored].map(of);
    assert_eq!(types, expected);
    let told: Contact = events[2].data.decode().expect("it is a contact");
    assert_eq!((told, events[2].previous.len()), (restored, 0));
    let history = scoped.contacts().history(ada.id).await;
    let history = history.expect("it is there");
    let versions: Vec<i64> = history.data.iter().map(|entry| entry.version).collect();
    assert_eq!((versions, history.truncated_before), (vec![3, 2, 1], None));
    assert!(history.data[0].changes.is_empty());
    for (days, version) in [(0, Some(1)), (1, None), (2, Some(3)), (3, Some(3))] {
        let at = NOW.saturating_add_millis(days * DAY_MS);
        let state = scoped.contacts().get_at(ada.id, at).await;
        let state = state.expect("every event is kept");
        assert_eq!(state.map(|ada| ada.version), version, "after {days} days");
    }
}

/// What is unique of a deleted record is free, and in the way of its restoration where it was taken meanwhile.
pub(crate) async fn a_taken_address_is_in_the_way_of_a_restoration(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let first = create(scoped, "ada@example.com").await;
    delete(scoped, first.id).await;
    let second = create(scoped, "ADA@example.com").await;
    let events = acme.events(&store).await.len();
    let taken = scoped.contacts().restore(first.id, None).await;
    let taken = taken.expect_err("the address is taken");
    let said = (taken.kind(), taken.field(), taken.existing_id());
    let expected = (ErrorKind::Conflict, Some("email"), Some(second.id));
    assert_eq!(said, expected);
    assert_eq!(acme.events(&store).await.len(), events);
    assert_eq!(trash(scoped).await, [first.id]);
    delete(scoped, second.id).await;
    assert_eq!(trash(scoped).await, [second.id, first.id]);
    restore(scoped, first.id).await;
    let second = scoped.contacts().restore(second.id, None).await;
    assert_eq!(failure(second), ErrorKind::Conflict);
}

/// An association between two deleted records comes back with the later of them, in whatever order they come back.
pub(crate) async fn an_association_comes_back_with_the_later_of_its_ends(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let mut ends = Vec::new();
    for n in 0..3 {
        let made = create(scoped, &format!("{n}@example.com")).await;
        ends.push(made.id);
    }
    link(scoped, ends[0], ends[1], "knows").await;
    link(scoped, ends[1], ends[2], "knows").await;
    link(scoped, ends[2], ends[0], "knows").await;
    let mut all = edges(scoped).await;
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]] {
        for end in [0, 1, 2] {
            delete(scoped, ends[end]).await;
        }
        assert_eq!(edges(scoped).await, []);
        for (place, end) in order.into_iter().enumerate() {
            restore(scoped, ends[end]).await;
            let back = edges(scoped).await.len();
            assert_eq!(back, [0, 1, 3][place], "{order:?}");
        }
        all = came_back(all, acme.clock.now());
        assert_eq!(edges(scoped).await, all, "{order:?}");
        assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    }
    // What somebody unlinked does not come back.
    let unlinked = scoped.associations().unlink(all[0].id, None).await;
    unlinked.expect("it is there");
    delete(scoped, ends[0]).await;
    restore(scoped, ends[0]).await;
    let back = came_back(all.split_off(2), acme.clock.now());
    assert_eq!(edges(scoped).await, [&all[1..], &back].concat());
}

/// Of many restorations of one record one succeeds, and of restorations and creates of one address one; two records that are
/// restored at once have their association back.
pub(crate) async fn one_of_many_restorations_succeeds(store: Subject) {
    const CALLS: usize = 6;
    let acme = Acme::open(store.shared()).await;
    let other = acme.beside(store.shared(), 2).await;
    let handles = [acme.scoped.clone(), other];
    let scoped = &acme.scoped;
    let ada = create(scoped, "ada@example.com").await;
    for creates in [false, true] {
        delete(scoped, ada.id).await;
        let contend = async |n: usize| {
            let contacts = handles[n % 2].contacts();
            match creates && n.is_multiple_of(3) {
                true => contacts.create(contact("ada@example.com")).await,
                false => contacts.restore(ada.id, None).await,
            }
        };
        let outcomes = store.race((0..CALLS).map(contend));
        let made: Vec<Contact> = outcomes.into_iter().flatten().collect();
        let kept = scoped.contacts().list(&ListRequest::default()).await;
        assert_eq!(kept.expect("the store lists").data, made);
        assert_eq!(made.len(), 1);
        if made[0].id != ada.id {
            delete(scoped, made[0].id).await;
            restore(scoped, ada.id).await;
        }
    }
    let eva = create(scoped, "eva@example.com").await;
    let mut all = vec![link(scoped, ada.id, eva.id, "knows").await];
    for round in 0..4 {
        delete(scoped, ada.id).await;
        delete(scoped, eva.id).await;
        let both = [(0, ada.id), (1, eva.id)];
        let contend = async |(n, id): (usize, Id)| handles[n].contacts().restore(id, None).await;
        for restored in store.race(both.map(contend)) {
            restored.expect("nothing is in its way");
        }
        all = came_back(all, acme.clock.now());
        assert_eq!(edges(scoped).await, all, "{round}");
    }
}

/// The trash lists what was deleted last first, page by page, of its own type and scope alone, and takes no filters.
pub(crate) async fn the_trash_lists_what_was_deleted_last_first(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let mut ids = Vec::new();
    for n in 0..7 {
        ids.push(create(scoped, &format!("{n}@example.com")).await.id);
    }
    let shop = scoped.companies().create(company("Shop")).await;
    let shop = shop.expect("it is valid").id;
    link(scoped, ids[0], shop, "works at").await;
    let order = [3, 0, 6, 1, 5, 2, 4].map(|n| ids[n]);
    for id in order {
        delete(scoped, id).await;
        acme.clock.advance_millis(1);
    }
    let deleted = scoped.companies().delete(shop, None).await;
    deleted.expect("it is there");
    let mut expected = order.to_vec();
    expected.reverse();
    for limit in 1..9 {
        let request = ListRequest::default().limit(limit);
        let pages = scoped.contacts().trash(&request).pages();
        let pages: Vec<_> = pages.try_collect().await.expect("the store lists");
        assert_eq!(pages.len(), 7_usize.div_ceil(limit), "{limit}");
        let all = pages.into_iter().flat_map(|page| page.data);
        let all: Vec<Id> = all.map(|contact| contact.id).collect();
        assert_eq!(all, expected, "{limit}");
    }
    let request = ListRequest::default().limit(1);
    let companies = scoped.companies().trash(&request).await;
    let companies: Vec<Company> = companies.expect("the store lists").data;
    let companies: Vec<Id> = companies.iter().map(|company| company.id).collect();
    assert_eq!(companies, [shop]);
    let test = acme.crm.open(scoped.scope().workspace(), Mode::Test).await;
    let test = test.expect("it is there");
    assert_eq!(trash(&test).await, []);
    let elsewhere = test.contacts().restore(ids[0], None).await;
    assert_eq!(failure(elsewhere), ErrorKind::NotFound);
    let as_a_company = scoped.companies().restore(ids[0], None).await;
    assert_eq!(failure(as_a_company), ErrorKind::NotFound);
    let filtered = request.filter(Filter::new("email", "eq", "x@example.com"));
    let filtered = scoped.contacts().trash(&filtered).await;
    assert_eq!(failure(filtered), ErrorKind::BadRequest);
}

/// What was in the trash for long is deleted for good, with its associations, and its history stays.
pub(crate) async fn the_trash_is_emptied_after_its_time(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(create(scoped, &format!("{n}@example.com")).await.id);
    }
    link(scoped, ids[0], ids[4], "knows").await;
    link(scoped, ids[3], ids[4], "knows").await;
    for id in &ids[..4] {
        delete(scoped, *id).await;
        acme.clock.advance_millis(DAY_MS);
    }
    let empty = async |days: i64| {
        let before = NOW.saturating_add_millis(days * DAY_MS);
        let deleted = acme.crm.delete_expired_trash(before, &NoSleep).await;
        deleted.expect("the store works")
    };
    assert_eq!(empty(0).await, 0);
    assert_eq!(empty(2).await, 2);
    assert_eq!(empty(2).await, 0);
    assert_eq!(trash(scoped).await, [ids[3], ids[2]]);
    let late = scoped.contacts().restore(ids[0], None).await;
    assert_eq!(failure(late), ErrorKind::NotFound);
    let history = scoped.contacts().history(ids[0]).await;
    assert_eq!(history.expect("its events are kept").data.len(), 2);
    restore(scoped, ids[3]).await;
    assert_eq!(edges(scoped).await.len(), 1);
    assert_eq!(empty(9).await, 1);
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
}

/// An engine that keeps no trash deletes for good, and otherwise as ever; what events tell of what it deleted can be purged.
pub(crate) async fn a_trash_that_is_not_kept_is_empty(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let crm = Crm::builder(store.shared())
        .clock(Arc::clone(&acme.clock) as Arc<dyn Clock>)
        .trash(false)
        .build();
    let workspace = acme.scoped.scope().workspace();
    let scoped = crm.open(workspace, Mode::Live).await;
    let scoped = scoped.expect("it is there");
    let ada = create(&scoped, "ada@example.com").await;
    delete(&scoped, ada.id).await;
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    let restored = scoped.contacts().restore(ada.id, None).await;
    assert_eq!(failure(restored), ErrorKind::NotFound);
    let history = scoped.contacts().history(ada.id).await;
    assert_eq!(history.expect("its events are kept").data.len(), 2);
    // What its events tell of it can be erased all the same.
    let stale = scoped.contacts().purge(ada.id, Some(1)).await;
    assert_eq!(failure(stale), ErrorKind::VersionConflict);
    let as_a_company = scoped.companies().purge(ada.id, None).await;
    assert_eq!(failure(as_a_company), ErrorKind::NotFound);
    for again in [false, true] {
        let purged = scoped.contacts().purge(ada.id, Some(2)).await;
        assert!(purged.expect("its events are kept").purged, "{again}");
        let events = acme.events(&store).await;
        let [created, deleted, purged] = &events[..] else {
            panic!("{again}: there are {} events", events.len());
        };
        assert!(created.purged && deleted.purged && !purged.purged);
        let change = EventType::Record(ObjectType::Contact, Change::Purged);
        assert_eq!(purged.event_type, change);
        let told: Contact = purged.data.decode().expect("it is a contact");
        assert_eq!((told.id, told.version), (ada.id, 3));
        for event in [created, deleted] {
            let told: Contact = event.data.decode().expect("it is a contact");
            assert_eq!((told.email, told.first_name), (None, None));
        }
        assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    }
    let nobody = Id::new(Kind::Contact, 1);
    let never = scoped.contacts().purge(nobody, None).await;
    assert_eq!(failure(never), ErrorKind::NotFound);
}
