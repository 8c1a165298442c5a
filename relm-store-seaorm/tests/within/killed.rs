//! A process that is killed between a change of the CRM and the commit leaves nothing.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use relm_core::{Crm, Id, Mode};
use relm_store_seaorm::{PoolOptions, SeaOrmStore};
use test_requirements::requires;

use crate::bed::place_order;
use crate::{Bed, RUNTIME, person};

/// How the process that is to be killed is told that it is one: the address of a database, and a workspace.
const VARIABLE: &str = "RELM_TEST_TO_BE_KILLED";
/// What it says when it has written everything and committed nothing.
const WRITTEN: &str = "everything is written";

#[requires(postgres)]
#[test]
fn a_killed_process_leaves_nothing_on_postgres() {
    killed(
        "killed::a_killed_process_leaves_nothing_on_postgres",
        Bed::postgres,
    );
}

#[requires(mariadb)]
#[test]
fn a_killed_process_leaves_nothing_on_mariadb() {
    killed(
        "killed::a_killed_process_leaves_nothing_on_mariadb",
        Bed::mariadb,
    );
}

#[test]
fn a_killed_process_leaves_nothing_on_sqlite() {
    killed(
        "killed::a_killed_process_leaves_nothing_on_sqlite",
        Bed::sqlite,
    );
}

/// This test, or the process that it starts and kills.
fn killed(test: &str, bed: fn() -> Bed) {
    if let Ok(told) = std::env::var(VARIABLE) {
        let (url, workspace) = told.rsplit_once(' ').expect("it is told two things");
        let workspace = workspace.parse().expect("it is an id");
        return RUNTIME.block_on(write_and_wait(url, workspace));
    }
    let bed = bed();
    let before = RUNTIME.block_on(bed.rows());
    let told = format!("{} {}", bed.url, bed.live.scope().workspace());
    let program = std::env::current_exe().expect("this program has a path");
    let mut child = Command::new(program)
        .args(["--exact", test, "--nocapture"])
        .env(VARIABLE, told)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let said = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut lines = said.lines().map_while(Result::ok);
    assert!(
        lines.any(|line| line.contains(WRITTEN)),
        "it did not get there"
    );
    child.kill().expect("it is killed");
    child.wait().expect("it is dead");

    // The database finds out by itself, and until then holds what the address needs.
    let begun = Instant::now();
    let created = RUNTIME.block_on(async {
        loop {
            let created = bed.live.contacts().create(person("ada@example.com")).await;
            if created.is_ok() || begun.elapsed() > Duration::from_secs(60) {
                return created;
            }
        }
    });
    let ada = created.expect("nothing of the dead process is in the way");
    let deleted = RUNTIME.block_on(bed.live.contacts().delete(ada.id, None));
    deleted.expect("it is there");
    let after = RUNTIME.block_on(bed.rows());
    let grown: Vec<_> = after.iter().filter(|rows| !before.contains(rows)).collect();
    let [events, trash] = ["events", "trash"].map(|table| before_of(&before, table));
    assert_eq!(grown, [&("events", events + 2), &("trash", trash + 1)]);
    bed.end();
}

fn before_of(rows: &[(&'static str, i64)], table: &str) -> i64 {
    let row = rows.iter().find(|(other, _)| *other == table);
    row.expect("every table is counted").1
}

/// Writes an order and its contact, says so, and never commits.
async fn write_and_wait(url: &str, workspace: Id) {
    let store = match url.starts_with("sqlite") {
        true => Bed::sqlite_at(url).await,
        false => {
            let options = PoolOptions::new().migrate(false);
            let store = SeaOrmStore::connect(url, options).await;
            store.expect("it opens")
        }
    };
    let crm = Crm::new(store.clone());
    let live = crm.open(workspace, Mode::Live).await.expect("it is there");
    let transaction = store.begin().await.expect("it begins");
    let within = live.within(&transaction);
    let once = within
        .idempotent("order 17", "order 17")
        .expect("it is a key");
    let ada = once.contacts().create(person("ada@example.com")).await;
    let ada = ada.expect("it is created");
    let ordered = place_order(&transaction, 17, &ada).await;
    ordered.expect("it is written");
    println!("{WRITTEN}");
    std::future::pending::<()>().await;
}
