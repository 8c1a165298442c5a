//! A client that progenitor makes, against a server that runs: `RELM_URL`, `RELM_KEY`.

progenitor::generate_api!(spec = "../documents/openapi-3.0.json", interface = Builder);

use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::json;

fn contact(members: serde_json::Value) -> types::ContactCreate {
    serde_json::from_value(members).expect("a contact")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = std::env::var("RELM_URL").expect("where the server is");
    let key = std::env::var("RELM_KEY").expect("a key");
    let mut headers = HeaderMap::new();
    let bearer = format!("Bearer {key}").try_into().expect("a header");
    headers.insert(AUTHORIZATION, bearer);
    let http = reqwest::Client::builder().default_headers(headers).build();
    let client = Client::new_with_client(&url, http.expect("a client"));

    let ada = contact(json!({ "email": "ada@progenitor.example", "metadata": { "plan": "pro" } }));
    let ada = client.contacts_create().body(ada).send().await.expect("ada");
    assert_eq!(ada.metadata["plan"], "pro");
    let grace = contact(json!({ "email": "grace@progenitor.example" }));
    let grace = client.contacts_create().body(grace).send().await.expect("grace");

    let emails = vec!["grace@progenitor.example".to_owned(), "none@progenitor.example".to_owned()];
    let found = client.contacts_list().filter_email_in(emails).send().await;
    let found = found.expect("a list");
    let ids: Vec<&str> = found.data.iter().map(|one| &**one.id).collect();
    assert_eq!(ids, [&**grace.id], "a filter filters");

    let rows: types::ContactBatchCreate = serde_json::from_value(json!({
        "contacts": [{ "email": "ADA@progenitor.example", "last_name": "Lovelace" }], "dedup_on": ["email"],
    }))
    .expect("a batch");
    let batch = || client.contacts_batch().idempotency_key("batch-progenitor").body(rows.clone()).send();
    let (first, again) = (batch().await.expect("a batch"), batch().await.expect("a replay"));
    assert_eq!((first.updated, first.data.len()), (1, again.data.len()));
    assert_eq!(again.headers()["idempotent-replayed"], "true");

    let taken = contact(json!({ "email": "ada@progenitor.example" }));
    let taken = client.contacts_create().body(taken).send().await;
    let Err(progenitor_client::Error::ErrorResponse(refused)) = taken else {
        panic!("an address is taken once: {taken:?}");
    };
    assert_eq!(refused.status().as_u16(), 409);
    assert_eq!(refused.error.existing_id.as_deref(), Some(&**ada.id));

    let change: types::ContactUpdate =
        serde_json::from_value(json!({ "metadata": { "plan": null } })).expect("a change");
    let update = || client.contacts_update().id(ada.id.clone()).if_match("\"2\"").body(change.clone()).send();
    let updated = update().await.expect("an update");
    assert_eq!((updated.version, updated.metadata.len()), (3, 0));
    let stale = update().await.expect_err("the version has moved on");
    assert_eq!(stale.status().map(|status| status.as_u16()), Some(412));
}
