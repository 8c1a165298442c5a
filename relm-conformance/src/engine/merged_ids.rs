//! What the ids of merged records stand for, until a merge is undone.

use relm_core::Metadata;
use relm_core::engine::{ConflictCode, ListRequest, MergeInput, MergeSource, Scoped};
use relm_core::error::{Error, ErrorKind};
use relm_core::record::association::AssociationInput;
use relm_core::record::object::{ContactInput, DealInput};
use relm_core::value::id::{Id, Kind};
use serde_json::json;

use super::acme::{Acme, company, contact, failure, phone};
use super::merges::{activity, create, deal, merge, stands_for};
use super::undone::{everything, link, request, undo};
use crate::subject::Subject;

/// The id of a merged record stands for its survivor, for as long as that is there: also where that is merged on. Whoever changes it, or
/// refers to it, is told which that is.
pub(crate) async fn a_merged_id_stands_for_its_survivor(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let contacts = scoped.contacts();
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(
            create(scoped, contact(&format!("ada{number}@example.com")))
                .await
                .id,
        );
    }
    let [ada, bob, eve, sue] = ids[..] else {
        panic!("there are four");
    };
    let requests = [(); 3].map(|()| request(&acme));
    let [(first, of_ada), (second, of_bob), (third, of_sue)] = requests;
    merge(&first, bob, &[ada]).await;
    assert_eq!(stands_for(scoped, bob).await, Some((bob, vec![])));
    assert_eq!(stands_for(scoped, ada).await, Some((bob, vec![ada])));
    merge(&second, eve, &[bob]).await;
    merge(&third, eve, &[sue]).await;
    for (id, request) in [(ada, of_ada), (bob, of_bob), (sue, of_sue)] {
        assert_eq!(
            stands_for(scoped, id).await,
            Some((eve, vec![sue, bob, ada]))
        );
        assert_eq!(contacts.get(id).await.expect("it reads"), None);
        let refusals = [
            contacts.update(id, phone("1"), None).await.map(drop),
            contacts.delete(id, None).await,
            contacts.restore(id, None).await.map(drop),
            contacts
                .merge(id, MergeInput::new([eve]), None)
                .await
                .map(drop),
            contacts
                .merge(eve, MergeInput::new([id, eve]), None)
                .await
                .map(drop),
        ];
        let refusals = refusals.map(|it| it.expect_err("it is no record of its own"));
        // Whoever meant that record is told what to undo.
        let told_of = |refusal: &Error| refusal.message().contains(&request.text());
        assert!(refusals[..4].iter().all(told_of), "{refusals:?}");
        let said = refusals.map(|refusal| (refusal.kind(), refusal.existing_id()));
        let told = (ErrorKind::Conflict, Some(eve));
        let itself = (ErrorKind::ValidationFailed, None);
        assert_eq!(said, [told, told, told, told, itself]);
        no_reference_leads_to(scoped, id, eve).await;
    }
}

/// Neither an association nor a reference leads to a merged record: whoever makes one is told of the survivor.
async fn no_reference_leads_to(scoped: &Scoped, id: Id, survivor: Id) {
    let edge = AssociationInput {
        from_id: id,
        to_id: survivor,
        label: None,
        attributes: Default::default(),
    };
    let linked = scoped.associations().link(edge).await.map(drop);
    let referring = DealInput {
        title: "Engine".into(),
        primary_contact_id: id.into(),
        ..DealInput::default()
    };
    let referred = scoped.deals().create(referring).await.map(drop);
    for (refusal, field) in [(linked, "from_id"), (referred, "primary_contact_id")] {
        let refusal = refusal.expect_err("it is no record of its own");
        let said = (refusal.kind(), refusal.field(), refusal.existing_id());
        assert_eq!(
            said,
            (ErrorKind::InvalidReference, Some(field), Some(survivor))
        );
    }
}

/// A merged id answers for as long as its survivor is there, and again once that is restored.
pub(crate) async fn a_merged_id_goes_with_its_survivor(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let contacts = scoped.contacts();
    let ada = create(scoped, phone("1")).await.id;
    let eve = create(scoped, phone("2")).await.id;
    merge(scoped, eve, &[ada]).await;
    let trash = contacts.trash(&ListRequest::default()).await;
    assert_eq!(trash.expect("it lists").data, []);
    contacts.delete(eve, None).await.expect("it is there");
    assert_eq!(stands_for(scoped, ada).await, None);
    let gone = contacts.update(ada, phone("1"), None).await;
    assert_eq!(failure(gone), ErrorKind::NotFound);
    contacts
        .restore(eve, None)
        .await
        .expect("it is in the trash");
    assert_eq!(stands_for(scoped, ada).await, Some((eve, vec![ada])));
    let as_a_company = scoped.companies().resolve(ada).await;
    assert_eq!(as_a_company.expect("it reads"), None);
}

