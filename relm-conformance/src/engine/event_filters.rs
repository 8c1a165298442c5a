//! What endpoints ask of events beside their types.

use relm_core::engine::ListRequest;
use relm_core::record::object::ContactInput;
use relm_core::record::{EventFilter, WebhookInput};
use relm_core::value::id::Id;

use super::acme::{Acme, contact, phone, tagged};
use crate::subject::Subject;

/// An endpoint with a filter is sent what meets it, before a change or after it, and that a record is purged.
pub(crate) async fn a_filter_chooses_among_deliveries(store: Subject) {
    let acme = Acme::open(store.shared()).await;
    let scoped = &acme.scoped;
    let pro = EventFilter::new()
        .changed(["metadata.plan", "phone"])
        .having("metadata.plan", ["pro", "team"]);
    let input = WebhookInput {
        url: "https://example.com/pro".into(),
        event_types: vec!["*".to_owned()].into(),
        filter: pro.into(),
        ..WebhookInput::default()
    };
    let made = scoped.webhooks().subscribe(input).await;
    let made = made.expect("the filter is valid");
    let plan = |plan| ContactInput {
        metadata: tagged("plan", plan),
        ..ContactInput::default()
    };
    let ada = ContactInput {
        email: "ada@example.com".into(),
        ..plan("free")
    };
    let ada = scoped.contacts().create(ada).await.expect("it is valid").id;
    let renamed = contact("eva@example.com");
    for change in [
        phone("1"),
        plan("pro"),
        renamed,
        phone("2"),
        plan("free"),
        plan("none"),
    ] {
        let changed = scoped.contacts().update(ada, change, None).await;
        changed.expect("it is there");
    }
    let purged = scoped.contacts().purge(ada, None).await;
    assert!(purged.expect("it is there").purged);
    let request = ListRequest::default();
    let sent = scoped.webhooks().deliveries(made.id, &request).await;
    let sent = sent.expect("it lists").data;
    let events = acme.events(&store).await;
    let place = |id: Id| events.iter().position(|event| event.id == id);
    let mut places: Vec<usize> = sent.iter().filter_map(|it| place(it.event_id)).collect();
    places.sort_unstable();
    // It became `pro`, was called otherwise as that, was that no more, and is purged.
    assert_eq!(places, [2, 4, 5, 7]);
}
