//! Undos of merges, and undos of those: however much was moved.

use std::collections::BTreeSet;
use std::sync::Arc;

use relm_core::RequestId;
use relm_core::engine::{ConflictCode, Scoped, UndoneChange};
use relm_core::error::ErrorKind;
use relm_core::record::object::{ActivityInput, ContactInput};
use relm_core::record::{Change, Event, EventType};
use relm_core::value::id::{Id, Kind};
use relm_core::{MergeInput, ObjectType, Outcome, Patch};

use super::acme::{Acme, contact, failure, phone};
use super::broken_off::BreaksOff;
use super::merge_steps::{calls, ends, merge_json, referring};
use super::merges::{activity, create, merge, stands_for};
use super::mock_transport::NoSleep;
use super::undone::{everything, link, request, undo};
use crate::intercept::Intercepted;
use crate::subject::Subject;

/// More than one undo reverts.
const REFERENCES: usize = 1_600;

/// A handle through a store that fails after so many commits.
async fn broken(acme: &Acme, store: &Subject, commits: usize) -> Scoped {
    let breaking = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::new(BreaksOff::after(commits)),
    });
    acme.beside(breaking, 500 + commits as u64).await
}

/// Undoes a request to the end; gives the request of the undo, and how often it was asked for.
async fn undo_to_the_end(scoped: &Scoped, request: RequestId) -> (RequestId, usize) {
    for asked in 1..9 {
        let undone = undo(scoped, request).await;
        let by = undone.undone_by.expect("it reverted something");
        if undone.complete {
            return (by, asked);
        }
    }
    panic!("{request} is not undone");
}

/// A merge that moved more than one commit reverts is undone in steps: the records are back with the first, and whoever asks again goes on, or
/// upkeep does. All of it is of one request, whose undo merges them again.
pub(crate) async fn a_large_merge_is_undone_in_steps(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = create(scoped, contact("ada@example.com")).await.id;
    let bob = create(scoped, phone("1")).await.id;
    let eve = create(scoped, phone("2")).await.id;
    calls(scoped, bob, REFERENCES).await;
    let other = activity(scoped, bob).await;
    link(scoped, eve, bob, "knows").await;
    let (by, merged) = request(&acme);
    while merge_json(&by, ada, bob).await.outcome == Outcome::Accepted {}
    assert_eq!(referring(&acme, &store, ada).await, REFERENCES + 1);
    let elsewhere = ActivityInput {
        contact_id: eve.into(),
        ..ActivityInput::default()
    };
    let elsewhere = scoped.activities().update(other, elsewhere, None).await;
    elsewhere.expect("it is there");

    // Of one moment, the ids of two engines are in no order.
    acme.clock.advance_millis(1_000);
    let dry = undo(&scoped.clone().dry_run(), merged).await;
    assert_eq!((dry.complete, dry.conflicts.len()), (false, 0));
    assert_eq!(stands_for(scoped, bob).await, Some((ada, vec![bob])));
    let before = acme.events(&store).await.len();
    let begun = undo(&broken(&acme, &store, 3).await, merged).await;
    assert!(!begun.complete);
    let restored = begun.reverted.iter();
    let restored = restored.filter(|it| it.change == UndoneChange::Restored);
    assert_eq!(restored.map(|it| it.id).collect::<Vec<_>>(), [bob]);
    assert_eq!(stands_for(scoped, bob).await, Some((bob, vec![])));
    let back = referring(&acme, &store, bob).await;
    assert!((1..REFERENCES).contains(&back), "{back}");

    let mut conflicts = Vec::new();
    let mut undone = undo(scoped, merged).await;
    let undone_by = undone.undone_by.expect("it reverted something");
    while !undone.complete {
        conflicts.append(&mut undone.conflicts);
        undone = undo(scoped, merged).await;
    }
    conflicts.append(&mut undone.conflicts);
    conflicts.extend(begun.conflicts);
    let told: Vec<_> = conflicts.iter().map(|it| (it.id, it.code)).collect();
    assert_eq!(told, [(other, ConflictCode::ChangedSince)]);
    assert_eq!(referring(&acme, &store, bob).await, REFERENCES);
    assert_eq!(ends(&acme, &store).await, [(eve, bob)]);
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    let events = acme.events(&store).await.split_off(before);
    assert!(events.iter().all(|it| it.request_id == Some(undone_by)));
    let moved: BTreeSet<_> = events.iter().filter_map(|it| it.record_id()).collect();
    assert_eq!(
        (moved.len(), events.len()),
        (REFERENCES + 4, REFERENCES + 4)
    );

    let again = undo(scoped, merged).await;
    assert_eq!((again.complete, again.undone_by), (true, None));
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    merged_and_back(&acme, &store, (ada, bob), undone_by).await;
    nothing_is_lost_where_one_is_gone(&acme, &store, (ada, bob, eve)).await;
}