/// A merge asked for again changes nothing: not of itself, nor under its key.
pub(crate) async fn a_merge_happens_once(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = create(scoped, contact("ada@example.com")).await.id;
    let bob = create(scoped, phone("1")).await.id;
    let call = activity(scoped, bob).await;
    let input = MergeInput::new([bob]);
    let once = scoped
        .clone()
        .idempotent("merge", &input)
        .expect("it is a key");
    let merged = once.contacts().merge(ada, input.clone(), Some(1)).await;
    let merged = merged.expect("both are there");
    let events = acme.events(&store).await.len();
    let again = once.contacts().merge(ada, input.clone(), Some(1)).await;
    assert_eq!(again.expect("it is replayed"), merged);
    let again = scoped.contacts().merge(ada, input, None).await;
    assert_eq!(again.expect("it is done"), merged);
    assert_eq!(acme.events(&store).await.len(), events);
    let call = scoped.activities().get(call).await.expect("it reads");
    assert_eq!(call.expect("it is there").version, 2);
    let other = scoped
        .clone()
        .idempotent("merge", &"another")
        .expect("it is a key");
    let other = other
        .contacts()
        .merge(ada, MergeInput::new([ada]), None)
        .await;
    assert_eq!(failure(other), ErrorKind::IdempotencyConflict);
    // Beside another that is merged now, a value of the one that was merged before is refused: it is kept no more.
    let eve = create(scoped, phone("3")).await.id;
    let chosen = json!({ "from": [bob, eve], "fields": { "phone": bob } });
    let refused = scoped.contacts().merge_json(ada, chosen, None).await;
    assert_eq!(failure(refused), ErrorKind::ValidationFailed);
    assert_eq!(stands_for(scoped, eve).await, Some((eve, vec![])));
}

/// Undone, everything is as it was: the records, their values, what refers to them, and what their ids stand for.
pub(crate) async fn a_merge_is_undone(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let ada = create(scoped, phone("1")).await.id;
    let old = create(scoped, contact("ada@example.com")).await.id;
    let bob = create(
        scoped,
        ContactInput {
            first_name: "Ada".into(),
            ..ContactInput::default()
        },
    );
    let bob = bob.await.id;
    let shop = scoped.companies().create(company("Shop")).await;
    let shop = shop.expect("it is valid").id;
    deal(scoped, "One", bob).await;
    activity(scoped, old).await;
    link(scoped, ada, shop, "works at").await;
    link(scoped, bob, shop, "works at").await;
    link(scoped, bob, ada, "is").await;
    let at_first = everything(&acme, &store).await;
    acme.clock.advance_millis(1_000);
    let (by, first) = request(&acme);
    merge(&by, bob, &[old]).await;
    let between = everything(&acme, &store).await;
    acme.clock.advance_millis(1_000);
    let (by, second) = request(&acme);
    merge(&by, ada, &[bob]).await;
    assert_eq!(stands_for(scoped, old).await, Some((ada, vec![bob, old])));
    acme.clock.advance_millis(1_000);

    // The first cannot be undone before the second: what it merged into is merged itself.
    let early = undo(&scoped.clone().dry_run(), first).await;
    let of = |id: Id| early.conflicts.iter().find(|it| it.id == id);
    let in_the_way = of(bob).expect("it is no record of its own");
    assert_eq!(in_the_way.existing_id, Some(ada));
    let undone = undo(scoped, second).await;
    assert_eq!(undone.conflicts, []);
    assert_eq!(everything(&acme, &store).await, between);
    assert_eq!(stands_for(scoped, old).await, Some((bob, vec![old])));
    acme.clock.advance_millis(1_000);
    let undone = undo(scoped, first).await;
    assert_eq!(undone.conflicts, []);
    assert_eq!(everything(&acme, &store).await, at_first);
    assert_eq!(stands_for(scoped, old).await, Some((old, vec![])));
    assert!(acme.all(&store, Kind::Trashed).await.is_empty());
    // And merged again, it is as it was.
    merge(scoped, bob, &[old]).await;
    assert_eq!(everything(&acme, &store).await, between);
}

