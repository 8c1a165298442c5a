//! How do I add a field of my own? Define it: every write from then on is checked against the definition.

use relm_core::record::field::{FieldInput, FieldType};
use relm_core::{ContactInput, Crm, ErrorKind, ListRequest, Metadata, Mode, ObjectType};
use relm_store_memory::MemoryStore;
use serde::Deserialize;

fn main() -> relm_core::Result<()> {
    pollster::block_on(run())
}

async fn run() -> relm_core::Result<()> {
    let crm = Crm::new(MemoryStore::new());
    let workspace = crm.create_workspace("acme").await?;
    let live = crm.open(workspace.id, Mode::Live).await?;

    let plan = FieldInput {
        label: Some("Plan".to_owned()),
        required: true,
        choices: ["free", "pro", "enterprise"].map(str::to_owned).to_vec(),
        ..FieldInput::new(ObjectType::Contact, "plan", FieldType::Select)
    };
    live.fields().define(plan).await?;

    // A value that is not among the choices is refused, and the error says what would have been right.
    let error = live
        .contacts()
        .create(contact("ada@example.com", "prro"))
        .await
        .expect_err("`prro` is no choice");
    assert_eq!(error.kind(), ErrorKind::UnknownValue);
    assert_eq!(error.field(), Some("metadata.plan"));
    assert_eq!(error.suggestion(), Some("pro"));
    println!("refused: {error}");

    live.contacts()
        .create(contact("ada@example.com", "pro"))
        .await?;
    live.contacts()
        .create(contact("grace@example.com", "free"))
        .await?;
    let pro = ListRequest::default().filter(Metadata::field("plan").eq("pro"));
    let list = live.contacts().list(&pro).await?;
    assert_eq!(list.data.len(), 1);
    for contact in &list {
        let plan = contact.metadata.get::<Plan>("plan")?;
        println!("on the plan {plan:?}: {:?}", contact.email);
        assert_eq!(plan, Some(Plan::Pro));
    }
    Ok(())
}

/// The choices, as the program has them.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Plan {
    Free,
    Pro,
    Enterprise,
}

fn contact(email: &str, plan: &str) -> ContactInput {
    ContactInput {
        email: email.into(),
        metadata: Metadata::from([("plan", plan)]).into(),
        ..Default::default()
    }
}
