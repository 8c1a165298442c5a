//! How do I write my own rows and a contact in one transaction? An order and its contact are committed together, or neither is.

use futures_util::StreamExt;
use relm_core::{ContactInput, Crm, ErrorKind, Mode, Scoped};
use relm_store_seaorm::{SeaOrmStore, migration};
use sea_orm::{ActiveModelTrait, ConnectionTrait, Database, EntityTrait, Schema, Set};

/// What this program keeps itself.
mod order {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub contact_id: String,
        pub total_cents: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

type Error = Box<dyn std::error::Error>;

/// Takes an order of somebody who may be new. Whatever fails, nothing of it is left.
async fn take_order(
    store: &SeaOrmStore,
    live: &Scoped,
    email: &str,
    total_cents: i64,
) -> Result<order::Model, Error> {
    // A conflict is for the program to answer: what it read may not hold any more.
    for _ in 0..3 {
        let transaction = store.begin().await?;
        let within = live.within(&transaction);
        let input = ContactInput {
            email: email.into(),
            ..Default::default()
        };
        let contact_id = match within.contacts().create(input).await {
            Ok(contact) => contact.id,
            Err(error) if error.reason() == Some("transaction_conflict") => continue,
            Err(error) => match (error.kind(), error.existing_id()) {
                (ErrorKind::Conflict, Some(known)) => known,
                _ => return Err(error.into()),
            },
        };
        let order = order::ActiveModel {
            contact_id: Set(contact_id.to_string()),
            total_cents: Set(total_cents),
            ..Default::default()
        };
        // Returned early, the transaction is dropped, and rolled back.
        let order = order.insert(&transaction).await?;
        transaction.commit().await?;
        return Ok(order);
    }
    Err("others were in the way three times".into())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("shop.db");
    let database = Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await?;
    let orders = Schema::new(database.get_database_backend());
    let orders = orders.create_table_from_entity(order::Entity);
    database.execute(&orders).await?;
    // Relm's tables, beside the program's own.
    migration::migrate(&database).await?;

    let store = SeaOrmStore::new(database.clone()).await?;
    let crm = Crm::new(store.clone());
    let acme = crm.create_workspace("acme").await?;
    let live = crm.open(acme.id, Mode::Live).await?;
    let mut events = live.events().subscribe();

    let first = take_order(&store, &live, "ada@example.com", 4_200).await?;
    let second = take_order(&store, &live, "Ada@Example.com", 900).await?;
    assert_eq!(first.contact_id, second.contact_id);
    for order in order::Entity::find().all(&database).await? {
        println!(
            "{} ordered for {} cents",
            order.contact_id, order.total_cents
        );
    }
    if let Some(Ok(event)) = events.next().await {
        println!("{}: {}", event.event_type, event.data.get());
    }
    Ok(())
}
