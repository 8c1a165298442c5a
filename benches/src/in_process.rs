//! The engine over memory, in process: what a call takes, and what it allocates.
//!
//! A program of its own, since the allocator that counts is the program's: the load driver and its floors must not count.
//! It is glibc's that counts here, which is also what embeds the engine without choosing another.

use std::future::{Future, IntoFuture};
use std::hint::black_box;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use pollster::block_on;
use relm_core::engine::{BatchInput, Crm};
use relm_core::{Contact, ContactInput, Error, Id, ListRequest, Mode, Scoped};
use relm_store_memory::MemoryStore;

const ROWS: u64 = 10_000;
const BATCH_ROWS: u64 = 500;
/// Calls whose time is taken together, many times.
const CALLS: u64 = 1_000;
const TIMES: usize = 51;
/// The most that a get may take.
const GET_GOAL: Duration = Duration::from_micros(2);

fn main() -> Result<(), Error> {
    let crm = Crm::new(MemoryStore::new());
    let (scoped, ids) = block_on(seeded(&crm))?;
    let contacts = scoped.contacts();
    let some = |call: u64| ids[(call * 7_919 % ROWS) as usize];
    let page = ListRequest::default()
        .filter(Contact::last_name().eq("Family7"))
        .limit(50);

    println!(
        "| in process, memory | median | allocations | bytes | goal | |\n|---|---|---|---|---|---|"
    );
    report("get", Some(GET_GOAL), |call| contacts.get_json(some(call)));
    report("get, typed", None, |call| contacts.get(some(call)));
    report("filtered list of 50", None, |_| {
        contacts.list(&page).documents()
    });
    report("filtered list of 50, typed", None, |_| {
        contacts.list(&page).into_future()
    });
    report("create", None, |call| contacts.create(contact(ROWS + call)));
    Ok(())
}

/// Prints the median time of a call, and what one allocates.
fn report<T, F>(name: &str, goal: Option<Duration>, mut call: impl FnMut(u64) -> F)
where
    F: Future<Output = Result<T, Error>>,
{
    let mut number = 0;
    let mut next = || {
        number += 1;
        black_box(block_on(call(number)).is_ok_and(|_| true))
    };
    let mut taken: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let begun = Instant::now();
            let failed = (0..CALLS).filter(|_| !next()).count();
            assert_eq!(failed, 0, "{name} fails");
            begun.elapsed() / CALLS as u32
        })
        .collect();
    taken.sort_unstable();
    let median = taken[TIMES / 2];
    let counted = measure(|| (0..CALLS).for_each(|_| assert!(next(), "{name} fails")));
    let verdict = match goal {
        None => "– | –".to_owned(),
        Some(goal) if median <= goal => format!("≤ {goal:?} | met"),
        Some(goal) => format!("≤ {goal:?} | **MISSED**"),
    };
    println!(
        "| {name} | {median:?} | {:.1} | {:.0} | {verdict} |",
        counted.count_total as f64 / CALLS as f64,
        counted.bytes_total as f64 / CALLS as f64,
    );
}

async fn seeded(crm: &Crm) -> Result<(Scoped, Vec<Id>), Error> {
    let workspace = crm.create_workspace("bench").await?;
    let scoped = crm.open(workspace.id, Mode::Live).await?;
    let mut ids = Vec::new();
    for first in (0..ROWS).step_by(BATCH_ROWS as usize) {
        let batch = BatchInput {
            rows: (first..first + BATCH_ROWS).map(contact).collect(),
            ..Default::default()
        };
        let report = scoped.contacts().batch(batch).await?;
        ids.extend(report.data.iter().filter_map(|row| row.id));
    }
    Ok((scoped, ids))
}

fn contact(number: u64) -> ContactInput {
    ContactInput {
        email: format!("user{number}@example.com").into(),
        first_name: format!("Given{}", number % 1000).into(),
        last_name: format!("Family{}", number % 100).into(),
        phone: format!("+1555{number:010}").into(),
        ..Default::default()
    }
}
