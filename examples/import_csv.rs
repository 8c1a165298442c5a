//! How do I import a file of contacts? As an import, which finds out what the columns are and takes in each row once.
//!
//! `cargo run -p relm-examples --example import_csv -- people.csv relm.db` imports a file into a database; without
//! arguments it is the sample beside this file, and a database that is gone afterwards. CSV, NDJSON and vCards will do, as other CRMs
//! write them; an empty cell says nothing.
//!
//! An import that was cut off goes on when this is run again. The same file once more changes nothing.

use std::error::Error;
use std::path::PathBuf;

use futures_util::TryStreamExt;
use relm_core::engine::{ImportOptions, Importer};
use relm_core::{Crm, Id, Mode, ObjectType};
use relm_store_seaorm::SqliteStore;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let file = arguments
        .next()
        .unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/people.csv").into());
    let folder = tempfile::tempdir()?;
    let database = arguments
        .next()
        .unwrap_or_else(|| folder.path().join("relm.db"));
    pollster::block_on(import(
        Crm::new(SqliteStore::open_file(database)?),
        std::fs::read(file)?,
    ))
}

async fn import(crm: Crm, file: Vec<u8>) -> Result<(), Box<dyn Error>> {
    let live = crm.open(workspace(&crm).await?, Mode::Live).await?;
    let options = ImportOptions::new(ObjectType::Contact).dedup_on("email");
    let import = live.imports().start(options, &file).await?;
    Importer::new(crm.clone()).work_off().await?;

    let import = live.imports().get(import.id).await?;
    let import = import.ok_or("the import was deleted")?;
    println!(
        "{} created, {} updated, {} unchanged, {} failed",
        import.created, import.updated, import.unchanged, import.failed
    );
    if import.failed > 0 {
        let failed: Vec<String> = live
            .imports()
            .errors_csv(import.id)
            .await?
            .try_collect()
            .await?;
        print!("{}", failed.concat());
    }
    Ok(())
}

/// The workspace to import into, made where there is none.
async fn workspace(crm: &Crm) -> relm_core::Result<Id> {
    let known = crm.workspaces().await?.into_iter();
    match known.last() {
        Some(oldest) => Ok(oldest.id),
        None => Ok(crm.create_workspace("import").await?.id),
    }
}
