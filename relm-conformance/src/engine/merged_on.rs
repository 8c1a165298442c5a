//! Merges of records that others were merged into.

use std::sync::Arc;

use relm_core::engine::MergeInput;
use relm_core::error::ErrorKind;

use super::acme::{Acme, phone};
use super::broken_off::BreaksOff;
use super::merge_steps::{calls, merge_json, referring};
use super::merges::{create, merge, stands_for};
use super::undone::{request, undo};
use super::unmoved::Unmoved;
use crate::intercept::Intercepted;
use crate::subject::Subject;

/// What was merged into a record before is moved to it before that is merged itself: the undo of the second merge leaves it where the first
/// has it, and that of the first where it was.
pub(crate) async fn what_was_merged_before_is_moved_first(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let merged = Unmoved::merge(&acme, &store, 420).await;
    let Unmoved { ada, bob, eve, .. } = merged;
    let sue = create(scoped, phone("4")).await.id;
    let (by, second) = request(&acme);
    merge(&by, sue, &[ada]).await;
    assert_eq!(stands_for(scoped, bob).await, Some((sue, vec![ada, bob])));
    let between = |one, other| {
        let mut edges = vec![(one, other), (other, one)];
        edges.sort_unstable();
        edges
    };
    let left = merged.leads_to(&acme, &store).await;
    assert_eq!(left, (vec![Some(sue); 2], between(sue, eve)));
    assert_eq!(undo(scoped, second).await.conflicts, []);
    let left = merged.leads_to(&acme, &store).await;
    assert_eq!(left, (vec![Some(ada); 2], between(ada, eve)));
    assert_eq!(undo(scoped, merged.request).await.conflicts, []);
    // What the first undo linked again has another id since, which the second knows nothing of: it stays beside what that links again.
    let (of_calls, mut edges) = merged.leads_to(&acme, &store).await;
    assert_eq!(of_calls, vec![Some(bob); 2]);
    edges.retain(|(from, to)| *from == bob || *to == bob);
    let mut of_bob = between(bob, eve);
    of_bob.push((ada, bob));
    of_bob.sort_unstable();
    assert_eq!(edges, of_bob);
}

/// Where more is left of the first merge than a caller waits for, the second is refused until that is moved; each time it is asked for that
/// goes on.
pub(crate) async fn a_merge_waits_for_that_before_it(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let count = 1_001;
    let ada = create(scoped, phone("1")).await.id;
    let bob = create(scoped, phone("2")).await.id;
    let eve = create(scoped, phone("3")).await.id;
    calls(scoped, bob, count).await;
    let breaking = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::new(BreaksOff::after(1)),
    });
    let broken = acme.beside(breaking, 421).await;
    merge_json(&broken, ada, bob).await;
    assert_eq!(referring(&acme, &store, bob).await, count);
    let dry = scoped.clone().dry_run();
    merge(&dry, eve, &[ada]).await;
    let contacts = scoped.contacts();
    let early = contacts.merge(eve, MergeInput::new([ada]), None).await;
    let early = early.expect_err("the first is not at its end");
    assert_eq!(
        (early.kind(), early.existing_id()),
        (ErrorKind::Conflict, None)
    );
    assert_eq!(stands_for(scoped, bob).await, Some((ada, vec![bob])));
    let left = referring(&acme, &store, bob).await;
    assert!((1..count).contains(&left), "{left}");
    let (by, second) = request(&acme);
    merge(&by, eve, &[ada]).await;
    while referring(&acme, &store, ada).await > 0 {
        merge(scoped, eve, &[ada]).await;
    }
    assert_eq!(referring(&acme, &store, eve).await, count);
    assert_eq!(undo(scoped, second).await.conflicts, []);
    assert_eq!(referring(&acme, &store, ada).await, count);
}
