//! Undos: what a request changed goes back to what it was, and what was changed since stays.

use std::collections::BTreeMap;

use relm_core::RequestId;
use relm_core::engine::{ListRequest, Scoped, Undone};
use relm_core::error::ErrorKind;
use relm_core::record::association::{Association, AssociationInput, AssociationPatch};
use relm_core::record::metadata::Metadata;
use relm_core::record::object::ContactInput;
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Mode;
use serde_json::Value;

use super::acme::{Acme, company, contact, failure, phone, required_field, said, tagged};
use super::retention::DAY_MS;
use crate::subject::{NOW, Subject};

/// The same handle for another request, and the request.
pub(super) fn request(acme: &Acme) -> (Scoped, RequestId) {
    let id = acme.crm.request_id();
    (acme.scoped.clone().for_request(id), id)
}

pub(super) async fn undo(scoped: &Scoped, request: RequestId) -> Undone {
    let undone = scoped.requests().undo(request).await;
    undone.expect("its events are kept")
}

pub(super) async fn link(scoped: &Scoped, from_id: Id, to_id: Id, label: &str) -> Association {
    let input = AssociationInput {
        from_id,
        to_id,
        label: Some(label.to_owned()),
        attributes: said(label),
    };
    let linked = scoped.associations().link(input).await;
    linked.expect("both are there")
}

async fn say(scoped: &Scoped, id: Id, word: &str) {
    let said = scoped.associations().update(id, said(word), None).await;
    said.expect("it is there");
}

/// What lists find of the four objects, the associations and the definitions, by what tells them apart, without what every change
/// changes. Of what has a new id when it is there again, the id is left out.
pub(super) async fn everything(acme: &Acme, store: &Subject) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for kind in [
        Kind::Contact,
        Kind::Company,
        Kind::Deal,
        Kind::Activity,
        Kind::Association,
        Kind::Field,
    ] {
        for document in acme.all(store, kind).await {
            let mut members: Value = document.decode().expect("it is JSON");
            if members["key"] == "emails" && members["built_in"] == true {
                // The engine makes it by itself, and it stays.
                continue;
            }
            let object = members.as_object_mut().expect("it is an object");
            object.remove("version");
            object.remove("updated_at");
            let mut name = document.id.text();
            if let Kind::Association | Kind::Field = kind {
                object.remove("id");
                object.remove("created_at");
                name = format!("{} {members}", kind.name());
            }
            all.insert(name, members);
        }
    }
    all
}