/// A record that another was merged into is in use by that: the undo of what made it leaves it, and says what is in the way.
pub(crate) async fn an_undo_keeps_what_another_was_merged_into(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let old = create(scoped, phone("2")).await.id;
    let (by, made) = request(&acme);
    let ada = create(&by, phone("2")).await.id;
    let (by, merged) = request(&acme);
    merge(&by, ada, &[old]).await;
    let early = undo(scoped, made).await;
    let conflicts = early.conflicts.iter();
    let told: Vec<_> = conflicts
        .map(|it| (it.id, it.code, it.existing_id))
        .collect();
    assert_eq!(told, [(ada, ConflictCode::InUse, Some(old))]);
    assert_eq!(stands_for(scoped, old).await, Some((ada, vec![old])));
    assert_eq!(undo(scoped, merged).await.conflicts, []);
    assert_eq!(undo(scoped, made).await.conflicts, []);
    assert_eq!(stands_for(scoped, old).await, Some((old, vec![])));
    assert_eq!(stands_for(scoped, ada).await, None);
}

/// What a survivor got of a record that does not come back stays with it, since nobody else would have it; what those take back who come is
/// theirs.
pub(crate) async fn an_undo_keeps_what_nobody_takes_back(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let named = |first: &str, last: &str, email: &str| {
        let input = ContactInput {
            first_name: first.into(),
            last_name: last.into(),
            ..contact(email)
        };
        create(scoped, input)
    };
    for is_purged in [true, false] {
        let n = usize::from(is_purged);
        let ada = create(scoped, contact(&format!("ada{n}@example.com"))).await;
        let mut bob = contact(&format!("bob{n}@example.com"));
        bob.first_name = "Bob".into();
        bob.metadata = Metadata::from([("plan", json!("gold"))]).into();
        let bob = create(scoped, bob).await.id;
        let eve = named("Eve", "Stone", &format!("eve{n}@example.com"))
            .await
            .id;
        let (by, merged) = request(&acme);
        // Whose address it gets is said: somebody takes that of another one.
        let input = MergeInput::new([bob, eve]).field("emails", MergeSource::Target);
        let merged_now = by.contacts().merge(ada.id, input, None).await;
        merged_now.expect("all are there");
        if is_purged {
            let purged = scoped.contacts().purge(bob, None).await;
            assert!(purged.expect("its id is known").purged);
        } else {
            named("Another", "", &format!("bob{n}@example.com")).await;
        }
        let undone = undo(scoped, merged).await;
        let kept: Vec<_> = undone
            .conflicts
            .iter()
            .filter(|it| it.id == ada.id)
            .collect();
        let members: Vec<_> = kept.iter().filter_map(|it| it.member.as_deref()).collect();
        assert_eq!(members, ["first_name", "metadata.plan"], "{is_purged}");
        assert!(kept.iter().all(|it| it.code == ConflictCode::Gone));
        let now = scoped.contacts().get(ada.id).await;
        let now = now.expect("it can be read").expect("it stays");
        let names = (now.first_name.as_deref(), now.last_name.as_deref());
        assert_eq!(names, (Some("Bob"), None), "{is_purged}");
        assert_eq!(now.metadata.as_map().get("plan"), Some(&json!("gold")));
        assert_eq!(stands_for(scoped, eve).await, Some((eve, vec![])));
        assert_eq!(undo(scoped, merged).await.reverted, [], "it stays so");
    }
}

/// An amount and its currency are one value: neither goes back without the other, where one of two has the currency alone.
pub(crate) async fn an_undo_keeps_an_amount_with_its_currency(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let worth = async |value: i64, currency: &str| {
        let input = DealInput {
            title: "Engine".into(),
            value_cents: value.into(),
            currency: currency.into(),
            ..DealInput::default()
        };
        let made = scoped.deals().create(input).await;
        made.expect("it is valid").id
    };
    for purged in [0, 1] {
        let kept = worth(5_000, "USD").await;
        let merged = [worth(100_000, "EUR").await, worth(70_000, "EUR").await];
        let input = MergeInput::new(merged)
            .field("value_cents", MergeSource::Record(merged[0]))
            .field("currency", MergeSource::Record(merged[0]));
        let (by, request) = request(&acme);
        by.deals()
            .merge(kept, input, None)
            .await
            .expect("they are there");
        let gone = scoped.deals().purge(merged[purged], None).await;
        gone.expect("its id is known");
        let undone = undo(scoped, request).await;
        let of_kept = undone.conflicts.iter().filter(|it| it.id == kept);
        let stayed: Vec<_> = of_kept.filter_map(|it| it.member.as_deref()).collect();
        let now = scoped.deals().get(kept).await;
        let now = now.expect("it can be read").expect("it stays");
        let amount = (now.value_cents, now.currency.as_deref());
        // Who comes back with both takes both.
        match purged {
            0 => {
                assert_eq!(stayed, ["currency", "value_cents"]);
                assert_eq!(amount, (Some(100_000), Some("EUR")));
            }
            _ => {
                assert_eq!(stayed, [""; 0]);
                assert_eq!(amount, (Some(5_000), Some("USD")));
            }
        }
    }
}
