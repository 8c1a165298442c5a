//! Purges of what is too much for one commit, or for one call: they are refused as a whole, go on, and are answered the same.

use std::sync::Arc;

use relm_core::error::ErrorKind;
use relm_core::limits::{PURGE_STEPS_MAX, TRASHED_ASSOCIATIONS_MAX};
use relm_core::record::association::Association;
use relm_core::value::id::{Id, Kind};

use super::acme::{Acme, failure};
use super::broken_off::BreaksOff;
use super::canary::{found, once, person};
use super::mock_transport::NoSleep;
use crate::intercept::Intercepted;
use crate::records::{company as some_company, edge, event, id, insert};
use crate::subject::{NOW, Subject};

const HUB: u64 = TRASHED_ASSOCIATIONS_MAX as u64 + 300;

/// A person with more associations than one commit is to delete.
async fn hub(acme: &Acme, store: &Subject) -> Id {
    let made = acme.scoped.contacts().create(person()).await;
    let ada = made.expect("it is valid").id;
    let scope = acme.scoped.scope();
    let companies = (0..40).map(|n| insert(some_company(n)));
    store.apply(scope, companies.collect()).await;
    let edges = (0..HUB).map(|n| {
        let other = id(Kind::Company, n % 40);
        let label = format!("canary {n}");
        let edge: Association = match n % 3 {
            0 => edge(n, other, ada, Some(&label)),
            _ => edge(n, ada, other, Some(&label)),
        };
        insert(edge)
    });
    store.apply(scope, edges.collect()).await;
    ada
}

/// A purge that is refused removes nothing, however many associations its record has; one that is broken off is of a record that is gone,
/// and goes on.
pub(crate) async fn a_hub_is_purged_or_as_it_was(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let ada = hub(&acme, &store).await;
    let edges = async || acme.all(&store, Kind::Association).await.len();
    let stale = acme.scoped.contacts().purge(ada, Some(9)).await;
    assert_eq!(failure(stale), ErrorKind::VersionConflict);
    assert_eq!(edges().await, HUB as usize);
    let dry = acme.scoped.clone().dry_run();
    let dry = dry.contacts().purge(ada, Some(1)).await;
    assert!(dry.expect("that is its version").deleted);
    assert_eq!(edges().await, HUB as usize);
    let breaking = Arc::new(Intercepted {
        store: store.shared(),
        by: Arc::new(BreaksOff::after(2)),
    });
    let scoped = acme.beside(breaking, 7).await;
    let purged = scoped.contacts().purge(ada, Some(1)).await;
    assert!(!purged.expect("it is gone").purged);
    let left = edges().await;
    assert!(left > 0 && left < HUB as usize, "{left}");
    let emptied = acme.crm.delete_expired_trash(NOW, &NoSleep).await;
    emptied.expect("the store works");
    assert_eq!(found(&acme, &store).await, Vec::<String>::new());
    assert_eq!(edges().await, 0);
}

/// A purge that takes longer than its caller waits is answered the same under its key, and goes on under another.
pub(crate) async fn a_purge_under_way_is_answered_the_same(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let made = acme.scoped.contacts().create(person()).await;
    let made = made.expect("it is valid");
    // A hundred events are erased in a step, and two hundred gone over.
    let events = PURGE_STEPS_MAX as u64 * 110;
    let events = (0..events).map(|n| insert(event(n, &made)));
    store.apply(acme.scoped.scope(), events.collect()).await;
    let ada = made.id;
    let first = once(&acme.scoped, "purge");
    let first = first.contacts().purge_json(ada, None).await;
    let first = first.expect("it is there");
    assert!(!first.replayed && first.body.contains(r#""purged":false"#));
    for _ in 0..2 {
        let again = once(&acme.scoped, "purge");
        let again = again.contacts().purge_json(ada, None).await;
        let again = again.expect("it is replayed");
        let same = (&again.body, again.outcome, again.replayed);
        assert_eq!(same, (&first.body, first.outcome, true));
    }
    assert_ne!(found(&acme, &store).await, Vec::<String>::new());
    let other = once(&acme.scoped, "another");
    let other = other.contacts().purge(ada, None).await;
    assert!(other.expect("it is under way").purged);
    assert_eq!(found(&acme, &store).await, Vec::<String>::new());
    let again = once(&acme.scoped, "purge")
        .contacts()
        .purge(ada, None)
        .await;
    assert!(!again.expect("it is replayed").purged);
}
