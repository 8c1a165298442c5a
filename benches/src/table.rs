//! The table: every operation beside its floor and its goal, and what else there are goals for, in one run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::process::Command;

use crate::Failure;
use crate::check;
use crate::children::Server;
use crate::drive::{Compared, Side, compare, median};
use crate::floor;
use crate::pair::{Pair, Setting, in_memory};
use crate::report::{Figure, Goals, print_figures, print_head, print_row};
use crate::workload::Operation;

/// Starts that are timed.
const STARTS: usize = 5;

#[derive(Args)]
pub struct Table {
    /// Contacts in the database before anything is measured.
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// Seconds that one operation is measured on one side in each round.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    #[command(flatten)]
    setting: Setting,
}

impl Table {
    pub async fn run(&self) -> Result<(), Failure> {
        let mut pair = Pair::new(&self.setting)?;
        pair.grow(self.rows).await?;
        let start_ms = start_ms(&pair).await?;

        let (ours, floor) = (pair.start_ours().await?, pair.start_floor().await?);
        let idle_mib = ours.idle_mib().await?;
        check::same_writes(&pair, &ours, &floor).await?;
        print_head("floor");
        let mut figures = Vec::new();
        for operation in Operation::ALL {
            let compared = self.compare(&ours, &floor, operation).await?;
            print_row(&compared, Goals::of(operation, pair.is_sqlite()));
            let per_cpu_second = compared.ours(|cell| cell.per_cpu_second);
            match operation {
                Operation::Get => figures.push(Figure::at_least(
                    "get, for each second of the server's processor time",
                    per_cpu_second,
                    35_000.0,
                    "requests",
                )),
                Operation::Create => figures.push(Figure::at_least(
                    "create, for each second of the server's processor time",
                    per_cpu_second,
                    7_000.0,
                    "requests",
                )),
                Operation::List | Operation::Search | Operation::Update | Operation::Batch => {}
            }
        }
        figures.extend([
            Figure::at_most("memory, idle", idle_mib, 20.0, "MiB"),
            Figure::without_goal("memory, peak", ours.server.peak_mib(), "MiB"),
            Figure::without_goal("memory, peak, floor", floor.server.peak_mib(), "MiB"),
            Figure::at_most("start to the first 200", start_ms, 100.0, "ms"),
        ]);
        floor.server.stop().await?;
        if pair.is_sqlite() {
            self.durability(&pair, &ours).await?;
            ours.server.stop().await?;
            self.memory().await?;
            in_process().await?;
        } else {
            ours.server.stop().await?;
        }
        print_figures(&figures);
        Ok(())
    }

    async fn compare(
        &self,
        ours: &Side,
        floor: &Side,
        operation: Operation,
    ) -> Result<Compared, Failure> {
        let time = Duration::from_secs(self.seconds);
        compare(ours, floor, operation, self.setting.rounds, time).await
    }

    /// What a sync for each commit costs.
    async fn durability(&self, pair: &Pair<'_>, full: &Side) -> Result<(), Failure> {
        let normal = pair.start_normal().await?;
        println!("\nFULL beside our own NORMAL:\n");
        print_head("NORMAL");
        for operation in [Operation::Create, Operation::Update] {
            let compared = self.compare(full, &normal, operation).await?;
            print_row(&compared, Goals::ratio(0.80));
        }
        normal.server.stop().await
    }

    /// Relm in memory, beside an answer that costs nothing.
    async fn memory(&self) -> Result<(), Failure> {
        let ours = in_memory(&self.setting.server).await?;
        let constant = Side {
            server: Server::floor(floor::CONSTANT).await?,
            material: Arc::clone(&ours.material),
        };
        println!("\n`memory:` beside hyper answering a constant:\n");
        print_head("constant");
        for (operation, goal) in [(Operation::Get, 0.70), (Operation::Create, 0.50)] {
            let compared = self.compare(&ours, &constant, operation).await?;
            print_row(&compared, Goals::ratio(goal));
        }
        Ok(())
    }
}

/// How long it takes from a start to a contact.
async fn start_ms(pair: &Pair<'_>) -> Result<f64, Failure> {
    let mut taken = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let ours = pair.start_ours().await?;
        ours.first_answer().await?;
        taken.push(begun.elapsed().as_secs_f64() * 1e3);
        ours.server.stop().await?;
    }
    Ok(median(taken))
}

/// The engine without a wire, measured by a program whose allocator counts.
async fn in_process() -> Result<(), Failure> {
    let program = std::env::current_exe()?.with_file_name("relm-in-process");
    println!();
    let ended = Command::new(program).kill_on_drop(true).status().await?;
    if !ended.success() {
        return Err("relm-in-process failed".into());
    }
    Ok(())
}
