//! A client that openapi-generator makes for Rust, against a server that runs: `RELM_URL`, `RELM_KEY`.

use relm::apis::configuration::Configuration;
use relm::apis::contacts_api::{
    ContactsBatchParams, ContactsCreateParams, ContactsListParams, ContactsUpdateParams,
    contacts_batch, contacts_create, contacts_list, contacts_update,
};
use relm::apis::events_api::{EventsListParams, events_list};
use relm::apis::{Error, ResponseContent};
use relm::models::{ContactBatchCreate, ContactCreate, ContactUpdate, ErrorResponse, Event};
use serde_json::json;

fn contact(email: &str) -> ContactCreate {
    ContactCreate {
        email: Some(Some(email.to_owned())),
        ..ContactCreate::new()
    }
}

fn create(contact_create: ContactCreate) -> ContactsCreateParams {
    ContactsCreateParams {
        contact_create,
        idempotency_key: None,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let client = Configuration {
        base_path: std::env::var("RELM_URL").expect("where the server is"),
        bearer_access_token: std::env::var("RELM_KEY").ok(),
        ..Configuration::default()
    };
    let metadata = [("plan".to_owned(), json!("pro"))];
    let mut ada = contact("ada@rust.example");
    ada.metadata = Some(Some(metadata.into()));
    let ada = contacts_create(&client, create(ada)).await.expect("ada");
    assert_eq!(ada.metadata["plan"], "pro");
    let grace = create(contact("grace@rust.example"));
    let grace = contacts_create(&client, grace).await.expect("grace");

    // Without a mapping of names, openapi-generator spells the brackets out in Rust.
    let query = ContactsListParams {
        filter_left_square_bracket_email_right_square_bracket_left_square_bracket_in_right_square_bracket:
            Some(vec!["grace@rust.example".to_owned(), "none@rust.example".to_owned()]),
        ..ContactsListParams::default()
    };
    let found = contacts_list(&client, query).await.expect("a list");
    let ids: Vec<&String> = found.data.iter().map(|one| &one.id).collect();
    assert_eq!(ids, [&grace.id], "a filter filters");

    let rows = || ContactsBatchParams {
        contact_batch_create: ContactBatchCreate {
            dedup_on: Some(Some(vec!["email".to_owned()])),
            ..ContactBatchCreate::new(vec![ContactCreate {
                last_name: Some(Some("Lovelace".to_owned())),
                ..contact("ADA@rust.example")
            }])
        },
        idempotency_key: Some("batch-rust".to_owned()),
    };
    let first = contacts_batch(&client, rows()).await.expect("a batch");
    let again = contacts_batch(&client, rows()).await.expect("a replay");
    assert_eq!((first.updated, &first), (1, &again));

    let taken = contacts_create(&client, create(contact("ada@rust.example"))).await;
    let Err(Error::ResponseError(ResponseContent { status, content, .. })) = taken else {
        panic!("an address is taken once: {taken:?}");
    };
    let refused: ErrorResponse = serde_json::from_str(&content).expect("a refusal");
    assert_eq!((status.as_u16(), refused.error.existing_id), (409, Some(ada.id.clone())));

    let change = || ContactsUpdateParams {
        id: ada.id.clone(),
        contact_update: ContactUpdate {
            last_name: Some(None),
            ..ContactUpdate::new()
        },
        if_match: Some("\"2\"".to_owned()),
    };
    let updated = contacts_update(&client, change()).await.expect("an update");
    assert_eq!((updated.last_name, updated.version), (None, 3));
    let stale = contacts_update(&client, change()).await;
    assert!(matches!(stale, Err(Error::ResponseError(ref refused)) if refused.status.as_u16() == 412));

    let query = EventsListParams {
        limit: Some(1),
        ..EventsListParams::default()
    };
    let events = events_list(&client, query).await.expect("events");
    assert!(matches!(&events.data[0], Event::ContactEvent(event) if event.data.id == ada.id));
}
