//! The load driver: the real binary beside its floors, in one run.
//!
//! `relm-benches table` seeds a database through the API, then sends the same requests to two servers in turn: Relm, and hyper
//! with hand-written statements over a copy of the database with the same durability (`floor/`). It prints rates, latencies,
//! the ratio and the goal. `relm-benches scale` does so at several sizes. Build first, in the root:
//! `cargo build --profile dist -p relm-server -p relm-benches`.

mod builds;
mod check;
mod children;
mod drive;
mod floor;
mod http;
mod imports;
mod neighbours;
mod pair;
mod report;
mod scale;
mod table;
mod webhooks;
mod workload;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What goes wrong ends the run.
type Failure = Box<dyn Error + Send + Sync>;

#[derive(Parser)]
enum Command {
    /// Measures every operation beside its floor, and prints the table with its goals.
    Table(table::Table),
    /// Measures every operation beside another build of the server.
    Builds(builds::Builds),
    /// Measures every operation at several sizes, and prints what growth costs.
    Scale(scale::Scale),
    /// Measures what endpoints cost a create, and how fast events are sent.
    Webhooks {
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 3)]
        seconds: u64,
        /// The server's binary.
        #[arg(long, default_value = "target/dist/relm-server")]
        server: PathBuf,
    },
    /// Measures imports and exports of a file beside a client that sends batches and reads pages; or kills the server meanwhile.
    Imports(imports::Imports),
    /// Measures how long `/healthz` takes while one caller sends what costs most.
    Neighbours(neighbours::Neighbours),
    /// Serves a floor.
    #[command(hide = true)]
    Floor {
        /// Where to listen.
        listen: SocketAddr,
        /// A database that Relm made, or `constant`.
        over: String,
    },
}

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(Command::parse()))
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Table(table) => unless_stopped(table.run()).await,
        Command::Builds(builds) => unless_stopped(builds.run()).await,
        Command::Scale(scale) => unless_stopped(scale.run()).await,
        Command::Imports(imports) => unless_stopped(imports.run()).await,
        Command::Neighbours(neighbours) => unless_stopped(neighbours.run()).await,
        Command::Webhooks { seconds, server } => {
            unless_stopped(webhooks::run(seconds, server)).await
        }
        Command::Floor { listen, over } => floor::run(listen, over).await,
    }
}

/// Whatever ends a run, its servers end with it and its temporary folders are removed.
async fn unless_stopped(run: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        done = run => done,
        _ = ctrl_c() => Err("interrupted".into()),
        _ = terminated.recv() => Err("terminated".into()),
    }
}
