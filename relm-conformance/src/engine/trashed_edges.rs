//! Associations in the trash: they come back with their records, however many they are, and stay for as long as those.

use std::sync::Arc;

use relm_core::engine::{ListRequest, Scoped};
use relm_core::error::ErrorKind;
use relm_core::limits::TRASHED_ASSOCIATIONS_MAX;
use relm_core::record::association::{Association, AssociationInput};
use relm_core::record::{Entry, Trashed};
use relm_core::store::Write;
use relm_core::value::id::{Id, Kind};

use super::acme::{Acme, company, contact, failure};
use super::broken_off::BreaksOff;
use super::canary::once;
use super::mock_transport::NoSleep;
use super::retention::DAY_MS;
use crate::intercept::Intercepted;
use crate::records::{company as some_company, edge, id, insert, number_of};
use crate::subject::{NOW, Subject};

async fn person(scoped: &Scoped, email: &str) -> Id {
    let made = scoped.contacts().create(contact(email)).await;
    made.expect("it is valid").id
}

async fn link(scoped: &Scoped, from_id: Id, to_id: Id) -> Association {
    let input = AssociationInput {
        from_id,
        to_id,
        label: Some("knows".to_owned()),
        attributes: Default::default(),
    };
    let linked = scoped.associations().link(input).await;
    linked.expect("both are there")
}

async fn edges(acme: &Acme, store: &Subject) -> usize {
    acme.all(store, Kind::Association).await.len()
}

async fn empty(acme: &Acme, days: i64) {
    let before = NOW.saturating_add_millis(days * DAY_MS);
    let emptied = acme.crm.delete_expired_trash(before, &NoSleep).await;
    emptied.expect("the store works");
}

/// An association that waits for the later of its ends stays for as long as that can be restored, and no longer.
pub(crate) async fn an_association_waits_for_its_later_end(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = person(scoped, "ada@example.com").await;
    let eva = person(scoped, "eva@example.com").await;
    link(scoped, ada, eva).await;
    for (days, id) in [(0, ada), (10, eva)] {
        acme.clock.advance_millis(days * DAY_MS);
        let deleted = scoped.contacts().delete(id, None).await;
        deleted.expect("it is there");
    }
    acme.clock.advance_millis(10 * DAY_MS);
    let restored = scoped.contacts().restore(ada, None).await;
    restored.expect("it is in the trash");
    empty(&acme, 5).await;
    empty(&acme, 10).await;
    assert_eq!(acme.all(&store, Kind::Trashed).await.len(), 2);
    let restored = scoped.contacts().restore(eva, None).await;
    restored.expect("it is in the trash");
    assert_eq!(edges(&acme, &store).await, 1);
    let deleted = scoped.contacts().delete(ada, None).await;
    deleted.expect("it is there");
    empty(&acme, 21).await;
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
}

/// Associations to companies that are there, as a batch of the store.
fn hub(first: u64, of: Id, count: u64) -> impl Iterator<Item = Association> {
    (first..first + count)
        .map(move |n| edge(n, of, id(Kind::Company, n % 40), Some(&format!("{n}"))))
}

async fn insert_companies(acme: &Acme, store: &Subject) {
    let companies = (0..40).map(|n| insert(some_company(n)));
    store.apply(acme.scoped.scope(), companies.collect()).await;
}

/// While a record can be restored, its associations can, wherever the emptying of the trash was broken off.
pub(crate) async fn what_can_be_restored_has_its_associations(store: Subject) {
    const EDGES: u64 = 250;
    let acme = Acme::open(store.shared()).await;
    let scope = acme.scoped.scope();
    insert_companies(&acme, &store).await;
    for commits in 0..4 {
        let ada = person(&acme.scoped, "ada@example.com").await;
        let edges = hub(1_000 * commits as u64, ada, EDGES).map(insert);
        store.apply(scope, edges.collect()).await;
        let deleted = acme.scoped.contacts().delete(ada, None).await;
        deleted.expect("it is there");
        let breaking = Arc::new(Intercepted {
            store: store.shared(),
            by: Arc::new(BreaksOff::after(commits)),
        });
        let crm = super::acme::engine(breaking, &acme.clock, 90 + commits as u64);
        let before = acme.crm.now().saturating_add_millis(DAY_MS);
        let emptied = crm.delete_expired_trash(before, &NoSleep).await;
        let restored = acme.scoped.contacts().restore(ada, None).await;
        assert_eq!(restored.is_ok(), commits == 0, "{emptied:?}");
        let back = acme.all(&store, Kind::Association).await.len();
        assert_eq!(back, if commits == 0 { EDGES as usize } else { 0 });
        if restored.is_ok() {
            let deleted = acme.scoped.contacts().delete(ada, None).await;
            deleted.expect("it is there");
        }
        empty(&acme, 2).await;
        assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    }
}

/// An association that is there by now is the one that would come back: it stays, and the trash has it no more.
pub(crate) async fn an_association_that_is_there_stays(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = person(scoped, "ada@example.com").await;
    let eva = person(scoped, "eva@example.com").await;
    link(scoped, ada, eva).await;
    let deleted = scoped.contacts().delete(ada, None).await;
    deleted.expect("it is there");
    let there = edge(1, ada, eva, Some("knows"));
    let existing = there.id;
    store.apply(scoped.scope(), vec![insert(there)]).await;
    let restored = scoped.contacts().restore(ada, None).await;
    restored.expect("nothing is in its way");
    let all = acme.all(&store, Kind::Association).await;
    let ids: Vec<Id> = all.iter().map(|edge| edge.id).collect();
    assert_eq!(ids, [existing]);
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
}

