//! The history of a record: each of its changes once, what it was at a moment, and what retention leaves of that.

use futures_util::TryStreamExt;
use relm_core::engine::HistoryPage;
use relm_core::error::ErrorKind;
use relm_core::record::object::ContactInput;
use relm_core::record::{Actor, ActorType, HistoryEntry};
use relm_core::value::id::{Id, Kind};
use relm_core::value::scope::Mode;
use relm_core::value::time::{Clock, Timestamp};
use serde_json::{Value, json};

use super::acme::{Acme, contact, endpoint, failure, phone, tagged};
use super::mock_transport::{MockTransport, NoSleep};
use super::retention::DAY_MS;
use crate::subject::{NOW, Subject};

fn versions(entries: &[HistoryEntry]) -> Vec<i64> {
    entries.iter().map(|entry| entry.version).collect()
}

async fn history(acme: &Acme, id: Id) -> HistoryPage {
    let page = acme.scoped.contacts().history(id).await;
    page.expect("there was such a contact")
}

/// A contact that has had so many changes, its creation among them, a day apart each; the last one was just now.
async fn changed(acme: &Acme, changes: usize) -> Id {
    let contacts = acme.scoped.contacts();
    let made = contacts.create(contact("ada@example.com")).await;
    let id = made.expect("it is valid").id;
    for n in 1..changes {
        acme.clock.advance_millis(DAY_MS);
        let change = contacts.update(id, phone(&n.to_string()), None).await;
        change.expect("it is there");
    }
    id
}

fn day(days: i64) -> Timestamp {
    NOW.saturating_add_millis(days * DAY_MS)
}

async fn phone_at(acme: &Acme, id: Id, at: Timestamp) -> Result<Option<String>, ErrorKind> {
    let found = acme.scoped.contacts().get_at(id, at).await;
    let found = found.map_err(|error| error.kind())?;
    Ok(found.map(|ada| ada.phone.unwrap_or_default()))
}

fn phones(text: &str) -> Value {
    json!([{ "phone": text, "label": null }])
}

/// A history has each change of its record once and none of others, newest first, page by page, also after the deletion.
pub(crate) async fn a_history_has_each_change_of_its_record(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let eva = Actor::new(ActorType::User, Some("42".into()), Some("Eva".into()));
    let eva = eva.expect("it is an actor");
    let by_eva = acme.beside(store.shared(), 7).await.acting_as(eva.clone());
    let contacts = acme.scoped.contacts();
    let id = changed(&acme, 2).await;
    contacts
        .create(contact("b@example.com"))
        .await
        .expect("it is valid");
    let tag = ContactInput {
        metadata: tagged("plan", "pro"),
        phone: "2".into(),
        ..ContactInput::default()
    };
    acme.clock.advance_millis(1);
    let change = by_eva.contacts().update(id, tag, None).await;
    change.expect("it is there");
    acme.clock.advance_millis(1);
    contacts.delete(id, None).await.expect("it is there");

    let whole = history(&acme, id).await;
    assert_eq!(versions(&whole.data), [4, 3, 2, 1]);
    assert_eq!((&whole.next_cursor, whole.truncated_before), (&None, None));
    let types: Vec<&str> = whole.data.iter().map(|it| it.event_type.as_str()).collect();
    let expected = ["contact.deleted", "contact.updated", "contact.updated"];
    assert_eq!(types[..3], expected);
    let changes: Vec<_> = whole.data.iter().map(|it| json!(it.changes)).collect();
    let emails = json!([{ "email": "ada@example.com", "label": null }]);
    let expected = [
        json!({}),
        json!({
            "metadata.plan": { "from": null, "to": "pro" }, "phone": { "from": "1", "to": "2" },
            "phones": { "from": phones("1"), "to": phones("2") },
        }),
        json!({ "phone": { "from": null, "to": "1" }, "phones": { "from": [], "to": phones("1") } }),
        json!({ "email": { "from": null, "to": "ada@example.com" }, "emails": { "from": null, "to": emails } }),
    ];
    assert_eq!(changes, expected);
    let by: Vec<_> = whole.data.iter().map(|it| it.actor.clone()).collect();
    assert_eq!(by[1], Some(eva));
    assert_eq!(by[0], Some(Actor::EMBEDDER));

    for limit in 1..5 {
        let asked = contacts.history(id).limit(limit);
        let page = asked.clone().await.expect("it was there");
        assert_eq!(page.data, whole.data[..limit], "{limit}");
        assert_eq!(page.next_cursor.is_some(), limit < 4, "{limit}");
        assert_eq!(page.truncated_before, None, "{limit}");
        let all: Vec<HistoryEntry> = asked.stream().try_collect().await.expect("it was there");
        assert_eq!(all, whole.data, "{limit}");
    }
    acme.scoped
        .events()
        .after(0)
        .await
        .expect("the store reads its log");
    let numbered = history(&acme, id).await.data;
    let numbers: Vec<Option<i64>> = numbered.iter().map(|it| it.seq).collect();
    assert!(numbers.iter().all(Option::is_some), "{numbers:?}");
}

