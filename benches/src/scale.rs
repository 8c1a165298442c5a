//! What growth costs: the table's operations at several sizes of one database, beside the floor's.
//!
//! Over SQLite each size is measured on copies, so that it holds what was seeded and no more. A database server keeps what
//! was made while the smaller sizes were measured: tens of thousands of contacts at most.

use std::time::Duration;

use clap::Args;

use crate::Failure;
use crate::check;
use crate::drive::{Compared, compare};
use crate::pair::{Pair, Setting};
use crate::report::{Goals, print_head, print_row, verdict};
use crate::workload::Operation;

/// The least share of its rate among few contacts that an operation is to keep among many.
const KEPT_GOAL: f64 = 0.80;
/// The most memory that Relm may hold at the greatest size.
const MEMORY_GOAL_MIB: f64 = 150.0;

#[derive(Args)]
pub struct Scale {
    /// Contacts in the database, from few to many.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    sizes: Vec<u64>,
    /// Seconds that one operation is measured on one side in each round.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    #[command(flatten)]
    setting: Setting,
}

/// What was measured at one size.
struct Size {
    rows: u64,
    cells: Vec<Compared>,
    /// After the first answers, and at most: Relm's and the floor's.
    memory_mib: [[f64; 2]; 2],
}

impl Scale {
    pub async fn run(&self) -> Result<(), Failure> {
        let mut pair = Pair::new(&self.setting)?;
        let mut measured: Vec<Size> = Vec::new();
        for rows in &self.sizes {
            pair.grow(*rows).await?;
            measured.push(self.measure(&pair, *rows, measured.is_empty()).await?);
        }
        print(&measured);
        Ok(())
    }

    async fn measure(&self, pair: &Pair<'_>, rows: u64, is_first: bool) -> Result<Size, Failure> {
        let (ours, floor) = (pair.start_ours().await?, pair.start_floor().await?);
        let idle = [ours.idle_mib().await?, floor.idle_mib().await?];
        if is_first {
            check::same_writes(pair, &ours, &floor).await?;
        }
        println!("\n{rows} contacts:\n");
        print_head("floor");
        let time = Duration::from_secs(self.seconds);
        let mut cells = Vec::new();
        for operation in Operation::ALL {
            let cell = compare(&ours, &floor, operation, self.setting.rounds, time).await?;
            print_row(&cell, Goals::of(operation, pair.is_sqlite()));
            cells.push(cell);
        }
        let peak = [ours.server.peak_mib(), floor.server.peak_mib()];
        ours.server.stop().await?;
        floor.server.stop().await?;
        Ok(Size {
            rows,
            cells,
            memory_mib: [[idle[0], peak[0]], [idle[1], peak[1]]],
        })
    }
}

fn print(measured: &[Size]) {
    let Some((few, others)) = measured.split_first() else {
        return;
    };
    println!("\nOf the rate at {} contacts:\n", few.rows);
    println!("| contacts | operation | Relm | floor | goal | |\n|---|---|---|---|---|---|");
    for many in others {
        for (few, cell) in few.cells.iter().zip(&many.cells) {
            let ours = cell.ours(|cell| cell.per_second) / few.ours(|cell| cell.per_second);
            let floor = cell.floor(|cell| cell.per_second) / few.floor(|cell| cell.per_second);
            let verdict = verdict(ours >= KEPT_GOAL);
            let (rows, name) = (many.rows, cell.operation.name());
            println!("| {rows} | {name} | {ours:.2} | {floor:.2} | ≥ {KEPT_GOAL:.2} | {verdict} |");
        }
    }
    println!("\n| contacts | Relm, MiB: idle | peak | goal | | floor, MiB: idle | peak |");
    println!("|---|---|---|---|---|---|---|");
    for Size {
        rows,
        memory_mib: [ours, floor],
        ..
    } in measured
    {
        println!(
            "| {rows} | {:.0} | {:.0} | ≤ {MEMORY_GOAL_MIB:.0} | {} | {:.0} | {:.0} |",
            ours[0],
            ours[1],
            verdict(ours[1] <= MEMORY_GOAL_MIB),
            floor[0],
            floor[1],
        );
    }
}