/// Whatever a request does: undone, everything is as it was, in one commit with an event each; and undone in its turn, as it was left.
pub(crate) async fn a_request_is_undone_and_done_again(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = scoped.contacts().create(contact("ada@example.com")).await;
    let ada = ada.expect("it is valid").id;
    let eva = scoped.contacts().create(contact("eva@example.com")).await;
    let eva = eva.expect("it is valid").id;
    let shop = scoped.companies().create(company("Shop")).await;
    let shop = shop.expect("it is valid").id;
    let old = link(scoped, ada, shop, "works at").await;
    let kept = link(scoped, shop, ada, "employs").await.id;
    link(scoped, eva, shop, "works at").await;
    let field = scoped.fields().define(required_field("old")).await;
    let field = field.expect("it is valid").id;
    let before = everything(&acme, &store).await;

    acme.clock.advance_millis(1_000);
    let (by, id) = request(&acme);
    by.fields().remove(field, None).await.expect("it is there");
    let grace = by.contacts().create(contact("grace@example.com")).await;
    let grace = grace.expect("it is valid").id;
    let change = ContactInput {
        metadata: tagged("plan", "pro"),
        company_id: shop.into(),
        ..phone("1")
    };
    let changed = by.contacts().update(ada, change, None).await;
    changed.expect("it is valid");
    let moved = by.contacts().update(ada, phone("2"), None).await;
    moved.expect("it is valid");
    by.contacts().delete(eva, None).await.expect("it is there");
    for (id, word) in [(old.id, "moved"), (kept, "pays"), (kept, "paid")] {
        say(&by, id, word).await;
    }
    let unlinked = by.associations().unlink(old.id, None).await;
    unlinked.expect("it is there");
    link(&by, grace, shop, "works at").await;
    link(&by, ada, shop, "founded").await;
    let left = everything(&acme, &store).await;
    assert_ne!(left, before);

    acme.clock.advance_millis(1_000);
    let events = acme.events(&store).await.len();
    let dry = undo(&scoped.clone().dry_run(), id).await;
    assert_eq!(everything(&acme, &store).await, left, "{dry:?}");
    let undone = undo(scoped, id).await;
    assert_eq!((undone.conflicts.len(), undone.unchanged), (0, 0));
    assert_eq!(undone.reverted.len(), dry.reverted.len());
    assert_eq!(everything(&acme, &store).await, before, "{undone:?}");
    let told = acme.events(&store).await.split_off(events);
    assert!(told.iter().all(|it| it.request_id == undone.undone_by));
    let members = undone.reverted.iter().find(|it| it.id == ada);
    let members = members.expect("it was changed").members.clone();
    let expected = ["company_id", "metadata.plan", "phone", "phones"].map(str::to_owned);
    assert_eq!(members, Some(expected.to_vec()));

    let again = undone.undone_by.expect("it reverted something");
    let redone = undo(scoped, again).await;
    assert_eq!(redone.conflicts, []);
    assert_eq!(everything(&acme, &store).await, left, "{redone:?}");
    let twice = undo(scoped, again).await;
    assert_eq!((twice.reverted, twice.undone_by), (Vec::new(), None));
}

/// What others said of a link since stays, member by member: the link with it, or it goes to the trash as it is with a record of its own.
pub(crate) async fn an_undo_goes_by_what_is_said_of_a_link(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = scoped.contacts().create(contact("ada@example.com")).await;
    let ada = ada.expect("it is valid").id;
    let shop = scoped.companies().create(company("Shop")).await;
    let shop = shop.expect("it is valid").id;
    let (by, made) = request(&acme);
    let eva = by.contacts().create(contact("eva@example.com")).await;
    let eva = eva.expect("it is valid").id;
    let of_eva = link(&by, eva, shop, "works at").await.id;
    let of_ada = link(&by, ada, shop, "works at").await.id;
    let (by, restated) = request(&acme);
    say(&by, of_ada, "runs").await;
    let note = AssociationPatch {
        metadata: Metadata::from([("said", "owns")]).into(),
        ..AssociationPatch::default()
    };
    let noted = scoped.associations().update(of_ada, note, None).await;
    noted.expect("it is there");
    say(scoped, of_eva, "left").await;

    let undone = undo(scoped, restated).await;
    let members = undone.reverted.iter().map(|it| it.members.clone());
    let expected = vec!["inverse_label".to_owned()];
    assert_eq!(members.collect::<Vec<_>>(), [Some(expected)]);
    let conflict = &undone.conflicts[0];
    assert_eq!(conflict.member.as_deref(), Some("metadata.said"));
    // A purge of one of the two finds no answer by that.
    assert_eq!((&conflict.expected, &conflict.found), (&None, &None));
    let undone = undo(scoped, made).await;
    let stays: Vec<Id> = undone.conflicts.iter().map(|it| it.id).collect();
    assert_eq!(stays, [of_ada]);
    let there = scoped.associations().get(of_eva).await.expect("it reads");
    assert_eq!(there, None);
    let restored = scoped.contacts().restore(eva, None).await;
    restored.expect("it is in the trash");
    let back = scoped.associations().get(of_eva).await.expect("it reads");
    let back = back.expect("it came back");
    assert_eq!(back.inverse_label.as_deref(), Some("left"));
}

