//! How do I import many contacts? In batches that upsert by e-mail, each under an idempotency key of its own.
//!
//! `cargo run -p relm-examples --example import_csv -- people.csv relm.db` imports a file into a database; without
//! arguments it is the sample beside this file, and a database that is gone afterwards. The header names the members of
//! a contact, `metadata.<key>` among them; an empty cell says nothing.
//!
//! An import that was cut off is simply run again: batches that were committed answer as they did, the rest is done.

use std::error::Error;
use std::path::PathBuf;

use csv::{Reader, StringRecord};
use indicatif::{ProgressBar, ProgressStyle};
use relm_core::engine::BatchReport;
use relm_core::limits::BATCH_ROWS_MAX;
use relm_core::{Crm, Id, Mode, Scoped};
use relm_store_seaorm::SqliteStore;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const WORKSPACE: &str = "import";

/// What became of the rows of a file.
#[derive(Default)]
struct Tally {
    created: usize,
    updated: usize,
    unchanged: usize,
    failed: usize,
    replayed: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let file = arguments
        .next()
        .unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/people.csv").into());
    let folder = tempfile::tempdir()?;
    let database = arguments
        .next()
        .unwrap_or_else(|| folder.path().join("relm.db"));
    let crm = Crm::new(SqliteStore::open_file(database)?);
    pollster::block_on(async {
        let live = crm.open(workspace(&crm).await?, Mode::Live).await?;
        let Tally {
            created,
            updated,
            unchanged,
            failed,
            replayed,
        } = import(&live, &file).await?;
        println!("{created} created, {updated} updated, {unchanged} unchanged, {failed} failed");
        if replayed > 0 {
            println!("{replayed} batches had been imported before");
        }
        Ok(())
    })
}

/// The workspace to import into, made where there is none.
async fn workspace(crm: &Crm) -> relm_core::Result<Id> {
    let known = crm.workspaces().await?.into_iter();
    match known.last() {
        Some(oldest) => Ok(oldest.id),
        None => Ok(crm.create_workspace(WORKSPACE).await?.id),
    }
}

async fn import(live: &Scoped, file: &PathBuf) -> Result<Tally, Box<dyn Error>> {
    let content = std::fs::read(file)?;
    // The file is in the key: the same file again repeats, a corrected one is imported.
    let digest = hex(&Sha256::digest(&content));
    let mut reader = Reader::from_reader(content.as_slice());
    let headers = reader.headers()?.clone();
    let progress = ProgressBar::new(content.len() as u64).with_style(ProgressStyle::with_template(
        "{bar:40} {percent}% {eta} left",
    )?);
    let mut tally = Tally::default();
    let mut rows = Vec::with_capacity(BATCH_ROWS_MAX);
    let mut batches = 0;
    let mut record = StringRecord::new();
    loop {
        let more = reader.read_record(&mut record)?;
        if more {
            rows.push(contact(&headers, &record));
        }
        if rows.len() == BATCH_ROWS_MAX || (!more && !rows.is_empty()) {
            let key = format!("import {digest} {batches}");
            send(live, &key, std::mem::take(&mut rows), &mut tally).await?;
            batches += 1;
            progress.set_position(reader.position().byte());
        }
        if !more {
            progress.finish_and_clear();
            return Ok(tally);
        }
    }
}

async fn send(
    live: &Scoped,
    key: &str,
    rows: Vec<Value>,
    tally: &mut Tally,
) -> Result<(), Box<dyn Error>> {
    let body = json!({ "contacts": rows, "dedup_on": ["email"] });
    let once = live.clone().idempotent(key, &body)?;
    let reply = once.contacts().batch_json(body).await?;
    let report: BatchReport = reply.decode()?;
    for row in &report.data {
        if let Some(error) = &row.error {
            println!("row failed: {error}");
        }
    }
    tally.created += report.created;
    tally.updated += report.updated;
    tally.unchanged += report.unchanged;
    tally.failed += report.failed;
    tally.replayed += usize::from(reply.replayed);
    Ok(())
}

/// A row as the contact that it describes.
fn contact(headers: &StringRecord, record: &StringRecord) -> Value {
    let mut contact = Map::new();
    let mut metadata = Map::new();
    let cells = headers.iter().zip(record);
    for (name, value) in cells.filter(|(_, value)| !value.trim().is_empty()) {
        match name.strip_prefix("metadata.") {
            Some(key) => metadata.insert(key.to_owned(), value.into()),
            None => contact.insert(name.to_owned(), value.into()),
        };
    }
    if !metadata.is_empty() {
        contact.insert("metadata".to_owned(), metadata.into());
    }
    contact.into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