/// While an undo gives back what was moved, nobody takes away the record that has it still; and where the one is gone that it is to be given
/// back to, it stays.
async fn nothing_is_lost_where_one_is_gone(
    acme: &Acme,
    store: &Subject,
    (ada, bob, eve): (Id, Id, Id),
) {
    let scoped = &acme.scoped;
    acme.clock.advance_millis(1_000);
    let (by, merged) = request(acme);
    while merge_json(&by, ada, bob).await.outcome == Outcome::Accepted {}
    let begun = undo(&broken(acme, store, 1).await, merged).await;
    assert!(!begun.complete);
    assert_eq!(stands_for(scoped, bob).await, Some((bob, vec![])));
    let contacts = scoped.contacts();
    assert_eq!(
        failure(contacts.purge(ada, None).await),
        ErrorKind::Conflict
    );
    let on = contacts.merge(eve, MergeInput::new([ada]), None).await;
    assert_eq!(failure(on), ErrorKind::Conflict);
    contacts.delete(bob, None).await.expect("it is there");
    assert_eq!(acme.crm.finish_merges(&NoSleep).await.expect("it works"), 1);
    assert_eq!(referring(acme, store, ada).await, REFERENCES);
    assert_eq!(ends(acme, store).await, [(eve, ada)]);
    // The same undo brings it back once more, and gives it what is its.
    undo_to_the_end(scoped, merged).await;
    assert_eq!(referring(acme, store, bob).await, REFERENCES);
    assert_eq!(ends(acme, store).await, [(eve, bob)]);
    assert!(acme.all(store, Kind::Trashed).await.is_empty());
    contacts
        .purge(ada, None)
        .await
        .expect("nothing waits for it");
}

/// The undo of the undo merges again, and can be undone in its turn: here by upkeep.
async fn merged_and_back(acme: &Acme, store: &Subject, (ada, bob): (Id, Id), undone_by: RequestId) {
    let scoped = &acme.scoped;
    let again = undo(scoped, undone_by).await;
    assert_eq!((again.conflicts.len(), again.complete), (0, false));
    assert_eq!(stands_for(scoped, bob).await, Some((ada, vec![bob])));
    assert_eq!(acme.crm.finish_merges(&NoSleep).await.expect("it works"), 1);
    assert_eq!(referring(acme, store, bob).await, 0);
    assert_eq!(referring(acme, store, ada).await, REFERENCES);
    let again = again.undone_by.expect("it reverted something");
    let begun = undo(&broken(acme, store, 1).await, again).await;
    assert!(!begun.complete);
    assert_eq!(stands_for(scoped, bob).await, Some((bob, vec![])));
    assert_eq!(acme.crm.finish_merges(&NoSleep).await.expect("it works"), 1);
    assert_eq!(referring(acme, store, bob).await, REFERENCES);
    assert!(acme.all(store, Kind::Trashed).await.is_empty());
}

