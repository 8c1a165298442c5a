//! Members that have several values: what several writers change of one, and what a merge makes of two.

use relm_core::ListInput;
use relm_core::engine::{ConflictCode, MergeSource, Scoped};
use relm_core::error::ErrorKind;
use relm_core::record::object::{Contact, ContactInput};
use relm_core::{Filter, ListRequest, MergeInput};

use super::acme::{Acme, contact, failure, phone};
use super::merges::{create, merge};
use super::races::contenders;
use super::undone::{request, undo};
use crate::subject::Subject;

async fn now(scoped: &Scoped, of: &Contact) -> Contact {
    let found = scoped.contacts().get(of.id).await;
    found.expect("the store reads").expect("it is there")
}

/// Concurrent changes of one list all stand: whoever adds one value or removes one need not know the others.
pub(crate) async fn changes_of_a_list_at_once_all_stand(store: Subject) {
    const CALLS: usize = 8;
    let acme = Acme::open(store.shared()).await;
    let known: Vec<String> = (0..CALLS).map(|n| format!("old {n}")).collect();
    let input = ContactInput {
        tags: known.into(),
        ..contact("ada@example.com")
    };
    let ada = create(&acme.scoped, input).await;
    let patch = async |(n, scoped): (usize, Scoped)| {
        let tags = match n % 2 {
            0 => ListInput::add([format!("new {n}")]),
            _ => ListInput::change([format!("new {n}")], [format!("old {n}")]),
        };
        let input = ContactInput {
            tags: tags.into(),
            ..ContactInput::default()
        };
        let updated = scoped.contacts().update(ada.id, input, None).await;
        updated.expect("it is there");
    };
    let contenders = contenders(&acme, &store, CALLS).await;
    store.race(contenders.into_iter().map(patch));
    let mut tags = now(&acme.scoped, &ada).await.tags;
    tags.sort_unstable();
    let new = (0..CALLS).map(|n| format!("new {n}"));
    let old = (0..CALLS).step_by(2).map(|n| format!("old {n}"));
    assert_eq!(tags, new.chain(old).collect::<Vec<_>>());
    let filter = Filter::new("tags", "in", "new 3,nothing");
    let listed = acme
        .scoped
        .contacts()
        .list(&ListRequest::default().filter(filter))
        .await;
    assert_eq!(listed.expect("the store lists").data.len(), 1);
}

/// A record into which others are merged has the values of all, its own first; or those of the one that the request says. What is undone is
/// undone of them as well, unless a value is of a record that stays away.
pub(crate) async fn a_merge_unites_lists(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let with = |tags: &[&str], input: ContactInput| ContactInput {
        tags: tags.to_vec().into(),
        ..input
    };
    let ada = create(scoped, with(&["a", "b"], contact("ada@example.com"))).await;
    let bob = create(scoped, with(&["b", "c"], phone("1"))).await;
    let eve = create(scoped, with(&["d"], phone("2"))).await;
    let (by, merged) = request(&acme);
    let whole = merge(&by, ada.id, &[bob.id, eve.id]).await;
    assert_eq!(whole.tags, ["a", "b", "c", "d"]);
    let undone = undo(scoped, merged).await;
    assert!(undone.conflicts.is_empty(), "{:?}", undone.conflicts);
    assert_eq!(now(scoped, &ada).await.tags, ["a", "b"]);
    assert_eq!(now(scoped, &eve).await.tags, ["d"]);

    let said = MergeInput::new([bob.id]).field("tags", MergeSource::Record(bob.id));
    let chosen = scoped.contacts().merge(ada.id, said, None).await;
    assert_eq!(chosen.expect("both are there").tags, ["b", "c"]);

    let (by, merged) = request(&acme);
    let both = merge(&by, ada.id, &[eve.id]).await;
    assert_eq!(both.tags, ["b", "c", "d"]);
    let purged = scoped.contacts().purge(eve.id, None).await;
    purged.expect("it is in the trash");
    let kept = undo(scoped, merged).await;
    let about_tags = kept
        .conflicts
        .iter()
        .filter(|it| it.member.as_deref() == Some("tags"));
    let codes: Vec<ConflictCode> = about_tags.map(|it| it.code).collect();
    assert_eq!(codes, [ConflictCode::Gone], "{:?}", kept.conflicts);
    assert_eq!(now(scoped, &ada).await.tags, ["b", "c", "d"]);

    let many: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    let full = ContactInput {
        tags: many.into(),
        ..phone("3")
    };
    let full = create(scoped, full).await;
    let refused = scoped
        .contacts()
        .merge(full.id, MergeInput::new([ada.id]), None)
        .await;
    assert_eq!(failure(refused), ErrorKind::ValidationFailed);
}
