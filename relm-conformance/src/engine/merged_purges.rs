//! Purges of records that were merged, and of those that others were merged into.

use std::collections::BTreeMap;
use std::sync::Arc;

use relm_core::ObjectType;
use relm_core::engine::{BatchInput, ConflictCode, Scoped};
use relm_core::record::object::ContactInput;
use relm_core::record::{Change, EventType, Trashed};
use relm_core::value::id::{Id, Kind};
use relm_core::value::time::Clock;

use super::acme::{Acme, contact, endpoint, phone};
use super::broken_off::BreaksOff;
use super::merge_steps::everywhere;
use super::merges::{create, deal, merge, stands_for};
use super::mock_transport::NoSleep;
use super::undone::{request, undo};
use super::unmoved::Unmoved;
use crate::intercept::Intercepted;
use crate::subject::Subject;

/// How many events tell of each record that it is purged.
async fn purges(acme: &Acme, store: &Subject) -> BTreeMap<Id, usize> {
    let purged = EventType::Record(ObjectType::Contact, Change::Purged);
    let mut all = BTreeMap::new();
    for event in acme.events(store).await {
        if event.event_type == purged
            && let Some(id) = event.record_id()
        {
            *all.entry(id).or_default() += 1;
        }
    }
    all
}

async fn purge_to_the_end(scoped: &Scoped, id: Id, calls_max: usize) {
    for _ in 0..calls_max {
        let purged = scoped.contacts().purge(id, None).await;
        if purged.expect("it is known").purged {
            return;
        }
    }
    panic!("{id} is not purged by {calls_max} calls");
}

/// From the first commit of a purge on no undo brings back what was merged into the record, however far the erasure has got; and it is ended
/// by whoever asks again, or by upkeep.
pub(crate) async fn an_undo_brings_nothing_back_that_is_being_purged(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    endpoint(scoped, "hook", &["*"]).await;
    let mut told = BTreeMap::new();
    for commits in 1..8 {
        let ada = create(scoped, contact("ada@example.com")).await.id;
        let bob = create(scoped, contact("secret-bob@example.com")).await.id;
        let eve = create(scoped, contact("secret-eve@example.com")).await.id;
        let one = deal(scoped, "One", bob).await;
        let (by, merged) = request(&acme);
        merge(&by, ada, &[bob, eve]).await;
        if commits % 2 == 0 {
            let deleted = scoped.contacts().delete(ada, None).await;
            deleted.expect("it is there");
        }
        let breaking = Arc::new(Intercepted {
            store: store.shared(),
            by: Arc::new(BreaksOff::after(commits)),
        });
        let broken = acme.beside(breaking, 300 + commits as u64).await;
        let purged = broken.contacts().purge(ada, None).await;
        let purged = purged.expect("its first commit is there");
        assert!(!purged.purged, "{commits}");
        for id in [ada, bob, eve] {
            assert_eq!(stands_for(scoped, id).await, None);
        }
        let undone = undo(scoped, merged).await;
        assert_eq!(undone.reverted, [], "{commits}");
        let gone = undone.conflicts.iter();
        let gone = gone.filter(|it| it.code == ConflictCode::Gone);
        let gone: Vec<Id> = gone.map(|it| it.id).collect();
        assert!(
            [ada, bob, eve].iter().all(|id| gone.contains(id)),
            "{gone:?}"
        );
        match commits % 3 {
            0 => purge_to_the_end(scoped, ada, 2).await,
            1 => purge_to_the_end(scoped, bob, 2).await,
            _ => {}
        }
        let now = acme.clock.now();
        let emptied = acme.crm.delete_expired_trash(now, &NoSleep).await;
        emptied.expect("the store works");
        assert!(acme.all(&store, Kind::Trashed).await.is_empty());
        assert!(!everywhere(&acme, &store).await.contains("secret"));
        let one = scoped.deals().get(one).await.expect("it reads");
        assert_eq!(one.expect("it is there").primary_contact_id, None);
        told.extend([(ada, 1), (bob, 1), (eve, 1)]);
        assert_eq!(purges(&acme, &store).await, told);
    }
}

/// So many events of a contact, in few commits.
async fn events_of(scoped: &Scoped, email: &str, count: usize) {
    let mut left = count;
    while left > 0 {
        let rows = left.min(500);
        let rows = (left - rows..left).map(|number| ContactInput {
            phone: number.to_string().into(),
            ..contact(email)
        });
        let rows: Vec<ContactInput> = rows.collect();
        left -= rows.len();
        let batch = BatchInput {
            rows,
            dedup_on: vec!["email".to_owned()],
            atomic: true,
        };
        let made = scoped.contacts().batch(batch).await;
        made.expect("they are valid");
    }
}

