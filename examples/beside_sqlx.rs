//! How does Relm live in a program that has SQLite already? Through SeaORM and sqlx the program keeps its orders, through
//! rusqlite Relm keeps its contacts, and both link one SQLite: Cargo finds the version that they share.

use relm_core::{ContactInput, Crm, Mode};
use relm_store_seaorm::SqliteStore;
use sea_orm::{ConnectionTrait, Database, Statement};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let orders = folder.path().join("orders.db");
    let orders = Database::connect(format!("sqlite://{}?mode=rwc", orders.display())).await?;
    orders
        .execute_unprepared("CREATE TABLE orders (number INTEGER PRIMARY KEY, contact_id TEXT)")
        .await?;

    let crm = Crm::new(SqliteStore::open_file(folder.path().join("relm.db"))?);
    let workspace = crm.create_workspace("acme").await?;
    let live = crm.open(workspace.id, Mode::Live).await?;
    let input = ContactInput {
        email: "ada@example.com".into(),
        ..Default::default()
    };
    let ada = live.contacts().create(input).await?;

    let backend = orders.get_database_backend();
    let insert = "INSERT INTO orders (contact_id) VALUES (?)";
    let insert = Statement::from_sql_and_values(backend, insert, [ada.id.to_string().into()]);
    orders.execute_raw(insert).await?;
    let version = Statement::from_string(backend, "SELECT sqlite_version()");
    let version = orders
        .query_one_raw(version)
        .await?
        .ok_or("it has no version")?;
    let version: String = version.try_get_by_index(0)?;
    println!("{} has an order; both are kept by SQLite {version}", ada.id);
    Ok(())
}