/// What events say of merges.
fn merges(events: &[Event]) -> Vec<(Option<Id>, Vec<Id>)> {
    let merged = EventType::Record(ObjectType::Contact, Change::Merged);
    let merges = events.iter().filter(|it| it.event_type == merged);
    let told = merges.map(|it| (it.record_id(), it.merged_from.clone()));
    told.collect()
}

/// The undo of an undo merges the records again: with their values, what was moved, and what refers to them since; the event says so, and
/// their ids stand for the survivor.
pub(crate) async fn the_undo_of_an_undo_merges_again(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = create(scoped, phone("1")).await.id;
    let old = create(scoped, contact("old@example.com")).await.id;
    let bob = create(scoped, contact("bob@example.com")).await.id;
    let eve = create(scoped, phone("3")).await.id;
    merge(scoped, bob, &[old]).await;
    activity(scoped, bob).await;
    link(scoped, eve, bob, "knows").await;
    let apart = everything(&acme, &store).await;
    acme.clock.advance_millis(1_000);
    let (by, merged) = request(&acme);
    merge(&by, ada, &[bob]).await;
    let left = everything(&acme, &store).await;
    let undone = undo(scoped, merged).await;
    assert_eq!(everything(&acme, &store).await, apart);
    let late = activity(scoped, bob).await;
    let before = acme.events(&store).await.len();
    let undone_by = undone.undone_by.expect("it reverted something");
    let again = undo(scoped, undone_by).await;
    assert_eq!((again.conflicts.len(), again.complete), (0, true));
    let change = again.reverted.iter().find(|it| it.id == bob);
    assert_eq!(change.map(|it| it.change), Some(UndoneChange::Merged));
    for id in [bob, old] {
        assert_eq!(stands_for(scoped, id).await, Some((ada, vec![bob, old])));
    }
    let late = scoped.activities().get(late).await.expect("it reads");
    let late = late.expect("it is there");
    assert_eq!(late.contact_id, Some(ada));
    let mut there = everything(&acme, &store).await;
    there.remove(&late.id.text());
    assert_eq!(there, left);
    let events = acme.events(&store).await.split_off(before);
    assert_eq!(merges(&events), [(Some(ada), vec![bob])]);
    let restored = scoped.contacts().restore(bob, None).await;
    assert_eq!(failure(restored), ErrorKind::Conflict);

    let again = again.undone_by.expect("it reverted something");
    let (apart_again, _) = undo_to_the_end(scoped, again).await;
    assert_eq!(stands_for(scoped, old).await, Some((bob, vec![old])));
    let mut there = everything(&acme, &store).await;
    there.remove(&late.id.text());
    assert_eq!(there, apart);
    it_stays_where_that_cannot_be(scoped, (ada, bob), apart_again).await;
}

/// Where the survivor is gone, or the record was changed since, it stays.
async fn it_stays_where_that_cannot_be(
    scoped: &Scoped,
    (ada, bob): (Id, Id),
    undone_by: RequestId,
) {
    let changed = ContactInput {
        first_name: "Bob".into(),
        ..ContactInput::default()
    };
    let changed = scoped.contacts().update(bob, changed, None).await;
    changed.expect("it is there");
    let dry = undo(&scoped.clone().dry_run(), undone_by).await;
    assert!(
        dry.conflicts
            .iter()
            .any(|it| it.id == bob && it.code == ConflictCode::ChangedSince)
    );
    let same = ContactInput {
        first_name: Patch::Clear,
        ..ContactInput::default()
    };
    let same = scoped.contacts().update(bob, same, None).await;
    same.expect("it is there");
    let gone = scoped.contacts().delete(ada, None).await;
    gone.expect("it is there");
    let kept = undo(scoped, undone_by).await;
    assert!(
        kept.conflicts
            .iter()
            .any(|it| it.id == bob && it.code == ConflictCode::InvalidReference)
    );
    assert_eq!(stands_for(scoped, bob).await, Some((bob, vec![])));
}
