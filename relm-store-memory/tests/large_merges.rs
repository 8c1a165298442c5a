//! A merge of a record to which 10,000 others refer, and its undo: each is one logical change, in bounded steps, while every id answers.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics on what it does not expect"
)]

use relm_conformance::block_on;
use relm_core::engine::{BatchInput, ListRequest};
use relm_core::record::object::{ActivityInput, ContactInput};
use relm_core::{Crm, Filter, Id, Mode, Outcome, Scoped};
use relm_store_memory::MemoryStore;
use serde_json::json;

const REFERENCES: usize = 10_000;
/// Of 16 steps, each of 50, a caller waits for: 12 calls move 9,600.
const CALLS: usize = 13;

async fn contact(live: &Scoped, phone: &str) -> Id {
    let input = ContactInput {
        phone: phone.into(),
        ..ContactInput::default()
    };
    live.contacts().create(input).await.unwrap().id
}

/// So many activities of a contact.
async fn calls(live: &Scoped, contact: Id) {
    let call = ActivityInput {
        activity_type: "call".into(),
        contact_id: contact.into(),
        ..ActivityInput::default()
    };
    for _ in 0..REFERENCES / 500 {
        let batch = BatchInput {
            rows: vec![call.clone(); 500],
            dedup_on: Vec::new(),
            atomic: true,
        };
        live.activities().batch(batch).await.unwrap();
    }
}

/// How many activities refer to a contact.
async fn referring(live: &Scoped, contact: Id) -> usize {
    let (mut count, mut cursor) = (0, None::<String>);
    loop {
        let filter = Filter::new("contact_id", "eq", contact.text());
        let mut request = ListRequest::default().filter(filter).limit(200);
        if let Some(cursor) = cursor {
            request = request.after(cursor);
        }
        let page = live.activities().list(&request).await.unwrap();
        count += page.data.len();
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return count,
        }
    }
}

async fn stands_for(live: &Scoped, id: Id) -> Id {
    let found = live.contacts().resolve(id).await.unwrap();
    found.unwrap().record.id
}

#[test]
fn ten_thousand_references_are_merged_and_undone() {
    block_on(Box::pin(async {
        let crm = Crm::new(MemoryStore::new());
        let acme = crm.create_workspace("acme").await.unwrap();
        let live = crm.open(acme.id, Mode::Live).await.unwrap();
        let ada = contact(&live, "1").await;
        let bob = contact(&live, "2").await;
        calls(&live, bob).await;
        let request = crm.request_id();
        let merging = live.clone().for_request(request);
        for call in 1..=CALLS {
            let body = json!({ "from": [bob] });
            let merged = merging.contacts().merge_json(ada, body, None).await;
            let is_last = merged.unwrap().outcome == Outcome::Done;
            assert_eq!(
                (stands_for(&live, bob).await, is_last),
                (ada, call == CALLS)
            );
        }
        assert_eq!(referring(&live, ada).await, REFERENCES);

        let (mut reverted, mut by) = (0, Vec::new());
        for call in 1..=CALLS {
            let undone = live.requests().undo(request).await.unwrap();
            assert_eq!(
                (undone.conflicts.len(), undone.complete),
                (0, call == CALLS)
            );
            assert_eq!(stands_for(&live, bob).await, bob);
            reverted += undone.reverted.len();
            by.extend(undone.undone_by);
        }
        // The record that came back, beside what refers to it, and the other, which gives its number back.
        assert_eq!(reverted, REFERENCES + 2);
        by.dedup();
        assert_eq!(by.len(), 1);
        assert_eq!(referring(&live, bob).await, REFERENCES);
    }));
}