/// A request is one of its scope; one that changed nothing is not found, and one whose events are deleted is gone.
pub(crate) async fn a_request_is_known_by_its_events(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let (by, id) = request(&acme);
    let ada = by.contacts().create(contact("ada@example.com")).await;
    let ada = ada.expect("it is valid").id;
    let test = acme.crm.open(scoped.scope().workspace(), Mode::Test).await;
    let test = test.expect("it is there");
    let elsewhere = test.requests().undo(id).await;
    assert_eq!(failure(elsewhere), ErrorKind::NotFound);
    let (by, nothing) = request(&acme);
    let same = contact("ada@example.com");
    let same = by.contacts().update(ada, same, None).await;
    same.expect("it is valid");
    let unchanged = scoped.requests().undo(nothing).await;
    assert_eq!(failure(unchanged), ErrorKind::NotFound);
    let once = scoped.clone().idempotent("undo", "once");
    let once = once.expect("the key is valid");
    let undone = undo(&once, id).await;
    assert_eq!(undone.reverted.len(), 1);
    let again = undo(&once, id).await;
    assert_eq!(again, undone);
    assert_eq!(undo(scoped, id).await.unchanged, 1);

    let before = NOW.saturating_add_millis(DAY_MS);
    let deleted = acme
        .crm
        .delete_expired_events(before, &super::mock_transport::NoSleep);
    assert_eq!(deleted.await.expect("the store works").events, 2);
    let late = scoped.requests().undo(id).await;
    assert_eq!(failure(late), ErrorKind::Gone);
    acme.clock.advance_millis(2 * DAY_MS);
    let (_, never) = request(&acme);
    let (by, _) = request(&acme);
    let other = by.contacts().create(contact("eva@example.com")).await;
    other.expect("it is valid");
    acme.clock.advance_millis(1);
    let unknown = acme.crm.request_id();
    for (id, kind) in [(unknown, ErrorKind::NotFound), (id, ErrorKind::Gone)] {
        let undone = scoped.requests().undo(id).await;
        assert_eq!(failure(undone), kind, "{id} {never}");
    }
}

/// Of many undos of one request one reverts each change, whatever else goes on.
pub(crate) async fn a_request_is_undone_once(store: Subject) {
    const CALLS: usize = 4;
    let acme = Acme::open(store.shared()).await;
    let other = acme.beside(store.shared(), 2).await;
    let handles = [acme.scoped.clone(), other];
    let scoped = &acme.scoped;
    for round in 0..3 {
        let (by, id) = request(&acme);
        let mut made = Vec::new();
        for n in 0..3 {
            let input = contact(&format!("{n}@{round}.example.com"));
            let input = by.contacts().create(input).await;
            made.push(input.expect("it is valid").id);
        }
        let events = acme.events(&store).await.len();
        let contend = async |n: usize| match n {
            0 => {
                let contacts = handles[0].contacts();
                contacts
                    .update(made[0], phone("1"), None)
                    .await
                    .map(|_| None)
            }
            _ => handles[n % 2].requests().undo(id).await.map(Some),
        };
        let outcomes = store.race((0..CALLS).map(contend));
        let mut reverted = Vec::new();
        let mut is_changed = false;
        for (n, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Ok(Some(undone)) => reverted.extend(undone.reverted.into_iter().map(|it| it.id)),
                Ok(None) => is_changed = true,
                Err(error) => assert_eq!((n, error.kind()), (0, ErrorKind::NotFound)),
            }
        }
        reverted.sort_unstable();
        made.drain(..usize::from(is_changed));
        assert_eq!(reverted, made, "{round}");
        let told = acme.events(&store).await.len() - events;
        assert_eq!(told, 3, "one of each contact");
        let list = scoped.contacts().list(&ListRequest::default()).await;
        let kept = list.expect("the store lists").data.len();
        assert!(kept <= round + 1, "{kept}");
    }
}