/// Whoever asks for a purge again goes on with it where the last call left it, also in the midst of what was merged into the record.
pub(crate) async fn a_purge_of_what_was_merged_goes_on_where_it_was_left(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = create(scoped, phone("1")).await.id;
    let bob = create(scoped, contact("secret-bob@example.com")).await.id;
    events_of(scoped, "secret-bob@example.com", 2_000).await;
    merge(scoped, ada, &[bob]).await;
    let purged = scoped.contacts().purge(ada, None).await;
    assert!(!purged.expect("it is there").purged);
    let entries = acme.all(&store, Kind::Trashed).await;
    let entries = entries.iter().map(|it| it.decode::<Trashed>());
    let entries: Vec<Trashed> = entries.collect::<Result<_, _>>().expect("they are entries");
    assert!(entries.iter().all(|entry| entry.document.get() != "null"));
    purge_to_the_end(scoped, ada, 3).await;
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    assert!(!everywhere(&acme, &store).await.contains("secret"));
}

/// A merged record that is purged takes nothing of its survivor's along: what still refers to it is moved, also where the survivor is in the
/// trash, and what was linked to it comes back with that.
pub(crate) async fn a_purge_of_a_merged_record_leaves_its_survivor_what_is_its(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    for in_trash in [false, true] {
        let merged = Unmoved::merge(&acme, &store, 400 + u64::from(in_trash)).await;
        let Unmoved { ada, bob, eve, .. } = merged;
        if in_trash {
            let deleted = scoped.contacts().delete(ada, None).await;
            deleted.expect("it is there");
        }
        purge_to_the_end(scoped, bob, 1).await;
        let mut between = vec![(ada, eve), (eve, ada)];
        between.sort_unstable();
        if in_trash {
            let calls = vec![Some(ada); 2];
            assert_eq!(merged.leads_to(&acme, &store).await, (calls, vec![]));
            let restored = scoped.contacts().restore(ada, None).await;
            restored.expect("it is in the trash");
        }
        let calls = vec![Some(ada); 2];
        assert_eq!(merged.leads_to(&acme, &store).await, (calls, between));
        assert_eq!(stands_for(scoped, bob).await, None);
    }
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
}

/// What is left of a merge is moved also where its survivor is in the trash: nothing leads to what is nowhere for as long.
pub(crate) async fn a_merge_into_what_is_deleted_since_is_ended(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let merged = Unmoved::merge(&acme, &store, 410).await;
    let Unmoved { ada, eve, .. } = merged;
    let deleted = scoped.contacts().delete(ada, None).await;
    deleted.expect("it is there");
    assert_eq!(acme.crm.finish_merges(&NoSleep).await.expect("it works"), 1);
    let calls = vec![Some(ada); 2];
    let left = merged.leads_to(&acme, &store).await;
    assert_eq!(left, (calls.clone(), vec![]));
    let restored = scoped.contacts().restore(ada, None).await;
    restored.expect("it is in the trash");
    let mut between = vec![(ada, eve), (eve, ada)];
    between.sort_unstable();
    assert_eq!(merged.leads_to(&acme, &store).await, (calls, between));
    assert_eq!(acme.crm.finish_merges(&NoSleep).await.expect("it works"), 0);
}

/// What comes back from the trash names a merged id as it did: a purge of that id has it name the survivor, and one of the survivor clears it.
pub(crate) async fn what_comes_back_to_a_merged_id_is_its_survivors(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let deals = scoped.deals();
    let ada = create(scoped, phone("1")).await.id;
    let bob = create(scoped, phone("2")).await.id;
    let eve = create(scoped, phone("3")).await.id;
    let named = async |id: Id| {
        let found = deals.get(id).await.expect("it reads");
        found.expect("it is there").primary_contact_id
    };
    let [one, two] = [
        deal(scoped, "One", bob).await,
        deal(scoped, "Two", eve).await,
    ];
    for id in [one, two] {
        deals.delete(id, None).await.expect("it is there");
    }
    merge(scoped, ada, &[bob, eve]).await;
    for id in [one, two] {
        deals.restore(id, None).await.expect("it is in the trash");
    }
    assert_eq!(named(one).await, Some(bob));
    purge_to_the_end(scoped, bob, 1).await;
    assert_eq!(named(one).await, Some(ada));
    purge_to_the_end(scoped, ada, 1).await;
    assert_eq!((named(one).await, named(two).await), (None, None));
}
