//! What growth costs: a point read and an indexed filter with a thousand contacts and with many, in one run.

use std::time::{Duration, Instant};

use relm_core::crm::{BatchInput, Crm};
use relm_core::{ContactInput, Id, ListRequest, Mode, Scoped};
use relm_store_seaorm::{SqliteOptions, SqliteStore, Synchronous};

use crate::Failure;

/// Contacts with the same last name: a filter on it finds as many, however many contacts there are.
const NAMESAKES: usize = 50;
const BATCH_ROWS: usize = 500;
const READS: usize = 20_000;
const NEWEST: usize = 1_000;

pub async fn run(rows: usize) -> Result<(), Failure> {
    let small = measure(1_000).await?;
    let large = measure(rows).await?;
    println!("| in process, SQLite | 1,000 contacts | {rows} contacts | ratio |");
    println!("|---|---|---|---|");
    for (which, small, large) in [
        ("among the newest 1,000", &small[0], &large[0]),
        ("among all, no page read twice", &small[1], &large[1]),
    ] {
        for (name, small, large) in [
            ("get by id", small.get, large.get),
            ("filtered list of 50", small.list, large.list),
        ] {
            let ratio = large.as_secs_f64() / small.as_secs_f64();
            println!("| {name} {which}, median | {small:.1?} | {large:.1?} | {ratio:.2} |");
        }
    }
    Ok(())
}

struct Measured {
    get: Duration,
    list: Duration,
}

/// Reads among the newest contacts, whose pages are at hand, and among all, whose pages mostly are not.
async fn measure(rows: usize) -> Result<[Measured; 2], Failure> {
    let folder = tempfile::tempdir()?;
    let options = SqliteOptions::new(folder.path().join("relm.db"));
    let crm = Crm::new(SqliteStore::open(options.synchronous(Synchronous::Normal))?);
    let workspace = crm.create_workspace("growth").await?;
    let scoped = crm.open(workspace.id, Mode::Live).await?;
    let ids = seed(&scoped, rows).await?;
    Ok([
        reads(&scoped, &ids, rows - NEWEST).await?,
        reads(&scoped, &ids, 0).await?,
    ])
}

/// Reads among the contacts from this place on.
async fn reads(scoped: &Scoped, ids: &[Id], first: usize) -> Result<Measured, Failure> {
    let rows = ids.len() - first;
    let contacts = scoped.contacts();
    let mut get = Vec::with_capacity(READS);
    let mut list = Vec::with_capacity(READS);
    for read in 0..READS {
        // Steps that share no factor with the number of rows visit them all, far apart.
        let place = first + read * 7_919 % rows;
        let begun = Instant::now();
        contacts
            .get_json(ids[place])
            .await?
            .ok_or("a contact is gone")?;
        get.push(begun.elapsed());
        if read % 10 == 0 {
            let name = format!("Family{}", place / NAMESAKES);
            let request = ListRequest::default().filter("last_name", "eq", &name);
            let begun = Instant::now();
            let found = contacts.list(&request.limit(NAMESAKES)).await?.data.len();
            list.push(begun.elapsed());
            if found != NAMESAKES {
                return Err(format!("{found} of {NAMESAKES} found").into());
            }
        }
    }
    Ok(Measured {
        get: median(get),
        list: median(list),
    })
}

async fn seed(scoped: &Scoped, rows: usize) -> Result<Vec<Id>, Failure> {
    let mut ids = Vec::with_capacity(rows);
    for first in (0..rows).step_by(BATCH_ROWS) {
        let contact = |number: usize| ContactInput {
            email: format!("user{number}@example.com").into(),
            first_name: format!("Given{}", number % 1000).into(),
            last_name: format!("Family{}", number / NAMESAKES).into(),
            ..Default::default()
        };
        let batch = BatchInput {
            contacts: (first..first + BATCH_ROWS).map(contact).collect(),
            ..Default::default()
        };
        let report = scoped.contacts().batch(batch).await?;
        ids.extend(report.data.iter().filter_map(|row| row.id));
    }
    Ok(ids)
}

fn median(mut taken: Vec<Duration>) -> Duration {
    taken.sort_unstable();
    taken[taken.len() / 2]
}