/// A record at a moment is what the last change until then made of it; before the first and from the deletion on there is none.
pub(crate) async fn a_record_is_what_it_was_at_a_moment(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let id = changed(&acme, 4).await;
    let at = async |at| phone_at(&acme, id, at).await;
    let some = |phone: &str| Ok(Some(phone.to_owned()));
    for round in 0..2 {
        assert_eq!(at(NOW.saturating_add_millis(-1)).await, Ok(None));
        assert_eq!(at(NOW).await, some(""), "{round}");
        for days in 1..4 {
            let phone = days.to_string();
            assert_eq!(at(day(days)).await, some(&phone), "{round}");
            let before = day(days + 1).saturating_add_millis(-1);
            assert_eq!(at(before).await, some(&phone), "{round}");
        }
        if round == 0 {
            acme.clock.advance_millis(DAY_MS);
            let deleted = acme.scoped.contacts().delete(id, None).await;
            deleted.expect("it is there");
        }
    }
    assert_eq!(at(acme.clock.now()).await, Ok(None));
    let as_of = acme.scoped.contacts().history(id).as_of(day(2));
    let as_of = as_of.await.expect("it was there");
    assert_eq!(versions(&as_of.data), [3, 2, 1]);
    let as_of = acme.scoped.contacts().history(id).as_of(day(-1)).await;
    let as_of = as_of.expect("it was there later");
    assert_eq!((as_of.data.len(), as_of.truncated_before), (0, None));
}

/// Where changes are kept no more, a history says from which moment on it is whole, and a state that nobody knows is `gone`.
pub(crate) async fn a_history_says_what_retention_deleted(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let id = changed(&acme, 5).await;
    let at = async |at| phone_at(&acme, id, at).await;
    let delete = async |before| {
        let deleted = acme.crm.delete_expired_events(before, &NoSleep).await;
        deleted.expect("the store works");
    };
    delete(day(3)).await;
    let left = history(&acme, id).await;
    assert_eq!(versions(&left.data), [5, 4]);
    assert_eq!(left.truncated_before, Some(day(3)));
    let first = acme.scoped.contacts().history(id).limit(1).await;
    let first = first.expect("it is there");
    assert_eq!(first.truncated_before, None, "nothing is missing so far");
    assert_eq!(at(day(3)).await, Ok(Some("3".to_owned())));
    assert_eq!(at(day(2)).await, Err(ErrorKind::Gone));
    assert_eq!(at(NOW.saturating_add_millis(-1)).await, Ok(None));

    delete(day(9)).await;
    let left = history(&acme, id).await;
    assert_eq!((left.data.len(), left.next_cursor), (0, None));
    let since = day(4).saturating_add_millis(1);
    assert_eq!(left.truncated_before, Some(since));
    // What has not changed since is known without any event.
    assert_eq!(at(day(4)).await, Ok(Some("4".to_owned())));
    assert_eq!(at(day(3)).await, Err(ErrorKind::Gone));
    let contacts = acme.scoped.contacts();
    let rest = contacts
        .history(id)
        .after(first.next_cursor.expect("there was more"));
    let rest = rest.await.expect("there was such a contact");
    assert_eq!((rest.data.len(), rest.truncated_before), (0, Some(day(4))));
    contacts.delete(id, None).await.expect("it is there");
    delete(day(9)).await;
    assert_eq!(failure(contacts.history(id).await), ErrorKind::NotFound);
    assert_eq!(at(day(4)).await, Ok(None));
}

/// An event that is kept for a delivery outlives those after it: what it says was so until a moment that nobody knows any more.
pub(crate) async fn an_event_that_was_held_does_not_speak_for_what_came_after_it(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    endpoint(&acme.scoped, "ill", &["contact.created"]).await;
    let id = changed(&acme, 5).await;
    let transport = MockTransport::new(|_, _| Some(500));
    let dispatcher = transport.dispatcher(&acme.crm);
    dispatcher.deliver_due().await.expect("the store works");
    let deleted = acme.crm.delete_expired_events(day(3), &NoSleep).await;
    assert_eq!(deleted.expect("the store works").events, 2);
    let at = async |at| phone_at(&acme, id, at).await;
    assert_eq!(at(day(1)).await, Err(ErrorKind::Gone));
    assert_eq!(at(day(3)).await, Ok(Some("3".to_owned())));
    assert_eq!(at(day(4)).await, Ok(Some("4".to_owned())));
    let left = history(&acme, id).await;
    assert_eq!(versions(&left.data), [5, 4, 1]);
    assert_eq!(left.truncated_before, Some(day(3)));
    let paged = acme.scoped.contacts().history(id).limit(2);
    let first = paged.clone().await.expect("it is there");
    assert_eq!(first.truncated_before, None);
    let second = paged.after(first.next_cursor.expect("there is more")).await;
    assert_eq!(second.expect("it is there").truncated_before, Some(day(3)));
}

/// Of another mode, of another kind and of what never was there is no history, nor any state; a cursor opens its own history alone.
pub(crate) async fn a_history_is_of_one_scope(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let id = changed(&acme, 2).await;
    let workspace = acme.scoped.scope().workspace();
    let test = acme.crm.open(workspace, Mode::Test).await;
    let test = test.expect("it is there");
    let never = Id::new(Kind::Contact, 7);
    for (scoped, id) in [(&test, id), (&acme.scoped, never)] {
        let history = scoped.contacts().history(id);
        assert_eq!(failure(history.clone().await), ErrorKind::NotFound);
        let as_of = history.as_of(day(9)).await;
        assert_eq!(failure(as_of), ErrorKind::NotFound);
        let state = scoped.contacts().get_at(id, day(9)).await;
        assert_eq!(state.expect("the store works"), None);
    }
    let of_a_company = acme.scoped.companies().history(id).await;
    assert_eq!(failure(of_a_company), ErrorKind::NotFound);
    let contacts = acme.scoped.contacts();
    let page = contacts.history(id).limit(1).await.expect("it is there");
    let cursor = page.next_cursor.expect("there is more");
    let other = contacts.create(contact("b@example.com")).await;
    let other = other.expect("it is valid").id;
    for elsewhere in [
        contacts.history(other),
        contacts.history(id).as_of(day(9)),
        test.contacts().history(id),
    ] {
        let page = elsewhere.after(cursor.as_str()).await;
        assert_eq!(failure(page), ErrorKind::InvalidCursor);
    }
}