/// Of what comes back in further commits each association stands for itself: one that somebody made anew holds up no other.
pub(crate) async fn each_association_comes_back_by_itself(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    insert_companies(&acme, &store).await;
    let ada = person(scoped, "ada@example.com").await;
    let deleted = scoped.contacts().delete(ada, None).await;
    deleted.expect("it is there");
    let all = TRASHED_ASSOCIATIONS_MAX as u64 + 300;
    let in_trash: Vec<Association> = hub(0, ada, all).collect();
    store
        .apply(scoped.scope(), in_trash.iter().map(trashed).collect())
        .await;
    let breaking = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::new(BreaksOff::after(1)),
    });
    let broken_off = once(&acme.beside(breaking, 7).await, "restore");
    let restored = broken_off.contacts().restore(ada, None).await;
    restored.expect("it is in the trash");
    let there = acme.all(&store, Kind::Association).await;
    let is_there = |edge: &Association| there.iter().any(|it| it.id == edge.id);
    let missing = in_trash.iter().filter(|edge| !is_there(edge));
    let missing: Vec<&Association> = missing.collect();
    assert_eq!(missing.len(), 300);
    // Three of them are made anew before the rest comes back.
    for edge in &missing[..3] {
        let input = AssociationInput {
            from_id: edge.from_id,
            to_id: edge.to_id,
            label: edge.label.clone(),
            attributes: Default::default(),
        };
        let linked = scoped.associations().link(input).await;
        assert_ne!(linked.expect("both are there").id, edge.id);
    }
    let again = once(scoped, "restore").contacts().restore(ada, None).await;
    again.expect("it is replayed");
    assert_eq!(edges(&acme, &store).await, all as usize);
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
}

/// An association in the trash, as it is written there.
fn trashed(edge: &Association) -> Write {
    let json = Entry::new(edge.clone()).json;
    let id = id(Kind::Trashed, number_of(edge.id));
    insert(Trashed::association(id, edge, json))
}

/// A record is deleted with as many associations as one commit is to hold, and with no more.
pub(crate) async fn a_hub_is_deleted_up_to_its_limit(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    insert_companies(&acme, &store).await;
    let ada = person(scoped, "ada@example.com").await;
    let all = TRASHED_ASSOCIATIONS_MAX as u64 + 1;
    let hub: Vec<Association> = hub(0, ada, all).collect();
    let writes = hub.iter().cloned().map(insert).collect();
    store.apply(scoped.scope(), writes).await;
    let refused = scoped.contacts().delete(ada, None).await;
    assert_eq!(failure(refused), ErrorKind::Conflict);
    assert_eq!(edges(&acme, &store).await, all as usize);
    let unlinked = scoped.associations().unlink(hub[0].id, None).await;
    unlinked.expect("it is there");
    let deleted = scoped.contacts().delete(ada, None).await;
    deleted.expect("it has no more than that");
    assert_eq!(edges(&acme, &store).await, 0);
    let restored = scoped.contacts().restore(ada, None).await;
    restored.expect("it is in the trash");
    assert_eq!(edges(&acme, &store).await, TRASHED_ASSOCIATIONS_MAX);
    // For good, it is deleted however many it has.
    store
        .apply(scoped.scope(), vec![insert(hub[0].clone())])
        .await;
    let purged = scoped.contacts().purge(ada, None).await;
    assert!(purged.expect("it is there").deleted);
    assert_eq!(edges(&acme, &store).await, 0);
    // Each association has an event, which takes longer than a call waits.
    let purged = scoped.contacts().purge(ada, None).await;
    assert!(purged.expect("it goes on").purged);
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
}

/// What the trash has of a record's associations comes back, however much that is: its other ends may have been deleted one by one.
/// A restoration that is broken off is one all the same, and goes on under its key.
pub(crate) async fn a_hub_comes_back_whole(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    insert_companies(&acme, &store).await;
    let ada = person(scoped, "ada@example.com").await;
    let shop = scoped.companies().create(company("Gone")).await;
    let shop = shop.expect("it is valid").id;
    link(scoped, ada, shop).await;
    for deleted in [
        scoped.contacts().delete(ada, None).await,
        scoped.companies().delete(shop, None).await,
    ] {
        deleted.expect("it is there");
    }
    let all = TRASHED_ASSOCIATIONS_MAX as u64 + 300;
    let in_trash = hub(0, ada, all).map(|edge| trashed(&edge));
    store.apply(scoped.scope(), in_trash.collect()).await;
    // The first commit brings back the record; what fails after it is made up for by the same request.
    let breaking = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::new(BreaksOff::after(1)),
    });
    let broken_off = once(&acme.beside(breaking, 7).await, "restore");
    let restored = broken_off.contacts().restore(ada, None).await;
    restored.expect("it is in the trash");
    assert!(edges(&acme, &store).await < all as usize);
    let again = once(scoped, "restore").contacts().restore(ada, None).await;
    again.expect("it is replayed");
    assert_eq!(edges(&acme, &store).await, all as usize);
    assert_eq!(acme.all(&store, Kind::Trashed).await.len(), 2);
    let restored = scoped.companies().restore(shop, None).await;
    restored.expect("it is in the trash");
    assert_eq!(edges(&acme, &store).await, all as usize + 1);
    let list = scoped.contacts().list(&ListRequest::default()).await;
    assert_eq!(list.expect("it lists").data.len(), 1);
}
