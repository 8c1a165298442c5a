//! What a Rust developer writes by habit compiles, and does what it says.

mod changes;
mod feed;
mod filters;
mod keys;
mod lists;
mod values;

use std::time::Duration;

use futures_util::{FutureExt, StreamExt, TryStreamExt};
use relm_core::engine::{RecoverInput, RowStatus};
use relm_core::query::filter::{Filterable, Operator};
use relm_core::record::key::KeyAccess;
use relm_core::record::{DeliveryStatus, DisabledReason, EventType, RotateInput};
use relm_core::*;
use relm_store_memory::MemoryStore;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Plan {
    Free,
    Pro,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Account {
    plan: Plan,
    seats: i64,
}

async fn live() -> Result<Scoped> {
    let crm = Crm::new(MemoryStore::new());
    let acme = crm.create_workspace("acme").await?;
    crm.open(acme.id, Mode::Live).await
}

fn person(email: &str, plan: Plan, seats: i64) -> Result<ContactInput> {
    Ok(ContactInput {
        email: email.into(),
        metadata: Metadata::try_from(&Account { plan, seats })?.into(),
        ..Default::default()
    })
}

fn emails(contacts: impl IntoIterator<Item = Contact>) -> Vec<String> {
    let emails = contacts.into_iter().filter_map(|contact| contact.email);
    emails.collect()
}

/// Three contacts, the newest first: `c` and `a` are on the plan `pro`.
async fn three(live: &Scoped) -> Result<()> {
    let contacts = live.contacts();
    contacts.create(person("a@x.org", Plan::Pro, 5)?).await?;
    contacts.create(person("b@x.org", Plan::Free, 1)?).await?;
    contacts.create(person("c@x.org", Plan::Pro, 50)?).await?;
    Ok(())
}
