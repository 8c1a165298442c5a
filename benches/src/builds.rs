//! A build of the server beside another one, in one run: what a change costs, whatever the hour and the machine.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::Failure;
use crate::drive::{Side, compare};
use crate::pair::{Pair, Setting, in_memory};
use crate::report::{Goals, print_head, print_row};
use crate::workload::Operation;

/// The least that the new build is to reach of the rate of the one before.
const RATIO_MIN: f64 = 0.98;

#[derive(Args)]
pub struct Builds {
    /// The binary of the build before.
    #[arg(long)]
    before: PathBuf,
    /// Contacts in the database, which the build before fills.
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// Seconds that one operation is measured on one side in each round.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    #[command(flatten)]
    setting: Setting,
}

impl Builds {
    pub async fn run(&self) -> Result<(), Failure> {
        let seeding = Setting {
            server: self.before.clone(),
            ..self.setting.clone()
        };
        let mut pair = Pair::new(&seeding)?;
        pair.grow(self.rows).await?;
        let before = pair.start_ours().await?;
        let after = pair.start_build(&self.setting.server).await?;
        self.measure(&before, &after, &Operation::ALL).await?;
        before.server.stop().await?;
        after.server.stop().await?;

        println!("\n`memory:`\n");
        let before = in_memory(&self.before).await?;
        let after = in_memory(&self.setting.server).await?;
        self.measure(&before, &after, &[Operation::Get, Operation::Create])
            .await
    }

    async fn measure(
        &self,
        before: &Side,
        after: &Side,
        operations: &[Operation],
    ) -> Result<(), Failure> {
        let time = Duration::from_secs(self.seconds);
        print_head("before");
        for operation in operations {
            let compared = compare(after, before, *operation, self.setting.rounds, time).await?;
            print_row(&compared, Goals::ratio(RATIO_MIN));
        }
        Ok(())
    }
}
